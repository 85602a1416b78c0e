"""What the system itself does with accounts: at installation, in a demonstration, in need."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.domain.people import HandedOver, add_account, make_temporary_password
from accounts.domain.two_people import lock_people, stream_of, subject_of
from accounts.exceptions import Refused
from accounts.models import RoleGrant, User
from accounts.reasons import checked_reason
from accounts.usernames import canonical_username
from accounts.verbs import Verb
from history import clock
from history.actors import SYSTEM
from history.domain.door import Door, door


class NewAdministrator(NamedTuple):
    """One of the first two administrators."""

    username: str
    name: str
    password: str


def there_are_administrators() -> bool:
    """Whether the role was ever given."""
    return RoleGrant.objects.confirmed().filter(role=Role.ADMINISTRATOR).exists()


def install_administrators(first: NewAdministrator, second: NewAdministrator) -> tuple[User, User]:
    """The first two administrators, whose roles the system proposes and confirms.

    Raises ValidationError for a name or a weak password; Refused when there are administrators.
    """
    if canonical_username(first.username) == canonical_username(second.username):
        raise ValidationError(_("An account with this user name exists."))
    for one in (first, second):
        validate_password(one.password, User(username=one.username, name=one.name))
    encoded = [make_password(one.password) for one in (first, second)]
    with door(by=SYSTEM) as entries:
        # Nobody holds the role yet, whose grants others lock: two who install at once meet here.
        entries.lock_log()
        if there_are_administrators():
            raise Refused(_("There are administrators already. Nothing was changed."))
        made = [
            add_account(
                entries,
                one.username,
                name=one.name,
                encoded=hashed,
                is_temporary=False,
                reason="Installation",
            )
            for one, hashed in zip((first, second), encoded, strict=True)
        ]
        for person in made:
            add_grant(entries, person, Role.ADMINISTRATOR, reason="Installation")
    return made[0], made[1]


def add_grant(entries: Door, person: User, role: Role, *, reason: str) -> RoleGrant:
    """A role that the system gives from today on, in a door that is open: at installation only."""
    now = clock.now()
    grant = RoleGrant(
        person=person, role=role, starts_on=clock.today(), proposed_at=now, confirmed_at=now
    )
    entries.record(
        Verb.ROLE_GRANTED, stream=stream_of(person), subject=subject_of(person), reason=reason
    ).add(grant)
    return grant


def restore_account(person: User, *, password: str) -> bool:
    """Makes an account of the demonstration usable with its public password. Whether it had to."""
    if person.is_active and not person.must_change_password and person.check_password(password):
        return False
    encoded = make_password(password)
    with door(by=SYSTEM) as entries:
        verb = Verb.PASSWORD_RESET if person.is_active else Verb.ACCOUNT_REOPENED
        entries.record(
            verb, stream=stream_of(person), subject=subject_of(person), reason="Demonstration"
        ).set(person, is_active=True, password=encoded, must_change_password=False)
    return True


def release_password(username: str, *, reason: str) -> HandedOver:
    """A temporary password from whoever runs the installation: the way out when too few
    administrators are left who can sign in.

    Raises ValidationError for the reason; User.DoesNotExist; Refused for a closed account.
    """
    reason = checked_reason(reason)
    password = make_temporary_password()
    encoded = make_password(password)
    with door(by=SYSTEM) as entries:
        lock_people()
        person = User.objects.select_for_update().get(username=canonical_username(username))
        if not person.is_active:
            raise Refused(_("The account is closed. It must be opened again first."))
        entries.record(
            Verb.PASSWORD_RESET, stream=stream_of(person), subject=subject_of(person), reason=reason
        ).set(person, password=encoded, must_change_password=True)
    return HandedOver(person, password)
