#!/usr/bin/env python3
"""Checks an exported Permit Desk history (format version 1): alone, offline, Python 3.9 or later.

    python3 verify_history.py DIR [--pin FILE]          (FILE: a checkpoint that was kept elsewhere)
Exit codes: 0 good, 1 not good, 2 used wrongly or a file cannot be read.
"""
import argparse, datetime, json, re, sys
from base64 import b64decode, b64encode
from collections import namedtuple
from functools import reduce
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

def need(condition: Any, why: str) -> Any:
    if not condition: raise ValueError(why)
    return condition
def form(**members: str) -> Any:
    """Matches the canonical JSON of an object with exactly these members."""
    each = (f'"{name}":(?:{members[name]})' for name in sorted(members))
    return re.compile(r"\{" + ",".join(each) + r"\}", re.DOTALL).fullmatch
LOG, COUNT, HEX, CHAR = r"[a-z0-9.\-/]{1,100}", "[1-9][0-9]*", '"[0-9a-f]{64}"', r'(?:[^"\\]|\\.)'
TEXT, OR_NULL, PROOF = f'"{CHAR}*"', f'null|"{CHAR}*"', '"[A-Za-z0-9+/]{85}[AQgw]=="'
STREAM = f'"(?:case|policy|reference|party|evidence|people|audit|system)(?::{CHAR}+)?"'
DAY, TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{6}Z"
EVENT = form(  # With true for basis, changes and data where these are well formed.
    v="1", log=f'"{LOG}"', epoch=COUNT, number=COUNT, stream=STREAM, sequence=COUNT, role=OR_NULL,
    recorded_at=f'"{DAY}T{TIME}"', clock='"server"|"simulated"', occurred_on=f'"{DAY}"',
    actor='"system"|"person:[1-9][0-9]*"', provision=OR_NULL, request=OR_NULL, basis="true",
    subject=rf'"(?!:)(?:[^":\\]|\\.)+:{CHAR}+"', verb=r'"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*"',
    reason=rf'null|\{{"\$text":{HEX}\}}', changes="true", data="true")
CHANGES = [{"table": str, "row": int, "before": was, "after": dict} for was in (dict, type(None))]
OWN = {  # The events that the log writes of itself: the word when one is wrong, and its data.
    "log.started": ("key", form(key=TEXT, synthetic="true|false")),
    "key.rotated": ("key", form(old=TEXT, new=TEXT, signed_by_old=PROOF, signed_by_new=PROOF)),
    "log.restored": ("restore", form(size=COUNT, root=HEX, anchor=OR_NULL)),
    "log.checkpointed": ("checkpoint event", form(size=COUNT, root=HEX, note=TEXT))}
DISCLOSED = form(digest=HEX, salt='"[0-9a-f]{32}"', text=OR_NULL)

# Canonical JSON: the same bytes when written again. What that does not find is looked for.
def whole(digits: str) -> int:
    need(re.fullmatch("-?[0-9]{1,16}", digits) and abs(int(digits)) < 2**53, "an odd number")
    return int(digits)
READER = json.JSONDecoder(parse_int=whole, parse_float=whole, parse_constant=whole)
WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
PRINTABLE, ODD = re.compile("[ -~]+").fullmatch, re.compile(rb'[\x7f-\xff\\]|"":').search
CITING = re.compile(rb'"\$(?:text|secret)":').findall
CITATIONS = re.compile(rb'\{"\$((?:text|secret)":"[0-9a-f]{64})"\}').findall
def decode(line: bytes, fits: Any = bool) -> Any:
    text = WRITER.encode(value := READER.decode(line.decode()))
    need(text.encode() + b"\n" == line, "it is not written canonically, on a line")
    if ODD(line) or line.count(b"{") + line.count(b"[") > 64: look_into(value, 64)
    need(type(value) is dict and fits(text), "it is not an object of the right form")
    return value
def look_into(value: Any, depth: int) -> None:
    need(type(value) is not str or "\0" not in value, "a string holds NUL")
    if type(value) in (dict, list):
        need(depth, "it is nested too deep")
        need(type(value) is list or all(map(PRINTABLE, value)), "a key is not printable ASCII")
        for inner in value.values() if type(value) is dict else value: look_into(inner, depth - 1)
