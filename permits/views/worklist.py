"""The worklist: what waits for whom, and why."""

from __future__ import annotations

import math

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.rights import rights_of
from history import clock
from history.domain.door import Conflict
from permits.domain import intake, overview, worklist
from permits.filters import WorklistFilter
from permits.models import Application
from permits.views.acts import who
from policies.domain.register import one_load

PAGE = 50
VIEWS = {
    "open": gettext_lazy("All open"),
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Nobody's"),
    "moved": gettext_lazy("Ruling changed"),
    "due": gettext_lazy("Due in 5 days"),
    "paused": gettext_lazy("Paused"),
    "second": gettext_lazy("For a second person"),
    "recommended": gettext_lazy("For a decision"),
    "risk": gettext_lazy("Permits at risk"),
    "returned": gettext_lazy("With the applicant"),
    "drafts": gettext_lazy("Drafts"),
    "decided": gettext_lazy("Closed"),
    "all": gettext_lazy("Everything"),
}
GROUPS = {
    worklist.TODAY: (
        gettext_lazy("Act today"),
        gettext_lazy(
            "a second person or a decision is waited for, the ruling moved, a permit is at risk,"
            " or time is up"
        ),
    ),
    worklist.YOURS: (gettext_lazy("Yours to move"), gettext_lazy("the next step is yours")),
    worklist.WAITING: (
        gettext_lazy("Waiting for others"),
        gettext_lazy("somebody else has it, or the clock stands still"),
    ),
    worklist.DONE: (gettext_lazy("Closed"), gettext_lazy("decided or withdrawn")),
}


@require_safe
@one_load()
def show(request: HttpRequest) -> HttpResponse:
    """The worklist. Context: see `templates/permits/worklist.html`."""
    overview.refresh()
    roles = rights_of(request)
    viewer = worklist.viewer(who(request), roles, clock.today())
    visible = Application.objects.visible_to(viewer.by)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "open"
    people = list(intake.who_works_on_applications())
    chosen = WorklistFilter(
        request.GET,
        queryset=visible.filter(worklist.of_view(view, viewer)),
        who=viewer,
        people=people,
    )
    sort = request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in worklist.SORTS else ""
    page = _number(request.GET.get("page"))
    rows = worklist.in_order(chosen.qs, viewer, sort=sort)
    some = worklist.read(rows[(page - 1) * PAGE : page * PAGE + 1])
    if page > 1 and not some:  # The list is shorter than it was: its last page.
        page = max(1, math.ceil(chosen.qs.count() / PAGE))
        some = worklist.read(rows[(page - 1) * PAGE : page * PAGE + 1])
    shown = worklist.rows_of(some[:PAGE])
    counts = worklist.counts(visible, viewer)
    is_senior = Role.SENIOR_ANALYST in roles
    context = {
        "filter": chosen,
        "view": view,
        "views": [(name, label, counts[name]) for name, label in VIEWS.items()],
        "groups": _grouped(shown, sort),
        "sort": sort,
        "page": page,
        "first": (page - 1) * PAGE + 1,
        "last": (page - 1) * PAGE + len(shown),
        "has_more": len(some) > PAGE,
        "may_open": viewer.is_analyst,
        "may_assign": viewer.is_analyst,
        "people": people if is_senior else [],
    }
    return render(request, "permits/worklist.html", context)


def _grouped(rows: list[worklist.Row], sort: str) -> list[tuple[str, str, list[worklist.Row]]]:
    """The rows by group; as one group without a name where they are sorted otherwise."""
    if sort:
        return [("", "", rows)] if rows else []
    return [
        (str(label), str(says), [row for row in rows if row.group == group])
        for group, (label, says) in GROUPS.items()
        if any(row.group == group for row in rows)
    ]


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 7 else 1


@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Gives what is ticked to a person, each by itself: what can't be is named, the rest is done.

    Without `to`, to whoever asks.
    """
    by = who(request)
    chosen = [int(one) for one in request.POST.getlist("application") if _is_key(one)][:PAGE]
    to = _person(request.POST.get("to", ""), by)
    done = 0
    if to is None:
        messages.error(request, _("Choose a person who works on applications today."))
    elif not chosen:
        messages.error(request, _("Tick at least one application."))
    else:
        for application in Application.objects.visible_to(by).filter(pk__in=chosen):
            try:
                intake.assign(application, to, by=by)
                done += 1
            except (NotPermitted, Refused, ValidationError, Conflict) as fault:
                words = getattr(fault, "words", None) or getattr(fault, "messages", [fault])[0]
                messages.error(request, f"{application.reference}: {words}")
    if done and to is not None:
        messages.success(
            request,
            ngettext(
                "%(number)d application is assigned to %(name)s.",
                "%(number)d applications are assigned to %(name)s.",
                done,
            )
            # A name that ends with a full stop ends the sentence too.
            % {"number": done, "name": _("you") if to == by else to.name.removesuffix(".")},
        )
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return HttpResponseRedirect(back)
    return redirect("permits:worklist")


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 18


def _person(text: str, by: User) -> User | None:
    if not text:
        return by
    return intake.who_works_on_applications().filter(pk=text).first() if _is_key(text) else None
