"""The bytes of documents: each file under its SHA-256, in the folder DOCUMENTS_DIR.

A file is whole or not there: it is written under another name, flushed to the disk and moved. One
that no row names, left behind by an act that was refused, harms nobody and is used again when the
same bytes come.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

from django.conf import settings


class TooLarge(Exception):
    """More bytes than were allowed."""


class Altered(Exception):
    """The file is gone, or its bytes are not those that were received."""


def path_of(digest: str) -> Path:
    """Where the bytes of that SHA-256 lie."""
    return Path(settings.DOCUMENTS_DIR) / digest[:2] / digest


class Received:
    """Bytes that came in, in a temporary file until they are kept. A context manager.

    Raises TooLarge on the way in, once there are more than `most`.
    """

    def __init__(self, pieces: Iterable[bytes], *, most: int) -> None:
        folder = Path(settings.DOCUMENTS_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".received-")
        self._path = Path(name)
        self.file: BinaryIO = os.fdopen(handle, "w+b")
        self.size = 0
        digest = sha256()
        try:
            for piece in pieces:
                self.size += len(piece)
                if self.size > most:
                    raise TooLarge
                digest.update(piece)
                self.file.write(piece)
        except BaseException:
            self.close()
            raise
        self.sha256 = digest.hexdigest()

    def __enter__(self) -> Received:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self._path.unlink(missing_ok=True)

    def keep(self) -> None:
        """Puts the bytes where they stay."""
        target = path_of(self.sha256)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        self.file.flush()
        os.fsync(self.file.fileno())
        # A rename: a file of that name has these bytes already, or was altered and is mended so.
        self._path.rename(target)
        _flush(target.parent)
        _flush(target.parent.parent)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def opened(digest: str) -> BinaryIO:
    """The file, read once to see that it is as it was received. Raises Altered."""
    try:
        file = path_of(digest).open("rb")
    except OSError as fault:
        raise Altered(digest) from fault
    if file_digest(file, "sha256").hexdigest() != digest:
        file.close()
        raise Altered(digest)
    file.seek(0)
    return file
