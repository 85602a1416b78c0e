"""Applications in great numbers, for measuring: made up, and written in batches.

    made = seed(100_000, seed=1, tell=print)

What is applied for is drawn by chance; whether it is issued, refused or returned is what the engine
rules on the day of the decision. Each event says on which day it happened and is recorded when it
is made, shortly before it is written: so it is with files that an office takes over.
The log knows how many are made, so a seed that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import gc
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.db.models.base import ModelState

from accounts.choices import Power, Role
from accounts.domain.delegations import delegations_in_force
from accounts.models import Delegation, User
from history import canonical, clock
from history.actors import SYSTEM, Actor
from history.domain import bulk
from history.domain.door import Door, Entry, Plan, door, plan
from history.models import Event, Log, Tracked
from permits.choices import (
    Flag,
    Outcome,
    PartyRole,
    RefusalGround,
    ReturnGround,
    Screened,
    StatementKind,
    Status,
    WaitKind,
)
from permits.considerations import CONSIDERATIONS
from permits.domain import overview
from permits.domain.assessment import basis_of as basis_of_card
from permits.domain.assessment import basis_parts
from permits.domain.casefile import CaseFile
from permits.domain.casework import stream_of, subject_of
from permits.domain.clock import BusinessDays, read_calendar
from permits.domain.decision import PERMIT_LETTER, authorised
from permits.domain.frozen import Known, freeze, packed, read_known
from permits.domain.intake import LETTER, last_number, lock_numbers
from permits.domain.recommendation import file_digest, is_legal_bar
from permits.domain.ruling import CaseRuling, requires_assessment, rule_on
from permits.domain.statements import (
    APPLICANT_KEY,
    END_USER_KEY,
    RESIDENT,
    basis_of,
    counts_alone,
    flag_key,
    party_key,
)
from permits.models import (
    Application,
    Card,
    Condition,
    Consultation,
    Decision,
    Evidence,
    Line,
    Measure,
    Overview,
    Party,
    Permit,
    PermitLine,
    Recommendation,
    Statement,
    Use,
    Wait,
)
from permits.sample.ahead import Ahead
from permits.sample.cases import FINDINGS, SYNTHETIC, WHY_STATED
from permits.sample.desk import People
from permits.sample.office import refuse_elsewhere, sample_people
from permits.sample.specs import OPTICS, SAMPLE, SENSORS, SPARES, Goods
from permits.sample.story import BEGAN, DUAL_USE, FIRMS, MARKETS, PLACES, WARES
from permits.verbs import Verb
from policies.choices import Activity, Requirement, Stance
from policies.domain.queries import end_of_day
from policies.domain.register import Register, current_register, one_load
from policies.models import Destination

Row = TypeVar("Row", bound=Tracked)

BATCH = 1500
REACHED = {
    "telephone": "613 555 0100",
    "email": "office@sample.example",
    "contact_name": "S. Sample",
    "contact_telephone": "613 555 0101",
}
ARMS = 0.06
"""Share of arms: their six considerations make three times as many events as other goods have."""
SOURCE = "Consolidated lists (demonstration)"
SOURCED = (StatementKind.SCREENING, StatementKind.ELIGIBILITY)

STRICT = 0.03
"""Share of what goes where policy was stricter in some of the years."""

STRICTER: tuple[tuple[str, str, Goods], ...] = (
    ("TR", f"{SAMPLE} Coast Guard Command, Türkiye", SENSORS),
    ("RU", f"{SAMPLE} Aero Works, Russia", SPARES),
    ("BY", f"{SAMPLE} Border Committee, Belarus", OPTICS),
)
"""Where and for what."""


def seed(
    number: int,
    *,
    seed: int,
    since: date = BEGAN,
    tell: Callable[[int], object] = lambda made: None,
    ahead: bool = False,
) -> int:
    """Makes applications until there are `number` of that seed, and says how many it made.

    Each is opened on a day from `since` on: the later that is, the more of them are open still, or
    have a permit that is live. `tell` is told how many there are after each batch, of which each is
    written whole or not at all. With `ahead` a second process makes the next batch while this one
    writes. Raises NotHere on a log that isn't synthetic and without the demonstration's people,
    Ended where the second process did.
    """
    refuse_elsewhere()
    first = there = seeded(seed)
    beside = Ahead(seed, since, number, BATCH) if ahead else None
    try:
        while there < number:
            which = range(there, min(there + BATCH, number))
            with _no_collecting():
                batch = beside.next(there) if beside else None
                was_good = _write(seed, since, which, batch)
            there = which.stop
            tell(there)
            if beside and not was_good:
                beside.end()
    finally:
        if beside:
            beside.end()
    return max(there - first, 0)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """A batch keeps nearly all that it makes to its end: looking through it again and again for
    what can go takes a sixth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def seeded(seed: int) -> int:
    """How many applications of that seed the log tells of. One query."""
    events = Event.objects.filter(stream="system", verb=Verb.SEEDED, subject=f"seed:{seed}")
    body = events.order_by("-number").values_list("body", flat=True).first()
    return 0 if body is None else int(canonical.decode(bytes(body))["data"]["made"])


