"""People for tests: anyone, and the fixed cast of seven with their roles in force.

`make_person` gives an account and nothing else. `make_cast` gives the seven of the demonstration;
`give_role` is the one shortcut, through the door as the system does at installation. That the acts
of two administrators lead to the same rows is what tests/accounts is about.
"""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.hashers import make_password

from accounts.choices import Power, Role
from accounts.domain.delegations import Terms, confirm_delegation, propose_delegation
from accounts.domain.installation import add_grant
from accounts.domain.people import add_account
from accounts.models import Delegation, RoleGrant, User
from history import clock
from history.actors import SYSTEM
from history.domain.door import door

PASSWORD = "a long password for tests"


def make_person(
    username: str = "analyst", *, name: str = "Analyst A.", password: str = PASSWORD
) -> User:
    """An account that can sign in with `PASSWORD`."""
    encoded = make_password(password)
    with door(by=SYSTEM) as entries:
        return add_account(entries, username, name=name, encoded=encoded, is_temporary=False)


def give_role(person: User, role: Role) -> RoleGrant:
    """A role in force from today, without the two administrators it would take."""
    with door(by=SYSTEM) as entries:
        return add_grant(entries, person, role, reason="For a test")


def make_person_with(username: str, *roles: Role, name: str = "") -> User:
    """An account with roles in force."""
    person = make_person(username, name=name or username.capitalize())
    for role in roles:
        give_role(person, role)
    return person


class Cast(NamedTuple):
    """The seven, each with one role in force."""

    analyst: User
    analyst_b: User
    senior: User
    decision: User
    admin: User
    admin_b: User
    auditor: User


SEVEN = (
    ("analyst", "Analyst A.", Role.ANALYST),
    ("analyst-b", "Analyst B.", Role.ANALYST),
    ("senior", "Senior analyst C.", Role.SENIOR_ANALYST),
    ("decision", "Decision-maker D.", Role.DECISION_MAKER),
    ("admin", "Administrator E.", Role.ADMINISTRATOR),
    ("admin-b", "Administrator F.", Role.ADMINISTRATOR),
    ("auditor", "Auditor G.", Role.AUDITOR),
)


def make_cast() -> Cast:
    """The seven. The decision-maker has no delegation yet: `give_delegation`."""
    encoded = make_password(PASSWORD)
    with door(by=SYSTEM) as entries:
        people = [
            add_account(entries, username, name=name, encoded=encoded, is_temporary=False)
            for username, name, _role in SEVEN
        ]
    with door(by=SYSTEM) as entries:
        for person, (_username, _name, role) in zip(people, SEVEN, strict=True):
            add_grant(entries, person, role, reason="For a test")
    return Cast(*people)


TERMS = Terms(
    instrument_en="Instrument of delegation for tests",
    instrument_fr="Instrument de délégation pour essais",
    number="T-1",
    capacity_en="Director, Export Controls Operations",
    capacity_fr="Directeur, Opérations des contrôles à l’exportation",
    powers=frozenset(Power),
)


def give_delegation(person: User, *, proposed_by: User, confirmed_by: User) -> Delegation:
    """A delegation with both powers, in force from today for a decision-maker."""
    proposed = propose_delegation(
        person, TERMS, by=proposed_by, reason="For a test", starts_on=clock.today()
    )
    return confirm_delegation(proposed, by=confirmed_by)
