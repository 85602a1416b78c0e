"""The documents of a case: taken in, named, taken off, handed out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from permits import forms
from permits.domain import documents
from permits.domain.casefile import read_file
from permits.filestore import Altered
from permits.models import Application, Document
from permits.views.acts import METHODS, Page, answer, find, sent, who, why_not
from permits.workflow import Action

logger = logging.getLogger("security")


@require_http_methods(METHODS)
def new(request: HttpRequest, reference: str) -> HttpResponse:
    """Takes a file in. A file cannot be kept in a form that is sent back: it is chosen again."""
    application = find(request, reference)

    def perform(form: forms.NewDocumentForm) -> HttpResponse:
        given = form.values
        file = given.pop("file")
        documents.attach(
            application, given, content=file.chunks(), file_name=file.name, by=who(request)
        )
        return _done(request, application, _("Attached. Statements and sources may name it now."))

    form = forms.NewDocumentForm(
        sent(request),
        request.FILES if request.method == "POST" else None,
        instance=Document(application=application),
        initial={"kind": request.GET.get("kind", "")},
    )
    page = _page(request, application, _("Attach a document"), _("Attach"))
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Says better what a document is. The file stays as it came."""
    row = _document(request, number)

    def perform(form: forms.DocumentForm) -> HttpResponse:
        documents.edit_document(row, form.values, by=who(request), seen=form.cleaned_data["seen"])
        return _done(request, row.application, _("Saved."))

    form = forms.DocumentForm(sent(request), instance=_document(request, number))
    page = _page(request, row.application, row.title, _("Save"))
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Takes a document off the application."""
    row = _document(request, number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        documents.remove_document(row, by=who(request), seen=form.cleaned_data["seen"])
        return _done(request, row.application, _("Removed. The history keeps it."))

    form = forms.PlainForm(sent(request), initial={"seen": row.version})
    title = _("Remove: %(what)s") % {"what": row.title}
    file = read_file(row.application)
    page = _page(
        request,
        row.application,
        title,
        _("Remove"),
        lambda: documents.refuse_in_use(file, row),
    )
    return answer(request, form, page, perform)


@require_safe
def download(request: HttpRequest, number: int) -> HttpResponseBase:
    """Hands the file out as it was received, to be kept and never shown by the browser.

    One that is not as it was received is not handed out: 410, and the security log.
    """
    row = get_object_or_404(Document.objects.select_related("application"), pk=number)
    find(request, row.application.reference)
    try:
        file = documents.open_document(row)
    except Altered:
        logger.error("document %s of %s is not as it was received", row.pk, row.application)
        context = {"title": row.title, "sha256": row.sha256, "application": row.application}
        return render(request, "permits/altered.html", context, status=410)
    response = FileResponse(
        file, as_attachment=True, filename=row.file_name, content_type=row.media_type
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _document(request: HttpRequest, number: int) -> Document:
    rows = Document.objects.select_related("application")
    row = get_object_or_404(rows, pk=number, is_removed=False)
    find(request, row.application.reference)
    return row


def _page(
    request: HttpRequest,
    application: Application,
    title: str,
    button: str,
    *checks: Callable[[], object],
) -> Page:
    return Page(
        title=title,
        button=button,
        name=application.reference,
        back=application.get_absolute_url(),
        refusal=why_not(request, application, Action.ATTACH, *checks),
    )


def _done(request: HttpRequest, application: Application, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect(f"{application.get_absolute_url()}#documents")
