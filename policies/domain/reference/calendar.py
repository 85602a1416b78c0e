"""Holidays and service standards, as the files give them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.domain.reference import files
from policies.domain.reference.days import day
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row


def calendars(found: Files) -> Iterator[Row]:
    for row in found[files.CALENDAR]["calendars"]:
        yield Row(
            files.CALENDAR,
            row["code"],
            {
                "code": row["code"],
                "title_en": row["en"],
                "title_fr": row["fr"],
                "source": row["source"],
            },
        )


def holidays(found: Files) -> Iterator[Row]:
    for row in found[files.CALENDAR]["holidays"]:
        yield Row(
            files.CALENDAR,
            row["date"],
            {
                "calendar": row["calendar"],
                "day": day(row["date"]),
                "name_en": row["en"],
                "name_fr": row["fr"],
                "source": row["source"],
            },
        )


def service_standards(found: Files) -> Iterator[Row]:
    for row in found[files.CALENDAR]["service_standards"]:
        yield Row(
            files.CALENDAR,
            row["code"],
            {
                "code": row["code"],
                "days": int(row["days"]),
                "target_percent": int(row["target_percent"]),
                "effective_from": day(row["from"]),
                "effective_to": day(row["to"]),
                "title_en": row["en"],
                "title_fr": row["fr"],
                "source": row["source"],
            },
        )
