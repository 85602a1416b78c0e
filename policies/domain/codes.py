"""Control-list item codes, compared by their parts and never as text.

`2-15.d` is under `2-15`; `2-10` is not under `2-1`; `5504.2.h` and `5504(2)(h)` are one code.
A single digit is a group, which takes the four-digit codes that begin with it (5 takes 5504).
"""

from __future__ import annotations

import re
from functools import lru_cache

Parts = tuple[str, ...]

_CUTS = re.compile(r"[-.()]")
_GROUP_WORD = re.compile(r"^\s*group\s*(?=\d)", re.IGNORECASE)
_WRITTEN_CODE = re.compile(
    r"\s*(?:group\s*)?([1-9]|5\d{3})(?:(?:[-.(]++|(?<=\)))[0-9a-z]++\)*+)*+[.)\s]*", re.IGNORECASE
)


@lru_cache(maxsize=16_384)
def parts(code: str) -> Parts:
    """The parts of `code`, led by its group: `5504(2)(h)` gives `("5", "5504", "2", "h")`."""
    pieces = _CUTS.split(bare(code.casefold()))
    cut = tuple(part for part in (piece.strip() for piece in pieces) if part)
    if cut and len(cut[0]) == 4 and cut[0].isdecimal():
        return (cut[0][0], *cut)
    return cut


def is_under(code: Parts, named: Parts) -> bool:
    """Whether `code` is `named` or extends it by parts."""
    return code[: len(named)] == named


def is_written_code(code: str) -> bool:
    """Whether `code` has the form of an item: a group 1 to 9, or a number of Group 5, and parts."""
    return _WRITTEN_CODE.fullmatch(code) is not None


def bare(code: str) -> str:
    """`code` without the word for its group and without blanks, of any kind, around it."""
    return _GROUP_WORD.sub("", code).strip()
