"""What a signature and a statement rest on: every field counts, or is named as one that does not.

A field that is added later is in neither list: the test then asks which of the two it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from permits.domain.digests import (
    evidence_content,
    line_content,
    measure_content,
    party_content,
    transaction_content,
)
from permits.domain.intake import APPLICATION_FIELDS, LINE_FIELDS, PARTY_FIELDS
from permits.domain.sources import EVIDENCE_FIELDS, MEASURE_FIELDS
from permits.models import Application, Document, Evidence, Line, Measure, Party
from policies.models import Destination
from tests.permits.factories import file_of

DAY = date(2026, 5, 10)
FRANCE = Destination(pk=1, code="FR")
PAPER = Document(pk=1, sha256="1" * 64)

Content = Callable[[Any], Mapping[str, Any]]
# By kind: the row, its content, other values by field, the fields that do not matter.
KINDS: dict[str, tuple[type[Any], Content, tuple[str, ...], dict[str, Any], set[str]]] = {
    "an application": (
        Application,
        lambda row: transaction_content(file_of(row)),
        APPLICATION_FIELDS,
        {
            "destination": FRANCE,
            "sub_region": "UA-CRIMEA",
            "transit": ["GR"],
            "country_of_export": FRANCE,
            "resale_or_government": "government",
            "brokering_paragraph": "a",
            "end_user_kind": "government",
            "end_use": "Patrol",
            "end_use_location": "A port",
        },
        {
            "delivery",
            "is_signed",
            "form_date",
            "declares_no_diversion",
            "declares_not_controlled_goods",
            "is_of_us_controlled_goods",
        },
    ),
    "a line": (
        Line,
        line_content,
        LINE_FIELDS,
        {
            "items": ["2-1"],
            "description": "A sensor",
            "origin": FRANCE,
            "us_origin_percent": Decimal(5),
            "quantity": Decimal(5),
            "unit": "each",
            "unit_value": Decimal(5),
            "total_value": Decimal(5),
        },
        {"shipping_point", "measure"},
    ),
    "a party": (
        Party,
        party_content,
        PARTY_FIELDS,
        {
            "role": "consignee",
            "name": "A",
            "address": "1 Test Street",
            "country": FRANCE,
            "identifier": "7",
        },
        {
            "is_organization",
            "telephone",
            "email",
            "fax",
            "contact_name",
            "contact_telephone",
            "status_in_canada",
        },
    ),
    "evidence": (
        Evidence,
        lambda row: evidence_content(row, DAY),
        EVIDENCE_FIELDS,
        {
            "title": "A report",
            "source": "A panel",
            "says": "More",
            "dated": DAY,
            "reliability": "high",
            "review_by": DAY,
            "document": PAPER,
        },
        set(),
    ),
    "a measure": (
        Measure,
        lambda row: measure_content(row, DAY),
        MEASURE_FIELDS,
        {
            "kind": "end_use_certificate",
            "giver": "A ministry",
            "form": "Signed",
            "wording": "No re-export",
            "scope": "The line",
            "mechanism": "Visits",
            "dated": DAY,
            "expires_on": DAY,
            "is_in_force": True,
            "document": PAPER,
        },
        set(),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_known_to_matter_or_not(kind: str) -> None:
    _model, _content, fields, others, idle = KINDS[kind]
    assert (set(others) | idle, set(others) & idle) == (set(fields), set())


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, one in KINDS.items() for field in one[3]]
)
def test_another_value_of_what_matters_is_another_content(kind: str, field: str) -> None:
    model, content, _fields, others, _idle = KINDS[kind]
    assert content(model(**{field: others[field]})) != content(model())


def test_the_order_of_items_and_of_places_passed_does_not_matter() -> None:
    assert line_content(Line(items=["9-1", "2-1"])) == line_content(Line(items=["2-1", "9-1"]))
    here, there = (
        transaction_content(file_of(Application(transit=places)))
        for places in (["DE", "AE"], ["AE", "DE"])
    )
    assert here == there


def test_a_transaction_is_its_lines_and_parties_too() -> None:
    alone = transaction_content(file_of(Application()))
    assert transaction_content(file_of(Application(), lines=(Line(),))) != alone
    assert transaction_content(file_of(Application(), parties=(Party(),))) != alone
