"""What applies to an application: the engine's rulings on its lines, from what counts on file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from permits import considerations
from permits.choices import Flag, PartyRole
from permits.domain.casefile import CaseFile
from permits.domain.statements import Counted, counted, counted_at
from permits.models import Line
from policies.choices import (
    REQUIREMENT_RANK,
    STANCE_RANK,
    EndUserKind,
    PlaceRole,
    Requirement,
    Stance,
)
from policies.domain.codes import is_written_code, parts
from policies.domain.register import Register, current_register
from policies.domain.resolve import OpenQuestion, Ruling, resolve
from policies.facts import LineFacts, OtherPlace

_ARMS_GROUPS = frozenset({"2", "9"})
_PERHAPS_ARMS = (parts("6"), parts("5501"), parts("5503"), parts("5504"))


class Outcome(NamedTuple):
    """What a line meets, or the strictest of several.

    `if_open` and `requirement_if_open`: its stance and requirement with open questions as yes.
    """

    requirement: str
    stance: str
    if_open: str
    requirement_if_open: str


outcome_of = lru_cache(maxsize=1_024)(Outcome)
"""An outcome: of many thousand cases there are few."""


class Met(NamedTuple):
    """All that makes a line another one for a person. `asks`: the keys of its open questions."""

    outcome: Outcome
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineRuling:
    """The ruling on one line, and the facts that it rests on."""

    line: Line
    facts: LineFacts
    ruling: Ruling

    @property
    def met(self) -> Met:
        one = self.ruling
        return Met(
            outcome_of(one.requirement, one.stance, one.stance_if_open, one.requirement_if_open),
            tuple([question.key for question in one.needs_answer]),
        )


@dataclass(frozen=True, slots=True)
class CaseRuling:
    """The rulings on all lines, and the strictest of them. `on` and `known_at` as asked."""

    on: date
    known_at: datetime | None
    lines: tuple[LineRuling, ...]

    @property
    def requirement(self) -> str:
        found = (one.ruling.requirement for one in self.lines)
        return max(found, key=REQUIREMENT_RANK.__getitem__, default=Requirement.NOT_CONTROLLED)

    @property
    def stance(self) -> str:
        found = (one.ruling.stance for one in self.lines)
        return max(found, key=STANCE_RANK.__getitem__, default=Stance.CASE_BY_CASE)

    @property
    def least_stance(self) -> str:
        """What holds at the least, whatever the open questions are answered."""
        found = (one.ruling.least_stance for one in self.lines)
        return max(found, key=STANCE_RANK.__getitem__, default=Stance.CASE_BY_CASE)

    @property
    def stance_if_open(self) -> str:
        found = (one.ruling.stance_if_open for one in self.lines)
        return max(found, key=STANCE_RANK.__getitem__, default=Stance.CASE_BY_CASE)

    @property
    def requirement_if_open(self) -> str:
        found = (one.ruling.requirement_if_open for one in self.lines)
        return max(found, key=REQUIREMENT_RANK.__getitem__, default=Requirement.NOT_CONTROLLED)

    @property
    def met(self) -> tuple[Met, ...]:
        """What each line meets: where that is the same, a person finds the case as it was."""
        return tuple([one.met for one in self.lines])

    @property
    def governing(self) -> tuple[str, ...]:
        """The keys of the rows that give the strictest lines their stance."""
        strictest = (one.ruling for one in self.lines if one.ruling.stance == self.stance)
        return tuple(sorted({key for ruling in strictest for key in ruling.governing}))

    @property
    def open_questions(self) -> tuple[str, ...]:
        return tuple(
            sorted({question.key for one in self.lines for question in one.ruling.needs_answer})
        )

    def of_lines(self, numbers: Collection[int]) -> CaseRuling:
        """The rulings on some of the lines."""
        kept = tuple([one for one in self.lines if one.line.number in numbers])
        return replace(self, lines=kept)

    def outcome(self) -> list[dict[str, object]]:
        """What a signature rests on: each line's requirement, stance and governing rows."""
        return [
            {
                "line": one.line.number,
                "requirement": one.ruling.requirement,
                "stance": one.ruling.stance,
                "stance_if_open": one.ruling.stance_if_open,
                "governing": list(one.ruling.governing),
            }
            for one in self.lines
        ]


def rule_on(
    file: CaseFile,
    *,
    on: date,
    known_at: datetime | None = None,
    register: Register | None = None,
) -> CaseRuling:
    """Rules on every line, as in force on a day, as known at an instant (None: all that is known).

    An application without a destination has no ruling: no lines.
    """
    return rule_on_facts(
        facts_by_line(file, known_at),
        on=on,
        known_at=known_at,
        register=register or current_register(),
    )


def facts_by_line(file: CaseFile, known_at: datetime | None = None) -> list[tuple[Line, LineFacts]]:
    """Every line and its facts, of what counts as known at an instant (`counted_at`); none without
    a destination."""
    if file.application.destination is None:
        return []
    stated = counted_at(file, known_at)
    return [(line, facts_of(file, line, stated)) for line in file.lines]


def rule_on_facts(
    facts: Iterable[tuple[Line, LineFacts]],
    *,
    on: date,
    known_at: datetime | None,
    register: Register,
) -> CaseRuling:
    """As `rule_on`, from facts that were worked out: for who rules on them by several registers."""
    return CaseRuling(
        on,
        known_at,
        tuple(
            LineRuling(line, one, resolve(one, register.rulebook, on=on, known_at=known_at))
            for line, one in facts
        ),
    )


