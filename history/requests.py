"""The id of the request being answered, told by whoever answers it."""

from __future__ import annotations

from contextvars import ContextVar

current: ContextVar[str | None] = ContextVar("request_id", default=None)
