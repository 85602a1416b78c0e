"""The most restrictive stance of a group by destination: what colours it, and what is beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from policies.choices import STANCE_RANK
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register
from policies.domain.resolve import resolve
from policies.domain.strictest import Part, PartKind, Strictest, listings_by_destination, strictest
from policies.domain.timeline import GROUPS, items_of_group
from policies.facts import LineFacts, Span
from tests.policies import packaged

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]
DAYS = [date(2019, 8, 31), date(2020, 10, 5), date(2022, 3, 1), date(2024, 1, 29)]


@pytest.fixture
def register() -> Register:
    return current_register()


def at(
    register: Register,
    destination: str,
    on: str,
    *,
    known_on: str = "",
    activity: str = "export",
    group: str = "2",
) -> Strictest:
    known_at = end_of_day(date.fromisoformat(known_on)) if known_on else None
    found = strictest(register, activity, group, on=date.fromisoformat(on), known_at=known_at)
    (one,) = [one for one in found if one.destination == destination]
    return one


# Known days


@pytest.mark.parametrize(
    ("on", "stance", "policies"),
    [
        ("2019-10-10", "case_by_case", ()),
        ("2019-10-11", "suspended", ("TR-2019-10-11-freeze",)),
        ("2020-10-04", "presumptive_denial", ("TR-2020-04-16-presumptive",)),
        # What happened on 5 October 2020 was done to permits: the stance on new ones stayed.
        ("2020-10-05", "presumptive_denial", ("TR-2020-04-16-presumptive",)),
        ("2024-01-28", "presumptive_denial", ("TR-2020-04-16-presumptive",)),
        ("2024-01-29", "case_by_case", ("TR-2024-01-29-end",)),
    ],
)
def test_drone_optics_to_turkiye(
    register: Register, on: str, stance: str, policies: tuple[str, ...]
) -> None:
    found = at(register, "TR", on)
    assert (found.stance, found.policies, found.parts) == (stance, policies, ())


def test_an_open_question_is_taken_as_no_and_named_as_a_part(register: Register) -> None:
    """Notice 992 names export: whether it reaches brokering is asked."""
    found = at(register, "TR", "2020-10-05", activity="brokering")
    assert found.stance == "suspended"
    assert found.policies == ("TR-2020-04-16-freeze-brokering",)
    assert found.parts == (
        Part(
            PartKind.USE,
            "presumptive_denial",
            ("TR-2020-04-16-presumptive-brokering",),
            asks=True,
        ),
    )


def test_russia_is_restricted_by_use_then_whole(register: Register) -> None:
    asked = at(register, "RU", "2020-10-05")
    assert asked.stance == "case_by_case"
    assert asked.kinds == (PartKind.USE, PartKind.PERSON)
    assert [part.stance for part in asked.parts] == ["suspended", "prohibited"]
    stopped = at(register, "RU", "2022-02-24")
    assert (stopped.stance, stopped.policies) == ("suspended", ("RU-2022-02-24-stop",))
    arms = at(register, "RU", "2023-07-19")
    assert (arms.stance, arms.policies, arms.parts) == ("prohibited", ("RU-2023-07-19-arms",), ())
    assert at(register, "RU", "2023-07-19", group="1").stance == "suspended"


def test_what_was_not_known_yet_does_not_count(register: Register) -> None:
    """The freeze of 11 October 2019 was learned on the 15th."""
    assert at(register, "TR", "2019-10-12", known_on="2019-10-14").stance == "case_by_case"
    assert at(register, "TR", "2019-10-12", known_on="2019-10-15").stance == "suspended"


def test_a_sub_region_is_a_part(register: Register) -> None:
    before, after = at(register, "UA", "2022-02-23"), at(register, "UA", "2022-09-29")
    assert before.stance == after.stance == "case_by_case"
    assert [part.region for part in before.parts if part.region] == ["UA-CRIMEA"]
    assert [part.region for part in after.parts if part.region] == [
        "UA-CRIMEA",
        "UA-DNR-LNR",
        "UA-OCC",
    ]
    assert {part.stance for part in after.parts} == {"prohibited"}


def test_a_row_on_some_items_colours_the_group_and_says_what_the_rest_meets(
    register: Register,
) -> None:
    found = at(register, "IR", "2020-10-05")
    assert (found.stance, found.rest) == ("prohibited", "case_by_case")
    assert found.policies == ("IR-2016-02-05-items",)
    assert at(register, "KP", "2020-10-05").rest == ""


def test_before_it_was_controlled_brokering_is_free(register: Register) -> None:
    assert at(register, "DE", "2019-08-31", activity="brokering").shade.free == "not_controlled"
    assert at(register, "DE", "2019-09-01", activity="brokering").shade.free == ""


# Persons


def test_listed_persons_are_named_where_their_measures_belong(register: Register) -> None:
    found = listings_by_destination(register, date(2020, 10, 5))
    assert found["VE"] == ("VE-listing",)
    assert "CN" not in found
    assert "CN" in listings_by_destination(register, date(2021, 3, 21))
    assert "" not in found, "each row of the data begins with the code of a destination"
    person = Part(PartKind.PERSON, "prohibited", ("VE-listing",))
    assert at(register, "VE", "2020-10-05").parts == (person,)
    assert at(register, "CO", "2020-10-05").parts == ()


def test_a_part_that_changes_nothing_is_not_named(register: Register) -> None:
    """North Korea is prohibited for everybody: its listed persons add nothing."""
    assert "KP" in listings_by_destination(register, date(2020, 10, 5))
    assert at(register, "KP", "2020-10-05").parts == ()


@pytest.mark.parametrize(
    ("narrower", "kind"),
    [
        ({"wmd_end_use": True}, PartKind.USE),
        ({"end_user_kinds": ["government"]}, PartKind.USE),
        ({"designated": True}, PartKind.PERSON),
        ({"end_user_kinds": ["government"], "wmd_end_use": True}, PartKind.USE),
        ({"designated": True, "wmd_end_use": True}, PartKind.PERSON),
    ],
    ids=str,
)
@pytest.mark.parametrize("asks", [False, True])
def test_each_narrower_row_is_a_part(
    register: Register, narrower: dict[str, Any], kind: PartKind, asks: bool
) -> None:
    """Also one that names its destination under a key that does not begin with its code."""
    question = {"code": "asked", "en": "Is it so?", "fr": "Est-ce le cas ?"}
    added = packaged.row(
        {
            "key": "Z-narrow",
            "layer": "notice",
            "scope": {
                "activities": ["export"],
                "destinations": ["DE"],
                "goods": {"kind": "everything"},
                **narrower,
            },
            "effect": {"stance": "policy_of_denial"},
            "questions": [question] * asks,
            "exceptions": [],
            "versions": [],
        }
    )
    with_it = _with_rows(register, replace(added, spans=(Span(),)))
    found = at(with_it, "DE", "2020-10-05")
    assert found.stance == "case_by_case"
    assert found.parts == (Part(kind, "policy_of_denial", ("Z-narrow",), asks=asks),)
    assert at(with_it, "FR", "2020-10-05").parts == ()


def test_a_use_in_one_region_is_a_part_of_that_region(register: Register) -> None:
    row = register.rulebook.row["UA-2015-06-29-Crimea"]
    scope = replace(row.scope, sub_regions=frozenset({"UA-DNR-LNR"}), wmd_end_use=True)
    added = replace(row, key="Z-narrow", scope=scope, spans=(Span(),))
    parts = at(_with_rows(register, added), "UA", "2020-10-05").parts
    assert [(one.kind, one.region) for one in parts if "Z-narrow" in one.policies] == [
        (PartKind.USE, "UA-DNR-LNR")
    ]


def _with_rows(register: Register, *more: Any) -> Register:
    rulebook = type(register.rulebook)(
        [*register.rulebook.rows, *more], packaged.members(), packaged.item_sets()
    )
    return replace(register, rulebook=rulebook)


# What holds of every day


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("on", DAYS, ids=str)
def test_it_is_the_strictest_that_the_engine_finds_for_any_item_alone(
    register: Register, group: str, on: date
) -> None:
    items = items_of_group(register, group)
    for activity in ("export", "brokering"):
        for one in strictest(register, activity, group, on=on):
            alone = [
                resolve(
                    LineFacts(activity=activity, destination=one.destination, items=(item,)),
                    register.rulebook,
                    on=on,
                ).stance
                for item in items
            ]
            assert one.stance == max(alone, key=STANCE_RANK.__getitem__), one.destination


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_every_destination_is_there_once_and_its_rows_have_its_stance(
    register: Register, on: date
) -> None:
    found = strictest(register, "export", "2", on=on)
    assert [one.destination for one in found] == sorted(register.destinations)
    for one in found:
        stances = {register.rulebook.row[key].stance for key in one.policies}
        assert stances <= {one.stance}
        assert bool(one.policies) or one.stance == "case_by_case"


def test_it_asks_no_query(register: Register, django_assert_num_queries: Queries) -> None:
    with django_assert_num_queries(0):
        strictest(register, "export", "2", on=date(2020, 10, 5))
