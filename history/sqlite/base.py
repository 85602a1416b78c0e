"""Django's SQLite backend with one fair lock around write transactions.

SQLite's own waiting is unfair: a writer tries again after ever longer sleeps and can starve beside
busy ones. Here a transaction first takes a lock on a file beside the database; the kernel hands it
on in the order of asking, between threads and between processes. Every transaction is a write
transaction (`transaction_mode` IMMEDIATE); reading outside of one waits for nobody.
"""

from __future__ import annotations

import fcntl
import os
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the lock while it is in a transaction."""

    _queue: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._wait_for_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._let_next()
            raise

    def _commit(self) -> Any:
        result = super()._commit()  # type: ignore[misc]
        # A commit that fails is followed by a rollback.
        self._let_next()
        return result

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._let_next()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._let_next()

    def _wait_for_turn(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._queue is not None or ":memory:" in name or "mode=memory" in name:
            return
        # A descriptor of its own for each transaction: the lock belongs to the open file, so that
        # it also keeps the threads of one process apart.
        queue = os.open(f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
        except BaseException:
            os.close(queue)
            raise
        self._queue = queue

    def _let_next(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            os.close(queue)
