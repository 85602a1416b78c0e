"""The verifier that goes with every export: what it passes, and every forgery it finds."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.notes import VerificationKey
from history.standalone import verify_history as verifier
from tests.campaigns.history import by_both
from tests.history import exports
from tests.history.exports import Book, Files, Signer, canonical, write
from tests.history.mutations import MUTATIONS

VECTORS = Path(__file__).parent / "vectors"
SCRIPT = Path(verifier.__file__)
THIEF = Signer(exports.LOG, "thief")
ABOUT = {"log": exports.LOG, "epoch": 1, "synthetic": False}


@cache
def _good(name: str) -> tuple[Book, Files]:
    if name == "rotated-restored":
        book = exports.rotated_restored_book()
    else:
        book = exports.plain_book(texts=True)
    return book, book.files(texts=True)


def good(name: str = "good") -> Files:
    return dict(_good(name)[1])


def verdict(files: Files, folder: Path, pin: str | None = None) -> str:
    """The first line of the report, on a folder of these files and nothing else."""
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        if left.name not in files:
            left.unlink()
    write(files, folder)
    note = verifier.read_note(pin) if pin else None
    return verifier.check(folder, note).split("\n")[0]


# Forging.

Tamper = Callable[[Files], Files]
Change = Callable[[dict[str, Any]], object]


def bodies_of(files: Files) -> list[bytes]:
    return files["events.jsonl"].split(b"\n")[:-1]


def rebuilt(
    files: Files, bodies: list[bytes], checkpoints: bytes | None = None, **about: Any
) -> Files:
    """The folder with these events, and leaves and manifest made to fit."""
    if checkpoints is None:
        checkpoints = files["checkpoints.jsonl"]
    was = json.loads(files["manifest.json"])
    kept = {name: was[name] for name in ("log", "epoch", "synthetic")}
    return exports.pack(
        bodies, checkpoints=checkpoints, texts=files.get("texts.jsonl"), about=kept | about
    )


def resealed(files: Files) -> Files:
    """The folder with a manifest whose lengths and digests fit what the files now hold."""
    was = json.loads(files["manifest.json"])
    about = {name: was[name] for name in was if name not in ("files", "digest")}
    return files | {"manifest.json": exports.manifest_of(files, about)}


def edited(number: int, change: Change) -> Callable[[list[bytes]], list[bytes]]:
    def edit(bodies: list[bytes]) -> list[bytes]:
        event = json.loads(bodies[number - 1])
        change(event)
        return [*bodies[: number - 1], canonical(event), *bodies[number:]]

    return edit


def events(edit: Callable[[list[bytes]], list[bytes]]) -> Tamper:
    """Edits the events, and makes the leaves and the manifest fit."""
    return lambda files: rebuilt(files, edit(bodies_of(files)))


def event(number: int, change: Change) -> Tamper:
    return events(edited(number, change))


def put(at: int, /, **members: Any) -> Tamper:
    return event(at, lambda event: event.update(members))


def put_data(at: int, /, **members: Any) -> Tamper:
    return event(at, lambda event: event["data"].update(members))


def raw(number: int, old: bytes, new: bytes) -> Tamper:
    def edit(bodies: list[bytes]) -> list[bytes]:
        body = bodies[number - 1]
        assert old in body
        return [*bodies[: number - 1], body.replace(old, new, 1), *bodies[number:]]

    return events(edit)


def in_file(name: str, old: bytes, new: bytes, reseal: bool = False) -> Tamper:
    def edit(files: Files) -> Files:
        assert old in files[name]
        changed = files | {name: files[name].replace(old, new, 1)}
        return resealed(changed) if reseal else changed

    return edit


def renumbered(bodies: list[bytes]) -> list[bytes]:
    """Numbers and sequences made to fit."""
    found, heads = [], dict[str, int]()
    for number, body in enumerate(bodies, 1):
        event = json.loads(body)
        heads[event["stream"]] = heads.get(event["stream"], 0) + 1
        found.append(canonical(event | {"number": number, "sequence": heads[event["stream"]]}))
    return found


def note_lines(*notes: tuple[int, str]) -> bytes:
    return b"".join(canonical({"size": size, "note": note}) + b"\n" for size, note in notes)


def note_of(signer: Signer, bodies: list[bytes], size: int, epoch: int = 1) -> str:
    return signer.note(epoch, [exports.leaf_hash(body) for body in bodies[:size]])


def resigned(files: Files) -> Files:
    """An event edited, and everything, but for the first event, signed with another key."""
    book = _good("good")[0]
    bodies = edited(3, lambda event: event.update(role="director"))(bodies_of(files))
    for number, size in ((6, 5), (13, 12)):
        note = note_of(THIEF, bodies, size)
        root = exports.tree_head([exports.leaf_hash(body) for body in bodies[:size]]).hex()
        event = json.loads(bodies[number - 1])
        event["data"] |= {"root": root, "note": note}
        bodies[number - 1] = canonical(event)
    sizes = [size for size, _ in book.notes]
    return rebuilt(files, bodies, note_lines(*((n, note_of(THIEF, bodies, n)) for n in sizes)))


def resigned_from_the_first(files: Files) -> Files:
    files = rebuilt(files, edited(1, lambda e: e["data"].update(key=THIEF.key))(bodies_of(files)))
    return resigned(files)


def signed_by(signer: Signer, size: int, epoch: int = 1, of: int | None = None) -> Tamper:
    """The checkpoint of this size alone, by this signer, with the root of `of` events."""

    def edit(files: Files) -> Files:
        bodies = bodies_of(files)
        note = note_of(signer, bodies, of or size, epoch)
        if of:
            root = exports.tree_head([exports.leaf_hash(body) for body in bodies[:of]])
            body = f"{exports.LOG}/{epoch}\n{size}\n{b64encode(root).decode()}\n"
            proof = b64encode(signer.key_id + signer.sign(body.encode())).decode()
            note = f"{body}\n— {exports.LOG} {proof}\n"
        return rebuilt(files, bodies, note_lines((size, note)))

    return edit


def spliced_signature(change: Callable[[bytes], bytes]) -> Tamper:
    def edit(files: Files) -> Files:
        book = _good("good")[0]
        size, note = book.notes[0]
        start, coded = note.rstrip("\n").rsplit(" ", 1)
        proof = b64decode(coded)
        note = f"{start} {b64encode(proof[:4] + change(proof[4:])).decode()}\n"
        return rebuilt(files, bodies_of(files), note_lines((size, note), *book.notes[1:]))

    return edit


def malleated(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:], "little") + verifier.ORDER
    return signature[:32] + s.to_bytes(32, "little")


SMALL_ORDER = (
    bytes([1]) + bytes(31),
    bytes(32),
    (2**255 - 20).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
)


def small_order_key(files: Files) -> Files:
    """A key for which one signature fits every text."""
    coded = b"\x01" + SMALL_ORDER[0]
    number = sha256(exports.LOG.encode() + b"\n" + coded).hexdigest()[:8]
    key = f"{exports.LOG}+{number}+{b64encode(coded).decode()}"
    return put_data(1, key=key)(files)


def rotation(change: Callable[[Book, dict[str, str]], dict[str, str]]) -> Tamper:
    book = _good("rotated-restored")[0]
    return put_data(7, **change(book, book.rotation(*book.signers)))


def without(*numbers: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda bodies: [b for n, b in enumerate(bodies, 1) if n not in numbers]


def swap(files: Files) -> Files:
    bodies = bodies_of(files)
    bodies[2], bodies[3] = bodies[3], bodies[2]
    return rebuilt(files, bodies)


def insert(files: Files) -> Files:
    bodies = bodies_of(files)
    new = canonical(json.loads(bodies[2]) | {"actor": "person:9"})
    return rebuilt(files, renumbered([*bodies[:3], new, *bodies[3:]]))


def of_another_log(files: Files) -> Files:
    other = Book(log="permits.example/other")
    other.work(4)
    bodies = bodies_of(files)
    return rebuilt(files, [*bodies[:2], other.bodies[2], *bodies[3:]])


def text(change: Change, at: int = 0) -> Tamper:
    def edit(files: Files) -> Files:
        rows = [json.loads(line) for line in files["texts.jsonl"].splitlines()]
        change(rows[at])
        return resealed(files | {"texts.jsonl": b"".join(canonical(row) + b"\n" for row in rows)})

    return edit


def manifest(**members: Any) -> Tamper:
    def edit(files: Files) -> Files:
        about = json.loads(files["manifest.json"]) | members
        del about["digest"]
        digest = sha256(canonical(about)).hexdigest()
        return files | {"manifest.json": canonical(about | {"digest": digest}) + b"\n"}

    return edit


def truncated(files: Files, count: int) -> Files:
    """The last events and all that speaks of them taken away."""
    bodies = bodies_of(files)[:-count]
    notes = [json.loads(line) for line in files["checkpoints.jsonl"].splitlines()]
    kept = [(row["size"], row["note"]) for row in notes if row["size"] <= len(bodies)]
    cut = rebuilt(files, bodies, note_lines(*kept))
    if "texts.jsonl" in cut:
        cited = b"".join(bodies)
        lines = cut["texts.jsonl"].splitlines(keepends=True)
        held = [line for line in lines if json.loads(line)["digest"].encode() in cited]
        cut = resealed(cut | {"texts.jsonl": b"".join(held)})
    return cut


@dataclass(frozen=True)
class Forgery:
    tamper: Tamper
    finding: str
    base: str = "good"
    pin: str | None = None


def rr(tamper: Tamper, finding: str, pin: str | None = None) -> Forgery:
    return Forgery(tamper, finding, "rotated-restored", pin)


def deep(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


FORGED_NOTE = "event 1: checkpoint: or later, up to 5"
PLAIN, ROTATED = _good("good")[0], _good("rotated-restored")[0]
PINNED = PLAIN.notes[-1][1]
FORGERIES: dict[str, Forgery] = {
    "a value edited": Forgery(
        in_file("events.jsonl", b'"country":"TR"', b'"country":"GR"'), "event 2: altered"
    ),
    "edited, with leaves and manifest made to fit": Forgery(put(4, role="director"), FORGED_NOTE),
    "a late edit, made to fit": Forgery(
        put(15, role="director"), "event 13: checkpoint: or later, up to 19"
    ),
    "edited and signed with another key": Forgery(
        resigned, "event 5: checkpoint: it is not signed"
    ),
    "all signed with another key, against a pin": Forgery(
        resigned_from_the_first, "event 19: checkpoint: it is not signed", pin=PINNED
    ),
    "an event deleted": Forgery(events(without(3)), "event 3: order"),
    "an event deleted, the rest renumbered": Forgery(
        events(lambda bodies: renumbered(without(3)(bodies))), "event 5: checkpoint event"
    ),
    "the tail deleted": Forgery(events(lambda bodies: bodies[:-2]), "event 18: missing"),
    "the tail deleted from the events alone": Forgery(
        lambda files: files | {"events.jsonl": b"\n".join(bodies_of(files)[:-1]) + b"\n"},
        "event 19: missing",
    ),
    "a leaf too many": Forgery(
        lambda files: files | {"leaves.txt": files["leaves.txt"] + b"0" * 64 + b"\n"},
        "event 20: missing",
    ),
    "all the tail deleted, against a pin": Forgery(
        lambda files: truncated(files, 2), "event 18: missing", pin=PINNED
    ),
    "two events swapped": Forgery(swap, "event 3: order"),
    "an event inserted": Forgery(insert, FORGED_NOTE),
    "an event twice": Forgery(events(lambda bodies: [*bodies[:3], *bodies[2:]]), "event 4: order"),
    "renumbered": Forgery(put(4, number=5), "event 4: order"),
    "the log's name changed": Forgery(put(4, log="permits.example/new"), "event 4: order"),
    "a gap in a stream": Forgery(put(8, sequence=9), "event 8: order"),
    "an event of another log": Forgery(of_another_log, "event 3: order"),
    "a float": Forgery(raw(3, b'"at":-1', b'"at":-1.5'), "event 3: malformed"),
    "an exponent": Forgery(raw(3, b'"at":-1', b'"at":1e2'), "event 3: malformed"),
    "a key twice": Forgery(raw(3, b'"at":-1', b'"at":-1,"at":-1'), "event 3: malformed"),
    "white space": Forgery(raw(3, b'"at":-1', b'"at": -1'), "event 3: malformed"),
    "an escape in capitals": Forgery(raw(19, b"\\u0001", b"\\u001F"), "event 19: malformed"),
    "an escape that is not needed": Forgery(raw(19, b"\\t", b"\\u0009"), "event 19: malformed"),
    "minus zero": Forgery(raw(2, b'"at":0', b'"at":-0'), "event 2: malformed"),
    "an integer too large": Forgery(
        raw(2, b'"at":0', b'"at":9007199254740992'), "event 2: malformed"
    ),
    "an integer of 5000 digits": Forgery(
        raw(2, b'"at":0', b'"at":' + b"9" * 5000), "event 2: malformed"
    ),
    "nested 65 deep": Forgery(put(2, data=deep(63)), "event 2: malformed"),
    "nested too deep to read": Forgery(
        raw(2, b'"at":0', b'"at":' + b"[" * 5000 + b"]" * 5000), "event 2: malformed"
    ),
    "NUL in a string": Forgery(raw(2, b"Ottawa", b"Ott\\u0000awa"), "event 2: malformed"),
    "a lone surrogate": Forgery(raw(2, b"Ottawa", b"\\ud800"), "event 2: malformed"),
    "not UTF-8": Forgery(raw(2, b"Ottawa", b"\xff"), "event 2: malformed"),
    "a byte order mark": Forgery(
        events(lambda bodies: [b"\xef\xbb\xbf" + bodies[0], *bodies[1:]]), "event 1: malformed"
    ),
    "a key that is not ASCII": Forgery(put_data(2, clé=1), "event 2: malformed"),
    "an empty key": Forgery(put_data(2, **{"": 1}), "event 2: malformed"),
    "line ends of Windows": Forgery(
        events(lambda bodies: [body + b"\r" for body in bodies]), "event 1: malformed"
    ),
    "a blank line": Forgery(
        events(lambda bodies: [*bodies[:4], b"", *bodies[4:]]), "event 5: malformed"
    ),
    "no last line feed": Forgery(
        lambda files: files | {"events.jsonl": files["events.jsonl"][:-1]}, "event 19: malformed"
    ),
    "a member too many": Forgery(put(4, note="x"), "event 4: malformed"),
    "true for the number one": Forgery(put(1, number=True), "event 1: malformed"),
    "a day that is none": Forgery(put(4, occurred_on="2026-02-30"), "event 4: malformed"),
    "a text in the clear": Forgery(put(4, reason="Because."), "event 4: malformed"),
    "a reference that is none": Forgery(put(4, reason={"$text": "AB"}), "event 4: malformed"),
    "a simulated clock in a real log": Forgery(put(4, clock="simulated"), "event 4: order"),
    "the log started twice": Forgery(
        put(6, verb="log.started", data={"key": PLAIN.signer.key, "synthetic": False}),
        "event 6: order",
    ),
    "an epoch without a restore": Forgery(put(4, epoch=2), "event 4: order"),
    "a checkpoint of another root": Forgery(
        signed_by(PLAIN.signer, 12, of=11), "event 1: checkpoint: or later, up to 12"
    ),
    "a checkpoint of another epoch": Forgery(
        signed_by(PLAIN.signer, 12, epoch=2), "event 12: checkpoint"
    ),
    "a checkpoint by another key": Forgery(signed_by(THIEF, 12), "event 12: checkpoint"),
    "a checkpoint of more events than there are": Forgery(
        lambda files: rebuilt(files, bodies_of(files)[:18]), "event 19: missing"
    ),
    "the log's own checkpoint of another root": Forgery(
        put_data(6, root="0" * 64), "event 6: checkpoint event"
    ),
    "a checkpoint event of what is to come": Forgery(
        put_data(6, size=6), "event 6: checkpoint event"
    ),
    "S + L in a signature": Forgery(
        spliced_signature(malleated), "event 5: checkpoint: it is not signed"
    ),
    "a signature of zeros": Forgery(
        spliced_signature(lambda _: bytes([1]) + bytes(63)), "event 5: checkpoint"
    ),
    "a key of small order": Forgery(small_order_key, "event 5: checkpoint: it is not signed"),
    "a text changed": Forgery(text(lambda row: row.update(text="Zoe")), "texts.jsonl: text"),
    "a salt changed": Forgery(text(lambda row: row.update(salt="0" * 32)), "texts.jsonl: text"),
    "a text that no event cites": Forgery(
        text(lambda row: row.update(digest=sha256(bytes(16)).hexdigest(), salt="00" * 16, text="")),
        "texts.jsonl: text",
    ),
    "a secret told": Forgery(text(lambda row: row.update(text="1234"), 1), "texts.jsonl: text"),
    "a text twice": Forgery(
        lambda files: resealed(
            files
            | {"texts.jsonl": files["texts.jsonl"] + files["texts.jsonl"].split(b"\n")[0] + b"\n"}
        ),
        "texts.jsonl: text",
    ),
    "a checkpoint's line malformed": Forgery(
        in_file("checkpoints.jsonl", b'"size":5', b'"size":6', reseal=True),
        "checkpoints.jsonl: malformed",
    ),
    "the manifest's root": Forgery(manifest(root="0" * 64), "manifest.json: manifest"),
    "the manifest's epoch": Forgery(manifest(epoch=2), "manifest.json: manifest"),
    "the manifest calls it synthetic": Forgery(manifest(synthetic=True), "manifest.json: manifest"),
    "the manifest edited": Forgery(
        in_file("manifest.json", b"2026-02-01", b"2026-02-02"), "manifest.json: manifest"
    ),
    "the manifest says fewer": Forgery(manifest(size=18), "event 19: missing"),
    "a byte of the README": Forgery(in_file("README.txt", b"Run", b"Sun"), "README.txt: file"),
    "a file too many": Forgery(lambda files: files | {"notes.txt": b""}, "notes.txt: file"),
    "a file taken away": Forgery(
        lambda files: {name: files[name] for name in files if name != "README.txt"},
        "README.txt: missing",
    ),
    "a rotation signed by the old key alone": rr(
        rotation(lambda book, data: data | {"signed_by_new": data["signed_by_old"]}),
        "event 7: key",
    ),
    "a rotation signed by the new key alone": rr(
        rotation(lambda book, data: data | {"signed_by_old": data["signed_by_new"]}),
        "event 7: key",
    ),
    "a rotation of a key not in force": rr(
        rotation(lambda book, _: book.rotation(THIEF, book.signer)), "event 7: key"
    ),
    "a rotation to the same key": rr(
        rotation(lambda book, _: book.rotation(book.signers[0], book.signers[0])), "event 7: key"
    ),
    "a checkpoint by the old key after the rotation": rr(
        signed_by(ROTATED.signers[0], 9), "event 9: checkpoint"
    ),
    "a restore of another root": rr(put_data(12, root="0" * 64), "event 12: restore"),
    "a restore of another size": rr(put_data(12, size=10), "event 12: restore"),
    "a restore with another anchor": rr(
        put_data(12, anchor=THIEF.note(1, PLAIN.leaves)), "event 12: restore"
    ),
    "a restore on nobody's authority": rr(put(12, reason=None), "event 12: restore"),
    "a restore in the old epoch": rr(put(12, epoch=1), "event 12: order"),
    "a restore without its anchor, against what it gave up": rr(
        put_data(12, anchor=None),
        "event 12: restore",
        pin=json.loads(ROTATED.bodies[11])["data"]["anchor"],
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_found_where_it_begins(name: str, tmp_path: Path) -> None:
    forgery = FORGERIES[name]
    found = verdict(forgery.tamper(good(forgery.base)), tmp_path, forgery.pin)
    assert found.startswith(f"NOT GOOD: {forgery.finding}:"[:-1]), found


# The verifier of the product agrees.


@pytest.mark.parametrize("name", MUTATIONS)
def test_both_verifiers_name_the_same_event_and_reason(name: str, tmp_path: Path) -> None:
    book, pin = MUTATIONS[name]()
    ours, theirs = by_both(write(book.files(), tmp_path / "export"), pin)
    assert ours == theirs


OF_THE_FILES = {"a leaf too many", "no last line feed"}
"""The product's reader is given events, not files."""


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, forgery in FORGERIES.items()
        if forgery.finding.startswith("event ") and name not in OF_THE_FILES
    ],
)
def test_both_verifiers_name_the_same_of_a_forgery(name: str, tmp_path: Path) -> None:
    forgery = FORGERIES[name]
    folder = write(forgery.tamper(good(forgery.base)), tmp_path / "export")
    ours, theirs = by_both(folder, forgery.pin)
    assert ours == theirs


