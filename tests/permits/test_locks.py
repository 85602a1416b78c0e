"""What waits for what on PostgreSQL, so that what an act looked at still holds when it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import Delegation
from permits.domain import acts
from permits.domain.casework import acting
from permits.domain.decision import issue
from permits.domain.intake import next_number
from permits.domain.sweeps import agree_group, begin_sweep, propose_group, sweeping
from permits.models import Application, PermitSweep
from permits.workflow import PROPOSERS, Action
from policies.domain.reference.load import alone_at_the_register, share_register
from policies.models import Policy
from tests.engines import two_writers
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import WHY, make_draft, make_permit, make_recommended
from tests.permits.races import race
from tests.policies.changes import approved, draft

pytestmark = two_writers


@pytest.fixture
def staff(transactional_db: None) -> Cast:
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people


def waits(act: Callable[[], Any]) -> bool:
    """Whether the act, in another connection, waits for the transaction that is open here."""

    def with_little_patience() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '400ms'")
            act()

    (found,) = race(with_little_patience)
    if isinstance(found, OperationalError):
        assert "lock timeout" in str(found)
        return True
    assert found is None, found
    return False


def test_an_act_on_a_case_waits_for_the_one_before(staff: Cast) -> None:
    case, other = make_draft(staff.analyst), make_draft(staff.analyst)

    def touch(application: Application) -> None:
        with acting(Action.EDIT, application, by=staff.senior):
            pass

    with acting(Action.EDIT, case, by=staff.analyst):
        assert waits(lambda: touch(case))
        assert not waits(lambda: touch(other))


def test_an_act_on_a_sweep_waits_for_the_one_before(staff: Cast) -> None:
    make_permit(staff.analyst, staff.senior, staff.decision)
    approved(draft(staff.admin), by=staff.admin_b)
    policy = Policy.objects.get(key="TR-9999-suspension")
    sweep, other = (begin_sweep(policy, by=staff.analyst) for _turn in range(2))

    def touch(one: PermitSweep) -> None:
        with sweeping(one, by=staff.senior, roles=PROPOSERS):
            pass

    with sweeping(sweep, by=staff.analyst, roles=PROPOSERS):
        assert waits(lambda: touch(sweep))
        assert not waits(lambda: touch(other))


def test_a_yes_to_a_sweep_is_given_before_a_load_of_policies_or_after_it(staff: Cast) -> None:
    make_permit(staff.analyst, staff.senior, staff.decision)
    approved(draft(staff.admin), by=staff.admin_b)
    sweep = begin_sweep(Policy.objects.get(key="TR-9999-suspension"), by=staff.analyst)
    group = propose_group(
        sweep.groups.get(), action="keep", reason_en=WHY, reason_fr=WHY, by=staff.analyst
    )
    with transaction.atomic():
        alone_at_the_register()
        assert waits(lambda: agree_group(group, by=staff.decision))


def test_a_load_of_policies_waits_for_a_decision_and_decisions_for_none_of_each_other(
    staff: Cast,
) -> None:
    with transaction.atomic():
        share_register()
        assert not waits(share_register)
        assert waits(alone_at_the_register)
    with transaction.atomic():
        alone_at_the_register()
        assert waits(share_register)


def test_a_permit_is_issued_before_a_load_of_policies_or_after_it(staff: Cast) -> None:
    case = make_recommended(staff.analyst, staff.senior)
    with transaction.atomic():
        alone_at_the_register()
        assert waits(lambda: issue(case, reasons=WHY, adopts_determination=True, by=staff.decision))


def test_a_permit_is_loosened_before_a_load_of_policies_or_after_it(staff: Cast) -> None:
    permit = make_permit(staff.analyst, staff.senior, staff.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=staff.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=staff.analyst)
    with transaction.atomic():
        alone_at_the_register()
        assert waits(lambda: acts.perform_act(act, by=staff.decision))


def test_the_delegation_is_not_ended_while_it_is_decided_under_it(staff: Cast) -> None:
    case = make_recommended(staff.analyst, staff.senior)
    with transaction.atomic():
        Delegation.objects.select_for_update(no_key=True).get()
        assert waits(lambda: issue(case, reasons=WHY, adopts_determination=True, by=staff.decision))


def test_numbers_are_given_out_one_at_a_time(staff: Cast) -> None:
    with transaction.atomic():
        next_number("E", "reference", Application)
        assert waits(lambda: next_number("E", "reference", Application))
