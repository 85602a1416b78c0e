"""What a change would write: its content as rows, and the register as it would be with them.

    parts = compose(change, at=clock.now())
    after = imagine(current_register(), parts)

The same rows serve the preview and the approval, so that the one shows what the other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from history.models import Tracked
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
from policies.facts import PolicyRow, Span, covers
from policies.models import Policy, PolicyChange, PolicyException, PolicyQuestion, PolicyVersion

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Composed:
    """What an approval writes of one policy, not written yet.

    `changes` is the policy that is there already; `closes` is its version whose known range ends,
    `follows` the one that takes its place; `enters` is a new policy with its questions, exceptions
    and first version, `begins`; `corrected` are rows with new values of their words, by column.
    `day` is the first day on which a ruling could be another.
    """

    day: date
    at: datetime
    changes: Policy | None = None
    closes: PolicyVersion | None = None
    follows: PolicyVersion | None = None
    enters: Policy | None = None
    questions: tuple[PolicyQuestion, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    begins: PolicyVersion | None = None
    corrected: tuple[tuple[Tracked, Mapping[str, Any]], ...] = ()

    @property
    def keys(self) -> list[str]:
        """Of the policies that it writes."""
        return [one.key for one in (self.changes, self.enters) if one is not None]

    @property
    def writes_nothing(self) -> bool:
        return not (self.closes or self.enters or self.corrected)


def document_of(
    policy: Policy,
    questions: Iterable[PolicyQuestion] | None = None,
    exceptions: Iterable[PolicyException] | None = None,
) -> dict[str, Any]:
    """A policy in the form of `policies.schema.json`, without its versions.

    With its own questions and exceptions, unless others are given: then two queries, and one for
    each question shared, unless those were looked up before.
    """
    questions = policy.questions.all() if questions is None else questions
    exceptions = policy.exceptions.all() if exceptions is None else exceptions
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
        "questions": [_question(one) for one in questions],
        "exceptions": [_exception(one) for one in exceptions],
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
    if change.kind not in _WITH_POLICY:
        return False
    now, wanted = document_of(change.policy), change.content["policy"]
    return belongs_to_the_key(wanted) != belongs_to_the_key(now)


_WITH_POLICY = frozenset({ChangeKind.IMPOSE, ChangeKind.AMEND, ChangeKind.CORRECT})


def belongs_to_the_key(document: Json) -> dict[str, Any]:
    """What of a policy belongs to its key, in a form that can be compared."""
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


ALL = slice(None)


def parts_of(change: PolicyChange, some: slice = ALL) -> list[PolicyChange]:
    """The change to each policy: of a set, as changes of their own that are nowhere stored.

    `some` are those of a set that are wanted. For a set five queries, with all that `document_of`
    looks at.
    """
    if change.kind != ChangeKind.SET:
        return [change]
    rows = change.content["changes"][some]
    policies = {
        one.key: one
        for one in Policy.objects.filter(key__in=[row["key"] for row in rows])
        .select_related("replaces")
        .prefetch_related("questions__same_as", "exceptions")
    }
    versions = PolicyVersion.objects.in_bulk([row["replaced"] for row in rows if row["replaced"]])
    by_id = {one.pk: one for one in policies.values()}
    for version in versions.values():
        version.policy = by_id[version.policy_id]
    return [
        PolicyChange(
            number=change.number,
            kind=row["kind"],
            status=change.status,
            policy=policies.get(row["key"]),
            replaced=versions.get(row["replaced"]),
            content=row["content"],
            rationale_en=change.rationale_en,
            rationale_fr=change.rationale_fr,
        )
        for row in rows
    ]


def key_of(part: PolicyChange) -> str:
    """The key of the policy that a part of a set is about."""
    return part.policy.key if part.policy else str(part.content["policy"]["key"])


def compose(change: PolicyChange, *, at: datetime) -> tuple[Composed, ...]:
    """What the change comes to, policy by policy, if it is approved at that instant.

    Fixed queries for a set of any size. For content without blocking findings; raises KeyError or
    ValueError for any other.
    """
    parts = parts_of(change)
    named = _policies_named(parts)
    return tuple(_compose(one, at, named) for one in parts)


Named = Mapping[str, Policy]


def _policies_named(parts: Iterable[PolicyChange]) -> Named:
    """The policies that contents name, by key: replaced, or asking a question too. One query."""
    keys = set()
    for part in parts:
        policy = part.content.get("policy")
        if policy is not None:
            keys |= {policy.get("replaces"), *(one.get("of") for one in policy["questions"])}
    return {one.key: one for one in Policy.objects.filter(key__in=keys - {None})}


def _compose(change: PolicyChange, at: datetime, named: Named) -> Composed:
    old = change.replaced
    first, last = day(change.content.get("from")), day(change.content.get("to"))
    match change.kind:
        case ChangeKind.IMPOSE:
            if first is None:
                raise ValueError("a policy begins on a day")
            return Composed(first, at, **_new(change, first, last, at, named))
        case ChangeKind.AMEND:
            if first is None or old is None:
                raise ValueError("an amendment takes effect on a day")
            return Composed(
                first,
                at,
                changes=old.policy,
                closes=old,
                follows=_after(old, at, effective_to=first),
                **_new(change, first, last, at, named),
            )
        case ChangeKind.CORRECT:
            if old is None:
                raise ValueError("a correction is of a version")
            return _correction(change, old, first, last, at, named)
        case ChangeKind.EXTEND | ChangeKind.END:
            if old is None:
                raise ValueError("this changes a version")
            return _other_end(change, old, last, at)
    raise ValueError(f"nothing is said of what a change of the kind {change.kind} comes to")


def _other_end(
    change: PolicyChange, old: PolicyVersion, last: date | None, at: datetime
) -> Composed:
    told = ("announced_on", "published_on")
    days = {name: day(change.content[name]) for name in told if change.content.get(name)}
    follows = _after(old, at, effective_to=last, **days)
    ends = [one for one in (old.effective_to, last) if one]
    if last is not None and old.effective_from is not None and last <= old.effective_from:
        # It is called off before it began: nothing of it is known any more.
        return Composed(last, at=at, changes=old.policy, closes=old)
    return Composed(min(ends), at=at, changes=old.policy, closes=old, follows=follows)


def _correction(
    change: PolicyChange,
    old: PolicyVersion,
    first: date | None,
    last: date | None,
    at: datetime,
    named: Named,
) -> Composed:
    starts = min(old.effective_from or date.min, first or date.min)
    if is_another_policy(change):
        return Composed(
            starts, at, changes=old.policy, closes=old, **_new(change, first, last, at, named)
        )
    corrected = tuple(_corrected(old.policy, *_models(change, named)))
    days = {
        "effective_from": first,
        "effective_to": last,
        "announced_on": day(change.content.get("announced_on")),
        "published_on": day(change.content.get("published_on")),
        "precision": change.content.get(
            "precision", old.precision if first == old.effective_from else Precision.DAY.value
        ),
    }
    if all(getattr(old, name) == value for name, value in days.items()):
        return Composed(starts, at, changes=old.policy, corrected=corrected)
    return Composed(
        starts,
        at,
        changes=old.policy,
        closes=old,
        follows=_after(old, at, **days),
        corrected=corrected,
    )


def _corrected(
    stored: Policy,
    policy: Policy,
    questions: Iterable[PolicyQuestion],
    exceptions: Iterable[PolicyException],
) -> Iterator[tuple[Tracked, dict[str, Any]]]:
    """Each row of the policy whose words are others, and those words.

    Two queries, unless the policy's parts were looked up before.
    """
    yield from _other_words(stored, policy, _WORDS_OF_POLICY)
    asked = {one.code: one for one in questions}
    for question in stored.questions.all():
        yield from _other_words(question, asked[question.code], ("text_en", "text_fr"))
    out = {one.code: one for one in exceptions}
    for exception in stored.exceptions.all():
        yield from _other_words(exception, out[exception.code], _WORDS_OF_EXCEPTION)


def _other_words(
    stored: Tracked, wanted: Tracked, columns: Iterable[str]
) -> Iterator[tuple[Tracked, dict[str, Any]]]:
    found = {
        column: getattr(wanted, column)
        for column in columns
        if getattr(wanted, column) != getattr(stored, column)
    }
    if found:
        yield stored, found


_WORDS_OF_EXCEPTION = ("text_en", "text_fr", "evidence_en", "evidence_fr")
_WORDS_OF_POLICY = (
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


_ASSUMED = {"from": "effective_from", "to": "effective_to", "known_from": "known_from"}


def _after(old: PolicyVersion, at: datetime, **values: Any) -> PolicyVersion:
    """The version that says the same as an old one but for these values, known from now on."""
    said = {
        "policy": old.policy,
        "effective_from": old.effective_from,
        "effective_to": old.effective_to,
        "announced_on": old.announced_on,
        "published_on": old.published_on,
        "precision": old.precision,
        "assumed": [one for one in old.assumed if _ASSUMED[one] not in {*values, "known_from"}],
        "known_from": at,
    }
    return PolicyVersion(**{**said, **values})


def _new(
    change: PolicyChange, first: date | None, last: date | None, at: datetime, named: Named
) -> dict[str, Any]:
    policy, questions, exceptions = _models(change, named)
    policy.replaces = change.policy or named.get(change.content["policy"].get("replaces"))
    begins = PolicyVersion(
        policy=policy,
        effective_from=first,
        effective_to=last,
        announced_on=day(change.content.get("announced_on")),
        published_on=day(change.content.get("published_on")),
        precision=change.content.get("precision", Precision.DAY.value),
        assumed=change.content.get("assumed", []),
        known_from=at,
    )
    return {"enters": policy, "questions": questions, "exceptions": exceptions, "begins": begins}


def _models(
    change: PolicyChange, named: Named
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
        PolicyQuestion(
            **{**row.values, "policy": policy, "same_as": named.get(row.values["same_as"])}
        )
        for row in policies.policy_questions(found)
    )
    exceptions = tuple(
        PolicyException(**{**row.values, "policy": policy})
        for row in policies.policy_exceptions(found)
    )
    return policy, questions, exceptions


def imagine(register: Register, parts: Iterable[Composed]) -> Register:
    """The register as it would be. One query."""
    book = register.rulebook
    rows: dict[str, PolicyRow] = dict(book.row)
    words = dict(register.policies)
    questions = dict(register.questions)
    for part in parts:
        closes, enters = part.closes, part.enters
        if closes is not None:
            rows[closes.policy.key] = _moved(rows[closes.policy.key], closes, part)
        if enters is not None and part.begins is not None:
            rows[enters.key] = row_of(
                enters, part.questions, part.exceptions, [span_of(part.begins)]
            )
            words[enters.key] = words_of(enters, part.exceptions)
            questions.update(questions_of(enters, part.questions))
    return replace(
        register,
        rulebook=Rulebook(rows.values(), book.members(), read_item_sets()),
        policies=words,
        questions=questions,
    )


def rehearse(register: Register, parts: Sequence[Composed]) -> Register:
    """The register as if the change had held, and been known, on every day. Two queries."""
    imagined = imagine(register, parts)
    book = imagined.rulebook
    rows: dict[str, PolicyRow] = dict(book.row)
    always = (Span(),)
    for part in parts:
        closes, enters = part.closes, part.enters
        if enters is not None:
            rows[enters.key] = replace(rows[enters.key], spans=always)
        if closes is not None:
            key = closes.policy.key
            rows[key] = replace(rows[key], spans=_rehearsed(closes, part.follows))
    return replace(imagined, rulebook=Rulebook(rows.values(), book.members(), read_item_sets()))


def _rehearsed(closes: PolicyVersion, follows: PolicyVersion | None) -> tuple[Span, ...]:
    """The days of a policy in a rehearsal: none once it ends or is replaced, all once it goes on;
    after a correction of other days, those."""
    if follows is None:
        return ()
    if follows.effective_from != closes.effective_from or (
        follows.effective_to == closes.effective_to
    ):
        return (Span(follows.effective_from, follows.effective_to),)
    return (Span(),) if _lasts_longer(follows, than=closes) else ()


def _lasts_longer(version: PolicyVersion, *, than: PolicyVersion) -> bool:
    if version.effective_to is None or than.effective_to is None:
        return version.effective_to is None
    return version.effective_to > than.effective_to


def _moved(row: PolicyRow, closes: PolicyVersion, part: Composed) -> PolicyRow:
    follows, known_from = part.follows, part.at
    gone, spans = span_of(closes), []
    for span in row.spans:
        spans.append(replace(span, known_to=known_from) if span == gone else span)
    if follows is not None:
        spans.append(span_of(follows))
    return replace(row, spans=tuple(spans))


def days_ahead(parts: Sequence[Composed], today: date, known: Iterable[date] = ()) -> list[date]:
    """The days from today on which the register begins to say something else than before, and
    those from which it says the same again.

    `known` are those on which any policy or exception begins or ends: what is different can be
    another then.
    """
    known = [day for day in known if day > today]
    days = set()
    for start, end in days_moved(parts):
        days |= {
            day for day in known if (start is None or day > start) and (end is None or day < end)
        }
        if end is None or end > today:
            days.add(max(start or today, today))
        if end is not None and end >= today:
            days.add(end)
    found, differed = [], False
    for on in sorted(days):
        differs = any(_differs(part, on) for part in parts)
        if differs or differed:
            found.append(on)
        differed = differs
    return found


def _differs(part: Composed, on: date) -> bool:
    """Whether other rows are in force on a day than without the change."""
    was, now, new = (
        version is not None and covers(version.effective_from, version.effective_to, on)
        for version in (part.closes, part.follows, part.begins)
    )
    return new or was is not now


def days_moved(parts: Iterable[Composed]) -> Iterator[tuple[date | None, date | None]]:
    """The stretches of days for which the register says something else than before."""
    for part in parts:
        for version in (part.closes, part.follows, part.begins):
            if version is not None:
                yield version.effective_from, version.effective_to
