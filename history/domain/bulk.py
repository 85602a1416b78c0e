"""Rows of one table written at once, from the few of an act to the many of a load or a seed.

By statements of our own: the ORM makes each anew, and that takes longer than the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    BooleanField,
    CharField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)

MANY = 50
"""From so many on PostgreSQL copies faster than it inserts."""


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Inserts new rows that have their keys. Only for `history.domain.door`.

    Raises what the database refuses, as any statement does.
    """
    fields = model._meta.concrete_fields
    insert_values(model, [str(one.column) for one in fields], _values(fields, rows))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_values(
    model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Inserts rows that are given as the columns' values. Only for `history.domain.door`."""
    quoted = connection.ops.quote_name
    into = f"{quoted(model._meta.db_table)} ({', '.join(map(quoted, columns))})"
    if connection.vendor == "postgresql" and len(rows) >= MANY:
        with (
            connection.wrap_database_errors,
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {into} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
    elif rows:
        places = ", ".join(["%s"] * len(columns))
        _execute(f"INSERT INTO {into} VALUES ({places})", rows)


def update(model: type[Model], columns: Sequence[str], rows: Sequence[Model]) -> None:
    """Writes the values that the rows have in these columns. Only for `history.domain.door`."""
    names = {one.attname: one for one in model._meta.concrete_fields}
    fields = [names[name] for name in columns] + [model._meta.pk]
    # What is put together is names of columns.
    *to_set, key = [f"{_name(one)} = %s" for one in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    _execute(f"UPDATE {table} SET {', '.join(to_set)} WHERE {key}", _values(fields, rows))


def _execute(statement: str, values: Sequence[Sequence[Any]]) -> None:
    """For each of the values. A single one needs none of what prepares for many."""
    with connection.cursor() as cursor:
        if len(values) == 1:
            cursor.execute(statement, values[0])
        else:
            cursor.executemany(statement, values)


def _name(column: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(column.column))


def _values(fields: Sequence[Field[Any, Any]], rows: Sequence[Model]) -> list[list[Any]]:
    # Not the proxy of the connection, which looks for it at every question.
    through = connections[DEFAULT_DB_ALIAS]
    columns = [(one.attname, _taken_as_it_is(one), one.get_db_prep_save) for one in fields]
    found = []
    for row in rows:
        values = []
        for name, kind, prepared in columns:
            value = getattr(row, name)
            if value is not None and type(value) is not kind:
                value = prepared(value, through)
            values.append(value)
        found.append(values)
    return found


@cache
def _taken_as_it_is(field: Field[Any, Any]) -> type | None:
    """The kind of value that the column takes unprepared: most of what there is to write."""
    if isinstance(field, ForeignKey):
        return _taken_as_it_is(field.target_field)
    if isinstance(field, CharField | TextField):
        return str
    if isinstance(field, IntegerField):
        return int
    return bool if isinstance(field, BooleanField) else None
