"""Business days, waits and standards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from history import clock
from history.models import Event
from permits.choices import WaitKind
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.clock import (
    BusinessDays,
    Clock,
    clock_of,
    clock_of_file,
    holders,
    last_day_of,
    read_calendar,
    stopped_days,
    stops_the_clock,
    stretches,
)
from permits.domain.consultations import consult, end_wait, open_wait, record_answer
from permits.domain.decision import issue
from permits.domain.recommendation import put_to_applicant, recommend, record_reply
from permits.models import Application, Wait
from policies.models import ServiceStandard
from tests.people import Cast
from tests.permits.factories import (
    PARTY,
    WHY,
    answer_cards,
    clear_parties,
    country,
    in_a_year,
    make_draft,
    make_in_review,
    make_ready,
)

PLAIN = BusinessDays(frozenset())
DAYS = st.dates(date(2020, 1, 1), date(2022, 12, 31))


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


Stretches = list[tuple[int, int]]
STRETCHES = st.lists(st.tuples(st.integers(-20, 120), st.integers(0, 60)), max_size=5)
STANDARD = ServiceStandard(code="lower_risk", days=10, target_percent=90)


def waits_from(start: date, stretches: Stretches) -> list[Wait]:
    """Closed waits that stop the clock: days from the start to their first, and how many."""
    days = [start + timedelta(days=first) for first, _length in stretches]
    return [
        Wait(kind=WaitKind.OTHER, from_on=day, to_on=day + timedelta(days=length))
        for day, (_first, length) in zip(days, stretches, strict=True)
    ]


def clock_on(
    day: date, start: date, waits: list[Wait], standards: Sequence[ServiceStandard] = (STANDARD,)
) -> Clock:
    return clock_of(
        Application(submitted_on=start, status="in_review"),
        waits,
        needs_consultation=False,
        on=day,
        calendar=PLAIN,
        standards=standards,
    )


@given(start=DAYS, length=st.integers(0, 120), stretches=STRETCHES)
def test_what_is_charged_never_exceeds_what_elapsed(
    start: date, length: int, stretches: Stretches
) -> None:
    found = clock_on(start + timedelta(days=length), start, waits_from(start, stretches))
    assert 0 <= found.chargeable <= found.elapsed <= length


@given(start=DAYS, length=st.integers(0, 120), stretches=STRETCHES)
def test_a_day_later_charges_the_same_or_one_more(
    start: date, length: int, stretches: Stretches
) -> None:
    waits = waits_from(start, stretches)
    today, tomorrow = (clock_on(start + timedelta(days=length + n), start, waits) for n in (0, 1))
    assert tomorrow.chargeable - today.chargeable in (0, 1)
    assert tomorrow.elapsed - today.elapsed in (0, 1)


@given(start=DAYS, stretches=STRETCHES)
def test_the_due_day_is_the_last_that_is_not_late(start: date, stretches: Stretches) -> None:
    waits = waits_from(start, stretches)
    over = start + timedelta(days=400)
    due_on = clock_on(over, start, waits).due_on
    assert due_on is not None
    on_the_day = clock_on(due_on, start, waits)
    assert (on_the_day.chargeable, on_the_day.left, on_the_day.is_late) == (10, 0, False)
    assert clock_on(over, start, waits).is_late


def test_the_day_of_submission_is_day_0() -> None:
    friday = date(2026, 5, 8)
    days = [friday + timedelta(days=n) for n in range(5)]
    assert [clock_on(day, friday, []).elapsed for day in days] == [0, 0, 0, 1, 2]


def test_without_a_standard_in_force_on_the_day_of_submission_none_is_told() -> None:
    start = date(2026, 5, 8)
    later = ServiceStandard(code="lower_risk", days=5, target_percent=90, effective_from=start)
    before = ServiceStandard(code="lower_risk", days=10, target_percent=90, effective_to=start)
    day_before = start - timedelta(days=1)
    assert clock_on(start, start, [], [before, later]).standard_days == 5
    assert clock_on(start, day_before, [], [before, later]).standard_days == 10
    unknown = clock_on(start, day_before, [], [later])
    assert (unknown.standard_days, unknown.due_on, unknown.left) == (None, None, None)
    assert not unknown.is_late
    assert unknown.elapsed == 1


@pytest.mark.parametrize(
    ("applicant_counts", "wanted"),
    [
        (False, {WaitKind.APPLICANT, WaitKind.REPLY, WaitKind.OTHER}),
        (True, {WaitKind.REPLY, WaitKind.OTHER}),
    ],
)
def test_which_waits_stop_the_clock(
    settings: Settings, applicant_counts: bool, wanted: set[WaitKind]
) -> None:
    settings.APPLICANT_TIME_COUNTS = applicant_counts
    assert {kind for kind in WaitKind if stops_the_clock(Wait(kind=kind))} == wanted


def test_several_destinations_have_the_longer_standard(office: Cast) -> None:
    case = make_in_review(office.analyst)
    consignee = {**PARTY, "role": "consignee", "country": country("GB")}
    intake.add_party(case, consignee, by=office.analyst)
    assert clock_of_file(read_file(case), clock.today()).standard_days == 40


@pytest.mark.parametrize("wait", [True, False])
def test_the_clock_stands_still_once_it_is_withdrawn(office: Cast, wait: bool) -> None:
    case = make_in_review(office.analyst)
    if wait:
        open_wait(case, kind="other", reason=WHY, from_on=clock.today(), by=office.analyst)
    intake.withdraw(case, by=office.analyst, reason=WHY)
    case.refresh_from_db()
    found = clock_of_file(read_file(case), clock.today() + timedelta(days=90))
    assert (found.elapsed, found.chargeable) == (0, 0)
    assert not found.is_late
    assert not found.is_waiting


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
    record_answer(asked, answer="None.", answered_on=today, by=office.analyst)
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


@contextmanager
def on_day(number: int) -> Iterator[None]:
    """So many days from today, in the afternoon of Ottawa."""
    at = datetime.combine(clock.today(), time(15), clock.OTTAWA) + timedelta(days=number)
    with clock.simulated(at):
        yield


def events_of(case: Application) -> list[Event]:
    return list(Event.objects.filter(stream=case.stream).order_by("sequence"))


def held(case: Application) -> list[tuple[str, int, int | None]]:
    """Who held it, and from which to which day, counted from today."""

    def days(instant: datetime) -> int:
        return (instant.astimezone(clock.OTTAWA).date() - clock.today()).days

    return [
        (one.who, days(one.since), None if one.until is None else days(one.until))
        for one in holders(events_of(case))
    ]


def test_who_held_the_file_is_told_in_order(office: Cast) -> None:
    with on_day(0):
        case = make_draft(office.analyst)
    with on_day(1):
        intake.submit(case, by=office.analyst)
    with on_day(2):
        intake.take_up(case, by=office.analyst)
    with on_day(3):
        intake.return_to_applicant(case, by=office.analyst, reason=WHY)
    with on_day(9):
        intake.submit(case, by=office.senior)
    with on_day(10):
        intake.assign(case, office.analyst_b, by=office.senior)
    with on_day(12):
        intake.withdraw(case, by=office.analyst, reason=WHY)
    assert held(case) == [
        ("Intake", 0, 1),
        ("Nobody yet", 1, 2),
        ("Analyst A.", 2, 3),
        ("The applicant", 3, 9),
        ("Analyst A.", 9, 10),
        ("Analyst B.", 10, 12),
    ]


def test_whom_the_office_waits_for_has_the_file(office: Cast) -> None:
    """From the wait's own days. A consultation that nobody waits for takes it from nobody."""
    with on_day(0):
        case = make_in_review(office.analyst)
        due_on = clock.today() + timedelta(days=20)
        asked = [
            consult(case, body=body, question="Any view?", due_on=due_on, by=office.analyst)
            for body in ("National Defence", "A regional bureau")
        ]
    with on_day(4):
        from_on = clock.today() - timedelta(days=2)
        wait = open_wait(case, kind="consultation", reason=WHY, from_on=from_on, by=office.analyst)
    with on_day(6):
        record_answer(asked[1], answer="None.", answered_on=clock.today(), by=office.analyst)
    with on_day(9):
        end_wait(wait, to_on=clock.today() - timedelta(days=1), by=office.analyst)
    assert held(case) == [
        ("Analyst A.", 0, 2),
        ("A regional bureau, National Defence", 2, 6),
        ("National Defence", 6, 8),
        ("Analyst A.", 8, None),
    ]


