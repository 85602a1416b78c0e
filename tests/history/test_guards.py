"""What the database refuses by itself, whoever writes: a walk over every tracked table."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from accounts.choices import Role
from accounts.domain.delegations import end_delegation
from accounts.models import Delegation, RoleGrant, User
from history import clock, guards
from history.domain import checkpoints
from history.domain.verify import verify
from history.merkle import leaf_hash
from history.models import Event, Log, Text, Tracked, tracked_models
from history.refusal import at_the_door
from history.values import told_fields
from policies.models import Destination
from tests.engines import postgres_only, sqlite_only
from tests.history.rows import add_destination, rename
from tests.people import give_delegation, make_cast, make_person
from tests.permits.made import Made
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

TRACKED = tracked_models()
Rows = list[tuple[Tracked, int]]
"""Rows, each with how many entries its stream has."""


def is_refused(statement: str, parameters: list[Any] | None = None) -> bool:
    """Whether the database refuses it, the program standing aside."""
    try:
        with transaction.atomic(), at_the_door(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
    except IntegrityError:
        return True
    return False


def columns_of(row: models.Model) -> dict[str, Any]:
    return {
        str(field.column): field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in row._meta.concrete_fields
    }


def insert(
    row: models.Model, verb: str = "INSERT", tail: str = "", more: Mapping[str, Any] | None = None
) -> bool:
    """Whether a copy of the row with other values is refused."""
    columns = columns_of(row) | dict(more or {})
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("%s" for _ in columns)
    table = row._meta.db_table
    return is_refused(
        f"{verb} INTO {table} ({names}) VALUES ({marks}) {tail}", list(columns.values())
    )


def has_natural_key(row: Tracked) -> bool:
    unique = [field for field in told_fields(type(row)) if field.unique]
    return any(getattr(row, field.attname) is not None for field in unique)


@pytest.fixture
def made(db: None) -> Rows:
    """A row in every tracked table, through the door: a table that gets none fails its tests."""
    cast = make_cast()
    give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    Made(cast).everything()
    checkpoints.make()
    connection.check_constraints()  # Or else PostgreSQL truncates nothing, whoever asks.
    rows = [(model, model._base_manager.order_by("pk").first()) for model in TRACKED]
    assert [model.__name__ for model, row in rows if row is None] == []
    return [
        (row, Event.objects.filter(stream=row.stream).count()) for _, row in rows if row is not None
    ]


@pytest.fixture(autouse=True)
def some_rows(db: None) -> None:
    make_person("somebody")
    checkpoints.make()


# Rows


def taking_a_deletion(made: Rows) -> list[str]:
    """The tables of which a row can be deleted."""
    return [
        row._meta.db_table
        for row, _ in made
        if not is_refused(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])
    ]


class TestEveryTrackedTable:
    """All tables in one test: to make a row in each takes longer than to try them all."""

    def test_an_update_without_an_event_is_refused(self, made: Rows) -> None:
        assert [
            (table, field.column)
            for row, _ in made
            for table in [row._meta.db_table]
            for field in row._meta.concrete_fields
            if not is_refused(
                f'UPDATE {table} SET "{field.column}" = "{field.column}" WHERE id = %s', [row.pk]
            )
        ] == []

    def test_an_update_to_another_version_is_refused(self, made: Rows) -> None:
        assert [
            (row._meta.db_table, version)
            for row, head in made
            for version in {0, row.version, head + 1, head + 2} - ({head} - {row.version})
            if not is_refused(
                f"UPDATE {row._meta.db_table} SET version = %s WHERE id = %s", [version, row.pk]
            )
        ] == []

    def test_a_deletion_is_refused(self, made: Rows) -> None:
        assert taking_a_deletion(made) == []

    def test_an_insert_without_an_event_is_refused(self, made: Rows) -> None:
        tried = [
            (row, other)
            for row, head in made
            for other in (
                {"version": head + 1},
                {"version": 0},
                {"stream": "reference:nobody", "version": 1},
            )
        ]
        assert [
            (row._meta.db_table, other)
            for row, other in tried
            if not insert(row, more={"id": 1_000_000, **other})
        ] == []

    def test_an_insert_below_the_first_id_is_refused_or_found(self, made: Rows) -> None:
        inserted = {
            (f"{row._meta.db_table} row {key}", "row")
            for row, head in made
            for key in (0, -1)
            if not insert(row, more={"id": key, "version": head})
        }
        assert inserted
        assert {(fault.place, fault.reason) for fault in verify(deep=True).faults} == inserted

    @sqlite_only
    def test_a_replacement_is_refused(self, made: Rows) -> None:
        tried = [
            (row, verb, {"version": head, **more})
            for row, head in made
            for verb in ("REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE")
            # Another id: of a row with the same natural key.
            for more in ({}, {"id": 1_000_000})
            if not more or has_natural_key(row)
        ]
        assert [
            (row._meta.db_table, verb, more)
            for row, verb, more in tried
            if not insert(row, verb, more=more)
        ] == []

    def test_an_upsert_is_refused(self, made: Rows) -> None:
        assert [
            row._meta.db_table
            for row, head in made
            if not insert(
                row, tail="ON CONFLICT (id) DO UPDATE SET version = 1", more={"version": head}
            )
        ] == []

    @sqlite_only
    def test_an_update_or_replace_into_anothers_place_is_refused(self, made: Rows) -> None:
        tried = [
            (one, other, unique[0])
            for row, _ in made
            if (unique := [field for field in told_fields(type(row)) if field.unique])
            for one, *others in [type(row)._base_manager.order_by("pk")[:2]]
            for other in others
        ]
        assert [
            (one._meta.db_table, field.column)
            for one, other, field in tried
            if not is_refused(
                f'UPDATE OR REPLACE {one._meta.db_table} SET "{field.column}" = %s,'
                " version = version + 1 WHERE id = %s",
                [columns_of(other)[str(field.column)], one.pk],
            )
        ] == []
        assert tried

    @postgres_only
    def test_truncation_is_refused(self, made: Rows) -> None:
        tables = [row._meta.db_table for row, _ in made]
        assert [one for one in tables if not is_refused(f"TRUNCATE {one} CASCADE")] == []

    @postgres_only
    def test_the_replica_mode_does_not_pass(self, made: Rows) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        assert taking_a_deletion(made) == []
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = origin")

    def test_without_guards_a_change_of_any_column_is_found_and_named(self, made: Rows) -> None:
        expected = set()
        with unlogged():
            for row, _ in made:
                for field in row._meta.concrete_fields[1:]:
                    values = other_values(field, getattr(row, field.attname))
                    if any(tampered(row, field, value) for value in values):
                        expected.add((f"{row._meta.db_table} row {row.pk}", field.attname))
        places = {place for place, _ in expected}
        assert len(places) == len(made)
        found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
        assert {one for one in found if one[0] in places} == expected

    def test_without_guards_a_value_that_is_written_otherwise_is_found_and_named(
        self, made: Rows
    ) -> None:
        with unlogged():
            expected = set[tuple[str, str]]().union(*map(written_otherwise, TRACKED))
        assert expected
        found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
        assert found == expected


def written_otherwise(model: type[Tracked]) -> set[tuple[str, str]]:
    """Writes one value of each column otherwise, where the table lets that happen; tells which."""
    found = set()
    for field in told_fields(model):
        for row in model._base_manager.order_by("pk")[:40]:
            if any(
                written(row, field, spelling)
                for spelling in other_spellings(field, getattr(row, field.attname))
            ):
                found.add((f"{model._meta.db_table} row {row.pk}", field.attname))
                break
    return found


def other_spellings(field: Any, value: Any) -> Iterator[Any]:
    """What Python reads as the same value, and SQL as another."""
    match field:
        case models.JSONField() if value:
            if with_numbers_for_truth(value) != json.dumps(value):
                yield with_numbers_for_truth(value)
            elif connection.vendor == "sqlite" and type(value) is dict:
                yield f'{{{json.dumps(next(iter(value)))}: "forged", {json.dumps(value)[1:]}'
            elif connection.vendor == "sqlite":
                yield f" {json.dumps(value)}"
        case _ if connection.vendor != "sqlite" or value in (None, ""):
            return
        case models.DateTimeField():
            yield value.isoformat()
        case models.DateField():
            yield value.strftime("%G-W%V-%u")
        case models.DecimalField():
            yield float(value) + 10 ** -(field.decimal_places + 2)
        case models.CharField() if re.fullmatch("([0-9a-f]{2})+", value):
            yield bytes.fromhex(value)


def with_numbers_for_truth(value: Any) -> str:
    """JSON with 1 where true was, true where 1 was, and so with 0."""
    swap = {"true": "1", "false": "0", "1": "true", "0": "false"}
    return re.sub(
        r"(?<=[\[: ])(true|false|0|1)(?=[,\]}])", lambda match: swap[match[0]], json.dumps(value)
    )


def written(row: Tracked, field: Any, spelling: Any) -> bool:
    """Whether it got past what the table itself asks of its rows. Within `unlogged`."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE {row._meta.db_table} SET "{field.column}" = %s WHERE id = %s',
                [spelling, row.pk],
            )
    except DatabaseError:
        return False
    return True


