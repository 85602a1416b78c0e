"""The log's private key, in a file outside the database (`HISTORY_KEY_FILE`)."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from history.notes import Signer


class KeyUnavailable(Exception):
    """The key is not where it should be, or is not the log's; the message says what to do."""


def key_file() -> Path:
    return Path(settings.HISTORY_KEY_FILE)


def load_signer(log: str) -> Signer:
    """The key of the log. Raises KeyUnavailable."""
    return Signer(log, _read(key_file()))


def make_signer(log: str) -> Signer:
    """The key for a log that begins now: the one in the file, or a new one put there."""
    path = key_file()
    if not path.exists():
        _write(path, Ed25519PrivateKey.generate(), os.O_EXCL)
    return load_signer(log)


def make_successor(log: str) -> Signer:
    """A new key beside the present one, to follow it; made once, however often asked for."""
    path = _successor_file()
    if not path.exists():
        _write(path, Ed25519PrivateKey.generate(), os.O_EXCL)
    return Signer(log, _read(path))


def promote_successor() -> None:
    """Puts the new key in the old one's place; the old one is kept as `.old`.

    There is a key in its place at every moment, so that this can be done again after a kill.
    """
    path = key_file()
    old = path.with_name(path.name + ".old")
    old.unlink(missing_ok=True)
    old.hardlink_to(path)
    _successor_file().replace(path)


def _successor_file() -> Path:
    return key_file().with_name(key_file().name + ".next")


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise KeyUnavailable(f"The key of the log is not at {path}. Put it back there.") from None
    except (OSError, ValueError, TypeError) as fault:
        raise KeyUnavailable(f"The key of the log at {path} can't be read: {fault}") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnavailable(f"The key at {path} is not an Ed25519 key.")
    return key


def _write(path: Path, key: Ed25519PrivateKey, flags: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
