"""Keeping the overviews of the worklist up to date with the cases, the register and the day.

    refresh()

A case is behind when its stream has moved on, and an open one also on another day or under another
load of the register. Every worklist looks first, so what it shows is never older than its own
request, but for the first minutes of a day in an office with more open cases than `MOST`.

An overview is no record: the database lets anyone write it who may write there. One that no refresh
can have made is made anew (`refresh`, `mend`); of open cases the deep check compares each with what
its case gives (`differences`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Subquery

from history import clock
from history.models import Event, Log
from permits.choices import OPEN, Residual, Status
from permits.domain.assessment import CardState, card_states
from permits.domain.casefile import CaseFile, give_events, read_events, read_files
from permits.domain.clock import (
    BusinessDays,
    clock_of,
    needs_consultation,
    read_calendar,
    read_standards,
)
from permits.domain.decision import decided_from
from permits.domain.frozen import filing_ruling
from permits.domain.gate import people_kept_from_deciding
from permits.domain.risks import against_permit, read_loosened
from permits.domain.ruling import CaseRuling, requires_assessment, rule_on
from permits.domain.standing import read_standings
from permits.domain.statements import standing
from permits.models import Application, Overview, PermitAct
from permits.verbs import Verb
from permits.workflow import TRANSITIONS, Action
from policies.choices import Requirement, Stance
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register, newest_load
from policies.domain.search import folded
from policies.models import ServiceStandard

MOST = 300
"""Cases that are made anew for one request."""

RAISED, STALE, SIGNED, ONCE, BEGUN, BLANK = LETTERS = "rsfhob"
"""A letter for each consideration: a risk that is not excluded, signatures on another basis, signed
twice, signed once, begun, not begun."""

# Any number that no other advisory lock of this product has.
_LOCK = 7_304_103
_BATCH = 100


def refresh(*, most: int = MOST) -> int:
    """Brings up to `most` overviews up to date, and says how many it made.

    Leaves it to whoever is at it already. Four queries at most where nothing is behind.
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


def is_behind(application: Application, events: Sequence[Event]) -> bool:
    """Whether the overview is older than the case's last event, or that of an open case of another
    day.

    Asks nothing where the overview was read with the case.
    """
    made = getattr(application, "overview", None)
    last = max((one.number for one in events), default=0)
    if application.status not in OPEN:
        return made is not None and made.number < last
    return made is None or made.on != clock.today() or made.number < last


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


def _size() -> int:
    """How many events there are."""
    return Log.objects.values_list("size", flat=True).first() or 0


def _ahead(size: int) -> QuerySet[Overview]:
    """Overviews that say of an event which is still to come: nobody made these here."""
    return Overview.objects.filter(number__gt=size)


def _newest(size: int) -> int:
    """The newest event that an overview takes in."""
    taken_in = Overview.objects.filter(number__lte=size).order_by("-number")
    return taken_in.values_list("number", flat=True).first() or 0


def _events_after(number: int) -> QuerySet[Event]:
    """What happened to cases since. By a number that is known: a database that has to find it
    first does not see how few they are, and reads all.
    """
    return Event.objects.filter(number__gt=number, stream__startswith="case:")


def _outdated(load: int | None) -> Q:
    """Open cases of which the day or the register has moved on."""
    other_load = Q(overview__load__isnull=False) if load is None else ~Q(overview__load=load)
    return Q(status__in=OPEN) & (~Q(overview__on=clock.today()) | other_load)


def _is_behind(load: int | None) -> bool:
    newest = Overview.objects.order_by("-number").values("number")[:1]
    try:
        size, number = Log.objects.values_list("size", Subquery(newest)).first() or (0, 0)
    except UNREADABLE:
        return True
    number = number or 0
    return (
        number > size
        or (number < size and _events_after(number).exists())
        or Application.objects.filter(_outdated(load)).exists()
    )


def _to_make(load: int | None, most: int) -> tuple[int, list[Application]]:
    """The cases to be made, and the last event that all of them take in."""
    size = _size()
    newest, ahead = _newest(size), list(_ahead(size).values_list("pk", flat=True)[:most])
    events = _events_after(newest).order_by("number")
    told = list(events.values_list("number", "stream")[: most - len(ahead)])
    number = told[-1][0] if told else newest
    references = {stream.partition(":")[2] for _number, stream in told}
    cases = _cases()
    touched = list(cases.filter(Q(reference__in=references) | Q(pk__in=ahead)))
    rest = cases.filter(_outdated(load)).exclude(pk__in=[one.pk for one in touched])
    return number, touched + list(rest.order_by("pk")[: max(0, most - len(touched))])


def _make(cases: Sequence[Application], load: int | None, number: int) -> None:
    made = _overviews(read_files(cases), _withdrawn_days(cases), load, number)
    Overview.objects.bulk_create(
        sorted(made, key=lambda one: one.pk),
        update_conflicts=True,
        unique_fields=["application"],
        update_fields=[
            field.name for field in Overview._meta.concrete_fields if not field.primary_key
        ],
    )


