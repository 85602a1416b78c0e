"""A demonstration opens no office's database, and production no demonstration's."""

from __future__ import annotations

import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from pytest_django import Settings

from config import start
from config.prepare import prepare
from config.server import greeting
from history.models import Log
from tests.unlogged import unlogged


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stays: the test's transaction is on it."""
    monkeypatch.setattr(connections, "close_all", lambda: None)


def log_is(synthetic: bool | None) -> None:
    """Makes the log what it says; None takes it away."""
    with unlogged():
        if synthetic is None:
            Log.objects.all().delete()
        else:
            Log.objects.update(synthetic=synthetic)


@pytest.mark.django_db
@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("mode", "synthetic", "advice"),
    [
        ("demo", True, None),
        ("demo", None, None),
        ("demo", False, "Set PERMIT_DESK_MODE=production"),
        ("production", False, None),
        ("production", None, None),
        ("production", True, "Set DATABASE_URL to the office's database"),
        ("test", True, None),
        ("test", False, None),
    ],
)
def test_the_database_is_of_the_mode(
    settings: Settings, mode: str, synthetic: bool | None, advice: str | None
) -> None:
    settings.PERMIT_DESK_MODE = mode
    log_is(synthetic)
    if advice is None:
        start.refuse_wrong_database()
        return
    with pytest.raises(ImproperlyConfigured, match=advice) as refusal:
        start.refuse_wrong_database()
    assert "\n" not in str(refusal.value)


@pytest.mark.django_db
@pytest.mark.usefixtures("connected")
def test_an_empty_database_is_right_for_either(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", lambda *args, **kwargs: [])
    for mode in ("demo", "production"):
        settings.PERMIT_DESK_MODE = mode
        start.refuse_wrong_database()


@pytest.mark.django_db
@pytest.mark.usefixtures("connected")
def test_neither_the_server_nor_the_set_up_starts_on_the_wrong_one(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "production"
    log_is(True)
    with pytest.raises(ImproperlyConfigured, match="a demonstration's"):
        runpy.run_module("config.wsgi")
    with pytest.raises(ImproperlyConfigured, match="a demonstration's"):
        prepare()


def test_the_greeting_names_the_demonstration_s_people(settings: Settings) -> None:
    assert "Sign in" not in greeting("http://127.0.0.1:8000/")
    settings.PERMIT_DESK_MODE = "demo"
    text = greeting("http://127.0.0.1:8000/")
    assert "Sign in as analyst with permit-desk-demo\n" in text
    assert "analyst-b, senior, decision, admin, admin-b, auditor" in text
