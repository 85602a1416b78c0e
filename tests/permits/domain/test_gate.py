"""Each rule of the gate shut by what it is about, with its words, and open again without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.choices import Power, RequestedAct, Role
from accounts.domain.delegations import delegations_in_force
from accounts.domain.people import close_account
from accounts.domain.requests import confirm_request, propose_request
from accounts.exceptions import NotPermitted
from accounts.models import User
from history import clock
from permits.choices import Flag, PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.consultations import consult
from permits.domain.decision import issue
from permits.domain.gate import Gate, GateClosed, check_gate, risks_found
from permits.domain.recommendation import recommend, send_back
from permits.domain.ruling import rule_on
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    NOT_PREJUDICIAL,
    ON_FILE,
    RAISED,
    STATE_SAFETY_KEY,
    WAIVED,
    authorization_key,
    countersign,
    party_key,
    set_aside,
)
from permits.models import Application, Permit, Recommendation, Statement
from tests.people import Cast, give_delegation, give_role, make_cast, make_person_with
from tests.permits.factories import (
    LINE,
    PARTY,
    WHY,
    answer_cards,
    attached,
    clear_parties,
    in_a_year,
    lower,
    make_in_review,
    make_ready,
    make_recommended,
    say,
)
from tests.policies.changes import approved, draft, in_days

FIRST = CONSIDERATIONS[0].number
BEHIND_A_POLICY = (
    "You drafted or approved a policy that this rests on, or a change of one since it was filed."
)
TOOK_OUT_A_BAR = (
    "You claimed or countersigned an exception, an authorization for a listed party, or that goods"
    " are no arms."
)
LISTED_UNDER = "RU-listing"
DOCS = Path(__file__).resolve().parents[3] / "docs"


def gate_of(application: Application, **who: Any) -> Gate:
    application.refresh_from_db()
    file = read_file(application)
    return check_gate(file, rule_on(file, on=clock.today(), known_at=clock.now()), **who)


def state_of(application: Application, rule: str) -> str:
    return next(one.state for one in gate_of(application).findings if one.rule.code == rule)


def test_g5_is_not_known_yet_while_the_stance_hangs_on_an_answer(office: Cast) -> None:
    """Not a pass: the stance may be a policy of denial. A fault that is known is told at once."""
    application = make_in_review(office.analyst, activity="brokering", destination="HK")
    assert state_of(application, "G5") == "to_come"
    assert "G6" in against(gate_of(application))
    intake.edit_party(party(application), {"country": None}, by=office.analyst)
    assert state_of(application, "G5") == "fail"
    assert state_of(make_in_review(office.analyst), "G5") == "pass"


def against(gate: Gate) -> dict[str, str]:
    """By rule, why it fails."""
    return {one.rule.code: " ".join(r.words for r in one.reasons) for one in gate.failures}


def party(application: Application, role: PartyRole = PartyRole.CONSIGNEE) -> Any:
    return read_file(application).parties_as(role)[0]


def statement(application: Application, kind: StatementKind) -> Statement:
    return Statement.objects.filter(
        application=application, kind=kind, set_aside_at__isnull=True
    ).latest("pk")


def list_the_consignee(
    application: Application, office: Cast, second: User | None = None
) -> Statement:
    return say(
        application,
        StatementKind.SCREENING,
        party_key(party(application).pk),
        Screened.LISTED,
        by=office.analyst,
        second=second,
        policies=(LISTED_UNDER,),
    )


def authorize(application: Application, office: Cast, *, by: User, second: User) -> None:
    list_the_consignee(application, office, office.senior)
    say(
        application,
        StatementKind.AUTHORIZATION,
        authorization_key(party(application).pk, LISTED_UNDER),
        ON_FILE,
        by=by,
        second=second,
        document=attached(application, office.analyst),
    )


Spoil = Callable[[Application, Cast], Any]

# What is done to a case that is ready; the rules that then fail; words of the first of them.
SPOILS: dict[str, tuple[Spoil, list[str], str]] = {
    "a telephone number is missing": (
        lambda case, office: intake.edit_party(
            party(case, PartyRole.APPLICANT), {"telephone": ""}, by=office.analyst
        ),
        ["G1"],
        "Missing: ",
    ),
    "nobody stands by the residence": (
        lambda case, office: set_aside(
            statement(case, StatementKind.ELIGIBILITY), by=office.analyst, reason=WHY
        ),
        ["G2"],
        "not stated by two people",
    ),
    "the applicant lives elsewhere": (
        lambda case, office: say(
            case, StatementKind.ELIGIBILITY, APPLICANT_KEY, "not_resident", by=office.analyst
        ),
        ["G2"],
        "not stated by two people",
    ),
    "a party is not screened": (
        lambda case, office: set_aside(
            statement(case, StatementKind.SCREENING), by=office.analyst, reason=WHY
        ),
        ["G4"],
        "is not screened, with a source, by two people",
    ),
    "an answer is taken back": (
        lambda case, office: edit_card(case, FIRST, {"finding": ""}, by=office.analyst),
        ["G7", "G9"],
        "still to be answered",
    ),
    "a line changes its price": (
        lambda case, office: intake.edit_line(
            read_file(case).lines[0], {"unit_value": 3}, by=office.analyst
        ),
        ["G9"],
        "signed on another basis",
    ),
    "a consideration is signed once": (
        lambda case, office: sign_card(
            edit_card(case, FIRST, {"finding": "Another"}, by=office.analyst), by=office.senior
        ),
        ["G9"],
        "not signed by two people",
    ),
    "prejudice to the State is raised": (
        lambda case, office: say(
            case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, RAISED, by=office.analyst
        ),
        ["G10"],
        "Prejudice to the safety",
    ),
    "a consultation is open": (
        lambda case, office: consult(
            case,
            body="A body",
            question="A question?",
            due_on=clock.today() + timedelta(days=5),
            by=office.analyst,
        ),
        ["G11"],
        "A body has not answered",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_rule_fails_by_what_it_is_about(office: Cast, name: str) -> None:
    application = make_ready(office.analyst, office.senior)
    assert against(gate_of(application)) == {}
    spoil, codes, words = SPOILS[name]
    spoil(application, office)
    found = against(gate_of(application))
    assert list(found) == codes
    assert words in found[codes[0]]


def test_a_line_that_needs_no_permit_is_taken_off_beside_others_that_do(office: Cast) -> None:
    paper = {**LINE, "items": [], "description": "Paper"}
    mixed = make_in_review(office.analyst, lines=[LINE, paper])
    alone = make_in_review(office.analyst, lines=[paper])
    words = "Line 2: not controlled. Others need a permit: take this one off."
    assert words in against(gate_of(mixed))["G3"]
    assert "It is returned without action." in against(gate_of(alone))["G3"]


@pytest.mark.parametrize("residual", ["substantial_risk", "not_enough_information"])
def test_a_risk_shuts_the_gate_whatever_the_goods_are(office: Cast, residual: str) -> None:
    application = make_ready(office.analyst, office.senior)
    edit_card(application, FIRST, {"residual": residual}, by=office.analyst)
    assert list(against(gate_of(application))) == ["G8", "G9"]
    lower(application, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    assert list(against(gate_of(application))) == ["G8"]


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_risk_that_was_signed_is_replaced_by_what_two_people_sign(
    office: Cast, seconds: int
) -> None:
    """Whatever the goods are, and whether one person signed the risk or two."""
    application = make_ready(office.analyst, office.senior)
    lower(application, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    card = edit_card(application, FIRST, {"residual": "substantial_risk"}, by=office.senior)
    for person in (office.senior, office.analyst_b)[: 1 + seconds]:
        card = sign_card(card, by=person)
    card = edit_card(application, FIRST, {"residual": "no_substantial_risk"}, by=office.analyst)
    assert "signed before" in against(gate_of(application))["G8"]
    assert any(risks_found(read_file(application)))
    card = sign_card(card, by=office.analyst)
    assert list(against(gate_of(application))) == ["G8"]
    sign_card(card, by=office.analyst_b)
    assert against(gate_of(application)) == {}
    intake.edit_application(application, {"end_use": "Another"}, by=office.analyst)
    assert "signed before" in against(gate_of(application))["G8"]


def test_goods_that_need_no_permit_get_none(office: Cast) -> None:
    line = {**LINE, "items": [], "description": "Office chairs"}
    application = make_in_review(office.analyst, destination="FR", lines=[line])
    clear_parties(application, by=office.analyst, second=office.senior)
    found = against(gate_of(application))
    assert list(found) == ["G1", "G3"]
    assert "item number" in found["G1"]
    assert "returned without action" in found["G3"]


def test_without_a_line_there_is_nothing_to_permit(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    intake.remove_line(read_file(application).lines[0], by=office.analyst)
    assert against(gate_of(application))["G3"] == "No line can be ruled on."


def test_an_empty_draft_passes_no_rule_that_is_about_what_it_lacks(office: Cast) -> None:
    gate = gate_of(intake.open_application("export", by=office.analyst))
    assert {"G1", "G2", "G3", "G4", "G5"} <= set(against(gate))
    about_goods = {one.state for one in gate.findings if one.rule.code in ("G7", "G8", "G9")}
    assert about_goods == {"to_come"}
    assert not gate.is_open_but_for_the_person


def test_that_no_risk_remains_is_not_known_while_a_consideration_is_unanswered(
    office: Cast,
) -> None:
    def g8(application: Application) -> str:
        return next(one.state for one in gate_of(application).findings if one.rule.code == "G8")

    application = make_in_review(office.analyst)
    assert g8(application) == "to_come"
    answer_cards(application, by=office.analyst)
    assert g8(application) == "pass"
    last = CONSIDERATIONS[-1].number
    edit_card(application, last, {"residual": ""}, by=office.analyst)
    assert g8(application) == "to_come"
    assert not gate_of(application).is_open_but_for_the_person
    first = CONSIDERATIONS[0].number
    edit_card(application, first, {"residual": "substantial_risk"}, by=office.analyst)
    assert g8(application) == "fail"


def test_without_an_applicant_nobody_is_eligible(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    intake.remove_party(party(application, PartyRole.APPLICANT), by=office.analyst)
    assert "There is no applicant." in against(gate_of(application))["G2"]


def test_a_listed_party_needs_an_authorization(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    list_the_consignee(application, office)
    assert "no authorization is on file" in against(gate_of(application))["G4"]
    authorize(application, office, by=office.analyst, second=office.senior)
    assert "G4" not in against(gate_of(application))


def test_that_a_party_is_listed_screens_it_once_two_people_signed_it_as_it_is(
    office: Cast,
) -> None:
    """What other lists hold of it was looked at by one person until then, or of another name."""
    application = make_ready(office.analyst, office.senior)
    authorize(application, office, by=office.analyst, second=office.senior)
    listed = list_the_consignee(application, office)
    assert "not screened, with a source, by two" in against(gate_of(application))["G4"]
    countersign(listed, by=office.senior)
    assert "G4" not in against(gate_of(application))
    intake.edit_party(party(application), {"name": "Another"}, by=office.analyst)
    found = against(gate_of(application))["G4"]
    assert "not screened, with a source, by two" in found
    assert "no authorization is on file" in found


@pytest.mark.parametrize("changed", ["description", "quantity", "end_use"])
def test_an_authorization_for_a_listed_party_is_for_that_transaction(
    office: Cast, changed: str
) -> None:
    application = make_ready(office.analyst, office.senior)
    authorize(application, office, by=office.analyst, second=office.senior)
    if changed == "end_use":
        intake.edit_application(application, {"end_use": "Rocket motors"}, by=office.analyst)
    else:
        line = read_file(application).lines[0]
        intake.edit_line(line, {changed: "5000"}, by=office.analyst)
    assert "no authorization is on file" in against(gate_of(application))["G4"]


def test_what_two_people_waived_of_a_party_is_what_it_lacked_then(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    intake.edit_party(party(application), {"telephone": ""}, by=office.analyst)
    key = f"consignees:{party(application).pk}"
    say(application, StatementKind.WAIVER, key, WAIVED, by=office.analyst, second=office.senior)
    assert against(gate_of(application)) == {}
    intake.edit_party(party(application), {"email": ""}, by=office.analyst)
    assert "telephone, e-mail" in against(gate_of(application))["G1"]
    given = {"telephone": "+1 613 555 0100", "email": "office@example.com"}
    intake.edit_party(party(application), given, by=office.analyst)
    assert against(gate_of(application)) == {}


def test_a_day_on_which_permits_are_suspended_shuts_the_gate(db: None) -> None:
    with clock.simulated(datetime(2019, 10, 20, 14, tzinfo=UTC)):
        people = make_cast()
        application = make_ready(people.analyst, people.senior)
        found = against(gate_of(application))
    assert list(found) == ["G5"]
    assert "suspended" in found["G5"]


def test_a_policy_that_moves_between_recommendation_and_decision_shuts_the_gate(db: None) -> None:
    with clock.simulated(datetime(2019, 10, 1, 14, tzinfo=UTC)):
        people = make_cast()
        give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
        application = make_recommended(people.analyst, people.senior)
    with (
        clock.simulated(datetime(2019, 10, 20, 14, tzinfo=UTC)),
        pytest.raises(GateClosed, match="G5"),
    ):
        issue(application, reasons=WHY, adopts_determination=True, by=people.decision)
    assert not Permit.objects.exists()


def test_a_listed_party_is_not_got_rid_of_by_removing_it(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    by, second = office.analyst, office.senior
    extra = intake.add_party(application, {**PARTY, "role": PartyRole.CONSIGNEE}, by=by)
    key, under = party_key(extra.pk), (LISTED_UNDER,)
    say(application, StatementKind.SCREENING, key, Screened.LISTED, by=second, policies=under)
    intake.remove_party(extra, by=by)
    assert f"{extra.name} was found to be listed" in against(gate_of(application))["G4"]
    again: dict[str, Any] = {"by": by, "policies": under}
    known = say(application, StatementKind.SCREENING, key, Screened.LISTED, **again)
    assert "was removed since" in against(gate_of(application))["G4"]
    countersign(known, by=second)
    assert "G4" not in against(gate_of(application))
    say(application, StatementKind.SCREENING, key, Screened.LISTED, by=second, policies=under)
    say(application, StatementKind.SCREENING, key, Screened.CLEAR, by=by)
    assert "G4" in against(gate_of(application))
    say(application, StatementKind.SCREENING, key, Screened.FALSE_MATCH, by=by, second=second)
    assert "G4" not in against(gate_of(application))


def test_an_open_question_shuts_the_gate(db: None) -> None:
    """Brokering to Türkiye under Notice 992."""
    with clock.simulated(datetime(2020, 5, 4, 14, tzinfo=UTC)):
        people = make_cast()
        application = make_ready(people.analyst, people.senior, activity="brokering")
        found = against(gate_of(application))
    assert "Open question: " in found["G6"]


def test_what_was_countersigned_and_is_stale_shuts_the_gate(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    say(
        application,
        StatementKind.STATE_SAFETY,
        STATE_SAFETY_KEY,
        NOT_PREJUDICIAL,
        by=office.analyst,
        second=office.senior,
    )
    assert against(gate_of(application)) == {}
    intake.edit_application(application, {"end_use": "Border patrol"}, by=office.analyst)
    found = against(gate_of(application))
    assert list(found) == ["G6", "G9"]
    assert "what it is about has changed since" in found["G6"]


def test_an_answer_against_the_one_that_counts_shuts_the_gate(office: Cast) -> None:
    """Which of the two is stricter, only the policy knows: nobody else drops it."""
    application = make_in_review(office.analyst, activity="brokering", destination="HK")
    file = read_file(application)
    key = rule_on(file, on=clock.today(), known_at=clock.now()).open_questions[0]

    def is_told() -> bool:
        return "against the one that counts" in against(gate_of(application)).get("G6", "")

    say(application, StatementKind.ANSWER, key, "no", by=office.analyst, second=office.analyst_b)
    assert not is_told()
    other = say(application, StatementKind.ANSWER, key, "yes", by=office.senior)
    assert is_told()
    with pytest.raises(NotPermitted, match="or who made it takes it back"):
        say(application, StatementKind.ANSWER, key, "no", by=office.analyst)
    with pytest.raises(NotPermitted, match="or who made it takes it back"):
        set_aside(other, by=office.analyst, reason=WHY)
    assert is_told()
    # What counts is made stale, and fresh again, by one person.
    end_use = application.end_use
    intake.edit_application(application, {"end_use": "Border patrol"}, by=office.analyst)
    for by in (office.analyst, office.analyst_b):
        with pytest.raises(NotPermitted, match="or who made it takes it back"):
            set_aside(other, by=by, reason=WHY)
    with pytest.raises(NotPermitted, match="or who made it takes it back"):
        say(application, StatementKind.ANSWER, key, "no", by=office.analyst_b)
    intake.edit_application(application, {"end_use": end_use}, by=office.analyst)
    assert is_told()
    set_aside(other, by=office.senior, reason=WHY)
    assert not is_told()


def test_a_third_person_drops_the_answer_of_somebody_who_left(office: Cast) -> None:
    """A temporary password is not leaving: or else whoever handed it over silenced an answer."""
    application = make_in_review(office.analyst, activity="brokering", destination="HK")
    file = read_file(application)
    key = rule_on(file, on=clock.today(), known_at=clock.now()).open_questions[0]
    say(application, StatementKind.ANSWER, key, "no", by=office.analyst, second=office.senior)
    gone, third = make_person_with("gone", Role.ANALYST), office.analyst_b
    other = say(application, StatementKind.ANSWER, key, "yes", by=gone)
    asked = propose_request(gone, RequestedAct.RESET_PASSWORD, by=office.admin, reason=WHY)
    confirm_request(asked, by=office.admin_b)
    with pytest.raises(NotPermitted, match="or who made it takes it back"):
        set_aside(other, by=third, reason=WHY)
    close_account(gone, by=office.admin, reason=WHY)
    assert "works on no case any more" in against(gate_of(application))["G6"]
    for by in (office.analyst, office.senior):
        with pytest.raises(NotPermitted, match="who signed no answer to this question"):
            set_aside(other, by=by, reason=WHY)
    set_aside(other, by=third, reason=WHY)
    assert "G6" not in against(gate_of(application))


# Who decides


def personal(application: Application, by: User) -> dict[str, str]:
    """What stands against this person alone."""
    delegations = delegations_in_force(by, clock.today())
    found = against(gate_of(application, by=by, delegations=delegations))
    return {code: words for code, words in found.items() if code in ("G12", "G13")}


def test_who_recommended_does_not_decide(office: Cast) -> None:
    """Also where they took it back since and a colleague made another."""
    give_role(office.decision, Role.ANALYST)
    application = make_recommended(office.analyst, office.senior)
    assert personal(application, office.decision) == {}
    for by in (office.decision, office.analyst):
        standing = Recommendation.objects.get(application=application, set_aside_at=None)
        send_back(standing, reason=WHY, by=office.analyst)
        recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=by)
        found = personal(application, office.decision)
        assert found == {"G12": "You made a recommendation on this case."}


@pytest.mark.parametrize("part", ["edited", "signed", "countersigned"])
def test_who_reviewed_does_not_decide(office: Cast, part: str) -> None:
    """Also where others edited and signed it anew since."""
    give_role(office.decision, Role.ANALYST)
    application = make_ready(office.analyst, office.senior)
    values = {"finding": "Another"}
    card = edit_card(
        application, FIRST, values, by=office.decision if part == "edited" else office.analyst
    )
    first = office.decision if part == "signed" else office.analyst
    second = office.decision if part == "countersigned" else office.senior
    if part != "edited":
        sign_card(sign_card(card, by=first), by=second)
    edit_card(application, FIRST, {"finding": "Anew"}, by=office.analyst)
    found = personal(application, office.decision)
    assert found == {"G12": "You edited or signed a consideration of this case."}


@pytest.mark.parametrize("claims", [True, False])
def test_who_took_an_exception_does_not_decide(db: None, claims: bool) -> None:
    with clock.simulated(datetime(2020, 5, 4, 14, tzinfo=UTC)):
        people = make_cast()
        give_role(people.decision, Role.ANALYST)
        give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
        application = make_ready(people.analyst, people.senior)
        first, second = (
            (people.decision, people.senior) if claims else (people.senior, people.decision)
        )
        say(
            application,
            StatementKind.EXCEPTION,
            "TR-2020-04-16-presumptive:nato",
            CLAIMED,
            by=first,
            second=second,
            document=attached(application, people.analyst),
        )
        found = personal(application, people.decision)
    assert found == {"G12": TOOK_OUT_A_BAR}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("kind", [StatementKind.AUTHORIZATION, StatementKind.FLAG])
def test_who_let_a_listed_party_through_or_said_that_goods_are_no_arms_does_not_decide(
    office: Cast, kind: StatementKind, is_first: bool
) -> None:
    give_role(office.decision, Role.ANALYST)
    application = make_ready(office.analyst, office.senior)
    assert personal(application, office.decision) == {}
    people = [office.decision, office.senior]
    first, second = people if is_first else reversed(people)
    if kind == StatementKind.FLAG:
        lower(application, Flag.EIPA_4_1, by=first, second=second)
        assert personal(application, office.decision) == {}
        lower(application, Flag.WAR_MATERIAL, by=first, second=second)
    else:
        authorize(application, office, by=first, second=second)
    assert personal(application, office.decision) == {"G12": TOOK_OUT_A_BAR}


def test_who_wrote_a_listing_policy_countersigns_no_authorization_under_it(office: Cast) -> None:
    give_role(office.admin, Role.ANALYST)
    end = draft(office.admin, kind="end", policy=LISTED_UNDER, ends=in_days(5))
    approved(end, by=office.admin_b)
    application = make_ready(office.analyst, office.senior)
    with pytest.raises(NotPermitted, match="You drafted or approved this policy"):
        authorize(application, office, by=office.analyst, second=office.admin)


def test_who_wrote_a_policy_that_an_answer_takes_out_does_not_decide(office: Cast) -> None:
    for role in (Role.ADMINISTRATOR, Role.ANALYST):
        give_role(office.decision, role)
    question = {"code": "army", "en": "For the army?", "fr": "Pour l’armée?", "applies_if": "yes"}
    approved(draft(office.decision, of_policy={"questions": [question]}), by=office.admin_b)
    application = make_in_review(office.analyst)
    said: dict[str, Any] = {
        "kind": StatementKind.ANSWER,
        "key": "TR-9999-suspension:army",
        "value": "no",
    }
    with pytest.raises(NotPermitted, match="You drafted or approved this policy"):
        say(application, **said, by=office.analyst, second=office.decision)
    say(application, **said, by=office.analyst, second=office.senior)
    found = personal(application, office.decision)
    assert found == {"G12": BEHIND_A_POLICY}


def test_who_ended_a_policy_that_applied_when_it_was_filed_does_not_decide(office: Cast) -> None:
    for role in (Role.ADMINISTRATOR, Role.ANALYST):
        give_role(office.decision, role)
    imposed = approved(draft(office.admin), by=office.admin_b)
    before = make_in_review(office.analyst)
    key, last = imposed.keys[0], in_days(5)
    approved(draft(office.decision, kind="end", policy=key, ends=last), by=office.admin)
    with clock.simulated(clock.now() + timedelta(days=9)):
        assert personal(before, office.decision) == {"G12": BEHIND_A_POLICY}


def test_who_ended_it_on_the_very_day_of_filing_does_not_decide_either(office: Cast) -> None:
    for role in (Role.ADMINISTRATOR, Role.ANALYST):
        give_role(office.decision, role)
    imposed = approved(draft(office.admin), by=office.admin_b)
    with clock.simulated(clock.now() + timedelta(days=3)):
        filed = make_in_review(office.analyst)
        end = draft(office.decision, kind="end", policy=imposed.keys[0], ends=in_days(0))
        with clock.simulated(clock.now() + timedelta(minutes=1)):
            approved(end, by=office.admin)
            assert personal(filed, office.decision) == {"G12": BEHIND_A_POLICY}


def test_who_declared_a_conflict_does_not_decide(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    intake.declare_conflict(application, by=office.decision, reason=WHY)
    found = personal(application, office.decision)
    assert found == {"G12": "You declared a conflict of interest."}


def test_who_decides_has_a_delegation_with_this_power(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    ready = {"by": office.decision}
    assert list(against(gate_of(application, **ready))) == ["G13"]
    (held,) = delegations_in_force(office.decision, clock.today())
    for power, wrong in ((Power.DECIDE, Power.ACT), (Power.ACT, Power.DECIDE)):
        held.may_decide, held.may_act = wrong == Power.DECIDE, wrong == Power.ACT
        found = gate_of(application, **ready, delegations=[held], power=power)
        assert list(against(found)) == ["G13"]
        assert gate_of(application, **ready, delegations=[held], power=wrong).is_open


def test_before_there_is_somebody_who_decides_the_gate_is_not_open(office: Cast) -> None:
    gate = gate_of(make_recommended(office.analyst, office.senior))
    assert gate.is_open_but_for_the_person
    assert not gate.is_open
    assert [one.rule.code for one in gate.findings if one.state == "to_come"] == ["G12", "G13"]


def test_a_place_that_is_not_known_is_no_lenient_one(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    [consignee] = read_file(application).parties_as("consignee")
    intake.edit_party(consignee, {"country": None}, by=office.analyst)
    found = {one.rule.code: one for one in gate_of(application).failures}
    assert "has no country" in " ".join(str(reason.words) for reason in found["G5"].reasons)
