"""Quantities and amounts are written in one way, and keep every digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from permits.domain.acts import propose_act
from permits.domain.casefile import read_file
from permits.domain.intake import edit_line
from permits.domain.wording import both
from permits.figures import FigureField, dollars, figure, in_dollars
from permits.forms import LineForm
from permits.models import Line
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


READ = [
    ("1422000", "1422000", "1422000"),
    ("1422000.5", "1422000.5", None),
    ("1422000,5", None, "1422000.5"),
    ("1,422,000.50", "1422000.50", None),
    ("1 422 000.50", "1422000.50", None),
    ("1 422 000,50", None, "1422000.50"),
    ("1\xa0422\u202f000", "1422000", "1422000"),
    ("12,5", None, "12.5"),
    ("12.5", "12.5", None),
    ("0,125", None, "0.125"),
    ("1,422", "1422", "1.422"),
    ("1.422", "1.422", None),
    (" 7 ", "7", "7"),
    ("-3", "-3", "-3"),
    *((bad, None, None) for bad in ("12-3", "--", "1,42,000", "1 42", "1422 000", "1,422 000")),
    *((bad, None, None) for bad in ("1E3", "NaN", "٣", "5.", "$5", "1.422.000", "many")),
]


@pytest.mark.parametrize(("language", "column"), [("en-ca", 1), ("fr-ca", 2)])
def test_a_figure_is_read_as_the_language_of_the_page_writes_it_or_refused(
    language: str, column: int
) -> None:
    field = FigureField(max_digits=14, decimal_places=3)
    example = {"en-ca": r"000\.50", "fr-ca": "000,50"}[language]
    with override(language):
        for row in READ:
            typed, meant = row[0], row[column]
            if meant is None:
                with pytest.raises(ValidationError, match=example):
                    field.clean(typed)
            else:
                assert field.clean(typed) == Decimal(meant), typed


@pytest.mark.parametrize(("language", "stands"), [("en-ca", "1422000.5"), ("fr-ca", "1422000,5")])
def test_a_figure_stands_in_its_field_as_that_field_reads_it(language: str, stands: str) -> None:
    line = Line(quantity=Decimal("12.000"), unit_value=Decimal("1422000.50"))
    with override(language):
        form = LineForm(instance=line)
        assert 'value="12"' in str(form["quantity"])
        assert f'value="{stands}"' in str(form["unit_value"])
        taken = {"take": ["unit_value"], "unit_value": ["9"]}
        sent = QueryDict(mutable=True)
        for name, values in taken.items():
            sent.setlist(name, values)
        again = LineForm(sent, instance=line)
        assert not again.errors.get("unit_value")
        assert again["unit_value"].value() == stands


def test_no_form_has_a_number_box() -> None:
    """Browsers drop what they do not know: "12,5" was sent as 125."""
    kinds, seen = [forms.BaseForm], []
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        seen += [
            (kind.__module__, kind.__name__, name)
            for name, field in getattr(kind, "base_fields", {}).items()
            if isinstance(field.widget, forms.NumberInput)
        ]
    assert not [one for one in seen if not one[0].startswith("django.")]


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
