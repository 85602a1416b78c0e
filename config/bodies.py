"""How much a request may carry, asked before anything reads it.

A form's token is looked for in all that was sent, before anybody asks who sends it: without a bound
an outsider could fill the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config import access
from config.errors import too_large
from permits.domain.documents import LARGEST
from policies.domain.policy_sets import LARGEST_SET

TAKE_FILES: Mapping[str, int] = {
    "permits:new_document": 2 * LARGEST,
    "permits:new_policy_set": 2 * LARGEST_SET,
}
"""Addresses whose forms hold a file, and bytes: a file that is not much too large is told so at its
field."""
ASKS_ITSELF = "policies:api_resolve"
"""It reads nothing before, and answers a program in its own form."""


class RefuseLargeMiddleware:
    """Answers 413 to more than the address takes, 411 to what doesn't say how much it is.

    More than a form without a file holds is read only from who may send it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = access.name_of(request)
        if name == ASKS_ITSELF:
            return None
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return too_large(request, status=411)
        said = request.META.get("CONTENT_LENGTH") or "0"
        usual = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not said.isdecimal() or len(said) > 18 or int(said) > TAKE_FILES.get(name, usual):
            return too_large(request)
        return access.refusal(request) if int(said) > usual else None
