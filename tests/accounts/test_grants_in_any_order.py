"""Whatever people do in whatever order: four eyes, auditors apart, two administrators every day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.choices import RequestedAct, Role
from accounts.domain.people import close_account
from accounts.domain.requests import confirm_request, propose_request
from accounts.domain.roles import confirm_role, decline_role, end_role, propose_role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import AccountRequest, RoleGrant, User
from history import clock
from history.domain.door import Conflict
from history.models import Event
from tests.people import make_cast
from tests.unlogged import unlogged

WHY = "Because the test says so"
START = datetime(2026, 3, 2, 17, tzinfo=UTC)

someone = st.integers(0, 6)
any_row = st.integers(0, 30)
later = st.integers(0, 4)
length = st.none() | st.integers(1, 5)


class Office(RuleBasedStateMachine):
    """The seven of the cast, who try anything."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.now = START
        with clock.simulated(self.now):
            self.people = list(make_cast())

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def attempt(self, act: Callable[[], object]) -> None:
        """An act is told once, or leaves nothing."""
        before = Event.objects.count()
        try:
            with clock.simulated(self.now), transaction.atomic():
                act()
        except (NotPermitted, Refused, ValidationError, Conflict):
            assert Event.objects.count() == before
        else:
            assert Event.objects.count() == before + 1

    def day(self, days: int | None) -> date | None:
        return None if days is None else (self.now + timedelta(days=days)).date()

    def row(self, model: Any, number: int) -> Any:
        rows = model.objects.order_by("pk")
        count = rows.count()
        return rows[number % count] if count else None

    @rule(actor=someone, subject=someone, role=st.sampled_from(Role), start=later, days=length)
    def propose(self, actor: int, subject: int, role: Role, start: int, days: int | None) -> None:
        self.attempt(
            lambda: propose_role(
                self.people[subject],
                role,
                by=self.people[actor],
                reason=WHY,
                starts_on=self.day(start) or date.min,
                ends_on=None if days is None else self.day(start + days),
            )
        )

    @rule(actor=someone, number=any_row)
    def confirm(self, actor: int, number: int) -> None:
        self.attempt(lambda: confirm_role(self.row(RoleGrant, number), by=self.people[actor]))

    @rule(number=any_row)
    def confirm_what_waits(self, number: int) -> None:
        """Often enough that much is confirmed."""
        waiting = list(RoleGrant.objects.waiting().order_by("pk"))
        for row in waiting[: number % 3]:
            for actor in self.people:
                self.attempt(partial(self.confirm_afresh, row, actor))

    def confirm_afresh(self, row: RoleGrant, by: User) -> RoleGrant:
        return confirm_role(RoleGrant.objects.get(pk=row.pk), by=by)

    @rule(actor=someone, number=any_row)
    def decline(self, actor: int, number: int) -> None:
        self.attempt(
            lambda: decline_role(self.row(RoleGrant, number), by=self.people[actor], reason=WHY)
        )

    @rule(actor=someone, number=any_row, on=st.none() | later)
    def end(self, actor: int, number: int, on: int | None) -> None:
        self.attempt(
            lambda: end_role(
                self.row(RoleGrant, number), by=self.people[actor], reason=WHY, on=self.day(on)
            )
        )

    @rule(actor=someone, subject=someone)
    def close(self, actor: int, subject: int) -> None:
        self.attempt(lambda: close_account(self.people[subject], by=self.people[actor], reason=WHY))

    @rule(actor=someone, other=someone, subject=someone)
    def reopen(self, actor: int, other: int, subject: int) -> None:
        person = self.people[subject]
        self.attempt(
            lambda: propose_request(person, RequestedAct.REOPEN, by=self.people[actor], reason=WHY)
        )
        row = AccountRequest.objects.waiting().filter(person=person).first()
        if row is not None:
            self.attempt(lambda: confirm_request(row, by=self.people[other]))

    @rule(subject=someone)
    def choose_a_password(self, subject: int) -> None:
        with unlogged():
            User.objects.filter(pk=self.people[subject].pk).update(must_change_password=False)

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def a_row_says_of_a_day_what_the_database_finds(self) -> None:
        rows = list(RoleGrant.objects.select_related("person"))
        for days in range(-1, 8):
            on = (self.now + timedelta(days=days)).date()
            found = set(RoleGrant.objects.in_force(on))
            assert {row for row in rows if row.is_in_force(on)} == found

    @invariant()
    def three_people_take_part(self) -> None:
        for row in RoleGrant.objects.filter(confirmed_at__isnull=False, proposed_by__isnull=False):
            assert len({row.person_id, row.proposed_by_id, row.confirmed_by_id} - {None}) == 3

    @invariant()
    def an_auditor_holds_nothing_else(self) -> None:
        rows = list(RoleGrant.objects.confirmed())
        for audits in (row for row in rows if row.role == Role.AUDITOR):
            for other in rows:
                if other.person_id == audits.person_id and other.pk != audits.pk:
                    assert (other.ends_on or date.max) <= audits.starts_on or (
                        audits.ends_on or date.max
                    ) <= other.starts_on

    @invariant()
    def two_administrators_are_there_every_day(self) -> None:
        today = self.day(0)
        assert today is not None
        rows = list(
            RoleGrant.objects.confirmed().filter(role=Role.ADMINISTRATOR, person__is_active=True)
        )
        for day in (today + timedelta(days=number) for number in (0, 1, 2, 3, 4, 5, 6, 9, 99)):
            held = {
                row.person_id
                for row in rows
                if row.starts_on <= day and (row.ends_on is None or row.ends_on > day)
            }
            assert len(held) >= 2, day


@pytest.mark.django_db
def test_in_any_order() -> None:
    run_state_machine_as_test(
        Office, settings=settings(max_examples=25, stateful_step_count=30, deadline=None)
    )
