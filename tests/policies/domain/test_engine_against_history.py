"""The engine against the history of 276 situations and against an independent resolver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.policies import packaged
from tests.policies.domain.answers import engine_answer
from tests.policies.oracle import Oracle, random_queries

SITUATIONS = json.loads((Path(__file__).parents[1] / "situations.json").read_text(encoding="utf-8"))


def normal(name: str, expected: Any) -> Any:
    """An expectation in the engine's order."""
    if name in ("governing", "matched", "not_applied"):
        return sorted(expected)
    if name == "needs_answer":
        return sorted(expected, key=lambda one: (one["policy"], one["code"]))
    return expected


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one["query"]["id"])
def test_a_situation_of_the_history_is_answered_right(situation: dict[str, Any]) -> None:
    answer = engine_answer(situation["query"])
    expected = {name: normal(name, value) for name, value in situation["expect"].items()}
    assert {name: answer[name] for name in expected} == expected, situation["name"]


def test_random_lines_are_answered_as_an_independent_resolver_answers_them() -> None:
    oracle = Oracle(packaged.DATA)
    for query in random_queries(20261123, 1500, packaged.DATA):
        expected = oracle.resolve(query)
        assert engine_answer(query) == {name: normal(name, expected[name]) for name in expected}, (
            json.dumps(query)
        )


def test_every_boundary_is_answered_right_the_day_before_that_day_and_the_day_after() -> None:
    """All days on which anything in the data changes, for the rows that change, both activities."""
    oracle = Oracle(packaged.DATA)
    reached: set[str] = set()
    for query in packaged.boundary_queries():
        reached.update(engine_answer(query)["matched"])
        expected = oracle.resolve(query)
        assert engine_answer(query) == {name: normal(name, expected[name]) for name in expected}, (
            json.dumps(query)
        )
    assert reached == {policy["key"] for policy in packaged.read("policies.json")["policies"]}
