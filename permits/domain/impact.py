"""What a policy change would do to open applications and live permits, by the engine itself.

    impact = impact_of(compose(change, at=clock.now()))

Every case that the change can reach is ruled on twice, with the register as it is and as it would
be; nothing is estimated. Cases are read in batches, so memory does not grow with them, and a look
at them can stop after any batch and go on later (`look_on`).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from django.db.models import F, Q, QuerySet, Sum, TextField
from django.db.models.enums import TextChoices
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from history import clock
from permits.choices import (
    OPEN,
    ActKind,
    Group,
    PartyRole,
    PermitStatus,
    StatementKind,
    Status,
)
from permits.choices import Outcome as Decided
from permits.domain.casefile import CaseFile
from permits.domain.ruling import (
    CaseRuling,
    Outcome,
    facts_by_line,
    outcome_of,
    rule_on_facts,
    written,
)
from permits.domain.standing import Standing, read_standings
from permits.models import Application, Card, Line, Party, Permit, PermitAct, Statement, Use
from policies.choices import REQUIREMENT_RANK, STANCE_RANK, GoodsKind
from policies.domain.composing import Composed, days_ahead, days_moved, imagine, rehearse
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register
from policies.domain.rulebook import Rows, Rulebook
from policies.facts import LineFacts, Scope
from policies.models import Destination, Policy

SCANNED, BATCH = 5_000, 500
"""Cases whose items are looked at together, and those whose files are read together."""


class Why(TextChoices):
    """Why a person has to look at an application whose ruling moves; also said of a permit's."""

    ASKS = "asks", _("A question of the policy is to be answered")
    PART = "part", _("Only some of its lines move")
    EXCEPTION = "exception", _("An exception that counted is of a policy that would not apply")
    RECOMMENDED = "recommended", _("A recommendation rests on the ruling as it was")
    SIGNED = "signed", _("Considerations were signed on the ruling as it was")


class Moved(NamedTuple):
    """What lines, by their numbers, meet before and after, where they move alike.

    `comes` and `goes`: the keys of the questions that open and of those that fall away.
    """

    lines: tuple[int, ...]
    before: Outcome
    after: Outcome
    comes: tuple[str, ...]
    goes: tuple[str, ...]


class Step(NamedTuple):
    """What is met from a later day on (ISO), without the change and with it. No `lines`: alike."""

    on: str
    before: Outcome
    after: Outcome
    lines: tuple[Moved, ...]


class Move(NamedTuple):
    """An application whose ruling would be another, first on the day `on` (ISO).

    Of one that was decided, `on` is the day of the decision; of one whose permit was acted on, the
    days are those of the acts. `before` and `after` are the strictest
    of all its lines, `lines` those that move; `then` is what follows on later days, also where it
    is the same again as without the change. `because`: why a person has to look on any of them.
    """

    reference: str
    status: str
    on: str
    before: Outcome
    after: Outcome
    because: tuple[str, ...]
    lines: tuple[Moved, ...] = ()
    then: tuple[Step, ...] = ()


class Unmoved(NamedTuple):
    """An open application with the same outcome; `is_restated`: it would rest on another policy."""

    reference: str
    status: str
    is_restated: bool


def status_in_words(code: str) -> str:
    """The status of an open application, or the outcome of a decided one: a move has either."""
    for choices in (Status, Decided):
        if code in choices.values:
            return str(choices(code).label)
    return code


class PermitMove(NamedTuple):
    """A live permit whose goods would meet another ruling, first on the day `on` (ISO).

    Its goods are those of lines that still allow something. `left` in dollars, if limited. No
    `lines`: the policy meets it, and its outcome stays.
    """

    number: str
    reference: str
    on: str
    before: Outcome
    after: Outcome
    group: str
    left: str
    lines: tuple[Moved, ...] = ()
    because: tuple[str, ...] = ()
    then: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """What was found; `on` is the first day from today on which the register would differ.

    `moved` are open applications with another outcome; `restated` keep theirs and rest on other
    policies, so that signatures are to be renewed; `permits` are live, now and when it meets them;
    `decided` were decided on days for which the register would say something else; of `acted` the
    permit was loosened, or acted on in a sweep, on such days.
    """

    on: date
    open_cases: int = 0
    live_permits: int = 0
    moved: tuple[Move, ...] = ()
    restated: tuple[Move, ...] = ()
    permits: tuple[PermitMove, ...] = ()
    decided: tuple[Move, ...] = ()
    acted: tuple[Move, ...] = ()

    @property
    def for_a_person(self) -> tuple[Move, ...]:
        return tuple(one for one in self.moved if one.because)

    @property
    def staying(self) -> int:
        """How many open applications do not move."""
        return self.open_cases - len(self.moved)

    def counts(self) -> dict[str, int]:
        """Every figure that is sealed."""
        return {
            "open": self.open_cases,
            "moved": len(self.moved),
            "person": len(self.for_a_person),
            "restated": len(self.restated),
            "live": self.live_permits,
            "permits": len(self.permits),
            "decided": len(self.decided),
            "acted": len(self.acted),
        }