# One application


@dataclass(slots=True)
class _Case:
    """An application that is being made.

    The door writes on leaving; what the case is meanwhile is kept in copies, by table.
    """

    chance: random.Random
    batch: _Maker
    on: date
    reference: str = ""
    events: int = 0
    withdrawn_on: date | None = None
    rows: dict[type[Tracked], list[Any]] = field(default_factory=lambda: defaultdict(list))
    written: dict[int, Tracked] = field(default_factory=dict)

    @property
    def application(self) -> Application:
        found: Application = self.rows[Application][0]
        return found

    def record(self, verb: Verb, by: Actor, **told: Any) -> Entry:
        self.events += 1
        return self.batch.door.record(
            verb,
            stream=stream_of(self.reference),
            subject=subject_of(self.reference),
            by=by,
            occurred_on=self.on,
            **told,
        )

    def add(self, entry: Entry, row: Row) -> Row:
        """A new row, and the copy of it to look at."""
        entry.add(row)
        seen = _copy(row)
        seen.version = self.events
        self.rows[type(row)].append(seen)
        self.written[id(seen)] = row
        return seen

    def set(self, entry: Entry, seen: Tracked, **values: Any) -> None:
        entry.set(self.written[id(seen)], **values)
        for name, value in values.items():
            setattr(seen, name, value)
        seen.version = self.events

    def later(self, least: int, most: int) -> date:
        """A business day so many later."""
        self.on = self.batch.calendar.add(self.on, self.chance.randint(least, most))
        return self.on

    @property
    def instant(self) -> datetime:
        return datetime.combine(self.on, time(12), clock.OTTAWA)

    def file(self) -> CaseFile:
        def those(model: type[Row]) -> tuple[Row, ...]:
            return tuple(self.rows.get(model, ()))

        return CaseFile(
            application=self.application,
            lines=those(Line),
            parties=those(Party),
            documents=(),
            statements=those(Statement),
            cards=those(Card),
            evidence=those(Evidence),
            measures=those(Measure),
            consultations=those(Consultation),
            waits=those(Wait),
            conflicts=(),
            recommendation=next(iter(those(Recommendation)), None),
            conditions=those(Condition),
            decision=next(iter(those(Decision)), None),
            permit=next(iter(those(Permit)), None),
        )

    def look(self) -> tuple[CaseFile, CaseRuling]:
        """The file, and what applied on the day, as known by the end of it."""
        file, register = self.file(), self.batch.register
        return file, rule_on(file, on=self.on, known_at=end_of_day(self.on), register=register)


def _copy(row: Row) -> Row:
    """As `copy.copy`, which takes five times as long."""
    made = object.__new__(type(row))
    made.__dict__ = {**vars(row), "_state": ModelState()}
    made._state.fields_cache = {**row._state.fields_cache}
    return made


def _life(case: _Case) -> Iterator[date]:
    """All that happens to an application. One event between two yields: the day of the next."""
    chance, people = case.chance, case.batch.people
    (first, by), (second, beside) = (
        (person, Actor.person(person.pk, Role.ANALYST.value))
        for person in chance.sample(people.analysts, 2)
    )
    goods, destination, end_user = _drawn(chance)
    yield from _intake(case, goods, destination, end_user, first, by)
    if chance.random() < 0.05:
        yield case.later(2, 9)
        entry = case.record(Verb.WITHDRAWN, by, reason="The applicant lost the contract.")
        case.set(entry, case.application, status=Status.WITHDRAWN.value)
        case.withdrawn_on = case.on
        return
    if chance.random() < 0.1:
        yield from _consultation(case, first, by)
    yield from _statements(case, goods, first, by, second, beside)
    if goods.is_arms:
        yield from _review(case, first, by, second, beside)
    yield from _decision(case, second, beside)
    permit = next(iter(case.rows[Permit]), None)
    if permit is not None and chance.random() < 0.6:
        yield case.later(20, 90)
        _shipment(case, first, by)


