"""The engine: what applies to a line on a day, as known on a day.

`resolve` is a pure function of the facts, the rulebook and two dates. It never guesses: where a
row asks what the facts do not say, the ruling is given for "no" and for "yes", and lists the
questions whose answer would change something.

It works in two steps. `_reach` sorts the rows that reach a place into those that stand and those
that hang on a question. `_conclude` draws the ruling from that; lines that meet the same rows
share one conclusion, which is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

from policies.choices import REQUIREMENT_RANK, EndUserKind, Requirement, Stance
from policies.domain.rulebook import GoodsMatch, Rows, Rulebook, Stretch, each
from policies.facts import ExceptionTerm, LineFacts, OtherPlace

MINISTER = "minister"
"""The exception that any row of a notice has: exceptional circumstances (Minister)."""

GENERAL_PERMIT = "general_permit"
"""The question that a notice raises where a general permit would cover the line."""

Yes = frozenset[str]
"""Which of the open questions are taken as answered yes, by key; the others are taken as no."""

_ALL_NO: Yes = frozenset()
_STANCES = Stance.values
_REQUIREMENTS = Requirement.values


class Outcome(NamedTuple):
    """What a line meets: a `Requirement` value and a `Stance` value."""

    requirement: str
    stance: str


class OpenQuestion(NamedTuple):
    """A question whose answer would change the outcome, given some answers to the others."""

    policy: str
    code: str
    if_yes: Outcome
    if_no: Outcome

    @property
    def key(self) -> str:
        return f"{self.policy}:{self.code}"


class NotApplied(NamedTuple):
    """A row whose scope matches but which is out: by an answer, or by an accepted exception.

    `because` is `answer` (and `detail` the question's key) or `exception` (and its code).
    """

    policy: str
    because: str
    detail: str


class PlaceRuling(NamedTuple):
    """What one place of the line meets; `role` is empty for the final destination."""

    role: str
    destination: str
    requirement: str
    stance: str
    governing: tuple[str, ...]
    matched: tuple[str, ...]


class Ruling(NamedTuple):
    """What applies to a line. Keys are sorted; open questions are taken as no unless said.

    `governing` are the rows that give each place its stance, `matched` all rows that apply.
    """

    requirement: str
    stance: str
    stance_if_open: str
    governing: tuple[str, ...]
    matched: tuple[str, ...]
    not_applied: tuple[NotApplied, ...]
    needs_answer: tuple[OpenQuestion, ...]
    exceptions_open: tuple[tuple[str, str], ...]
    places: tuple[PlaceRuling, ...]


class _Pending(NamedTuple):
    """A row that hangs on open questions: for each, its key and whether it must be yes."""

    row: Rows
    wants: tuple[tuple[str, bool], ...]


class _Reach(NamedTuple):
    """The rows that reach one place of a line.

    `out` are rows put out by an answer or an exception. Where a general permit may serve, `goods`
    says which rows each code of the line meets, and `on_general_permits` holds the notices that
    may reach use of the permit: each with the key of its open question, or an empty key where the
    answer is yes.
    """

    settled: Rows
    pending: tuple[_Pending, ...] = ()
    out: tuple[NotApplied, ...] = ()
    goods: GoodsMatch = GoodsMatch(0, (), 0, in_group_2=False)
    on_general_permits: tuple[tuple[Rows, str], ...] = ()


class _PlaceOutcome(NamedTuple):
    need: int
    stance: int
    matched: Rows


class _Conclusion(NamedTuple):
    """What follows from what reaches the places of a line. `places` goes by place."""

    outcome: Outcome
    stance_if_open: str
    governing: tuple[str, ...]
    matched: tuple[str, ...]
    not_applied: tuple[NotApplied, ...]
    needs_answer: tuple[OpenQuestion, ...]
    exceptions: tuple[tuple[str, ExceptionTerm], ...]
    places: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]


def resolve(
    facts: LineFacts, book: Rulebook, *, on: date, known_at: datetime | None = None
) -> Ruling:
    """The ruling for a line on the day `on`, as known at the instant `known_at` (None: now).

    The facts are taken as valid; `policies.domain.queries` checks what people send.
    """
    stretch = book.calendar.stretch(on, known_at)
    final = _reach(facts, book, on, facts.destination, facts.sub_region, stretch)
    elsewhere = [
        _reach(facts, book, on, other.destination, None, stretch)
        for other in facts.other_destinations
    ]
    found = _conclude(book, (final, *elsewhere))
    outcome = found.outcome
    return Ruling(
        outcome.requirement,
        outcome.stance,
        found.stance_if_open,
        found.governing,
        found.matched,
        found.not_applied,
        found.needs_answer,
        tuple([(key, term.code) for key, term in found.exceptions if _runs(term, on)]),
        (
            PlaceRuling("", facts.destination, *found.places[0]),
            *map(_place_ruling, facts.other_destinations, found.places[1:]),
        ),
    )


def _place_ruling(
    place: OtherPlace, outcome: tuple[str, str, tuple[str, ...], tuple[str, ...]]
) -> PlaceRuling:
    return PlaceRuling(place.role, place.destination, *outcome)


# Step 1: what reaches a place


def _reach(
    facts: LineFacts,
    book: Rulebook,
    on: date,
    destination: str,
    sub_region: str | None,
    stretch: Stretch,
) -> _Reach:
    rows = book.reaching(facts, destination, sub_region, stretch)
    out: list[NotApplied] = []
    if facts.exceptions:
        rows = _without_excepted(facts, book, on, rows, out)
    pending: list[_Pending] = []
    questioned = rows & book.with_questions
    if questioned:
        sparing = book.list_state(destination, stretch).sparing
        for one in each(questioned):
            wants = _open_questions(facts, book, one, bool(one & sparing), out)
            if wants == ():
                continue
            rows ^= one
            if wants:
                pending.append(_Pending(one, wants))
    possible = rows
    for one, _wants in pending:
        possible |= one
    if not possible & book.general_permits:
        return _Reach(rows, tuple(pending), tuple(out))
    return _Reach(
        rows,
        tuple(pending),
        tuple(out),
        book.goods_match(facts.items),
        _on_general_permits(facts, book, possible & book.strict_notices),
    )


def _without_excepted(
    facts: LineFacts, book: Rulebook, on: date, rows: Rows, out: list[NotApplied]
) -> Rows:
    for key, code in facts.exceptions:
        one = book.bit.get(key, 0) & rows
        if one and (
            any(term.code == code and _runs(term, on) for term in book.row[key].exceptions)
            or (code == MINISTER and one & book.notices)
        ):
            rows ^= one
            out.append(NotApplied(key, "exception", code))
    return rows


def _runs(term: ExceptionTerm, on: date) -> bool:
    return term.until is None or on < term.until


def _open_questions(
    facts: LineFacts, book: Rulebook, one: Rows, spared: bool, out: list[NotApplied]
) -> tuple[tuple[str, bool], ...] | None:
    """The row's open questions and whether each must be yes; None if an answer takes it out."""
    row = book.row_of(one)
    wants = []
    for question in row.questions:
        if question.only_if_end_user_unknown and not (
            spared and facts.end_user == EndUserKind.UNKNOWN
        ):
            continue
        answer = facts.answers.get(question.key)
        if answer is None:
            wants.append((question.key, question.applies_if == "yes"))
        elif answer != question.applies_if:
            out.append(NotApplied(row.key, "answer", question.key))
            return None
    return tuple(wants)


def _on_general_permits(
    facts: LineFacts, book: Rulebook, notices: Rows
) -> tuple[tuple[Rows, str], ...]:
    found = []
    for one in each(notices):
        key = f"{book.row_of(one).key}:{GENERAL_PERMIT}"
        answer = facts.answers.get(key)
        if answer != "no":
            found.append((one, "" if answer == "yes" else key))
    return tuple(found)


# Step 2: what follows


@lru_cache(maxsize=16_384)
def _conclude(book: Rulebook, reaches: tuple[_Reach, ...]) -> _Conclusion:
    """Put the places together: the strictest governs, what matched is joined."""

    def outcome(yes: Yes) -> tuple[int, int]:
        places = [_place_outcome(book, reach, yes) for reach in reaches]
        return max(place.need for place in places), max(place.stance for place in places)

    places = []
    rows_by_place = []
    governing = matched = 0
    for reach in reaches:
        need, stance, rows = _place_outcome(book, reach, _ALL_NO)
        its_governing = rows & book.of_stance[stance]
        governing |= its_governing
        matched |= rows
        rows_by_place.append(rows)
        places.append((*_in_words((need, stance)), book.keys_of(its_governing), book.keys_of(rows)))
    return _Conclusion(
        _in_words(outcome(_ALL_NO)),
        _in_words(outcome(frozenset(_open_keys(reaches)))).stance,
        book.keys_of(governing),
        book.keys_of(matched),
        _not_applied(book, zip(reaches, rows_by_place, strict=True), matched),
        tuple(sorted(_questions_that_matter(_live_keys(book, reaches), outcome))),
        tuple((row.key, term) for row in book.rows_of(matched) for term in row.exceptions),
        tuple(places),
    )


def _not_applied(
    book: Rulebook, places: Iterable[tuple[_Reach, Rows]], matched: Rows
) -> tuple[NotApplied, ...]:
    """The rows put out, less those that apply at another place of the line.

    A row on "all controlled goods" matched only where another row controls the line.
    """
    found: set[NotApplied] = set()
    for reach, rows in places:
        out_of_scope = matched
        if not rows & book.making_controlled:
            out_of_scope |= book.on_controlled_goods
        found.update(one for one in reach.out if not book.bit[one.policy] & out_of_scope)
    return tuple(sorted(found))


def _place_outcome(book: Rulebook, reach: _Reach, yes: Yes) -> _PlaceOutcome:
    rows = reach.settled
    for one, wants in reach.pending:
        if all((key in yes) is wanted for key, wanted in wants):
            rows |= one
    rows = _once_controlled(book, rows)
    stance = _highest(book.of_stance, rows)
    need = _highest(book.of_requirement, rows)
    if need == REQUIREMENT_RANK[Requirement.INDIVIDUAL_PERMIT] and _general_permit_serves(
        book, reach, rows, yes
    ):
        need = REQUIREMENT_RANK[Requirement.GENERAL_PERMIT]
    return _PlaceOutcome(need, stance, rows)


def _once_controlled(book: Rulebook, rows: Rows) -> Rows:
    """Rows on "all controlled goods" apply only beside a row that controls the line."""
    return rows if rows & book.making_controlled else rows & ~book.on_controlled_goods


def _highest(ranked: list[Rows], rows: Rows) -> int:
    """The highest rank that one of `rows` has; 0, the least strict, for none."""
    for rank in range(len(ranked) - 1, 0, -1):
        if rows & ranked[rank]:
            return rank
    return 0


def _general_permit_serves(book: Rulebook, reach: _Reach, rows: Rows, yes: Yes) -> bool:
    """Whether a general permit that applies covers the line and no notice reaches its use."""
    asking = rows & book.asking_individual
    return any(
        _covers(book, permit, asking, reach.goods) for permit in each(rows & book.general_permits)
    ) and not any(
        rows & notice and (not key or key in yes) for notice, key in reach.on_general_permits
    )


def _covers(book: Rulebook, permit: Rows, asking: Rows, goods: GoodsMatch) -> bool:
    """Whether a general permit answers every row that asks, for every code that it asks for."""
    return (
        not asking & ~book.covered_by[permit]
        and not goods.excluded & permit
        and all(code_rows & permit for code_rows in goods.by_code if code_rows & asking)
    )


def _open_keys(reaches: Iterable[_Reach]) -> Iterator[str]:
    for reach in reaches:
        for _, wants in reach.pending:
            yield from (key for key, _ in wants)
        yield from (key for _, key in reach.on_general_permits if key)


def _live_keys(book: Rulebook, reaches: tuple[_Reach, ...]) -> list[str]:
    """The open questions that can change the outcome at all; only they need a search.

    A row that cannot raise the stance above what stands whatever is answered, that asks for no
    permit, covers none and controls nothing, changes nothing.
    """
    floor = max(_highest(book.of_stance, _once_controlled(book, one.settled)) for one in reaches)
    can_matter = book.making_controlled | book.general_permits | book.asking_individual
    for of_stricter_stance in book.of_stance[floor + 1 :]:
        can_matter |= of_stricter_stance
    keys: set[str] = set()
    for reach in reaches:
        matters = can_matter
        for notice, key in reach.on_general_permits:
            matters |= notice
            keys.update([key] if key else [])
        for one, wants in reach.pending:
            if one & matters:
                keys.update(key for key, _ in wants)
    return sorted(keys)


def _questions_that_matter(
    keys: list[str], outcome: Callable[[Yes], tuple[int, int]]
) -> Iterator[OpenQuestion]:
    """Each question that changes the outcome for some way of answering the others.

    Shown for the way with the fewest yes answers (then the first by key) that makes it matter.
    """
    known = cache(outcome)
    for key in keys:
        others = [other for other in keys if other != key]
        ways = (way for size in range(len(keys)) for way in combinations(others, size))
        for way in map(frozenset, ways):
            if_yes, if_no = known(way | {key}), known(way)
            if if_yes != if_no:
                policy, code = key.rsplit(":", 1)
                yield OpenQuestion(policy, code, _in_words(if_yes), _in_words(if_no))
                break


def _in_words(ranks: tuple[int, int]) -> Outcome:
    need, stance = ranks
    return Outcome(_REQUIREMENTS[need], _STANCES[stance])
