"""On PostgreSQL the server needs no more than what docs/operations.md has the owner grant."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from history.domain import checkpoints
from history.domain.verify import verify
from history.refusal import at_the_door
from tests.engines import postgres_only
from tests.people import give_delegation, make_cast
from tests.permits.factories import make_permit
from tests.serving import serve_as

pytestmark = [pytest.mark.django_db, postgres_only]


@pytest.fixture(autouse=True)
def serving_role() -> None:
    # What is still to be checked is of the owner's session.
    connection.check_constraints()
    serve_as(f"serving_{connection.settings_dict['NAME']}")


def test_people_are_admitted_and_a_permit_is_issued() -> None:
    cast = make_cast()
    give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    make_permit(cast.analyst, cast.analyst_b, cast.decision)
    checkpoints.make()
    assert verify(deep=True).good


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE history_event DISABLE TRIGGER history_event_no_change",
        "DROP TRIGGER history_event_no_change ON history_event",
        "TRUNCATE history_event",
        "CREATE OR REPLACE FUNCTION history_guard_row() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "SET session_replication_role = replica",
        "SELECT setval('accounts_user_id_seq', 1)",
    ],
)
def test_the_guards_are_out_of_its_reach(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"denied|must be owner"),
        transaction.atomic(),
        at_the_door(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
