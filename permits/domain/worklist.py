"""The worklist: which applications, in which order, and why each stands where it does."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.translation import gettext as _

from accounts.choices import Power, Role
from accounts.days import short_day
from accounts.domain.delegations import people_with_power
from accounts.models import RoleGrant, User
from history.kept import Kept
from permits.choices import OPEN, Outcome, PartyRole, Status
from permits.domain import overview
from permits.domain.casefile import read_events, read_files
from permits.domain.clock import read_calendar
from permits.domain.gate import people_kept_from_deciding
from permits.domain.overview import STALE
from permits.domain.standing import read_standings
from permits.models import (
    Application,
    Line,
    Overview,
    Party,
    Permit,
    PermitAct,
)
from permits.workflow import ANALYSTS, CASE_ROLES, PROPOSERS
from policies.choices import STANCE_RANK
from policies.domain.search import folded

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

VIEWS: tuple[str, ...] = (
    "open",
    "mine",
    "unassigned",
    "moved",
    "due",
    "paused",
    "second",
    "recommended",
    "risk",
    "returned",
    "drafts",
    "decided",
    "all",
)
OVER = (Status.DECIDED, Status.WITHDRAWN)
DUE_TODAY, DUE_SOON = 2, 5
"""Business days left at which an application is for today, and at which it is due soon."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, in which roles, on which day; and the last days that are due today and soon."""

    by: User
    roles: Collection[Role]
    on: date
    due_today: date
    due_soon: date

    @property
    def is_analyst(self) -> bool:
        return bool(ANALYSTS & set(self.roles))


def viewer(by: User, roles: Collection[Role], on: date) -> Viewer:
    """The person before the worklist. One query."""
    calendar = read_calendar()
    return Viewer(by, roles, on, calendar.add(on, DUE_TODAY), calendar.add(on, DUE_SOON))


# Which


def of_view(view: str, who: Viewer) -> Q:
    """The applications of a view."""
    match view:
        case "mine":
            return Q(assigned_to=who.by, status__in=OPEN)
        case "unassigned":
            return _nobodys(who) & Q(status__in=OPEN - {Status.DRAFT})
        case "moved":
            return Q(status__in=OPEN, overview__has_moved=True)
        case "due":
            return Q(
                status__in=OPEN, overview__is_waiting=False, overview__due_on__lte=who.due_soon
            )
        case "paused":
            return Q(status__in=OPEN, overview__is_waiting=True)
        case "second":
            return _for_a_second_person(who.by)
        case "recommended":
            return Q(status=Status.RECOMMENDED)
        case "risk":
            return Q(overview__risk_until__gte=who.on)
        case "returned":
            return Q(status=Status.RETURNED)
        case "drafts":
            return Q(status=Status.DRAFT)
        case "decided":
            return Q(status__in=OVER)
        case "all":
            return Q()
        case _:
            return Q(status__in=OPEN)


def _for_a_second_person(by: User) -> Q:
    """Cases with a statement or a consideration that waits for this person's second signature,
    where one can be given."""
    return Q(overview__unsigned__gt="") & ~Q(overview__unsigned__contains=f",{by.pk},")


def _nobodys(who: Viewer) -> Q:
    """What nobody has, or somebody who works on applications no more."""
    grants = RoleGrant.objects.in_force(who.on).filter(role__in=CASE_ROLES)
    return Q(assigned_to__isnull=True) | ~Q(assigned_to__in=grants.values("person"))


def _to_decide(who: Viewer) -> Q:
    """What is recommended and can be decided by this person today."""
    power = people_with_power(Power.DECIDE, who.on).filter(person=who.by)
    kept = Q(overview__kept_from_deciding__contains=f",{who.by.pk},")
    return Q(Exists(power), status=Status.RECOMMENDED, overview__decided_from__lte=who.on) & ~kept


def left_to_nobody(on: date) -> Q:
    """What is recommended, and whoever has the power to decide on that day is kept from it: only
    another person with a delegation moves it on. One query."""
    found = Q(status=Status.RECOMMENDED)
    for person in people_with_power(Power.DECIDE, on):
        found &= Q(overview__kept_from_deciding__contains=f",{person},")
    return found


