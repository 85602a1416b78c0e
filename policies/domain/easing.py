"""Where a change leaves the register less strict: lines asked about without it and with it.

Asked are only lines that meet a policy of the change, made from the policies themselves: their
places and regions, their goods, and whatever else they speak of: end-users, goods of s. 4.1, the
end-use, persons whom they list, the answers to their questions. Where another policy holds such a
line, the lines that this one tells apart are asked about too: it may not hold all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.choices import (
    REQUIREMENT_RANK,
    STANCE_RANK,
    Activity,
    EndUserKind,
    GoodsKind,
    Requirement,
    Stance,
)
from policies.domain.codes import parts as parts_of_code
from policies.domain.composing import Composed
from policies.domain.register import Register
from policies.domain.resolve import Ruling, resolve
from policies.domain.rulebook import Rows, Rulebook
from policies.domain.scope import groups_in_words
from policies.domain.timeline import GROUPS, items_of_group
from policies.facts import LineFacts, PolicyRow


@dataclass(frozen=True, slots=True)
class Eased:
    """Lines that meet less than before from a day on, and all the same; places and goods in words.

    `policies` are those that are changed, by key, of which each lets them go by itself.
    `end_users` is empty where no policy of the change speaks of them, or all are alike; `only` are
    circumstances of which one must hold, empty where none must.
    """

    on: date
    policies: tuple[str, ...]
    activity: str
    requirement: str
    stance: str
    stance_if_open: str
    where: tuple[str, ...]
    what: tuple[str, ...]
    end_users: tuple[str, ...]
    only: tuple[str, ...]


class _Place(NamedTuple):
    destination: str
    region: str | None
    name: str


class _Goods(NamedTuple):
    name: str
    items: tuple[str, ...]


Circumstances = tuple[tuple[str, Any], ...]
"""Fields of `LineFacts` with their values, by name; answers as pairs, so that it can be a key."""


_Spoken = Mapping[str, tuple[Any, ...]]
"""The circumstances of which some rows speak, by field, each with its values."""


class _Asked(NamedTuple):
    """What is asked of one part of a change: every one of these with every other.

    `own` are the keys of its rows, `by_items` those by which a line can be less strict, None where
    one of them does not name items. `of_stance`: that a row stops can lower the stance; `of_need`:
    the permit requirement can be lower, but for rows outside `covered` that ask for one.
    """

    policy: str
    own: frozenset[str]
    by_items: _Sides | None
    activities: Sequence[str]
    places: Sequence[_Place]
    goods: Sequence[_Goods]
    spoken: _Spoken
    of_stance: bool
    of_need: bool
    covered: frozenset[str]


_Sides = tuple[Rows, Rows]
"""Rows without the change and with it."""

_Books = tuple[Rulebook, Rulebook]
"""Without the change and with it."""

_Met = tuple[str, str, str]
"""The requirement, the stance, and the stance if open questions are answered yes."""

_State = tuple[Rows, ...]
"""The rows in force at a place, and which of these its country lists bar or spare."""

_Kind = tuple[Any, ...]
"""What tells goods apart where these rows are in force: goods of one kind meet the same."""


class _Point(NamedTuple):
    """What a line meets with the change, where that is less than without it; and the rows by which
    it is not less still: that give it its stance, and that ask for its permit.
    """

    met: _Met | None
    by_stance: tuple[str, ...] = ()
    by_need: tuple[str, ...] = ()


class _There(NamedTuple):
    """Where lines are asked about: places of one state, without the change and with it, on a day.

    `known` keeps what was found wherever the same rows stood.
    """

    on: date
    activity: str
    place: _Place
    states: tuple[_State, ...]
    books: _Books
    moved: _Sides
    known: dict[object, _Point]


def eased(
    parts: Sequence[Composed], before: Register, after: Register, days: Sequence[date]
) -> Iterator[Eased]:
    """What is less strict with the change, with the first of the days: each place once."""
    asked = list(_asked(parts, before, after))
    books = before.rulebook, after.rulebook
    moved = _moved(parts, *books)
    known: dict[object, _Point] = {}
    told: dict[Eased, set[str]] = defaultdict(set)
    for on in days:
        for one in _put_together(_on(on, asked, books, moved, known)):
            before_it = told[replace(one, on=days[0], policies=(), where=())]
            where = tuple(place for place in one.where if place not in before_it)
            if where:
                before_it.update(where)
                yield replace(one, where=where)


def _on(
    on: date,
    asked: Iterable[_Asked],
    books: _Books,
    moved: _Sides,
    known: dict[object, _Point],
) -> Iterator[Eased]:
    """What is less strict on a day."""
    for one in asked:
        alike: dict[tuple[str, _State, _State], list[_Place]] = defaultdict(list)
        for activity, place in product(one.activities, one.places):
            without, with_it = (_state(book, activity, place, on) for book in books)
            if without[0] & moved[0] or with_it[0] & moved[1]:
                alike[activity, without, with_it].append(place)
        for (activity, *states), places in alike.items():
            there = _There(on, activity, places[0], tuple(states), books, moved, known)
            for goods, case, met in _less_there(one, there):
                yield Eased(
                    on,
                    (one.policy,),
                    activity,
                    *met,
                    where=tuple(place.name for place in places),
                    what=tuple(dict.fromkeys(each.name for each in goods)),
                    end_users=tuple(value for name, value in case if name == "end_user"),
                    only=(_in_words(case),),
                )


def _less_there(
    one: _Asked, there: _There
) -> Iterator[tuple[Sequence[_Goods], Circumstances, _Met]]:
    """The goods of each kind, with the circumstances in which they meet less.

    Where a row that holds some of them leaves out goods, these are asked about too.
    """
    kinds: dict[_Kind, list[_Goods]] = {}
    found: dict[_Kind, list[tuple[Circumstances, _Met]]] = {}
    waiting: Sequence[_Goods] = one.goods
    while waiting:
        for goods in waiting:
            if not _may_reach(one, goods, there.books):
                continue
            of_kind = kinds.setdefault(_kind(goods, there), [])
            if goods not in of_kind:
                of_kind.append(goods)
        left_out: list[_Goods] = []
        for kind, of_kind in kinds.items():
            if kind not in found:
                found[kind], holders = _less(one, there, of_kind[0], kind)
                left_out += _named_by(code for row in holders for code in row.scope.goods.not_items)
        waiting = left_out
    for kind, cases in found.items():
        for case, met in cases:
            yield kinds[kind], case, met


def _may_reach(one: _Asked, goods: _Goods, books: _Books) -> bool:
    """Whether a row of the change by which goods can be less strict is on such goods at all."""
    return one.by_items is None or any(
        book.goods_match(goods.items).rows & rows
        for book, rows in zip(books, one.by_items, strict=True)
    )


def _kind(goods: _Goods, there: _There) -> _Kind:
    found: list[Any] = []
    for book, (rows, *_lists) in zip(there.books, there.states, strict=True):
        match = book.goods_match(goods.items)
        found += match.rows & rows, match.excluded & rows, match.in_group_2
    return tuple(found)


def _less(
    one: _Asked, there: _There, goods: _Goods, kind: _Kind
) -> tuple[list[tuple[Circumstances, _Met]], list[PolicyRow]]:
    """In which circumstances such goods meet less, and the rows that hold some of them.

    Asked is until all is asked of which one row speaks that holds a line, for every line: then it
    holds whatever differs from that line in anything else.
    """
    spoken, explored = one.spoken, set(one.own)
    while True:
        more: list[PolicyRow] = []
        found = []
        for case in _cases(spoken):
            point = _point(there, goods, kind, case)
            if point.met is not None:
                found.append((case, point.met))
            for holders in (
                point.by_stance if one.of_stance else (),
                tuple(key for key in point.by_need if key not in one.covered)
                if one.of_need
                else (),
            ):
                if holders and explored.isdisjoint(holders):
                    explored.add(holders[0])
                    more.append(there.books[1].row[holders[0]])
        if not more:
            return found, [there.books[1].row[key] for key in sorted(explored - one.own)]
        spoken = _with(spoken, _spoken_of(more))


def _with(spoken: _Spoken, more: _Spoken) -> _Spoken:
    return {
        name: tuple(dict.fromkeys((*spoken.get(name, ()), *more.get(name, ()))))
        for name in {*spoken, *more}
    }


def _point(there: _There, goods: _Goods, kind: _Kind, case: Circumstances) -> _Point:
    key = there.activity, there.states, kind, case
    found = there.known.get(key)
    if found is None:
        facts = _facts(there.activity, there.place, goods, case)
        found = there.known[key] = _looked_at(facts, there.books, there.moved, there.on)
    return found


def _state(book: Rulebook, activity: str, place: _Place, on: date) -> _State:
    stretch = book.calendar.stretch(on, None)
    rows = book.at_place(activity, place.destination, place.region) & book.in_force(stretch)
    return rows, *(rows & one for one in book.list_state(place.destination, stretch))


def _facts(activity: str, place: _Place, goods: _Goods, case: Circumstances) -> LineFacts:
    given = dict(case)
    given["answers"] = dict(given.get("answers", ()))
    return LineFacts(activity, place.destination, place.region, goods.items, **given)


def _looked_at(facts: LineFacts, books: _Books, moved: _Sides, on: date) -> _Point:
    if not any(
        rows
        & book.reaching(facts, facts.destination, facts.sub_region, book.calendar.stretch(on, None))
        for book, rows in zip(books, moved, strict=True)
    ):
        return _Point(None)
    was, now = (resolve(facts, book, on=on) for book in books)
    met = (now.requirement, now.stance, now.stance_if_open) if _is_less(now, was) else None
    least = REQUIREMENT_RANK[was.requirement]
    asking = (books[1].row[key] for key in now.matched)
    return _Point(
        met,
        now.governing,
        tuple(
            row.key
            for row in asking
            if row.control and row.requirement and REQUIREMENT_RANK[row.requirement] >= least
        ),
    )


def _is_less(now: Ruling, was: Ruling) -> bool:
    return (
        STANCE_RANK[now.stance] < STANCE_RANK[was.stance]
        or STANCE_RANK[now.stance_if_open] < STANCE_RANK[was.stance_if_open]
        or REQUIREMENT_RANK[now.requirement] < REQUIREMENT_RANK[was.requirement]
    )


def _by_items(part: Composed, books: _Books) -> _Sides | None:
    moved = _moved([part], *books)
    rows = [row for book, its in zip(books, moved, strict=True) for row in book.rows_of(its)]
    return moved if all(row.scope.goods.kind == GoodsKind.ITEMS for row in rows) else None


def _moved(parts: Iterable[Composed], before: Rulebook, after: Rulebook) -> _Sides:
    """The rows by which a line can be less strict: those that close, and general permits that
    begin or go on."""
    closing = beginning = 0
    for part in parts:
        for policy in (part.closes.policy if part.closes else None, part.enters):
            if policy is not None:
                closing |= before.bit.get(policy.key, 0)
                beginning |= after.bit[policy.key] & after.general_permits
    return closing, beginning


# The lines to ask about


def _asked(parts: Iterable[Composed], before: Register, after: Register) -> Iterator[_Asked]:
    groups = [_Goods(groups_in_words([one]), items_of_group(before, one)[:1]) for one in GROUPS]
    groups.append(_Goods(_("goods on no list"), ()))
    for part in parts:
        rows = []
        if part.closes is not None:
            rows.append(before.rulebook.row[part.closes.policy.key])
        if part.enters is not None:
            rows.append(after.rulebook.row[part.enters.key])
        if part.closes is not None or (rows and _is_general_permit(rows[0])):
            spoken = _spoken_of(rows)
            yield _Asked(
                part.keys[0],
                frozenset(row.key for row in rows),
                _by_items(part, (before.rulebook, after.rulebook)),
                [one for one in Activity.values if one in rows[0].scope.activities],
                list(_places(rows, before)),
                list(dict.fromkeys([*groups, *_named(rows)])),
                _with(spoken, _answers(rows)),
                of_stance=bool(STANCE_RANK[rows[0].stance or Stance.CASE_BY_CASE]),
                of_need=any(row.requirement for row in rows),
                covered=frozenset(key for row in rows for key in row.covers),
            )


def _is_general_permit(row: PolicyRow) -> bool:
    return row.requirement == Requirement.GENERAL_PERMIT and not row.control


def _places(rows: Sequence[PolicyRow], register: Register) -> Iterator[_Place]:
    """The destinations of the first row, and regions in them of which any of the rows speaks."""
    language = get_language() or ""
    regions = sorted({region for row in rows for region in row.scope.sub_regions})
    named = rows[0].scope.destinations
    for code in sorted(register.destinations if named is None else named):
        yield _Place(code, None, register.destinations[code][language])
        for region in regions:
            if register.vocabulary.sub_regions[region] == code:
                yield _Place(code, region, register.sub_regions[region][language])


def _named(rows: Iterable[PolicyRow]) -> Iterator[_Goods]:
    """The items that the rows name below a group; and the group alone where that counts too."""
    for row in rows:
        goods = row.scope.goods
        codes = dict.fromkeys((*goods.items, *goods.not_items, *goods.excluded))
        yield from _named_by(codes)
        for group in dict.fromkeys(cut[0] for cut in map(parts_of_code, codes) if cut[1:]):
            if goods.broader:
                words = _("%(groups)s as a whole") % {"groups": groups_in_words([group])}
                yield _Goods(words, (group,))


def _named_by(codes: Iterable[str]) -> Iterator[_Goods]:
    for code in codes:
        if len(parts_of_code(code)) > 1:
            yield _Goods(code, (code,))


def _cases(spoken: _Spoken) -> Iterator[Circumstances]:
    """Every circumstance with every other: 96 at most."""
    names = sorted(spoken)
    for values in product(*(spoken[name] for name in names)):
        yield tuple(zip(names, values, strict=True))


def _spoken_of(rows: Sequence[PolicyRow]) -> _Spoken:
    """The circumstances of which any of the rows speaks, but for the answers to its questions."""
    scopes = [row.scope for row in rows]
    found: dict[str, tuple[Any, ...]] = {}
    of_4_1 = any(
        one.eipa_4_1 is not None
        or one.goods.kind == GoodsKind.EIPA_4_1
        or any(test.only_for_eipa_4_1 for test in one.lists)
        for one in scopes
    )
    if of_4_1:
        found["eipa_4_1"] = (False, True)
    if any(one.wmd_end_use is not None for one in scopes):
        found["wmd_end_use"] = (False, True)
    if any(one.goods.kind == GoodsKind.RELATED_MATERIAL for one in scopes):
        found["related_material"] = (None, True, False)
    if any(one.designated for one in scopes):
        found["designated_under"] = (
            frozenset(),
            frozenset(row.key for row in rows if row.scope.designated),
        )
    # Whether goods of s. 4.1 may go anywhere turns on the end-user by the Act itself.
    if of_4_1 or any(
        row.scope.end_user_kinds
        or row.scope.unless
        or any(one.only_if_end_user_unknown for one in row.questions)
        for row in rows
    ):
        found["end_user"] = tuple(EndUserKind.values)
    return found


def _answers(rows: Sequence[PolicyRow]) -> _Spoken:
    """Answers with which the first row applies, given to the same questions of the next too."""
    wanted = {one.code: one.applies_if for one in rows[0].questions}
    asked = {one.key: one.code for row in rows for one in row.questions if one.code in wanted}
    if not asked:
        return {}
    return {"answers": (tuple(sorted((key, wanted[code]) for key, code in asked.items())),)}


# In words


def _in_words(circumstances: Circumstances) -> str:
    words = {
        "eipa_4_1": _("goods of s. 4.1"),
        "wmd_end_use": _("for a weapon of mass destruction or missile end-use"),
        "related_material": _("arms and related material"),
        "designated_under": _("for a listed or designated person"),
        "answers": _("where the answers make the policy apply"),
    }
    said = [words[name] for name, value in circumstances if name in words and value]
    if ("related_material", False) in circumstances:
        said.append(_("stated to be no arms or related material"))
    return ", ".join(said)


def _put_together(found: Iterable[Eased]) -> Iterator[Eased]:
    for name in ("policies", "what", "end_users", "only", "where"):
        found = _joined(found, name)
    for one in found:
        yield replace(
            one,
            end_users=() if set(one.end_users) == set(EndUserKind.values) else one.end_users,
            only=() if "" in one.only else one.only,
        )


def _joined(found: Iterable[Eased], name: str) -> list[Eased]:
    """Those that differ in nothing but this field, as one."""
    alike: dict[Eased, dict[str, None]] = {}
    none: dict[str, Any] = {name: ()}
    for one in found:
        alike.setdefault(replace(one, **none), {}).update(dict.fromkeys(getattr(one, name)))
    return [replace(one, **(none | {name: tuple(values)})) for one, values in alike.items()]