def _drawn(chance: random.Random) -> tuple[Goods, str, str]:
    """Goods, destination and end-user."""
    if chance.random() < STRICT:
        code, end_user, goods = chance.choice(STRICTER)
        return goods, code, end_user
    is_arms = chance.random() < ARMS
    places, wares = (PLACES, WARES) if is_arms else (MARKETS, DUAL_USE)
    code, end_user, _ = chance.choices(places, [weight for *_, weight in places])[0]
    return chance.choices(*zip(*wares, strict=True))[0], code, end_user


def _intake(
    case: _Case, goods: Goods, destination: str, end_user: str, first: User, by: Actor
) -> Iterator[date]:
    chance, places = case.chance, case.batch.places
    there, canada = places[destination], places["CA"]
    entry = case.record(Verb.OPENED, by)
    case.add(
        entry,
        Application(
            reference=case.reference,
            activity=Activity.EXPORT.value,
            destination=there,
            end_user_kind="government" if goods.is_arms else "private",
            end_use=f"Use by the end-user named, at its own site ({SYNTHETIC.lower()[:-1]})",
            delivery="electronic",
            is_signed=True,
            form_date=case.on,
            declares_no_diversion=True,
            declares_not_controlled_goods=True,
            opened_by=first,
            opened_at=case.instant,
        ),
    )
    yield case.on
    entry = case.record(Verb.PARTY_ADDED, by)
    for role, name, country in (
        (PartyRole.APPLICANT, chance.choice(FIRMS), canada),
        (PartyRole.CONSIGNEE, end_user, there),
        (PartyRole.END_USER, end_user, there),
    ):
        case.add(
            entry,
            Party(
                application=case.application,
                role=role.value,
                name=name,
                address="1 Sample Street",
                country=country,
                **({} if role == PartyRole.END_USER else REACHED),
            ),
        )
    yield case.on
    entry = case.record(Verb.LINE_ADDED, by)
    for number in range(1, 1 + chance.choice((1, 1, 1, 2))):
        quantity = max(1, round(goods.quantity * chance.uniform(0.3, 1.8)))
        case.add(
            entry,
            Line(
                application=case.application,
                number=number,
                items=list(goods.items),
                description=goods.description,
                origin=canada,
                quantity=Decimal(quantity),
                unit="each",
                unit_value=Decimal(goods.unit_value),
                total_value=Decimal(goods.unit_value * quantity),
                shipping_point="Montréal",
                measure="packed in crates",
            ),
        )
    yield case.later(0, 1)
    entry = case.record(Verb.SUBMITTED, by)
    case.set(
        entry,
        case.application,
        status=Status.SUBMITTED.value,
        submitted_on=case.on,
        filed_on=case.on,
    )
    yield case.later(1, 4)
    entry = case.record(Verb.TAKEN_UP, by)
    case.set(entry, case.application, status=Status.IN_REVIEW.value, assigned_to=first)


def _consultation(case: _Case, first: User, by: Actor) -> Iterator[date]:
    yield case.later(1, 3)
    entry = case.record(Verb.CONSULTED, by)
    asked = case.add(
        entry,
        Consultation(
            application=case.application,
            body="Department of National Defence",
            question="Does the intended use give rise to a concern?",
            opened_on=case.on,
            due_on=case.batch.calendar.add(case.on, 15),
            opened_by=first,
        ),
    )
    yield case.later(5, 14)
    entry = case.record(Verb.CONSULTATION_ANSWERED, by)
    case.set(
        entry,
        asked,
        answer="No concern.",
        answered_on=case.on,
        closed_on=case.on,
        closed_by=first,
    )


