"""What a person may narrow the history down by."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from history.actors import SYSTEM, names_of
from history.clock import OTTAWA
from history.days import DayField
from history.models import Event
from history.verbs import known_verbs

ANY = pgettext_lazy("no filter", "Any")

KINDS = {
    "case": _("Cases"),
    "policy": _("Policies"),
    "reference": _("Reference"),
    "party": _("Parties"),
    "evidence": _("Evidence"),
    "people": _("People"),
    "audit": _("Audit"),
    "system": _("The log itself"),
}
"""The kinds of stream, in words."""

_SUBJECT = re.compile(r"[a-z_]+:[!-~]+")
_REQUEST = re.compile(r"[0-9A-Za-z-]+")


class HistoryForm(forms.Form):
    """Entries by what they are about, who acted, what was done, when and in which request.

    Days are those of recording, in Ottawa. Nothing is found where a field has an error.
    """

    subject = forms.CharField(
        label=_("Subject"),
        required=False,
        max_length=160,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "person:4"}
        ),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    person = forms.ChoiceField(label=_("Person"), required=False)
    verb = forms.ChoiceField(label=_("Action"), required=False)
    start = DayField(label=_("From day"), required=False)
    end = DayField(label=_("To day"), required=False)
    request = forms.CharField(
        label=_("Request"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict) -> None:
        """Two queries: who acted, and what they are called."""
        super().__init__(data)
        labels = ((verb, str(label)) for verb, label in known_verbs().items())
        for name, choices in (
            ("kind", list(KINDS.items())),
            ("person", _people()),
            ("verb", sorted(labels, key=lambda one: one[1].casefold())),
        ):
            self._choice(name).choices = [("", ANY), *choices]

    def _choice(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    def clean_subject(self) -> str:
        subject: str = self.cleaned_data["subject"]
        if subject and not _SUBJECT.fullmatch(subject):
            raise ValidationError(
                _("Write a kind, a colon and a key, such as person:4."), code="not_a_subject"
            )
        return subject

    def clean_request(self) -> str:
        request: str = self.cleaned_data["request"]
        if request and not _REQUEST.fullmatch(request):
            raise ValidationError(
                _("Write the id of a request, as an entry shows it."), code="not_a_request"
            )
        return request

    def clean(self) -> None:
        super().clean()
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and end < start:
            self.add_error("end", _("Give the day from which on, or a later one."))

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.errors) or any(self.cleaned_data.values())

    @property
    def one_subject(self) -> str:
        """The subject whose whole history is asked for; nothing where more is asked."""
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return str(asked["subject"]) if list(asked) == ["subject"] else ""

    def narrow(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """The entries asked for; none where a field has an error."""
        if self.errors:
            return events.none()
        asked = self.cleaned_data
        if asked["subject"]:
            events = events.filter(subject=asked["subject"])
        if asked["kind"]:
            kind = asked["kind"]
            events = events.filter(Q(stream=kind) | Q(stream__startswith=f"{kind}:"))
        if asked["person"]:
            events = events.filter(actor=asked["person"])
        if asked["verb"]:
            events = events.filter(verb=asked["verb"])
        if asked["start"]:
            events = events.filter(recorded_at__gte=_begin(asked["start"]))
        if asked["end"]:
            events = events.filter(recorded_at__lt=_begin(asked["end"] + timedelta(days=1)))
        if asked["request"]:
            events = events.filter(request=asked["request"])
        return events


def _begin(day: date) -> datetime:
    """The instant at which a day begins in Ottawa."""
    return datetime.combine(day, time.min, OTTAWA)


def _actors() -> set[str]:
    """Everyone who acted. Leaps along the index from one to the next, however many entries."""
    table = connection.ops.quote_name(Event._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE one(actor) AS (SELECT MIN(actor) FROM {table} UNION ALL"  # noqa: S608
            f" SELECT (SELECT MIN(actor) FROM {table} WHERE actor > one.actor) FROM one"
            " WHERE one.actor IS NOT NULL) SELECT actor FROM one WHERE actor IS NOT NULL"
        )
        return {actor for (actor,) in cursor.fetchall()}


def _people() -> list[tuple[str, str]]:
    """Everyone who acted, by name; the system first."""
    actors = _actors()
    names = names_of(actors)
    people = sorted(
        ((actor, names.get(actor, actor)) for actor in actors - {SYSTEM.id}),
        key=lambda one: (one[1].casefold(), one[0]),
    )
    system = [(SYSTEM.id, "Permit Desk")] if SYSTEM.id in actors else []
    return [*system, *people]
