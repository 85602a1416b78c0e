"""Opening an application, reading it in full, and editing its form, lines and parties."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from permits import forms
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.models import Application, Line, Party
from permits.views.acts import METHODS, Page, answer, find, saved, sent, who, why_not
from permits.workflow import Action


@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Opens an application."""

    def perform(form: forms.NewForm) -> HttpResponse:
        made = intake.open_application(form.cleaned_data["activity"], by=who(request))
        messages.success(
            request, _("%(reference)s is opened as a draft.") % {"reference": made.reference}
        )
        return redirect("permits:form", made.reference)

    page = Page(
        title=_("Open an application"),
        button=_("Open the application"),
        name=_("Worklist"),
        back=reverse("permits:worklist"),
        then=_("It is a draft: everything can be filled in later, as often as you like."),
    )
    return answer(request, forms.NewForm(sent(request)), page, perform)


@require_safe
def in_full(request: HttpRequest, reference: str) -> HttpResponse:
    """All that the applicant said, for whoever reads the case: who decides and who audits edit
    nothing, and so never see the forms. Queries do not grow with the lines and parties."""
    application = find(request, reference)
    file = read_file(application)
    sheets: list[tuple[str, str, forms.ModelShape]] = [
        ("form", _("Application form"), forms.ApplicationForm(instance=application))
    ]
    sheets += [
        (
            f"line-{one.number}",
            _("Line %(number)s") % {"number": one.number},
            forms.LineForm(instance=one),
        )
        for one in file.lines
    ]
    sheets += [
        (f"party-{one.pk}", str(one.get_role_display()), forms.PartyForm(instance=one))
        for one in file.parties
    ]
    replied = application.recommendations.exclude(reply="")
    context = {"application": application, "sheets": sheets, "replied": replied}
    return render(request, "permits/in_full.html", context)


def _editing(request: HttpRequest, application: Application, title: str) -> Page:
    return Page(
        title=title,
        button=_("Save"),
        name=application.reference,
        back=application.get_absolute_url(),
        refusal=why_not(request, application, Action.EDIT),
    )


@require_http_methods(METHODS)
def edit_form(request: HttpRequest, reference: str) -> HttpResponse:
    """The application's own form."""
    application = find(request, reference)

    def perform(form: forms.ApplicationForm) -> HttpResponse:
        seen = form.cleaned_data["seen"]
        intake.edit_application(application, form.values, by=who(request), seen=seen)
        return saved(request, application, "form")

    form = forms.ApplicationForm(sent(request), instance=find(request, reference))
    return answer(request, form, _editing(request, application, _("Application form")), perform)


@require_http_methods(METHODS)
def new_line(request: HttpRequest, reference: str) -> HttpResponse:
    """A further line."""
    application = find(request, reference)

    def perform(form: forms.LineForm) -> HttpResponse:
        line = intake.add_line(application, form.values, by=who(request))
        return saved(request, application, f"line-{line.number}")

    form = forms.LineForm(sent(request), instance=Line(application=application))
    return answer(request, form, _editing(request, application, _("Add a line")), perform)


@require_http_methods(METHODS)
def edit_line(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A line."""
    application = find(request, reference)
    line = get_object_or_404(Line, application=application, number=number, is_removed=False)

    def perform(form: forms.LineForm) -> HttpResponse:
        intake.edit_line(line, form.values, by=who(request), seen=form.cleaned_data["seen"])
        return saved(request, application, f"line-{line.number}")

    form = forms.LineForm(sent(request), instance=Line.objects.get(pk=line.pk))
    title = _("Line %(number)d") % {"number": number}
    return answer(request, form, _editing(request, application, title), perform)


@require_http_methods(METHODS)
def remove_line(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Takes a line off."""
    application = find(request, reference)
    line = get_object_or_404(Line, application=application, number=number, is_removed=False)

    def perform(form: forms.PlainForm) -> HttpResponse:
        intake.remove_line(line, by=who(request), seen=form.cleaned_data["seen"])
        return saved(request, application, "lines")

    page = Page(
        title=_("Remove line %(number)d") % {"number": number},
        button=_("Remove the line"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("Description"), line.description),),
        then=_("The history keeps it."),
        refusal=why_not(request, application, Action.EDIT),
    )
    form = forms.PlainForm(sent(request), initial={"seen": line.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def new_party(request: HttpRequest, reference: str) -> HttpResponse:
    """A further party."""
    application = find(request, reference)

    def perform(form: forms.PartyForm) -> HttpResponse:
        party = intake.add_party(application, form.values, by=who(request))
        return saved(request, application, f"party-{party.pk}")

    initial = {"role": request.GET.get("role", "")}
    instance = Party(application=application)
    form = forms.PartyForm(sent(request), instance=instance, initial=initial)
    return answer(request, form, _editing(request, application, _("Add a party")), perform)


@require_http_methods(METHODS)
def edit_party(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A party."""
    application = find(request, reference)
    party = get_object_or_404(Party, application=application, pk=number, is_removed=False)

    def perform(form: forms.PartyForm) -> HttpResponse:
        intake.edit_party(party, form.values, by=who(request), seen=form.cleaned_data["seen"])
        return saved(request, application, f"party-{party.pk}")

    form = forms.PartyForm(sent(request), instance=Party.objects.get(pk=party.pk))
    return answer(request, form, _editing(request, application, party.name), perform)


@require_http_methods(METHODS)
def remove_party(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Takes a party off."""
    application = find(request, reference)
    party = get_object_or_404(Party, application=application, pk=number, is_removed=False)

    def perform(form: forms.PlainForm) -> HttpResponse:
        intake.remove_party(party, by=who(request), seen=form.cleaned_data["seen"])
        return saved(request, application, "parties")

    page = Page(
        title=_("Remove a party"),
        button=_("Remove the party"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((party.get_role_display(), party.name),),
        then=_("The history keeps it."),
        refusal=why_not(request, application, Action.EDIT),
    )
    form = forms.PlainForm(sent(request), initial={"seen": party.version})
    return answer(request, form, page, perform)
