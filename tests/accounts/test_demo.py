"""The demo account exists in demo mode and nowhere else."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.demo import DEMO_ACCOUNT
from accounts.models import User


@pytest.fixture
def demo_mode(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "demo"


def signs_in() -> bool:
    return authenticate(username=DEMO_ACCOUNT.username, password=DEMO_ACCOUNT.password) is not None


@pytest.mark.parametrize("mode", ["test", "production"])
def test_it_is_refused_outside_demo_mode(db: None, settings: Settings, mode: str) -> None:
    settings.PERMIT_DESK_MODE = mode
    with pytest.raises(CommandError, match="demo mode only"):
        call_command("create_demo_account")
    assert not User.objects.exists()


def test_it_is_made_once(db: None, demo_mode: None) -> None:
    call_command("create_demo_account")
    call_command("create_demo_account")
    assert User.objects.get().name == DEMO_ACCOUNT.name
    assert signs_in()


def test_it_works_again_after_it_was_changed(db: None, demo_mode: None) -> None:
    call_command("create_demo_account")
    user = User.objects.get()
    user.set_password("another password")
    user.is_active = False
    user.save()
    call_command("create_demo_account")
    assert signs_in()
