"""The sample office is made while the demonstration is served."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page, Route
from pytest_django import Settings

from accounts.domain.demo import make_demo_people
from config import office, server
from config.office import Making, OfficeMiddleware, Progress, Shared, State
from permits.models import Application
from permits.sample.office import is_awaited, load_first_register
from tests.config.test_pages import DEMONSTRATION

WAITS = "import signal; signal.pause()"
HALFWAY = Progress(State.MAKING, 123, 400, date(2022, 3, 14))
COMPLETE = Progress(State.COMPLETE)
ADDRESSES = ("/", "/sign-in/", "/worklist/", "/nowhere/", "/api/policies/", "/admin/")


@pytest.fixture
def making(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Making]:
    """An office that a process is making, in a demonstration; the process itself only waits."""
    settings.PERMIT_DESK_MODE = "demo"
    found = Making((sys.executable, "-c", WAITS))
    found.shared.write(HALFWAY)
    monkeypatch.setattr(office, "making", found)
    yield found
    end(found)


def end(making: Making) -> None:
    making.process.kill()
    making.process.wait(10)


# What is answered meanwhile. Without the fixture `db`, a question to the database is an error.


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_until_it_is_complete_every_address_says_how_far_it_is(
    client: Client, making: Making, address: str, method: str
) -> None:
    response = getattr(client, method)(address)
    page = response.content.decode()
    assert response.status_code == 503
    assert (response["Retry-After"], response["Refresh"]) == ("5", "5")
    assert response["Cache-Control"] == "no-store"
    assert "123 of 400" in page
    assert "14 March 2022" in page
    assert DEMONSTRATION in page
    assert "<script" not in page


def test_it_says_so_in_french_and_offers_the_other_language(making: Making) -> None:
    page = Client(headers={"accept-language": "fr-CA"}).get("/").content.decode()
    assert "Le bureau fictif est en cours de création" in page
    assert "123 sur 400" in page
    assert "14 mars 2022" in page
    client = Client()
    client.post("/language/", {"language": "fr-ca", "next": "/"})
    assert "en cours de création" in client.get("/").content.decode()


def test_a_program_is_told_in_json(client: Client, making: Making) -> None:
    response = client.get("/api/policies/", headers={"accept": "application/json"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {"words": "The sample office is being made"}


def test_the_pulse_goes_on(client: Client, making: Making, db: None) -> None:
    assert client.get("/health/").status_code == 200


def test_nothing_is_logged_as_an_error(
    client: Client, making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/")
    assert caplog.records == []


def test_when_it_is_complete_every_address_is_answered_with_no_query_more(
    client: Client, making: Making, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.shared.write(COMPLETE)
    end(making)
    assert making.progress() == COMPLETE
    assert not office.is_closed()

    def answer() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get("/policies/")
        return response.status_code, len(queries)

    answer()
    found = answer()
    monkeypatch.setattr(office, "making", None)
    assert found == answer()
    assert found[0] == 200


def test_of_one_that_ended_too_early_the_page_says_so_and_looks_no_more(
    client: Client, making: Making
) -> None:
    end(making)
    assert office.is_closed()
    response = client.get("/")
    assert response.status_code == 503
    assert not {"Refresh", "Retry-After"} & set(response.headers)
    page = response.content.decode()
    assert "The sample office could not be made" in page
    assert "<code>./dev run</code>" in page
    asked = client.get("/", headers={"accept": "application/json"})
    assert asked.json() == {"words": "The sample office could not be made"}


@pytest.mark.parametrize("mode", ["production", "test"])
def test_outside_of_a_demonstration_nobody_looks(settings: Settings, mode: str) -> None:
    settings.PERMIT_DESK_MODE = mode
    with pytest.raises(MiddlewareNotUsed):
        OfficeMiddleware(lambda request: HttpResponse())


# Who makes it.


@pytest.mark.parametrize(
    ("last", "found"),
    [("State.COMPLETE", COMPLETE), ("State.MAKING, 7, 9", Progress(State.FAILED))],
)
def test_what_another_process_writes_is_read_here(last: str, found: Progress) -> None:
    program = (
        "import sys; from config.office import Progress, Shared, State;"
        f" Shared(int(sys.argv[1])).write(Progress({last}))"
    )
    making = Making((sys.executable, "-c", program))
    assert making.process.wait(60) == 0
    assert making.progress() == found


def test_one_whose_server_ended_leaves_nothing_and_is_made_anew(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    load_first_register()
    make_demo_people()
    assert is_awaited()
    with tempfile.TemporaryFile() as file:
        file.truncate(Shared.shape.size)
        with pytest.raises(SystemExit, match="The server ended"):
            office.make(file.fileno(), parent=os.getpid())
        assert Shared(file.fileno()).read().state == State.MAKING
    assert not Application.objects.exists()
    assert is_awaited()


def test_where_none_is_awaited_none_is_begun(
    settings: Settings, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.server.connections.close_all", lambda: None)
    settings.PERMIT_DESK_MODE = "demo"
    server.begin_office()
    assert office.making is None
    assert not office.is_closed()


# In a browser.


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
@pytest.mark.parametrize("is_failed", [False, True])
def test_the_page_is_accessible_and_fits_a_phone(
    page: Page, axe: Callable[[Page], None], making: Making, language: str, is_failed: bool
) -> None:
    if is_failed:
        end(making)
    body = Client(headers={"accept-language": language}).get("/").content.decode()

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/html; charset=utf-8")

    page.route("**/office/", answer)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/office/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