def acts_to_decide(by: User, on: date) -> list[PermitAct]:
    """Acts that are proposed on permits and that this person may do on that day, the oldest first.
    Queries do not grow with them."""
    if not people_with_power(Power.ACT, on).filter(person=by).exists():
        return []
    return [act for act, kept in _proposed_acts(on) if by.pk not in kept]


def acts_left_to_nobody(on: date, permit: Permit | None = None) -> list[PermitAct]:
    """Those, of all permits or of one, that nobody with the power to act on that day may do."""
    able = frozenset(people_with_power(Power.ACT, on))
    return [act for act, kept in _proposed_acts(on, permit) if able <= kept]


def _proposed_acts(
    on: date, permit: Permit | None = None
) -> list[tuple[PermitAct, frozenset[int]]]:
    """Acts that wait on permits to which something can still be done, each with everyone who is
    kept from it, as `acts.perform_act` refuses them. Queries do not grow with them."""
    undone = PermitAct.objects.filter(done_at__isnull=True)
    waiting = undone.filter(declined_at__isnull=True).select_related(
        "permit__application", "line__permit", "proposed_by"
    )
    rows = list((waiting.filter(permit=permit) if permit else waiting).order_by("pk"))
    permits = {act.permit_id: act.permit for act in rows}
    over = {row.pk for row, now in read_standings(permits.values(), on) if now.is_over}
    files = read_files([one.application for one in permits.values()])
    read_events(files)
    of_permit = dict(zip(permits, files, strict=True))
    proposers = defaultdict[tuple[int, str], set[int]](set)
    asked = undone.filter(permit__in=permits).values_list("permit", "kind", "proposed_by")
    for key, kind, person in asked:
        proposers[key, kind].add(person)

    def kept_from(act: PermitAct) -> frozenset[int]:
        file = of_permit[act.permit_id]
        if act.loosens:
            return people_kept_from_deciding(file) | proposers[act.permit_id, act.kind]
        alone = {act.proposed_by_id} if act.change.get("conditions_added") else set()
        return frozenset(alone | {one.person_id for one in file.conflicts})

    return [(act, kept_from(act)) for act in rows if act.permit_id not in over]


_ALSO_DECIDED = ("second", "risk")
"""Views that also hold what is decided: few rows, found by an index of the overviews."""


def counts(rows: QuerySet[Application], who: Viewer) -> dict[str, int]:
    """How many stand behind each view. Two queries: only open cases are looked at one by one."""
    of_open = [view for view in VIEWS if view not in ("decided", "all", *_ALSO_DECIDED)]
    found = rows.filter(status__in=OPEN).aggregate(
        **{f"in_{view}": Count("pk", filter=of_view(view, who)) for view in of_open},
        open=Count("pk"),
    )
    everywhere = [rows.filter(of_view(view, who)) for view in _ALSO_DECIDED]
    # In one answer, asked of one row: an aggregate would ask it of each.
    asked = [Subquery(_number_of(some)) for some in (*everywhere, rows)]
    *also_decided, in_all = rows.order_by().values_list(*asked).first() or [0] * len(asked)
    decided = in_all - int(found.pop("open"))
    return {
        **{name.removeprefix("in_"): int(count) for name, count in found.items()},
        **dict(zip(_ALSO_DECIDED, also_decided, strict=True)),
        "all": in_all,
        "decided": decided,
    }


def _number_of(rows: QuerySet[Application]) -> QuerySet[Application, int]:
    """How many rows, for a query within another."""
    number = Func(template="COUNT(*)", output_field=IntegerField())
    return rows.order_by().annotate(number=number).values_list("number", flat=True)


def searched(rows: QuerySet[Application], text: str) -> QuerySet[Application]:
    """Those whose own or permit’s number, parties or goods hold the text, whatever its capitals and
    accents. One of which there is no overview yet is found by its number.
    """
    wanted = folded(text.strip())
    if not wanted:
        return rows
    return rows.filter(Q(overview__text__contains=wanted) | Q(reference__icontains=wanted))


