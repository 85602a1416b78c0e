"""What policies must say together, and with the lists, destinations and notes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations

from django.utils.translation import gettext

from policies.choices import Requirement, Stance
from policies.domain.reference import files
from policies.domain.reference.conditions import (
    Json,
    check_item_codes,
    check_range,
    known,
    once,
    once_more,
    overlaps,
)
from policies.domain.reference.days import day
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files

# The engine knows these two by their codes.
STANDARD = {"standard_questions": {"general_permit"}, "standard_exceptions": {"minister"}}


def check_policies(found: Files) -> None:
    for fault in policy_faults(found):
        raise fault


def policy_faults(found: Files) -> Iterator[MalformedReference]:
    """The first thing that is wrong with each policy, in their order.

    Raises MalformedReference for what is wrong with the file as a whole.
    """
    document = found[files.POLICIES]
    for field, words in (("stances", Stance.values), ("requirements", Requirement.values)):
        if document[field] != words:
            reason = gettext("must be, in this order: %(words)s") % {"words": ", ".join(words)}
            raise MalformedReference(files.POLICIES, "", field, reason)
    for field, codes in STANDARD.items():
        if document[field].keys() != codes:
            reason = gettext("must hold %(codes)s and nothing else") % {"codes": ", ".join(codes)}
            raise MalformedReference(files.POLICIES, "", field, reason)
    _check_region_countries(found)
    policies = {row["key"]: row for row in document["policies"]}
    rules = {
        row["provision"]
        for row in chain(found[files.ECL]["destination_rules"], found[files.BCL]["entries"])
    }
    seen: set[str] = set()
    for row in document["policies"]:
        try:
            once_more(files.POLICIES, row, "key", seen)
            _check_scope(found, row, rules)
            _check_relations(row, policies)
            _check_terms(row, policies)
            _check_versions(row)
            _check_address(row)
        except MalformedReference as fault:
            yield fault


def _refuse(policy: Json, field: str, reason: str) -> None:
    raise MalformedReference(files.POLICIES, policy["key"], field, reason)


def _check_region_countries(found: Files) -> None:
    of_country = _region_countries(found)
    for code, row in found[files.POLICIES]["sub_regions"].items():
        known(files.POLICIES, code, "", code, of_country, "sub-region")
        if row["country"] != of_country[code]:
            reason = gettext("%(code)s is a sub-region of %(country)s") % {
                "code": code,
                "country": of_country[code],
            }
            raise MalformedReference(files.POLICIES, code, "country", reason)


def _region_countries(found: Files) -> dict[str, str]:
    regions = found[files.DESTINATIONS]["sub_regions"]
    return {row["code"]: row["destination"] for row in regions}


def _check_scope(found: Files, row: Json, rules: Iterable[str]) -> None:
    scope, key = row["scope"], row["key"]
    countries = {one["code"] for one in found[files.DESTINATIONS]["destinations"]}
    regions = _region_countries(found)
    named = scope["destinations"]
    for field in ("destinations", "except_destinations"):
        for index, code in enumerate(() if scope.get(field) == "any" else scope.get(field, ())):
            place = f"scope.{field}[{index}]"
            known(files.POLICIES, key, place, code, countries, "destination")
    for index, code in enumerate(scope.get("sub_regions", ())):
        place = f"scope.sub_regions[{index}]"
        known(files.POLICIES, key, place, code, regions, "sub-region")
        if named != "any" and regions[code] not in named:
            reason = gettext("%(code)s is a sub-region of %(country)s, not of these")
            _refuse(row, place, reason % {"code": code, "country": regions[code]})
    for place, code in _lists_named(scope):
        known(files.POLICIES, key, place, code, found[files.POLICIES]["lists"], "list")
    goods = scope["goods"]
    if "from" in goods:
        known(files.POLICIES, key, "scope.goods.from", goods["from"], rules, "provision")
    for field in ("items", "not_items", "excluded"):
        check_item_codes(files.POLICIES, key, f"scope.goods.{field}", goods.get(field, ()))
    if goods["kind"] == "listed" and "control" in row["effect"]:
        reason = gettext("a row that makes goods controlled cannot rest on `listed`")
        _refuse(row, "scope.goods.kind", reason)


def _lists_named(scope: Json) -> Iterator[tuple[str, str]]:
    for index, test in enumerate(scope.get("lists", ())):
        yield f"scope.lists[{index}].list", test["list"]
    if "unless" in scope:
        yield "scope.unless.list", scope["unless"]["list"]


def _check_relations(row: Json, policies: Mapping[str, Json]) -> None:
    for index, key in enumerate(row["effect"].get("covers", ())):
        known(files.POLICIES, row["key"], f"effect.covers[{index}]", key, policies, "policy")
    replaced, seen = row.get("replaces"), {row["key"]}
    while replaced is not None:
        known(files.POLICIES, row["key"], "replaces", replaced, policies, "policy")
        if replaced in seen:
            _refuse(row, "replaces", gettext("goes round in a circle"))
        seen.add(replaced)
        replaced = policies[replaced].get("replaces")


def _check_terms(row: Json, policies: Mapping[str, Json]) -> None:
    once(files.POLICIES, row["questions"], "code", within=row["key"])
    once(files.POLICIES, row["exceptions"], "code", within=row["key"])
    for index, question in enumerate(row["questions"]):
        if "of" not in question:
            continue
        place = f"questions[{index}].of"
        known(files.POLICIES, row["key"], place, question["of"], policies, "policy")
        asked = policies[question["of"]]["questions"]
        if not any(one["code"] == question["code"] and "of" not in one for one in asked):
            reason = gettext("%(policy)s asks no question %(code)s")
            _refuse(row, place, reason % {"policy": question["of"], "code": question["code"]})


def _check_versions(row: Json) -> None:
    versions = list(enumerate(row["versions"]))
    for index, version in versions:
        for start, end in (("from", "to"), ("known_from", "known_to")):
            place = f"versions[{index}].{end}"
            check_range(files.POLICIES, row["key"], place, day(version[start]), day(version[end]))
    for (first, one), (second, other) in combinations(versions, 2):
        if overlaps(one, other, "from", "to") and overlaps(one, other, "known_from", "known_to"):
            reason = gettext("overlaps versions[%(first)d] in both ranges") % {"first": first}
            _refuse(row, f"versions[{second}]", reason)
        if all(one[field] == other[field] for field in ("from", "known_from")):
            reason = gettext(
                "starts and is known as versions[%(first)d] is: one of them must differ"
            )
            _refuse(row, f"versions[{second}]", reason % {"first": first})


def _check_address(row: Json) -> None:
    url = row["instrument"]["url"]
    if url is not None and not url.startswith(("https://", "http://")):
        _refuse(row, "instrument.url", gettext("must begin with https:// or http://"))


# Citations and notes


def check_citations(found: Files) -> None:
    """Permit acts and context entries name what exists; all keys of the file are distinct."""
    document = found[files.POLICIES]
    countries = {one["code"] for one in found[files.DESTINATIONS]["destinations"]}
    policies = {row["key"] for row in document["policies"]}
    once(files.POLICIES, _noted(document), "key")
    for row in chain(document["permit_acts"], document["context"]):
        known(
            files.POLICIES,
            row["key"],
            "destination",
            row["destination"],
            countries,
            "destination",
        )
    for row in document["permit_acts"]:
        known(files.POLICIES, row["key"], "under_policy", row["under_policy"], policies, "policy")


def _noted(document: Json) -> Iterator[Json]:
    return chain(document["policies"], document["permit_acts"], document["context"])


def check_notes(found: Files) -> None:
    """Each note is there in French, in the file of such notes, and nothing else is."""
    for row in found[files.POLICIES]["policies"]:
        if "notes_fr" in row:
            fault = f"stands in {files.NOTES_FR}"
            raise MalformedReference(files.POLICIES, row["key"], "notes_fr", fault)
    notes = found[files.NOTES_FR]
    noted = {row["key"] for row in _noted(found[files.POLICIES]) if row["notes"]}
    for key in sorted(noted - notes.keys()):
        raise MalformedReference(files.NOTES_FR, key, "", "the note of this row is missing")
    for key in sorted(notes.keys() - noted):
        raise MalformedReference(files.NOTES_FR, key, "", f"{files.POLICIES} has no such note")
