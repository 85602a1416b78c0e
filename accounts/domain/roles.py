"""Giving and ending roles."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.days import day_in_words
from accounts.domain.two_people import (
    administering,
    afresh,
    check_days,
    days_if_confirmed,
    decline,
    end,
    ending,
    propose,
    record_confirmed,
    refuse_to_confirm,
    refuse_too_few_administrators,
    refuse_unready,
)
from accounts.exceptions import Refused
from accounts.models import RoleGrant, User
from accounts.reasons import checked_reason
from accounts.verbs import Verb
from history import clock


def propose_role(
    person: User,
    role: Role,
    *,
    by: User,
    reason: str,
    starts_on: date,
    ends_on: date | None = None,
) -> RoleGrant:
    """A role for the days `[starts_on, ends_on)`, to be confirmed by another administrator.

    Raises ValidationError for the reason or the days; NotPermitted unless `by` is an administrator
    and another person; Refused while the account is closed, and where the days overlap with the
    same role, or with any other where one of the two is auditor.
    """
    reason = checked_reason(reason)
    check_days(starts_on, ends_on)
    with administering(by) as entries:
        person = User.objects.get(pk=person.pk)
        grant = RoleGrant(person=person, role=Role(role), starts_on=starts_on, ends_on=ends_on)
        if person.pk != by.pk:
            refuse_unready(person, to_confirm=False)
            _refuse_overlap(grant)
        propose(entries, grant, verb=Verb.ROLE_PROPOSED, by=by, reason=reason)
    return grant


def confirm_role(
    grant: RoleGrant, *, by: User, reason: str = "", seen: int | None = None
) -> RoleGrant:
    """Gives the role that another administrator proposed, from today at the earliest.

    Raises NotPermitted for who proposed it or would get it; Refused when it does not wait any
    more, its days have passed, the account is closed or its password temporary, or another role
    is in the way now; Conflict when it changed since it was seen.
    """
    with administering(by) as entries:
        now = afresh(grant, seen)
        refuse_to_confirm(now, by=by)
        refuse_unready(now.person, to_confirm=True)
        starts_on = days_if_confirmed(now)
        _refuse_overlap(now, starts_on=starts_on)
        record_confirmed(
            entries, now, verb=Verb.ROLE_GRANTED, by=by, reason=reason.strip(), starts_on=starts_on
        )
    return now


def decline_role(grant: RoleGrant, *, by: User, reason: str, seen: int | None = None) -> RoleGrant:
    """Declines a proposal; whoever made it withdraws it so.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    return decline(grant, verb=Verb.ROLE_DECLINED, by=by, reason=reason, seen=seen)


def end_role(
    grant: RoleGrant, *, by: User, reason: str, on: date | None = None, seen: int | None = None
) -> RoleGrant:
    """Ends a role before the day `on`, at once if none is named.

    An administrator may, and the person who holds it. Raises ValidationError for the reason or the
    day; NotPermitted; Refused when it does not last until then, or when on some day fewer than two
    administrators would be left; Conflict.
    """
    reason = checked_reason(reason)
    with ending(grant, by=by, on=on) as entries:
        now = afresh(grant, seen)
        if now.role == Role.ADMINISTRATOR and now.confirmed_at and not now.declined_at:
            refuse_too_few_administrators(
                now.person,
                start=max(on or clock.today(), now.starts_on),
                until=now.ends_on,
                grant=now,
            )
        end(now, verb=Verb.ROLE_ENDED, by=by, reason=reason, on=on, entries=entries)
    return now


def _refuse_overlap(grant: RoleGrant, *, starts_on: date | None = None) -> None:
    """Raises Refused when another role of the person stands in the way.

    A proposal has open ones in its way too; a confirmation only what is confirmed.
    """
    others = RoleGrant.objects.filter(person=grant.person).exclude(pk=grant.pk)
    others = others.overlapping(starts_on or grant.starts_on, grant.ends_on).order_by("starts_on")
    for other in others if grant._state.adding else others.confirmed():
        if other.role == grant.role:
            raise Refused(
                _("%(name)s has this role already, %(days)s, or it is proposed.")
                % {"name": grant.person.name, "days": days_in_words(other)}
            )
        if Role.AUDITOR in (other.role, grant.role):
            raise Refused(
                _(
                    "An auditor holds no other role: %(role)s, %(days)s, is in the way. Choose"
                    " other days, or end that role first."
                )
                % {"role": other.get_role_display(), "days": days_in_words(other)}
            )


def days_in_words(grant: RoleGrant) -> str:
    """From 5 October 2020 until 1 March 2021."""
    start = day_in_words(grant.starts_on)
    if grant.ends_on is None:
        return _("from %(start)s, without an end") % {"start": start}
    return _("from %(start)s until %(end)s") % {"start": start, "end": day_in_words(grant.ends_on)}
