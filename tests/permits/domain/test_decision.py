"""Deciding: what is looked at once more, and under which delegation it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.choices import Power, Role
from accounts.domain.delegations import confirm_delegation, propose_delegation
from accounts.exceptions import NotPermitted, Refused
from accounts.models import Delegation, User
from history import canonical, clock
from history.domain.door import Conflict
from history.models import Event
from permits.choices import Flag, StatementKind
from permits.domain import acts
from permits.domain.casefile import read_file
from permits.domain.casework import head_of
from permits.domain.clock import read_calendar
from permits.domain.decision import (
    decided_from,
    issue,
    ministers_exceptions,
    refuse,
    return_without_action,
)
from permits.domain.gate import GateClosed
from permits.domain.intake import declare_conflict
from permits.domain.recommendation import put_to_applicant, recommend
from permits.domain.ruling import rule_on
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    NOT_RESIDENT,
    PREJUDICIAL,
    STATE_SAFETY_KEY,
    exception_in_words,
)
from permits.models import Application, Decision, Permit
from permits.verbs import Verb
from tests.people import TERMS, Cast, give_delegation, make_cast, make_person_with
from tests.permits.factories import (
    LINE,
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
    sign_cards,
)


def under(person: User, power: Power, office: Cast, number: str) -> Delegation:
    """A delegation with that one power."""
    proposed = propose_delegation(
        person,
        replace(TERMS, powers=frozenset({power}), number=number),
        by=office.admin,
        reason=WHY,
        starts_on=clock.today(),
    )
    return confirm_delegation(proposed, by=office.admin_b)


def barred(office: Cast) -> Application:
    """A refusal recommended that leaves no discretion: the applicant is no resident."""
    application = make_in_review(office.analyst)
    say(application, StatementKind.ELIGIBILITY, APPLICANT_KEY, "not_resident", by=office.analyst)
    recommend(application, outcome="refused", grounds=["7(1)"], reasons=WHY, by=office.analyst)
    return application


def returned(office: Cast) -> Application:
    line = {**LINE, "items": [], "description": "Office chairs"}
    application = make_in_review(office.analyst, destination="FR", lines=[line])
    recommend(
        application,
        outcome="returned",
        grounds=["no_permit_needed"],
        reasons=WHY,
        by=office.analyst,
    )
    return application


def test_what_was_not_recommended_is_not_decided(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    with pytest.raises(Refused, match="not what was recommended"):
        refuse(application, grounds=["discretion"], reasons=WHY, by=office.decision)
    with pytest.raises(Refused, match="not what was recommended"):
        return_without_action(
            application, ground="no_permit_needed", reasons=WHY, by=office.decision
        )
    with pytest.raises(Refused, match="not what was recommended"):
        issue(barred(office), reasons=WHY, adopts_determination=True, by=office.decision)
    assert not Decision.objects.exists()


def test_the_delegation_is_the_one_that_gives_the_power(office: Cast) -> None:
    """Of two, the first lets its holder act on permits and not decide."""
    decider = make_person_with("decider", Role.DECISION_MAKER)
    under(decider, Power.ACT, office, "T-2")
    application = make_recommended(office.analyst, office.senior)
    with pytest.raises(GateClosed, match="G13"):
        issue(application, reasons=WHY, adopts_determination=True, by=decider)
    right = under(decider, Power.DECIDE, office, "T-3")
    permit = issue(application, reasons=WHY, adopts_determination=True, by=decider)
    assert permit.decision.delegation == right


@pytest.mark.parametrize("way", ["refuse", "return"])
def test_a_refusal_too_takes_another_person_with_a_delegation(office: Cast, way: str) -> None:
    application = barred(office) if way == "refuse" else returned(office)

    def decide(by: User) -> Decision:
        if way == "refuse":
            return refuse(application, grounds=["7(1)"], reasons=WHY, by=by)
        return return_without_action(application, ground="no_permit_needed", reasons=WHY, by=by)

    without = make_person_with("without", Role.DECISION_MAKER)
    with pytest.raises(NotPermitted, match="No delegation to you"):
        decide(without)
    biased = make_person_with("biased", Role.DECISION_MAKER)
    give_delegation(biased, proposed_by=office.admin, confirmed_by=office.admin_b)
    declare_conflict(application, by=biased, reason=WHY)
    with pytest.raises(NotPermitted, match="conflict of interest"):
        decide(biased)
    acts_only = make_person_with("acts-only", Role.DECISION_MAKER)
    under(acts_only, Power.ACT, office, "T-4")
    with pytest.raises(NotPermitted, match="No delegation to you"):
        decide(acts_only)
    assert decide(office.decision).decided_by == office.decision


def test_grounds_hold_when_it_is_decided(office: Cast) -> None:
    with pytest.raises(ValidationError, match="stricter than case by case"):
        refuse(barred(office), grounds=["policy"], reasons=WHY, by=office.decision)
    with pytest.raises(ValidationError, match="No general permit covers"):
        return_without_action(
            returned(office), ground="general_permit", reasons=WHY, by=office.decision
        )
    assert not Decision.objects.exists()


def test_exceptional_circumstances_are_signed_by_who_decides(db: None) -> None:
    key = "TR-2020-04-16-presumptive:minister"
    with clock.simulated(datetime(2020, 5, 4, 14, tzinfo=UTC)):
        people = make_cast()
        give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
        application = make_in_review(people.analyst)
        document = attached(application, people.analyst)
        say(
            application,
            StatementKind.EXCEPTION,
            key,
            CLAIMED,
            by=people.analyst,
            second=people.senior,
            document=document,
        )
        clear_parties(application, by=people.analyst, second=people.senior)
        answer_cards(application, by=people.analyst)
        sign_cards(application, by=people.analyst, second=people.senior)
        recommend(
            application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=people.analyst
        )
        for signed in ([], ["TR-2020-04-16-presumptive:nato"]):
            with pytest.raises(ValidationError, match="Sign the exceptional circumstances"):
                issue(
                    application,
                    reasons=WHY,
                    adopts_determination=True,
                    exceptions_signed=signed,
                    by=people.decision,
                )
        assert not Permit.objects.exists()
        permit = issue(
            application,
            reasons=WHY,
            adopts_determination=True,
            exceptions_signed=[key, "TR-2020-04-16-presumptive:nato"],
            by=people.decision,
        )
        # The decision tells what it rests on, and no more.
        assert permit.decision.exceptions_signed == [key]
        # As whoever issues it, whoever gives it back signs them.
        acts.act_at_once(permit, kind="suspend", reason=WHY, by=people.decision)
        act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=people.analyst)
        client, address = Client(), reverse("permits:perform", args=[act.pk])
        client.force_login(people.decision)
        seen = {"seen": head_of(application)}
        shown = client.get(address).content.decode()
        for one in (
            f'value="{key}"',
            escape(exception_in_words(key)),
            "The claim and its evidence",
        ):
            assert one in shown, one
        page = client.post(address, seen)
        assert page.status_code == 200
        words = f"Sign the exceptional circumstances: {exception_in_words(key)}."
        assert escape(words) in page.content.decode()
        case = client.get(application.get_absolute_url()).content.decode()
        assert "Signed, as exceptional circumstances:" in case
        with pytest.raises(ValidationError, match="Sign the exceptional circumstances"):
            acts.perform_act(act, by=people.decision)
        assert client.post(address, {**seen, "exceptions_signed": [key]}).status_code == 302
        body = canonical.decode(bytes(Event.objects.get(verb=Verb.REINSTATED).body))
        assert body["data"] == {"exceptions_signed": [key]}


def test_only_an_exception_that_the_ruling_rests_on_is_to_be_signed(db: None) -> None:
    """Claimed and countersigned, but for a presumption that is over when it is decided."""
    key = "TR-2020-04-16-presumptive:minister"
    with clock.simulated(datetime(2020, 5, 4, 14, tzinfo=UTC)):
        people = make_cast()
        case = make_in_review(people.analyst)
        say(
            case,
            StatementKind.EXCEPTION,
            key,
            CLAIMED,
            by=people.analyst,
            second=people.senior,
            document=attached(case, people.analyst),
        )
        file = read_file(case)
    for on, wanted in ((date(2020, 5, 4), {key}), (date(2024, 2, 12), set())):
        assert ministers_exceptions(file, rule_on(file, on=on)) == wanted


def test_a_determination_under_s_7_4_is_adopted_for_arms_alone(office: Cast) -> None:
    case = make_in_review(office.analyst)
    lower(case, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    clear_parties(case, by=office.analyst, second=office.senior)
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    permit = issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    assert not permit.decision.adopts_determination
    assert not permit.decision.is_for_war_material


@pytest.mark.parametrize(
    ("activity", "provision"), [("export", "EIPA s. 7(1)"), ("brokering", "EIPA s. 7.1(1)")]
)
def test_a_permit_is_issued_under_the_provision_of_its_activity(
    office: Cast, activity: str, provision: str
) -> None:
    case = make_recommended(office.analyst, office.senior, activity=activity)
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    event = Event.objects.get(verb=Verb.ISSUED)
    assert canonical.decode(bytes(event.body))["provision"] == provision


def test_what_happened_since_the_file_was_looked_at_is_a_conflict(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    seen = head_of(case)
    declare_conflict(case, by=office.senior, reason=WHY)
    with pytest.raises(Conflict):
        issue(case, reasons=WHY, adopts_determination=True, by=office.decision, seen_head=seen)
    assert not Permit.objects.exists()
    against = barred(office)
    seen = head_of(against)
    declare_conflict(against, by=office.senior, reason=WHY)
    with pytest.raises(Conflict):
        refuse(against, grounds=["7(1)"], reasons=WHY, by=office.decision, seen_head=seen)
    assert not Decision.objects.exists()


def test_an_intended_refusal_waits_for_the_reply_or_the_end_of_its_period(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    recommend(
        application, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst
    )
    made = read_file(application).recommendation
    assert made is not None
    with pytest.raises(Refused, match="first put to the applicant"):
        refuse(application, grounds=["discretion"], reasons=WHY, by=office.decision)
    saturday = clock.today() + timedelta(days=12 - clock.today().weekday())
    made = put_to_applicant(made, reply_by=saturday, by=office.analyst)
    last, now = read_calendar().add(saturday, 1), clock.now()
    # The letter, the case and the gate name one day.
    [wait] = read_file(application).waits
    assert (made.reply_by, wait.to_on) == (last, last)
    assert decided_from(made) == last + timedelta(days=1)
    for days in range((saturday - clock.today()).days, (last - clock.today()).days + 1):
        with (
            clock.simulated(now + timedelta(days=days)),
            pytest.raises(Refused, match="may still reply"),
        ):
            refuse(application, grounds=["discretion"], reasons=WHY, by=office.decision)
    with clock.simulated(now + timedelta(days=days + 1)):
        decided = refuse(application, grounds=["discretion"], reasons=WHY, by=office.decision)
    assert decided.outcome == "refused"


def test_a_refusal_is_on_grounds_that_the_applicant_could_reply_to(office: Cast) -> None:
    case = make_in_review(office.analyst)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    say(case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, PREJUDICIAL, by=office.analyst)
    recommend(case, outcome="refused", grounds=["7(1)"], reasons=WHY, by=office.analyst)
    for grounds in (["7.2"], ["7(1)", "7.2"]):
        with pytest.raises(ValidationError, match="could reply to what was recommended only"):
            refuse(case, grounds=grounds, reasons=WHY, by=office.decision)
    refuse(case, grounds=["7(1)"], reasons=WHY, by=office.decision)
