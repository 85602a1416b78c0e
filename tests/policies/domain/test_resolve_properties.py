"""What must hold of every ruling, whatever the rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.choices import STANCE_RANK, Stance
from policies.domain.codes import parts
from policies.domain.queries import parse_query
from policies.domain.resolve import GENERAL_PERMIT, Ruling, resolve
from policies.domain.rulebook import Rulebook
from policies.facts import GoodsScope, LineFacts, ListMember, PolicyRow, Question, Scope, Span
from tests.policies import packaged
from tests.policies.domain.answers import (
    as_answer,
    engine_answer,
    packaged_rulebook,
    packaged_vocabulary,
)
from tests.policies.oracle import random_queries

ROWS = packaged.rows()
MEMBERS = packaged.members()
SETS = packaged.item_sets()
QUERIES = list(random_queries(7, 300, packaged.DATA))

queries = st.sampled_from(QUERIES)
stances = st.sampled_from(Stance.values[1:])


@given(queries)
def test_the_same_question_has_the_same_answer(query: dict[str, Any]) -> None:
    fresh = Rulebook(ROWS, MEMBERS, SETS)
    assert engine_answer(query, fresh) == engine_answer(query) == engine_answer(query, fresh)


@given(queries, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(query: dict[str, Any], chance: random.Random) -> None:
    rows, members = list(ROWS), list(MEMBERS)
    chance.shuffle(rows)
    chance.shuffle(members)
    assert engine_answer(query, Rulebook(rows, members, SETS)) == engine_answer(query)


@given(queries, st.randoms(use_true_random=False))
def test_the_order_of_items_and_other_places_does_not_matter(
    query: dict[str, Any], chance: random.Random
) -> None:
    turned = {**query, "items": list(query.get("items") or [])}
    turned["other_destinations"] = list(query.get("other_destinations") or [])
    chance.shuffle(turned["items"])
    chance.shuffle(turned["other_destinations"])
    assert engine_answer(turned) == engine_answer(query)


@given(queries, stances, st.booleans())
def test_adding_a_restrictive_row_never_makes_a_stance_less_strict(
    query: dict[str, Any], stance: str, reaches: bool
) -> None:
    added = PolicyRow(
        key="ZZ-added",
        layer="notice",
        scope=Scope(
            activities=frozenset({"export", "brokering"} if reaches else {"export"}),
            goods=GoodsScope("everything"),
            destinations=None if reaches else frozenset({"TR"}),
        ),
        stance=stance,
        spans=(Span(),),
    )
    before = engine_answer(query)
    after = engine_answer(query, Rulebook([*ROWS, added], MEMBERS, SETS))
    for name in ("stance", "stance_if_open"):
        assert STANCE_RANK[after[name]] >= STANCE_RANK[before[name]]
    if reaches:
        assert STANCE_RANK[after["stance"]] >= STANCE_RANK[stance]


@given(queries, st.data())
def test_ending_one_row_leaves_the_others(query: dict[str, Any], data: st.DataObject) -> None:
    answer = engine_answer(query)
    if not answer["matched"]:
        return
    ended = data.draw(st.sampled_from(answer["matched"]))
    if next(row for row in ROWS if row.key == ended).control:
        return
    rest = Rulebook([row for row in ROWS if row.key != ended], MEMBERS, SETS)
    assert set(engine_answer(query, rest)["matched"]) == set(answer["matched"]) - {ended}


@given(queries)
def test_answering_a_question_as_shown_leads_where_it_was_said_to_lead(
    query: dict[str, Any],
) -> None:
    """With one open question, its two outcomes are the rulings after each answer."""
    answer = engine_answer(query)
    if len(answer["needs_answer"]) != 1:
        return
    question = answer["needs_answer"][0]
    key = f"{question['policy']}:{question['code']}"
    for said in ("yes", "no"):
        told = {**query, "answers": {**(query.get("answers") or {}), key: said}}
        found = engine_answer(told)
        shown = question[f"if_{said}"]
        assert {name: found[name] for name in shown} == shown
        assert found["needs_answer"] == []


ASKED = {question.key for one in ROWS for question in one.questions}
OF_PERMITS = {f"{one.key}:{GENERAL_PERMIT}" for one in ROWS if one.layer == "notice"}


@given(queries)
def test_what_hangs_on_a_question_applies_once_it_is_answered_so(query: dict[str, Any]) -> None:
    """Also where that changes nothing; and with every answer yes, the outcome is what was said."""
    read, book = parse_query(query, packaged_vocabulary()), packaged_rulebook()

    def ruling(answers: dict[str, Any]) -> Ruling:
        facts = replace(read.facts, answers={**answers, **read.facts.answers})
        return resolve(facts, book, on=read.on, known_at=read.known_at)

    found = ruling({})
    all_yes = ruling(dict.fromkeys([*ASKED, *OF_PERMITS], "yes"))
    assert (all_yes.requirement, all_yes.stance) == (
        found.requirement_if_open,
        found.stance_if_open,
    )
    assert set(all_yes.matched) <= {*found.matched, *found.hanging}
    for key in found.hanging:
        its_own = ruling({one.key: one.applies_if for one in book.row[key].questions})
        assert key in its_own.matched


def test_a_row_hangs_on_a_question_that_changes_nothing() -> None:
    asks = (Question("B:asked", "yes"),)
    book = Rulebook(
        [
            row("A", "notice", stance="suspended"),
            row("B", "notice", stance="suspended", questions=asks),
            row("C", "notice", GoodsScope("listed"), stance="suspended", questions=asks),
        ]
    )
    found = resolve(LineFacts("export", "FR"), book, on=date(2030, 1, 1))
    assert (found.matched, found.hanging, found.needs_answer) == (("A",), ("B",), ())


@given(queries)
def test_a_further_place_never_makes_a_line_freer(query: dict[str, Any]) -> None:
    alone = engine_answer({**query, "other_destinations": []})
    through = engine_answer(
        {**query, "other_destinations": [{"role": "transit", "destination": "RU"}]}
    )
    assert STANCE_RANK[through["stance"]] >= STANCE_RANK[alone["stance"]]
    assert set(through["matched"]) >= set(alone["matched"])


@given(queries)
def test_an_instant_is_known_like_its_day_in_ottawa(query: dict[str, Any]) -> None:
    known_on = query.get("known_on")
    if known_on is None or len(known_on) > 10:
        return
    for instant in (f"{known_on}T05:00:00-04:00", f"{known_on}T12:00:00Z"):
        assert (
            engine_answer({**query, "known_on": instant})["matched"]
            == (engine_answer(query)["matched"])
        )


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    query = {"on": "2020-10-05", "activity": "export", "destination": "TR", "items": ["2-15.d"]}
    idle = {"HK-2020-07-03:sensitive": "yes", "NO-SUCH:question": "no"}
    assert engine_answer({**query, "answers": idle}) == engine_answer(query)


def test_many_open_questions_are_settled_in_good_time() -> None:
    """Fifty places that raise every question there is: still an exact answer, and soon."""
    everywhere = [
        "SY",
        "IR",
        "RU",
        "BY",
        "MM",
        "HK",
        "IL",
        "SA",
        "TR",
        "US",
        "FR",
        "DE",
        "JP",
        "UA",
    ]
    query = {
        "on": "2024-02-01",
        "activity": "brokering",
        "destination": "CN",
        "items": ["1-5.A.2", "7-2", "5205", "5504(2)(c)", "2-1"],
        "wmd_end_use": True,
        "other_destinations": [{"role": "transit", "destination": one} for one in everywhere],
    }
    for activity in ("export", "brokering"):
        for on in ("2015-08-01", "2020-01-01", "2024-02-01"):
            answer = engine_answer({**query, "activity": activity, "on": on})
            assert answer["stance"] in Stance.values


def test_two_rows_with_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="same key"):
        Rulebook([ROWS[0], ROWS[0]])


def test_a_control_row_on_controlled_goods_is_refused() -> None:
    control = next(row for row in ROWS if row.control == "ECL")
    circular = replace(control, scope=replace(control.scope, goods=GoodsScope("listed")))
    with pytest.raises(ValueError, match="cannot speak of controlled goods"):
        Rulebook([circular])


def test_a_change_belongs_to_the_new_version_on_its_own_day() -> None:
    """Rows made for this test, so that it holds for data not written yet."""
    first = date(2030, 5, 1)
    scope = Scope(frozenset({"export"}), GoodsScope("everything"), frozenset({"FR"}))
    book = Rulebook(
        [
            PolicyRow("A", "notice", scope, stance="suspended", spans=(Span(None, first),)),
            PolicyRow("B", "notice", scope, stance="prohibited", spans=(Span(first, None),)),
        ]
    )
    line = LineFacts(activity="export", destination="FR")
    found = [resolve(line, book, on=first + timedelta(days=offset)).stance for offset in (-1, 0, 1)]
    assert found == ["suspended", "prohibited", "prohibited"]


FOR_FRANCE = Scope(frozenset({"export"}), GoodsScope("everything"), frozenset({"FR"}))


def row(key: str, layer: str, goods: GoodsScope = FOR_FRANCE.goods, **more: Any) -> PolicyRow:
    """A row made for a test, always in force."""
    return PolicyRow(key, layer, replace(FOR_FRANCE, goods=goods), spans=(Span(),), **more)


def test_a_general_permit_does_not_cover_a_line_with_an_item_that_it_excludes() -> None:
    group_2 = row(
        "A", "statute", GoodsScope("items", ("2",)), requirement="individual_permit", control="ECL"
    )
    permit = row(
        "B",
        "general_permit",
        GoodsScope("items", ("2",), excluded=("2-4.a",)),
        requirement="general_permit",
        covers=frozenset({"A"}),
    )
    book = Rulebook([group_2, permit])
    found = {
        items: resolve(LineFacts("export", "FR", items=items), book, on=date(2030, 1, 1))
        for items in [("2-1",), ("2-1", "2-4"), ("2-1", "2-4.a.1")]
    }
    assert [one.requirement for one in found.values()] == [
        "general_permit",
        "general_permit",
        "individual_permit",
    ]
    assert book.items_named == {parts("2-4.a")}


@pytest.mark.parametrize(
    ("items", "requirement"), [(("2-1",), "individual_permit"), ((), "general_permit")]
)
def test_a_notice_on_controlled_goods_reaches_no_general_permit_for_others(
    items: tuple[str, ...], requirement: str
) -> None:
    book = Rulebook(
        [
            row("A", "country_list", requirement="individual_permit", control="ACL"),
            row("B", "statute", GoodsScope("items", ("2",)), control="ECL"),
            row("C", "notice", GoodsScope("listed"), stance="presumptive_denial"),
            row("D", "general_permit", requirement="general_permit", covers=frozenset({"A"})),
        ]
    )
    line = LineFacts("export", "FR", items=items, answers={"C:general_permit": "yes"})
    assert resolve(line, book, on=date(2030, 1, 1)).requirement == requirement


def test_a_destination_comes_onto_a_list_on_a_day_and_leaves_it_on_another() -> None:
    first, last = date(2030, 5, 1), date(2031, 5, 1)
    book = Rulebook(
        [],
        [ListMember("ACL", "FR", Span(first, last)), ListMember("AFCCL", "DE", Span(None, first))],
    )
    assert book.days_of_lists({"ACL"}) == {first, last}
    assert book.days_of_lists({"AFCCL"}) == {first}


@pytest.mark.parametrize("query", QUERIES[:50], ids=lambda one: one["id"])
def test_places_are_ruled_on_one_by_one_and_joined(query: dict[str, Any]) -> None:
    read = parse_query(query, packaged_vocabulary())
    book = packaged.rulebook()
    ruling = resolve(read.facts, book, on=read.on, known_at=read.known_at)
    assert as_answer(ruling)["matched"] == sorted(
        {key for place in ruling.places for key in place.matched}
    )
    assert STANCE_RANK[ruling.stance] == max(STANCE_RANK[one.stance] for one in ruling.places)
