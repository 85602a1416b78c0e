"""Queries of which the SQL is written once.

    LINES = Kept(lambda keys: Line.objects.filter(application__in=keys).select_related("origin"))
    for line in LINES([application.pk]): ...

Django writes the SQL of a query anew each time that it is asked, which takes ten times as long as
SQLite takes to answer one for the parts of a case; a page of a case asks a dozen such queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)

MARK = -(2**62)


class Kept(Generic[Row]):
    """The rows of a queryset for some keys, all of it (with `select_related`) as Django reads it.

    `build` gets the keys and may put nothing but them and constants into its conditions, the keys
    only by `in`. Deferred fields, annotations and prefetches are not read.
    """

    def __init__(self, build: Callable[[Sequence[int]], QuerySet[Row]]) -> None:
        self._build = build
        self._written: dict[tuple[str, int], _Written] = {}

    def __call__(self, keys: Sequence[int]) -> Iterator[Row]:
        """The rows as they are now. One query, none without keys."""
        if not keys:
            return
        # A statement for each power of two, filled up with the last key.
        count = 1 << (len(keys) - 1).bit_length()
        shape = (connection.vendor, count)
        written = self._written.get(shape)
        if written is None:
            # Django's own SQL for keys that nobody else writes, to see where they stand in it.
            marks = [MARK + number for number in range(count)]
            written = self._written[shape] = _write(self._build(marks), marks)
        filled = [*keys, *[keys[-1]] * (count - len(keys))]
        parameters = [
            value if place is None else filled[place] for value, place in written.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, parameters)
            rows = cursor.fetchall()
        yield from written.read(rows)


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement, and how a row of its answer becomes a model with its relations."""

    sql: str
    parameters: Sequence[tuple[Any, int | None]]
    """Each a constant, or the place of a key."""
    model: type[Model]
    columns: slice
    fields: Sequence[str]
    compiler: Any
    converters: Any
    relations: Sequence[Any]

    def read(self, rows: Sequence[Any]) -> Iterator[Any]:
        """As `django.db.models.query.ModelIterable` reads them."""
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        for row in rows:
            found = self.model.from_db(DEFAULT_DB_ALIAS, self.fields, row[self.columns])
            for relation in self.relations:
                relation.populate(row, found)
            yield found


def _write(queryset: QuerySet[Any], marks: Sequence[int]) -> _Written:
    populators: Any = get_related_populators  # its stub is of a later Django
    compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, parameters = compiler.as_sql()
    places = {mark: place for place, mark in enumerate(marks)}
    select, info = compiler.select, compiler.klass_info
    if compiler.annotation_col_map:
        raise TypeError("a kept query has no annotations")
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    return _Written(
        sql=sql,
        parameters=[
            (value, places.get(value) if type(value) is int else None) for value in parameters
        ],
        model=info["model"],
        columns=slice(first, last),
        fields=[expression.target.attname for expression, *_ in select[first:last]],
        compiler=compiler,
        converters=compiler.get_converters(expression for expression, *_ in select),
        relations=populators(info, select, DEFAULT_DB_ALIAS),
    )
