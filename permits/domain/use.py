"""What was shipped under a permit, against what it allows; and taking back what was not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.days import instant_in_words
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.reasons import checked_reason
from history import clock
from permits.choices import PermitStatus
from permits.domain.acts import subject_of
from permits.domain.casework import acting, afresh
from permits.domain.faults import Faults
from permits.domain.standing import LineStanding, read_days, read_standing
from permits.figures import figure, in_dollars, refuse_too_large
from permits.models import PermitLine, Use, UseReversal
from permits.verbs import Verb
from permits.workflow import Action


def report_use(
    line: PermitLine,
    *,
    used_on: date,
    quantity: Decimal,
    value: Decimal,
    by: User,
    declaration: str = "",
    note: str = "",
    again: bool = False,
) -> Use:
    """Records a shipment on a line; one that was reported already only if `again` says so.

    Raises ValidationError as `check_use`, NotPermitted, Refused where nothing is left.
    """
    permit = line.permit
    with acting(Action.REPORT_USE, permit.application, by=by) as work:
        refuse_exhausted(read_standing(permit, clock.today()).line(line.number))
        declaration = declaration.strip()
        told = {"quantity": quantity, "value": value, "used_on": used_on}
        check_use({**told, "declaration": declaration, "again": again}, line=line)
        use = Use(
            permit_line=line,
            used_on=used_on,
            quantity=quantity,
            value=value,
            declaration=declaration,
            note=note.strip(),
            reported_by=by,
            reported_at=clock.now(),
        )
        work.record(Verb.USED, subject=subject_of(permit), occurred_on=used_on).add(use)
    return use


def check_use(values: Mapping[str, Any], unread: Collection[str] = (), *, line: PermitLine) -> None:
    """Raises ValidationError with all that is wrong with the figures and the day of a shipment: a
    day on which the line could not be used, more than was left; the words give what was. Or the
    same was reported already, and `again` does not say that it is another.
    """
    faults = Faults(unread)
    day = values["used_on"] if faults.is_read("used_on") else clock.today()
    quantity_left, value_left = _left(line, min(day, clock.today()))
    for name, places in (("quantity", 3), ("value", 2)):
        if faults.is_read(name):
            with faults.at(name):
                refuse_too_large(values[name], places)
    if faults.is_read("quantity"):
        if values["quantity"] <= 0:
            faults.fault("quantity", _("Give a figure above zero."))
        elif quantity_left is not None and values["quantity"] > quantity_left:
            left = {"left": figure(quantity_left), "unit": line.unit}
            faults.fault("quantity", _("Only %(left)s %(unit)s are left on this line.") % left)
    if faults.is_read("value"):
        if values["value"] < 0:
            faults.fault("value", _("Give a figure that is not below zero."))
        elif value_left is not None and values["value"] > value_left:
            left = {"left": in_dollars(value_left)}
            faults.fault("value", _("Only %(left)s are left on this line.") % left)
    if faults.is_read("used_on"):
        _look_at_day(faults, line, values["used_on"])
    if not values.get("again"):
        _look_for_the_same(faults, line, values)
    faults.refuse()


def _look_for_the_same(faults: Faults, line: PermitLine, values: Mapping[str, Any]) -> None:
    """Whether such a shipment counts already: by its day and figures, or by its declaration."""
    about = ("used_on", "quantity", "value")
    same = Q(pk__in=[])
    if all(faults.is_read(name) for name in about):
        same |= Q(**{name: values[name] for name in about})
    if declaration := values.get("declaration", "").strip():
        same |= Q(declaration__iexact=declaration)
    counted = Use.objects.counted().filter(same, permit_line=line).select_related("reported_by")
    if found := counted.last():
        told = {"name": found.reported_by, "at": instant_in_words(found.reported_at)}
        words = (
            _("The same was reported by %(name)s, %(at)s. Tick this only if it is another.") % told
        )
        faults.fault("again", words)


def _left(line: PermitLine, on: date) -> tuple[Decimal | None, Decimal | None]:
    """The quantity and the value that a shipment of that day can have; None is no limit.

    It counts against what the line allowed on its own day, and on the day of each later shipment,
    or the same goods could be shipped twice by reporting the earlier shipment last. What was
    narrowed or extended since changes nothing for that day.
    """
    later = Use.objects.counted().filter(permit_line=line, used_on__gt=on)
    days = {on, *later.values_list("used_on", flat=True)}
    stands = [then.line(line.number) for then in read_days(line.permit, days)]
    quantities = [one.quantity_left for one in stands if one.quantity_left is not None]
    values = [one.value_left for one in stands if one.value_left is not None]
    return min(quantities, default=None), min(values, default=None)


def _look_at_day(faults: Faults, line: PermitLine, used_on: date) -> None:
    """Whether the line could be used on that day."""
    if used_on > clock.today():
        faults.fault(
            "used_on", _("A shipment is reported once it was made: give today or earlier.")
        )
        return
    then = read_standing(line.permit, used_on)
    held = then.line(line.number)
    if not then.valid_from <= used_on <= then.valid_to:
        faults.fault("used_on", _("The permit was not valid on that day."))
    elif held.is_cancelled or held.is_suspended:
        status = PermitStatus.CANCELLED if held.is_cancelled else PermitStatus.SUSPENDED
        words = _("On that day the line was %(status)s.") % {"status": status.label.lower()}
        faults.fault("used_on", words)


def refuse_exhausted(held: LineStanding) -> None:
    """Raises Refused for a line of which nothing was left on any day."""
    if held.most is not None and held.most <= held.used_quantity:
        raise Refused(_("Nothing is left on this line."))


# Taking back what was reported wrongly


def propose_reversal(use: Use, *, reason: str, by: User, seen: int | None = None) -> UseReversal:
    """Proposes to take a shipment back, that was never made as it was reported.

    That gives balance back: the shipment counts until another person agrees. Raises
    ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    permit = use.permit_line.permit
    with acting(Action.PROPOSE_REVERSAL, permit.application, by=by) as work:
        now = afresh(use, seen)
        refuse_taken_back(now)
        made = UseReversal(use=now, reason=reason, proposed_by=by, proposed_at=clock.now())
        work.record(Verb.REVERSAL_PROPOSED, subject=subject_of(permit), reason=reason).add(made)
    return made


