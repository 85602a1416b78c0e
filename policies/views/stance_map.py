"""The map: the most restrictive stance of a group by destination, in tiles, a table and a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from history.days import FIRST_DAY
from policies.choices import STANCE_RANK, Activity, Requirement, Stance
from policies.domain.register import Register, current_register
from policies.domain.scope import groups_in_words, lowered
from policies.domain.search import folded
from policies.domain.strictest import (
    Part,
    PartKind,
    Strictest,
    listings_by_destination,
    strictest,
)
from policies.forms.stance_map import DEFAULTS, MapForm
from policies.views.asof import AsOf, read_as_of_with, refuse_unread
from policies.views.spreadsheet import csv_response
from policies.views.tiles import POSITIONS, Position

SOME_ITEMS = "items"
"""The mark of a tile whose stance is that of some items of the group only."""

MARKS = {
    PartKind.REGION.value: pgettext_lazy("mark on a tile of the map", "r"),
    PartKind.USE.value: pgettext_lazy("mark on a tile of the map", "u"),
    PartKind.PERSON.value: pgettext_lazy("mark on a tile of the map", "p"),
    SOME_ITEMS: pgettext_lazy("mark on a tile of the map", "i"),
}
MEANINGS = {
    PartKind.REGION.value: gettext_lazy("another stance in some regions only"),
    PartKind.USE.value: gettext_lazy("another stance for some uses or goods only"),
    PartKind.PERSON.value: gettext_lazy("another stance for listed persons only"),
    SOME_ITEMS: gettext_lazy("the stance shown is for some items only"),
}


class Mark(NamedTuple):
    letter: str
    meaning: str


class PartWords(NamedTuple):
    """A part in words, with the rows that say so: key and instrument."""

    words: str
    policies: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tile:
    """A destination on the map and in the table.

    `kind` is a stance, or "free" where no permit is needed and nothing restricts; `label` its
    words. `text` says all of it in one sentence; `part_stance` is the strictest of the parts.
    """

    code: str
    name: str
    url: str
    kind: str
    label: str
    text: str
    marks: str
    part_stance: str
    parts: list[PartWords]
    rest: str
    policies: list[tuple[str, str]]
    position: Position | None

    @property
    def has_more(self) -> bool:
        """Whether a policy gives the stance, or a part meets another one."""
        return bool(self.policies or self.parts or self.rest)


@dataclass(frozen=True, slots=True)
class Shown:
    """The tiles of one stance, as a part of the table and of the legend."""

    kind: str
    label: str
    tiles: list[Tile]

    @property
    def with_more(self) -> list[Tile]:
        """Those of which there is more to say than the stance."""
        return [one for one in self.tiles if one.has_more]

    @property
    def plain(self) -> list[Tile]:
        return [one for one in self.tiles if not one.has_more]


class Year(NamedTuple):
    year: int
    url: str
    is_shown: bool


@require_safe
def stance_map(request: HttpRequest) -> HttpResponse:
    """The map of a day; with `format=csv`, its data as a file."""
    register = current_register()
    as_of, form = read_as_of_with(request, MapForm)
    tiles = _tiles(form, register, as_of)
    if request.GET.get("format") == "csv":
        refuse_unread(form)
        return _map_csv(tiles, form, as_of)
    return render(
        request,
        "policies/map.html",
        {
            "as_of": as_of,
            "title": _title(form),
            "on_map": _on_map(tiles),
            "beside": [one for one in tiles if one.code not in POSITIONS],
            "shown": _by_stance(tiles),
            "marks": _marks(tiles),
            "listed": sum(
                map(len, listings_by_destination(register, as_of.on, as_of.known_at).values())
            ),
            "years": _years(register, form, as_of),
            "default_query": urlencode({**DEFAULTS, **as_of.parameters}),
            "changes_query": _changes_query(as_of),
        },
    )


def _changes_query(as_of: AsOf) -> str:
    """What changed between the day looked at and today; from today, in the year before it."""
    days = {"from": as_of.on, "to": as_of.today} if as_of.on != as_of.today else {}
    known = {"known_on": as_of.known_on} if as_of.known_on else {}
    return urlencode({name: day.isoformat() for name, day in {**days, **known}.items()})


def _title(form: MapForm) -> str:
    """Group 2 (Munitions), export; empty where what was asked for can't be read."""
    if len(form.chosen) < len(DEFAULTS):
        return ""
    group = form.chosen["group"]
    return _("%(group)s (%(title)s), %(activity)s") % {
        "group": groups_in_words([group]),
        "title": form.titles[group],
        "activity": lowered(str(Activity(form.chosen["activity"]).label)),
    }


def _tiles(form: MapForm, register: Register, as_of: AsOf) -> list[Tile]:
    """Every destination by its name; none where what was asked for can't be read."""
    if len(form.chosen) < len(DEFAULTS):
        return []
    found = strictest(
        register,
        form.chosen["activity"],
        form.chosen["group"],
        on=as_of.on,
        known_at=as_of.known_at,
    )
    return sorted((_tile(one, register, as_of) for one in found), key=lambda one: folded(one.name))


