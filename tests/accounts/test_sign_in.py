"""Signing in and out over HTTP."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import (
    assertContains,
    assertNotContains,
    assertRedirects,
    assertTemplateUsed,
)

from accounts.demo import DEMO_ACCOUNTS
from accounts.demo import PASSWORD as PUBLIC_PASSWORD
from accounts.models import User
from accounts.rules import roles_of
from tests.people import PASSWORD
from tests.unlogged import unlogged

SIGN_IN = "/sign-in/"
NO_MATCH = "The user name and password do not match."


def forms_at(client: Client, address: str) -> list[dict[str, str]]:
    """The forms in the main part of that page: the values of their hidden fields."""
    main = client.get(address).content.decode().partition("<main")[2]
    return [
        dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        for form in re.findall(r"<form.*?</form>", main, re.DOTALL)
    ]


@pytest.fixture
def demonstration(db: None, settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "demo"
    call_command("create_demo_people")


def credentials(**changes: str) -> dict[str, str]:
    return {"username": "analyst", "password": PASSWORD, **changes}


def test_the_page_is_open_to_everyone_and_not_kept(client: Client, db: None) -> None:
    response = client.get(SIGN_IN)
    assert response.status_code == 200
    assertTemplateUsed(response, "registration/sign_in.html")
    assert "no-store" in response["Cache-Control"]
    assert response.context["demo_accounts"] == ()


def test_outside_a_demonstration_nothing_of_it_shows(client: Client, db: None) -> None:
    for account in DEMO_ACCOUNTS:
        assertNotContains(client.get(SIGN_IN), account.username)
    assertNotContains(client.get(SIGN_IN), PUBLIC_PASSWORD)
    assert len(forms_at(client, SIGN_IN)) == 1


def test_each_person_of_the_demonstration_has_a_form_that_signs_in(
    client: Client, demonstration: None
) -> None:
    """A form and no script, with the token of its page, through the very same sign-in."""
    client = Client(enforce_csrf_checks=True)
    forms = forms_at(client, f"{SIGN_IN}?next=/account/")[1:]
    assert [form["username"] for form in forms] == [each.username for each in DEMO_ACCOUNTS]
    for form, account in zip(forms, DEMO_ACCOUNTS, strict=True):
        client = Client(enforce_csrf_checks=True)
        token = forms_at(client, SIGN_IN)[1]["csrfmiddlewaretoken"]
        response = client.post(SIGN_IN, form | {"csrfmiddlewaretoken": token})
        assertRedirects(response, "/account/", fetch_redirect_response=False)
        person = User.objects.get(pk=client.session["_auth_user_id"])
        assert (person.username, set(roles_of(person))) == (account.username, {account.role})


def test_the_people_are_shown_with_name_role_and_password(
    client: Client, demonstration: None
) -> None:
    response = client.get(SIGN_IN, headers={"accept-language": "en-ca"})
    for account in DEMO_ACCOUNTS:
        assertContains(response, account.name)
        assertContains(response, account.role.label)
    # The page says it once for all.
    assert {account.password for account in DEMO_ACCOUNTS} == {PUBLIC_PASSWORD}
    assertContains(response, f"<code>{PUBLIC_PASSWORD}</code>", count=1)


def test_a_next_page_elsewhere_is_in_no_form(client: Client, demonstration: None) -> None:
    forms = forms_at(client, f"{SIGN_IN}?next=https://example.org/")
    assert len(forms) == 1 + len(DEMO_ACCOUNTS)
    assert not any("next" in form for form in forms)


def test_signing_in_leads_home(client: Client, analyst: User) -> None:
    response = client.post(SIGN_IN, credentials())
    assertRedirects(response, "/", fetch_redirect_response=False)
    assert client.session["_auth_user_id"] == str(analyst.pk)


def test_signing_in_starts_another_session(client: Client, analyst: User) -> None:
    session = client.session
    session["before"] = "signing in"
    session.save()
    key = session.session_key
    client.post(SIGN_IN, credentials())
    assert client.session.session_key != key


def test_a_next_page_of_ours_is_opened(client: Client, analyst: User) -> None:
    response = client.post(SIGN_IN, credentials(next="/policies/?on=2020-04-16"))
    assertRedirects(response, "/policies/?on=2020-04-16", fetch_redirect_response=False)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://example.org/", "//example.org/", "///example.org", "javascript:alert(1)", "\\\\x.y"],
)
def test_a_next_page_elsewhere_is_ignored(client: Client, analyst: User, elsewhere: str) -> None:
    response = client.post(SIGN_IN, credentials(next=elsewhere))
    assertRedirects(response, "/", fetch_redirect_response=False)


def test_someone_signed_in_is_led_on(analyst_client: Client) -> None:
    assertRedirects(analyst_client.get(SIGN_IN), "/", fetch_redirect_response=False)


@pytest.mark.parametrize(
    "wrong", [{"password": "another"}, {"username": "nobody"}, {"username": "аnalyst"}]
)
def test_every_mismatch_has_one_message(
    client: Client, analyst: User, wrong: dict[str, str]
) -> None:
    response = client.post(SIGN_IN, credentials(**wrong))
    assert response.context["form"].non_field_errors() == [NO_MATCH]


def test_a_closed_account_has_the_same_message(client: Client, analyst: User) -> None:
    with unlogged():
        User.objects.filter(pk=analyst.pk).update(is_active=False)
    response = client.post(SIGN_IN, credentials())
    assert response.context["form"].non_field_errors() == [NO_MATCH]


@pytest.mark.parametrize(
    "body",
    [
        b"username=ana%00lyst&password=x",
        b"username=analyst&password=%00",
        b"username=%ED%A0%80&password=%ED%A0%80",
        b"username=%F0%9F%98%80&password=%E2%80%AE",
        b"username=" + b"x" * 100_000 + b"&password=x",
        b"",
    ],
)
def test_odd_input_is_an_error_in_the_form(client: Client, db: None, body: bytes) -> None:
    response = client.post(SIGN_IN, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert not response.context["form"].is_valid()


def test_signing_in_needs_the_form_that_we_gave(analyst: User) -> None:
    response = Client(enforce_csrf_checks=True).post(SIGN_IN, credentials())
    assert response.status_code == 403
    assertTemplateUsed(response, "403_csrf.html")


def test_signing_out_ends_the_session(analyst_client: Client) -> None:
    response = analyst_client.post(reverse("accounts:sign_out"))
    assertRedirects(response, SIGN_IN, fetch_redirect_response=False)
    assert "_auth_user_id" not in analyst_client.session


def test_a_link_cannot_sign_out(analyst_client: Client) -> None:
    assert analyst_client.get(reverse("accounts:sign_out")).status_code == 405
    assert "_auth_user_id" in analyst_client.session
