"""Documents: the right files, whole, once, and never another than was received."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from history import canonical, clock
from history.domain.door import Conflict
from history.domain.verify import verify
from history.models import Event
from permits import looking
from permits.choices import StatementKind
from permits.domain import documents, intake, sources
from permits.domain.casefile import read_file
from permits.domain.requirements import required_facts
from permits.domain.statements import set_aside
from permits.filestore import Altered, path_of
from permits.models import Application, Document
from permits.verbs import Verb
from tests.people import Cast
from tests.permits import files
from tests.permits.factories import WHY, make_draft, make_in_review, make_permit, say

VALUES = {"kind": "end_use_certificate", "title": "End-use certificate", "dated": None}


def attach(
    application: Application, by: Any, content: bytes = files.PDF, **values: Any
) -> Document:
    return documents.attach(
        application, {**VALUES, **values}, content=[content], file_name="given.pdf", by=by
    )


def read(document: Document) -> bytes:
    with documents.open_document(document) as file:
        return file.read()


@pytest.fixture
def case(office: Cast) -> Application:
    return make_draft(office.analyst)


def left_over() -> list[Path]:
    """Files in the folder that no row names."""
    named = set(Document.objects.values_list("sha256", flat=True))
    found = Path(settings.DOCUMENTS_DIR).rglob("*")
    return [path for path in found if path.is_file() and path.name not in named]


def test_a_document_is_kept_under_the_digest_that_the_log_tells(
    case: Application, office: Cast
) -> None:
    made = attach(case, office.analyst)
    assert made.sha256 == sha256(files.PDF).hexdigest()
    assert read(made) == files.PDF
    event = Event.objects.get(stream=case.stream, verb=Verb.DOCUMENT_ADDED)
    (change,) = canonical.decode(bytes(event.body))["changes"]
    assert change["after"]["sha256"] == made.sha256
    # Names are private: the log has their digests.
    assert b"End-use certificate" not in bytes(event.body)
    assert verify(deep=True).good


@pytest.mark.parametrize(
    ("content", "values", "field"),
    [
        (b"", {}, "file"),
        (b"MZ\0program", {}, "file"),
        (files.PDF, {"title": "  "}, "title"),
        (files.PDF, {"kind": ""}, "kind"),
        (files.PDF, {"kind": "poem"}, "kind"),
        (files.PDF, {"title": "x" * 201}, "title"),
        (files.PDF, {"dated": "2999-01-01"}, "dated"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field_and_leaves_nothing(
    case: Application,
    office: Cast,
    content: bytes,
    values: dict[str, Any],
    field: str,
) -> None:
    before = left_over()
    with pytest.raises(ValidationError) as fault:
        attach(case, office.analyst, content, **values)
    assert list(fault.value.message_dict) == [field]
    assert not Document.objects.exists()
    assert left_over() == before


def test_an_empty_file_is_called_empty(case: Application, office: Cast) -> None:
    with pytest.raises(ValidationError, match="This file is empty"):
        attach(case, office.analyst, b"")


def test_a_file_that_takes_too_long_to_look_into_is_refused_at_its_field(
    case: Application, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_PATIENCE", 0.0)
    before = left_over()
    with pytest.raises(ValidationError, match="within the time allowed") as fault:
        attach(case, office.analyst, files.DOCX)
    assert list(fault.value.message_dict) == ["file"]
    assert left_over() == before


def test_a_file_that_is_too_large_is_given_up_on_the_way(case: Application, office: Cast) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"%PDF-" + b"x" * 1_000_000

    before = left_over()
    with pytest.raises(ValidationError, match="A file has at most"):
        documents.attach(case, VALUES, content=endless(), file_name="x", by=office.analyst)
    assert taken == documents.LARGEST // 1_000_005 + 1
    assert left_over() == before


def test_an_upload_that_breaks_off_leaves_nothing(case: Application, office: Cast) -> None:
    def broken() -> Iterator[bytes]:
        yield files.PDF
        raise OSError("the connection is gone")

    before = left_over()
    with pytest.raises(OSError, match="gone"):
        documents.attach(case, VALUES, content=broken(), file_name="x", by=office.analyst)
    assert left_over() == before
    assert not Document.objects.exists()


def test_the_same_file_is_attached_once(case: Application, office: Cast) -> None:
    attach(case, office.analyst, title="The first")
    with pytest.raises(ValidationError, match="attached already: The first"):
        attach(case, office.analyst, title="The second")
    # Another application may have it too: the bytes are kept once.
    other = attach(make_draft(office.analyst), office.analyst)
    assert read(other) == files.PDF


def test_an_application_has_a_limit_for_all_its_files(
    case: Application, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "LARGEST_TOGETHER", len(files.PDF) + 1)
    attach(case, office.analyst)
    with pytest.raises(ValidationError, match="together"):
        attach(case, office.analyst, files.TEXT)


def test_an_altered_file_is_never_handed_out(case: Application, office: Cast) -> None:
    made = attach(case, office.analyst)
    path = path_of(made.sha256)
    path.write_bytes(files.PDF + b" ")
    with pytest.raises(Altered):
        documents.open_document(made)
    path.unlink()
    with pytest.raises(Altered):
        documents.open_document(made)
    # The same bytes, coming again, mend it.
    attach(make_draft(office.analyst), office.analyst)
    assert read(made) == files.PDF


@pytest.mark.parametrize("who", ["decision", "admin", "auditor"])
def test_only_analysts_attach(case: Application, office: Cast, who: str) -> None:
    with pytest.raises(NotPermitted):
        attach(case, getattr(office, who))
    assert not Document.objects.exists()


def test_documents_come_also_while_it_is_reviewed_and_after_it_was_issued(office: Cast) -> None:
    attach(make_in_review(office.analyst), office.analyst)
    permit = make_permit(office.analyst, office.analyst_b, office.decision)
    attach(permit.application, office.analyst)
    withdrawn = intake.withdraw(make_draft(office.analyst), by=office.analyst, reason=WHY)
    with pytest.raises(Refused):
        attach(withdrawn, office.analyst)


def test_a_document_is_named_better_but_its_file_stays(case: Application, office: Cast) -> None:
    made = attach(case, office.analyst)
    edited = documents.edit_document(made, {"title": "Signed copy"}, by=office.analyst_b)
    assert (edited.title, edited.sha256) == ("Signed copy", made.sha256)
    with pytest.raises(Conflict):
        documents.edit_document(made, {"title": "Other"}, by=office.analyst)
    with pytest.raises(ValueError, match="sha256"):
        documents.edit_document(edited, {"sha256": "0" * 64}, by=office.analyst)


def test_a_removed_document_leaves_the_file_in_place(case: Application, office: Cast) -> None:
    made = documents.remove_document(attach(case, office.analyst), by=office.analyst)
    assert read_file(case).documents == ()
    assert read(made) == files.PDF
    with pytest.raises(Refused, match="removed"):
        documents.remove_document(made, by=office.analyst)


def cite_as_evidence(case: Application, document: Document, by: Any) -> Callable[[], object]:
    values = {"title": "A report", "source": "Us", "reliability": "high", "document": document}
    row = sources.add_evidence(case, values, by=by)
    return lambda: sources.remove_source(row, by=by)


def cite_as_statement(case: Application, document: Document, by: Any) -> Callable[[], object]:
    key = "TR-2020-04-16-presumptive:nato"
    row = say(case, StatementKind.EXCEPTION, key, "claimed", by=by, document=document)
    return lambda: set_aside(row, by=by, reason=WHY)


@pytest.mark.parametrize("cite", [cite_as_evidence, cite_as_statement])
def test_what_a_document_supports_must_go_first(
    office: Cast, cite: Callable[..., Callable[[], object]]
) -> None:
    case = make_in_review(office.analyst)
    made = attach(case, office.analyst)
    take_back = cite(case, made, office.analyst)
    with pytest.raises(Refused, match="Take that back first"):
        documents.remove_document(made, by=office.analyst)
    take_back()
    documents.remove_document(made, by=office.analyst)


def test_an_exception_that_no_policy_has_cannot_be_claimed(office: Cast) -> None:
    case = make_in_review(office.analyst)
    made = attach(case, office.analyst)
    for key in ("TR-2020-04-16-presumptive:banana", "XX:nato", ":", "nato"):
        with pytest.raises(ValidationError, match="about nothing"):
            say(case, StatementKind.EXCEPTION, key, "claimed", by=office.analyst, document=made)


def test_a_document_of_another_case_supports_nothing_here(case: Application, office: Cast) -> None:
    elsewhere = attach(case, office.analyst)
    here = make_in_review(office.analyst)
    with pytest.raises(ValidationError, match="of this application"):
        cite_as_evidence(here, elsewhere, office.analyst)
    with pytest.raises(ValidationError, match="of this application"):
        cite_as_statement(here, elsewhere, office.analyst)


def test_a_document_counts_among_the_required_facts(case: Application, office: Cast) -> None:
    intake.edit_application(case, {"end_use": ""}, by=office.analyst)

    def is_missing() -> bool:
        facts = required_facts(read_file(Application.objects.get(pk=case.pk)), clock.today())
        return next(fact for fact in facts if fact.key.endswith("end_use_support")).is_missing

    assert is_missing()
    attach(case, office.analyst, kind="other")
    assert is_missing()
    attach(case, office.analyst, files.TEXT, kind="end_use_statement")
    assert not is_missing()
