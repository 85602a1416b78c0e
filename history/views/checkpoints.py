"""All checkpoints, and the note of one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from history.domain.inspection import key_at
from history.models import Checkpoint, Log
from history.views.pages import marks, one_page, read_before


@require_safe
@login_required
def checkpoints(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    before = read_before(request)
    found, has_more = one_page(Checkpoint.objects.all(), "size", before)
    log = Log.objects.first()
    return render(
        request,
        "history/checkpoints.html",
        {
            **marks(log),
            "checkpoints": found,
            "count": Checkpoint.objects.count(),
            "before": before,
            "last": found[-1].size if has_more else None,
            "key": key_at(log.size) if log else None,
        },
    )


@require_safe
@login_required
def note(request: HttpRequest, size: int) -> HttpResponse:
    """The signed note, to be kept elsewhere."""
    found = get_object_or_404(Checkpoint, size=size)
    response = HttpResponse(found.note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="checkpoint-{size}.txt"'
    return response
