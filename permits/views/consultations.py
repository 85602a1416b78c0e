"""What a consulted body answers, or does not, and the end of a wait."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from history import clock
from permits import forms
from permits.domain import consultations
from permits.domain.recommendation import reason_of
from permits.models import Application, Consultation, Wait
from permits.views.acts import METHODS, Page, answer, find, saved, sent, who, why_not
from permits.workflow import Action


@require_http_methods(METHODS)
def answer_consultation(request: HttpRequest, number: int) -> HttpResponse:
    """What a body answered."""
    row, application, against = _still_open(request, number)

    def perform(form: forms.AnswerForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.record_answer(
            row,
            answer=given["answer"],
            answered_on=given["answered_on"],
            by=who(request),
            seen=given["seen"],
        )
        return saved(request, application, "consultations")

    initial = {"seen": row.version, "answered_on": clock.today()}
    check = partial(consultations.checked_answer, row)
    form = forms.AnswerForm(sent(request), initial=initial, check=check)
    page = _on_consultation(application, row, _("Record the answer"), against)
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def move_day(request: HttpRequest, number: int) -> HttpResponse:
    """Gives a body another day for its answer."""
    row, application, against = _still_open(request, number)

    def perform(form: forms.DueForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.move_day(
            row,
            due_on=given["due_on"],
            reason=given["reason"],
            by=who(request),
            seen=given["seen"],
        )
        return saved(request, application, "consultations")

    initial = {"seen": row.version, "due_on": row.due_on}
    check = partial(consultations.checked_day, row)
    form = forms.DueForm(sent(request), initial=initial, check=check)
    page = _on_consultation(application, row, _("Change the day"), against)
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def silence_consultation(request: HttpRequest, number: int) -> HttpResponse:
    """Goes on without an answer."""
    row = get_object_or_404(Consultation.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.record_silence(
            row, reason=given["reason"], by=who(request), seen=given["seen"]
        )
        return saved(request, application, "consultations")

    form = forms.WhyForm(sent(request), initial={"seen": row.version})
    page = _on_consultation(
        application, row, _("Record the silence"), why_not_silent(request, application, row)
    )
    return answer(request, form, page, perform)


def _still_open(request: HttpRequest, number: int) -> tuple[Consultation, Application, str]:
    """A consultation, its case, and why this person may do nothing to it any more."""
    row = get_object_or_404(Consultation.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)
    against = why_not(
        request, application, Action.CONSULT, lambda: consultations.refuse_closed(row)
    )
    return row, application, against


def why_not_silent(request: HttpRequest, application: Application, row: Consultation) -> str:
    """Why this person may not record the silence; nothing where they may."""
    return why_not(request, application, Action.CONSULT, lambda: consultations.refuse_silence(row))


def _on_consultation(
    application: Application, row: Consultation, button: str, refusal: str
) -> Page:
    return Page(
        title=row.body,
        button=button,
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("Question"), row.question),),
        refusal=refusal,
    )


@require_http_methods(METHODS)
def end_wait(request: HttpRequest, number: int) -> HttpResponse:
    """Ends a wait."""
    row = get_object_or_404(Wait.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)

    def perform(form: forms.EndForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.end_wait(row, to_on=given["to_on"], by=who(request), seen=given["seen"])
        return saved(request, application, "consultations")

    form = forms.EndForm(sent(request), initial={"seen": row.version, "to_on": clock.today()})
    page = Page(
        title=_("End a wait"),
        button=_("End the wait"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((row.get_kind_display(), reason_of(row)),),
        refusal=why_not(request, application, Action.WAIT, lambda: consultations.refuse_ended(row)),
    )
    return answer(request, form, page, perform)
