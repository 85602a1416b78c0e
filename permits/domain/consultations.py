"""Consulting bodies outside the office, and recording what the office waits for."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.days import short_day
from accounts.exceptions import Refused
from accounts.models import User
from accounts.reasons import checked_reason
from history import clock
from permits.choices import WaitKind
from permits.domain.casework import acting, afresh
from permits.domain.intake import Given
from permits.models import Application, Consultation, Wait
from permits.verbs import Verb
from permits.workflow import Action

_TEXTS = ("body", "question", "answer")


def consult(
    application: Application, *, body: str, question: str, due_on: date, by: User
) -> Consultation:
    """Asks a body. The service standard is that for consultation from now on.

    Raises ValidationError, NotPermitted, Refused.
    """
    question = _text(question, "question")
    body = _text(body, "body")
    if due_on <= clock.today():
        raise ValidationError({"due_on": _("The answer is due after today.")})
    with acting(Action.CONSULT, application, by=by) as work:
        row = Consultation(
            application=work.application,
            body=body,
            question=question,
            opened_on=clock.today(),
            due_on=due_on,
            opened_by=by,
        )
        work.record(Verb.CONSULTED).add(row)
    return row


def record_answer(
    consultation: Consultation, *, answer: str, answered_on: date, by: User, seen: int | None = None
) -> Consultation:
    """Records the body's answer. Raises ValidationError, NotPermitted, Refused, Conflict."""
    answer = _text(answer, "answer")
    if not consultation.opened_on <= answered_on <= clock.today():
        raise ValidationError(
            {"answered_on": _("Give a day from that of the question up to today.")}
        )
    with acting(Action.CONSULT, consultation.application, by=by) as work:
        now = afresh(consultation, seen)
        refuse_closed(now)
        work.record(Verb.CONSULTATION_ANSWERED).set(
            now, answer=answer, answered_on=answered_on, closed_on=clock.today(), closed_by=by
        )
    return now


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


def open_wait(application: Application, *, kind: str, reason: str, from_on: date, by: User) -> Wait:
    """Records that the office waits for somebody. Raises ValidationError, NotPermitted, Refused."""
    reason = checked_reason(reason)
    if kind not in WaitKind.values:
        raise ValidationError({"kind": _("Choose whom the office waits for.")})
    with acting(Action.WAIT, application, by=by) as work:
        first = work.application.submitted_on or clock.today()
        if not first <= from_on <= clock.today():
            raise ValidationError({"from_on": _("Give a day from the submission up to today.")})
        row = Wait(
            application=work.application, kind=kind, reason=reason, from_on=from_on, opened_by=by
        )
        work.record(Verb.WAIT_OPENED, reason=reason).add(row)
    return row


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
    """Raises Refused for a wait that has ended."""
    if wait.to_on is not None:
        raise Refused(_("This wait has ended already."))


def _text(given: str, field: str) -> str:
    text = str(Given(Consultation(), {field: given}, _TEXTS).checked()[field])
    if not any(character.isalnum() for character in text):
        raise ValidationError({field: _("This is needed, in words.")})
    return text
