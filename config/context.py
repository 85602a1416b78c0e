"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from config.env import Mode


def is_demo() -> bool:
    """Whether the page must say that its data is synthetic and its accounts are public."""
    return settings.PERMIT_DESK_MODE == Mode.DEMO


def product(request: HttpRequest) -> dict[str, object]:
    return {"demo": is_demo()}
