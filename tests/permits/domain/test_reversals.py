"""A shipment that was reported wrongly is taken back by two people, and counts on no day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.domain.door import Conflict
from history.domain.verify import verify
from history.models import Event
from permits.choices import PermitStatus
from permits.domain import acts
from permits.domain.standing import read_standing, read_standings
from permits.domain.use import (
    agree_to_reversal,
    decline_reversal,
    propose_reversal,
    report_use,
)
from permits.models import Permit, Use
from permits.verbs import Verb
from tests.people import Cast
from tests.permits.factories import WHY, make_permit


@pytest.fixture
def permit(office: Cast) -> Permit:
    return make_permit(office.analyst, office.senior, office.decision)


def shipped(permit: Permit, office: Cast, quantity: int = 10, **more: Any) -> Use:
    told = {"used_on": clock.today(), "value": Decimal(1), "by": office.analyst, **more}
    return report_use(permit.lines.get(), quantity=Decimal(quantity), **told)


def left(permit: Permit) -> Decimal | None:
    return read_standing(permit, clock.today()).line(1).quantity_left


def test_the_balance_comes_back_once_another_person_agrees_and_not_before(
    permit: Permit, office: Cast
) -> None:
    use = shipped(permit, office)
    waiting = propose_reversal(use, reason=WHY, by=office.analyst)
    with pytest.raises(NotPermitted, match="another person agrees"):
        agree_to_reversal(waiting, by=office.analyst)
    assert left(permit) == 0
    assert read_standing(permit, clock.today()).status == PermitStatus.EXHAUSTED
    with pytest.raises(Refused, match="Nothing is left on this line"):
        shipped(permit, office)
    agree_to_reversal(waiting, by=office.senior)
    assert left(permit) == 10
    assert read_standing(permit, clock.today()).status == PermitStatus.VALID
    shipped(permit, office)
    told = Event.objects.filter(subject=f"permit:{permit.number}").order_by("-number")
    assert list(told.values_list("verb", flat=True)[:4]) == [
        Verb.USED,
        Verb.REVERSAL_AGREED,
        Verb.REVERSAL_PROPOSED,
        Verb.USED,
    ]
    # The shipment itself stays as it was told.
    assert Use.objects.get(pk=use.pk).version == use.version
    assert verify(deep=True).good


def test_what_was_taken_back_counts_on_no_day_and_in_no_sum(permit: Permit, office: Cast) -> None:
    first_day = clock.today()
    with clock.simulated(clock.now() + timedelta(days=5)):
        made = propose_reversal(shipped(permit, office), reason=WHY, by=office.analyst)
        with pytest.raises(ValidationError, match="Shipped already on this line"):
            narrowed(permit, office, "4")
        agree_to_reversal(made, by=office.senior)
        [(_permit, now)] = read_standings([permit], clock.today())
        assert now.line(1).used_quantity == 0
        # Nor against what an earlier day allowed.
        shipped(permit, office, 6, used_on=first_day)
        # Both sides of a comparison leave it out.
        with pytest.raises(ValidationError, match="The amendment changes nothing"):
            narrowed(permit, office, "10")
        narrowed(permit, office, "6")


def narrowed(permit: Permit, office: Cast, quantity: str) -> None:
    change = {"lines": {"1": {"quantity": quantity}}}
    acts.act_at_once(permit, kind="amend", change=change, reason=WHY, by=office.decision)


@pytest.mark.parametrize("who", ["analyst", "senior"], ids=["its proposer", "another person"])
def test_what_is_declined_leaves_the_shipment_counting_and_can_be_proposed_anew(
    permit: Permit, office: Cast, who: str
) -> None:
    use = shipped(permit, office)
    waiting = propose_reversal(use, reason=WHY, by=office.analyst)
    declined = decline_reversal(waiting, reason=WHY, by=getattr(office, who))
    with pytest.raises(Refused, match="agreed or declined already"):
        agree_to_reversal(declined, by=office.senior)
    assert left(permit) == 0
    again = propose_reversal(use, reason=WHY, by=office.senior)
    agree_to_reversal(again, by=office.analyst)
    assert left(permit) == 10


def test_a_shipment_is_taken_back_once(permit: Permit, office: Cast) -> None:
    use = shipped(permit, office)
    waiting = propose_reversal(use, reason=WHY, by=office.analyst)
    with pytest.raises(Refused, match="waits for another person already"):
        propose_reversal(use, reason=WHY, by=office.senior)
    taken_back = agree_to_reversal(waiting, by=office.senior)
    with pytest.raises(Refused, match="was taken back already"):
        propose_reversal(use, reason=WHY, by=office.senior)
    with pytest.raises(Refused, match="agreed or declined already"):
        agree_to_reversal(taken_back, by=office.senior)
    with pytest.raises(Refused, match="agreed or declined already"):
        decline_reversal(taken_back, reason=WHY, by=office.senior)


def test_who_agrees_agrees_to_what_they_looked_at(permit: Permit, office: Cast) -> None:
    use = shipped(permit, office)
    waiting = propose_reversal(use, reason=WHY, by=office.analyst)
    seen = waiting.version
    decline_reversal(waiting, reason=WHY, by=office.analyst_b)
    for act in (agree_to_reversal, decline_reversal):
        more = {"reason": WHY} if act is decline_reversal else {}
        with pytest.raises(Conflict):
            act(waiting, by=office.senior, seen=seen, **more)
    with pytest.raises(Conflict):
        propose_reversal(use, reason=WHY, by=office.senior, seen=use.version - 1)
    assert left(permit) == 0
