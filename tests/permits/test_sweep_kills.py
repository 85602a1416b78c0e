"""A sweep killed, carried out by two at once, or meeting a case that is held: one act a permit."""

from __future__ import annotations

import os
import re

import pytest
from django.conf import settings
from django.db import connection

from history.actors import SYSTEM
from history.domain.verify import verify
from history.models import Event
from permits.choices import PermitStatus, Settled
from permits.domain.casework import acting
from permits.domain.standing import read_standing
from permits.domain.sweeps import agree_group, begin_sweep, carry_out, propose_group
from permits.models import Permit, PermitAct, PermitSweep, SweepGroup, SweepItem
from permits.verbs import Verb
from permits.workflow import Action
from policies.models import Policy
from tests.campaigns import ground
from tests.engines import two_writers
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import make_permit
from tests.permits.races import race
from tests.policies.changes import approved, draft

PERMITS = 4
KILLS = (4, 12, 20, 27, 29, 31, 32, 50, 30, 45)
"""Before which statement each process dies. A permit takes some 35: looking, then writing."""


@pytest.fixture
def staff(transactional_db: None) -> Cast:
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people


@pytest.fixture
def sweep(staff: Cast) -> PermitSweep:
    """Agreed on: its permits are cancelled."""
    for _turn in range(PERMITS):
        make_permit(staff.analyst, staff.senior, staff.decision)
    approved(draft(staff.admin), by=staff.admin_b)
    made = begin_sweep(Policy.objects.get(key="TR-9999-suspension"), by=staff.analyst)
    group = SweepGroup.objects.get(sweep=made)
    proposed = propose_group(
        group, action="cancel", reason_en="For a test", reason_fr="Pour un essai", by=staff.analyst
    )
    agree_group(proposed, by=staff.decision)
    return made


def database_url() -> str:
    """That of the test database, for another process."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", os.environ["TEST_DATABASE_URL"])


def assert_each_was_cancelled_once() -> None:
    for permit in Permit.objects.select_related("application"):
        assert read_standing(permit, permit.valid_from).status == PermitStatus.CANCELLED
        told = Event.objects.filter(stream=permit.application.stream, verb=Verb.CANCELLED)
        assert told.count() == 1
    assert PermitAct.objects.count() == PERMITS
    items = SweepItem.objects.all()
    assert [one.outcome for one in items] == [Settled.DONE] * PERMITS
    assert {one.act_id for one in items} == set(PermitAct.objects.values_list("pk", flat=True))
    assert verify(deep=True).good


def test_killed_ten_times_it_ends_with_one_act_for_each_permit(sweep: PermitSweep) -> None:
    process = ground.child(
        "tests.permits.sweeper",
        str(settings.HISTORY_KEY_FILE),
        sweep.number,
        *map(str, KILLS),
        TEST_DATABASE_URL=database_url(),
    )
    told, _nothing = process.communicate(timeout=60)
    assert told.split() == ["-9"] * len(KILLS) + ["0"]
    assert_each_was_cancelled_once()


def test_two_at_once_do_nothing_twice(sweep: PermitSweep) -> None:
    runs = race(*[lambda: carry_out(sweep, by=SYSTEM)] * 2)
    assert not [one for one in runs if isinstance(one, Exception)], runs
    settled = [item.permit.number for run in runs for item in run.settled]
    assert sorted(settled) == sorted(Permit.objects.values_list("number", flat=True))
    assert_each_was_cancelled_once()


@two_writers
def test_a_permit_whose_case_is_held_is_told_and_done_later(
    staff: Cast, sweep: PermitSweep
) -> None:
    held = Permit.objects.order_by("number")[0]
    with acting(Action.PROPOSE_ACT, held.application, by=staff.senior):
        (run,) = race(lambda: carry_out(sweep, by=SYSTEM))
        assert run.busy == [held.number]
        assert len(run.settled) == PERMITS - 1
    assert [one.permit for one in carry_out(sweep, by=SYSTEM).settled] == [held]
    assert_each_was_cancelled_once()
