"""What the database itself refuses, whoever asks.

Events are added in order and never changed. A row of a tracked table is written only with the
version of the event at its stream's head, newer than the row's own, and never deleted. On SQLite
these are triggers, also against REPLACE, which deletes without firing a delete trigger; on
PostgreSQL triggers that stay on in replica mode. Every refusal is an `IntegrityError`.

Installed after every `migrate`: a table that Django rebuilds on SQLite loses its triggers.
`missing` tells which guards are not there, or are not ours word for word; `foreign` what stands
beside them on the same tables and could change what is written or read there.

A package adds guards of its own by `also`; triggers that it installs itself it names by `beside`.

Who owns the database can drop a guard. That is found here at the next start, and what was done
meanwhile by `verify_history --deep`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from history.models import Event, Text, Tracked, tracked_models

EVENTS = Event._meta.db_table
TEXTS = Text._meta.db_table


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger, or with no table a function: `create` makes it, word for word."""

    name: str
    table: str
    create: str

    def drop(self, vendor: str) -> str:
        if not self.table:
            return f"DROP FUNCTION IF EXISTS {self.name}() CASCADE"
        on_table = f" ON {self.table}" if vendor == "postgresql" else ""
        return f"DROP TRIGGER IF EXISTS {self.name}{on_table}"


Provider = Callable[[BaseDatabaseWrapper, set[str]], Iterator[Guard]]
"""Gives a package's guards, for the tables that are there."""

_providers: list[Provider] = []


def also(provider: Provider) -> None:
    """Has a package's guards installed and looked after as the history's own are."""
    if provider not in _providers:
        _providers.append(provider)


_beside: list[Callable[[str], Mapping[str, str]]] = []


def beside(triggers: Callable[[str], Mapping[str, str]]) -> None:
    """Has triggers of a package, installed by itself, known as ours: their text by name.

    Called with the engine, as Django names it.
    """
    if triggers not in _beside:
        _beside.append(triggers)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the guards that the database lacks; a table not made yet needs none."""
    present, vendor = _present(connection), connection.vendor
    return [
        guard.name
        for guard in _wanted(connection)
        if present.get(_key(guard)) != _look(guard, vendor)
    ]


def install(connection: BaseDatabaseWrapper) -> None:
    """Creates the guards that are missing."""
    absent, wanted = set(missing(connection)), list(_wanted(connection))
    functions = [guard for guard in wanted if not guard.table and guard.name in absent]
    _create(connection, functions)
    if functions:
        # A function that was dropped took its triggers along.
        absent = set(missing(connection))
    _create(connection, [guard for guard in wanted if guard.table and guard.name in absent])


def _create(connection: BaseDatabaseWrapper, some: Iterable[Guard]) -> None:
    with connection.cursor() as cursor:
        for guard in some:
            cursor.execute(guard.drop(connection.vendor))
            cursor.execute(guard.create)
            if guard.table and connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.name}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drops the guards: for a migration that must rebuild the events' own table, and for tests."""
    with connection.cursor() as cursor:
        for guard in reversed(list(_wanted(connection))):
            cursor.execute(guard.drop(connection.vendor))


_VERSIONED = {
    "sqlite": (
        "SELECT tables.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
        " WHERE tables.type = 'table' AND columns.name = 'version'"
    ),
    "postgresql": (
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'version' AND table_schema = current_schema()"
    ),
}


def _wanted(connection: BaseDatabaseWrapper) -> Iterator[Guard]:
    tables = set(connection.introspection.table_names())
    if EVENTS not in tables or TEXTS not in tables:
        return
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONED[connection.vendor])
        # Midway through migrations a table may not be tracked yet, or any more.
        versioned = {table for (table,) in cursor.fetchall()}
    rows = [model for model in tracked_models() if model._meta.db_table in versioned]
    if connection.vendor == "sqlite":
        yield from _sqlite_events()
        for model in rows:
            yield from _sqlite_rows(connection, model)
    elif connection.vendor == "postgresql":
        yield from _postgres_functions(connection)
        yield from _postgres_events()
        for model in rows:
            yield from _postgres_rows(model._meta.db_table)
    else:
        raise NotImplementedError(f"no guards on {connection.vendor}")
    for provider in _providers:
        yield from provider(connection, tables)


