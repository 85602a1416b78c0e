"""An entry of the log in words for people: who did what to what, why, and what became different.

    told = tell(events, fields=12)

Reads names, texts and related rows for all the entries at once: the number of queries depends on
the kinds of rows that they tell of, not on how many there are. A body that is not well formed is
told as such and never stops a page: the log must be readable most of all when it was tampered with.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from history import canonical
from history.actors import SYSTEM, names_of
from history.clock import OTTAWA
from history.domain.reading import fault_in_form
from history.models import Called, Checkpoint, Event, Text, tracked_models
from history.values import SECRET, TEXT
from history.verbs import Verb, known_verbs

NOTHING = "—"
LONGEST = 400
"""Characters of a text that a list shows; the page of the entry shows all."""
LONGEST_NAME = 80

OWN_FACTS = {
    "size": gettext_lazy("Number of entries"),
    "root": gettext_lazy("Root"),
    "covered": gettext_lazy("Entries under a checkpoint"),
    "deep": gettext_lazy("Rows compared"),
    "good": gettext_lazy("Good"),
    "faults": gettext_lazy("Faults"),
    "note": gettext_lazy("Signed note"),
    "key": gettext_lazy("Key"),
    "old": gettext_lazy("Key before"),
    "new": gettext_lazy("Key after"),
    "signed_by_old": gettext_lazy("Signed by the key before"),
    "signed_by_new": gettext_lazy("Signed by the key after"),
    "synthetic": gettext_lazy("Synthetic"),
    "anchor": gettext_lazy("Checkpoint kept elsewhere"),
}
"""What the log's own verbs say of themselves, in words."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """What stands in a cell of before and after, where it is not simply words."""

    WORDS = "words"
    NOTHING = "nothing"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Words:
    """A value in words. `is_cut`: there is more of it."""

    text: str
    kind: Kind = Kind.WORDS
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class FieldWords:
    """One field of a row, before and after. `before` is None where the row is new."""

    label: str
    before: Words | None
    after: Words


@dataclass(frozen=True, slots=True)
class RowWords:
    """A row that the entry wrote. `empty` are the labels of a new row's fields with no value."""

    kind: str
    name: str
    is_new: bool
    fields: tuple[FieldWords, ...]
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What an entry changed. `more` counts the fields that are left out."""

    rows: tuple[RowWords, ...]
    row_count: int
    field_count: int
    more: int

    @property
    def has_before(self) -> bool:
        """Whether any row was there already."""
        return any(not row.is_new for row in self.rows)


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value that an entry carries beside its changes."""

    key: str
    value: Any
    name: str
    words: Words

    @property
    def digest(self) -> str:
        """The value where it is a hash, else nothing."""
        is_hash = isinstance(self.value, str) and _HASH.fullmatch(self.value)
        return self.value if is_hash else ""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry in words. `fault` says why its body can't be read; then most else is empty."""

    event: Event
    fault: str
    day: date
    at: datetime
    person: str
    role: str
    verb: str
    subject: str
    subject_name: str
    stream: str
    reason: Words | None
    provision: str
    occurred_on: date | None
    """The day on which it took place, where that is not the day of recording."""
    request: str
    is_simulated: bool
    basis: tuple[Fact, ...]
    data: tuple[Fact, ...]
    difference: Difference

    @property
    def summary(self) -> str:
        """What it was about, in a line: its first row, or else the beginning of its reason."""
        if self.difference.rows:
            first = self.difference.rows[0]
            return _("%(kind)s: %(name)s") % {"kind": first.kind, "name": first.name}
        if self.event.verb == Verb.VERIFIED:
            return self._found
        if self.reason is not None and self.reason.kind is Kind.WORDS:
            return _cut(" ".join(self.reason.text.split()), LONGEST_NAME).text
        return ""

    @property
    def _found(self) -> str:
        """What a verification found."""
        good = any(fact.key == "good" and fact.value is True for fact in self.data)
        return _("no fault found") if good else _("not good")

    @property
    def more_rows(self) -> int:
        """Rows that the summary does not name."""
        return max(self.difference.row_count - 1, 0)


