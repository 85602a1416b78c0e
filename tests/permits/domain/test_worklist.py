"""The worklist: which cases, in which order, from overviews no older than the request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.domain.people import close_account
from accounts.domain.roles import end_role
from accounts.exceptions import NotPermitted
from accounts.models import RoleGrant, User
from accounts.rules import roles_of
from history import clock
from history.domain.verify import verify
from permits.choices import Flag, PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import acts, intake, worklist
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.clock import clock_of_file, last_day_of
from permits.domain.decision import issue
from permits.domain.overview import BLANK, ONCE, refresh
from permits.domain.recommendation import put_to_applicant, recommend, record_reply
from permits.domain.ruling import rule_on
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    NOT_RESIDENT,
    listing_policies,
    party_key,
    set_aside,
)
from permits.models import Application, Card, Overview, Party, Permit
from policies.choices import Stance
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import (
    PARTY,
    WHY,
    answer_cards,
    attached,
    clear_parties,
    country,
    in_a_year,
    lower,
    make_draft,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    say,
    sign_cards,
)

IS_SQLITE = connection.vendor == "sqlite"


def rows_for(person: User, view: str = "open", sort: str = "") -> list[worklist.Row]:
    refresh()
    who = worklist.viewer(person, roles_of(person), clock.today())
    chosen = Application.objects.filter(worklist.of_view(view, who))
    return worklist.rows_of(worklist.read(worklist.in_order(chosen, who, sort=sort)))


def overview_of(application: Application) -> Overview:
    refresh()
    return Overview.objects.get(application=application)


def test_an_overview_says_what_the_page_of_the_case_says(office: Cast) -> None:
    application = make_in_review(office.analyst)
    intake.add_party(
        application,
        {
            "role": "consignee",
            "is_organization": True,
            "name": "Elsewhere",
            "country": country("AE"),
        },
        by=office.analyst,
    )
    application.refresh_from_db()
    shown = clock_of_file(read_file(application), clock.today())
    found = overview_of(application)
    # A second destination makes the longer standard hold: the list says so too.
    assert shown.standard_days == 40
    assert (found.due_on, found.chargeable, found.standard_days) == (
        shown.due_on,
        shown.chargeable,
        shown.standard_days,
    )


def test_an_overview_follows_every_act(office: Cast) -> None:
    application = make_in_review(office.analyst)
    assert overview_of(application).review == BLANK * 6
    answer_cards(application, by=office.analyst)
    card = Card.objects.get(application=application, consideration=CONSIDERATIONS[0].number)
    sign_card(card, by=office.analyst)
    assert overview_of(application).review.count(ONCE) == 1


def test_nothing_is_made_anew_when_nothing_happened(office: Cast) -> None:
    make_in_review(office.analyst)
    assert refresh() == 1
    with CaptureQueriesContext(connection) as queries:
        assert refresh() == 0
    assert len(queries) <= 3


def test_another_day_makes_open_cases_anew_and_only_those(office: Cast) -> None:
    open_case = make_in_review(office.analyst)
    closed = make_draft(office.analyst)
    intake.withdraw(closed, by=office.analyst, reason="The applicant asked.")
    refresh()
    Overview.objects.update(on=clock.today() - timedelta(days=1))
    refresh()
    days = dict(Overview.objects.values_list("application", "on"))
    assert days[open_case.pk] == clock.today()
    assert days[closed.pk] < clock.today()


def test_many_cases_are_made_in_slices(office: Cast) -> None:
    for _ in range(5):
        make_draft(office.analyst)
    made = 0
    while found := refresh(most=2):
        made += found
        assert made < 100
    assert Overview.objects.count() == 5


@pytest.mark.parametrize("most", [1, 3])
def test_a_slice_never_skips_an_event(office: Cast, most: int) -> None:
    first, second = make_draft(office.analyst), make_in_review(office.analyst)
    while refresh(most=most):
        pass
    intake.edit_application(first, {"destination": country("SA")}, by=office.analyst)
    intake.assign(second, office.analyst_b, by=office.senior)
    while refresh(most=most):
        pass
    assert not refresh()
    assert (
        Overview.objects.get(application=first).number
        <= Overview.objects.get(application=second).number
    )


def test_each_person_sees_first_what_waits_for_them(office: Cast) -> None:
    mine = make_in_review(office.analyst)
    intake.assign(mine, office.analyst, by=office.senior)
    waiting = make_recommended(office.analyst, office.analyst_b)
    rows = {row.application.pk: row.group for row in rows_for(office.decision)}
    assert rows[waiting.pk] == worklist.TODAY
    assert rows[mine.pk] == worklist.WAITING
    rows = {row.application.pk: row.group for row in rows_for(office.analyst)}
    assert rows[mine.pk] == worklist.YOURS
    assert rows[waiting.pk] == worklist.WAITING


@pytest.mark.parametrize("leaving", ["the account is closed", "the role ends"])
def test_what_somebody_had_who_left_is_nobodys_and_another_takes_it(
    leaving: str, office: Cast
) -> None:
    under_way, submitted = make_in_review(office.analyst), make_draft(office.analyst)
    for case in (under_way, intake.submit(submitted, by=office.analyst)):
        intake.assign(case, office.analyst, by=office.senior)
    with pytest.raises(NotPermitted):
        intake.assign(under_way, office.analyst_b, by=office.analyst_b)
    assert not rows_for(office.analyst_b, "unassigned")
    if leaving == "the account is closed":
        close_account(office.analyst, by=office.admin, reason=WHY)
    else:
        grant = RoleGrant.objects.get(person=office.analyst)
        end_role(grant, by=office.admin, reason=WHY, on=clock.today())
    told = {row.application.pk: row for row in rows_for(office.analyst_b, "unassigned")}
    assert set(told) == {under_way.pk, submitted.pk}
    assert told[under_way.pk].why == "Analyst A., who has it, works on applications no more"
    assert told[submitted.pk].group == worklist.YOURS
    taken = intake.assign(under_way, office.analyst_b, by=office.analyst_b)
    assert taken.assigned_to == office.analyst_b
    assert intake.take_up(submitted, by=office.analyst_b).assigned_to == office.analyst_b


def test_groups_go_in_order_over_all_pages(office: Cast) -> None:
    for _ in range(3):
        make_draft(office.analyst_b)
        intake.assign(make_in_review(office.analyst_b), office.analyst, by=office.senior)
    groups = [row.group for row in rows_for(office.analyst)]
    assert groups == sorted(groups, key=worklist.GROUPS.index)
    assert worklist.YOURS in groups
    assert worklist.WAITING in groups


@pytest.mark.parametrize("view", worklist.VIEWS)
def test_the_number_beside_a_view_is_the_number_of_its_rows(office: Cast, view: str) -> None:
    make_draft(office.analyst)
    make_in_review(office.analyst)
    make_recommended(office.analyst, office.analyst_b)
    refresh()
    who = worklist.viewer(office.analyst, [Role.ANALYST], clock.today())
    counts = worklist.counts(Application.objects.all(), who)
    assert counts[view] == len(rows_for(office.analyst, view))


@pytest.mark.parametrize("sort", [sign + name for name in worklist.SORTS for sign in ("", "-")])
def test_a_list_can_be_sorted_by_any_of_its_columns(office: Cast, sort: str) -> None:
    first = make_draft(office.analyst)
    second = make_in_review(office.analyst)
    found = [row.application.pk for row in rows_for(office.analyst, sort=sort)]
    assert set(found) == {first.pk, second.pk}
    if sort.removeprefix("-") == "reference":
        assert found == ([second.pk, first.pk] if sort[0] == "-" else [first.pk, second.pk])


def test_a_case_waits_for_whoever_can_give_one_of_its_second_signatures(office: Cast) -> None:
    case = make_in_review(office.analyst)

    def it_waits_for() -> set[User]:
        people = (office.analyst, office.analyst_b, office.senior)
        return {one for one in people if [row.group for row in rows_for(one, "second")]}

    assert it_waits_for() == set()
    cards = answer_cards(case, by=office.analyst)
    sign_card(cards[0], by=office.analyst)
    assert it_waits_for() == {office.analyst_b, office.senior}
    second = edit_card(case, cards[1].consideration, {"finding": "Again"}, by=office.senior)
    sign_card(second, by=office.analyst_b)
    # The first can be signed by the other two, the second by the analyst: each can give one.
    assert it_waits_for() == {office.analyst, office.analyst_b, office.senior}
    sign_card(Card.objects.get(pk=cards[0].pk), by=office.senior)
    assert it_waits_for() == {office.analyst}
    end_user = party_key(Party.objects.get(application=case, role=PartyRole.END_USER).pk)
    say(case, StatementKind.SCREENING, end_user, Screened.CLEAR, by=office.senior)
    assert it_waits_for() == {office.analyst, office.analyst_b}
    # What is stale is stated anew, and signed second by nobody.
    sign_card(Card.objects.get(pk=second.pk), by=office.analyst)
    assert it_waits_for() == {office.analyst, office.analyst_b}
    intake.declare_conflict(case, by=office.analyst_b, reason=WHY)
    assert it_waits_for() == {office.analyst}
    [party] = read_file(case).parties_as(PartyRole.END_USER)
    intake.edit_party(party, {"name": "Another"}, by=office.senior)
    assert it_waits_for() == set()


def test_a_case_waits_for_those_who_may_decide_it_now(office: Cast) -> None:
    intended, barred, plain = (make_in_review(office.analyst) for _ in range(3))
    for case in (intended, barred):
        clear_parties(case, by=office.analyst, second=office.senior)
        answer_cards(case, by=office.analyst)
    say(barred, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    lower(plain, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    clear_parties(plain, by=office.analyst, second=office.senior)
    told: dict[str, Any] = {"reasons": WHY, "by": office.analyst}
    made = recommend(intended, outcome="refused", grounds=["discretion"], **told)
    recommend(barred, outcome="refused", grounds=["7(1)"], **told)
    recommend(plain, outcome="issued", valid_to=in_a_year(), **told)

    def waiting(by: User) -> dict[int, str]:
        return {row.application.pk: row.why for row in rows_for(by) if row.group == worklist.TODAY}

    decide, now = "Waits for your decision", clock.now()
    assert waiting(office.decision) == {barred.pk: decide, plain.pk: decide}
    to_put = "The intended refusal is still to be put to the applicant"
    shown = {row.application.pk: (row.group, row.why) for row in rows_for(office.analyst)}
    assert shown[intended.pk] == (worklist.YOURS, to_put)
    intake.declare_conflict(plain, by=office.decision, reason=WHY)
    assert waiting(office.decision) == {barred.pk: decide}
    last = last_day_of(clock.today() + timedelta(days=3))
    made = put_to_applicant(made, reply_by=last, by=office.analyst)
    after = (last - clock.today()).days
    for days, waits in ((0, False), (after, False), (after + 1, True)):
        with clock.simulated(now + timedelta(days=days)):
            assert (intended.pk in waiting(office.decision)) == waits, days
    record_reply(made, reply=WHY, replied_on=clock.today(), by=office.analyst)
    assert waiting(office.decision) == {intended.pk: decide, barred.pk: decide}


def test_a_permit_at_risk_and_what_is_to_be_signed_to_loosen_it_are_told(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    case = permit.application

    def told(by: User, view: str) -> list[str]:
        found = [row.why for row in rows_for(by, view)]
        who = worklist.viewer(by, roles_of(by), clock.today())
        assert worklist.counts(Application.objects.all(), who)[view] == len(found)
        return found

    def edit(residual: str) -> Card:
        first = CONSIDERATIONS[0].number
        return edit_card(case, first, {"residual": residual}, by=office.analyst)

    edit("substantial_risk")
    words = ["Its permit is in force, and its file speaks against it now"]
    for person in (office.analyst, office.decision):
        assert told(person, "risk") == words
    with clock.simulated(clock.now() + timedelta(days=400)):
        assert told(office.decision, "risk") == []
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    assert told(office.decision, "risk") == []
    card = edit("no_substantial_risk")
    sign_card(card, by=office.analyst)
    assert told(office.senior, "second") == []
    acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    assert told(office.senior, "second") == ["Waits for a second person: that can be you"]
    assert told(office.analyst, "second") == []
    sign_card(Card.objects.get(pk=card.pk), by=office.senior)
    assert told(office.senior, "second") == []


def after_the_freeze(day: int) -> Any:
    return clock.simulated(datetime(2019, 10, day, 14, tzinfo=UTC))


def test_a_listed_party_is_told_of_a_permit_and_a_change_of_policy_alone_is_not(db: None) -> None:
    """The freeze of 11 October 2019 is for the sweeps."""
    with after_the_freeze(1):
        people = make_office()
        permit = make_permit(people.analyst, people.senior, people.decision)
    with after_the_freeze(20):
        case = permit.application
        assert rule_on(read_file(case), on=clock.today()).stance != Stance.CASE_BY_CASE
        assert speaks_against(permit) == []
        assert rows_for(people.decision, "risk") == []
        [party] = read_file(case).parties_as(PartyRole.END_USER)
        listed: dict[str, Any] = {"policies": (min(listing_policies()),), "by": people.analyst}
        say(case, StatementKind.SCREENING, party_key(party.pk), Screened.LISTED, **listed)
        assert f"party-{party.pk}" in speaks_against(permit)
        assert [one.application for one in rows_for(people.decision, "risk")] == [case]


@pytest.mark.parametrize("what", ["exception", "answer"])
def test_a_stance_that_what_was_stated_since_makes_stricter_is_told_of_a_permit(
    db: None, what: str
) -> None:
    on = {"exception": datetime(2020, 5, 4, 14, tzinfo=UTC), "answer": clock.now()}[what]
    place = {"exception": "TR", "answer": "HK"}[what]
    with clock.simulated(on):
        people = make_office()
        two: dict[str, Any] = {"by": people.analyst, "second": people.senior}
        case = make_ready(people.analyst, people.senior, destination=place)
        if what == "exception":
            made = say(
                case,
                StatementKind.EXCEPTION,
                "TR-2020-04-16-presumptive:nato",
                CLAIMED,
                document=attached(case, people.analyst),
                **two,
            )
        else:
            made = say(case, StatementKind.ANSWER, "HK-2020-07-03:sensitive", "no", **two)
        sign_cards(case, by=people.analyst, second=people.senior)
        recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=people.analyst)
        permit = issue(case, reasons=WHY, adopts_determination=True, by=people.decision)
        assert speaks_against(permit) == []
        assert rows_for(people.decision, "risk") == []
        if what == "exception":
            set_aside(made, by=people.senior, reason=WHY)
        else:
            say(case, StatementKind.ANSWER, made.key, "yes", **two)
        assert speaks_against(permit) == ["line-1"]
        assert [one.application for one in rows_for(people.decision, "risk")] == [case]


def make_office() -> Cast:
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people


def speaks_against(permit: Permit) -> list[str]:
    """Where what speaks against a permit is mended, as its page tells it."""
    client = Client()
    client.force_login(permit.decision.decided_by)
    return [one.at for one in client.get(permit.get_absolute_url()).context["risks"]]


# What somebody else wrote there


def write(application: Application, column: str, value: Any) -> None:
    """Past the program: SQLite takes any kind of value in any column."""
    with connection.cursor() as cursor:
        if IS_SQLITE:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(
            f'UPDATE permits_overview SET "{column}" = %s WHERE application_id = %s',
            [value, application.pk],
        )
        if IS_SQLITE:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def stored(application: Application) -> dict[str, Any]:
    return dict(Overview.objects.filter(application=application).values().get())


def test_a_text_is_found_whatever_its_capitals_and_accents(office: Cast) -> None:
    case, other = make_in_review(office.analyst), make_in_review(office.analyst)
    party = {**PARTY, "role": "consignee", "name": "Œuvres Boréal inc."}
    added = intake.add_party(case, party, by=office.analyst)

    def found(wanted: str) -> set[Application]:
        return set(worklist.searched(Application.objects.all(), wanted))

    assert found(other.reference.lower()) == {other}  # There is no overview yet.
    refresh()
    for wanted in ("Boréal", "BORÉAL", "boreal INC", "oeuvres", " œUVRES b"):
        assert found(wanted) == {case}, wanted
    assert found("boreal%") == found("bor_al") == set()
    intake.remove_party(added, by=office.analyst)
    refresh()
    assert found("Boréal") == set()


@pytest.mark.parametrize("number", [999_999_999, *(["abc"] if IS_SQLITE else [])])
def test_an_overview_that_is_ahead_of_the_log_does_not_stop_the_others(
    office: Cast, number: Any
) -> None:
    forged, other = make_in_review(office.analyst), make_in_review(office.analyst)
    refresh()
    before = stored(forged)
    write(forged, "number", number)
    write(forged, "is_waiting", True)
    places = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
    assert (f"permits_overview row {forged.pk}", "number") in places
    answer_cards(other, by=office.analyst)
    while refresh():
        pass
    assert "o" in str(stored(other)["review"])
    assert {**stored(forged), "number": 0} == {**before, "number": 0}
    assert refresh() == 0


MALFORMED = [
    ("items", "5"),
    ("items", '[["x"]]'),
    ("stance", "lenient"),
    ("requirement", "none"),
    ("review", "qqqqqq"),
    ("unsigned", "everybody"),
    ("kept_from_deciding", "everybody"),
    *(
        [
            ("on", "2026-13-45"),
            ("due_on", "2026-13-45"),
            ("decided_from", "2026-13-45"),
            ("risk_until", "2026-13-45"),
            ("value", "much"),
            ("chargeable", "many"),
            ("standard_days", "many"),
            ("has_moved", "perhaps"),
        ]
        if IS_SQLITE
        else []
    ),
]


@pytest.mark.parametrize(("column", "value"), MALFORMED)
def test_an_overview_out_of_form_is_made_anew(office: Cast, column: str, value: str) -> None:
    forged, other = make_in_review(office.analyst), make_in_review(office.analyst)
    refresh()
    before = stored(forged)
    write(forged, column, value)
    rows = rows_for(office.analyst)
    assert {one.application.pk for one in rows} == {forged.pk, other.pk}
    assert stored(forged) == before


@pytest.mark.parametrize(
    ("column", "value"),
    [("due_on", "2030-01-01"), ("is_waiting", True), ("items", '["9-9"]'), ("text", "x")],
)
def test_a_changed_overview_of_an_open_case_is_found_by_the_deep_check(
    office: Cast, column: str, value: Any
) -> None:
    forged, _other = make_in_review(office.analyst), make_in_review(office.analyst)
    refresh()
    assert verify(deep=True).good
    write(forged, column, value)
    assert [(fault.place, fault.reason) for fault in verify(deep=True).faults] == [
        (f"permits_overview row {forged.pk}", column)
    ]


def test_an_overview_that_is_behind_is_no_fault(office: Cast) -> None:
    case = make_in_review(office.analyst)
    refresh()
    answer_cards(case, by=office.analyst)
    assert verify(deep=True).good