def unmoved(impact: Impact, *, at: datetime) -> list[Unmoved]:
    """The applications that do not move, of those opened before `at` and open still. One query."""
    moved = {one.reference for one in impact.moved}
    restated = {one.reference for one in impact.restated}
    found = Application.objects.filter(status__in=OPEN, opened_at__lte=at).order_by("reference")
    return [
        Unmoved(reference, status, reference in restated)
        for reference, status in found.values_list("reference", "status")
        if reference not in moved
    ]


LISTS = ("moved", "restated", "permits", "decided", "acted")
_PAST = ("decided", "acted")

STAGES = ("open", "permits", "decided", "acted")
"""The cases that are looked at, one kind after the other."""


@dataclass(slots=True)
class Course:
    """How far a look at the cases has come, and what it has found so far, by list.

    `stage` is the place in STAGES where it goes on, after the case `last`; `looked` counts the
    cases looked at, of all stages.
    """

    stage: int = 0
    last: int = 0
    looked: int = 0
    found: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in LISTS})

    @property
    def is_over(self) -> bool:
        return self.stage == len(STAGES)


class _Work(NamedTuple):
    """What a look at the cases compares: the register as it is and as it would be, on which days.

    `policies` are those that the change ends or moves, and enters.
    """

    parts: Sequence[Composed]
    policies: Sequence[Policy]
    both: tuple[Register, Register]
    days: Sequence[date]
    today: date


def impact_of(
    parts: Sequence[Composed], *, register: Register | None = None, today: date | None = None
) -> Impact:
    """What the change would do. For words put right alone, nothing."""
    course = Course()
    for _batch in look_on(parts, course, register=register, today=today):
        pass
    return impact_found(parts, course, today=today)


def look_on(
    parts: Sequence[Composed],
    course: Course,
    *,
    register: Register | None = None,
    today: date | None = None,
) -> Iterator[None]:
    """Looks at the cases from where `course` stands to the end; may be left after each batch."""
    policies = _policies(parts)
    if policies:
        now, today = register or current_register(), today or clock.today()
        after = imagine(now, parts)
        days = days_ahead(parts, today, after.rulebook.calendar.days)
        work = _Work(parts, policies, (now, after), days, today)
        while not course.is_over:
            stage = STAGES[course.stage]
            cases = _cases(stage, parts, today)
            for batch in _batches(cases, policies, work.both[1].rulebook, after=course.last):
                for name, one in _LOOKS[stage](batch.files, work):
                    course.found[name].append(one)
                course.last, course.looked = batch.last, course.looked + batch.size
                yield
            course.stage, course.last = course.stage + 1, 0
    course.stage = len(STAGES)


def to_look_at(parts: Sequence[Composed], *, today: date | None = None) -> int:
    """How many cases a look at them comes by, those of every stage. Four queries."""
    today = today or clock.today()
    return sum(_cases(stage, parts, today).count() for stage in STAGES) if _policies(parts) else 0


def impact_found(parts: Sequence[Composed], course: Course, *, today: date | None = None) -> Impact:
    """What a look at the cases found, when it is over. Fixed queries, and four for each BATCH of
    permits that were amended, cancelled or shipped in full."""
    if not course.is_over:
        raise ValueError("not every case was looked at yet")
    today = today or clock.today()
    days = days_ahead(parts, today)
    return Impact(
        days[0] if days else today,
        Application.objects.filter(status__in=OPEN).count(),
        _count_live(today),
        moved=tuple(sorted(course.found["moved"])),
        restated=tuple(sorted(course.found["restated"])),
        permits=tuple(course.found["permits"]),
        decided=tuple(course.found["decided"]),
        acted=tuple(sorted(course.found["acted"])),
    )


# Which cases the change can reach


def _first_day(parts: Iterable[Composed]) -> date:
    return min((one.day for one in parts), default=date.max)


def _policies(parts: Iterable[Composed]) -> list[Policy]:
    """The policies that the change ends or moves, and enters."""
    found = []
    for part in parts:
        if part.closes is not None:
            found.append(part.closes.policy)
        if part.enters is not None:
            found.append(part.enters)
    return found


