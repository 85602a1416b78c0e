"""Signed statements of how far the log has come, and the key that signs them."""

from __future__ import annotations

import base64

from django.db.models import Max

from history import clock, keyfile
from history.actors import SYSTEM, Actor
from history.canonical import decode
from history.domain.door import SYSTEM_STREAM, Door, door
from history.keyfile import KeyUnavailable, load_signer
from history.merkle import Frontier
from history.models import Checkpoint, Event, Log
from history.notes import Checkpoint as Statement
from history.notes import Signer, VerificationKey, rotation_statement
from history.verbs import Verb

SUBJECT = "log:checkpoint"


def make(*, by: Actor = SYSTEM) -> Checkpoint:
    """A checkpoint of all that is committed, or the last one when nothing came since.

    The checkpoint's own event is the one that follows it. Raises KeyUnavailable and WrongLog.
    """
    with door(by=by) as entries:
        log = entries.lock_log()
        newest = Checkpoint.objects.first()
        if newest is not None and not _came_since(newest, log):
            return newest
        return _add(entries, log, _signer(log))


def make_if_needed() -> Checkpoint | None:
    """A checkpoint if anything but the last checkpoint's own event came since; None if not.

    Looks before it locks, so that an idle log costs two reads.
    """
    log = Log.objects.first()
    newest = Checkpoint.objects.first()
    if log is None or (newest is not None and not _came_since(newest, log)):
        return None
    return make()


def _came_since(newest: Checkpoint, log: Log) -> bool:
    return log.size > newest.size + 1 or log.epoch != newest.epoch


def _add(entries: Door, log: Log, signer: Signer) -> Checkpoint:
    said = Statement(log.name, log.epoch, log.size, Frontier(log.size, bytes(log.frontier)).root())
    note = said.signed(signer)
    row = Checkpoint(
        size=said.size, epoch=said.epoch, root=said.root, note=note, made_at=clock.now()
    )
    entries.record(
        Verb.CHECKPOINTED,
        stream=SYSTEM_STREAM,
        subject=SUBJECT,
        data={"size": said.size, "root": said.root.hex(), "note": note},
    ).add(row)
    return row


# Keys


def key_in_force() -> VerificationKey:
    """The key that signs checkpoints now, as the log tells. Raises Event.DoesNotExist."""
    told = (
        Event.objects.filter(stream=SYSTEM_STREAM, verb__in=[Verb.STARTED, Verb.KEY_ROTATED])
        .order_by("-sequence")
        .first()
    )
    if told is None:
        raise Event.DoesNotExist("the log has not begun")
    data = decode(bytes(told.body))["data"]
    return VerificationKey.read(data.get("new") or data["key"])


def rotate_key(*, by: Actor = SYSTEM) -> VerificationKey:
    """Another key signs from now on; the log tells so, signed by both.

    The old key's last checkpoint is made first. Should the process end between the commit and the
    change of files, running it again finishes it. Raises KeyUnavailable.
    """
    with door(by=by) as entries:
        log = entries.lock_log()
        successor = keyfile.make_successor(log.name)
        if key_in_force() != successor.key:
            old = _signer(log)
            if log.size > (Checkpoint.objects.aggregate(Max("size"))["size__max"] or 0) + 1:
                _add(entries, log, old)
            statement = rotation_statement(old.key, successor.key)
            entries.record(
                Verb.KEY_ROTATED,
                stream=SYSTEM_STREAM,
                subject="log:key",
                data={
                    "old": str(old.key),
                    "new": str(successor.key),
                    "signed_by_old": _signature(old, statement),
                    "signed_by_new": _signature(successor, statement),
                },
            )
    keyfile.promote_successor()
    return successor.key


def _signature(signer: Signer, statement: bytes) -> str:
    return base64.b64encode(signer.private.sign(statement)).decode()


def _signer(log: Log) -> Signer:
    signer = load_signer(log.name)
    if signer.key != key_in_force():
        raise KeyUnavailable(
            f"The key at {keyfile.key_file()} is not the one that the log names:"
            f" {key_in_force()}. Put that one back."
        )
    return signer
