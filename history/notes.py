"""Checkpoints as signed notes, in the C2SP formats `tlog-checkpoint` and `signed-note`."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_FIELD = 2**255 - 19
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        # Of order 8.
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        _FIELD - 2707385501144840649318225287225658788936804267575313519463743609750303402022,
    }
)
_NOTE = re.compile(
    r"(?P<text>(?P<log>[a-z0-9.\-/]{1,100})/(?P<epoch>[1-9]\d{0,15})\n"
    r"(?P<size>[1-9]\d{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"— (?P<name>[a-z0-9.\-/]{1,100}) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)


class BadNote(ValueError):
    """A text that is no checkpoint, or is not signed by the key it should be."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """The public half of a log's key, with the name of the log."""

    log: str
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.log.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.log}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"

    @classmethod
    def read(cls, text: str) -> VerificationKey:
        """The key written as `log+id+base64`. Raises BadNote."""
        try:
            log, key_id, encoded = text.split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except (AttributeError, ValueError):
            raise BadNote("it is not a verification key") from None
        key = cls(log, raw[1:])
        if len(raw) != 33 or raw[:1] != _ED25519 or key_id != key.id.hex() or str(key) != text:
            raise BadNote("it is not a verification key")
        return key

    def verify(self, signature: bytes, message: bytes) -> bool:
        # With one of these points for a key, one signature fits many texts (RFC 8032 leaves it to
        # the verifier). Nor has a point a second spelling.
        height = int.from_bytes(self.public, "little") % 2**255
        if height in _SMALL_ORDER or height >= _FIELD:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half of a log's key."""

    log: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> VerificationKey:
        return VerificationKey(self.log, self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the first `size` events of that epoch have this root."""

    log: str
    epoch: int
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.log}/{self.epoch}\n{self.size}\n{_base64(self.root)}\n"

    def signed(self, signer: Signer) -> str:
        """The whole note."""
        text = self.text()
        signature = signer.private.sign(text.encode())
        return f"{text}\n— {self.log} {_base64(signer.key.id + signature)}\n"


def read_note(note: str) -> tuple[Checkpoint, bytes]:
    """What a note says, and its signature with the key id before it. Raises BadNote."""
    match = _NOTE.fullmatch(note)
    if match is None or match["name"] != match["log"]:
        raise BadNote("it is not a checkpoint")
    root, signature = (base64.b64decode(match[part]) for part in ("root", "signature"))
    said = Checkpoint(match["log"], int(match["epoch"]), int(match["size"]), root)
    # The last base64 digit has spare bits: one note, one spelling.
    if said.text() != match["text"] or _base64(signature) != match["signature"]:
        raise BadNote("it is not a checkpoint")
    return said, signature


def verify_note(note: str, key: VerificationKey) -> Checkpoint:
    """What a note says when that key signed it. Raises BadNote."""
    said, signature = read_note(note)
    if said.log != key.log or signature[:4] != key.id:
        raise BadNote("it is signed by another key")
    if not key.verify(signature[4:], said.text().encode()):
        raise BadNote("its signature is wrong")
    return said


def rotation_statement(old: VerificationKey, new: VerificationKey) -> bytes:
    """What both keys sign when one follows the other."""
    return f"permit-desk key rotation\n{old.log}\n{old}\n{new}\n".encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
