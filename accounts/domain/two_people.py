"""The steps that every act on people shares.

One administrator acts at a time: each act first locks the administrators' grants, so that what it
checks still holds when it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.days import day_in_words
from accounts.exceptions import NotPermitted, Refused
from accounts.models import Dated, RoleGrant, TwoPeople, User
from accounts.reasons import checked_reason
from accounts.rules import roles_of
from history import clock
from history.actors import Actor
from history.domain.door import Conflict, Door, Entry, door
from history.models import Tracked

Row = TypeVar("Row", bound=TwoPeople)
AnyRow = TypeVar("AnyRow", bound=Tracked)

FEWEST_ADMINISTRATORS = 2


def stream_of(person: User) -> str:
    """The stream of a person's account, roles and delegations."""
    return f"people:{person.pk}"


def subject_of(person: User) -> str:
    return f"person:{person.pk}"


@contextmanager
def administering(by: User) -> Iterator[Door]:
    """A door for an administrator, alone among those who act on people.

    Raises NotPermitted for anyone else.
    """
    with door(by=Actor.person(by.pk, Role.ADMINISTRATOR.value)) as entries:
        lock_people()
        if Role.ADMINISTRATOR not in roles_of(by):
            raise NotPermitted(_("Only an administrator may do this."))
        yield entries


def lock_people() -> None:
    """Waits for every other act on people. The lock lasts until the transaction ends."""
    rows = RoleGrant.objects.select_for_update().filter(role=Role.ADMINISTRATOR)
    list(rows.order_by("pk").values_list("pk"))


def afresh(row: AnyRow, seen: int | None) -> AnyRow:
    """The row as it is now.

    Raises Conflict unless its version is the one that was seen (the row's own if none is named).
    """
    now = type(row)._base_manager.select_for_update().get(pk=row.pk)
    if now.version != (row.version if seen is None else seen):
        raise Conflict(row, now)
    return now


def propose(entries: Door, row: TwoPeople, *, verb: str, by: User, **told: Any) -> None:
    """Adds a row that waits for a second administrator.

    Raises NotPermitted for an act on oneself.
    """
    if row.person_id == by.pk:
        raise NotPermitted(
            _("Nobody does this for themselves. Ask another administrator to propose it.")
        )
    row.proposed_by, row.proposed_at = by, clock.now()
    person = row.person
    entries.record(verb, stream=stream_of(person), subject=subject_of(person), **told).add(row)


def refuse_to_confirm(row: TwoPeople, *, by: User) -> None:
    """Raises NotPermitted where this person may not confirm that row, Refused where nobody may."""
    if not row.is_waiting:
        raise Refused(_("This does not wait to be confirmed any more."))
    if row.proposed_by_id == by.pk:
        raise NotPermitted(_("You proposed this yourself. Another administrator must confirm it."))
    if row.person_id == by.pk:
        raise NotPermitted(_("This is for yourself. Another administrator must confirm it."))


def record_confirmed(entries: Door, row: TwoPeople, *, verb: str, by: User, **values: Any) -> Entry:
    """Confirms, with other values where the row changes by it. `reason` is the entry's."""
    told = {name: values.pop(name) for name in ("reason", "provision") if name in values}
    entry = entries.record(verb, stream=row.stream, subject=subject_of(row.person), **told)
    entry.set(row, confirmed_by=by, confirmed_at=clock.now(), **values)
    return entry


def decline(row: Row, *, verb: str, by: User, reason: str, seen: int | None, **told: Any) -> Row:
    """Declines what another proposed, or withdraws what one proposed oneself.

    Raises NotPermitted, Refused when it does not wait any more, Conflict, ValidationError.
    """
    reason = checked_reason(reason)
    with administering(by) as entries:
        now = afresh(row, seen)
        if not now.is_waiting:
            raise Refused(_("This does not wait to be confirmed any more."))
        entries.record(
            verb, stream=now.stream, subject=subject_of(now.person), reason=reason, **told
        ).set(now, declined_by=by, declined_at=clock.now())
    return now


