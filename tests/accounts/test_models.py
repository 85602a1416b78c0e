"""Accounts: one written form for a user name, kept by the database too."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from accounts.domain.people import add_account
from accounts.models import User
from accounts.usernames import LONGEST_NAME, canonical_username
from history.actors import SYSTEM
from history.domain.door import door
from tests.people import PASSWORD, make_person
from tests.policies.marks import MARKS
from tests.unlogged import unlogged

SPELLINGS = ["analyst", "Analyst", "ANALYST", " analyst ", "ａｎａｌｙｓｔ", "ＡＮＡＬＹＳＴ"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_has_one_canonical_form(spelling: str) -> None:
    assert canonical_username(spelling) == "analyst"


def test_a_name_that_is_too_long_for_any_account_takes_no_time_by_the_square() -> None:
    began = time.process_time()
    name = canonical_username("a" + MARKS * 20_000)
    assert time.process_time() - began < 2
    assert len(name) > LONGEST_NAME
    assert canonical_username(name) == name


@pytest.mark.parametrize("text", ["ẞ", "ŉ", "ﬁ", "K", "ΐ", "ᾳ", "𝔸", "Å"])
def test_the_canonical_form_is_settled(text: str) -> None:
    assert canonical_username(canonical_username(text)) == canonical_username(text)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_sign_in_works_with_every_spelling(db: None, spelling: str) -> None:
    person = make_person("analyst")
    assert (
        authenticate(RequestFactory().post("/sign-in/"), username=spelling, password=PASSWORD)
        == person
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_name_is_taken_in_every_spelling(db: None, spelling: str) -> None:
    make_person("analyst")
    with pytest.raises(ValidationError, match="An account with this user name exists"):
        make_person(spelling)


@pytest.mark.parametrize("username", ["", "a b", "élise", "аnalyst", "a\x00b", ".a", "a" * 151])
def test_malformed_names_are_refused(db: None, username: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_person(username)
    assert set(refusal.value.message_dict) == {"username"}


@pytest.mark.parametrize("username", ["Analyst", ""])
def test_the_database_refuses_names_out_of_form(db: None, username: str) -> None:
    person = make_person("someone")
    with (
        pytest.raises(IntegrityError, match="accounts_user_username_lower_case"),
        unlogged(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE accounts_user SET username = %s WHERE id = %s", [username, person.pk]
        )


def test_a_person_is_shown_by_their_name(db: None) -> None:
    person = make_person("chloe", name="Chloé Nguyễn")
    assert (str(person), person.get_full_name(), person.get_short_name()) == ("Chloé Nguyễn",) * 3


def test_an_account_without_a_password_cannot_be_used(db: None) -> None:
    with door(by=SYSTEM) as entries:
        add_account(entries, "service", name="Service", encoded=make_password(None))
    assert authenticate(RequestFactory().post("/sign-in/"), username="service", password="") is None


def test_a_closed_account_cannot_sign_in(db: None) -> None:
    person = make_person("former")
    with unlogged():
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert (
        authenticate(RequestFactory().post("/sign-in/"), username="former", password=PASSWORD)
        is None
    )
