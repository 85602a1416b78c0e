"""The database refuses two rows of one key that overlap in both ranges, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from policies import overlap
from policies.models import (
    CountryList,
    CountryListEntry,
    Dated,
    Destination,
    DestinationName,
    Policy,
    PolicyVersion,
)
from tests.engines import sqlite_only
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

Make = Callable[..., Dated]


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def a_policy(key: str = "ZZ-test") -> Policy:
    return Policy.objects.create(
        key=key,
        layer="notice",
        scope={},
        stance="suspended",
        title_en="Test",
        title_fr="Essai",
        instrument_en="Notice",
        instrument_fr="Avis",
        existing_permits="keep",
        confidence="verified_official",
    )


def a_destination(code: str = "ZZ") -> Destination:
    return Destination.objects.create(code=code, name_en="Test", name_fr="Essai")


def a_list(code: str = "TESTLIST") -> CountryList:
    return CountryList.objects.create(code=code, title_en="Test", title_fr="Essai")


@pytest.fixture
def rows_without_events(db: None) -> Iterator[None]:
    """These rows are of no history: what else refuses them is what this file is about."""
    with unlogged(to_the_end=True):
        yield


@pytest.fixture(params=["version", "entry", "name"])
def make(request: pytest.FixtureRequest, rows_without_events: None) -> Make:
    """Builds, without saving it, a row of one key of a guarded table."""
    model: type[Dated]
    fixed: dict[str, Any]
    if request.param == "version":
        model, fixed = PolicyVersion, {"policy": a_policy(), "precision": "day"}
    elif request.param == "entry":
        model, fixed = CountryListEntry, {"list": a_list(), "destination": a_destination()}
    else:
        model = DestinationName
        fixed = {"destination": a_destination(), "name_en": "Test", "name_fr": "Essai"}

    def build(
        start: str | None, end: str | None, known: str | None, until: str | None, **more: Any
    ) -> Dated:
        return model(
            effective_from=day(start),
            effective_to=day(end),
            known_from=instant(known),
            known_to=instant(until),
            **{**fixed, **more},
        )

    return build


def is_refused(write: Callable[[], Any]) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


FIRST = ("2020-01-01", "2021-01-01", "2020-01-01", "2022-01-01")
OVERLAPPING = [
    FIRST,
    ("2020-12-31", "2021-06-01", "2021-12-31", "2023-01-01"),
    ("2019-01-01", "2020-01-02", "2019-01-01", "2020-01-02"),
    ("2020-03-01", "2020-04-01", "2020-03-01", "2020-04-01"),
    (None, "2020-01-02", "2021-06-01", None),
    ("2020-12-31", None, "2021-06-01", None),
    (None, None, "2020-01-01", None),
]
APART = [
    ("2021-01-01", None, "2020-01-01", "2022-01-01"),
    (None, "2020-01-01", "2020-01-01", "2022-01-01"),
    ("2020-01-01", "2021-01-01", "2022-01-01", None),
    ("2020-01-01", "2021-01-01", "2019-01-01", "2020-01-01"),
    (None, None, "2022-01-01", None),
]


def columns_of(row: Model) -> dict[str, Any]:
    """What a raw statement needs to write the row."""
    return {
        str(field.column): field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in row._meta.concrete_fields
        if field.column != "id"
    }


def insert(row: Model, verb: str = "INSERT", tail: str = "", **more: Any) -> None:
    values = {**columns_of(row), **more}
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{verb} INTO {row._meta.db_table} ({names}) VALUES ({marks}) {tail}",
            list(values.values()),
        )


@pytest.mark.parametrize("ranges", OVERLAPPING)
def test_a_row_that_overlaps_in_both_ranges_is_refused_whatever_writes_it(
    make: Make, ranges: tuple[str | None, ...]
) -> None:
    make(*FIRST).save()
    second = make(*ranges)
    manager = type(second)._default_manager
    before = manager.count()
    assert is_refused(second.save)
    assert is_refused(lambda: manager.bulk_create([make(*ranges)]))
    assert is_refused(lambda: insert(second))
    assert manager.count() == before


@pytest.mark.parametrize("ranges", APART)
def test_a_row_that_is_apart_in_one_range_is_accepted(
    make: Make, ranges: tuple[str | None, ...]
) -> None:
    make(*FIRST).save()
    second = make(*ranges)
    second.save()
    second.refresh_from_db()
    second.save()


@pytest.mark.parametrize("ranges", APART)
@pytest.mark.parametrize("target", OVERLAPPING)
def test_an_update_into_an_overlap_is_refused(
    make: Make, ranges: tuple[str | None, ...], target: tuple[str | None, ...]
) -> None:
    make(*FIRST).save()
    second = make(*ranges)
    second.save()
    wanted = columns_of(make(*target))
    names = ("effective_from", "effective_to", "known_from", "known_to")
    moved = make(*target)
    changes = {name: getattr(moved, name) for name in names}
    rows = type(second)._default_manager.filter(pk=second.pk)
    assert is_refused(lambda: rows.update(**changes))

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {second._meta.db_table} SET"
                f" {', '.join(f'{name} = %s' for name in names)} WHERE id = %s",
                [*(wanted[name] for name in names), second.pk],
            )

    assert is_refused(raw)


def test_two_open_rows_of_one_key_are_refused_in_one_bulk_create(make: Make) -> None:
    rows = [make("2020-01-01", None, "2020-01-01", None), make(None, None, "2021-01-01", None)]
    assert is_refused(lambda: type(rows[0])._default_manager.bulk_create(rows))


def test_moving_a_row_to_a_key_where_it_overlaps_is_refused(rows_without_events: None) -> None:
    one, other = a_policy("ZZ-one"), a_policy("ZZ-other")
    ranges = {"known_from": instant("2020-01-01"), "precision": "day"}
    PolicyVersion.objects.create(policy=one, **ranges)
    moved = PolicyVersion.objects.create(policy=other, **ranges)
    assert is_refused(lambda: PolicyVersion.objects.filter(pk=moved.pk).update(policy=one))


def test_rows_of_different_keys_may_overlap(rows_without_events: None) -> None:
    country = a_destination()
    for code in ("TEST1", "TEST2"):
        CountryListEntry.objects.create(list=a_list(code), destination=country)
    assert CountryListEntry.objects.filter(destination=country).count() == 2


def test_an_upsert_does_not_pass_the_guard(make: Make) -> None:
    make(*FIRST).save()
    second = make(*APART[0])
    second.save()
    overlapping = make(*FIRST)
    tail = "ON CONFLICT (id) DO UPDATE SET effective_from = excluded.effective_from"
    assert is_refused(lambda: insert(overlapping, tail=tail, id=second.pk))


@sqlite_only
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
def test_replace_and_ignore_do_not_pass_the_guard(make: Make, verb: str) -> None:
    make(*FIRST).save()
    second = make(*APART[0])
    second.save()
    overlapping = make(*FIRST)
    assert is_refused(lambda: insert(overlapping, verb))
    assert is_refused(lambda: insert(overlapping, verb, id=second.pk))


@sqlite_only
def test_update_or_replace_does_not_pass_the_guard(make: Make) -> None:
    first = make(*FIRST)
    first.save()
    second = make(*APART[0])
    second.save()

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE OR REPLACE {first._meta.db_table} SET effective_from = '2020-06-01'"
                " WHERE id = %s",
                [second.pk],
            )

    assert is_refused(raw)


# Days and instants that Django would not write


sqlite_writing = [
    {"effective_from": "not a day"},
    {"effective_from": ""},
    {"effective_from": "20200601"},
    {"effective_from": "2020-6-1"},
    {"effective_from": " 2020-06-01"},
    {"effective_from": "2020-06-01 "},
    {"effective_from": "2020-06-01 00:00:00"},
    {"effective_from": "2020-06-01\0"},
    {"effective_from": "now"},
    {"effective_from": 2459000.5},
    {"effective_from": b"2020-06-01"},
    {"effective_to": "10000-01-01"},
    {"effective_to": "-4000-01-01"},
    {"effective_to": "2020-02-30"},
    {"effective_to": "infinity"},
    {"known_from": "2021-12-31"},
    {"known_from": "2021-12-31 23:00"},
    {"known_from": "2021-12-31T23:00:00"},
    {"known_from": "2021-12-31 23:00:00+00:00"},
    {"known_from": "2021-12-31 23:00:00-05:00"},
    {"known_from": "2021-12-31 23:00:00Z"},
    {"known_from": "2021-12-31 24:00:00"},
    {"known_from": "2021-12-31 23:00:00."},
    {"known_from": "2021-12-31 23:00:00.5"},
    {"known_from": "2021-12-31 23:00:00.1234567"},
    {"known_from": "2021-12-31 23:00:00.000000"},
    {"known_from": "2021-02-29 23:00:00"},
    {"known_from": 1640991600},
    {"known_to": "10000-01-01 00:00:00"},
    {"known_to": "not an instant"},
]


@sqlite_only
@pytest.mark.parametrize("values", sqlite_writing, ids=str)
def test_a_day_or_instant_that_is_not_written_as_django_writes_it_is_refused(
    make: Make, values: dict[str, Any]
) -> None:
    row = make("2020-01-01", None, "2020-01-01", None)
    assert is_refused(lambda: insert(row, **values))
    row.save()
    ((column, value),) = values.items()

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk]
            )

    assert is_refused(raw)


@pytest.mark.parametrize(
    "known",
    [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2020, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2020, 2, 29, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2020, 6, 1, tzinfo=timezone(timedelta(hours=-4))),
    ],
    ids=str,
)
@pytest.mark.parametrize("effective", [date.min, date(2020, 2, 29), date(9999, 12, 31)], ids=str)
def test_whatever_django_writes_is_accepted(make: Make, known: datetime, effective: date) -> None:
    row = make(None, None, None, None)
    row.known_from, row.effective_from = known, effective
    row.save()
    row.refresh_from_db()
    assert (row.known_from, row.effective_from) == (known, effective)


@pytest.mark.parametrize("column", ["effective_from", "effective_to", "known_from", "known_to"])
@pytest.mark.parametrize("value", ["infinity", "-infinity", "10000-01-01", "0001-01-01 BC"])
def test_a_day_outside_the_calendar_is_refused_on_every_engine(
    make: Make, column: str, value: str
) -> None:
    """PostgreSQL knows such days, and Python could not read them."""
    row = make(None, None, None, None)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        insert(row, **{column: value})
    name = "in_the_calendar" if connection.vendor == "postgresql" else "written_alike"
    assert f"{row._meta.db_table}_{name}" in str(refusal.value)


@pytest.mark.parametrize(
    "known", ["2022-01-01 05:30:00+05:00", "2022-01-01T00:30:00Z", "2022-01-01 03:30:00 +03"]
)
def test_an_instant_with_an_offset_does_not_pass_the_guard(make: Make, known: str) -> None:
    """Half past midnight in UTC, which as text comes after the end of the other row's range."""
    make("2020-01-01", None, "2020-01-01", "2022-01-01T01:00:00").save()
    row = make("2020-01-01", None, "2022-01-01", None)
    assert is_refused(lambda: insert(row, known_from=known))


