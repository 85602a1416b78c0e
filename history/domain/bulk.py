"""Many rows of one table at once: what a load or a seed writes by the hundred thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

MANY = 50
"""From so many on a way of the engine's own is faster than a statement made by the ORM."""

_BATCH = 200


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Inserts new rows that have their keys. Only for `history.domain.door`.

    Raises what the database refuses, as any statement does.
    """
    if len(rows) < MANY:
        model._base_manager.bulk_create(rows, batch_size=_BATCH)
        return
    fields = model._meta.concrete_fields
    columns = ", ".join(_name(one) for one in fields)
    into = f"{connection.ops.quote_name(model._meta.db_table)} ({columns})"
    values = (_values(fields, row) for row in rows)
    if connection.vendor == "postgresql":
        with (
            connection.wrap_database_errors,
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {into} FROM STDIN") as copy,
        ):
            for value in values:
                copy.write_row(value)
    else:
        places = ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {into} VALUES ({places})", list(values))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def update(model: type[Model], columns: Sequence[str], rows: Sequence[Model]) -> None:
    """Writes the values that the rows have in these columns. Only for `history.domain.door`."""
    names = {one.attname: one for one in model._meta.concrete_fields}
    fields = [names[name] for name in columns] + [model._meta.pk]
    # What is put together is names of columns.
    *to_set, key = [f"{_name(one)} = %s" for one in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {', '.join(to_set)} WHERE {key}",
            [_values(fields, row) for row in rows],
        )


def _name(column: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(column.column))


def _values(fields: Sequence[Field[Any, Any]], row: Model) -> list[Any]:
    return [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields]
