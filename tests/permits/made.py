"""A row of every kind, made by the functions of the domain."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from accounts.choices import RequestedAct, Role
from accounts.domain.requests import propose_request
from history import clock
from history.actors import SYSTEM
from permits.choices import Flag, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import acts
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.conditions import add_condition
from permits.domain.consultations import consult, open_wait
from permits.domain.intake import declare_conflict
from permits.domain.letters import make_letter
from permits.domain.recommendation import recommend
from permits.domain.sources import add_evidence, add_measure
from permits.domain.statements import flag_key
from permits.domain.sweeps import (
    agree_group,
    begin_sweep,
    carry_out,
    except_permit,
    propose_group,
)
from permits.domain.use import propose_reversal, report_use
from permits.models import (
    Application,
    Card,
    ConflictDeclaration,
    Consultation,
    Letter,
    Permit,
    PermitAct,
    PermitSweep,
    Recommendation,
    Statement,
    SweepGroup,
    SweepItem,
    Use,
    UseReversal,
    Wait,
)
from policies.models import Policy
from tests.people import Cast, give_delegation, make_person_with
from tests.permits.factories import (
    ANSWERS,
    WHY,
    attached,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    say,
)
from tests.policies.changes import approved, draft

FIRST = CONSIDERATIONS[0].number


class Made:
    """A row of every kind, made by the domain functions when it is first asked for."""

    def __init__(self, office: Cast) -> None:
        self.office = office

    @cached_property
    def _case(self) -> Application:
        return make_in_review(self.office.analyst)

    @cached_property
    def _permit(self) -> Permit:
        return make_permit(self.office.analyst, self.office.senior, self.office.decision)

    def case(self) -> Application:
        return self._case

    def card(self) -> Card:
        """Edited by the analyst, signed first by the senior analyst."""
        card = edit_card(self.case(), FIRST, ANSWERS, by=self.office.analyst)
        return sign_card(card, by=self.office.senior)

    def statement(self) -> Statement:
        return self.flag(self.case())

    def flag(self, case: Application, value: str = "no") -> Statement:
        key = flag_key(1, Flag.WAR_MATERIAL)
        return say(case, StatementKind.FLAG, key, value, by=self.office.analyst)

    def permit(self) -> Permit:
        return self._permit

    def act(self) -> PermitAct:
        """Proposed by the decision-maker, and loosens."""
        permit = self.permit()
        acts.act_at_once(permit, kind="suspend", reason=WHY, by=self.office.decision)
        return acts.propose_act(permit, kind="reinstate", reason=WHY, by=self.office.decision)

    def sweep(self) -> PermitSweep:
        """Under the change that suspends Group 2 to Türkiye, of one permit."""
        self.permit()
        change = approved(draft(self.office.admin), by=self.office.admin_b)
        policy = Policy.objects.get(key="TR-9999-suspension")
        return begin_sweep(policy, change=change, by=self.office.analyst)

    def group(self, permit: bool = False) -> SweepGroup:
        """Proposed by the decision-maker; of one permit taken out, or all of them."""
        sweep = self.sweep()
        said: dict[str, Any] = {"reason_en": WHY, "reason_fr": WHY}
        group = SweepGroup.objects.get(sweep=sweep)
        by = self.office.decision
        if permit:
            return except_permit(sweep, group.permits[0][0], action="keep", by=by, **said)
        return propose_group(group, action="suspend", by=by, **said)

    def item(self) -> SweepItem:
        group = self.group()
        by = make_person_with("decision-b", Role.DECISION_MAKER)
        give_delegation(by, proposed_by=self.office.admin, confirmed_by=self.office.admin_b)
        agree_group(group, by=by)
        (item,) = carry_out(group.sweep, by=SYSTEM).settled
        return item

    def intended(self) -> Recommendation:
        case = make_ready(self.office.analyst, self.office.senior)
        return recommend(
            case, outcome="refused", grounds=["discretion"], reasons=WHY, by=self.office.analyst
        )

    def consultation(self) -> Consultation:
        due_on = clock.today() + timedelta(days=5)
        return consult(self.case(), body="B", question="Q", due_on=due_on, by=self.office.analyst)

    def wait(self) -> Wait:
        return open_wait(
            self.case(), kind="other", reason=WHY, from_on=clock.today(), by=self.office.analyst
        )

    def use(self) -> Use:
        return report_use(
            self.permit().lines.get(),
            used_on=clock.today(),
            quantity=Decimal(1),
            value=Decimal(1),
            by=self.office.analyst,
        )

    def reversal(self) -> UseReversal:
        """Proposed by the analyst."""
        return propose_reversal(self.use(), reason=WHY, by=self.office.analyst)

    def conflict(self) -> ConflictDeclaration:
        return declare_conflict(self.case(), by=self.office.decision, reason=WHY)

    def letter(self) -> Letter:
        return make_letter(self.permit().application, "permit", by=self.office.analyst)

    def everything(self) -> None:
        """A row in every table of people, of policy changes and of cases."""
        analyst, case = self.office.analyst, self.case()
        propose_request(analyst, RequestedAct.RESET_PASSWORD, by=self.office.admin, reason=WHY)
        for make in (self.consultation, self.wait, self.conflict, self.reversal, self.letter):
            make()
        attached(case, analyst)
        add_evidence(case, {"title": "T", "source": "S", "reliability": "high"}, by=analyst)
        add_measure(
            case,
            {"kind": "other", **dict.fromkeys(("giver", "form", "wording", "mechanism"), "M")},
            by=analyst,
        )
        recommended = read_file(make_recommended(analyst, self.office.senior)).recommendation
        assert recommended is not None
        add_condition(recommended, ("One", "Un"), by=analyst)
        self.item()
