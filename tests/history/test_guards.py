"""What the database refuses by itself, whoever writes: a walk over every tracked table."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
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
from tests.permits.factories import make_permit
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

TRACKED = tracked_models()


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


def insert(row: models.Model, verb: str = "INSERT", tail: str = "", **more: Any) -> bool:
    columns = columns_of(row) | more
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("%s" for _ in columns)
    table = row._meta.db_table
    return is_refused(
        f"{verb} INTO {table} ({names}) VALUES ({marks}) {tail}", list(columns.values())
    )


def a_row_of(model: type[Tracked]) -> Tracked:
    """A row that went through the door; where the tests' data has none, one of another kind."""
    row = model._base_manager.order_by("pk").first()
    if row is None:
        pytest.skip(f"no {model.__name__} in the tests' data")
    return row


@pytest.fixture(autouse=True)
def some_rows(db: None) -> None:
    make_person("somebody")
    checkpoints.make()


# Rows


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
class TestEveryTrackedTable:
    def test_an_update_without_an_event_is_refused(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        for field in model._meta.concrete_fields:
            assert is_refused(
                f'UPDATE {model._meta.db_table} SET "{field.column}" = "{field.column}"'
                " WHERE id = %s",
                [row.pk],
            )

    def test_an_update_to_another_version_is_refused(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        head = Event.objects.filter(stream=row.stream).count()
        for version in {0, row.version, head + 1, head + 2} - ({head} - {row.version}):
            assert is_refused(
                f"UPDATE {model._meta.db_table} SET version = %s WHERE id = %s", [version, row.pk]
            )

    def test_a_deletion_is_refused(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        assert is_refused(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [row.pk])

    def test_an_insert_without_an_event_is_refused(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        head = Event.objects.filter(stream=row.stream).count()
        assert insert(row, id=1_000_000, version=head + 1)
        assert insert(row, id=1_000_000, version=0)
        assert insert(row, id=1_000_000, stream="reference:nobody", version=1)

    @pytest.mark.parametrize("key", [0, -1])
    def test_an_insert_below_the_first_id_is_refused_or_found(
        self, model: type[Tracked], key: int
    ) -> None:
        row = a_row_of(model)
        head = Event.objects.filter(stream=row.stream).count()
        if not insert(row, id=key, version=head):
            found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
            assert found == {(f"{model._meta.db_table} row {key}", "row")}

    @sqlite_only
    @pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE"])
    def test_a_replacement_is_refused(self, model: type[Tracked], verb: str) -> None:
        row = a_row_of(model)
        head = Event.objects.filter(stream=row.stream).count()
        assert insert(row, verb, version=head)
        if any(field.unique for field in told_fields(model)):
            # Of a row with the same natural key, under another id.
            assert insert(row, verb, id=1_000_000, version=head)

    def test_an_upsert_is_refused(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        head = Event.objects.filter(stream=row.stream).count()
        assert insert(row, tail="ON CONFLICT (id) DO UPDATE SET version = 1", version=head)

    @sqlite_only
    def test_an_update_or_replace_into_anothers_place_is_refused(
        self, model: type[Tracked]
    ) -> None:
        unique = [field for field in told_fields(model) if field.unique]
        rows = list(model._base_manager.order_by("pk")[:2])
        if not unique or len(rows) < 2:
            pytest.skip("nothing to stand in the way of")
        one, other = rows
        assert is_refused(
            f'UPDATE OR REPLACE {model._meta.db_table} SET "{unique[0].column}" = %s,'
            " version = version + 1 WHERE id = %s",
            [columns_of(other)[str(unique[0].column)], one.pk],
        )

    @postgres_only
    def test_truncation_is_refused(self, model: type[Tracked]) -> None:
        a_row_of(model)
        assert is_refused(f"TRUNCATE {model._meta.db_table} CASCADE")

    @postgres_only
    def test_the_replica_mode_does_not_pass(self, model: type[Tracked]) -> None:
        row = a_row_of(model)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        assert is_refused(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [row.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = origin")

    def test_without_guards_a_change_of_any_column_is_found_and_named(
        self, model: type[Tracked]
    ) -> None:
        row = a_row_of(model)
        place = f"{model._meta.db_table} row {row.pk}"
        expected = set()
        for field in model._meta.concrete_fields:
            if field.primary_key:
                continue
            for value in other_values(field, getattr(row, field.attname)):
                if tampered(row, field, value):
                    expected.add((place, field.attname))
                    break
        assert expected
        found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
        assert expected <= found
        assert {named for where, named in found if where == place} == {
            named for _, named in expected
        }

    def test_without_guards_a_value_that_is_written_otherwise_is_found_and_named(
        self, model: type[Tracked]
    ) -> None:
        a_row_of(model)
        expected = written_otherwise(model)
        found = {(fault.place, fault.reason) for fault in verify(deep=True).faults}
        assert found == expected


def test_what_a_case_has_written_otherwise_is_found_and_named() -> None:
    cast = make_cast()
    give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    make_permit(cast.analyst, cast.analyst_b, cast.decision)
    expected = set[tuple[str, str]]()
    for model in TRACKED:
        expected |= written_otherwise(model)
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
    """Whether it got past what the table itself asks of its rows."""
    try:
        with unlogged(), transaction.atomic(), connection.cursor() as cursor:
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
        case models.BinaryField():
            yield bytes(value or b"")[:-1] + b"?"
        case _:
            yield f"{value}~"[-field.max_length if field.max_length else 0 :]
            yield "z"
            yield "tampered"


def tampered(row: Tracked, field: Any, value: Any) -> bool:
    """Whether the change got past what the table itself asks of its rows."""
    if value == getattr(row, field.attname):
        return False
    try:
        with unlogged(), transaction.atomic(), connection.cursor() as cursor:
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
    assert insert(log, id=2)