def test_the_decision_maker_has_an_intended_refusal_after_the_reply(office: Cast) -> None:
    """Until it is put to the applicant, who is to put it has it."""
    with on_day(0):
        case = make_in_review(office.analyst)
        clear_parties(case, by=office.analyst, second=office.senior)
        answer_cards(case, by=office.analyst)
        recommendation = recommend(
            case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst
        )
    with on_day(1):
        reply_by = clock.today() + timedelta(days=30)
        put = put_to_applicant(recommendation, reply_by=reply_by, by=office.analyst)
    with on_day(5):
        record_reply(put, reply="None", replied_on=clock.today(), by=office.analyst)
    assert held(case) == [
        ("Analyst A.", 0, 1),
        ("The applicant", 1, 5),
        ("Decision-maker", 5, None),
    ]


def test_the_time_to_reply_ends_by_itself_after_its_last_day(office: Cast) -> None:
    start = clock.today()
    with on_day(0):
        case = make_in_review(office.analyst)
        clear_parties(case, by=office.analyst, second=office.senior)
        answer_cards(case, by=office.analyst)
        made = recommend(
            case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst
        )
        put = put_to_applicant(made, reply_by=start + timedelta(days=30), by=office.analyst)
    last = last_day_of(start + timedelta(days=30))
    for days, who in ((0, "The applicant"), (3, "Decision-maker")):
        with on_day((last - start).days + days):
            time_then = clock_of_file(read_file(case), clock.today())
            assert time_then.is_waiting == (who == "The applicant")
            assert time_then.chargeable == read_calendar().between(last, clock.today())
            assert holders(events_of(case))[-1].who == who
    with on_day((last - start).days):
        record_reply(put, reply="No.", replied_on=last, by=office.analyst)
        assert not clock_of_file(read_file(case), last).is_waiting
        assert holders(events_of(case))[-1].who == "Decision-maker"


