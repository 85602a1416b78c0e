"""The rulebook: policies and lists compiled so that a line meets only rows that can apply.

A set of rows is an integer: bit i stands for the i-th row by key. Every test of a scope becomes
such a set once, and the rows that reach a line are the intersection of a few of them. That makes
tens of thousands of rulings a second possible without leaving out a rule; what follows from the
rows that reach a line is in `policies.domain.resolve`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from itertools import product
from typing import NamedTuple, TypeVar

from policies.choices import (
    Control,
    EndUserKind,
    GoodsKind,
    Layer,
    Requirement,
    Stance,
)
from policies.domain.codes import Parts, is_under, parts
from policies.facts import GoodsScope, ItemSet, LineFacts, ListMember, PolicyRow, Span

Rows = int
"""A set of rows: bit i is set when the i-th row by key is in the set."""

Stretch = tuple[int, int]
"""A stretch of days and a stretch of knowledge within which nothing changes."""

V = TypeVar("V")

_REMEMBERED = 32_768
"""Answers kept of each kind; more are worked out again."""


def each(rows: Rows) -> Iterator[Rows]:
    """Every row of `rows`, as a set of one."""
    while rows:
        lowest = rows & -rows
        yield lowest
        rows ^= lowest


class GoodsMatch(NamedTuple):
    """What the codes of a line match among the rows that name items."""

    rows: Rows
    by_code: tuple[Rows, ...]
    excluded: Rows
    """General permits that do not cover a line with one of these codes."""
    in_group_2: bool


class ListState(NamedTuple):
    """What a destination's place on the country lists does to the rows."""

    barred: Rows
    """Rows with a list test that fails."""
    barred_for_eipa_4_1: Rows
    """Rows with a failing test that counts for goods of EIPA s. 4.1 only."""
    sparing: Rows
    """Rows that would let some end-user kinds go here."""


class Calendar:
    """The days and instants at which anything changes.

    `days` are those beside the spans: on which an exception ends.
    """

    def __init__(self, spans: Iterable[Span], days: Iterable[date] = ()) -> None:
        days = set(days)
        instants: set[datetime] = set()
        for span in spans:
            days.update(day for day in (span.effective_from, span.effective_to) if day)
            instants.update(at for at in (span.known_from, span.known_to) if at)
        self.days = sorted(days)
        self.instants = sorted(instants)

    def stretch(self, on: date, known_at: datetime | None) -> Stretch:
        """The stretch that holds `on`, as known at `known_at` (None: all that is known)."""
        known = len(self.instants) if known_at is None else bisect_right(self.instants, known_at)
        return bisect_right(self.days, on), known

    def holds(self, span: Span, stretch: Stretch) -> bool:
        """Whether `span` covers the stretch; a change belongs to the stretch that it begins."""
        day, known = stretch
        return (
            (span.effective_from is None or bisect_right(self.days, span.effective_from) <= day)
            and (span.effective_to is None or bisect_right(self.days, span.effective_to) > day)
            and (span.known_from is None or bisect_right(self.instants, span.known_from) <= known)
            and (span.known_to is None or bisect_right(self.instants, span.known_to) > known)
        )


