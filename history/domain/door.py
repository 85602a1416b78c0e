"""The one door: record, then write, in one transaction.

    with door(by=actor) as entries:
        entry = entries.record(Verb.ROLE_ENDED, stream=…, subject=…, reason="…")
        entry.set(role, ends_on=day)
        entry.add(Delegation(…))

Leaving the block locks the rows, then the log; records every entry with what its rows were and
become; and only then writes the rows. An error anywhere leaves nothing. All slow work belongs
before or inside the block, none after the lock: that is why rows are written on leaving and not
when they are named.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Model

from history import canonical, clock, merkle, requests
from history.actors import SYSTEM, Actor
from history.domain import bulk
from history.kept import Kept
from history.keyfile import make_signer
from history.models import Block, Event, Log, Text, Tracked
from history.refusal import at_the_door
from history.values import Sealer, plain, sealed_columns, told_fields
from history.verbs import Verb, fault_of

Row = TypeVar("Row", bound=Tracked)
Lockable = TypeVar("Lockable", bound=Model)

FORMAT = 1
SYSTEM_STREAM = "system"
STREAM_KINDS = frozenset(
    {"case", "policy", "reference", "party", "evidence", "people", "audit", "system"}
)

_EVENT = bulk.names_of(Event)
_LEAF = _EVENT.index("leaf")

_STREAM = re.compile(r"([a-z]+)(?::[!-~]+)?")
_VERB = re.compile(r"[a-z_]+\.[a-z_]+")
_SUBJECT = re.compile(r"[a-z_]+:[!-~]+")


class Conflict(Exception):
    """Somebody else wrote the row, or its stream, since it was read.

    `now` is the row as it is, `head` how many events the stream has.
    """

    def __init__(
        self, row: Tracked | None = None, now: Tracked | None = None, *, head: int | None = None
    ) -> None:
        super().__init__(f"{row!r} changed meanwhile" if row else "the stream moved on meanwhile")
        self.row = row
        self.now = now
        self.head = head


class WrongLog(Exception):
    """A synthetic log in production, or a real one in a demo or under a simulated clock."""


@dataclass(slots=True, eq=False)
class _Write:
    """A row to be added (`values` None) or changed."""

    entry: Entry
    row: Tracked
    values: Mapping[str, Any] | None
    key: tuple[type[Tracked], int] = field(init=False)

    def __post_init__(self) -> None:
        self.key = type(self.row), self.row.pk


@dataclass(slots=True, eq=False)
class Entry:
    """One event to be recorded, and the rows that it writes. `recorded` is there afterwards."""

    verb: str
    stream: str
    subject: str
    by: Actor
    occurred_on: date
    provision: str | None
    reason: str
    basis: Mapping[str, Any]
    data: Mapping[str, Any]
    expect: int | None
    _door: Door
    told: Sequence[Any] | None = None
    """The event's columns, once it is recorded."""

    def add(self, row: Tracked, *, id: int | None = None) -> None:
        """A new row. It gets its id now, so that others can point to it; `id` is one that
        `Door.next_id` gave.
        """
        if row.pk is not None:
            raise ValueError(f"{row!r} is not new")
        row.pk = self._door.next_id(type(row)) if id is None else id
        row.stream = self.stream
        self._door.append(_Write(self, row, None))

    def set(self, row: Tracked, **values: Any) -> None:
        """New values of a row's fields, by field or column name.

        What the row has already is not a change. The row is written as it was read: if somebody
        wrote it meanwhile, leaving the door raises Conflict.
        """
        if row.stream != self.stream:
            raise ValueError(f"{row!r} belongs to {row.stream}, not to {self.stream}")
        told = _columns(type(row))
        columns = {
            told.get(name, name): value.pk if isinstance(value, Model) else value
            for name, value in values.items()
        }
        unknown = columns.keys() - told.keys()
        if unknown:
            raise ValueError(f"{row!r} has no field {', '.join(sorted(unknown))} to be written")
        earlier = self._door.write_of(self, row)
        if earlier is None:
            self._door.append(_Write(self, row, columns))
        elif earlier.values is None:
            for name, value in columns.items():
                setattr(earlier.row, name, value)
        else:
            # One entry writes a row once.
            earlier.values = {**earlier.values, **columns}

    @property
    def recorded(self) -> Event:
        """The event, which is there once the door is left."""
        if self.told is None:
            raise ValueError("the entry is recorded on leaving the door")
        return Event.from_db(DEFAULT_DB_ALIAS, _EVENT, self.told)


