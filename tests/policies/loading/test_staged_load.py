"""The register loaded day by day, each time with what was known: a demonstration's past."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from history import clock
from history.models import Event
from policies.domain.reference import PACKAGED
from policies.domain.reference.known import as_known_on, days_of_news
from policies.domain.reference.load import checked_files, load_files
from policies.models import Policy, PolicyVersion
from policies.verbs import Verb
from tests.policies.loading.folder import LATER

BEGIN = date(2019, 8, 30)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), clock.OTTAWA)


def load_as_known(day: date) -> None:
    with clock.simulated(start_of(day)):
        load_files(as_known_on(checked_files(PACKAGED), day), at=clock.now())


@pytest.mark.usefixtures("empty")
def test_loads_day_by_day_end_with_the_same_register_as_one_load() -> None:
    for day in [BEGIN, *(day for day in days_of_news(checked_files(PACKAGED)) if day > BEGIN)]:
        load_as_known(day)
        # Nothing that is known is of a later day, and nothing is closed before its day.
        assert not PolicyVersion.objects.filter(known_from__gt=start_of(day)).exists()
        assert not PolicyVersion.objects.filter(known_to__gt=start_of(day)).exists()
    assert not load_files(checked_files(PACKAGED), at=LATER).changed


@pytest.mark.usefixtures("empty")
def test_a_policy_enters_the_log_on_the_day_on_which_it_became_known() -> None:
    load_as_known(date(2020, 4, 15))
    assert not Policy.objects.filter(key="TR-2020-04-16-presumptive").exists()
    freeze = PolicyVersion.objects.get(policy__key="TR-2019-10-11-freeze")
    assert (freeze.effective_to, freeze.known_to) == (None, None)
    load_as_known(date(2020, 4, 16))
    entered = Event.objects.filter(
        stream="policy:TR-2020-04-16-presumptive", verb=Verb.POLICY_ENTERED
    ).latest("number")
    assert entered.recorded_at == start_of(date(2020, 4, 16))
    freeze.refresh_from_db()
    assert freeze.known_to == start_of(date(2020, 4, 16))
