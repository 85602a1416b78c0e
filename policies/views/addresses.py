"""Addresses that name a thing by its code: one for each thing, whatever the case of the letters."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.urls import reverse


def as_registered(code: str, codes: Iterable[str]) -> str:
    """The one of the codes that is meant: "TR" by "tr". Http404 for none."""
    for one in codes:
        if one.casefold() == code.casefold():
            return one
    raise Http404


def moved_to(request: HttpRequest, code: str) -> HttpResponsePermanentRedirect:
    """To the same page under its code as registered, with the parameters that it was asked with."""
    if request.resolver_match is None:
        raise Http404
    address = reverse(request.resolver_match.view_name, args=[code])
    query = request.GET.urlencode()
    return HttpResponsePermanentRedirect(f"{address}?{query}" if query else address)
