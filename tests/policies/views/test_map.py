"""The map: every destination a tile, the same in the table and in the file, on any day."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from policies.choices import Stance
from policies.domain.register import Bilingual, current_register, read_item_sets
from policies.domain.rulebook import Rulebook
from policies.domain.strictest import strictest
from policies.facts import Span
from policies.views import stance_map
from policies.views.stance_map import MARKS, MEANINGS, Tile
from policies.views.tiles import POSITIONS

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]
STYLES = (Path(__file__).parents[3] / "static/css/components/map.css").read_text(encoding="utf-8")


def tiles(client: Client, **query: str) -> dict[str, Tile]:
    """The tiles of the page by code."""
    context = client.get("/policies/map/", query).context
    return {tile.code: tile for tile in (*context["on_map"], *context["beside"])}


def on_page(client: Client, **query: str) -> str:
    response = client.get("/policies/map/", query)
    assert response.status_code == 200
    return response.content.decode()


def in_file(client: Client, **query: str) -> list[list[str]]:
    response = client.get("/policies/map/", {**query, "format": "csv"})
    text = response.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


# Tiles


def test_every_destination_has_one_tile_on_the_map_or_beside_it(client: Client) -> None:
    context = client.get("/policies/map/").context
    shown = [tile.code for tile in (*context["on_map"], *context["beside"])]
    assert sorted(shown) == sorted(current_register().destinations)
    assert {tile.code for tile in context["on_map"]} == set(POSITIONS)
    assert len(context["on_map"]) > 200


def test_no_two_tiles_stand_in_one_place_and_the_style_sheet_knows_each() -> None:
    assert len(set(POSITIONS.values())) == len(POSITIONS)
    for position in POSITIONS.values():
        assert f".at-row-{position.row} {{ grid-row: {position.row}; }}" in STYLES
        assert f".at-column-{position.column} {{ grid-column: {position.column}; }}" in STYLES


def test_the_keyboard_goes_row_by_row(client: Client) -> None:
    page = on_page(client)
    codes = re.findall(r'id="tile-(..)"', page)
    on_map = [code for code in codes if code in POSITIONS]
    assert on_map == sorted(POSITIONS, key=POSITIONS.__getitem__)
    assert codes[: len(on_map)] == on_map


def test_each_tile_is_a_link_with_its_stance_in_words(client: Client) -> None:
    page = on_page(client, on="2020-10-05")
    (tile,) = re.findall(r'<a class="tile" id="tile-TR".*?</a>', page, re.DOTALL)
    assert 'href="/destinations/TR/?on=2020-10-05"' in tile
    assert "Türkiye: presumptive denial" in tile
    assert page.count('<a class="tile"') == len(current_register().destinations)


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        ("2020-10-04", "presumptive_denial"),
        ("2020-10-05", "presumptive_denial"),
        ("2024-01-29", "case_by_case"),
    ],
)
def test_turkiye_on_known_days(client: Client, on: str, kind: str) -> None:
    assert tiles(client, on=on)["TR"].kind == kind


def test_the_day_of_knowledge_counts(client: Client) -> None:
    query = {"on": "2019-10-12", "known_on": "2019-10-14"}
    assert tiles(client, **query)["TR"].kind == "case_by_case"
    assert tiles(client, **{**query, "known_on": "2019-10-15"})["TR"].kind == "suspended"
    assert tiles(client, **query)["TR"].url.endswith("?on=2019-10-12&known_on=2019-10-14")


def test_what_holds_for_a_part_only_has_a_letter_and_words(client: Client) -> None:
    found = tiles(client, on="2020-10-05")
    assert {code: found[code].marks for code in ("UA", "RU", "VE", "IR", "KP", "DE")} == {
        "UA": "rp",
        "RU": "up",
        "VE": "p",
        "IR": "i",
        "KP": "",
        "DE": "",
    }
    assert found["RU"].text == (
        "Russia: case by case; some uses or goods only: suspended, if a question is answered yes;"
        " listed persons only: prohibited"
    )
    assert "Crimea region of Ukraine" in found["UA"].text
    assert found["IR"].text == "Iran: prohibited; for some items only; the others: case by case"
    legend = on_page(client, on="2020-10-05").split('id="map-legend"')[1]
    for meaning in MEANINGS.values():
        assert str(meaning) in legend


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_letters_are_one_for_each_meaning(client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    marks = client.get("/policies/map/", {"on": "2020-10-05"}).context["marks"]
    assert len({mark.letter for mark in marks}) == len(marks) == len(MARKS)


def test_the_legend_explains_only_letters_that_are_there(client: Client) -> None:
    assert client.get("/policies/map/", {"on": "1998-01-01"}).context["marks"] == []


def test_before_brokering_was_controlled_no_tile_has_a_stance(client: Client) -> None:
    found = tiles(client, on="2010-01-01", activity="brokering")
    assert (found["DE"].kind, found["DE"].label) == ("free", "Not controlled")
    assert found["KP"].kind == "prohibited", "sanctions bind goods that need no permit"


# The table and the file


def test_the_table_holds_each_destination_once_under_its_stance(client: Client) -> None:
    response = client.get("/policies/map/", {"on": "2020-10-05"})
    table = response.content.decode().split('id="map-table"')[1]
    for code, name in current_register().destinations.items():
        (row,) = re.findall(rf'href="/destinations/{code}/\?on=2020-10-05">([^<]*)</a>', table)
        assert unescape(row) == name["en"]
    shown = response.context["shown"]
    assert [one.kind for one in shown] == [stance.value for stance in reversed(Stance)]
    assert sum(len(one.tiles) for one in shown) == len(current_register().destinations)
    for one in shown:
        assert {tile.kind for tile in one.tiles} <= {one.kind}
        assert len(one.with_more) + len(one.plain) == len(one.tiles)


def test_every_count_of_the_legend_leads_to_its_rows(client: Client) -> None:
    response = client.get("/policies/map/", {"on": "2020-10-05"})
    page = response.content.decode()
    counts = re.findall(r'<a href="#is-(\w+)">(\d+) destinations?</a>', page)
    assert {kind: int(count) for kind, count in counts} == {
        one.kind: len(one.tiles) for one in response.context["shown"] if one.tiles
    }
    for kind, _count in counts:
        assert f'id="is-{kind}"' in page


def test_the_file_says_what_the_tiles_say(client: Client) -> None:
    query = {"on": "2020-10-05", "activity": "brokering", "group": "9", "known_on": "2021-01-01"}
    header, *rows = in_file(client, **query)
    assert {len(row) for row in rows} == {len(header)}
    shown = tiles(client, **query)
    assert {row[0] for row in rows} == set(shown)
    for row in rows:
        tile = shown[row[0]]
        assert row[1:7] == [
            tile.name, "2020-10-05", "2021-01-01", "Brokering", "9", tile.label
        ]  # fmt: skip
        assert row[8] == "; ".join(part.words for part in tile.parts)
        assert row[9].split() == [key for key, _instrument in tile.policies]


def test_the_file_has_a_name_of_its_own(client: Client) -> None:
    response = client.get("/policies/map/", {"on": "2020-10-05", "format": "csv"})
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="map-export-group-2-2020-10-05.csv"'
    )


def test_no_name_in_the_file_is_a_formula(client: Client) -> None:
    evil = {"DE": Bilingual("=1+1", "=1+1")}
    with patch.dict(current_register().destinations, evil):
        cells = [cell for row in in_file(client) for cell in row]
    assert "'=1+1" in cells
    assert "=1+1" not in cells


# The years


def test_a_year_leads_to_the_same_day_with_the_same_choice(client: Client) -> None:
    query = {"on": "2020-10-05", "activity": "brokering", "group": "9", "known_on": "2024-06-01"}
    years = client.get("/policies/map/", query).context["years"]
    assert [one.year for one in years] == list(range(1997, 2025)), "up to the year of knowledge"
    assert [one.year for one in years if one.is_shown] == [2020]
    (one,) = [one for one in years if one.year == 2012]
    assert one.url == "?on=2012-10-05&known_on=2024-06-01&activity=brokering&group=9"
    context = client.get("/policies/map/" + one.url).context
    assert context["as_of"].on.isoformat() == "2012-10-05"
    assert context["as_of"].form.chosen == {"activity": "brokering", "group": "9"}


def test_the_years_are_those_that_the_page_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip such as 0024-01-08 for 2024-01-08, in files that were loaded."""
    register = current_register()
    book = register.rulebook
    slip = replace(book.rows[0], key="ZZ-slip", spans=(Span(date(24, 1, 8), date(25, 1, 8)),))
    slipped = Rulebook([*book.rows, slip], book.members(), read_item_sets())
    monkeypatch.setattr(stance_map, "current_register", lambda: replace(register, rulebook=slipped))
    for on, first in (("2020-06-30", 1868), ("2020-07-01", 1867)):
        years = client.get("/policies/map/", {"on": on}).context["years"]
        assert years[0].year == first