def tell(events: Sequence[Event], *, fields: int, whole: bool = False) -> list[Told]:
    """The entries in words, in their order, each with at most that many fields of its rows.

    Long texts are cut unless `whole` is asked for.
    """
    drafts = [_Draft.of(event, fields) for event in events]
    known = _Known.of(drafts)
    return [_Teller(draft, known, None if whole else LONGEST).told() for draft in drafts]


def subject_name(subject: str) -> str:
    """The name of what a subject stands for, or nothing.

    A person's name, or what the row is called that the subject's first entry added. At most three
    queries.
    """
    if subject.startswith("person:"):
        return names_of([subject]).get(subject, "") if _is_person(subject) else ""
    first = Event.objects.filter(subject=subject).order_by("number").first()
    if first is None:
        return ""
    (told,) = tell([first], fields=1)
    rows = told.difference.rows
    key = subject.partition(":")[2]
    return rows[0].name if rows and rows[0].is_new and rows[0].name != key else ""


def role_label(role: str) -> str:
    """A role in words: the tracked field `role` that gives it knows them."""
    return str(_roles().get(role, role))


def verb_label(verb: str) -> str:
    """A verb in words; a verb that no package knows any more stands as it is."""
    return str(known_verbs().get(verb, verb))


@cache
def _roles() -> Mapping[str, str | Promise]:
    return {
        value: label
        for model in tracked_models()
        for one in model._meta.concrete_fields
        if one.name == "role"
        for value, label in one.flatchoices
    }


# Days, instants and numbers


def day_in_words(day: date) -> str:
    """5 October 2020; 5 octobre 2020; 1er octobre 2020."""
    return _first_in_french(day, date_format(day, "j F Y"))


def weekday_in_words(day: date) -> str:
    """Monday 5 October 2020; Lundi 5 octobre 2020."""
    return capfirst(f"{date_format(day, 'l')} {day_in_words(day)}")


def instant_in_words(instant: datetime) -> str:
    """An instant in Ottawa, to the second: 5 October 2020, 14:05:31."""
    there = instant.astimezone(OTTAWA)
    return _("%(day)s, %(time)s") % {
        "day": day_in_words(there.date()),
        "time": there.strftime("%H:%M:%S"),
    }


def number_in_words(number: int) -> str:
    """A number with its thousands apart, as the language of the page does it."""
    return str(number_format(number, use_l10n=True, force_grouping=True))


def short_hash(digest: bytes | str, length: int = 8) -> str:
    """The beginning of a hash, in groups of four digits."""
    digits = digest if isinstance(digest, str) else bytes(digest).hex()
    return " ".join(digits[at : at + 4] for at in range(0, min(length, len(digits)), 4))


def _first_in_french(day: date, words: str) -> str:
    french = (translation.get_language() or "").startswith("fr")
    return words.replace("1 ", "1er ", 1) if day.day == 1 and french else words


# Reading


