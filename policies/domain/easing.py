"""Where a change leaves the register less strict: lines asked about without it and with it.

Asked are only lines that meet a policy of the change, made from the policies themselves: their
places and regions, their goods, and whatever else they speak of: end-users, goods of s. 4.1, the
end-use, persons whom they list, the answers to their questions.
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


class _Asked(NamedTuple):
    """What is asked of one part of a change: every one of these with every other."""

    policy: str
    activities: Sequence[str]
    places: Sequence[_Place]
    goods: Sequence[_Goods]
    cases: Sequence[Circumstances]


_Books = tuple[Rulebook, Rulebook]
"""Without the change and with it."""

_Met = tuple[str, str, str]
"""The requirement, the stance, and the stance if open questions are answered yes."""

_State = tuple[Rows, ...]
"""The rows in force at a place, and which of these its country lists bar or spare."""


def eased(
    parts: Sequence[Composed], before: Register, after: Register, days: Sequence[date]
) -> Iterator[Eased]:
    """What is less strict with the change, each once, with the first of the days."""
    asked = list(_asked(parts, before, after))
    books = before.rulebook, after.rulebook
    moved = _moved(parts, *books)
    known: dict[object, _Met | None] = {}
    told: set[Eased] = set()
    for on in days:
        for one in _put_together(_on(on, asked, books, moved, known)):
            alike = replace(one, on=days[0], policies=(), where=())
            if alike not in told:
                told.add(alike)
                yield one


def _on(
    on: date,
    asked: Iterable[_Asked],
    books: _Books,
    moved: tuple[Rows, Rows],
    known: dict[object, _Met | None],
) -> Iterator[Eased]:
    """What is less strict on a day. `known` keeps what lines met where the same rows stood."""
    for one in asked:
        alike: dict[tuple[str, _State, _State], list[_Place]] = defaultdict(list)
        for activity, place in product(one.activities, one.places):
            without, with_it = (_state(book, activity, place, on) for book in books)
            if without[0] & moved[0] or with_it[0] & moved[1]:
                alike[activity, without, with_it].append(place)
        for (activity, *states), places in alike.items():
            for goods, case in product(one.goods, one.cases):
                key = activity, *states, goods.items, case
                if key not in known:
                    known[key] = _met(_facts(activity, places[0], goods, case), books, moved, on)
                met = known[key]
                if met is not None:
                    yield Eased(
                        on,
                        (one.policy,),
                        activity,
                        *met,
                        where=tuple(place.name for place in places),
                        what=(goods.name,),
                        end_users=tuple(value for name, value in case if name == "end_user"),
                        only=(_in_words(case),),
                    )


def _state(book: Rulebook, activity: str, place: _Place, on: date) -> _State:
    stretch = book.calendar.stretch(on, None)
    rows = book.at_place(activity, place.destination, place.region) & book.in_force(stretch)
    return rows, *(rows & one for one in book.list_state(place.destination, stretch))


def _facts(activity: str, place: _Place, goods: _Goods, case: Circumstances) -> LineFacts:
    given = dict(case)
    given["answers"] = dict(given.get("answers", ()))
    return LineFacts(activity, place.destination, place.region, goods.items, **given)


def _met(facts: LineFacts, books: _Books, moved: tuple[Rows, Rows], on: date) -> _Met | None:
    """What a line meets with the change, where that is less than without it."""
    if not any(
        rows
        & book.reaching(facts, facts.destination, facts.sub_region, book.calendar.stretch(on, None))
        for book, rows in zip(books, moved, strict=True)
    ):
        return None
    was, now = (resolve(facts, book, on=on) for book in books)
    return (now.requirement, now.stance, now.stance_if_open) if _is_less(now, was) else None


def _is_less(now: Ruling, was: Ruling) -> bool:
    return (
        STANCE_RANK[now.stance] < STANCE_RANK[was.stance]
        or STANCE_RANK[now.stance_if_open] < STANCE_RANK[was.stance_if_open]
        or REQUIREMENT_RANK[now.requirement] < REQUIREMENT_RANK[was.requirement]
    )


def _moved(parts: Iterable[Composed], before: Rulebook, after: Rulebook) -> tuple[Rows, Rows]:
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
            yield _Asked(
                part.keys[0],
                [one for one in Activity.values if one in rows[0].scope.activities],
                list(_places(rows, before)),
                list(dict.fromkeys([*groups, *_named(rows)])),
                _cases(rows),
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
        for code in dict.fromkeys((*goods.items, *goods.not_items, *goods.excluded)):
            group, *below = parts_of_code(code)
            if below:
                yield _Goods(code, (code,))
            if below and goods.broader:
                words = _("%(groups)s as a whole") % {"groups": groups_in_words([group])}
                yield _Goods(words, (group,))


def _cases(rows: Sequence[PolicyRow]) -> list[Circumstances]:
    """Every circumstance of which any row speaks with every other: 64 at most."""
    spoken = sorted(_spoken_of(rows).items())
    names = [name for name, _values in spoken]
    return [
        tuple(zip(names, values, strict=True))
        for values in product(*(values for _name, values in spoken))
    ]


def _spoken_of(rows: Sequence[PolicyRow]) -> Mapping[str, tuple[Any, ...]]:
    """The circumstances of which any of the rows speaks, by field, each with its values."""
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
        found["related_material"] = (None, True)
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
    if rows[0].questions:
        found["answers"] = (_answers(rows),)
    return found


def _answers(rows: Sequence[PolicyRow]) -> tuple[tuple[str, str], ...]:
    """Answers with which the first row applies, given to the same questions of the next too."""
    wanted = {one.code: one.applies_if for one in rows[0].questions}
    asked = {one.key: one.code for row in rows for one in row.questions if one.code in wanted}
    return tuple(sorted((key, wanted[code]) for key, code in asked.items()))


# In words


def _in_words(circumstances: Circumstances) -> str:
    words = {
        "eipa_4_1": _("goods of s. 4.1"),
        "wmd_end_use": _("for a weapon of mass destruction or missile end-use"),
        "related_material": _("arms and related material"),
        "designated_under": _("for a listed or designated person"),
        "answers": _("where the answers make the policy apply"),
    }
    return ", ".join(words[name] for name, value in circumstances if name in words and value)


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
