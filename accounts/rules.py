"""Who may do what, by the roles in force on a day.

Rules on one person and one subject (nobody confirms what they proposed) are in the domain
functions, which check them under their lock.
"""

from __future__ import annotations

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from accounts.choices import Role
from accounts.models import RoleGrant
from history import clock

NOBODY: frozenset[Role] = frozenset()


def roles_of(user: AbstractBaseUser | AnonymousUser, on: date | None = None) -> frozenset[Role]:
    """The roles that give a person rights on a day, today if none is named. One query.

    None for someone who is not signed in, whose account is closed now, or whose password is
    temporary, so that who handed it over can do nothing with it.
    """
    if not user.is_authenticated or user.pk is None:
        return NOBODY
    found = RoleGrant.objects.in_force(on or clock.today()).filter(
        person_id=user.pk, person__must_change_password=False
    )
    return frozenset(Role(role) for role in found.values_list("role", flat=True))


def has_role(user: AbstractBaseUser | AnonymousUser, *roles: Role) -> bool:
    """Whether one of those roles is in force today."""
    return not roles_of(user).isdisjoint(roles)


def may_read_history(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Everyone with a role, whatever it is."""
    return bool(roles_of(user))


def may_see_people(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Administrators, and auditors, who read everything."""
    return has_role(user, Role.ADMINISTRATOR, Role.AUDITOR)


def may_manage_people(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Administrators. Most acts take two of them."""
    return has_role(user, Role.ADMINISTRATOR)
