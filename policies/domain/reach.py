"""Which rows of the register can reach a destination, whatever the goods."""

from __future__ import annotations

from datetime import date, datetime

from policies.domain.register import Register
from policies.facts import PolicyRow


def binds_every_destination(row: PolicyRow) -> bool:
    """Whether a row names no destination and asks of none to be on a list.

    A row for destinations that are *not* on a list is among these, and so is one that leaves
    single destinations out.
    """
    return row.scope.destinations is None and not any(
        test.listed and not test.only_for_eipa_4_1 for test in row.scope.lists
    )


def reaches(
    row: PolicyRow,
    register: Register,
    destination: str,
    *,
    on: date,
    known_at: datetime | None = None,
) -> bool:
    """Whether a row speaks of a destination by name, or by a list that it is on that day.

    A row that names it counts on every day, also where it holds only while a list does: what
    ended with the list is still a row on that destination.
    """
    scope = row.scope
    if scope.destinations is not None:
        return destination in scope.destinations
    stretch = register.rulebook.calendar.stretch(on, known_at)
    return (
        destination not in scope.except_destinations
        and not binds_every_destination(row)
        and all(
            register.rulebook.is_member(test.list, destination, stretch) == test.listed
            for test in scope.lists
            if not test.only_for_eipa_4_1
        )
    )


def destinations_named(register: Register) -> frozenset[str]:
    """The destinations that some row names."""
    return frozenset(
        code for row in register.rulebook.rows for code in row.scope.destinations or ()
    )
