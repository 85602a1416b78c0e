"""A case from intake to a permit and its acts, and every door that stays shut."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.domain.verify import verify
from permits.choices import PermitStatus
from permits.domain import acts
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse, return_without_action
from permits.domain.frozen import replay
from permits.domain.gate import GateClosed, check_gate
from permits.domain.recommendation import (
    put_to_applicant,
    recommend,
    record_reply,
    send_back,
)
from permits.domain.ruling import rule_on
from permits.domain.standing import read_standing
from permits.domain.use import report_use
from permits.models import Application, Decision, Notice, Permit
from tests.people import Cast
from tests.permits.factories import (
    LINE,
    WHY,
    answer_cards,
    clear_parties,
    in_a_year,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    sign_cards,
)


def failing(application: Application) -> list[str]:
    file = read_file(application)
    gate = check_gate(file, rule_on(file, on=clock.today(), known_at=clock.now()))
    return [one.rule.code for one in gate.failures]


def test_three_people_issue_a_permit_to_turkiye(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    permit = issue(application, reasons=WHY, adopts_determination=True, by=office.decision)
    application.refresh_from_db()
    assert (application.status, application.outcome) == ("decided", "issued")
    assert permit.number == f"EP-{clock.today().year}-000001"
    assert [line.value for line in permit.lines.all()] == [Decimal("2500000.00")]
    assert read_standing(permit, clock.today()).status == PermitStatus.VALID
    assert replay(permit.decision).is_intact
    assert replay(permit.decision).changes == ()
    assert verify(deep=True).good


def test_a_new_case_fails_the_gate_where_work_is_missing(office: Cast) -> None:
    application = make_in_review(office.analyst)
    assert failing(application) == ["G2", "G4", "G7", "G9"]
    clear_parties(application, by=office.analyst, second=office.senior)
    assert failing(application) == ["G7", "G9"]
    answer_cards(application, by=office.analyst)
    assert failing(application) == ["G9"]
    sign_cards(application, by=office.analyst, second=office.senior)
    assert failing(application) == []


@pytest.mark.parametrize("residual", ["substantial_risk", "not_enough_information"])
def test_nobody_can_issue_while_a_risk_is_not_excluded(office: Cast, residual: str) -> None:
    application = make_in_review(office.analyst)
    clear_parties(application, by=office.analyst, second=office.senior)
    answer_cards(application, by=office.analyst)
    from permits.domain.assessment import edit_card  # noqa: PLC0415

    edit_card(application, "7.3(1)(b)(i)", {"residual": residual}, by=office.analyst)
    sign_cards(application, by=office.analyst, second=office.senior)
    assert failing(application) == ["G8"]
    for person in office:
        with pytest.raises((GateClosed, NotPermitted)):
            recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=person)
        with pytest.raises((Refused, NotPermitted)):
            issue(application, reasons=WHY, adopts_determination=True, by=person)
    assert not Permit.objects.exists()


def test_a_substantial_risk_is_refused_after_the_applicant_replied(office: Cast) -> None:
    application = make_in_review(office.analyst)
    clear_parties(application, by=office.analyst, second=office.senior)
    answer_cards(application, by=office.analyst, residual="substantial_risk")
    sign_cards(application, by=office.analyst, second=office.senior)
    made = recommend(
        application, outcome="refused", grounds=["7.4"], reasons=WHY, by=office.analyst
    )
    with pytest.raises(Refused, match="first put to the applicant"):
        refuse(application, grounds=["7.4"], reasons=WHY, by=office.decision)
    made = put_to_applicant(made, reply_by=clock.today() + timedelta(days=20), by=office.analyst)
    with pytest.raises(Refused, match="may still reply"):
        refuse(application, grounds=["7.4"], reasons=WHY, by=office.decision)
    record_reply(made, reply="We do not agree.", replied_on=clock.today(), by=office.analyst)
    decision = refuse(application, grounds=["7.4"], reasons=WHY, by=office.decision)
    assert decision.grounds == ["7.4"]
    assert not Permit.objects.exists()


def test_a_policy_is_no_ground_where_the_stance_is_case_by_case(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    with pytest.raises(ValidationError, match="stricter than case by case"):
        recommend(application, outcome="refused", grounds=["policy"], reasons=WHY, by=office.senior)
    with pytest.raises(ValidationError, match="signed by two people"):
        recommend(application, outcome="refused", grounds=["7.4"], reasons=WHY, by=office.senior)


def test_what_needs_no_permit_is_returned_without_action(office: Cast) -> None:
    line = {**LINE, "items": [], "description": "Office chairs"}
    application = make_in_review(office.analyst, destination="FR", lines=[line])
    with pytest.raises(GateClosed):
        recommend(
            application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst
        )
    recommend(
        application,
        outcome="returned",
        grounds=["no_permit_needed"],
        reasons=WHY,
        by=office.analyst,
    )
    decision = return_without_action(
        application, ground="no_permit_needed", reasons=WHY, by=office.decision
    )
    assert decision.outcome == "returned"


@pytest.mark.parametrize("who", ["analyst", "senior", "admin", "auditor"])
def test_only_a_decision_maker_issues(office: Cast, who: str) -> None:
    application = make_recommended(office.analyst, office.senior)
    with pytest.raises(NotPermitted):
        issue(application, reasons=WHY, adopts_determination=True, by=getattr(office, who))
    assert not Decision.objects.exists()


def test_the_determination_is_adopted_by_whoever_decides(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    with pytest.raises(ValidationError, match="Adopt the determination"):
        issue(application, reasons=WHY, by=office.decision)
    assert not Decision.objects.exists()


def test_an_edit_after_the_recommendation_closes_the_gate(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    recommendation = read_file(application).recommendation
    assert recommendation is not None
    send_back(recommendation, reason=WHY, by=office.decision)
    assert read_file(application).recommendation is None
    with pytest.raises(Refused):
        issue(application, reasons=WHY, adopts_determination=True, by=office.decision)


# Acts


def test_a_suspension_takes_effect_at_once_and_two_are_told(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    act = acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    assert read_standing(permit, clock.today()).status == PermitStatus.SUSPENDED
    assert [one.kind for one in Notice.objects.all()] == ["tightened", "holder"]
    assert {one.person for one in Notice.objects.all()} == {office.analyst}
    assert not act.loosens


def test_a_suspended_permit_is_reinstated_only_through_the_gate(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    with pytest.raises(NotPermitted, match="another person"):
        acts.act_at_once(permit, kind="reinstate", reason=WHY, by=office.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.admin)
    from permits.domain.assessment import edit_card  # noqa: PLC0415

    application = permit.application
    edit_card(application, "7.3(1)(a)", {"residual": "substantial_risk"}, by=office.analyst)
    with pytest.raises(GateClosed):
        acts.perform_act(act, by=office.decision)
    edit_card(application, "7.3(1)(a)", {"residual": "no_substantial_risk"}, by=office.analyst)
    sign_cards_again(application, office)
    acts.perform_act(act, by=office.decision)
    assert read_standing(permit, clock.today()).status == PermitStatus.VALID


def sign_cards_again(application: Application, office: Cast) -> None:
    from permits.domain.assessment import sign_card  # noqa: PLC0415

    card = read_file(application).card("7.3(1)(a)")
    assert card is not None
    sign_card(sign_card(card, by=office.analyst), by=office.senior)


def test_widening_is_another_s_to_propose_and_narrowing_is_not(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    narrow = {"lines": {"1": {"quantity": "2", "value": "500000"}}}
    acts.act_at_once(permit, kind="amend", change=narrow, reason=WHY, by=office.decision)
    wider = acts.propose_act(
        permit,
        kind="amend",
        change={"lines": {"1": {"quantity": "8", "value": "2000000"}}},
        reason=WHY,
        by=office.analyst,
    )
    assert wider.loosens
    acts.perform_act(wider, by=office.decision)
    narrower = acts.act_at_once(
        permit,
        kind="amend",
        change={"lines": {"1": {"quantity": "5"}}},
        reason=WHY,
        by=office.decision,
    )
    assert not narrower.loosens
    line = read_standing(permit, clock.today()).line(1)
    assert (line.quantity, line.value) == (Decimal(5), Decimal(2000000))


def test_what_is_cancelled_stays_so(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.act_at_once(permit, kind="cancel", reason=WHY, by=office.decision)
    assert read_standing(permit, clock.today()).status == PermitStatus.CANCELLED
    for kind in ("suspend", "reinstate", "cancel"):
        with pytest.raises(Refused, match="nothing more is done"):
            acts.propose_act(permit, kind=kind, reason=WHY, by=office.analyst)


def test_use_beyond_the_balance_is_refused_with_the_figure(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    line = permit.lines.get()
    today = clock.today()
    report_use(line, used_on=today, quantity=Decimal(7), value=Decimal(1750000), by=office.analyst)
    with pytest.raises(ValidationError, match="Only 3 each are left"):
        report_use(line, used_on=today, quantity=Decimal(4), value=Decimal(1), by=office.analyst)
    report_use(line, used_on=today, quantity=Decimal(3), value=Decimal(750000), by=office.analyst)
    assert read_standing(permit, today).status == PermitStatus.EXHAUSTED