def of_new(
    files: Sequence[tuple[CaseFile, date | None]], events: Iterable[Event], *, number: int
) -> list[Overview]:
    """Overviews of new cases, each with the day on which it was withdrawn, up to that event, from
    the events that are written with them.

    For whoever writes them with the cases, and only when no other overview is behind.
    """
    give_events([file for file, _over in files], events)
    withdrawn = {file.application.stream: over for file, over in files if over is not None}
    return _overviews([file for file, _over in files], withdrawn, _load(), number)


# What somebody else wrote there


def mend() -> None:
    """Makes every overview anew that can't be read or that says what none can say."""
    keys = list(Overview.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(keys), _BATCH):
        some = keys[first : first + _BATCH]
        odd = [key for key, one in _stored(some).items() if one is None]
        if not odd:
            continue
        with transaction.atomic():
            _make(list(_cases().filter(pk__in=odd)), _load(), _newest(_size()))


def _stored(keys: Sequence[int]) -> dict[int, Overview | None]:
    """The overviews by case; None for one that is not whole."""
    try:
        found = {one.pk: one for one in Overview.objects.filter(pk__in=keys)}
    except UNREADABLE:
        if len(keys) == 1:
            return {keys[0]: None}
        return {key: one for each in keys for key, one in _stored([each]).items()}
    return {key: one if is_whole(one) else None for key, one in found.items()}


UNREADABLE: Any = (ValueError, TypeError, ArithmeticError, AttributeError)
"""What reading a row raises whose columns hold what they can't: SQLite takes any kind anywhere."""


_KINDS: Mapping[str, Any] = {
    "on": date,
    "load": int | None,
    "number": int,
    "has_moved": bool,
    "asks": bool,
    "review": str,
    "unsigned": str,
    "items": list,
    "value": Decimal | None,
    "due_on": date | None,
    "chargeable": int,
    "standard_days": int | None,
    "is_waiting": bool,
    "decided_from": date | None,
    "kept_from_deciding": str,
    "risk_until": date | None,
    "text": str,
}
_PEOPLE = re.compile(r"((,\d+)*,)?")


def is_whole(one: Overview) -> bool:
    """Whether each field holds something of its kind."""
    return (
        all(isinstance(getattr(one, name), kind) for name, kind in _KINDS.items())
        and {one.stance, one.filed_stance} <= {"", *Stance.values}
        and one.requirement in {"", *Requirement.values}
        and set(one.review) <= set(LETTERS)
        and all(_PEOPLE.fullmatch(some) for some in (one.unsigned, one.kept_from_deciding))
        and all(isinstance(code, str) for code in one.items)
        and (one.value is None or one.value.is_finite())
    )


def differences() -> Iterator[tuple[str, str, str]]:
    """What the overviews of open cases say otherwise than their cases: place, field, why.

    Of those that are not behind. One of a closed case is not looked at: it is never made anew.
    """
    size = _size()
    for key in _ahead(size).values_list("pk", flat=True):
        yield _place(key), "number", "it takes in an event that is still to come"
    load = _load()
    behind = set(_events_after(_newest(size)).values_list("stream", flat=True))
    cases = _cases().filter(status__in=OPEN, overview__on=clock.today(), overview__load=load)
    keys = [key for key, stream in cases.values_list("pk", "stream") if stream not in behind]
    for first in range(0, len(keys), _BATCH):
        some = keys[first : first + _BATCH]
        stored = _stored(some)
        for made in _overviews(read_files(list(_cases().filter(pk__in=some))), {}, load, 0):
            yield from _unlike(made, stored[made.pk])


def _unlike(made: Overview, stored: Overview | None) -> Iterator[tuple[str, str, str]]:
    if stored is None:
        yield _place(made.pk), "overview", "it can't be read"
        return
    for one in Overview._meta.concrete_fields:
        if one.name != "number" and getattr(made, one.attname) != getattr(stored, one.attname):
            yield _place(made.pk), one.name, "it is not what its case gives"


def _place(key: int) -> str:
    return f"{Overview._meta.db_table} row {key}"


def _cases() -> QuerySet[Application]:
    return Application.objects.select_related("destination")


def _withdrawn_days(cases: Iterable[Application]) -> dict[str, date]:
    streams = [one.stream for one in cases if one.status == Status.WITHDRAWN]
    if not streams:
        return {}
    events = Event.objects.filter(stream__in=streams, verb=Verb.WITHDRAWN)
    return dict(events.values_list("stream", "occurred_on"))


@dataclass(frozen=True, slots=True)
class _Known:
    """What overviews are made from, beside the files: read for all of them at once.

    `withdrawn`: the day, by stream. Of applications with a permit, `loosened`: an act that loosens
    it is proposed; `at_risk`: its last day, where it is in force and its file speaks against it.
    """

    today: date
    register: Register
    calendar: BusinessDays
    standards: Iterable[ServiceStandard]
    withdrawn: Mapping[str, date]
    loosened: Collection[int]
    at_risk: Mapping[int, date]