def test_who_held_it_is_told_with_one_query_however_much_happened(office: Cast) -> None:
    case = make_in_review(office.analyst)
    for _number in range(3):
        wait = open_wait(case, kind="other", reason=WHY, from_on=clock.today(), by=office.analyst)
        end_wait(wait, to_on=clock.today(), by=office.analyst)
    events = events_of(case)
    with CaptureQueriesContext(connection) as queries:
        holders(events)
    assert len(queries) == 1


@contextmanager
def on_business_day(number: int) -> Iterator[date]:
    """So many business days from today, in the afternoon of Ottawa."""
    day = read_calendar().add(clock.today(), number)
    with clock.simulated(datetime.combine(day, time(15), clock.OTTAWA)):
        yield day


def test_each_business_day_is_of_whoever_had_the_file_as_it_began(office: Cast) -> None:
    """As the clock counts a wait: its first day is the office's, its last is not."""
    days = [read_calendar().add(clock.today(), number) for number in range(4)]
    with on_business_day(0):
        case = make_draft(office.analyst)
        intake.submit(case, by=office.analyst)
    with on_business_day(1):
        intake.take_up(case, by=office.analyst)
    with on_business_day(3):
        wait = open_wait(case, kind="other", reason=WHY, from_on=days[2], by=office.analyst)
    with on_business_day(6):
        end_wait(wait, to_on=read_calendar().add(days[3], 2), by=office.analyst)
    with on_business_day(8) as today:
        asked = consult(case, body="DND", question="Any?", due_on=date.max, by=office.analyst)
        open_wait(case, kind="consultation", reason=WHY, from_on=today, by=office.analyst)
    with on_business_day(10) as today:
        record_answer(asked, answer="None.", answered_on=today, by=office.analyst)
        case.refresh_from_db()
        time_now = clock_of_file(read_file(case), today)
        found = stretches(holders(events_of(case)), time_now)
    assert [(one.held.who, one.held.is_here, one.counts, one.days) for one in found] == [
        ("Nobody yet", False, True, 1),
        ("Analyst A.", True, True, 1),
        ("Another", False, False, 3),
        ("Analyst A.", True, True, 3),
        ("DND", False, True, 2),
    ]
    assert sum(one.days for one in found if one.counts) == time_now.chargeable
    assert sum(one.days for one in found) == time_now.elapsed


def test_days_before_it_came_back_complete_elapsed_and_do_not_count(office: Cast) -> None:
    with on_business_day(0):
        case = make_in_review(office.analyst)
    with on_business_day(3):
        case = intake.return_to_applicant(case, by=office.analyst, reason=WHY)
    with on_business_day(5):
        case = intake.edit_application(case, {"end_use": "Border patrol"}, by=office.analyst)
        case = intake.submit(case, by=office.analyst)
    with on_business_day(6) as today:
        time_now = clock_of_file(read_file(case), today)
        found = stretches(holders(events_of(case)), time_now)
    assert (time_now.elapsed, time_now.chargeable) == (6, 1)
    assert [(one.held.who, one.counts, one.days) for one in found] == [
        ("Analyst A.", False, 3),
        ("The applicant", False, 2),
        ("Analyst A.", True, 1),
    ]


def test_a_file_that_was_never_complete_has_no_days_to_give(office: Cast) -> None:
    case = make_draft(office.analyst)
    held_by = holders(events_of(case))
    assert [one.who for one in held_by] == ["Intake"]
    assert stretches(held_by, clock_of_file(read_file(case), date(2030, 1, 1))) == []


@pytest.mark.parametrize("later", [0, 10])
def test_nobody_makes_a_late_decision_timely_by_consulting_after_it(
    office: Cast, later: int
) -> None:
    case = make_ready(office.analyst, office.senior)
    with clock.simulated(clock.now() + timedelta(days=30)):
        recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
        issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
        case.refresh_from_db()
        decided = clock_of_file(read_file(case), clock.today())
    assert decided.is_late
    with clock.simulated(clock.now() + timedelta(days=30 + later)):
        due_on = clock.today() + timedelta(days=5)
        consult(case, body="Defence", question=WHY, due_on=due_on, by=office.analyst)
        since = clock_of_file(read_file(case), clock.today())
    assert (since.is_late, since.standard_days) == (True, decided.standard_days)


def test_a_body_that_was_consulted_before_the_decision_gives_the_longer_standard(
    office: Cast,
) -> None:
    case = make_ready(office.analyst, office.senior)
    due_on = clock.today() + timedelta(days=5)
    asked = consult(case, body="Defence", question=WHY, due_on=due_on, by=office.analyst)
    record_answer(asked, answer=WHY, answered_on=clock.today(), by=office.analyst)
    before = clock_of_file(read_file(case), clock.today())
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    case.refresh_from_db()
    decided = clock_of_file(read_file(case), clock.today())
    assert decided.standard_days == before.standard_days == 40
