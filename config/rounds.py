"""What the server does every minute beside answering.

A checkpoint of the history when something came since the last, so that it is never much older than
what it covers; once a day the records of signing in and the unsaved drafts that are old enough are
removed; what the worklist sorts by is brought up to the day, so that the first worklist of a day
does not have to; and previews of policy changes that were left under way go on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date

from django.db import connections
from django.utils import timezone

from config.lock_out import forget_old_records
from history.domain.checkpoints import make_if_needed
from permits.domain.drafts import forget_old_drafts
from permits.domain.overview import refresh
from permits.domain.previews import go_on_with_those_left

logger = logging.getLogger(__name__)

PAUSE = 60.0  # Seconds.


class Rounds(threading.Thread):
    """Goes its rounds until the process ends or `stop` is called.

    Every worker has one: the log's own lock lets one of them make the checkpoint. Leaves a round
    out when `waits` says so.
    """

    def __init__(self, pause: float = PAUSE, waits: Callable[[], bool] = lambda: False) -> None:
        super().__init__(name="rounds", daemon=True)
        self._pause = pause
        self._waits = waits
        self._ended = threading.Event()
        self._forgot_on: date | None = None

    def run(self) -> None:
        while not self._ended.wait(self._pause):
            if not self._waits():
                self.go_once()

    def go_once(self) -> None:
        """One round. A fault is told in the log, and ends neither the rounds nor this one."""
        for task in (
            make_if_needed,
            self._forget_daily,
            _refresh_overviews,
            go_on_with_those_left,
        ):
            try:
                task()
            except Exception:
                logger.exception("%s failed; again in %s seconds", task.__name__, self._pause)
            finally:
                connections.close_all()

    def stop(self) -> None:
        self._ended.set()

    def _forget_daily(self) -> None:
        today = timezone.localdate()
        if self._forgot_on != today:
            forget_old_records()
            forget_old_drafts()
            self._forgot_on = today


def _refresh_overviews() -> None:
    while refresh():
        pass
