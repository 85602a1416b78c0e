"""What changed between two days: rows, lists, acts, and the stances that follow."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from policies.domain.changes import Changes, Place, StanceChange, changes_between
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register
from policies.domain.resolve import resolve
from policies.domain.rulebook import Rulebook
from policies.domain.timeline import Shade, items_of_group
from policies.facts import GoodsScope, LineFacts, ListMember, PolicyRow, Scope, Span

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]


@pytest.fixture
def register() -> Register:
    return current_register()


def between(register: Register, first: str, last: str, known_on: str = "") -> Changes:
    known_at = end_of_day(date.fromisoformat(known_on)) if known_on else None
    return changes_between(register, date.fromisoformat(first), date.fromisoformat(last), known_at)


def stances_of(found: Changes, destination: str) -> list[StanceChange]:
    return [one for one in found.stances if Place(destination) in one.places]


def test_on_5_october_2020_permits_were_suspended_and_no_stance_changed(
    register: Register,
) -> None:
    found = between(register, "2020-10-04", "2020-10-05")
    assert [act.key for act in found.acts] == ["TR-2020-10-05-suspension"]
    assert (found.stances, found.rows, found.lists) == ((), (), ())
    # An act of the first day is before.
    assert between(register, "2020-10-05", "2020-10-06").acts == ()


def test_a_version_that_begins_where_another_ends_leaves_a_row_in_force(
    register: Register,
) -> None:
    """Rows made for this test. What ends without another ends; what begins without one begins."""
    middle = date(2030, 5, 1)
    scope = Scope(frozenset({"export"}), GoodsScope("everything"), frozenset({"FR"}))
    spans = {
        "A": (Span(None, middle), Span(middle, None)),
        "B": (Span(None, middle),),
        "C": (Span(middle, None),),
    }
    rows = [
        PolicyRow(key, "notice", scope, stance="suspended", spans=own) for key, own in spans.items()
    ]
    known = Span(middle, None, end_of_day(date(2030, 6, 1)), None)
    book = Rulebook(rows, [ListMember("ACL", "FR", known)])
    made = replace(register, rulebook=book)
    found = between(made, "2030-04-30", "2030-05-01")
    assert [(one.policy, one.begins) for one in found.rows] == [("B", False), ("C", True)]
    assert [(one.list, one.destinations) for one in found.lists] == [("ACL", ("FR",))]
    # Nobody knew of the list yet.
    assert between(made, "2030-04-30", "2030-05-01", known_on="2030-05-15").lists == ()


def test_on_29_january_2024_turkiye_returned_to_case_by_case(register: Register) -> None:
    found = between(register, "2024-01-28", "2024-01-29")
    assert {(one.policy, one.begins) for one in found.rows} == {
        ("TR-2024-01-29-end", True),
        ("TR-2020-04-16-casebycase", False),
        ("TR-2020-04-16-presumptive", False),
        ("TR-2020-04-16-presumptive-brokering", False),
        ("TR-2020-04-16-freeze-brokering", False),
    }
    assert found.acts == ()
    case_by_case = Shade("case_by_case", "case_by_case", "")
    assert found.stances == (
        StanceChange(
            "export",
            ("2",),
            Shade("presumptive_denial", "presumptive_denial", ""),
            case_by_case,
            (Place("TR"),),
        ),
        StanceChange(
            "brokering",
            ("2",),
            Shade("suspended", "presumptive_denial", ""),
            case_by_case,
            (Place("TR"),),
        ),
        StanceChange(
            "brokering",
            ("9",),
            Shade("suspended", "case_by_case", ""),
            case_by_case,
            (Place("TR"),),
        ),
    )


def test_the_first_day_is_before_and_the_last_one_counts(register: Register) -> None:
    freeze = "TR-2019-10-11-freeze"
    for first, last, told in (
        ("2019-10-10", "2019-10-11", True),
        ("2019-10-11", "2019-10-12", False),
        ("2019-10-10", "2019-10-10", False),
    ):
        rows = between(register, first, last).rows
        assert (freeze in [one.policy for one in rows]) is told, (first, last)


def test_what_was_not_known_yet_is_no_change(register: Register) -> None:
    """The freeze of 11 October 2019 was learned on the 15th; its end on 16 April 2020."""
    days = ("2019-10-01", "2020-05-01")
    assert between(register, *days, known_on="2019-10-14").rows == ()
    assert stances_of(between(register, *days, known_on="2019-10-14"), "TR") == []
    then = between(register, *days, known_on="2019-10-15").rows
    assert {(one.policy, one.begins) for one in then} == {
        ("TR-2019-10-11-freeze", True),
        ("TR-2019-10-11-freeze-brokering", True),
    }
    now = {(one.policy, one.begins) for one in between(register, *days).rows}
    assert ("TR-2019-10-11-freeze", False) in now
    act = "IL-2024-summer-suspend"
    for known_on, told in (("2024-09-09", False), ("2024-09-10", True)):
        acts = between(register, "2024-06-01", "2024-08-01", known_on=known_on).acts
        assert (act in [one.key for one in acts]) is told


def test_the_end_of_an_exception_is_told_while_its_policy_is_in_force(register: Register) -> None:
    key, days = "UA-2022-09-29-occupied", ("2022-10-28", "2022-10-29")
    found = between(register, *days)
    assert [(one.on, one.policy) for one in found.exceptions] == [(date(2022, 10, 29), key)]
    assert found.rows == ()
    assert between(register, "2022-10-29", "2022-10-30").exceptions == ()
    assert between(register, *days, known_on="2022-09-01").exceptions == ()
    row = register.rulebook.row[key]
    that_day = date(2022, 10, 29)
    for span in (Span(effective_to=that_day), Span(effective_from=that_day)):
        other = replace(register, rulebook=Rulebook([replace(row, spans=(span,))]))
        assert between(other, *days).exceptions == ()


def test_a_region_is_told_apart_from_its_country(register: Register) -> None:
    found = between(register, "2022-02-23", "2022-02-24")
    assert stances_of(found, "UA") == []
    places = {place for one in found.stances for place in one.places}
    assert Place("UA", "UA-DNR-LNR") in places
    assert Place("UA", "UA-CRIMEA") not in places


def test_a_region_that_changes_with_its_country_is_not_told_twice(register: Register) -> None:
    """On 1 September 2019 brokering came to be controlled everywhere."""
    found = between(register, "2019-08-31", "2019-09-01")
    places = [place for one in found.stances for place in one.places]
    assert Place("UA") in places
    assert Place("UA", "UA-DNR-LNR") not in places


def test_destinations_that_came_onto_a_list_together_are_told_together(
    register: Register,
) -> None:
    (found,) = between(register, "2020-10-13", "2020-10-14").lists
    assert (found.on, found.list, found.begins) == (date(2020, 10, 14), "AFCCL", True)
    assert found.destinations == ("AT", "CH", "IE", "JP")


def test_every_change_of_a_stance_is_one_for_the_engine(register: Register) -> None:
    first, last = date(2018, 1, 1), date(2024, 6, 1)
    for one in changes_between(register, first, last).stances:
        for group in one.groups:
            for place in one.places:
                line = LineFacts(
                    activity=one.activity,
                    destination=place.destination,
                    sub_region=place.region or None,
                    items=items_of_group(register, group),
                )
                before, after = (
                    Shade.of(resolve(line, register.rulebook, on=day)) for day in (first, last)
                )
                assert (before, after) == (one.before, one.after)
                assert before != after


def test_it_asks_one_query_for_few_changes_and_for_many(
    register: Register, django_assert_num_queries: Queries
) -> None:
    for first in (date(2024, 1, 28), date(1990, 1, 1)):
        with django_assert_num_queries(1):
            changes_between(register, first, date(2026, 1, 1))
