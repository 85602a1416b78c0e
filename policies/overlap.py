"""The database refuses two rows of one key that overlap in both ranges.

`Overlapping` rows are in effect on a common day and known at a common instant: the register would
give two answers. PostgreSQL has an exclusion constraint for this. SQLite has none, and Django's
`ExclusionConstraint` does nothing there without a word, so it gets a trigger before INSERT and one
before UPDATE. Both raise `IntegrityError`. Open ends are null.

Installed by a migration, and again after every `migrate`: a table that Django rebuilds on SQLite
loses its triggers. `missing` tells which guards are not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

EFFECTIVE = ("effective_from", "effective_to")
KNOWN = ("known_from", "known_to")


@dataclass(frozen=True, slots=True)
class Guard:
    """No two rows of `table` with the same `key` columns overlap in both ranges."""

    table: str
    key: tuple[str, ...]

    def statements(self, vendor: str) -> Mapping[str, str]:
        """What makes up the guard on an engine: names and the statements that create them."""
        if vendor == "postgresql":
            return {f"{self.table}_no_overlap": self._exclusion()}
        if vendor == "sqlite":
            ends = ", ".join((*EFFECTIVE, *KNOWN))
            columns = ", ".join((*self.key, ends))
            return {
                f"{self.table}_no_overlap_insert": self._trigger("insert", "INSERT"),
                f"{self.table}_no_overlap_update": self._trigger(
                    "update", f"UPDATE OF {columns}", "other.id <> OLD.id AND "
                ),
                f"{self.table}_written_alike_insert": self._writing("insert", "INSERT"),
                f"{self.table}_written_alike_update": self._writing("update", f"UPDATE OF {ends}"),
            }
        raise NotImplementedError(f"no guard against overlapping rows on {vendor}")

    def _exclusion(self) -> str:
        # An integer as a range of one needs no extension, where "=" would need btree_gist.
        keys = [f"int8range({column}, {column}, '[]') WITH &&" for column in self.key]
        effective = f"daterange({', '.join(EFFECTIVE)}, '[)') WITH &&"
        known = f"tstzrange({', '.join(KNOWN)}, '[)') WITH &&"
        return (
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.table}_no_overlap"
            f" EXCLUDE USING gist ({', '.join([*keys, effective, known])})"
        )

    def _trigger(self, suffix: str, event: str, others: str = "") -> str:
        # The insert trigger looks at every row, also at one with the new row's id: INSERT OR
        # REPLACE would otherwise put a row in its place past the update trigger.
        same_key = " AND ".join(f"other.{column} = NEW.{column}" for column in self.key)
        return (
            f"CREATE TRIGGER {self.table}_no_overlap_{suffix}"  # noqa: S608 - our own names
            f" BEFORE {event} ON {self.table}"
            f" WHEN EXISTS (SELECT 1 FROM {self.table} AS other WHERE {others}{same_key}"
            f" AND {_overlap(*EFFECTIVE)} AND {_overlap(*KNOWN)})"
            f" BEGIN SELECT RAISE(ABORT, '{self.table}_no_overlap'); END"
        )

    def _writing(self, suffix: str, event: str) -> str:
        alike = [_is_day(f"NEW.{end}") for end in EFFECTIVE]
        alike += [_is_instant(f"NEW.{end}") for end in KNOWN]
        return (
            f"CREATE TRIGGER {self.table}_written_alike_{suffix}"
            f" BEFORE {event} ON {self.table} WHEN NOT ({' AND '.join(alike)})"
            f" BEGIN SELECT RAISE(ABORT, '{self.table}_written_alike'); END"
        )


def _is_day(column: str) -> str:
    """SQL for: null, or a day of the calendar as YYYY-MM-DD.

    SQLite gives every other writing of a day back in this one and, when it has to add something, a
    day that is not there (30 February) as another.
    """
    return (
        f"({column} IS NULL OR (length({column}) = 10 AND {column} IS date({column}, '+0 days')))"
    )


def _is_instant(column: str) -> str:
    """SQL for: null, or YYYY-MM-DD HH:MM:SS, with six digits of a second unless all are zero.

    Django writes UTC; another offset cannot be said in this form.
    """
    seconds = f"substr({column}, 1, 19)"
    again = f"datetime({seconds}, '+0 days')"
    digits = "[0-9]" * 6
    return (
        f"({column} IS NULL OR (length({seconds}) = 19 AND {seconds} IS {again}"
        f" AND ({column} IS {seconds} OR ({column} GLOB '{'?' * 19}.{digits}'"
        f" AND {column} NOT GLOB '*.000000'))))"
    )


def _overlap(start: str, end: str) -> str:
    """SQL for: `other` and `NEW` share a point of the half-open range; a null end is open."""
    return " AND ".join(
        f"({one}.{start} IS NULL OR {two}.{end} IS NULL OR {one}.{start} < {two}.{end})"
        for one, two in (("NEW", "other"), ("other", "NEW"))
    )


GUARDS = (
    Guard("policies_policyversion", ("policy_id",)),
    Guard("policies_countrylistentry", ("list_id", "destination_id")),
    Guard("policies_destinationname", ("destination_id",)),
)

# A trigger is compared by its text: one of that name with another body guards nothing.
_PRESENT = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT conname, NULL FROM pg_constraint WHERE contype = 'x' AND convalidated"
        " AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    ),
}
_DROP = {
    "sqlite": "DROP TRIGGER IF EXISTS {name}",
    "postgresql": "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
}


def triggers(vendor: str) -> dict[str, str]:
    """The guards that are triggers, by name as they are made: none on PostgreSQL."""
    if vendor != "sqlite":
        return {}
    return {name: text for one in GUARDS for name, text in one.statements(vendor).items()}


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the guards that the database lacks; a table not made yet needs none."""
    present = _present(connection)
    return [
        name
        for guard in _applicable(connection)
        for name, statement in guard.statements(connection.vendor).items()
        if present.get(name, "") not in (None, statement)
    ]


def install(connection: BaseDatabaseWrapper) -> None:
    """Creates the guards that are missing. Rows that overlap already raise IntegrityError."""
    absent = missing(connection)
    with connection.cursor() as cursor:
        for guard in GUARDS:
            for name, statement in guard.statements(connection.vendor).items():
                if name in absent:
                    cursor.execute(_drop(connection, guard, name))
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drops the guards."""
    with connection.cursor() as cursor:
        for guard in _applicable(connection):
            for name in guard.statements(connection.vendor):
                cursor.execute(_drop(connection, guard, name))


def _present(connection: BaseDatabaseWrapper) -> dict[str, str | None]:
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT[connection.vendor])
        return dict(cursor.fetchall())


def _applicable(connection: BaseDatabaseWrapper) -> list[Guard]:
    tables = set(connection.introspection.table_names())
    return [guard for guard in GUARDS if guard.table in tables]


def _drop(connection: BaseDatabaseWrapper, guard: Guard, name: str) -> str:
    return _DROP[connection.vendor].format(table=guard.table, name=name)
