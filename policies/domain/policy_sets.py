"""A set of policies in the form of `policies.schema.json`: given out whole, taken in as one change.

What is taken in becomes a draft like any other, with a part for each policy that differs from the
register: it is previewed, approved by another administrator, and written whole or not at all. A
policy that the set leaves out stays as it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from history import clock
from history.days import FIRST_DAY, LAST_DAY, DayField
from policies.choices import ChangeKind, ChangeStatus
from policies.domain.composing import belongs_to_the_key, document_of
from policies.domain.drafting import drafted, heads_of
from policies.domain.queries import LONGEST_TEXT, OTTAWA
from policies.domain.reference import files
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files
from policies.domain.reference.policy_consistency import policy_faults
from policies.domain.register import kept_until_loaded
from policies.models import ContextEntry, PermitAct, Policy, PolicyChange, PolicyVersion

Json = Mapping[str, Any]

LARGEST_SET = 8 << 20
"""Bytes; ten times what the packaged policies have."""

_DAYS = ("from", "to", "announced_on", "published_on")
_BOUNDED = {("exceptions", "until"), *(("versions", name) for name in _DAYS)}
_LONGEST: Mapping[tuple[str, ...], int] = {
    ("key",): 80,
    ("replaces",): 80,
    ("title_en",): 300,
    ("title_fr",): 300,
    ("instrument", "title_en"): 300,
    ("instrument", "title_fr"): 300,
    ("instrument", "citation_en"): 120,
    ("instrument", "citation_fr"): 120,
    ("instrument", "section"): 80,
    ("instrument", "url"): 500,
    ("questions", "code"): 60,
    ("questions", "of"): 80,
    ("exceptions", "code"): 60,
    ("sources", "url"): 500,
}
"""Signs of a text, as in the form of a draft; any other text has LONGEST_TEXT at most."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a set that cannot be taken in: its key, the field, and why."""

    key: str
    field: str
    reason: str


