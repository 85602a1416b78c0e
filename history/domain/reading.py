"""Following a log from its first event, as docs/history-format.md section 9 asks.

What an event must be, what must follow what, and which checkpoint must agree where. Knows neither
database nor files: it is given bodies, hashes and notes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any

from history import canonical, merkle
from history.domain.door import FORMAT, SYSTEM_STREAM
from history.notes import (
    BadNote,
    Checkpoint,
    VerificationKey,
    read_note,
    rotation_statement,
    verify_note,
)
from history.values import SECRET, TEXT
from history.verbs import Verb

MEMBERS = (
    "actor",
    "basis",
    "changes",
    "clock",
    "data",
    "epoch",
    "log",
    "number",
    "occurred_on",
    "provision",
    "reason",
    "recorded_at",
    "request",
    "role",
    "sequence",
    "stream",
    "subject",
    "v",
    "verb",
)
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TEXTS = {
    # None holds NUL, which no event may have: so all are looked at in one go.
    "log": r"[a-z0-9.\-/]{1,100}",
    "stream": r"(?=[^\0]{1,120}(?:\0|\Z))"
    r"(?:case|policy|reference|party|evidence|people|audit|system)(?::[^\0]+)?",
    "recorded_at": _DAY + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    "clock": "(?:server|simulated)",
    "occurred_on": _DAY,
    "actor": "(?:system|person:[1-9][0-9]*)",
    "subject": r"[^:\0]+:[^\0]+",
    "verb": r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*",
}
_texts = itemgetter(*_TEXTS)
_FORM = re.compile(r"\0".join(_TEXTS.values())).fullmatch
_NUMBERS = ("v", "epoch", "number", "sequence")
_numbers = itemgetter(*_NUMBERS)
_OPTIONAL = ("provision", "request", "role")
_optional = itemgetter(*_OPTIONAL)
_CITED = re.compile(rb'\{"\$(text|secret)":"([0-9a-f]{64})"\}')
_MARK = b"$"
"""In whatever names a text or a secret; a sixth of the time of looking for the two of its key."""
_CITED_KEY = re.compile(rb'"\$(?:text|secret)":')


# Texts alone: every event is compared with them.
_STARTED, _RESTORED = Verb.STARTED.value, Verb.RESTORED.value


class NotGood(Exception):
    """What is not good: at `place`, an event's number or the name of a part, and why.

    `reason` is the word for the rule that is broken; `until` is the last number that `place` may
    stand for, where a rewritten log can be told no closer.
    """

    def __init__(
        self, place: int | str, reason: str, why: str, *, until: int | None = None
    ) -> None:
        super().__init__(f"{reason}: {why}")
        self.place = place
        self.reason = reason
        self.why = why
        self.until = until


class LogReader:
    """Takes the events in order and keeps what the next must fit: heads, key, epoch, frontier.

    `notes` are the checkpoints to agree with, by size; `pin` is one kept elsewhere, and
    `first_key` the key that event 1 must name. Raises BadNote for a pin that is no checkpoint.
    """

    def __init__(
        self,
        notes: Mapping[int, str] | None = None,
        *,
        pin: str | None = None,
        first_key: str | None = None,
    ) -> None:
        self.notes = notes or {}
        self.pin = None if pin is None else (read_note(pin)[0], pin)
        self.pin_explained = False
        """Whether a restore openly gave up what the pin covers."""
        self.first_key = first_key
        self.told: set[bytes] = set()
        """The notes that the log's own events hold, each by its digest."""
        self.frontier = merkle.Frontier()
        self.log = ""
        self.epoch = 1
        self.synthetic = False
        self._key: VerificationKey | None = None
        self.heads: dict[str, int] = {}
        self.agreed = 0
        """The greatest size whose checkpoint agreed."""

    @property
    def size(self) -> int:
        return self.frontier.size

    @property
    def key(self) -> VerificationKey:
        """The key in force. Raises ValueError before the first event."""
        if self._key is None:
            raise ValueError("no key is named")
        return self._key

    def take(self, body: bytes, leaf: bytes | None = None) -> dict[str, Any]:
        """The next event. Raises NotGood."""
        number = self.frontier.size + 1
        event = self._formed(number, body)
        self._ordered(number, event)
        found = merkle.leaf_hash(body)
        if leaf is not None and leaf != found:
            raise NotGood(number, "altered", "its hash is not the one that was kept for it")
        if event["verb"] in _REASONS:
            self._obeyed(number, event)
        self.frontier.append(found)
        note = self.notes.get(number)
        if note is not None:
            self._agree(number, note)
        if self.pin is not None and self.pin[0].size == number and not self.pin_explained:
            self._agree(number, self.pin[1])
        return event

    def end(self) -> None:
        """No event follows. Raises NotGood when a checkpoint says otherwise."""
        most = max(self.notes, default=0)
        if self.pin is not None and not self.pin_explained:
            most = max(most, self.pin[0].size)
        if most > self.size:
            raise NotGood(self.size + 1, "missing", f"there were {most} events or more")

    # Form

    def _formed(self, number: int, body: bytes) -> dict[str, Any]:
        try:
            event = canonical.decode(body)
        except canonical.NotCanonical as fault:
            raise NotGood(number, "malformed", str(fault)) from None
        why = fault_in_form(event, body)
        if why:
            raise NotGood(number, "malformed", why)
        checked: dict[str, Any] = event
        return checked

    # Order

    def _ordered(self, number: int, event: dict[str, Any]) -> None:
        stream, verb = event["stream"], event["verb"]
        if event["number"] != number:
            raise NotGood(number, "order", f"it says that its number is {event['number']}")
        if number == 1:
            if verb != _STARTED:
                raise NotGood(number, "order", "it is not the beginning of a log")
            self.log = event["log"]
            self.synthetic = event["data"].get("synthetic") is True
        elif verb == _STARTED:
            raise NotGood(number, "order", "a log begins once")
        if event["log"] != self.log:
            raise NotGood(number, "order", f"it belongs to another log, {event['log']}")
        if event["epoch"] != self.epoch + (verb == _RESTORED):
            raise NotGood(number, "order", f"its epoch is {event['epoch']}")
        if event["sequence"] != self.heads.get(stream, 0) + 1:
            raise NotGood(
                number,
                "order",
                f"it is {event['sequence']} in {stream}, after {self.heads.get(stream, 0)}",
            )
        if event["clock"] == "simulated" and not self.synthetic:
            raise NotGood(number, "order", "its clock is simulated and the log is not synthetic")
        self.heads[stream] = event["sequence"]

    # The system's own events

    def _obeyed(self, number: int, event: dict[str, Any]) -> None:
        data = event["data"]
        try:
            if event["stream"] != SYSTEM_STREAM:
                raise ValueError(f"it is not in the stream {SYSTEM_STREAM}")
            match event["verb"]:
                case Verb.STARTED:
                    self._begin(data)
                case Verb.KEY_ROTATED:
                    self._rotate(data)
                case Verb.RESTORED:
                    self._restore(number, event)
                case Verb.CHECKPOINTED:
                    self._check_told(number, data)
        except (KeyError, TypeError, ValueError) as fault:
            raise NotGood(number, _REASONS[event["verb"]], _words(fault)) from None

    def _begin(self, data: dict[str, Any]) -> None:
        if set(data) != {"key", "synthetic"} or type(data["synthetic"]) is not bool:
            raise ValueError("it does not say what a first event must")
        self._key = VerificationKey.read(data["key"])
        if self.key.log != self.log:
            raise ValueError("its key is another log's")
        if self.first_key is not None and self.first_key != data["key"]:
            raise ValueError("its key is not the one that was given")
        if self.pin is not None and self.pin[0].log != self.log:
            raise ValueError("the pinned checkpoint is another log's")

    def _rotate(self, data: dict[str, Any]) -> None:
        if set(data) != {"old", "new", "signed_by_old", "signed_by_new"}:
            raise ValueError("it does not say what a rotation must")
        old, new = VerificationKey.read(data["old"]), VerificationKey.read(data["new"])
        if old != self.key or new.log != self.log:
            raise ValueError("the old key is not the one in force")
        if new == old:
            raise ValueError("the new key is the old one")
        statement = rotation_statement(old, new)
        for key, name in ((old, "signed_by_old"), (new, "signed_by_new")):
            signature = base64.b64decode(data[name], validate=True)
            # The last digit has spare bits: one signature, one spelling.
            spelled = base64.b64encode(signature).decode() == data[name]
            if not (spelled and key.verify(signature, statement)):
                raise ValueError(f"{name} is wrong")
        self._key = new

    def _restore(self, number: int, event: dict[str, Any]) -> None:
        data = event["data"]
        if set(data) != {"size", "root", "anchor"} or event["reason"] is None:
            raise ValueError("it does not say what a restore must")
        root = self.frontier.root().hex()
        if not _is_count(data["size"], number - 1) or data["root"] != root:
            raise ValueError("it restores another log")
        anchor = None if data["anchor"] is None else read_note(data["anchor"])[0]
        if anchor is not None:
            self._check_anchor(number, anchor, data["anchor"])
        pin = self.pin
        if pin is not None and pin[0].epoch == self.epoch and pin[0].size >= number:
            verify_note(pin[1], self.key)
            if anchor is None or not (anchor == pin[0] or anchor.size > pin[0].size):
                raise ValueError("it gives up events that the pinned checkpoint covers")
            self.pin_explained = True
        self.epoch = event["epoch"]

    def _check_anchor(self, number: int, said: Checkpoint, note: str) -> None:
        """One of fewer events than there are is known to the log itself; any other is signed."""
        if said.epoch == self.epoch and _mark(note) in self.told:
            return
        self._signed(note)
        if said.size < number and (said.size, said.root) != (number - 1, self.frontier.root()):
            raise ValueError("its anchor is no checkpoint of this log")

    def _check_told(self, number: int, data: dict[str, Any]) -> None:
        if set(data) != {"size", "root", "note"} or not _is_count(data["size"], number - 1):
            raise ValueError("it does not say what a checkpoint must")
        said = self._signed(data["note"])
        root = self.frontier.root()
        if data["root"] != root.hex() or said.root != root or said.size != data["size"]:
            raise ValueError("its root is not that of the events before it")
        self.told.add(_mark(data["note"]))

    # Checkpoints

    def _agree(self, number: int, note: str) -> None:
        try:
            said = self._signed(note)
        except ValueError as fault:
            raise NotGood(number, "checkpoint", _words(fault)) from None
        if said.root != self.frontier.root():
            raise NotGood(
                self.agreed + 1,
                "checkpoint",
                f"the first {number} events are not those that were signed",
                until=number,
            )
        self.agreed = number

    def _signed(self, note: str) -> Checkpoint:
        said = verify_note(note, self.key)
        if said.epoch != self.epoch:
            raise BadNote("it is a checkpoint of another epoch")
        return said


