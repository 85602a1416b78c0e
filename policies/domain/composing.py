"""What a change would write: its content as rows, and the register as it would be with them.

    composed = compose(change, at=clock.now())
    after = imagine(current_register(), composed)

The same rows serve the preview and the approval, so that the one shows what the other does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from policies.choices import ChangeKind, Confidence, Precision
from policies.domain.reference import files, policies
from policies.domain.reference.days import day
from policies.domain.reference.files import Files
from policies.domain.register import (
    Register,
    questions_of,
    read_item_sets,
    row_of,
    span_of,
    words_of,
)
from policies.domain.rulebook import Rulebook
from policies.facts import PolicyRow, Span
from policies.models import Policy, PolicyChange, PolicyException, PolicyQuestion, PolicyVersion

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Composed:
    """What an approval writes, not written yet.

    `closes` is the version whose known range ends, `follows` the one that takes its place under
    the same key; `enters` is a new policy with its questions, exceptions and first version;
    `corrected` are new values of words of the policy, by column. `day` is the first day on which
    a ruling could be another.
    """

    day: date
    closes: PolicyVersion | None = None
    follows: PolicyVersion | None = None
    enters: Policy | None = None
    questions: tuple[PolicyQuestion, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    begins: PolicyVersion | None = None
    corrected: Mapping[str, Any] | None = None


def document_of(policy: Policy) -> dict[str, Any]:
    """A policy in the form of `policies.schema.json`, without its versions. Two queries."""
    document: dict[str, Any] = {
        "key": policy.key,
        "layer": policy.layer,
        **({"replaces": policy.replaces.key} if policy.replaces else {}),
        "title_en": policy.title_en,
        "title_fr": policy.title_fr,
        "scope": policy.scope,
        "effect": {
            name: value
            for name in ("stance", "requirement", "control", "covers")
            if (value := getattr(policy, name))
        },
        "questions": [
            _question(one)
            for one in PolicyQuestion.objects.filter(policy=policy).select_related("same_as")
        ],
        "exceptions": [_exception(one) for one in PolicyException.objects.filter(policy=policy)],
        "existing_permits": {
            "action": policy.existing_permits,
            "en": policy.existing_permits_en,
            "fr": policy.existing_permits_fr,
        },
        "instrument": {
            "title_en": policy.instrument_en,
            "title_fr": policy.instrument_fr,
            "citation_en": policy.citation_en or None,
            "citation_fr": policy.citation_fr or None,
            "section": policy.section or None,
            "url": policy.url or None,
        },
        "sources": policy.sources,
        "confidence": policy.confidence,
        "notes": policy.notes_en or None,
    }
    return document


def _question(one: PolicyQuestion) -> dict[str, Any]:
    found: dict[str, Any] = {"code": one.code}
    if one.same_as:
        found["of"] = one.same_as.key
    else:
        found |= {"en": one.text_en, "fr": one.text_fr}
    if one.applies_if != "yes":
        found["applies_if"] = one.applies_if
    if one.only_if_end_user_unknown:
        found["ask"] = "end_user_unknown"
    return found


def _exception(one: PolicyException) -> dict[str, Any]:
    found = {
        "code": one.code,
        "en": one.text_en,
        "fr": one.text_fr,
        "evidence_en": one.evidence_en,
        "evidence_fr": one.evidence_fr,
    }
    if one.until:
        found["until"] = one.until.isoformat()
    return found


def is_another_policy(change: PolicyChange) -> bool:
    """Whether the content has another scope or effect than the policy: then it is a new key."""
    if change.policy is None:
        return True
    return bool(change.kind in _WITH_POLICY and _of_key(change.content["policy"]) != _of_key(
        document_of(change.policy)
    ))  # fmt: skip


_WITH_POLICY = frozenset({ChangeKind.IMPOSE, ChangeKind.AMEND, ChangeKind.CORRECT})


def _of_key(document: Json) -> dict[str, Any]:
    """What belongs to the key, in a form that can be compared."""
    return {
        "layer": document["layer"],
        "scope": _sorted(document["scope"]),
        "effect": _sorted(document["effect"]),
        "questions": [
            {name: value for name, value in one.items() if name not in ("en", "fr")}
            for one in document["questions"]
        ],
        "exceptions": [(one["code"], one.get("until")) for one in document["exceptions"]],
    }


def _sorted(value: Any) -> Any:
    """Lists of plain values in one order, and nothing that is empty."""
    if isinstance(value, Mapping):
        return {name: _sorted(one) for name, one in value.items() if one not in ([], {}, None)}
    if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
        return sorted(value)
    return value


def compose(change: PolicyChange, *, at: datetime) -> Composed:
    """The rows that the change comes to if it is approved at that instant. At most six queries.

    For content without blocking findings; raises KeyError or ValueError for any other.
    """
    content, old = change.content, change.replaced
    first, last = day(content.get("from")), day(content.get("to"))
    match change.kind:
        case ChangeKind.IMPOSE:
            if first is None:
                raise ValueError("a policy begins on a day")
            return Composed(first, **_new(change, first, last, at))
        case ChangeKind.AMEND:
            if first is None or old is None:
                raise ValueError("an amendment takes effect on a day")
            return Composed(
                first,
                closes=old,
                follows=_after(old, at, effective_to=first),
                **_new(change, first, last, at),
            )
        case ChangeKind.CORRECT:
            if old is None:
                raise ValueError("a correction is of a version")
            return _correction(change, old, first, last, at)
    if old is None:
        raise ValueError("this changes a version")
    follows = _after(
        old,
        at,
        effective_to=last,
        **{
            name: day(content[name])
            for name in ("announced_on", "published_on")
            if content.get(name)
        },
    )
    ends = [one for one in (old.effective_to, last) if one]
    return Composed(min(ends), closes=old, follows=follows)


def _correction(
    change: PolicyChange,
    old: PolicyVersion,
    first: date | None,
    last: date | None,
    at: datetime,
) -> Composed:
    starts = min(old.effective_from or date.min, first or date.min)
    if is_another_policy(change):
        return Composed(starts, closes=old, **_new(change, first, last, at))
    policy, *_parts = _models(change)
    corrected = {
        column: getattr(policy, column)
        for column in _CORRECTED
        if getattr(policy, column) != getattr(old.policy, column)
    }
    days = {
        "effective_from": first,
        "effective_to": last,
        "announced_on": day(change.content.get("announced_on")),
        "published_on": day(change.content.get("published_on")),
    }
    if all(getattr(old, name) == value for name, value in days.items()):
        return Composed(starts, corrected=corrected)
    return Composed(starts, closes=old, follows=_after(old, at, **days), corrected=corrected)


_CORRECTED = (
    "title_en",
    "title_fr",
    "instrument_en",
    "instrument_fr",
    "citation_en",
    "citation_fr",
    "section",
    "url",
    "existing_permits",
    "existing_permits_en",
    "existing_permits_fr",
    "sources",
    "confidence",
    "notes_en",
    "notes_fr",
)


def _after(old: PolicyVersion, at: datetime, **values: Any) -> PolicyVersion:
    """The version that says the same as an old one but for these values, known from now on."""
    said = {
        "policy": old.policy,
        "effective_from": old.effective_from,
        "effective_to": old.effective_to,
        "announced_on": old.announced_on,
        "published_on": old.published_on,
        "precision": old.precision,
        "assumed": [name for name in old.assumed if name != "to" or "effective_to" not in values],
        "known_from": at,
    }
    return PolicyVersion(**{**said, **values})


def _new(
    change: PolicyChange, first: date | None, last: date | None, at: datetime
) -> dict[str, Any]:
    policy, questions, exceptions = _models(change)
    if change.policy is not None:
        policy.replaces = change.policy
    begins = PolicyVersion(
        policy=policy,
        effective_from=first,
        effective_to=last,
        announced_on=day(change.content.get("announced_on")),
        published_on=day(change.content.get("published_on")),
        precision=Precision.DAY.value,
        known_from=at,
    )
    return {"enters": policy, "questions": questions, "exceptions": exceptions, "begins": begins}


def _models(
    change: PolicyChange,
) -> tuple[Policy, tuple[PolicyQuestion, ...], tuple[PolicyException, ...]]:
    """The content as rows, by the same reading as that of the reference files."""
    document = {"confidence": Confidence.OFFICIAL.value, "notes": None} | change.content["policy"]
    found = Files(
        {
            files.POLICIES: {
                "policies": [document],
                "standard_questions": {},
                "standard_exceptions": {},
            },
            files.NOTES_FR: {document["key"]: change.content.get("notes_fr", "")},
        },
        {},
    )
    (values,) = (row.values for row in policies.policies(found))
    policy = Policy(**{**values, "replaces": None})
    questions = tuple(
        PolicyQuestion(**{**row.values, "policy": policy, "same_as": _policy(row.values)})
        for row in policies.policy_questions(found)
    )
    exceptions = tuple(
        PolicyException(**{**row.values, "policy": policy})
        for row in policies.policy_exceptions(found)
    )
    return policy, questions, exceptions


def _policy(values: Json) -> Policy | None:
    key = values["same_as"]
    return None if key is None else Policy.objects.get(key=key)


def imagine(register: Register, composed: Composed) -> Register:
    """The register as it would be. At most one query."""
    book = register.rulebook
    rows: dict[str, PolicyRow] = dict(book.row)
    closes, follows, enters = composed.closes, composed.follows, composed.enters
    words = dict(register.policies)
    questions = dict(register.questions)
    if closes is not None:
        rows[closes.policy.key] = _moved(rows[closes.policy.key], closes, follows, composed)
    if enters is not None and composed.begins is not None:
        rows[enters.key] = row_of(
            enters, composed.questions, composed.exceptions, [span_of(composed.begins)]
        )
        words[enters.key] = words_of(enters, composed.exceptions)
        questions.update(questions_of(enters, composed.questions))
    return replace(
        register,
        rulebook=Rulebook(rows.values(), book.members(), read_item_sets()),
        policies=words,
        questions=questions,
    )


def rehearse(register: Register, composed: Composed) -> Register:
    """The register as if the change had held, and been known, on every day. One query."""
    imagined = imagine(register, composed)
    book = imagined.rulebook
    rows: dict[str, PolicyRow] = dict(book.row)
    closes, follows, enters = composed.closes, composed.follows, composed.enters
    always = (Span(),)
    if enters is not None:
        rows[enters.key] = replace(rows[enters.key], spans=always)
    if closes is not None:
        runs_on = enters is None and follows is not None and _lasts_longer(follows, than=closes)
        key = closes.policy.key
        rows[key] = replace(rows[key], spans=always if runs_on else ())
    return replace(imagined, rulebook=Rulebook(rows.values(), book.members(), read_item_sets()))


def _lasts_longer(version: PolicyVersion, *, than: PolicyVersion) -> bool:
    if version.effective_to is None or than.effective_to is None:
        return version.effective_to is None
    return version.effective_to > than.effective_to


def _moved(
    row: PolicyRow, closes: PolicyVersion, follows: PolicyVersion | None, composed: Composed
) -> PolicyRow:
    known_from = next(one.known_from for one in (follows, composed.begins) if one)
    gone, spans = span_of(closes), []
    for span in row.spans:
        spans.append(replace(span, known_to=known_from) if span == gone else span)
    if follows is not None:
        spans.append(span_of(follows))
    return replace(row, spans=tuple(spans))


def days_moved(composed: Composed) -> Iterator[tuple[date | None, date | None]]:
    """The stretches of days for which the register says something else than before."""
    for version in (composed.closes, composed.follows, composed.begins):
        if version is not None:
            yield version.effective_from, version.effective_to
