"""Taking back a shipment that was reported wrongly: how shipments stand, and the acts on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.days import instant_in_words, short_day
from permits import forms
from permits.domain.use import (
    agree_to_reversal,
    decline_reversal,
    propose_reversal,
    refuse_settled,
    refuse_taken_back,
    refuse_to_agree,
)
from permits.figures import dollars, figure
from permits.models import Permit, Use, UseReversal
from permits.views.acts import METHODS, Page, answer, sent, who, why_not
from permits.workflow import Action


@dataclass(frozen=True, slots=True)
class UseShown:
    """A shipment and what was said of taking it back.

    `why_not`: why this person may not agree to the one that waits.
    """

    use: Use
    reversal: UseReversal | None
    declined: tuple[UseReversal, ...]
    why_not: str


def shipments(request: HttpRequest, permit: Permit) -> list[UseShown]:
    """Every shipment that was reported under the permit, also what was taken back. Two queries."""
    people = UseReversal.objects.select_related("proposed_by", "agreed_by", "declined_by")
    uses = (
        Use.objects.filter(permit_line__permit=permit)
        .select_related("permit_line", "reported_by")
        .prefetch_related(Prefetch("reversals", people))
    )
    return [
        UseShown(
            one,
            one.reversal,
            tuple(row for row in one.reversals.all() if row.declined_at is not None),
            _why_not_agree(request, permit, one.reversal) if one.reversal else "",
        )
        for one in uses
    ]


def _why_not_agree(request: HttpRequest, permit: Permit, reversal: UseReversal) -> str:
    by = who(request)
    return why_not(
        request,
        permit.application,
        Action.AGREE_REVERSAL,
        lambda: refuse_to_agree(reversal, by=by),
    )


@require_http_methods(METHODS)
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes to take a shipment back."""
    use = get_object_or_404(_USES, pk=number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        propose_reversal(use, reason=given["reason"], by=who(request), seen=given["seen"])
        messages.success(request, _("Proposed. The shipment counts until another person agrees."))
        return redirect(use.permit_line.permit)

    page = _page(
        request,
        use,
        _("Take a shipment back"),
        _("Propose to take it back"),
        Action.PROPOSE_REVERSAL,
        lambda: refuse_taken_back(use),
        then=_(
            "It gives balance back: the shipment counts until another person agrees. What was"
            " reported can be read for ever."
        ),
    )
    form = forms.WhyForm(sent(request), initial={"seen": use.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def agree(request: HttpRequest, number: int) -> HttpResponse:
    """Agrees to what another person proposed."""
    reversal = get_object_or_404(_REVERSALS, pk=number)
    by = who(request)

    def perform(form: forms.PlainForm) -> HttpResponse:
        agree_to_reversal(reversal, by=by, seen=form.cleaned_data["seen"])
        messages.success(request, _("Taken back. The shipment counts on no day any more."))
        return redirect(reversal.use.permit_line.permit)

    page = _page(
        request,
        reversal.use,
        _("Take a shipment back"),
        _("Agree: take it back"),
        Action.AGREE_REVERSAL,
        lambda: refuse_to_agree(reversal, by=by),
        then=_("You stand by it with the person who proposed it. Its balance can be shipped anew."),
        facts=_proposed(reversal),
    )
    form = forms.PlainForm(sent(request), initial={"seen": reversal.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Declines what was proposed, or withdraws what one proposed oneself."""
    reversal = get_object_or_404(_REVERSALS, pk=number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        decline_reversal(reversal, reason=given["reason"], by=who(request), seen=given["seen"])
        messages.success(request, _("Declined. The shipment counts as before."))
        return redirect(reversal.use.permit_line.permit)

    page = _page(
        request,
        reversal.use,
        _("Decline to take a shipment back"),
        _("Decline it"),
        Action.PROPOSE_REVERSAL,
        lambda: refuse_settled(reversal),
        facts=_proposed(reversal),
    )
    form = forms.WhyForm(sent(request), initial={"seen": reversal.version})
    return answer(request, form, page, perform)


_USES = Use.objects.select_related("permit_line__permit__application", "reported_by")
_REVERSALS = UseReversal.objects.select_related(
    "use__permit_line__permit__application", "use__reported_by", "proposed_by"
)

Facts = tuple[tuple[str, Any], ...]


def _page(
    request: HttpRequest,
    use: Use,
    title: str,
    button: str,
    action: Action,
    check: Callable[[], None],
    *,
    then: str = "",
    facts: Facts = (),
) -> Page:
    line = use.permit_line
    return Page(
        title=title,
        button=button,
        name=line.permit.number,
        back=line.permit.get_absolute_url(),
        facts=(
            (_("Line"), line.number),
            (_("Shipped on"), short_day(use.used_on)),
            (_("Quantity"), f"{figure(use.quantity)} {line.unit}".strip()),
            (_("Value (CAD)"), dollars(use.value)),
            (_("Declaration"), use.declaration or "—"),
            (_("Note"), use.note or "—"),
            (_("Reported by"), f"{use.reported_by}, {instant_in_words(use.reported_at)}"),
            *facts,
        ),
        then=then,
        refusal=why_not(request, line.permit.application, action, check),
    )


def _proposed(reversal: UseReversal) -> Facts:
    at = instant_in_words(reversal.proposed_at)
    return (
        (_("Proposed by"), f"{reversal.proposed_by}, {at}"),
        (_("Reason"), reversal.reason),
    )
