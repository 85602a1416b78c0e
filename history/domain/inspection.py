"""Looking at the log from outside: verifying it on demand, and the proof of one entry."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from history import canonical, merkle
from history.actors import Actor
from history.domain import proofs
from history.domain.door import SYSTEM_STREAM, WrongLog, door
from history.domain.verify import Fault, Verification, verify
from history.models import Checkpoint, Event
from history.notes import BadNote, VerificationKey, verify_note
from history.verbs import Verb

STREAM = "audit"
SUBJECT = "log:verification"
FAULTS_KEPT = 5
LONGEST_FAULT = 300

_BAD_ENTRY = re.compile(r"event (\d{1,15})\b")

logger = logging.getLogger(__name__)


def verify_and_record(by: Actor, deep: bool) -> Verification:
    """Verifies the log and records what was found as an entry of it.

    A log so broken that nothing can be added gets no entry; then a further fault says so.
    """
    found = verify(deep=deep)
    try:
        with door(by=by) as entries:
            entries.record(
                Verb.VERIFIED,
                stream=STREAM,
                subject=SUBJECT,
                data={
                    "size": found.size,
                    "root": found.root,
                    "covered": found.covered,
                    "deep": deep,
                    "good": found.good,
                    "faults": [_writable(fault) for fault in found.faults[:FAULTS_KEPT]],
                },
            )
    except (DatabaseError, ValueError, WrongLog):
        if found.good:
            raise
        logger.exception("the log is not good, and its verification could not be recorded")
        unrecorded = Fault("history_event", "log", "this verification could not be recorded")
        return replace(found, faults=[*found.faults, unrecorded])
    return found


def _writable(fault: Fault) -> str:
    """A fault as canonical JSON can hold it: it may quote what is no text."""
    said = str(fault).replace("\0", "").encode(errors="replace").decode()
    return said if len(said) <= LONGEST_FAULT else f"{said[: LONGEST_FAULT - 1]}…"


@dataclass(frozen=True, slots=True)
class Inspection:
    """A verification as its entry tells of it. `faults` are in the words of the verifier."""

    number: int
    at: datetime
    actor: str
    size: int
    covered: int
    deep: bool
    good: bool
    faults: tuple[str, ...]

    @property
    def bad_entry(self) -> int | None:
        """The number of the first entry that is not good, where a fault names one."""
        return first_bad_entry(self.faults)


def first_bad_entry(faults: tuple[str, ...]) -> int | None:
    """The first entry that faults name, in the words of the verifier."""
    named = (_BAD_ENTRY.match(fault) for fault in faults)
    return next((int(one[1]) for one in named if one), None)


def last_inspection() -> Inspection | None:
    """The newest verification that the log tells of; None if there is none that can be read."""
    event = Event.objects.filter(verb=Verb.VERIFIED, subject=SUBJECT).order_by("-number").first()
    if event is None:
        return None
    try:
        data = canonical.decode(bytes(event.body))["data"]
        return Inspection(
            event.number,
            event.recorded_at,
            event.actor,
            int(data["size"]),
            int(data["covered"]),
            data["deep"] is True,
            data["good"] is True,
            tuple(str(fault) for fault in data["faults"]),
        )
    except (ValueError, LookupError, TypeError):
        return None


# The proof of one entry


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is among those that a checkpoint signs, or what speaks against it.

    `leaf` is worked out from the bytes of the entry, not read from beside them.
    """

    number: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    key: VerificationKey | None
    is_included: bool
    is_signed: bool

    @property
    def holds(self) -> bool:
        return self.is_included and self.is_signed


def prove(event: Event) -> Proof | None:
    """The proof of an entry under the newest checkpoint that covers it; None if none does."""
    checkpoint = Checkpoint.objects.filter(size__gte=event.number).first()
    if checkpoint is None:
        return None
    leaf = merkle.leaf_hash(bytes(event.body))
    path = tuple(proofs.inclusion(event.number, checkpoint.size))
    key = key_at(checkpoint.size)
    return Proof(
        number=event.number,
        leaf=leaf,
        path=path,
        checkpoint=checkpoint,
        key=key,
        is_included=merkle.includes(
            leaf, event.number - 1, checkpoint.size, path, bytes(checkpoint.root)
        ),
        is_signed=key is not None and _signs(key, checkpoint),
    )


def key_at(size: int) -> VerificationKey | None:
    """The key in force after the first `size` events, as the log tells; None if it can't be read.

    Not always the key in force now: a checkpoint stays signed by the key of its time.
    """
    told = (
        Event.objects.filter(
            stream=SYSTEM_STREAM, verb__in=[Verb.STARTED, Verb.KEY_ROTATED], number__lte=size
        )
        .order_by("-number")
        .first()
    )
    if told is None:
        return None
    try:
        data: Any = canonical.decode(bytes(told.body))["data"]
        return VerificationKey.read(data.get("new") or data["key"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _signs(key: VerificationKey, checkpoint: Checkpoint) -> bool:
    """Whether the note is signed by the key and says what the checkpoint's row says."""
    try:
        said = verify_note(checkpoint.note, key)
    except BadNote:
        return False
    return (said.size, said.root) == (checkpoint.size, bytes(checkpoint.root))
