"""Roles by days: what overlaps, when one begins and ends, and the two administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.choices import Role, State
from accounts.domain.people import close_account, open_account
from accounts.domain.roles import confirm_role, decline_role, end_role, propose_role
from accounts.domain.standing import reasons_of_proposals, state_of
from accounts.exceptions import Refused
from accounts.models import RoleGrant, User
from accounts.rules import roles_of
from history import clock
from history.domain.door import Conflict
from history.models import Event
from tests.accounts.last_event import last_event
from tests.people import Cast, give_role, make_cast, make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

WHY = "Because the test says so"
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def day(number: int) -> date:
    """Days from today on: 0 is today."""
    return TODAY + timedelta(days=number)


@pytest.fixture(autouse=True)
def _simulated() -> Any:
    with clock.simulated(NOON):
        yield


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def someone() -> User:
    return make_person("someone", name="Someone")


def grant(
    cast: Cast, person: User, role: Role, start: int = 0, end: int | None = None
) -> RoleGrant:
    """Proposed by one administrator and confirmed by the other."""
    row = propose(cast, person, role, start, end)
    return confirm_role(row, by=cast.admin_b)


def propose(
    cast: Cast, person: User, role: Role, start: int = 0, end: int | None = None
) -> RoleGrant:
    return propose_role(
        person,
        role,
        by=cast.admin,
        reason=WHY,
        starts_on=day(start),
        ends_on=None if end is None else day(end),
    )


# In force


def test_a_proposal_gives_no_right(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST)
    assert roles_of(someone) == frozenset()
    assert state_of(row, TODAY) == State.PROPOSED
    assert reasons_of_proposals([row]) == {(row.stream, row.version): WHY}


def test_a_confirmed_role_is_in_force_on_its_days_and_no_other(cast: Cast, someone: User) -> None:
    grant(cast, someone, Role.ANALYST, 1, 3)
    held = [bool(roles_of(someone, on=day(number))) for number in range(5)]
    assert held == [False, True, True, False, False]


def test_a_role_confirmed_late_begins_that_day(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST, 1)
    with clock.simulated(NOON + timedelta(days=4)):
        row = confirm_role(row, by=cast.admin_b)
    assert row.starts_on == day(4)
    assert not roles_of(someone, on=day(3))
    (change,) = last_event().changes
    assert change["before"]["starts_on"] == day(1).isoformat()


def test_a_role_is_not_confirmed_when_its_days_have_passed(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST, 1, 3)
    with clock.simulated(NOON + timedelta(days=3)), pytest.raises(Refused, match="has passed"):
        confirm_role(row, by=cast.admin_b)


@pytest.mark.parametrize(("start", "end"), [(-1, None), (0, 0), (2, 1)])
def test_days_that_a_role_cannot_have(
    cast: Cast, someone: User, start: int, end: int | None
) -> None:
    with pytest.raises(ValidationError) as fault:
        propose(cast, someone, Role.ANALYST, start, end)
    assert set(fault.value.message_dict) == {"starts_on" if start < 0 else "ends_on"}


def test_a_closed_account_has_no_role(cast: Cast) -> None:
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    assert roles_of(cast.analyst) == frozenset()
    row = RoleGrant.objects.get(person=cast.analyst)
    assert state_of(row, TODAY) == State.SUSPENDED


def test_no_role_is_proposed_or_confirmed_for_a_closed_account(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST)
    close_account(someone, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="closed"):
        confirm_role(row, by=cast.admin_b)
    with pytest.raises(Refused, match="closed"):
        propose(cast, someone, Role.DECISION_MAKER)


def test_a_role_is_confirmed_only_for_who_has_a_password_of_their_own(cast: Cast) -> None:
    newcomer = open_account("newcomer", name="Newcomer", by=cast.admin, reason=WHY).person
    row = propose(cast, newcomer, Role.ANALYST)
    with pytest.raises(Refused, match="temporary password"):
        confirm_role(row, by=cast.admin_b)


def test_a_temporary_password_gives_no_right(cast: Cast) -> None:
    with unlogged():
        User.objects.filter(pk=cast.senior.pk).update(must_change_password=True)
    assert roles_of(cast.senior) == frozenset()


# Overlaps

WINDOWS = [
    # The first role's days, the second's, whether they share one.
    ((0, None), (0, None), True),
    ((0, 5), (4, 6), True),
    ((0, 5), (5, 6), False),
    ((5, 6), (0, 5), False),
    ((5, 6), (0, None), True),
    ((2, 9), (4, 5), True),
]


@pytest.mark.parametrize(("first", "second", "overlap"), WINDOWS)
@pytest.mark.parametrize(
    ("role", "other", "exclusive"),
    [
        (Role.ANALYST, Role.ANALYST, True),
        (Role.ANALYST, Role.AUDITOR, True),
        (Role.AUDITOR, Role.ANALYST, True),
        (Role.ADMINISTRATOR, Role.AUDITOR, True),
        (Role.ANALYST, Role.ADMINISTRATOR, False),
        (Role.ANALYST, Role.DECISION_MAKER, False),
    ],
)
def test_what_overlaps(
    cast: Cast,
    someone: User,
    role: Role,
    other: Role,
    exclusive: bool,
    first: tuple[int, int | None],
    second: tuple[int, int | None],
    overlap: bool,
) -> None:
    grant(cast, someone, role, *first)
    if exclusive and overlap:
        with pytest.raises(Refused, match=r"has this role already|holds no other role"):
            propose(cast, someone, other, *second)
    else:
        grant(cast, someone, other, *second)


def test_an_open_proposal_is_in_the_way_of_another(cast: Cast, someone: User) -> None:
    propose(cast, someone, Role.ANALYST)
    with pytest.raises(Refused, match="holds no other role"):
        propose(cast, someone, Role.AUDITOR)


def test_what_came_in_the_way_since_is_found_when_it_is_confirmed(
    cast: Cast, someone: User
) -> None:
    """As two connections could: each proposes before the other is there."""
    auditor = propose(cast, someone, Role.AUDITOR)
    with unlogged():
        RoleGrant.objects.filter(pk=auditor.pk).update(declined_at=NOON, declined_by=cast.admin)
    grant(cast, someone, Role.ANALYST, 3)
    with unlogged():
        RoleGrant.objects.filter(pk=auditor.pk).update(declined_at=None, declined_by=None)
    with pytest.raises(Refused, match="holds no other role"):
        confirm_role(auditor, by=cast.admin_b)


def test_days_of_a_declined_role_are_free(cast: Cast, someone: User) -> None:
    decline_role(propose(cast, someone, Role.ANALYST), by=cast.admin_b, reason=WHY)
    grant(cast, someone, Role.AUDITOR)


def test_a_change_of_roles_on_one_day(cast: Cast) -> None:
    """The day of a change belongs to the new role."""
    row = RoleGrant.objects.get(person=cast.analyst)
    with clock.simulated(NOON + timedelta(days=2)):
        end_role(row, by=cast.admin, reason=WHY)
        grant(cast, cast.analyst, Role.AUDITOR, 2)
        assert roles_of(cast.analyst) == {Role.AUDITOR}
        assert roles_of(cast.analyst, on=day(1)) == {Role.ANALYST}


# Ending


def test_a_role_ends_at_once(cast: Cast) -> None:
    with clock.simulated(NOON + timedelta(days=2)):
        row = end_role(RoleGrant.objects.get(person=cast.senior), by=cast.admin, reason=WHY)
        assert roles_of(cast.senior) == frozenset()
        assert state_of(row, clock.today()) == State.ENDED
    assert (row.ends_on, row.ended_by) == (day(2), cast.admin)
    assert last_event().reason == WHY


def test_a_role_ends_today_where_today_is_named(cast: Cast) -> None:
    row = RoleGrant.objects.get(person=cast.senior)
    with clock.simulated(NOON + timedelta(days=2)):
        assert end_role(row, by=cast.admin, reason=WHY, on=day(2)).ends_on == day(2)
        assert roles_of(cast.senior) == frozenset()


def test_a_role_ends_on_a_day_to_come(cast: Cast) -> None:
    row = RoleGrant.objects.get(person=cast.senior)
    end_role(row, by=cast.admin, reason=WHY, on=day(3))
    assert roles_of(cast.senior, on=day(2))
    assert not roles_of(cast.senior, on=day(3))


def test_a_role_that_has_not_begun_is_taken_back(cast: Cast, someone: User) -> None:
    row = end_role(grant(cast, someone, Role.ANALYST, 4), by=cast.admin, reason=WHY)
    assert state_of(row, TODAY) == State.TAKEN_BACK
    assert roles_of(someone, on=day(5)) == frozenset()


def test_an_end_is_never_put_off(cast: Cast, someone: User) -> None:
    row = grant(cast, someone, Role.ANALYST, 0, 4)
    with pytest.raises(Refused, match="ends on 6 March 2026 already"):
        end_role(row, by=cast.admin, reason=WHY, on=day(9))
    with pytest.raises(Refused, match="ends on 6 March 2026 already"):
        end_role(row, by=cast.admin, reason=WHY, on=day(4))
    with pytest.raises(ValidationError, match="today or later"):
        end_role(row, by=cast.admin, reason=WHY, on=day(-1))


def test_what_is_only_proposed_is_declined_and_not_ended(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST)
    with pytest.raises(Refused, match="only proposed"):
        end_role(row, by=cast.admin_b, reason=WHY)


@pytest.mark.parametrize("act", [confirm_role, decline_role, end_role])
def test_nothing_is_done_twice(cast: Cast, someone: User, act: Any) -> None:
    row = grant(cast, someone, Role.ANALYST)
    end_role(row, by=cast.admin, reason=WHY)
    row.refresh_from_db()
    with pytest.raises(Refused):
        act(row, by=cast.admin_b, reason=WHY)


def test_who_saw_an_older_version_is_told(cast: Cast, someone: User) -> None:
    row = propose(cast, someone, Role.ANALYST)
    seen = row.version
    decline_role(row, by=cast.admin_b, reason=WHY)
    before = Event.objects.count()
    stale = RoleGrant.objects.get(pk=row.pk)
    with pytest.raises(Conflict) as conflict:
        confirm_role(stale, by=cast.admin_b, seen=seen)
    assert conflict.value.now == stale
    assert Event.objects.count() == before


# Two administrators


def admin_grant(person: User) -> RoleGrant:
    return RoleGrant.objects.get(person=person, role=Role.ADMINISTRATOR)


def test_the_last_two_administrators_stay(cast: Cast) -> None:
    with pytest.raises(Refused, match="two administrators"):
        end_role(admin_grant(cast.admin_b), by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="two administrators"):
        end_role(admin_grant(cast.admin), by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="two administrators"):
        close_account(cast.admin_b, by=cast.admin, reason=WHY)


def test_a_third_lets_one_go(cast: Cast, someone: User) -> None:
    give_role(someone, Role.ADMINISTRATOR)
    end_role(admin_grant(cast.admin), by=cast.admin, reason=WHY)
    assert roles_of(cast.admin) == frozenset()


@pytest.mark.parametrize("how", ["role", "account"])
def test_one_who_serves_for_some_days_is_no_stand_in_afterwards(
    cast: Cast, someone: User, how: str
) -> None:
    grant(cast, someone, Role.ADMINISTRATOR, 0, 10)
    acts: dict[str, Callable[[], object]] = {
        "role": lambda: end_role(admin_grant(cast.admin_b), by=cast.admin, reason=WHY),
        "account": lambda: close_account(cast.admin_b, by=cast.admin, reason=WHY),
    }
    with pytest.raises(Refused, match="on 12 March 2026 fewer"):
        acts[how]()


def test_one_who_begins_later_is_no_stand_in_today(cast: Cast, someone: User) -> None:
    grant(cast, someone, Role.ADMINISTRATOR, 5)
    with pytest.raises(Refused, match="on 2 March 2026 fewer"):
        end_role(admin_grant(cast.admin_b), by=cast.admin, reason=WHY)
    end_role(admin_grant(cast.admin_b), by=cast.admin, reason=WHY, on=day(5))


def test_a_closed_account_is_no_stand_in(cast: Cast, someone: User) -> None:
    give_role(someone, Role.ADMINISTRATOR)
    close_account(someone, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="two administrators"):
        end_role(admin_grant(cast.admin_b), by=cast.admin, reason=WHY)


def test_an_administrators_other_role_may_end(cast: Cast) -> None:
    row = give_role(cast.admin, Role.ANALYST)
    end_role(row, by=cast.admin, reason=WHY)
    assert roles_of(cast.admin) == {Role.ADMINISTRATOR}


# Cost


def test_roles_cost_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    give_role(cast.analyst, Role.DECISION_MAKER)
    with django_assert_num_queries(1):
        assert len(roles_of(cast.analyst)) == 2
