"""Evidence and mitigating measures: added, edited, removed; never lost from the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import clock
from history.domain.door import Conflict
from history.models import Event
from permits.domain.casefile import read_file
from permits.domain.digests import is_available, is_past_review
from permits.domain.sources import add_evidence, add_measure, edit_source, remove_source
from permits.models import Application, Evidence, Measure
from permits.verbs import Verb
from tests.people import Cast
from tests.permits.factories import attached, make_draft, make_in_review

EVIDENCE: dict[str, Any] = {
    "title": "Report",
    "source": "A panel of experts",
    "reliability": "high",
}
MEASURE: dict[str, Any] = {
    "kind": "end_use_certificate",
    "giver": "Ministry",
    "form": "Signed",
    "wording": "No re-export",
}
Add = Callable[[Application, User, Mapping[str, Any]], Evidence | Measure]
KINDS: dict[str, tuple[Add, str, tuple[Verb, Verb, Verb]]] = {
    "evidence": (
        lambda case, by, more: add_evidence(case, {**EVIDENCE, **more}, by=by),
        "title",
        (Verb.EVIDENCE_ADDED, Verb.EVIDENCE_EDITED, Verb.EVIDENCE_REMOVED),
    ),
    "measures": (
        lambda case, by, more: add_measure(case, {**MEASURE, **more}, by=by),
        "giver",
        (Verb.MEASURE_ADDED, Verb.MEASURE_EDITED, Verb.MEASURE_REMOVED),
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def case(office: Cast) -> Application:
    return make_in_review(office.analyst)


def on_file(case: Application, kind: str) -> list[Any]:
    return list(getattr(read_file(case), kind))


def events(case: Application, kind: str) -> list[str]:
    found = Event.objects.filter(stream=case.stream, verb__in=KINDS[kind][2]).order_by("sequence")
    return list(found.values_list("verb", flat=True))


@every_kind
def test_a_source_is_added_edited_and_removed_and_each_is_an_event(
    case: Application, office: Cast, kind: str
) -> None:
    add, field, verbs = KINDS[kind]
    row = add(case, office.analyst, {})
    assert (row.added_by, on_file(case, kind)) == (office.analyst, [row])
    edited = edit_source(row, {field: "Another"}, by=office.senior)
    assert getattr(on_file(case, kind)[0], field) == "Another"
    remove_source(edited, by=office.analyst)
    assert on_file(case, kind) == []
    assert type(row).objects.get(pk=row.pk).is_removed
    assert events(case, kind) == list(verbs)


@every_kind
def test_the_same_values_leave_no_event(case: Application, office: Cast, kind: str) -> None:
    add, field, verbs = KINDS[kind]
    row = add(case, office.analyst, {})
    edit_source(row, {field: f" {getattr(row, field)} "}, by=office.analyst)
    assert events(case, kind) == [verbs[0]]


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "evidence without a title": ("evidence", {"title": " "}, "title"),
    "evidence without a source": ("evidence", {"source": ""}, "source"),
    "evidence of no known reliability": ("evidence", {"reliability": "certain"}, "reliability"),
    "a title too long for its column": ("evidence", {"title": "x" * 301}, "title"),
    "a measure of no known kind": ("measures", {"kind": "hope"}, "kind"),
    "a measure that nobody gives": ("measures", {"giver": ""}, "giver"),
    "a measure without a form": ("measures", {"form": ""}, "form"),
    "a measure without its wording": ("measures", {"wording": "\0"}, "wording"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_source_that_lacks_something_is_refused_by_field(
    case: Application, office: Cast, what: str
) -> None:
    kind, values, field = BAD[what]
    add = KINDS[kind][0]
    with pytest.raises(ValidationError) as refusal:
        add(case, office.analyst, values)
    assert set(refusal.value.message_dict) == {field}
    assert on_file(case, kind) == []
    row = add(case, office.analyst, {})
    with pytest.raises(ValidationError) as refusal:
        edit_source(row, values, by=office.analyst)
    assert set(refusal.value.message_dict) == {field}
    assert on_file(case, kind) == [row]


@pytest.mark.parametrize(
    ("days", "at_fault"),
    [
        ({"dated": 1}, "dated"),
        ({"dated": 1, "review_by": 0}, "dated"),
        ({"dated": -2, "review_by": -3}, "review_by"),
        ({"dated": 0, "review_by": 0}, None),
        ({"dated": -3, "review_by": -2}, None),
        ({"review_by": -3}, None),
    ],
)
def test_a_source_is_of_a_past_day_and_reviewed_no_earlier(
    case: Application, office: Cast, days: Mapping[str, int], at_fault: str | None
) -> None:
    given = {name: clock.today() + timedelta(days=number) for name, number in days.items()}
    row = add_evidence(case, EVIDENCE, by=office.analyst)
    if at_fault is None:
        add_evidence(case, {**EVIDENCE, **given}, by=office.analyst)
        edit_source(row, given, by=office.analyst)
        return
    with pytest.raises(ValidationError) as added:
        add_evidence(case, {**EVIDENCE, **given}, by=office.analyst)
    with pytest.raises(ValidationError) as edited:
        edit_source(row, given, by=office.analyst)
    assert set(added.value.message_dict) == set(edited.value.message_dict) == {at_fault}


@every_kind
def test_what_was_removed_is_neither_edited_nor_removed_again(
    case: Application, office: Cast, kind: str
) -> None:
    add, field, _verbs = KINDS[kind]
    gone = remove_source(add(case, office.analyst, {}), by=office.analyst)
    with pytest.raises(Refused, match="was removed"):
        edit_source(gone, {field: "Another"}, by=office.analyst)
    with pytest.raises(Refused, match="was removed"):
        remove_source(gone, by=office.analyst)


@every_kind
def test_an_edit_of_what_was_not_seen_is_a_conflict(
    case: Application, office: Cast, kind: str
) -> None:
    add, field, _verbs = KINDS[kind]
    row = add(case, office.analyst, {})
    edit_source(row, {field: "Mine"}, by=office.senior)
    with pytest.raises(Conflict):
        edit_source(row, {field: "Theirs"}, by=office.analyst)
    with pytest.raises(Conflict):
        remove_source(row, by=office.analyst)


@every_kind
def test_only_who_reviews_adds_a_source_and_only_in_review(
    case: Application, office: Cast, kind: str
) -> None:
    add = KINDS[kind][0]
    for person in (office.decision, office.admin, office.auditor):
        with pytest.raises(NotPermitted):
            add(case, person, {})
    with pytest.raises(Refused, match="not while"):
        add(make_draft(office.analyst), office.analyst, {})
    assert on_file(case, kind) == []


@pytest.mark.parametrize(
    ("days", "at_fault"),
    [
        ({"dated": 1}, "dated"),
        ({"dated": -2, "expires_on": -3}, "expires_on"),
        ({"dated": -2, "expires_on": 0}, "expires_on"),
        ({"dated": -2, "expires_on": 1}, None),
    ],
)
def test_a_measure_in_force_has_begun_and_not_ended(
    case: Application, office: Cast, days: Mapping[str, int], at_fault: str | None
) -> None:
    given = {name: clock.today() + timedelta(days=number) for name, number in days.items()}
    values = {**MEASURE, **given, "is_in_force": True}
    if at_fault is None:
        assert add_measure(case, values, by=office.analyst).is_in_force
        return
    with pytest.raises(ValidationError) as refusal:
        add_measure(case, values, by=office.analyst)
    assert set(refusal.value.message_dict) == {at_fault}


def test_a_measure_that_ended_is_recorded_as_one_that_did(case: Application, office: Cast) -> None:
    today = clock.today()
    ended = {"dated": today - timedelta(days=9), "expires_on": today - timedelta(days=3)}
    assert add_measure(case, {**MEASURE, **ended}, by=office.analyst).expires_on


DAY = date(2026, 5, 10)


@pytest.mark.parametrize(
    ("review_by", "wanted"),
    [(None, False), (date(2026, 5, 9), True), (DAY, False), (date(2026, 5, 11), False)],
)
def test_evidence_holds_through_its_review_day(review_by: date | None, wanted: bool) -> None:
    assert is_past_review(Evidence(review_by=review_by), DAY) is wanted


@pytest.mark.parametrize(
    ("is_in_force", "expires_on", "wanted"),
    [
        (False, None, False),
        (True, None, True),
        (True, date(2026, 5, 11), True),
        (True, DAY, False),
        (False, date(2026, 5, 11), False),
    ],
)
def test_only_a_measure_in_force_that_has_not_ended_is_available(
    is_in_force: bool, expires_on: date | None, wanted: bool
) -> None:
    measure = Measure(is_in_force=is_in_force, expires_on=expires_on)
    assert is_available(measure, DAY) is wanted


def test_a_new_measure_is_only_promised_until_it_is_said_to_be_in_force(
    case: Application, office: Cast
) -> None:
    assert not is_available(add_measure(case, MEASURE, by=office.analyst), clock.today())


@every_kind
def test_a_source_names_a_document_of_its_own_case(office: Cast, kind: str) -> None:
    add, _name, _verbs = KINDS[kind]
    case, other = make_in_review(office.analyst), make_in_review(office.analyst)
    assert add(case, office.analyst, {"document": attached(case, office.analyst)}).document
    with pytest.raises(ValidationError) as refusal:
        add(case, office.analyst, {"document": attached(other, office.analyst)})
    assert set(refusal.value.message_dict) == {"document"}