def with_item(rows: QuerySet[Application], code: str) -> QuerySet[Application]:
    """Those with a line of that item, or of one that extends it by parts."""
    code = code.strip()
    if not code:
        return rows
    # Items are stored as a list: the quotes keep 2-1 from finding 2-10.
    whole = Q(items__icontains=f'"{code}"')
    parts = Q(items__icontains=f'"{code}.') | Q(items__icontains=f'"{code}(')
    return rows.filter(
        Exists(Line.objects.filter(whole | parts, application=OuterRef("pk"), is_removed=False))
    )


# In which order, and why


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an application stands in its group; the first that holds counts."""

    code: str
    group: str
    holds: Q


TODAY, YOURS, WAITING, DONE = GROUPS = ("today", "yours", "waiting", "done")
_OF_GROUP = 100
"""More than there are reasons: the number of a row's group is its place over this, that of its
reason what is left over."""


CODES = (
    "risk",
    "second",
    "withdrawn",
    "decided",
    "decide",
    "put",
    "stale",
    "moved",
    "returned",
    "paused",
    "late",
    "due",
    "asks",
    "reviewing",
    "begin",
    "draft",
    "recommended",
    "drafting",
    "mine",
    "nobody",
    "with",
)


def reasons(who: Viewer) -> list[Reason]:
    """Every reason, in the order in which they are looked at."""
    mine = Q(assigned_to=who.by)
    reviewing = mine & Q(status=Status.IN_REVIEW)
    nobody = _nobodys(who)
    to_put = Q(
        status=Status.RECOMMENDED, overview__isnull=False, overview__decided_from__isnull=True
    )
    found = []
    if PROPOSERS & set(who.roles):
        found.append(Reason("risk", TODAY, of_view("risk", who)))
    if who.is_analyst:
        found.append(Reason("second", TODAY, _for_a_second_person(who.by)))
    found += [
        Reason("withdrawn", DONE, Q(status=Status.WITHDRAWN)),
        Reason("decided", DONE, Q(status=Status.DECIDED)),
    ]
    if Role.DECISION_MAKER in who.roles:
        found.append(Reason("decide", TODAY, _to_decide(who)))
    if who.is_analyst:
        found.append(Reason("put", YOURS, mine & to_put))
    found += [
        Reason("put", WAITING, to_put),
        Reason("stale", TODAY, reviewing & Q(overview__review__contains=STALE)),
        Reason("moved", TODAY, reviewing & Q(overview__has_moved=True)),
        Reason("returned", WAITING, Q(status=Status.RETURNED)),
        Reason("paused", WAITING, Q(overview__is_waiting=True)),
        Reason(
            "late",
            TODAY,
            reviewing & Q(overview__chargeable__gt=F("overview__standard_days")),
        ),
        Reason("due", TODAY, reviewing & Q(overview__due_on__lte=who.due_today)),
        Reason("asks", YOURS, reviewing & Q(overview__asks=True)),
        Reason("reviewing", YOURS, reviewing),
        Reason(
            "begin",
            YOURS if who.is_analyst else WAITING,
            Q(status=Status.SUBMITTED) & (mine | nobody),
        ),
        Reason("draft", YOURS, Q(status=Status.DRAFT, opened_by=who.by)),
        Reason("recommended", WAITING, Q(status=Status.RECOMMENDED)),
        Reason("drafting", WAITING, Q(status=Status.DRAFT)),
        Reason("mine", YOURS, mine),
        Reason("nobody", WAITING, nobody),
    ]
    return found


def _in_words(reason: str, row: Application, overview: Overview | None) -> str:
    day = short_day(overview.due_on) if overview and overview.due_on else ""
    match reason:
        case "risk":
            return _("Its permit is in force, and its file speaks against it now")
        case "withdrawn":
            return _("Withdrawn")
        case "decided":
            return str(Outcome(row.outcome).label)
        case "decide":
            return _("Waits for your decision")
        case "put":
            return _("The intended refusal is still to be put to the applicant")
        case "second":
            return _("Waits for a second person: that can be you")
        case "stale":
            return _("A consideration was signed on another basis")
        case "moved":
            return _("The ruling changed since filing")
        case "returned":
            return _("With the applicant")
        case "paused":
            return _("The clock stands still: somebody else has it")
        case "late":
            return _("Late: the standard was reached on %(day)s") % {"day": day}
        case "due":
            return _("Due on %(day)s") % {"day": day}
        case "asks":
            return _("A policy question is open")
        case "reviewing":
            return _("Yours, in review")
        case "begin":
            return _("Submitted: its review can begin")
        case "draft" | "drafting":
            return _("A draft")
        case "recommended":
            return _("Waits for a decision")
        case "mine":
            return _("Yours")
        case "nobody" if row.assigned_to:
            return _("%(name)s, who has it, works on applications no more") % {
                "name": row.assigned_to.name
            }
        case "nobody":
            return _("Nobody has it")
        case _:
            return _("With %(name)s") % {"name": row.assigned_to.name if row.assigned_to else "—"}


def with_reason(rows: QuerySet[Application], who: Viewer) -> QuerySet[Application]:
    """The rows with their overview and their place, by the first reason that holds."""
    found = [
        When(one.holds, then=Value(_OF_GROUP * GROUPS.index(one.group) + CODES.index(one.code)))
        for one in reasons(who)
    ]
    others = Value(_OF_GROUP * GROUPS.index(WAITING) + CODES.index("with"))
    place = Case(*found, default=others, output_field=IntegerField())
    return rows.annotate(place=place)


def in_order(rows: QuerySet[Application], who: Viewer, *, sort: str = "") -> QuerySet[Application]:
    """The rows with their place, as asked, or else by group and what is due first."""
    rows = with_reason(rows, who)
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return rows.order_by(
            F("place") / _OF_GROUP, F("overview__due_on").asc(nulls_last=True), "-pk"
        )
    if sort == "stance" or sort == "-stance":
        rows = rows.annotate(
            stance_rank=Case(
                *[
                    When(overview__stance=code, overview__asks=asks, then=Value(2 * rank + asks))
                    for code, rank in STANCE_RANK.items()
                    for asks in (False, True)
                ],
                default=None,
                output_field=IntegerField(),
            )
        )
    is_down = sort.startswith("-")
    return rows.order_by(OrderBy(F(column), descending=is_down, nulls_last=True), "-pk")


SORTS = {
    "reference": "reference",
    "destination": "destination__code",
    "value": "overview__value",
    "stance": "stance_rank",
    "due": "overview__due_on",
}
"""What a list can be sorted by; with "-" before it, the other way round."""


@dataclass(frozen=True, slots=True)
class Row:
    """An application as the worklist shows it, and why it stands there.

    `overview` None: not found yet; `signed` of the six considerations.
    """

    application: Application
    applicants: tuple[str, ...]
    end_users: tuple[str, ...]
    overview: Overview | None
    why: str
    group: str

    @property
    def left(self) -> int | None:
        """Business days until the standard is reached; below zero, days over it."""
        if self.overview is None or self.overview.standard_days is None:
            return None
        return self.overview.standard_days - self.overview.chargeable

    @property
    def over(self) -> int:
        return -(self.left or 0)

    @property
    def pace(self) -> str:
        """How the clock stands: paused, over, near or on."""
        if self.overview is None or self.overview.is_waiting:
            return "paused"
        left = self.left
        if left is None or left > DUE_TODAY:
            return "on"
        return "near" if left >= 0 else "over"

    @property
    def run(self) -> int:
        """The share of the standard that is used, in percent, at most 100."""
        if self.overview is None or not self.overview.standard_days:
            return 0
        return min(100, round(100 * self.overview.chargeable / self.overview.standard_days))


# Only what has a place on the page is read whole: to sort all rows whole takes twice as long.
_ROWS = Kept(
    lambda keys: Application.objects.for_pages().select_related("overview").filter(pk__in=keys)
)
_NAMED = Kept(
    lambda keys: Party.objects.filter(
        application__in=keys,
        role__in=[PartyRole.APPLICANT, PartyRole.END_USER],
        is_removed=False,
    )
)


def read(rows: QuerySet[Application]) -> list[Application]:
    """Some rows of `in_order`, with what a page shows, their overview and place. Two queries.

    Where one has an overview that nobody made, all such are mended.
    """
    return _mended(lambda: _read(_places(rows)))


@dataclass(frozen=True, slots=True)
class Some:
    """The first of some rows, in order, and how many there are."""

    rows: Sequence[Application]
    count: int


def pressing(rows: QuerySet[Application], who: Viewer, *, most: int) -> dict[str, Some]:
    """What is to be done today and what is theirs to move, the first as by `read`. Two queries.

    All places come in one answer: to work them out is what takes time.
    """
    ordered = in_order(rows, who).filter(
        place__lt=_OF_GROUP * GROUPS.index(WAITING)  # type: ignore[misc] # annotated
    )

    def once() -> dict[str, Some] | None:
        places = _places(ordered)
        keys = {
            group: [key for key, place in places.items() if GROUPS[place // _OF_GROUP] == group]
            for group in (TODAY, YOURS)
        }
        first = [key for some in keys.values() for key in some[:most]]
        found = _read({key: places[key] for key in first})
        if found is None:
            return None
        by_key = {one.pk: one for one in found}
        return {
            group: Some([by_key[key] for key in some[:most]], len(some))
            for group, some in keys.items()
        }

    return _mended(once)


def _places(rows: QuerySet[Application]) -> dict[int, int]:
    return dict(rows.values_list("pk", "place"))  # type: ignore[misc] # annotated


def _read(places: Mapping[int, int]) -> list[Application] | None:
    """The rows of those keys, with their places; None where an overview is one that nobody made."""
    try:
        found = {one.pk: one for one in _ROWS(list(places))}
    except overview.UNREADABLE:
        return None
    if not all(
        overview.is_whole(one.overview) for one in found.values() if hasattr(one, "overview")
    ):
        return None
    for key, place in places.items():
        found[key].place = place  # type: ignore[attr-defined] # as if annotated
    return [found[key] for key in places]


def _mended(reading: Callable[[], Found | None]) -> Found:
    found = reading()
    if found is None:
        logger.warning("an overview says what none can say: all such are made anew")
        overview.mend()
        found = reading()
    if found is None:
        raise RuntimeError("an overview could not be made anew")
    return found


def rows_of(applications: Sequence[Application]) -> list[Row]:
    """The rows of a page of `in_order`. One query."""
    names: dict[tuple[int, str], list[str]] = defaultdict(list)
    for party in _NAMED([one.pk for one in applications]):
        names[party.application_id, party.role].append(party.name)
    found = []
    for one in applications:
        overview = getattr(one, "overview", None)
        found.append(
            Row(
                one,
                tuple(names[one.pk, PartyRole.APPLICANT]),
                tuple(names[one.pk, PartyRole.END_USER]),
                overview,
                _in_words(_reason(one), one, overview),
                GROUPS[one.place // _OF_GROUP],  # type: ignore[attr-defined]
            )
        )
    return found


def is_to_decide(application: Application) -> bool:
    """Whether a row of `with_reason` waits for the decision of who looks."""
    return _reason(application) == "decide"


def still_to_do(application: Application) -> str:
    """Why a row of `with_reason` is where it is, in words; nothing once it is over."""
    code = _reason(application)
    if code in ("withdrawn", "decided"):
        return ""
    return _in_words(code, application, getattr(application, "overview", None))


def _reason(application: Application) -> str:
    """The code of the reason by which a row of `with_reason` has its place."""
    return CODES[application.place % _OF_GROUP]  # type: ignore[attr-defined]
