"""Anyone tries anything on a case, in any order; what must never be, is looked for after each step.

The rules call the domain functions as any of the seven people, on days before, under and after the
Türkiye notices. What a step may answer is success or one of the product's own refusals. The
invariants are written a second time here, over rows and events, without the gate's code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import canonical, clock
from history.domain.door import Conflict
from history.domain.verify import verify
from history.models import Event
from permits.choices import Flag, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import acts, consultations, documents, intake, recommendation, sources, use
from permits.domain.assessment import edit_card, sign_card
from permits.domain.decision import issue, refuse, return_without_action
from permits.domain.gate import GateClosed
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    END_USER_KEY,
    ON_FILE,
    STATE_SAFETY_KEY,
    Said,
    authorization_key,
    countersign,
    flag_key,
    party_key,
    set_aside,
    state,
)
from permits.models import (
    Application,
    Card,
    Consultation,
    Decision,
    Document,
    Evidence,
    Line,
    Party,
    Permit,
    PermitAct,
    PermitLine,
    Recommendation,
    Statement,
    Use,
    UseReversal,
)
from permits.verbs import Verb
from tests.people import Cast, give_delegation, make_cast
from tests.permits import files
from tests.permits.factories import ANSWERS, WHY, make_draft

REFUSALS = (NotPermitted, Refused, ValidationError, Conflict)
NATO = "TR-2020-04-16-presumptive:nato"
LISTING = "RU-listing"
START = datetime(2019, 9, 2, 14, tzinfo=UTC)
CARD_VERBS = (Verb.CARD_EDITED, Verb.CARD_SIGNED, Verb.CARD_COUNTERSIGNED)

counts: Counter[str] = Counter()
"""What happened over all examples, for the campaign's table."""


def stance_on(day: date, *, excepted: bool) -> str:
    """What the notices said of Group 2 exports to Türkiye, from the notices themselves."""
    if date(2019, 10, 11) <= day < date(2020, 4, 16):
        return "suspended"
    if date(2020, 4, 16) <= day < date(2024, 1, 29):
        return "case_by_case" if excepted else "presumptive_denial"
    return "case_by_case"


def party_of(key: str, transaction: Any) -> Any:
    """What a transaction says of the party of a key."""
    return [one for one in transaction[1] if key == party_key(one[0])]


@dataclass
class Signature:
    """What somebody looked at when they signed, told by this test and not by a digest."""

    by: int
    seen: Any


@dataclass
class Seen:
    """The signatures on each consideration, first and second."""

    cards: dict[str, list[Signature]] = field(default_factory=dict)


people_who = st.sampled_from(
    ["analyst", "analyst_b", "senior"] * 4 + ["decision"] * 4 + ["admin", "admin_b", "auditor"]
)
analysts = st.sampled_from(["analyst", "analyst_b", "senior"])
places = st.integers(min_value=0, max_value=7)


class Domain:
    """Every act that is tried, as the domain functions do it."""

    attach = documents.attach
    edit_application = intake.edit_application
    edit_line = intake.edit_line
    edit_party = intake.edit_party
    submit = intake.submit
    take_up = intake.take_up
    return_to_applicant = intake.return_to_applicant
    withdraw = intake.withdraw
    declare_conflict = intake.declare_conflict
    state = state
    countersign = countersign
    set_aside = set_aside
    edit_card = edit_card
    sign_card = sign_card
    add_evidence = sources.add_evidence
    edit_source = sources.edit_source
    consult = consultations.consult
    record_answer = consultations.record_answer
    record_silence = consultations.record_silence
    recommend = recommendation.recommend
    put_to_applicant = recommendation.put_to_applicant
    record_reply = recommendation.record_reply
    send_back = recommendation.send_back
    issue = issue
    refuse = refuse
    return_without_action = return_without_action
    propose_act = acts.propose_act
    act_at_once = acts.act_at_once
    perform_act = acts.perform_act
    decline_act = acts.decline_act
    report_use = use.report_use
    propose_reversal = use.propose_reversal
    agree_to_reversal = use.agree_to_reversal
    decline_reversal = use.decline_reversal


