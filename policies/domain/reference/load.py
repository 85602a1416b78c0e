"""Makes the database hold what the reference files say, all or nothing.

A stored row is corrected in place, closed and replaced, or refused: which of these is the table's
(`tables.Change`). A policy that people of the office changed (`PolicyChange`) is theirs since: a
load leaves it as it is. What changes goes through the history's door, one entry for each policy,
list, instrument and destination. Loads queue for one another, so each sees what the one before it
left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from django.db import connection
from django.utils import timezone

from history.actors import SYSTEM, Actor
from history.domain.door import Door, Entry, door
from history.models import Tracked
from policies.domain.by_hand import changed_by_hand
from policies.domain.reference import consistency
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files, read_files
from policies.domain.reference.report import Counts, LoadReport
from policies.domain.reference.row import Row
from policies.domain.reference.tables import TABLES, Change, Stored, Table
from policies.models import Policy, ReferenceLoad
from policies.verbs import Verb

NEVER_EDITED = "a version is never edited; close its known range and add another"
OF_THE_KEY = "belongs to the key; end this key's version and add another key that replaces it"
NEVER_DROPPED = "a row once loaded is never dropped"

LOADS = "reference:loads"
IN_COMMON = "standard"
POLICY = "policy"

_VERBS = {
    POLICY: (Verb.POLICY_ENTERED, Verb.POLICY_REVISED),
    "reference": (Verb.REFERENCE_ENTERED, Verb.REFERENCE_REVISED),
}

# Any number that no other advisory lock of this product has.
_LOAD_LOCK = 7_304_101


def load_reference(directory: Path, *, at: datetime, by: Actor = SYSTEM) -> LoadReport:
    """Load every reference file of `directory`; `at` is the instant from which changes are known.

    Raises MalformedReference, and then nothing is written. A load that changes something leaves a
    `ReferenceLoad`; one that changes nothing leaves no trace.
    """
    return load_files(checked_files(directory), at=at, by=by)


def checked_files(directory: Path) -> Files:
    """The reference files of `directory`, valid and consistent. Raises MalformedReference."""
    found = read_files(directory)
    consistency.check(found)
    return found


def load_files(found: Files, *, at: datetime, by: Actor = SYSTEM) -> LoadReport:
    """As `load_reference`, of files that were read and checked already."""
    if timezone.is_naive(at):
        raise ValueError("the instant of a load needs a time zone")
    with door(by=by) as entries:
        alone_at_the_register()
        work = _Load(found, at, entries, theirs=changed_by_hand())
        for table in TABLES:
            work.fill(table)
        report = LoadReport(work.counts, dict(found.digests))
        if report.changed:
            load = ReferenceLoad(loaded_at=at, files=report.files, counts=report.counts())
            entries.record(Verb.REGISTER_LOADED, stream=LOADS, subject=LOADS).add(load)
    return report


def alone_at_the_register() -> None:
    """Waits for whoever changes the register, or decides by it. The lock lasts as the transaction.

    On SQLite the transaction itself has waited.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOAD_LOCK])