def other_values(field: Any, value: Any) -> Iterator[Any]:
    """Values that a column could be changed to; the database may refuse some."""
    if field.choices:
        yield from (choice for choice, _ in field.choices if choice != value)
    match field:
        case models.ForeignKey():
            pks = field.related_model._base_manager.exclude(pk=value).values_list("pk", flat=True)
            yield from pks[:3]
        case models.BooleanField():
            yield not value
        case models.JSONField():
            yield from ({"tampered": 1}, [])
        case models.DateTimeField():
            yield (value or dt.datetime(2020, 1, 1, tzinfo=dt.UTC)) + dt.timedelta(microseconds=1)
        case models.DateField():
            yield (value or dt.date(2020, 1, 1)) + dt.timedelta(days=1)
            yield None
        case models.IntegerField():
            yield (value or 0) + 1_000_001
            yield 1
        case models.DecimalField():
            yield (value or 0) + 1
        case models.BinaryField():
            yield bytes(value or b"")[:-1] + b"?"
        case _:
            yield f"{value}~"[-field.max_length if field.max_length else 0 :]
            yield "z"
            yield "tampered"


def tampered(row: Tracked, field: Any, value: Any) -> bool:
    """Whether the change got past what the table itself asks of its rows. Within `unlogged`."""
    if value == getattr(row, field.attname):
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE {row._meta.db_table} SET "{field.column}" = %s WHERE id = %s',
                [field.get_db_prep_save(value, connection), row.pk],
            )
            connection.check_constraints()
    except DatabaseError:
        return False
    return True


