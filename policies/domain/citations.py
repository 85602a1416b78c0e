"""Sections of an instrument, cited as each language cites them."""

from __future__ import annotations

import re

_ONE_SECTION = re.compile(r"\bs\. (\d[\d.]*)(\(\d+\))?(\([a-z])?")
_FRENCH = (
    (re.compile(r"\bss\. "), "art. "),
    (re.compile(r"\bitem\b"), "article"),
    (re.compile(r"\bschedule\b"), "annexe"),
    (re.compile(r"\bformer wording\b"), "ancien libellé"),
    (re.compile(r"\bSOR/"), "DORS/"),
    (re.compile(r"(?<=\d) to (?=\d)"), " à "),
    (re.compile(r"\(([a-z](?:\.\d+)?)\)"), r"\1)"),
)


def section_in_french(section: str) -> str:
    """An English citation in French form: `s. 3` art., `s. 7(2)` par., `s. 8(1)(a)` al. 8(1)a)."""
    section = _ONE_SECTION.sub(
        lambda found: f"{'al.' if found[3] else 'par.' if found[2] else 'art.'} {found[0][3:]}",
        section,
    )
    for english, french in _FRENCH:
        section = english.sub(french, section)
    return section
