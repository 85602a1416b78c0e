"""Business days, waits and standards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.choices import WaitKind
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.clock import (
    BusinessDays,
    clock_of_file,
    holders,
    read_calendar,
    stopped_days,
    stops_the_clock,
)
from permits.domain.consultations import consult, end_wait, open_wait, record_silence
from permits.models import Wait
from policies.models import Holiday
from tests.people import Cast
from tests.permits.factories import WHY, make_draft, make_in_review

PLAIN = BusinessDays(frozenset())
DAYS = st.dates(date(2020, 1, 1), date(2022, 12, 31))


@pytest.mark.parametrize(
    ("year", "count"), [(2019, 11), (2020, 11), (2021, 12), (2022, 13), (2023, 12), (2026, 12)]
)
def test_the_federal_calendar_has_its_days_off(db: None, year: int, count: int) -> None:
    days = Holiday.objects.filter(day__year=year)
    assert days.count() == count
    assert all(one.day.weekday() < 5 for one in days)


@pytest.mark.parametrize(
    "day",
    [
        date(2021, 12, 27),
        date(2021, 12, 28),
        date(2022, 9, 19),
        date(2026, 12, 28),
        date(2021, 9, 30),
        date(2020, 8, 3),
    ],
)
def test_a_day_off_is_no_business_day(db: None, day: date) -> None:
    assert not read_calendar().is_business_day(day)


@given(start=DAYS, count=st.integers(0, 200))
def test_adding_business_days_and_counting_them_agree(start: date, count: int) -> None:
    assert PLAIN.between(start, PLAIN.add(start, count)) == count


@given(
    start=DAYS,
    length=st.integers(0, 120),
    waits=st.lists(st.tuples(st.integers(-20, 120), st.integers(0, 60), st.booleans()), max_size=5),
)
def test_waits_that_overlap_stop_a_day_once(
    start: date, length: int, waits: list[tuple[int, int, bool]]
) -> None:
    until = start + timedelta(days=length)
    rows = [
        Wait(
            kind=WaitKind.APPLICANT,
            from_on=start + timedelta(days=first),
            to_on=None if is_open else start + timedelta(days=first + days),
        )
        for first, days, is_open in waits
    ]
    together = stopped_days(rows, start, until, PLAIN)
    each: set[date] = set()
    for row in rows:
        each |= stopped_days([row], start, until, PLAIN)
    assert together == each
    assert len(together) <= PLAIN.between(start, until)


def test_which_waits_stop_the_clock() -> None:
    stopping = {kind for kind in WaitKind if stops_the_clock(Wait(kind=kind))}
    assert stopping == {WaitKind.APPLICANT, WaitKind.REPLY, WaitKind.OTHER}


def test_the_standard_is_that_for_consultation_once_a_body_is_asked(office: Cast) -> None:
    case = make_in_review(office.analyst)
    today = case.submitted_on
    assert today is not None
    assert clock_of_file(read_file(case), today).standard_days == 10
    asked = consult(
        case, body="DND", question="Any view?", due_on=today + timedelta(9), by=office.analyst
    )
    found = clock_of_file(read_file(case), today)
    assert (found.standard_days, found.target_percent, found.chargeable) == (40, 90, 0)
    record_silence(asked, reason=WHY, by=office.analyst)
    assert clock_of_file(read_file(case), today).standard_days == 40


def test_a_wait_moves_the_day_on_which_it_is_due(office: Cast) -> None:
    case = make_in_review(office.analyst)
    today = case.submitted_on
    assert today is not None
    later = today + timedelta(days=20)
    due = clock_of_file(read_file(case), later).due_on
    wait = open_wait(case, kind="other", reason=WHY, from_on=today, by=office.analyst)
    waiting = clock_of_file(read_file(case), later)
    assert waiting.is_waiting
    assert waiting.chargeable == 0
    assert due is not None
    assert waiting.due_on is not None
    assert waiting.due_on > due
    end_wait(wait, to_on=today, by=office.analyst)
    assert clock_of_file(read_file(case), later).due_on == due


def test_a_draft_has_no_clock(office: Cast) -> None:
    case = make_draft(office.analyst)
    assert clock_of_file(read_file(case), date(2030, 1, 1)).started_on is None


def test_who_held_the_file_is_told_in_order(office: Cast) -> None:
    case = make_in_review(office.analyst)
    intake.return_to_applicant(case, by=office.analyst, reason=WHY)
    assert [held.who for held in holders(case)] == [
        "Intake",
        "Nobody yet",
        "Analyst A.",
        "The applicant",
    ]
