"""What the files must say together: checks that no schema of one file can make.

Each function raises MalformedReference at the first thing that does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, combinations

from policies.domain.reference import files
from policies.domain.reference.conditions import (
    Json,
    check_item_codes,
    check_range,
    known,
    once,
    overlaps,
)
from policies.domain.reference.days import day
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files
from policies.domain.reference.policy_consistency import (
    check_citations,
    check_notes,
    check_policies,
)


def check(found: Files) -> None:
    """Every check, over files that are valid by their schemas."""
    check_destinations(found)
    check_law(found)
    check_control_lists(found)
    check_country_lists(found)
    check_policies(found)
    check_citations(found)
    check_notes(found)
    check_calendar(found)


def check_calendar(found: Files) -> None:
    document = found[files.CALENDAR]
    codes = once(files.CALENDAR, document["calendars"], "code")
    days: set[tuple[str, str]] = set()
    for row in document["holidays"]:
        known(files.CALENDAR, row["date"], "calendar", row["calendar"], codes, "calendar")
        if (row["calendar"], row["date"]) in days:
            raise MalformedReference(files.CALENDAR, row["date"], "date", "is given twice")
        days.add((row["calendar"], row["date"]))
    for row in document["service_standards"]:
        check_range(files.CALENDAR, row["code"], "to", day(row["from"]), day(row["to"]))
    for one, other in combinations(document["service_standards"], 2):
        if one["code"] == other["code"] and overlaps(one, other, "from", "to"):
            raise MalformedReference(
                files.CALENDAR, one["code"], "from", "overlaps another standard of this code"
            )


# Destinations


def check_destinations(found: Files) -> None:
    document = found[files.DESTINATIONS]
    codes = once(files.DESTINATIONS, document["destinations"], "code")
    once(files.DESTINATIONS, document["sub_regions"], "code")
    for row in document["destinations"]:
        in_use = row["in_use"]
        check_range(
            files.DESTINATIONS, row["code"], "in_use.to", day(in_use["from"]), day(in_use["to"])
        )
        _check_names(row)
    for row in document["sub_regions"]:
        known(
            files.DESTINATIONS, row["code"], "destination", row["destination"], codes, "destination"
        )
        _check_names(row)


def _check_names(row: Json) -> None:
    def refuse(field: str, reason: str) -> None:
        raise MalformedReference(files.DESTINATIONS, row["code"], field, reason)

    names = row["names"]
    for index, name in enumerate(names):
        field = f"names[{index}]"
        check_range(
            files.DESTINATIONS, row["code"], f"{field}.to", day(name["from"]), day(name["to"])
        )
    for (index, name), (_, other) in combinations(enumerate(names), 2):
        if overlaps(name, other, "from", "to"):
            refuse(f"names[{index}]", "two names hold on the same day")
    if sum(name["to"] is None for name in names) != 1:
        refuse("names", "must hold exactly one name of today, with `to` null")


# Law


def check_law(found: Files) -> None:
    everything = [
        (file, row)
        for file in (files.STATUTE, files.REGULATIONS)
        for row in found[file]["instruments"]
    ]
    seen: set[str] = set()
    for file, row in everything:
        if row["id"] in seen:
            raise MalformedReference(file, row["id"], "id", f"{row['id']} is there twice")
        seen.add(row["id"])
    for file in (files.STATUTE, files.REGULATIONS):
        _check_provisions(file, found[file])
    for file in (files.ECL, files.BCL, files.ACL, files.AFCCL):
        _check_shared_instrument(found, file)
    keys = provisions(found)
    for row in found[files.STATUTE]["mandatory_considerations"]:
        known(files.STATUTE, row["key"], "provision", row["provision"], keys, "provision")


def provisions(found: Files) -> set[str]:
    """The ids of all provisions held."""
    rows = chain(found[files.STATUTE]["provisions"], found[files.REGULATIONS]["provisions"])
    return {row["id"] for row in rows}


def _check_provisions(file: str, document: Json) -> None:
    instruments = {row["id"] for row in document["instruments"]}
    of_instrument = {row["id"]: row["instrument"] for row in document["provisions"]}
    once(file, document["provisions"], "id")
    for row in document["provisions"]:
        code = row["instrument"]
        known(file, row["id"], "instrument", code, instruments, "instrument")
        if not row["id"].startswith(f"{code}:"):
            raise MalformedReference(file, row["id"], "id", f"does not begin with {code}:")
        if row["parent"] is not None and of_instrument.get(row["parent"]) != code:
            raise MalformedReference(
                file, row["id"], "parent", f"there is no provision {row['parent']} in {code}"
            )


def _check_shared_instrument(found: Files, file: str) -> None:
    """A list's instrument may also be in regulations.json: one edition, so one description."""
    meta, regulations = found[file]["meta"], found[files.REGULATIONS]
    code = meta["instrument"]["id"]
    for row in regulations["instruments"]:
        if row["id"] != code:
            continue
        for field, value in row.items():
            if meta["instrument"].get(field) != value:
                raise MalformedReference(
                    file,
                    code,
                    f"meta.instrument.{field}",
                    f"is not as {files.REGULATIONS} has it",
                )
        if meta["attribution"] != regulations["meta"]["attribution"]:
            raise MalformedReference(
                file, code, "meta.attribution", f"is not as {files.REGULATIONS} has it"
            )