def _overviews(
    files: Collection[CaseFile], withdrawn: Mapping[str, date], load: int | None, number: int
) -> list[Overview]:
    """The overviews of some files."""
    today, register = clock.today(), current_register()
    read_events([one for one in files if one.application.status == Status.RECOMMENDED])
    known = _Known(
        today,
        register,
        read_calendar(),
        read_standards(),
        withdrawn,
        _loosened(files),
        _at_risk(files, today, register),
    )
    made = [_overview(file, known) for file in files]
    for one in made:
        one.load, one.number = load, number
    return made


def _loosened(files: Iterable[CaseFile]) -> frozenset[int]:
    acts = PermitAct.objects.filter(
        permit__in=[file.permit for file in files if file.permit],
        loosens=True,
        done_at__isnull=True,
        declined_at__isnull=True,
    )
    return frozenset(acts.values_list("permit__application", flat=True))


def _at_risk(files: Iterable[CaseFile], today: date, register: Register) -> dict[int, date]:
    with_permit = {file.permit: file for file in files if file.permit}
    # What was ever signed is asked only of what is not signed now.
    read_events(
        [
            file
            for file in with_permit.values()
            if any(card.second_by_id is None for card in file.cards)
        ]
    )
    loosened, now = read_loosened(with_permit), clock.now()
    return {
        permit.application_id: today_is.valid_to
        for permit, today_is in read_standings(with_permit, today)
        if today_is.may_be_used
        and against_permit(
            with_permit[permit],
            rule_on(with_permit[permit], on=today, known_at=now, register=register),
            today_is,
            loosened_at=loosened.get(permit.pk),
            register=register,
        )
    }


def _overview(file: CaseFile, known: _Known) -> Overview:
    application, today, register = file.application, known.today, known.register
    withdrawn_on = known.withdrawn.get(application.stream)
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
        calendar=known.calendar,
        standards=known.standards,
        withdrawn_on=withdrawn_on,
    )
    values = [line.total_value for line in file.lines if line.total_value is not None]
    states = card_states(file, ruling) if file.cards or requires_assessment(file) else []
    is_recommended = application.status == Status.RECOMMENDED
    recommendation = file.recommendation if is_recommended else None
    return Overview(
        application=application,
        on=today,
        requirement=ruling.requirement if ruling.lines else "",
        stance=ruling.least_stance if ruling.lines else "",
        filed_stance=filed.least_stance if filed and filed.lines else "",
        has_moved=filed is not None and _said(filed) != _said(ruling),
        asks=bool(ruling.open_questions),
        review=_letters(states) if requires_assessment(file) else "",
        unsigned=_unsigned(file, known, states),
        items=list(dict.fromkeys(code for line in file.lines for code in line.items)),
        value=sum(values, Decimal(0)) if values else None,
        due_on=time.due_on,
        chargeable=time.chargeable,
        standard_days=time.standard_days,
        is_waiting=time.is_waiting,
        decided_from=decided_from(recommendation) if recommendation else None,
        kept_from_deciding=_told(people_kept_from_deciding(file)) if recommendation else "",
        risk_until=known.at_risk.get(application.pk),
        text=_text(file),
    )


def _text(file: CaseFile) -> str:
    """What is searched: folded, since the databases' own ways of folding differ."""
    texts = [file.application.reference]
    if file.permit:
        texts.append(file.permit.number)
    texts += [party.name for party in file.parties]
    texts += [line.description for line in file.lines]
    return folded("\n".join(texts))


def _said(ruling: CaseRuling) -> list[tuple[str, str]]:
    return [(one.ruling.requirement, one.ruling.stance) for one in ruling.lines]


def _unsigned(file: CaseFile, known: _Known, states: Iterable[CardState]) -> str:
    """See `Overview`. Whoever made a statement, or edited or signed a card, is not its second, nor
    whoever declared a conflict of interest.

    What has gone stale is begun anew: nobody signs that second. Of a permit that is to be loosened,
    the considerations are signed on today's basis.
    """
    application = file.application
    if application.pk in known.loosened:
        now = rule_on(file, on=known.today, known_at=clock.now(), register=known.register)
        states = card_states(file, now)
    elif application.status not in TRANSITIONS[Action.COUNTERSIGN].sources:
        return ""
    firsts: list[set[int | None]] = [
        {one.statement.made_by_id}
        for one in standing(file)
        if one.takes_a_second and not one.is_stale
    ]
    firsts += [
        {one.card.first_by_id, one.card.edited_by_id}
        for one in states
        if one.card and one.is_signed_once and not one.is_signed_twice and not one.is_stale
    ]
    conflicts = {one.person_id for one in file.conflicts}
    return _told(set.intersection(*firsts) | conflicts) if firsts else ""


def _told(people: Iterable[int | None]) -> str:
    """People, each between commas."""
    return "".join(f",{key}" for key in sorted(key for key in people if key is not None)) + ","


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