def _cases(stage: str, parts: Sequence[Composed], today: date) -> QuerySet[Application]:
    """The cases of a stage that the change can reach."""
    reached = Application.objects.filter(_reach(_policies(parts)))
    match stage:
        case "open":
            return reached.filter(status__in=OPEN)
        case "permits":
            alive = Permit.objects.filter(_not_over(today))
            return reached.filter(pk__in=alive.values("application"))
        case "acted":
            return reached.filter(pk__in=_acts(parts, today).values("permit__application"))
    return reached.filter(_in_days_moved("decided_on", parts, today), status=Status.DECIDED)


def _reach(policies: Iterable[Policy]) -> Q:
    """Applications with a place that the policies name; all where one names none."""
    places: dict[frozenset[str], set[str] | None] = {}
    for scope in (Scope.from_json(one.scope) for one in policies):
        known = places.setdefault(scope.activities, set())
        if scope.destinations is None or known is None:
            places[scope.activities] = None
        else:
            known |= scope.destinations
    reach = Q(pk__in=[])
    for activities, named in places.items():
        activity = Q(activity__in=activities)
        if named is None:
            reach |= activity
            continue
        there = Party.objects.filter(
            country__code__in=named,
            role__in=[PartyRole.CONSIGNEE, PartyRole.END_USER],
            is_removed=False,
        )
        reach |= activity & (
            Q(destination__code__in=named) | Q(pk__in=there.values("application")) | ~Q(transit=[])
        )
    return reach


class Batch(NamedTuple):
    """The files of some cases; of `size` cases up to `last`, those that the policies can reach."""

    last: int
    size: int
    files: list[CaseFile]


def _batches(
    applications: QuerySet[Application],
    policies: Sequence[Policy],
    book: Rulebook,
    *,
    after: int = 0,
) -> Iterator[Batch]:
    """The files of applications with goods that the policies can reach, some at a time.

    Which goods those are is told by their items alone, before anything else of a case is read;
    where a statement can tell it, every case is read.
    """
    reaches = _by_items(policies, book)
    places = _places()
    ids = applications.order_by("pk").values_list("pk", flat=True)
    while scanned := list(ids.filter(pk__gt=after)[:SCANNED]):
        found = scanned if reaches is None else _with_goods(scanned, reaches)
        for start in range(0, len(found), BATCH) or [0]:
            these = found[start : start + BATCH]
            last = these[-1] if start + BATCH < len(found) else scanned[-1]
            size = bisect_right(scanned, last) - bisect_right(scanned, after)
            after = last
            yield Batch(last, size, list(_files(these, places)))


Places = Mapping[int | None, Destination]


def _places() -> Places:
    return {one.pk: one for one in Destination.objects.all()}


def _files(applications: Sequence[int], places: Places) -> Iterator[CaseFile]:
    """Their files with only what a ruling looks at: lines, parties, statements. Four queries.

    All name their places from the same rows, and nobody's name is looked up: of many thousand cases
    that takes longer than the rulings.
    """
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in Line.objects.filter(application__in=applications, is_removed=False):
        line.origin = places.get(line.origin_id)
        lines[line.application_id].append(line)
    parties: dict[int, list[Party]] = defaultdict(list)
    for party in Party.objects.filter(application__in=applications, is_removed=False):
        party.country = places.get(party.country_id)
        parties[party.application_id].append(party)
    statements: dict[int, list[Statement]] = defaultdict(list)
    for one in Statement.objects.filter(application__in=applications, set_aside_at__isnull=True):
        statements[one.application_id].append(one)
    for row in Application.objects.filter(pk__in=applications).order_by("pk"):
        row.destination = places.get(row.destination_id)
        yield CaseFile(
            application=row,
            lines=tuple(lines[row.pk]),
            parties=tuple(parties[row.pk]),
            statements=tuple(statements[row.pk]),
            documents=(),
            cards=(),
            evidence=(),
            measures=(),
            consultations=(),
            waits=(),
            conflicts=(),
            recommendation=None,
            conditions=(),
            decision=None,
            permit=None,
        )


def _with_goods(applications: Sequence[int], reaches: Callable[[str], bool]) -> list[int]:
    lines = Line.objects.filter(application__in=applications, is_removed=False)
    items = lines.annotate(written=Cast("items", TextField())).values_list("application", "written")
    return sorted({key for key, text in items if reaches(text)})


def _by_items(policies: Iterable[Policy], book: Rulebook) -> Callable[[str], bool] | None:
    """Whether goods of such items (as JSON) are reached; None unless all policies name items."""
    rows = _rows_by_items(policies, book)
    if rows is None:
        return None

    @cache
    def reaches(items: str) -> bool:
        return bool(book.goods_match(written(json.loads(items))).rows & rows)

    return reaches


