"""Sections of an instrument, cited as each language cites them."""

from __future__ import annotations

import re

_FRENCH = (
    (re.compile(r"\bss?\. "), "art. "),
    (re.compile(r"\bitem\b"), "article"),
    (re.compile(r"\bschedule\b"), "annexe"),
    (re.compile(r"\bformer wording\b"), "ancien libellé"),
    (re.compile(r"\bSOR/"), "DORS/"),
    (re.compile(r"(?<=\d) to (?=\d)"), " à "),
    (re.compile(r"\(([a-z](?:\.\d+)?)\)"), r"\1)"),
)


def section_in_french(section: str) -> str:
    """An English citation of sections in French form: `s. 8(1)(a)` is `art. 8(1)a)`."""
    for english, french in _FRENCH:
        section = english.sub(french, section)
    return section
