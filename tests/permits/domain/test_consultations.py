"""Consultations are answered or their silence is recorded, once; waits begin and end on days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import clock
from history.domain.door import Conflict
from history.models import Event
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.casework import head_of
from permits.domain.consultations import (
    consult,
    end_wait,
    move_day,
    open_wait,
    record_answer,
    record_silence,
    recorded_late,
)
from permits.models import Application, Consultation, Wait
from permits.verbs import Verb
from tests.people import Cast
from tests.permits.factories import WHY, make_draft, make_in_review


@pytest.fixture
def case(office: Cast) -> Application:
    return make_in_review(office.analyst)


def ask(case: Application, by: User, body: str = "National Defence") -> Consultation:
    due_on = clock.today() + timedelta(days=10)
    return consult(case, body=body, question="Is there a military concern?", due_on=due_on, by=by)


def wait(case: Application, by: User, kind: str = "consultation", back: int = 0) -> Wait:
    from_on = clock.today() - timedelta(days=back)
    return open_wait(case, kind=kind, reason=WHY, from_on=from_on, by=by)


def verbs(case: Application) -> list[str]:
    events = Event.objects.filter(stream=case.stream).order_by("sequence")
    return list(events.values_list("verb", flat=True))


def test_an_answer_closes_a_consultation_with_its_day(case: Application, office: Cast) -> None:
    asked = ask(case, office.analyst)
    assert (asked.opened_by, asked.opened_on, asked.closed_on) == (
        office.analyst,
        clock.today(),
        None,
    )
    today = clock.today()
    answered = record_answer(asked, answer="None.", answered_on=today, by=office.senior)
    assert (answered.answer, answered.answered_on) == ("None.", today)
    assert (answered.closed_on, answered.closed_by) == (today, office.senior)
    assert verbs(case)[-2:] == [Verb.CONSULTED, Verb.CONSULTATION_ANSWERED]


def test_silence_closes_a_consultation_with_a_reason(case: Application, office: Cast) -> None:
    asked = ask(case, office.analyst)
    with pytest.raises(ValidationError, match="Say why"):
        record_silence(asked, reason="…", by=office.analyst)
    with clock.simulated(clock.now() + timedelta(days=11)):
        silent = record_silence(asked, reason=WHY, by=office.analyst)
        assert (silent.closed_on, silent.closed_by) == (clock.today(), office.analyst)
    assert (silent.silence_reason, silent.answer, silent.answered_on) == (WHY, "", None)
    assert verbs(case)[-1] == Verb.CONSULTATION_SILENT


def test_there_is_no_silence_before_the_day_of_the_answer_has_passed(
    case: Application, office: Cast
) -> None:
    """Or one person could ask and go on without an answer within a minute."""
    asked = ask(case, office.analyst)
    for days in (0, 10):
        with (
            clock.simulated(clock.now() + timedelta(days=days)),
            pytest.raises(Refused, match="not silence"),
        ):
            record_silence(asked, reason=WHY, by=office.analyst)


def test_a_day_that_was_mistyped_is_changed_with_a_reason_and_silence_counts_from_it(
    case: Application, office: Cast
) -> None:
    today = clock.today()
    far = today.replace(year=today.year + 100, day=1)
    asked = consult(case, body="DND", question="Any?", due_on=far, by=office.analyst)
    soon = today + timedelta(days=3)
    for faulty in (today, None):
        with pytest.raises(ValidationError) as fault:
            move_day(asked, due_on=faulty, reason=WHY, by=office.analyst)  # type: ignore[arg-type]
        assert set(fault.value.message_dict) == {"due_on"}
    moved = move_day(asked, due_on=soon, reason="The year was mistyped", by=office.analyst_b)
    assert moved.due_on == soon
    assert verbs(case)[-1] == Verb.CONSULTATION_MOVED
    before = head_of(case)
    assert move_day(moved, due_on=soon, reason=WHY, by=office.analyst).due_on == soon
    assert head_of(case) == before
    with clock.simulated(clock.now() + timedelta(days=4)):
        closed = record_silence(moved, reason=WHY, by=office.analyst)
        with pytest.raises(Refused, match="closed already"):
            move_day(closed, due_on=soon + timedelta(days=9), reason=WHY, by=office.analyst)


Close = Callable[[Consultation, User], Consultation]


def in_time(asked: Consultation, by: User) -> Consultation:
    with clock.simulated(clock.now() + timedelta(days=11)):
        return record_silence(asked, reason=WHY, by=by)


CLOSING: dict[str, Close] = {
    "an answer": lambda asked, by: record_answer(
        asked, answer="None.", answered_on=clock.today(), by=by
    ),
    "silence": in_time,
}


@pytest.mark.parametrize("second", CLOSING)
@pytest.mark.parametrize("first", CLOSING)
def test_a_consultation_is_closed_only_once(
    case: Application, office: Cast, first: str, second: str
) -> None:
    asked = ask(case, office.analyst)
    closed = CLOSING[first](asked, office.analyst)
    with pytest.raises(Conflict):
        CLOSING[second](asked, office.senior)
    with pytest.raises(Refused, match="closed already"):
        CLOSING[second](closed, office.senior)


def test_a_consultation_alone_begins_no_wait(case: Application, office: Cast) -> None:
    ask(case, office.analyst)
    assert read_file(case).waits == ()


BAD_QUESTIONS: dict[str, tuple[dict[str, object], str]] = {
    "no body": ({"body": " "}, "body"),
    "a body of dots": ({"body": "..."}, "body"),
    "a body too long for its column": ({"body": "x" * 201}, "body"),
    "no question": ({"question": ""}, "question"),
    "due today": ({"due_on": 0}, "due_on"),
    "due yesterday": ({"due_on": -1}, "due_on"),
}


@pytest.mark.parametrize("what", BAD_QUESTIONS)
def test_a_question_that_cannot_be_put_is_refused_by_field(
    case: Application, office: Cast, what: str
) -> None:
    changed, field = BAD_QUESTIONS[what]
    values = {"body": "National Defence", "question": "Any concern?", "due_on": 5, **changed}
    with pytest.raises(ValidationError) as refusal:
        consult(
            case,
            body=str(values["body"]),
            question=str(values["question"]),
            due_on=clock.today() + timedelta(days=int(str(values["due_on"]))),
            by=office.analyst,
        )
    assert set(refusal.value.message_dict) == {field}
    assert read_file(case).consultations == ()


@pytest.mark.parametrize("days", [-1, 1])
def test_an_answer_has_a_day_between_the_question_and_today(
    case: Application, office: Cast, days: int
) -> None:
    asked = ask(case, office.analyst)
    day = clock.today() + timedelta(days=days)
    with pytest.raises(ValidationError) as refusal:
        record_answer(asked, answer="None.", answered_on=day, by=office.analyst)
    assert set(refusal.value.message_dict) == {"answered_on"}


def test_a_wait_begins_and_ends_on_days(case: Application, office: Cast) -> None:
    opened = wait(case, office.analyst)
    assert (opened.opened_by, opened.to_on) == (office.analyst, None)
    ended = end_wait(opened, to_on=clock.today(), by=office.senior)
    assert (ended.to_on, ended.ended_by) == (clock.today(), office.senior)
    assert verbs(case)[-2:] == [Verb.WAIT_OPENED, Verb.WAIT_ENDED]
    with pytest.raises(Refused, match="ended already"):
        end_wait(ended, to_on=clock.today(), by=office.analyst)


@pytest.mark.parametrize("back", [-1, 1])
def test_a_wait_begins_between_the_submission_and_today(
    case: Application, office: Cast, back: int
) -> None:
    with pytest.raises(ValidationError) as refusal:
        wait(case, office.analyst, back=back)
    assert set(refusal.value.message_dict) == {"from_on"}


def test_the_same_wait_is_recorded_once(case: Application, office: Cast) -> None:
    ended = wait(case, office.analyst)
    with pytest.raises(Refused, match="recorded already"):
        wait(case, office.senior)
    end_wait(ended, to_on=clock.today(), by=office.analyst)
    assert wait(case, office.analyst).to_on is None


def test_no_wait_is_recorded_of_days_on_which_the_office_worked_on_the_case(
    case: Application, office: Cast
) -> None:
    started = clock.now()
    with clock.simulated(started + timedelta(days=4)):
        ask(case, office.analyst)
    with clock.simulated(started + timedelta(days=7)):
        with pytest.raises(ValidationError, match="from that of the last act"):
            wait(case, office.analyst, back=4)
        # Of waits themselves there may be several at once.
        assert [wait(case, office.analyst, back=back).to_on for back in (0, 3)] == [None, None]
        file, today = read_file(case), clock.today()
        assert [recorded_late(file).get(one.pk) for one in file.waits] == [None, today]
        client = Client()
        client.force_login(office.auditor)
        page = client.get(case.get_absolute_url()).content.decode()
    assert page.count(f"Recorded later: by {office.analyst.name}, {short_day(today)}") == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_a_wait_ends_between_its_first_day_and_today(
    case: Application, office: Cast, days: int
) -> None:
    opened = wait(case, office.analyst)
    with pytest.raises(ValidationError) as refusal:
        end_wait(opened, to_on=clock.today() + timedelta(days=days), by=office.analyst)
    assert set(refusal.value.message_dict) == {"to_on"}


def test_a_wait_is_for_somebody_and_has_a_reason(case: Application, office: Cast) -> None:
    with pytest.raises(ValidationError, match="whom the office waits for"):
        wait(case, office.analyst, kind="nobody")
    with pytest.raises(ValidationError, match="Say why"):
        open_wait(case, kind="other", reason=" ", from_on=clock.today(), by=office.analyst)
    assert read_file(case).waits == ()


@pytest.mark.parametrize("act", [ask, wait])
def test_only_who_works_on_the_case_consults_and_waits(
    case: Application, office: Cast, act: Callable[[Application, User], object]
) -> None:
    for person in (office.decision, office.admin, office.auditor):
        with pytest.raises(NotPermitted):
            act(case, person)


@pytest.mark.parametrize("act", [ask, wait])
def test_a_draft_has_nobody_to_consult_or_to_wait_for(
    office: Cast, act: Callable[[Application, User], object]
) -> None:
    with pytest.raises(Refused, match="not while"):
        act(make_draft(office.analyst), office.analyst)


def test_a_withdrawal_ends_what_is_waited_for(case: Application, office: Cast) -> None:
    wait(case, office.analyst)
    intake.withdraw(case, by=office.analyst, reason=WHY)
    assert [one.to_on for one in read_file(case).waits] == [clock.today()]
