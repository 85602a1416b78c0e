"""The most restrictive stance of a group of the control list, destination by destination.

By *most restrictive* is meant: over the rows in force that day, as known at the instant asked for,
whose scope meets the activity and any item of the group, the strictest stance that the engine finds
for a line that holds every item of the group which some row tells apart. The line goes to the
destination as a whole, to a private end-user whom no instrument lists, for no use that a row
singles out, and open questions are taken as no. Goods of s. 4.1 are not among them.

Rows that are narrower than that do not colour a destination. Where one would make the stance
another, it is named beside it as a `Part`: a sub-region, a use (an end use, an end-user or the
answer to a question), or persons whom an instrument lists. Those lists bind their persons at every
destination; they are named at the one whose measures they belong to, by which their key begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from policies.choices import STANCE_RANK, EndUserKind
from policies.domain.register import Register
from policies.domain.resolve import Ruling, resolve
from policies.domain.timeline import Shade, items_of_group
from policies.facts import LineFacts, PolicyRow


class PartKind(models.TextChoices):
    """To which part of what goes to a destination a stance applies, and not to the rest."""

    REGION = "region", _("Some regions only")
    USE = "use", _("Some uses or goods only")
    PERSON = "person", _("Listed persons only")


class Part(NamedTuple):
    """What part of the goods, or of the people, meets instead of the stance of the destination.

    `region` is the code of a sub-region, for that kind. `asks` is true where the answer to a
    question decides, and `stance` is then that for yes, which can be the less strict.
    """

    kind: PartKind
    stance: str
    policies: tuple[str, ...]
    region: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Strictest:
    """A destination's most restrictive stance, with the rows that give it.

    `rest` is the stance of items that no row names, where that is another; else empty.
    """

    destination: str
    shade: Shade
    policies: tuple[str, ...]
    rest: str
    parts: tuple[Part, ...]

    @property
    def stance(self) -> str:
        return self.shade.stance

    @property
    def kinds(self) -> tuple[PartKind, ...]:
        """The kinds of its parts, each once, in the order of `PartKind`."""
        found = {part.kind for part in self.parts}
        return tuple(kind for kind in PartKind if kind in found)


Rule = Callable[[LineFacts], Ruling]


def strictest(
    register: Register, activity: str, group: str, *, on: date, known_at: datetime | None = None
) -> list[Strictest]:
    """Every destination of the register, by code. No query."""
    rule: Rule = partial(resolve, book=register.rulebook, on=on, known_at=known_at)
    listings = listings_by_destination(register, on, known_at)
    line = LineFacts(activity=activity, destination="", items=items_of_group(register, group))
    return [
        _at(replace(line, destination=code), register, rule, listings.get(code, ()))
        for code in sorted(register.destinations)
    ]


def listings_by_destination(
    register: Register, on: date, known_at: datetime | None = None
) -> dict[str, tuple[str, ...]]:
    """Rows in force that bind listed persons alone, by the destination whose measures they are.

    A row that names no destination belongs to the one whose code its key begins with; under an
    empty code are those that belong to none.
    """
    book = register.rulebook
    found: dict[str, tuple[str, ...]] = {}
    for row in book.rows_of(book.in_force(book.calendar.stretch(on, known_at))):
        if row.scope.designated:
            for code in row.scope.destinations or (_led_by(row, register.destinations),):
                found[code] = (*found.get(code, ()), row.key)
    return found


def _led_by(row: PolicyRow, destinations: Mapping[str, object]) -> str:
    code = row.key.partition("-")[0]
    return code if code in destinations else ""


def _at(line: LineFacts, register: Register, rule: Rule, listings: tuple[str, ...]) -> Strictest:
    ruling = rule(line)
    rest = rule(replace(line, items=line.items[:1])).stance
    return Strictest(
        line.destination,
        Shade.of(ruling),
        ruling.governing,
        rest if rest != ruling.stance else "",
        (*_asked(ruling), *_narrower(line, ruling, register, rule, listings)),
    )


def _asked(ruling: Ruling) -> Iterator[Part]:
    """What the answers to open questions would lead to."""
    if ruling.stance_if_open != ruling.stance:
        asking = (
            one.policy for one in ruling.needs_answer if one.if_yes.stance != one.if_no.stance
        )
        yield Part(PartKind.USE, ruling.stance_if_open, tuple(dict.fromkeys(asking)), asks=True)


def _narrower(
    line: LineFacts, whole: Ruling, register: Register, rule: Rule, listings: tuple[str, ...]
) -> list[Part]:
    """Parts that meet a stricter stance than the whole, each once."""
    found: dict[Part, None] = {}
    for kind, region, facts in _parts(line, register, listings):
        ruling = rule(facts)
        if STANCE_RANK[ruling.stance] > STANCE_RANK[whole.stance]:
            found[Part(kind, ruling.stance, ruling.governing, region)] = None
    return list(found)


def _parts(
    line: LineFacts, register: Register, listings: tuple[str, ...]
) -> Iterator[tuple[PartKind, str, LineFacts]]:
    """The line as a row may narrow it down: its kind, its sub-region, its facts."""
    for code, country in register.vocabulary.sub_regions.items():
        if country == line.destination:
            yield PartKind.REGION, code, replace(line, sub_region=code)
    yield PartKind.USE, "", replace(line, wmd_end_use=True)
    for end_user in EndUserKind.values:
        if end_user != line.end_user:
            yield PartKind.USE, "", replace(line, end_user=end_user)
    for key in listings:
        yield PartKind.PERSON, "", replace(line, designated_under=frozenset({key}))
