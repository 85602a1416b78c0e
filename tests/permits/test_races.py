"""Two at once on one case: one outcome, and the other is told who was first and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.choices import Role
from accounts.exceptions import Refused
from history.domain.verify import verify
from permits.domain.casework import last_act
from permits.domain.decision import issue
from permits.domain.policy_changes import propose_change
from permits.models import Application, Decision, Permit
from policies.choices import ChangeStatus
from policies.models import PolicyChange, PolicyVersion, ReferenceLoad
from tests.engines import two_writers
from tests.people import Cast, give_delegation, make_cast, make_person_with
from tests.permits.factories import WHY, make_recommended
from tests.permits.races import (
    PAIRS,
    approval,
    issuing,
    race,
    rests_wrongly,
    rivals,
    stricter_load,
)
from tests.policies.changes import draft
from tests.policies.loading.folder import Folder

pytestmark = two_writers


@pytest.fixture
def staff(transactional_db: None) -> Cast:
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people


@pytest.mark.parametrize("pair", PAIRS)
def test_one_of_two_rivals_happens_and_the_other_is_told(staff: Cast, pair: str) -> None:
    other = make_person_with("decision-b", Role.DECISION_MAKER, name="Decision-maker H.")
    give_delegation(other, proposed_by=staff.admin, confirmed_by=staff.admin_b)
    for _turn in range(3):
        contest = rivals(pair, staff, other)
        found = race(*contest.acts)
        lost = [one for one in found if isinstance(one, Exception)]
        assert len(lost) == 1, found
        assert isinstance(lost[0], Refused)
        words = str(lost[0].words)
        # Who would refuse what was recommended for issue, and comes first, is told just that.
        assert last_act(contest.application) in words or "not what was recommended" in words
    decided = Decision.objects.filter(outcome="issued").count()
    assert Permit.objects.count() == decided
    assert Decision.objects.count() == Application.objects.filter(status="decided").count()
    assert verify(deep=True).good


def test_a_decision_rests_on_the_register_before_or_after_a_load(
    staff: Cast, tmp_path: Path
) -> None:
    before = ReferenceLoad.objects.latest("pk").pk
    application = make_recommended(staff.analyst, staff.senior)
    issued, loaded = race(
        lambda: issue(application, reasons=WHY, adopts_determination=True, by=staff.decision),
        stricter_load(Folder(tmp_path), "TR"),
    )
    assert not isinstance(loaded, Exception), loaded
    assert not rests_wrongly(issued, before)
    assert verify(deep=True).good


def test_decisions_signed_while_a_policy_is_approved_rest_on_one_version(staff: Cast) -> None:
    cases = [make_recommended(staff.analyst, staff.senior) for _ in range(6)]
    change = propose_change(draft(staff.admin), by=staff.admin)
    before = ReferenceLoad.objects.latest("pk").pk
    *issued, done = race(
        *(issuing(case, staff.decision) for case in cases), approval(change, staff.admin_b)
    )
    assert isinstance(done, PolicyChange), done
    assert done.status == ChangeStatus.APPROVED
    assert [rests_wrongly(one, before) for one in issued] == [""] * len(cases)
    assert PolicyVersion.objects.filter(policy__key="TR-9999-suspension").count() == 1
    assert verify(deep=True).good
