"""A row that the files ask for, in the terms of the models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """`values` by model field; a relation is given by the natural key of what it points to.

    `file` and `name` (the natural key) say where the row comes from, and `at` which part of it,
    such as `versions[1]`.
    """

    file: str
    name: str
    values: dict[str, Any]
    at: str = ""
