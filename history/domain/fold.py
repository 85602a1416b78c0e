"""What the rows should be: the events' changes laid over each other, compared with the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models

from history import canonical
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
        self._added = {model._meta.db_table: model.added_later for model in tracked_models()}

    @property
    def rows(self) -> int:
        return sum(len(rows) for rows in self._state.values())

    def take(self, event: Mapping[str, Any]) -> None:
        """Lays the event's changes over what came before.

        A row of before its table had a column begins with the value declared for that column.
        """
        for change in event["changes"]:
            rows = self._state.setdefault(change["table"], {})
            key = change["row"]
            known = rows.get(key)
            place = f"{change['table']} row {key}"
            if (change["before"] is None) != (known is None):
                self._bad.append((place, "fold", f"event {event['number']} does not follow"))
            values = orjson.loads(known[2]) if known else dict(self._added.get(change["table"], {}))
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
            for key, in_stream, version, *columns in rows:
                left.discard(key)
                place = f"{table} row {key}"
                if key not in told:
                    yield place, "row", "no event tells of it"
                    continue
                stream, sequence, packed = told[key]
                if in_stream != stream:
                    yield place, "stream", f"it is {in_stream!r} and was {stream!r}"
                if version != sequence:
                    yield place, "version", f"it is {version} and was {sequence}"
                values = orjson.loads(packed)
                for field, live in zip(told_fields(model), columns, strict=True):
                    if not _same(field, live, values.get(field.attname, _NONE), texts):
                        yield place, field.attname, "it is not what the log tells"
        for key in sorted(left):
            yield f"{table} row {key}", "row", "it is gone"

    def _texts_of(
        self,
        model: type[Tracked],
        rows: Sequence[Sequence[Any]],
        told: dict[int, tuple[str, int, bytes]],
    ) -> dict[str, Text]:
        columns = sealed_columns(model)
        if not columns:
            return {}
        digests = [
            digest
            for key, *_ in rows
            if key in told
            for name, value in orjson.loads(told[key][2]).items()
            if name in columns and (digest := _digest(value))
        ]
        return Text.objects.in_bulk(digests)


_NONE = object()
_UNREADABLE = object()


def _pieces(model: type[Tracked]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows by id: the id, the stream, the version, and the columns that events tell."""
    read = _kept if connection.vendor == "sqlite" else _read
    last = None
    while rows := read(model, last):
        yield rows
        last = rows[-1][0]


def _read(model: type[Tracked], last: int | None) -> Sequence[Sequence[Any]]:
    rows = model._base_manager.order_by("pk")
    if last is not None:
        rows = rows.filter(pk__gt=last)
    try:
        return list(rows.values_list(*_columns(model, "attname"))[:_CHUNK])
    except DatabaseError:
        keys = list(rows.values_list("pk", flat=True)[:_CHUNK])
        return [_cells(model, key) for key in keys]


def _cells(model: type[Tracked], key: int) -> Sequence[Any]:
    """A row column by column: PostgreSQL keeps days, such as infinity, that Python can't read."""
    row, found = model._base_manager.filter(pk=key), []
    for name in _columns(model, "attname"):
        try:
            found.append(row.values_list(name, flat=True).get())
        except DatabaseError:
            found.append(_UNREADABLE)
    return found


def _kept(model: type[Tracked], last: int | None) -> Sequence[Sequence[Any]]:
    """As SQLite keeps them: it compares texts, so that a day written otherwise is another day.

    The plus keeps the values from being read as dates and the like.
    """
    columns = ", ".join(f'+"{column}"' for column in _columns(model, "column"))
    after = "" if last is None else "WHERE id > %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {model._meta.db_table} {after}"  # noqa: S608 - our own names
            f" ORDER BY id LIMIT {_CHUNK}",
            [] if last is None else [last],
        )
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
    return rows


def _columns(model: type[Tracked], kind: str) -> list[str]:
    return ["id", "stream", "version", *(getattr(field, kind) for field in told_fields(model))]


def _digest(value: Any) -> str | None:
    if isinstance(value, dict) and len(value) == 1:
        return value.get(TEXT) or value.get(SECRET)
    return None


def _same(field: models.Field[Any, Any], live: Any, told: Any, texts: Mapping[str, Text]) -> bool:
    digest = _digest(told)
    if digest is None or digest not in texts:
        try:
            return _holds(field, live, told)
        except (TypeError, ValueError, ValidationError):
            return False
    text = texts[digest]
    if text.salt is None:
        # Disposed of: the row must not keep it either.
        return live in (None, "")
    return live is not None and salted(bytes(text.salt), str(live)) == digest


def _holds(field: models.Field[Any, Any], live: Any, told: Any) -> bool:
    """Whether a column has what is told, written as Django writes it."""
    if isinstance(field, models.JSONField) and live is not None:
        if connection.vendor == "sqlite":
            text, live = live, json.loads(live)
            if field.get_db_prep_save(live, connection) != text:
                return False
        # As texts: in Python, true is 1.
        return canonical.encode(plain(live)) == canonical.encode(told)
    if connection.vendor != "sqlite":
        return bool(plain(live) == told)
    kept = _in_sqlite(field, told)
    return type(live) is type(kept) and bool(live == kept)


def _in_sqlite(field: models.Field[Any, Any], told: Any) -> Any:
    """What SQLite keeps for what is told."""
    match field:
        case _ if told is None:
            return None
        case models.BooleanField():
            return int(told)
        case models.DateTimeField():
            return field.get_db_prep_save(field.to_python(told), connection)
        case models.DecimalField():
            return _figure(told)
        case models.BinaryField():
            return bytes.fromhex(told)
        case _:
            return told


@lru_cache(maxsize=4096)
def _figure(text: str) -> int | float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS NUMERIC)", [text])
        [figure] = cursor.fetchone()
    return figure  # type: ignore[no-any-return]
