"""The security log: who signed in and out, who could not, and who was refused a page.

One line each, on the logger `security`. A person is named by number, as in the history. A name that
is no account's may be a password typed into the wrong field: it is told by a digest only, which
shows when the same one is tried again. Passwords and session ids are never told.
"""

from __future__ import annotations

import logging
from typing import Any

from axes.helpers import get_client_ip_address
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.usernames import canonical_username

logger = logging.getLogger("security")


def account_named(name: str) -> User | None:
    """The account of that name, open or closed."""
    # PostgreSQL can't look up a NUL; no account's name has one.
    if "\0" in name:
        return None
    return User.objects.filter(username=canonical_username(name)).first()


def digest_of(name: str) -> str:
    """Tells one name from another without telling the name."""
    canonical = canonical_username(name).encode("utf-8", "surrogatepass")
    return salted_hmac("config.security.name", canonical, algorithm="sha256").hexdigest()[:16]


def address_of(request: HttpRequest) -> str:
    """Where the request came from."""
    return get_client_ip_address(request) or "an unknown address"


def denied(request: HttpRequest, why: str) -> None:
    """Someone who is signed in asked for what they have no right to."""
    logger.warning(
        "denied: %s, %s %s from %s: %s",
        _person(request.user.pk),
        request.method,
        request.path,
        address_of(request),
        why,
    )


def ended(request: HttpRequest, number: object, why: str) -> None:
    """A session ended without its person's doing."""
    logger.info("session ended: %s from %s: %s", _person(number), address_of(request), why)


def _person(number: object) -> str:
    return f"person:{number}"


def _is_refused_unjudged(request: HttpRequest) -> bool:
    """Whether a lock refused the try: it has a line of its own."""
    failures = getattr(request, "axes_failures_since_start", None)
    return getattr(request, "axes_locked_out", False) and failures is None


def _tried(name: str | None) -> str:
    account = account_named(name or "")
    return _person(account.pk) if account else f"no account (digest {digest_of(name or '')})"


@receiver(user_logged_in, dispatch_uid="config.security.signed_in")
def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    logger.info("signed in: %s from %s", _person(user.pk), address_of(request))


@receiver(user_logged_out, dispatch_uid="config.security.signed_out")
def _signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        logger.info("signed out: %s from %s", _person(user.pk), address_of(request))


@receiver(user_login_failed, dispatch_uid="config.security.failed")
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kw: Any) -> None:
    if request is None or _is_refused_unjudged(request):
        return
    tried = _tried(credentials.get("username"))
    logger.warning("sign-in failed: %s from %s", tried, address_of(request))


@receiver(user_locked_out, dispatch_uid="config.security.locked_out")
def _locked_out(request: HttpRequest, **kwargs: Any) -> None:
    tried = _tried(request.POST.get("username"))
    logger.warning("sign-in locked: %s from %s", tried, address_of(request))