def test_a_role_below_the_first_id_is_found() -> None:
    """An insert that no guard stops: its version is that of an event of the stream."""
    somebody = make_person("nobody_yet")
    row = RoleGrant(
        id=-1,
        person=somebody,
        role=Role.ADMINISTRATOR,
        proposed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        confirmed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        starts_on=dt.date(2020, 1, 1),
        stream=somebody.stream,
        version=somebody.version,
    )
    assert not insert(row)
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == ("accounts_rolegrant row -1", "row")


@postgres_only
@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        (Delegation, "ends_on", "infinity"),
        (User, "created_at", "infinity"),
        (User, "created_at", "0044-03-15 BC"),
    ],
)
def test_a_day_that_python_cannot_read_is_named_and_stops_nothing(
    model: type[Tracked], column: str, value: str
) -> None:
    cast = make_cast()
    give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    key = model._base_manager.order_by("pk").values_list("pk", flat=True)[0]
    table = model._meta.db_table
    with unlogged(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, key])
        cursor.execute("UPDATE accounts_user SET name = 'Other' WHERE id = %s", [cast.auditor.pk])
    found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
    assert found >= {
        (f"{table} row {key}", column),
        (f"accounts_user row {cast.auditor.pk}", "name"),
    }


@sqlite_only
@pytest.mark.parametrize("form", ["%G-W%V-%u", "9999-02-31", "soon"])
def test_an_ended_delegation_does_not_live_again_by_how_its_day_is_written(form: str) -> None:
    """Of days written otherwise, SQL and Python make two; of one that is none, Python an error."""
    noon = dt.datetime(2026, 1, 5, 17, tzinfo=dt.UTC)
    with clock.simulated(noon):
        cast = make_cast()
        given = give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    with clock.simulated(noon + dt.timedelta(days=40)):
        end_delegation(given, by=cast.admin, reason="Instrument revoked")
    given.refresh_from_db()
    assert given.ends_on
    field = Delegation._meta.get_field("ends_on")
    with unlogged():
        assert written(given, field, given.ends_on.strftime(form))
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"accounts_delegation row {given.pk}", "ends_on")


