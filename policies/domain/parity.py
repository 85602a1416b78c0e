"""Whether an English and a French text name the same days, numbers and items.

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
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_ORDINAL = r"(?:er|st|nd|rd|th)?"
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}}){_ORDINAL}\s+([^\W\d]+)\s+(\d{{4}})\b")
_MONTH_FIRST = re.compile(rf"\b([^\W\d]+)\s+(\d{{1,2}}){_ORDINAL},?\s+(\d{{4}})\b")
_ITEM = re.compile(r"\b\d{1,4}-\d+(?:\.[0-9a-z]+)*\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[ \u00a0\u202f,]\d{3})*(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands in one text and not in the other: a day, an item or a number."""

    kind: str
    value: str
    missing_in: str


def figures_of(text: str, language: str) -> frozenset[tuple[str, str]]:
    """Every day (ISO), item and number of a text, each as its kind and value."""
    text = unicodedata.normalize("NFC", text)
    found: set[tuple[str, str]] = set()
    for kind, pattern, read in (
        ("day", _ISO, lambda one: "-".join(one.groups())),
        ("day", _DAY_FIRST, lambda one: _iso(one[1], one[2], one[3], language)),
        ("day", _MONTH_FIRST, lambda one: _iso(one[2], one[1], one[3], language)),
        ("item", _ITEM, lambda one: one[0].lower()),
    ):
        kept = []
        end = 0
        for one in pattern.finditer(text):
            value = read(one)
            if value:
                found.add((kind, value))
                kept.append(text[end : one.start()])
                end = one.end()
        text = " ".join([*kept, text[end:]])
    found.update(("number", _plain(one[0])) for one in _NUMBER.finditer(text))
    return frozenset(found)


def _iso(day: str, month: str, year: str, language: str) -> str:
    months = _MONTHS[language].split()
    if month.lower() not in months:
        return ""
    return f"{year}-{months.index(month.lower()) + 1:02d}-{int(day):02d}"


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
