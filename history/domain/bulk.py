"""Rows of one table written at once, from the few of an act to the many of a load or a seed.

By statements of our own: the ORM makes each anew, and that takes longer than the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    BinaryField,
    BooleanField,
    CharField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)

MANY = 50
"""From so many on PostgreSQL copies faster than it inserts, and changes rows by one statement."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table that are written alike, by the values of these fields. Of rows that are
    there already, the last field is the key.
    """

    model: type[Model]
    names: Sequence[str]
    values: Sequence[Sequence[Any]]
    is_new: bool = True


def added(model: type[Model], rows: Iterable[Model]) -> Rows:
    """New rows that have their keys."""
    return _rows(model, names_of(model), rows, is_new=True)


def changed(model: type[Model], names: Sequence[str], rows: Iterable[Model]) -> Rows:
    """Rows that are there, with the values that they have now in these columns."""
    return _rows(model, (*names, model._meta.pk.attname), rows, is_new=False)


def _rows(model: type[Model], names: Sequence[str], rows: Iterable[Model], *, is_new: bool) -> Rows:
    values = itemgetter(*names)
    return Rows(model, names, [values(vars(row)) for row in rows], is_new)


@cache
def names_of(model: type[Model]) -> tuple[str, ...]:
    """What a model calls its columns."""
    return tuple(one.attname for one in model._meta.concrete_fields)


def write(rows: Rows) -> None:
    """Raises what the database refuses, as any statement does. Of tracked rows only for
    `history.domain.door`.
    """
    quoted, by_name = connection.ops.quote_name, _fields(rows.model)
    fields = [by_name[name] for name in rows.names]
    table, columns = quoted(rows.model._meta.db_table), [quoted(str(one.column)) for one in fields]
    found = _prepared(fields, rows.values)
    # What is put together is names of tables and columns.
    if not rows.is_new and connection.vendor == "postgresql" and len(rows.values) >= MANY:
        arrays = ", ".join(f"%s::{one.db_type(connection)}[]" for one in fields)
        *to_set, key = columns
        _execute(
            f"UPDATE {table} SET {', '.join(f'{one} = new.{one}' for one in to_set)}"
            f" FROM unnest({arrays}) AS new ({', '.join(columns)}) WHERE {table}.{key} = new.{key}",
            [[list(one) for one in zip(*found, strict=True)]],
        )
    elif not rows.is_new:
        *to_set, key = [f"{column} = %s" for column in columns]
        _execute(f"UPDATE {table} SET {', '.join(to_set)} WHERE {key}", found)
    elif connection.vendor == "postgresql" and len(rows.values) >= MANY:
        with (
            connection.wrap_database_errors,
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for values in found:
                copy.write_row(values)
    else:
        places = ", ".join(["%s"] * len(columns))
        _execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", found)


def _execute(statement: str, values: Sequence[Sequence[Any]]) -> None:
    """For each of the values. A single one needs none of what prepares for many."""
    if not values:
        return
    with connection.cursor() as cursor:
        if len(values) == 1:
            cursor.execute(statement, values[0])
        else:
            cursor.executemany(statement, values)


def _prepared(fields: Sequence[Field[Any, Any]], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The values as the database takes them."""
    # Not the proxy of the connection, which looks for it at every question.
    through = connections[DEFAULT_DB_ALIAS]
    found = [list(values) for values in rows]
    for place, field in enumerate(fields):
        kind, prepared = _taken_as_it_is(field), field.get_db_prep_save
        for values in found:
            value = values[place]
            if value is not None and type(value) is not kind:
                values[place] = prepared(value, through)
    return found


@cache
def _fields(model: type[Model]) -> Mapping[str, Field[Any, Any]]:
    return {one.attname: one for one in model._meta.concrete_fields}


@cache
def _taken_as_it_is(field: Field[Any, Any]) -> type | None:
    """The kind of value that the column takes unprepared: most of what there is to write."""
    if isinstance(field, ForeignKey):
        return _taken_as_it_is(field.target_field)
    if isinstance(field, CharField | TextField):
        return str
    if isinstance(field, IntegerField):
        return int
    if isinstance(field, BinaryField):
        return bytes
    return bool if isinstance(field, BooleanField) else None
