"""Writing past the history, for tests of what else the database holds or refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from history import guards
from history.refusal import at_the_door

was_used: list[bool] = []
"""Whether a test wrote so: what the process keeps of the register may then be of rows undone."""


@contextmanager
def unlogged(*, to_the_end: bool = False) -> Iterator[None]:
    """Rows can be written without an event: neither the program nor the database asks for one.

    The guards are back afterwards; a test that rolls back needs no more, and where all that is left
    of it is to roll back (`to_the_end`) not even that. PostgreSQL lets nobody add or drop a trigger
    of a table whose references are still to be checked: so they are, first.
    """
    was_used.append(True)
    connection.check_constraints()
    guards.remove(connection)
    try:
        with at_the_door():
            yield
    finally:
        if not (to_the_end or connection.needs_rollback):
            connection.check_constraints()
            guards.install(connection)
