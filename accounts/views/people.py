"""People: the list, one person with all rights, what waits, and opening and closing accounts."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import RequestedAct, Role, State
from accounts.domain.people import HandedOver, close_account, open_account
from accounts.domain.standing import reasons_of_proposals, state_of
from accounts.domain.two_people import refuse_to_confirm
from accounts.forms import AccountForm, PeopleForm, ReasonForm
from accounts.models import AccountRequest, Dated, Delegation, RoleGrant, TwoPeople, User
from accounts.rights import rights_of
from accounts.views.access import signed_in
from accounts.views.acts import Act, answer_act, reason_against, sent
from history import clock

PAGE = 50


# The list


class ListedPerson(NamedTuple):
    person: User
    roles: list[str]


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everyone with an account, by name, fifty on a page. The number of queries is constant."""
    form = PeopleForm(request.GET)
    form.is_valid()
    page = _found(form, request.GET.get("page", ""))
    return render(
        request,
        "accounts/people.html",
        {
            "form": form,
            "is_narrowed": any(form.cleaned_data.values()),
            "rows": _listed(list(page.object_list)),
            "page": page,
            "count": page.paginator.count,
            "waiting": waiting_count(),
            "may_act": Role.ADMINISTRATOR in rights_of(request),
        },
    )


def _found(form: PeopleForm, number: str) -> Page[int]:
    """The numbers of the accounts that are asked for, by name.

    Names are compared and ordered here: the two databases fold and collate in ways of their own.
    """
    asked = form.cleaned_data
    accounts = User.objects.all()
    match asked.get("state"):
        case "open":
            accounts = accounts.filter(is_active=True)
        case "temporary":
            accounts = accounts.filter(is_active=True, must_change_password=True)
        case "closed":
            accounts = accounts.filter(is_active=False)
    if asked.get("role"):
        holders = RoleGrant.objects.in_force(clock.today()).filter(role=asked["role"])
        accounts = accounts.filter(pk__in=holders.values("person"))
    words = _folded(asked.get("q", "")).split()
    found = sorted(
        (_folded(name), username, number)
        for number, name, username in accounts.values_list("pk", "name", "username")
        if all(word in f"{_folded(name)} {username}" for word in words)
    )
    return Paginator([number for _name, _username, number in found], PAGE).get_page(number)


def _folded(text: str) -> str:
    """Without accents and capitals."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in apart if not unicodedata.combining(one))


def _listed(numbers: Sequence[int]) -> list[ListedPerson]:
    found = User.objects.in_bulk(numbers)
    roles: dict[int, list[str]] = defaultdict(list)
    grants = RoleGrant.objects.in_force(clock.today()).filter(person_id__in=numbers)
    held = set(grants.values_list("person_id", "role"))
    for role in Role:
        for number in numbers:
            if (number, role.value) in held:
                roles[number].append(str(role.label))
    return [ListedPerson(found[number], roles[number]) for number in numbers]


# What waits


class Waiting(NamedTuple):
    """A proposal: what it is, why, and the way to confirm it, or why this person may not."""

    row: TwoPeople
    what: str
    reason: str
    url: str
    why_not: str


def waiting_count() -> int:
    return sum(model.objects.waiting().count() for model in (RoleGrant, Delegation, AccountRequest))


@require_safe
def pending(request: HttpRequest) -> HttpResponse:
    """Everything that waits for a second administrator, oldest first."""
    rows: list[TwoPeople] = sorted(
        (
            row
            for model in (RoleGrant, Delegation, AccountRequest)
            for row in model.objects.waiting().with_people()
        ),
        key=lambda row: row.proposed_at,
    )
    reasons = reasons_of_proposals(rows)
    return render(
        request,
        "accounts/pending.html",
        {
            "rows": [
                Waiting(
                    row,
                    what_is(row),
                    reasons.get((row.stream, row.version), ""),
                    act_url("confirm", row),
                    _why_not_confirm(request, row),
                )
                for row in rows
            ]
        },
    )


def what_is(row: TwoPeople) -> str:
    """A grant, delegation or request in a few words."""
    if isinstance(row, RoleGrant):
        return _("Role: %(role)s") % {"role": row.get_role_display()}
    if isinstance(row, Delegation):
        return _("Delegation: %(number)s") % {"number": row.number}
    return str(RequestedAct(row.act).label) if isinstance(row, AccountRequest) else str(row)


_KINDS: dict[type[TwoPeople], str] = {
    RoleGrant: "role",
    Delegation: "delegation",
    AccountRequest: "request",
}


def act_url(act: str, row: TwoPeople) -> str:
    """The page of an act on a row: "confirm", "decline" or "end"."""
    return reverse(f"accounts:{act}_{_KINDS[type(row)]}", args=[row.pk])


def _why_not_confirm(request: HttpRequest, row: TwoPeople) -> str:
    if Role.ADMINISTRATOR not in rights_of(request):
        return only_administrators()
    return reason_against(refuse_to_confirm, row, by=signed_in(request))


def only_administrators() -> str:
    return _("Only an administrator may do this.")


# One person


class Offer(NamedTuple):
    """A button: what it is called, where it leads, and why this person may not press it."""

    label: str
    url: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ShownRight:
    """A grant, delegation or request with its state and what can be done with it."""

    row: TwoPeople
    state: State
    offers: list[Offer]

    @property
    def id(self) -> str:
        """For ids of the page."""
        return str(self.row.pk)


@require_safe
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person: the account, every role, delegation and request, and what can be done."""
    who = get_object_or_404(User, pk=number)
    grants = list(RoleGrant.objects.filter(person=who).with_people().order_by("-starts_on", "-pk"))
    delegations = Delegation.objects.filter(person=who).with_people().order_by("-starts_on", "-pk")
    requests = AccountRequest.objects.filter(person=who).with_people().order_by("-pk")
    today = clock.today()
    offers = _offers_on(request, who)
    decides = any(
        grant.role == Role.DECISION_MAKER and state_of(grant, today) == State.IN_FORCE
        for grant in grants
    )
    return render(
        request,
        "accounts/person.html",
        {
            "who": who,
            "grants": [_shown(request, grant) for grant in grants],
            "roles_today": [
                grant.get_role_display()
                for grant in grants
                if state_of(grant, today) == State.IN_FORCE
            ],
            "delegations": [_shown(request, row, decides=decides) for row in delegations],
            "requests": [_shown(request, row) for row in requests],
            "offers": offers,
            "why_none": offers[0].why_not if len({one.why_not for one in offers}) == 1 else "",
            "may_act": Role.ADMINISTRATOR in rights_of(request),
        },
    )


