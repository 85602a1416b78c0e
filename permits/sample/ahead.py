"""A second process that makes a seed's next batch while the first one writes.

It only reads the database. What it makes rests on the batches before it, which need not be written
yet; `door.take` sees whether they were, and nothing else.
"""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress
from datetime import date
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.db import connection

if TYPE_CHECKING:
    from permits.sample.volume import Batch


class Ended(Exception):
    """The second process ended before its work."""


class Ahead:
    """Batches of a seed up to `number`, each of that size, made ahead."""

    def __init__(self, seed: int, since: date, number: int, size: int) -> None:
        self._seed, self._since, self._number, self._size = seed, since, number, size
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection

    def next(self, first: int) -> Batch:
        """The next batch; `first` is where it begins. Raises Ended."""
        if self._process is None:
            self._begin(first)
        try:
            batch: Batch = self._pipe.recv()
        except (EOFError, OSError):
            raise Ended(
                "The process that makes the applications ended. What is written is whole: run the"
                " command again, and it goes on from there."
            ) from None
        return batch

    def _begin(self, first: int) -> None:
        # One that knows nothing of this one: a connection can't be shared, and nothing is locked.
        fresh = multiprocessing.get_context("spawn")
        self._pipe, its = fresh.Pipe()
        name = str(connection.settings_dict["NAME"])
        self._process = fresh.Process(
            target=_make,
            args=(its, name, self._seed, self._since, first, self._number, self._size),
            daemon=True,
        )
        self._process.start()
        # Only it has its end then: each notices where the other is gone.
        its.close()

    def end(self) -> None:
        """Ends the process. The next batch is made by another one."""
        if self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._process = None


def _make(pipe: Connection, database: str, *which: Any) -> None:
    """What the second process does."""
    # An interrupt from the terminal is for the first one, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from permits.sample.volume import batches  # noqa: PLC0415 - once models can be imported

    with suppress(BrokenPipeError, ConnectionError):
        for batch in batches(*which):
            pipe.send(batch)