def _statements(
    case: _Case, goods: Goods, first: User, by: Actor, second: User, beside: Actor
) -> Iterator[date]:
    """What two people stand by; what needs no second person counts at once."""
    yield case.later(1, 3)
    file = case.file()
    said: list[tuple[str, str, str]] = [
        *((StatementKind.SCREENING, party_key(one.pk), Screened.CLEAR) for one in file.parties),
        (StatementKind.ELIGIBILITY, APPLICANT_KEY, RESIDENT),
        (StatementKind.END_USER, END_USER_KEY, case.application.end_user_kind),
    ]
    if not goods.is_arms:
        said += [
            (StatementKind.FLAG, flag_key(line.number, Flag.WAR_MATERIAL), "no")
            for line in file.lines
        ]
    entry = case.record(Verb.STATED, by, reason=WHY_STATED)
    for kind, key, value in said:
        case.add(
            entry,
            Statement(
                application=case.application,
                kind=str(kind),
                key=key,
                value=str(value),
                reason=WHY_STATED,
                source=SOURCE if kind in SOURCED else "",
                basis=basis_of(file, kind, key),
                counts_alone=counts_alone(kind, value),
                made_by=first,
                made_at=case.instant,
            ),
        )
    yield case.later(1, 3)
    entry = case.record(Verb.COUNTERSIGNED, beside)
    for statement in case.rows[Statement]:
        if not statement.counts_alone:
            case.set(entry, statement, countersigned_by=second, countersigned_at=case.instant)


def _review(case: _Case, first: User, by: Actor, second: User, beside: Actor) -> Iterator[date]:
    """The six considerations: answered, signed, signed by a second person."""
    yield case.later(2, 6)
    entry = case.record(Verb.EVIDENCE_ADDED, by)
    report = case.add(
        entry,
        Evidence(
            application=case.application,
            title="Country report (synthetic)",
            source="Written for the demonstration",
            dated=case.on - timedelta(days=40),
            reliability="medium",
            review_by=case.on + timedelta(days=360),
            added_by=first,
        ),
    )
    yield case.on
    entry = case.record(Verb.MEASURE_ADDED, by)
    promise = case.add(
        entry,
        Measure(
            application=case.application,
            kind="end_use_certificate",
            giver="The end-user",
            form="Signed certificate",
            wording="No transfer to a third party without consent in writing.",
            dated=case.on,
            is_in_force=True,
            added_by=first,
        ),
    )
    for one in CONSIDERATIONS:
        yield case.on
        entry = case.record(Verb.CARD_EDITED, by, provision=f"EIPA s. {one.number}")
        case.add(
            entry,
            Card(
                application=case.application,
                consideration=one.number,
                finding=case.chance.choice(FINDINGS[one.number]),
                evidence=[report.pk],
                likelihood="possible",
                gravity="serious",
                link="indirect",
                confidence="medium",
                measures=[promise.pk],
                measures_considered="The certificate and its lists of serial numbers.",
                residual="no_substantial_risk",
                residual_reason="What remains is limited and watched by the measures cited.",
                would_change="Reports of use outside the declared task.",
                edited_by=first,
                edited_at=case.instant,
            ),
        )
    for verb, person, signer in (
        (Verb.CARD_SIGNED, first, by),
        (Verb.CARD_COUNTERSIGNED, second, beside),
    ):
        on = case.later(1, 3)
        file, ruling = case.look()
        for card in file.cards:
            yield on
            parts = basis_parts(file, card, ruling)
            provision = f"EIPA s. {card.consideration}"
            entry = case.record(verb, signer, provision=provision, basis=parts)
            if verb == Verb.CARD_COUNTERSIGNED:
                case.set(entry, card, second_by=person, second_at=case.instant)
            else:
                basis = basis_of_card(parts)
                case.set(entry, card, basis=basis, first_by=person, first_at=case.instant)


def _decision(case: _Case, second: User, beside: Actor) -> Iterator[date]:
    """What is recommended and decided: what the engine rules on the day."""
    yield case.later(1, 5)
    file, ruling = case.look()
    if ruling.open_questions:
        return
    outcome, grounds = _outcome(ruling)
    entry = case.record(Verb.RECOMMENDED, beside, reason=SYNTHETIC, data={"outcome": outcome.value})
    case.set(entry, case.application, status=Status.RECOMMENDED.value)
    made = case.add(
        entry,
        Recommendation(
            application=case.application,
            outcome=outcome.value,
            grounds=grounds,
            reasons=SYNTHETIC,
            valid_to=case.on + timedelta(days=730) if outcome == Outcome.ISSUED else None,
            basis=file_digest(file, ruling),
            made_by=second,
            made_at=case.instant,
        ),
    )
    if outcome == Outcome.REFUSED and not is_legal_bar(made):
        yield from _reply(case, made, second, beside)
    yield case.later(1, 5)
    file, ruling = case.look()
    if (outcome, grounds) != _outcome(ruling):
        return
    _decide(case, file, ruling, made)


