"""Rows of country lists and of the countries on them.

A country whose day of listing no source gives is listed throughout, and marked assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.domain.reference import files
from policies.domain.reference.conditions import check_range
from policies.domain.reference.days import day
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row

Json = Mapping[str, Any]

# The list of the item 5505(3) of the Export Control List stands in policies.json.
_LISTS_IN_WORDS_OF = "ECL"

# Fields of a general permit that are columns, or rows of their own; the others are `details`.
_PERMIT_COLUMNS = {
    "key", "title_en", "title_fr", "citation_en", "citation_fr", "authorization_text_en",
    "authorization_text_fr", "destinations",
}  # fmt: skip


def country_lists(found: Files) -> Iterator[Row]:
    area, automatic = found[files.ACL], found[files.AFCCL]
    yield _instrument_list(files.ACL, area, {"history": area["history"]})
    kept = ("amending_instruments", "counts_over_time", "note")
    details = {name: automatic["meta"][name] for name in kept if name in automatic["meta"]}
    yield _instrument_list(files.AFCCL, automatic, details)
    for permit in _permits(found):
        yield _permit_list(permit)
    yield from _lists_in_policies(found)


def _instrument_list(file: str, document: Json, details: Json) -> Row:
    meta = document["meta"]
    instrument = meta["instrument"]
    return _list_row(
        file,
        instrument["id"],
        instrument,
        effect_en=meta["effect_en"],
        effect_fr=meta["effect_fr"],
        details=details,
    )


def _permit_list(permit: Json) -> Row:
    return _list_row(
        files.PERMITS,
        permit["key"],
        permit,
        effect_en="\n".join(permit["authorization_text_en"]),
        effect_fr="\n".join(permit["authorization_text_fr"]),
        is_general_permit=True,
        details={name: value for name, value in permit.items() if name not in _PERMIT_COLUMNS},
    )


def _lists_in_policies(found: Files) -> Iterator[Row]:
    export = found[files.ECL]["meta"]["instrument"]
    for code, row in found[files.POLICIES]["lists"].items():
        if "countries" in row:
            citation = {f"citation_{lang}": export[f"citation_{lang}"] for lang in ("en", "fr")}
            yield _list_row(files.POLICIES, code, {**row, **citation}, _LISTS_IN_WORDS_OF)


def _list_row(
    file: str, code: str, titled: Json, instrument: str | None = None, **values: Any
) -> Row:
    return Row(
        file,
        code,
        {
            "code": code,
            "title_en": titled["title_en"],
            "title_fr": titled["title_fr"],
            "instrument": instrument or code,
            "citation_en": titled["citation_en"],
            "citation_fr": titled["citation_fr"],
            "effect_en": "",
            "effect_fr": "",
            "is_general_permit": False,
            "details": {},
            **values,
        },
    )


def _permits(found: Files) -> Iterator[Json]:
    """The general permits that name countries; of two, the destinations are words."""
    for permit in found[files.PERMITS]["permits"]:
        if not isinstance(permit["destinations"], str):
            yield permit


# Countries on the lists


@dataclass(frozen=True, slots=True)
class _Listing:
    """A country's time on a list."""

    list: str
    country: str
    start: date | None = None
    end: date | None = None
    added_by: str = ""
    removed_by: str = ""
    basis: str = ""
    assumed: bool = True

    def row(self, file: str, name: str, at: str = "") -> Row:
        return Row(
            file,
            name,
            {
                "list": self.list,
                "destination": self.country,
                "effective_from": self.start,
                "effective_to": self.end,
                "added_by": self.added_by,
                "removed_by": self.removed_by,
                "basis": self.basis,
                "assumed": self.assumed,
            },
            at,
        )


def country_list_entries(found: Files) -> Iterator[Row]:
    for listing in _area_listings(found[files.ACL]):
        yield listing.row(files.ACL, listing.country)
    for row in found[files.AFCCL]["countries"]:
        country, added_on = row["iso_alpha2"], day(row["added_on"])
        listing = _Listing(
            "AFCCL",
            country,
            start=added_on,
            added_by=row["added_by"] or "",
            basis=row["added_basis"] or "",
            assumed=added_on is None,
        )
        yield listing.row(files.AFCCL, country)
    for permit in _permits(found):
        for index, row in enumerate(permit["destinations"]):
            listing = _Listing(permit["key"], row["iso_alpha2"])
            yield listing.row(files.PERMITS, permit["key"], f"destinations[{index}]")
    for code, row in found[files.POLICIES]["lists"].items():
        for index, country in enumerate(row.get("countries", ())):
            yield _Listing(code, country).row(files.POLICIES, code, f"countries[{index}]")


def _area_listings(document: Json) -> list[_Listing]:
    """The Area Control List's history as listings; checked against the countries of today."""
    listed: dict[str, Json] = {}
    over: list[_Listing] = []
    for amendment, change in _changes(document):
        country = change["iso"]
        if (change["action"] == "added") == (country in listed):
            state = "already on the list" if country in listed else "not on the list"
            _refuse(amendment["instrument"], "changes", f"{country} is {state} that day")
        if change["action"] == "added":
            listed[country] = amendment
        else:
            over.append(_listing(country, listed.pop(country), amendment))
    today = {row["iso_alpha2"] for row in document["countries"]}
    for country in sorted(today ^ listed.keys()):
        _refuse(country, "countries", "the list of today and the history differ on this country")
    return over + [_listing(country, amendment) for country, amendment in listed.items()]


def _changes(document: Json) -> list[tuple[Json, Json]]:
    """Each change with its amendment, in the order of the days in effect."""
    dated: list[tuple[date, Json]] = []
    for amendment in document["history"]:
        if not amendment["changes"]:
            continue
        on = day(amendment["effective"])
        if on is None:
            _refuse(amendment["instrument"], "effective", "changes the list and has no day")
        else:
            dated.append((on, amendment))
    dated.sort(key=lambda one: one[0])
    return [(amendment, change) for _, amendment in dated for change in amendment["changes"]]


def _listing(country: str, added: Json, removed: Json | None = None) -> _Listing:
    start, end = day(added["effective"]), day(removed["effective"]) if removed else None
    if removed:
        check_range(files.ACL, removed["instrument"], "effective", start, end)
    amendments = [added, removed] if removed else [added]
    return _Listing(
        "ACL",
        country,
        start=start,
        end=end,
        added_by=added["instrument"],
        removed_by=removed["instrument"] if removed else "",
        basis="\n".join(one["basis"] for one in amendments),
        assumed=any(one["certainty"] != "verified" for one in amendments),
    )


def _refuse(row: str, field: str, reason: str) -> None:
    raise MalformedReference(files.ACL, row, field, reason)