def agree_to_reversal(reversal: UseReversal, *, by: User, seen: int | None = None) -> UseReversal:
    """Takes the shipment back: from now on it counts on no day.

    Raises NotPermitted for one's own proposal, Refused, Conflict.
    """
    permit = reversal.use.permit_line.permit
    with acting(Action.AGREE_REVERSAL, permit.application, by=by) as work:
        now = afresh(reversal, seen)
        refuse_to_agree(now, by=by)
        work.record(Verb.REVERSAL_AGREED, subject=subject_of(permit), reason=now.reason).set(
            now, agreed_by=by, agreed_at=clock.now()
        )
    return now


def decline_reversal(
    reversal: UseReversal, *, reason: str, by: User, seen: int | None = None
) -> UseReversal:
    """Declines to take the shipment back; whoever proposed it withdraws the proposal so.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    permit = reversal.use.permit_line.permit
    with acting(Action.PROPOSE_REVERSAL, permit.application, by=by) as work:
        now = afresh(reversal, seen)
        refuse_settled(now)
        work.record(Verb.REVERSAL_DECLINED, subject=subject_of(permit), reason=reason).set(
            now, declined_by=by, declined_at=clock.now(), declined_for=reason
        )
    return now


def refuse_taken_back(use: Use) -> None:
    """Raises Refused for a shipment that was taken back, or waits to be."""
    if use.reversal is None:
        return
    if use.reversal.agreed_at is not None:
        raise Refused(_("This shipment was taken back already."))
    raise Refused(_("Taking this shipment back waits for another person already."))


def refuse_to_agree(reversal: UseReversal, *, by: User) -> None:
    """Raises Refused as `refuse_settled`, NotPermitted for whoever proposed it."""
    refuse_settled(reversal)
    if reversal.proposed_by_id == by.pk:
        raise NotPermitted(_("You proposed to take this shipment back: another person agrees."))


def refuse_settled(reversal: UseReversal) -> None:
    """Raises Refused for a proposal that is over."""
    if reversal.agreed_at is not None or reversal.declined_at is not None:
        raise Refused(_("This was agreed or declined already."))
