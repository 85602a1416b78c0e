"""The commands that make accounts: the first administrators, the demo's seven, a way back in."""

from __future__ import annotations

import getpass
import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from pytest_django import Settings

from accounts.choices import RequestedAct, Role
from accounts.demo import DEMO_ACCOUNTS, offered_demo_accounts
from accounts.domain.delegations import delegations_in_force
from accounts.domain.people import close_account
from accounts.domain.requests import confirm_request, propose_request
from accounts.domain.roles import end_role
from accounts.models import RoleGrant, User
from accounts.rules import roles_of
from history import clock
from history.actors import names_of
from history.models import Event, Log
from tests.accounts.last_event import last_event
from tests.people import PASSWORD, make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

FIRST_TWO = ("anna", "Anna Nowak", "bruno", "Bruno Côté")
GOOD = "the first good password\nthe second good password\n"


def signs_in(username: str, password: str) -> bool:
    request = RequestFactory().post("/sign-in/")
    return authenticate(request, username=username, password=password) is not None


def create_administrators(monkeypatch: pytest.MonkeyPatch, typed: str, *names: str) -> str:
    output = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command(
        "create_administrators", *(names or FIRST_TWO), passwords_from_stdin=True, stdout=output
    )
    return output.getvalue()


# The first two


def test_the_first_two_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = create_administrators(monkeypatch, GOOD)
    assert said == "Anna Nowak and Bruno Côté are administrators.\n"
    assert all(roles_of(person) == {Role.ADMINISTRATOR} for person in User.objects.all())
    assert signs_in("anna", "the first good password")
    assert signs_in("bruno", "the second good password")
    assert (last_event().verb, last_event().actor) == ("role.granted", "system")
    assert last_event().reason == "Installation"

    events = Event.objects.count()
    said = create_administrators(monkeypatch, GOOD, "c", "C", "d", "D")
    assert said == "There are administrators already. Nothing was changed.\n"
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("typed", "names", "fault"),
    [
        ("short\nthe second good password\n", FIRST_TWO, "too short"),
        ("the first good password\n", FIRST_TWO, "two passwords"),
        (GOOD, ("anna", "Anna", "ANNA", "Also"), "An account with this user name exists"),
        (GOOD, ("an na", "Anna", "bruno", "Bruno"), "Use letters without accents"),
        ("Anna Nowak 12\nthe second good password\n", FIRST_TWO, "too similar"),
    ],
)
def test_a_fault_makes_nobody(
    monkeypatch: pytest.MonkeyPatch, typed: str, names: tuple[str, ...], fault: str
) -> None:
    with pytest.raises(CommandError, match=fault):
        create_administrators(monkeypatch, typed, *names)
    assert not User.objects.exists()


def test_passwords_are_asked_twice_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["the first good password", "the first one mistyped"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="not the same"):
        call_command("create_administrators", *FIRST_TWO)
    answers = iter(["the first good password"] * 2 + ["the second good password"] * 2)
    call_command("create_administrators", *FIRST_TWO, stdout=io.StringIO())
    assert signs_in("bruno", "the second good password")


# A way back in


def test_a_password_is_released_by_who_runs_the_installation() -> None:
    person = make_person()
    output = io.StringIO()
    call_command("release_password", "Analyst", reason="Both are away", stdout=output)
    password = output.getvalue().split()[-1]
    assert signs_in(person.username, password)
    assert not signs_in(person.username, PASSWORD)
    assert User.objects.get().must_change_password
    assert (last_event().verb, last_event().actor) == ("password.reset", "system")


@pytest.mark.parametrize(
    ("username", "reason", "fault"),
    [("nobody", "Why not", "no account"), ("analyst", " . ", "Say why")],
)
def test_no_password_is_released_without_a_person_and_a_reason(
    username: str, reason: str, fault: str
) -> None:
    make_person()
    with pytest.raises(CommandError, match=fault):
        call_command("release_password", username, reason=reason)


# The demo


@pytest.fixture
def demo_mode(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "demo"


@pytest.mark.parametrize("mode", ["test", "production"])
def test_the_seven_are_refused_outside_demo_mode(settings: Settings, mode: str) -> None:
    settings.PERMIT_DESK_MODE = mode
    assert offered_demo_accounts() == ()
    with pytest.raises(CommandError, match="demo mode only"):
        call_command("create_demo_people")
    assert not User.objects.exists()


def test_the_seven_are_refused_in_a_real_log(demo_mode: None) -> None:
    make_person("someone")
    with unlogged():
        Log.objects.update(synthetic=False)
    with pytest.raises(CommandError, match="a real one"):
        call_command("create_demo_people")
    assert User.objects.count() == 1


def test_the_seven_have_their_roles(demo_mode: None) -> None:
    call_command("create_demo_people")
    assert len(offered_demo_accounts()) == User.objects.count() == 7
    for one in offered_demo_accounts():
        person = User.objects.get(username=one.username)
        assert person.name == one.name
        assert roles_of(person) == {one.role}
        assert signs_in(one.username, one.password)
    decider = User.objects.get(username="decision")
    (delegation,) = delegations_in_force(decider, clock.today())
    assert "ynthetic" in delegation.instrument_en
    assert "fictif" in delegation.instrument_fr
    for grant in RoleGrant.objects.exclude(role=Role.ADMINISTRATOR):
        assert grant.proposed_by != grant.confirmed_by is not None


def test_a_second_time_changes_nothing(demo_mode: None) -> None:
    call_command("create_demo_people")
    events = Event.objects.count()
    call_command("create_demo_people")
    assert Event.objects.count() == events


def test_what_somebody_changed_works_again(demo_mode: None) -> None:
    call_command("create_demo_people")
    people = {person.username: person for person in User.objects.all()}
    admin, admin_b = people["admin"], people["admin-b"]
    close_account(people["analyst"], by=admin, reason="To try")
    row = propose_request(people["senior"], RequestedAct.RESET_PASSWORD, by=admin, reason="To try")
    confirm_request(row, by=admin_b)
    end_role(RoleGrant.objects.get(person=people["decision"]), by=admin, reason="To try")
    call_command("create_demo_people")
    for one in DEMO_ACCOUNTS:
        assert signs_in(one.username, one.password)
        assert roles_of(people[one.username]) == {one.role}


def test_what_cannot_be_put_right_is_said(demo_mode: None) -> None:
    call_command("create_demo_people")
    people = {person.username: person for person in User.objects.all()}
    grant = RoleGrant.objects.get(person=people["auditor"])
    with unlogged():
        RoleGrant.objects.filter(pk=grant.pk).update(role=Role.ANALYST)
    said = io.StringIO()
    call_command("create_demo_people", stderr=said)
    assert said.getvalue().startswith("Not put right: auditor: An auditor holds no other role")


def test_the_history_knows_names() -> None:
    person = make_person()
    assert names_of([f"person:{person.pk}", "system"]) == {f"person:{person.pk}": "Analyst A."}
