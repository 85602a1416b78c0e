"""The register of rebuttals: a page, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from history import clock
from permits.domain.rebuttals import Rebuttal, State, rebuttals_in, told
from permits.filters import RebuttalFilter
from policies.domain.queries import OTTAWA
from policies.domain.register import current_register
from policies.views.asof import refuse_unread
from policies.views.spreadsheet import csv_response

PAGE = 50
TONES = {State.WAITS: ("warn", "pause"), State.COUNTERSIGNED: ("good", "check")}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The rebuttals, fifty a page, the newest first; with `format=csv`, all found as a file."""
    register = current_register()
    chosen = RebuttalFilter(request.GET, queryset=rebuttals_in(register))
    if request.GET.get("format") == "csv":
        refuse_unread(chosen.form)
        return _as_csv(told(chosen.qs, register))
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    language = get_language() or ""
    rows = [
        (one, one.words[language] if one.words else one.code, *TONES.get(one.state, ("", "")))
        for one in told(page.object_list, register)
    ]
    return render(request, "permits/rebuttals.html", {"filter": chosen, "rows": rows, "page": page})


def _as_csv(rebuttals: Iterable[Rebuttal]) -> HttpResponse:
    header = (
        _("Application"), _("Destination"), _("Policy"), _("Exception"), _("Code"), _("Reason"),
        _("Claimed"), _("Claimed by"), _("Evidence"), _("SHA-256 of the evidence"),
        _("State of the claim"), pgettext("rebuttal", "Countersigned"), _("Countersigned by"),
        pgettext("rebuttal", "Set aside"), _("Set aside by"),
        _("Signed by the decision-maker"), _("Status"), _("Outcome of the case"), _("Decided"),
    )  # fmt: skip
    return csv_response(f"rebuttals-{clock.today().isoformat()}.csv", header, _cells(rebuttals))


def _cells(rebuttals: Iterable[Rebuttal]) -> Iterator[tuple[object, ...]]:
    language = get_language() or ""
    for one in rebuttals:
        said, case, evidence = one.statement, one.application, one.evidence
        yield (
            case.reference, case.destination.name if case.destination else "",
            one.policy, one.words[language] if one.words else "", one.code, said.reason,
            said.made_at.astimezone(OTTAWA).isoformat(), said.made_by.name,
            evidence.title if evidence else "", evidence.sha256 if evidence else "",
            one.state.label,
            said.countersigned_at and said.countersigned_at.astimezone(OTTAWA).isoformat(),
            said.countersigned_by.name if said.countersigned_by else "",
            said.set_aside_at and said.set_aside_at.astimezone(OTTAWA).isoformat(),
            said.set_aside_by.name if said.set_aside_by else "",
            "; ".join(f"{signed.name}, {signed.on.isoformat()}" for signed in one.signatures),
            case.get_status_display(), case.get_outcome_display() if case.outcome else "",
            case.decided_on,
        )  # fmt: skip
