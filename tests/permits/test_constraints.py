"""What the database refuses of a row of a case, also with its event: a row for every constraint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models

from history import clock
from history.actors import SYSTEM
from history.domain.door import door
from history.models import Tracked
from permits import guards
from permits.considerations import CONSIDERATIONS
from permits.domain import acts
from permits.domain.statements import countersign
from permits.domain.use import agree_to_reversal
from permits.models import (
    Draft,
    Line,
    Party,
)
from tests.people import Cast
from tests.permits.factories import (
    WHY,
    attached,
    make_in_review,
)
from tests.permits.made import Made
from tests.unlogged import unlogged

FIRST = CONSIDERATIONS[0].number


def write(row: Tracked, **values: Any) -> None:
    """Past the domain, with an event."""
    with door(by=SYSTEM) as entries:
        entries.record("test.edited", stream=row.stream, subject="test:1").set(row, **values)


def unguarded(row: Tracked, **values: Any) -> None:
    """Past the domain and the guards: of a row that is never changed, to see the constraint."""
    with unlogged():
        type(row)._base_manager.filter(pk=row.pk).update(**values)


def twice(row: Tracked, **values: Any) -> None:
    """The same row once more, past the domain, with an event."""
    model, stream = type(row), row.stream
    copy = {
        field.name: getattr(row, field.name)
        for field in model._meta.concrete_fields
        if field.name not in ("id", "stream", "version")
    }
    with door(by=SYSTEM) as entries:
        entries.record("test.doubled", stream=stream, subject="test:1").add(
            model(**{**copy, **values})
        )


Break = Callable[[Made, Cast], Any]


def a_line_again(made: Made, office: Cast) -> None:
    """Past the guards, which allow no line after the permit, to see the constraint."""
    line = made.permit().lines.get()
    line.pk = None
    with unlogged():
        line.save(force_insert=True)


def an_outcome(made: Made, office: Cast) -> None:
    write(made.case(), outcome="issued")


def two_that_stand(made: Made, office: Cast) -> None:
    twice(countersign(made.statement(), by=office.senior))


def two_that_count_alone(made: Made, office: Cast) -> None:
    twice(made.flag(made.case(), "yes"))


BREAKS: dict[str, Break] = {
    "permits_application_outcome_when_decided": an_outcome,
    "permits_application_known_status": lambda made, office: write(made.case(), status="lost"),
    "permits_line_of_application": lambda made, office: twice(
        Line.objects.get(application=made.case())
    ),
    "permits_line_not_negative": lambda made, office: write(
        Line.objects.get(application=made.case()), quantity=Decimal(-1)
    ),
    "permits_party_one_applicant": lambda made, office: twice(
        Party.objects.get(application=made.case(), role="applicant")
    ),
    "permits_document_has_bytes": lambda made, office: write(
        attached(made.case(), office.analyst), size=0
    ),
    "permits_card_once": lambda made, office: twice(made.card()),
    "permits_card_measures_before_residual": lambda made, office: write(
        made.card(), measures_considered=""
    ),
    "permits_card_signed_when_answered": lambda made, office: write(made.card(), basis=""),
    "permits_card_second_after_first": lambda made, office: write(
        made.card(), second_by=office.analyst_b
    ),
    "permits_card_signed_by_two": lambda made, office: write(
        made.card(), second_by=office.senior, second_at=clock.now()
    ),
    "permits_statement_one_counts_alone": two_that_count_alone,
    "permits_statement_stricter_counts_alone": lambda made, office: write(
        made.statement(), counts_alone=True
    ),
    "permits_statement_one_stands": two_that_stand,
    "permits_statement_one_waits": lambda made, office: twice(made.statement()),
    "permits_statement_countersigned_by_another": lambda made, office: write(
        made.statement(), countersigned_by=office.analyst, countersigned_at=clock.now()
    ),
    "permits_statement_countersigned_by_and_at": lambda made, office: write(
        made.statement(), countersigned_at=clock.now()
    ),
    "permits_statement_set_aside_by_and_at": lambda made, office: write(
        made.statement(), set_aside_by=office.senior
    ),
    "permits_consultation_closed_with_words": lambda made, office: write(
        made.consultation(), closed_on=clock.today()
    ),
    "permits_wait_ends_after_it_starts": lambda made, office: write(
        made.wait(), to_on=clock.today() - timedelta(days=1)
    ),
    "permits_conflict_declared_once": lambda made, office: twice(made.conflict()),
    "permits_recommendation_one_stands": lambda made, office: twice(made.intended()),
    "permits_recommendation_reply_period": lambda made, office: write(
        made.intended(), put_on=clock.today()
    ),
    "permits_decision_known_outcome": lambda made, office: unguarded(
        made.permit().decision, outcome="granted"
    ),
    "permits_permit_validity": lambda made, office: unguarded(
        made.permit(), valid_to=clock.today() - timedelta(days=1)
    ),
    "permits_permitline_once": a_line_again,
    "permits_permitact_done_with_delegation": lambda made, office: write(
        made.act(), done_at=clock.now(), done_by=office.senior, done_on=clock.today()
    ),
    "permits_permitact_done_or_declined": lambda made, office: unguarded(
        acts.act_at_once(made.permit(), kind="suspend", reason=WHY, by=office.decision),
        declined_at=clock.now(),
    ),
    "permits_permitact_loosened_by_another": lambda made, office: write(
        made.act(),
        done_at=clock.now(),
        done_by=office.decision,
        done_on=clock.today(),
        delegation=office.decision.delegations.get(),
        loosens=True,
    ),
    "permits_permitsweep_once_for_a_change": lambda made, office: twice(
        made.sweep(), number="SW-1999-000001"
    ),
    "permits_sweepgroup_once": lambda made, office: twice(made.group()),
    "permits_sweepgroup_exception_once": lambda made, office: twice(made.group(permit=True)),
    "permits_sweepgroup_agreed_by_another": lambda made, office: write(
        made.group(),
        agreed_by=office.decision,
        agreed_at=clock.now(),
        delegation=office.decision.delegations.get(),
    ),
    "permits_sweepitem_once": lambda made, office: twice(made.item(), act=None, outcome="kept"),
    "permits_sweepitem_done_by_an_act": lambda made, office: unguarded(made.item(), outcome="kept"),
    "permits_use_of_something": lambda made, office: unguarded(made.use(), quantity=Decimal(0)),
    "permits_usereversal_one_stands": lambda made, office: twice(made.reversal()),
    "permits_usereversal_agreed_by_another": lambda made, office: write(
        made.reversal(), agreed_by=office.analyst, agreed_at=clock.now()
    ),
    "permits_usereversal_agreed_by_and_at": lambda made, office: write(
        made.reversal(), agreed_at=clock.now()
    ),
    "permits_usereversal_declined_by_and_at": lambda made, office: write(
        made.reversal(), declined_by=office.senior
    ),
    "permits_usereversal_agreed_or_declined": lambda made, office: write(
        agree_to_reversal(made.reversal(), by=office.senior),
        declined_by=office.analyst,
        declined_at=clock.now(),
    ),
    "permits_letter_once": lambda made, office: twice(made.letter()),
}


def constraints() -> dict[str, models.BaseConstraint]:
    return {
        one.name: one
        for model in apps.get_app_config("permits").get_models()
        if issubclass(model, Tracked)
        for one in model._meta.constraints
    }


def test_every_constraint_is_here() -> None:
    assert set(BREAKS) == set(constraints())


@pytest.mark.parametrize("name", BREAKS)
def test_the_database_refuses(office: Cast, name: str) -> None:
    with pytest.raises(IntegrityError) as refusal:
        BREAKS[name](Made(office), office)
    # On SQLite a second row first meets the guard against REPLACE, which has another name.
    is_check = isinstance(constraints()[name], models.CheckConstraint)
    if is_check or connection.vendor == "postgresql":
        assert name in str(refusal.value)


def test_a_reinstatement_takes_two_whatever_it_says_of_itself(office: Cast) -> None:
    with pytest.raises(IntegrityError, match="permits_permitact_loosened_by_another"):
        write(
            Made(office).act(),
            kind="reinstate",
            loosens=False,
            done_at=clock.now(),
            done_by=office.decision,
            done_on=clock.today(),
            delegation=office.decision.delegations.get(),
        )


NEVER_CHANGED: dict[str, tuple[Callable[[Made, Cast], Tracked], dict[str, Any]]] = {
    "permits_permit": (
        lambda made, office: made.permit(),
        {"valid_to": clock.today() + timedelta(days=9999)},
    ),
    "permits_permitline": (lambda made, office: made.permit().lines.get(), {"quantity": None}),
    "permits_decision": (lambda made, office: made.permit().decision, {"decided_by_id": 1}),
    "permits_use": (lambda made, office: made.use(), {"quantity": Decimal("0.001")}),
    "permits_conflictdeclaration": (
        lambda made, office: made.conflict(),
        {"person_id": 1},
    ),
    "permits_letter": (
        lambda made, office: made.letter(),
        {"sha256": "0" * 64},
    ),
    "permits_sweepitem": (lambda made, office: made.item(), {"act": None, "outcome": "kept"}),
}


def test_every_table_whose_rows_are_never_changed_is_here() -> None:
    assert set(NEVER_CHANGED) == set(guards.NEVER_CHANGED)


@pytest.mark.parametrize("table", NEVER_CHANGED)
def test_what_is_written_once_for_all_is_not_changed_even_with_an_event(
    office: Cast, table: str
) -> None:
    make, values = NEVER_CHANGED[table]
    row = make(Made(office), office)
    assert row._meta.db_table == table
    with pytest.raises(IntegrityError, match=f"never_changed|UPDATE on {table} is refused"):
        write(row, **values)


def test_a_person_has_one_draft_of_a_form_of_a_case(office: Cast) -> None:
    case = make_in_review(office.analyst)
    about = {"application": case, "person": office.analyst, "form": "card", "seen": 1}
    Draft.objects.create(**about, saved_at=clock.now())
    with pytest.raises(IntegrityError):
        Draft.objects.create(**about, saved_at=clock.now())