# What is good passes.


def synthetic_book() -> Book:
    book = Book(synthetic=True)
    book.add("permit.opened", "case", {}, clock="simulated")
    book.sign()
    return book


def deep_book() -> Book:
    book = Book()
    book.add("permit.opened", "case", deep(62), request='\\u0000 {"$text":', role='a"":')
    book.sign()
    return book


GOOD: dict[str, Callable[[], Files]] = {
    "plain": lambda: exports.plain_book().files(),
    "with texts": good,
    "texts cited and not shown": lambda: exports.plain_book(texts=True).files(),
    "some texts disposed of": lambda: text(lambda row: None)(
        good() | {"texts.jsonl": good()["texts.jsonl"].split(b"\n", 1)[1]}
    ),
    "rotated and restored": lambda: good("rotated-restored"),
    "a simulated clock in a synthetic log": lambda: synthetic_book().files(),
    "64 deep, and strings that look like something else": lambda: deep_book().files(),
    "the first event alone": lambda: Book().files(),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_export_passes(name: str, tmp_path: Path) -> None:
    files = GOOD[name]()
    size = json.loads(files["manifest.json"])["size"]
    assert verdict(files, tmp_path).startswith(f"OK: {size} events of log {exports.LOG}, epoch ")


@pytest.mark.parametrize("base", ["good", "rotated-restored"])
def test_every_older_checkpoint_is_found_again(base: str, tmp_path: Path) -> None:
    book, files = _good(base)
    for _, note in book.notes:
        assert verdict(files, tmp_path, note).startswith("OK: ")


def test_the_checkpoint_of_what_was_given_up_is_explained_by_the_anchor(tmp_path: Path) -> None:
    write(good("rotated-restored"), tmp_path)
    anchor = verifier.read_note(json.loads(ROTATED.bodies[11])["data"]["anchor"])
    assert anchor.size > 12
    assert "that a restore openly gave up" in verifier.check(tmp_path, anchor)


def test_a_report_tells_what_was_not_proved(tmp_path: Path) -> None:
    book = exports.plain_book()
    book.work(2)
    write(book.files(), tmp_path)
    report = verifier.check(tmp_path)
    assert "events 20 to 21" in report
    assert "without --pin" in report
    assert book.signer.key in report
    assert book.notes[-1][1] in report
    pinned = verifier.check(tmp_path, verifier.read_note(book.notes[0][1]))
    assert "without" not in pinned
    assert "your checkpoint of 5 events" in pinned


@pytest.mark.parametrize("count", range(1, 31))
def test_a_lost_tail_is_found_against_a_pinned_checkpoint(count: int, tmp_path: Path) -> None:
    book = Book()
    book.work(40)
    pin = book.sign()
    cut = truncated(book.files(), count)
    assert verdict(cut, tmp_path / "cut").startswith("OK: ")
    assert verdict(cut, tmp_path / "cut", pin).startswith(f"NOT GOOD: event {42 - count}: missing")


# Any bytes.


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    dice = random.Random(8032)
    files = good()
    places = [(name, at) for name in files for at in range(len(files[name]))]
    for name, at in dice.sample(places, 150) + [
        (name, dice.randrange(len(files[name]))) for name in sorted(files) for _ in range(25)
    ]:
        content = bytearray(files[name])
        content[at] ^= 1 << dice.randrange(8)
        found = verdict(files | {name: bytes(content)}, tmp_path)
        assert found.startswith("NOT GOOD: "), (name, at)


@given(name=st.sampled_from(sorted(good())), content=st.binary() | st.text().map(str.encode))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_any_file_give_a_verdict(name: str, content: bytes, tmp_path: Path) -> None:
    assert verdict(good() | {name: content}, tmp_path).startswith("NOT GOOD: ")
    if name != "manifest.json":
        verdict(resealed(good() | {name: content}), tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**60) | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(number=st.sampled_from([1, 6, 7, 12]), value=JSON, data=st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_of_any_member_gives_a_verdict(
    number: int, value: Any, data: st.DataObject, tmp_path: Path
) -> None:
    """Also in what the log says of itself: keys, rotations, checkpoints, restores."""
    files = good("rotated-restored")
    body = json.loads(bodies_of(files)[number - 1])
    inside = data.draw(st.booleans())
    holder = body["data"] if inside else body
    holder[data.draw(st.sampled_from(sorted(holder)))] = value
    line = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    bodies = bodies_of(files)
    bodies[number - 1] = line.encode("utf-8", "surrogatepass")
    verdict(rebuilt(files, bodies), tmp_path)


@given(value=JSON, data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_the_other_files_gives_a_verdict(
    value: Any, data: st.DataObject, tmp_path: Path
) -> None:
    files = good()
    name = data.draw(st.sampled_from(["manifest.json", "checkpoints.jsonl", "texts.jsonl"]))
    row = json.loads(files[name].split(b"\n")[0])
    row[data.draw(st.sampled_from(sorted(row)))] = value
    line = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    content = line.encode("utf-8", "surrogatepass") + b"\n"
    verdict(files | {name: content}, tmp_path)
    if name != "manifest.json":
        verdict(resealed(files | {name: content}), tmp_path)


# The command.


def run(*arguments: str | Path, flags: str = "-IS") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, flags, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        timeout=60,
    )
    assert done.returncode == 2 or not done.stderr
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode()


def test_the_command_tells_by_its_exit_code(tmp_path: Path) -> None:
    folder = write(good(), tmp_path / "export")
    pin = tmp_path / "pin.txt"
    pin.write_text(PINNED, "utf-8")
    code, report = run(folder, "--pin", pin)
    assert code == 0
    assert report.startswith("OK: 19 events of log permits.example/history, epoch 1, root ")
    (folder / "README.txt").write_bytes(b"")
    assert run(folder) == (
        1,
        "NOT GOOD: README.txt: file: it is not the file that the manifest lists\n",
    )
    assert run(tmp_path / "nowhere")[0] == 2
    assert run(folder, "--pin", folder / "README.txt")[0] == 2
    assert run(folder, "--wrong")[0] == 2


@pytest.mark.parametrize("name", ["events.jsonl", "manifest.json", "another"])
def test_a_pipe_in_the_folder_is_refused_and_not_waited_for(name: str, tmp_path: Path) -> None:
    write(good(), tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    code, report = run(tmp_path)
    assert code == 2
    assert report.startswith("NOT CHECKED:")
    assert f"no plain file: {tmp_path / name}" in report


def test_a_device_in_the_folder_is_refused(tmp_path: Path) -> None:
    write(good(), tmp_path)
    (tmp_path / "README.txt").unlink()
    (tmp_path / "README.txt").symlink_to("/dev/zero")
    code, report = run(tmp_path)
    assert (code, "no plain file" in report) == (2, True)


@pytest.mark.parametrize("name", ["/dev/zero", "../pipe", "pipe/..", "elsewhere.txt"])
def test_what_the_manifest_lists_outside_the_folder_is_missing_and_not_opened(
    name: str, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    files = good()
    about = json.loads(files["manifest.json"])
    about["files"][name] = {"bytes": 0, "sha256": "0" * 64}
    folder = write(manifest(files=about["files"])(files), tmp_path / "export")
    assert run(folder) == (1, f"NOT GOOD: {name}: missing: it is not in the folder\n")


def test_the_verifier_is_one_short_file_of_the_standard_library() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) <= 250
    assert max(map(len, lines)) <= 100
    names = set(re.findall(r"^(?:import|from) (\w+)", "\n".join(lines), re.MULTILINE))
    assert names <= sys.stdlib_module_names


# Published vectors of others.

RFC_8032 = (  # Section 7.1: public key, message, signature.
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
        "39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
        "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
        "f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        sha256.__name__
        and "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfb"
        "c7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032_are_verified(public: str, message: str, signature: str) -> None:
    key, words, proof = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert verifier.verify(key, words, proof)
    assert not verifier.verify(key, words + b"\0", proof)
    assert not verifier.verify(key, words, malleated(proof))
    assert not verifier.verify(key, words, proof + b"\0")
    for at in (0, 31, 32, 63):
        bent = bytearray(proof)
        bent[at] ^= 4
        assert not verifier.verify(key, words, bytes(bent))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_is_none(point: bytes) -> None:
    assert verifier.unpack(point)
    assert not verifier.verify(point, b"any", bytes([1]) + bytes(63))
    assert not VerificationKey("x", point).verify(bytes([1]) + bytes(63), b"any")


def test_a_point_has_one_encoding() -> None:
    for y in (verifier.P, verifier.P + 1, 2**255 - 1):
        assert verifier.unpack(y.to_bytes(32, "little")) is None
        public = y.to_bytes(32, "little")
        assert not VerificationKey("x", public).verify(bytes([1]) + bytes(63), b"any")
    assert verifier.unpack((1 | 1 << 255).to_bytes(32, "little")) is None


@given(seed=st.binary(min_size=1), message=st.binary())
@settings(max_examples=20)
def test_what_another_implementation_signs_is_verified(seed: bytes, message: bytes) -> None:
    signer = Signer("x", seed.hex())
    assert verifier.verify(signer.public, message, signer.sign(message))


CT_LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_tree_heads_are_those_of_certificate_transparency(tmp_path: Path) -> None:
    history = verifier.History(tmp_path)
    leaves = [exports.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    for size, root in enumerate(CT_ROOTS, 1):
        history.grow(leaves[size - 1])
        assert history.root().hex() == root
        assert exports.tree_head(leaves[:size]).hex() == root


@given(leaves=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
def test_a_growing_tree_has_the_head_that_the_rfc_defines(leaves: list[bytes]) -> None:
    history = verifier.History(VECTORS / "good")
    for leaf in leaves:
        history.grow(leaf)
    assert history.root() == exports.tree_head(leaves)


CANONICAL = (
    '{}', '{"":1}'.replace('""', '"a"'), '{"\\"":1}', '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    '{"a":"\u007f\u0080\u2028\ufeffö דּ😂"}', '{"1":1,"A":2,"a":3}', '{"a":"\\b\\t\\n\\f\\r"}',
    '{"a":[9007199254740991,-9007199254740991,0,true,false,null]}',
)  # fmt: skip
NOT_CANONICAL = (
    '{"b":1,"a":1}', '{"a":"\\u20ac"}', '{"a":"\\/"}', '{"a":"\\u000F"}', '{"a":"\\u0008"}',
    '{"a":1.0}', '{"a":1E3}', '{"a":-0}', '{"a":01}', '{"a":NaN}', '{"a":-Infinity}', '{"a":1} ',
    ' {"a":1}', '{"a":9007199254740992}', '{"é":1}', '{"\u007f":1}', '{"\\n":1}', '{"":1}',
    '{"a":"\\u0000"}', '{"a":"\0"}', '{"a":"\\ud83d\\ude02"}', '{"a":"\\udead"}', '[]', '1', '"a"',
    '', '\ufeff{}', '{"a":1,}', '{"a":1}\r', "{'a':1}",
)  # fmt: skip


FIT = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1), inner
        )
    ),
)


@given(value=FIT)
def test_what_the_format_allows_is_read_as_it_was_written(value: Any) -> None:
    """The verifier's own encoder writes the same bytes as one made from the document."""
    line = canonical({"value": value})
    assert verifier.WRITER.encode({"value": value}).encode() == line
    assert verifier.decode(line + b"\n") == {"value": value}


def test_every_control_character_is_written_alike() -> None:
    every = {"a": "".join(map(chr, [*range(1, 0x300), 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x10FFFF]))}
    assert verifier.WRITER.encode(every).encode() == canonical(every)
    assert verifier.decode(canonical(every) + b"\n") == every


@pytest.mark.parametrize("line", CANONICAL)
def test_what_is_canonical_is_read(line: str) -> None:
    assert canonical(verifier.decode(line.encode() + b"\n")) == line.encode()


@pytest.mark.parametrize("line", NOT_CANONICAL)
def test_what_is_not_canonical_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in its own words or the JSON reader's
        verifier.decode(line.encode() + b"\n")


# Our own vectors.


def alike(one: bytes, other: bytes) -> int:
    """How many first bytes are the same."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def splice(was: bytes, now: bytes) -> dict[str, Any]:
    """How one content becomes another: what goes from where, and what comes (base64)."""
    at = alike(was, now)
    left, right = was[at:], now[at:]
    same = alike(left[::-1], right[::-1])
    insert = b64encode(right[: len(right) - same]).decode()
    return {"at": at, "remove": len(left) - same, "insert": insert}


def spliced(was: bytes, how: dict[str, Any]) -> bytes:
    return was[: how["at"]] + b64decode(how["insert"]) + was[how["at"] + how["remove"] :]


def published_forgeries(folder: Path) -> list[dict[str, Any]]:
    found = []
    for name, forgery in FORGERIES.items():
        base = good(forgery.base)
        files = forgery.tamper(dict(base))
        changed = {
            file: splice(base.get(file, b""), files[file])
            for file in sorted(files)
            if files[file] != base.get(file)
        }
        row = {"name": name, "from": forgery.base, "pin": forgery.pin}
        row["verdict"] = verdict(files, folder, forgery.pin)
        found.append(row | {"changed": changed, "removed": sorted(base.keys() - files.keys())})
    return found


def read_folder(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_published_vectors_are_those_made_here(tmp_path: Path) -> None:
    """With WRITE_VECTORS=1 they are written anew."""
    written = json.dumps(published_forgeries(tmp_path), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("WRITE_VECTORS"):
        (VECTORS / "forgeries.json").write_text(written, "utf-8")
        for name in ("good", "rotated-restored"):
            write(good(name), VECTORS / name)
    assert (VECTORS / "forgeries.json").read_text("utf-8") == written
    for name in ("good", "rotated-restored"):
        assert read_folder(VECTORS / name) == good(name)


def test_the_published_vectors_get_the_verdicts_they_list(tmp_path: Path) -> None:
    for row in json.loads((VECTORS / "forgeries.json").read_text("utf-8")):
        files = read_folder(VECTORS / row["from"])
        for name, how in row["changed"].items():
            files[name] = spliced(files.get(name, b""), how)
        for name in row["removed"]:
            del files[name]
        assert verdict(files, tmp_path, row["pin"]) == row["verdict"], row["name"]