class Office(RuleBasedStateMachine):
    """One application to Türkiye, and everyone who works here."""

    checks_deep = 8
    """One example of so many ends with the deep verification of the log."""

    desk: Any = Domain
    """By which acts are done."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = START
        self.signed = Seen()
        self.said_of: dict[int, Any] = {}
        self.loosened: set[int] = set()

    @initialize(
        stage=st.sampled_from([0, 1, 2, 3, 4, 4]),
        on=st.sampled_from([(2019, 9, 2), (2020, 5, 4), (2024, 2, 10)]),
        lists=st.sampled_from([False, False, True]),
    )
    def begin(self, stage: int, on: tuple[int, int, int], lists: bool) -> None:
        """At one of five stages, since later ones are rare by chance alone; in some with a party
        that is listed and authorised."""
        self.now = datetime(*on, 14, tzinfo=UTC)
        with self.time():
            self.people: Cast = make_cast()
            give_delegation(
                self.people.decision,
                proposed_by=self.people.admin,
                confirmed_by=self.people.admin_b,
            )
            self.case = make_draft(self.people.analyst)
        if stage > 0:
            self.work_on("analyst", "senior", set())
            # Nothing is signed yet: this door is shut in every run.
            self.recommend("analyst_b", "issued", "")
        if stage > 1:
            self.except_from_the_notice("analyst", "senior")
            if lists:
                self.list_and_authorise("analyst", "senior", 0)
            self.sign_all("analyst")
            self.sign_all("senior")
        if stage > 2:
            self.recommend("analyst_b", "issued", "")
        if stage > 3:
            self.decide("decision", "issue")
        self.open_the_doors()

    def open_the_doors(self) -> None:
        """Called once the case is as far as its stage says."""

    def teardown(self) -> None:
        try:
            counts["examples"] += 1
            if counts["examples"] % self.checks_deep == 0:
                found = verify(deep=True)
                assert found.good, list(found.faults)
                counts["deep verifications"] += 1
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # Trying

    def time(self) -> Any:
        return clock.simulated(self.now)

    def who(self, name: str) -> User:
        person: User = getattr(self.people, name)
        return person

    def attempt(self, name: str, act: Callable[[], Any]) -> Any:
        """What the act gives; None where it is refused. A refused act leaves the log as it was."""
        before = Event.objects.count()
        self.now += timedelta(minutes=1)
        try:
            with self.time(), transaction.atomic():
                done = act()
        except REFUSALS as refusal:
            kind = type(refusal).__name__
            counts[f"{name}: {kind}"] += 1
            if isinstance(refusal, GateClosed):
                for found in refusal.gate.failures:
                    counts[f"gate shut by {found.rule.code}"] += 1
            assert Event.objects.count() == before, f"{name} was refused and left an event"
            return None
        counts[f"{name}: done"] += 1
        counts["steps done"] += 1
        self.case = Application.objects.get(pk=self.case.pk)
        return done if done is not None else True

    # Time

    @rule(days=st.sampled_from([1, 1, 3, 20, 45, 200]))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(to=st.sampled_from([(2019, 10, 20), (2020, 5, 4), (2024, 2, 10)]))
    def policy_moves_on(self, to: tuple[int, int, int]) -> None:
        self.now = max(self.now, datetime(*to, 14, tzinfo=UTC))

    # Intake

    @rule(by=people_who, use=st.sampled_from(["Patrol", "Training", ""]))
    def edit_form(self, by: str, use: str) -> None:
        self.attempt(
            "edit the form",
            lambda: self.desk.edit_application(self.case, {"end_use": use}, by=self.who(by)),
        )

    @rule(by=people_who, quantity=st.sampled_from([1, 10, 11]))
    def edit_line(self, by: str, quantity: int) -> None:
        line = Line.objects.filter(application=self.case, is_removed=False).first()
        if line is not None:
            self.attempt(
                "edit a line",
                lambda: self.desk.edit_line(line, {"quantity": Decimal(quantity)}, by=self.who(by)),
            )

    @rule(by=people_who, name=st.sampled_from(["Sample A", "Sample B"]), place=places)
    def edit_party(self, by: str, name: str, place: int) -> None:
        parties = list(Party.objects.filter(application=self.case, is_removed=False))
        party = parties[place % len(parties)]
        self.attempt(
            "edit a party", lambda: self.desk.edit_party(party, {"name": name}, by=self.who(by))
        )

    @rule(by=people_who, way=st.sampled_from(["submit", "take_up"] * 4 + ["return", "withdraw"]))
    def move(self, by: str, way: str) -> None:
        person = self.who(by)
        ways: dict[str, Callable[[], Any]] = {
            "submit": lambda: self.desk.submit(self.case, by=person),
            "take_up": lambda: self.desk.take_up(self.case, by=person),
            "return": lambda: self.desk.return_to_applicant(self.case, by=person, reason=WHY),
            "withdraw": lambda: self.desk.withdraw(self.case, by=person, reason=WHY),
        }
        if way == "withdraw" and counts["withdrawals tried"] % 10:
            counts["withdrawals tried"] += 1
            return
        counts["withdrawals tried"] += way == "withdraw"
        self.attempt(way, ways[way])

    # Statements

    def say(self, by: str, kind: StatementKind, key: str, value: str, **more: Any) -> None:
        said = Said(kind, key, value, WHY, "A source", **more)
        done = self.attempt(
            f"state {kind.value}", lambda: self.desk.state(self.case, said, by=self.who(by))
        )
        if done is not None:
            self.said_of[done.pk] = self.transaction()

    def transaction(self) -> Any:
        """What is sent, to whom and for what, in plain values."""
        there = {"application": self.case, "is_removed": False}
        return (
            [(one.pk, one.quantity, one.items) for one in Line.objects.filter(**there)],
            [(one.pk, one.name, one.role) for one in Party.objects.filter(**there)],
            self.case.end_use,
        )

    @rule(by=people_who)
    def state_what_is_needed(self, by: str) -> None:
        for party in Party.objects.filter(application=self.case, is_removed=False):
            self.say(by, StatementKind.SCREENING, party_key(party.pk), Screened.CLEAR)
        self.say(by, StatementKind.ELIGIBILITY, APPLICANT_KEY, "resident")
        self.say(by, StatementKind.END_USER, END_USER_KEY, "government")

    @rule(
        by=people_who,
        what=st.sampled_from(
            [
                (StatementKind.ELIGIBILITY, APPLICANT_KEY, "not_resident"),
                (StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, "raised"),
                (StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, "not_prejudicial"),
                (StatementKind.FLAG, flag_key(1, Flag.WAR_MATERIAL), "no"),
                (StatementKind.FLAG, flag_key(1, Flag.WAR_MATERIAL), "yes"),
            ]
        ),
    )
    def state_something(self, by: str, what: tuple[StatementKind, str, str]) -> None:
        self.say(by, *what)

    @rule(by=people_who, place=places, chance=places)
    def find_a_party_listed(self, by: str, place: int, chance: int) -> None:
        if not chance:
            self.list_a_party(by, place)

    def list_a_party(self, by: str, place: int) -> None:
        parties = list(Party.objects.filter(application=self.case, is_removed=False))
        key = party_key(parties[place % len(parties)].pk)
        self.say(by, StatementKind.SCREENING, key, Screened.LISTED, policies=(LISTING,))

    @rule(by=people_who)
    def authorise_the_listed(self, by: str) -> None:
        document = self.document(by)
        for one in self.listed():
            key = authorization_key(int(one.key.split(":")[1]), LISTING)
            self.say(by, StatementKind.AUTHORIZATION, key, ON_FILE, document=document)

    def listed(self) -> list[Statement]:
        """What says of a party that it is listed."""
        standing = Statement.objects.filter(application=self.case, set_aside_at__isnull=True)
        return list(standing.filter(kind=StatementKind.SCREENING, value=Screened.LISTED))

    @rule(by=people_who)
    def claim_the_exception(self, by: str) -> None:
        self.say(by, StatementKind.EXCEPTION, NATO, CLAIMED, document=self.document(by))

    def document(self, by: str) -> Any:
        document = Document.objects.filter(application=self.case, is_removed=False).first()
        if document is None:
            document = self.attempt(
                "attach a document",
                lambda: self.desk.attach(
                    self.case,
                    {"kind": "end_use_statement", "title": "Statement"},
                    content=[files.PDF],
                    file_name="a.pdf",
                    by=self.who(by),
                ),
            )
        return document

    @rule(by=people_who)
    def countersign_all(self, by: str) -> None:
        for waiting in Statement.objects.filter(
            Q(counts_alone=False) | Q(kind=StatementKind.SCREENING),
            application=self.case,
            set_aside_at__isnull=True,
            countersigned_at__isnull=True,
        ):
            self.attempt("countersign", partial(self.desk.countersign, waiting, by=self.who(by)))

    @rule(by=people_who, place=places)
    def set_one_aside(self, by: str, place: int) -> None:
        there = list(Statement.objects.filter(application=self.case, set_aside_at__isnull=True))
        if there:
            one = there[place % len(there)]
            self.attempt("set aside", lambda: self.desk.set_aside(one, by=self.who(by), reason=WHY))

    # The review

    @rule(by=people_who)
    def answer_all(self, by: str) -> None:
        for one in CONSIDERATIONS:
            self.attempt(
                "edit a card",
                partial(self.desk.edit_card, self.case, one.number, ANSWERS, by=self.who(by)),
            )

    @rule(
        by=people_who,
        place=st.integers(0, 5),
        residual=st.sampled_from(
            ["no_substantial_risk"] * 3 + ["substantial_risk", "not_enough_information", ""]
        ),
    )
    def reopen_a_card(self, by: str, place: int, residual: str) -> None:
        number = CONSIDERATIONS[place].number
        self.attempt(
            "edit a card",
            lambda: self.desk.edit_card(self.case, number, {"residual": residual}, by=self.who(by)),
        )

    @rule(by=people_who, review_after=st.sampled_from([2, 400]))
    def cite_evidence(self, by: str, review_after: int) -> None:
        day = self.now.date() + timedelta(days=review_after)
        found = self.attempt(
            "add evidence",
            lambda: self.desk.add_evidence(
                self.case,
                {"title": "T", "source": "S", "reliability": "high", "review_by": day},
                by=self.who(by),
            ),
        )
        if found is not None:
            self.attempt(
                "edit a card",
                lambda: self.desk.edit_card(
                    self.case, CONSIDERATIONS[0].number, {"evidence": [found.pk]}, by=self.who(by)
                ),
            )

    @rule(by=people_who, says=st.sampled_from(["This", "That"]))
    def edit_evidence(self, by: str, says: str) -> None:
        row = Evidence.objects.filter(application=self.case, is_removed=False).first()
        if row is not None:
            self.attempt(
                "edit evidence", lambda: self.desk.edit_source(row, {"says": says}, by=self.who(by))
            )

    @rule(by=people_who)
    def sign_all(self, by: str) -> None:
        person = self.who(by)
        for card in Card.objects.filter(application=self.case):
            made = self.attempt("sign", partial(self.desk.sign_card, card, by=person))
            if made is None:
                continue
            mark = Signature(person.pk, self.seen_by(made))
            if made.second_by_id is None:
                self.signed.cards[card.consideration] = [mark]
            else:
                self.signed.cards[card.consideration].append(mark)

    def seen_by(self, card: Card) -> Any:
        """Everything that a signature is for, in plain values."""
        case = Application.objects.get(pk=self.case.pk)
        there = {"application": case, "is_removed": False}
        today = self.now.date()
        cited = Evidence.objects.filter(pk__in=card.evidence)
        return (
            [getattr(card, name) for name in ANSWERS],
            sorted(card.evidence),
            [(one.pk, one.quantity, one.items) for one in Line.objects.filter(**there)],
            [(one.pk, one.name, one.role) for one in Party.objects.filter(**there)],
            (case.end_use, case.destination_id, case.transit),
            [
                (one.pk, one.says, one.review_by, bool(one.review_by and one.review_by < today))
                for one in cited
            ],
            stance_on(today, excepted=self.is_excepted()),
        )

    def is_excepted(self) -> bool:
        """Whether two people stand by the exception, on what is on file now."""
        claimed = Statement.objects.filter(
            application=self.case, kind=StatementKind.EXCEPTION, set_aside_at__isnull=True
        )
        return any(
            one.countersigned_by_id not in (None, one.made_by_id) and self.is_fresh(one)
            for one in claimed
        )

    def is_fresh(self, statement: Statement) -> bool:
        """Whether nothing of the transaction moved since the statement was made."""
        moved = (
            Verb.EDITED,
            Verb.LINE_EDITED,
            Verb.PARTY_EDITED,
        )
        made = Event.objects.filter(
            stream=self.case.stream, recorded_at__gt=statement.made_at, verb__in=moved
        )
        # What was changed back is fresh again: that is not told apart here.
        return not made.exists()

    # Consultations

    @rule(by=people_who, answers=st.booleans())
    def consult(self, by: str, answers: bool) -> None:
        open_one = Consultation.objects.filter(
            application=self.case, closed_on__isnull=True
        ).first()
        person, today = self.who(by), self.now.date()
        if open_one is None:
            self.attempt(
                "consult",
                lambda: self.desk.consult(
                    self.case,
                    body="A body",
                    question="A question",
                    due_on=today + timedelta(days=5),
                    by=person,
                ),
            )
        elif answers:
            self.attempt(
                "answer",
                lambda: self.desk.record_answer(
                    open_one, answer="None", answered_on=clock.today(), by=person
                ),
            )
        else:
            self.attempt(
                "silence", lambda: self.desk.record_silence(open_one, reason=WHY, by=person)
            )

    @rule(by=st.sampled_from(["analyst_b", "decision", "auditor"]))
    def declare_a_conflict(self, by: str) -> None:
        counts["conflicts tried"] += 1
        if counts["conflicts tried"] % 12 == 0:
            self.attempt(
                "declare a conflict",
                lambda: self.desk.declare_conflict(self.case, by=self.who(by), reason=WHY),
            )

    # Decisions

    def standing(self) -> Recommendation | None:
        return Recommendation.objects.filter(
            application=self.case, set_aside_at__isnull=True
        ).first()

    @rule(
        by=people_who,
        outcome=st.sampled_from(["issued"] * 4 + ["refused", "returned"]),
        ground=st.sampled_from(["7.4", "policy", "discretion", "no_permit_needed"]),
    )
    def recommend(self, by: str, outcome: str, ground: str) -> None:
        self.attempt(
            f"recommend {outcome}",
            lambda: self.desk.recommend(
                self.case,
                outcome=outcome,
                grounds=[] if outcome == "issued" else [ground],
                reasons=WHY,
                valid_to=self.now.date() + timedelta(days=365) if outcome == "issued" else None,
                by=self.who(by),
            ),
        )

    @rule(by=people_who, way=st.sampled_from(["put", "reply", "back"]))
    def after_the_recommendation(self, by: str, way: str) -> None:
        now = self.standing()
        if now is None:
            return
        person, today = self.who(by), self.now.date()
        ways: dict[str, Callable[[], Any]] = {
            "put": lambda: self.desk.put_to_applicant(
                now, reply_by=today + timedelta(days=5), by=person
            ),
            "reply": lambda: self.desk.record_reply(
                now, reply=WHY, replied_on=clock.today(), by=person
            ),
            "back": lambda: self.desk.send_back(now, reason=WHY, by=person),
        }
        self.attempt(way, ways[way])

    @rule(by=people_who, way=st.sampled_from(["issue"] * 3 + ["refuse", "return"]))
    def decide(self, by: str, way: str) -> None:
        person = self.who(by)
        made = self.standing()
        grounds = list(made.grounds) if made else ["7.4"]
        ways: dict[str, Callable[[], Any]] = {
            "issue": lambda: self.desk.issue(
                self.case, reasons=WHY, adopts_determination=True, by=person
            ),
            "refuse": lambda: self.desk.refuse(self.case, grounds=grounds, reasons=WHY, by=person),
            "return": lambda: self.desk.return_without_action(
                self.case, ground=(grounds or [""])[0], reasons=WHY, by=person
            ),
        }
        done = self.attempt(way, ways[way])
        if way == "issue" and done is not None:
            event("issued")
            decision = Decision.objects.get(application=self.case)
            assert made is not None
            self.must_hold(decider=decision.decided_by_id, proposer=made.made_by_id)

    # The permit

    @rule(
        by=people_who,
        kind=st.sampled_from(["suspend", "reinstate", "cancel", "amend"]),
        quantity=st.sampled_from([1, 3, 12]),
    )
    def tighten_or_propose(self, by: str, kind: str, quantity: int) -> None:
        permit = Permit.objects.filter(application=self.case).first()
        if permit is None:
            return
        counts[f"{kind} tried"] += 1
        if kind == "cancel" and counts["cancel tried"] % 6:
            return
        change = {"lines": {1: {"quantity": Decimal(quantity)}}} if kind == "amend" else None
        at_once = by == "decision" and kind != "reinstate"
        act = self.desk.act_at_once if at_once else self.desk.propose_act
        done = self.attempt(
            f"{'do' if at_once else 'propose'} {kind}",
            lambda: act(permit, kind=kind, reason=WHY, by=self.who(by), change=change),
        )
        if done is not None and at_once:
            assert not done.loosens
        if kind == "amend" and quantity == 12:
            counts["more than was assessed tried"] += 1
            assert done is None, "more than the application says"

    @rule(by=people_who, place=places)
    def perform(self, by: str, place: int) -> None:
        waiting = list(
            PermitAct.objects.filter(
                permit__application=self.case, done_at__isnull=True, declined_at__isnull=True
            )
        )
        if not waiting:
            return
        act = waiting[place % len(waiting)]
        done = self.attempt(
            f"perform {act.kind}", lambda: self.desk.perform_act(act, by=self.who(by))
        )
        if done is not None and done.loosens:
            event("loosened")
            counts["permits loosened through the gate"] += 1
            self.must_hold(decider=done.done_by_id, proposer=done.proposed_by_id)

    @rule(by=people_who, place=places)
    def decline(self, by: str, place: int) -> None:
        waiting = list(
            PermitAct.objects.filter(
                permit__application=self.case, done_at__isnull=True, declined_at__isnull=True
            )
        )
        if waiting and place < 2:
            act = waiting[place % len(waiting)]
            self.attempt(
                "decline an act", lambda: self.desk.decline_act(act, reason=WHY, by=self.who(by))
            )

    @rule(by=people_who, quantity=st.sampled_from([1, 4, 11]), back=st.sampled_from([0, 0, 3]))
    def ship(self, by: str, quantity: int, back: int) -> None:
        line = PermitLine.objects.filter(permit__application=self.case).first()
        if line is None:
            return
        told = {"quantity": Decimal(quantity), "value": Decimal(1), "again": True}
        day = self.now.date() - timedelta(days=back)
        self.attempt(
            "report a shipment",
            lambda: self.desk.report_use(line, used_on=day, by=self.who(by), **told),
        )
        shipped = sum(one.quantity for one in Use.objects.counted().filter(permit_line=line))
        assert line.quantity is None or shipped <= line.quantity, "more than was ever allowed"

    @rule(by=people_who, way=st.sampled_from(["propose", "agree", "decline"]))
    def take_a_shipment_back(self, by: str, way: str) -> None:
        shipment = Use.objects.filter(permit_line__permit__application=self.case).last()
        if shipment is None:
            return
        person, open_one = self.who(by), UseReversal.objects.filter(use=shipment).last()
        if open_one is None or way == "propose":
            self.attempt(
                "take back", lambda: self.desk.propose_reversal(shipment, reason=WHY, by=person)
            )
        elif way == "agree":
            done = self.attempt(
                "agree to take back", lambda: self.desk.agree_to_reversal(open_one, by=person)
            )
            assert done is None or done.agreed_by_id != done.proposed_by_id
        else:
            self.attempt(
                "decline to take back",
                lambda: self.desk.decline_reversal(open_one, reason=WHY, by=person),
            )

    # Whole stretches, so that what is rare by chance alone is reached; any step may be left out

    @rule(first=analysts, second=analysts, leaves_out=st.sets(st.integers(0, 30), max_size=3))
    def work_on(self, first: str, second: str, leaves_out: set[int]) -> None:
        steps: list[Callable[[], Any]] = [
            lambda: self.move(first, "submit"),
            lambda: self.move(first, "take_up"),
            lambda: self.state_what_is_needed(first),
            lambda: self.countersign_all(second),
            lambda: self.answer_all(first),
            lambda: self.sign_all(first),
            lambda: self.sign_all(second),
        ]
        for place, step in enumerate(steps):
            if place not in leaves_out:
                step()

    @rule(first=analysts, second=analysts)
    def except_from_the_notice(self, first: str, second: str) -> None:
        self.claim_the_exception(first)
        self.countersign_all(second)

    @rule(first=analysts, second=analysts, place=places)
    def list_and_authorise(self, first: str, second: str, place: int) -> None:
        """Later the same is tried with what one of them changed."""
        if place < 2:
            self.list_a_party(first, place)
            self.authorise_the_listed(first)
            self.countersign_all(second)

    @rule(by=analysts)
    def decide_at_once(self, by: str) -> None:
        self.recommend(by, "issued", "")
        self.decide("decision", "issue")

    @rule(first=analysts, second=analysts)
    def refuse_for_a_risk(self, first: str, second: str) -> None:
        self.reopen_a_card(first, 0, "substantial_risk")
        self.sign_all(first)
        self.sign_all(second)
        self.recommend(first, "refused", "7.4")
        self.after_the_recommendation(first, "put")
        self.after_the_recommendation(second, "reply")
        self.decide("decision", "refuse")

    @rule(by=analysts)
    def suspend_and_reinstate(self, by: str) -> None:
        self.tighten_or_propose("decision", "suspend", 1)
        self.tighten_or_propose(by, "reinstate", 1)
        self.perform("decision", 0)

    # What must never be

    def must_hold(self, *, decider: int, proposer: int) -> None:
        """What is true of a case at the moment at which a permit is issued or loosened."""
        today = self.now.date()
        stream = Event.objects.filter(stream=self.case.stream)

        # s. 7.4 and s. 7.3: six findings, none with a risk, signed by two on what is there now.
        cards = {one.consideration: one for one in Card.objects.filter(application=self.case)}
        for one in CONSIDERATIONS if self.is_for_arms() else ():
            card = cards[one.number]
            assert card.residual == "no_substantial_risk"
            assert all(getattr(card, name) for name in ANSWERS if name != "would_change")
            first, second = self.signed.cards[one.number]
            assert (first.by, second.by) == (card.first_by_id, card.second_by_id)
            assert first.by != second.by != card.edited_by_id
            now = self.seen_by(card)
            assert first.seen == now, "signed on another basis"
            assert second.seen == now, "countersigned on another basis"

        # Nobody decides on their own work.
        assert decider == self.people.decision.pk
        assert decider != proposer
        actors = set(stream.filter(verb__in=CARD_VERBS).values_list("actor", flat=True))
        assert f"person:{decider}" not in actors

        # What loosens stands with two people.
        standing = Statement.objects.filter(application=self.case, set_aside_at__isnull=True)
        parties = Party.objects.filter(application=self.case, is_removed=False)
        loosening: dict[tuple[str, str], list[str]] = {
            (StatementKind.ELIGIBILITY, APPLICANT_KEY): ["resident"],
            **{
                (StatementKind.SCREENING, party_key(one.pk)): [Screened.CLEAR, Screened.LISTED]
                for one in parties
            },
            **{
                (
                    StatementKind.AUTHORIZATION,
                    authorization_key(int(one.key.split(":")[1]), LISTING),
                ): [ON_FILE]
                for one in self.listed()
            },
        }
        now = self.transaction()
        for (kind, key), values in loosening.items():
            found = [
                one
                for one in standing.filter(kind=kind, key=key, value__in=values)
                if one.countersigned_by_id not in (None, one.made_by_id)
            ]
            assert found, f"{key} stands with one signature"
            then = self.said_of[found[0].pk]
            if kind == StatementKind.AUTHORIZATION:
                assert then == now, "an authorization for something else"
                counts["permits to a listed party, authorised"] += 1
            elif kind == StatementKind.SCREENING:
                assert party_of(key, then) == party_of(key, now), "another was screened"
        assert not standing.filter(value__in=["raised", "not_resident"]).exists()

        # The stance of the day, from the notices; every body has answered.
        exceptions = standing.filter(kind=StatementKind.EXCEPTION, countersigned_by__isnull=False)
        assert stance_on(today, excepted=exceptions.exists()) == "case_by_case"
        assert not Consultation.objects.filter(
            application=self.case, closed_on__isnull=True
        ).exists()

    def is_for_arms(self) -> bool:
        """Group 2 is arms, unless two people say that this line is not."""
        said = Statement.objects.filter(
            application=self.case,
            kind=StatementKind.FLAG,
            value="no",
            set_aside_at__isnull=True,
            countersigned_by__isnull=False,
        )
        return not said.exists()

    @invariant()
    def every_row_is_told_by_its_event(self) -> None:
        if not hasattr(self, "case"):
            return
        stream = Event.objects.filter(stream=self.case.stream)
        bodies = dict(stream.values_list("sequence", "body"))
        for model in (Application, Card, Statement, Line, Party, Recommendation, Permit):
            for row in model.objects.filter(stream=self.case.stream):
                changes = canonical.decode(bytes(bodies[row.version]))["changes"]
                table = model._meta.db_table
                assert any(one["table"] == table and one["row"] == row.pk for one in changes), (
                    f"{row!r} was written by an event that does not tell of it"
                )

    @invariant()
    def a_permit_needs_a_decision_to_issue_it(self) -> None:
        if hasattr(self, "case"):
            for permit in Permit.objects.filter(application=self.case):
                assert permit.decision.outcome == self.case.outcome == "issued"
