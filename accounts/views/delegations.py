"""Proposing, confirming, declining and ending delegations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.choices import Power
from accounts.days import short_day
from accounts.domain.delegations import (
    Terms,
    confirm_delegation,
    decline_delegation,
    end_delegation,
    propose_delegation,
)
from accounts.forms import ConfirmForm, DelegationForm, EndForm, ReasonForm
from accounts.models import Delegation, User
from accounts.views.access import signed_in
from accounts.views.acts import Act, answer_act, sent
from accounts.views.roles import (
    ACT_METHODS,
    facts_of,
    find_row,
    why_not_confirm,
    why_not_decline,
    why_not_end,
    why_not_propose,
)
from history import clock

TERMS = ("number", "instrument_en", "instrument_fr", "capacity_en", "capacity_fr")


@require_http_methods(ACT_METHODS)
def propose(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes a delegation for a person."""
    who = get_object_or_404(User, pk=number)
    by = signed_in(request)

    def perform(form: DelegationForm) -> HttpResponse:
        given = form.cleaned_data
        terms = Terms(
            **{name: given[name] for name in TERMS},
            powers=frozenset(Power(one) for one in given["powers"]),
        )
        propose_delegation(
            who,
            terms,
            by=by,
            reason=given["reason"],
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
        )
        messages.success(
            request,
            _("Proposed for %(name)s: %(act)s. Another administrator must confirm it.")
            % {"name": who.name, "act": _("a delegation")},
        )
        return redirect(who)

    act = Act(
        title=_("Propose a delegation"),
        button=_("Propose the delegation"),
        person=who,
        then=_(
            "It gives no right until another administrator confirms it, and only on days on which"
            " the person is a decision-maker."
        ),
        provision=provision(),
        refusal=why_not_propose(who, by),
    )
    form = DelegationForm(sent(request), initial={"starts_on": clock.today()})
    return answer_act(request, form, lambda: act, perform)


@require_http_methods(ACT_METHODS)
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Confirms a delegation that another administrator proposed."""
    row = find_row(Delegation, number)
    by = signed_in(request)

    def perform(form: ConfirmForm) -> HttpResponse:
        given = form.cleaned_data
        now = confirm_delegation(row, by=by, reason=given["reason"], seen=given["seen"])
        messages.success(
            request,
            _("The delegation of %(name)s is confirmed from %(day)s.")
            % {"name": now.person.name, "day": short_day(now.starts_on)},
        )
        return redirect(now.person)

    def describe() -> Act:
        return Act(
            title=_("Confirm a delegation"),
            button=_("Confirm the delegation"),
            person=row.person,
            facts=delegation_facts(row),
            then=_(
                "From then on, on days on which the person is a decision-maker, they may act for"
                " the Minister in this capacity."
            ),
            provision=provision(),
            refusal=why_not_confirm(row, by),
        )

    form = ConfirmForm(sent(request), initial={"seen": row.version})
    return answer_act(request, form, describe, perform, row=row)


@require_http_methods(ACT_METHODS)
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Declines a proposed delegation, or withdraws one's own proposal."""
    row = find_row(Delegation, number)
    by = signed_in(request)

    def perform(form: ReasonForm) -> HttpResponse:
        given = form.cleaned_data
        now = decline_delegation(row, by=by, reason=given["reason"], seen=given["seen"])
        messages.success(
            request,
            _("%(name)s is not given the delegation.") % {"name": now.person.name},
        )
        return redirect(now.person)

    def describe() -> Act:
        own = row.proposed_by_id == by.pk
        return Act(
            title=_("Withdraw a proposed delegation") if own else _("Decline a delegation"),
            button=_("Withdraw the proposal") if own else _("Decline the delegation"),
            person=row.person,
            facts=delegation_facts(row),
            provision=provision(),
            refusal=why_not_decline(row),
        )

    form = ReasonForm(sent(request), initial={"seen": row.version})
    return answer_act(request, form, describe, perform, row=row)


@require_http_methods(ACT_METHODS)
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Ends a person's delegation."""
    return answer_end(request, find_row(Delegation, number))


@require_http_methods(ACT_METHODS)
def give_up(request: HttpRequest, number: int) -> HttpResponse:
    """Gives up a delegation of one's own. Another person's is not found."""
    return answer_end(request, find_row(Delegation, number, person=signed_in(request)))


def answer_end(request: HttpRequest, row: Delegation) -> HttpResponse:
    by = signed_in(request)
    own = row.person_id == by.pk

    def perform(form: EndForm) -> HttpResponse:
        given = form.cleaned_data
        now = end_delegation(row, by=by, reason=given["reason"], on=given["on"], seen=given["seen"])
        messages.success(
            request,
            _("The delegation of %(name)s ends on %(day)s.")
            % {"name": now.person.name, "day": short_day(given["on"])},
        )
        return redirect("accounts:account") if own else redirect(now.person)

    def describe() -> Act:
        return Act(
            own=own,
            title=_("Give up a delegation") if own else _("End a delegation"),
            button=_("Give up the delegation") if own else _("End the delegation"),
            person=row.person,
            facts=delegation_facts(row),
            then=_("To give the delegation again takes two administrators."),
            provision=provision(),
            refusal=why_not_end(row),
        )

    form = EndForm(sent(request), initial={"seen": row.version, "on": clock.today()})
    return answer_act(request, form, describe, perform, row=row)


def provision() -> str:
    return _("Interpretation Act, R.S.C. 1985, c. I-21, s. 24(2)")


def delegation_facts(row: Delegation) -> tuple[tuple[str, Any], ...]:
    """The instrument in the reader's language, and what every row has."""
    language = "fr" if (get_language() or "").startswith("fr") else "en"
    powers = [str(power.label) for power in Power if power in row.powers]
    return (
        (_("Instrument"), f"{getattr(row, f'instrument_{language}')}, {row.number}"),
        (_("Capacity"), getattr(row, f"capacity_{language}")),
        (_("Powers"), "; ".join(powers)),
        *facts_of(row),
    )
