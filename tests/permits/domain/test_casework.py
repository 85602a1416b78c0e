"""What every act on a case shares: nobody writes over what they have not seen."""

from __future__ import annotations

import pytest

from accounts.exceptions import NotPermitted, Refused
from accounts.rules import roles_of
from history.domain.door import Conflict
from permits.domain import intake
from permits.domain.casework import CONFLICTED, acting, afresh, head_of
from permits.models import Application, Party
from permits.workflow import DESPITE_A_CONFLICT, TRANSITIONS, Action
from tests.people import Cast
from tests.permits.factories import (
    LINE,
    WHY,
    make_draft,
    make_in_review,
    make_permit,
    make_recommended,
)


@pytest.fixture
def case(office: Cast) -> Application:
    return make_draft(office.analyst)


def test_an_application_that_changed_since_it_was_seen_is_a_conflict(
    case: Application, office: Cast
) -> None:
    seen = case.version
    intake.edit_application(case, {"end_use": "Training"}, by=office.senior, seen=seen)
    with pytest.raises(Conflict) as conflict:
        intake.edit_application(case, {"end_use": "Patrol"}, by=office.analyst, seen=seen)
    assert conflict.value.now == case
    case.refresh_from_db()
    assert case.end_use == "Training"


def test_a_row_that_changed_since_it_was_seen_is_a_conflict(
    case: Application, office: Cast
) -> None:
    row = Party.objects.filter(application=case)[0]
    intake.edit_party(row, {"name": "Another"}, by=office.senior)
    changed = Party.objects.get(pk=row.pk)
    for stale, seen in ((row, None), (changed, row.version)):
        with pytest.raises(Conflict), acting(Action.EDIT, case, by=office.analyst):
            afresh(stale, seen)
    assert afresh(row, changed.version) == changed


def test_anything_of_a_case_that_changed_since_it_was_seen_is_a_conflict(
    case: Application, office: Cast
) -> None:
    """Also what leaves the application's own row as it was, such as a line."""
    head = head_of(case)
    with acting(Action.EDIT, case, by=office.analyst, seen_head=head):
        pass
    intake.add_line(case, LINE, by=office.analyst)
    with (
        pytest.raises(Conflict) as conflict,
        acting(Action.EDIT, case, by=office.analyst, seen_head=head),
    ):
        pass
    assert conflict.value.head == head_of(case) == head + 1


def test_who_comes_too_late_is_told_what_was_done_by_whom(case: Application, office: Cast) -> None:
    intake.withdraw(case, by=office.senior, reason=WHY)
    with pytest.raises(Refused) as refusal:
        intake.submit(case, by=office.analyst)
    assert "Last: " in str(refusal.value.words)
    assert "Senior analyst C." in str(refusal.value.words)


def test_who_declared_a_conflict_of_interest_does_nothing_more_on_the_case(office: Cast) -> None:
    """Of a decision, and of acts on the permit, G12 and the acts themselves ask it."""
    in_review = make_in_review(office.analyst)
    recommended = make_recommended(office.analyst, office.senior)
    issued = make_permit(office.analyst, office.senior, office.decision).application
    for case in (in_review, recommended, issued):
        case.refresh_from_db()
        for person in (office.analyst, office.decision):
            intake.declare_conflict(case, by=person, reason=WHY)
            for action, transition in TRANSITIONS.items():
                if not transition.applies_to(case.status, case.outcome):
                    continue
                if not roles_of(person) & transition.roles:
                    continue
                if action in DESPITE_A_CONFLICT:
                    with acting(action, case, by=person):
                        pass
                else:
                    with pytest.raises(NotPermitted) as refusal, acting(action, case, by=person):
                        pass
                    assert refusal.value.words == CONFLICTED
