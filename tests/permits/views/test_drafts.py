"""What is typed into a consideration is kept, and two people at one form lose nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.days import day_in_words
from history import clock
from history.domain.past import row_at
from history.models import Event
from permits.choices import RefusalGround
from permits.domain import intake
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.casework import head_of
from permits.domain.drafts import forget_old_drafts
from permits.domain.sources import add_evidence
from permits.models import Application, Card, Draft, Line
from tests.people import Cast
from tests.permits.factories import ANSWERS, WHY, make_draft, make_in_review
from tests.permits.views.test_case_pages import as_person

A = "7.3(1)(a)"


def at(application: Application, name: str = "card") -> str:
    return reverse(f"permits:{name}", args=[application.reference, "a"])


@pytest.fixture
def case(office: Cast) -> Application:
    application = make_in_review(office.analyst)
    edit_card(application, A, ANSWERS, by=office.analyst)
    return application


def typed(case: Application, **values: Any) -> dict[str, Any]:
    return {**ANSWERS, "seen": Card.objects.get(application=case).version, **values}


def page(response: Any) -> str:
    return str(response.content.decode())


def test_a_draft_is_kept_for_its_writer_alone_and_is_no_event(
    office: Cast, case: Application
) -> None:
    card = sign_card(Card.objects.get(), by=office.senior)
    events = Event.objects.count()
    mine = as_person(office.analyst)
    answer = mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    assert answer.status_code == 200
    assert "saved" in answer.json()["words"]
    assert Event.objects.count() == events
    card.refresh_from_db()
    assert (card.finding, card.first_by_id) == (ANSWERS["finding"], office.senior.pk)
    assert "Half a thought" in page(mine.get(at(case)))
    assert "Half a thought" not in page(as_person(office.senior).get(at(case)))


def test_saving_makes_one_event_and_the_draft_is_gone(office: Cast, case: Application) -> None:
    mine, events = as_person(office.analyst), Event.objects.count()
    for words in ("One", "One two", "One two three"):
        mine.post(at(case, "draft"), typed(case, finding=words))
    assert Draft.objects.count() == 1
    assert mine.post(at(case), typed(case, finding="One two three")).status_code == 302
    assert Event.objects.count() == events + 1
    assert not Draft.objects.exists()
    # A draft that was under way when it was saved says nothing new.
    late = {**typed(case, finding="One two three"), "seen": 1}
    assert "changed" not in mine.post(at(case, "draft"), late).json()
    assert not Draft.objects.exists()


def test_nobody_signs_beside_their_own_unsaved_draft(office: Cast, case: Application) -> None:
    """What one reads there is not what one would sign."""
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="A substantial risk!"))
    assert "that is not saved" in page(mine.get(at(case, "sign")))
    seen = {"seen": head_of(case)}
    assert mine.post(at(case, "sign"), seen).status_code == 409
    assert Card.objects.get().first_by is None
    # Nor does a draft bar that says what was saved meanwhile, or another person's.
    assert as_person(office.senior).post(at(case, "sign"), seen).status_code == 302
    edit_card(case, A, {"finding": "A substantial risk!"}, by=office.senior)
    assert mine.post(at(case, "sign"), {"seen": head_of(case)}).status_code == 302


def test_a_draft_is_given_up(office: Cast, case: Application) -> None:
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    mine.post(at(case, "drop_draft"))
    assert "Half a thought" not in page(mine.get(at(case)))


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
def test_a_draft_left_untouched_is_removed_after_the_days_that_its_page_says(
    office: Cast, case: Application, days: int, is_kept: bool
) -> None:
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    today = clock.today()
    assert f"removed after {day_in_words(today + timedelta(days=30))}" in page(mine.get(at(case)))
    Draft.objects.update(saved_at=clock.now() - timedelta(days=days))
    forget_old_drafts()
    assert Draft.objects.exists() is is_kept


@pytest.mark.parametrize("seen", ["", "-1", "x", "9" * 30])
def test_a_draft_begun_on_nothing_is_refused(office: Cast, case: Application, seen: str) -> None:
    answer = as_person(office.analyst).post(at(case, "draft"), typed(case, seen=seen))
    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_who_could_not_save_it_keeps_no_draft(office: Cast) -> None:
    not_in_review = make_draft(office.analyst)
    answer = as_person(office.analyst).post(at(not_in_review, "draft"), {"seen": "0"})
    assert answer.status_code == 403
    assert answer.json()["words"]
    assert not Draft.objects.exists()


JSON = {"accept": "application/json"}


def test_a_script_is_told_why_nothing_is_kept(office: Cast, case: Application) -> None:
    """Signed out, not allowed, and a page older than the sign-in are three things."""
    address, fields = at(case, "draft"), typed(case, finding="Half a thought")
    assert Client().post(address, fields, headers=JSON).status_code == 302
    not_allowed = as_person(office.auditor).post(address, fields, headers=JSON)
    assert (not_allowed.status_code, not_allowed.json()) == (
        403,
        {"words": "Your account may not do this."},
    )
    older = Client(enforce_csrf_checks=True)
    older.force_login(office.analyst)
    forged = older.post(address, fields, headers=JSON)
    assert forged.status_code == 403
    assert "signed in or out" in forged.json()["words"]
    assert not Draft.objects.exists()
    # A browser is shown a page, as ever.
    assert "<h1>" in page(as_person(office.auditor).post(address, fields))


def test_the_second_to_save_sees_three_columns_and_nothing_is_written(
    office: Cast, case: Application
) -> None:
    begun = typed(case, finding="MINE", would_change="ONLY MINE")
    edit_card(case, A, {"finding": "THEIRS", "residual_reason": "ONLY THEIRS"}, by=office.senior)
    now = Card.objects.get()
    events = Event.objects.count()
    response = as_person(office.analyst).post(at(case), begun)
    assert response.status_code == 409
    assert Event.objects.count() == events
    found = {one.name: one for one in response.context["page"].compared.columns}
    assert {
        name: (one.was, one.mine, one.now, one.is_mine, one.is_both) for name, one in found.items()
    } == {
        "finding": (ANSWERS["finding"], "MINE", "THEIRS", True, True),
        "would_change": (
            ANSWERS["would_change"],
            "ONLY MINE",
            ANSWERS["would_change"],
            True,
            False,
        ),
        "residual_reason": (
            ANSWERS["residual_reason"],
            ANSWERS["residual_reason"],
            "ONLY THEIRS",
            False,
            False,
        ),
    }
    assert office.senior.name in page(response)
    # The form is ready for the version that is there, with what only they changed.
    form = response.context["form"]
    assert form["seen"].value() == str(now.version)
    assert form["finding"].value() == "MINE"
    assert form["residual_reason"].value() == "ONLY THEIRS"


@pytest.mark.parametrize(
    ("more", "status"), [({}, 409), ({"residual": "lenient"}, 200)], ids=["conflict", "bad input"]
)
def test_what_was_sent_and_not_saved_is_there_after_the_page_is_left(
    office: Cast, case: Application, more: dict[str, str], status: int
) -> None:
    begun = typed(case, finding="MINE", **more)
    edit_card(case, A, {"finding": "THEIRS"}, by=office.senior)
    mine = as_person(office.analyst)
    response = mine.post(at(case), begun)
    assert response.status_code == status
    assert "Draft saved" in page(response)
    # Without another word from the page, by any link.
    again = page(mine.get(at(case)))
    assert 'id="compared"' in again
    assert "MINE" in again


def test_what_is_there_now_is_taken_field_by_field(office: Cast, case: Application) -> None:
    edit_card(case, A, {"finding": "THEIRS"}, by=office.senior)
    merged = typed(case, finding="MINE", would_change="ONLY MINE", take=["finding"])
    assert as_person(office.analyst).post(at(case), merged).status_code == 302
    card = Card.objects.get()
    assert (card.finding, card.would_change) == ("THEIRS", "ONLY MINE")


def test_all_evidence_that_was_ticked_stays_ticked_in_a_conflict(
    office: Cast, case: Application
) -> None:
    source = {"source": "A source for tests", "reliability": "high"}
    both = [
        str(add_evidence(case, {**source, "title": title}, by=office.analyst).pk)
        for title in ("First", "Second")
    ]
    begun = typed(case, evidence=both)
    edit_card(case, A, {"finding": "THEIRS"}, by=office.senior)
    response = as_person(office.analyst).post(at(case), begun)
    assert response.context["form"]["evidence"].value() == both


def test_a_draft_begun_before_somebody_saved_is_opened_in_three_columns(
    office: Cast, case: Application
) -> None:
    mine = as_person(office.analyst)
    begun = typed(case, finding="MINE")
    edit_card(case, A, {"finding": "THEIRS"}, by=office.senior)
    assert mine.post(at(case, "draft"), begun).json()["changed"] is True
    shown = page(mine.get(at(case)))
    assert 'id="compared"' in shown
    assert all(words in shown for words in ("MINE", "THEIRS", ANSWERS["finding"]))


def test_a_line_in_conflict_shows_three_columns_too(office: Cast) -> None:
    application = make_draft(office.analyst)
    line = read_file(application).lines[0]
    seen = line.version
    intake.edit_line(line, {"unit": "sets"}, by=office.senior)
    address = reverse("permits:line", args=[application.reference, 1])
    client: Client = as_person(office.analyst)
    form = client.get(address).context["form"]
    sent = {
        name: form[name].value() for name in form.fields if form[name].value() not in (None, False)
    }
    response = client.post(address, {**sent, "unit": "boxes", "seen": seen})
    assert response.status_code == 409
    columns = response.context["page"].compared.columns
    assert [(one.name, one.was, one.mine, one.now) for one in columns] == [
        ("unit", "each", "boxes", "sets")
    ]


def test_a_row_is_told_as_it_was_at_each_version(office: Cast, case: Application) -> None:
    first = Card.objects.get()
    edit_card(case, A, {"finding": "Second", "likelihood": "likely"}, by=office.analyst)
    edit_card(case, A, {"finding": "Third"}, by=office.senior)
    now = Card.objects.get()
    was = row_at(now, first.version)
    assert was is not None
    assert (was.finding, was.likelihood) == (first.finding, first.likelihood)
    assert was.edited_by_id == office.analyst.pk
    assert row_at(now, first.version - 1) is None
    line = Line.objects.get(application=case)
    assert row_at(line, line.version) == line


def test_every_ground_that_was_ticked_stays_ticked_in_a_conflict(
    office: Cast, case: Application
) -> None:
    address = reverse("permits:do", args=[case.reference, "recommend"])
    grounds = [RefusalGround.SUBSTANTIAL_RISK, RefusalGround.POLICY]
    case.refresh_from_db()
    values = {"outcome": "refused", "grounds": grounds, "reasons": WHY, "seen": head_of(case) - 1}
    response = as_person(office.analyst).post(address, values)
    assert response.status_code == 409
    form = response.context["form"]
    assert (form["grounds"].value(), form["seen"].value()) == (grounds, str(head_of(case)))


IS_SQLITE = connection.vendor == "sqlite"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("fields", "5"),
        ("fields", "[1]"),
        ("fields", '"finding"'),
        ("fields", '{"finding": "typed"}'),
        ("fields", '{"finding": [1, null]}'),
        ("fields", '{"finding": {"a": 1}}'),
        *(
            [
                ("seen", "many"),
                ("saved_at", "never"),
                ("saved_at", "2026-13-45 00:00:00"),
                ("fields", '{"finding": ["a\\u0000b"]}'),
            ]
            if IS_SQLITE
            else []
        ),
    ],
)
def test_a_draft_that_no_browser_sent_is_left_out_with_a_word(
    office: Cast, case: Application, column: str, value: str
) -> None:
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE permits_draft SET {column} = %s", [value])
    response = mine.get(at(case))
    assert response.status_code == 200
    assert "can&#x27;t be read" in page(response)
    assert ANSWERS["finding"] in page(response)
    # What is typed next takes its place.
    assert mine.post(at(case, "draft"), typed(case, finding="A new thought")).status_code == 200
    assert "A new thought" in page(mine.get(at(case)))


@pytest.mark.parametrize("seen", [0, 999_999_999, 10**18])
def test_a_draft_begun_on_a_version_that_never_was_gets_an_answer(
    office: Cast, case: Application, seen: int
) -> None:
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    Draft.objects.update(seen=seen)
    response = mine.get(at(case))
    assert response.status_code == 200
    assert "Half a thought" in page(response)


def test_a_draft_with_fields_of_another_form_gets_an_answer(
    office: Cast, case: Application
) -> None:
    odd = {"evidence": ["x", "99999999999999999999"], "residual": ["lenient"], "other": ["1"]}
    mine = as_person(office.analyst)
    mine.post(at(case, "draft"), typed(case, finding="Half a thought"))
    Draft.objects.update(fields={"finding": ["Half a thought"], **odd})
    response = mine.get(at(case))
    assert response.status_code == 200
    assert "Half a thought" in page(response)
