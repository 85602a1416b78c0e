"""How long an application takes: business days since it was complete, less what was waited for.

Days are business days of the federal public service. The day on which an application was
submitted complete is day 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from history import canonical
from history.actors import names_of
from history.clock import OTTAWA, now
from history.models import Event
from permits.choices import LEGAL_BARS, Outcome, Status, WaitKind
from permits.domain.casefile import CaseFile
from permits.models import Application, Consultation, Recommendation, Wait
from permits.verbs import Verb
from policies.domain.register import kept_until_loaded
from policies.models import Calendar, Holiday, ServiceStandard

LOWER_RISK, CONSULTATION, AMENDMENT = "lower_risk", "consultation", "amendment"


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Which days are business days: Monday to Friday, less the holidays."""

    holidays: frozenset[date]

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def between(self, start: date, end: date) -> int:
        """Business days after `start` up to and with `end`; 0 where `end` is not after it."""
        return sum(1 for _day in self.days(start, end))

    def days(self, start: date, end: date) -> Iterator[date]:
        """Each business day after `start`, up to and with `end`."""
        day = start + timedelta(days=1)
        while day <= end:
            if self.is_business_day(day):
                yield day
            day += timedelta(days=1)

    def add(self, start: date, count: int) -> date:
        """The day that is so many business days after `start`."""
        day = start
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_business_day(day)
        return day

    def on_or_after(self, day: date) -> date:
        """That day where it is a business day, else the next one."""
        return day if self.is_business_day(day) else self.add(day, 1)


@kept_until_loaded
def read_calendar() -> BusinessDays:
    """The federal calendar. One query."""
    days = Holiday.objects.filter(calendar__code=Calendar.FEDERAL).values_list("day", flat=True)
    return BusinessDays(frozenset(days))


def last_day_of(given_until: date) -> date:
    """The last day of a time that was given until a day: no holiday, Saturday or Sunday.

    The Interpretation Act, R.S.C. 1985, c. I-21, s. 26, gives the next day that is no holiday. On
    Saturdays and on the other days on which the office is closed it is held so as well.
    """
    return read_calendar().on_or_after(given_until)


@kept_until_loaded
def read_standards() -> tuple[ServiceStandard, ...]:
    """The service standards, all of them. One query."""
    return tuple(ServiceStandard.objects.all())


