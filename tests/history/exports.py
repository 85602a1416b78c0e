"""Good exports, made from docs/history-format.md alone: none of the product's code is used.

Everything is derived from a seed, so that the same call makes the same bytes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Files = dict[str, bytes]
"""A folder: the content of each file by its name."""

LOG = "permits.example/history"
ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}
README = b"Run: python3 verify_history.py . --pin CHECKPOINT --key KEY\n"
STAND_IN = b"# Here stands the verifier, in a true export.\n"


def canonical(value: Any) -> bytes:
    return _write(value).encode()


def _write(value: Any) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c) or _plain(c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    return "{" + ",".join(f"{_write(key)}:{_write(value[key])}" for key in sorted(value)) + "}"


def _plain(character: str) -> str:
    return character if character >= " " else f"\\u{ord(character):04x}"


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def tree_head(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


@dataclass(frozen=True)
class Signer:
    log: str
    seed: str

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.seed.encode()).digest())

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return sha256(self.log.encode() + b"\n\x01" + self.public).digest()[:4]

    @property
    def key(self) -> str:
        coded = b64encode(b"\x01" + self.public).decode()
        return f"{self.log}+{self.key_id.hex()}+{coded}"

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def note(self, epoch: int, leaves: list[bytes], log: str | None = None) -> str:
        root = b64encode(tree_head(leaves)).decode()
        body = f"{log or self.log}/{epoch}\n{len(leaves)}\n{root}\n"
        proof = b64encode(self.key_id + self.sign(body.encode())).decode()
        return f"{body}\n— {log or self.log} {proof}\n"


@dataclass
class Book:
    """A log that grows; `files` makes the export."""

    log: str = LOG
    synthetic: bool = False
    seed: str = "one"
    epoch: int = 1
    bodies: list[bytes] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    texts: list[dict[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signers = [Signer(self.log, f"{self.seed} 0")]
        self.salts = 0
        self.add("log.started", "system", {"key": self.signer.key, "synthetic": self.synthetic})

    @property
    def signer(self) -> Signer:
        return self.signers[-1]

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(body) for body in self.bodies]

    def event(self, verb: str, stream: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
        number = len(self.bodies) + 1
        sequence = 1 + sum(json.loads(body)["stream"] == stream for body in self.bodies)
        return {
            "v": 1, "log": self.log, "epoch": self.epoch, "number": number, "stream": stream,
            "sequence": sequence, "recorded_at": f"2026-01-{1 + number % 28:02}T15:04:05.000001Z",
            "clock": "server", "occurred_on": f"2026-01-{1 + number % 28:02}", "actor": "system",
            "role": None, "verb": verb, "subject": f"log:{self.log}", "provision": None,
            "reason": None, "request": None, "basis": {}, "data": data, "changes": [],
        } | more  # fmt: skip

    def add(self, verb: str, stream: str, data: dict[str, Any], **more: Any) -> None:
        self.bodies.append(canonical(self.event(verb, stream, data, **more)))

    def text(self, words: str | None, kind: str = "text") -> dict[str, str]:
        """A reference to a text, or to a secret, that is kept aside."""
        self.salts += 1
        salt = sha256(f"{self.seed} salt {self.salts}".encode()).digest()[:16]
        digest = sha256(salt + (words or "a hash").encode()).hexdigest()
        self.texts.append(
            {"digest": digest, "salt": salt.hex(), "text": words if kind == "text" else None}
        )
        return {f"${kind}": digest}

    def work(self, count: int, words: str = "Ottawa") -> None:
        """Ordinary events, in several streams."""
        for at in range(count):
            number = len(self.bodies) + 1
            row = {"id": number, "country": "TR", "note": words, "open": True}
            change = {"table": "permit", "row": number, "before": None, "after": row}
            stream = ("case:7", "policy:TR-2020-04-16-presumptive", "people")[at % 3]
            more = {"actor": "person:4", "role": "officer", "subject": f"permit:{number}"}
            data = {"words": words, "at": -at}
            self.add("permit.changed", stream, data, changes=[change], **more)

    def work_with_texts(self) -> None:
        """Somebody's name and password, and the reason of a decision."""
        after = {"name": self.text("Zoë Tremblay-Nguyễn"), "password": self.text(None, "secret")}
        change = {"table": "user", "row": 4, "before": None, "after": after}
        more = {"subject": "person:4", "reason": self.text('Nommée.\n« Par "intérim" » 🍁')}
        self.add("person.admitted", "people", {}, changes=[change], **more)

    def sign(self) -> str:
        note = self.signer.note(self.epoch, self.leaves)
        self.notes.append((len(self.bodies), note))
        return note

    def checkpoint(self) -> str:
        """Signs what there is, and says so in the log."""
        size, root, note = len(self.bodies), tree_head(self.leaves).hex(), self.sign()
        self.add("log.checkpointed", "system", {"size": size, "root": root, "note": note})
        return note

    def rotation(self, old: Signer, new: Signer) -> dict[str, str]:
        words = f"permit-desk key rotation\n{self.log}\n{old.key}\n{new.key}\n".encode()
        proofs = {"signed_by_old": old.sign(words), "signed_by_new": new.sign(words)}
        return {"old": old.key, "new": new.key} | {
            name: b64encode(proof).decode() for name, proof in proofs.items()
        }

    def rotate(self) -> None:
        new = Signer(self.log, f"{self.seed} {len(self.signers)}")
        self.add("key.rotated", "system", self.rotation(self.signer, new))
        self.signers.append(new)

    def restore(self, size: int, anchor: str | None) -> None:
        """Gives up what came after the first events, and begins the next epoch."""
        del self.bodies[size:]
        self.notes = [kept for kept in self.notes if kept[0] <= size]
        self.epoch += 1
        data = {"size": size, "root": tree_head(self.leaves).hex(), "anchor": anchor}
        self.add("log.restored", "system", data, reason=self.text("By order of the Director."))

    def files(self, texts: bool = False) -> Files:
        rows = [{"size": size, "note": note} for size, note in self.notes]
        return pack(
            self.bodies,
            checkpoints=b"".join(canonical(row) + b"\n" for row in rows),
            texts=b"".join(canonical(row) + b"\n" for row in self.texts) if texts else None,
            about={"log": self.log, "epoch": self.epoch, "synthetic": self.synthetic},
        )


