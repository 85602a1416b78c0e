"""What changed between two days, as known at an instant: rows, exceptions, lists, acts, stances.

A change belongs to the day on which it takes effect, so what changed between two days is what
took effect after the first of them, up to and on the second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import NamedTuple

from policies.choices import Activity
from policies.domain.queries import OTTAWA
from policies.domain.register import Register
from policies.domain.resolve import resolve
from policies.domain.standing import is_known
from policies.domain.timeline import GROUPS, Shade, items_of_group
from policies.facts import LineFacts, covers
from policies.models import PermitAct


class RowChange(NamedTuple):
    """A policy that came into force (`begins`) or ended on a day."""

    on: date
    policy: str
    begins: bool


class ListChange(NamedTuple):
    """Destinations that came onto a country list (`begins`) or left it on a day."""

    on: date
    list: str
    begins: bool
    destinations: tuple[str, ...]


class ExceptionEnd(NamedTuple):
    """An exception of a policy in force that passes it from a day on no more."""

    on: date
    policy: str
    code: str


class Place(NamedTuple):
    """A destination, or a sub-region of one."""

    destination: str
    region: str = ""


class StanceChange(NamedTuple):
    """The places whose stance is another on the second day than on the first, in the same way.

    The stance is that of `policies.domain.strictest`.
    """

    activity: str
    groups: tuple[str, ...]
    before: Shade
    after: Shade
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed after `first`, up to and on `last`."""

    first: date
    last: date
    stances: tuple[StanceChange, ...]
    rows: tuple[RowChange, ...]
    exceptions: tuple[ExceptionEnd, ...]
    lists: tuple[ListChange, ...]
    acts: tuple[PermitAct, ...]


def changes_between(
    register: Register, first: date, last: date, known_at: datetime | None = None
) -> Changes:
    """What changed after `first`, up to and on `last`. One query."""
    days = (first, last)
    return Changes(
        first,
        last,
        tuple(_stances(register, days, known_at)),
        tuple(sorted(row_changes(register, days, known_at))),
        tuple(sorted(_exceptions(register, days, known_at))),
        tuple(sorted(_lists(register, days, known_at))),
        tuple(_acts(days, known_at)),
    )


Days = tuple[date, date]


def _within(day: date | None, days: Days) -> bool:
    return day is not None and days[0] < day <= days[1]


def row_changes(register: Register, days: Days, known_at: datetime | None) -> Iterator[RowChange]:
    """The policies that begin or end after the first of two days, up to and on the second."""
    for row in register.rulebook.rows:
        spans = [span for span in row.spans if is_known(span, known_at)]
        begins = {span.effective_from for span in spans}
        ends = {span.effective_to for span in spans}
        # A version that begins on the day on which another one ends leaves the row in force.
        yield from (
            RowChange(day, row.key, True) for day in begins - ends if day and _within(day, days)
        )
        yield from (
            RowChange(day, row.key, False) for day in ends - begins if day and _within(day, days)
        )


def _exceptions(
    register: Register, days: Days, known_at: datetime | None
) -> Iterator[ExceptionEnd]:
    """The exceptions that end while their policy is in force, before that day and on it."""
    for row in register.rulebook.rows:
        spans = [span for span in row.spans if is_known(span, known_at)]
        for term in row.exceptions:
            if term.until and _within(term.until, days):
                around = (term.until - timedelta(days=1), term.until)
                if all(
                    any(covers(span.effective_from, span.effective_to, on) for span in spans)
                    for on in around
                ):
                    yield ExceptionEnd(term.until, row.key, term.code)


def _lists(register: Register, days: Days, known_at: datetime | None) -> Iterator[ListChange]:
    found: dict[tuple[date, str, bool], set[str]] = defaultdict(set)
    for member in register.rulebook.members():
        if is_known(member.span, known_at):
            for day, begins in (
                (member.span.effective_from, True),
                (member.span.effective_to, False),
            ):
                if day and _within(day, days):
                    found[day, member.list, begins].add(member.destination)
    for (day, code, begins), destinations in found.items():
        yield ListChange(day, code, begins, tuple(sorted(destinations)))


def _acts(days: Days, known_at: datetime | None) -> Iterator[PermitAct]:
    known_day = None if known_at is None else known_at.astimezone(OTTAWA).date()
    for act in PermitAct.objects.filter(on__gt=days[0], on__lte=days[1]).select_related(
        "destination", "under_policy"
    ):
        if known_day is None or (act.announced_on or act.on) <= known_day:
            yield act


def _stances(register: Register, days: Days, known_at: datetime | None) -> Iterator[StanceChange]:
    """By activity, then by the first place that changed so."""
    groups: dict[tuple[str, Shade, Shade, Place], list[str]] = defaultdict(list)
    for activity, group in product(Activity.values, GROUPS):
        items = items_of_group(register, group)
        for place in _places(register):
            line = LineFacts(activity, place.destination, place.region or None, items)
            before, after = (
                Shade.of(resolve(line, register.rulebook, on=day, known_at=known_at))
                for day in days
            )
            if before != after:
                groups[activity, before, after, place].append(group)
    places: dict[tuple[str, Shade, Shade, tuple[str, ...]], list[Place]] = defaultdict(list)
    for (activity, before, after, place), found in groups.items():
        if (
            place.region
            and groups.get((activity, before, after, Place(place.destination))) == found
        ):
            continue
        places[activity, before, after, tuple(found)].append(place)
    for (activity, before, after, changed), where in places.items():
        yield StanceChange(activity, changed, before, after, tuple(where))


def _places(register: Register) -> Iterator[Place]:
    for code in sorted(register.destinations):
        yield Place(code)
        for region, country in register.vocabulary.sub_regions.items():
            if country == code:
                yield Place(code, region)
