"""A destination over time: one lane per scope, worked out by the engine itself.

A lane stands for goods and an activity that have met the same stances all along. It is found by
ruling on each control-list group, on items that a row singles out, on goods of s. 4.1, on goods of
no list and on regions, and by putting those together that never differ; a group whose control
began later, and which has met the same since, joins with a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

from policies import querysets
from policies.choices import Activity, EndUserKind, GoodsKind, Requirement, Stance
from policies.domain.codes import parts
from policies.domain.explain import short_day
from policies.domain.queries import OTTAWA
from policies.domain.register import Register
from policies.domain.resolve import Ruling, resolve
from policies.domain.scope import groups_in_words, items_in_words, lowered
from policies.facts import LineFacts, PolicyRow
from policies.models import ContextEntry, PermitAct, PolicyVersion

GROUPS = ("1", "2", "3", "4", "5", "6", "7", "9")
"""The groups of the Export Control List; Group 8 is repealed."""

_BEFORE_ALL = date(1900, 1, 1)
_UNNAMED = {"5": "5999"}
"""An item that no rule names; elsewhere the group's number and 0."""
_NO_PERMIT_NEEDED = (Requirement.NOT_CONTROLLED, Requirement.NO_PERMIT_REQUIRED)


class Shade(NamedTuple):
    """What tells two stretches of a lane apart.

    `free` is a `Requirement` value where no permit is needed and nothing restricts, else empty.
    """

    stance: str
    stance_if_open: str
    free: str

    @classmethod
    def of(cls, ruling: Ruling) -> Shade:
        unrestricted = ruling.stance == ruling.stance_if_open == Stance.CASE_BY_CASE
        needless = ruling.requirement in _NO_PERMIT_NEEDED
        free = ruling.requirement if unrestricted and needless else ""
        return cls(ruling.stance, ruling.stance_if_open, free)

    @property
    def is_open(self) -> bool:
        """Whether the stance hangs on an answer."""
        return self.stance != self.stance_if_open


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane, from a day (None: as far back as the register goes) up to a day.

    `ruling` is that of its first day; rows that leave the stance as it is may change within.
    `exceptions`, by policy and code, are those of governing rows that are open on all of its days.
    """

    start: date | None
    end: date | None
    shade: Shade
    ruling: Ruling
    exceptions: tuple[tuple[str, str], ...] = ()

    def covers(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Lane:
    """One scope over time. `facts` is the line ruled on, for whoever wants to ask further.

    `note` says, in the active language, what has not been controlled from the start, or what the
    goods are. The lane is one in its stances; which permit is needed can differ between `samples`,
    a line for every item that some rule tells apart.
    """

    activity: str
    goods: str
    note: str
    facts: LineFacts
    samples: tuple[LineFacts, ...]
    bars: Bars

    def bar_on(self, day: date) -> Bar:
        return next(bar for bar in self.bars if bar.covers(day))


Bars = tuple[Bar, ...]


class _Probe(NamedTuple):
    """Goods that a lane may stand for."""

    kind: Literal["group", "item", "eipa_4_1", "unlisted", "region"]
    code: str
    facts: LineFacts


def lanes(register: Register, destination: str, known_at: datetime | None = None) -> list[Lane]:
    """The lanes of a destination as known at an instant, exports first.

    Scopes that never need a permit and never meet a restriction have no lane.
    """
    return [
        _lane(register, activity, members)
        for activity in Activity.values
        for members in _alike(
            (probe, _bars(register, probe.facts, known_at))
            for probe in _probes(register, activity, destination)
        )
    ]


def _alike(probes: Iterable[tuple[_Probe, Bars]]) -> list[list[tuple[_Probe, Bars]]]:
    """Probes that share a lane, in the order given; its bars are those of the first member.

    A probe whose control began late joins one that was controlled before, met nothing then and
    has met the same since; so the early ones are placed first.
    """
    restricted = [one for one in probes if not all(bar.shade.free for bar in one[1])]
    lanes_found: list[list[int]] = []
    by_start = sorted(range(len(restricted)), key=lambda i: _began(restricted[i][1]) or _BEFORE_ALL)
    for number in by_start:
        bars = restricted[number][1]
        since = _began(bars)
        for numbers in lanes_found:
            of_lane = restricted[numbers[0]][1]
            if _shades(of_lane, since) == _shades(bars, since) and not _met(of_lane, since):
                numbers.append(number)
                break
        else:
            lanes_found.append([number])
    return [[restricted[i] for i in numbers] for numbers in sorted(lanes_found, key=min)]


def _began(bars: Bars) -> date | None:
    """The day from which goods that were on no list have needed a permit; None: none such."""
    first, *later = bars
    if first.shade.free != Requirement.NOT_CONTROLLED or not later:
        return None
    if any(bar.ruling.requirement in _NO_PERMIT_NEEDED for bar in later):
        return None
    return first.end


def _shades(bars: Bars, since: date | None) -> list[tuple[date | None, Shade, str]]:
    """When the lane changed, to what and needing which permit, from a day on (None: always)."""
    return [
        (
            bar.start if since is None else max(since, bar.start or since),
            bar.shade,
            bar.ruling.requirement,
        )
        for bar in bars
        if since is None or bar.end is None or bar.end > since
    ]


def _met(bars: Bars, until: date | None) -> bool:
    """Whether a restriction, or a question of one, was met before a day (None: never asked)."""
    return until is not None and any(
        (bar.start is None or bar.start < until)
        and (bar.shade.is_open or bar.shade.stance != Stance.CASE_BY_CASE)
        for bar in bars
    )


def _lane(register: Register, activity: str, members: list[tuple[_Probe, Bars]]) -> Lane:
    first, bars = members[0]
    late: dict[date, list[_Probe]] = {}
    for probe, of_probe in members:
        began = _began(of_probe)
        if began is not None:
            late.setdefault(began, []).append(probe)
    notes = [
        _("controlled since %(day)s") % {"day": short_day(began)}
        if len(probes) == len(members)
        else _("%(goods)s: controlled since %(day)s")
        % {"goods": _name(register, probes), "day": short_day(began)}
        for began, probes in late.items()
    ]
    if {probe.kind for probe, _of_probe in members} == {"eipa_4_1"}:
        notes.insert(0, _("prohibited firearms, weapons and devices"))
    name = _name(register, [probe for probe, _of_probe in members])
    samples = tuple(line for probe, _bars in members for line in _samples(register, probe))
    return Lane(activity, name, "; ".join(notes), first.facts, samples, bars)


def _samples(register: Register, probe: _Probe) -> Iterator[LineFacts]:
    """Lines of a probe's goods that rules may tell apart: named items, and an item not named."""
    if probe.kind == "region":
        yield probe.facts
    for group in GROUPS if probe.kind == "region" else [probe.code]:
        if probe.kind not in ("group", "region"):
            yield probe.facts
            continue
        for item in items_of_group(register, group):
            yield replace(probe.facts, items=(item,))


