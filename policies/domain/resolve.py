"""The engine: what applies to a line on a day, as known on a day.

`resolve` is a pure function of the facts, the rulebook and two dates. It never guesses: where a
row asks what the facts do not say, the ruling is given for "no" and for "yes", and lists the
questions whose answer would change something.

It works in three steps. `_reach` sorts the rows that reach a place into those that stand and those
that hang on a question. `_conclude` draws the ruling from that; lines that meet the same rows
share one conclusion, which is remembered. `_questions_that_matter` finds the questions whose
answer would change it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

from policies.choices import REQUIREMENT_RANK, STANCE_RANK, EndUserKind, Requirement, Stance
from policies.domain.rulebook import GoodsMatch, Rows, Rulebook, Stretch, each
from policies.facts import ExceptionTerm, LineFacts, OtherPlace

MINISTER = "minister"
"""The exception that any row of a notice has: exceptional circumstances (Minister)."""

GENERAL_PERMIT = "general_permit"
"""The question that a notice raises where a general permit would cover the line."""

Yes = frozenset[str]
"""Which of the open questions are taken as answered yes, by key; the others are taken as no."""

Ranks = tuple[int, int]
"""What a line meets, as ranks: of its requirement, of its stance."""

Difference = tuple[Ranks, Ranks, tuple[str, ...]]
"""What a line meets with yes and with no to a question, and which others are yes for that."""

_ALL_NO: Yes = frozenset()
_STANCES = Stance.values
_REQUIREMENTS = Requirement.values


class Outcome(NamedTuple):
    """What a line meets: a `Requirement` value and a `Stance` value."""

    requirement: str
    stance: str


class OpenQuestion(NamedTuple):
    """A question whose answer would change the outcome, with `also_yes` of the others yes."""

    policy: str
    code: str
    if_yes: Outcome
    if_no: Outcome
    also_yes: tuple[str, ...] = ()

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

    `governing` are the rows that give each place its stance, `matched` all rows that apply;
    `hanging` would apply too if open questions are answered so, whether or not that would change
    anything. `requirement_if_open` and `stance_if_open`: with every open question as yes.
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
    requirement_if_open: str
    hanging: tuple[str, ...]

    @property
    def least_stance(self) -> str:
        """The least strict stance to which an answer to an open question can lead.

        All answered with no, all with yes, and each as `needs_answer` tells it.
        """
        answered = (end for one in self.needs_answer for end in (one.if_yes, one.if_no))
        found = (self.stance, self.stance_if_open, *(end.stance for end in answered))
        return min(found, key=STANCE_RANK.__getitem__)


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
    if_open: Outcome
    governing: tuple[str, ...]
    matched: tuple[str, ...]
    not_applied: tuple[NotApplied, ...]
    needs_answer: tuple[OpenQuestion, ...]
    exceptions: tuple[tuple[str, ExceptionTerm], ...]
    places: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]
    hanging: tuple[str, ...]


def resolve(
    facts: LineFacts, book: Rulebook, *, on: date, known_at: datetime | None = None
) -> Ruling:
    """The ruling for a line on the day `on`, as known at the instant `known_at` (None: now).

    The facts are taken as valid; `policies.domain.queries` checks what people send.
    """
    found = _conclude(book, _reaches(facts, book, on, known_at))
    outcome = found.outcome
    return Ruling(
        outcome.requirement,
        outcome.stance,
        found.if_open.stance,
        found.governing,
        found.matched,
        found.not_applied,
        found.needs_answer,
        tuple([(key, term.code) for key, term in found.exceptions if _runs(term, on)]),
        (
            PlaceRuling("", facts.destination, *found.places[0]),
            *map(_place_ruling, facts.other_destinations, found.places[1:]),
        ),
        found.if_open.requirement,
        found.hanging,
    )


def _place_ruling(
    place: OtherPlace, outcome: tuple[str, str, tuple[str, ...], tuple[str, ...]]
) -> PlaceRuling:
    return PlaceRuling(place.role, place.destination, *outcome)


# Step 1: what reaches a place


def _reaches(
    facts: LineFacts, book: Rulebook, on: date, known_at: datetime | None
) -> tuple[_Reach, ...]:
    """What reaches each place of the line, the final destination first."""
    stretch = book.calendar.stretch(on, known_at)
    final = _reach(facts, book, on, facts.destination, facts.sub_region, stretch)
    elsewhere = [
        _reach(facts, book, on, other.destination, None, stretch)
        for other in facts.other_destinations
    ]
    return final, *elsewhere


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

    @cache
    def outcome(yes: Yes) -> Ranks:
        places = [_place_outcome(book, reach, yes) for reach in reaches]
        return max(place.need for place in places), max(place.stance for place in places)

    places = []
    rows_by_place = []
    governing = matched = possible = 0
    for reach in reaches:
        need, stance, rows = _place_outcome(book, reach, _ALL_NO)
        its_governing = rows & book.of_stance[stance]
        governing |= its_governing
        matched |= rows
        possible |= _possible(book, reach)
        rows_by_place.append(rows)
        places.append((*_in_words((need, stance)), book.keys_of(its_governing), book.keys_of(rows)))
    return _Conclusion(
        _in_words(outcome(_ALL_NO)),
        _in_words(outcome(frozenset(_open_keys(reaches)))),
        book.keys_of(governing),
        book.keys_of(matched),
        _not_applied(book, zip(reaches, rows_by_place, strict=True), matched),
        tuple(sorted(_questions_that_matter(book, reaches, outcome))),
        tuple((row.key, term) for row in book.rows_of(matched) for term in row.exceptions),
        tuple(places),
        book.keys_of(possible & ~matched),
    )


def _possible(book: Rulebook, reach: _Reach) -> Rows:
    """The rows that apply at a place, or would if open questions are answered so."""
    rows = reach.settled
    for one, _ in reach.pending:
        rows |= one
    return _once_controlled(book, rows)


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
    reaching_permits = 0
    for notice, key in reach.on_general_permits:
        if not key or key in yes:
            reaching_permits |= notice
    return _weighed(book, reach, rows, rows & reaching_permits)


def _weighed(book: Rulebook, reach: _Reach, rows: Rows, reaching_permits: Rows) -> _PlaceOutcome:
    """What a place meets where `rows` stand, and these notices reach use of a general permit."""
    if not rows & book.making_controlled:
        rows &= ~book.on_controlled_goods
        reaching_permits &= ~book.on_controlled_goods
    stance = _highest(book.of_stance, rows)
    need = _highest(book.of_requirement, rows)
    if (
        need == REQUIREMENT_RANK[Requirement.INDIVIDUAL_PERMIT]
        and not reaching_permits
        and _general_permit_covers(book, reach, rows)
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


def _general_permit_covers(book: Rulebook, reach: _Reach, rows: Rows) -> bool:
    """Whether a general permit that applies covers the line."""
    asking = rows & book.asking_individual
    return any(
        _covers(book, permit, asking, reach.goods) for permit in each(rows & book.general_permits)
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


def _in_words(ranks: Ranks) -> Outcome:
    need, stance = ranks
    return Outcome(_REQUIREMENTS[need], _STANCES[stance])


# Step 3: which questions matter


def _live_keys(book: Rulebook, reaches: tuple[_Reach, ...]) -> list[str]:
    """The open questions that can change the outcome at all; only they need a search.

    A row that cannot raise the stance above what stands whatever is answered, that asks for no
    permit, covers none and controls nothing, changes nothing.
    """
    floor = max(_highest(book.of_stance, _once_controlled(book, one.settled)) for one in reaches)
    can_matter = book.moving_the_requirement
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


_FEW = 6
"""So many questions have so few ways of being answered that trying them all is the quickest."""


def _questions_that_matter(
    book: Rulebook, reaches: tuple[_Reach, ...], outcome: Callable[[Yes], Ranks]
) -> Iterator[OpenQuestion]:
    """Each question that changes the outcome for some way of answering the others.

    Shown for the way with the fewest yes answers (then the first by key) that makes it matter.
    """
    keys = _live_keys(book, reaches)
    search = _Search(book, reaches, keys) if len(keys) > _FEW else None
    for key in keys:
        found = search.difference(key) if search else _difference(key, keys, outcome)
        if found is not None:
            policy, code = key.rsplit(":", 1)
            yield OpenQuestion(policy, code, _in_words(found[0]), _in_words(found[1]), found[2])


def _difference(key: str, keys: list[str], outcome: Callable[[Yes], Ranks]) -> Difference | None:
    """The outcomes with yes and with no, the others answered so that they differ, if possible."""
    others = [other for other in keys if other != key]
    for way in (way for size in range(len(keys)) for way in combinations(others, size)):
        if_yes, if_no = outcome(frozenset((*way, key))), outcome(frozenset(way))
        if if_yes != if_no:
            return if_yes, if_no, way
    return None


class _Term(NamedTuple):
    """A row that stands at a place once its questions are answered as it wants.

    `reaches_permits`: it then reaches use of a general permit as well.
    """

    place: int
    row: Rows
    wants: Mapping[str, bool]
    reaches_permits: bool = False


class _Met(NamedTuple):
    """What some answers make a place meet: the rows that stand and can still tell."""

    rows: Rows = 0
    reaching_permits: Rows = 0


class _State(NamedTuple):
    """What some answers led to, for all that later answers can tell: equal states end alike.

    `need` and `stance` are those of the places that no later answer moves, and of all rows that
    are sure to apply. `failed` are the terms (by bit) that an answer took out while other
    questions of theirs are still to come.
    """

    need: int
    stance: int
    places: tuple[_Met, ...]
    failed: int


class _Step(NamedTuple):
    """A question and what its answer settles: (bit, term, whether this is its last question)."""

    key: str
    terms: tuple[tuple[int, _Term, bool], ...]
    closing: frozenset[int]
    """The places that no later question moves."""


class _Search:
    """Finds out whether a question matters, without trying every way of answering the others.

    It answers one question after the other, and takes ways of answering that lead to one `_State`
    as one. Questions that share no row thus cost the sum, and not the product, of their answers,
    also where the rows meet at one place. The result is exact. Whether rows can all be out is as
    hard as any puzzle of logic, so what remains can still grow with two to the power of: the
    questions of rows that share questions with each other, the rows that ask for or grant a
    permit at one place, and the places moved by questions that they share.
    """

    def __init__(self, book: Rulebook, reaches: tuple[_Reach, ...], keys: list[str]) -> None:
        self._book = book
        self._reaches = reaches
        # Ways are compared by the sum of these: first their number of yes, then the first keys.
        count = len(keys)
        self._weight = {
            key: (1 << count) - (1 << (count - 1 - rank)) for rank, key in enumerate(keys)
        }
        self._terms: list[_Term] = []
        places = [self._begin(place, reach) for place, reach in enumerate(reaches)]
        self._order = self._in_a_good_order()
        self._start = self._settle(
            _State(0, 0, tuple(places), 0),
            range(len(places)),
            closing=set(range(len(places))) - {term.place for term in self._terms},
        )

    def difference(self, key: str) -> Difference | None:
        """The same as `_difference` among all questions of the search."""
        first, *others = self._steps(key)
        ways = {(self._take(self._start, first, True), self._take(self._start, first, False)): 0}
        for step in others:
            found: dict[tuple[_State, _State], int] = {}
            for (if_yes, if_no), cost in ways.items():
                for said, weight in ((False, 0), (True, self._weight[step.key])):
                    way = self._take(if_yes, step, said), self._take(if_no, step, said)
                    if way[0] != way[1] and cost + weight < found.get(way, cost + weight + 1):
                        found[way] = cost + weight
            ways = found
        differing = [(cost, way) for way, cost in ways.items() if way[0] != way[1]]
        if not differing:
            return None
        cost, (if_yes, if_no) = min(differing)
        return (if_yes.need, if_yes.stance), (if_no.need, if_no.stance), self._answered_yes(cost)

    def _answered_yes(self, cost: int) -> tuple[str, ...]:
        """The questions that are yes in a way of that weight: no two ways weigh the same."""
        whole = 1 << len(self._weight)
        bits = -cost % whole
        return tuple(key for key, weight in self._weight.items() if bits & (whole - weight))

    def _begin(self, place: int, reach: _Reach) -> _Met:
        """Notes the terms of a place; what stands there already."""
        rows = reach.settled
        hanging: dict[Rows, Mapping[str, bool]] = {}
        for one, pairs in reach.pending:
            wants = self._live(pairs)
            if wants:
                hanging[one] = wants
                self._terms.append(_Term(place, one, wants))
            elif wants is not None:
                rows |= one
        reaching = 0
        for notice, key in reach.on_general_permits:
            asked = ((key, True),) if key else ()
            if notice in hanging or rows & notice:
                wants = self._live((*hanging.get(notice, {}).items(), *asked))
                if wants:
                    self._terms.append(_Term(place, notice, wants, reaches_permits=True))
                elif wants is not None:
                    reaching |= notice
        return _Met(rows, reaching)

    def _live(self, pairs: Iterable[tuple[str, bool]]) -> Mapping[str, bool] | None:
        """The answers wanted to questions of the search, the rest being no; None: impossible."""
        wants: dict[str, bool] = {}
        for key, wanted in pairs:
            if key not in self._weight:
                if wanted:
                    return None
            elif wants.setdefault(key, wanted) is not wanted:
                return None
        return wants

    def _in_a_good_order(self) -> list[str]:
        """The questions, each time the one that leaves the fewest rows and places half answered."""
        terms_of: dict[str, list[_Term]] = {}
        of_place: dict[int, set[str]] = {}
        for term in self._terms:
            of_place.setdefault(term.place, set()).update(term.wants)
            for key in term.wants:
                terms_of.setdefault(key, []).append(term)
        order: list[str] = []
        answered: set[str] = set()

        def half_answered_more(key: str) -> int:
            groups = [set(term.wants) for term in terms_of[key]]
            groups += [of_place[place] for place in {term.place for term in terms_of[key]}]
            after = answered | {key}
            return sum((not group <= after) - (not group.isdisjoint(answered)) for group in groups)

        waiting = sorted(terms_of)
        while waiting:
            key = min(waiting, key=half_answered_more)
            waiting.remove(key)
            order.append(key)
            answered.add(key)
        return order

    def _steps(self, key: str) -> list[_Step]:
        """All questions in the order in which they are answered, `key` first."""
        order = [key, *(other for other in self._order if other != key)]
        number = {one: index for index, one in enumerate(order)}
        terms: list[list[tuple[int, _Term, bool]]] = [[] for _ in order]
        last_of_place: dict[int, int] = {}
        for index, term in enumerate(self._terms):
            last = max(number[one] for one in term.wants)
            last_of_place[term.place] = max(last, last_of_place.get(term.place, 0))
            for one in term.wants:
                terms[number[one]].append((1 << index, term, number[one] == last))
        return [
            _Step(
                one,
                tuple(terms[index]),
                frozenset(place for place, last in last_of_place.items() if last == index),
            )
            for index, one in enumerate(order)
        ]

    def _take(self, state: _State, step: _Step, said: bool) -> _State:
        """Where an answer leads."""
        places, failed = list(state.places), state.failed
        for bit, term, is_last in step.terms:
            fails = bool(failed & bit) or term.wants[step.key] is not said
            if not is_last:
                failed |= bit if fails else 0
                continue
            failed &= ~bit
            if not fails:
                met = places[term.place]
                places[term.place] = _Met(
                    met.rows | term.row,
                    met.reaching_permits | (term.row if term.reaches_permits else 0),
                )
        return self._settle(
            _State(state.need, state.stance, tuple(places), failed),
            {term.place for _, term, _ in step.terms},
            step.closing,
        )

    def _settle(self, state: _State, moved: Iterable[int], closing: Collection[int]) -> _State:
        """The state with only what can still tell of the places that an answer moved."""
        need, stance, places = state.need, state.stance, list(state.places)
        for place in moved:
            met = places[place]
            found = _weighed(self._book, self._reaches[place], *met)
            stance = max(stance, found.stance)
            if place in closing:
                need = max(need, found.need)
                places[place] = _Met()
            else:
                places[place] = self._that_tell(met, found.matched, stance)
        return _State(need, stance, tuple(places), state.failed)

    def _that_tell(self, met: _Met, sure: Rows, stance: int) -> _Met:
        """What can still move the outcome; of rows that would move it alike, always the same."""
        book = self._book
        waiting = met.rows & ~sure & ~book.moving_the_requirement
        rank = _highest(book.of_stance, waiting)
        rows = met.rows & book.moving_the_requirement
        if rank > stance:
            rows |= _one(
                book.of_stance[rank] & book.on_controlled_goods & ~book.moving_the_requirement
            )
        notices = met.reaching_permits
        if notices:
            on_any_goods = book.strict_notices & ~book.on_controlled_goods
            alike = on_any_goods if notices & on_any_goods else book.strict_notices & ~on_any_goods
            notices = _one(alike)
        return _Met(rows, notices)


def _one(rows: Rows) -> Rows:
    """The first row of a set, as a set of one."""
    return rows & -rows
