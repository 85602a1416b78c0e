"""What changed between two days: the stances that are different, and what happened day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from policies.choices import Activity, Requirement, Stance
from policies.domain.changes import Changes, Place, StanceChange, changes_between
from policies.domain.explain import day_in_words
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register
from policies.domain.scope import ScopeWords, groups_in_words, lowered, provision, scope_in_words
from policies.domain.search import folded
from policies.domain.timeline import Shade
from policies.forms.changes import ChangesForm
from policies.models import PermitAct
from policies.templatetags.policy_tags import in_language
from policies.views.asof import refuse_unread, today_in_ottawa
from policies.views.lanes import ACT_ICONS, act_in_words, day_with_precision, shade_in_words
from policies.views.spreadsheet import csv_response
from policies.views.stance_map import same_day
from policies.views.verdicts import Verdict

MOST_PLACES_APART = 6
"""Where more places changed alike, they are told of together, and folded."""


class PlaceName(NamedTuple):
    """What a place is called, and the code of its destination."""

    name: str
    code: str


class Difference(NamedTuple):
    """Goods whose stance is another on the second day."""

    goods: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Where:
    """A place, or many that changed alike, with what is different there."""

    places: tuple[PlaceName, ...]
    differences: list[Difference]

    @property
    def is_folded(self) -> bool:
        return len(self.places) > 1


@dataclass(frozen=True, slots=True)
class Happening:
    """What took effect on a day. `kind`: "begins", "ends", "expires", "joins", "leaves" or "act".

    `key` and `title` are those of the policy, the list or the act; a policy has its `scope` and
    `stance`, a list the `places`, an act its `icon`. Of what expires, an exception, `title` is its
    text, and all else is of its policy.
    """

    on: date
    kind: str
    words: str
    key: str
    title: str
    by: str = ""
    scope: ScopeWords | None = None
    stance: str = ""
    stance_label: str = ""
    asks: bool = False
    places: tuple[PlaceName, ...] = ()
    icon: str = ""


class Day(NamedTuple):
    on: date
    happenings: list[Happening]


@dataclass(frozen=True, slots=True)
class Asked:
    """The two days in their order, and the day of knowledge; None: with all that is known."""

    first: date
    last: date
    known_on: date | None
    today: date
    form: ChangesForm

    @property
    def query(self) -> str:
        """What to carry to a page of the register: the second day, and the day of knowledge."""
        parameters = {} if self.last == self.today else {"on": self.last.isoformat()}
        if self.known_on:
            parameters["known_on"] = self.known_on.isoformat()
        return f"?{urlencode(parameters)}" if parameters else ""

    @property
    def known_query(self) -> str:
        """The day of knowledge behind other parameters: "&known_on=2020-10-05", or nothing."""
        return f"&known_on={self.known_on.isoformat()}" if self.known_on else ""

    @property
    def known_text(self) -> str:
        return day_in_words(self.known_on) if self.known_on else ""


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The list of changes; with `format=csv`, the same as a file."""
    register = current_register()
    asked = read_asked(request)
    known_at = None if asked.known_on is None else end_of_day(asked.known_on)
    found = changes_between(register, asked.first, asked.last, known_at)
    where = _differences(found, register)
    happenings = _happenings(found, register)
    if request.GET.get("format") == "csv":
        refuse_unread(asked.form)
        return _changes_csv(asked, where, happenings)
    days = groupby(happenings, key=lambda one: one.on)
    return render(
        request,
        "policies/changes.html",
        {
            "asked": asked,
            "where": where,
            "days": [Day(day, list(of_day)) for day, of_day in days],
            "count": len(happenings),
        },
    )


def read_asked(request: HttpRequest) -> Asked:
    """The days asked for, whichever is the first; without them, the year up to today."""
    today = today_in_ottawa()
    typed = request.GET.copy()
    defaults = {"from": same_day(today, today.year - 1), "to": today, "known_on": today}
    for name, day in defaults.items():
        if not typed.get(name, "").strip():
            typed[name] = day.isoformat()
    form = ChangesForm(typed, today=today)
    form.is_valid()
    first, last = sorted(form.cleaned_data.get(name) or defaults[name] for name in ("from", "to"))
    known_on = form.cleaned_data.get("known_on")
    return Asked(first, last, known_on if known_on and known_on < today else None, today, form)


# Stances


def _differences(found: Changes, register: Register) -> list[Where]:
    """What is different, by the name of the place; what changed alike at many places is last."""
    by_place: dict[tuple[PlaceName, ...], list[Difference]] = defaultdict(list)
    for change in found.stances:
        names = sorted(
            (_place(place, register) for place in change.places),
            key=lambda place: folded(place.name),
        )
        apart = len(names) <= MOST_PLACES_APART
        for places in [(name,) for name in names] if apart else [tuple(names)]:
            by_place[places].append(_difference(change))
    where = [Where(places, differences) for places, differences in by_place.items()]
    return sorted(where, key=lambda one: (one.is_folded, folded(one.places[0].name)))


def _difference(change: StanceChange) -> Difference:
    goods = _("%(goods)s, %(activity)s") % {
        "goods": groups_in_words(change.groups),
        "activity": lowered(str(Activity(change.activity).label)),
    }
    return Difference(goods, _verdict(change.before), _verdict(change.after))


