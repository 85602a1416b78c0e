"""Consulting bodies outside the office, and recording what the office waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.days import short_day
from accounts.exceptions import Refused
from accounts.models import User
from accounts.reasons import checked_reason, is_readable
from history import canonical, clock
from history.models import Event
from permits.choices import WaitKind
from permits.domain.casefile import CaseFile, events_on
from permits.domain.casework import acting, afresh
from permits.domain.faults import Faults
from permits.domain.intake import Given
from permits.models import Application, Consultation, Wait
from permits.verbs import Verb
from permits.workflow import Action


def consult(
    application: Application, *, body: str, question: str, due_on: date, by: User
) -> Consultation:
    """Asks a body. The service standard is that for consultation from now on.

    Raises ValidationError, NotPermitted, Refused.
    """
    given = checked_question({"body": body, "question": question, "due_on": due_on})
    with acting(Action.CONSULT, application, by=by) as work:
        row = Consultation(
            application=work.application, opened_on=clock.today(), opened_by=by, **given
        )
        work.record(Verb.CONSULTED).add(row)
    return row


def checked_question(values: Mapping[str, Any], unread: Collection[str] = ()) -> dict[str, Any]:
    """What is asked as the columns hold it. Raises ValidationError with all that is wrong."""
    given = Given(Consultation(), values, ("body", "question", "due_on"), unread)
    _need_words(given, "body", "question")
    _need_day_to_come(given)
    return given.checked()


def move_day(
    consultation: Consultation, *, due_on: date, reason: str, by: User, seen: int | None = None
) -> Consultation:
    """Gives the body another day for its answer, one after today.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    given = checked_day(consultation, {"due_on": due_on})
    with acting(Action.CONSULT, consultation.application, by=by) as work:
        now = afresh(consultation, seen)
        refuse_closed(now)
        if now.due_on != given["due_on"]:
            work.record(Verb.CONSULTATION_MOVED, reason=reason).set(now, **given)
    return now