def items_of_group(register: Register, group: str) -> tuple[str, ...]:
    """Items of a group that rules may tell apart: first one that no rule names, then the named."""
    named = sorted(code for code in register.rulebook.items_named if code[0] == group)
    return (
        _UNNAMED.get(group, f"{group}-0"),
        *("-".join(code[1:] if group == "5" else code) for code in named),
    )


def permit_needed(
    register: Register, lane: Lane, days: Iterable[date], known_at: datetime | None = None
) -> str:
    """The permit that all goods of a lane need on all of the days; empty where they differ."""
    found: set[str] = set()
    for day in days:
        for line in lane.samples:
            found.add(resolve(line, register.rulebook, on=day, known_at=known_at).requirement)
            if len(found) > 1:
                return ""
    return found.pop()


def permits_by_day(
    register: Register, lane: Lane, days: Iterable[date], known_at: datetime | None = None
) -> list[tuple[date, str]]:
    """What `permit_needed` gives on each of the days, without those that change nothing."""
    found: list[tuple[date, str]] = []
    for day in days:
        needed = permit_needed(register, lane, [day], known_at)
        if not found or found[-1][1] != needed:
            found.append((day, needed))
    return found


def exceptions_in_words(register: Register, bar: Bar) -> tuple[str, ...]:
    """What the rows that govern a stretch except all along, each once, in the active language."""
    language = translation.get_language() or ""
    return tuple(
        dict.fromkeys(
            register.policies[key].exceptions[code][language] for key, code in bar.exceptions
        )
    )


def days_of_control(register: Register, bar: Bar) -> list[date]:
    """The days within a stretch from which another permit may be needed, its first day included."""
    book = register.rulebook
    changes = {
        day
        for row in book.rows
        if row.requirement
        for span in row.spans
        for day in (span.effective_from, span.effective_to)
        if day
    }
    lists = {test.list for row in book.rows if row.requirement for test in row.scope.lists}
    changes.update(book.days_of_lists(lists))
    return [bar.start or _BEFORE_ALL, *sorted(day for day in changes if bar.covers(day))]


def lane_title(lane: Lane) -> str:
    """What a lane is called: "Group 2, export"."""
    return _("%(goods)s, %(activity)s") % {
        "goods": lane.goods,
        "activity": lowered(str(Activity(lane.activity).label)),
    }


