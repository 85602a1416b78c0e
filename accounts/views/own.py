"""One's own account: what one may do and since when, and the password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role, State
from accounts.domain.people import change_own_password
from accounts.domain.standing import state_of
from accounts.forms import PasswordForm
from accounts.models import Delegation, RoleGrant
from accounts.rights import rights_of
from accounts.views.access import signed_in
from accounts.views.acts import Act, answer_act, sent
from accounts.views.people import Offer, ShownRight
from accounts.views.roles import ACT_METHODS
from history import clock
from history.domain.door import Conflict

COULD_END = (State.IN_FORCE, State.NOT_YET, State.NEEDS_ROLE)


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """What the person may do, and by whose hands."""
    who = signed_in(request)
    today = clock.today()
    grants = RoleGrant.objects.filter(person=who).with_people().order_by("-starts_on", "-pk")
    delegations = Delegation.objects.filter(person=who).with_people().order_by("-starts_on", "-pk")
    decides = Role.DECISION_MAKER in rights_of(request)
    return render(
        request,
        "accounts/account.html",
        {
            "who": who,
            "grants": [_shown(row, state_of(row, today), "give_up_role") for row in grants],
            "delegations": [
                _shown(row, state_of(row, today, decides=decides), "give_up_delegation")
                for row in delegations
            ],
            "roles_today": [role.label for role in Role if role in rights_of(request)],
        },
    )


def _shown(row: RoleGrant | Delegation, state: State, name: str) -> ShownRight:
    offers = (
        [Offer(_("Give up"), reverse(f"accounts:{name}", args=[row.pk]))]
        if state in COULD_END
        else []
    )
    return ShownRight(row, state, offers)


@sensitive_post_parameters("current", "new", "again")
@require_http_methods(ACT_METHODS)
def change_password(request: HttpRequest) -> HttpResponse:
    """Another password for oneself. This session goes on, every other ends."""
    who = signed_in(request)

    def perform(form: PasswordForm) -> HttpResponse:
        given = form.cleaned_data
        try:
            now = change_own_password(by=who, current=given["current"], new=given["new"])
        except Conflict:
            # Then this session has ended with the password that opened it.
            return redirect("accounts:sign_in")
        update_session_auth_hash(request, now)
        messages.success(request, _("Your password is changed. Your other sessions have ended."))
        return redirect("accounts:account")

    act = Act(
        own=True,
        title=_("Change your password"),
        button=_("Change the password"),
        then=_("Your other sessions end; this one goes on."),
        changed=_(
            "Your password is temporary: another person knows it. Until you replace it, no role"
            " gives you a right."
        )
        if who.must_change_password
        else "",
    )
    return answer_act(request, PasswordForm(sent(request)), lambda: act, perform)
