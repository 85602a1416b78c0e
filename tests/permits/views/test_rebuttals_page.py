"""The register of rebuttals: what is in it, with which signatures, and what it costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from history import clock
from permits.choices import StatementKind
from permits.domain import acts
from permits.domain.decision import issue
from permits.domain.intake import withdraw
from permits.domain.rebuttals import Rebuttal, State
from permits.domain.recommendation import recommend
from permits.domain.statements import CLAIMED, Said, countersign, set_aside, state
from permits.models import Application, Document, Statement
from permits.views import rebuttals
from policies.choices import Stance
from policies.domain.register import current_register
from policies.domain.resolve import MINISTER
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import (
    WHY,
    answer_cards,
    attached,
    clear_parties,
    in_a_year,
    make_in_review,
    sign_cards,
)

PAGE = reverse("permits:rebuttals")
POLICY = "TR-2020-04-16-presumptive"
OWN, MINISTERS = f"{POLICY}:nato", f"{POLICY}:minister"
MAY_2020 = datetime(2020, 5, 4, 14, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> Iterator[Cast]:
    """The office in May 2020, when permits to Türkiye were presumed to be denied."""
    with clock.simulated(MAY_2020):
        cast = make_cast()
        give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
        yield cast


def claim(
    application: Application, key: str, people: Cast, *, second: bool = True, reason: str = WHY
) -> Statement:
    """An exception claimed by the analyst, countersigned by the senior analyst or not."""
    there = Document.objects.filter(application=application).first()
    document = there or attached(application, people.analyst)
    said = Said(StatementKind.EXCEPTION, key, CLAIMED, reason=reason, document=document)
    made = state(application, said, by=people.analyst)
    return countersign(made, by=people.senior) if second else made


def opened(person: User, **query: str) -> Any:
    client = Client()
    client.force_login(person)
    response = client.get(PAGE, query)
    assert response.status_code == 200
    return response


def found(person: User, **query: str) -> list[Rebuttal]:
    return [row[0] for row in opened(person, **query).context["rows"]]


def as_rows(person: User, **query: str) -> list[list[str]]:
    text = opened(person, format="csv", **query).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_claim_under_presumptive_denial_is_registered_as_it_stands(people: Cast) -> None:
    application = make_in_review(people.analyst)
    made = claim(application, OWN, people, second=False)
    (row,) = found(people.auditor)
    assert (row.statement, row.policy, row.code, row.state) == (made, POLICY, "nato", State.WAITS)
    page = opened(people.auditor).content.decode()
    for shown in (application.reference, POLICY, "Analyst A.", "Statement"):
        assert shown in page
    claim(application, OWN, people)
    assert {one.state for one in found(people.auditor)} == {State.COUNTERSIGNED, State.SET_ASIDE}
    assert "countersigned by Senior analyst C." in opened(people.auditor).content.decode()


def test_the_ministers_exceptional_circumstances_are_registered_under_any_notice(
    people: Cast,
) -> None:
    """Not only under those that presume denial; a notice's other exceptions are no rebuttal."""
    application = make_in_review(people.analyst)
    freeze = "TR-2019-10-11-freeze"
    register = current_register()
    assert register.rulebook.row[freeze].stance != Stance.PRESUMPTIVE_DENIAL
    claim(application, MINISTERS, people)
    claim(application, f"{freeze}:minister", people)
    others = [
        f"{row.key}:{one.code}"
        for row in register.rulebook.rows
        for one in row.exceptions
        if row.stance != Stance.PRESUMPTIVE_DENIAL and one.code != MINISTER
    ]
    claim(application, others[0], people)
    rows = found(people.analyst)
    assert [one.statement.key for one in rows] == [f"{freeze}:minister", MINISTERS]


def test_what_is_no_rebuttal_is_left_out(people: Cast) -> None:
    """Answers, flags and screenings are statements too."""
    application = make_in_review(people.analyst)
    clear_parties(application, by=people.analyst, second=people.senior)
    assert Statement.objects.exists()
    assert found(people.analyst) == []
    assert "No exception was claimed yet" in opened(people.analyst).content.decode()


def test_a_claim_that_was_taken_back_stays_in_the_register(people: Cast) -> None:
    made = claim(make_in_review(people.analyst), OWN, people)
    set_aside(made, by=people.analyst, reason=WHY)
    (row,) = found(people.auditor)
    assert row.state == State.SET_ASIDE
    assert "set aside by Analyst A." in opened(people.auditor).content.decode()