@dataclass(slots=True)
class _Change:
    """A row of a change, with those of its fields that are told."""

    table: str
    model: type[models.Model] | None
    row: int
    is_new: bool
    fields: list[tuple[str, Any, Any]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """An entry whose body was read and whose fields to be told were chosen."""

    event: Event
    body: dict[str, Any]
    fault: str
    changes: list[_Change] = field(default_factory=list)
    row_count: int = 0
    field_count: int = 0
    shown: int = 0

    @classmethod
    def of(cls, event: Event, limit: int) -> _Draft:
        raw = bytes(event.body)
        try:
            body = canonical.decode(raw)
            fault = fault_in_form(body, raw)
        except canonical.NotCanonical as not_canonical:
            body, fault = {}, str(not_canonical)
        draft = cls(event, {} if fault else body, fault)
        for change in draft.body.get("changes", ()):
            draft._choose(change, limit)
        return draft

    def _choose(self, change: Mapping[str, Any], limit: int) -> None:
        before, after = change["before"], change["after"]
        model = model_of(change["table"])
        chosen = _Change(change["table"], model, change["row"], before is None)
        self.row_count += 1
        for name in _in_order(model, after):
            if before is None and after[name] in (None, "", [], {}):
                chosen.empty.append(name)
                continue
            self.field_count += 1
            if self.shown < limit:
                self.shown += 1
                chosen.fields.append((name, (before or {}).get(name), after[name]))
        if chosen.fields or not self.changes:
            self.changes.append(chosen)

    @property
    def model(self) -> type[models.Model] | None:
        """Of the first row that the entry wrote: what it says beside its changes is about that."""
        return self.changes[0].model if self.changes else None

    @property
    def digests(self) -> Iterator[str]:
        for told in (
            self.body.get("reason"),
            *(told for change in self.changes for _name, *both in change.fields for told in both),
        ):
            digest = _digest(told, TEXT)
            if digest:
                yield digest


@cache
def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def model_of(table: str) -> type[models.Model] | None:
    """The model of a table; None for one that is no more."""
    return _models().get(table)


@cache
def _columns(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {one.attname: one for one in model._meta.concrete_fields}


def _in_order(model: type[models.Model] | None, names: Iterable[str]) -> list[str]:
    """Column names as the model orders its fields; those that it lacks come last."""
    order = {} if model is None else {name: at for at, name in enumerate(_columns(model))}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _digest(told: Any, mark: str) -> str | None:
    """The digest in a mark of that kind; None for any other value."""
    if isinstance(told, dict) and tuple(told) == (mark,):
        digest = told[mark]
        return digest if isinstance(digest, str) else None
    return None


RowKey = tuple[type[models.Model], int]


@dataclass(slots=True)
class _Known:
    """Texts by digest, rows as they are called, and people's names."""

    texts: Mapping[str, str | None]
    rows: Mapping[RowKey, str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, drafts: Sequence[_Draft]) -> _Known:
        digests = {digest for draft in drafts for digest in draft.digests}
        texts = Text.objects.filter(digest__in=digests).values_list("digest", "content")
        actors = {draft.body.get("actor", draft.event.actor) for draft in drafts}
        subjects = {draft.event.subject for draft in drafts}
        return cls(
            dict(texts),
            dict(_named_rows(key for draft in drafts for key in _rows_of(draft))),
            names_of(one for one in actors | subjects if _is_person(one)),
        )


def _is_person(one: str) -> bool:
    kind, _colon, number = one.partition(":")
    return kind == "person" and _is_number(number)


def _is_number(one: str) -> bool:
    """Whether it can be the number of a row."""
    return one.isascii() and one.isdigit() and len(one) < 16


def _rows_of(draft: _Draft) -> Iterator[RowKey]:
    """The rows that the entry wrote, and those that their fields point to."""
    for change in draft.changes:
        if change.model is None:
            continue
        yield change.model, change.row
        columns = _columns(change.model)
        for name, *both in change.fields:
            to = _points_to(columns.get(name))
            if to is not None:
                yield from ((to, told) for told in both if type(told) is int)
            cited = _cited(columns.get(name))
            if cited is not None:
                lists = (told for told in both if isinstance(told, list))
                yield from ((cited, one) for told in lists for one in told if type(one) is int)
            yield from (key for told in both for key in _named_in(_says(columns.get(name)), told))
    columns = {} if draft.model is None else _columns(draft.model)
    for name, told in draft.body.get("data", {}).items():
        yield from _named_in(_says(columns.get(name)), told)
    for part in draft.body.get("basis", {}):
        yield from _named_in(_says_part(draft.model), part)


Says = Callable[[str, Called], str]


def _says(column: models.Field[Any, Any] | None) -> Says | None:
    """What says the codes of a column in words."""
    return None if column is None else getattr(column.model, "in_words", {}).get(column.attname)


def _says_part(model: type[models.Model] | None) -> Says | None:
    """What says in words what a part is that a signature on such a row rested on."""
    return getattr(model, "in_words", {}).get("basis")


def _named_in(says: Says | None, told: Any) -> Iterator[RowKey]:
    """The rows whose names the words for a code have in them."""
    asked: list[RowKey] = []

    def called(label: str, number: str) -> str:
        if _is_number(number):
            asked.append((apps.get_model(label), int(number)))
        return ""

    if says is not None and isinstance(told, str):
        says(told, called)
    yield from asked


def _points_to(column: models.Field[Any, Any] | None) -> type[models.Model] | None:
    """The model whose ids a column holds."""
    if not isinstance(column, models.ForeignKey):
        return None
    return column.related_model if column.target_field.primary_key else None


def _cited(column: models.Field[Any, Any] | None) -> type[models.Model] | None:
    """The model of whose ids a column holds a list."""
    label = getattr(column.model, "cites", {}).get(column.attname) if column is not None else None
    return None if label is None else apps.get_model(label)


def _named_rows(keys: Iterable[RowKey]) -> Iterator[tuple[RowKey, str]]:
    """What rows are called now. One query for each model."""
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    for model, number in keys:
        wanted[model].add(number)
    for model, numbers in wanted.items():
        # A row's name often has the name of another in it.
        related = [one.name for one in model._meta.concrete_fields if _points_to(one) is not None]
        related += getattr(model, "named_with", ())
        rows = model._base_manager.filter(pk__in=numbers)
        for row in rows.select_related(*related) if related else rows:
            yield (model, row.pk), _name_of(row)


def _name_of(row: models.Model) -> str:
    if isinstance(row, Checkpoint):
        return _("up to entry %(number)s") % {"number": number_in_words(row.size)}
    return _cut(" ".join(str(row).split()), LONGEST_NAME).text


def _cut(text: str, longest: int | None) -> Words:
    if longest is None or len(text) <= longest:
        return Words(text)
    return Words(f"{text[: longest - 1].rstrip()}…", is_cut=True)


# Telling


@dataclass(frozen=True, slots=True)
class _Teller:
    draft: _Draft
    known: _Known
    longest: int | None

    def told(self) -> Told:
        event, body = self.draft.event, self.draft.body
        at = datetime.fromisoformat(body["recorded_at"]) if body else event.recorded_at
        day = at.astimezone(OTTAWA).date()
        occurred_on = date.fromisoformat(body["occurred_on"]) if body else event.occurred_on
        actor = body.get("actor", event.actor)
        role = body.get("role") or ""
        subject = body.get("subject", event.subject)
        return Told(
            event=event,
            fault=self.draft.fault,
            day=day,
            at=at,
            person="Permit Desk" if actor == SYSTEM.id else self.known.names.get(actor, actor),
            role=_("System") if actor == SYSTEM.id else role_label(role),
            verb=verb_label(body.get("verb", event.verb)),
            subject=subject,
            subject_name=self.known.names.get(subject, ""),
            stream=body.get("stream", event.stream),
            reason=self._reason(body.get("reason")),
            provision=body.get("provision") or "",
            occurred_on=None if occurred_on == day else occurred_on,
            request=body.get("request") or "",
            is_simulated=body.get("clock") == "simulated",
            basis=tuple(self._basis(body.get("basis", {}))),
            data=tuple(self._data(body.get("data", {}))),
            difference=self._difference(),
        )

    def _reason(self, told: Any) -> Words | None:
        return None if told is None else self._words(None, told, None)

    def _data(self, told: Mapping[str, Any]) -> Iterator[Fact]:
        """A fact that is called as a field of the row is told as that field."""
        own, model = self.draft.event.verb in Verb.values, self.draft.model
        columns = {} if own or model is None else _columns(model)
        for name, value in told.items():
            column = columns.get(name)
            label = str(OWN_FACTS.get(name, name)) if own else name
            if column is not None:
                label = capfirst(str(column.verbose_name))
            yield Fact(name, value, label, self._words(column, value, None))

    def _basis(self, told: Mapping[str, Any]) -> Iterator[Fact]:
        says = _says_part(self.draft.model)
        for name, value in told.items():
            label = name if says is None else says(name, self._called)
            yield Fact(name, value, label, self._words(None, value, None))

    def _called(self, label: str, number: str) -> str:
        if not _is_number(number):
            return ""
        return self.known.rows.get((apps.get_model(label), int(number)), "")

    def _difference(self) -> Difference:
        draft = self.draft
        return Difference(
            rows=tuple(self._row(change) for change in draft.changes),
            row_count=draft.row_count,
            field_count=draft.field_count,
            more=draft.field_count - draft.shown,
        )

    def _row(self, change: _Change) -> RowWords:
        model = change.model
        name = None if model is None else self.known.rows.get((model, change.row))
        columns = {} if model is None else _columns(model)

        def label(column: str) -> str:
            return capfirst(str(columns[column].verbose_name)) if column in columns else column

        return RowWords(
            kind=change.table if model is None else capfirst(str(model._meta.verbose_name)),
            name=name or _("row %(number)s") % {"number": change.row},
            is_new=change.is_new,
            fields=tuple(
                FieldWords(
                    label(column),
                    None if change.is_new else self._words(columns.get(column), before, None),
                    self._words(columns.get(column), after, before),
                )
                for column, before, after in change.fields
            ),
            empty=tuple(label(column) for column in change.empty),
        )

    def _words(self, column: models.Field[Any, Any] | None, told: Any, before: Any) -> Words:
        """A value in words; `before` says whether a secret is new or another."""
        if told in (None, "", [], {}):
            return Words(NOTHING, Kind.NOTHING)
        if _digest(told, SECRET):
            return _secret(before)
        digest = _digest(told, TEXT)
        if digest:
            content = self.known.texts.get(digest)
            if content is None:
                return Words(_("disposed of"), Kind.GONE)
            return _cut(content, self.longest)
        return _cut(self._plain(column, told), self.longest)

    def _plain(self, column: models.Field[Any, Any] | None, told: Any) -> str:
        """What the log holds as such, by the kind of its field."""
        if isinstance(told, bool):
            return _("yes") if told else _("no")
        to = _points_to(column)
        if to is not None and type(told) is int:
            return (
                self.known.rows.get((to, told)) or f"{capfirst(str(to._meta.verbose_name))} {told}"
            )
        cited = _cited(column)
        if cited is not None and isinstance(told, list):
            return "; ".join(self.known.rows.get((cited, one)) or str(one) for one in told)
        says = _says(column)
        if says is not None and isinstance(told, str):
            return says(told, self._called)
        if column is not None and column.flatchoices:
            return str(dict(column.flatchoices).get(told, told))
        if isinstance(told, str):
            return _moment(column, told)
        return readable(told)


def _secret(before: Any) -> Words:
    if not before:
        return Words(_("set, never shown"), Kind.SECRET)
    return Words(_("changed, never shown"), Kind.SECRET)


def _moment(column: models.Field[Any, Any] | None, told: str) -> str:
    """A day or instant in words; any other text as it is."""
    try:
        if isinstance(column, models.DateTimeField):
            return instant_in_words(datetime.fromisoformat(told))
        if isinstance(column, models.DateField):
            return day_in_words(date.fromisoformat(told))
    except (ValueError, OverflowError):
        pass
    return told


def readable(told: Any) -> str:
    """JSON as compact text: `stance: suspended; items: 2-1, 2-2`."""
    match told:
        case None:
            return NOTHING
        case bool():
            return _("yes") if told else _("no")
        case str():
            return told
        case list():
            return ", ".join(_inner(one) for one in told)
        case dict():
            return "; ".join(
                _("%(name)s: %(value)s") % {"name": name, "value": _inner(one)}
                for name, one in told.items()
            )
        case _:
            return json.dumps(told)


def _inner(told: Any) -> str:
    """What stands within JSON: in brackets where it has parts of its own."""
    if isinstance(told, (dict, list)):
        return f"({readable(told)})" if told else NOTHING
    return readable(told)
