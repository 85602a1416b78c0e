"""Delegations: which are in force, and what they must say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.choices import Power, Role, State
from accounts.domain.delegations import (
    Terms,
    confirm_delegation,
    delegations_in_force,
    end_delegation,
    propose_delegation,
)
from accounts.domain.people import close_account
from accounts.domain.roles import end_role
from accounts.domain.standing import state_of
from accounts.exceptions import Refused
from accounts.models import Delegation, RoleGrant, User
from history import clock
from history.domain.door import Conflict
from tests.accounts.last_event import last_event
from tests.people import TERMS, Cast, give_delegation, give_role, make_cast

pytestmark = pytest.mark.django_db

WHY = "Because the test says so"
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _simulated() -> Any:
    with clock.simulated(NOON):
        yield


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def give(cast: Cast, person: User, terms: Terms = TERMS, **days: date | None) -> Delegation:
    row = propose_delegation(
        person,
        terms,
        by=cast.admin,
        reason=WHY,
        **{"starts_on": TODAY, **days},  # type: ignore[arg-type]
    )
    return confirm_delegation(row, by=cast.admin_b)


def in_force(person: User, days: int = 0) -> list[Delegation]:
    return list(delegations_in_force(person, TODAY + timedelta(days=days)))


def test_a_proposal_gives_no_power(cast: Cast) -> None:
    propose_delegation(cast.decision, TERMS, by=cast.admin, reason=WHY, starts_on=TODAY)
    assert in_force(cast.decision) == []


def test_it_is_in_force_on_its_days(cast: Cast) -> None:
    row = give(cast, cast.decision, starts_on=TODAY + timedelta(1), ends_on=TODAY + timedelta(3))
    assert [in_force(cast.decision, days) for days in range(4)] == [[], [row], [row], []]


def test_one_that_is_confirmed_late_begins_that_day(cast: Cast) -> None:
    row = propose_delegation(cast.decision, TERMS, by=cast.admin, reason=WHY, starts_on=TODAY)
    with clock.simulated(NOON + timedelta(days=2)):
        assert confirm_delegation(row, by=cast.admin_b).starts_on == TODAY + timedelta(2)
    assert in_force(cast.decision, 1) == []


def test_none_is_proposed_for_a_closed_account(cast: Cast) -> None:
    close_account(cast.decision, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="The account is closed"):
        propose_delegation(cast.decision, TERMS, by=cast.admin, reason=WHY, starts_on=TODAY)


def test_who_saw_an_older_version_ends_nothing(cast: Cast) -> None:
    row = give(cast, cast.decision)
    with pytest.raises(Conflict):
        end_delegation(row, by=cast.admin, reason=WHY, seen=row.version - 1)
    assert in_force(cast.decision) == [row]


def test_it_is_in_force_only_with_the_role(cast: Cast) -> None:
    row = give(cast, cast.analyst)
    assert in_force(cast.analyst) == []
    assert state_of(row, TODAY, decides=False) == State.NEEDS_ROLE
    give_role(cast.analyst, Role.DECISION_MAKER)
    assert in_force(cast.analyst) == [row]


def test_it_ends_with_the_role(cast: Cast) -> None:
    give(cast, cast.decision)
    role = RoleGrant.objects.get(person=cast.decision)
    end_role(role, by=cast.admin, reason=WHY, on=TODAY + timedelta(1))
    assert in_force(cast.decision)
    assert in_force(cast.decision, 1) == []


def test_another_persons_role_does_not_help(cast: Cast) -> None:
    give(cast, cast.senior)
    assert in_force(cast.senior) == []


def test_it_ends_with_the_account(cast: Cast) -> None:
    give(cast, cast.decision)
    close_account(cast.decision, by=cast.admin, reason=WHY)
    assert in_force(cast.decision) == []


def test_it_ends_by_an_act(cast: Cast) -> None:
    row = give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    end_delegation(row, by=cast.decision, reason=WHY)
    assert in_force(cast.decision) == []


def test_its_entries_cite_the_provision(cast: Cast) -> None:
    row = give(cast, cast.decision)
    assert last_event().provision == "Interpretation Act, R.S.C. 1985, c. I-21, s. 24(2)"
    end_delegation(row, by=cast.admin, reason=WHY)
    assert "s. 24(2)" in (last_event().provision or "")


@pytest.mark.parametrize("powers", [set(), {Power.DECIDE}, {Power.ACT}, set(Power)])
def test_it_gives_the_powers_of_its_instrument(cast: Cast, powers: set[Power]) -> None:
    terms = replace(TERMS, powers=powers)
    if powers:
        assert give(cast, cast.decision, terms).powers == powers
    else:
        with pytest.raises(ValidationError, match="at least one power"):
            give(cast, cast.decision, terms)


@pytest.mark.parametrize("name", ["instrument_en", "instrument_fr", "number", "capacity_en"])
def test_it_says_everything_in_both_languages(cast: Cast, name: str) -> None:
    with pytest.raises(ValidationError) as fault:
        give(cast, cast.decision, replace(TERMS, **{name: "  "}))  # type: ignore[arg-type]
    assert set(fault.value.message_dict) == {name}


def test_one_instrument_is_recorded_once_for_a_day(cast: Cast) -> None:
    give(cast, cast.decision, ends_on=TODAY + timedelta(5))
    with pytest.raises(Refused, match=r"recorded for Decision-maker D\. already"):
        give(cast, cast.decision, starts_on=TODAY + timedelta(4))
    give(cast, cast.decision, starts_on=TODAY + timedelta(5))


def test_it_costs_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    give(cast, cast.decision)
    with django_assert_num_queries(1):
        assert in_force(cast.decision)