def _shown(request: HttpRequest, row: TwoPeople, *, decides: bool = True) -> ShownRight:
    state = state_of(row, clock.today(), decides=decides)
    return ShownRight(row, state, list(_offers_of(request, row, state)))


def _offers_of(request: HttpRequest, row: TwoPeople, state: State) -> Iterable[Offer]:
    if Role.ADMINISTRATOR not in rights_of(request):
        return
    if row.is_waiting:
        yield Offer(_("Confirm"), act_url("confirm", row), _why_not_confirm(request, row))
        own = row.proposed_by_id == request.user.pk
        yield Offer(_("Withdraw") if own else _("Decline"), act_url("decline", row))
    elif isinstance(row, Dated) and state in (
        State.IN_FORCE,
        State.NOT_YET,
        State.NEEDS_ROLE,
        State.SUSPENDED,
    ):
        yield Offer(_("End"), act_url("end", row))


def _offers_on(request: HttpRequest, who: User) -> list[Offer]:
    """What an administrator can do with an account; each with why not."""
    own = (
        _("Nobody does this for themselves. Ask another administrator.")
        if who.pk == request.user.pk
        else ""
    )
    if Role.ADMINISTRATOR not in rights_of(request):
        own = only_administrators()
    closed = "" if who.is_active else _("The account is closed.")
    offers = [
        Offer(_("Propose a role"), _of(who, "propose_role"), own or closed),
        Offer(_("Propose a delegation"), _of(who, "propose_delegation"), own or closed),
    ]
    if who.is_active:
        offers += [
            Offer(_("Reset the password"), _of(who, "propose_reset"), own),
            Offer(_("Close the account"), _of(who, "close_account"), own),
        ]
    else:
        offers.append(Offer(_("Open the account again"), _of(who, "propose_reopening"), own))
    return offers


def _of(who: User, name: str) -> str:
    return reverse(f"accounts:{name}", args=[who.pk])


# Accounts


@require_http_methods(["GET", "HEAD", "POST"])
def new_person(request: HttpRequest) -> HttpResponse:
    """Opens an account. The answer to the form shows the temporary password, once."""

    def perform(form: AccountForm) -> HttpResponse:
        given = form.cleaned_data
        made = open_account(
            given["username"], name=given["name"], by=signed_in(request), reason=given["reason"]
        )
        return show_handed_over(request, made, _("Account opened"))

    act = Act(
        title=_("Open an account"),
        button=_("Open the account"),
        then=_(
            "The next page shows a temporary password, once. The account gives no right until a"
            " role is proposed and confirmed."
        ),
    )
    return answer_act(request, AccountForm(sent(request)), lambda: act, perform)


def show_handed_over(request: HttpRequest, handed: HandedOver, title: str) -> HttpResponse:
    """The only page that ever shows a temporary password. No redirect: it is stored nowhere."""
    return render(request, "accounts/handed_over.html", {"handed": handed, "title": title})


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Closes an account, at once."""
    who = get_object_or_404(User, pk=number)
    by = signed_in(request)

    def perform(form: ReasonForm) -> HttpResponse:
        close_account(who, by=by, reason=form.cleaned_data["reason"])
        messages.success(request, _("The account of %(name)s is closed.") % {"name": who.name})
        return redirect(who)

    def describe() -> Act:
        who.refresh_from_db()
        refusal = "" if who.is_active else _("The account is closed already.")
        if who.pk == by.pk:
            refusal = _("You cannot close your own account. Ask another administrator.")
        return Act(
            title=_("Close the account"),
            button=_("Close the account"),
            person=who,
            facts=((_("User name"), who.username),),
            then=_(
                "It takes effect at once: every session ends, and no role gives a right while the"
                " account is closed. To open it again takes two administrators."
            ),
            refusal=refusal,
        )

    return answer_act(request, ReasonForm(sent(request)), describe, perform)