def test_29_february_is_the_28th_where_the_year_has_none(client: Client) -> None:
    years = client.get("/policies/map/", {"on": "2024-02-29"}).context["years"]
    days = {one.year: one.url for one in years}
    assert "on=2023-02-28" in days[2023]
    assert "on=2020-02-29" in days[2020]


# Bad input


@pytest.mark.parametrize(
    ("field", "value"), [("activity", "import"), ("group", "8"), ("group", "2-1"), ("group", "x")]
)
def test_a_choice_that_cannot_be_read_shows_no_map(client: Client, field: str, value: str) -> None:
    response = client.get("/policies/map/", {field: value, "on": "2020-10-05"})
    page = response.content.decode()
    assert list(response.context["as_of"].form.errors) == [field]
    assert "<title>Error: Map" in page
    assert f'href="#id_{field}"' in page
    assert f'<option value="{value}" selected>' in page
    assert 'class="tile"' not in page
    assert 'href="?activity=export&amp;group=2&amp;on=2020-10-05"' in page
    assert "format=csv" not in page


# Cost


def test_the_page_asks_the_same_queries_for_few_restrictions_and_for_many(
    client: Client, django_assert_num_queries: Queries
) -> None:
    current_register()
    for query in ({"on": "1990-01-01"}, {"on": "2024-01-29"}, {"group": "5"}, {"format": "csv"}):
        with django_assert_num_queries(2):
            client.get("/policies/map/", query)


def test_the_page_is_made_from_what_the_engine_says(client: Client) -> None:
    context = client.get("/policies/map/", {"group": "1", "on": "2022-03-01"}).context
    found = strictest(current_register(), "export", "1", on=context["as_of"].on)
    shown = {tile.code: tile.kind for tile in (*context["on_map"], *context["beside"])}
    assert shown == {one.destination: "free" if one.shade.free else one.stance for one in found}
    assert shown["US"] == "free", "listed, but not for there"


# The way there


def test_the_register_leads_to_the_map_and_back(client: Client) -> None:
    register = client.get("/policies/", {"on": "2020-10-05"}).content.decode()
    assert 'href="/policies/map/?on=2020-10-05"' in register
    page = on_page(client, on="2020-10-05")
    assert '<a href="/policies/?on=2020-10-05">Policies</a>' in page
    assert '<a href="/policies/" aria-current="true">Policies</a>' in page