def rows_naming(register: Register, destination: str) -> list[PolicyRow]:
    """Rows that speak of the destination: by name, or by a country list that it was ever on."""
    lists = register.lists_of.get(destination, frozenset())
    return [
        row
        for row in register.rulebook.rows
        if destination not in row.scope.except_destinations
        and (
            destination in row.scope.destinations
            if row.scope.destinations is not None
            else any(
                test.listed and test.list in lists
                for test in row.scope.lists
                if not test.only_for_eipa_4_1
            )
        )
    ]


def _probes(register: Register, activity: str, destination: str) -> Iterator[_Probe]:
    line = LineFacts(activity=activity, destination=destination)
    # Munitions lead: they are what most notices are about.
    for group in sorted(GROUPS, key=lambda group: group != "2"):
        yield _Probe("group", group, replace(line, items=(group,)))
    for item in _singled_out(register, destination):
        yield _Probe("item", item, replace(line, items=(item,)))
    yield _Probe(
        "eipa_4_1",
        "",
        replace(line, items=("2-1",), eipa_4_1=True, end_user=EndUserKind.UNKNOWN.value),
    )
    yield _Probe("unlisted", "", line)
    for code, country in register.vocabulary.sub_regions.items():
        if country == destination:
            yield _Probe("region", code, replace(line, sub_region=code))


def _singled_out(register: Register, destination: str) -> list[str]:
    """Items below the level of a group that a row naming the destination speaks of."""
    return sorted(
        {
            item
            for row in rows_naming(register, destination)
            if row.scope.destinations and row.scope.goods.kind == GoodsKind.ITEMS
            for item in row.scope.goods.items
            if len(parts(item)) > 1
        },
        key=parts,
    )


def _bars(register: Register, facts: LineFacts, known_at: datetime | None) -> Bars:
    book = register.rulebook
    bars: list[Bar] = []
    for start in (None, *book.calendar.days):
        ruling = resolve(facts, book, on=start or _BEFORE_ALL, known_at=known_at)
        shade = Shade.of(ruling)
        open_now = tuple(one for one in ruling.exceptions_open if one[0] in ruling.governing)
        if bars and bars[-1].shade == shade:
            throughout = tuple(one for one in bars[-1].exceptions if one in open_now)
            bars[-1] = replace(bars[-1], exceptions=throughout)
            continue
        if bars:
            bars[-1] = replace(bars[-1], end=start)
        bars.append(Bar(start, None, shade, ruling, open_now))
    return tuple(bars)


def _name(register: Register, probes: list[_Probe]) -> str:
    """What the goods of a lane are called: "Group 2"; "Groups 1 and 3 to 7; goods on no list"."""
    language = translation.get_language() or ""
    groups = sorted(probe.code for probe in probes if probe.kind == "group")
    items = [probe.code for probe in probes if probe.kind == "item" and _adds(probe.code, groups)]
    kinds = {probe.kind for probe in probes}
    names = []
    if groups:
        names.append(groups_in_words(groups))
    if items:
        names.append(items_in_words(items))
    if "eipa_4_1" in kinds and "2" not in groups:  # They are Group 2 goods.
        names.append(_("Goods of s. 4.1"))
    if "unlisted" in kinds:
        names.append(_("Goods on no list"))
    names[1:] = map(lowered, names[1:])
    names += [
        register.sub_regions[probe.code][language] for probe in probes if probe.kind == "region"
    ]
    return "; ".join(names)


def _adds(item: str, groups: list[str]) -> bool:
    """Whether an item says more than the groups that share its lane."""
    return parts(item)[0] not in groups


@dataclass(frozen=True, slots=True)
class Announcement:
    """A policy told to the public on another day than the one on which it took effect."""

    on: date
    effective_from: date | None
    effective_to: date | None
    policy: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What happened to a destination besides its policies, as known at an instant."""

    acts: tuple[PermitAct, ...]
    context: tuple[ContextEntry, ...]
    announcements: tuple[Announcement, ...]


def marks(register: Register, destination: str, known_at: datetime | None = None) -> Marks:
    """Acts on permits, context and announcements of a destination. Three queries."""
    known_day = None if known_at is None else known_at.astimezone(OTTAWA).date()
    acts = PermitAct.objects.filter(destination__code=destination).select_related("under_policy")
    context = ContextEntry.objects.filter(destination__code=destination)
    versions = (
        PolicyVersion.objects.filter(querysets.known_at(known_at))
        .filter(policy__key__in=[row.key for row in rows_naming(register, destination)])
        .filter(announced_on__isnull=False)
        .select_related("policy")
    )
    return Marks(
        tuple(
            act for act in acts if known_day is None or (act.announced_on or act.on) <= known_day
        ),
        tuple(entry for entry in context if known_day is None or entry.on <= known_day),
        tuple(
            Announcement(
                version.announced_on,
                version.effective_from,
                version.effective_to,
                version.policy.key,
            )
            for version in versions
            if version.announced_on and version.announced_on != version.effective_from
        ),
    )
