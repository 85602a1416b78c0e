"""The roles that a person has on a day.

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
from history.kept import Kept

NOBODY: frozenset[Role] = frozenset()

_GRANTS = Kept(lambda keys: RoleGrant.objects.filter(person__in=keys).select_related("person"))


def roles_of(user: AbstractBaseUser | AnonymousUser, on: date | None = None) -> frozenset[Role]:
    """The roles that give a person rights on a day, today if none is named. One query.

    None for someone who is not signed in, whose account is closed now, or whose password is
    temporary, so that who handed it over can do nothing with it.
    """
    if not user.is_authenticated or user.pk is None:
        return NOBODY
    day = on or clock.today()
    return frozenset(
        Role(one.role)
        for one in _GRANTS([user.pk])
        if one.is_in_force(day) and not one.person.must_change_password
    )