def _tile(found: Strictest, register: Register, as_of: AsOf) -> Tile:
    code = found.destination
    name = register.destinations[code][get_language() or ""]
    label = str(
        Requirement(found.shade.free).label if found.shade.free else Stance(found.stance).label
    )
    parts = [PartWords(_part(one, register), _cited(one.policies, register)) for one in found.parts]
    rest = _rest(found)
    kinds: list[str] = [*found.kinds, *([SOME_ITEMS] if rest else [])]
    return Tile(
        code=code,
        name=name,
        url=reverse("policies:destination", args=[code]) + as_of.query,
        kind="free" if found.shade.free else found.stance,
        label=label,
        text="; ".join(
            [
                _("%(destination)s: %(stance)s") % {"destination": name, "stance": lowered(label)},
                *([lowered(rest)] if rest else []),
                *(
                    # The name of a region keeps its capital.
                    part.words if one.region else lowered(part.words)
                    for one, part in zip(found.parts, parts, strict=True)
                ),
            ]
        ),
        marks="".join(str(MARKS[kind]) for kind in kinds),
        part_stance=max(
            (one.stance for one in found.parts), key=STANCE_RANK.__getitem__, default=""
        ),
        parts=parts,
        rest=rest,
        policies=_cited(found.policies, register),
        position=POSITIONS.get(code),
    )


def _rest(found: Strictest) -> str:
    if not found.rest:
        return ""
    return _("For some items only; the others: %(stance)s") % {
        "stance": lowered(str(Stance(found.rest).label))
    }


def _part(part: Part, register: Register) -> str:
    """Listed persons only: prohibited."""
    stance = lowered(str(Stance(part.stance).label))
    if part.asks:
        stance = _("%(stance)s, if a question is answered yes") % {"stance": stance}
    where = str(part.kind.label)
    if part.region:
        where = register.sub_regions[part.region][get_language() or ""]
        if part.kind is not PartKind.REGION:
            where = f"{where}, {lowered(str(part.kind.label))}"
    return _("%(kind)s: %(stance)s") % {"kind": where, "stance": stance}


def _cited(keys: Iterable[str], register: Register) -> list[tuple[str, str]]:
    language = get_language() or ""
    return [(key, register.policies[key].instrument[language]) for key in keys]


def _on_map(tiles: Iterable[Tile]) -> list[Tile]:
    """In the order of reading, which the keyboard follows."""
    by_code = {tile.code: tile for tile in tiles}
    return [by_code[code] for code in POSITIONS if code in by_code]


def _by_stance(tiles: Sequence[Tile]) -> list[Shown]:
    """The tiles by stance, strictest first; all stances, so that the legend is always whole.

    Destinations for which no permit is needed come last, where there are any.
    """
    shown = [
        Shown(stance.value, str(stance.label), [one for one in tiles if one.kind == stance.value])
        for stance in reversed(Stance)
    ]
    free = [one for one in tiles if one.kind == "free"]
    return [*shown, Shown("free", free[0].label, free)] if free else shown


def _marks(tiles: Iterable[Tile]) -> list[Mark]:
    """What the letters on the tiles mean, of those that are there."""
    there = {letter for tile in tiles for letter in tile.marks}
    return [
        Mark(str(letter), str(MEANINGS[kind]))
        for kind, letter in MARKS.items()
        if str(letter) in there
    ]


# The years


def _years(register: Register, form: MapForm, as_of: AsOf) -> list[Year]:
    """The same day of every year in which anything is known to have changed, up to this one.

    Only days that the page answers: the files that are loaded may name others.
    """
    first = min((day.year for day in register.rulebook.calendar.days), default=as_of.on.year)
    years = range(max(first, FIRST_DAY.year), as_of.last_year + 1)
    return [
        Year(day.year, f"?{_query(day, form, as_of)}", day.year == as_of.on.year)
        for day in (same_day(as_of.on, year) for year in years)
        if day >= FIRST_DAY
    ]


def _query(day: date, form: MapForm, as_of: AsOf) -> str:
    known = {"known_on": as_of.known_on.isoformat()} if as_of.known_on else {}
    return urlencode({"on": day.isoformat(), **known, **form.chosen})


def same_day(day: date, year: int) -> date:
    """The day in another year; 28 February for a 29th that the year has not."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


# The file


def _map_csv(tiles: Sequence[Tile], form: MapForm, as_of: AsOf) -> HttpResponse:
    header = (
        _("Code"), _("Destination"), _("In force on"), _("As known on"), _("Activity"),
        _("Control list group"), _("Stance"), _("Items"), _("For a part only"),
        _("Governing policies"), _("Policies for a part"),
    )  # fmt: skip
    chosen = form.chosen
    return csv_response(
        f"map-{chosen['activity']}-group-{chosen['group']}-{as_of.file_days}.csv",
        header,
        (
            (
                tile.code,
                tile.name,
                as_of.on,
                as_of.known_on or as_of.today,
                Activity(chosen["activity"]).label,
                chosen["group"],
                tile.label,
                tile.rest,
                "; ".join(one.words for one in tile.parts),
                " ".join(key for key, _instrument in tile.policies),
                " ".join(dict.fromkeys(key for one in tile.parts for key, _i in one.policies)),
            )
            for tile in tiles
        ),
    )