def test_an_honest_change_of_a_row_of_an_older_version_is_accepted() -> None:
    one = add_destination("ZZ")
    rename(one, "Second")
    rename(one, "Third")
    assert Destination.objects.get(pk=one.pk).version == 3


# Events and texts


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_event SET verb = 'x.y' WHERE number = 1",
        "UPDATE history_event SET body = body WHERE number = 1",
        "DELETE FROM history_event WHERE number = 1",
        "DELETE FROM history_event",
        "DELETE FROM history_text",
        "UPDATE history_text SET content = 'other'",
        "UPDATE history_text SET digest = 'other', salt = NULL, content = NULL",
    ],
)
def test_events_and_texts_are_not_changed(statement: str) -> None:
    assert is_refused(statement)


def test_a_text_may_be_disposed_of() -> None:
    digest = Text.objects.exclude(content=None).values_list("pk", flat=True)[0]
    assert not is_refused(
        "UPDATE history_text SET content = NULL, salt = NULL WHERE digest = %s", [digest]
    )


def next_event(**more: Any) -> Event:
    """A copy of the newest event, as the next one."""
    event = Event.objects.last()
    assert event is not None
    number, sequence = event.number + 1, event.sequence + 1
    body = bytes(event.body).replace(
        f'"number":{event.number},'.encode(), f'"number":{number},'.encode()
    )
    body = body.replace(
        f'"sequence":{event.sequence},'.encode(), f'"sequence":{sequence},'.encode()
    )
    event.number, event.sequence, event.body = number, sequence, body
    event.leaf = leaf_hash(body)
    for name, value in more.items():
        setattr(event, name, value)
    return event


def test_the_next_event_is_accepted() -> None:
    assert not insert(next_event())


@pytest.mark.parametrize("change", [-1, 1, -2])
def test_an_event_out_of_order_is_refused(change: int) -> None:
    event = next_event()
    assert insert(next_event(number=event.number + change))
    assert insert(next_event(sequence=event.sequence + change))


def test_an_event_whose_columns_contradict_it_is_refused() -> None:
    assert insert(next_event(stream="reference:elsewhere", sequence=1))


@postgres_only
def test_an_event_with_another_hash_is_refused() -> None:
    assert insert(next_event(leaf=b"\0" * 32))


@sqlite_only
@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE"])
def test_an_event_is_not_replaced(verb: str) -> None:
    event = Event.objects.get(number=1)
    event.verb = "x.y"
    assert insert(event, verb)


@sqlite_only
@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE"])
def test_a_text_is_not_replaced(verb: str) -> None:
    text = Text.objects.filter(content__isnull=False).latest("digest")
    text.content = "Somebody else"
    assert insert(text, verb)


def test_an_event_is_not_upserted() -> None:
    event = Event.objects.get(number=1)
    assert insert(event, tail="ON CONFLICT (number) DO UPDATE SET verb = 'x.y'")


@postgres_only
@pytest.mark.parametrize("table", ["history_event", "history_text"])
def test_events_are_not_truncated(table: str) -> None:
    assert is_refused(f"TRUNCATE {table}")


