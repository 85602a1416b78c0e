"""A permit is never issued for a time that is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.exceptions import Refused
from history import clock
from permits.choices import Outcome
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse_to_decide
from permits.models import Permit
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import WHY, make_recommended

BEGIN = datetime(2024, 2, 12, 15, tzinfo=UTC)


def test_a_recommendation_whose_last_day_has_passed_is_sent_back_and_not_issued(db: None) -> None:
    with clock.simulated(BEGIN):
        people = make_cast()
        give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
        case = make_recommended(people.analyst, people.senior)
    # Recommended for a year: on the last day it is too late, the day before it is not.
    for days, is_late in ((365, True), (366, True), (364, False)):
        with clock.simulated(BEGIN + timedelta(days=days)):
            if is_late:
                with pytest.raises(Refused, match="has passed"):
                    issue(case, reasons=WHY, adopts_determination=True, by=people.decision)
                assert not Permit.objects.exists()
            else:
                issue(case, reasons=WHY, adopts_determination=True, by=people.decision)


def test_a_permit_without_a_last_day_is_not_issued(office: Cast) -> None:
    file = read_file(make_recommended(office.analyst, office.senior))
    refuse_to_decide(file, Outcome.ISSUED, by=office.decision)
    assert file.recommendation is not None
    file.recommendation.valid_to = None
    with pytest.raises(Refused, match="No last day is recommended"):
        refuse_to_decide(file, Outcome.ISSUED, by=office.decision)
