"""The account that everyone who tries the product signs in with. Exists in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class DemoAccount:
    """A sign-in that is public on purpose."""

    username: str
    password: str
    name: str


DEMO_ACCOUNT = DemoAccount(username="analyst", password="permit-desk-demo", name="Analyst A.")  # noqa: S106 - public


def offered_demo_account() -> DemoAccount | None:
    """The account to show on the sign-in page; none outside demo mode."""
    return DEMO_ACCOUNT if settings.PERMIT_DESK_MODE == "demo" else None
