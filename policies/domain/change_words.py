"""A change in words: each field of the policy as it is and as it would be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from accounts.days import short_day
from history.domain.past import rows_at
from history.models import Tracked
from policies.choices import (
    Answer,
    ChangeKind,
    Confidence,
    ExistingPermits,
    Layer,
    Requirement,
    Stance,
)
from policies.domain.composing import ALL, belongs_to_the_key, document_of, key_of, parts_of
from policies.domain.drafting import PENDING
from policies.domain.reference.days import day
from policies.domain.register import Register
from policies.domain.scope import MOST_ITEMS_NAMED, scope_in_words
from policies.facts import Scope
from policies.models import Policy, PolicyChange

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field before and after, in words; `stance` codes where it is a stance."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    stances: tuple[str, str] | None = None

    @property
    def changes(self) -> bool:
        return self.before != self.after


def in_words(change: PolicyChange, register: Register, some: slice = ALL) -> list[FieldWords]:
    """Every field of the policy, changed or not; of a set, some of the policies that differ.

    What is pending is told against the register as it is; what was approved or given up, against
    the register as it was just before the approval, or when it was drafted. Fixed queries.
    """
    parts = parts_of(change, some)
    told = zip(parts, _said_before(parts), strict=True)
    if change.kind == ChangeKind.SET:
        return [_in_one(part, before, register) for part, before in told]
    return [field for part, before in told for field in _of_one(part, before, register)]


class _Before(NamedTuple):
    """What the register said of a policy before the change, with its note in French."""

    document: Json
    notes_fr: str


def _said_before(parts: Sequence[PolicyChange]) -> list[_Before]:
    """What the register said of the policy of each part. Fixed queries."""
    # A draft holds how many events its policy had, and an approval asks for the same number.
    heads = {
        part.policy.stream: part.content["head"]
        for part in parts
        if part.policy is not None and part.status not in PENDING and "head" in part.content
    }
    rows = [
        row
        for part in parts
        if part.policy is not None and part.policy.stream in heads
        for row in (part.policy, *part.policy.questions.all(), *part.policy.exceptions.all())
    ]
    then = dict(zip(rows, rows_at(rows, heads), strict=True))
    return [_said(part.policy, then) for part in parts]


def _said(policy: Policy | None, then: Mapping[Tracked, Any]) -> _Before:
    """`then` are the rows as they were, where that is asked for."""
    if policy is None:
        return _Before({}, "")

    def as_they_were(rows: Iterable[Tracked]) -> list[Any]:
        return [was for row in rows if (was := then.get(row, row)) is not None]

    (was,) = as_they_were([policy])
    questions, exceptions = map(as_they_were, (policy.questions.all(), policy.exceptions.all()))
    return _Before(document_of(was, questions, exceptions), was.notes_fr)


def row_of_field(field: str) -> str:
    """The name under which `in_words` tells of a field of the form; empty for none."""
    names = {
        "key": _("Key"),
        "title": _("Title"),
        "layer": _("Layer"),
        "stance": _("Stance"),
        **dict.fromkeys(("requirement", "control", "covers"), _("Permit requirement")),
        "sources": _("Sources"),
        "questions": _("Questions"),
        "exceptions": _("Exceptions"),
        "announced_on": _("Announced"),
        "notes": _("Note"),
        **dict.fromkeys(("existing", "existing_action"), _("Existing permits")),
        **dict.fromkeys(("instrument", "citation"), _("Instrument")),
        **dict.fromkeys(("starts_on", "ends_on"), _("In force")),
        **dict.fromkeys(("activities", "destinations", "items", "sub_regions"), _("Scope")),
    }
    return names.get(field.removesuffix("_en").removesuffix("_fr"), "")


def _in_one(change: PolicyChange, before: _Before, register: Register) -> FieldWords:
    """What differs of one policy, in one field."""
    fields = [one for one in _of_one(change, before, register) if one.changes]
    was = tuple(f"{one.name}: {'; '.join(one.before)}" for one in fields if one.before)
    now = tuple(f"{one.name}: {'; '.join(one.after)}" for one in fields if one.after)
    return FieldWords(key_of(change), was, now)


def _of_one(change: PolicyChange, said: _Before, register: Register) -> list[FieldWords]:
    old, content, before = change.replaced, change.content, said.document
    after = content.get("policy", before)
    if before and belongs_to_the_key(after) != belongs_to_the_key(before):
        after = {**after, "replaces": before["key"]}
    was = dict(_described(before, register)) if before else {}
    now = dict(_described(after, register)) if after else {}
    found = [
        FieldWords(
            name,
            was.get(name, ()),
            now.get(name, ()),
            (_stance(before), _stance(after)) if name == _("Stance") else None,
        )
        for name in dict.fromkeys((*was, *now))
    ]
    first = day(content.get("from"))
    last = day(content.get("to"))
    found += _told(change, said.notes_fr)
    if old is None:
        return [*found, FieldWords(_("In force"), (), (_span(first, last),))]
    if change.kind == ChangeKind.AMEND:
        # The old key ends on the day on which the new one begins.
        until = _span(old.effective_from, old.effective_to)
        return [*found, FieldWords(_("In force"), (until,), (_span(first, last),))]
    if change.kind in (ChangeKind.END, ChangeKind.EXTEND):
        first = old.effective_from
    then = _span(first, last)
    if first is not None and last is not None and last <= first:
        then = _("never: called off before it begins")
    return [
        *found,
        FieldWords(_("In force"), (_span(old.effective_from, old.effective_to),), (then,)),
    ]


def _told(change: PolicyChange, notes_fr: str) -> Iterator[FieldWords]:
    """When it was announced and published, and by which instrument a policy ends or goes on."""
    old, content = change.replaced, change.content
    for name, label in (("announced_on", _("Announced")), ("published_on", _("Published"))):
        was = getattr(old, name) if old is not None else None
        now = day(content.get(name)) or (None if "policy" in content else was)
        yield FieldWords(label, _day(was), _day(now))
    if "instrument" in content:
        yield FieldWords(_("By the instrument"), (), _of_instrument(content["instrument"]))
    if content.get("notes_fr") or notes_fr:
        now_said = content.get("notes_fr", notes_fr)
        yield FieldWords(_("Note (French)"), _given(notes_fr), _given(now_said))


def _day(day: date | None) -> tuple[str, ...]:
    return () if day is None else (short_day(day),)


def _stance(policy: Json) -> str:
    found: str = policy["effect"].get("stance", "") if policy else ""
    return found


def _span(first: date | None, last: date | None) -> str:
    if first is None and last is None:
        return _("always")
    if last is None:
        return _("from %(first)s, open") % {"first": short_day(first)} if first else ""
    if first is None:
        return _("until %(last)s") % {"last": short_day(last)}
    return _("from %(first)s until %(last)s") % {
        "first": short_day(first),
        "last": short_day(last),
    }


def _described(policy: Json, register: Register) -> Iterator[tuple[str, tuple[str, ...]]]:
    effect, instrument = policy["effect"], policy["instrument"]
    yield _("Key"), _given(policy["key"])
    yield _("Replaces"), _given(policy.get("replaces"))
    yield _("Title"), _both(policy, "title_{}")
    yield _("Layer"), _given(_label(Layer, policy["layer"]))
    yield _("Stance"), _given(_label(Stance, effect.get("stance", "")))
    if effect.get("requirement"):
        needs = _label(Requirement, effect["requirement"]), effect.get("control", "")
        covered = ", ".join(sorted(effect.get("covers", ())))
        yield _("Permit requirement"), tuple(one for one in (*needs, covered) if one)
    yield from _scope(policy["scope"], register)
    yield _("Questions"), tuple(_question(one) for one in policy["questions"])
    yield _("Exceptions"), tuple(_exception(one) for one in policy["exceptions"])
    yield _("Instrument"), _of_instrument(instrument)
    existing = policy["existing_permits"]
    action = _label(ExistingPermits, existing["action"])
    yield _("Existing permits"), (action, *_both(existing, "{}"))
    yield _("Sources"), tuple(f"{one['url']}: {one['quote']}" for one in policy["sources"])
    yield _("How far it was seen"), _given(_label(Confidence, policy["confidence"]))
    yield _("Note"), _given(policy["notes"])


def _of_instrument(instrument: Json) -> tuple[str, ...]:
    found = (*_both(instrument, "title_{}"), *_both(instrument, "citation_{}"))
    return (*found, *(one for name in ("section", "url") if (one := instrument.get(name))))


def _both(row: Json, name: str) -> tuple[str, ...]:
    """A text in English, then in French, as far as it is there."""
    texts = (row.get(name.format(language)) for language in ("en", "fr"))
    return tuple(one for one in texts if one)


def _question(one: Json) -> str:
    asked = " / ".join(_both(one, "{}")) or f"{one.get('of')}:{one['code']}"
    answer = str(Answer(one.get("applies_if", Answer.YES)).label).lower()
    words = _("%(code)s: %(asked)s (applies if: %(answer)s)")
    words %= {"code": one["code"], "asked": asked, "answer": answer}
    if one.get("ask"):
        asked_only = _(
            "Asked only where the kind of end-user is not known and could take the line out."
        )
        return f"{words}. {asked_only}"
    return words


def _exception(one: Json) -> str:
    texts = " / ".join((*_both(one, "{}"), *_both(one, "evidence_{}")))
    until = f" ({_span(None, day(one['until']))})" if one.get("until") else ""
    return f"{one['code']}: {texts}{until}"


def _scope(scope: Json, register: Register) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not scope["activities"] or not scope["destinations"]:
        yield _("Scope"), ()
        return
    if scope["goods"]["kind"] == "items" and not (
        scope["goods"].get("items") or scope["goods"].get("from")
    ):
        yield _("Scope"), ()
        return
    words = scope_in_words(Scope.from_json(scope), register)
    yield _("Scope"), (words.what, words.where, *words.only)
    goods = scope["goods"]
    for name, label in (
        ("items", _("Listed items")),
        ("not_items", _("Except these items")),
        ("excluded", _("Items that the general permit does not cover")),
    ):
        codes = sorted(goods.get(name, ()))
        if len(codes) > MOST_ITEMS_NAMED or name == "excluded":
            yield label, _given(", ".join(codes))


def _given(words: str | None) -> tuple[str, ...]:
    return (words,) if words else ()


def _label(choices: Any, code: str) -> str:
    return str(choices(code).label) if code in choices.values else code