# The guards themselves


def drop_first_guard() -> str:
    guard = overlap.GUARDS[0]
    name = next(iter(guard.statements(connection.vendor)))
    with connection.cursor() as cursor:
        cursor.execute(overlap._drop(connection, guard, name))
    return name


def test_no_guard_is_missing_after_migrate() -> None:
    assert overlap.missing(connection) == []
    assert overlap_warnings() == []


def overlap_warnings() -> list[CheckMessage]:
    found = run_checks(tags=["database"], databases=["default"])
    return [one for one in found if one.id == "policies.W001"]


def test_a_guard_that_was_dropped_is_named_by_the_check() -> None:
    name = drop_first_guard()
    assert overlap.missing(connection) == [name]
    [found] = overlap_warnings()
    assert name in found.msg


def test_migrate_puts_back_a_guard_that_was_dropped(make: Make) -> None:
    drop_first_guard()
    # No trigger is put on a table whose references are still to be checked.
    connection.check_constraints()
    call_command("migrate", verbosity=0)
    assert overlap.missing(connection) == []
    with unlogged():
        make(*FIRST).save()
        assert is_refused(make(*FIRST).save)


def test_guards_are_not_put_on_a_table_twice() -> None:
    overlap.install(connection)
    assert overlap.missing(connection) == []


def test_guards_can_be_taken_away_and_put_back(make: Make) -> None:
    overlap.remove(connection)
    assert len(overlap.missing(connection)) == (12 if connection.vendor == "sqlite" else 3)
    overlap.install(connection)
    assert overlap.missing(connection) == []


@sqlite_only
def test_a_trigger_of_the_right_name_that_does_nothing_counts_as_missing() -> None:
    name = drop_first_guard()
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {overlap.GUARDS[0].table} BEGIN SELECT 1; END"
        )
    assert overlap.missing(connection) == [name]
    overlap.install(connection)
    assert overlap.missing(connection) == []


@sqlite_only
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [PolicyVersion, CountryListEntry, DestinationName])
def test_guards_survive_the_rebuild_of_a_table(model: type[Model]) -> None:
    with connection.schema_editor() as editor:
        editor._remake_table(model)  # type: ignore[attr-defined]
    assert len(overlap.missing(connection)) == 4, "the rebuild is expected to drop every trigger"
    call_command("migrate", verbosity=0)
    assert overlap.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_the_migration_that_installs_the_guards_goes_both_ways() -> None:
    call_command("migrate", "policies", "0001", verbosity=0)
    call_command("migrate", verbosity=0)
    assert overlap.missing(connection) == []
