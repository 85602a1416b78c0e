"""Law text: every provision can be cited, in both languages, as current to a day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from policies.domain.lawtext import Clause, Language, anchor, read_law
from policies.models import Edition, Instrument, Provision
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db


def page(client: Client, address: str, language: str = "en-ca") -> str:
    client.cookies["django_language"] = language
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def every(clauses: tuple[Clause, ...] | list[Clause]) -> Iterator[Clause]:
    for clause in clauses:
        yield clause
        yield from every(clause.children)


def test_no_two_provisions_share_an_anchor() -> None:
    keys = list(Provision.objects.values_list("key", flat=True))
    assert len({anchor(key) for key in keys}) == len(set(keys))
    assert anchor("EIPA:7.3(1)(b)(v)") == "EIPA-7.3-1-b-v"


def test_every_provision_of_every_instrument_is_on_its_page_once(client: Client) -> None:
    for instrument in Instrument.objects.all():
        for language in ("en-ca", "fr-ca"):
            text = page(client, instrument.get_absolute_url(), language)
            found = re.findall(rf' id="({instrument.code}-[^"]+)"', text)
            expected = Provision.objects.filter(edition__instrument=instrument)
            assert sorted(found) == sorted(anchor(one.key) for one in expected)
            assert "official version" in text or "non officielle" in text


def test_provisions_are_nested_and_labelled_as_the_law_does() -> None:
    rows = Provision.objects.filter(edition__instrument__code="EIPA").order_by("order")
    expected: dict[Language, list[str]] = {
        "en": ["7.3", "(1)", "(b)", "(v)"],
        "fr": ["7.3", "(1)", "b)", "(v)"],
    }
    for language, labels in expected.items():
        clauses = {clause.key: clause for clause in every(read_law(rows, language))}
        keys = ["EIPA:7.3", "EIPA:7.3(1)", "EIPA:7.3(1)(b)", "EIPA:7.3(1)(b)(v)"]
        assert [clauses[key].label for key in keys] == labels
        for above, below in pairwise(keys):
            assert clauses[below] in clauses[above].children


def test_a_day_is_given_where_it_is_not_that_of_the_provision_above() -> None:
    rows = Provision.objects.filter(edition__instrument__code="EIPA").order_by("order")
    clauses = {clause.key: clause for clause in every(read_law(rows, "en"))}
    assert clauses["EIPA:7.3"].since == date(2019, 9, 1)
    assert clauses["EIPA:7.3(1)(b)(v)"].since is None
    assert clauses["EIPA:2(1)"].since is None
    assert clauses["EIPA:2(1)#broker"].since == date(2019, 9, 1)


@pytest.mark.parametrize(
    ("language", "first", "folded"),
    [
        ("en-ca", ("en-CA", "Substantial risk"), ("fr-CA", "Risque sérieux")),
        ("fr-ca", ("fr-CA", "Risque sérieux"), ("en-CA", "Substantial risk")),
    ],
)
def test_the_language_of_the_page_comes_first_and_the_other_is_folded(
    client: Client, language: str, first: tuple[str, str], folded: tuple[str, str]
) -> None:
    text = page(client, "/law/EIPA/", language)
    section = text[text.index('id="EIPA-7.4"') : text.index('id="EIPA-8.5"')]
    main, _details, other = section.partition("<details")
    assert f'lang="{first[0]}"' in main
    assert first[1] in main
    assert f'<div class="law-text" lang="{folded[0]}">' in other
    assert folded[1] in other
    assert folded[1] not in main


def test_an_instrument_without_text_leads_to_its_list(client: Client) -> None:
    text = page(client, "/law/ACL/")
    assert "Its text is not held here" in text
    assert 'href="/lists/ACL/"' in text


def test_the_list_of_instruments_says_how_much_is_held_of_each(client: Client) -> None:
    text = page(client, "/law/")
    for instrument in Instrument.objects.all():
        assert f'href="{instrument.get_absolute_url()}"' in text
    held = Provision.objects.filter(edition__instrument__code="EIPA").count()
    assert f"{held} provisions" in text
    assert "Not an official version" in text


def test_an_earlier_edition_can_be_chosen(client: Client) -> None:
    newest = Edition.objects.get(instrument__code="EIPA")
    with unlogged():
        earlier = Edition.objects.create(
            instrument=newest.instrument,
            consolidated_to=date(2019, 9, 1),
            attribution_en="An earlier text.",
            attribution_fr="Un texte antérieur.",
        )
        Provision.objects.create(
            edition=earlier,
            key="EIPA:7.4",
            kind="section",
            order=0,
            cite_en="7.4",
            cite_fr="7.4",
            text_en="As it read then.",
            text_fr="Comme il se lisait alors.",
        )
    text = page(client, "/law/EIPA/")
    assert "As it read then." not in text
    assert 'href="?edition=2019-09-01"' in text
    assert "As it read then." in page(client, "/law/EIPA/?edition=2019-09-01")


@pytest.mark.parametrize("edition", ["2018-01-01", "x", "\x00", "0000-00-00"])
def test_an_edition_that_is_not_held_is_not_found(client: Client, edition: str) -> None:
    assert client.get("/law/EIPA/", {"edition": edition}).status_code == 404


def test_a_long_act_costs_no_more_queries_than_a_short_one(
    client: Client, django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]
) -> None:
    for code in ("EIPA", "GEP12"):
        with django_assert_num_queries(5):
            client.get(f"/law/{code}/")
    with django_assert_num_queries(2):
        client.get("/law/")
