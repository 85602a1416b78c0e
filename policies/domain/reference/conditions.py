"""Conditions that many rows have to meet. Each raises MalformedReference where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from policies.domain.codes import is_written_code
from policies.domain.reference.faults import MalformedReference

Json = Mapping[str, Any]


def once(file: str, rows: Iterable[Json], key: str, within: str = "") -> set[str]:
    """The keys of `rows`, none of which may come twice or have blanks around it."""
    seen: set[str] = set()
    for row in rows:
        once_more(file, row, key, seen, within)
    return seen


def once_more(file: str, row: Json, key: str, seen: set[str], within: str = "") -> None:
    """Adds the key of a row to those seen; refuses one that is there, or has blanks around it."""
    name = str(row[key])
    if name != name.strip():
        raise MalformedReference(file, within or name.strip(), key, "has blanks around it")
    if name in seen:
        raise MalformedReference(file, within or name, key, f"{name} is there twice")
    seen.add(name)


def check_range(file: str, row: str, field: str, start: date | None, end: date | None) -> None:
    """Refuses a range that ends before or as it starts; `field` is where the end is given."""
    if start is not None and end is not None and end <= start:
        raise MalformedReference(
            file, row, field, f"{end} is not after {start}, the day on which it starts"
        )


def overlaps(one: Json, other: Json, start: str, end: str) -> bool:
    """Whether two half-open ranges of ISO days share a day; null is open."""
    return all(
        first[start] is None or second[end] is None or first[start] < second[end]
        for first, second in ((one, other), (other, one))
    )


def known(file: str, row: str, field: str, code: str, among: Iterable[str], kind: str) -> None:
    """Refuses a `code` that names nothing."""
    if code not in among:
        raise MalformedReference(file, row, field, f"there is no {kind} {code}")


def check_item_codes(file: str, row: str, field: str, codes: Iterable[str]) -> None:
    """Refuses a code that has not the form of a control-list item."""
    for index, code in enumerate(codes):
        if not is_written_code(code):
            raise MalformedReference(
                file, row, f"{field}[{index}]", f"{code!r} has not the form of an item"
            )
