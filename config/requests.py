"""A name for each request, which its log lines, its error page and its history entries share."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from history import requests

HEADER = "X-Request-ID"
META_KEY = "PERMIT_DESK_REQUEST_ID"


def current_request_id() -> str:
    """The id of the request being answered in this thread; "-" outside of one."""
    return requests.current.get() or "-"


class RequestIdMiddleware:
    """Gives every request a random id, returned in the X-Request-ID header.

    An id sent by the visitor is not taken over: it would let them write into our log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Kept with the request too: Django logs a bad answer after this middleware has ended.
        request.META[META_KEY] = request_id = str(uuid.uuid4())
        token = requests.current.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            requests.current.reset(token)
        response[HEADER] = request_id
        return response


class RefuseNulMiddleware:
    """Answers 400 to a NUL in the path or in a cookie, which PostgreSQL could not look up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("a NUL in the path or in a cookie")
        return self.get_response(request)


LONGEST_TEXT = 1_000
"""Characters of what is searched for, or chosen, in an address."""


NOT_LOOKED_UP = frozenset({"next", "on", "known_on", "goods"})
"""The page to lead back to after signing in, days, and what goods are called."""


class RefuseLongMiddleware:
    """Answers 400 to a longer text in the query of an address.

    SQLite can't look it up: it knows a longest pattern and a greatest depth of a condition. What
    is looked up nowhere is left to its form, which says at its field what is wrong.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name, values in request.GET.lists():
            if name not in NOT_LOOKED_UP and any(len(value) > LONGEST_TEXT for value in values):
                raise BadRequest(f"a text of more than {LONGEST_TEXT} characters in the address")
        return self.get_response(request)
