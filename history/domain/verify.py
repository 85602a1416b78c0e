"""Is the log as it was written? And, with the deep check, are the rows what the log says?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from typing import Any, Protocol

from django.db import connection, transaction

from history import canonical, guards
from history.domain import fold
from history.domain.reading import LogReader, NotGood, cited
from history.models import Block, Checkpoint, Event, Log, Text
from history.values import salted
from history.verbs import fault_of

_TIMES = {
    # As an event writes them: an engine does it faster than Python. SQLite has no fraction where
    # it is nothing.
    "sqlite": (
        "replace(recorded_at, ' ', 'T')"
        " || CASE length(recorded_at) WHEN 19 THEN '.000000Z' ELSE 'Z' END, occurred_on || ''"
    ),
    "postgresql": (
        "to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
        " occurred_on::text"
    ),
}
_COLUMNS = ("stream", "sequence", "actor", "role", "verb", "subject", "request")
_REPEATED = (*_COLUMNS, "recorded_at", "occurred_on")
_said = itemgetter(*_REPEATED)
_CHUNK = 500
_PIECE = 2000
_readings = count()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not good: `place` is an event's number or the name of a part."""

    place: int | str
    reason: str
    why: str
    until: int | None = None

    def __str__(self) -> str:
        where = f"event {self.place}" if isinstance(self.place, int) else self.place
        later = f" or later, up to {self.until}" if self.until else ""
        return f"{where}{later}: {self.reason}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and what was found. `faults` is empty when all is good.

    `size`, `root` and `covered` (events under a checkpoint) are of what was read.
    """

    log: str
    epoch: int
    size: int
    root: str
    covered: int
    checkpoints: int
    rows: int | None
    faults: Sequence[Fault]

    @property
    def good(self) -> bool:
        return not self.faults


class Judge(Protocol):
    """Follows the events from the first on, and knows what a package holds at the door."""

    def take(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Why the event could not have come through the door."""
        ...


_judges: list[Callable[[], Judge]] = []


def also(judge: Callable[[], Judge]) -> None:
    """Has a package's judge asked by every deep check."""
    if judge not in _judges:
        _judges.append(judge)


_beside: list[Callable[[], Iterator[fold.Difference]]] = []


def beside(differences: Callable[[], Iterator[fold.Difference]]) -> None:
    """Has what a package keeps beside the record, and can find again, compared by a deep check."""
    if differences not in _beside:
        _beside.append(differences)


def verify(
    *, deep: bool = False, pin: str | None = None, first_key: str | None = None
) -> Verification:
    """Reads the whole log in the database and reports every part that is not good.

    Of the events only the first bad one is named: what follows it can't be judged. `pin` is the
    text of a checkpoint kept elsewhere; raises BadNote when it is none.
    """
    with one_view():
        notes = dict(Checkpoint.objects.order_by().values_list("size", "note"))
        reader = LogReader(notes, pin=pin, first_key=first_key)
        faults: list[Fault] = []
        folded = fold.Fold() if deep else None
        judges = [judge() for judge in _judges]
        unlike: list[Fault] = []
        digests: set[str] = set()
        try:
            for body, leaf, columns in _events():
                event = reader.take(body, leaf)
                odd = _odd_column(event, columns)
                if odd:
                    raise NotGood(reader.size, "column", f"{odd} says something else than the body")
                digests.update(cited(body))
                if folded is not None:
                    folded.take(event)
                    unlike += [Fault(reader.size, "door", why) for why in _against(event, judges)]
            reader.end()
            faults += _end_faults(reader)
        except NotGood as found:
            faults.append(Fault(found.place, found.reason, found.why, found.until))
        if folded is not None:
            if faults:
                folded = _what_is_told()
            faults += [Fault(*difference) for difference in folded.differences()]
        faults += _text_faults(digests if not faults else None)
        if deep and not faults:
            # From rows that are not as the events tell, nothing else could be found again.
            faults += [Fault(*one) for differences in _beside for one in differences()]
        faults += unlike
        faults += [
            Fault(name, "guard", "it is missing from the database")
            for name in guards.missing(connection)
        ]
        faults += [Fault(where, "guard", what) for where, what in guards.foreign(connection)]
        return Verification(
            log=reader.log,
            epoch=reader.epoch,
            size=reader.size,
            root=reader.frontier.root().hex(),
            covered=reader.agreed,
            checkpoints=len(notes),
            rows=None if folded is None else folded.rows,
            faults=faults,
        )


