"""Who sent the request, where `config.access` lets only those through who are signed in."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Who is signed in, on a page that asks for it."""
    return cast("User", request.user)