def _place(place: Place, register: Register) -> PlaceName:
    """Türkiye; Ukraine: Crimea region."""
    language = get_language() or ""
    name = register.destinations[place.destination][language]
    if place.region:
        region = register.sub_regions[place.region][language]
        name = _("%(destination)s: %(region)s") % {"destination": name, "region": region}
    return PlaceName(name, place.destination)


def _verdict(shade: Shade) -> Verdict:
    return Verdict(
        stance=shade.stance,
        stance_label=str(Stance(shade.stance).label),
        if_yes=shade.stance_if_open,
        if_yes_label=str(Stance(shade.stance_if_open).label),
        requirement=shade.free,
        requirement_label=str(Requirement(shade.free).label) if shade.free else "",
        is_open=shade.is_open,
        is_free=bool(shade.free),
    )


# Day by day


def _happenings(found: Changes, register: Register) -> list[Happening]:
    """By day: policies that begin, policies that end, exceptions, lists, acts."""
    order = ("begins", "ends", "expires", "joins", "leaves", "act")
    of_policies = (*_of_rows(found, register), *_of_exceptions(found, register))
    happenings = (*of_policies, *_of_lists(found, register), *_of_acts(found))
    return sorted(happenings, key=lambda one: (one.on, order.index(one.kind), one.key))


def _of_rows(found: Changes, register: Register) -> Iterator[Happening]:
    language = get_language() or ""
    for change in found.rows:
        yield _of_policy(
            change.policy,
            register,
            on=change.on,
            kind="begins" if change.begins else "ends",
            words=_("In force from this day") if change.begins else _("Ended"),
            title=register.policies[change.policy].title[language],
        )


def _of_exceptions(found: Changes, register: Register) -> Iterator[Happening]:
    language = get_language() or ""
    for change in found.exceptions:
        named = register.exception(change.policy, change.code)
        yield _of_policy(
            change.policy,
            register,
            on=change.on,
            kind="expires",
            words=_("Exception ended"),
            title=named[language] if named else change.code,
        )


def _of_policy(
    key: str, register: Register, *, on: date, kind: str, words: str, title: str
) -> Happening:
    row = register.rulebook.row[key]
    return Happening(
        on,
        kind,
        words,
        key,
        title,
        register.policies[key].instrument[get_language() or ""],
        scope_in_words(row.scope, register),
        row.stance or "",
        str(Stance(row.stance).label) if row.stance else "",
        bool(row.questions),
    )


def _of_lists(found: Changes, register: Register) -> Iterator[Happening]:
    language = get_language() or ""
    for change in found.lists:
        names = (_place(Place(code), register) for code in change.destinations)
        yield Happening(
            change.on,
            "joins" if change.begins else "leaves",
            _("Added to a list") if change.begins else _("Taken off a list"),
            change.list,
            register.lists[change.list][language],
            places=tuple(sorted(names, key=lambda place: folded(place.name))),
        )


def _of_acts(found: Changes) -> Iterator[Happening]:
    for act in found.acts:
        yield Happening(
            act.on,
            "act",
            act_in_words(act),
            act.key,
            in_language(act, "title"),
            _cited(act),
            places=(PlaceName(act.destination.name, act.destination.code),),
            icon=ACT_ICONS.get(act.act, "permits"),
        )


def _cited(act: PermitAct) -> str:
    """The instrument of an act, its provision, and its day where no source gives it to the day."""
    cited = f"{in_language(act, 'instrument')}, {provision(act.provision)}"
    day = day_with_precision(act.on, act.precision)
    return cited if day == day_in_words(act.on) else f"{cited} ({day})"


# The file


def _changes_csv(
    asked: Asked, where: Sequence[Where], happenings: Sequence[Happening]
) -> HttpResponse:
    header = (
        _("Day"), _("Kind"), _("Code"), _("Title"), _("Scope"), _("Where"), _("Stance"),
        _("Stance before"), _("Instrument"),
    )  # fmt: skip
    known = f"-known-{asked.known_on.isoformat()}" if asked.known_on else ""
    return csv_response(
        f"changes-{asked.first.isoformat()}-{asked.last.isoformat()}{known}.csv",
        header,
        [*_difference_cells(where, asked.last), *map(_happening_cells, happenings)],
    )


def _difference_cells(where: Iterable[Where], last: date) -> Iterator[Sequence[object]]:
    for there in where:
        for one in there.differences:
            yield (
                last, _("Stance"), "", "", one.goods, _names(there.places),
                _in_words(one.after), _in_words(one.before), "",
            )  # fmt: skip


def _happening_cells(one: Happening) -> Sequence[object]:
    return (
        one.on, one.words, one.key, one.title, one.scope.what if one.scope else "",
        one.scope.where if one.scope else _names(one.places), one.stance_label, "", one.by,
    )  # fmt: skip


def _names(places: Sequence[PlaceName]) -> str:
    return "; ".join(place.name for place in places)


def _in_words(found: Verdict) -> str:
    return shade_in_words(Shade(found.stance, found.if_yes, found.requirement))
