"""The letters of a case: made when they are first asked for, and handed out."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.exceptions import Refused
from history.keyfile import KeyUnavailable
from permits.domain import letters
from permits.filestore import Altered
from permits.models import Letter, PermitAct
from permits.views.acts import find, who

logger = logging.getLogger("security")


@require_POST
def make(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """Makes the letter, or finds the one that was made, and leads to it.

    An act's letter is asked for with the act's number as `act`.
    """
    application = find(request, reference)
    number = request.POST.get("act", "")
    act = None
    if number:
        acts = PermitAct.objects.filter(permit__application=application)
        is_key = number.isdecimal() and len(number) < 19
        act = get_object_or_404(acts, pk=int(number) if is_key else 0)
    try:
        letter = letters.make_letter(application, kind, by=who(request), act=act)
    except Refused as refusal:
        messages.error(request, str(refusal.words))
    except KeyUnavailable:
        logger.exception("no checkpoint for a letter of %s", reference)
        messages.error(
            request,
            _(
                "The history cannot be signed now, so no letter can be made."
                " Tell whoever runs this."
            ),
        )
    else:
        return redirect("permits:letter", letter.pk)
    return redirect(f"{application.get_absolute_url()}#letters")


@require_safe
def download(request: HttpRequest, number: int) -> HttpResponse:
    """The letter as it went out. Where not even its content gives its bytes: 410."""
    letter = get_object_or_404(Letter.objects.select_related("application"), pk=number)
    find(request, letter.application.reference)
    try:
        content = letters.letter_bytes(letter)
    except Altered:
        logger.error("letter %s of %s is not as it was made", letter.pk, letter.application)
        context = {
            "title": letter.get_kind_display(),
            "sha256": letter.sha256,
            "application": letter.application,
        }
        return render(request, "permits/altered.html", context, status=410)
    name = letters.file_name(letter)
    return HttpResponse(
        content,
        content_type=letters.MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