class Rulebook:
    """All policies and country lists, ready to rule on lines. Independent of the order of rows.

    Raises ValueError for rows that contradict each other (two with one key, or a control row
    whose goods are "all that is controlled").
    """

    def __init__(
        self,
        rows: Iterable[PolicyRow],
        members: Iterable[ListMember] = (),
        item_sets: Mapping[str, ItemSet] | None = None,
    ) -> None:
        self.rows: tuple[PolicyRow, ...] = tuple(sorted(rows, key=lambda row: row.key))
        self.row: dict[str, PolicyRow] = {row.key: row for row in self.rows}
        self.bit: dict[str, Rows] = {row.key: 1 << i for i, row in enumerate(self.rows)}
        if len(self.row) != len(self.rows):
            raise ValueError("two rows have the same key")
        self._memberships: dict[str, list[tuple[str, Span]]] = {}
        for member in members:
            self._memberships.setdefault(member.destination, []).append((member.list, member.span))
        self.calendar = Calendar(
            [
                *(span for row in self.rows for span in row.spans),
                *(span for held in self._memberships.values() for _list, span in held),
            ],
            [term.until for row in self.rows for term in row.exceptions if term.until],
        )
        self._index_scopes()
        self._index_goods(item_sets or {})
        self._index_effects()
        self.in_force = lru_cache(maxsize=_REMEMBERED)(self._in_force)
        self.at_place = lru_cache(maxsize=_REMEMBERED)(self._at_place)
        self.list_state = lru_cache(maxsize=_REMEMBERED)(self._list_state)
        self._state_on_lists = lru_cache(maxsize=_REMEMBERED)(self._find_state_on_lists)
        self.goods_match = lru_cache(maxsize=_REMEMBERED)(self._goods_match)
        self._code_match = lru_cache(maxsize=_REMEMBERED)(self._find_code_match)

    # Sets and rows

    def rows_where(self, test: Callable[[PolicyRow], object]) -> Rows:
        """The set of rows for which `test` holds."""
        return sum(1 << i for i, row in enumerate(self.rows) if test(row))

    def row_of(self, one: Rows) -> PolicyRow:
        """The row of a set of one."""
        return self.rows[one.bit_length() - 1]

    def rows_of(self, rows: Rows) -> tuple[PolicyRow, ...]:
        """The rows of a set, by key."""
        return tuple(self.row_of(one) for one in each(rows))

    def keys_of(self, rows: Rows) -> tuple[str, ...]:
        """The keys of a set of rows, sorted."""
        return tuple(row.key for row in self.rows_of(rows))

    # What reaches a line

    def reaching(
        self, facts: LineFacts, destination: str, sub_region: str | None, stretch: Stretch
    ) -> Rows:
        """Rows whose scope matches at a place, before questions and exceptions.

        Rows on "all controlled goods" are among them: whether a line is controlled can turn on an
        open question, so `resolve` settles that.
        """
        goods = self.goods_match(facts.items)
        lists = self.list_state(destination, stretch)
        kinds = self._goods_of_any_line | goods.rows
        if goods.in_group_2 if facts.related_material is None else facts.related_material:
            kinds |= self._goods_related_material
        barred = lists.barred
        if facts.eipa_4_1:
            kinds |= self._goods_eipa_4_1
            barred |= lists.barred_for_eipa_4_1
        designated = self._designated
        for key in facts.designated_under:
            designated &= ~self.bit.get(key, 0)
        return (
            kinds
            & self.in_force(stretch)
            & self.at_place(facts.activity, destination, sub_region)
            & self._with_flags[facts.eipa_4_1, facts.wmd_end_use, facts.end_user]
            & ~(barred | designated | lists.sparing & self._spared[facts.end_user])
        )

    def _in_force(self, stretch: Stretch) -> Rows:
        return self.rows_where(
            lambda row: any(self.calendar.holds(span, stretch) for span in row.spans)
        )

    def _at_place(self, activity: str, destination: str, sub_region: str | None) -> Rows:
        def speaks_of(row: PolicyRow) -> bool:
            scope = row.scope
            return (
                activity in scope.activities
                and (scope.destinations is None or destination in scope.destinations)
                and destination not in scope.except_destinations
                and (not scope.sub_regions or sub_region in scope.sub_regions)
            )

        return self.rows_where(speaks_of)

    def lists_holding(self, destination: str, stretch: Stretch) -> frozenset[str]:
        """The country lists that the destination is on in the stretch."""
        return frozenset(
            code
            for code, span in self._memberships.get(destination, ())
            if self.calendar.holds(span, stretch)
        )

    def members(self) -> Iterator[ListMember]:
        """Every time that a destination was on a country list."""
        for destination, held in self._memberships.items():
            for code, span in held:
                yield ListMember(code, destination, span)

    def days_of_lists(self, lists: Collection[str]) -> set[date]:
        """The days on which a destination came onto one of these lists, or left it."""
        return {
            day
            for held in self._memberships.values()
            for code, span in held
            if code in lists
            for day in (span.effective_from, span.effective_to)
            if day
        }

    def is_member(self, list_code: str, destination: str, stretch: Stretch) -> bool:
        """Whether the destination is on a country list in the stretch."""
        return list_code in self.lists_holding(destination, stretch)

    def _list_state(self, destination: str, stretch: Stretch) -> ListState:
        return self._state_on_lists(self.lists_holding(destination, stretch))

    def _find_state_on_lists(self, lists: frozenset[str]) -> ListState:
        def fails(row: PolicyRow, only_for_eipa_4_1: bool) -> bool:
            return any(
                (test.list in lists) != test.listed
                for test in row.scope.lists
                if test.only_for_eipa_4_1 is only_for_eipa_4_1
            )

        def spares(row: PolicyRow) -> bool:
            unless = row.scope.unless
            return unless is not None and (unless.list in lists) == unless.listed

        return ListState(
            barred=self.rows_where(lambda row: fails(row, only_for_eipa_4_1=False)),
            barred_for_eipa_4_1=self.rows_where(lambda row: fails(row, only_for_eipa_4_1=True)),
            sparing=self.rows_where(spares),
        )

    def _goods_match(self, items: tuple[str, ...]) -> GoodsMatch:
        matches = [self._code_match(item) for item in items]
        rows = excluded = 0
        in_group_2 = False
        for match in matches:
            rows |= match.rows
            excluded |= match.excluded
            in_group_2 = in_group_2 or match.in_group_2
        return GoodsMatch(rows, tuple([match.rows for match in matches]), excluded, in_group_2)

    def _find_code_match(self, item: str) -> GoodsMatch:
        code = parts(item)
        rows = excluded = 0
        for one, goods in self._item_goods:
            if goods.takes(code):
                rows |= one
            if any(is_under(code, named) for named in goods.excluded):
                excluded |= one
        return GoodsMatch(rows, (rows,), excluded, is_under(code, _GROUP_2))

    # The index

    def _rows_by(
        self, values: Iterable[V], test: Callable[[PolicyRow, V], object]
    ) -> dict[V, Rows]:
        """For each value, the set of rows that pass `test` with it."""
        return {
            value: sum(1 << i for i, row in enumerate(self.rows) if test(row, value))
            for value in values
        }

    def _index_scopes(self) -> None:
        def takes(row: PolicyRow, flags: tuple[bool, bool, str]) -> bool:
            eipa_4_1, wmd_end_use, end_user = flags
            scope = row.scope
            return (
                scope.eipa_4_1 in (None, eipa_4_1)
                and scope.wmd_end_use in (None, wmd_end_use)
                and (not scope.end_user_kinds or end_user in scope.end_user_kinds)
            )

        def spares(row: PolicyRow, end_user: str) -> bool:
            return row.scope.unless is not None and end_user in row.scope.unless.end_user_kinds

        either = (False, True)
        self._with_flags = self._rows_by(product(either, either, EndUserKind.values), takes)
        self._spared = self._rows_by(EndUserKind.values, spares)
        self._designated = self.rows_where(lambda row: row.scope.designated)

    def _index_goods(self, item_sets: Mapping[str, ItemSet]) -> None:
        of_kind = self._rows_by(GoodsKind.values, lambda row, kind: row.scope.goods.kind == kind)
        self.on_controlled_goods = of_kind[GoodsKind.LISTED]
        self._goods_of_any_line = of_kind[GoodsKind.EVERYTHING] | of_kind[GoodsKind.LISTED]
        self._goods_related_material = of_kind[GoodsKind.RELATED_MATERIAL]
        self._goods_eipa_4_1 = of_kind[GoodsKind.EIPA_4_1]
        self._item_goods = [
            (one, _ItemGoods(self.row_of(one).scope.goods, item_sets))
            for one in each(of_kind[GoodsKind.ITEMS])
        ]
        self.items_named: frozenset[Parts] = frozenset(
            code for _row, goods in self._item_goods for code in goods.every_code if len(code) > 1
        )
        """Items below the level of a group that some row tells apart, by their parts."""

    def _index_effects(self) -> None:
        stances = self._rows_by(Stance.values, lambda row, stance: row.stance == stance)
        self.of_stance: list[Rows] = list(stances.values())
        """Rows by rank of their stance, least restrictive first."""
        controls = self._rows_by(
            Requirement.values, lambda row, need: row.control and row.requirement == need
        )
        self.of_requirement: list[Rows] = list(controls.values())
        """Rows of a control list by rank of the permit they ask for, least demanding first."""
        self.asking_individual = controls[Requirement.INDIVIDUAL_PERMIT]
        self.making_controlled = self.rows_where(
            lambda row: row.control in (Control.ECL, Control.BCL)
        )
        self.general_permits = self.rows_where(
            lambda row: not row.control and row.requirement == Requirement.GENERAL_PERMIT
        )
        self.moving_the_requirement = (
            self.making_controlled
            | self.general_permits
            | self.rows_where(lambda row: row.control and row.requirement)
        )
        """Rows by which more than a stance can change."""
        self.covered_by = self._rows_by(
            each(self.general_permits),
            lambda row, permit: row.key in self.row_of(permit).covers,
        )
        self.notices = self.rows_where(lambda row: row.layer == Layer.NOTICE)
        self.strict_notices = (
            self.notices & ~self.of_stance[0] & self.rows_where(lambda row: row.stance)
        )
        self.with_questions = self.rows_where(lambda row: row.questions)
        if self.making_controlled & self.on_controlled_goods:
            raise ValueError("a row that makes goods controlled cannot speak of controlled goods")


class _ItemGoods:
    """The item test of a row: which codes it takes, and which a general permit excludes."""

    def __init__(self, goods: GoodsScope, item_sets: Mapping[str, ItemSet]) -> None:
        items = item_sets[goods.rule] if goods.rule else ItemSet(goods.items)
        self._named = tuple(parts(code) for code in items.named)
        self._but_not = tuple(parts(code) for code in (*items.but_not, *goods.not_items))
        self._broader = goods.broader
        self.excluded = tuple(parts(code) for code in goods.excluded)
        self.every_code = (*self._named, *self._but_not, *self.excluded)

    def takes(self, code: Parts) -> bool:
        return any(
            is_under(code, named) or (self._broader and is_under(named, code))
            for named in self._named
        ) and not any(is_under(code, left_out) for left_out in self._but_not)


_GROUP_2 = parts("2")