_REASONS = {
    Verb.STARTED.value: "key",
    Verb.KEY_ROTATED.value: "key",
    Verb.RESTORED.value: "restore",
    Verb.CHECKPOINTED.value: "checkpoint event",
}


def _is_count(value: Any, count: int) -> bool:
    """In Python, true is 1 as well."""
    return type(value) is int and value == count


def _mark(note: str) -> bytes:
    return sha256(note.encode()).digest()


def _words(fault: Exception) -> str:
    return str(fault) if isinstance(fault, ValueError) else "it lacks a part, or has another kind"


def fault_in_form(event: Any, body: bytes) -> str:
    """What of an event breaks the form of section 2; nothing if it is well formed."""
    if type(event) is not dict or tuple(event) != MEMBERS:
        return "it lacks a member or has another"
    try:
        fits = _FORM("\0".join(_texts(event))) is not None
    except TypeError:
        fits = False
    if not fits:
        return f"{_misformed(event)} has another form"
    v, epoch, number, sequence = _numbers(event)
    if not (
        type(v) is type(epoch) is type(number) is type(sequence) is int
        and v >= 1
        and epoch >= 1
        and number >= 1
        and sequence >= 1
    ):
        return f"{_misnumbered(event)} has another form"
    if v != FORMAT:
        return "it is of another version of the format"
    if not _is_day(event["occurred_on"]) or not _is_day(event["recorded_at"][:10]):
        return "a day is not in the calendar"
    provision, request, role = _optional(event)
    if not (
        (provision is None or type(provision) is str)
        and (request is None or type(request) is str)
        and (role is None or type(role) is str)
    ):
        return f"{_mistyped(event)} has another type"
    reason = event["reason"]
    if reason is not None and (type(reason) is not dict or tuple(reason) != (TEXT,)):
        return "reason has another form"
    if type(event["basis"]) is not dict or type(event["data"]) is not dict:
        return "basis or data is not an object"
    if _MARK in body and len(_CITED_KEY.findall(body)) != len(_CITED.findall(body)):
        return f"a {TEXT} or {SECRET} has another form"
    return _fault_in_changes(event["changes"])


def _misformed(event: dict[str, Any]) -> str:
    """The first text that has another form."""
    return next(
        name
        for name, form in _TEXTS.items()
        if type(event[name]) is not str or re.fullmatch(form, event[name]) is None
    )


def _misnumbered(event: dict[str, Any]) -> str:
    """The first number that is none."""
    return next(name for name in _NUMBERS if type(event[name]) is not int or event[name] < 1)


def _mistyped(event: dict[str, Any]) -> str:
    """The first that may be missing and is neither that nor a text."""
    return next(name for name in _OPTIONAL if not isinstance(event[name], str | None))


def _fault_in_changes(changes: Any) -> str:
    if type(changes) is not list:
        return "changes is not an array"
    for one in changes:
        if type(one) is not dict or tuple(one) != ("after", "before", "row", "table"):
            return "a change lacks a member or has another"
        if type(one["table"]) is not str or type(one["row"]) is not int:
            return "a change names no row"
        if type(one["after"]) is not dict or type(one["before"]) not in (dict, type(None)):
            return "before or after is not an object"
    return ""


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def cited(body: bytes) -> list[str]:
    """The digests of texts and secrets that an event's body names."""
    if _MARK not in body:
        return []
    return [digest.decode() for _, digest in _CITED.findall(body)]
