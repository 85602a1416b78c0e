"""A row as it was: its later changes in the log, taken back. And why an entry was made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

from history import canonical
from history.models import Event, Text, Tracked
from history.values import SECRET, TEXT

Row = TypeVar("Row", bound=Tracked)


def row_at(row: Row, version: int) -> Row | None:
    """The row as it was when its stream had `version` events; None where it was not there yet.

    A text that was disposed of is empty. Two queries, over the events of the stream since then.
    """
    return rows_at([row], {row.stream: version})[0]


def rows_at(rows: Sequence[Row], versions: Mapping[str, int]) -> list[Row | None]:
    """Each row as it was when its stream had so many events, as `row_at`; two queries for all."""
    since = Event.objects.filter(
        stream__in={row.stream for row in rows},
        sequence__gt=min((versions[row.stream] for row in rows), default=0),
        sequence__lte=max((row.version for row in rows), default=0),
    )
    before: dict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    new: set[tuple[str, int]] = set()
    for event in since.order_by("-number"):
        if event.sequence <= versions[event.stream]:
            continue
        for change in canonical.decode(bytes(event.body))["changes"]:
            key = change["table"], change["row"]
            if change["before"] is None:
                new.add(key)
            else:
                before[key] |= change["before"]
    keys = [(row._meta.db_table, row.pk) for row in rows]
    digests = [one[TEXT] for key in keys for one in before[key].values() if _is(TEXT, one)]
    texts = Text.objects.in_bulk(digests)
    return [
        None if key in new else _then(row, before[key], texts, versions[row.stream])
        for row, key in zip(rows, keys, strict=True)
    ]


def _then(row: Row, before: Mapping[str, Any], texts: Mapping[str, Text], version: int) -> Row:
    then = copy(row)
    for column, value in before.items():
        if _is(SECRET, value):
            continue
        found = texts[value[TEXT]].content or "" if _is(TEXT, value) else value
        field: Any = row._meta.get_field(column)
        setattr(then, column, field.to_python(found))
    then.version = version
    return then


def reason_of(event: Event) -> str:
    """Why it was done, as its entry tells; empty where none was told or it was disposed of.

    One query.
    """
    return reasons_of([event])[0]


def reasons_of(events: Iterable[Event]) -> list[str]:
    """Why each of them was done, as `reason_of`; one query for all."""
    told = [canonical.decode(bytes(event.body)).get("reason") for event in events]
    digests = [one[TEXT] if _is(TEXT, one) else "" for one in told]
    texts = Text.objects.in_bulk([one for one in digests if one])
    return [texts[one].content or "" if one in texts else "" for one in digests]


def _is(mark: str, value: Any) -> bool:
    return isinstance(value, dict) and mark in value
