"""A look into a file that came from outside, so that no file stops the office.

What `permits.media` does with a file may be made to take long, or much memory, in ways that nobody
thought of. So it is done in a process of its own with limits, while others are answered. A short
file in which nothing is packed can't: it is looked at here, without the 50 ms of a process.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
from shutil import copyfileobj
from typing import BinaryIO

from permits import media
from permits.media import KINDS, Media, media_of

logger = logging.getLogger(__name__)

SHORT = 16_000
"""Bytes."""
_MOST_SECONDS = 5
"""Of processor time."""
_MOST_MEMORY = 500_000_000
"""Bytes."""
_PATIENCE = 30
"""Seconds by the clock, where others keep the processor busy."""
_TURNS = threading.BoundedSemaphore(2)
"""How many look at once: each may take its share of memory."""
_LONGEST_WAIT = 10  # Seconds.


class NoAnswer(Exception):
    """The look took too long or too much memory, or failed."""


def looked_into(file: BinaryIO) -> Media | None:
    """What the file is; None if it is none of the kinds. Raises NoAnswer."""
    file.seek(0)
    start = file.read(SHORT + 1)
    if len(start) <= SHORT and not start.startswith(b"PK") and b"stream" not in start:
        return media_of(file)
    if not _TURNS.acquire(timeout=_LONGEST_WAIT):
        raise NoAnswer
    try:
        return _asked_apart(file)
    finally:
        _TURNS.release()


def _asked_apart(file: BinaryIO) -> Media | None:
    """As `media_of`, in another process, which gets the bytes and nothing else from this one."""
    # Run by its place and without the packages of the product: it starts in 50 ms.
    command = [sys.executable, "-I", "-S", media.__file__, str(_MOST_SECONDS), str(_MOST_MEMORY)]
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        copyfileobj(file, copy)
        copy.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - this very Python and our own file
                command, stdin=copy, capture_output=True, timeout=_PATIENCE, env={}, check=True
            )
        except (OSError, subprocess.SubprocessError) as fault:
            logger.warning("no look into a file: %s", fault)
            raise NoAnswer from fault
    said = done.stdout.decode().strip()
    return KINDS[said] if said else None