@postgres_only
def test_a_temporary_table_does_not_stand_in_for_the_events() -> None:
    row = add_destination()
    with at_the_door(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE history_event (stream text, sequence bigint)")
        cursor.execute("INSERT INTO pg_temp.history_event VALUES (%s, 2)", [row.stream])
    try:
        assert is_refused("UPDATE policies_destination SET version = 2 WHERE id = %s", [row.pk])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE pg_temp.history_event")


# The guards themselves


def test_every_tracked_table_has_its_guards() -> None:
    assert guards.missing(connection) == []
    names = {guard.table for guard in guards._wanted(connection)}
    assert {model._meta.db_table for model in TRACKED} <= names


def test_a_missing_guard_is_named_and_put_back_by_migrate() -> None:
    guards.remove(connection)
    lost = guards.missing(connection)
    assert len(lost) > 2 * len(TRACKED)
    warnings = [one for one in run_checks(databases=["default"]) if one.id == "history.W001"]
    assert len(warnings) == len(lost)
    assert any(lost[0] in one.msg for one in warnings)
    assert {fault.reason for fault in verify().faults} == {"guard"}
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []


_TOLD = "policies_destination_told_update"
_EMPTY = (
    "CREATE OR REPLACE FUNCTION history_guard_row() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN RETURN NEW; END $$"
)


def _another_body() -> list[str]:
    """A guard that does nothing under the name of ours."""
    if connection.vendor == "sqlite":
        return [
            f"DROP TRIGGER {_TOLD}",
            f"CREATE TRIGGER {_TOLD} BEFORE UPDATE ON policies_destination BEGIN SELECT 1; END",
        ]
    return [_EMPTY]


def _a_refusal_between_quotes() -> list[str]:
    """Our own text, in which the refusal is a word; or our function beside an empty one."""
    if connection.vendor == "postgresql":
        double = "CREATE FUNCTION history_guard_row(integer) RETURNS integer LANGUAGE sql"
        return [f"{double} AS 'SELECT 1'", _EMPTY]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [_TOLD])
        [text] = cursor.fetchone()
    refusal = f"RAISE(ABORT, '{_TOLD}')"
    assert refusal in text
    return [f"DROP TRIGGER {_TOLD}", text.replace(refusal, f'"{refusal}"')]


@pytest.mark.parametrize("made", [_another_body, _a_refusal_between_quotes])
def test_a_guard_that_is_not_ours_word_for_word_is_missing(
    made: Callable[[], list[str]],
) -> None:
    with connection.cursor() as cursor:
        for statement in made():
            cursor.execute(statement)
    name = _TOLD if connection.vendor == "sqlite" else "history_guard_row"
    assert guards.missing(connection) == [name]
    guards.install(connection)
    assert guards.missing(connection) == []


@postgres_only
def test_a_disabled_guard_is_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE history_event DISABLE TRIGGER history_event_no_change")
    assert guards.missing(connection) == ["history_event_no_change"]
    guards.install(connection)
    assert guards.missing(connection) == []


# What stands beside them

