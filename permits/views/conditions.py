"""The conditions that a recommendation proposes: added, changed, removed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from permits import forms
from permits.domain import conditions
from permits.domain.casefile import read_file
from permits.models import Application, Condition
from permits.views.acts import METHODS, Page, answer, find, sent, who, why_not
from permits.workflow import Action


@require_http_methods(METHODS)
def new(request: HttpRequest, reference: str) -> HttpResponse:
    """One more condition on the recommendation that stands."""
    application = find(request, reference)
    recommendation = read_file(application).recommendation
    if recommendation is None:
        raise Http404

    def perform(form: forms.ConditionForm) -> HttpResponse:
        given = form.cleaned_data
        conditions.add_condition(recommendation, _words(given), by=who(request), seen=given["seen"])
        return _done(request, application, _("The condition is added."))

    form = forms.ConditionForm(sent(request), initial={"seen": recommendation.version})
    check = partial(conditions.refuse_without_permit, recommendation)
    return answer(request, form, _page(request, application, _("Add a condition"), check), perform)


@require_http_methods(METHODS)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Other words. What was said before, and by whom, stays readable."""
    row, application = _condition(request, number)

    def perform(form: forms.ConditionForm) -> HttpResponse:
        given = form.cleaned_data
        conditions.change_condition(row, _words(given), by=who(request), seen=given["seen"])
        return _done(request, application, _("The condition is changed."))

    initial = {"seen": row.version, "text_en": row.text_en, "text_fr": row.text_fr}
    form = forms.ConditionForm(sent(request), initial=initial)
    page = _page(
        request,
        application,
        _("Change a condition"),
        partial(conditions.refuse_replaced, row),
        (_("Written by"), row.written_by),
    )
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Takes a condition off."""
    row, application = _condition(request, number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        conditions.remove_condition(
            row, reason=given["reason"], by=who(request), seen=given["seen"]
        )
        return _done(request, application, _("Removed. The history keeps it."))

    form = forms.WhyForm(sent(request), initial={"seen": row.version})
    page = _page(
        request,
        application,
        _("Remove a condition"),
        partial(conditions.refuse_replaced, row),
        (_("Condition, in English"), row.text_en),
        (_("Condition, in French"), row.text_fr),
        (_("Written by"), row.written_by),
    )
    return answer(request, form, page, perform)


def _condition(request: HttpRequest, number: int) -> tuple[Condition, Application]:
    rows = Condition.objects.select_related("recommendation__application", "written_by")
    row = get_object_or_404(rows, pk=number)
    return row, find(request, row.recommendation.application.reference)


def _words(given: dict[str, str]) -> conditions.Words:
    return given["text_en"], given["text_fr"]


def _page(
    request: HttpRequest,
    application: Application,
    title: str,
    check: Callable[[], object],
    *facts: tuple[str, Any],
) -> Page:
    return Page(
        title=title,
        button=title,
        name=application.reference,
        back=application.get_absolute_url(),
        facts=facts,
        then=_("It binds the holder once the permit is issued."),
        refusal=why_not(request, application, Action.SET_CONDITIONS, check),
    )


def _done(request: HttpRequest, application: Application, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect(f"{application.get_absolute_url()}#decision")
