"""The sample office: real acts on made-up cases, and a history that verifies."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.demo import SINCE
from accounts.domain.demo import make_demo_people
from history import clock
from history.domain.verify import verify
from history.models import Event, Log
from permits.choices import PermitStatus, Status
from permits.domain.casefile import read_file
from permits.domain.clock import read_calendar
from permits.domain.frozen import replay
from permits.domain.overview import STALE, refresh
from permits.domain.standing import read_standing
from permits.domain.sweeps import State, progress
from permits.models import (
    Application,
    Notice,
    Overview,
    Party,
    Permit,
    PermitAct,
    PermitSweep,
)
from permits.sample.office import NotHere, load_sample_office
from permits.sample.specs import SAMPLE
from permits.sample.story import drawn, open_today
from tests.people import Cast


def test_the_office_tells_its_story_in_acts_that_verify(db: None) -> None:
    make_demo_people()
    assert load_sample_office(number=2) > 30
    assert load_sample_office() == 0

    # Its history is real: every row is told by an event, in the order of the office's days.
    assert verify(deep=True).good
    told = Event.objects.filter(stream__startswith="case:").order_by("number")
    instants = list(told.values_list("recorded_at", flat=True))
    assert instants == sorted(instants)
    assert instants[0].date() > SINCE
    assert instants[-1] < clock.now()

    # Nothing in it can be taken for a real party.
    assert not Party.objects.exclude(name__startswith=SAMPLE).exists()

    # Türkiye: valid in 2020, an exception of May 2020, suspended, cancelled.
    turkish = Permit.objects.filter(
        application__destination__code="TR", issued_on__lt=date(2020, 5, 7)
    )
    assert turkish.count() == 29
    for permit in turkish:
        on = {
            day: read_standing(permit, day).status
            for day in (date(2020, 10, 4), date(2020, 10, 5), date(2021, 4, 12))
        }
        assert list(on.values()) == [
            PermitStatus.VALID,
            PermitStatus.SUSPENDED,
            PermitStatus.CANCELLED,
        ]
    exceptional = turkish.get(application__filed_on__gte=date(2020, 4, 16))
    file = read_file(exceptional.application)
    assert [one.key for one in file.statements if one.kind == "exception"] == [
        "TR-2020-04-16-presumptive:exceptional"
    ]
    assert [one.is_in_force for one in file.measures if one.kind == "government_assurance"] == [
        False
    ]

    # The 29 were cancelled by a sweep, each by an act of its own, one of them an exception.
    (swept,) = progress(list(PermitSweep.objects.all()))
    assert (swept.state, swept.total) == (State.DONE, 29)
    assert [len(part.permits) for part in swept.parts] == [28, 1]
    assert [part.group.permit for part in swept.parts] == [None, exceptional]
    cancelled = PermitAct.objects.filter(kind="cancel", permit__in=turkish)
    assert {act.done_on for act in cancelled} == {date(2021, 4, 12)}
    assert cancelled.filter(sweep_item__sweep=swept.sweep).count() == 29
    assert not Notice.objects.filter(act__in=cancelled, seen_at=None).exists()

    # Filed under presumptive denial, decided case by case.
    later = Application.objects.filter(
        destination__code="TR", filed_on__lt=date(2024, 1, 29), decided_on__gte=date(2024, 1, 29)
    )
    assert later.count() == 2
    for application in later:
        assert replay(application.decision).is_intact

    # Open cases at every stage, some late, some stale.
    refresh()
    assert set(Application.objects.values_list("status", flat=True)) == set(Status.values)
    assert Overview.objects.filter(review__contains=STALE).exists()
    assert Overview.objects.filter(
        application__status=Status.IN_REVIEW, due_on__lt=clock.today()
    ).exists()


def test_the_same_seed_and_day_draw_the_same_cases() -> None:
    today = date(2026, 11, 26)
    assert list(drawn(40, 1, today)) == list(drawn(40, 1, today))
    assert list(drawn(40, 1, today)) != list(drawn(40, 2, today))


@pytest.mark.parametrize("back", [0, 1, 2, 3])
def test_open_cases_are_filed_on_working_days_before_today(db: None, back: int) -> None:
    calendar, today = read_calendar(), date(2026, 11, 30) - timedelta(days=back)
    for spec in open_today(today, calendar):
        assert spec.filed < today
        assert calendar.is_business_day(spec.filed)


def test_there_is_no_sample_office_without_the_demonstrations_people(office: Cast) -> None:
    with pytest.raises(NotHere, match="people"):
        load_sample_office()
    assert not Application.objects.exists()


def test_there_is_no_sample_office_in_a_real_log(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_demo_people()
    log = Log.objects.get()
    log.synthetic = False
    monkeypatch.setattr(Log.objects, "first", lambda: log)
    with pytest.raises(NotHere, match="not synthetic"):
        load_sample_office()
