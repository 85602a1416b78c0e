"""The worklist: what waits for whom, and why."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Role
from accounts.exceptions import NotPermitted, Refused
from accounts.rights import rights_of
from history import clock
from history.domain.door import Conflict
from permits import forms
from permits.domain import intake, worklist
from permits.models import Application
from permits.views.acts import who

PAGE = 50
VIEWS = {
    "open": gettext_lazy("All open"),
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Nobody's"),
    "second": gettext_lazy("For a second person"),
    "recommended": gettext_lazy("For a decision"),
    "returned": gettext_lazy("With the applicant"),
    "drafts": gettext_lazy("Drafts"),
    "decided": gettext_lazy("Decided"),
}
GROUPS = {
    worklist.TODAY: gettext_lazy("Act today"),
    worklist.YOURS: gettext_lazy("Yours to move"),
    worklist.WAITING: gettext_lazy("Waiting for others"),
    worklist.DONE: gettext_lazy("Done"),
}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The worklist. Context: see `templates/permits/worklist.html`."""
    by, roles = who(request), rights_of(request)
    visible = Application.objects.visible_to(by).for_pages()
    form = forms.SearchForm(request.GET or None, views=VIEWS.items())
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    view = given.get("view") or "open"
    rows = worklist.narrowed(visible, view, by=by)
    rows = worklist.searched(rows, given.get("q") or "")
    rows = worklist.with_item(rows, given.get("item") or "")
    if given.get("destination"):
        rows = rows.filter(destination=given["destination"])
    page = _number(request.GET.get("page"))
    some = list(rows.order_by("submitted_on", "-pk")[(page - 1) * PAGE : page * PAGE + 1])
    shown = worklist.rows_of(some[:PAGE], by=by, roles=roles, on=clock.today())
    counts = worklist.counts(Application.objects.visible_to(by), by=by)
    context = {
        "form": form,
        "view": view,
        "views": [(name, label, counts[name]) for name, label in VIEWS.items()],
        "groups": [
            (label, [row for row in shown if row.group == group])
            for group, label in GROUPS.items()
            if any(row.group == group for row in shown)
        ],
        "page": page,
        "has_more": len(some) > PAGE,
        "may_open": bool(roles & {Role.ANALYST, Role.SENIOR_ANALYST}),
        "may_assign": bool(roles & {Role.ANALYST, Role.SENIOR_ANALYST}),
    }
    return render(request, "permits/worklist.html", context)


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 7 else 1


@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Takes up what is ticked, each by itself: what can't be is named, the rest is done."""
    chosen = [int(one) for one in request.POST.getlist("application") if one.isdecimal()][:PAGE]
    by, done = who(request), 0
    for application in Application.objects.visible_to(by).filter(pk__in=chosen):
        try:
            intake.assign(application, by, by=by)
            done += 1
        except (NotPermitted, Refused, ValidationError, Conflict) as fault:
            words = getattr(fault, "words", None) or getattr(fault, "messages", [str(fault)])[0]
            messages.error(request, f"{application.reference}: {words}")
    if done:
        messages.success(
            request,
            ngettext(
                "%(number)d application is assigned to you.",
                "%(number)d applications are assigned to you.",
                done,
            )
            % {"number": done},
        )
    elif not chosen:
        messages.error(request, _("Tick at least one application."))
    return redirect("permits:worklist")
