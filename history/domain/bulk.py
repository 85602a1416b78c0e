"""Rows of one table written at once, from the few of an act to the many of a load or a seed.

By statements of our own: the ORM makes each anew, and that takes longer than the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, Model

MANY = 50
"""From so many on PostgreSQL copies faster than it inserts."""


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Inserts new rows that have their keys. Only for `history.domain.door`.

    Raises what the database refuses, as any statement does.
    """
    fields = model._meta.concrete_fields
    values = _values(fields, rows)
    if connection.vendor == "postgresql" and len(rows) >= MANY:
        with (
            connection.wrap_database_errors,
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {_columns(model)} FROM STDIN") as copy,
        ):
            for value in values:
                copy.write_row(value)
    elif rows:
        places = ", ".join(["%s"] * len(fields))
        _execute(f"INSERT INTO {_columns(model)} VALUES ({places})", values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _columns(model: type[Model]) -> str:
    names = ", ".join(_name(one) for one in model._meta.concrete_fields)
    return f"{connection.ops.quote_name(model._meta.db_table)} ({names})"


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
    return [
        [one.get_db_prep_save(getattr(row, one.attname), through) for one in fields] for row in rows
    ]
