"""The steps that every act on a case shares: the lock, right and status, the door.

    with acting(Action.ASSIGN, application, by=by, seen=seen) as work:
        work.record(Verb.ASSIGNED, reason=reason).set(work.application, assigned_to=person)

Every act on a case first locks its application, so what it checks still holds when it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Role
from accounts.days import instant_in_words
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.rules import roles_of
from history.actors import SYSTEM, Actor, names_of
from history.domain.door import Conflict, Door, Entry, door
from history.kept import Kept
from history.models import Event, Tracked
from history.verbs import known_verbs
from permits.models import Application, ConflictDeclaration
from permits.models.applications import Part
from permits.verbs import EDITS
from permits.workflow import DESPITE_A_CONFLICT, TRANSITIONS, Action, require

Row = TypeVar("Row", bound=Tracked)
OfCase = TypeVar("OfCase", bound=Part)


def stream_of(reference: str) -> str:
    """The stream of a case: its application, review, decision, permit and acts."""
    return f"case:{reference}"


def subject_of(reference: str) -> str:
    return f"application:{reference}"


def head_of(application: Application) -> int:
    """How many events the case has: what a signature or a decision is compared with."""
    found = Event.objects.filter(stream=application.stream).aggregate(Max("sequence"))
    return int(found["sequence__max"] or 0)


def last_edit_of(application: Application) -> int:
    """The number of the case's event that last changed its form, lines or parties: what a statement
    is compared with, which others make beside it. 0 before any. One query."""
    edits = Event.objects.filter(stream=application.stream, verb__in=EDITS)
    return int(edits.aggregate(Max("sequence"))["sequence__max"] or 0)


@dataclass(slots=True)
class Work:
    """An act under way: the application, locked and as it is now, and who acts in which role."""

    action: Action
    application: Application
    by: User
    role: Role
    entries: Door

    @property
    def actor(self) -> Actor:
        return Actor.person(self.by.pk, self.role.value)

    def record(self, verb: str, *, subject: str = "", **told: Any) -> Entry:
        """An event of the case by who acts; `told` as `Door.record` takes it."""
        return self.entries.record(
            verb,
            stream=self.application.stream,
            subject=subject or subject_of(self.application.reference),
            by=self.actor,
            **told,
        )

    def move(self, entry: Entry, **values: Any) -> None:
        """Gives the application the status that the table says, and other values beside it."""
        target = TRANSITIONS[self.action].target
        if target is None:
            raise ValueError(f"{self.action} leaves the status as it is")
        entry.set(self.application, status=target.value, **values)


def last_act(application: Application) -> str:
    """What was last done to the case, by whom and when: for whoever came too late. Two queries."""
    return event_in_words(Event.objects.filter(stream=application.stream).latest("sequence"))


def event_in_words(event: Event) -> str:
    """What was done last, by whom and when. One query."""
    return _("Last: %(what)s (%(who)s, %(when)s).") % {
        "what": known_verbs().get(event.verb, event.verb),
        "who": names_of({event.actor}).get(event.actor, event.actor),
        "when": instant_in_words(event.recorded_at),
    }


CONFLICTED = gettext_lazy("You declared a conflict of interest in this case: others go on with it.")


def has_conflict(application: Application, person: User) -> bool:
    """Whether this person declared a conflict of interest in the case. One query."""
    return ConflictDeclaration.objects.filter(application=application, person=person).exists()


_LOCKED = Kept(lambda keys: Application.objects.select_for_update().filter(pk__in=keys))


@contextmanager
def acting(
    action: Action,
    application: Application,
    *,
    by: User,
    seen: int | None = None,
    seen_head: int | None = None,
) -> Iterator[Work]:
    """An act on the case, alone among all acts on it.

    `seen` is the version of the application that was looked at, `seen_head` how many events the
    case had. Raises NotPermitted, Refused as the table of the workflow says, NotPermitted for who
    declared a conflict of interest; Conflict when the application, or anything of the case, changed
    since.
    """
    with door(by=SYSTEM) as entries:
        [now] = _LOCKED([application.pk])
        try:
            role = require(action, now.status, now.outcome, roles_of(by))
        except Refused as refusal:
            raise Refused(f"{refusal.words} {last_act(now)}") from None
        if action not in DESPITE_A_CONFLICT and has_conflict(now, by):
            raise NotPermitted(CONFLICTED)
        if seen is not None and now.version != seen:
            raise Conflict(application, now)
        if seen_head is not None and (head := head_of(now)) != seen_head:
            raise Conflict(application, head=head)
        yield Work(action, now, by, role, entries)


def afresh(row: Row, seen: int | None) -> Row:
    """A row of the case as it is now, under the case's lock.

    Raises Conflict unless its version is the one that was seen (the row's own if none is named).
    """
    now = type(row)._base_manager.get(pk=row.pk)
    if now.version != (row.version if seen is None else seen):
        raise Conflict(row, now)
    return now


def still_there(row: OfCase, seen: int | None) -> OfCase:
    """As `afresh`. Raises Refused for what was removed from the application."""
    now = afresh(row, seen)
    if now.is_removed:
        raise Refused(_("This was removed from the application."))
    return now
