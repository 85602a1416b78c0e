"""A query whose SQL is kept reads what Django would read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from history.kept import Kept
from permits.domain import casefile, intake, worklist
from permits.domain.casefile import read_file
from permits.domain.sources import add_measure
from permits.models import Application, Line, Recommendation
from tests.people import Cast
from tests.permits.factories import LINE, make_draft
from tests.permits.views import test_offers

QUERIES = {
    name: value
    for module in (casefile, worklist)
    for name, value in vars(module).items()
    if isinstance(value, Kept)
}


STATES = [
    test_offers.in_review,
    test_offers.replied,
    test_offers.to_be_issued,
    test_offers.issued_and_stale,
    test_offers.refused,
]


@pytest.fixture
def cases(office: Cast) -> list[Application]:
    """With all that a case can have."""
    made = [state(office) for state in STATES]
    values = {"kind": "serials", "giver": "A maker", "form": "A letter", "wording": "Numbered"}
    add_measure(made[0], values, by=office.analyst)
    return made


def told(row: Model) -> Iterator[tuple[str, Any]]:
    """All fields of a row and of the rows that came with it, by their class."""
    for field in row._meta.concrete_fields:
        yield f"{type(row).__name__}.{field.name}", getattr(row, field.attname)
    for name, related in sorted(row._state.fields_cache.items()):
        yield name, None if related is None else list(told_once(related))


def told_once(row: Model) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        yield f"{type(row).__name__}.{field.name}", getattr(row, field.attname)


def test_it_reads_what_django_reads_for_any_number_of_keys(cases: list[Application]) -> None:
    for name, kept in QUERIES.items():
        rows = Recommendation if name == "_CONDITIONS" else Application
        every = list(rows._default_manager.order_by("pk").values_list("pk", flat=True))
        seen = 0
        for keys in ([], every[:1], every[-1:], every[:2], every[1:4], every, [*every, -1]):
            found, expected = list(kept(keys)), list(kept._build(keys))
            assert found == expected, name
            assert [list(told(one)) for one in found] == [list(told(one)) for one in expected]
            assert all(not one._state.adding and one._state.db == "default" for one in found)
            seen += len(found)
        assert seen, name


def test_each_is_one_query_and_none_for_nothing(cases: list[Application]) -> None:
    keys = [one.pk for one in cases]
    for name, kept in QUERIES.items():
        for some, count in ((keys, 1), (keys[:1], 1), ([], 0)):
            with CaptureQueriesContext(connection) as asked:
                list(kept(some))
            assert len(asked) == count, name


def test_a_negative_constant_is_not_taken_for_a_key(office: Cast) -> None:
    """The marks that stand for keys are negative numbers."""
    kept = Kept(lambda keys: Line.objects.filter(application__in=keys, number__gt=-7))
    case = make_draft(office.analyst)
    for keys in ([case.pk], [case.pk, 0], [0, case.pk, -1, -2], [*range(-9, 0), case.pk]):
        assert [one.number for one in kept(keys)] == [1]


def test_what_was_written_since_is_read(office: Cast) -> None:
    case = make_draft(office.analyst)
    assert len(read_file(case).lines) == 1
    intake.add_line(case, LINE, by=office.analyst)
    assert [one.number for one in read_file(case).lines] == [1, 2]
