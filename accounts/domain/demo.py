"""The seven people of the demonstration, with their roles and one delegation."""

from __future__ import annotations

from datetime import datetime, time

from django.contrib.auth.hashers import make_password

from accounts.choices import Power, Role
from accounts.demo import DEMO_ACCOUNTS, SINCE, DemoAccount
from accounts.domain.delegations import Terms, confirm_delegation, propose_delegation
from accounts.domain.installation import (
    NewAdministrator,
    install_administrators,
    restore_account,
    there_are_administrators,
)
from accounts.domain.people import add_account
from accounts.domain.roles import confirm_role, propose_role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import Delegation, RoleGrant, User
from history import clock
from history.actors import SYSTEM
from history.domain.door import door

REASON = "Demonstration: synthetic people"

DELEGATION = Terms(
    instrument_en="Synthetic instrument of delegation (demonstration only)",
    instrument_fr="Instrument de délégation fictif (démonstration seulement)",
    number="DEMO-1",
    capacity_en="Director, Export Controls Operations",
    capacity_fr="Directeur, Opérations des contrôles à l’exportation",
    powers=frozenset(Power),
)


def make_demo_people() -> list[str]:
    """Makes whoever is missing, and what the sign-in page promises work again.

    Gives what could not be put right, because somebody who tried the product has changed roles in
    a way that is in its way.
    """
    first, second = (one for one in DEMO_ACCOUNTS if one.role == Role.ADMINISTRATOR)
    if there_are_administrators() or _found(first) or _found(second):
        return _make_and_mend()
    with clock.simulated(datetime.combine(SINCE, time(9), clock.OTTAWA)):
        install_administrators(
            NewAdministrator(first.username, first.name, first.password),
            NewAdministrator(second.username, second.name, second.password),
        )
        return _make_and_mend()


def _make_and_mend() -> list[str]:
    for one in DEMO_ACCOUNTS:
        _make_usable(one)
    faults = []
    for one in DEMO_ACCOUNTS:
        try:
            _give_role(one)
        except (NotPermitted, Refused) as refusal:
            faults.append(f"{one.username}: {refusal.words}")
    return faults


def _found(one: DemoAccount) -> User | None:
    return User.objects.filter(username=one.username).first()


def _person(one: DemoAccount) -> User:
    return User.objects.get(username=one.username)


def _make_usable(one: DemoAccount) -> None:
    person = _found(one)
    if person is not None:
        restore_account(person, password=one.password)
        return
    encoded = make_password(one.password)
    with door(by=SYSTEM) as entries:
        add_account(
            entries, one.username, name=one.name, encoded=encoded, is_temporary=False, reason=REASON
        )


def _give_role(one: DemoAccount) -> None:
    """The role, and a delegation to the decision-maker, through two administrators."""
    person, today = _person(one), clock.today()
    proposer, confirmer = (
        _person(other)
        for other in sorted(
            (other for other in DEMO_ACCOUNTS if other.role == Role.ADMINISTRATOR),
            # Nobody proposes for themselves; the one who is concerned comes last and refuses.
            key=lambda other: other == one,
        )
    )
    if not RoleGrant.objects.in_force(today).filter(person=person, role=one.role).exists():
        waiting = RoleGrant.objects.waiting().filter(person=person, role=one.role).first()
        grant = waiting or propose_role(
            person, one.role, by=proposer, reason=REASON, starts_on=today
        )
        confirm_role(grant, by=_other(grant, proposer, confirmer), reason=REASON)
    if one.role == Role.DECISION_MAKER:
        _give_delegation(person, proposer, confirmer)


def _give_delegation(person: User, proposer: User, confirmer: User) -> None:
    today = clock.today()
    those = Delegation.objects.filter(person=person, number=DELEGATION.number)
    if those.in_force(today).exists():
        return
    delegation = those.waiting().first() or propose_delegation(
        person, DELEGATION, by=proposer, reason=REASON, starts_on=today
    )
    confirm_delegation(delegation, by=_other(delegation, proposer, confirmer), reason=REASON)


def _other(row: RoleGrant | Delegation, first: User, second: User) -> User:
    """Of two administrators the one who did not propose it."""
    return second if row.proposed_by_id == first.pk else first
