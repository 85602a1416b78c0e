"""What every act on a case shares: nobody writes over what they have not seen."""

from __future__ import annotations

import pytest

from accounts.exceptions import Refused
from history.domain.door import Conflict
from permits.domain import intake
from permits.domain.casework import acting, afresh, head_of
from permits.models import Application, Party
from permits.workflow import Action
from tests.people import Cast
from tests.permits.factories import LINE, WHY, make_draft


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