def share_register() -> None:
    """Keeps loads out until the transaction ends, and waits for one that is under way.

    For a decision, which must rest on one state of the register. Any number may share it. On
    SQLite the transaction that writes is alone anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOAD_LOCK])


class _Match(NamedTuple):
    """The rows of the files beside those of the database."""

    added: list[Row]
    kept: list[tuple[Row, Stored]]
    vanished: list[Stored]


@dataclass(slots=True)
class _Load:
    """A load under way: what it reads, and what it knows of the tables filled so far.

    `ids` finds a row of a filled table by its natural key, `names`, `homes` and `streams` its
    natural key, file and stream by its id, and `fresh` holds the ids of rows that this load added.
    `entries` are the load's entries in the history, by stream.
    """

    found: Files
    at: datetime
    door: Door
    counts: dict[str, Counts] = field(default_factory=dict)
    ids: dict[type[Tracked], dict[str, int]] = field(default_factory=dict)
    names: dict[type[Tracked], dict[int, str]] = field(default_factory=dict)
    homes: dict[type[Tracked], dict[int, str]] = field(default_factory=dict)
    fresh: dict[type[Tracked], set[int]] = field(default_factory=dict)
    streams: dict[type[Tracked], dict[int, str]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    theirs: frozenset[str] = frozenset()
    """The keys of the policies that people changed."""

    def fill(self, table: Table) -> None:
        """Make `table` hold the rows of the files."""
        self.counts[table.name] = Counts()
        for by_model in (self.ids, self.names, self.homes, self.streams):
            by_model[table.model] = {}
        self.fresh[table.model] = set()
        rows = [
            row
            for row in table.rows(self.found)
            if not self._is_theirs(table, row.values.get("policy", row.name))
        ]
        for row in rows:
            self._refuse_too_long(table, row)
        if table.change is Change.REPLACED:
            self._replace(table, rows)
            return
        match = self._match(table, rows)
        match table.change:
            case Change.VERSION:
                self._close_versions(table, match)
            case Change.EDITION:
                self._correct(table, match, self._refuse_older_edition)
            case _:
                self._correct(table, match, self._refuse_drop)

    def _is_theirs(self, table: Table, policy: str | None) -> bool:
        """Whether a row of that policy is left as people made it."""
        of_a_policy = table.model is Policy or table.relations.get("policy") is Policy
        return of_a_policy and policy in self.theirs

    # Rows corrected in place

    def _correct(
        self, table: Table, match: _Match, gone: Callable[[Table, _Match, Stored], None]
    ) -> None:
        for stored in match.vanished:
            gone(table, match, stored)
        self._add(table, match.added)
        changed: dict[int, tuple[Row, dict[str, Any]]] = {}
        for row, stored in match.kept:
            different = self._differences(table, row, stored)
            for column in sorted(different & table.frozen):
                self._refuse(table, row, column, OF_THE_KEY)
            if different:
                resolved = self._resolved(table, row)
                changed[stored["id"]] = (row, {column: resolved[column] for column in different})
        self._set(table, changed)
        counts = self.counts[table.name]
        counts.superseded += len(changed)
        counts.unchanged += len(match.kept) - len(changed)

    def _refuse_drop(self, table: Table, match: _Match, stored: Stored) -> None:
        name = str(stored[table.key[-1]])
        if table.part_of and stored[f"{table.part_of}_id"] is not None:
            owner = self.names[table.relations[table.part_of]][stored[f"{table.part_of}_id"]]
            raise MalformedReference(
                table.file, owner, f"{_parts(table)}", f"{name} is gone: {OF_THE_KEY}"
            )
        file = self._home_of_part(table, match, stored) if "edition" in table.relations else None
        raise MalformedReference(file or table.file, name, "", f"is gone: {NEVER_DROPPED}")

    def _home_of_part(self, table: Table, match: _Match, stored: Stored) -> str | None:
        """The file in which a part of an edition stood: that of other parts, or the edition's."""
        edition = stored["edition_id"]
        for row in (*match.added, *(row for row, _ in match.kept)):
            if self._id(table, "edition", row) == edition:
                return row.file
        return self.homes[table.relations["edition"]].get(edition)

    def _refuse_older_edition(self, table: Table, match: _Match, stored: Stored) -> None:
        """An edition that the files no longer hold is kept; one later than theirs is a fault."""
        for row in (*match.added, *(row for row, _ in match.kept)):
            later: date = stored["consolidated_to"]
            if self._id(table, "instrument", row) != stored["instrument_id"]:
                continue
            if later > row.values["consolidated_to"]:
                self._refuse(
                    table, row, "consolidated_to", f"an edition current to {later} is held already"
                )

    # Versions

    def _close_versions(self, table: Table, match: _Match) -> None:
        for stored in match.vanished:
            self._refuse_lost_version(table, stored)
        begun = {(row.name, row.values["known_from"]) for row in match.added}
        closed: dict[int, tuple[Row, dict[str, Any]]] = {}
        for row, stored in match.kept:
            different = self._differences(table, row, stored)
            for column in sorted(different - {"known_to"}):
                self._refuse(table, row, column, NEVER_EDITED)
            if not different:
                continue
            if stored["known_to"] is not None:
                self._refuse(table, row, "known_to", NEVER_EDITED)
            if (row.name, row.values["known_to"]) not in begun:
                reason = "closes the known range, and no version known from that day is added"
                self._refuse(table, row, "known_to", reason)
            closed[stored["id"]] = (row, {"known_to": row.values["known_to"]})
        self._set(table, closed)
        self._add(table, match.added)
        counts = self.counts[table.name]
        counts.superseded += len(closed)
        counts.unchanged += len(match.kept) - len(closed)

    def _refuse_lost_version(self, table: Table, stored: Stored) -> NoReturn:
        policy = self.names[table.relations["policy"]][stored["policy_id"]]
        since = stored["effective_from"] or "always"
        known = timezone.localdate(stored["known_from"])
        raise MalformedReference(
            table.file,
            policy,
            "versions",
            f"the version in force from {since}, known from {known}, is gone: {NEVER_DROPPED}",
        )

    # Rows closed and replaced

    def _replace(self, table: Table, rows: list[Row]) -> None:
        stored = self._stored(table)
        columns = [column for column in table.columns if column not in _NOT_IN_FILES]
        open_rows = {
            tuple(one[column] for column in columns): one["id"]
            for one in stored
            if one["known_to"] is None
        }
        wanted: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            resolved = self._resolved(table, row)
            values = tuple(resolved[column] for column in columns)
            self._refuse_second(table, row, values in wanted)
            wanted[values] = row
        added = [row for values, row in wanted.items() if values not in open_rows]
        closed = [pk for values, pk in open_rows.items() if values not in wanted]
        if added or closed:
            self._refuse_late_clock(table, stored, added)
        self._set(table, {pk: (None, {"known_to": self.at}) for pk in closed})
        self._add(table, added, known_from=self.at if stored else None)
        counts = self.counts[table.name]
        counts.superseded += len(closed)
        counts.unchanged += len(wanted) - len(added)

    def _refuse_late_clock(self, table: Table, stored: list[Stored], added: list[Row]) -> None:
        """What is known changes forward only: a clock set back would rewrite it."""
        instants = [one[end] for one in stored for end in ("known_from", "known_to") if one[end]]
        latest = max(instants, default=None)
        if latest is not None and self.at <= latest:
            raise MalformedReference(
                added[0].file if added else table.file,
                added[0].name if added else "",
                "",
                f"changes, and this load, at {self.at.isoformat()}, is not after the last change,"
                f" at {latest.isoformat()}: check the clock",
            )

    # The database

    def _stored(self, table: Table) -> list[Stored]:
        """The rows that a load compares with: of editions, only those of the files."""
        rows = table.model._default_manager.order_by().values(*table.columns)
        if "edition_id" in table.key:
            rows = rows.filter(edition_id__in=list(self.homes[table.relations["edition"]]))
        return list(rows)

    def _match(self, table: Table, rows: list[Row]) -> _Match:
        stored = {tuple(one[column] for column in table.key): one for one in self._stored(table)}
        added: list[Row] = []
        kept: list[tuple[Row, Stored]] = []
        seen: set[tuple[Any, ...]] = set()
        for row in rows:
            key = self._key(table, row)
            self._refuse_second(table, row, key in seen)
            seen.add(key)
            if key in stored:
                kept.append((row, stored[key]))
                self._remember(table, row, stored[key]["id"])
            else:
                added.append(row)
        # Also what is gone keeps its name, for the words of a refusal.
        for one in stored.values():
            self.streams[table.model][one["id"]] = one["stream"]
            self.names[table.model].setdefault(one["id"], str(one[table.key[-1]]))
        vanished = [one for key, one in stored.items() if key not in seen]
        return _Match(added, kept, self._without_theirs(table, vanished))

    def _without_theirs(self, table: Table, vanished: list[Stored]) -> list[Stored]:
        """What is gone, but for rows of policies that people changed: they have not gone."""
        gone = []
        for one in vanished:
            policy = (
                one["key"]
                if table.model is Policy
                else self.names.get(Policy, {}).get(one.get("policy_id", 0), "")
            )
            if not self._is_theirs(table, policy):
                gone.append(one)
            elif table.model is Policy:
                self.ids[Policy][policy] = one["id"]
        return gone

    def _add(self, table: Table, rows: list[Row], **values: Any) -> None:
        """Adds rows; one that points to another of the same table comes after it."""
        self.counts[table.name].added += len(rows)
        if table.part_of:
            self._refuse_new_parts(table, rows)
        while rows:
            ready: list[Row] = []
            waiting: list[Row] = []
            for row in rows:
                (ready if self._is_ready(table, row) else waiting).append(row)
            for row in ready:
                one = table.model(**self._resolved(table, row), **values)
                entry = self._entry(table, row)
                entry.add(one)
                self._remember(table, row, one.pk)
                self.streams[table.model][one.pk] = entry.stream
                self.fresh[table.model].add(one.pk)
            rows = waiting

    def _set(self, table: Table, changed: Mapping[int, tuple[Row | None, dict[str, Any]]]) -> None:
        """Changes stored rows, named by their ids, as rows of the files ask for."""
        rows = table.model._default_manager.in_bulk(list(changed))
        for pk, (row, values) in changed.items():
            self._told(rows[pk].stream, row).set(rows[pk], **values)

    def _entry(self, table: Table, row: Row) -> Entry:
        """The entry that tells of a new row."""
        owner = self._id(table, table.owner, row) if table.owner else None
        if owner is not None:
            return self._told(self.streams[table.relations[table.owner]][owner], row)
        if table.owner:
            stream = f"{table.stream}:{IN_COMMON}"
            first = stream not in self.streams[table.model].values()
            return self._told(stream, row, entered=first)
        return self._told(f"{table.stream}:{row.name}", row, entered=True)

    def _told(self, stream: str, row: Row | None, *, entered: bool = False) -> Entry:
        """The load's one entry in a stream."""
        if stream not in self.entries:
            kind, _, subject = stream.partition(":")
            verbs = _VERBS[kind]
            self.entries[stream] = self.door.record(
                verbs[0] if entered else verbs[1],
                stream=stream,
                subject=stream if kind == POLICY else subject,
                basis={},
            )
        entry = self.entries[stream]
        if row is not None:
            entry.basis = {**entry.basis, row.file: self.found.digests[row.file]}
        return entry

    def _refuse_new_parts(self, table: Table, rows: Iterable[Row]) -> None:
        owners = table.relations[table.part_of]
        for row in rows:
            owner = self._id(table, table.part_of, row)
            if owner is not None and owner not in self.fresh[owners]:
                raise MalformedReference(row.file, row.name, row.at, f"is new: {OF_THE_KEY}")

    def _remember(self, table: Table, row: Row, pk: int) -> None:
        self.ids[table.model][row.name] = pk
        self.names[table.model][pk] = row.name
        self.homes[table.model][pk] = row.file

    # Values

    def _id(self, table: Table, relation: str, row: Row) -> int | None:
        value = row.values[relation]
        return None if value is None else self.ids[table.relations[relation]][value]

    def _is_ready(self, table: Table, row: Row) -> bool:
        return all(
            row.values[relation] is None or row.values[relation] in self.ids[model]
            for relation, model in table.relations.items()
            if model is table.model
        )

    def _resolved(self, table: Table, row: Row) -> dict[str, Any]:
        return {
            f"{name}_id" if name in table.relations else name: self._id(table, name, row)
            if name in table.relations
            else value
            for name, value in row.values.items()
        }

    def _key(self, table: Table, row: Row) -> tuple[Any, ...]:
        return tuple(
            self._id(table, column.removesuffix("_id"), row)
            if column.removesuffix("_id") in table.relations
            else row.values[column]
            for column in table.key
        )

    def _differences(self, table: Table, row: Row, stored: Stored) -> set[str]:
        """The columns in which the files say something else than the database."""
        resolved = self._resolved(table, row)
        return {column for column, value in resolved.items() if stored[column] != value}

    # Refusals

    def _refuse(self, table: Table, row: Row, column: str, reason: str) -> NoReturn:
        place = ".".join(part for part in (row.at, table.label(column)) if part)
        raise MalformedReference(row.file, row.name, place, reason)

    def _refuse_second(self, table: Table, row: Row, is_second: bool) -> None:
        if is_second:
            self._refuse(table, row, table.key[-1], "another row has the same key")

    def _refuse_too_long(self, table: Table, row: Row) -> None:
        for column, length in table.lengths.items():
            value = row.values.get(column)
            if isinstance(value, str) and len(value) > length and column not in table.relations:
                reason = f"is {len(value)} characters long; {length} is the limit"
                self._refuse(table, row, column, reason)


# Columns of a dated table that the load sets itself.
_NOT_IN_FILES = {"id", "known_from", "known_to", "stream", "version"}


def _parts(table: Table) -> str:
    """What the files call the parts of a policy: questions, exceptions."""
    return f"{table.name.removeprefix('Policy').lower()}s"