def checked_day(
    consultation: Consultation, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """Another day for the answer as the column holds it. Raises ValidationError."""
    given = Given(consultation, {"due_on": values.get("due_on")}, ("due_on",), unread)
    _need_day_to_come(given)
    return given.checked()


def record_answer(
    consultation: Consultation, *, answer: str, answered_on: date, by: User, seen: int | None = None
) -> Consultation:
    """Records the body's answer. Raises ValidationError, NotPermitted, Refused, Conflict."""
    given = checked_answer(consultation, {"answer": answer, "answered_on": answered_on})
    with acting(Action.CONSULT, consultation.application, by=by) as work:
        now = afresh(consultation, seen)
        refuse_closed(now)
        work.record(Verb.CONSULTATION_ANSWERED).set(
            now, closed_on=clock.today(), closed_by=by, **given
        )
    return now


def checked_answer(
    consultation: Consultation, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """The answer as the columns hold it. Raises ValidationError with all that is wrong."""
    given = Given(consultation, values, ("answer", "answered_on"), unread)
    _need_words(given, "answer")
    if given.is_read("answered_on"):
        answered_on = given.get("answered_on")
        if not consultation.opened_on <= answered_on <= clock.today():
            given.fault("answered_on", _("Give a day from that of the question up to today."))
    return given.checked()


def record_silence(
    consultation: Consultation, *, reason: str, by: User, seen: int | None = None
) -> Consultation:
    """Goes on without an answer, with a reason, once the day on which it was due has passed.

    Raises as `record_answer`.
    """
    reason = checked_reason(reason)
    with acting(Action.CONSULT, consultation.application, by=by) as work:
        now = afresh(consultation, seen)
        refuse_silence(now)
        work.record(Verb.CONSULTATION_SILENT, reason=reason).set(
            now, silence_reason=reason, closed_on=clock.today(), closed_by=by
        )
    return now


def refuse_closed(consultation: Consultation) -> None:
    """Raises Refused for one that was answered, or whose silence was recorded."""
    if consultation.closed_on is not None:
        raise Refused(_("This consultation is closed already."))


def refuse_silence(consultation: Consultation) -> None:
    """Raises Refused for one that is closed, or not late."""
    refuse_closed(consultation)
    if clock.today() <= consultation.due_on:
        raise Refused(
            _("The answer is due on %(day)s. Before that day has passed, it is not silence.")
            % {"day": short_day(consultation.due_on)}
        )


BY_HAND = tuple(kind for kind in WaitKind if kind != WaitKind.REPLY)
"""Waits that people record and end. That for a reply begins as an intended refusal is put."""


def open_wait(application: Application, *, kind: str, reason: str, from_on: date, by: User) -> Wait:
    """Records that the office waits for somebody. Raises ValidationError, NotPermitted, Refused."""
    reason = checked_reason(reason)
    with acting(Action.WAIT, application, by=by) as work:
        check_wait(work.application, {"kind": kind, "from_on": from_on})
        told = {"kind": kind, "from_on": from_on, "reason": reason, "to_on__isnull": True}
        if Wait.objects.filter(application=work.application, **told).exists():
            raise Refused(_("This wait is recorded already."))
        row = Wait(
            application=work.application, kind=kind, reason=reason, from_on=from_on, opened_by=by
        )
        work.record(Verb.WAIT_OPENED, reason=reason).add(row)
    return row


def check_wait(
    application: Application, values: Mapping[str, Any], unread: Collection[str] = ()
) -> None:
    """Raises ValidationError with all that is wrong with the kind and the first day of a wait."""
    faults = Faults(unread)
    if faults.is_read("kind") and values["kind"] not in BY_HAND:
        faults.fault("kind", _("Choose whom the office waits for."))
    if faults.is_read("from_on"):
        first = _last_worked_on(application)
        if not first <= values["from_on"] <= clock.today():
            faults.fault(
                "from_on",
                _("Give a day from that of the last act on the application, %(day)s, up to today.")
                % {"day": short_day(first)},
            )
    faults.refuse()


def _last_worked_on(application: Application) -> date:
    """The day on which somebody last did something to the application but wait: until then the
    office had it. One query."""
    done = Event.objects.filter(stream=application.stream, actor__startswith="person:")
    done = done.exclude(verb__in=(Verb.WAIT_OPENED, Verb.WAIT_ENDED)).order_by("-sequence")
    return done.values_list("occurred_on", flat=True).first() or clock.today()


def recorded_late(file: CaseFile) -> dict[int, date]:
    """The day on which a wait was recorded, by its key, of those recorded after their first day."""
    begun, found = {one.pk: one.from_on for one in file.waits}, {}
    for event in events_on(file):
        if event.verb != Verb.WAIT_OPENED:
            continue
        for change in canonical.decode(bytes(event.body))["changes"]:
            if begun.get(change["row"], event.occurred_on) < event.occurred_on:
                found[change["row"]] = event.occurred_on
    return found


def end_wait(wait: Wait, *, to_on: date, by: User, seen: int | None = None) -> Wait:
    """Ends a wait on a day. Raises ValidationError, NotPermitted, Refused, Conflict."""
    with acting(Action.WAIT, wait.application, by=by) as work:
        now = afresh(wait, seen)
        refuse_ended(now)
        if not now.from_on <= to_on <= clock.today():
            raise ValidationError({"to_on": _("Give a day from its first up to today.")})
        work.record(Verb.WAIT_ENDED).set(now, to_on=to_on, ended_by=by)
    return now


def refuse_ended(wait: Wait) -> None:
    """Raises Refused for a wait that has ended, or that nobody ends by hand."""
    if wait.kind not in BY_HAND:
        raise Refused(
            _(
                "The time to reply to an intended refusal is the applicant’s. It ends with the"
                " reply, after its last day, or once the application is sent back, decided or"
                " withdrawn."
            )
        )
    if wait.to_on is not None:
        raise Refused(_("This wait has ended already."))


def _need_day_to_come(given: Given) -> None:
    if given.is_read("due_on") and given.get("due_on") <= clock.today():
        given.fault("due_on", _("Give a day after today."))


def _need_words(given: Given, *names: str) -> None:
    for name in names:
        if given.is_read(name) and not is_readable(given.get(name)):
            given.fault(name, _("This is needed, in words."))