def _rows_by_items(policies: Iterable[Policy], book: Rulebook) -> Rows | None:
    """The rows of the policies; None unless all of them name items."""
    found = 0
    for policy in policies:
        if policy.scope["goods"]["kind"] != GoodsKind.ITEMS:
            return None
        found |= book.bit[policy.key]
    return found


class _Ruled(NamedTuple):
    """A day, and the ruling on a case that day by the register as it is and as it would be."""

    on: date
    before: CaseRuling
    after: CaseRuling


Facts = Sequence[tuple[Line, LineFacts]]


def _rulings(
    facts: Facts,
    both: tuple[Register, Register],
    days: Iterable[date],
    known_at: datetime | None = None,
) -> Iterator[_Ruled]:
    for on in days:
        before, after = (
            rule_on_facts(facts, on=on, known_at=known_at, register=one) for one in both
        )
        yield _Ruled(on, before, after)


def _first(found: Sequence[_Ruled]) -> _Ruled:
    """The first day with another outcome; else the first on which it only rests on other rows."""
    moving = (one for one in found if one.before.met != one.after.met)
    return next(moving, found[0])


def _from_the_first(ruled: Sequence[_Ruled], first: _Ruled) -> list[_Ruled]:
    """The first day, and the later ones on which it is another thing than on the one before."""
    found = [first]
    for one in ruled:
        last = found[-1]
        if one.on > last.on and (one.before.met, one.after.met) != (
            last.before.met,
            last.after.met,
        ):
            found.append(one)
    return found


_shared_step = lru_cache(maxsize=16_384)(Step)


def _steps(later: Iterable[_Ruled]) -> tuple[Step, ...]:
    return tuple(
        _shared_step(on.isoformat(), _outcome(before), _outcome(after), _moved(before, after))
        for on, before, after in later
    )


_shared = lru_cache(maxsize=16_384)(Moved)
"""What lines meet before and after, once for the many cases in which it is the same."""


