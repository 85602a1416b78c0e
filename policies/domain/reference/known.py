"""The reference files as they would have stood on an earlier day, for a demonstration's past.

Of the policies, of what was done to permits and of what happened, only what was known that day;
law text, lists, destinations and the calendar as they are, since their rows carry their own days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from policies.domain.reference.days import day
from policies.domain.reference.files import POLICIES, Files

Json = Mapping[str, Any]


def days_of_news(found: Files) -> list[date]:
    """The days on which something of the policies became known, in order."""
    document = found[POLICIES]
    told = {
        known
        for row in document["policies"]
        for version in row["versions"]
        for known in (version["known_from"], version["known_to"])
    }
    told |= {_known_since(row) for row in (*document["permit_acts"], *document["context"])}
    return sorted(found for found in map(day, told) if found is not None)


def as_known_on(found: Files, on: date) -> Files:
    """The files with only what was known at the start of that day."""
    document = found[POLICIES]
    known = {
        **document,
        "policies": list(_policies(document["policies"], on)),
        **{
            name: [row for row in document[name] if _is_known(_known_since(row), on)]
            for name in ("permit_acts", "context")
        },
    }
    return replace(found, documents={**found.documents, POLICIES: known})


def _policies(rows: list[Json], on: date) -> Iterator[Json]:
    for row in rows:
        versions = [
            {
                **version,
                "known_to": version["known_to"] if _is_known(version["known_to"], on) else None,
            }
            for version in row["versions"]
            if _is_known(version["known_from"], on)
        ]
        if versions:
            yield {**row, "versions": versions}


def _known_since(row: Json) -> str:
    return str(row.get("announced_on") or row["on"])


def _is_known(since: str | None, on: date) -> bool:
    found = day(since)
    return found is not None and found <= on