class RefusedSet(Exception):
    """A set that is not taken in, with everything that stands against it."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


@dataclass(frozen=True, slots=True)
class Compared:
    """A set beside the register: keys, and the changes that the set comes to.

    `passed_over` are parts of it that say something else and that no set takes in.
    """

    added: tuple[str, ...]
    superseded: tuple[str, ...]
    unchanged: tuple[str, ...]
    changes: tuple[dict[str, Any], ...]
    passed_over: tuple[str, ...] = ()


def start_set(raw: bytes, *, by: User) -> tuple[PolicyChange, Compared]:
    """Begins a draft from a file. Raises RefusedSet, NotPermitted; then nothing is written."""
    compared = compare(read_set(raw))
    if not compared.changes:
        raise RefusedSet([Refusal("", "", _("Nothing in it differs from the register."))])
    change = PolicyChange(
        kind=ChangeKind.SET.value,
        status=ChangeStatus.DRAFT.value,
        content={"changes": list(compared.changes)},
    )
    return drafted(change, by=by), compared


def read_set(raw: bytes) -> Json:
    """The document of a file, valid by the schema, beside the register.

    Raises RefusedSet, with every row that cannot be taken in: one of the right form is looked at
    beside the register, and one that fits there is compared with it, whatever the others are.
    """
    try:
        document: Json = files.parse_one(files.POLICIES, raw)
        faults = list(files.faults_of(files.POLICIES, document))
    except MalformedReference as fault:
        raise RefusedSet([_refusal(fault)]) from fault
    refused = [_refusal(fault) for _path, fault in faults]
    paths = [path for path, _fault in faults]
    if {(), ("policies",)} & set(paths):
        raise RefusedSet(refused)  # There are no rows to look at.
    malformed = {path[1] for path in paths if path[0] == "policies"}
    rows = [row for place, row in enumerate(document["policies"]) if place not in malformed]
    refused += _out_of_bounds(document, malformed)
    refused += map(_refusal, _faults_beside_the_register(rows))
    if refused:
        named = {one.key for one in refused}
        _fit, unfit = _compare([row for row in rows if row["key"] not in named])
        raise RefusedSet([*refused, *unfit])
    return document


def _out_of_bounds(document: Json, malformed: Collection[str | int]) -> Iterator[Refusal]:
    """Days and texts of the rows that the form of a draft would not take either."""
    for place, row in enumerate(document["policies"]):
        if place in malformed:
            continue
        for path, text in files.texts(files.POLICIES, row):
            names = tuple(step for step in path if isinstance(step, str))
            longest = _LONGEST.get(names, LONGEST_TEXT)
            if names in _BOUNDED and not FIRST_DAY <= date.fromisoformat(text) <= LAST_DAY:
                reason = str(DayField.default_error_messages["out_of_range"])
            elif len(text) > longest:
                reason = _("has more than %(most)d characters") % {"most": longest}
            else:
                continue
            yield Refusal(
                *files.locate(files.POLICIES, document, ("policies", place, *path)), reason
            )


def _refusal(fault: MalformedReference) -> Refusal:
    return Refusal(fault.row, fault.field, fault.reason)


def fault_beside_the_register(documents: Sequence[Json]) -> str:
    """What the register would refuse with these policies in it, in words; nothing if all fits.

    Their versions are left out. At most ten queries.
    """
    always = dict.fromkeys(("from", "to", "known_to", "announced_on", "published_on"))
    version: dict[str, Any] = {
        **always,
        "known_from": "2000-01-01",
        "precision": "day",
        "assumed": [],
    }
    for fault in _faults_beside_the_register([{**one, "versions": [version]} for one in documents]):
        return ", ".join(one for one in (fault.row, fault.field, fault.reason) if one)
    return ""


def _faults_beside_the_register(policies: Sequence[Json]) -> Iterator[MalformedReference]:
    """What the loader would refuse, policy by policy, in the register with these in it."""
    given = {row["key"] for row in policies}
    rest = [row for row in _kept_policies() if row["key"] not in given]
    found = _packaged()
    both = {**found[files.POLICIES], "policies": [*policies, *rest]}
    return policy_faults(Files({**found.documents, files.POLICIES: both}, found.digests))


def compare(document: Json) -> Compared:
    """What the set would do to the register: a dry run. Raises RefusedSet, naming every row.

    Fixed queries.
    """
    compared, refused = _compare(document["policies"])
    if refused:
        raise RefusedSet(refused)
    return replace(compared, passed_over=tuple(_passed_over(document)))


def _passed_over(document: Json) -> Iterator[str]:
    """What no set takes in and this one says otherwise: what is no policy, and what was believed
    once."""
    written = written_set()
    for name in written.keys() - {"as_of", "policies"}:
        if _in_any_order(document.get(name)) != _in_any_order(written[name]):
            yield name
    believed = {row["key"]: _believed_once(row) for row in written["policies"]}
    for row in document["policies"]:
        if _believed_once(row) != believed.get(row["key"], []):
            yield f"{row['key']}: versions"


def _in_any_order(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    return sorted(json.dumps(one, sort_keys=True) for one in part)


def _believed_once(row: Json) -> Any:
    return _in_any_order([one for one in row["versions"] if one["known_to"] is not None])


def _compare(rows: Iterable[Json]) -> tuple[Compared, list[Refusal]]:
    """What those of the rows that fit would do to the register, and why others do not fit."""
    policies = Policy.objects.select_related("replaces")
    stored = {one.key: one for one in policies.prefetch_related("questions__same_as", "exceptions")}
    heads = heads_of(stored.values())
    open_versions: dict[str, list[PolicyVersion]] = defaultdict(list)
    for version in PolicyVersion.objects.filter(known_to__isnull=True).select_related("policy"):
        open_versions[version.policy.key].append(version)
    added: list[str] = []
    superseded: list[str] = []
    unchanged: list[str] = []
    changes: list[dict[str, Any]] = []
    refused: list[Refusal] = []
    for row in rows:
        key = row["key"]
        try:
            if key in stored:
                change = _change(row, stored[key], open_versions[key], heads)
            else:
                change = _new(row, stored)
        except _Unfit as unfit:
            refused.append(Refusal(key, unfit.field, unfit.reason))
            continue
        if change is None:
            unchanged.append(key)
            continue
        (superseded if key in stored else added).append(key)
        changes.append(change)
    compared = Compared(tuple(added), tuple(superseded), tuple(unchanged), tuple(changes))
    return compared, refused


class _Unfit(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def _known_now(row: Json) -> list[Json]:
    return [one for one in row["versions"] if one["known_to"] is None]


def _document(row: Json) -> dict[str, Any]:
    """The policy as a draft has it: without its versions, and with its French note beside it."""
    return {name: row[name] for name in row if name not in ("versions", "notes_fr")}


def _new(row: Json, stored: Collection[str]) -> dict[str, Any]:
    """The change that a row comes to of which the register says nothing."""
    if (row.get("replaces") or "") not in ("", *stored):
        raise _Unfit(
            "replaces", _("It takes the place of a policy that is new too: take that one in first.")
        )
    for place, question in enumerate(row["questions"]):
        if "of" in question and question["of"] not in stored:
            raise _Unfit(
                f"questions[{place}].of",
                _("It asks the question of a policy that is new too: take that one in first."),
            )
    said = _known_now(row)
    if len(said) != 1 or said[0]["from"] is None:
        raise _Unfit(
            "versions", _("A new policy has one version that is known now, with a first day.")
        )
    content = {
        "policy": _document(row),
        "notes_fr": row.get("notes_fr") or "",
        **_told(said[0]),
        "assumed": [name for name in said[0]["assumed"] if name != "known_from"],
    }
    return {"kind": ChangeKind.IMPOSE.value, "key": "", "replaced": None, "content": content}


def _change(
    row: Json, policy: Policy, versions: list[PolicyVersion], heads: Mapping[str, int]
) -> dict[str, Any] | None:
    """The change that a row comes to; None where the register says the same."""
    said, document, now = _known_now(row), _document(row), document_of(policy)
    if belongs_to_the_key(now) != belongs_to_the_key(document):
        raise _Unfit(
            "scope",
            _(
                "Layer, scope, effect, questions and exceptions belong to the key: end it, and add"
                " another key that replaces it."
            ),
        )
    if (document.get("replaces") or "") != (now.get("replaces") or ""):
        raise _Unfit("replaces", _("What a policy took the place of when it was entered stays."))
    wanted, known = ([_told(one) for one in rows] for rows in (said, map(_version, versions)))
    by_day = itemgetter(*_DAYS)
    for rows in (wanted, known):
        rows.sort(key=lambda one: [day or "" for day in by_day(one)])
    notes_fr = _note_in_french(row, policy)
    if wanted == known and document == now and notes_fr == policy.notes_fr:
        return None
    if len(said) != 1 or len(versions) != 1:
        raise _Unfit(
            "versions",
            _("Only of a policy with one version that is known now can a set move the days."),
        )
    content = {
        "policy": document,
        "notes_fr": notes_fr,
        **_told(said[0]),
        "head": heads[policy.stream],
    }
    return {
        "kind": ChangeKind.CORRECT.value,
        "key": policy.key,
        "replaced": versions[0].pk,
        "content": content,
    }


def _note_in_french(row: Json, policy: Policy) -> str:
    """What the set says; where it leaves that out, what the policy says if its note is the same."""
    if "notes_fr" in row:
        return row["notes_fr"] or ""
    return policy.notes_fr if (row["notes"] or "") == policy.notes_en else ""


def _told(version: Json) -> dict[str, Any]:
    """What a set says of a version that is known now; when it was known is the approval's."""
    return {name: version[name] for name in (*_DAYS, "precision")}


