"""Opening accounts again and resetting passwords, which takes two administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from accounts.choices import RequestedAct
from accounts.domain.requests import (
    confirm_request,
    decline_request,
    propose_request,
    refuse_needless,
)
from accounts.forms import ConfirmForm, ReasonForm
from accounts.models import AccountRequest, User
from accounts.views.access import signed_in
from accounts.views.acts import Act, answer_act, reason_against, sent
from accounts.views.people import show_handed_over
from accounts.views.roles import ACT_METHODS, facts_of, find_row, why_not_confirm, why_not_decline


@require_http_methods(ACT_METHODS)
def propose_reopening(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes that a closed account be opened again."""
    return _propose(request, number, RequestedAct.REOPEN)


@require_http_methods(ACT_METHODS)
def propose_reset(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes that a password be reset."""
    return _propose(request, number, RequestedAct.RESET_PASSWORD)


def _propose(request: HttpRequest, number: int, act: RequestedAct) -> HttpResponse:
    who = get_object_or_404(User, pk=number)
    by = signed_in(request)

    def perform(form: ReasonForm) -> HttpResponse:
        propose_request(who, act, by=by, reason=form.cleaned_data["reason"])
        messages.success(
            request,
            _("Proposed for %(name)s: %(act)s. Another administrator must confirm it.")
            % {"act": act.label, "name": who.name},
        )
        return redirect(who)

    def describe() -> Act:
        refusal = reason_against(refuse_needless, who, act)
        if who.pk == by.pk:
            refusal = _("This is your own account: change your password yourself.")
        reopening = act == RequestedAct.REOPEN
        return Act(
            title=_("Propose to open the account again")
            if reopening
            else _("Propose to reset the password"),
            button=_("Propose to open it again") if reopening else _("Propose the reset"),
            person=who,
            facts=((_("User name"), who.username),),
            then=_(
                "Another administrator confirms it and gets a temporary password to hand over. It"
                " gives no right until the person replaces it."
            ),
            refusal=refusal,
        )

    return answer_act(request, ReasonForm(sent(request)), describe, perform)


@require_http_methods(ACT_METHODS)
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Does what another administrator proposed. The answer shows the temporary password, once."""
    row = find_row(AccountRequest, number)
    by = signed_in(request)
    reopening = row.act == RequestedAct.REOPEN

    def perform(form: ConfirmForm) -> HttpResponse:
        given = form.cleaned_data
        handed = confirm_request(row, by=by, reason=given["reason"], seen=given["seen"])
        title = _("Account opened again") if reopening else _("Password reset")
        return show_handed_over(request, handed, title)

    def describe() -> Act:
        against = why_not_confirm(row, by)
        return Act(
            title=_("Open the account again") if reopening else _("Reset the password"),
            button=_("Open the account again") if reopening else _("Reset the password"),
            person=row.person,
            facts=((_("User name"), row.person.username), *facts_of(row)),
            then=_(
                "The next page shows a temporary password, once. Hand it over yourself: it gives no"
                " right until the person replaces it."
            ),
            refusal=against or reason_against(refuse_needless, row.person, row.act),
        )

    form = ConfirmForm(sent(request), initial={"seen": row.version})
    return answer_act(request, form, describe, perform, row=row)


@require_http_methods(ACT_METHODS)
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Declines a request, or withdraws one's own."""
    row = find_row(AccountRequest, number)
    by = signed_in(request)

    def perform(form: ReasonForm) -> HttpResponse:
        given = form.cleaned_data
        now = decline_request(row, by=by, reason=given["reason"], seen=given["seen"])
        messages.success(
            request, _("The account of %(name)s stays as it is.") % {"name": now.person.name}
        )
        return redirect(now.person)

    def describe() -> Act:
        own = row.proposed_by_id == by.pk
        return Act(
            title=_("Withdraw a request") if own else _("Decline a request"),
            button=_("Withdraw the proposal") if own else _("Decline the request"),
            person=row.person,
            facts=(
                (pgettext("about an account", "Request"), row.get_act_display()),
                *facts_of(row),
            ),
            refusal=why_not_decline(row),
        )

    form = ReasonForm(sent(request), initial={"seen": row.version})
    return answer_act(request, form, describe, perform, row=row)