_SQLITE_FOREIGN = {
    "a trigger": (
        [
            "CREATE TRIGGER beside AFTER UPDATE ON Policies_Destination"
            " BEGIN UPDATE permits_overview SET number = 0; END"
        ],
        ("policies_destination", "the trigger beside is not ours"),
    ),
    "a trigger on events": (
        ["CREATE TRIGGER beside AFTER INSERT ON history_event BEGIN SELECT 1; END"],
        ("history_event", "the trigger beside is not ours"),
    ),
    "one of the register's triggers with another body": (
        [
            "DROP TRIGGER policies_policyversion_no_overlap_insert",
            "CREATE TRIGGER policies_policyversion_no_overlap_insert BEFORE INSERT"
            " ON policies_policyversion BEGIN SELECT 1; END",
        ],
        (
            "policies_policyversion",
            "the trigger policies_policyversion_no_overlap_insert is not ours",
        ),
    ),
    "a view in a table's place": (
        [
            "ALTER TABLE permits_notice RENAME TO elsewhere",
            "CREATE VIEW Permits_Notice AS SELECT * FROM elsewhere WHERE id > 1",
        ],
        ("permits_notice", "what is in its place is not an ordinary table"),
    ),
    "a virtual table": (
        ["DROP TABLE permits_notice", "CREATE VIRTUAL TABLE permits_notice USING fts5(a)"],
        ("permits_notice", "what is in its place is not an ordinary table"),
    ),
}
_POSTGRES_FOREIGN = {
    "a trigger": (
        [
            "CREATE FUNCTION beside() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER beside BEFORE INSERT ON policies_destination"
            " FOR EACH ROW EXECUTE FUNCTION beside()",
        ],
        ("policies_destination", "the trigger beside is not ours"),
    ),
    "a guard of another table": (
        [
            "CREATE TRIGGER permits_notice_told BEFORE INSERT ON history_event"
            " FOR EACH ROW EXECUTE FUNCTION history_guard_row()",
        ],
        ("history_event", "the trigger permits_notice_told is not ours"),
    ),
    "a rule": (
        ["CREATE RULE beside AS ON UPDATE TO policies_destination DO INSTEAD NOTHING"],
        ("policies_destination", "the rule beside is not ours"),
    ),
    "security by row": (
        ["ALTER TABLE policies_destination ENABLE ROW LEVEL SECURITY"],
        ("policies_destination", "security by row is switched on"),
    ),
    "a policy": (
        ["CREATE POLICY beside ON policies_destination USING (false)"],
        ("policies_destination", "the policy beside on its rows is not ours"),
    ),
    "a child": (
        ["CREATE TABLE child () INHERITS (policies_destination)"],
        ("policies_destination", "child inherits from it"),
    ),
    "a parent": (
        [
            "CREATE TABLE parent (version bigint)",
            "ALTER TABLE permits_notice ALTER version DROP NOT NULL",
            "ALTER TABLE permits_notice INHERIT parent",
        ],
        ("permits_notice", "it inherits from parent"),
    ),
    "a view in a table's place": (
        [
            "ALTER TABLE permits_notice RENAME TO elsewhere",
            "CREATE VIEW permits_notice AS SELECT * FROM elsewhere WHERE id > 1",
        ],
        ("permits_notice", "what is in its place is not an ordinary table"),
    ),
    "references switched off": (
        ["ALTER TABLE permits_notice DISABLE TRIGGER ALL"],
        ("permits_notice", "its references to other tables or theirs to it are not checked"),
    ),
    "the replica mode": (
        ["SET LOCAL session_replication_role = replica"],
        (
            "session_replication_role",
            "it is replica: references between tables are not checked",
        ),
    ),
}
_FOREIGN = _SQLITE_FOREIGN if "sqlite" in connection.settings_dict["ENGINE"] else _POSTGRES_FOREIGN


def test_nothing_stands_beside_the_guards() -> None:
    assert guards.foreign(connection) == []


@pytest.mark.parametrize("kind", _FOREIGN)
def test_what_somebody_adds_beside_the_guards_is_named(kind: str) -> None:
    statements, told = _FOREIGN[kind]
    connection.check_constraints()
    with at_the_door(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert guards.foreign(connection) == [told]
    warnings = [one.msg for one in run_checks(databases=["default"]) if one.id == "history.W002"]
    assert [told[0] in one and told[1] in one for one in warnings] == [True]
    faults = {(fault.place, fault.why) for fault in verify().faults if fault.reason == "guard"}
    assert told in faults


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_rebuilt_has_its_guards_again_after_migrate() -> None:
    with at_the_door(), connection.schema_editor() as editor:
        editor._remake_table(Destination)  # type: ignore[attr-defined]
    assert any("destination" in name for name in guards.missing(connection))
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []


def test_the_log_has_one_row() -> None:
    log = Log.objects.get()
    assert insert(log, more={"id": 2})
