"""How long a session lives, what ends it, and that no browser keeps what it showed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.domain.people import change_own_password, close_account
from accounts.models import User
from config.sessions import SEEN, STARTED
from tests.people import PASSWORD, make_cast, make_person

ACCOUNT = "/account/"
REGISTER = "/lists/"
OTHER_PASSWORD = "another long password for tests"

pytestmark = pytest.mark.django_db


def after(**how_long: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**how_long), tick=False)


def test_thirty_idle_minutes_end_a_session(analyst_client: Client) -> None:
    with after(minutes=29):
        assert analyst_client.get(ACCOUNT).status_code == 200
    with after(minutes=29 + 31):
        response = analyst_client.get(ACCOUNT)
        assertRedirects(response, "/sign-in/?next=/account/", fetch_redirect_response=False)
        assertContains(
            analyst_client.get("/sign-in/"), "signed out after 30 minutes without activity"
        )
    assert Session.objects.count() == 0


def test_reading_the_register_is_activity(analyst_client: Client) -> None:
    for minutes in (25, 50, 75):
        with after(minutes=minutes):
            assert analyst_client.get(REGISTER).status_code == 200
    with after(minutes=80):
        assert analyst_client.get(ACCOUNT).status_code == 200


def test_on_a_public_page_nobody_is_signed_in_any_more(
    analyst_client: Client, analyst: User
) -> None:
    assertContains(analyst_client.get(REGISTER), analyst.name)
    with after(minutes=31):
        assertNotContains(analyst_client.get(REGISTER), analyst.name)


def test_twelve_hours_end_a_session_however_busy(analyst_client: Client) -> None:
    start = timezone.now()
    for minutes in range(20, 12 * 60, 20):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert analyst_client.get(ACCOUNT).status_code == 200
    with time_machine.travel(start + timedelta(hours=12, seconds=1), tick=False):
        assert analyst_client.get(ACCOUNT).status_code == 302
        assertContains(analyst_client.get("/sign-in/"), "12 hours after you signed in")


def test_an_end_is_logged(
    analyst_client: Client, analyst: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "security")
    with after(minutes=31):
        analyst_client.get(REGISTER)
    assert [record.getMessage() for record in caplog.records if record.name == "security"] == [
        f"session ended: person:{analyst.pk} from 127.0.0.1: idle"
    ]


def test_a_session_that_tells_no_times_is_over(analyst_client: Client) -> None:
    """One that was made before sessions told them."""
    session = analyst_client.session
    del session[STARTED], session[SEEN]
    session.save()
    assert analyst_client.get(ACCOUNT).status_code == 302


def test_reading_writes_the_session_once_a_minute(
    analyst_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        Client().get("/language/")
    seen = analyst_client.session[SEEN]
    with after(seconds=50):
        analyst_client.get(REGISTER)
    assert analyst_client.session[SEEN] == seen
    with after(seconds=70):
        analyst_client.get(REGISTER)
    assert analyst_client.session[SEEN] > seen


def test_another_password_ends_every_session_with_the_old_one(
    analyst_client: Client, analyst: User
) -> None:
    elsewhere = Client()
    elsewhere.force_login(analyst)
    change_own_password(by=analyst, current=PASSWORD, new=OTHER_PASSWORD)
    for client in (analyst_client, elsewhere):
        assertRedirects(
            client.get(ACCOUNT), "/sign-in/?next=/account/", fetch_redirect_response=False
        )


def test_a_closed_account_s_session_ends_at_the_next_request() -> None:
    cast = make_cast()
    client = Client()
    client.force_login(cast.auditor)
    assert client.get("/people/").status_code == 200
    close_account(cast.auditor, by=cast.admin, reason="Left the office")
    assert client.get("/people/").status_code == 302


def test_another_secret_key_keeps_sessions_with_the_old_one_as_fallback(
    analyst_client: Client, settings: Settings
) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, "x" * 60
    settings.SECRET_KEY_FALLBACKS = [old]
    assert analyst_client.get(ACCOUNT).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    settings.SECRET_KEY = "y" * 60
    assert analyst_client.get(ACCOUNT).status_code == 302


# What the database knows


def cookie(client: Client) -> str:
    return client.cookies["sessionid"].value


def with_cookie(key: str) -> Client:
    client = Client()
    client.cookies["sessionid"] = key
    return client


def test_who_reads_the_table_of_sessions_cannot_go_on_with_one(analyst_client: Client) -> None:
    [row] = Session.objects.all()
    key = cookie(analyst_client)
    assert key not in (row.session_key, row.session_data)
    assert with_cookie(key).get(ACCOUNT).status_code == 200
    assert with_cookie(row.session_key).get(ACCOUNT).status_code == 302


def test_what_a_session_holds_is_of_no_use_in_another(analyst_client: Client) -> None:
    [row] = Session.objects.all()
    other = Client()
    other.force_login(make_person("somebody"))
    assert other.get(ACCOUNT).status_code == 200
    Session.objects.exclude(pk=row.pk).update(session_data=row.session_data)
    assert other.get(ACCOUNT).status_code == 302
    assert analyst_client.get(ACCOUNT).status_code == 200


def test_signing_out_leaves_no_row(analyst_client: Client) -> None:
    analyst_client.post("/sign-out/")
    assert Session.objects.count() == 0


def test_what_is_over_is_cleared_away_and_nothing_else(
    analyst_client: Client, analyst: User
) -> None:
    with after(days=1):
        elsewhere = Client()
        elsewhere.force_login(analyst)
        call_command("clearsessions")
        assert Session.objects.count() == 1
        assert elsewhere.get(ACCOUNT).status_code == 200


def test_a_key_in_clear_from_an_earlier_version_opens_nothing(analyst_client: Client) -> None:
    key = cookie(analyst_client)
    Session.objects.update(session_key=key)
    assert analyst_client.get(ACCOUNT).status_code == 302


# What a browser keeps

PUBLIC_PAGES = ["/policies/", "/lists/", "/destinations/TR/timeline.csv", "/nowhere/"]


@pytest.mark.parametrize("page", PUBLIC_PAGES)
def test_a_public_page_is_asked_about_before_it_is_shown_again(client: Client, page: str) -> None:
    assert client.get(page)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("page", [*PUBLIC_PAGES, ACCOUNT, "/", "/health/", "/people/"])
def test_nothing_shown_in_a_session_is_kept(analyst_client: Client, page: str) -> None:
    assert "no-store" in analyst_client.get(page)["Cache-Control"]


def test_neither_the_sign_in_page_nor_its_answers_are_kept(client: Client, analyst: User) -> None:
    right = {"username": "analyst", "password": PASSWORD}
    assert "no-store" in client.get("/sign-in/")["Cache-Control"]
    assert "no-store" in client.post("/sign-in/", right | {"password": "wrong"})["Cache-Control"]
    response = client.post("/sign-in/", right)
    assert SESSION_KEY in client.session
    assert "no-store" in response["Cache-Control"]
    assert "no-store" in client.post("/sign-out/")["Cache-Control"]


def test_static_files_are_left_alone(analyst_client: Client) -> None:
    response = analyst_client.get("/static/css/base.css")
    assert "no-store" not in response.get("Cache-Control", "")
    response.close()
