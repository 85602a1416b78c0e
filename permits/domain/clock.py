"""How long an application takes: business days since it was complete, less what was waited for.

Days are business days of the federal public service. The day on which an application was
submitted complete is day 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from history import canonical
from history.actors import names_of
from history.clock import OTTAWA
from history.models import Event
from permits.choices import Status, WaitKind
from permits.domain.casefile import CaseFile
from permits.models import Application, Wait
from permits.verbs import Verb
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


def read_calendar() -> BusinessDays:
    """The federal calendar. One query."""
    days = Holiday.objects.filter(calendar__code=Calendar.FEDERAL).values_list("day", flat=True)
    return BusinessDays(frozenset(days))


def read_standards() -> list[ServiceStandard]:
    """The service standards, all of them. One query."""
    return list(ServiceStandard.objects.all())


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

    `elapsed` are all business days since it was complete, `chargeable` those that count.
    """

    started_on: date | None
    on: date
    standard_days: int | None
    target_percent: int | None
    elapsed: int
    chargeable: int
    due_on: date | None
    is_waiting: bool

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
) -> Clock:
    """The clock of an application on a day; it stands still once it is decided."""
    start = application.submitted_on
    until = min(on, application.decided_on) if application.decided_on else on
    if start is None:
        return Clock(None, on, None, None, 0, 0, None, False)
    standard = standard_on(standards, CONSULTATION if needs_consultation else LOWER_RISK, start)
    days = standard.days if standard else None
    stopping = [wait for wait in waits if stops_the_clock(wait)]
    stopped = stopped_days(stopping, start, until, calendar)
    elapsed = calendar.between(start, until)
    due_on = None
    if days is not None:
        due_on = _due(start, days, stopping, until, calendar)
    return Clock(
        start,
        on,
        days,
        standard.target_percent if standard else None,
        elapsed,
        elapsed - len(stopped),
        due_on,
        any(wait.to_on is None for wait in stopping) and application.decided_on is None,
    )


def stopped_days(
    waits: Iterable[Wait], start: date, until: date, calendar: BusinessDays
) -> frozenset[date]:
    """The business days on which the clock stood still, each once whatever waits overlap.

    A wait stands from its first day up to, and not on, its last; an open one until `until`.
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
    """Whether the longer standard holds: a body was consulted, or several destinations."""
    places = {party.country_id for party in file.parties_as("consignee") if party.country_id}
    if file.application.destination_id:
        places.add(file.application.destination_id)
    return bool(file.consultations) or len(places) > 1


def clock_of_file(file: CaseFile, on: date) -> Clock:
    """The clock of a case. Two queries."""
    return clock_of(
        file.application,
        file.waits,
        needs_consultation=needs_consultation(file),
        on=on,
        calendar=read_calendar(),
        standards=read_standards(),
    )


# Who held the file


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of time in which somebody had the file; `until` None: they have it."""

    who: str
    since: datetime
    until: datetime | None

    @property
    def days(self) -> int:
        """Days of the calendar, from its first to its last."""
        end = self.until or self.since
        return (end.astimezone(OTTAWA).date() - self.since.astimezone(OTTAWA).date()).days


_MOVES = {
    Verb.OPENED.value,
    Verb.SUBMITTED.value,
    Verb.RETURNED.value,
    Verb.TAKEN_UP.value,
    Verb.ASSIGNED.value,
    Verb.RECOMMENDED.value,
    Verb.SENT_BACK.value,
    Verb.ISSUED.value,
    Verb.REFUSED.value,
    Verb.RETURNED_WITHOUT_ACTION.value,
    Verb.WITHDRAWN.value,
}


def holders(application: Application) -> list[Held]:
    """Who held the file when, from its events. Two queries."""
    events = list(
        Event.objects.filter(Q(stream=application.stream), verb__in=_MOVES)
        .order_by("sequence")
        .values_list("verb", "recorded_at", "body")
    )
    table = Application._meta.db_table
    status, assigned = "", None
    moves: list[tuple[datetime, str, int | None]] = []
    for _verb, at, body in events:
        for change in canonical.decode(bytes(body))["changes"]:
            if change["table"] == table:
                status = change["after"].get("status", status)
                assigned = change["after"].get("assigned_to_id", assigned)
        moves.append((at, status, assigned))
    people = names_of({f"person:{person}" for _at, _status, person in moves if person})
    found: list[Held] = []
    for at, where, person in moves:
        who = _holder(where, people.get(f"person:{person}", ""))
        if found and found[-1].until is None:
            if found[-1].who == who:
                continue
            found[-1] = Held(found[-1].who, found[-1].since, at)
        if where not in (Status.DECIDED, Status.WITHDRAWN):
            found.append(Held(who, at, None))
    return found


def _holder(status: str, assigned: str) -> str:
    words: Mapping[str, str] = {
        Status.DRAFT.value: _("Intake"),
        Status.RETURNED.value: _("The applicant"),
        Status.RECOMMENDED.value: _("Decision-maker"),
    }
    return words.get(status) or assigned or _("Nobody yet")