# SQLite


def sqlite_trigger(table: str, name: str, event: str, when: str = "") -> Guard:
    condition = f" WHEN {when}" if when else ""
    return Guard(
        f"{table}_{name}",
        table,
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table}{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{table}_{name}'); END",
    )


def _sqlite_events() -> Iterator[Guard]:
    body = "CAST(NEW.body AS TEXT)"
    yield sqlite_trigger(EVENTS, "no_update", "UPDATE")
    yield sqlite_trigger(EVENTS, "no_delete", "DELETE")
    yield sqlite_trigger(
        EVENTS,
        "in_order",
        "INSERT",
        f"NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM {EVENTS})"
        " OR NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1"
        f" FROM {EVENTS} WHERE stream = NEW.stream)"
        f" OR json_extract({body}, '$.number') IS NOT NEW.number"
        f" OR json_extract({body}, '$.stream') IS NOT NEW.stream"
        f" OR json_extract({body}, '$.sequence') IS NOT NEW.sequence",
    )
    yield sqlite_trigger(
        TEXTS, "once", "INSERT", f"EXISTS (SELECT 1 FROM {TEXTS} WHERE digest = NEW.digest)"
    )
    yield sqlite_trigger(
        TEXTS,
        "only_disposed_of",
        "UPDATE",
        "NEW.digest IS NOT OLD.digest OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL",
    )
    yield sqlite_trigger(TEXTS, "no_delete", "DELETE")


def _sqlite_rows(connection: BaseDatabaseWrapper, model: type[Tracked]) -> Iterator[Guard]:
    table, key = model._meta.db_table, model._meta.pk.column
    head = f"(SELECT MAX(sequence) FROM {EVENTS} WHERE stream = NEW.stream)"
    taken = [f"{key} = NEW.{key}", *_sqlite_unique(connection, table)]
    in_the_way = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {condition})" for condition in taken
    )
    in_anothers_way = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {key} <> OLD.{key} AND {condition})"
        for condition in taken[1:]
    )
    yield sqlite_trigger(
        table, "told_insert", "INSERT", f"NEW.version IS NOT {head} OR {in_the_way}"
    )
    yield sqlite_trigger(
        table,
        "told_update",
        "UPDATE",
        f"NEW.{key} IS NOT OLD.{key} OR NEW.stream IS NOT OLD.stream"
        f" OR NEW.version <= OLD.version OR NEW.version IS NOT {head}"
        + (f" OR {in_anothers_way}" if in_anothers_way else ""),
    )
    yield sqlite_trigger(table, "no_delete", "DELETE")