# Control lists


def check_control_lists(found: Files) -> None:
    document = found[files.ECL]
    groups = once(files.ECL, document["groups"], "code")
    once(files.ECL, document["flat"], "code")
    once(files.ECL, document["destination_rules"], "provision")
    once(files.BCL, found[files.BCL]["entries"], "provision")
    for rule in document["destination_rules"]:
        _check_rule(files.ECL, "ECL", rule, "groups", ("except_items", "also_items"), groups)
    for entry in found[files.BCL]["entries"]:
        _check_rule(files.BCL, "BCL", entry, "ecl_groups", ("ecl_items",), groups)


def _check_rule(
    file: str, code: str, row: Json, groups: str, items: tuple[str, ...], held: Iterable[str]
) -> None:
    if not row["provision"].startswith(f"{code}:"):
        raise MalformedReference(
            file, row["provision"], "provision", f"does not begin with {code}:"
        )
    for index, group in enumerate(row[groups]):
        known(file, row["provision"], f"{groups}[{index}]", group, held, "group")
    for field in items:
        check_item_codes(file, row["provision"], field, row[field])


# Country lists


def check_country_lists(found: Files) -> None:
    countries = {row["code"] for row in found[files.DESTINATIONS]["destinations"]}

    def all_known(file: str, row: str, field: str, codes: Iterable[str]) -> None:
        for index, code in enumerate(codes):
            known(file, row, f"{field}[{index}]", code, countries, "destination")

    for file in (files.ACL, files.AFCCL):
        once(file, found[file]["countries"], "iso_alpha2")
        for row in found[file]["countries"]:
            known(
                file, row["iso_alpha2"], "iso_alpha2", row["iso_alpha2"], countries, "destination"
            )
    for row in found[files.ACL]["history"]:
        changes = row["changes"] or ()
        all_known(files.ACL, row["instrument"], "changes", [one["iso"] for one in changes])
    _check_permits(found, all_known)
    for code, row in found[files.POLICIES]["lists"].items():
        all_known(files.POLICIES, code, "countries", row.get("countries", ()))
        known(files.POLICIES, code, "", code, country_lists(found), "list")


def _check_permits(found: Files, all_known: Callable[[str, str, str, Iterable[str]], None]) -> None:
    instruments = {row["id"] for row in found[files.REGULATIONS]["instruments"]}
    held = provisions(found)
    once(files.PERMITS, found[files.PERMITS]["permits"], "key")
    for row in found[files.PERMITS]["permits"]:
        known(files.PERMITS, row["key"], "key", row["key"], instruments, "instrument")
        for role, keys in row["roles"].items():
            for index, key in enumerate(keys):
                known(files.PERMITS, row["key"], f"roles.{role}[{index}]", key, held, "provision")
        for field in ("destinations", "ineligible", "designated"):
            listed = row.get(field, ())
            if isinstance(listed, str):
                continue
            once(files.PERMITS, listed, "iso_alpha2", within=row["key"])
            all_known(files.PERMITS, row["key"], field, [one["iso_alpha2"] for one in listed])


def country_lists(found: Files) -> set[str]:
    """The codes of the country lists that the files hold."""
    permits = found[files.PERMITS]["permits"]
    return {
        "ACL",
        "AFCCL",
        *(row["key"] for row in permits if not isinstance(row["destinations"], str)),
        *(code for code, row in found[files.POLICIES]["lists"].items() if "countries" in row),
    }
