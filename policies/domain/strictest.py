"""The most restrictive stance of a group of the control list, destination by destination.

By *most restrictive* is meant: over the rows in force that day, as known at the instant asked for,
whose scope meets the activity and any item of the group, the strictest stance that the engine finds
for a line that holds every item of the group which some row tells apart. The line goes to the
destination as a whole, to a private end-user whom no instrument lists, for no use that a row
singles out, and open questions are taken as no. Goods of s. 4.1 are not among them.

Rows that are narrower than that do not colour a destination. Where one would make the stance
another, or can, it is named beside it as a `Part`: a sub-region, a use (an end use, an end-user or
the answer to a question), persons whom an instrument lists, or several of these together. Those
lists bind their persons at every destination; they are named at the one whose measures they belong
to, by which their key begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import combinations, product
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from policies.choices import STANCE_RANK, EndUserKind, GoodsKind
from policies.domain.register import Register
from policies.domain.resolve import Ruling, resolve
from policies.domain.rulebook import Rows
from policies.domain.timeline import Shade, items_of_group
from policies.facts import LineFacts, PolicyRow


class PartKind(models.TextChoices):
    """To which part of what goes to a destination a stance applies, and not to the rest."""

    REGION = "region", _("Some regions only")
    USE = "use", _("Some uses or goods only")
    PERSON = "person", _("Listed persons only")


class Part(NamedTuple):
    """What part of the goods, or of the people, meets instead of the stance of the destination.

    `region` is the code of the sub-region where that is so, if in one alone. `asks` is true where
    the answer to a question decides, and `stance` is then that for yes, which can be the less
    strict.
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
    book = register.rulebook
    rule: Rule = partial(resolve, book=book, on=on, known_at=known_at)
    in_force = book.in_force(book.calendar.stretch(on, known_at))
    listings = listings_by_destination(register, on, known_at)
    line = LineFacts(activity=activity, destination="", items=items_of_group(register, group))
    return [
        _at(replace(line, destination=code), register, rule, listings.get(code, ()), in_force)
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


def _at(
    line: LineFacts, register: Register, rule: Rule, listings: tuple[str, ...], in_force: Rows
) -> Strictest:
    ruling = rule(line)
    rows = _stricter(line, ruling, register, in_force)
    rest = rule(replace(line, items=line.items[:1])).stance
    return Strictest(
        line.destination,
        Shade.of(ruling),
        ruling.governing,
        rest if rest != ruling.stance else "",
        (*_asked(ruling), *_narrower(line, ruling, rule, rows, listings)),
    )


def _asked(ruling: Ruling) -> Iterator[Part]:
    """What the answers to open questions would lead to."""
    if ruling.stance_if_open != ruling.stance:
        yield Part(PartKind.USE, ruling.stance_if_open, _asking(ruling), asks=True)


def _asking(ruling: Ruling) -> tuple[str, ...]:
    asking = (one.policy for one in ruling.needs_answer if one.if_yes.stance != one.if_no.stance)
    return tuple(dict.fromkeys(asking))


Narrowed = tuple[tuple[str, Any], ...]
"""How the line is narrowed down: fields of `LineFacts` with their values."""


def _narrower(
    line: LineFacts,
    whole: Ruling,
    rule: Rule,
    rows: Sequence[PolicyRow],
    listings: tuple[str, ...],
) -> list[Part]:
    """Parts that meet a stricter stance than the whole, or can if a question is answered so.

    Several circumstances together are a part only where that is stricter than without one of them.
    """
    found: dict[Part, None] = {}
    met: dict[Narrowed, tuple[int, int]] = {(): _ranks(whole)}
    for narrowed in _ways(line, rows, listings):
        ruling = rule(replace(line, **dict(narrowed)))
        wider = [met[way] for way in combinations(narrowed, len(narrowed) - 1)]
        least, least_if_open = (max(ranks) for ranks in zip(*wider, strict=True))
        stance, if_open = _ranks(ruling)
        kind, region = _kind(dict(narrowed))
        if stance > least:
            found[Part(kind, ruling.stance, ruling.governing, region)] = None
        if if_open > max(stance, least_if_open):
            found[Part(kind, ruling.stance_if_open, _asking(ruling), region, asks=True)] = None
        met[narrowed] = max(stance, least), max(if_open, least_if_open)
    return list(found)


def _ranks(ruling: Ruling) -> tuple[int, int]:
    return STANCE_RANK[ruling.stance], STANCE_RANK[ruling.stance_if_open]


def _kind(narrowed: Mapping[str, Any]) -> tuple[PartKind, str]:
    region = narrowed.get("sub_region", "")
    if "designated_under" in narrowed:
        return PartKind.PERSON, region
    return (PartKind.REGION if len(narrowed) == 1 and region else PartKind.USE), region


def _ways(
    line: LineFacts, rows: Sequence[PolicyRow], listings: Iterable[str]
) -> Iterator[Narrowed]:
    """The line as rows may narrow it down: one circumstance, then several together."""
    scopes = [row.scope for row in rows]
    # Whether goods are controlled can turn on their use alone.
    any_use = any(scope.goods.kind == GoodsKind.LISTED for scope in scopes)
    by_use = any_use or any(scope.wmd_end_use for scope in scopes)
    by_end_user = any_use or any(
        row.scope.end_user_kinds
        or row.scope.unless
        or any(one.only_if_end_user_unknown for one in row.questions)
        for row in rows
    )
    kinds = [kind for kind in EndUserKind.values if kind != line.end_user]
    keys = {row.key for row in rows}
    fields: Mapping[str, Sequence[Any]] = {
        "sub_region": sorted({region for scope in scopes for region in scope.sub_regions}),
        "wmd_end_use": [True] if by_use else [],
        "end_user": kinds if by_end_user else [],
        "designated_under": [frozenset({key}) for key in listings if key in keys],
    }
    for size in range(1, len(fields) + 1):
        for names in combinations(fields, size):
            for values in product(*(fields[name] for name in names)):
                yield tuple(zip(names, values, strict=True))


def _stricter(
    line: LineFacts, whole: Ruling, register: Register, in_force: Rows
) -> list[PolicyRow]:
    """The rows at the destination that can make it stricter than the whole."""
    book = register.rulebook
    regions = [one for one, at in register.vocabulary.sub_regions.items() if at == line.destination]
    there = 0
    for region in (None, *regions):
        there |= book.at_place(line.activity, line.destination, region)
    stricter = 0
    for rows in book.of_stance[STANCE_RANK[whole.stance] + 1 :]:
        stricter |= rows
    return [
        row
        for row in book.rows_of(there & in_force & stricter)
        if row.scope.goods.kind != GoodsKind.EIPA_4_1 and not row.scope.eipa_4_1
    ]
