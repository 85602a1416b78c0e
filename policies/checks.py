"""System checks of the register, run by `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

from policies import overlap


def check_overlap_guards(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Names each guard against overlapping rows that a database has lost.

    A warning and not an error: `migrate` runs the database checks first, and an error would keep
    it from putting the guard back.
    """
    return [
        Warning(
            f"The guard {name} is missing from the database {alias!r}: rows of one key that"
            " overlap would be accepted.",
            hint="Run manage.py migrate, which puts it back, and find out who removed it.",
            id="policies.W001",
        )
        for alias in databases or ()
        for name in overlap.missing(connections[alias])
    ]