def _against(event: Mapping[str, Any], judges: Sequence[Judge]) -> Iterator[str]:
    """Why the event could not have come through the door: a chain that is whole proves only that
    nothing was changed since."""
    fault = fault_of(event["verb"], event["stream"], event["actor"], event["role"])
    if fault:
        yield fault
    for judge in judges:
        yield from judge.take(event)


def _what_is_told() -> fold.Fold:
    """The rows as told by every event that can be read, whatever else is wrong with the log."""
    folded = fold.Fold()
    for body, _, _ in _events():
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            folded.take(canonical.decode(body))
    return folded


@contextmanager
def one_view() -> Iterator[None]:
    """All that is read within is as of one instant, while others write on."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not `atomic`, which would take SQLite's one write lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("COMMIT")


def _events() -> Iterator[tuple[bytes, bytes, Sequence[Any]]]:
    """The rows of the log by number, read in pieces."""
    pieces = _streamed() if connection.vendor == "postgresql" else _paged()
    for rows in pieces:
        for row in rows:
            yield bytes(row[1]), bytes(row[2]), row[3:]


def _query(condition: str = "") -> str:
    return (
        f"SELECT number, body, leaf, {', '.join(_COLUMNS)}, {_TIMES[connection.vendor]}"
        f" FROM {Event._meta.db_table} {condition} ORDER BY number"
    )


def _paged() -> Iterator[list[Sequence[Any]]]:
    first = -(2**63)  # SQLite's least: nothing stands before event 1 unseen.
    query = f"{_query('WHERE number >= %s')} LIMIT %s"
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [first, _CHUNK])
            rows = cursor.fetchall()
        yield rows
        if len(rows) < _CHUNK:
            return
        first = rows[-1][0] + 1


def _streamed() -> Iterator[list[Sequence[Any]]]:
    """By one cursor in the server that sends bytes as bytes: half the time of pages in text.

    The server makes the next piece while this process looks at the last.
    """
    name = f"log_{next(_readings)}"
    with (
        ThreadPoolExecutor(1) as ahead,
        connection.connection.cursor(name=name, binary=True) as cursor,
    ):
        cursor.execute(_query())
        coming = ahead.submit(cursor.fetchmany, _PIECE)
        while rows := coming.result():
            coming = ahead.submit(cursor.fetchmany, _PIECE)
            yield rows


def _odd_column(event: dict[str, Any], row: Sequence[Any]) -> str | None:
    """The name of the first column that repeats its body wrongly."""
    stream, sequence, actor, role, verb, subject, request, recorded, occurred = _said(event)
    # A column has no text where the event has nothing.
    said = (stream, sequence, actor, role or "", verb, subject, request or "", recorded, occurred)
    if said == row:
        return None
    odd = (name for name, one, two in zip(_REPEATED, said, row, strict=True) if one != two)
    return next(odd, None)


def _end_faults(reader: LogReader) -> Iterator[Fault]:
    """Whether what the database keeps beside the events agrees with them."""
    log = Log.objects.first()
    if log is None:
        if reader.size:
            yield Fault("history_log", "log", "its row is missing")
        return
    if (log.size, bytes(log.frontier)) != (reader.size, reader.frontier.to_bytes()):
        if log.size > reader.size:
            why = f"the log's end was at {log.size}"
            yield Fault(reader.size + 1, "missing", why)
        else:
            yield Fault("history_log", "log", "its size or frontier is not that of the events")
    elif (log.name, log.epoch, log.synthetic) != (reader.log, reader.epoch, reader.synthetic):
        yield Fault("history_log", "log", "its name, epoch or mark is not that of the events")
    blocks = {index: bytes(root) for index, root in Block.objects.values_list("index", "root")}
    if blocks != dict(reader.frontier.blocks):
        yield Fault("history_block", "log", "a block's root is not that of its events")


def _text_faults(digests: set[str] | None) -> Iterator[Fault]:
    """Texts that are not those that were recorded; with `digests`, also what nothing cites, and
    what is cited and gone."""
    gone = set(digests or ())
    for text in Text.objects.order_by("digest").iterator(chunk_size=_CHUNK):
        where = f"text {text.digest[:16]}"
        gone.discard(text.digest)
        if digests is not None and text.digest not in digests:
            yield Fault(where, "text", "no event cites it")
        elif (
            text.content is not None
            and text.salt is not None
            and salted(bytes(text.salt), text.content) != text.digest
        ):
            yield Fault(where, "text", "it is not the text that was recorded")
        elif text.salt is None and text.content is not None:
            yield Fault(where, "text", "its salt is gone")
    for digest in sorted(gone):
        yield Fault(f"text {digest[:16]}", "text", "it is gone")
