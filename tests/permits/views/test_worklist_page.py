"""The page of the worklist: narrowing down, sorting, giving out."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from permits.domain import intake
from permits.models import Application
from tests.people import Cast
from tests.permits.factories import make_draft, make_in_review, make_recommended

WORKLIST = reverse("permits:worklist")
ASSIGN = reverse("permits:assign")
MOST_QUERIES = 12


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def found(person: User, **query: str) -> set[str]:
    response = as_person(person).get(WORKLIST, query)
    assert response.status_code == 200
    return {
        row.application.reference
        for _label, _says, rows in response.context["groups"]
        for row in rows
    }


def in_order(person: User, sort: str) -> list[Application]:
    [(_label, _says, rows)] = as_person(person).get(WORKLIST, {"sort": sort}).context["groups"]
    return [row.application for row in rows]


@pytest.fixture
def three(office: Cast) -> tuple[Application, Application, Application]:
    """A draft without a destination's ruling to speak of, one in review, one recommended."""
    reviewed = make_in_review(office.analyst, destination="SA")
    intake.assign(reviewed, office.analyst, by=office.senior)
    return (
        make_draft(office.analyst, destination="BR"),
        reviewed,
        make_recommended(office.analyst, office.analyst_b),
    )


def test_while_a_question_is_open_the_stance_is_told_that_no_answer_takes_away(
    office: Cast,
) -> None:
    """To Hong Kong an answer can leave none at all; to Belarus each is strict."""
    free, asked, strict = (
        make_in_review(office.analyst, destination=one) for one in ("FR", "HK", "BY")
    )
    again = make_in_review(office.analyst, destination="FR")
    page = as_person(office.analyst).get(WORKLIST).content.decode()
    says = {
        free: (True, False, False, False),
        asked: (False, True, False, False),
        strict: (False, False, True, True),
    }
    for case, wanted in says.items():
        row = page.partition(case.reference)[2].partition("</tr>")[0]
        words = ("Case by case", "Needs an answer", "Suspended", "a question is open")
        assert tuple(one in row for one in words) == wanted
    assert found(office.analyst, stance="asks") == {asked.reference, strict.reference}
    assert found(office.analyst, stance="suspended") == {strict.reference}
    assert found(office.analyst, stance="case_by_case") == {free.reference, again.reference}
    assert in_order(office.analyst, "stance") == [again, free, asked, strict]
    assert in_order(office.analyst, "-stance") == [strict, asked, again, free]


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ({}, {0, 1, 2}),
        ({"view": "drafts"}, {0}),
        ({"view": "recommended"}, {2}),
        ({"status": "in_review"}, {1}),
        ({"destination": "SA"}, {1}),
        ({"destination": "BR", "status": "draft"}, {0}),
        ({"assigned": "me"}, {1, 2}),
        ({"assigned": "nobody"}, {0}),
        ({"stance": "prohibited"}, set()),
        ({"activity": "brokering"}, set()),
        ({"due": "late"}, set()),
        ({"due": "later"}, {1, 2}),
        ({"item": "2-15.d"}, {0, 1, 2}),
        ({"item": "2-1"}, set()),
        ({"q": "no such words"}, set()),
        ({"page": "99"}, {0, 1, 2}),
    ],
)
def test_the_worklist_is_narrowed_down(
    office: Cast,
    three: tuple[Application, Application, Application],
    query: dict[str, str],
    which: set[int],
) -> None:
    wanted = {three[one].reference for one in which}
    assert found(office.analyst, **query) == wanted


@pytest.mark.parametrize(
    ("field", "typed"),
    [("destination", "nowhere"), ("stance", "kind"), ("assigned", "999999"), ("q", "x" * 300)],
)
def test_a_filter_that_cannot_be_read_is_named_and_finds_nothing(
    office: Cast, three: tuple[Application, ...], field: str, typed: str
) -> None:
    response = as_person(office.analyst).get(WORKLIST, {field: typed})
    assert response.context["groups"] == []
    assert field in response.context["filter"].form.errors
    assert typed[:40] in response.content.decode()


