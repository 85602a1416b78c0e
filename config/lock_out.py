"""Ten failed sign-ins lock an account, and an address, for a while that grows.

django-axes counts, in the database that all processes share; here is what differs from how it
does. A lock lasts until the failures that made it expire: fifteen minutes, and twice as long for
each lock of the last day, to an hour. Tries meanwhile neither count nor write, so that nobody can
be kept out, nor a disk filled, at no cost. Names that are no account's count as well, under their
digest: a lock says nothing of which accounts exist.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.db.models import Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.requests import current_request_id
from config.security import account_named, digest_of

FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=1)
REMEMBERED = timedelta(days=1)
RECORDS_KEPT = timedelta(days=90)
"""For how long the database tells who signed in, and who failed to, when and from where."""


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The name that failures are counted under, however it was written. One query a request."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    if not name:
        return None
    known: dict[str, str] = request.__dict__.setdefault("_names_tried", {})
    if name not in known:
        account = account_named(name)
        # No account's name has a colon.
        known[name] = account.username if account else f"unknown:{digest_of(name)}"
    return known[name]


def cool_off(request: HttpRequest) -> timedelta:
    """How long a failure counts: longer for an account or address that was locked lately."""
    locks = AccessFailureLog.objects.filter(
        Q(username=get_client_username(request)) | Q(ip_address=request.axes_ip_address),  # type: ignore[attr-defined]
        locked_out=True,
        attempt_time__gt=timezone.now() - REMEMBERED,
    ).count()
    doubled: int = 2 ** min(locks, 8)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts failures until they expire, each for as long as it was given when it happened."""

    def get_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> list[QuerySet[AccessAttempt]]:
        now = timezone.now()
        return [
            attempts.filter(expiration__expires_at__gt=now)
            for attempts in self.filter_user_attempts(request, credentials)
        ]

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forgives who signs in their own slips at this address, and nobody else's.

        Or one person's signing in would give anyone at their address ten more tries at another's.
        """
        count, _ = AccessAttempt.objects.filter(
            username=get_client_username(request, credentials),
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
        ).delete()
        return int(count)

    def locked_until(self, request: HttpRequest) -> datetime:
        """When the last failure that counts against this account or address expires."""
        counted = [
            attempts.aggregate(
                failures=Sum("failures_since_start"), end=Max("expiration__expires_at")
            )
            for attempts in self.get_user_attempts(request)
        ]
        locks = [one for one in counted if (one["failures"] or 0) >= settings.AXES_FAILURE_LIMIT]
        return max((one["end"] for one in locks), default=timezone.now())


def locked_answer(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """The page in place of the sign-in's own answer. The same whether the account exists."""
    wait = Handler().locked_until(request) - timezone.now()
    minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
    context = {"minutes": minutes, "request_id": current_request_id()}
    answer = render(request, "429.html", context, status=429)
    answer["Retry-After"] = str(minutes * 60)
    return answer


def forget_old_records() -> None:
    """Removes what the database tells of signing in and failing to once it is old enough."""
    limit = timezone.now() - RECORDS_KEPT
    AccessLog.objects.filter(attempt_time__lt=limit).delete()
    AccessFailureLog.objects.filter(attempt_time__lt=limit).delete()
    AccessAttempt.objects.filter(expiration__expires_at__lt=timezone.now()).delete()