def stops_the_clock(wait: Wait) -> bool:
    """Whether the office's time stands still meanwhile.

    What the applicant is waited for counts as a setting says: no text read says that the clock
    stops. The reply to an intended refusal is the applicant's time. A consulted body's time counts:
    the standard of 40 days is for it.
    """
    match wait.kind:
        case WaitKind.APPLICANT:
            return not settings.APPLICANT_TIME_COUNTS
        case WaitKind.REPLY | WaitKind.OTHER:
            return True
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of an application on a day. `standard_days` None: none was in force.

    `elapsed` are all business days since it was first submitted, up to and with `until`. Those up
    to `started_on`, when it was complete, do not count, nor those in `stopped`: the rest is
    `chargeable`.
    """

    filed_on: date | None
    started_on: date | None
    on: date
    standard_days: int | None
    target_percent: int | None
    elapsed: int
    chargeable: int
    due_on: date | None
    is_waiting: bool
    until: date
    stopped: frozenset[date]

    @property
    def is_late(self) -> bool:
        return self.standard_days is not None and self.chargeable > self.standard_days

    @property
    def left(self) -> int | None:
        return None if self.standard_days is None else self.standard_days - self.chargeable


def clock_of(
    application: Application,
    waits: Iterable[Wait],
    *,
    needs_consultation: bool,
    on: date,
    calendar: BusinessDays,
    standards: Iterable[ServiceStandard],
    withdrawn_on: date | None = None,
) -> Clock:
    """The clock of an application on a day; it stands still once it is decided or withdrawn.

    The day of a withdrawal is in its events only: without it, one that was withdrawn has no clock.
    """
    start = application.submitted_on
    is_withdrawn = application.status == Status.WITHDRAWN
    if start is None or (is_withdrawn and withdrawn_on is None):
        return Clock(None, None, on, None, None, 0, 0, None, False, on, frozenset())
    filed = application.filed_on or start
    ended = application.decided_on or withdrawn_on
    until = min(on, ended) if ended else on
    standard = standard_on(standards, CONSULTATION if needs_consultation else LOWER_RISK, start)
    days = standard.days if standard else None
    stopping = [wait for wait in waits if stops_the_clock(wait)]
    stopped = stopped_days(stopping, start, until, calendar)
    due_on = None
    if days is not None:
        due_on = _due(start, days, stopping, until, calendar)
    return Clock(
        filed,
        start,
        on,
        days,
        standard.target_percent if standard else None,
        calendar.between(filed, until),
        calendar.between(start, until) - len(stopped),
        due_on,
        any(_is_open(wait, on) for wait in stopping) and ended is None,
        until,
        stopped,
    )


def _is_open(wait: Wait, on: date) -> bool:
    """Whether it is waited for on that day. One that nobody ended runs up to and with its last."""
    return wait.to_on is None or (wait.ended_by_id is None and on <= wait.to_on)


def stopped_days(
    waits: Iterable[Wait], start: date, until: date, calendar: BusinessDays
) -> frozenset[date]:
    """The business days on which the clock stood still, each once whatever waits overlap.

    The office still had its first day, and the last is the other's: as with the clock itself, the
    days after the first, up to and with the last; of one that is open, up to and with `until`.
    """
    found: set[date] = set()
    for wait in waits:
        first = max(wait.from_on, start)
        last = until if wait.to_on is None else min(wait.to_on, until)
        found.update(calendar.days(first, last))
    return frozenset(found)


def _due(start: date, days: int, waits: list[Wait], until: date, calendar: BusinessDays) -> date:
    """The day on which the standard is reached, if nothing more is waited for than so far."""
    stopped = stopped_days(waits, start, until, calendar)
    day, count = start, 0
    while count < days:
        day += timedelta(days=1)
        if calendar.is_business_day(day) and day not in stopped:
            count += 1
    return day


def standard_on(
    standards: Iterable[ServiceStandard], code: str, day: date
) -> ServiceStandard | None:
    """The standard of that code in force on a day."""
    for one in standards:
        starts = one.effective_from is None or one.effective_from <= day
        if one.code == code and starts and (one.effective_to is None or day < one.effective_to):
            return one
    return None


def needs_consultation(file: CaseFile) -> bool:
    """Whether the longer standard holds: a body was consulted, or several destinations.

    Of one that is decided, what the decision rested on: a body that is consulted before its permit
    is loosened does not make timely what was late.
    """
    places = {party.country_id for party in file.parties_as("consignee") if party.country_id}
    if file.application.destination_id:
        places.add(file.application.destination_id)
    return len(places) > 1 or bool(_consulted(file))


def _consulted(file: CaseFile) -> list[Consultation]:
    """The consultations of the application, without those after its decision."""
    if file.decision is None or not file.consultations:
        return list(file.consultations)
    frozen = canonical.decode(file.decision.frozen.encode()).get("consultations")
    if frozen is None:  # One that froze nothing was not made by the program.
        return [one for one in file.consultations if one.opened_on <= file.decision.decided_on]
    known = {one["id"] for one in frozen}
    return [one for one in file.consultations if one.pk in known]


def clock_of_file(file: CaseFile, on: date) -> Clock:
    """The clock of a case. Two queries, three where it was withdrawn."""
    return clock_of(
        file.application,
        file.waits,
        needs_consultation=needs_consultation(file),
        on=on,
        calendar=read_calendar(),
        standards=read_standards(),
        withdrawn_on=_withdrawn_on(file.application),
    )


def _withdrawn_on(application: Application) -> date | None:
    if application.status != Status.WITHDRAWN:
        return None
    events = Event.objects.filter(stream=application.stream, verb=Verb.WITHDRAWN)
    return events.values_list("occurred_on", flat=True).last()


# Who held the file


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of time in which somebody had the file; `until` None: they have it.

    `is_here` where that is an officer at their desk, and nobody is waited for.
    """

    who: str
    since: datetime
    until: datetime | None
    is_here: bool

    def had_it(self, at: datetime) -> bool:
        """Whether they had it just before that instant."""
        return self.since < at and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Business days in a row on which one holder had the file, all of which count or none."""

    held: Held
    counts: bool
    days: int


@dataclass(slots=True)
class _Span:
    """What a row says of a stretch of time: a wait or a consultation, as its events tell it."""

    row: dict[str, Any]
    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(slots=True)
class _Told:
    """What the events of a case tell of where its file was."""

    desks: list[tuple[datetime, str, int | None]] = field(default_factory=list)
    to_put: dict[int, _Span] = field(default_factory=dict)
    waits: dict[int, _Span] = field(default_factory=dict)
    consultations: dict[int, _Span] = field(default_factory=dict)


def holders(events: Sequence[Event], known: Mapping[str, str] = MappingProxyType({})) -> list[Held]:
    """Who held the file when, from its events: whoever the office waited for, else whose it was.

    A consulted body has it only while the office waits for its answer. A wait holds from its own
    first day, which may be before the day on which it was recorded. `events` are all of the case,
    in order; `known` are names by actor id. One query where that lacks one.
    """
    told = _read(events)
    people = dict(known)
    missing = {f"person:{one}" for _at, _status, one in told.desks if one} - people.keys()
    if missing:
        people |= names_of(missing)
    spans = (*told.waits.values(), *told.consultations.values())
    turns = {at for at, _status, _person in told.desks} | {span.since for span in spans}
    turns |= {span.until for span in spans if span.until is not None}
    turns |= {span.until for span in told.to_put.values() if span.until is not None}
    found: list[Held] = []
    for at in sorted(turns):
        who, is_here = _holder(told, people, at)
        if found and found[-1].until is None:
            if found[-1].who == who:
                continue
            found[-1] = replace(found[-1], until=at)
        if who:
            found.append(Held(who, at, None, is_here))
    return found


def stretches(held: Sequence[Held], clock: Clock) -> list[Stretch]:
    """The clock's business days in order, each given to whoever had the file as the day began.

    So `stopped_days` counts a wait as well: its first day is still the office's.
    """
    found: list[Stretch] = []
    if clock.filed_on is None or clock.started_on is None:
        return found
    for day in read_calendar().days(clock.filed_on, clock.until):
        began = datetime.combine(day, time.min, OTTAWA)
        counts = day > clock.started_on and day not in clock.stopped
        for one in held:
            if one.had_it(began):
                if found and (found[-1].held, found[-1].counts) == (one, counts):
                    found[-1] = replace(found[-1], days=found[-1].days + 1)
                else:
                    found.append(Stretch(one, counts, 1))
    return found


def _read(events: Sequence[Event]) -> _Told:
    told = _Told()
    status, assigned = "", None
    for event in events:
        at = event.recorded_at
        for change in canonical.decode(bytes(event.body))["changes"]:
            after = change["after"]
            match change["table"]:
                case Application._meta.db_table:
                    status = after.get("status", status)
                    assigned = after.get("assigned_to_id", assigned)
                    told.desks.append((at, status, assigned))
                case Recommendation._meta.db_table:
                    _intended(told.to_put, change, at)
                case Wait._meta.db_table:
                    _span(told.waits, change, at, "from_on", "to_on")
                case Consultation._meta.db_table:
                    _span(told.consultations, change, at, "opened_on", "closed_on")
    return told


def _intended(spans: dict[int, _Span], change: Mapping[str, Any], at: datetime) -> None:
    """An intended refusal has yet to be put to the applicant: until it is, or is taken back."""
    after, row = change["after"], change["row"]
    if after.get("outcome") == Outcome.REFUSED and not set(after["grounds"]) <= LEGAL_BARS:
        spans[row] = _Span(dict(after), at)
    if row in spans and (after.get("put_on") or after.get("set_aside_at")):
        spans[row].until = at


def _span(
    spans: dict[int, _Span], change: Mapping[str, Any], at: datetime, first: str, last: str
) -> None:
    after = change["after"]
    if after.get(first):
        spans[change["row"]] = _Span(dict(after), _instant(after[first], at))
    span = spans[change["row"]]
    day = after.get(last) or span.row.get(last)
    if not day:
        return
    span.until = _instant(day, at)
    if change["table"] == Wait._meta.db_table and not after.get("ended_by_id"):
        # Its last day was known when it began, and ends it once it is over.
        over = datetime.combine(date.fromisoformat(day), time.max, OTTAWA)
        span.until = over if over < now() else None


def _instant(day: str, recorded_at: datetime) -> datetime:
    """When a day of a record begins; of the day on which it was recorded, that instant."""
    found = date.fromisoformat(day)
    if found == recorded_at.astimezone(OTTAWA).date():
        return recorded_at
    return datetime.combine(found, time.min, OTTAWA)


def _holder(told: _Told, people: Mapping[str, str], at: datetime) -> tuple[str, bool]:
    """Who had the file at an instant, and whether at a desk here.

    Nobody before it was opened and once it is over.
    """
    status, person = next(
        ((status, person) for since, status, person in reversed(told.desks) if since <= at),
        ("", None),
    )
    match status:
        case Status.DRAFT:
            return _("Intake"), False
        case Status.RETURNED:
            return _("The applicant"), False
        case "" | Status.DECIDED | Status.WITHDRAWN:
            return "", False
    waited_for = sorted(
        {_waited_for(told, wait, at) for wait in told.waits.values() if wait.holds(at)}
    )
    if waited_for:
        return ", ".join(waited_for), False
    # Nobody decides on an intended refusal before an analyst has put it to the applicant.
    if status == Status.RECOMMENDED and not any(one.holds(at) for one in told.to_put.values()):
        return _("Decision-maker"), True
    name = people.get(f"person:{person}", "")
    return name or _("Nobody yet"), bool(name)


def _waited_for(told: _Told, wait: _Span, at: datetime) -> str:
    match wait.row["kind"]:
        case WaitKind.APPLICANT | WaitKind.REPLY:
            return _("The applicant")
        case WaitKind.CONSULTATION:
            asked = {one.row["body"] for one in told.consultations.values() if one.holds(at)}
            return ", ".join(sorted(asked)) or str(WaitKind.CONSULTATION.label)
        case kind:
            return str(WaitKind(kind).label)