def _sqlite_unique(connection: BaseDatabaseWrapper, table: str) -> Iterator[str]:
    """For each unique index: the condition that a row of the table stands where NEW would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT list.name, source.sql FROM pragma_index_list(%s) AS list"
            " LEFT JOIN sqlite_master AS source ON source.name = list.name"
            ' WHERE list."unique" ORDER BY list.name',
            [table],
        )
        for name, sql in cursor.fetchall():
            cursor.execute("SELECT name FROM pragma_index_info(%s) ORDER BY seqno", [name])
            columns = [column for (column,) in cursor.fetchall()]
            if None in columns:
                raise NotImplementedError(f"{name} is over an expression")
            same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
            _, _, partial = (sql or "").partition(" WHERE ")
            # The condition of a partial index: of the row there, and of NEW.
            of_new = re.sub(r'"(\w+)"', r'NEW."\1"', partial)
            yield f"{same} AND ({partial}) AND ({of_new})" if partial else same


# PostgreSQL

_POSTGRES = {
    "history_guard_refuse": (
        " BEGIN RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME"
        " USING ERRCODE = 'check_violation'; END "
    ),
    "history_guard_order": (
        " DECLARE body jsonb := convert_from(NEW.body, 'UTF8')::jsonb; BEGIN"
        f" IF NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM {EVENTS})"
        " OR NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1"
        f" FROM {EVENTS} WHERE stream = NEW.stream)"
        " OR NEW.leaf <> sha256('\\x00'::bytea || NEW.body)"
        " OR (body->>'number')::bigint IS DISTINCT FROM NEW.number"
        " OR body->>'stream' IS DISTINCT FROM NEW.stream"
        " OR (body->>'sequence')::bigint IS DISTINCT FROM NEW.sequence THEN"
        " RAISE EXCEPTION 'an event out of order' USING ERRCODE = 'check_violation';"
        " END IF; RETURN NEW; END "
    ),
    "history_guard_text": (
        " BEGIN IF NEW.digest <> OLD.digest OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL THEN"
        " RAISE EXCEPTION 'a text is only disposed of' USING ERRCODE = 'check_violation';"
        " END IF; RETURN NEW; END "
    ),
    "history_guard_row": (
        " DECLARE head bigint; BEGIN"
        f" SELECT MAX(sequence) INTO head FROM {EVENTS} WHERE stream = NEW.stream;"
        " IF NEW.version IS DISTINCT FROM head OR (TG_OP = 'UPDATE'"
        " AND (NEW.id IS DISTINCT FROM OLD.id OR NEW.stream IS DISTINCT FROM OLD.stream"
        " OR NEW.version <= OLD.version)) THEN"
        " RAISE EXCEPTION '% of % without its event', TG_OP, TG_TABLE_NAME"
        " USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END "
    ),
}


def _postgres_functions(connection: BaseDatabaseWrapper) -> Iterator[Guard]:
    for name, source in _POSTGRES.items():
        yield postgres_function(connection, name, source)


def postgres_function(connection: BaseDatabaseWrapper, name: str, source: str) -> Guard:
    """A trigger's function. A temporary table of the same name must not stand in for a real one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        ((schema,),) = cursor.fetchall()
    return Guard(
        name,
        "",
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {connection.ops.quote_name(schema)}, pg_temp AS $${source}$$",
    )


def postgres_trigger(table: str, name: str, events: str, function: str, each: str = "ROW") -> Guard:
    return Guard(
        f"{table}_{name}",
        table,
        f"CREATE TRIGGER {table}_{name} BEFORE {events} ON {table}"
        f" FOR EACH {each} EXECUTE FUNCTION {function}()",
    )


def _postgres_events() -> Iterator[Guard]:
    yield postgres_trigger(EVENTS, "in_order", "INSERT", "history_guard_order")
    yield postgres_trigger(EVENTS, "no_change", "DELETE OR UPDATE", "history_guard_refuse")
    yield postgres_trigger(EVENTS, "no_truncate", "TRUNCATE", "history_guard_refuse", "STATEMENT")
    yield postgres_trigger(TEXTS, "only_disposed_of", "UPDATE", "history_guard_text")
    yield postgres_trigger(TEXTS, "no_delete", "DELETE", "history_guard_refuse")
    yield postgres_trigger(TEXTS, "no_truncate", "TRUNCATE", "history_guard_refuse", "STATEMENT")


def _postgres_rows(table: str) -> Iterator[Guard]:
    yield postgres_trigger(table, "told", "INSERT OR UPDATE", "history_guard_row")
    yield postgres_trigger(table, "no_delete", "DELETE", "history_guard_refuse")
    yield postgres_trigger(table, "no_truncate", "TRUNCATE", "history_guard_refuse", "STATEMENT")


# What is there

_PRESENT = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        " AND tgenabled = 'A' AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace ="
        " (SELECT oid FROM pg_namespace WHERE nspname = current_schema()))"
        " UNION ALL"
        " SELECT proname || '(' || pg_get_function_identity_arguments(oid) || ')',"
        " prosrc || COALESCE(array_to_string(proconfig, ';'), '') FROM pg_proc"
        " WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    ),
}


def _present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT[connection.vendor])
        return {name: _plain(text, connection.vendor) for name, text in cursor.fetchall()}


def _key(guard: Guard) -> str:
    """A guard's name in the catalogue: of a function, with its arguments. Ours take none."""
    return guard.name if guard.table else f"{guard.name}()"


