"""The front door, the pulse, error pages, languages, and the headers that every answer has."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.test import Client
from django.urls import include, path
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from config.access import ACCESS, PUBLIC
from tests.people import PASSWORD, make_person

# What every answer carries, whoever gives it.
CSP = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret in a message")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [
    path("broken/", broken, name="broken"),
    path("forbidden/", forbidden, name="forbidden"),
    path("", include("config.urls")),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"


@pytest.fixture
def forgiving_client(settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> Client:
    """A client for the addresses above that gets the error page and not the error."""
    settings.ROOT_URLCONF = __name__
    public = {"broken": {"GET": PUBLIC}, "forbidden": {"GET": PUBLIC}}
    monkeypatch.setattr("config.access.ACCESS", {**ACCESS, **public})
    return Client(raise_request_exception=False)


# The front door and the pulse.


def test_the_front_door_leads_to_the_sign_in(client: Client, db: None) -> None:
    assertRedirects(client.get("/"), "/sign-in/")


def test_the_front_door_leads_on_to_what_waits(analyst_client: Client) -> None:
    assertRedirects(analyst_client.get("/"), "/start/")


def test_the_pulse_is_good(client: Client, db: None) -> None:
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_pulse_stops_with_the_database(client: Client, db: None) -> None:
    with patch("config.views.connection.cursor", side_effect=OperationalError("gone")):
        response = client.get("/health/")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})


# Errors.


ERRORS = [("/nowhere/", 404), ("/forbidden/", 403), ("/broken/", 500)]
DEMONSTRATION = "Demonstration: synthetic data. Anyone can sign in."


@pytest.mark.parametrize(("address", "status"), ERRORS)
def test_an_error_has_a_page_of_ours(forgiving_client: Client, address: str, status: int) -> None:
    response = forgiving_client.get(address)
    assert response.status_code == status
    assertTemplateUsed(response, f"{status}.html")
    assert "a secret in a message" not in response.content.decode()


def test_a_forged_host_is_refused_with_a_page(forgiving_client: Client) -> None:
    response = forgiving_client.get("/sign-in/", headers={"host": "evil.example.org"})
    assert response.status_code == 400
    assertTemplateUsed(response, "400.html")
    assert "evil" not in response.content.decode()


def test_an_error_page_that_fails_is_a_line(forgiving_client: Client) -> None:
    with patch("config.errors.render_to_string", side_effect=TemplateDoesNotExist("500.html")):
        response = forgiving_client.get("/broken/")
    assert response.status_code == 500
    assert response.content.decode() == f"Error 500. Request {response['X-Request-ID']}."


@pytest.mark.parametrize("address", ["/sign-in/", "/lists/", *(each for each, _ in ERRORS)])
def test_every_page_of_a_demonstration_says_so(
    forgiving_client: Client, settings: Settings, address: str
) -> None:
    assert DEMONSTRATION not in forgiving_client.get(address).content.decode()
    settings.PERMIT_DESK_MODE = "demo"
    assert DEMONSTRATION in forgiving_client.get(address).content.decode()


# Headers.


@pytest.mark.parametrize(
    "address", ["/sign-in/", "/", "/health/", "/nowhere/", "/broken/", "/static/css/base.css"]
)
def test_every_answer_is_guarded(forgiving_client: Client, address: str) -> None:
    response = forgiving_client.get(address)
    assert set(response["Content-Security-Policy"].split("; ")) == CSP
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    uuid.UUID(response["X-Request-ID"])
    response.close()


def test_a_visitor_cannot_choose_the_request_id(client: Client, db: None) -> None:
    response = client.get("/health/", headers={"x-request-id": "mine"})
    assert response["X-Request-ID"] != "mine"


# Languages.


def test_the_language_is_chosen_and_kept(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "fr-ca", "next": "/sign-in/"})
    assertRedirects(response, "/sign-in/", fetch_redirect_response=False)
    assert '<html lang="fr-ca"' in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize(
    ("wish", "language"),
    [("fr", "fr-ca"), ("fr-FR,fr;q=0.9", "fr-ca"), ("en-GB", "en-ca"), ("de", "en-ca")],
)
def test_the_browser_s_language_is_followed(
    client: Client, db: None, wish: str, language: str
) -> None:
    response = client.get("/sign-in/", headers={"accept-language": wish})
    assert f'<html lang="{language}"' in response.content.decode()


# In a browser.


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_someone_signs_in_and_out(page: Page, axe: Callable[[Page], None], language: str) -> None:
    make_person("analyst", name="Analyst A.")
    page.context.set_extra_http_headers({"Accept-Language": language})
    page.goto("/")
    axe(page)
    page.locator("input[name=username]").fill("Analyst")
    page.locator("input[name=password]").fill("not the password")
    page.locator("main button").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    axe(page)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/start/")
    page.locator("form[action='/sign-out/'] button").first.click()
    page.wait_for_url("**/sign-in/")
