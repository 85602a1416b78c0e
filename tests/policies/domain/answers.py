"""The engine's answers in the form of the independent oracle, to compare them."""

from __future__ import annotations

from functools import cache
from typing import Any

from policies.domain.queries import Vocabulary, parse_query
from policies.domain.resolve import Ruling, resolve
from policies.domain.rulebook import Rulebook
from tests.policies import packaged


@cache
def packaged_rulebook() -> Rulebook:
    return packaged.rulebook()


@cache
def packaged_vocabulary() -> Vocabulary:
    policies = packaged.read("policies.json")
    return Vocabulary(
        destinations={one["code"] for one in packaged.read("destinations.json")["destinations"]},
        sub_regions={code: one["country"] for code, one in policies["sub_regions"].items()},
        policies={policy["key"] for policy in policies["policies"]},
    )


def engine_answer(query: dict[str, Any], book: Rulebook | None = None) -> dict[str, Any]:
    read = parse_query(query, packaged_vocabulary())
    return as_answer(
        resolve(read.facts, book or packaged_rulebook(), on=read.on, known_at=read.known_at)
    )


def as_answer(ruling: Ruling) -> dict[str, Any]:
    return {
        "requirement": ruling.requirement,
        "stance": ruling.stance,
        "stance_if_open": ruling.stance_if_open,
        "governing": list(ruling.governing),
        "matched": list(ruling.matched),
        "not_applied": sorted({one.policy for one in ruling.not_applied}),
        "needs_answer": [
            {
                "policy": one.policy,
                "code": one.code,
                "if_yes": one.if_yes._asdict(),
                "if_no": one.if_no._asdict(),
            }
            for one in sorted(ruling.needs_answer, key=lambda one: (one.policy, one.code))
        ],
        "exceptions_open": [
            {"policy": policy, "code": code} for policy, code in sorted(ruling.exceptions_open)
        ],
    }
