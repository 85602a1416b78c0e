"""The register for programs: read as JSON, and questions put to the engine as JSON.

All of it is public, as the pages are, and none of it writes. So a question may be sent without the
token of a form: it changes nothing, and its answer is the same whoever asks. What is sent and
answered is declared in `api_schema`; docs/api.md explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from policies.domain.answering import answer_to, as_json, read_json, ruled
from policies.domain.policy_sets import written_set
from policies.domain.queries import BadQuery
from policies.domain.register import current_register
from policies.domain.standing import standing
from policies.domain.versions import versions_to_write, written
from policies.filters import PolicyFilter
from policies.models import Policy
from policies.views.api_schema import (
    JSON,
    LARGEST_BODY,
    MOST_REQUESTS,
    PAGE,
    PARAMETERS,
    document,
)
from policies.views.asof import AsOf, read_as_of


def _without_parameters(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that takes no parameters: 400 with each that is sent."""

    @wraps(view)
    def refusing(request: HttpRequest, **path: str) -> HttpResponse:
        faults = list(_unfit(request))
        return _refusal(faults) if faults else view(request, **path)

    return refusing


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """A page of the policies as they stand on a day, by key; `after` is the last key of the one
    before. 400 with each parameter at fault."""
    known, as_of = current_register(), read_as_of(request)
    chosen = PolicyFilter(request.GET, register=known, on=as_of.on, known_at=as_of.known_at)
    faults = [*_unfit(request, PARAMETERS), *_faults(as_of.form), *_faults(chosen.form)]
    if faults:
        return _refusal(faults)
    after = request.GET.get("after", "")
    found = chosen.qs.filter(key__gt=after).order_by("key").prefetch_related("versions")
    rows = list(found[: PAGE + 1])
    shown = rows[:PAGE]
    return _as_json(
        {
            "on": as_of.on.isoformat(),
            "known_on": as_of.known_on.isoformat() if as_of.known_on else None,
            "policies": _as_they_stand(shown, as_of),
            "next": _next(request, shown[-1].key) if len(rows) > PAGE else None,
        }
    )


def _as_they_stand(policies: list[Policy], as_of: AsOf) -> list[dict[str, Any]]:
    """Of each policy the version that tells how it stands that day."""
    found = (standing(one.versions.all(), on=as_of.on, known_at=as_of.known_at) for one in policies)
    keys = [stands[0].pk for stands in found if stands]
    return [written(one) for one in versions_to_write().filter(pk__in=keys).order_by("policy__key")]


def _next(request: HttpRequest, key: str) -> str:
    query = request.GET.copy()
    query["after"] = key
    return f"{request.path}?{query.urlencode()}"


@require_safe
@_without_parameters
def policy(request: HttpRequest, key: str) -> HttpResponse:
    """One policy with all its versions, by when they were known. 404 for a key there is not."""
    versions = versions_to_write().filter(policy__key=key)
    found = [written(one) for one in versions.order_by("known_from", "effective_from")]
    if not found:
        return _refusal([("key", "there is no policy with this key")], status=404)
    return _as_json({"policy": key, "versions": found})


@require_safe
@_without_parameters
def policy_set(request: HttpRequest) -> HttpResponse:
    """The whole register in the form of the file that we ship, to be kept or taken in elsewhere."""
    return _as_json(written_set())


@csrf_exempt
@require_POST
@_without_parameters
def resolve(request: HttpRequest) -> HttpResponse:
    """The ruling on one line, or on each of `requests`. 400 for one that can't be answered; of
    several, each answers for itself. 413 for too much, 415 for what is not sent as JSON."""
    if request.content_type != JSON:
        return _refusal([("body", f"send it as {JSON}")], status=415)
    if _length(request) > LARGEST_BODY:
        return _refusal([("body", f"at most {LARGEST_BODY} bytes are read")], status=413)
    try:
        sent = read_json(request.body.decode("utf-8", "surrogateescape"))
        if isinstance(sent, dict) and "requests" in sent:
            return _as_json({"answers": _each(sent)})
        return _as_json(ruled(sent, current_register(), strictly=True))
    except BadQuery as bad:
        return _refusal([(bad.field, bad.reason)])


def _length(request: HttpRequest) -> int:
    """The bytes announced; a server reads no more than that."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() and len(text) < 19 else LARGEST_BODY + 1


def _each(sent: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers in the order asked. Raises BadQuery for what is no batch."""
    requests = sent["requests"]
    for name in sent:
        if name != "requests":
            raise BadQuery(name, "there is no such field beside requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_REQUESTS:
        raise BadQuery("requests", f"a list of 1 to {MOST_REQUESTS} questions is needed")
    register = current_register()
    return [answer_to(one, register, strictly=True) for one in requests]


@require_safe
@_without_parameters
def openapi(request: HttpRequest) -> HttpResponse:
    """What this interface is, for programs: OpenAPI 3.1."""
    return _as_json(
        document(
            {
                name: reverse(f"policies:{name}", kwargs=kwargs).replace("KEY", "{key}")
                for name, kwargs in ADDRESSES.items()
            }
        )
    )


ADDRESSES: dict[str, dict[str, str]] = {
    "api_policies": {},
    "api_policy": {"key": "KEY"},
    "api_set": {},
    "api_resolve": {},
    "api_openapi": {},
}


# What is at fault


def _unfit(request: HttpRequest, known: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Parameters that there are not, or given twice: to pass over one would answer another
    question."""
    for name, values in request.GET.lists():
        if name not in known:
            yield name, f"there is no such parameter; there are {', '.join(known) or 'none'}"
        elif len(values) > 1:
            yield name, "given twice"


def _faults(form: Any) -> Iterator[tuple[str, str]]:
    for name, reasons in form.errors.items():
        yield name, " ".join(str(reason) for reason in reasons)


def _refusal(faults: Iterable[tuple[str, str]], *, status: int = 400) -> HttpResponse:
    return _as_json(
        {"errors": [{"field": field, "reason": reason} for field, reason in faults]}, status=status
    )


def _as_json(value: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(as_json(value), status=status, content_type=JSON)