def read_event(line: bytes) -> Any:
    event = decode(line)
    fine = {name: type(event.get(name)) is dict for name in ("basis", "data")}
    fine["changes"] = type(event.get("changes")) is list and all(type(one) is dict and
        {name: type(one[name]) for name in one} in CHANGES for one in event["changes"])
    need(EVENT(WRITER.encode({**event, **fine})), "a member is missing, too many or ill-formed")
    days = map(datetime.date.fromisoformat, (event["occurred_on"], event["recorded_at"][:10]))
    need(all(days) and len(event["stream"]) <= 120, "its stream is too long")
    need(len(CITING(line)) == len(CITATIONS(line)), "a $text or $secret is not one")
    return event

# Ed25519 (RFC 8032), strictly. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT, ZERO = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), (0, 1, 1, 0)
def add(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(number: int, p: Any) -> Any:
    return reduce(lambda t, bit: add(add(t, t), p if bit == "1" else ZERO), f"{number:b}", ZERO)
def unpack(data: bytes) -> Any:
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    roots = (pow(square, (P + 3) // 8, P) * unit % P for unit in (1, -1, ROOT, -ROOT))
    x = next((x for x in roots if x * x % P == square and x & 1 == sign), None)
    return None if x is None or y >= P else (x, y, 1, x * y % P)
def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    s, key, base = int.from_bytes(signature[32:], "little"), unpack(public), b"\x58" + b"\x66" * 31
    if not key or times(8, key)[0] == 0 or s >= ORDER or len(signature) != 64: return False
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, _ = add(times(s, unpack(base)), times(h, (-key[0], key[1], 1, -key[3])))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return bool((y | (x & 1) << 255).to_bytes(32, "little") == signature[:32])
def read_key(text: str, log: str) -> bytes:
    """The id of a verification key of this log (4 bytes), and the key (32)."""
    name = sha256(log.encode() + b"\n" + (coded := b64decode(text[-44:]))).digest()[:4]
    same = text == f"{log}+{name.hex()}+{b64encode(coded).decode()}"
    need(same and len(coded) == 33 and coded[0] == 1, "it is not a key of this log")
    return name + coded[1:]
Note = namedtuple("Note", "body log epoch size root proof")
NOTE: Any = re.compile(rf"(({LOG})/([1-9][0-9]{{0,15}})\n([1-9][0-9]{{0,15}})\n([A-Za-z0-9+/]{{42}}"
                       r"[AEIMQUYcgkosw048]=)\n)\n— \2 ([A-Za-z0-9+/]{90}[AEIMQUYcgkosw048]=)\n")
def read_note(text: str) -> Note:
    body, log, epoch, size, root, proof = need(NOTE.fullmatch(text), "it is no checkpoint").groups()
    return Note(body, log, int(epoch), int(size), b64decode(root), b64decode(proof))

class History:
    """What is known after so many events. Of them it keeps streams, texts and notes alone."""
    at: Any = ("", "")  # What is judged, and the word if it is not good.
    log = first_key = newest = ""
    key, epoch, synthetic, size, notes, good = b"", 1, False, 0, 0, 0
    def __init__(self, folder: Path, pin: Any = None) -> None:
        self.folder, self.pin, self.cited = folder, pin, set[bytes]()
        self.there = {need(p.is_file() and p.name, f"no plain file: {p}") for p in folder.iterdir()}
        self.streams, self.peaks, self.told = dict[str, int](), list[bytes](), set[str]()
    def lines(self, name: str) -> Any:
        with (self.folder / name).open("rb") as file: yield from file
    def grow(self, leaf: bytes) -> None:
        self.size = rest = self.size + 1
        while not rest & 1: leaf, rest = sha256(b"\1" + self.peaks.pop() + leaf).digest(), rest >> 1
        self.peaks.append(leaf)
    def root(self) -> bytes:
        return reduce(lambda root, peak: sha256(b"\1" + peak + root).digest(), self.peaks[::-1])
    def signed(self, note: Note, epoch: int) -> Note:
        ours = (note.log, note.epoch, note.proof[:4]) == (self.log, epoch, self.key[:4])
        need(ours and verify(self.key[4:], note.body.encode(), note.proof[4:]),
             "it is not signed by the key in force, or not of this log and epoch")
        return note
    def check_events(self) -> None:
        leaves, notes, due = self.lines("leaves.txt"), self.lines("checkpoints.jsonl"), None
        for n, line in enumerate(self.lines("events.jsonl"), 1):
            if told := next(notes, b"") if due is None or due.size < n else b"":
                self.at = "checkpoints.jsonl", "malformed"
                row = decode(told, form(size=COUNT, note=TEXT))
                due, self.newest, self.notes = read_note(row["note"]), row["note"], self.notes + 1
                need(n <= due.size == row["size"], "a size is not that of the note, or too small")
            self.at = n, "malformed"
            event = read_event(line)
            self.at, (verb, stream, data) = (n, "order"), map(event.get, ("verb", "stream", "data"))
            if n == 1: self.log, self.synthetic = event["log"], data.get("synthetic") is True
            self.epoch += verb == "log.restored"
            sequence = self.streams[stream] = self.streams.get(stream, 0) + 1
            fit = {"number": n, "log": self.log, "epoch": self.epoch, "sequence": sequence}
            need({**event, **fit} == event, f"it should have {fit}")
            need((verb == "log.started") == (n == 1), "only the first event is log.started")
            need(event["clock"] == "server" or self.synthetic, "a simulated clock in a real log")
            leaf, written = sha256(b"\0" + line[:-1]).digest(), next(leaves, b"")
            self.at = n, "altered" if written else "missing"
            need(written == leaf.hex().encode() + b"\n", "leaves.txt has another hash, or none")
            if verb in OWN:
                self.at = n, OWN[verb][0]
                need(stream == "system" and OWN[verb][1](WRITER.encode(data)), "its form")
                self.check_own(n, verb, data, event["reason"])
            self.grow(leaf)
            if "texts.jsonl" in self.there: self.cited.update(CITATIONS(line))
            for note in filter(lambda note: note and note.size == n, (due, self.pin)):
                self.at = n, "checkpoint"
                self.signed(note, self.epoch)
                self.at = self.good + 1, "checkpoint"
                need(note.root == self.root(), f"or later, up to {n}: not what was signed")
                self.good = n
        self.at, more = (self.size + 1, "missing"), next(leaves, b"") or next(notes, b"")
        ahead = any(note and note.size > self.size for note in (due, self.pin))
        need(self.size and not more and not ahead, "there were more events")
    def check_own(self, n: int, verb: str, data: Any, reason: Any) -> None:
        if verb == "log.started":
            self.first_key, self.key = data["key"], read_key(data["key"], self.log)
            need(not self.pin or self.pin.log == self.log, "your checkpoint is of another log")
        elif verb == "key.rotated":
            old, new = data["old"], data["new"]
            text = f"permit-desk key rotation\n{self.log}\n{old}\n{new}\n".encode()
            need(read_key(old, self.log) == self.key and old != new, "old is not the key in force")
            for name, key in (("signed_by_old", old), ("signed_by_new", new)):
                self.key = read_key(key, self.log)
                need(verify(self.key[4:], text, b64decode(data[name])), f"{name} is wrong")
        else:
            restored, here = verb == "log.restored", (n - 1, self.root())
            ended, told = self.epoch - restored, data["anchor" if restored else "note"]
            need((data["size"], data["root"]) == (n - 1, here[1].hex()), "it tells of other events")
            note: Any = None if told is None else read_note(told)
            fits = not note or (restored and told in self.told and note.epoch == ended)
            fits = fits or (self.signed(note, ended).size >= n and restored)
            need(fits or (note.size, note.root) == here, "its checkpoint differs")
            need(reason or not restored, "it has no reason")
            if not restored: self.told.add(told)
            if restored and self.pin and self.pin.epoch == ended and self.pin.size >= n:
                pin, self.pin = self.signed(self.pin, ended), None
                need(note and (note.size > pin.size or note.body == pin.body), "it gives up more")
    def check_folder(self) -> None:
        self.at, files = ("manifest.json", "malformed"), {}
        manifest = decode((self.folder / "manifest.json").read_bytes())
        size, listed, digest = map(manifest.pop, ("size", "files", "digest"), (None,) * 3)
        if type(size) is int:
            self.at = max(0, min(size, self.size)) + 1, "missing"
            need(size == self.size, f"{size} events by the manifest, and {self.size} here")
        for line in self.lines("texts.jsonl") if "texts.jsonl" in self.there else ():
            self.at = "texts.jsonl", "text"
            row = decode(line, DISCLOSED)
            text, kind = row["text"] or "", "secret" if row["text"] is None else "text"
            citation = f'{kind}":"{row["digest"]}'.encode()
            need(citation in self.cited, "no event cites one, or it is there twice")
            self.cited.remove(citation)
            found = sha256(bytes.fromhex(row["salt"]) + text.encode()).hexdigest()
            need(row["digest"] == found or kind == "secret", f"one has the digest {found}")
        listed = listed if type(listed) is dict else {}
        self.at = min(listed.keys() - self.there, default=""), "missing"
        need(not self.at[0], "it is not in the folder")
        for name in sorted(self.there - {"manifest.json"}):
            self.at, total, length = (name, "file"), sha256(), (self.folder / name).stat().st_size
            for line in self.lines(name): total.update(line)
            files[name] = {"bytes": length, "sha256": total.hexdigest()}
            need(listed.get(name) == files[name], "it is not the file that the manifest lists")
        self.at, made_at = ("manifest.json", "manifest"), str(manifest.get("made_at"))
        fit = {"v": 1, "log": self.log, "epoch": self.epoch, "size": self.size, "made_at": made_at,
               "root": self.root().hex(), "synthetic": self.synthetic, "files": files}
        same = WRITER.encode({**manifest, "size": self.size, "files": listed}) == WRITER.encode(fit)
        need(same and re.fullmatch(f"{DAY}T{TIME}", made_at), f"it should be, digest aside: {fit}")
        need(digest == sha256(WRITER.encode(fit).encode()).hexdigest(), "its digest is another")

def check(folder: Path, pin: Any = None) -> str:
    log = History(folder, pin)
    try:
        log.check_events()
        log.check_folder()
    except FileNotFoundError as gone:
        return f"NOT GOOD: {Path(gone.filename).name}: missing: it is not in the folder\n"
    except (ValueError, RecursionError) as why:
        place = f"event {log.at[0]}" if type(log.at[0]) is int else ascii(log.at[0])[1:-1]
        return f"NOT GOOD: {place}: {log.at[1]}: {why}\n"
    told = [f"OK: {log.size} events of log {log.log}, epoch {log.epoch}, root {log.root().hex()}",
            f"Checked: each event, {log.notes} checkpoints, each file. First key: {log.first_key}"]
    if log.good < log.size: told.append(f"Under no checkpoint: events {log.good + 1} to {log.size}")
    if log.pin: told.append(f"It continues the log of your checkpoint of {pin.size} events.")
    elif pin: told.append("Your checkpoint is of events that a restore openly gave up.")
    else: told.append("Not checked, without --pin: whose log it is, and whether you saw it before.")
    return "\n".join([*told, f"Newest checkpoint:\n{log.newest}" if log.newest else ""])
def main(words: Any = None) -> int:
    parser = argparse.ArgumentParser(description="Checks an exported Permit Desk history.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pin", type=Path, help="a checkpoint that was kept elsewhere")
    given = parser.parse_args(words)
    try:
        report = check(given.folder, given.pin and read_note(given.pin.read_bytes().decode()))
    except (OSError, ValueError, MemoryError) as fault:
        report = f"NOT CHECKED: {str(fault)!a}\n"
    sys.stdout.buffer.write(report.encode("utf-8", "backslashreplace"))
    return ("OK", "NOT GOOD", "NOT CHECKED").index(report.split(":")[0])
if __name__ == "__main__":
    sys.exit(main())