def _outcome(ruling: CaseRuling) -> tuple[Outcome, list[str]]:
    if ruling.requirement != Requirement.INDIVIDUAL_PERMIT:
        covered = ruling.requirement == Requirement.GENERAL_PERMIT
        ground = ReturnGround.GENERAL_PERMIT if covered else ReturnGround.NO_PERMIT_NEEDED
        return Outcome.RETURNED, [ground.value]
    if ruling.stance == Stance.CASE_BY_CASE:
        return Outcome.ISSUED, []
    barred = ruling.stance == Stance.PROHIBITED
    return Outcome.REFUSED, [(RefusalGround.REGULATION if barred else RefusalGround.POLICY).value]


def _reply(case: _Case, made: Recommendation, second: User, beside: Actor) -> Iterator[date]:
    """An intended refusal is put to the applicant, who replies."""
    yield case.later(1, 2)
    entry = case.record(Verb.PUT_TO_APPLICANT, beside)
    reply_by = case.batch.calendar.add(case.on, 20)
    case.set(entry, made, put_on=case.on, reply_by=reply_by)
    wait = case.add(
        entry,
        Wait(
            application=case.application,
            kind=WaitKind.REPLY.value,
            reason="Reply to the intended refusal",
            from_on=case.on,
            to_on=reply_by,
            opened_by=second,
        ),
    )
    yield case.later(6, 15)
    entry = case.record(Verb.REPLY_RECORDED, beside)
    case.set(entry, made, reply="The applicant does not agree.", replied_on=case.on)
    case.set(entry, wait, to_on=case.on, ended_by=second)


_VERBS = {
    Outcome.ISSUED: Verb.ISSUED,
    Outcome.REFUSED: Verb.REFUSED,
    Outcome.RETURNED: Verb.RETURNED_WITHOUT_ACTION,
}


def _decide(case: _Case, file: CaseFile, ruling: CaseRuling, made: Recommendation) -> None:
    batch = case.batch
    outcome, decider, delegation = Outcome(made.outcome), batch.people.decision, batch.delegation
    told = freeze(file, ruling, by=decider, delegation=delegation, known=batch.known)
    frozen, frozen_digest = packed(told)
    entry = case.record(
        _VERBS[outcome],
        Actor.person(decider.pk, Role.DECISION_MAKER.value),
        reason=SYNTHETIC,
        provision="EIPA s. 7(1)",
        basis={"frozen": frozen_digest, "recommendation": made.version},
    )
    is_arms = requires_assessment(file)
    decision = case.add(
        entry,
        Decision(
            application=case.application,
            recommendation=made,
            outcome=outcome.value,
            grounds=made.grounds,
            reasons=SYNTHETIC,
            decided_by=decider,
            decided_on=case.on,
            delegation=delegation,
            capacity_en=delegation.capacity_en,
            capacity_fr=delegation.capacity_fr,
            adopts_determination=is_arms and outcome == Outcome.ISSUED,
            is_for_war_material=is_arms,
            frozen=frozen,
            frozen_digest=frozen_digest,
        ),
    )
    case.set(
        entry,
        case.application,
        status=Status.DECIDED.value,
        outcome=outcome.value,
        decided_on=case.on,
    )
    if made.valid_to is None:
        # Only what is to be issued has a last day.
        return
    permit = case.add(
        entry,
        Permit(
            number=batch.number(PERMIT_LETTER[Activity.EXPORT], case.on.year, Permit, "number"),
            application=case.application,
            decision=decision,
            issued_on=case.on,
            valid_from=case.on,
            valid_to=made.valid_to,
        ),
    )
    for line in file.lines:
        case.add(entry, authorised(permit, line))


