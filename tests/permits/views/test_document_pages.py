"""Documents as people send them and fetch them."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from history import clock
from permits.domain import documents
from permits.domain.casework import last_edit_of
from permits.filestore import path_of
from permits.models import Application, Document, Statement
from tests.people import Cast
from tests.permits import files
from tests.permits.factories import WHY, make_draft, make_in_review


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def send(application: Application, person: User, **more: object) -> object:
    address = reverse("permits:new_document", args=[application.reference])
    sent = {"kind": "end_use_certificate", "title": "End-use certificate", "file": files.upload()}
    return as_person(person).post(address, {**sent, **more})


@pytest.fixture
def document(office: Cast) -> Document:
    application = make_in_review(office.analyst)
    return documents.attach(
        application,
        {"kind": "end_use_certificate", "title": "End-use certificate"},
        content=[files.PDF],
        file_name="attestation d’utilisation.pdf",
        by=office.analyst,
    )


def test_a_document_is_sent_listed_and_fetched(office: Cast) -> None:
    application = make_draft(office.analyst)
    response = send(application, office.analyst, file=files.upload(name="../a\u202e.pdf"))
    assert response["Location"].endswith("#documents")  # type: ignore[index]
    made = Document.objects.get()
    page = as_person(office.auditor).get(application.get_absolute_url()).content.decode()
    assert "End-use certificate" in page
    assert made.file_name == "a.pdf"
    # Whoever works here may fetch it.
    fetched = as_person(office.auditor).get(reverse("permits:download", args=[made.pk]))
    assert fetched.getvalue() == files.PDF


def test_a_file_is_handed_out_to_be_kept_and_never_shown(office: Cast, document: Document) -> None:
    response = as_person(office.analyst).get(reverse("permits:download", args=[document.pk]))
    assert response.getvalue() == files.PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''attestation%20d%E2%80%99utilisation.pdf"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"file": files.upload(b"MZ\0", "a.pdf")}, "no file of a kind that is taken"),
        ({"file": files.upload(b"<svg onload=alert(1)>\0", "a.svg")}, "no file of a kind"),
        ({"file": ""}, "This field is required"),
        ({"title": ""}, "This field is required"),
        ({"dated": (clock.today() + timedelta(days=1)).isoformat()}, "Give a day up to today"),
    ],
)
def test_bad_input_names_the_field_and_keeps_what_was_typed(
    office: Cast, more: dict[str, object], words: str
) -> None:
    application = make_draft(office.analyst)
    response = send(application, office.analyst, **{"title": "As it was typed", **more})
    page = response.content.decode()  # type: ignore[attr-defined]
    assert words in page
    assert not Document.objects.exists()
    if "title" not in more:
        assert "As it was typed" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The submitted file is empty"),
        (b"MZ\0", "no file of a kind that is taken"),
        (files.PDF, "This very file is attached already"),
    ],
)
def test_what_is_wrong_with_the_file_and_its_date_is_told_in_one_round(
    office: Cast, document: Document, content: bytes, words: str
) -> None:
    late = (clock.today() + timedelta(days=1)).isoformat()
    response = send(document.application, office.analyst, file=files.upload(content), dated=late)
    page = response.content.decode()  # type: ignore[attr-defined]
    assert words in page
    assert "Give a day up to today" in page


def test_an_altered_file_leads_to_a_page_and_the_security_log(
    office: Cast, document: Document, caplog: pytest.LogCaptureFixture
) -> None:
    path_of(document.sha256).write_bytes(b"something else")
    with caplog.at_level(logging.ERROR, logger="security"):
        response = as_person(office.analyst).get(reverse("permits:download", args=[document.pk]))
    assert response.status_code == 410
    assert "This file is not as it was received" in response.content.decode()
    assert "not as it was received" in caplog.text


def test_a_document_is_edited_and_removed(office: Cast, document: Document) -> None:
    client = as_person(office.analyst)
    address = reverse("permits:document", args=[document.pk])
    sent = {"kind": "other", "title": "Copy", "seen": document.version}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 409
    document.refresh_from_db()
    assert (document.kind, document.title) == ("other", "Copy")
    remove = reverse("permits:remove_document", args=[document.pk])
    assert client.post(remove, {"seen": document.version}).status_code == 302
    assert client.get(address).status_code == 404


def test_documents_with_one_title_are_told_apart_where_one_is_chosen(
    office: Cast, document: Document
) -> None:
    application = document.application
    for title, dated in (("End-use certificate", date(2026, 3, 3)), ("Another", None)):
        documents.attach(
            application,
            {"kind": "other", "title": title, "dated": dated},
            content=[title.encode()],
            file_name="it.txt",
            by=office.analyst,
        )
    for name, args in (
        ("state", [application.reference, "eligibility", "applicant"]),
        ("new_source", [application.reference, "evidence"]),
    ):
        page = as_person(office.analyst).get(reverse(f"permits:{name}", args=args)).content.decode()
        for choice in (
            "End-use certificate (attestation d’utilisation.pdf)",
            "End-use certificate (3 Mar 2026, it.txt)",
            "Another",
        ):
            assert f">{choice}</option>" in page


@pytest.mark.parametrize(
    ("kind", "key", "value", "about"),
    [
        ("eligibility", "applicant", "resident", "Eligibility of the applicant: Fictional Optics"),
        ("end_user", "end_user", "government", "Kind of end-user: Fictional "),
    ],
)
def test_a_statement_about_a_party_says_whom(
    office: Cast, kind: str, key: str, value: str, about: str
) -> None:
    application = make_in_review(office.analyst)
    seen = last_edit_of(application)
    sent = {"value": value, "reason": WHY, "source": "Register", "seen": seen}
    address = reverse("permits:state", args=[application.reference, kind, key])
    as_person(office.analyst).post(address, sent)
    countersign = reverse("permits:countersign", args=[Statement.objects.get(kind=kind).pk])
    assert about in as_person(office.analyst_b).get(countersign).content.decode()


def test_an_exception_is_claimed_with_a_document_and_countersigned(
    office: Cast, document: Document
) -> None:
    application = document.application
    key = "TR-2020-04-16-presumptive:nato"
    address = reverse("permits:state", args=[application.reference, "exception", key])
    client = as_person(office.analyst)
    page = client.get(address).content.decode()
    assert "Item for a NATO cooperation program" in page
    sent = {"value": "claimed", "reason": WHY, "seen": last_edit_of(application)}
    without = client.post(address, sent)
    assert "Attach the evidence as a document" in without.content.decode()
    client.post(address, {**sent, "document": document.pk})
    made = Statement.objects.get(kind="exception")
    assert made.document == document
    second = as_person(office.analyst_b)
    countersign = reverse("permits:countersign", args=[made.pk])
    asked = second.get(countersign).content.decode()
    named = "End-use certificate (attestation d’utilisation.pdf)"
    assert f'<a href="{reverse("permits:download", args=[document.pk])}" download>{named}' in asked
    second.post(countersign, {"seen": made.version})
    made.refresh_from_db()
    assert made.countersigned_by == office.analyst_b