def test_the_signature_of_who_decided_and_the_outcome_are_shown(people: Cast) -> None:
    application = make_in_review(people.analyst)
    claim(application, MINISTERS, people)
    clear_parties(application, by=people.analyst, second=people.senior)
    answer_cards(application, by=people.analyst)
    sign_cards(application, by=people.analyst, second=people.senior)
    recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=people.analyst)
    assert found(people.auditor)[0].signatures == ()
    permit = issue(
        application,
        reasons=WHY,
        adopts_determination=True,
        exceptions_signed=[MINISTERS],
        by=people.decision,
    )
    page = opened(people.auditor).content.decode()
    assert "signed by Decision-maker D. in deciding" in page
    assert [one.application.outcome for one in found(people.auditor, outcome="issued")] == [
        "issued"
    ]
    assert found(people.auditor, outcome="open") == []
    # What was signed stays told, also of a claim that is set aside afterwards.
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=people.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=people.analyst)
    acts.perform_act(act, by=people.decision, exceptions_signed=[MINISTERS])
    set_aside(found(people.auditor)[0].statement, by=people.senior, reason=WHY)
    page = opened(people.auditor).content.decode()
    assert "signed by Decision-maker D. in deciding" in page
    assert "signed by Decision-maker D. in loosening the permit" in page
    header, row = as_rows(people.auditor)
    told = dict(zip(header, row, strict=True))
    twice = "Decision-maker D., 2020-05-04; Decision-maker D., 2020-05-04"
    assert told["Signed by the decision-maker"] == twice


def test_the_register_is_narrowed_down(people: Cast) -> None:
    first = claim(make_in_review(people.analyst), OWN, people)
    application = make_in_review(people.analyst)
    second = claim(application, OWN, people)
    withdraw(application, reason=WHY, by=people.analyst)

    def shown(**query: str) -> list[Statement]:
        return [one.statement for one in found(people.analyst, **query)]

    assert shown() == [second, first]
    assert shown(outcome="open") == [first]
    assert shown(outcome="withdrawn") == [second]
    assert shown(policy=POLICY, destination="TR") == [second, first]
    assert shown(destination="SA") == []
    assert shown(policy="no-such-policy") == []


def test_what_cannot_be_read_is_said_and_no_file_pretends_otherwise(people: Cast) -> None:
    claim(make_in_review(people.analyst), OWN, people)
    page = opened(people.analyst, outcome="nonsense")
    assert page.context["filter"].form.errors.keys() == {"outcome"}
    client = Client()
    client.force_login(people.analyst)
    assert client.get(PAGE, {"outcome": "nonsense", "format": "csv"}).status_code == 400


def test_the_file_holds_what_the_page_shows_and_no_formula(people: Cast) -> None:
    application = make_in_review(people.analyst)
    made = claim(application, OWN, people, reason="=1+1 is a formula")
    assert made.document is not None
    header, row = as_rows(people.auditor)
    told = dict(zip(header, row, strict=True))
    assert told["Application"] == application.reference
    assert (told["Policy"], told["Code"]) == (POLICY, "nato")
    assert told["Reason"] == "'=1+1 is a formula"
    assert told["Claimed"] == "2020-05-04T10:00:00-04:00"
    assert told["SHA-256 of the evidence"] == made.document.sha256
    assert (told["Countersigned by"], told["Outcome of the case"]) == ("Senior analyst C.", "")


def test_pages_hold_every_claim_once(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    application = make_in_review(people.analyst)
    for _each in range(5):
        claim(application, OWN, people)
    monkeypatch.setattr(rebuttals, "PAGE", 2)
    pages = [[one.statement.pk for one in found(people.analyst, page=n)] for n in ("1", "2", "3")]
    keys = [key for page in pages for key in page]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert keys == sorted(keys, reverse=True)
    assert len(as_rows(people.analyst)) == 6


def test_queries_do_not_grow_with_the_claims(people: Cast) -> None:
    application = make_in_review(people.analyst)
    counts = []
    for rows in (1, 29):
        for _each in range(rows):
            claim(application, OWN, people, second=False)
        with CaptureQueriesContext(connection) as asked:
            shown = found(people.auditor)
        counts.append((len(shown), len(asked)))
    (one, first), (thirty, second) = counts
    assert (one, thirty) == (1, 30)
    assert first == second
