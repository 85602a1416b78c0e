"""Opening and closing accounts, and passwords."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.domain.two_people import (
    administering,
    refuse_too_few_administrators,
    stream_of,
    subject_of,
)
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.reasons import checked_reason
from accounts.verbs import Verb
from history import clock
from history.actors import Actor
from history.domain.door import Conflict, Door, door

# No letter or digit that can be read as another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class HandedOver(NamedTuple):
    """An account with the temporary password that is shown once and kept nowhere."""

    person: User
    temporary_password: str


def make_temporary_password() -> str:
    """Four groups of four letters and digits: 79 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _each in range(4)) for _group in range(4))
    return "-".join(groups)


def open_account(username: str, *, name: str, by: User, reason: str) -> HandedOver:
    """A new account without a role, and its temporary password.

    One administrator opens it: it gives no right. Raises ValidationError for a name that is
    malformed or taken, or for the reason; NotPermitted.
    """
    reason = checked_reason(reason)
    password = make_temporary_password()
    encoded = make_password(password)
    with administering(by) as entries:
        person = add_account(entries, username, name=name, encoded=encoded, reason=reason)
    return HandedOver(person, password)


def add_account(
    entries: Door,
    username: str,
    *,
    name: str,
    encoded: str,
    is_temporary: bool = True,
    reason: str = "",
) -> User:
    """A new active account with a password that is hashed already, in a door that is open.

    Raises ValidationError for a name that is malformed or taken.
    """
    person = User(
        username=username,
        name=" ".join(name.split()),
        password=encoded,
        must_change_password=is_temporary,
        created_at=clock.now(),
    )
    # The stream is named for the account's number, which the door gives.
    person.full_clean(exclude=["stream", "version", "password"])
    number = entries.next_id(User)
    entry = entries.record(
        Verb.ACCOUNT_OPENED, stream=f"people:{number}", subject=f"person:{number}", reason=reason
    )
    entry.add(person, id=number)
    return person


def close_account(person: User, *, by: User, reason: str) -> User:
    """Shuts a person out at once: every session ends with the password.

    Raises ValidationError for the reason; NotPermitted for oneself or without the right; Refused
    when it is closed already, or fewer than two administrators would be left.
    """
    reason = checked_reason(reason)
    with administering(by) as entries:
        if person.pk == by.pk:
            raise NotPermitted(_("You cannot close your own account. Ask another administrator."))
        now = User.objects.select_for_update().get(pk=person.pk)
        if not now.is_active:
            raise Refused(_("The account is closed already."))
        for grant in now.rolegrants.confirmed().filter(role=Role.ADMINISTRATOR):
            refuse_too_few_administrators(
                now, start=max(grant.starts_on, clock.today()), until=grant.ends_on
            )
        entries.record(
            Verb.ACCOUNT_CLOSED, stream=stream_of(now), subject=subject_of(now), reason=reason
        ).set(now, is_active=False, password=make_password(None))
    return now


def change_own_password(*, by: User, current: str, new: str) -> User:
    """Another password for oneself; a temporary one is replaced so. Other sessions end.

    Raises ValidationError for `current` or `new`; Conflict when it was changed meanwhile.
    """
    if not by.check_password(current):
        raise ValidationError({"current": _("This is not your password.")}, code="wrong_password")
    if new == current:
        raise ValidationError({"new": _("This is the password that you have now.")})
    try:
        validate_password(new, by)
    except ValidationError as weak:
        raise ValidationError({"new": weak.error_list}) from None
    encoded = make_password(new)
    with door(by=Actor.person(by.pk)) as entries:
        now = User.objects.select_for_update().get(pk=by.pk)
        if now.password != by.password or not now.is_active:
            raise Conflict(by, now)
        entries.record(Verb.PASSWORD_CHANGED, stream=stream_of(now), subject=subject_of(now)).set(
            now, password=encoded, must_change_password=False
        )
    return now