def pack(
    bodies: list[bytes],
    *,
    checkpoints: bytes,
    texts: bytes | None,
    about: dict[str, Any],
    leaves: bytes | None = None,
) -> Files:
    """The folder of these events, with leaves and a manifest that fit."""
    hashes = [leaf_hash(body) for body in bodies]
    files = {
        "events.jsonl": b"".join(body + b"\n" for body in bodies),
        "leaves.txt": b"".join(leaf.hex().encode() + b"\n" for leaf in hashes),
        "checkpoints.jsonl": checkpoints,
        "verify_history.py": STAND_IN,
        "README.txt": README,
    }
    if texts is not None:
        files["texts.jsonl"] = texts
    if leaves is not None:
        files["leaves.txt"] = leaves
    manifest = {
        "v": 1, "size": len(bodies), "root": tree_head(hashes).hex(),
        "made_at": "2026-02-01T00:00:00.000000Z",
    } | about  # fmt: skip
    return files | {"manifest.json": manifest_of(files, manifest)}


def manifest_of(files: Files, about: dict[str, Any]) -> bytes:
    listed = {
        name: {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        for name, content in files.items()
        if name != "manifest.json"
    }
    manifest = about | {"files": listed}
    return canonical(manifest | {"digest": sha256(canonical(manifest)).hexdigest()}) + b"\n"


def write(files: Files, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def plain_book(texts: bool = False) -> Book:
    """19 events: checkpoints of 5, 12 and 19."""
    book = Book()
    book.work(4)
    book.checkpoint()
    if texts:
        book.work_with_texts()
    book.work(5 if texts else 6)
    book.checkpoint()
    book.work(6, 'Gatineau, à l’été — 東京 🍁 \u007f \u2028 "quoted" \\ \t \u0001')
    book.sign()
    return book


def rotated_restored_book() -> Book:
    """17 events: the key rotated at 7, all after 11 given up, and checkpoints of 5, 9 and 17."""
    book = Book(seed="two")
    book.work(4)
    book.checkpoint()
    book.rotate()
    book.work(2)
    book.checkpoint()
    book.work(5)
    anchor = book.checkpoint()
    book.restore(11, anchor)
    book.work(5)
    book.sign()
    return book
