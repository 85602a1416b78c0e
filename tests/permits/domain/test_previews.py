"""A preview that takes long is left, seen, and gone on with; nothing rests on half of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.domain.door import Conflict
from history.domain.verify import verify
from permits.domain import impact
from permits.domain.impact import impact_of, unsealed
from permits.domain.policy_changes import (
    approve_change,
    preview_change,
    propose_change,
)
from permits.domain.previews import go_on_with_those_left, under_way
from permits.models import Application, PreviewUnderWay
from policies.domain.composing import compose
from policies.domain.drafting import save_change, withdraw_change
from policies.models import PolicyChange
from tests.people import Cast
from tests.permits.factories import make_in_review, make_permit
from tests.policies.changes import approved, draft


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases are looked at one at a time."""
    monkeypatch.setattr(impact, "BATCH", 1)


@pytest.fixture
def cases(office: Cast, one_by_one: None) -> list[Application]:
    """Three open cases of the country that the draft is about, and a live permit."""
    make_permit(office.analyst, office.senior, office.decision)
    return [make_in_review(office.analyst) for _ in range(3)]


def step(change: PolicyChange, office: Cast) -> PolicyChange:
    """What one press comes to on a machine on which one case takes as long as a page may."""
    return preview_change(change, by=office.admin, seconds=0)


def how_far(change: PolicyChange) -> tuple[int, int] | None:
    row = under_way(change)
    return None if row is None else (row.looked, row.total)


def to_the_end(change: PolicyChange, office: Cast) -> PolicyChange:
    for _ in range(20):
        change = step(change, office)
        if under_way(change) is None:
            return change
    raise AssertionError("it never ends")


def left_alone() -> None:
    """As if nobody had been at it for a while."""
    PreviewUnderWay.objects.update(kept_at=clock.now() - timedelta(minutes=1))


def test_a_preview_goes_on_where_it_was_left_and_finds_the_same(
    office: Cast, cases: list[Application]
) -> None:
    at_once = draft(office.admin, of_policy={"key": "TR-9998-suspension"})
    at_once = preview_change(at_once, by=office.admin)
    change = draft(office.admin)
    seen = []
    while (change := step(change, office)).previewed_at is None:
        seen.append(how_far(change))
        change.refresh_from_db()
    assert seen[:4] == [(1, 4), (2, 4), (3, 4), (4, 5)]
    assert change.found == at_once.found
    assert change.preview == at_once.preview
    assert not PreviewUnderWay.objects.exists()


def test_a_small_preview_is_made_at_once(office: Cast, cases: list[Application]) -> None:
    change = preview_change(draft(office.admin), by=office.admin, seconds=60)
    assert len(unsealed(change.preview, change.found).moved) == 3
    assert not PreviewUnderWay.objects.exists()


def test_half_a_preview_is_none(office: Cast, cases: list[Application]) -> None:
    change = step(draft(office.admin), office)
    change.refresh_from_db()
    assert (change.preview, change.found, change.previewed_at) == ({}, "", None)
    # A proposal looks at every case, and so does the approval.
    proposed = propose_change(change, by=office.admin)
    found = unsealed(proposed.preview, proposed.found)
    assert [one.reference for one in found.moved] == [one.reference for one in cases]
    assert approve_change(proposed, by=office.admin_b).status == "approved"
    assert verify(deep=True).good


def test_what_stands_in_the_place_of_a_preview_is_never_sealed(
    office: Cast, cases: list[Application]
) -> None:
    change = step(draft(office.admin), office)
    row = PreviewUnderWay.objects.get()
    PreviewUnderWay.objects.update(
        stage=3, looked=row.total, found='{"moved":[],"restated":[],"permits":[],"decided":[]}'
    )
    previewed = step(change, office)
    assert previewed.preview["counts"]["moved"] == 0
    proposed = propose_change(previewed, by=office.admin)
    assert proposed.preview["counts"]["moved"] == 3


@pytest.mark.parametrize("found", ["", "no json", "{}", "[]", '{"moved": [1]}', "null"])
def test_what_cannot_be_read_begins_anew(
    office: Cast, cases: list[Application], found: str
) -> None:
    change = step(draft(office.admin), office)
    PreviewUnderWay.objects.update(found=found, looked=3, last=10**9)
    change = to_the_end(change, office)
    assert change.preview["counts"]["moved"] == 3


