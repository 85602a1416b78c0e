"""Verifying the log on demand."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from history.actors import Actor
from history.domain.inspection import verify_and_record
from history.domain.verify import Verification
from history.wording import number_in_words


@require_POST
@login_required
def verify(request: HttpRequest) -> HttpResponse:
    """Reads the whole log, records what was found, and says so on the list."""
    found = verify_and_record(Actor.person(request.user.pk or 0), deep="deep" in request.POST)
    if found.good:
        messages.success(request, _found_good(found))
    else:
        messages.error(
            request,
            _("The log is not good. The first thing found: %(fault)s.")
            % {"fault": found.faults[0]},
        )
    return redirect("history:events")


def _found_good(found: Verification) -> str:
    said = ngettext(
        "Verified: %(number)s entry, as it was recorded.",
        "Verified: %(number)s entries, all as they were recorded.",
        found.size,
    ) % {"number": number_in_words(found.size)}
    if found.rows is None:
        return said
    rows = ngettext(
        "%(number)s row of the tables is as they tell.",
        "%(number)s rows of the tables are as they tell.",
        found.rows,
    ) % {"number": number_in_words(found.rows)}
    return _("%(first)s %(second)s") % {"first": said, "second": rows}
