"""Every act on people × every role × oneself or another: who may do it, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.choices import RequestedAct, Role
from accounts.domain.delegations import (
    confirm_delegation,
    decline_delegation,
    end_delegation,
    propose_delegation,
)
from accounts.domain.people import change_own_password, close_account, open_account
from accounts.domain.requests import confirm_request, decline_request, propose_request
from accounts.domain.roles import confirm_role, decline_role, end_role, propose_role
from accounts.exceptions import NotPermitted
from accounts.models import User
from history import clock
from history.models import Event
from tests.accounts.last_event import last_event
from tests.people import PASSWORD, TERMS, Cast, give_role, make_cast, make_person

pytestmark = pytest.mark.django_db

SELF, OTHER = "self", "other"
ROLES: list[Role | None] = [None, *Role]
WHY = "Because the test says so"


def today() -> Any:
    return clock.today()


@dataclass(frozen=True)
class World:
    """The cast, who acts, and whom it is about: the actor, or somebody without a role."""

    cast: Cast
    actor: User
    subject: User

    @property
    def proposer(self) -> User:
        """An administrator who is neither the actor nor the subject."""
        taken = {self.actor.pk, self.subject.pk}
        return next(one for one in (self.cast.admin, self.cast.admin_b) if one.pk not in taken)


def free_role(world: World) -> Role:
    """A role that nothing keeps the subject from being proposed for."""
    if world.subject == world.cast.auditor:
        return Role.AUDITOR
    held = {grant.role for grant in world.subject.rolegrants.all()}
    return next(role for role in (Role.SENIOR_ANALYST, Role.ANALYST) if role not in held)


def proposed_role(world: World) -> Any:
    return propose_role(
        world.subject, free_role(world), by=world.proposer, reason=WHY, starts_on=today()
    )


def granted_role(world: World) -> Any:
    held = world.subject.rolegrants.first()
    return held or give_role(world.subject, Role.ANALYST)


def proposed_delegation(world: World) -> Any:
    return propose_delegation(
        world.subject, TERMS, by=world.proposer, reason=WHY, starts_on=today()
    )


def granted_delegation(world: World) -> Any:
    proposed = proposed_delegation(world)
    third = give_role(make_person("admin-c", name="Third"), Role.ADMINISTRATOR).person
    return confirm_delegation(proposed, by=third)


def proposed_reset(world: World) -> Any:
    return propose_request(
        world.subject, RequestedAct.RESET_PASSWORD, by=world.proposer, reason=WHY
    )


def closed(world: World) -> Any:
    return close_account(world.subject, by=world.proposer, reason=WHY)


def proposed_reopening(world: World) -> Any:
    closed(world)
    return propose_request(world.subject, RequestedAct.REOPEN, by=world.proposer, reason=WHY)


def nothing(world: World) -> None:
    return None


@dataclass(frozen=True)
class Act:
    """An act: what must be there first, how it is done, and the verb that tells of it.

    `own`: who it is about may do it whatever their roles. `not_own`: not even an administrator
    may do it for themselves.
    """

    prepare: Callable[[World], Any]
    do: Callable[[World, Any], Any]
    verb: str
    own: bool = False
    not_own: bool = False


ACTS = {
    "propose_role": Act(
        nothing,
        lambda w, _: propose_role(
            w.subject, free_role(w), by=w.actor, reason=WHY, starts_on=today()
        ),
        "role.proposed",
        not_own=True,
    ),
    "confirm_role": Act(
        proposed_role, lambda w, row: confirm_role(row, by=w.actor), "role.granted", not_own=True
    ),
    "decline_role": Act(
        proposed_role, lambda w, row: decline_role(row, by=w.actor, reason=WHY), "role.declined"
    ),
    "end_role": Act(
        granted_role, lambda w, row: end_role(row, by=w.actor, reason=WHY), "role.ended", own=True
    ),
    "propose_delegation": Act(
        nothing,
        lambda w, _: propose_delegation(
            w.subject, TERMS, by=w.actor, reason=WHY, starts_on=today()
        ),
        "delegation.proposed",
        not_own=True,
    ),
    "confirm_delegation": Act(
        proposed_delegation,
        lambda w, row: confirm_delegation(row, by=w.actor),
        "delegation.granted",
        not_own=True,
    ),
    "decline_delegation": Act(
        proposed_delegation,
        lambda w, row: decline_delegation(row, by=w.actor, reason=WHY),
        "delegation.declined",
    ),
    "end_delegation": Act(
        granted_delegation,
        lambda w, row: end_delegation(row, by=w.actor, reason=WHY),
        "delegation.ended",
        own=True,
    ),
    "open_account": Act(
        nothing,
        lambda w, _: open_account("newcomer", name="Newcomer", by=w.actor, reason=WHY),
        "account.opened",
    ),
    "close_account": Act(
        nothing,
        lambda w, _: close_account(w.subject, by=w.actor, reason=WHY),
        "account.closed",
        not_own=True,
    ),
    "propose_reset": Act(
        nothing,
        lambda w, _: propose_request(
            w.subject, RequestedAct.RESET_PASSWORD, by=w.actor, reason=WHY
        ),
        "password.reset_proposed",
        not_own=True,
    ),
    "confirm_reset": Act(
        proposed_reset,
        lambda w, row: confirm_request(row, by=w.actor),
        "password.reset",
        not_own=True,
    ),
    "decline_reset": Act(
        proposed_reset,
        lambda w, row: decline_request(row, by=w.actor, reason=WHY),
        "password.reset_declined",
    ),
    "propose_reopening": Act(
        closed,
        lambda w, _: propose_request(w.subject, RequestedAct.REOPEN, by=w.actor, reason=WHY),
        "account.reopening_proposed",
    ),
    "confirm_reopening": Act(
        proposed_reopening, lambda w, row: confirm_request(row, by=w.actor), "account.reopened"
    ),
    "decline_reopening": Act(
        proposed_reopening,
        lambda w, row: decline_request(row, by=w.actor, reason=WHY),
        "account.reopening_declined",
    ),
    "change_own_password": Act(
        nothing,
        lambda w, _: change_own_password(by=w.actor, current=PASSWORD, new="quite another word"),
        "password.changed",
        own=True,
    ),
}


def actor_with(role: Role | None, cast: Cast) -> User:
    holders = {
        Role.ANALYST: cast.analyst,
        Role.SENIOR_ANALYST: cast.senior,
        Role.DECISION_MAKER: cast.decision,
        Role.ADMINISTRATOR: cast.admin,
        Role.AUDITOR: cast.auditor,
    }
    return make_person("nobody", name="Nobody") if role is None else holders[role]


def cases() -> Iterator[tuple[str, Role | None, str]]:
    """All that can be: whose account is closed acts no more, an auditor has no second role to be
    proposed for, and one's own password is nobody else's.
    """
    for name, act in ACTS.items():
        for role in ROLES:
            if act.prepare not in (closed, proposed_reopening) and not (
                role is Role.AUDITOR and act.prepare is proposed_role
            ):
                yield name, role, SELF
            if name != "change_own_password":
                yield name, role, OTHER


@pytest.mark.parametrize(("name", "role", "relation"), list(cases()))
def test_who_may(name: str, role: Role | None, relation: str) -> None:
    act = ACTS[name]
    cast = make_cast()
    if role is Role.ADMINISTRATOR:
        # A third, so that one of them may go.
        give_role(make_person("admin-d", name="Fourth"), Role.ADMINISTRATOR)
    actor = actor_with(role, cast)
    subject = actor if relation == SELF else make_person("subject", name="Subject")
    world = World(cast, actor, subject)
    row = act.prepare(world)
    before = Event.objects.count()

    allowed = role is Role.ADMINISTRATOR
    if relation == SELF:
        allowed = act.own or (allowed and not act.not_own)
    if not allowed:
        with pytest.raises(NotPermitted) as refusal:
            act.do(world, row)
        assert str(refusal.value.words)
        assert Event.objects.count() == before
        return
    act.do(world, row)
    told = last_event()
    assert Event.objects.count() == before + 1
    assert (told.verb, told.actor) == (act.verb, f"person:{actor.pk}")
    used = None if act.own and relation == SELF else Role.ADMINISTRATOR
    assert told.role == used
    if name != "open_account":
        assert told.subject == f"person:{subject.pk}"
    if "confirm" not in name and name != "change_own_password":
        assert told.reason == WHY


@pytest.mark.parametrize("name", ["confirm_role", "confirm_delegation", "confirm_reset"])
def test_nobody_confirms_what_they_proposed(name: str) -> None:
    cast = make_cast()
    world = World(cast, cast.admin, cast.analyst)
    row = ACTS[name].prepare(world)
    proposer = row.proposed_by
    with pytest.raises(NotPermitted, match="You proposed this yourself"):
        ACTS[name].do(World(cast, proposer, cast.analyst), row)


@pytest.mark.parametrize(
    "name", ["decline_role", "decline_delegation", "decline_reset", "decline_reopening"]
)
def test_who_proposed_may_withdraw(name: str) -> None:
    cast = make_cast()
    row = ACTS[name].prepare(World(cast, cast.admin, cast.analyst))
    ACTS[name].do(World(cast, row.proposed_by, cast.analyst), row)
    row.refresh_from_db()
    assert row.declined_by == row.proposed_by


@pytest.mark.parametrize("reason", ["", "   ", "\u200b", ".", "…", "\t-\n"])
@pytest.mark.parametrize(
    "name", [name for name, act in ACTS.items() if "confirm" not in name and "change" not in name]
)
def test_every_act_asks_why(name: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    world = World(cast, cast.admin, make_person("subject", name="Subject"))
    row = ACTS[name].prepare(world)
    before = Event.objects.count()
    monkeypatch.setattr(f"{__name__}.WHY", reason)
    with pytest.raises(Exception, match="Say why"):
        ACTS[name].do(world, row)
    assert Event.objects.count() == before
