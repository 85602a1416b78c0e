"""What a decision rested on, kept as it was; and what has changed since.

`freeze` gives plain values: the decision stores their canonical JSON and its digest, which the
event of the decision tells too. `replay` reads them again years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Delegation, User
from history import canonical, clock
from history.values import plain
from permits import considerations
from permits.choices import Flag, RefusalGround, ReturnGround, StatementKind
from permits.domain.assessment import CARD_FIELDS, card_states
from permits.domain.casefile import CaseFile, read_file
from permits.domain.digests import (
    evidence_content,
    line_content,
    measure_content,
    party_content,
    transaction_content,
)
from permits.domain.ruling import CaseRuling, rule_on
from permits.domain.statements import standing, verdict
from permits.models import Decision
from policies.choices import STANCE_RANK, Requirement, Stance
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register
from policies.models import PolicyVersion, ReferenceLoad


@dataclass(frozen=True, slots=True)
class Known:
    """The newest load of the register, and every version of every policy."""

    load: ReferenceLoad | None
    versions: tuple[PolicyVersion, ...]
    register: Register


def read_known() -> Known:
    """The register, its load and versions. Three queries, where it was read before."""
    versions = (
        PolicyVersion.objects.select_related("policy")
        .only("policy__key", "version", "known_from", "known_to")
        .order_by("policy__key", "pk")
    )
    return Known(ReferenceLoad.objects.first(), tuple(versions), current_register())


def freeze(
    file: CaseFile,
    ruling: CaseRuling,
    *,
    by: User,
    delegation: Delegation,
    known: Known | None = None,
) -> dict[str, Any]:
    """All that the decision rests on, as values of canonical JSON. `known`: read already."""
    recommendation = file.recommendation
    known = known or read_known()
    return {
        "v": 1,
        "on": plain(ruling.on),
        "known_at": plain(ruling.known_at),
        "application": {
            "reference": file.application.reference,
            "version": file.application.version,
            **plain(transaction_content(file)),
        },
        "ruling": _ruling(ruling),
        "filing": _filing(file),
        "register": _register(ruling, known),
        "instruments": instruments_by(ruling, known.register),
        "statements": [
            {
                "id": one.statement.pk,
                "version": one.statement.version,
                "kind": one.statement.kind,
                "key": one.statement.key,
                "value": one.statement.value,
                "policies": one.statement.policies,
                "stands": verdict(one),
                "made_by": one.statement.made_by_id,
                "countersigned_by": one.statement.countersigned_by_id,
            }
            for one in standing(file)
        ],
        "cards": [
            {
                "consideration": card.consideration,
                "version": card.version,
                "basis": card.basis,
                "first_by": card.first_by_id,
                "second_by": card.second_by_id,
                **{name: plain(getattr(card, name)) for name in CARD_FIELDS},
            }
            for card in file.cards
        ],
        "evidence": [plain(evidence_content(one, ruling.on)) for one in file.evidence],
        "measures": [plain(measure_content(one, ruling.on)) for one in file.measures],
        "documents": [
            {"id": one.pk, "kind": one.kind, "sha256": one.sha256} for one in file.documents
        ],
        "consultations": [
            {"id": one.pk, "body": one.body, "version": one.version} for one in file.consultations
        ],
        "recommendation": None
        if recommendation is None
        else {
            "id": recommendation.pk,
            "version": recommendation.version,
            "outcome": recommendation.outcome,
            "grounds": recommendation.grounds,
            "made_by": recommendation.made_by_id,
        },
        "conditions": [{"id": one.pk, "version": one.version} for one in file.conditions],
        "by": {
            "person": by.pk,
            "delegation": delegation.pk,
            "delegation_version": delegation.version,
            "number": delegation.number,
            "capacity_en": delegation.capacity_en,
            "capacity_fr": delegation.capacity_fr,
        },
    }


def _ruling(ruling: CaseRuling) -> dict[str, Any]:
    return {
        "on": plain(ruling.on),
        "known_at": plain(ruling.known_at),
        "requirement": ruling.requirement,
        "stance": ruling.stance,
        "lines": [
            {
                "line": one.line.number,
                "requirement": one.ruling.requirement,
                "stance": one.ruling.stance,
                "stance_if_open": one.ruling.stance_if_open,
                "governing": list(one.ruling.governing),
                "matched": list(one.ruling.matched),
                "not_applied": [
                    {"policy": row.policy, "because": row.because, "detail": row.detail}
                    for row in one.ruling.not_applied
                ],
                "war_material": bool(one.facts.war_material),
            }
            for one in ruling.lines
        ],
    }


def _filing(file: CaseFile) -> dict[str, Any] | None:
    """The ruling of the day of filing, as known on that day, on the facts of today."""
    filed = file.application.filed_on
    return None if filed is None else _ruling(filing_ruling(file, filed))


def filing_ruling(
    file: CaseFile, filed_on: date, *, register: Register | None = None
) -> CaseRuling:
    """What applied on the day of filing, as known by the end of it."""
    return rule_on(file, on=filed_on, known_at=end_of_day(filed_on), register=register)


def _register(ruling: CaseRuling, known: Known) -> dict[str, Any]:
    """The newest load of the register, and the version of each policy that matched."""
    load = known.load
    keys = {key for one in ruling.lines for key in one.ruling.matched}
    at: datetime = ruling.known_at or clock.now()
    return {
        "load": None if load is None else load.pk,
        "files": {} if load is None else plain(load.files),
        "versions": [
            {"policy": one.policy.key, "id": one.pk, "version": one.version}
            for one in known.versions
            if one.policy.key in keys and _is_known(one, at)
        ],
    }


def _is_known(version: PolicyVersion, at: datetime) -> bool:
    begun = version.known_from is None or version.known_from <= at
    return begun and (version.known_to is None or version.known_to > at)


def packed(frozen: Mapping[str, Any]) -> tuple[str, str]:
    """The canonical JSON of what was frozen, and its SHA-256."""
    written = canonical.encode(frozen)
    return written.decode(), sha256(written).hexdigest()


# The instruments that grounds name

Instruments = Sequence[Mapping[str, str]]
"""Policies by key, with their stance and the instrument, with its section, in both languages."""


def instruments_of(file: CaseFile, ruling: CaseRuling) -> Instruments:
    """What the decision froze; without one, what the ruling of today names.

    Decisions of before froze the keys alone.
    """
    if file.decision is None:
        return instruments_by(ruling)
    frozen = canonical.decode(file.decision.frozen.encode())
    found: Instruments | None = frozen.get("instruments")
    return _done_by(frozen["ruling"], current_register()) if found is None else found


def instruments_by(ruling: CaseRuling, register: Register | None = None) -> Instruments:
    """What is stricter than case by case by a ruling, and the general permits that cover lines."""
    return _done_by(_ruling(ruling), register or current_register())


def _done_by(ruling: Mapping[str, Any], register: Register) -> Instruments:
    general, found = Requirement.GENERAL_PERMIT.value, register.rulebook.row
    keys = sorted({key for line in ruling["lines"] for key in line["matched"]} & set(found))
    covered = (line for line in ruling["lines"] if line["requirement"] == general)
    covering = {key for line in covered for key in line["matched"]}
    return [
        {
            "policy": row.key,
            "stance": row.stance or "",
            "requirement": row.requirement or "",
            "en": register.policies[row.key].instrument.en,
            "fr": register.policies[row.key].instrument.fr,
        }
        for row in map(found.__getitem__, keys)
        if row.stance not in (None, Stance.CASE_BY_CASE)
        or (row.requirement == general and row.key in covering)
    ]


def ground_in_words(ground: str, found: Instruments = ()) -> str:
    """A ground to refuse or return; a regulation, a policy or a general permit with its instrument.

    Of policies those are named that are the strictest beside what a regulation prohibits.
    """
    labels = dict([*RefusalGround.choices, *ReturnGround.choices])
    label = str(labels.get(ground, ground))
    stances = {one["stance"] for one in found} - {"", Stance.CASE_BY_CASE.value}
    of, wanted = "stance", ""
    match ground:
        case RefusalGround.REGULATION:
            wanted = Stance.PROHIBITED.value
        case RefusalGround.POLICY:
            policies = stances - {Stance.PROHIBITED.value}
            wanted = max(policies or stances, key=STANCE_RANK.__getitem__, default="")
        case ReturnGround.GENERAL_PERMIT:
            # Decisions of before froze none.
            of, wanted = "requirement", Requirement.GENERAL_PERMIT.value
    meant = [one for one in found if wanted and one.get(of) == wanted]
    if not meant:
        return label
    language = "fr" if (get_language() or "").startswith("fr") else "en"
    named = "; ".join(dict.fromkeys(one[language] for one in meant))
    return _("%(name)s: %(value)s") % {"name": label, "value": named}


# Replay


@dataclass(frozen=True, slots=True)
class Replay:
    """The file as the decision-maker saw it, whether it is intact, and what is different today."""

    frozen: Mapping[str, Any]
    is_intact: bool
    changes: tuple[str, ...]


def replay(decision: Decision, file: CaseFile | None = None) -> Replay:
    """Reads what a decision rested on, and compares it with the file and the law of today."""
    frozen = canonical.decode(decision.frozen.encode())
    intact = sha256(decision.frozen.encode()).hexdigest() == decision.frozen_digest
    file = file or read_file(decision.application)
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    return Replay(frozen, intact, tuple(_changes(frozen, file, ruling)))


def _changes(frozen: Mapping[str, Any], file: CaseFile, ruling: CaseRuling) -> Iterator[str]:
    then = {one["line"]: one for one in frozen["ruling"]["lines"]}
    for one in ruling.lines:
        old = then.get(one.line.number)
        now = (one.ruling.requirement, one.ruling.stance)
        if old is not None and (old["requirement"], old["stance"]) != now:
            yield _("Line %(number)d: then %(then)s, today %(now)s.") % {
                "number": one.line.number,
                "then": _outcome(old["requirement"], old["stance"]),
                "now": _outcome(*now),
            }
        elif old is not None and old["governing"] != list(one.ruling.governing):
            yield _("Line %(number)d: other instruments govern today.") % {
                "number": one.line.number
            }
    was = {one["id"]: one for one in frozen["application"]["parties"]}
    for party in file.parties:
        if was.get(party.pk) != plain(party_content(party)):
            yield _("The party %(name)s has changed.") % {"name": party.name}
    lines = {one["number"]: one for one in frozen["application"]["lines"]}
    for line in file.lines:
        if lines.get(line.number) != plain(line_content(line)):
            yield _("Line %(number)s has changed.") % {"number": line.number}
    yield from _statement_changes(frozen, file)
    yield from _card_changes(frozen["cards"], file, ruling)


def _statement_changes(frozen: Mapping[str, Any], file: CaseFile) -> Iterator[str]:
    names = {one["id"]: one["name"] for one in frozen["application"]["parties"]}
    names |= {party.pk: party.name for party in file.parties}
    now = {one.statement.pk: one for one in standing(file)}
    for old in frozen["statements"]:
        one = now.pop(old["id"], None)
        told = {"what": _stated(old["kind"], old["key"], names)}
        if one is None:
            yield _("%(what)s: the statement was set aside or replaced since.") % told
        elif verdict(one) != old["stands"]:
            yield _("%(what)s: the statement counts otherwise than then.") % told
    for one in now.values():
        what = _stated(one.statement.kind, one.statement.key, names)
        yield _("%(what)s: stated since.") % {"what": what}


def _stated(kind: str, key: str, names: Mapping[int, str]) -> str:
    """What a statement is about: its kind, with the party or the flag it names, or its key."""
    label = str(StatementKind(kind).label)
    about, _colon, rest = key.partition(":")
    number, _colon, more = rest.partition(":")
    match about:
        case "party":
            return f"{label} ({names.get(int(number), key)})"
        case "line":
            flag = Flag(more).label
            return _("Line %(number)s: %(what)s") % {"number": number, "what": flag}
        case _:
            return f"{label} ({key})" if rest else label


def _card_changes(
    then: Iterable[Mapping[str, Any]], file: CaseFile, ruling: CaseRuling
) -> Iterator[str]:
    were = {one["consideration"]: one for one in then}
    for state in card_states(file, ruling):
        old = were.get(state.number)
        if old is None or state.card is None:
            continue
        name = considerations.BY_NUMBER[state.number].name
        if any(old[field] != plain(getattr(state.card, field)) for field in CARD_FIELDS):
            yield _("%(name)s: the consideration was edited since.") % {"name": name}
        elif state.is_stale:
            yield _("%(name)s: its basis has changed. %(why)s") % {
                "name": name,
                "why": " ".join(state.stale_because),
            }


def _outcome(requirement: str, stance: str) -> str:
    return f"{Requirement(requirement).label.lower()}, {Stance(stance).label.lower()}"
