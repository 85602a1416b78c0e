"""Addresses of sources in the language of the reader, where an official one follows from a rule.

Only the rules of federal sites that publish every page in both languages under sister addresses;
for any other address nobody knows whether there is French text, and none is made up.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils import translation

_CONSOLIDATION = re.compile(
    r"(?P<site>https?://laws-lois\.justice\.gc\.ca)/eng"
    r"/(?P<kind>acts|regulations)/(?P<code>[A-Za-z0-9.-]+)/"
    r"(?P<page>(?:index|page-\d+|FullText)\.html)?"
)
"""The consolidated laws, where kinds, numbers and pages have names of their own in French."""

_GAZETTE = re.compile(
    r"(https?://(?:(?:www\.)?gazette|(?:www\.)?canadagazetteducanada)\.gc\.ca/\S+)-eng\.html"
)
_INTERNATIONAL = re.compile(r"(https?://(?:www\.)?international\.gc\.ca/\S+\?(?:\S*&)?lang=)eng\b")
_FRENCH = re.compile(r"//laws-lois\.justice\.gc\.ca/fra/|-fra\.html|[?&]lang=fra\b")

_KINDS = {"acts": "lois", "regulations": "reglements"}
_NUMBERS = {"SOR-": "DORS-", "SI-": "TR-"}


class Source(NamedTuple):
    """An address, and whether it leads a reader of French to English text."""

    url: str
    is_english: bool


def source_for_reader(url: str) -> Source:
    """The address in the active language, as far as a rule gives it."""
    if not (translation.get_language() or "").startswith("fr") or _FRENCH.search(url):
        return Source(url, is_english=False)
    french = in_french(url)
    return Source(french or url, is_english=french is None)


def in_french(url: str) -> str | None:
    """The official French address of an English one; None where no rule gives it."""
    found = _CONSOLIDATION.fullmatch(url)
    if found:
        code = found["code"]
        for english, french in _NUMBERS.items():
            code = re.sub(f"^{english}", french, code)
        page = (found["page"] or "").replace("FullText", "TexteComplet")
        return f"{found['site']}/fra/{_KINDS[found['kind']]}/{code}/{page}"
    found = _GAZETTE.fullmatch(url)
    if found:
        return f"{found[1]}-fra.html"
    found = _INTERNATIONAL.match(url)
    if found:
        return f"{found[1]}fra{url[found.end() :]}"
    return None
