"""The packaged files read straight into a rulebook, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from policies.domain.rulebook import Rulebook
from policies.facts import ExceptionTerm, ItemSet, ListMember, PolicyRow, Question, Scope, Span

DATA = Path(__file__).parents[2] / "policies" / "data"
OTTAWA = ZoneInfo("America/Toronto")


def read(name: str, directory: Path = DATA) -> Any:
    return json.loads((directory / name).read_text(encoding="utf-8"))


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def start_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.combine(date.fromisoformat(text), time(), OTTAWA)


def row(policy: dict[str, Any]) -> PolicyRow:
    effect = policy["effect"]
    return PolicyRow(
        key=policy["key"],
        layer=policy["layer"],
        scope=Scope.from_json(policy["scope"]),
        stance=effect.get("stance"),
        requirement=effect.get("requirement"),
        control=effect.get("control"),
        covers=frozenset(effect.get("covers", ())),
        questions=tuple(
            Question(
                policy=question.get("of", policy["key"]),
                code=question["code"],
                applies_if=question.get("applies_if", "yes"),
                only_if_end_user_unknown="ask" in question,
            )
            for question in policy["questions"]
        ),
        exceptions=tuple(
            ExceptionTerm(exception["code"], day(exception.get("until")))
            for exception in policy["exceptions"]
        ),
        spans=tuple(
            Span(
                day(version["from"]),
                day(version["to"]),
                start_of(version["known_from"]),
                start_of(version["known_to"]),
            )
            for version in policy["versions"]
        ),
    )


def rows(directory: Path = DATA) -> list[PolicyRow]:
    return [row(policy) for policy in read("policies.json", directory)["policies"]]


def members(directory: Path = DATA) -> list[ListMember]:
    found = [
        ListMember("AFCCL", one["iso_alpha2"], Span(day(one["added_on"])))
        for one in read("automatic_firearms_country_control_list.json", directory)["countries"]
    ]
    found += [
        ListMember(permit["key"], one["iso_alpha2"], Span())
        for permit in read("general_permits.json", directory)["permits"]
        for one in permit.get("destinations") or ()
        if isinstance(one, dict)
    ]
    found += [
        ListMember("ECL5505", code, Span())
        for code in read("policies.json", directory)["lists"]["ECL5505"]["countries"]
    ]
    listed_from: dict[str, date] = {}
    for entry in read("area_control_list.json", directory)["history"]:
        when = entry["effective"]
        for change in entry["changes"] or ():
            on = date.fromisoformat(when if len(when) > 4 else f"{when}-01-01")
            if change["action"] == "added":
                listed_from[change["iso"]] = on
            else:
                start = listed_from.pop(change["iso"])
                found.append(ListMember("ACL", change["iso"], Span(start, on)))
    return found + [ListMember("ACL", iso, Span(start)) for iso, start in listed_from.items()]


def item_sets(directory: Path = DATA) -> dict[str, ItemSet]:
    sets = {
        rule["provision"]: ItemSet(
            (*rule["groups"], *rule["also_items"]), tuple(rule["except_items"])
        )
        for rule in read("export_control_list.json", directory)["destination_rules"]
    }
    for entry in read("brokering_control_list.json", directory)["entries"]:
        sets[entry["provision"]] = ItemSet((*entry["ecl_groups"], *entry["ecl_items"]))
    return sets


def rulebook(directory: Path = DATA) -> Rulebook:
    return Rulebook(rows(directory), members(directory), item_sets(directory))


def boundary_queries(directory: Path = DATA) -> Iterator[dict[str, Any]]:
    """A line for every row and activity, on the days around each of the row's effective and known
    boundaries, asked as known then and as known now; and around every change of a country list."""
    for policy in read("policies.json", directory)["policies"]:
        days = {
            version[end]
            for version in policy["versions"]
            for end in ("from", "to", "known_from", "known_to")
        }
        for boundary, activity in product(sorted(days - {None}), ("export", "brokering")):
            for line in _lines_of(policy):
                yield from _around(boundary, activity, **line)
    for member in members(directory):
        for boundary in (member.span.effective_from, member.span.effective_to):
            if boundary:
                for activity in ("export", "brokering"):
                    line = {"destination": member.destination, "items": ["2-1"], "eipa_4_1": True}
                    yield from _around(boundary.isoformat(), activity, **line)


def _lines_of(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lines that the row reaches, each with its questions answered as it asks and unanswered."""
    scope = policy["scope"]
    anywhere = scope["destinations"] == "any"
    answers = {
        f"{question.get('of', policy['key'])}:{question['code']}": question.get("applies_if", "yes")
        for question in policy["questions"]
    }
    # For rows that name none: one on most lists, one on the Area Control List, and the US.
    for destination in ("FR", "KP", "US") if anywhere else scope["destinations"][:1]:
        for given in (answers, {}) if answers else ({},):
            yield {
                "destination": destination,
                "sub_region": scope.get("sub_regions", [None])[0],
                "items": scope["goods"].get("items", ["2-15.d", "1-6", "3-01"])[:3],
                "eipa_4_1": scope["goods"]["kind"] == "eipa_4_1",
                "wmd_end_use": scope.get("wmd_end_use", False),
                "end_user": "unknown",
                "designated_under": [policy["key"]] if scope.get("designated") else [],
                "answers": given,
            }


def _around(boundary: str, activity: str, **line: Any) -> Iterator[dict[str, Any]]:
    middle = date.fromisoformat(boundary)
    for offset in (-1, 0, 1):
        on = (middle + timedelta(days=offset)).isoformat()
        for known_on in (None, on):
            yield {"on": on, "known_on": known_on, "activity": activity, **line}
