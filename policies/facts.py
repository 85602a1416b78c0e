"""The facts that a ruling rests on, and the rules it is worked out from: plain frozen values.

Nothing here knows the database, the clock or a language, so the same values serve a case, the
register, a preview and a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

Point = TypeVar("Point", date, datetime)
"""A day, or an instant."""

YesNo = Literal["yes", "no"]
NO_ANSWERS: Mapping[str, YesNo] = MappingProxyType({})


def covers(start: Point | None, end: Point | None, at: Point) -> bool:
    """Whether a half-open range holds a day or an instant; None is an open end."""
    return (start is None or start <= at) and (end is None or at < end)


class OtherPlace(NamedTuple):
    """A further place that the goods pass or end in; `role` is a `PlaceRole` value."""

    role: str
    destination: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of an application, as far as policy looks at it.

    `items` are control-list codes (none: on no list, as far as is known). `related_material` is
    the sanctions term "arms and related material" (None: yes for Group 2). `war_material` is the
    term of EIPA s. 7.3 (None: yes for Groups 2 and 9), kept for its review; it moves no
    ruling. `eipa_4_1`: goods of EIPA s. 4.1.
    `designated_under` names the policies whose instrument lists a party. `answers` maps
    `POLICY-KEY:code` to yes or no; `exceptions` holds accepted (policy key, code) pairs.
    """

    activity: str
    destination: str
    sub_region: str | None = None
    items: tuple[str, ...] = ()
    goods: str = ""
    related_material: bool | None = None
    war_material: bool | None = None
    eipa_4_1: bool = False
    wmd_end_use: bool = False
    end_user: str = "private"
    designated_under: frozenset[str] = frozenset()
    other_destinations: tuple[OtherPlace, ...] = ()
    answers: Mapping[str, YesNo] = field(default_factory=lambda: NO_ANSWERS)
    exceptions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """When something holds (days) and when that was known (instants); half open, None open."""

    effective_from: date | None = None
    effective_to: date | None = None
    known_from: datetime | None = None
    known_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemSet:
    """A set of items that a provision defines: under `named`, and not under `but_not`."""

    named: tuple[str, ...]
    but_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListTest:
    """The destination is (`listed`) or is not on a country list that day."""

    list: str
    listed: bool
    only_for_eipa_4_1: bool = False


@dataclass(frozen=True, slots=True)
class Unless:
    """The row lets these end-user kinds go where the destination is on the list as said."""

    list: str
    listed: bool
    end_user_kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class GoodsScope:
    """The goods a row speaks of; `kind` is a `GoodsKind` value, the rest serves kind `items`.

    `rule` names an `ItemSet` instead of `items`. `broader`: a code above a named one counts too.
    `excluded`: a general permit does not cover a line with one of these.
    """

    kind: str
    items: tuple[str, ...] = ()
    rule: str | None = None
    not_items: tuple[str, ...] = ()
    broader: bool = False
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """To what a row speaks. `destinations` None: any. Every test present must hold."""

    activities: frozenset[str]
    goods: GoodsScope
    destinations: frozenset[str] | None = None
    except_destinations: frozenset[str] = frozenset()
    sub_regions: frozenset[str] = frozenset()
    lists: tuple[ListTest, ...] = ()
    end_user_kinds: frozenset[str] = frozenset()
    eipa_4_1: bool | None = None
    wmd_end_use: bool | None = None
    designated: bool = False
    unless: Unless | None = None

    @classmethod
    def from_json(cls, scope: Mapping[str, Any]) -> Scope:
        """Read a scope in the form of `policies.schema.json`."""
        goods, unless = scope["goods"], scope.get("unless")
        destinations = scope["destinations"]
        return cls(
            activities=frozenset(scope["activities"]),
            goods=GoodsScope(
                kind=goods["kind"],
                items=tuple(goods.get("items", ())),
                rule=goods.get("from"),
                not_items=tuple(goods.get("not_items", ())),
                broader=goods.get("broader", False),
                excluded=tuple(goods.get("excluded", ())),
            ),
            destinations=None if destinations == "any" else frozenset(destinations),
            except_destinations=frozenset(scope.get("except_destinations", ())),
            sub_regions=frozenset(scope.get("sub_regions", ())),
            lists=tuple(
                ListTest(test["list"], test["is"], test.get("when") == "eipa_4_1")
                for test in scope.get("lists", ())
            ),
            end_user_kinds=frozenset(scope.get("end_user_kinds", ())),
            eipa_4_1=scope.get("eipa_4_1"),
            wmd_end_use=scope.get("wmd_end_use"),
            designated=scope.get("designated", False),
            unless=None
            if unless is None
            else Unless(unless["list"], unless["is"], frozenset(unless["end_user_kinds"])),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A question under a row. `policy` is whose question it is (one question, one answer).

    The row applies if the answer is `applies_if`. `only_if_end_user_unknown`: counts only where
    the row's `unless` would let the line go but the end-user kind is not known.
    """

    policy: str
    code: str
    applies_if: YesNo = "yes"
    only_if_end_user_unknown: bool = False

    @property
    def key(self) -> str:
        return f"{self.policy}:{self.code}"


@dataclass(frozen=True, slots=True)
class ExceptionTerm:
    """An exception in a row's own text; with `until`, only before that day."""

    code: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as the engine sees it: no words, only what decides."""

    key: str
    layer: str
    scope: Scope
    stance: str | None = None
    requirement: str | None = None
    control: str | None = None
    covers: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()
    exceptions: tuple[ExceptionTerm, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ListMember:
    """A country's time on a country list."""

    list: str
    destination: str
    span: Span
