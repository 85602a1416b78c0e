"""How long a session lives, and that no browser keeps what it showed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config import security

LONGEST = timedelta(hours=12)
"""From signing in, however busy: one working day."""
LONGEST_IDLE = timedelta(minutes=30)
"""From the last request, of whatever page."""
NOTED_EVERY = timedelta(minutes=1)
"""A session is written at most this often, so that reading a page seldom writes."""

STARTED = "started_at"
SEEN = "seen_at"


@receiver(user_logged_in, dispatch_uid="config.sessions.started")
def _started(request: HttpRequest, **kwargs: object) -> None:
    request.session[STARTED] = request.session[SEEN] = int(time.time())


class SessionLimitsMiddleware:
    """Ends a session that is too old or was idle for too long, before anyone asks whose it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without its cookie there is no session, and no need to ask the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            now = int(time.time())
            reason = _why_over(request.session, now)
            if reason:
                _end(request, reason)
            elif now - request.session[SEEN] >= NOTED_EVERY.total_seconds():
                request.session[SEEN] = now
        return self.get_response(request)


def _why_over(session: SessionBase, now: int) -> str:
    """Why the session is over; empty if it goes on. One that tells no times is over."""
    if now - session.get(STARTED, 0) >= LONGEST.total_seconds():
        return "its time was over"
    if now - session.get(SEEN, 0) >= LONGEST_IDLE.total_seconds():
        return "idle"
    return ""


def _end(request: HttpRequest, reason: str) -> None:
    security.ended(request, request.session[SESSION_KEY], reason)
    request.session.flush()
    if reason == "idle":
        minutes = int(LONGEST_IDLE / timedelta(minutes=1))
        text = _("You were signed out after %(minutes)s minutes without activity.")
        messages.info(request, text % {"minutes": minutes})
    else:
        hours = int(LONGEST / timedelta(hours=1))
        text = _("You were signed out %(hours)s hours after you signed in.")
        messages.info(request, text % {"hours": hours})


class CachingMiddleware:
    """Tells browsers and proxies what to keep of an answer.

    Nothing of what is shown in a session or answers a form. Of the public pages a browser may keep
    a copy that it asks about before it shows it again; proxies keep none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        given = response.get("Cache-Control", "")
        public = (
            settings.SESSION_COOKIE_NAME not in request.COOKIES
            and settings.SESSION_COOKIE_NAME not in response.cookies
            and request.method in ("GET", "HEAD")
        )
        if "no-store" not in given:
            response["Cache-Control"] = (given or "private, no-cache") if public else "no-store"
        return response
