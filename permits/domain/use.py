"""What was shipped under a permit, against what it allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.exceptions import Refused
from accounts.models import User
from history import clock
from permits.choices import PermitStatus
from permits.domain.acts import subject_of
from permits.domain.casework import acting
from permits.domain.faults import Faults
from permits.domain.standing import LineStanding, read_days, read_standing
from permits.figures import figure, in_dollars, refuse_too_large
from permits.models import PermitLine, Use
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
) -> Use:
    """Records a shipment on a line.

    Raises ValidationError as `check_use`, NotPermitted, Refused where nothing is left.
    """
    permit = line.permit
    with acting(Action.REPORT_USE, permit.application, by=by) as work:
        refuse_exhausted(read_standing(permit, clock.today()).line(line.number))
        check_use({"quantity": quantity, "value": value, "used_on": used_on}, line=line)
        use = Use(
            permit_line=line,
            used_on=used_on,
            quantity=quantity,
            value=value,
            declaration=declaration.strip(),
            note=note.strip(),
            reported_by=by,
            reported_at=clock.now(),
        )
        work.record(Verb.USED, subject=subject_of(permit), occurred_on=used_on).add(use)
    return use


def check_use(values: Mapping[str, Any], unread: Collection[str] = (), *, line: PermitLine) -> None:
    """Raises ValidationError with all that is wrong with the figures and the day of a shipment: a
    day on which the line could not be used, more than was left; the words give what was.
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
    faults.refuse()


def _left(line: PermitLine, on: date) -> tuple[Decimal | None, Decimal | None]:
    """The quantity and the value that a shipment of that day can have; None is no limit.

    It counts against what the line allowed on its own day, and on the day of each later shipment,
    or the same goods could be shipped twice by reporting the earlier shipment last. What was
    narrowed or extended since changes nothing for that day.
    """
    later = Use.objects.filter(permit_line=line, used_on__gt=on).values_list("used_on", flat=True)
    stands = [then.line(line.number) for then in read_days(line.permit, {on, *later})]
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
