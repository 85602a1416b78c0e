"""Recommending: which grounds hold on which file, and putting a refusal to the applicant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import Refused
from history import clock
from permits.choices import Flag, PartyRole, ReturnGround, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.clock import last_day_of
from permits.domain.consultations import end_wait, open_wait
from permits.domain.gate import GateClosed
from permits.domain.recommendation import (
    put_to_applicant,
    recommend,
    record_reply,
    refuse_to_recommend,
    send_back,
)
from permits.domain.statements import (
    APPLICANT_KEY,
    NOT_RESIDENT,
    PREJUDICIAL,
    RAISED,
    STATE_SAFETY_KEY,
    flag_key,
    party_key,
)
from permits.models import Application, Recommendation
from tests.people import Cast, make_cast
from tests.permits.factories import (
    ANSWERS,
    LINE,
    PARTY,
    WHY,
    in_a_year,
    make_in_review,
    make_ready,
    say,
)

FIRST = CONSIDERATIONS[0].number


def test_a_closed_gate_is_told_with_all_else_that_is_wrong(office: Cast) -> None:
    case = make_in_review(office.analyst)
    with pytest.raises(ValidationError) as refusal:
        recommend(case, outcome="issued", reasons="...", by=office.analyst)
    told = refusal.value.message_dict
    assert set(told) == {"outcome", "reasons", "valid_to"}
    assert "The gate does not open" in told["outcome"][0]


def test_nothing_is_recommended_while_neither_the_gate_nor_a_ground_holds(office: Cast) -> None:
    case = make_in_review(office.analyst)
    with pytest.raises(Refused, match="Nothing can be recommended yet"):
        refuse_to_recommend(read_file(case))
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    refuse_to_recommend(read_file(case))
    refuse_to_recommend(read_file(make_ready(office.analyst, office.senior)))


@pytest.fixture
def ready(office: Cast) -> Application:
    return make_ready(office.analyst, office.senior)


def to_refuse(case: Application, office: Cast, *grounds: str) -> Recommendation:
    return recommend(case, outcome="refused", grounds=grounds, reasons=WHY, by=office.analyst)


def to_return(case: Application, office: Cast, ground: str) -> Recommendation:
    return recommend(case, outcome="returned", grounds=[ground], reasons=WHY, by=office.analyst)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"outcome": "granted"}, "outcome"),
        ({"outcome": "issued", "grounds": ["7.4"], "valid_to": in_a_year()}, "grounds"),
        ({"outcome": "issued"}, "valid_to"),
        ({"outcome": "issued", "valid_to": clock.today()}, "valid_to"),
        ({"outcome": "refused"}, "grounds"),
        ({"outcome": "refused", "grounds": ["no_permit_needed"]}, "grounds"),
        ({"outcome": "refused", "grounds": ["discretion"], "valid_to": in_a_year()}, "valid_to"),
        (
            {"outcome": "refused", "grounds": ["discretion"], "conditions": [("A", "B")]},
            "text_en",
        ),
    ],
)
def test_what_no_recommendation_can_be_is_refused_by_field(
    ready: Application, office: Cast, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        recommend(ready, reasons=WHY, by=office.analyst, **values)
    assert set(refusal.value.message_dict) == {field}
    assert not Recommendation.objects.exists()


def test_to_issue_is_not_recommended_before_the_gate_opens(office: Cast) -> None:
    case = make_in_review(office.analyst)
    with pytest.raises(GateClosed):
        recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)


# Grounds


@pytest.mark.parametrize(
    ("ground", "words"),
    [
        ("7.4", "no consideration that finds a substantial risk"),
        ("7(1)", "no resident of Canada is not stated"),
        ("7(2)", "no line of goods of s. 4.1 is barred"),
        ("regulation", "No line is prohibited"),
        ("7.2", "the prejudice is not stated"),
        ("policy", "No policy in force today is stricter"),
    ],
)
def test_a_ground_that_does_not_hold_is_refused_in_its_words(
    ready: Application, office: Cast, ground: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        to_refuse(ready, office, ground)
    # Nor beside one that does.
    with pytest.raises(ValidationError, match=words):
        to_refuse(ready, office, "discretion", ground)


def a_risk(case: Application, office: Cast) -> None:
    edit_card(case, FIRST, {"residual": "substantial_risk"}, by=office.analyst)


def test_a_risk_is_a_ground_once_two_people_have_signed_it(
    ready: Application, office: Cast
) -> None:
    a_risk(ready, office)
    with pytest.raises(ValidationError, match="signed by two people"):
        to_refuse(ready, office, "7.4")
    cards = read_file(ready).cards
    assert cards[0].first_by_id is None
    sign_card(sign_card(cards[0], by=office.analyst), by=office.senior)
    assert to_refuse(ready, office, "7.4").grounds == ["7.4"]


def test_a_risk_is_no_ground_for_goods_that_are_no_arms(office: Cast) -> None:
    line = {**LINE, "items": ["1-1.A.1"]}
    case = make_in_review(office.analyst, lines=[line])
    with pytest.raises(ValidationError, match=r"s\. 7\.4 is not law for these goods"):
        to_refuse(case, office, "7.4")


@pytest.mark.parametrize("ground", ["policy", "discretion"])
def test_discretion_takes_all_six_considerations(db: None, ground: str) -> None:
    with clock.simulated(datetime(2020, 5, 4, 14, tzinfo=UTC)):
        people = make_cast()
        case = make_in_review(people.analyst)
        with pytest.raises(ValidationError, match="All six considerations are answered"):
            to_refuse(case, people, ground)
        for one in CONSIDERATIONS:
            edit_card(case, one.number, ANSWERS, by=people.analyst)
        assert to_refuse(case, people, ground).grounds == [ground]


HOLDS: dict[str, Callable[[Application, Cast], object]] = {
    "7(1)": lambda case, office: say(
        case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst
    ),
    "7.2": lambda case, office: say(
        case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, PREJUDICIAL, by=office.analyst
    ),
}


@pytest.mark.parametrize("ground", HOLDS)
def test_a_ground_holds_by_what_is_stated(office: Cast, ground: str) -> None:
    case = make_in_review(office.analyst)
    HOLDS[ground](case, office)
    assert to_refuse(case, office, ground).grounds == [ground]


def test_goods_of_s_4_1_are_barred_by_it_and_other_goods_by_the_regulation(office: Cast) -> None:
    """Regulations prohibit both to Russia; s. 7(2) speaks of goods of s. 4.1 alone."""
    case = make_in_review(office.analyst, destination="RU")
    with pytest.raises(ValidationError, match=r"no line of goods of s\. 4\.1"):
        to_refuse(case, office, "7(2)")
    say(case, StatementKind.FLAG, flag_key(1, Flag.EIPA_4_1), "yes", by=office.analyst)
    assert to_refuse(case, office, "7(2)", "regulation").grounds == ["7(2)", "regulation"]


def test_a_general_permit_is_a_ground_where_it_covers_every_line_that_needs_one(
    office: Cast,
) -> None:
    lines = [{**LINE, "items": [item]} for item in ("2-1", "1-1.A.1")]
    case = make_in_review(office.analyst, activity="brokering", destination="DE", lines=lines)
    wmd = flag_key(2, Flag.WMD_END_USE)
    made = say(case, StatementKind.FLAG, wmd, "yes", by=office.analyst)
    with pytest.raises(ValidationError, match="No general permit covers"):
        to_return(case, office, "general_permit")
    say(case, StatementKind.FLAG, wmd, "no", by=office.analyst, second=office.senior)
    made.refresh_from_db()
    assert made.set_aside_at is not None
    assert to_return(case, office, "general_permit").grounds == ["general_permit"]


def test_a_prejudice_that_is_only_raised_is_no_ground(ready: Application, office: Cast) -> None:
    say(ready, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, RAISED, by=office.analyst)
    with pytest.raises(ValidationError, match="the prejudice is not stated"):
        to_refuse(ready, office, "7.2")


@pytest.mark.parametrize(
    ("ground", "words"),
    [
        ("no_permit_needed", "A line needs a permit"),
        ("general_permit", "No general permit covers"),
        ("ineligible", "no resident of Canada is not stated"),
    ],
)
def test_what_needs_a_permit_is_not_returned(
    ready: Application, office: Cast, ground: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        to_return(ready, office, ground)


# What is otherwise now


def another_applicant(case: Application, office: Cast) -> None:
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    [party] = read_file(case).parties_as(PartyRole.APPLICANT)
    intake.remove_party(party, by=office.analyst)
    intake.add_party(case, {**PARTY, "role": "applicant"}, by=office.analyst)


def another_end_user(case: Application, office: Cast) -> None:
    [party] = read_file(case).parties_as(PartyRole.END_USER)
    key, listed = party_key(party.pk), ("RU-listing",)
    say(case, StatementKind.SCREENING, key, Screened.LISTED, policies=listed, by=office.analyst)
    intake.edit_party(party, {"name": "Another company", "address": "2 Street"}, by=office.analyst)


def other_goods(case: Application, office: Cast) -> None:
    related = flag_key(1, Flag.RELATED_MATERIAL)
    say(case, StatementKind.FLAG, related, "yes", by=office.analyst)
    [line] = read_file(case).lines
    intake.edit_line(line, {"items": ["1-6.A.3"], "description": "Others"}, by=office.analyst)


def another_use(case: Application, office: Cast) -> None:
    say(case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, PREJUDICIAL, by=office.analyst)
    intake.edit_application(case, {"end_use": "Training of pilots"}, by=office.analyst)


@pytest.mark.parametrize(
    ("outcome", "ground", "change"),
    [
        ("refused", "7(1)", another_applicant),
        ("returned", "ineligible", another_applicant),
        ("refused", "regulation", another_end_user),
        ("refused", "policy", another_end_user),
        ("refused", "regulation", other_goods),
        ("refused", "7.2", another_use),
    ],
)
def test_what_was_stated_of_something_else_is_no_ground(
    office: Cast, outcome: str, ground: str, change: Callable[[Application, Cast], None]
) -> None:
    goods = {**LINE, "items": ["1-6.A.2"]}
    case = make_in_review(office.analyst, destination="LB", lines=[goods])
    change(case, office)
    with pytest.raises(ValidationError, match="stated of what has changed since"):
        recommend(case, outcome=outcome, grounds=[ground], reasons=WHY, by=office.analyst)


def test_what_is_stated_anew_of_what_is_there_is_a_ground(office: Cast) -> None:
    case = make_in_review(office.analyst)
    another_applicant(case, office)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    assert to_refuse(case, office, "7(1)").grounds == ["7(1)"]


def test_nobody_is_told_to_go_on_without_a_permit_where_the_law_prohibits_it(
    office: Cast,
) -> None:
    goods = {**LINE, "items": ["1-6.A.2"]}
    case = make_in_review(office.analyst, activity="brokering", destination="RU", lines=[goods])
    with pytest.raises(ValidationError, match="hangs on a policy question that is open"):
        to_return(case, office, "no_permit_needed")
    restricted = "RU-2022-03-24-RGTL:restricted_goods"
    say(case, StatementKind.ANSWER, restricted, "yes", by=office.analyst, second=office.senior)
    with pytest.raises(ValidationError, match="prohibited by a regulation"):
        to_return(case, office, "no_permit_needed")
    say(case, StatementKind.ANSWER, restricted, "no", by=office.analyst, second=office.senior)
    assert to_return(case, office, "no_permit_needed").grounds == ["no_permit_needed"]


# The intended refusal


@pytest.fixture
def intended(ready: Application, office: Cast) -> Recommendation:
    return to_refuse(ready, office, "discretion")


def soon() -> Any:
    return clock.today() + timedelta(days=5)


def test_only_an_intended_refusal_is_put_to_the_applicant(ready: Application, office: Cast) -> None:
    made = recommend(ready, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    with pytest.raises(Refused, match="Only an intended refusal"):
        put_to_applicant(made, reply_by=soon(), by=office.analyst)


def test_a_legal_bar_is_not_put_to_the_applicant(office: Cast) -> None:
    case = make_in_review(office.analyst)
    HOLDS["7(1)"](case, office)
    made = to_refuse(case, office, "7(1)")
    with pytest.raises(Refused, match="leaves no discretion"):
        put_to_applicant(made, reply_by=soon(), by=office.analyst)


def test_a_legal_bar_beside_discretion_leaves_something_to_reply_to(
    ready: Application, office: Cast
) -> None:
    HOLDS["7(1)"](ready, office)
    made = to_refuse(ready, office, "7(1)", "discretion")
    assert put_to_applicant(made, reply_by=soon(), by=office.analyst).put_on == clock.today()


def waits_for_reply(case: Application) -> list[Any]:
    return [one.to_on for one in read_file(case).waits if one.kind == "reply"]


def test_the_wait_for_a_reply_ends_with_the_day_of_the_reply(
    intended: Recommendation, office: Cast
) -> None:
    put = put_to_applicant(intended, reply_by=soon(), by=office.analyst)
    assert waits_for_reply(put.application) == [last_day_of(soon())]
    replied_on = clock.today() + timedelta(days=2)
    with clock.simulated(clock.now() + timedelta(days=4)):
        record_reply(put, reply=WHY, replied_on=replied_on, by=office.analyst)
    assert waits_for_reply(put.application) == [replied_on]


def test_sending_it_back_ends_the_wait_for_a_reply(intended: Recommendation, office: Cast) -> None:
    put = put_to_applicant(intended, reply_by=soon(), by=office.analyst)
    send_back(put, reason=WHY, by=office.decision)
    assert waits_for_reply(put.application) == [clock.today()]


def test_it_is_put_once_and_answered_once(intended: Recommendation, office: Cast) -> None:
    with pytest.raises(Refused, match="was not put"):
        record_reply(intended, reply=WHY, replied_on=clock.today(), by=office.analyst)
    with pytest.raises(ValidationError, match="Give a day after today"):
        put_to_applicant(intended, reply_by=clock.today(), by=office.analyst)
    put = put_to_applicant(intended, reply_by=soon(), by=office.analyst)
    with pytest.raises(Refused, match="put to the applicant already"):
        put_to_applicant(put, reply_by=soon(), by=office.analyst)
    for wrong in (clock.today() - timedelta(days=1), clock.today() + timedelta(days=1)):
        with pytest.raises(ValidationError, match="from that of the letter up to today"):
            record_reply(put, reply=WHY, replied_on=wrong, by=office.analyst)
    replied = record_reply(put, reply=WHY, replied_on=clock.today(), by=office.analyst)
    with pytest.raises(Refused, match="recorded already"):
        record_reply(replied, reply=WHY, replied_on=clock.today(), by=office.analyst)


def test_one_that_was_set_aside_is_over(intended: Recommendation, office: Cast) -> None:
    application = intended.application
    back = send_back(intended, reason=WHY, by=office.decision)
    application.refresh_from_db()
    to_refuse(application, office, "discretion")
    with pytest.raises(Refused, match="was set aside"):
        put_to_applicant(back, reply_by=soon(), by=office.analyst)


def test_nobody_needs_to_live_in_canada_to_broker(office: Cast) -> None:
    case = make_in_review(office.analyst, activity="brokering")
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    for outcome, ground in (("refused", "7(1)"), ("returned", ReturnGround.INELIGIBLE)):
        with pytest.raises(ValidationError, match="may be issued to anyone"):
            recommend(case, outcome=outcome, grounds=[ground], reasons=WHY, by=office.analyst)


def test_nobody_begins_or_ends_the_time_to_reply_by_hand(
    intended: Recommendation, office: Cast
) -> None:
    case = intended.application
    put = put_to_applicant(intended, reply_by=soon(), by=office.analyst)
    with pytest.raises(ValidationError, match="Choose whom the office waits for"):
        open_wait(case, kind="reply", reason=WHY, from_on=clock.today(), by=office.analyst)
    [wait] = read_file(case).waits
    with pytest.raises(
        Refused, match="The time to reply to an intended refusal is the applicant’s"
    ):
        end_wait(wait, to_on=clock.today(), by=office.analyst)
    record_reply(put, reply="No.", replied_on=clock.today(), by=office.analyst)
    [wait] = read_file(case).waits
    assert (wait.to_on, wait.ended_by) == (clock.today(), office.analyst)
