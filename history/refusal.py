"""Writing a tracked row outside the door is an error before it reaches the database.

Every statement of every connection passes here, so that it does not matter how it was made: by
`save()`, in bulk, by a queryset's `update`, through `_base_manager`, or as SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from history.models import Block, Event, Log, Text, tracked_models

_at_the_door: ContextVar[bool] = ContextVar("at_the_door", default=False)

_WRITE = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?(?:\s+ONLY)?"
    r'|DELETE\s+FROM(?:\s+ONLY)?|TRUNCATE(?:\s+TABLE)?)\s+(?:"?\w+"?\.)?"?(\w+)',
    re.IGNORECASE,
)


class OutsideTheDoor(RuntimeError):
    """A write to a tracked table that no event tells of."""


@contextmanager
def at_the_door() -> Iterator[None]:
    """While the door writes what it has recorded. Only `history.domain` enters here."""
    token = _at_the_door.set(True)
    try:
        yield
    finally:
        _at_the_door.reset(token)


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Looks at the connection's statements from now on; for the `connection_created` signal."""
    if _refuse not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse)


@cache
def _guarded_tables() -> frozenset[str]:
    own: tuple[type[Model], ...] = (Event, Text, Log, Block)
    return frozenset(model._meta.db_table for model in (*own, *tracked_models()))


def _refuse(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    if not _at_the_door.get() and isinstance(sql, str):
        write = _WRITE.match(sql)
        if write and write[1].lower() in _guarded_tables():
            raise OutsideTheDoor(
                f"{write[1]} is tracked: it is written through history.domain.door, after the"
                " event that tells of it"
            )
    return execute(sql, params, many, context)
