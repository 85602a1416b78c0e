"""Pages for what went wrong, in the product's look, each with the request's id.

The 400 and 500 pages are rendered without the request: the host it names may be the fault, and
asking who is signed in may fail as the page did.
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from config.context import is_demo
from config.requests import current_request_id

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _without_request("400.html", status=400)


def asks_for_json(request: HttpRequest) -> bool:
    """Whether a script asks, which can show a person words but no page."""
    return not request.accepts("text/html")


def in_words(words: str, *, status: int) -> HttpResponse:
    """What went wrong, to a script that tells it."""
    return JsonResponse({"words": words}, status=status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if asks_for_json(request):
        return in_words(_("Your account may not do this."), status=403)
    return render(request, "403.html", _context(), status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", _context(), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _without_request("500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came from elsewhere, or from a page that is older than the sign-in."""
    if asks_for_json(request):
        words = _("Somebody signed in or out in this browser since. Load the page again.")
        return in_words(words, status=403)
    return render(request, "403_csrf.html", _context(), status=403)


def too_large(request: HttpRequest, *, status: int = 413) -> HttpResponse:
    """More than the address takes, or (411) nobody knows how much."""
    if asks_for_json(request):
        return in_words(_("This is more than is taken here at once."), status=status)
    return render(request, "413.html", _context(), status=status)


def _context() -> dict[str, object]:
    # `demo` is said here because a page without a request has no context processors.
    return {"request_id": current_request_id(), "demo": is_demo()}


def _without_request(template: str, *, status: int) -> HttpResponse:
    """The page, or a bare line with the id when even the page cannot be made."""
    try:
        body = render_to_string(template, _context())
    except Exception:
        logger.exception("the error page %s cannot be rendered", template)
        return HttpResponse(
            f"Error {status}. Request {current_request_id()}.",
            status=status,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(body, status=status)
