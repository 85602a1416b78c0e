"""Every destination in a list: what applies to munitions, by the place they go to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from policies.choices import Activity
from policies.domain.reach import destinations_named, reaches
from policies.domain.register import Register, current_register
from policies.domain.resolve import resolve
from policies.domain.search import destinations_called, folded
from policies.domain.standing import Standing, standing
from policies.facts import LineFacts
from policies.forms.search import DestinationSearchForm
from policies.views.asof import AsOf, read_as_of
from policies.views.verdicts import Verdict, verdict

MUNITIONS = ("2",)
"""Group 2, by which the list of destinations compares them."""


class DestinationRow(NamedTuple):
    """`rows` is how many policies in force that day reach it by name or by a list."""

    code: str
    name: str
    export: Verdict
    brokering: Verdict
    rows: int


class DestinationGroup(NamedTuple):
    label: str
    rows: list[DestinationRow]


@require_safe
def destinations(request: HttpRequest) -> HttpResponse:
    """Every destination, those that a policy names first."""
    register = current_register()
    as_of = read_as_of(request)
    form = DestinationSearchForm({"q": request.GET.get("q", "")})
    sought = form.cleaned_data["q"] if form.is_valid() else ""
    found = destinations_called(sought, register) if sought else list(register.destinations)
    named = destinations_named(register)
    groups = [
        DestinationGroup(label, _destination_rows(codes, register, as_of))
        for label, codes in (
            (_("Named by a policy"), [code for code in found if code in named]),
            (_("Reached only by rows for every destination, or by a list"),
             [code for code in found if code not in named]),
        )
        if codes
    ]  # fmt: skip
    return render(
        request,
        "policies/destinations.html",
        {
            "as_of": as_of,
            "form": form,
            "sought": sought,
            "groups": groups,
            "count": len(found),
            "all_count": len(register.destinations),
            "named_count": len(named),
        },
    )


def _destination_rows(
    codes: Iterable[str], register: Register, as_of: AsOf
) -> list[DestinationRow]:
    language = get_language() or ""
    in_force = [
        row
        for row in register.rulebook.rows
        if _stands_in_force(standing(row.spans, on=as_of.on, known_at=as_of.known_at))
    ]

    def group_2(activity: Activity, code: str) -> Verdict:
        line = LineFacts(activity=activity.value, destination=code, items=MUNITIONS)
        return verdict(resolve(line, register.rulebook, on=as_of.on, known_at=as_of.known_at))

    rows = (
        DestinationRow(
            code,
            register.destinations[code][language],
            group_2(Activity.EXPORT, code),
            group_2(Activity.BROKERING, code),
            sum(
                reaches(row, register, code, on=as_of.on, known_at=as_of.known_at)
                for row in in_force
            ),
        )
        for code in codes
    )
    return sorted(rows, key=lambda row: folded(row.name))


def _stands_in_force(found: tuple[object, Standing] | None) -> bool:
    return found is not None and found[1] is Standing.IN_FORCE