def _moved(before: CaseRuling, after: CaseRuling) -> tuple[Moved, ...]:
    """The lines that move, those that move alike together."""
    found: dict[tuple[Outcome, Outcome, tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for was, now in zip(before.lines, after.lines, strict=True):
        (said, asked), (says, asks) = was.met, now.met
        if said != says or asked != asks:
            comes = tuple(key for key in asks if key not in asked)
            goes = tuple(key for key in asked if key not in asks)
            found.setdefault((said, says, comes, goes), []).append(was.line.number)
    return tuple(_shared(tuple(numbers), *alike) for alike, numbers in found.items())


def _outcome(ruling: CaseRuling) -> Outcome:
    return outcome_of(
        str(ruling.requirement),
        str(ruling.stance),
        str(ruling.stance_if_open),
        str(ruling.requirement_if_open),
    )


def _rests_on(ruling: CaseRuling) -> list[tuple[Any, ...]]:
    """What each line meets, and the rows that give it its stance."""
    return [(one.met, one.ruling.governing) for one in ruling.lines]


# Open applications


def _open(files: Sequence[CaseFile], work: _Work) -> Iterator[tuple[str, Move]]:
    signed = set(
        Card.objects.filter(
            application__in=[file.application.pk for file in files], first_by__isnull=False
        ).values_list("application", flat=True)
    )
    for file in files:
        ruled = list(_rulings(facts_by_line(file), work.both, work.days))
        different = [one for one in ruled if _rests_on(one.before) != _rests_on(one.after)]
        if not different:
            continue
        first, *later = _from_the_first(ruled, _first(different))
        on, before, after = first
        if before.met == after.met:
            later = []
        is_signed = file.application.pk in signed
        why = {
            code
            for one in (first, *later)
            for code in _because(file.application, one.before, one.after, is_signed=is_signed)
        }
        move = Move(
            file.application.reference,
            file.application.status,
            on.isoformat(),
            _outcome(before),
            _outcome(after),
            _in_order(why),
            _moved(before, after),
            _steps(later),
        )
        yield "moved" if move.lines else "restated", move


def _because(
    application: Application, before: CaseRuling, after: CaseRuling, *, is_signed: bool
) -> Iterator[str]:
    yield from _by_the_rulings(before, after)
    if application.status == Status.RECOMMENDED:
        yield Why.RECOMMENDED.value
    # Signatures rest on the outcome alone: a question that opens beside it clears none.
    if is_signed and before.outcome() != after.outcome():
        yield Why.SIGNED.value


def _in_order(why: Collection[str]) -> tuple[str, ...]:
    return tuple(one.value for one in Why if one.value in why)


def _by_the_rulings(before: CaseRuling, after: CaseRuling) -> Iterator[str]:
    if set(after.open_questions) - set(before.open_questions):
        yield Why.ASKS.value
    changes = [was != now for was, now in zip(before.met, after.met, strict=True)]
    if any(changes) and not all(changes):
        yield Why.PART.value
    if _excepted(before) - _excepted(after):
        yield Why.EXCEPTION.value


def _excepted(ruling: CaseRuling) -> set[tuple[str, str]]:
    """The exceptions by which a row does not apply."""
    return {
        (row.policy, row.detail)
        for one in ruling.lines
        for row in one.ruling.not_applied
        if row.because == "exception"
    }


# Live permits


def _not_over(today: date) -> Q:
    """Permits whose last day, as issued or as amended, may still come."""
    amended = PermitAct.objects.filter(kind=ActKind.AMEND, done_at__isnull=False)
    return Q(valid_to__gte=today) | Q(pk__in=amended.values("permit"))


def _count_live(today: date) -> int:
    """How many permits still allow something.

    That is told by the last day alone of a permit that was neither amended nor cancelled and has
    no line shipped in full; every other one is looked at.
    """
    alive = Permit.objects.filter(_not_over(today))
    acted = PermitAct.objects.filter(
        kind__in=[ActKind.AMEND, ActKind.CANCEL], done_at__isnull=False, permit__in=alive
    )
    looked_at = sorted({*acted.values_list("permit", flat=True), *_used_up(alive)})
    found = alive.count() - len(looked_at)
    for start in range(0, len(looked_at), BATCH):
        permits = Permit.objects.filter(pk__in=looked_at[start : start + BATCH])
        found += sum(bool(stands.live_lines) for _one, stands in read_standings(permits, today))
    return found


def _used_up(permits: QuerySet[Permit]) -> Iterator[int]:
    """Permits with a line of which, as issued, nothing is left; or next to nothing, as SQLite adds
    decimals up as floating numbers."""
    line = ("permit_line", "permit_line__quantity", "permit_line__value")
    used = Use.objects.counted().filter(permit_line__permit__in=permits).order_by().values(*line)
    found = used.annotate(shipped=Sum("quantity"), worth=Sum("value")).filter(
        Q(shipped__gt=F("permit_line__quantity") - Decimal("0.001"))
        | Q(worth__gt=F("permit_line__value") - Decimal("0.01"))
    )
    yield from found.values_list("permit_line__permit", flat=True)


class Reached(NamedTuple):
    """A permit's rulings on a day, before and after a change.

    `excepted`: an accepted exception passes the policy.
    """

    on: date
    before: CaseRuling
    after: CaseRuling
    excepted: bool


class _Held(NamedTuple):
    """A live permit, and the facts of the lines that it still allows."""

    permit: Permit
    stands: Standing
    facts: Facts


def _held(files: Sequence[CaseFile], today: date) -> Iterator[_Held]:
    """The live permits of these cases, by number. Four queries."""
    by_case = {file.application.pk: file for file in files}
    permits = Permit.objects.filter(application__in=by_case).order_by("number")
    for permit, stands in read_standings(permits, today):
        if live := stands.live_lines:
            file = by_case[permit.application_id]
            permit.application = file.application
            facts = [(line, one) for line, one in facts_by_line(file) if line.number in live]
            yield _Held(permit, stands, facts)


def _permits(files: Sequence[CaseFile], work: _Work) -> Iterator[tuple[str, PermitMove]]:
    entered = {part.enters.key for part in work.parts if part.enters is not None}
    for held in _held(files, work.today):
        days = [on for on in work.days if on <= held.stands.valid_to]
        ruled = list(_rulings(held.facts, work.both, days))
        moving = next((one for one in ruled if one.before.met != one.after.met), None)
        first = moving or next((one for one in ruled if _meets(one.after, entered)[1]), None)
        if first is not None:
            found = Reached(*first, excepted=_meets(first.after, entered)[0])
            later = _from_the_first(ruled, first)[1:] if moving else []
            yield "permits", _permit_in_scope(held, found, later)


def permits_under(policy: Policy, *, on: date) -> Iterator[PermitMove]:
    """Live permits with goods that the policy meets on that day, by the register as it stands.

    Goods of a line that was cancelled or shipped in full are none of a permit any more.
    Where a question of the policy is still open, it is taken to meet them; where an accepted
    exception passes it, the permit is in the group of those. Both outcomes are that day's.
    """
    register, today = current_register(), clock.today()
    alive = Permit.objects.filter(_not_over(today))
    cases = Application.objects.filter(_reach([policy]), pk__in=alive.values("application"))
    for batch in _batches(cases, [policy], register.rulebook):
        yield from _under(policy, batch.files, register, on=on)


def group_under(policy: Policy, permit: Permit) -> Group | None:
    """The group in which `permits_under` would find the permit today, if it would. Ten queries."""
    files = list(_files([permit.application_id], _places()))
    found = next(_under(policy, files, current_register(), on=clock.today()), None)
    return None if found is None else Group(found.group)


def excepted_under(policy: Policy, permits: QuerySet[Permit], *, on: date) -> set[str]:
    """The numbers of those live permits that an accepted exception passes on that day.

    One query where none was claimed, ten for each batch of cases in which one was.
    """
    claimed = Statement.objects.filter(
        kind=StatementKind.EXCEPTION,
        key__startswith=f"{policy.key}:",
        set_aside_at__isnull=True,
        application__in=permits.values("application"),
    )
    cases = sorted(set(claimed.values_list("application", flat=True)))
    return {
        one.number
        for start in range(0, len(cases), BATCH)
        for one in _under(
            policy, list(_files(cases[start : start + BATCH], _places())), current_register(), on=on
        )
        if one.group == Group.EXCEPTED
    }


def _under(
    policy: Policy, files: Sequence[CaseFile], register: Register, *, on: date
) -> Iterator[PermitMove]:
    for held in _held(files, clock.today()):
        ruling = rule_on_facts(held.facts, on=on, known_at=None, register=register)
        excepted, meets = _meets(ruling, {policy.key})
        if meets and on <= held.stands.valid_to:
            yield _permit_in_scope(held, Reached(on, ruling, ruling, excepted))


def _meets(ruling: CaseRuling, policies: Collection[str]) -> tuple[bool, bool]:
    """Whether an exception to one of them was accepted, and whether one of them meets the case, or
    would if an open question is answered so."""
    excepted = any(key in policies for key, _code in _excepted(ruling))
    return excepted, excepted or any(
        key in policies
        for one in ruling.lines
        for key in (*one.ruling.matched, *one.ruling.hanging)
    )


def _permit_in_scope(held: _Held, found: Reached, later: Sequence[_Ruled] = ()) -> PermitMove:
    both = [(found.before, found.after), *((one.before, one.after) for one in later)]
    return PermitMove(
        held.permit.number,
        held.permit.application.reference,
        found.on.isoformat(),
        _outcome(found.before),
        _outcome(found.after),
        group_of(held.stands, is_excepted=found.excepted).value,
        _left(held.stands),
        _moved(found.before, found.after),
        _in_order({code for before, after in both for code in _by_the_rulings(before, after)}),
        _steps(later),
    )


def group_of(stands: Standing, *, is_excepted: bool) -> Group:
    """The group of a live permit; `is_excepted` where an accepted exception passes the policy."""
    if stands.status == PermitStatus.SUSPENDED:
        return Group.SUSPENDED
    if is_excepted:
        return Group.EXCEPTED
    used = any(line.used_quantity or line.used_value for line in stands.lines)
    return Group.PARTLY if used else Group.UNUSED


def _left(stands: Standing) -> str:
    """Dollars that may still be shipped; nothing where a line has no limit."""
    left = [line.value_left for line in stands.lines if not line.is_cancelled]
    if any(one is None for one in left):
        return ""
    return str(sum((one for one in left if one is not None), Decimal(0)))


# Decisions in days that a correction reaches


def _in_days_moved(name: str, parts: Sequence[Composed], today: date) -> Q:
    """With the day of that name among those that have passed, from the first to the last for which
    the register would say another thing."""
    if _first_day(parts) >= today:
        return Q(pk__in=[])
    starts, ends = zip(*days_moved(parts), strict=True)
    days = Q(**{f"{name}__isnull": False})
    if None not in starts:
        days &= Q(**{f"{name}__gte": min(starts)})
    if None not in ends:
        days &= Q(**{f"{name}__lt": max(ends)})
    return days


def _acts(parts: Sequence[Composed], today: date) -> QuerySet[PermitAct]:
    """The acts of such days that rest on policies: that loosen, or were done in a sweep. Any other
    one that tightens needs none."""
    rests_on_policies = Q(loosens=True) | Q(sweep_item__isnull=False)
    return PermitAct.objects.filter(_in_days_moved("done_on", parts, today), rests_on_policies)


def _decided(files: Sequence[CaseFile], work: _Work) -> Iterator[tuple[str, Move]]:
    for file in files:
        on = file.application.decided_on
        if on is None:
            continue
        facts = facts_by_line(file, end_of_day(on))
        ((_on, before, after),) = _rulings(facts, work.both, [on])
        if lines := _moved(before, after):
            yield "decided", _past(file, on, before, after, lines)


def _acted(files: Sequence[CaseFile], work: _Work) -> Iterator[tuple[str, Move]]:
    """An act in a sweep rests on its policy, also where the outcome is the same without it."""
    days: dict[int, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
    acts = _acts(work.parts, work.today).filter(
        permit__application__in=[file.application.pk for file in files]
    )
    policy = "sweep_item__sweep__policy__key"
    for case, on, key in acts.values_list("permit__application", "done_on", policy):
        if on is not None:
            days[case][on] |= {key} - {None}
    for file in files:
        rested = days[file.application.pk]
        # As each day knew what was stated: words that a policy was given later change nothing.
        ruled = [
            one
            for on in sorted(rested)
            for one in _rulings(facts_by_line(file, end_of_day(on)), work.both, [on])
        ]
        moved = [
            one
            for one in ruled
            if one.before.met != one.after.met
            or _meets(one.before, rested[one.on]) != _meets(one.after, rested[one.on])
        ]
        if moved:
            (on, before, after), *later = moved
            lines = _moved(before, after)
            yield "acted", _past(file, on, before, after, lines)._replace(then=_steps(later))


def _past(
    file: CaseFile, on: date, before: CaseRuling, after: CaseRuling, lines: tuple[Moved, ...]
) -> Move:
    """What was done on a day that has passed, and would meet something else: nobody has to look."""
    reference, outcome = file.application.reference, file.application.outcome
    return Move(reference, outcome, on.isoformat(), _outcome(before), _outcome(after), (), lines)


_LOOKS: Mapping[str, Callable[[Sequence[CaseFile], _Work], Iterator[tuple[str, Any]]]] = {
    "open": _open,
    "permits": _permits,
    "decided": _decided,
    "acted": _acted,
}


# The back-test


def _if_open(one: Outcome) -> Outcome:
    return one._replace(requirement=one.requirement_if_open, stance=one.if_open)


def _is_stricter(one: Outcome, other: Outcome) -> bool:
    return (
        REQUIREMENT_RANK[one.requirement] > REQUIREMENT_RANK[other.requirement]
        or STANCE_RANK[one.stance] > STANCE_RANK[other.stance]
    )


class Tried(NamedTuple):
    """A decided case under the draft: how it was decided, and its lines that would have moved.

    With several lines it can be held and eased. One that hangs on a question is held, or eased, `if
    open`: where the draft would make it so by an answer alone.
    """

    reference: str
    outcome: str
    lines: tuple[Moved, ...]

    @property
    def is_held(self) -> bool:
        return any(_is_stricter(one.after, one.before) for one in self.lines)

    @property
    def is_eased(self) -> bool:
        return any(_is_stricter(one.before, one.after) for one in self.lines)

    @property
    def is_held_if_open(self) -> bool:
        return not self.is_held and any(
            _is_stricter(_if_open(one.after), _if_open(one.before))
            or (one.comes and one.before == one.after)
            for one in self.lines
        )

    @property
    def is_eased_if_open(self) -> bool:
        return not self.is_eased and any(
            _is_stricter(_if_open(one.before), _if_open(one.after))
            or (one.goes and one.before == one.after)
            for one in self.lines
        )


@dataclass(frozen=True, slots=True)
class BackTest:
    """Cases decided from `start` to `end`, both included, ruled on as if the draft had held."""

    start: date
    end: date
    tried: tuple[Tried, ...] = field(default_factory=tuple)

    def by_outcome(self) -> dict[str, list[Tried]]:
        found: dict[str, list[Tried]] = defaultdict(list)
        for one in self.tried:
            found[one.outcome].append(one)
        return dict(sorted(found.items()))


def back_test(parts: Sequence[Composed], *, start: date, end: date) -> BackTest:
    """A rehearsal on decided cases, each on its own day and facts. Nothing of it is stored."""
    now = current_register()
    both = now, rehearse(now, parts)
    cases = Application.objects.filter(
        _reach(_policies(parts)), status=Status.DECIDED, decided_on__gte=start, decided_on__lte=end
    )
    tried = []
    for batch in _batches(cases, _policies(parts), both[1].rulebook):
        for file in batch.files:
            on = file.application.decided_on
            if on is None:
                continue
            then = end_of_day(on)
            ((_on, before, after),) = _rulings(facts_by_line(file, then), both, [on], then)
            tried.append(
                Tried(
                    file.application.reference,
                    file.application.outcome,
                    _moved(before, after),
                )
            )
    return BackTest(start, end, tuple(sorted(tried)))


# Written down: a course that goes on later, and what is sealed. What has moved since


def sealed(impact: Impact) -> tuple[dict[str, Any], str]:
    """The counts with the digest of what was found, and what was found, as text."""
    found = as_text({name: getattr(impact, name) for name in LISTS})
    digest = sha256(found.encode()).hexdigest()
    return {"on": impact.on.isoformat(), "counts": impact.counts(), "digest": digest}, found


def unsealed(preview: Mapping[str, Any], found: str) -> Impact:
    """What was sealed, as it was found. Raises ValueError or KeyError for anything else."""
    lists = from_text(found)
    counts = preview["counts"]
    first = date.fromisoformat(preview["on"])
    return Impact(
        first,
        counts["open"],
        counts["live"],
        **{name: tuple(lists[name]) for name in LISTS},
    )


def as_text(found: Mapping[str, Iterable[Move | PermitMove]]) -> str:
    return json.dumps(found, ensure_ascii=True)


def from_text(found: str) -> dict[str, list[Any]]:
    """What was found, by list. Raises ValueError, KeyError or TypeError for anything else."""
    lists = {"acted": [], **json.loads(found)}  # Acts were not looked for once.
    return {
        name: [(_permit_move if name == "permits" else _move)(row) for row in lists[name]]
        for name in LISTS
    }


# Rows that were sealed before single lines, or later days, were told have none of them, nor the
# last of an outcome.


def _permit_move(row: Sequence[Any]) -> PermitMove:
    number, reference, on, was, now, group, left, *more = row
    lines, because, then = (*more, (), (), ())[:3]
    return PermitMove(
        number,
        reference,
        on,
        _told(was),
        _told(now),
        group,
        left,
        _lines(lines),
        tuple(because),
        _later(then),
    )


def _move(row: Sequence[Any]) -> Move:
    reference, status, on, was, now, because, *more = row
    lines, then = (*more, (), ())[:2]
    return Move(
        reference,
        status,
        on,
        _told(was),
        _told(now),
        tuple(because),
        _lines(lines),
        _later(then),
    )


def _later(rows: Iterable[Sequence[Any]]) -> tuple[Step, ...]:
    return tuple(
        _shared_step(on, _told(was), _told(now), _lines(lines)) for on, was, now, lines in rows
    )


def _told(row: Sequence[str]) -> Outcome:
    requirement, stance, if_open, *more = row
    (requirement_if_open,) = more or (requirement,)
    return outcome_of(requirement, stance, if_open, requirement_if_open)


def _lines(rows: Iterable[Sequence[Any]]) -> tuple[Moved, ...]:
    return tuple(
        _shared(tuple(lines), _told(was), _told(now), tuple(comes), tuple(goes))
        for lines, was, now, comes, goes in rows
    )


class Drift(NamedTuple):
    """A case or permit of which a preview now says something else. None: it was, or is, not in."""

    name: str
    was: Move | PermitMove | None
    now: Move | PermitMove | None


def drift(before: Impact, after: Impact, *, today: date | None = None) -> list[Drift]:
    """What of the outcomes and counts has moved between two previews of one change.

    A day that has come since is today in both: it moves with today alone. Cases that do not move
    count in neither: others than those may come and go. Of the reasons for which a person looks
    counts only that there are some; what is left to ship on a permit, and how far an application
    is, are no outcome. A case that went from one list to another is one drift.
    """
    today = today or clock.today()
    found: dict[str, Drift] = {}
    for name in LISTS:
        was, now = (
            {one[0]: one for one in _as_of(getattr(impact, name), name, today.isoformat())}
            for impact in (before, after)
        )
        for key in sorted(was.keys() | now.keys()):
            both = was.get(key), now.get(key)
            if _compared(name, both[0]) != _compared(name, both[1]):
                was_in, is_in = both
                other = found.get(key, Drift(key, None, None))
                found[key] = Drift(key, other.was or was_in, other.now or is_in)
    return list(found.values())


_One = TypeVar("_One", Move, PermitMove)


def _as_of(found: Iterable[_One], name: str, today: str) -> Iterator[_One]:
    """What is left of a list on a day; all of one that is of days that have passed."""
    for one in found:
        left = one if name in _PAST else _left_of(one, today)
        if left is not None:
            yield left


def _left_of(one: _One, today: str) -> _One | None:
    """What is left of it on a day: of its days that have come, the last one counts.

    Where it is then as without the change, the next day on which it is not; None for good.
    """
    come = sum(step.on <= today for step in one.then)
    if come:
        left = one.then[come - 1 :]
        moving = next((place for place, step in enumerate(left) if step.lines), None)
        if moving is None:
            return None
        one = one._replace(**left[moving]._asdict(), then=left[moving + 1 :])
    return one._replace(on=max(one.on, today))


def _compared(name: str, one: Move | PermitMove | None) -> tuple[Any, ...]:
    """What of it stands on the page as an outcome, or in a count."""
    if one is None:
        return ()
    counted = one.group if isinstance(one, PermitMove) else name == "moved" and bool(one.because)
    return one.on, one.before, one.after, one.lines, one.then, counted
