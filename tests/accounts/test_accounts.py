"""Opening, closing and reopening accounts, and passwords."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from accounts.choices import RequestedAct, Role
from accounts.domain.people import (
    HandedOver,
    change_own_password,
    close_account,
    make_temporary_password,
    open_account,
)
from accounts.domain.requests import confirm_request, propose_request
from accounts.exceptions import NotPermitted, Refused
from accounts.models import AccountRequest, User
from accounts.rules import roles_of
from history.domain.door import Conflict
from history.models import Event, Text
from tests.people import PASSWORD, Cast, make_cast, make_person_with

pytestmark = pytest.mark.django_db

WHY = "Because the test says so"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def signs_in(person: User, password: str) -> AbstractBaseUser | None:
    request = RequestFactory().post("/sign-in/")
    return authenticate(request, username=person.username, password=password)


def reset(cast: Cast, person: User) -> HandedOver:
    row = propose_request(person, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)
    return confirm_request(row, by=cast.admin_b)


def reopen(cast: Cast, person: User) -> HandedOver:
    row = propose_request(person, RequestedAct.REOPEN, by=cast.admin, reason=WHY)
    return confirm_request(row, by=cast.admin_b)


def test_temporary_passwords_differ_and_can_be_read_out() -> None:
    made = {make_temporary_password() for _each in range(50)}
    assert len(made) == 50
    assert not set("".join(made)) & set("01iloO")


def test_a_new_account_has_no_right_and_a_temporary_password(cast: Cast) -> None:
    made = open_account("newcomer", name="  New   Comer ", by=cast.admin, reason=WHY)
    assert made.person.name == "New Comer"
    assert made.person.must_change_password
    assert signs_in(made.person, made.temporary_password) == made.person
    assert roles_of(made.person) == frozenset()


def test_the_temporary_password_is_in_no_event_and_no_text(cast: Cast) -> None:
    made = open_account("newcomer", name="Newcomer", by=cast.admin, reason=WHY)
    for body in Event.objects.values_list("body", flat=True):
        assert made.temporary_password not in bytes(body).decode()
        assert "Newcomer" not in bytes(body).decode()
        assert made.person.password not in bytes(body).decode()
    kept = set(Text.objects.values_list("content", flat=True))
    assert made.temporary_password not in kept
    assert made.person.password not in kept
    assert "Newcomer" in kept


def test_a_name_that_is_taken_opens_nothing(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="An account with this user name exists"):
        open_account("Analyst", name="Another", by=cast.admin, reason=WHY)


def test_who_replaces_the_temporary_password_has_their_rights(cast: Cast) -> None:
    handed = reset(cast, cast.analyst)
    assert roles_of(cast.analyst) == frozenset()
    assert signs_in(cast.analyst, PASSWORD) is None
    change_own_password(
        by=handed.person, current=handed.temporary_password, new="quite another word"
    )
    assert roles_of(cast.analyst) == {Role.ANALYST}
    assert signs_in(cast.analyst, "quite another word")
    assert signs_in(cast.analyst, handed.temporary_password) is None


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "quite another word", "current"),
        (PASSWORD, PASSWORD, "new"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "password1234", "new"),
        (PASSWORD, "121212121212121", "new"),
        (PASSWORD, "Analyst A.analyst", "new"),
    ],
)
def test_what_is_no_new_password(cast: Cast, current: str, new: str, field: str) -> None:
    with pytest.raises(ValidationError) as fault:
        change_own_password(by=cast.analyst, current=current, new=new)
    assert set(fault.value.message_dict) == {field}
    assert signs_in(cast.analyst, PASSWORD)


def test_a_password_that_was_reset_meanwhile_is_not_overwritten(cast: Cast) -> None:
    earlier = User.objects.get(pk=cast.analyst.pk)
    reset(cast, cast.analyst)
    with pytest.raises(Conflict):
        change_own_password(by=earlier, current=PASSWORD, new="quite another word")


# Closing


def test_closing_ends_the_session_at_the_next_request(cast: Cast, client: Client) -> None:
    client.force_login(cast.analyst)
    assert client.get("/account/").status_code == 200
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    assert client.get("/account/").status_code == 302
    assert signs_in(cast.analyst, PASSWORD) is None


def test_a_session_from_before_stays_dead_after_reopening(cast: Cast, client: Client) -> None:
    client.force_login(cast.analyst)
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    handed = reopen(cast, cast.analyst)
    assert client.get("/account/").status_code == 302
    assert signs_in(cast.analyst, PASSWORD) is None
    assert signs_in(cast.analyst, handed.temporary_password)


def test_reopening_gives_the_roles_back_with_the_persons_own_password(cast: Cast) -> None:
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    handed = reopen(cast, cast.analyst)
    assert roles_of(cast.analyst) == frozenset()
    change_own_password(
        by=handed.person, current=handed.temporary_password, new="quite another word"
    )
    assert roles_of(cast.analyst) == {Role.ANALYST}


def test_a_password_change_ends_other_sessions(cast: Cast, client: Client) -> None:
    client.force_login(cast.analyst)
    change_own_password(by=cast.analyst, current=PASSWORD, new="quite another word")
    assert client.get("/account/").status_code == 302


def test_what_the_account_does_not_ask_for_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="open already"):
        propose_request(cast.analyst, RequestedAct.REOPEN, by=cast.admin, reason=WHY)
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="closed already"):
        close_account(cast.analyst, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="opened again first"):
        propose_request(cast.analyst, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)


def test_a_request_is_confirmed_once(cast: Cast) -> None:
    reset(cast, cast.analyst)
    with pytest.raises(Refused, match="does not wait"):
        confirm_request(AccountRequest.objects.get(), by=cast.admin_b)


def test_a_reset_of_an_account_closed_meanwhile_is_refused(cast: Cast) -> None:
    row = propose_request(cast.analyst, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)
    close_account(cast.analyst, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="opened again first"):
        confirm_request(row, by=cast.admin_b)


def test_the_same_is_not_proposed_twice(cast: Cast) -> None:
    propose_request(cast.analyst, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)
    with pytest.raises(Refused, match="proposed already"):
        propose_request(cast.analyst, RequestedAct.RESET_PASSWORD, by=cast.admin_b, reason=WHY)


def test_who_asks_for_a_reset_of_their_own_password_is_told_what_to_do(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match="change your password yourself"):
        propose_request(cast.admin, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)


def test_an_administrator_who_cannot_act_is_none_of_the_two(cast: Cast) -> None:
    third = make_person_with("third", Role.ADMINISTRATOR)
    asked = propose_request(third, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)
    confirm_request(asked, by=cast.admin_b)
    with pytest.raises(Refused, match="There must be two administrators every day"):
        close_account(cast.admin_b, by=cast.admin, reason=WHY)
