"""The worklist: which cases, in which order, from overviews no older than the request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.models import User
from accounts.rules import roles_of
from history import clock
from history.domain.verify import verify
from permits.choices import PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake, worklist
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.clock import clock_of_file
from permits.domain.overview import BLANK, ONCE, refresh
from permits.domain.statements import party_key
from permits.models import Application, Card, Overview, Party
from tests.people import Cast
from tests.permits.factories import (
    answer_cards,
    country,
    make_draft,
    make_in_review,
    make_recommended,
    say,
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
    *(
        [
            ("on", "2026-13-45"),
            ("due_on", "2026-13-45"),
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
    ("column", "value"), [("due_on", "2030-01-01"), ("is_waiting", True), ("items", '["9-9"]')]
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
