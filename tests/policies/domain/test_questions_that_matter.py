"""Which open questions matter: the search against trying every way of answering them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.choices import Stance
from policies.domain import resolve as engine
from policies.domain.queries import parse_query
from policies.domain.resolve import OpenQuestion, Ruling, resolve
from policies.domain.rulebook import Rulebook
from policies.facts import GoodsScope, LineFacts, OtherPlace, PolicyRow, Question, Scope, Span
from tests.policies import packaged
from tests.policies.domain.answers import packaged_vocabulary
from tests.policies.oracle import random_queries

TODAY = date(2024, 2, 1)
LINE = LineFacts(activity="export", destination="FR", items=("2-1",))


def every_outcome(
    facts: LineFacts, book: Rulebook, on: date
) -> tuple[list[str], dict[frozenset[str], tuple[int, int]]]:
    """The open questions, and where each way of answering leads, fewest yes answers first."""
    reaches = engine._reaches(facts, book, on, None)
    keys = sorted(set(engine._open_keys(reaches)))

    def outcome(yes: frozenset[str]) -> tuple[int, int]:
        places = [engine._place_outcome(book, reach, yes) for reach in reaches]
        return max(place.need for place in places), max(place.stance for place in places)

    return keys, {
        frozenset(way): outcome(frozenset(way))
        for size in range(len(keys) + 1)
        for way in combinations(keys, size)
    }


def by_brute_force(facts: LineFacts, book: Rulebook, on: date) -> tuple[OpenQuestion, ...]:
    keys, known = every_outcome(facts, book, on)

    def that_matter() -> Iterator[OpenQuestion]:
        for key in keys:
            others = [other for other in keys if other != key]
            ways = (way for size in range(len(keys)) for way in combinations(others, size))
            for way in map(frozenset, ways):
                if_yes, if_no = known[way | {key}], known[way]
                if if_yes != if_no:
                    policy, code = key.rsplit(":", 1)
                    meant = engine._in_words(if_yes), engine._in_words(if_no)
                    yield OpenQuestion(policy, code, *meant, tuple(sorted(way)))
                    break

    return tuple(sorted(that_matter()))


# Rulebooks with all that makes questions meet: rows that share questions or want a no, rows on
# controlled goods, general permits and what they cover, notices that reach them, further places.

ASKED = [Question(policy, code) for policy in ("P", "Q", "R") for code in ("a", "b")]


@st.composite
def rows(draw: st.DrawFn, number: int) -> PolicyRow:
    kind = draw(st.sampled_from(["notice", "notice", "listed", "control", "area", "permit"]))
    asked = draw(st.lists(st.sampled_from(ASKED), max_size=3, unique_by=lambda one: one.key))
    destinations = draw(st.sampled_from([None, None, frozenset({"FR"}), frozenset({"DE", "IT"})]))
    goods = GoodsScope("everything")
    more: dict[str, Any] = {"stance": draw(st.sampled_from(Stance.values))}
    if kind == "listed":
        goods = GoodsScope("listed")
    elif kind in ("control", "area"):
        goods = GoodsScope("items", (draw(st.sampled_from(["2-1", "2", "5"])),))
        need = draw(st.sampled_from(["individual_permit", "no_permit_required"]))
        more = {"requirement": need, "control": "ECL" if kind == "control" else "ACL"}
        if draw(st.booleans()):
            goods = GoodsScope("everything")
    elif kind == "permit":
        covers = draw(st.frozensets(st.sampled_from([f"{one:02}" for one in range(9)])))
        more = {"requirement": "general_permit", "covers": covers}
    return PolicyRow(
        key=f"{number:02}",
        layer="general_permit" if kind == "permit" else "notice",
        scope=Scope(frozenset({"export"}), goods, destinations),
        questions=tuple(
            Question(one.policy, one.code, draw(st.sampled_from(["yes", "yes", "no"])))
            for one in asked
        ),
        spans=(Span(),),
        **more,
    )


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    return Rulebook([draw(rows(number)) for number in range(draw(st.integers(1, 9)))])


lines = st.builds(
    LineFacts,
    activity=st.just("export"),
    destination=st.sampled_from(["FR", "DE"]),
    items=st.sampled_from([("2-1",), ("2-1", "5-1"), ()]),
    other_destinations=st.sampled_from(
        [(), (OtherPlace("transit", "IT"),), (OtherPlace("transit", "FR"), OtherPlace("", "JP"))]
    ),
)


@pytest.mark.parametrize("few", [engine._FEW, 0])
@settings(max_examples=400)
@given(facts=lines, book=rulebooks())
def test_the_search_finds_what_trying_every_way_finds(
    facts: LineFacts, book: Rulebook, few: int
) -> None:
    """Also where the engine would not search: small rulebooks hold most of what can go wrong."""
    assume(len(set(engine._open_keys(engine._reaches(facts, book, TODAY, None)))) <= 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_FEW", few)
        found = resolve(facts, book, on=TODAY).needs_answer
    assert found == by_brute_force(facts, book, TODAY)


def test_the_search_finds_what_trying_every_way_finds_on_the_packaged_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_FEW", 0)
    book, vocabulary = packaged.rulebook(), packaged_vocabulary()
    raising = 0
    for query in random_queries(41, 2_000, packaged.DATA):
        read = parse_query({**query, "known_on": None}, vocabulary)
        found = resolve(read.facts, book, on=read.on)
        assert found.needs_answer == by_brute_force(read.facts, book, read.on), query
        _keys, ways = every_outcome(read.facts, book, read.on)
        assert found.least_stance == Stance.values[min(stance for _need, stance in ways.values())]
        raising += bool(found.needs_answer)
    assert raising > 100


# The work done is counted, not timed.


def separate_rows(number: int, **more: Any) -> list[PolicyRow]:
    """Notices of every stance in turn, each with a question of its own."""
    return [
        PolicyRow(
            f"N-{index:02}",
            "notice",
            Scope(frozenset({"export"}), GoodsScope("everything"), **more),
            stance=Stance.values[1 + index % 4],
            questions=(Question(f"N-{index:02}", "asked"),),
            spans=(Span(),),
        )
        for index in range(number)
    ]


def counted(
    facts: LineFacts, rows: list[PolicyRow], monkeypatch: pytest.MonkeyPatch
) -> tuple[Ruling, int]:
    """The ruling, and how often a place was weighed for it."""
    weighed = 0
    weigh = engine._weighed

    def count(*given: Any) -> Any:
        nonlocal weighed
        weighed += 1
        assert weighed <= 100_000, "the work grows out of hand"
        return weigh(*given)

    monkeypatch.setattr(engine, "_weighed", count)
    ruling = resolve(facts, Rulebook(rows), on=TODAY)
    return ruling, weighed


CONTROL = PolicyRow(
    "ECL",
    "regulation",
    Scope(frozenset({"export"}), GoodsScope("items", ("2-1",))),
    requirement="individual_permit",
    control="ECL",
    spans=(Span(),),
)
PERMIT = PolicyRow(
    "GEP",
    "general_permit",
    Scope(frozenset({"export"}), GoodsScope("items", ("2-1",))),
    requirement="general_permit",
    covers=frozenset({"ECL"}),
    spans=(Span(),),
)


def test_two_dozen_questions_on_separate_rows_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    ruling, weighed = counted(LINE, separate_rows(24), monkeypatch)
    assert len(ruling.needs_answer) == 24
    assert weighed < 20_000


def test_they_cost_little_too_where_each_reaches_use_of_a_general_permit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ruling, weighed = counted(LINE, [CONTROL, PERMIT, *separate_rows(24)], monkeypatch)
    assert len(ruling.needs_answer) == 48
    assert weighed < 100_000


@pytest.mark.parametrize(("unless", "that_matter"), [("yes", 16), ("neither", 0)])
def test_they_cost_little_too_where_one_row_takes_all_meaning_from_them(
    monkeypatch: pytest.MonkeyPatch, unless: str, that_matter: int
) -> None:
    """A question that does not matter is the dear one: no way of answering shows that it does."""
    first, *others = [row for row in separate_rows(30) if row.stance != "prohibited"]
    question = first.questions[0]
    strictest = [
        replace(
            first,
            key=f"Z-{answer}",
            stance="prohibited",
            questions=(replace(question, applies_if=answer),),
        )
        for answer in ("yes", "no")
        if answer != unless
    ]
    ruling, weighed = counted(LINE, [*strictest, first, *others], monkeypatch)
    assert len(ruling.needs_answer) == that_matter
    assert weighed < 20_000


def test_they_cost_little_too_at_separate_places(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWX"]
    rows = [
        PolicyRow(
            row.key,
            row.layer,
            Scope(frozenset({"export"}), GoodsScope("everything"), frozenset({code})),
            row.stance,
            questions=row.questions,
            spans=row.spans,
        )
        for row, code in zip(separate_rows(24), codes, strict=True)
    ]
    through = tuple(OtherPlace("transit", code) for code in codes)
    facts = LineFacts("export", "FR", items=("2-1",), other_destinations=through)
    ruling, weighed = counted(facts, [CONTROL, PERMIT, *rows], monkeypatch)
    assert len(ruling.needs_answer) == 48
    assert weighed < 100_000
