"""What all tests share: the database with the packaged reference data, people, the browser."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.models import User
from policies.domain.register import forget_kept
from tests import verbs  # noqa: F401 - they are declared
from tests.browser import LAUNCH_ARGUMENTS, find_chromium
from tests.people import make_person
from tests.snapshots import Snapshot, take_snapshot
from tests.unlogged import was_used

# Playwright keeps an event loop in the thread of the tests, where Django would refuse every query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# No deadline for an example: the machines of CI are shared. There the examples are the same each
# time, so that a change is never blamed for what another one broke.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

BROWSER_FIXTURES = {"browser", "context", "new_context", "page"}


# Which tests run.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part",
        choices=["browser", "other"],
        help="only the tests that drive a browser, or only the others",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what uses a browser, and leaves out the part that was not asked for.

    Not by `-m`, which stays free for the person who runs the tests.
    """
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    part = config.getoption("--part")
    if part is None:
        return
    wanted = [
        item for item in items if (part == "browser") == bool(item.get_closest_marker("browser"))
    ]
    if part == "other" and connection.vendor == "postgresql":
        # What asks no database is run once, on SQLite; of the journeys, few are run on both.
        wanted = [item for item in wanted if asks_a_database(item)]
        if find_chromium():
            wanted += [item for item in items if item.get_closest_marker("every_engine")]
    kept = set(wanted)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = wanted


def pytest_collection_finish() -> None:
    """Spares the collector of garbage what stays for the whole run: modules, models, the tests.

    It walked over all that again and again, for half of the time that the tests took.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def asks_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_engine"):
        return False
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures or item.get_closest_marker("django_db"))


@pytest.fixture(autouse=True)
def nothing_kept_of_another_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a process keeps of the register is forgotten after a test that wrote past the log."""
    yield
    if was_used or {"transactional_db", "live_server"} & set(request.fixturenames):
        forget_kept()
        was_used.clear()


# Files: of documents, and the key of the log.


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    shutil.rmtree(settings.DOCUMENTS_DIR, ignore_errors=True)
    if "TEST_DATABASE_FILE" not in os.environ:
        Path(settings.HISTORY_KEY_FILE).unlink(missing_ok=True)


@pytest.fixture(scope="session", autouse=True)
def static_files_listed_once() -> Iterator[None]:
    """WhiteNoise lists the static files as a server starts, and here every `Client` starts one."""
    list_files = WhiteNoiseMiddleware.add_files_from_finders
    listed: dict[str, Any] = {}

    def list_once(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_files(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", list_once)
        yield


# The database.


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests use a file, as the product does: threads then have connections of their own.

    TEST_DATABASE_FILE names one that is kept, with the key of its log, for `--reuse-db`.
    """
    database = settings.DATABASES["default"]
    kept = os.environ.get("TEST_DATABASE_FILE")
    if kept:
        settings.HISTORY_KEY_FILE = f"{kept}.pem"
    if database["ENGINE"] == "history.sqlite":
        path = kept or tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(path)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Snapshot]:
    """Loads the reference data once, and keeps it for every test.

    Most tests roll back. A test with real commits (`transactional_db`, a browser) is followed by a
    return to the snapshot instead of Django's flush, which would empty every table.
    """
    with django_db_blocker.unblock():
        call_command("load_reference", verbosity=0)
        taken = take_snapshot()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: taken.restore())
        yield taken
    with django_db_blocker.unblock():
        taken.discard()
        _cut_off_others()


def _cut_off_others() -> None:
    """Whatever else still has a connection: PostgreSQL drops no database that is in use.

    A browser's event loop has connections of its own, which nobody closes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def snapshot(django_db_setup: Snapshot) -> Snapshot:
    """The database as the tests find it."""
    return django_db_setup


@pytest.fixture
def reference(db: None) -> None:
    """The packaged reference data is there, as in every test: the test says that it needs it."""


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A request leaves its language on in the thread: no test hears that of the one before."""
    translation.deactivate()
    yield
    translation.deactivate()


# People.


@pytest.fixture
def analyst(db: None) -> User:
    return make_person()


@pytest.fixture
def analyst_client(client: Client, analyst: User) -> Client:
    """A client without a browser, signed in as the analyst."""
    client.force_login(analyst)
    return client


# The browser.


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, and not one that Playwright would fetch."""
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("Browser tests need Chromium: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": LAUNCH_ARGUMENTS}


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """The server, started after the test database, which it would else take for one in memory."""
    return live_server


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Every page can be opened by its path: `page.goto("/policies/")`."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-CA", "timezone_id": "America/Toronto"}


@pytest.fixture
def context(context: BrowserContext, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser context whose test fails when a page breaks its content security policy, raises an
    error, misses a file, or asks anyone but our server for something."""
    context.set_default_timeout(10_000)  # Milliseconds: a page that takes longer is a fault.
    faults: list[str] = []

    def look_at_console(message: ConsoleMessage) -> None:
        # A missing page is logged as well; whether it should be there is the test's to judge.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(f"console: {message.text}")

    def look_at_error(error: WebError) -> None:
        faults.append(f"script: {error.error}")

    def look_at_request(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:", "blob:")):
            faults.append(f"request elsewhere: {request.url}")

    def look_at_response(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            faults.append(f"{response.status}: {response.url}")

    context.on("console", look_at_console)
    context.on("weberror", look_at_error)
    context.on("request", look_at_request)
    context.on("response", look_at_response)
    yield context
    assert not faults, "\n".join(faults)


@pytest.fixture
def sign_in(context: BrowserContext, live_server: LiveServer) -> Callable[[User], None]:
    """Gives the browser a session of that person without going through the sign-in page."""

    def give_session(person: User) -> None:
        client = Client()
        client.force_login(person)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

    return give_session


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Asserts that axe finds no accessibility violation on the page as it is now."""

    def assert_accessible(page: Page) -> None:
        # Without its own copies of style sheets, which the policy on content refuses: they are for
        # a rule on turning the screen that is not asked. Only violations are told node by node.
        options: dict[str, Any] = {"preload": False, "resultTypes": ["violations"]}
        if page.locator("html").get_attribute("lang") == "fr-ca":
            # Colours do not depend on the language, and looking at them takes most of the time.
            options["rules"] = {"color-contrast": {"enabled": False}}
        results = Axe().run(page, options=options)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    return assert_accessible
