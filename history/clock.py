"""What time it is for the log: the server's, or, on a synthetic log only, a simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

OTTAWA = ZoneInfo("America/Toronto")
"""Days begin at 00:00 in Ottawa."""

_simulated: ContextVar[datetime | None] = ContextVar("simulated_instant", default=None)


def now() -> datetime:
    """The present instant, with its time zone."""
    return _simulated.get() or datetime.now(UTC)


def today() -> date:
    """The present day in Ottawa."""
    return now().astimezone(OTTAWA).date()


def is_simulated() -> bool:
    return _simulated.get() is not None


@contextmanager
def simulated(instant: datetime) -> Iterator[None]:
    """Lets it be `instant`, for the loader of a synthetic office.

    Events recorded meanwhile say so, and a log that is not synthetic refuses them.
    """
    if instant.tzinfo is None:
        raise ValueError("a simulated instant needs its time zone")
    token = _simulated.set(instant)
    try:
        yield
    finally:
        _simulated.reset(token)


def written(instant: datetime) -> str:
    """As the log writes an instant: UTC, six digits of a second."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
