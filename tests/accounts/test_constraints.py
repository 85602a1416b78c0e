"""What the database refuses, whatever writes to it: four eyes, pairs, days, exclusive states."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.choices import RequestedAct, Role
from accounts.domain.delegations import propose_delegation
from accounts.domain.requests import propose_request
from accounts.domain.roles import propose_role
from accounts.models import AccountRequest, Delegation, RoleGrant, TwoPeople
from history import clock
from tests.people import TERMS, Cast, give_role, make_cast
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

NOW = "2026-03-02 12:00:00+00:00"
TODAY = date(2026, 3, 2)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def a_row(model: type[TwoPeople], cast: Cast) -> TwoPeople:
    """A row for the analyst, proposed by the first administrator."""
    match model.__name__:
        case "RoleGrant":
            return propose_role(
                cast.analyst,
                Role.DECISION_MAKER,
                by=cast.admin,
                reason="Why",
                starts_on=clock.today(),
            )
        case "Delegation":
            return propose_delegation(
                cast.analyst, TERMS, by=cast.admin, reason="Why", starts_on=clock.today()
            )
    return propose_request(cast.analyst, RequestedAct.RESET_PASSWORD, by=cast.admin, reason="Why")


def write(row: TwoPeople, **values: Any) -> None:
    """By SQL, past the program and the history."""
    table = row._meta.db_table
    columns = ", ".join(f"{name} = %s" for name in values)
    with unlogged(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {columns} WHERE id = %s", [*values.values(), row.pk])


# Columns to write, by the word of whom or what; and the constraint that refuses them.
REFUSED = [
    ({"confirmed_by_id": "admin", "confirmed_at": NOW}, "confirmed_by_another"),
    ({"confirmed_by_id": "analyst", "confirmed_at": NOW}, "not_confirmed_for_oneself"),
    ({"proposed_by_id": "analyst"}, "not_proposed_for_oneself"),
    ({"person_id": "admin"}, "not_proposed_for_oneself"),
    ({"confirmed_by_id": "admin_b"}, "confirmed_by_and_at"),
    ({"confirmed_at": NOW}, "confirmed_by_and_at"),
    ({"proposed_by_id": None}, "confirmed_by_and_at"),
    (
        {"proposed_by_id": None, "confirmed_by_id": "admin_b", "confirmed_at": NOW},
        "confirmed_by_and_at",
    ),
    ({"declined_at": NOW}, "declined_by_and_at"),
    ({"declined_by_id": "admin_b"}, "declined_by_and_at"),
]
DATED = [
    ({"starts_on": TODAY, "ends_on": TODAY}, "ends_after_it_starts"),
    ({"starts_on": TODAY, "ends_on": TODAY - timedelta(days=1)}, "ends_after_it_starts"),
    ({"ended_at": NOW}, "ended_by_and_at"),
    ({"ended_by_id": "admin_b"}, "ended_by_and_at"),
]
OWN: list[tuple[type[TwoPeople], dict[str, Any], str]] = [
    (RoleGrant, {"role": "minister"}, "known_role"),
    (Delegation, {"may_decide": False, "may_act": False}, "gives_a_power"),
    (AccountRequest, {"act": "promote"}, "known_act"),
]
CASES = [
    *((model, *case) for model in (RoleGrant, Delegation, AccountRequest) for case in REFUSED),
    *((model, *case) for model in (RoleGrant, Delegation) for case in DATED),
    *OWN,
]


@pytest.mark.parametrize(("model", "values", "name"), CASES)
def test_the_database_refuses(
    cast: Cast, model: type[TwoPeople], values: dict[str, Any], name: str
) -> None:
    row = a_row(model, cast)
    values = {
        column: getattr(cast, value).pk if column.endswith("_id") and value is not None else value
        for column, value in values.items()
    }
    with pytest.raises(IntegrityError, match=f"{model._meta.db_table}_{name}"):
        write(row, **values)


@pytest.mark.parametrize("model", [RoleGrant, Delegation, AccountRequest])
def test_what_two_people_do_is_taken(cast: Cast, model: type[TwoPeople]) -> None:
    row = a_row(model, cast)
    write(row, confirmed_by_id=cast.admin_b.pk, confirmed_at=NOW)
    write(row, declined_by_id=cast.admin.pk, declined_at=NOW)


def test_one_request_of_a_kind_waits(cast: Cast) -> None:
    row = a_row(AccountRequest, cast)
    with pytest.raises(IntegrityError), unlogged(), transaction.atomic():
        AccountRequest.objects.create(
            person=cast.analyst,
            act=RequestedAct.RESET_PASSWORD,
            proposed_by=cast.admin_b,
            proposed_at=row.proposed_at,
        )


def test_a_grant_of_the_system_needs_nobody(cast: Cast) -> None:
    row = give_role(cast.auditor, Role.AUDITOR)
    assert (row.proposed_by, row.confirmed_by) == (None, None)
    with pytest.raises(IntegrityError, match="confirmed_by_and_at"):
        write(row, confirmed_at=None)
