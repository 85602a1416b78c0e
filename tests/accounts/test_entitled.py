"""An entry that is well formed and follows the chain, by somebody whom the door would have refused.

Each is told through the door as a test's own act, then rewritten behind its back, with every hash
made to fit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.choices import Role
from accounts.domain.people import close_account
from accounts.domain.roles import end_role
from accounts.models import User
from history.actors import SYSTEM
from history.domain.door import door
from history.domain.verify import verify
from tests.history.tampering import rehash, rewrite
from tests.people import give_role, make_cast, make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
CASE = "case:E-2026-000001"


def forged(stream: str = CASE, **members: str | None) -> list[str]:
    """What the deep check says of such an entry."""
    with door(by=SYSTEM) as entries:
        entry = entries.record("test.done", stream=stream, subject="application:E-2026-000001")
    with unlogged():
        rewrite(entry.recorded.number, **members)
        rehash()
    assert verify().good
    found = verify(deep=True).faults
    assert {fault.place for fault in found} <= {entry.recorded.number}
    assert {fault.reason for fault in found} <= {"door"}
    return [fault.why for fault in found]


def edited(person: User, role: str | None = "analyst") -> list[str]:
    return forged(verb="application.edited", actor=f"person:{person.pk}", role=role)


def test_what_nobody_can_do_is_found() -> None:
    assert forged(verb="application.blessed") == ["nothing does application.blessed"]


def test_an_act_in_a_stream_that_it_does_not_belong_to_is_found() -> None:
    assert forged("reference:x", verb="decision.issued") == [
        "decision.issued does not belong to the stream reference:x"
    ]


def test_the_system_in_a_persons_place_is_found() -> None:
    assert forged(verb="decision.issued") == ["the system does no decision.issued"]


def test_somebody_who_was_not_there_is_found() -> None:
    assert forged(verb="application.edited", actor="person:999999", role="analyst") == [
        "there was no person:999999 yet"
    ]


def test_an_act_in_a_role_that_may_not_do_it_is_found() -> None:
    person = make_cast().auditor
    assert edited(person, "auditor") == ["nobody does application.edited as auditor"]


def test_an_act_in_no_role_is_found() -> None:
    person = make_cast().analyst
    assert edited(person, None) == ["nobody does application.edited without a role"]


def test_an_act_in_a_role_that_was_not_held_is_found() -> None:
    person = make_person("somebody")
    assert edited(person) == [f"person:{person.pk} was no analyst then"]


def test_an_act_in_a_role_that_was_held_is_good() -> None:
    assert edited(make_cast().analyst) == []


def test_an_act_before_the_role_is_found() -> None:
    with time_machine.travel(NOON, tick=False):
        person = make_person("somebody")
        before = edited(person)
        give_role(person, Role.ANALYST)
        assert before == [f"person:{person.pk} was no analyst then"]
        # The role that came later does not make it good.
        assert [fault.why for fault in verify(deep=True).faults] == before


def ended(after: timedelta) -> list[str]:
    """What is said of an act so long after the role ended."""
    with time_machine.travel(NOON - timedelta(days=9), tick=False):
        cast = make_cast()
    with time_machine.travel(NOON, tick=False):
        end_role(cast.analyst.rolegrants.get(), by=cast.admin, reason="Left the office")
    with time_machine.travel(NOON + after, tick=False):
        return edited(cast.analyst)


def test_an_act_after_the_role_ended_is_found() -> None:
    [why] = ended(timedelta(hours=2))
    assert why.endswith("was no analyst then")


def test_an_act_that_was_under_way_when_the_role_ended_is_good() -> None:
    assert ended(timedelta(seconds=30)) == []


def test_a_role_ends_with_its_last_day() -> None:
    with time_machine.travel(NOON - timedelta(days=9), tick=False):
        cast = make_cast()
        grant = cast.analyst.rolegrants.get()
        end_role(grant, by=cast.admin, reason="Leaves the office", on=NOON.date())
    with time_machine.travel(NOON - timedelta(days=1), tick=False):
        assert edited(cast.analyst) == []
    with time_machine.travel(NOON, tick=False):
        assert len(edited(cast.analyst)) == 1


def test_an_act_by_a_closed_account_is_found() -> None:
    with time_machine.travel(NOON, tick=False):
        cast = make_cast()
        close_account(cast.auditor, by=cast.admin, reason="Left the office")
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        assert forged(
            "audit", verb="log.verified", actor=f"person:{cast.auditor.pk}", role=None
        ) == [f"the account of person:{cast.auditor.pk} was closed"]


def test_an_act_with_a_temporary_password_is_found() -> None:
    person = make_cast().analyst
    with door(by=SYSTEM) as entries:
        entries.record("password.reset", stream=person.stream, subject=f"person:{person.pk}").set(
            User.objects.get(pk=person.pk), must_change_password=True
        )
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=False):
        assert edited(person) == [f"person:{person.pk} was no analyst then"]


def test_a_password_changed_for_somebody_else_is_found() -> None:
    cast = make_cast()
    who = f"person:{cast.analyst.pk}"
    assert forged(cast.auditor.stream, verb="password.changed", actor=who, role=None) == [
        f"{who} did it to somebody else without a role"
    ]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
def test_an_instant_at_the_end_of_time_gets_an_answer(instant: str) -> None:
    person = make_cast().analyst
    with door(by=SYSTEM) as entries:
        entry = entries.record("test.done", stream=CASE, subject="application:E-2026-000001")
    members = {"verb": "application.edited", "actor": f"person:{person.pk}", "role": "analyst"}
    with unlogged():
        rewrite(entry.recorded.number, recorded_at=instant, **members)
        rehash()
    assert not verify(deep=True).good
