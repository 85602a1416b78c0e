"""Rows of destinations, their dated names, and sub-regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.domain.reference import files
from policies.domain.reference.days import day
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row

Json = Mapping[str, Any]


def destinations(found: Files) -> Iterator[Row]:
    for row in found[files.DESTINATIONS]["destinations"]:
        yield Row(
            files.DESTINATIONS,
            row["code"],
            {
                "code": row["code"],
                "alpha3": row["alpha3"],
                **_todays_name(row),
                "in_use_from": day(row["in_use"]["from"]),
                "in_use_to": day(row["in_use"]["to"]),
                "note": row.get("note", ""),
            },
        )


def destination_names(found: Files) -> Iterator[Row]:
    for row in found[files.DESTINATIONS]["destinations"]:
        for index, name in enumerate(row["names"]):
            yield Row(
                files.DESTINATIONS,
                row["code"],
                {
                    "destination": row["code"],
                    "effective_from": day(name["from"]),
                    "effective_to": day(name["to"]),
                    "name_en": name["en"],
                    "name_fr": name["fr"],
                    "source": name["source"],
                    "assumed": name.get("assumed", False),
                },
                at=f"names[{index}]",
            )


def sub_regions(found: Files) -> Iterator[Row]:
    for row in found[files.DESTINATIONS]["sub_regions"]:
        yield Row(
            files.DESTINATIONS,
            row["code"],
            {
                "code": row["code"],
                "destination": row["destination"],
                **_todays_name(row),
                "source": row["source"],
            },
        )


def _todays_name(row: Json) -> dict[str, str]:
    name = next(name for name in row["names"] if name["to"] is None)
    return {"name_en": name["en"], "name_fr": name["fr"]}
