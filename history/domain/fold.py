"""What the rows should be: the events' changes laid over each other, compared with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from history.models import Text, Tracked, tracked_models
from history.values import SECRET, TEXT, plain, salted, sealed_columns, told_fields

_CHUNK = 500

Difference = tuple[str, str, str]
"""Place (`table row 7`), the word for the reason, and why."""


class Fold:
    """The state of every tracked row as the events tell it. Kept packed: there are many."""

    def __init__(self) -> None:
        self._state: dict[str, dict[int, tuple[str, int, bytes]]] = {}
        self._bad: list[Difference] = []

    @property
    def rows(self) -> int:
        return sum(len(rows) for rows in self._state.values())

    def take(self, event: Mapping[str, Any]) -> None:
        """Lays the event's changes over what came before."""
        for change in event["changes"]:
            rows = self._state.setdefault(change["table"], {})
            key = change["row"]
            known = rows.get(key)
            place = f"{change['table']} row {key}"
            if (change["before"] is None) != (known is None):
                self._bad.append((place, "fold", f"event {event['number']} does not follow"))
            values = {} if known is None else orjson.loads(known[2])
            for name, value in (change["before"] or {}).items():
                if values.get(name) != value:
                    why = f"event {event['number']} changes another {name} than there was"
                    self._bad.append((place, "fold", why))
            values.update(change["after"])
            rows[key] = (event["stream"], event["sequence"], orjson.dumps(values))

    def differences(self) -> Iterator[Difference]:
        """What of the rows is not as the events tell it, by table, row and field."""
        yield from self._bad
        told = dict(self._state)
        for model in tracked_models():
            yield from self._differences_of(model, told.pop(model._meta.db_table, {}))
        for table in told:
            yield table, "row", "the log tells of a table that is not tracked"

    def _differences_of(
        self, model: type[Tracked], told: dict[int, tuple[str, int, bytes]]
    ) -> Iterator[Difference]:
        table = model._meta.db_table
        left = set(told)
        for rows in _pieces(model):
            texts = self._texts_of(model, rows, told)
            for row in rows:
                left.discard(row.pk)
                place = f"{table} row {row.pk}"
                if row.pk not in told:
                    yield place, "row", "no event tells of it"
                    continue
                stream, sequence, packed = told[row.pk]
                if row.stream != stream:
                    yield place, "stream", f"it is {row.stream!r} and was {stream!r}"
                if row.version != sequence:
                    yield place, "version", f"it is {row.version} and was {sequence}"
                values = orjson.loads(packed)
                for field in told_fields(model):
                    if not _same(
                        getattr(row, field.attname), values.get(field.attname, _NONE), texts
                    ):
                        yield place, field.attname, "it is not what the log tells"
        for key in sorted(left):
            yield f"{table} row {key}", "row", "it is gone"

    def _texts_of(
        self, model: type[Tracked], rows: list[Tracked], told: dict[int, tuple[str, int, bytes]]
    ) -> dict[str, Text]:
        columns = sealed_columns(model)
        if not columns:
            return {}
        digests = [
            digest
            for row in rows
            if row.pk in told
            for name, value in orjson.loads(told[row.pk][2]).items()
            if name in columns and (digest := _digest(value))
        ]
        return Text.objects.in_bulk(digests)


_NONE = object()


def _pieces(model: type[Tracked]) -> Iterator[list[Tracked]]:
    last = 0
    while True:
        rows = list(model._base_manager.filter(pk__gt=last).order_by("pk")[:_CHUNK])
        if rows:
            yield rows
        if len(rows) < _CHUNK:
            return
        last = rows[-1].pk


def _digest(value: Any) -> str | None:
    if isinstance(value, dict) and len(value) == 1:
        return value.get(TEXT) or value.get(SECRET)
    return None


def _same(live: Any, told: Any, texts: Mapping[str, Text]) -> bool:
    digest = _digest(told)
    if digest is None or digest not in texts:
        try:
            return bool(plain(live) == told)
        except TypeError:
            return False
    text = texts[digest]
    if text.salt is None:
        # Disposed of: the row must not keep it either.
        return live in (None, "")
    return live is not None and salted(bytes(text.salt), str(live)) == digest
