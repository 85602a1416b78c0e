"""System checks of the log, run by `manage.py check --database default` and at every start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

from history import guards


def check_guards(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Names each guard that a database has lost, and what stands beside them that is not ours.

    A warning and not an error: `migrate` runs the database checks first, and an error would keep
    it from putting the guard back.
    """
    found: list[CheckMessage] = [
        Warning(
            f"The guard {name} is missing from the database {alias!r}: what happened meanwhile"
            " may not be in the log.",
            hint="Run manage.py migrate, which puts it back, then manage.py verify_history --deep,"
            " and find out who removed it.",
            id="history.W001",
        )
        for alias in databases or ()
        for name in guards.missing(connections[alias])
    ]
    found += [
        Warning(
            f"In the database {alias!r}, {where}: {what}. It can change what is written or read.",
            hint="Find out who put it there and what it did, remove it, then run manage.py"
            " verify_history --deep.",
            id="history.W002",
        )
        for alias in databases or ()
        for where, what in guards.foreign(connections[alias])
    ]
    return found
