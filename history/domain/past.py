"""A row as it was: its later changes in the log, taken back. And why an entry was made."""

from __future__ import annotations

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
    then, before = copy(row), dict[str, Any]()
    events = Event.objects.filter(
        stream=row.stream, sequence__gt=version, sequence__lte=row.version
    ).order_by("-sequence")
    for event in events:
        for change in canonical.decode(bytes(event.body))["changes"]:
            if (change["table"], change["row"]) == (row._meta.db_table, row.pk):
                if change["before"] is None:
                    return None
                before |= change["before"]
    digests = [value[TEXT] for value in before.values() if _is(TEXT, value)]
    texts = Text.objects.in_bulk(digests)
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
    told = canonical.decode(bytes(event.body)).get("reason")
    if not _is(TEXT, told):
        return ""
    texts = Text.objects.filter(digest=told[TEXT]).values_list("content", flat=True)
    return texts.first() or ""


def _is(mark: str, value: Any) -> bool:
    return isinstance(value, dict) and mark in value
