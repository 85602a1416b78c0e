"""Who may send which request: one table, and the middleware that keeps it.

Every address of the product is here by name, with each method it answers. What a row does not name
is refused; an address without a row is a fault that `manage.py check` and the start of the server
name, and that nobody can open. HEAD goes with GET. OPTIONS is answered where a row names it, and
none does.

Rules on one person and one subject are not here: views and domain functions keep those.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.checks import CheckMessage, Error
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.rights import rights_of
from config import security
from config.errors import asks_for_json, in_words, permission_denied
from permits.workflow import ANALYSTS, CASE_ROLES, DECISION_MAKERS, PROPOSERS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Who:
    """Those who may send a request. `roles`: one of these is asked for; None asks for none."""

    signed_in: bool = True
    roles: frozenset[Role] | None = None


PUBLIC = Who(signed_in=False)
SIGNED_IN = Who()
ANY_ROLE = Who(roles=frozenset(Role))


def holders(*roles: Role) -> Who:
    """People with at least one of these roles."""
    return Who(roles=frozenset(roles))


ADMINISTRATORS = holders(Role.ADMINISTRATOR)
ADMINISTRATORS_AND_AUDITORS = holders(Role.ADMINISTRATOR, Role.AUDITOR)

Row = Mapping[str, Who]

# The page of an act: it says what the act is, and its one form does it.
ACT_OF_ADMINISTRATORS: Row = {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS}
ACT_ON_ONESELF: Row = {"GET": SIGNED_IN, "POST": SIGNED_IN}

ANALYSTS_ONLY = holders(*ANALYSTS)
DECIDERS = holders(*DECISION_MAKERS)
WHO_PROPOSE = holders(*PROPOSERS)
ACT_OF_ANALYSTS: Row = {"GET": ANALYSTS_ONLY, "POST": ANALYSTS_ONLY}
ACT_ON_CASES: Row = {"GET": holders(*CASE_ROLES), "POST": holders(*CASE_ROLES)}

OFFICE = holders(*ANALYSTS, Role.ADMINISTRATOR)


def screen(model: str, read: Who, change: Who | None = None) -> dict[str, Row]:
    """A screen of the administration: the list, a row's page, the way to the row's history."""
    page = {"GET": read} if change is None else {"GET": read, "POST": change}
    return {
        f"admin:{model}_changelist": {"GET": read},
        f"admin:{model}_change": page,
        f"admin:{model}_history": {"GET": read},
    }


ACCESS: Mapping[str, Row] = {
    # The front door leads on; the pulse is for load balancers.
    "home": {"GET": PUBLIC},
    "health": {"GET": PUBLIC},
    "set_language": {"POST": PUBLIC},
    # Signing in and out. Signing out twice is no fault.
    "accounts:sign_in": {"GET": PUBLIC, "POST": PUBLIC},
    "accounts:sign_out": {"POST": PUBLIC},
    # The policy register: what Canada allows is open to everyone.
    "policies:register": {"GET": PUBLIC},
    "policies:map": {"GET": PUBLIC},
    "policies:changes": {"GET": PUBLIC},
    "policies:policy": {"GET": PUBLIC},
    "policies:destinations": {"GET": PUBLIC},
    "policies:destination": {"GET": PUBLIC},
    "policies:destination_csv": {"GET": PUBLIC},
    "policies:lists": {"GET": PUBLIC},
    "policies:list": {"GET": PUBLIC},
    "policies:find_items": {"GET": PUBLIC},
    "policies:find_destinations": {"GET": PUBLIC},
    "policies:law": {"GET": PUBLIC},
    "policies:instrument": {"GET": PUBLIC},
    "policies:ask": {"GET": PUBLIC},
    # The same for programs. A question is sent, and writes nothing: it needs no form's token.
    "policies:api_policies": {"GET": PUBLIC},
    "policies:api_policy": {"GET": PUBLIC},
    "policies:api_set": {"GET": PUBLIC},
    "policies:api_resolve": {"POST": PUBLIC},
    "policies:api_openapi": {"GET": PUBLIC},
    # Cases: whoever works here may read all of them; the domain functions say who may do what.
    "permits:worklist": {"GET": ANY_ROLE},
    "permits:assign": {"POST": ANALYSTS_ONLY},
    "permits:new": ACT_OF_ANALYSTS,
    "permits:case": {"GET": ANY_ROLE},
    "permits:in_full": {"GET": ANY_ROLE},
    "permits:form": ACT_OF_ANALYSTS,
    "permits:new_line": ACT_OF_ANALYSTS,
    "permits:line": ACT_OF_ANALYSTS,
    "permits:remove_line": ACT_OF_ANALYSTS,
    "permits:new_party": ACT_OF_ANALYSTS,
    "permits:party": ACT_OF_ANALYSTS,
    "permits:remove_party": ACT_OF_ANALYSTS,
    "permits:new_document": ACT_OF_ANALYSTS,
    "permits:document": ACT_OF_ANALYSTS,
    "permits:download": {"GET": ANY_ROLE},
    "permits:remove_document": ACT_OF_ANALYSTS,
    "permits:make_letter": {"POST": WHO_PROPOSE},
    "permits:letter": {"GET": ANY_ROLE},
    "permits:do": ACT_ON_CASES,
    "permits:reply": ACT_OF_ANALYSTS,
    "permits:new_condition": ACT_ON_CASES,
    "permits:condition": ACT_ON_CASES,
    "permits:remove_condition": ACT_ON_CASES,
    "permits:state": ACT_OF_ANALYSTS,
    "permits:countersign": ACT_OF_ANALYSTS,
    "permits:set_aside": ACT_OF_ANALYSTS,
    "permits:answer": ACT_OF_ANALYSTS,
    "permits:move_day": ACT_OF_ANALYSTS,
    "permits:silence": ACT_OF_ANALYSTS,
    "permits:end_wait": ACT_OF_ANALYSTS,
    "permits:card": {"GET": ANY_ROLE, "POST": ANALYSTS_ONLY},
    "permits:draft": {"POST": ANALYSTS_ONLY},
    "permits:drop_draft": {"POST": ANALYSTS_ONLY},
    "permits:sign": ACT_OF_ANALYSTS,
    "permits:new_source": ACT_OF_ANALYSTS,
    "permits:source": ACT_OF_ANALYSTS,
    "permits:drop_source": ACT_OF_ANALYSTS,
    "permits:rebuttals": {"GET": ANY_ROLE},
    "permits:permits": {"GET": ANY_ROLE},
    "permits:permit": {"GET": ANY_ROLE},
    "permits:propose": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:tighten": {"GET": DECIDERS, "POST": DECIDERS},
    "permits:perform": {"GET": DECIDERS, "POST": DECIDERS},
    "permits:decline": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:use": ACT_OF_ANALYSTS,
    "permits:take_back": ACT_OF_ANALYSTS,
    "permits:agree_reversal": ACT_OF_ANALYSTS,
    "permits:decline_reversal": ACT_OF_ANALYSTS,
    # Permit sweeps: whoever works here may read them.
    "permits:sweeps": {"GET": ANY_ROLE},
    "permits:sweep": {"GET": ANY_ROLE},
    "permits:new_sweep": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:propose_group": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:except_permit": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:agree_group": {"GET": DECIDERS, "POST": DECIDERS},
    "permits:return_group": {"GET": DECIDERS, "POST": DECIDERS},
    "permits:carry_out_sweep": {"POST": WHO_PROPOSE},
    "permits:resume_sweep": {"POST": WHO_PROPOSE},
    "permits:stop_sweep": {"GET": WHO_PROPOSE, "POST": WHO_PROPOSE},
    "permits:notice": ACT_ON_CASES,
    # Changes to the register: whoever works here may read them, administrators make them.
    "permits:policy_changes": {"GET": ANY_ROLE},
    "permits:policy_change": {"GET": ANY_ROLE},
    "permits:new_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:new_policy_set": ACT_OF_ADMINISTRATORS,
    "permits:edit_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:close_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:preview_policy_change": {"POST": ADMINISTRATORS},
    "permits:propose_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:approve_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:return_policy_change": ACT_OF_ADMINISTRATORS,
    "permits:withdraw_policy_change": ACT_OF_ADMINISTRATORS,
    # What waits, for whoever signed in.
    "reports:start": {"GET": SIGNED_IN},
    # One's own account.
    "accounts:account": {"GET": SIGNED_IN},
    "accounts:change_password": ACT_ON_ONESELF,
    "accounts:give_up_role": ACT_ON_ONESELF,
    "accounts:give_up_delegation": ACT_ON_ONESELF,
    # People and their rights: auditors read, administrators act.
    "accounts:people": {"GET": ADMINISTRATORS_AND_AUDITORS},
    "accounts:person": {"GET": ADMINISTRATORS_AND_AUDITORS},
    "accounts:pending": {"GET": ADMINISTRATORS_AND_AUDITORS},
    "accounts:new_person": ACT_OF_ADMINISTRATORS,
    "accounts:close_account": ACT_OF_ADMINISTRATORS,
    "accounts:propose_reopening": ACT_OF_ADMINISTRATORS,
    "accounts:propose_reset": ACT_OF_ADMINISTRATORS,
    "accounts:propose_role": ACT_OF_ADMINISTRATORS,
    "accounts:propose_delegation": ACT_OF_ADMINISTRATORS,
    "accounts:confirm_role": ACT_OF_ADMINISTRATORS,
    "accounts:decline_role": ACT_OF_ADMINISTRATORS,
    "accounts:end_role": ACT_OF_ADMINISTRATORS,
    "accounts:confirm_delegation": ACT_OF_ADMINISTRATORS,
    "accounts:decline_delegation": ACT_OF_ADMINISTRATORS,
    "accounts:end_delegation": ACT_OF_ADMINISTRATORS,
    "accounts:confirm_request": ACT_OF_ADMINISTRATORS,
    "accounts:decline_request": ACT_OF_ADMINISTRATORS,
    # History: whoever works here may read all of it, and have it verified.
    "history:events": {"GET": ANY_ROLE},
    "history:event": {"GET": ANY_ROLE},
    "history:body": {"GET": ANY_ROLE},
    "history:proof": {"GET": ANY_ROLE},
    "history:checkpoints": {"GET": ANY_ROLE},
    "history:checkpoint": {"GET": ANY_ROLE},
    "history:verify": {"POST": ANY_ROLE},
    # The administration. Auditors and decision-makers have the pages above.
    "admin:index": {"GET": OFFICE},
    "admin:app_list": {"GET": OFFICE},
    "admin:jsi18n": {"GET": OFFICE},
    **screen("permits_application", OFFICE, change=ANALYSTS_ONLY),
    **screen("permits_decision", OFFICE),
    **screen("permits_permit", OFFICE),
    **screen("policies_policy", OFFICE),
    **screen("policies_destination", OFFICE),
    **screen("policies_countrylist", OFFICE),
    **screen("policies_controllistitem", OFFICE),
    **screen("accounts_user", ADMINISTRATORS),
    **screen("history_event", OFFICE),
}

CHANGE_PASSWORD = "accounts:change_password"  # noqa: S105 - the name of an address
# What someone can still do whose password is temporary.
OPEN_BEFORE_CHANGE = frozenset({CHANGE_PASSWORD, "accounts:sign_out", "set_language", "health"})


def name_of(request: HttpRequest) -> str:
    """What its address is called, once that is known; else empty."""
    return request.resolver_match.view_name if request.resolver_match else ""


def who_may(name: str, method: str) -> Who | None:
    """Whose request that may be; None if nobody's."""
    return ACCESS.get(name, {}).get("GET" if method == "HEAD" else method)