class Change(NamedTuple):
    """What lines, by their numbers, come to meet alike.

    `begins`, `may_begin`, `ends`: the keys of the policies that come to apply, that come to hang on
    a question, and that do neither any more. `asks`, `asks_no_more`: the questions that open and
    those that fall away.
    """

    lines: tuple[int, ...]
    before: Outcome
    after: Outcome
    begins: tuple[str, ...]
    may_begin: tuple[str, ...]
    ends: tuple[str, ...]
    asks: tuple[OpenQuestion, ...]
    asks_no_more: tuple[OpenQuestion, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """A later day from which lines meet another ruling, as far as is known."""

    on: date
    changes: tuple[Change, ...]


def coming(ruling: CaseRuling) -> list[Coming]:
    """What will become different of a ruling without anybody touching the case, day by day."""
    known = current_register()
    facts = [(one.line, one.facts) for one in ruling.lines]
    found, before = [], ruling
    for day in (day for day in known.rulebook.calendar.days if day > ruling.on):
        after = rule_on_facts(facts, on=day, known_at=ruling.known_at, register=known)
        if changes := tuple(_changes(before, after)):
            found.append(Coming(day, changes))
        before = after
    return found


def _changes(before: CaseRuling, after: CaseRuling) -> Iterator[Change]:
    alike: dict[Change, list[int]] = {}
    for was, now in zip(before.lines, after.lines, strict=True):
        if was.met != now.met:
            alike.setdefault(_change(was, now), []).append(was.line.number)
    for one, numbers in alike.items():
        yield one._replace(lines=tuple(numbers))


def _change(was: LineRuling, now: LineRuling) -> Change:
    before, after = was.ruling, now.ruling
    open_then = {one.key: one for one in before.needs_answer}
    open_now = {one.key: one for one in after.needs_answer}
    return Change(
        (),
        was.met.outcome,
        now.met.outcome,
        tuple(sorted({*after.matched} - {*before.matched})),
        tuple(sorted({*after.hanging} - {*before.hanging})),
        tuple(sorted({*before.matched, *before.hanging} - {*after.matched, *after.hanging})),
        tuple(one for key, one in open_now.items() if key not in open_then),
        tuple(one for key, one in open_then.items() if key not in open_now),
    )


def facts_of(file: CaseFile, line: Line, stated: Counted) -> LineFacts:
    """The facts of a line, as far as they count today. Raises ValueError without a destination."""
    application = file.application
    if application.destination is None:
        raise ValueError("there is no ruling without a destination")
    flag = {kind: stated.flag(line.number, kind) for kind in Flag}
    return LineFacts(
        activity=application.activity,
        destination=application.destination.code,
        sub_region=application.sub_region or None,
        items=written(line.items),
        goods=line.description,
        related_material=flag[Flag.RELATED_MATERIAL],
        war_material=is_war_material(line, stated),
        eipa_4_1=bool(flag[Flag.EIPA_4_1]),
        wmd_end_use=bool(flag[Flag.WMD_END_USE]),
        end_user=_end_user(file, stated),
        designated_under=designated_under(file, stated),
        other_destinations=tuple(_other_places(file)),
        answers=stated.answers,
        exceptions=stated.exceptions,
    )


def written(items: Iterable[str]) -> tuple[str, ...]:
    """The items of a line that have the form of a code, sorted."""
    return tuple(sorted(code for code in items if is_written_code(code)))


def is_war_material(line: Line, stated: Counted) -> bool:
    """Whether s. 7.3 applies to a line: as two people stated, else by its items.

    Groups 2 and 9 are, and so are Group 6 and items 5501, 5503 and 5504 until it is stated that
    they are not: the Act does not define "arms, ammunition, implements or munitions of war". So is
    what is named less precisely than these, such as Group 5.
    """
    said = stated.flag(line.number, Flag.WAR_MATERIAL)
    if said is not None:
        return said
    codes = [parts(code) for code in line.items]
    return any(code[:1] and code[0] in _ARMS_GROUPS for code in codes) or any(
        code and code[: len(named)] == named[: len(code)]
        for code in codes
        for named in _PERHAPS_ARMS
    )


def requires_assessment(file: CaseFile) -> bool:
    """Whether the permit would be in respect of arms: one line that is makes all of it so."""
    stated = counted(file)
    return any(is_war_material(line, stated) for line in file.lines)


def is_under_7_3(file: CaseFile, on: date) -> bool:
    """Whether ss. 7.3 and 7.4 bind that day: the goods are arms, and it is law by then."""
    return requires_assessment(file) and considerations.are_law(on)


def designated_under(file: CaseFile, stated: Counted) -> frozenset[str]:
    """The instruments that list a party, without those under which it is authorised."""
    return frozenset(
        policy
        for party in file.parties
        for policy in stated.listed_under(party.pk)
        if not stated.is_authorised(party.pk, policy)
    )


def _end_user(file: CaseFile, stated: Counted) -> str:
    """The kind that two people stand by; else the strictest reading of what was declared."""
    said = stated.end_user
    if said is not None:
        return said
    declared = file.application.end_user_kind
    return declared if declared == EndUserKind.PRIVATE else EndUserKind.UNKNOWN


def _other_places(file: CaseFile) -> Iterator[OtherPlace]:
    """Where else the goods pass or end, each place once in each role."""
    destination = file.application.destination
    seen = set()
    for party in file.parties:
        role = {
            PartyRole.CONSIGNEE.value: PlaceRole.CONSIGNEE,
            PartyRole.END_USER.value: PlaceRole.END_USE,
        }.get(party.role)
        if role and party.country and party.country != destination:
            seen.add((role.value, party.country.code))
    seen |= {(PlaceRole.TRANSIT.value, code) for code in file.application.transit}
    for role_value, code in sorted(seen):
        yield OtherPlace(role_value, code)
