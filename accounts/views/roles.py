"""Proposing, confirming, declining and ending roles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.choices import Role
from accounts.days import short_day
from accounts.domain.roles import confirm_role, decline_role, end_role, propose_role
from accounts.domain.standing import reasons_of_proposals
from accounts.domain.two_people import days_if_confirmed, refuse_to_confirm, refuse_unready
from accounts.forms import ConfirmForm, EndForm, ReasonForm, RoleForm
from accounts.models import Dated, RoleGrant, TwoPeople, User
from accounts.views.access import signed_in
from accounts.views.acts import Act, answer_act, last_change, reason_against, sent
from history import clock

ACT_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(ACT_METHODS)
def propose(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes a role for a person."""
    who = get_object_or_404(User, pk=number)
    by = signed_in(request)

    def perform(form: RoleForm) -> HttpResponse:
        given = form.cleaned_data
        grant = propose_role(
            who,
            Role(given["role"]),
            by=by,
            reason=given["reason"],
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
        )
        messages.success(
            request,
            _("Proposed for %(name)s: %(act)s. Another administrator must confirm it.")
            % {"act": grant.get_role_display(), "name": who.name},
        )
        return redirect(who)

    act = Act(
        title=_("Propose a role"),
        button=_("Propose the role"),
        person=who,
        then=_("It gives no right until another administrator confirms it."),
        refusal=why_not_propose(who, by),
    )
    form = RoleForm(sent(request), initial={"starts_on": clock.today()})
    return answer_act(request, form, lambda: act, perform)


@require_http_methods(ACT_METHODS)
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Confirms a role that another administrator proposed."""
    grant = find_row(RoleGrant, number)
    by = signed_in(request)

    def perform(form: ConfirmForm) -> HttpResponse:
        given = form.cleaned_data
        now = confirm_role(grant, by=by, reason=given["reason"], seen=given["seen"])
        messages.success(
            request,
            _("%(name)s holds the role from %(day)s: %(role)s.")
            % {
                "name": now.person.name,
                "role": now.get_role_display(),
                "day": short_day(now.starts_on),
            },
        )
        return redirect(now.person)

    def describe() -> Act:
        return Act(
            title=_("Confirm a role"),
            button=_("Confirm the role"),
            person=grant.person,
            facts=facts_of(grant),
            then=_("From then on the person may do what the role allows."),
            refusal=why_not_confirm(grant, by),
        )

    form = ConfirmForm(sent(request), initial={"seen": grant.version})
    return answer_act(request, form, describe, perform, row=grant)


@require_http_methods(ACT_METHODS)
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Declines a proposed role, or withdraws one's own proposal."""
    grant = find_row(RoleGrant, number)
    by = signed_in(request)

    def perform(form: ReasonForm) -> HttpResponse:
        given = form.cleaned_data
        now = decline_role(grant, by=by, reason=given["reason"], seen=given["seen"])
        messages.success(
            request,
            _("%(name)s is not given the role: %(role)s.")
            % {"role": now.get_role_display(), "name": now.person.name},
        )
        return redirect(now.person)

    def describe() -> Act:
        own = grant.proposed_by_id == by.pk
        return Act(
            title=_("Withdraw a proposed role") if own else _("Decline a role"),
            button=_("Withdraw the proposal") if own else _("Decline the role"),
            person=grant.person,
            facts=facts_of(grant),
            refusal=why_not_decline(grant),
        )

    form = ReasonForm(sent(request), initial={"seen": grant.version})
    return answer_act(request, form, describe, perform, row=grant)


@require_http_methods(ACT_METHODS)
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Ends a person's role."""
    return answer_end(request, find_row(RoleGrant, number))


@require_http_methods(ACT_METHODS)
def give_up(request: HttpRequest, number: int) -> HttpResponse:
    """Gives up a role of one's own. Another person's is not found."""
    return answer_end(request, find_row(RoleGrant, number, person=signed_in(request)))


def answer_end(request: HttpRequest, grant: RoleGrant) -> HttpResponse:
    by = signed_in(request)
    own = grant.person_id == by.pk

    def perform(form: EndForm) -> HttpResponse:
        given = form.cleaned_data
        now = end_role(grant, by=by, reason=given["reason"], on=given["on"], seen=given["seen"])
        messages.success(
            request,
            _("The role of %(name)s ends on %(day)s: %(role)s.")
            % {
                "name": now.person.name,
                "role": now.get_role_display(),
                "day": short_day(given["on"]),
            },
        )
        return redirect("accounts:account") if own else redirect(now.person)

    def describe() -> Act:
        return Act(
            own=own,
            title=_("Give up a role") if own else _("End a role"),
            button=_("Give up the role") if own else _("End the role"),
            person=grant.person,
            facts=facts_of(grant),
            then=_("To give the role again takes two administrators."),
            refusal=why_not_end(grant),
        )

    form = EndForm(sent(request), initial={"seen": grant.version, "on": clock.today()})
    return answer_act(request, form, describe, perform, row=grant)


# What the pages of roles and delegations share


def find_row(model: Any, number: int, **which: Any) -> Any:
    """The row with the people who took part, or 404."""
    return get_object_or_404(model.objects.with_people(), pk=number, **which)


def facts_of(row: TwoPeople) -> tuple[tuple[str, Any], ...]:
    """What a page of an act repeats: what, when, by whom and why."""
    facts: list[tuple[str, Any]] = []
    if isinstance(row, RoleGrant):
        facts.append((_("Role"), row.get_role_display()))
    if isinstance(row, Dated):
        facts.append((_("From"), short_day(row.starts_on)))
        facts.append((_("Until"), short_day(row.ends_on) if row.ends_on else _("No end")))
    facts.append((_("So far"), last_change(row)))
    reason = reasons_of_proposals([row]).get((row.stream, row.version))
    if reason:
        facts.append((_("Reason"), reason))
    return tuple(facts)


def why_not_propose(who: User, by: User) -> str:
    if who.pk == by.pk:
        return _("Nobody does this for themselves. Ask another administrator to propose it.")
    return reason_against(refuse_unready, who, to_confirm=False)


def why_not_confirm(row: TwoPeople, by: User) -> str:
    against = reason_against(refuse_to_confirm, row, by=by)
    if isinstance(row, Dated):
        against = against or reason_against(refuse_unready, row.person, to_confirm=True)
        against = against or reason_against(days_if_confirmed, row)
    return against


def why_not_decline(row: TwoPeople) -> str:
    return "" if row.is_waiting else _("This does not wait to be confirmed any more.")


def why_not_end(row: Dated) -> str:
    if row.confirmed_at is None or row.declined_at is not None:
        return _("This gives no right that could end.")
    if row.ends_on is not None and row.ends_on <= clock.today():
        return _("This has ended already.")
    return ""