def methods_of(name: str) -> list[str]:
    """Every method that the address answers, HEAD with GET."""
    declared = set(ACCESS.get(name, {}))
    return sorted(declared | ({"HEAD"} if "GET" in declared else set()))


def may(request: HttpRequest, name: str, method: str) -> bool:
    """Whether who is asking may send that request."""
    who = who_may(name, method)
    if who is None:
        return False
    return not who.signed_in or (
        request.user.is_authenticated
        and (who.roles is None or not who.roles.isdisjoint(rights_of(request)))
    )


class AccessMiddleware:
    """Keeps the table, once the address is known and before its view is called."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        return refusal(request)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer to who may not send that request; None to who may. Reads nothing of its body."""
    name = name_of(request)
    if name not in ACCESS:
        logger.error("the address %r is not in the table of access: refused", name)
        return permission_denied(request, PermissionDenied())
    if who_may(name, request.method or "") is None:
        return HttpResponseNotAllowed(methods_of(name))
    if name not in OPEN_BEFORE_CHANGE and _must_change_password(request):
        if asks_for_json(request):
            return in_words(_("Your password is temporary: replace it first."), status=403)
        return redirect(CHANGE_PASSWORD)
    if may(request, name, request.method or ""):
        return None
    if not request.user.is_authenticated:
        return _to_sign_in(request, name)
    security.denied(request, f"{name} is for {_in_words(name, request.method or '')}")
    return permission_denied(request, PermissionDenied())


def _must_change_password(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.must_change_password


def _to_sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """To sign in and come back, unless there is no page to come back to, only a form to send."""
    if who_may(name, "GET") is None:
        return redirect(settings.LOGIN_URL)
    return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))


def _in_words(name: str, method: str) -> str:
    who = who_may(name, method)
    return ", ".join(sorted(who.roles)) if who and who.roles else "nobody"


# What the table leaves out


def names_of_addresses(
    patterns: Sequence[URLPattern | URLResolver] | None = None, namespace: str = ""
) -> Iterator[tuple[str, str]]:
    """Each address of the URLconf: its name, empty if it has none, and its pattern."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            for name, route in names_of_addresses(pattern.url_patterns, inner):
                yield name, f"{pattern.pattern}{route}"
        else:
            yield f"{namespace}{pattern.name}" if pattern.name else "", str(pattern.pattern)


def check_access(**kwargs: Any) -> list[CheckMessage]:
    """Names each address that the table of access does not."""
    return [
        Error(
            f"/{route} ({name or 'without a name'}) is not in the table of access.",
            hint="Say in config/access.py who may send which request to it.",
            id="config.E001",
        )
        for name, route in names_of_addresses()
        if name not in ACCESS
    ]
