"""Whether an English and a French text name the same days, numbers, provisions and codes.

Words cannot be compared by rule; what stands in figures can, and a wrong figure is what turns one
policy into two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
}
_SHORTEST_MONTH = 3
_CODE = re.compile(r"\b[A-Z]{2}-(?:\d|[A-Z]{3})[A-Za-z0-9-]*")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY = r"(\d{1,2})(?:er|st|nd|rd|th)?"
_MONTH = r"([^\W\d_]{3,})\.?"
_DAY_FIRST = re.compile(rf"\b{_DAY}\s+{_MONTH},?\s+(\d{{4}})\b")
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+{_DAY},?\s+(\d{{4}})\b")
_OF_A_YEAR = re.compile(rf"\b{_MONTH},?\s+(\d{{4}})\b")
_DAY_OF_NO_YEAR = re.compile(rf"\b{_DAY}\s+{_MONTH}")
_MONTH_OF_NO_YEAR = re.compile(rf"\b{_MONTH}\s+{_DAY}\b")
_ITEM = re.compile(r"\b\d{1,4}-\d+(?:\.[0-9a-z]+)*\b", re.IGNORECASE)
# 7.3(1)(b)(i) in English; 7.3(1)b)(i), and 3a), in French.
# From the first of numbers with points between them alone: from each would take time by the square.
_PROVISION = re.compile(r"\b(?<!\d\.)\d+(?:\.\d+)*(?:\([0-9a-z.]+\)|[a-z]\))(?:\(?[0-9a-z.]+\))*")
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f,]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?")

_MOST_MARKS = 30


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands in one text and not in the other. `kind`: day, number, item, provision, code."""

    kind: str
    value: str
    missing_in: str


def figures_of(text: str, language: str) -> frozenset[tuple[str, str]]:
    """Every figure of a text, each as its kind and value; days as ISO writes them.

    What is read as one is not read again as another: the number of a day is no number.
    """
    text = _composed(text)
    found: set[tuple[str, str]] = set()
    for kind, pattern, read in (
        ("code", _CODE, lambda one: one[0]),
        ("day", _ISO, lambda one: "-".join(one.groups())),
        ("day", _DAY_FIRST, lambda one: _iso(language, one[2], day=one[1], year=one[3])),
        ("day", _MONTH_FIRST, lambda one: _iso(language, one[1], day=one[2], year=one[3])),
        ("day", _OF_A_YEAR, lambda one: _iso(language, one[1], year=one[2])),
        ("day", _DAY_OF_NO_YEAR, lambda one: _iso(language, one[2], day=one[1])),
        ("day", _MONTH_OF_NO_YEAR, lambda one: _iso(language, one[1], day=one[2])),
        ("item", _ITEM, lambda one: one[0].lower()),
        ("provision", _PROVISION, lambda one: _lettered(one[0])),
    ):
        kept = []
        end = 0
        for one in pattern.finditer(text):
            value = read(one)
            if value:
                found.add((kind, value))
                kept.append(text[end : one.start()])
                end = one.end()
        text = " | ".join([*kept, text[end:]])
    found.update(("number", _plain(one[0])) for one in _NUMBER.finditer(text))
    return frozenset(found)


def _composed(text: str) -> str:
    """In the normal form NFC, with at most 30 marks after a letter, which is more than any has: the
    form is made in the square of the longest run of them."""
    kept, marks = [], 0
    for sign in text:
        first = sign if sign.isascii() else unicodedata.normalize("NFD", sign)[0]
        marks = marks + 1 if unicodedata.combining(first) else 0
        if marks <= _MOST_MARKS:
            kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept))


def _lettered(provision: str) -> str:
    """A provision, however its letters are set off; empty without one: its numbers are numbers."""
    parts = re.findall(r"\d+(?:\.\d+)*|[a-z]+", provision)
    return "-".join(parts) if any(one.isalpha() for one in parts) else ""


def _iso(language: str, month: str, *, day: str = "", year: str = "") -> str:
    """The day, the month of a year (2026-12), or the day of no year (12-07); empty for none."""
    number = _month(month, language)
    # "29 may be" is no day.
    if not number or (not year and language == "en" and month.islower()):
        return ""
    parts = (year, f"{number:02d}", f"{int(day):02d}" if day else "")
    return "-".join(part for part in parts if part)


def _month(word: str, language: str) -> int:
    """1 to 12, of a month or the beginning of one; 0 for anything else."""
    folded = unicodedata.normalize("NFD", word.lower())
    plain = "".join(one for one in folded if not unicodedata.combining(one))
    fits = [
        number
        for number, month in enumerate(_MONTHS[language].split(), 1)
        if month.startswith(plain)
    ]
    return fits[0] if len(fits) == 1 and len(plain) >= _SHORTEST_MONTH else 0


def _plain(number: str) -> str:
    """1,250.5 and 1 250,5 are one number."""
    whole = re.sub(r"[ \u00a0\u202f,](?=\d{3}(?!\d))", "", number)
    return whole.replace(",", ".")


def differences(english: str, french: str) -> Iterator[Fact]:
    """What only one of the two texts says, the days first."""
    en, fr = figures_of(english, "en"), figures_of(french, "fr")
    for kind, value in sorted(en - fr):
        yield Fact(kind, value, "fr")
    for kind, value in sorted(fr - en):
        yield Fact(kind, value, "en")