# Days


def check_days(starts_on: date, ends_on: date | None) -> None:
    """Raises ValidationError for days that a right cannot have."""
    if starts_on < clock.today():
        raise ValidationError(
            {"starts_on": _("A right begins today or later: it is not given for days that passed.")}
        )
    if ends_on is not None and ends_on <= starts_on:
        raise ValidationError({"ends_on": _("The end must be after the first day.")})


def days_if_confirmed(row: Dated) -> date:
    """The first day if it is confirmed today: a right never begins before that.

    Raises Refused when no day is left.
    """
    starts_on = max(row.starts_on, clock.today())
    if row.ends_on is not None and row.ends_on <= starts_on:
        raise Refused(
            _("The last day of this proposal has passed. Decline it, and propose it anew.")
        )
    return starts_on


def refuse_unready(person: User, *, to_confirm: bool) -> None:
    """Raises Refused for a person who cannot be given a right now."""
    if not person.is_active:
        raise Refused(_("The account is closed. It must be opened again first."))
    if to_confirm and person.must_change_password:
        raise Refused(
            _(
                "%(name)s has not yet replaced the temporary password, which another person knows."
                " Confirm it when that is done."
            )
            % {"name": person.name}
        )


def end(
    row: Dated, *, verb: str, by: User, reason: str, on: date | None, entries: Door, **told: Any
) -> None:
    """Ends a confirmed right before the day `on`; takes it back if it has not begun by then.

    Raises Refused when it does not last until then, or is not confirmed.
    """
    on = on or clock.today()
    if row.declined_at is not None:
        raise Refused(_("This has been declined or taken back already."))
    if row.confirmed_at is None:
        raise Refused(_("This is only proposed and gives no right. Decline it instead."))
    if row.ends_on is not None and row.ends_on <= on:
        raise Refused(_("This ends on %(day)s already.") % {"day": day_in_words(row.ends_on)})
    entry = entries.record(
        verb, stream=row.stream, subject=subject_of(row.person), reason=reason, **told
    )
    if on <= row.starts_on:
        entry.set(row, declined_by=by, declined_at=clock.now())
    else:
        entry.set(row, ends_on=on, ended_by=by, ended_at=clock.now())


@contextmanager
def ending(row: Dated, *, by: User, on: date | None) -> Iterator[Door]:
    """A door for an administrator, or for the person who gives up what they hold.

    Raises NotPermitted for anyone else, ValidationError for a day that passed.
    """
    if on is not None and on < clock.today():
        raise ValidationError({"on": _("The end is today or later: what passed stays as it was.")})
    if row.person_id != by.pk:
        with administering(by) as entries:
            yield entries
        return
    with door(by=Actor.person(by.pk)) as entries:
        lock_people()
        yield entries


# Administrators


def refuse_too_few_administrators(
    person: User, *, start: date, until: date | None, grant: RoleGrant | None = None
) -> None:
    """Raises Refused if on a day of `[start, until)` fewer than two administrators were left
    without that grant; without any of the person's grants if none is named. Whoever has a temporary
    password can't act, and is not counted.
    """
    held = RoleGrant.objects.confirmed().filter(
        role=Role.ADMINISTRATOR, person__is_active=True, person__must_change_password=False
    )
    grants = list(held.exclude(pk=grant.pk) if grant else held.exclude(person=person))
    changes = {
        start,
        *(one.starts_on for one in grants),
        *(one.ends_on for one in grants if one.ends_on),
    }
    for day in sorted(changes):
        if day < start or (until is not None and day >= until):
            continue
        left = {
            one.person_id
            for one in grants
            if one.starts_on <= day and (one.ends_on is None or one.ends_on > day)
        }
        if len(left) < FEWEST_ADMINISTRATORS:
            raise Refused(
                _(
                    "There must be two administrators every day, and on %(day)s fewer would be"
                    " left. Give the role to another person first."
                )
                % {"day": day_in_words(day)}
            )