@dataclass(slots=True, eq=False)
class Door:
    """The entries and rows of one transaction. `by` acts unless an entry names another."""

    by: Actor
    entries: list[Entry] = field(default_factory=list)
    writes: list[_Write] = field(default_factory=list)
    _by_row: dict[tuple[Entry, type[Tracked], int], _Write] = field(default_factory=dict)
    _ids: dict[type[Tracked], list[int]] = field(default_factory=dict)
    _taken: dict[type[Tracked], int] = field(default_factory=dict)
    _highest: dict[type[Tracked], int] = field(default_factory=dict)
    log: Log | None = None
    """The log, where it had to be locked before leaving."""
    heads: dict[str, int] = field(default_factory=dict)
    """How many events a stream has, as far as it was looked at, with those of this door."""
    planned: Sequence[bulk.Rows] = ()
    """What is written before the entries of this door."""

    def lock_log(self) -> Log:
        """The log's row, locked already now: for an entry that tells of the log itself."""
        self.log = lock_log()
        return self.log

    def take(self, plan: Plan) -> bool:
        """Has what was planned written on leaving, before the entries. Where the log is not as the
        plan takes it to be, it says so and takes nothing: then all must be planned anew.
        """
        log = self.log or self.lock_log()
        if (log.name, log.epoch, log.size) != (plan.log, plan.epoch, plan.size):
            return False
        self.planned = plan.rows
        return True

    def after(self) -> Door:
        """A door for what comes after this one, whose rows need not be written yet."""
        left = {model: len(ids) for model, ids in self._ids.items()}
        used = {model: last - left.get(model, 0) for model, last in self._highest.items()}
        return Door(self.by, _highest=used, heads=self.heads)

    def record(
        self,
        verb: str,
        *,
        stream: str,
        subject: str,
        by: Actor | None = None,
        occurred_on: date | None = None,
        provision: str | None = None,
        reason: str = "",
        basis: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        expect: int | None = None,
    ) -> Entry:
        """An event to be recorded on leaving; order is kept.

        `reason` goes to the side store; `basis` names what it rested on (keys, versions, digests).
        `occurred_on` is today unless given. With `expect`, leaving raises Conflict unless that is
        still the sequence at the stream's head.
        """
        kind = _STREAM.fullmatch(stream)
        if not kind or kind[1] not in STREAM_KINDS:
            raise ValueError(f"{stream!r} is no stream")
        if not _VERB.fullmatch(verb) or not _SUBJECT.fullmatch(subject):
            raise ValueError(f"{verb!r} of {subject!r} is no entry")
        who = by or self.by
        fault = fault_of(str(verb), stream, who.id, who.role)
        if fault:
            raise ValueError(fault)
        entry = Entry(
            str(verb),
            stream,
            subject,
            who,
            occurred_on or clock.today(),
            provision,
            reason,
            basis or {},
            data or {},
            expect,
            self,
        )
        self.entries.append(entry)
        return entry

    def write_of(self, entry: Entry, row: Tracked) -> _Write | None:
        """The write of that row that the entry tells of already."""
        return self._by_row.get((entry, type(row), row.pk))

    def append(self, write: _Write) -> None:
        self.writes.append(write)
        self._by_row[write.entry, *write.key] = write

    def next_id(self, model: type[Tracked]) -> int:
        """An id that no row of the table has or will get."""
        ids = self._ids.setdefault(model, [])
        if not ids:
            # Ever more at once, for a load of many rows.
            self._taken[model] = count = min(2 * self._taken.get(model, 0) or 1, 256)
            ids.extend(reversed(self._reserve(model, count)))
        return ids.pop()

    def _reserve(self, model: type[Tracked], count: int) -> list[int]:
        table, key = model._meta.db_table, model._meta.pk.column
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                    [table, key, count],
                )
                return [int(number) for (number,) in cursor.fetchall()]
            # The transaction holds SQLite's only write lock, and this door is the only one in it; a
            # plan that was made without is taken only where nobody wrote meanwhile.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = max(int((cursor.fetchone() or (0,))[0]), self._highest.get(model, 0))
        self._highest[model] = last + count
        return list(range(last + 1, last + count + 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a door would write, made before it is opened: where one process makes what another
    writes. `log`, `epoch` and `size` are the log's, as it has to be then.
    """

    log: str
    epoch: int
    size: int
    rows: Sequence[bulk.Rows]

    @property
    def events(self) -> int:
        return _count(self.rows)

    def read_events(self) -> Iterator[Event]:
        """Its events, as they are going to be."""
        for rows in self.rows:
            if rows.model is Event:
                for values in rows.values:
                    yield Event(**dict(zip(rows.names, values, strict=True)))


def plan(opened: Door, log: Log, *, size: int) -> Plan:
    """What the entries and rows of a door would write after so many events. Of new rows only."""
    return Plan(log.name, log.epoch, size, tuple(_Leaving(opened).rows(log, size)))


def _count(planned: Sequence[bulk.Rows]) -> int:
    """How many events they are."""
    return sum(len(rows.values) for rows in planned if rows.model is Event)


_open: ContextVar[bool] = ContextVar("door_open", default=False)


@contextmanager
def door(*, by: Actor) -> Iterator[Door]:
    """Opens the door for one transaction.

    Raises Conflict, WrongLog, and whatever the database refuses; then nothing is written.
    """
    if _open.get():
        raise RuntimeError("a door is open already: pass it on instead of opening another")
    token = _open.set(True)
    try:
        with transaction.atomic():
            opened = Door(by)
            yield opened
            if opened.entries or opened.planned:
                _Leaving(opened, opened.log).record_and_write()
    finally:
        _open.reset(token)


def lock_log() -> Log:
    """The log's row, locked until the transaction ends; begins the log if there is none.

    Taken last, after every other lock. Raises WrongLog.
    """
    log = next(_locked(Log)([1]), None) or _start()
    synthetic_wanted = settings.PERMIT_DESK_MODE != "production"
    if log.synthetic and not synthetic_wanted:
        raise WrongLog("This database is a demonstration: its log is synthetic.")
    if not log.synthetic and synthetic_wanted:
        raise WrongLog("This database is not a demonstration: open it in production mode.")
    if clock.is_simulated() and not log.synthetic:
        raise WrongLog("A simulated clock is for a synthetic log.")
    return log


def _start() -> Log:
    """The log with its first event, which says what it is."""
    with at_the_door():
        # Two who begin at once: one of them waits here for the other.
        log, _ = Log.objects.get_or_create(
            id=1,
            defaults={
                "name": f"permit-desk/{secrets.token_hex(8)}",
                "synthetic": settings.PERMIT_DESK_MODE != "production",
            },
        )
    log = Log.objects.select_for_update().get()
    if log.size == 0:
        started = Door(SYSTEM)
        started.record(
            Verb.STARTED,
            stream=SYSTEM_STREAM,
            subject="log:start",
            data={"key": str(make_signer(log.name).key), "synthetic": log.synthetic},
        )
        _Leaving(started, log).record_and_write()
    return log


class _Leaving:
    """What happens on leaving the door."""

    def __init__(self, opened: Door, log: Log | None = None) -> None:
        self._door = opened
        self._log = log
        self._sealer = Sealer([])
        self._heads = opened.heads
        # The told state of the rows to be changed, as it is and, as events are made, becomes.
        self._state: dict[tuple[type[Tracked], int], dict[str, Any]] = {}
        self._sealed: dict[tuple[type[Tracked], int], dict[str, Any]] = {}
        self._live: dict[tuple[type[Tracked], int], Tracked] = {}

    def record_and_write(self) -> None:
        self._lock_rows()
        self._find_seals()
        log = self._log or lock_log()
        frontier = merkle.Frontier(log.size, bytes(log.frontier))
        with at_the_door():
            for rows in self.rows(log, log.size):
                if rows.model is Event:
                    for values in rows.values:
                        frontier.append(values[_LEAF])
                bulk.write(rows)
            log.size, log.frontier = frontier.size, frontier.to_bytes()
            bulk.write(bulk.changed(Log, ("size", "frontier", "epoch"), [log]))
            Block.objects.bulk_create(
                Block(index=index, root=root) for index, root in frontier.blocks
            )

    def rows(self, log: Log, size: int) -> Iterator[bulk.Rows]:
        """All that is written after so many events, in that order. Whoever asks for the next has
        written the one before, or writes all of them later.
        """
        yield from self._door.planned
        size += _count(self._door.planned)
        for entries, writes in self._rounds():
            yield bulk.Rows(Event, _EVENT, self._events(log, size, entries, writes))
            yield from self._written(writes)
            size += len(entries)
        # In the order of their key, which is random: a load of many touches a page once.
        yield bulk.Rows(Text, bulk.names_of(Text), sorted(self._sealer.texts))

    def _rounds(self) -> list[tuple[list[Entry], list[_Write]]]:
        """Entries in order, cut where a stream comes again: its rows are written in between."""
        rounds: list[tuple[list[Entry], list[_Write]]] = [([], [])]
        streams: set[str] = set()
        writes: dict[Entry, list[_Write]] = {}
        for entry in self._door.entries:
            if entry.stream in streams:
                rounds.append(([], []))
                streams.clear()
            rounds[-1][0].append(entry)
            streams.add(entry.stream)
            writes[entry] = rounds[-1][1]
        for write in self._door.writes:
            writes[write.entry].append(write)
        return rounds

    # Before the log's lock

    def _lock_rows(self) -> None:
        """Locks the rows to be changed, always in the same order, and looks at them afresh."""
        added = {write.key for write in self._door.writes if write.values is None}
        seen = {
            write.key: write.row
            for write in reversed(self._door.writes)
            if write.values is not None and write.key not in added
        }
        models = sorted({model for model, _ in seen}, key=lambda model: model._meta.db_table)
        for model in models:
            keys = [key for kind, key in seen if kind is model]
            for start in range(0, len(keys), 500):
                some = sorted(keys)[start : start + 500]
                self._live.update({(model, row.pk): row for row in _locked(model)(some)})
        for key, row in seen.items():
            live = self._live.get(key)
            if live is None or live.version != row.version or live.stream != row.stream:
                raise Conflict(row, live)
            self._state[key] = {
                one.attname: getattr(live, one.attname) for one in told_fields(key[0])
            }

    def _find_seals(self) -> None:
        """The digests under which the log knows the private values that are to change."""
        for write in self._door.writes:
            if write.values is None or write.key not in self._state:
                continue
            columns = sealed_columns(type(write.row)) & set(write.values)
            if columns:
                self._sealed[write.key] = last_told(write.row, columns)

    # Under the log's lock

    def _events(
        self, log: Log, size: int, entries: Sequence[Entry], writes: Sequence[_Write]
    ) -> list[Sequence[Any]]:
        """The columns of their events, of which `size` come before."""
        unknown = [one.stream for one in entries if one.stream not in self._heads]
        self._heads.update(dict.fromkeys(unknown, 0) | _heads(unknown))
        events: list[Sequence[Any]] = []
        of_entry: dict[Entry, list[_Write]] = {entry: [] for entry in entries}
        for write in writes:
            of_entry[write.entry].append(write)
        for number, entry in enumerate(entries, size + 1):
            head = self._heads[entry.stream]
            if entry.expect is not None and entry.expect != head:
                raise Conflict(head=head)
            now = clock.now()
            body = {
                "v": FORMAT,
                "log": log.name,
                "epoch": log.epoch,
                "number": number,
                "stream": entry.stream,
                "sequence": head + 1,
                "recorded_at": clock.written(now),
                "clock": "simulated" if clock.is_simulated() else "server",
                "occurred_on": entry.occurred_on.isoformat(),
                "actor": entry.by.id,
                "role": entry.by.role,
                "verb": entry.verb,
                "subject": entry.subject,
                "provision": entry.provision,
                "reason": self._sealer.text(entry.reason) if entry.reason else None,
                "request": requests.current.get(),
                "basis": plain(entry.basis),
                "data": plain(entry.data),
                "changes": [
                    change
                    for write in of_entry[entry]
                    if (change := self._change(write)) is not None
                ],
            }
            written = canonical.encode(body)
            event = {
                "number": number,
                "stream": entry.stream,
                "sequence": head + 1,
                "recorded_at": now,
                "occurred_on": entry.occurred_on,
                "actor": entry.by.id,
                "role": entry.by.role or "",
                "verb": entry.verb,
                "subject": entry.subject,
                "request": body["request"] or "",
                "body": written,
                "leaf": merkle.leaf_hash(written),
            }
            self._heads[entry.stream] = head + 1
            entry.told = tuple(event[name] for name in _EVENT)
            events.append(entry.told)
        return events

    def _change(self, write: _Write) -> dict[str, Any] | None:
        model, row = type(write.row), write.row
        private = sealed_columns(model)
        if write.values is None:
            values = vars(row)
            new = {one.attname: values[one.attname] for one in told_fields(model)}
            self._state[write.key] = dict(new)
            before = None
        else:
            state = self._state[write.key]
            new = {name: value for name, value in write.values.items() if state[name] != value}
            write.values = new
            if not new:
                return None
            sealed = self._sealed.get(write.key, {})
            before = {
                name: sealed[name]
                if name in private and state[name] not in (None, "")
                else plain(state[name])
                for name in new
            }
            state.update(new)
        after = {
            name: self._sealer.value(model, name, value) if name in private else plain(value)
            for name, value in new.items()
        }
        if private:
            sealed_now = {name: after[name] for name in private & after.keys()}
            self._sealed.setdefault(write.key, {}).update(sealed_now)
        return {"table": model._meta.db_table, "row": row.pk, "before": before, "after": after}

    def _written(self, writes: Sequence[_Write]) -> Iterator[bulk.Rows]:
        """Those of an entry in the order in which they were named; alike ones of all entries, which
        are of different streams, together.
        """
        turns: list[dict[tuple[type[Tracked], tuple[str, ...] | None], list[_Write]]] = []
        last: dict[Entry, tuple[int, Any]] = {}
        for write in writes:
            write.row.version = self._heads[write.entry.stream]
            kind = type(write.row), None if write.values is None else tuple(write.values)
            turn, before = last.get(write.entry, (0, kind))
            turn += before != kind
            last[write.entry] = turn, kind
            if turn == len(turns):
                turns.append({})
            turns[turn].setdefault(kind, []).append(write)
        for alike in turns:
            for (model, columns), some in alike.items():
                if columns is None:
                    yield bulk.added(model, [one.row for one in some])
                    for one in some:
                        one.row._state.adding, one.row._state.db = False, DEFAULT_DB_ALIAS
                elif columns:
                    yield self._changed(model, columns, some)
                else:
                    self._leave(some)

    def _leave(self, writes: Sequence[_Write]) -> None:
        """Rows of which nothing has changed."""
        for write in writes:
            live = self._live.get(write.key)
            if live is not None:
                write.row.version = live.version

    def _changed(
        self, model: type[Tracked], columns: Sequence[str], writes: Sequence[_Write]
    ) -> bulk.Rows:
        """Rows of a table that get values in the same columns, in one go."""
        for write in writes:
            for name, value in (write.values or {}).items():
                setattr(write.row, name, value)
            self._live.get(write.key, write.row).version = write.row.version
        return bulk.changed(model, (*columns, "version"), [write.row for write in writes])


@cache
def _locked(model: type[Lockable]) -> Kept[Lockable]:
    """Reads rows by key, and locks them in the order of their keys."""
    return Kept(
        lambda keys: model._base_manager.select_for_update().filter(pk__in=keys).order_by("pk")
    )


@cache
def _columns(model: type[Tracked]) -> Mapping[str, str]:
    """The columns that events tell, by the field's name and by their own."""
    told = told_fields(model)
    return {one.name: one.attname for one in told} | {one.attname: one.attname for one in told}


def _heads(streams: Sequence[str]) -> dict[str, int]:
    """The last sequence of each stream that has begun."""
    if not streams:
        return {}
    places = ", ".join(["%s"] * len(streams))
    with connection.cursor() as cursor:
        cursor.execute(
            # What is put together is the name of a table, and places.
            f"SELECT stream, MAX(sequence) FROM {Event._meta.db_table}"  # noqa: S608
            f" WHERE stream IN ({places}) GROUP BY stream",
            streams,
        )
        return dict(cursor.fetchall())


def last_told(row: Tracked, columns: frozenset[str]) -> dict[str, Any]:
    """The newest values of a row's columns in the events of its stream."""
    found: dict[str, Any] = {}
    table = row._meta.db_table
    bodies = (
        Event.objects.filter(stream=row.stream).order_by("-sequence").values_list("body", flat=True)
    )
    for body in bodies.iterator(chunk_size=100):
        for change in reversed(canonical.decode(bytes(body))["changes"]):
            if change["table"] == table and change["row"] == row.pk:
                for column in columns - found.keys():
                    if column in change["after"]:
                        found[column] = change["after"][column]
        if columns <= found.keys():
            break
    return found
