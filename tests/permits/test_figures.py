"""Quantities and amounts are written in one way, and keep every digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from permits.domain.acts import propose_act
from permits.domain.casefile import read_file
from permits.domain.intake import edit_line
from permits.domain.wording import both
from permits.figures import dollars, figure, in_dollars
from tests.people import Cast
from tests.permits.factories import WHY, make_draft, make_permit


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        ("1422000.00", "1\xa0422\xa0000", "1\xa0422\xa0000"),
        ("20.00", "20", "20"),
        ("1422000.50", "1\xa0422\xa0000.50", "1\xa0422\xa0000,50"),
        ("0.00", "0", "0"),
    ],
)
def test_an_amount_has_cents_only_where_there_are_any(
    amount: str, english: str, french: str
) -> None:
    for language, words in (("en-ca", english), ("fr-ca", french)):
        with override(language):
            assert dollars(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-ca", "CAD 1\xa0422\xa0000"), ("fr-ca", "1\xa0422\xa0000\xa0$\xa0CA")],
)
def test_a_sentence_names_the_currency_as_its_language_does(language: str, words: str) -> None:
    with override(language):
        assert in_dollars(Decimal("1422000.00")) == words
        assert in_dollars(None) == "—"


def test_a_quantity_keeps_every_digit_on_a_letter_too() -> None:
    assert figure(Decimal("0.125")) == "0.125"
    assert both("%(figure)s kg", figure=Decimal("0.125"))["en"] == "0.125 kg"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-ca", "Quantity times unit value is 1\xa0422\xa0000. "),
        ("fr-ca", "donne 1\xa0422\xa0000. "),
    ],
)
def test_an_error_writes_an_amount_as_the_pages_do(office: Cast, language: str, words: str) -> None:
    [line] = read_file(make_draft(office.analyst)).lines
    wrong = {"quantity": Decimal(3), "unit_value": Decimal(474000), "total_value": Decimal(1)}
    with override(language), pytest.raises(ValidationError) as refusal:
        edit_line(line, wrong, by=office.analyst)
    [told] = refusal.value.message_dict["total_value"]
    assert words in told


def test_an_amendment_tells_its_amount_as_one(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = {"lines": {"1": {"value": Decimal("20.50")}}}
    act = propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    for name, person in (("permit", office.auditor), ("perform", office.decision)):
        client = Client()
        client.force_login(person)
        where = permit.number if name == "permit" else act.pk
        page = client.get(reverse(f"permits:{name}", args=[where])).content.decode()
        assert "20.50" in page
