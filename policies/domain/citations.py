"""Sections of an instrument, cited as each language cites them."""

from __future__ import annotations

import re

_ONE_SECTION = re.compile(r"\bs\. (\d[\d.]*)(\(\d+\))?(\([a-z]\))?(\([ivx]+\))?")
_FRENCH = (
    (re.compile(r"\bss\. "), "art. "),
    (re.compile(r"\bitem\b"), "article"),
    (re.compile(r"\bschedule\b"), "annexe"),
    (re.compile(r"\bformer wording\b"), "ancien libellé"),
    (re.compile(r"\bSOR/"), "DORS/"),
    (re.compile(r"(?<=\d) to (?=\d)"), " à "),
    (re.compile(r"\(([a-z](?:\.\d+)?)\)(\([ivx]+\))?"), r"\1)\2"),
)


def _in_french(found: re.Match[str]) -> str:
    _article, subsection, paragraph, subparagraph = found.groups()
    words = "sous-al." if subparagraph else "al." if paragraph else "par." if subsection else "art."
    return f"{words} {found[0][3:]}"


def section_in_french(section: str) -> str:
    """An English citation in French form: `s. 3` art., `s. 7(2)` par., `s. 8(1)(a)` al. 8(1)a),
    `s. 7.3(1)(b)(i)` sous-al. 7.3(1)b)(i)."""
    section = _ONE_SECTION.sub(_in_french, section)
    for english, french in _FRENCH:
        section = english.sub(french, section)
    return section
