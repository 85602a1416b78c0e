"""Bad input names its field."""

from __future__ import annotations

from typing import Any

import pytest

from policies.domain.queries import BadQuery, parse_query
from tests.policies.domain.answers import packaged_vocabulary

GOOD: dict[str, Any] = {
    "id": 1,
    "on": "2020-10-05",
    "activity": "export",
    "destination": "TR",
    "items": ["2-15.d"],
}


def test_missing_optional_fields_have_their_defaults() -> None:
    facts = parse_query(GOOD, packaged_vocabulary()).facts
    assert (facts.end_user, facts.eipa_4_1, facts.wmd_end_use) == ("private", False, False)
    assert facts.related_material is None
    assert facts.war_material is None
    assert (facts.answers, facts.exceptions, facts.other_destinations) == ({}, frozenset(), ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on": None}, "on"),
        ({"on": "2020-02-30"}, "on"),
        ({"on": "20201005"}, "on"),
        ({"on": "2020-10-5"}, "on"),
        ({"on": 20201005}, "on"),
        ({"on": "2020-10-05T00:00:00"}, "on"),
        ({"known_on": "yesterday"}, "known_on"),
        ({"known_on": "2020-10-05T00:00:00"}, "known_on"),
        ({"known_on": "0001-01-01T00:00:00+14:00"}, "known_on"),
        ({"known_on": "0001-01-01T00:00:00Z"}, "known_on"),
        ({"known_on": "9999-12-31T23:59:59-12:00"}, "known_on"),
        ({"known_on": 5}, "known_on"),
        ({"activity": None}, "activity"),
        ({"activity": "Export"}, "activity"),
        ({"activity": ["export"]}, "activity"),
        ({"destination": None}, "destination"),
        ({"destination": "tr"}, "destination"),
        ({"destination": "ZZ"}, "destination"),
        ({"destination": ["TR"]}, "destination"),
        ({"sub_region": "UA-CRIMEA"}, "sub_region"),
        ({"sub_region": "TR-1"}, "sub_region"),
        ({"items": "2-15.d"}, "items"),
        ({"items": [""]}, "items[0]"),
        ({"items": ["2-1", "abc"]}, "items[1]"),
        ({"items": ["2-1", None]}, "items[1]"),
        ({"items": ["2-1"] * 101}, "items"),
        ({"items": ["2-1" + ")" * 100_000 + "x"]}, "items[0]"),
        ({"items": ["2-1" + ".a" * 100]}, "items[0]"),
        ({"goods": 1}, "goods"),
        ({"goods": "x" * 10_001}, "goods"),
        ({"related_material": "yes"}, "related_material"),
        ({"war_material": 1}, "war_material"),
        ({"eipa_4_1": "true"}, "eipa_4_1"),
        ({"wmd_end_use": 0}, "wmd_end_use"),
        ({"end_user": "army"}, "end_user"),
        ({"designated_under": "RU-listing"}, "designated_under"),
        ({"designated_under": ["RU-Listing"]}, "designated_under[0]"),
        ({"other_destinations": {"role": "transit", "destination": "FR"}}, "other_destinations"),
        ({"other_destinations": ["FR"]}, "other_destinations[0]"),
        ({"other_destinations": [{"role": "transit"}]}, "other_destinations[0]"),
        (
            {"other_destinations": [{"role": "via", "destination": "FR"}]},
            "other_destinations[0].role",
        ),
        (
            {"other_destinations": [{"role": "transit", "destination": "XX"}]},
            "other_destinations[0].destination",
        ),
        ({"answers": ["yes"]}, "answers"),
        ({"answers": {"GEP41:schedule": True}}, "answers.GEP41:schedule"),
        ({"answers": {"GEP41:schedule": ["yes"]}}, "answers.GEP41:schedule"),
        ({"exceptions": {"policy": "A", "code": "b"}}, "exceptions"),
        ({"exceptions": [{"policy": "A"}]}, "exceptions[0]"),
        ({"exceptions": [{"policy": "A", "code": 1}]}, "exceptions[0]"),
        ({"wmd_enduse": True}, "wmd_enduse"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadQuery) as raised:
        parse_query({**GOOD, **change}, packaged_vocabulary())
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: ")


@pytest.mark.parametrize("query", [None, 1, "text", [GOOD], True])
def test_what_is_not_an_object_is_refused(query: object) -> None:
    with pytest.raises(BadQuery) as raised:
        parse_query(query, packaged_vocabulary())
    assert raised.value.field == "query"