def _look(guard: Guard, vendor: str) -> str:
    """What the database's catalogue says of the guard when it is there."""
    if guard.table:
        return _plain(guard.create, vendor)
    config, _, source = guard.create.partition(" SET search_path = ")[2].partition(" AS $$")
    return _plain(f"{source.removesuffix('$$')}search_path={config}", vendor)


def _plain(text: str, vendor: str) -> str:
    """Without what PostgreSQL adds when it repeats a trigger or a setting: schema, quotes, lines.

    In what refuses, quotes stay: between them a refusal would be a word that does nothing.
    """
    if vendor == "postgresql":
        source, mark, rest = re.sub(r"\bpublic\.", "", text).rpartition("search_path=")
        text = source + mark + rest.replace('"', "")
    return re.sub(r"\s+", " ", text).strip()


# What is there beside them


def foreign(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """What is not ours on the tables of the log and of tracked rows: where, and what it is.

    Anything that could change, hide or add rows without a word: triggers, and on PostgreSQL also
    rules, policies on rows, inheritance, what is switched off; a view in a table's place. It is
    only told: what somebody put there is looked at by somebody before it goes.
    """
    tables = {model._meta.db_table for model in tracked_models()}
    tables |= {model._meta.db_table for model in apps.get_app_config("history").get_models()}
    look = _foreign_sqlite if connection.vendor == "sqlite" else _foreign_postgres
    return sorted(look(connection, tables))


def _foreign_sqlite(connection: BaseDatabaseWrapper, tables: set[str]) -> Iterator[tuple[str, str]]:
    ours = {guard.name for guard in _wanted(connection)}
    alike = {name: text for one in _beside for name, text in one(connection.vendor).items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, name, lower(tbl_name), sql FROM sqlite_master"
            " WHERE type IN ('trigger', 'view')"
            " OR (type = 'table' AND lower(sql) LIKE 'create virtual%%')"
        )
        for kind, name, table, text in cursor.fetchall():
            # Names in capitals and in small letters are the same.
            if table not in tables or name in ours or alike.get(name) == text:
                continue
            if kind != "trigger":
                yield table, "what is in its place is not an ordinary table"
            else:
                yield table, f"the trigger {name} is not ours"


_FOREIGN_POSTGRES = """
WITH tables AS (
    SELECT oid, relname, relkind, relrowsecurity FROM pg_class
    WHERE relname = ANY(%s) AND relkind IN ('r', 'p', 'v', 'm', 'f')
    AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
)
SELECT relname, 'what is in its place is not an ordinary table' FROM tables WHERE relkind <> 'r'
UNION ALL
SELECT relname, 'the rule ' || rulename || ' is not ours' FROM tables
JOIN pg_rewrite ON ev_class = tables.oid WHERE relkind <> 'v'
UNION ALL
SELECT relname, 'security by row is switched on' FROM tables WHERE relrowsecurity
UNION ALL
SELECT relname, 'the policy ' || polname || ' on its rows is not ours' FROM tables
JOIN pg_policy ON polrelid = tables.oid
UNION ALL
SELECT relname, inhrelid::regclass || ' inherits from it' FROM tables
JOIN pg_inherits ON inhparent = tables.oid
UNION ALL
SELECT relname, 'it inherits from ' || inhparent::regclass FROM tables
JOIN pg_inherits ON inhrelid = tables.oid
UNION ALL
SELECT DISTINCT relname, 'its references to other tables or theirs to it are not checked'
FROM tables JOIN pg_trigger ON tgrelid = tables.oid WHERE tgisinternal AND tgenabled IN ('D', 'R')
UNION ALL
SELECT 'session_replication_role', 'it is ' || current_setting('session_replication_role')
|| ': references between tables are not checked'
WHERE current_setting('session_replication_role') <> 'origin'
"""


def _foreign_postgres(
    connection: BaseDatabaseWrapper, tables: set[str]
) -> Iterator[tuple[str, str]]:
    ours = {(guard.table, guard.name) for guard in _wanted(connection)}
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_POSTGRES, [list(tables)])
        yield from cursor.fetchall()
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND relname = ANY(%s) AND relnamespace ="
            " (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
            [list(tables)],
        )
        for table, name in cursor.fetchall():
            if (table, name) not in ours:
                yield table, f"the trigger {name} is not ours"
