"""Keeping the overviews of the worklist up to date with the cases, the register and the day.

    refresh()

A case is behind when its stream has moved on, and an open one also on another day or under another
load of the register. Every worklist looks first, so what it shows is never older than its own
request, but for the first minutes of a day in an office with more open cases than `MOST`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max, Q, Subquery
from django.db.models.functions import Coalesce

from history import clock
from history.models import Event
from permits.choices import OPEN, Residual, Status
from permits.domain.assessment import CardState, card_states
from permits.domain.casefile import CaseFile, read_files
from permits.domain.clock import (
    BusinessDays,
    clock_of,
    needs_consultation,
    read_calendar,
    read_standards,
)
from permits.domain.frozen import filing_ruling
from permits.domain.ruling import CaseRuling, requires_assessment, rule_on
from permits.models import Application, Overview
from permits.verbs import Verb
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register, newest_load
from policies.models import ServiceStandard

MOST = 300
"""Cases that are made anew for one request."""

RAISED, STALE, SIGNED, ONCE, BEGUN, BLANK = "rsfhob"
"""A letter for each consideration: a risk that is not excluded, signatures on another basis, signed
twice, signed once, begun, not begun."""

# Any number that no other advisory lock of this product has.
_LOCK = 7_304_103
_BATCH = 100


def refresh(*, most: int = MOST) -> int:
    """Brings up to `most` overviews up to date, and says how many it made.

    Leaves it to whoever is at it already. Three queries where nothing is behind.
    """
    load = _load()
    if not _is_behind(load):
        return 0
    with transaction.atomic():
        if not _is_alone():
            return 0
        number, cases = _to_make(load, most)
        for first in range(0, len(cases), _BATCH):
            _make(cases[first : first + _BATCH], load, number)
    return len(cases)


def _load() -> int | None:
    newest = newest_load()
    return newest[0] if newest else None


def _is_alone() -> bool:
    """Whether nobody else is at it. On SQLite the transaction itself has waited."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _new_events() -> Q:
    newest = Overview.objects.order_by("-number").values("number")[:1]
    return Q(number__gt=Coalesce(Subquery(newest), 0), stream__startswith="case:")


def _outdated(load: int | None) -> Q:
    """Open cases of which the day or the register has moved on."""
    other_load = Q(overview__load__isnull=False) if load is None else ~Q(overview__load=load)
    return Q(status__in=OPEN) & (~Q(overview__on=clock.today()) | other_load)


def _is_behind(load: int | None) -> bool:
    return (
        Event.objects.filter(_new_events()).exists()
        or Application.objects.filter(_outdated(load)).exists()
    )


def _to_make(load: int | None, most: int) -> tuple[int, list[Application]]:
    """The cases to be made, and the last event that all of them take in."""
    events = Event.objects.filter(_new_events()).order_by("number")
    told = list(events.values_list("number", "stream")[:most])
    number = told[-1][0] if told else _new_number()
    references = {stream.partition(":")[2] for _number, stream in told}
    cases = Application.objects.select_related("destination")
    touched = list(cases.filter(reference__in=references))
    rest = cases.filter(_outdated(load)).exclude(pk__in=[one.pk for one in touched])
    return number, touched + list(rest.order_by("pk")[: most - len(touched)])


def _new_number() -> int:
    return int(Overview.objects.aggregate(last=Max("number"))["last"] or 0)


def _make(cases: Sequence[Application], load: int | None, number: int) -> None:
    withdrawn, of = _withdrawn_days(cases), _maker()
    made = [
        of(file, withdrawn.get(file.application.stream), load, number) for file in read_files(cases)
    ]
    Overview.objects.bulk_create(
        sorted(made, key=lambda one: one.pk),
        update_conflicts=True,
        unique_fields=["application"],
        update_fields=[
            field.name for field in Overview._meta.concrete_fields if not field.primary_key
        ],
    )


def keep(files: Sequence[tuple[CaseFile, date | None]], *, number: int) -> None:
    """Overviews of new cases, each with the day on which it was withdrawn, up to that event.

    For whoever holds the log's lock, and only when no other overview is behind.
    """
    load, of = _load(), _maker()
    Overview.objects.bulk_create(of(file, over, load, number) for file, over in files)


def _withdrawn_days(cases: Iterable[Application]) -> dict[str, date]:
    streams = [one.stream for one in cases if one.status == Status.WITHDRAWN]
    if not streams:
        return {}
    events = Event.objects.filter(stream__in=streams, verb=Verb.WITHDRAWN)
    return dict(events.values_list("stream", "occurred_on"))


def _maker() -> Callable[[CaseFile, date | None, int | None, int], Overview]:
    """What makes the overview of a file: with the day's register, calendar and standards."""
    register, calendar, standards = current_register(), read_calendar(), read_standards()
    today = clock.today()

    def of(file: CaseFile, withdrawn_on: date | None, load: int | None, number: int) -> Overview:
        made = _overview(file, today, register, calendar, standards, withdrawn_on)
        made.load, made.number = load, number
        return made

    return of


def _overview(
    file: CaseFile,
    today: date,
    register: Register,
    calendar: BusinessDays,
    standards: Iterable[ServiceStandard],
    withdrawn_on: date | None,
) -> Overview:
    application = file.application
    over = application.decided_on or withdrawn_on
    ruling = rule_on(
        file,
        on=over or today,
        known_at=end_of_day(over) if over else clock.now(),
        register=register,
    )
    filed = (
        filing_ruling(file, application.filed_on, register=register)
        if application.filed_on
        else None
    )
    time = clock_of(
        application,
        file.waits,
        needs_consultation=needs_consultation(file),
        on=today,
        calendar=calendar,
        standards=standards,
        withdrawn_on=withdrawn_on,
    )
    values = [line.total_value for line in file.lines if line.total_value is not None]
    return Overview(
        application=application,
        on=today,
        requirement=ruling.requirement if ruling.lines else "",
        stance=ruling.stance if ruling.lines else "",
        filed_stance=filed.stance if filed and filed.lines else "",
        has_moved=filed is not None and _said(filed) != _said(ruling),
        asks=bool(ruling.open_questions),
        review=_letters(card_states(file, ruling)) if requires_assessment(file) else "",
        items=list(dict.fromkeys(code for line in file.lines for code in line.items)),
        value=sum(values, Decimal(0)) if values else None,
        due_on=time.due_on,
        chargeable=time.chargeable,
        standard_days=time.standard_days,
        is_waiting=time.is_waiting,
    )


def _said(ruling: CaseRuling) -> list[tuple[str, str]]:
    return [(one.ruling.requirement, one.ruling.stance) for one in ruling.lines]


def _letters(states: Iterable[CardState]) -> str:
    return "".join(map(_letter, states))


def _letter(state: CardState) -> str:
    if state.residual in (Residual.SUBSTANTIAL_RISK, Residual.NOT_ENOUGH_INFORMATION):
        return RAISED
    if state.is_stale:
        return STALE
    if state.is_signed_twice:
        return SIGNED
    if state.is_signed_once:
        return ONCE
    return BLANK if state.card is None else BEGUN