@pytest.mark.parametrize("column", ["stage", "looked", "total", "last"])
def test_a_row_that_is_none_counts_for_nothing(
    office: Cast, cases: list[Application], column: str
) -> None:
    change = step(draft(office.admin), office)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE permits_previewunderway SET {column} = 'x'")
    else:
        PreviewUnderWay.objects.update(stage=9)
    assert under_way(change) is None
    assert to_the_end(change, office).preview["counts"]["moved"] == 3


def test_another_draft_begins_anew(office: Cast, cases: list[Application]) -> None:
    change = step(step(draft(office.admin), office), office)
    assert how_far(change) == (2, 4)
    change = save_change(
        change,
        content=change.content,
        rationale_en="Another",
        rationale_fr="Autre",
        note="",
        by=office.admin,
    )
    assert under_way(change) is None
    assert how_far(step(change, office)) == (1, 4)


def test_another_register_begins_anew(office: Cast, cases: list[Application]) -> None:
    change = step(step(draft(office.admin), office), office)
    other = {"key": "FR-9999-suspension", "title_en": "France", "title_fr": "France"}
    scope = {**change.content["policy"]["scope"], "destinations": ["FR"]}
    approved(draft(office.admin, of_policy={**other, "scope": scope}), by=office.admin_b)
    assert under_way(change) is None
    assert how_far(step(change, office)) == (1, 4)


def test_another_day_begins_anew(office: Cast, cases: list[Application]) -> None:
    change = step(step(draft(office.admin), office), office)
    with clock.simulated(clock.now() + timedelta(days=1)):
        assert under_way(change) is None


def test_a_case_that_comes_meanwhile_is_looked_at_too(
    office: Cast, cases: list[Application]
) -> None:
    change = step(step(step(draft(office.admin), office), office), office)
    late = make_in_review(office.analyst)
    change = to_the_end(change, office)
    found = unsealed(change.preview, change.found)
    assert late.reference in [one.reference for one in found.moved]


def test_only_its_author_previews_it_and_only_as_seen(
    office: Cast, cases: list[Application]
) -> None:
    change = draft(office.admin)
    with pytest.raises(NotPermitted, match="Only who drafted"):
        preview_change(change, by=office.admin_b, seconds=0)
    with pytest.raises(Conflict):
        preview_change(change, by=office.admin, seen=change.version - 1, seconds=0)
    assert not PreviewUnderWay.objects.exists()
    proposed = propose_change(change, by=office.admin)
    with pytest.raises(Refused, match="sealed"):
        preview_change(proposed, by=office.admin, seconds=0)


def test_the_rounds_go_on_with_what_is_left(office: Cast, cases: list[Application]) -> None:
    change = step(draft(office.admin), office)
    # Somebody may be at it still.
    go_on_with_those_left()
    assert how_far(change) == (1, 4)
    left_alone()
    go_on_with_those_left()
    row = under_way(change)
    assert row is not None
    assert row.is_through
    assert (row.looked, row.total) == (4, 4)
    change.refresh_from_db()
    assert change.previewed_at is None
    # Its author keeps it, and no case is looked at again.
    left_alone()
    kept = preview_change(change, by=office.admin, seconds=0)
    assert kept.preview["counts"]["moved"] == 3
    assert not PreviewUnderWay.objects.exists()


def test_the_rounds_go_on_step_by_step(
    office: Cast, cases: list[Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permits.domain.previews.SECONDS", 0)
    change = step(draft(office.admin), office)
    left_alone()
    go_on_with_those_left()
    row = under_way(change)
    assert row is not None
    assert row.is_through


def test_the_rounds_leave_what_is_through_and_forget_what_is_of_no_use(
    office: Cast, cases: list[Application]
) -> None:
    through = step(draft(office.admin), office)
    left_alone()
    go_on_with_those_left()
    given_up = step(draft(office.admin, of_policy={"key": "TR-9998-suspension"}), office)
    withdraw_change(given_up, reason="Given up", by=office.admin)
    left_alone()
    go_on_with_those_left()
    assert [one.change_id for one in PreviewUnderWay.objects.all()] == [through.pk]


def test_the_queries_do_not_grow_with_the_cases(office: Cast) -> None:
    parts = compose(draft(office.admin), at=clock.now())
    asked = []
    for _ in range(2):
        make_permit(office.analyst, office.senior, office.decision)
        make_in_review(office.analyst)
        with CaptureQueriesContext(connection) as queries:
            found = impact_of(parts)
        asked.append((len(queries), len(found.moved), len(found.permits)))
    assert asked == [(asked[0][0], 1, 1), (asked[0][0], 2, 2)]
