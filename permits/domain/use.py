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
from permits.domain.standing import LineStanding, read_standing
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
    """Records a shipment on a line. Raises ValidationError, NotPermitted; Refused where the permit
    could not be used that day, or the balance is too small: the words give the figure that is left.
    """
    check_use({"quantity": quantity, "value": value, "used_on": used_on})
    permit = line.permit
    with acting(Action.REPORT_USE, permit.application, by=by) as work:
        _refuse_idle(line, used_on)
        # The balance of today: a later report of an earlier shipment counts as well.
        held = read_standing(permit, clock.today()).line(line.number)
        refuse_exhausted(held)
        if held.quantity_left is not None and quantity > held.quantity_left:
            raise Refused(
                _("Only %(left)s %(unit)s are left on this line.")
                % {"left": f"{held.quantity_left.normalize():f}", "unit": line.unit}
            )
        if held.value_left is not None and value > held.value_left:
            raise Refused(
                _("Only CAD %(left)s are left on this line.") % {"left": f"{held.value_left:.2f}"}
            )
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


def check_use(values: Mapping[str, Any], unread: Collection[str] = ()) -> None:
    """Raises ValidationError with all that is wrong with the figures and the day of a shipment."""
    faults = Faults(unread)
    if faults.is_read("quantity") and values["quantity"] <= 0:
        faults.fault("quantity", _("Give a figure above zero."))
    if faults.is_read("value") and values["value"] < 0:
        faults.fault("value", _("Give a figure that is not below zero."))
    if faults.is_read("used_on") and values["used_on"] > clock.today():
        faults.fault(
            "used_on", _("A shipment is reported once it was made: give today or earlier.")
        )
    faults.refuse()


def refuse_exhausted(held: LineStanding) -> None:
    """Raises Refused for a line of which nothing is left."""
    if held.quantity_left == 0:
        raise Refused(_("Nothing is left on this line."))


def _refuse_idle(line: PermitLine, used_on: date) -> None:
    """Raises Refused unless the line could be used on that day."""
    then = read_standing(line.permit, used_on)
    held = then.line(line.number)
    if not then.valid_from <= used_on <= then.valid_to:
        raise Refused(_("The permit was not valid on that day."))
    if held.is_cancelled or held.is_suspended:
        status = PermitStatus.CANCELLED if held.is_cancelled else PermitStatus.SUSPENDED
        raise Refused(_("On that day the line was %(status)s.") % {"status": status.label.lower()})