@pytest.mark.parametrize(
    "query", [{"sort": "nonsense"}, {"page": "0"}, {"page": "x"}, {"view": "?"}]
)
def test_nonsense_in_the_address_shows_the_worklist(office: Cast, query: dict[str, str]) -> None:
    assert as_person(office.analyst).get(WORKLIST, query).status_code == 200


def test_the_column_that_it_is_sorted_by_says_so(
    office: Cast, three: tuple[Application, ...]
) -> None:
    page = as_person(office.analyst).get(WORKLIST, {"sort": "-due", "view": "all"})
    assert 'aria-sort="descending"><a class="sort" href="?sort=due&amp;view=all"' in (
        page.content.decode()
    )


def test_a_senior_analyst_gives_out_several_at_once(
    office: Cast, three: tuple[Application, ...]
) -> None:
    sent = {"application": [one.pk for one in three], "to": office.analyst_b.pk}
    response = as_person(office.senior).post(ASSIGN, {**sent, "back": f"{WORKLIST}?view=all"})
    assert response["Location"] == f"{WORKLIST}?view=all"
    names = Application.objects.values_list("assigned_to__username", flat=True)
    assert set(names) == {"analyst-b"}


def test_an_analyst_takes_what_is_free_and_is_told_of_the_rest(
    office: Cast, three: tuple[Application, ...]
) -> None:
    draft, taken, _recommended = three
    client = as_person(office.analyst_b)
    page = client.post(ASSIGN, {"application": [draft.pk, taken.pk]}, follow=True).content.decode()
    draft.refresh_from_db()
    taken.refresh_from_db()
    assert (draft.assigned_to, taken.assigned_to) == (office.analyst_b, office.analyst)
    assert f"{taken.reference}: A senior analyst assigns applications to others." in page
    assert "1 application is assigned to you." in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Tick at least one application."),
        ({"application": ["x", "-1", "9" * 30]}, "Tick at least one application."),
        ({"application": ["1"], "to": "banana"}, "Choose a person who works on applications"),
    ],
)
def test_what_cannot_be_given_out_is_said(
    office: Cast, sent: dict[str, list[str]], words: str
) -> None:
    response = as_person(office.senior).post(ASSIGN, sent, follow=True)
    assert words in response.content.decode()


def test_nobody_is_led_elsewhere_afterwards(office: Cast) -> None:
    response = as_person(office.senior).post(ASSIGN, {"back": "https://evil.example/"})
    assert response["Location"] == WORKLIST


def test_an_administrator_is_not_a_person_to_give_applications_to(
    office: Cast, three: tuple[Application, ...]
) -> None:
    sent = {"application": [three[0].pk], "to": office.admin.pk}
    as_person(office.senior).post(ASSIGN, sent)
    three[0].refresh_from_db()
    assert three[0].assigned_to is None


def test_the_worklist_costs_few_queries_however_many_rows(office: Cast) -> None:
    client = as_person(office.senior)
    make_in_review(office.analyst)

    def count() -> int:
        client.get(WORKLIST)
        with CaptureQueriesContext(connection) as queries:
            client.get(WORKLIST)
        return len(queries)

    one = count()
    for _ in range(29):
        make_in_review(office.analyst)
    assert count() == one
    assert one <= MOST_QUERIES


@pytest.mark.parametrize("back", ["None", "b", "?x", "NaN", "//evil.example", "javascript:x"])
def test_assigning_leads_back_to_this_site_whatever_was_sent(office: Cast, back: str) -> None:
    sent = {"application": [make_in_review(office.analyst).pk], "to": "", "back": back}
    response = as_person(office.senior).post(ASSIGN, sent)
    assert response.status_code == 302
    assert "evil" not in response.headers["Location"]
    assert "javascript" not in response.headers["Location"]
