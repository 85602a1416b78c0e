"""The page of what changed between two days."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from policies.domain.register import Bilingual, current_register
from policies.views.asof import today_in_ottawa
from policies.views.changes import Asked, Happening

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]
STORY = {"from": "2019-10-10", "to": "2024-01-29"}


def on_page(client: Client, **query: str) -> str:
    response = client.get("/policies/changes/", query)
    assert response.status_code == 200
    return response.content.decode()


def asked(client: Client, **query: str) -> Asked:
    found: Asked = client.get("/policies/changes/", query).context["asked"]
    return found


def happenings(client: Client, **query: str) -> list[Happening]:
    days = client.get("/policies/changes/", query).context["days"]
    return [one for day in days for one in day.happenings]


def test_the_story_of_turkiye_is_told_day_by_day(client: Client) -> None:
    told = [
        (one.on.isoformat(), one.kind, one.key)
        for one in happenings(client, **STORY)
        if one.key.startswith("TR-")
    ]
    assert told == [
        ("2019-10-11", "begins", "TR-2019-10-11-freeze"),
        ("2019-10-11", "begins", "TR-2019-10-11-freeze-brokering"),
        ("2020-04-16", "begins", "TR-2020-04-16-casebycase"),
        ("2020-04-16", "begins", "TR-2020-04-16-freeze-brokering"),
        ("2020-04-16", "begins", "TR-2020-04-16-presumptive"),
        ("2020-04-16", "begins", "TR-2020-04-16-presumptive-brokering"),
        ("2020-04-16", "ends", "TR-2019-10-11-freeze"),
        ("2020-04-16", "ends", "TR-2019-10-11-freeze-brokering"),
        ("2020-05-06", "act", "TR-2020-05-06-exception"),
        ("2020-10-05", "act", "TR-2020-10-05-suspension"),
        ("2021-04-12", "act", "TR-2021-04-12-cancellation"),
        ("2024-01-29", "begins", "TR-2024-01-29-end"),
        ("2024-01-29", "ends", "TR-2020-04-16-casebycase"),
        ("2024-01-29", "ends", "TR-2020-04-16-freeze-brokering"),
        ("2024-01-29", "ends", "TR-2020-04-16-presumptive"),
        ("2024-01-29", "ends", "TR-2020-04-16-presumptive-brokering"),
    ]


def test_an_act_on_permits_is_told_where_no_stance_changed(client: Client) -> None:
    page = on_page(client, **{"from": "2020-10-04", "to": "2020-10-05"})
    assert "No stance is different" in page
    assert "Permits suspended" in page


def test_the_end_of_an_exception_is_told_on_the_page_and_in_the_file(client: Client) -> None:
    days = {"from": "2022-10-01", "to": "2022-11-01"}
    text = "Contract entered into before 29 September 2022, for 30 days (s. 4.3(3))"
    page = on_page(client, **days)
    assert "Exception ended" in page
    assert text in page
    assert "Nothing took effect" not in page
    assert ["2022-10-29", "Exception ended", "UA-2022-09-29-occupied", text] in [
        row[:4] for row in in_file(client, **days)
    ]


def test_the_stances_of_both_days_stand_side_by_side(client: Client) -> None:
    query = {"from": "2020-10-04", "to": "2024-01-29"}
    where = client.get("/policies/changes/", query).context["where"]
    (turkiye,) = [one for one in where if one.places[0].code == "TR"]
    group_2 = turkiye.differences[0]
    assert group_2.goods == "Group 2, export"
    assert (group_2.before.stance, group_2.after.stance) == ("presumptive_denial", "case_by_case")
    names = [one.places[0].name for one in where]
    assert "Ukraine: Territory of the so-called Donetsk and Luhansk People’s Republics" in names
    assert "Ukraine" not in names


def test_what_changed_alike_at_many_places_is_folded(client: Client) -> None:
    query = {"from": "2019-08-31", "to": "2019-09-01"}
    response = client.get("/policies/changes/", query)
    many = [one for one in response.context["where"] if one.is_folded]
    assert many == response.context["where"][-len(many) :]
    assert max(len(one.places) for one in many) > 200
    assert f"<summary>{len(many[0].places)} destinations</summary>" in response.content.decode()


# Days


def test_the_earlier_day_is_the_first_whichever_is_asked_for_first(client: Client) -> None:
    turned = {"from": STORY["to"], "to": STORY["from"]}
    assert happenings(client, **turned) == happenings(client, **STORY)
    assert asked(client, **turned).first == date(2019, 10, 10)


def test_without_days_it_is_the_year_up_to_today(client: Client) -> None:
    found = asked(client)
    assert found.last == today_in_ottawa()
    assert timedelta(365) <= found.last - found.first <= timedelta(366)


def test_what_was_not_known_yet_is_not_told(client: Client) -> None:
    days = {"from": "2019-10-01", "to": "2019-10-31"}
    assert happenings(client, **days, known_on="2019-10-14") == []
    assert "Nothing took effect" in on_page(client, **days, known_on="2019-10-14")
    assert len(happenings(client, **days, known_on="2019-10-15")) == 2


def test_links_keep_the_second_day_and_the_day_of_knowledge(client: Client) -> None:
    page = on_page(client, **STORY, known_on="2024-02-01")
    assert 'href="/policies/TR-2024-01-29-end/?on=2024-01-29&amp;known_on=2024-02-01"' in page
    assert 'href="/policies/map/?on=2019-10-11&amp;known_on=2024-02-01"' in page


@pytest.mark.parametrize("field", ["from", "to", "known_on"])
@pytest.mark.parametrize("value", ["2020-02-30", "x", "1066-10-14"])
def test_a_day_that_cannot_be_read_is_an_error_of_its_field(
    client: Client, field: str, value: str
) -> None:
    response = client.get("/policies/changes/", {**STORY, field: value})
    assert response.status_code == 200
    assert list(response.context["asked"].form.errors) == [field]
    page = response.content.decode()
    assert "<title>Error: What changed" in page
    assert f'href="#id_{field}"' in page
    assert f'value="{value}"' in page


def test_nobody_knows_what_will_be_known(client: Client) -> None:
    tomorrow = today_in_ottawa() + timedelta(days=1)
    assert asked(client, known_on=tomorrow.isoformat()).form.errors.keys() == {"known_on"}


# The file


def in_file(client: Client, **query: str) -> list[list[str]]:
    response = client.get("/policies/changes/", {**query, "format": "csv"})
    text = response.content.decode("utf-8")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_file_holds_what_the_page_tells(client: Client) -> None:
    header, *rows = in_file(client, **STORY)
    assert {len(row) for row in rows} == {len(header)}
    told = happenings(client, **STORY)
    where = client.get("/policies/changes/", STORY).context["where"]
    assert len(rows) == len(told) + sum(len(one.differences) for one in where)
    assert [(row[0], row[2]) for row in rows if row[2]] == [
        (one.on.isoformat(), one.key) for one in told
    ]


def test_no_cell_of_the_file_is_a_formula(client: Client) -> None:
    with patch.dict(current_register().destinations, {"TR": Bilingual("=1+1", "=1+1")}):
        cells = [cell for row in in_file(client, **STORY) for cell in row]
    assert "'=1+1" in cells
    assert "=1+1" not in cells


# Cost, and the way there


def test_the_page_asks_the_same_queries_for_few_changes_and_for_many(
    client: Client, django_assert_num_queries: Queries
) -> None:
    current_register()
    for query in ({"from": "2024-01-28", "to": "2024-01-29"}, {"from": "1990-01-01"}):
        for more in ({}, {"format": "csv"}):
            with django_assert_num_queries(2):
                client.get("/policies/changes/", {**query, **more})


def test_the_register_and_the_map_lead_here(client: Client) -> None:
    register = client.get("/policies/", {"known_on": "2024-02-01"}).content.decode()
    assert 'href="/policies/changes/?known_on=2024-02-01"' in register
    of_day = client.get("/policies/map/", {"on": "2020-10-05"}).content.decode()
    today = today_in_ottawa().isoformat()
    assert f'href="/policies/changes/?from=2020-10-05&amp;to={today}"' in of_day
    assert 'href="/policies/changes/"' in client.get("/policies/map/").content.decode()
    assert '<a href="/policies/" aria-current="true">Policies</a>' in on_page(client)
