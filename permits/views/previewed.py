"""The applications that a preview speaks of, list by list: on pages, by reason, and as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from history import clock
from permits.choices import Group, PartyRole
from permits.domain.impact import (
    Impact,
    Move,
    Moved,
    PermitMove,
    Step,
    Unmoved,
    Why,
    status_in_words,
    unmoved,
)
from permits.domain.policy_changes import numbers, outcome_in_words
from permits.domain.ruling import Outcome
from permits.models import Line, Party, Permit
from policies.choices import Requirement, Stance
from policies.models import PolicyChange
from policies.views.spreadsheet import csv_response

PAGE = 50
"""Applications on one page of a list."""

NAMES = {
    "moved": gettext_lazy("Open applications whose ruling moves"),
    "person": gettext_lazy("Open applications that move and need a person"),
    "unmoved": gettext_lazy("Open applications that do not move"),
    "restated": gettext_lazy("Same outcome, on another policy"),
    "decided": gettext_lazy("Decisions in the days corrected"),
    "acted": gettext_lazy("Acts on permits in the days corrected"),
}
"""The lists of applications; `permits` is a table only: on its page they stand in groups."""


class Side(NamedTuple):
    """What some lines meet before and after; `lines` names them where not all move alike."""

    before: Outcome
    after: Outcome
    lines: str = ""
    how_many: int = 0
    comes: tuple[str, ...] = ()
    goes: tuple[str, ...] = ()


def sides(one: Move | PermitMove) -> list[Side]:
    """What moves, line by line where not all of it moves alike; else the whole."""
    return _sides(one, is_part=Why.PART in one.because)


class Later(NamedTuple):
    """What follows on a later day; `is_other_now`: without the change that is another one too."""

    on: date
    sides: list[Side]
    is_other_now: bool


def later(one: Move | PermitMove) -> list[Later]:
    """What follows on later days, by day."""
    is_part = Why.PART in one.because
    known = [(side.lines, side.before) for side in sides(one)]
    found = []
    for step in one.then:
        these = _sides(step, is_part=is_part)
        now = [(side.lines, side.before) for side in these]
        found.append(Later(date.fromisoformat(step.on), these, now != known))
        known = now
    return found


def _sides(one: Move | PermitMove | Step, *, is_part: bool) -> list[Side]:
    if not one.lines:
        return [Side(one.before, one.after)]
    alike = len(one.lines) == 1 and not is_part
    return [
        Side(
            moved.before,
            moved.after,
            "" if alike else numbers(moved.lines),
            len(moved.lines),
            moved.comes,
            moved.goes,
        )
        for moved in one.lines
    ]


class Row(NamedTuple):
    """An application of a list, with what a person wants to know of it.

    `sides`, `on` and `then` are empty for one that does not move, `permit` where there is none.
    """

    reference: str
    sides: list[Side]
    on: date | None
    applicant: str
    items: tuple[str, ...]
    url: str
    because: tuple[str, ...]
    status: str
    then: Sequence[Later] = ()
    permit: str = ""


def rows(found: Sequence[Move | Unmoved]) -> list[Row]:
    """Three queries."""
    references = [one.reference for one in found]
    permits = dict(
        Permit.objects.filter(application__reference__in=references).values_list(
            "application__reference", "number"
        )
    )
    items: dict[str, list[str]] = defaultdict(list)
    for line in Line.objects.filter(
        application__reference__in=references, is_removed=False
    ).select_related("application"):
        items[line.application.reference] += line.items
    applicants = {
        party.application.reference: party.name
        for party in Party.objects.filter(
            application__reference__in=references, role=PartyRole.APPLICANT, is_removed=False
        ).select_related("application")
    }
    return [
        Row(
            one.reference,
            sides(one) if isinstance(one, Move) else [],
            date.fromisoformat(one.on) if isinstance(one, Move) else None,
            applicants.get(one.reference, ""),
            tuple(dict.fromkeys(items[one.reference])),
            reverse("permits:case", args=[one.reference]),
            tuple(_reasons(one)),
            status_in_words(one.status),
            later(one) if isinstance(one, Move) else (),
            permits.get(one.reference, ""),
        )
        for one in found
    ]


def _reasons(one: Move | PermitMove | Unmoved) -> Iterator[str]:
    if isinstance(one, Unmoved):
        if one.is_restated:
            yield _("Its outcome stays, on another policy")
        return
    if isinstance(one, PermitMove):
        yield _("Its outcome moves") if one.lines else _("The policy meets it; its outcome stays")
    for code in one.because:
        yield str(Why(code).label)


def _listed(change: PolicyChange, impact: Impact, code: str) -> Sequence[Any]:
    """What is in a list. Raises Http404 for one that there is not."""
    if code == "person":
        return impact.for_a_person
    if code == "unmoved":
        return unmoved(impact, at=change.previewed_at or clock.now())
    if code == "permits" or code in NAMES:
        found: Sequence[Any] = getattr(impact, code)
        return found
    raise Http404


def answer(request: HttpRequest, change: PolicyChange, title: str, impact: Impact) -> HttpResponse:
    """One list, narrowed down to a reason where one is asked for."""
    code, why = request.GET.get("list", "moved"), request.GET.get("why", "")
    every = _listed(change, impact, code)
    if why and why not in Why.values:
        raise Http404
    found = [one for one in every if why in _because(one)] if why else every
    if request.GET.get("format") == "csv":
        return _as_csv(change, code, found)
    if code not in NAMES:
        raise Http404
    page: Paged[Any] = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "change": change,
        "title": title,
        "code": code,
        "name": NAMES[code],
        "lists": list(_lists(impact)),
        "why": why,
        "reasons": [
            (one.value, one.label, count)
            for one in Why
            if (count := sum(one.value in _because(row) for row in every))
        ],
        "total": len(every),
        "page": page,
        "rows": rows(list(page.object_list)),
        "gone": impact.staying - len(every) if code == "unmoved" else 0,
    }
    return render(request, "permits/policy_change_list.html", context)


def _because(one: Move | PermitMove | Unmoved) -> tuple[str, ...]:
    return one.because if isinstance(one, Move) else ()


def _lists(impact: Impact) -> Iterator[tuple[str, Any, int]]:
    """Every list that has something in it, and how much."""
    counts = {**impact.counts(), "unmoved": impact.staying}
    for code, name in NAMES.items():
        if counts[code]:
            yield code, name, counts[code]


def _as_csv(
    change: PolicyChange, code: str, found: Iterable[Move | PermitMove | Unmoved]
) -> HttpResponse:
    header = (
        _("Reference"),
        _("Status or group"),
        _("Application"),
        _DAYS.get(code, _("From")),
        _("Requirement now"),
        _("Stance now"),
        _("Requirement now, if a question is answered so"),
        _("Stance now, if a question is answered so"),
        _("Requirement after"),
        _("Stance after"),
        _("Requirement after, if a question is answered so"),
        _("Stance after, if a question is answered so"),
        _("Lines that move"),
        _("Questions that open"),
        _("Questions that fall away"),
        _("On later days"),
        _("Why") if code == "permits" else _("Why a person looks"),
        _("Value left (CAD)"),
    )
    return csv_response(f"{change.number}-{code}.csv", header, map(_cells, found))


_DAYS = {"decided": gettext_lazy("Decided on"), "acted": gettext_lazy("Acted on")}
"""What the day of a row is, where it is not the first from which it moves."""

_OF_WHAT_MOVES = 13
"""Columns that are empty for what does not move."""


def _cells(one: Move | PermitMove | Unmoved) -> tuple[object, ...]:
    why = "; ".join(_reasons(one))
    if isinstance(one, Unmoved):
        status = status_in_words(one.status)
        return (one.reference, status, one.reference, *[""] * _OF_WHAT_MOVES, why, "")
    return (
        one[0],
        Group(one.group).label if isinstance(one, PermitMove) else status_in_words(one.status),
        one.reference,
        one.on,
        *_labels(one.before),
        *_labels(one.after),
        _lines_in_words(one.lines),
        ", ".join(sorted({key for moved in one.lines for key in moved.comes})),
        ", ".join(sorted({key for moved in one.lines for key in moved.goes})),
        ". ".join(_step_in_words(step) for step in one.then),
        why,
        one.left if isinstance(one, PermitMove) else "",
    )


def _lines_in_words(lines: Iterable[Moved]) -> str:
    return "; ".join(
        f"{numbers(moved.lines)}: {outcome_in_words(moved.before)}"
        f" → {outcome_in_words(moved.after)}"
        for moved in lines
    )


def _step_in_words(step: Step) -> str:
    return f"{step.on}: {_lines_in_words(step.lines) or outcome_in_words(step.after)}"


def _labels(one: Outcome) -> tuple[object, ...]:
    return (
        Requirement(one.requirement).label,
        Stance(one.stance).label,
        Requirement(one.requirement_if_open).label,
        Stance(one.if_open).label,
    )