# Given out


def written_set() -> dict[str, Any]:
    """The register as one document, in the form of the file that we ship. Fixed queries.

    Each policy has its French note beside it, which we ship in a file of its own. What is no
    policy, the rules of reading and the names of lists, is as in that file. Days of knowledge are
    Ottawa days, as there: what was known for less than one cannot be told, and is left out.
    """
    return {
        **_packaged()[files.POLICIES],
        "as_of": clock.today().isoformat(),
        "policies": [row for row in _written_policies() if row["versions"]],
        "permit_acts": list(_permit_acts()),
        "context": list(_context()),
    }


def _written_policies() -> list[dict[str, Any]]:
    """Every policy, with the versions that were known at the end of any day. Fixed queries."""
    versions: dict[int, list[PolicyVersion]] = defaultdict(list)
    for version in PolicyVersion.objects.order_by("pk"):
        if _day_of(version.known_from) != _day_of(version.known_to):
            versions[version.policy_id].append(version)
    policies = Policy.objects.select_related("replaces").prefetch_related(
        "questions__same_as", "exceptions"
    )
    return [
        {
            **document_of(one),
            "notes_fr": one.notes_fr or None,
            "versions": [_version(each) for each in versions[one.pk]],
        }
        for one in policies.order_by("pk")
    ]


@kept_until_loaded
def _kept_policies() -> Sequence[Json]:
    """The same, written once until the next load: to be read and never changed."""
    return _written_policies()


@cache
def _packaged() -> Files:
    """The files that we ship, read once."""
    return files.read_files(files.PACKAGED)


def _version(version: PolicyVersion) -> dict[str, Any]:
    return {
        "from": _day(version.effective_from),
        "to": _day(version.effective_to),
        "known_from": _day_of(version.known_from),
        "known_to": _day_of(version.known_to),
        "announced_on": _day(version.announced_on),
        "published_on": _day(version.published_on),
        "precision": version.precision,
        "assumed": version.assumed,
    }


def _permit_acts() -> Iterator[dict[str, Any]]:
    for act in PermitAct.objects.select_related("destination", "under_policy").order_by("pk"):
        yield {
            **_noted(act),
            "announced_on": _day(act.announced_on),
            "act": act.act,
            "provision": act.provision,
            "count": act.count,
            "instrument_en": act.instrument_en,
            "instrument_fr": act.instrument_fr,
            "under_policy": act.under_policy.key,
        }


def _context() -> Iterator[dict[str, Any]]:
    for entry in ContextEntry.objects.select_related("destination").order_by("pk"):
        yield _noted(entry)


def _noted(row: PermitAct | ContextEntry) -> dict[str, Any]:
    return {
        "key": row.key,
        "destination": row.destination.code,
        "on": _day(row.on),
        "precision": row.precision,
        "title_en": row.title_en,
        "title_fr": row.title_fr,
        "sources": row.sources,
        "confidence": row.confidence,
        "notes": row.notes_en or None,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day_of(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(OTTAWA).date().isoformat()
