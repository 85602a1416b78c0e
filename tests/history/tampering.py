"""Sixteen ways to rewrite the past, done as somebody who holds the database file would.

Each is applied to a log of about forty small events after a checkpoint at `Tampering.anchored`; it
returns the number at which, at the earliest, the fault must be named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from history import canonical, merkle
from history.models import Block, Checkpoint, Event, Log

Tamper = Callable[[int], int | str]


def rewrite(number: int, **members: Any) -> None:
    """Another body for an event, its columns along with it, but not its hash."""
    event = Event.objects.get(number=number)
    body = canonical.decode(bytes(event.body)) | members
    columns = {
        name: members[name] or ""
        for name in ("verb", "subject", "actor", "stream", "sequence", "role")
        if name in members
    }
    Event.objects.filter(number=number).update(body=canonical.encode(body), **columns)


def renumber(start: int, by: int) -> None:
    """Moves the events from `start` on, in number and body."""
    events = list(Event.objects.filter(number__gte=start).order_by("number"))
    if by > 0:
        events.reverse()
    for event in events:
        body = canonical.decode(bytes(event.body)) | {"number": event.number + by}
        Event.objects.filter(number=event.number).update(
            number=event.number + by, body=canonical.encode(body)
        )


def resequence() -> None:
    """Sequences without a gap again, after events went or came."""
    heads: dict[str, int] = {}
    for event in Event.objects.order_by("number"):
        heads[event.stream] = heads.get(event.stream, 0) + 1
        if event.sequence != heads[event.stream]:
            rewrite(event.number, sequence=heads[event.stream])


def rehash() -> None:
    """Every hash anew, and the log's end and blocks with them: a whole rebuilt log."""
    frontier = merkle.Frontier()
    for event in Event.objects.order_by("number"):
        leaf = merkle.leaf_hash(bytes(event.body))
        frontier.append(leaf)
        Event.objects.filter(number=event.number).update(leaf=leaf)
    Log.objects.update(size=frontier.size, frontier=frontier.to_bytes())
    Block.objects.all().delete()
    Block.objects.bulk_create(Block(index=index, root=root) for index, root in frontier.blocks)


def shift_order(one: int) -> None:
    """Swaps two neighbours, as if they had come the other way round."""
    first, second = (Event.objects.get(number=number) for number in (one, one + 1))
    bodies = [canonical.decode(bytes(event.body)) for event in (first, second)]
    for event, body, source in ((first, bodies[1], second), (second, bodies[0], first)):
        Event.objects.filter(number=event.number).update(sequence=1_000_000 + event.number)
        body["number"] = event.number
        Event.objects.filter(number=event.number).update(
            stream=source.stream,
            subject=source.subject,
            verb=source.verb,
            sequence=source.sequence + 2_000_000,
            recorded_at=source.recorded_at,
            body=canonical.encode(body),
        )
    for event in (first, second):
        body = canonical.decode(bytes(Event.objects.get(number=event.number).body))
        Event.objects.filter(number=event.number).update(sequence=body["sequence"])


def delete(number: int) -> None:
    Event.objects.filter(number=number).delete()


def _edit(at: int) -> int:
    rewrite(at, provision="EIPA s. 99")
    return at


def _edit_column(at: int) -> int:
    Event.objects.filter(number=at).update(actor="person:99")
    return at


def _edit_and_hash(at: int) -> int:
    rewrite(at, provision="EIPA s. 99")
    body = bytes(Event.objects.get(number=at).body)
    Event.objects.filter(number=at).update(leaf=merkle.leaf_hash(body))
    return 1


def _edit_and_rebuild(at: int) -> int:
    rewrite(at, provision="EIPA s. 99")
    rehash()
    return 1


def _edit_without_form(at: int) -> int:
    body = bytes(Event.objects.get(number=at).body).replace(b'":', b'": ', 1)
    Event.objects.filter(number=at).update(body=body)
    return at


def _delete(at: int) -> int:
    delete(at)
    return at


def _delete_and_rebuild(at: int) -> int:
    delete(at)
    renumber(at + 1, -1)
    resequence()
    rehash()
    return 1


def _delete_tail(at: int) -> int:
    Event.objects.filter(number__gte=at).delete()
    return at


def _delete_tail_and_rebuild(at: int) -> int:
    Event.objects.filter(number__gte=at).delete()
    rehash()
    return at


def _delete_a_stream_and_rebuild(at: int) -> int:
    stream = Event.objects.get(number=at).stream
    for number in (
        Event.objects.filter(stream=stream).order_by("-number").values_list("number", flat=True)
    ):
        delete(number)
        renumber(number + 1, -1)
    resequence()
    rehash()
    return 1


def _insert_and_rebuild(at: int) -> int:
    event = Event.objects.get(number=at)
    renumber(at, 1)
    body = canonical.decode(bytes(event.body))
    body |= {"number": at, "stream": "reference:forged", "sequence": 1, "changes": []}
    event.stream, event.sequence, event.body = "reference:forged", 1, canonical.encode(body)
    event.save(force_insert=True)
    rehash()
    return 1


def _swap_and_rebuild(at: int) -> int:
    shift_order(at)
    rehash()
    return 1


def _repeat(at: int) -> int:
    event = Event.objects.get(number=at)
    last = Event.objects.latest("number").number
    event.number, event.sequence = last + 1, 1_000_000
    event.save(force_insert=True)
    return last + 1


def _another_log(at: int) -> int:
    rewrite(at, log="permit-desk/elsewhere")
    rehash()
    return at


def _frontier(at: int) -> str:
    Log.objects.update(frontier=bytes(len(bytes(Log.objects.get().frontier))))
    return "history_log"


def _drop_checkpoints_and_rebuild(at: int) -> int:
    rewrite(at, provision="EIPA s. 99")
    Checkpoint.objects.all().delete()
    rehash()
    return 1


def _backdate(at: int) -> int:
    rewrite(at, recorded_at="2019-01-01T00:00:00.000000Z")
    return at


KINDS: dict[str, Tamper] = {
    "edit": _edit,
    "edit of a column": _edit_column,
    "edit with its hash": _edit_and_hash,
    "edit and rebuild": _edit_and_rebuild,
    "edit of the form": _edit_without_form,
    "deletion": _delete,
    "deletion and rebuild": _delete_and_rebuild,
    "lost tail": _delete_tail,
    "lost tail and rebuild": _delete_tail_and_rebuild,
    "lost stream and rebuild": _delete_a_stream_and_rebuild,
    "insertion and rebuild": _insert_and_rebuild,
    "swap and rebuild": _swap_and_rebuild,
    "repetition": _repeat,
    "event of another log": _another_log,
    "frontier": _frontier,
    "edit, rebuild, no checkpoints": _drop_checkpoints_and_rebuild,
    "backdating": _backdate,
}
