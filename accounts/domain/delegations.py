"""Powers of decision: who may act for the Minister, in which capacity, under which instrument."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.choices import Power, Role
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
    refuse_unready,
)
from accounts.exceptions import Refused
from accounts.models import Delegation, RoleGrant, User
from accounts.reasons import checked_reason
from accounts.verbs import Verb

_TEXTS = {"instrument_en", "instrument_fr", "number", "capacity_en", "capacity_fr"}
PROVISION = "Interpretation Act, R.S.C. 1985, c. I-21, s. 24(2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an instrument says: its title and number, the office, and what may be done in it."""

    instrument_en: str
    instrument_fr: str
    number: str
    capacity_en: str
    capacity_fr: str
    powers: Collection[Power]


def delegations_in_force(person: User, on: date) -> QuerySet[Delegation]:
    """The delegations under which a person may act for the Minister on a day.

    None on a day on which the person is no decision-maker, or while the account is closed.
    """
    decides = RoleGrant.objects.in_force(on).filter(person=person, role=Role.DECISION_MAKER)
    return Delegation.objects.in_force(on).filter(Exists(decides), person=person)


def people_with_power(power: Power, on: date) -> QuerySet[Delegation, int]:
    """Everyone who has a power under a delegation in force on a day, by number."""
    decides = RoleGrant.objects.in_force(on).filter(
        person=OuterRef("person"), role=Role.DECISION_MAKER
    )
    given = {Power.DECIDE: Q(may_decide=True), Power.ACT: Q(may_act=True)}[power]
    found = Delegation.objects.in_force(on).filter(Exists(decides), given)
    return found.values_list("person", flat=True)


def hold_delegations(person: User, on: date) -> list[Delegation]:
    """Those in force, by age, locked: none of them ends before the transaction does.

    Locked and looked at in one query, so that one which ended while this waited is not among them.
    """
    found = delegations_in_force(person, on).select_for_update(of=("self",))
    return list(found.order_by("pk"))


def propose_delegation(
    person: User,
    terms: Terms,
    *,
    by: User,
    reason: str,
    starts_on: date,
    ends_on: date | None = None,
) -> Delegation:
    """A delegation for the days `[starts_on, ends_on)`, to be confirmed by another administrator.

    The person need not be a decision-maker yet. Raises ValidationError for the reason, the days or
    the terms; NotPermitted unless `by` is an administrator and another person; Refused while the
    account is closed, or where the same instrument is recorded for overlapping days.
    """
    reason = checked_reason(reason)
    check_days(starts_on, ends_on)
    row = Delegation(
        person=person,
        instrument_en=terms.instrument_en.strip(),
        instrument_fr=terms.instrument_fr.strip(),
        number=terms.number.strip(),
        capacity_en=terms.capacity_en.strip(),
        capacity_fr=terms.capacity_fr.strip(),
        may_decide=Power.DECIDE in terms.powers,
        may_act=Power.ACT in terms.powers,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    row.clean_fields(exclude={one.name for one in row._meta.fields} - _TEXTS)
    if not row.powers:
        raise ValidationError({"powers": _("Name at least one power.")})
    with administering(by) as entries:
        row.person = person = User.objects.get(pk=person.pk)
        if person.pk != by.pk:
            refuse_unready(person, to_confirm=False)
            _refuse_twice(row, starts_on)
        propose(
            entries,
            row,
            verb=Verb.DELEGATION_PROPOSED,
            by=by,
            reason=reason,
            provision=PROVISION,
        )
    return row


def confirm_delegation(
    delegation: Delegation, *, by: User, reason: str = "", seen: int | None = None
) -> Delegation:
    """Confirms a delegation that another administrator proposed, from today at the earliest.

    Raises NotPermitted, Refused and Conflict as `confirm_role` does.
    """
    with administering(by) as entries:
        now = afresh(delegation, seen)
        refuse_to_confirm(now, by=by)
        refuse_unready(now.person, to_confirm=True)
        starts_on = days_if_confirmed(now)
        _refuse_twice(now, starts_on)
        record_confirmed(
            entries,
            now,
            verb=Verb.DELEGATION_GRANTED,
            by=by,
            reason=reason.strip(),
            provision=PROVISION,
            starts_on=starts_on,
        )
    return now


def decline_delegation(
    delegation: Delegation, *, by: User, reason: str, seen: int | None = None
) -> Delegation:
    """Declines a proposal; whoever made it withdraws it so.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    return decline(
        delegation,
        verb=Verb.DELEGATION_DECLINED,
        by=by,
        reason=reason,
        seen=seen,
        provision=PROVISION,
    )


def end_delegation(
    delegation: Delegation,
    *,
    by: User,
    reason: str,
    on: date | None = None,
    seen: int | None = None,
) -> Delegation:
    """Ends a delegation before the day `on`, at once if none is named.

    An administrator may, and the person who holds it. Raises ValidationError, NotPermitted,
    Refused when it does not last until then, Conflict.
    """
    reason = checked_reason(reason)
    with ending(delegation, by=by, on=on) as entries:
        now = afresh(delegation, seen)
        end(
            now,
            verb=Verb.DELEGATION_ENDED,
            by=by,
            reason=reason,
            on=on,
            entries=entries,
            provision=PROVISION,
        )
    return now


def _refuse_twice(row: Delegation, starts_on: date) -> None:
    """Raises Refused when the same instrument is recorded for the person and overlapping days."""
    others = Delegation.objects.filter(person=row.person, number=row.number).exclude(pk=row.pk)
    others = others.overlapping(starts_on, row.ends_on)
    if (others if row._state.adding else others.confirmed()).exists():
        raise Refused(
            _("This instrument is recorded for %(name)s already, for some of these days.")
            % {"name": row.person.name}
        )
