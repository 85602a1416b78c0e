"""Rows of policies, and of the permit acts and context that are cited beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.choices import Answer
from policies.domain.reference import files
from policies.domain.reference.days import day, start_of
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row

Json = Mapping[str, Any]


def policies(found: Files) -> Iterator[Row]:
    for row in found[files.POLICIES]["policies"]:
        effect, instrument, existing = row["effect"], row["instrument"], row["existing_permits"]
        yield Row(
            files.POLICIES,
            row["key"],
            {
                "key": row["key"],
                "layer": row["layer"],
                "replaces": row.get("replaces"),
                "scope": row["scope"],
                "stance": effect.get("stance", ""),
                "requirement": effect.get("requirement", ""),
                "control": effect.get("control", ""),
                "covers": effect.get("covers", []),
                "title_en": row["title_en"],
                "title_fr": row["title_fr"],
                "instrument_en": instrument["title_en"],
                "instrument_fr": instrument["title_fr"],
                "citation_en": instrument["citation_en"] or "",
                "citation_fr": instrument["citation_fr"] or "",
                "section": instrument["section"] or "",
                "url": instrument["url"] or "",
                "existing_permits": existing["action"],
                "existing_permits_en": existing["en"],
                "existing_permits_fr": existing["fr"],
                **_cited(found, row),
            },
        )


def _cited(found: Files, row: Json) -> dict[str, Any]:
    return {
        "sources": row["sources"],
        "confidence": row["confidence"],
        "notes_en": row["notes"] or "",
        "notes_fr": found[files.NOTES_FR].get(row["key"], ""),
    }


def policy_versions(found: Files) -> Iterator[Row]:
    for row in found[files.POLICIES]["policies"]:
        for index, version in enumerate(row["versions"]):
            yield Row(
                files.POLICIES,
                row["key"],
                {
                    "policy": row["key"],
                    "effective_from": day(version["from"]),
                    "effective_to": day(version["to"]),
                    "known_from": start_of(version["known_from"]),
                    "known_to": start_of(version["known_to"]),
                    "announced_on": day(version["announced_on"]),
                    "published_on": day(version["published_on"]),
                    "precision": version["precision"],
                    "assumed": version["assumed"],
                },
                at=f"versions[{index}]",
            )


def policy_questions(found: Files) -> Iterator[Row]:
    document = found[files.POLICIES]
    for order, (code, words) in enumerate(document["standard_questions"].items()):
        yield _question(code, None, {"code": code, **words}, order, "")
    for row in document["policies"]:
        for order, question in enumerate(row["questions"]):
            yield _question(row["key"], row["key"], question, order, f"questions[{order}]")


def _question(name: str, policy: str | None, question: Json, order: int, at: str) -> Row:
    return Row(
        files.POLICIES,
        name,
        {
            "policy": policy,
            "code": question["code"],
            "order": order,
            "text_en": question.get("en", ""),
            "text_fr": question.get("fr", ""),
            "applies_if": question.get("applies_if", Answer.YES.value),
            "only_if_end_user_unknown": "ask" in question,
            "same_as": question.get("of"),
        },
        at,
    )


def policy_exceptions(found: Files) -> Iterator[Row]:
    document = found[files.POLICIES]
    for order, (code, words) in enumerate(document["standard_exceptions"].items()):
        yield _exception(code, None, {"code": code, **words}, order, "")
    for row in document["policies"]:
        for order, exception in enumerate(row["exceptions"]):
            yield _exception(row["key"], row["key"], exception, order, f"exceptions[{order}]")


def _exception(name: str, policy: str | None, exception: Json, order: int, at: str) -> Row:
    return Row(
        files.POLICIES,
        name,
        {
            "policy": policy,
            "code": exception["code"],
            "order": order,
            "text_en": exception["en"],
            "text_fr": exception["fr"],
            "evidence_en": exception["evidence_en"],
            "evidence_fr": exception["evidence_fr"],
            "until": day(exception.get("until")),
        },
        at,
    )


def permit_acts(found: Files) -> Iterator[Row]:
    for row in found[files.POLICIES]["permit_acts"]:
        named = ("act", "provision", "count", "instrument_en", "instrument_fr", "under_policy")
        yield Row(
            files.POLICIES,
            row["key"],
            {
                **_dated(found, row),
                "announced_on": day(row["announced_on"]),
                **{field: row[field] for field in named},
            },
        )


def context_entries(found: Files) -> Iterator[Row]:
    for row in found[files.POLICIES]["context"]:
        yield Row(files.POLICIES, row["key"], _dated(found, row))


def _dated(found: Files, row: Json) -> dict[str, Any]:
    named = ("key", "destination", "precision", "title_en", "title_fr")
    return {
        **{field: row[field] for field in named},
        "on": day(row["on"]),
        **_cited(found, row),
    }
