"""The log as a list, and one entry of it with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from history.actors import SYSTEM, names_of
from history.domain.inspection import Inspection, last_inspection, prove
from history.forms import HistoryForm
from history.merkle import leaf_hash
from history.models import Checkpoint, Event, Log
from history.views.pages import marks, one_page, read_before
from history.wording import Told, subject_name, tell

FIELDS_IN_LIST = 12
FIELDS_OF_ENTRY = 400
CHECKPOINTS_BESIDE = 5


class Day(NamedTuple):
    """The entries of a day, as they follow each other on the page."""

    day: date
    entries: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How far the log has come, how much of it is signed for, and who last verified it."""

    size: int
    checkpoints: Sequence[Checkpoint]
    inspection: Inspection | None
    inspector: str

    @property
    def newest(self) -> Checkpoint | None:
        return self.checkpoints[0] if self.checkpoints else None

    @property
    def uncovered(self) -> int:
        """Entries that no checkpoint covers yet."""
        return max(self.size - (self.newest.size if self.newest else 0), 0)

    @property
    def since(self) -> int:
        """Entries that came after the last verification and its own entry."""
        return max(self.size - self.inspection.number, 0) if self.inspection else 0


def _status(log: Log | None) -> Status:
    """Three queries, fewer where nothing was verified yet."""
    inspection = last_inspection()
    actor = inspection.actor if inspection else SYSTEM.id
    return Status(
        log.size if log else 0,
        list(Checkpoint.objects.all()[:CHECKPOINTS_BESIDE]),
        inspection,
        "Permit Desk" if actor == SYSTEM.id else names_of([actor]).get(actor, actor),
    )


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """The log, newest first, narrowed down by the address."""
    form = HistoryForm(request.GET)
    before = read_before(request)
    asked = form.narrow(Event.objects.all())
    found, has_more = one_page(asked, "number", before)
    log = Log.objects.first()
    status = _status(log)
    told = tell(found, fields=FIELDS_IN_LIST)
    subject = "" if form.errors else form.one_subject
    return render(
        request,
        "history/events.html",
        {
            **marks(log),
            "form": form,
            "status": status,
            "days": _by_day(told),
            "shown": len(told),
            "count": asked.count() if form.is_narrowed else status.size,
            "before": before,
            "last": found[-1].number if has_more else None,
            "subject": subject,
            "subject_name": subject_name(subject) if subject else "",
        },
    )


def _by_day(told: Iterable[Told]) -> list[Day]:
    """By the day of recording. A day can come twice: clocks are set back."""
    return [Day(day, tuple(some)) for day, some in groupby(told, key=lambda one: one.day)]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Numbers of the entries around one, in the log and in its stream; None at an end."""

    previous: int | None
    next: int | None
    previous_in_stream: int | None
    next_in_stream: int | None


def _neighbours(event: Event) -> Neighbours:
    """One query."""
    around = Event.objects.filter(
        Q(number__in=[event.number - 1, event.number + 1])
        | Q(stream=event.stream, sequence__in=[event.sequence - 1, event.sequence + 1])
    ).values_list("number", "stream", "sequence")
    numbers = {number for number, _stream, _sequence in around}
    in_stream = {sequence: number for number, stream, sequence in around if stream == event.stream}
    return Neighbours(
        event.number - 1 if event.number - 1 in numbers else None,
        event.number + 1 if event.number + 1 in numbers else None,
        in_stream.get(event.sequence - 1),
        in_stream.get(event.sequence + 1),
    )


@require_safe
@login_required
def event(request: HttpRequest, number: int) -> HttpResponse:
    """Everything of one entry, and the proof that it is in the log."""
    found = get_object_or_404(Event, number=number)
    (told,) = tell([found], fields=FIELDS_OF_ENTRY, whole=True)
    return render(
        request,
        "history/event.html",
        {
            **marks(Log.objects.first()),
            "entry": told,
            "subject_name": told.subject_name or subject_name(told.subject),
            "leaf": leaf_hash(bytes(found.body)).hex(),
            "is_leaf_kept": leaf_hash(bytes(found.body)) == bytes(found.leaf),
            "proof": prove(found),
            "around": _neighbours(found),
            "limit": FIELDS_OF_ENTRY,
        },
    )


@require_safe
@login_required
def body(request: HttpRequest, number: int) -> HttpResponse:
    """The bytes of an entry as they are stored and hashed."""
    found = get_object_or_404(Event, number=number)
    response = HttpResponse(bytes(found.body), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="entry-{number}.json"'
    return response


@require_safe
@login_required
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """What anyone needs to check that an entry is among those that a checkpoint signs.

    404 where no checkpoint covers it yet.
    """
    found = get_object_or_404(Event, number=number)
    proven = prove(found)
    if proven is None:
        raise Http404
    response = JsonResponse(
        {
            "number": number,
            "leaf": proven.leaf.hex(),
            "size": proven.checkpoint.size,
            "path": [step.hex() for step in proven.path],
            "root": bytes(proven.checkpoint.root).hex(),
            "checkpoint": proven.checkpoint.note,
            "key": str(proven.key) if proven.key else None,
            "how_to_check": _how_to_check(number),
        },
        json_dumps_params={"indent": 2, "ensure_ascii": False},
    )
    response["Content-Disposition"] = f'attachment; filename="proof-{number}.json"'
    return response


def _how_to_check(number: int) -> list[str]:
    """The steps, in the language of the reader."""
    return [
        _("1. Take the bytes of entry-%(number)s.json as they are. leaf = SHA-256(0x00 || bytes).")
        % {"number": number},
        _(
            "2. Verify the inclusion of leaf, at index number - 1 in a tree of the given size, by"
            " path as RFC 9162, section 2.1.3.2, says. The result is root."
        ),
        _(
            "3. checkpoint is a signed note (C2SP tlog-checkpoint). Its second line is size, its"
            " third line is root in base64, and key, an Ed25519 key, verifies its signature."
        ),
        _(
            "4. Compare checkpoint and key with those that you keep outside Permit Desk. Without"
            " that, you check the log against itself."
        ),
    ]
