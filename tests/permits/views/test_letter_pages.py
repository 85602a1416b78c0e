"""Letters as people ask for them and fetch them."""

from __future__ import annotations

import logging

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from permits.domain import acts
from permits.filestore import path_of
from permits.models import Letter, Permit
from tests.people import Cast
from tests.permits.factories import WHY, make_draft, make_permit


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def permit(office: Cast) -> Permit:
    return make_permit(office.analyst, office.analyst_b, office.decision)


def ask(permit: Permit, person: User, kind: str = "permit", **more: object) -> str:
    address = reverse("permits:make_letter", args=[permit.application.reference, kind])
    response = as_person(person).post(address, more)
    assert response.status_code == 302
    return response["Location"]


def test_a_letter_is_asked_for_on_the_page_and_fetched(permit: Permit, office: Cast) -> None:
    client = as_person(office.senior)
    assert "Make the PDF" in client.get(permit.get_absolute_url()).content.decode()
    address = ask(permit, office.senior)
    assert ask(permit, office.analyst) == address
    page = as_person(office.auditor).get(permit.application.get_absolute_url()).content.decode()
    assert address in page
    assert "Make the PDF" not in page
    response = as_person(office.auditor).get(address)
    assert response.content.startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{permit.number}-permit.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


def test_an_acts_letter_is_asked_for_by_its_act(permit: Permit, office: Cast) -> None:
    act = acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    address = ask(permit, office.analyst, "act", act=str(act.pk))
    assert Letter.objects.get().act == act
    # No two acts' papers are saved under one name.
    other = acts.act_at_once(permit, kind="cancel", reason=WHY, by=office.decision)
    addresses = (address, ask(permit, office.analyst, "act", act=str(other.pk)))
    client = as_person(office.analyst)
    assert [client.get(one)["Content-Disposition"].partition("-act-")[2] for one in addresses] == [
        '1-suspend.pdf"',
        '2-cancel.pdf"',
    ]


def test_a_done_act_says_who_proposed_it_and_what_was_before(permit: Permit, office: Cast) -> None:
    change = {"lines": {"1": {"quantity": "4.5"}}}
    act = acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst_b)
    acts.perform_act(act, by=office.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    page = as_person(office.analyst).get(permit.get_absolute_url()).content.decode()
    assert "<dt>Quantity of line 1</dt><dd>10 → 4.5</dd>" in page
    assert f"Done by {office.decision.name}, " in page
    assert f"Proposed by {office.analyst_b.name}, " in page
    # Of whoever did it alone, once is enough.
    assert f"Proposed by {office.decision.name}" not in page


@pytest.mark.parametrize("act", ["x", "-1", "999999", "1; drop", "9" * 5000])
def test_an_act_that_is_none_is_404(permit: Permit, office: Cast, act: str) -> None:
    address = reverse("permits:make_letter", args=[permit.application.reference, "act"])
    assert as_person(office.analyst).post(address, {"act": act}).status_code == 404


def test_a_letter_about_nothing_is_refused_in_words(office: Cast) -> None:
    application = make_draft(office.analyst)
    address = reverse("permits:make_letter", args=[application.reference, "permit"])
    response = as_person(office.analyst).post(address, follow=True)
    assert "There is nothing yet that this letter could be about." in response.content.decode()
    assert not Letter.objects.exists()


def test_a_letter_that_is_not_as_it_was_made_is_not_handed_out(
    permit: Permit,
    office: Cast,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = ask(permit, office.analyst)
    letter = Letter.objects.get()
    path_of(letter.sha256).write_bytes(b"%PDF-1.7 another")
    # Another version of the printer would give other bytes.
    monkeypatch.setattr("permits.domain.letters.render", lambda _content: b"%PDF-1.7 other")
    with caplog.at_level(logging.ERROR, logger="security"):
        response = as_person(office.analyst).get(address)
    assert response.status_code == 410
    assert "not as it was made" in caplog.text
