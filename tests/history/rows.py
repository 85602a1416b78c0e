"""Small acts to record, for tests of the log."""

from __future__ import annotations

from history.actors import SYSTEM, Actor
from history.domain.door import Entry, door
from history.models import Event
from policies.models import Destination


def a_destination(code: str = "ZZ", **more: object) -> Destination:
    return Destination(code=code, name_en="Test", name_fr="Essai", **more)


def add_destination(code: str = "ZZ", by: Actor = SYSTEM) -> Destination:
    """A row of a tracked table, with its event."""
    row = a_destination(code)
    with door(by=by) as entries:
        tell(entries, code).add(row)
    return row


def rename(row: Destination, name: str, **more: object) -> Event:
    with door(by=SYSTEM) as entries:
        entry = tell(entries, row.code)
        entry.set(row, name_en=name, **more)
    return entry.recorded


def tell(entries: object, code: str, verb: str = "test.done", **more: object) -> Entry:
    entry: Entry = entries.record(  # type: ignore[attr-defined]
        verb, stream=f"reference:test:{code}", subject=f"destination:{code}", **more
    )
    return entry
