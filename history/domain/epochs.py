"""Going on after a backup was restored."""

from __future__ import annotations

from history.actors import SYSTEM, Actor
from history.canonical import decode
from history.domain.checkpoints import key_in_force
from history.domain.door import SYSTEM_STREAM, door
from history.merkle import Frontier
from history.models import Event, Log
from history.notes import BadNote, read_note, verify_note
from history.verbs import Verb


def open_epoch(*, anchor: str | None, authority: str, by: Actor = SYSTEM) -> int:
    """Says that the log was restored and goes on from here; returns the epoch that begins.

    `anchor` is the newest checkpoint known of the epoch that ends, from wherever it was kept; with
    it the events that were lost are owned up to. `authority` says who allowed the restore. Raises
    BadNote for an anchor that is not this log's (docs/history-format.md, section 7), and ValueError
    without an authority.
    """
    if not authority.strip():
        raise ValueError("a restore needs its authority")
    with door(by=by) as entries:
        log = entries.lock_log()
        if anchor is not None:
            _check(anchor, log)
        root = Frontier(log.size, bytes(log.frontier)).root()
        log.epoch += 1
        entries.record(
            Verb.RESTORED,
            stream=SYSTEM_STREAM,
            subject="log:restore",
            reason=authority,
            data={"size": log.size, "root": root.hex(), "anchor": anchor},
        )
        return log.epoch


def _check(anchor: str, log: Log) -> None:
    said, _ = read_note(anchor)
    if (said.log, said.epoch) != (log.name, log.epoch):
        raise BadNote("it is a checkpoint of another log or epoch")
    if said.size < log.size:
        told = Event.objects.filter(number=said.size + 1, verb=Verb.CHECKPOINTED).first()
        if told is None or decode(bytes(told.body))["data"]["note"] != anchor:
            raise BadNote(
                f"it is a checkpoint of {said.size} entries, and the log goes on from these"
                " otherwise: what it is of was given up before. Leave it out"
            )
        return
    verify_note(anchor, key_in_force())
    root = Frontier(log.size, bytes(log.frontier)).root()
    if said.size == log.size and said.root != root:
        raise BadNote("it is a checkpoint of other entries than those of this log")
