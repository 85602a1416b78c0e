"""Whether who acted was somebody then and held the role: from the log alone, for the deep check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import RoleGrant, User
from history.clock import OTTAWA

USERS = User._meta.db_table
GRANTS = RoleGrant._meta.db_table

GRACE = timedelta(hours=1)
"""An act looks at rights when it begins; until it is recorded another may end them, or the day."""


@dataclass(slots=True)
class _Row:
    """A row as the log tells it: now, and as it was before the instant of its last change."""

    now: Mapping[str, Any]
    before: Mapping[str, Any]
    changed_at: datetime

    def states(self, at: datetime) -> Iterator[Mapping[str, Any]]:
        yield self.now
        if self.before and at - self.changed_at <= GRACE:
            yield self.before


class Entitled:
    """The accounts and roles as the events tell them so far. A judge of `history.domain.verify`."""

    def __init__(self) -> None:
        self._users: dict[str, _Row] = {}
        self._grants: dict[int, _Row] = {}
        self._of: dict[str, set[int]] = {}
        """The grants of a person."""

    def take(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Why the person could not have done it; then learns what the event tells of rights."""
        at = datetime.fromisoformat(event["recorded_at"])
        if event["actor"] != "system":
            yield from self._against(event["actor"], event["role"], event["stream"], at)
        for change in event["changes"]:
            if change["table"] in (USERS, GRANTS):
                self._learn(change["table"], change["row"], change["after"], at)

    def _against(self, actor: str, role: str | None, stream: str, at: datetime) -> Iterator[str]:
        user = self._users.get(actor)
        if user is None:
            yield f"there was no {actor} yet"
        elif not any(state.get("is_active") for state in user.states(at)):
            yield f"the account of {actor} was closed"
        elif role is not None and not self._held(actor, user, role, at):
            yield f"{actor} was no {role} then"
        if role is None and stream.startswith("people:") and stream[7:] != actor[7:]:
            yield f"{actor} did it to somebody else without a role"

    def _held(self, actor: str, user: _Row, role: str, at: datetime) -> bool:
        if all(state.get("must_change_password") for state in user.states(at)):
            return False
        days = {_day(at), _day(at - GRACE if at.year > 1 else at)}
        return any(
            _gives(state, role, day)
            for grant in self._of.get(actor, ())
            for state in self._grants[grant].states(at)
            for day in days
        )

    def _learn(self, table: str, key: int, after: Mapping[str, Any], at: datetime) -> None:
        rows: dict[Any, _Row] = self._grants if table == GRANTS else self._users
        name = key if table == GRANTS else f"person:{key}"
        was = rows[name].now if name in rows else {}
        rows[name] = _Row({**was, **after}, was, at)
        if table == GRANTS:
            self._of.setdefault(f"person:{rows[name].now.get('person_id')}", set()).add(key)


def _gives(grant: Mapping[str, Any], role: str, day: str) -> bool:
    ends = grant.get("ends_on")
    return (
        grant.get("role") == role
        and grant.get("confirmed_at") is not None
        and grant.get("declined_at") is None
        and str(grant.get("starts_on")) <= day
        and (ends is None or str(ends) > day)
    )


def _day(at: datetime) -> str:
    """The day in Ottawa; of the first and last days of all time, that of UTC."""
    if at.year in (1, 9999):
        return at.astimezone(UTC).date().isoformat()
    return at.astimezone(OTTAWA).date().isoformat()