def _shipment(case: _Case, first: User, by: Actor) -> None:
    line: PermitLine = case.rows[PermitLine][0]
    if line.quantity is None or line.value is None:
        return
    quantity = max(Decimal(1), (line.quantity / 4).quantize(Decimal(1)))
    case.add(
        case.record(Verb.USED, by),
        Use(
            permit_line=line,
            used_on=case.on,
            quantity=quantity,
            value=(line.value * quantity / line.quantity).quantize(Decimal("0.01")),
            declaration=f"{SAMPLE} declaration",
            reported_by=first,
            reported_at=case.instant,
        ),
    )


# A batch


@dataclass(frozen=True, slots=True)
class Batch:
    """Some applications, to be written after so many events as `plan` says."""

    plan: Plan
    overviews: bulk.Rows


def batches(seed: int, since: date, first: int, number: int, size: int) -> Iterator[Batch]:
    """The batches from `first` on, each made as if those before it were written."""
    maker = _Maker(seed, since, Log.objects.get())
    for there in range(first, number, size):
        yield maker.make(range(there, min(there + size, number)))


def _write(seed: int, since: date, which: range, batch: Batch | None) -> bool:
    """Writes those applications, and says whether the batch made ahead was good for it.

    It is not where somebody else wrote something since: then it is made anew.
    """
    with transaction.atomic():
        with door(by=SYSTEM) as opened:
            lock_numbers()
            # Nobody writes an event from here on: whose overview is behind now is made now.
            log = opened.lock_log()
            while overview.refresh():
                pass
            good = batch if batch is not None and opened.take(batch.plan) else None
            if good is None:
                good = _Maker(seed, since, log).make(which)
                opened.take(good.plan)
        bulk.write(good.overviews)
    return good is batch


class _Maker:
    """Makes batches, one after the other: the first event of each application, then the second of
    each. `log` as it is before the first.
    """

    people: People
    calendar: BusinessDays
    register: Register
    known: Known
    places: Mapping[str, Destination]
    delegation: Delegation

    def __init__(self, seed: int, since: date, log: Log) -> None:
        self.seed, self.since, self.log, self.size = seed, since, log, log.size
        self.door = Door(SYSTEM)
        self._numbers: dict[tuple[str, int], int] = {}

    def make(self, which: range) -> Batch:
        with one_load(), _no_collecting():
            self._read()
            cases = [self._case(number) for number in which]
            self._live(cases)
            self.door.record(
                Verb.SEEDED,
                stream="system",
                subject=f"seed:{self.seed}",
                data={"made": which.stop},
            )
            made = plan(self.door, self.log, size=self.size)
            self.size += made.events
            files = [(case.file(), case.withdrawn_on) for case in cases]
            overviews = overview.of_new(files, made.read_events(), number=self.size)
        self.door = self.door.after()
        return Batch(made, bulk.added(Overview, overviews))

    def _read(self) -> None:
        self.people = sample_people()
        self.calendar = read_calendar()
        self.register = current_register()
        self.known = read_known()
        self.places = {one.code: one for one in Destination.objects.all()}
        self.delegation = self._delegation()

    def _delegation(self) -> Delegation:
        found = delegations_in_force(self.people.decision, clock.today()).order_by("pk")
        return next(one for one in found if Power.DECIDE in one.powers)

    def number(self, letter: str, year: int, model: type[Tracked], column: str) -> str:
        """The next number of that letter and year."""
        if (letter, year) not in self._numbers:
            self._numbers[letter, year] = last_number(letter, year, column, model)
        self._numbers[letter, year] += 1
        return f"{letter}-{year}-{self._numbers[letter, year]:06d}"

    def _case(self, number: int) -> _Case:
        chance = random.Random(f"{self.seed}:{number}")  # noqa: S311 - nothing secret
        day = self.since + timedelta(days=chance.randrange((clock.today() - self.since).days))
        return _Case(chance, self, self.calendar.add(day, 1))

    def _live(self, cases: list[_Case]) -> None:
        """Everything that happened up to today, a turn of every case after the other."""
        today = clock.today()
        lives = []
        for case in cases:
            case.reference = self.number(
                LETTER[Activity.EXPORT], case.on.year, Application, "reference"
            )
            lives.append(_life(case))
        while lives:
            days = [(life, next(life, None)) for life in lives]
            lives = [life for life, day in days if day is not None and day <= today]
