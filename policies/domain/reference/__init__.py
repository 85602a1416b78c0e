"""The reference data: JSON files in, rows of the register out.

`files` reads and validates, `consistency` checks what no schema can, `rows` says which rows the
files ask for, `load` makes the database hold them. The way in is `load_reference`.
"""

from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import PACKAGED
from policies.domain.reference.load import load_reference
from policies.domain.reference.report import LoadReport

__all__ = ["PACKAGED", "LoadReport", "MalformedReference", "load_reference"]
