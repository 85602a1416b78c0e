"""Exports that are wrong in one place, with every hash, signature and manifest made to fit.

What is left to find is what docs/history-format.md asks of an event itself; so the two verifiers
must give the same first bad event and the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.history.exports import Book, Signer, canonical, tree_head

Mutated = tuple[Book, str | None]
"""A log, and the checkpoint of it that was kept elsewhere."""


def log(
    change: Callable[[Book], str | None], before: int = 4, after: int = 2
) -> Callable[[], Mutated]:
    """A log of that many ordinary events, the change, and some more; the change may give a pin."""

    def make() -> Mutated:
        book = Book()
        book.work(before)
        pin = change(book)
        book.work(after)
        book.sign()
        return book, pin

    return make


def begun(stream: str, **data: Any) -> Callable[[], Mutated]:
    def make() -> Mutated:
        book = Book()
        book.bodies = []
        book.add("log.started", stream, {"key": book.signer.key, "synthetic": False} | data)
        book.work(2)
        book.sign()
        return book, None

    return make


def misplaced(verb: str, **more: Any) -> Callable[[], Mutated]:
    def change(book: Book) -> None:
        book.add(verb, "people", {"junk": 1}, **more)

    return log(change)


def rotated(**data: Any) -> Callable[[], Mutated]:
    def change(book: Book) -> None:
        new = Signer(book.log, "another")
        book.add("key.rotated", "system", book.rotation(book.signer, new) | data)
        book.signers.append(new)

    return log(change)


def rotated_to_itself(book: Book) -> None:
    book.add("key.rotated", "system", book.rotation(book.signer, book.signer))


def respelled(book: Book) -> None:
    """A signature in which a bit that nothing reads is set."""
    new = Signer(book.log, "another")
    data = book.rotation(book.signer, new)
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = digits[digits.index(data["signed_by_new"][-3]) + 1]
    data["signed_by_new"] = f"{data['signed_by_new'][:-3]}{last}=="
    book.add("key.rotated", "system", data)
    book.signers.append(new)


def checkpointed(**data: Any) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        root, note = tree_head(book.leaves).hex(), book.signer.note(1, book.leaves)
        told = {"size": len(book.bodies), "root": root, "note": note}
        book.add("log.checkpointed", "system", told | data)

    return change


def restored(reason: bool = True, **data: Any) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        book.epoch += 1
        told = {"size": len(book.bodies), "root": tree_head(book.leaves).hex(), "anchor": None}
        why = book.text("By order.") if reason else None
        book.add("log.restored", "system", told | data, reason=why)

    return change


def anchored(make: Callable[[Book], str]) -> Callable[[Book], None]:
    """A restore of all there is, with the anchor that `make` gives."""

    def change(book: Book) -> None:
        book.restore(len(book.bodies), make(book))

    return change


def of_a_fork(size: int) -> Callable[[Book], str]:
    def make(book: Book) -> str:
        return book.signer.note(1, [*book.leaves[: size - 1], bytes(32)])

    return make


def told_and_restored(rotates: bool, goes_on: int) -> Callable[[Book], None]:
    """An anchor that the log itself tells of: signed by the key that was in force then."""

    def change(book: Book) -> None:
        note = book.checkpoint()
        if rotates:
            book.rotate()
        book.work(goes_on)
        book.restore(len(book.bodies), note)

    return change


def told_in_another_epoch(book: Book) -> None:
    note = book.checkpoint()
    book.restore(len(book.bodies), None)
    book.work(1)
    book.restore(len(book.bodies), note)


def twice(book: Book) -> None:
    book.restore(5, None)
    book.restore(6, None)


def given_up(
    keep: int, anchor: Callable[[Book, str], str | None], of: int | None = None, epoch: int = 1
) -> Callable[[Book], str]:
    """A pin of `of` events or all, and then a restore of the first `keep` with that anchor."""

    def change(book: Book) -> str:
        pin = book.signer.note(epoch, book.leaves[:of])
        book.work(1)
        told = anchor(book, pin)
        book.restore(keep, told)
        book.work(2)
        return pin

    return change


def pinned(epoch: int) -> Callable[[Book], str]:
    def change(book: Book) -> str:
        return book.signer.note(epoch, book.leaves)

    return change


def rotation_given_up(book: Book) -> str:
    pin = book.signer.note(1, book.leaves)
    book.rotate()
    book.restore(3, pin)
    return pin


def formed(**members: Any) -> Callable[[], Mutated]:
    """One more event, with these members as they are."""

    def change(book: Book) -> None:
        event = book.event("permit.changed", "case:7", {}) | members
        if "stream" in members:
            event["sequence"] = 1
        book.bodies.append(canonical(event))

    return log(change, after=0)


def nested(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


DIGEST = "0" * 64
LOG_VERBS = ("log.checkpointed", "key.rotated", "log.restored")
MUTATIONS: dict[str, Callable[[], Mutated]] = {
    "begun in the stream people": begun("people"),
    "begun with no key": begun("system", key=5),
    "begun with a mark that is a number": begun("system", synthetic=0),
    **{f"{verb} in the stream people": misplaced(verb) for verb in LOG_VERBS},
    **{f"{verb} in the stream people, epoch 2": misplaced(verb, epoch=2) for verb in LOG_VERBS},
    "a rotation": rotated(),
    "a rotation to the same key": log(rotated_to_itself),
    "a rotation of no key": rotated(old=None),
    "a rotation to no key": rotated(new=["key"]),
    "a rotation with no signature": rotated(signed_by_new=1),
    "a rotation with an empty signature": rotated(signed_by_old=""),
    "a rotation with a signature spelled otherwise": log(respelled),
    "a rotation that says more": rotated(more=1),
    "a checkpoint": log(checkpointed()),
    "a checkpoint of the size true": log(checkpointed(size=True), before=0),
    "a checkpoint without its note": log(checkpointed(note=None)),
    "a checkpoint whose root is a number": log(checkpointed(root=0)),
    "a restore": log(restored()),
    "a restore of the size true": log(restored(size=True), before=0),
    "a restore without a reason": log(restored(reason=False)),
    "a restore with an empty anchor": log(restored(anchor="")),
    "a restore with a number for an anchor": log(restored(anchor=7)),
    "two restores": log(twice),
    "an anchor that the log tells of": log(told_and_restored(False, 3)),
    "an anchor from before a rotation": log(told_and_restored(True, 0)),
    "an anchor from before a rotation, later": log(told_and_restored(True, 3)),
    "an anchor of the epoch before": log(told_in_another_epoch),
    "an anchor of all there is": log(anchored(lambda book: book.signer.note(1, book.leaves))),
    "an anchor of all there is, of a fork": log(anchored(of_a_fork(5))),
    "an anchor of fewer, of a fork": log(anchored(of_a_fork(3))),
    "an anchor of fewer that the log does not tell of": log(
        anchored(lambda book: book.signer.note(1, book.leaves[:3]))
    ),
    "an anchor of another epoch": log(anchored(lambda book: book.signer.note(2, book.leaves))),
    "an anchor by another key": log(
        anchored(lambda book: Signer(book.log, "thief").note(1, book.leaves))
    ),
    "a pin": log(pinned(1)),
    "a pin of another epoch": log(pinned(2)),
    "a pin given up for a larger anchor": log(
        given_up(3, lambda book, _: book.signer.note(1, book.leaves))
    ),
    "a pin given up for no anchor": log(given_up(3, lambda *_: None)),
    "a pin that is the anchor": log(given_up(3, lambda _, pin: pin)),
    "a pin given up for a fork of its size": log(given_up(3, lambda book, _: of_a_fork(5)(book))),
    "a pin of what was restored": log(given_up(4, lambda *_: None, of=4)),
    "a pin of the next epoch": log(given_up(4, lambda *_: None, of=4, epoch=2)),
    "a pin given up with a rotation": log(rotation_given_up),
    "a pin of the first epoch, no anchor, the log longer": log(
        given_up(6, lambda *_: None), before=8, after=5
    ),
    "a pin of the first epoch, anchored, the log longer": log(
        given_up(6, lambda _, pin: pin), before=8, after=5
    ),
    "a role that is a number": formed(role=5),
    "nobody": formed(actor="person:0"),
    "a subject without a colon": formed(subject="x"),
    "a subject without a kind": formed(subject=":x"),
    "a subject of two lines": formed(subject="a\n:\\b"),
    "a subject of line ends": formed(subject="\r\n:\r\n"),
    "a subject without a key": formed(subject="a:"),
    "a stream of 120 characters": formed(stream="case:" + "é" * 115),
    "a stream of 121 characters": formed(stream="case:" + "é" * 116),
    "a stream without its key": formed(stream="case:"),
    "a stream with a line end": formed(stream="case\n"),
    "a verb with a line end": formed(verb="a.b\n"),
    "a verb in capitals": formed(verb="A.b"),
    "a day of the year 0": formed(occurred_on="0000-01-01"),
    "the 31st of February": formed(occurred_on="2026-02-31"),
    "a day in Arabic digits": formed(occurred_on="٢٠٢٦-01-01"),
    "24 o'clock": formed(recorded_at="2026-01-01T24:00:00.000000Z"),
    "an instant of no day": formed(recorded_at="2026-02-30T00:00:00.000000Z"),
    "true for the version": formed(v=True),
    "version 2": formed(v=2),
    "a reason that says more": formed(reason={"$text": DIGEST, "x": 1}),
    "a secret for a reason": formed(reason={"$secret": DIGEST}),
    "a reason without a digest": formed(reason={"$text": "g" * 64}),
    "a list for the basis": formed(basis=[]),
    "no data": formed(data=None),
    "an object for the changes": formed(changes={}),
    "true for a row": formed(changes=[{"table": "x", "row": True, "before": None, "after": {}}]),
    "a change to nothing": formed(changes=[{"table": "x", "row": 1, "before": {}, "after": None}]),
    "a text that says more, deep within": formed(data={"a": [{"$text": DIGEST, "b": 1}]}),
    "a list for a digest": formed(data={"$text": ["x"]}),
    "a simulated clock": formed(clock="simulated"),
    "epoch 2": formed(epoch=2),
    "an integer too large": formed(data={"a": 2**53}),
    "the largest integer": formed(data={"a": 2**53 - 1}),
    "NUL": formed(data={"a": "\0"}),
    "a key of DEL": formed(data={"\x7f": 1}),
    "an empty key": formed(data={"": 1}),
    "a provision that is a number": formed(provision=1),
    "a request that is an object": formed(request={}),
    "65 deep": formed(data={"a": nested(63)}),
    "64 deep": formed(data={"a": nested(62)}),
    "another log's": formed(log="x"),
}
