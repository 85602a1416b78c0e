"""The sample office: real acts on made-up cases, and a history that verifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from permits.sample.office import NotHere, is_awaited, load_sample_office
from permits.sample.specs import SAMPLE, Spec
from permits.sample.story import BEGAN, drawn, open_today
from tests.people import Cast


def test_the_office_tells_its_story_in_acts_that_verify(db: None) -> None:
    make_demo_people()
    assert is_awaited()
    seen: list[tuple[int, int, date]] = []
    made = load_sample_office(number=2, tell=lambda *far: seen.append(far))
    assert made > 30
    assert load_sample_office() == 0
    assert not is_awaited()

    # Whoever watches sees it come nearer, act by act, to the last application and to today.
    assert seen == sorted(seen)
    assert seen[0] == (0, made, SINCE)
    assert seen[-1][:2] == (made, made)
    assert (clock.today() - seen[-1][2]).days < 7

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
    assert (exceptional.issued_on.year, exceptional.issued_on.month) == (2020, 5)
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
    # More of them are the same and others.
    assert list(drawn(40, 1, today)) == list(drawn(400, 1, today))[:40]


def test_what_is_drawn_follows_the_published_figures() -> None:
    today = date(2026, 11, 26)
    specs = list(drawn(6_000, 1, today))

    def share(of: Callable[[Spec], bool], among: Sequence[Spec] = specs) -> float:
        return round(sum(map(of, among)) / len(among), 2)

    assert share(lambda one: one.withdrawn) == 0.08
    assert share(lambda one: bool(one.not_needed)) == 0.05
    assert 0 < share(lambda one: bool(one.ground or one.residual)) <= 0.01
    decided = [one for one in specs if not (one.withdrawn or one.not_needed)]
    assert 0.54 < share(lambda one: one.goods[0].is_arms, decided) < 0.62
    days = [one.filed for one in specs]
    assert min(days) == BEGAN
    assert max(days) == today - timedelta(days=1)

    # Nobody applied where policy stood against it: those cases are told, one by one.
    assert not {"TR", "RU", "BY", "HK"} & {one.destination for one in specs}
    assert min(one.filed for one in specs if one.destination == "SA") > date(2020, 4, 9)
    assert max(one.filed for one in specs if one.destination == "IL") < date(2024, 1, 8)
    worth = sum(value_of(one) for one in decided if one.goods[0].is_arms)
    saudi = sum(value_of(one) for one in decided if one.destination == "SA")
    assert 0.42 <= saudi / worth <= 0.75


def value_of(spec: Spec) -> int:
    return sum(goods.quantity * goods.unit_value for goods in spec.goods)


@pytest.mark.parametrize("back", [0, 1, 2, 3])
def test_open_cases_are_filed_on_working_days_before_today(db: None, back: int) -> None:
    calendar, today = read_calendar(), date(2026, 11, 30) - timedelta(days=back)
    for spec in open_today(today, calendar):
        assert spec.filed < today
        assert calendar.is_business_day(spec.filed)


def test_there_is_no_sample_office_without_the_demonstrations_people(office: Cast) -> None:
    with pytest.raises(NotHere, match="people"):
        load_sample_office()
    assert not is_awaited()
    assert not Application.objects.exists()


def test_there_is_no_sample_office_in_a_real_log(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_demo_people()
    log = Log.objects.get()
    log.synthetic = False
    monkeypatch.setattr(Log.objects, "first", lambda: log)
    with pytest.raises(NotHere, match="not synthetic"):
        load_sample_office()
    assert not is_awaited()
