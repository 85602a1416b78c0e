"""The worklist: which applications, in which order, and why each stands where it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.days import short_day
from accounts.models import User
from permits.choices import OPEN, Outcome, Status
from permits.domain.clock import (
    Clock,
    clock_of,
    read_calendar,
    read_standards,
)
from permits.models import Application, Card, Consultation, Line, Party, Statement, Wait
from policies.domain.search import folded

VIEWS: tuple[str, ...] = (
    "open",
    "mine",
    "unassigned",
    "second",
    "recommended",
    "returned",
    "drafts",
    "decided",
)
DUE_SOON = 3
"""Business days left at which an application is for today."""


def narrowed(rows: QuerySet[Application], view: str, *, by: User) -> QuerySet[Application]:
    """The applications of a view."""
    match view:
        case "mine":
            return rows.filter(assigned_to=by, status__in=OPEN)
        case "unassigned":
            return rows.filter(assigned_to__isnull=True, status__in=OPEN - {Status.DRAFT})
        case "second":
            return rows.filter(
                Q(pk__in=_waiting_statements(by)) | Q(pk__in=_waiting_cards(by)),
                status__in=OPEN,
            )
        case "recommended":
            return rows.filter(status=Status.RECOMMENDED)
        case "returned":
            return rows.filter(status=Status.RETURNED)
        case "drafts":
            return rows.filter(status=Status.DRAFT)
        case "decided":
            return rows.filter(status=Status.DECIDED)
        case _:
            return rows.filter(status__in=OPEN)


def _waiting_statements(by: User) -> QuerySet[Statement, int]:
    """Cases with a statement that somebody else made and nobody has countersigned."""
    waiting = Statement.objects.filter(
        set_aside_at__isnull=True, counts_alone=False, countersigned_at__isnull=True
    )
    return waiting.exclude(made_by=by).values_list("application", flat=True)


def _waiting_cards(by: User) -> QuerySet[Card, int]:
    """Cases with a consideration signed once, by somebody else."""
    waiting = Card.objects.filter(first_by__isnull=False, second_by__isnull=True)
    return waiting.exclude(Q(first_by=by) | Q(edited_by=by)).values_list("application", flat=True)


def counts(rows: QuerySet[Application], *, by: User) -> dict[str, int]:
    """How many stand behind each view. One query."""
    second = Q(pk__in=_waiting_statements(by)) | Q(pk__in=_waiting_cards(by))
    is_open = Q(status__in=OPEN)
    found = rows.aggregate(
        open=Count("pk", filter=is_open),
        mine=Count("pk", filter=is_open & Q(assigned_to=by)),
        unassigned=Count(
            "pk", filter=Q(status__in=OPEN - {Status.DRAFT}, assigned_to__isnull=True)
        ),
        second=Count("pk", filter=is_open & second),
        recommended=Count("pk", filter=Q(status=Status.RECOMMENDED)),
        returned=Count("pk", filter=Q(status=Status.RETURNED)),
        drafts=Count("pk", filter=Q(status=Status.DRAFT)),
        decided=Count("pk", filter=Q(status=Status.DECIDED)),
    )
    return {name: int(count) for name, count in found.items()}


def searched(rows: QuerySet[Application], text: str) -> QuerySet[Application]:
    """Those whose reference, parties or goods hold the text, whatever its capitals."""
    if not text.strip():
        return rows
    wanted = text.strip()
    parties = Party.objects.filter(name__icontains=wanted, is_removed=False)
    lines = Line.objects.filter(description__icontains=wanted, is_removed=False)
    return rows.filter(
        Q(reference__icontains=folded(wanted).upper())
        | Q(pk__in=parties.values("application"))
        | Q(pk__in=lines.values("application"))
    )


def with_item(rows: QuerySet[Application], code: str) -> QuerySet[Application]:
    """Those with a line of that item, or of one that extends it by parts."""
    code = code.strip()
    if not code:
        return rows
    # Items are stored as a list: the quotes keep 2-1 from finding 2-10.
    whole = Q(items__icontains=f'"{code}"')
    parts = Q(items__icontains=f'"{code}.') | Q(items__icontains=f'"{code}(')
    lines = Line.objects.filter(whole | parts, is_removed=False)
    return rows.filter(pk__in=lines.values("application"))


@dataclass(frozen=True, slots=True)
class Row:
    """An application as the worklist shows it, and why it stands there."""

    application: Application
    applicant: str
    items: tuple[str, ...]
    clock: Clock
    why: str
    group: str


def rows_of(
    applications: Sequence[Application], *, by: User, roles: Iterable[Role], on: date
) -> list[Row]:
    """The rows of a page, in the order of the worklist. Queries do not grow with the rows."""
    keys = [one.pk for one in applications]
    parties: dict[int, str] = {
        party.application_id: party.name
        for party in Party.objects.filter(application__in=keys, role="applicant", is_removed=False)
    }
    items: dict[int, list[str]] = {}
    for line in Line.objects.filter(application__in=keys, is_removed=False):
        items.setdefault(line.application_id, []).extend(line.items)
    waits: dict[int, list[Wait]] = {}
    for wait in Wait.objects.filter(application__in=keys):
        waits.setdefault(wait.application_id, []).append(wait)
    asked = set(
        Consultation.objects.filter(application__in=keys).values_list("application", flat=True)
    )
    second = set(
        Application.objects.filter(pk__in=keys)
        .filter(Q(pk__in=_waiting_statements(by)) | Q(pk__in=_waiting_cards(by)))
        .values_list("pk", flat=True)
    )
    calendar, standards = read_calendar(), read_standards()
    found = []
    for one in applications:
        clock = clock_of(
            one,
            waits.get(one.pk, []),
            needs_consultation=one.pk in asked,
            on=on,
            calendar=calendar,
            standards=standards,
        )
        why, group = _why(one, clock, by, roles, one.pk in second)
        codes = tuple(dict.fromkeys(items.get(one.pk, [])))
        found.append(Row(one, parties.get(one.pk, ""), codes, clock, why, group))
    return found


TODAY, YOURS, WAITING, DONE = "today", "yours", "waiting", "done"


def _why(
    one: Application,
    clock: Clock,
    by: User,
    roles: Iterable[Role],
    second: bool,
) -> tuple[str, str]:
    """Why it stands where it does, in words, and its group."""
    mine = one.assigned_to_id == by.pk
    held = set(roles)
    if one.status == Status.DECIDED:
        return str(Outcome(one.outcome).label), DONE
    if one.status == Status.WITHDRAWN:
        return _("Withdrawn"), DONE
    if one.status == Status.RECOMMENDED and Role.DECISION_MAKER in held:
        return _("Waits for your decision"), TODAY
    if second and held & {Role.ANALYST, Role.SENIOR_ANALYST}:
        return _("Waits for a second person: that can be you"), TODAY
    if clock.is_waiting:
        return _("The clock stands still: somebody else has it"), WAITING
    if mine and clock.due_on is not None and one.status == Status.IN_REVIEW:
        left = clock.left or 0
        if clock.is_late:
            return _("Late: the standard was reached on %(day)s") % {
                "day": short_day(clock.due_on)
            }, TODAY
        if left <= DUE_SOON:
            return _("Due on %(day)s") % {"day": short_day(clock.due_on)}, TODAY
        return _("Yours, in review"), YOURS
    if one.status == Status.SUBMITTED:
        return _("Complete: its review can begin"), YOURS if one.assigned_to_id in (
            None,
            by.pk,
        ) else WAITING
    if one.status == Status.DRAFT:
        return _("A draft"), YOURS if one.opened_by_id == by.pk else WAITING
    if mine:
        return _("Yours"), YOURS
    return (
        _("With %(name)s") % {"name": one.assigned_to.name}
        if one.assigned_to
        else _("Nobody has it"),
        WAITING,
    )
