"""Destinations: the list of all, the page of one, its file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from policies.domain.register import current_register
from policies.domain.resolve import resolve
from policies.facts import LineFacts
from policies.models import Destination, Policy

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]


def text(client: Client, path: str, language: str = "en-ca", **query: str) -> str:
    """The words of a page, each run of blanks as one."""
    client.cookies["django_language"] = language
    response = client.get(path, query)
    assert response.status_code == 200
    main = response.content.decode().split("<main", 1)[1].split("</main>")[0]
    return " ".join(unescape(strip_tags(main.replace("<", " <"))).split())


def answers(client: Client, code: str, **query: str) -> dict[str, Any]:
    """By lane: what the page says applies."""
    context = client.get(f"/destinations/{code}/", query).context
    return {one.title: one for one in context["answers"]}


# All destinations


def codes(client: Client, **query: str) -> list[str]:
    groups = client.get("/destinations/", query).context["groups"]
    return [row.code for group in groups for row in group.rows]


def test_all_destinations_are_listed_once_and_those_with_policies_first(client: Client) -> None:
    groups = client.get("/destinations/").context["groups"]
    assert sorted(codes(client)) == sorted(Destination.objects.values_list("code", flat=True))
    named = {
        code
        for policy in Policy.objects.all()
        if policy.scope["destinations"] != "any"
        for code in policy.scope["destinations"]
    }
    assert {row.code for row in groups[0].rows} == named


def test_names_are_in_order_of_the_alphabet_whatever_their_accents(client: Client) -> None:
    client.cookies["django_language"] = "fr-ca"
    names = [row.name for row in client.get("/destinations/").context["groups"][1].rows]
    wanted = ["Égypte", "Émirats arabes unis", "Équateur", "Érythrée", "Espagne", "Estonie"]
    assert [name for name in names if name in wanted] == wanted


@pytest.mark.parametrize(
    "words", ["Türkiye", "turkiye", "Turkey", "turquie", "TR", "TURQUIE", " tùrkey "]
)
def test_a_destination_is_found_by_any_of_its_names(client: Client, words: str) -> None:
    assert "TR" in codes(client, q=words)


def test_a_search_finds_only_what_fits(client: Client) -> None:
    assert codes(client, q="Swaziland") == ["SZ"]
    assert codes(client, q="no such place") == []
    assert "No destination matches" in text(client, "/destinations/", q="no such place")


def test_the_stances_are_those_of_the_engine_on_that_day(client: Client) -> None:
    book = current_register().rulebook
    groups = client.get("/destinations/", {"on": "2020-10-05"}).context["groups"]
    as_of = client.get("/destinations/", {"on": "2020-10-05"}).context["as_of"]
    for row in (row for group in groups for row in group.rows):
        for activity, shown in (("export", row.export), ("brokering", row.brokering)):
            ruling = resolve(LineFacts(activity, row.code, items=("2",)), book, on=as_of.on)
            assert (shown.stance, shown.is_open) == (
                ruling.stance,
                ruling.stance != ruling.stance_if_open,
            )


def test_the_number_of_policies_is_that_of_the_list_it_opens(client: Client) -> None:
    groups = client.get("/destinations/", {"on": "2020-10-05"}).context["groups"]
    rows = {row.code: row.rows for group in groups for row in group.rows}
    for code in ("TR", "RU", "MM", "UA", "US", "DE", "QA"):
        found = client.get("/policies/", {"destination": code, "on": "2020-10-05"})
        assert rows[code] == found.context["count"], code


def test_the_list_asks_one_query_for_one_row_and_for_all(
    client: Client, django_assert_num_queries: Queries
) -> None:
    current_register()
    for words in ("", "Swaziland", "a"):
        with django_assert_num_queries(1):
            client.get("/destinations/", {"q": words})


@pytest.mark.parametrize("words", ["x\x00", "x" * 201])
def test_a_search_that_cannot_be_read_is_an_error_and_shows_all(client: Client, words: str) -> None:
    response = client.get("/destinations/", {"q": words})
    assert list(response.context["form"].errors) == ["q"]
    assert response.context["count"] == 250


# One destination


def test_every_destination_has_a_page(client: Client) -> None:
    for code in Destination.objects.values_list("code", flat=True)[::7]:
        assert client.get(f"/destinations/{code}/").status_code == 200


def test_an_open_question_says_what_yes_and_no_mean(client: Client) -> None:
    words = text(client, "/destinations/TR/", on="2020-10-05")
    assert (
        "Does Notice No. 992 reach applications for brokering permits? "
        "TR-2020-04-16-presumptive-brokering If yes Presumptive denial If no Suspended"
    ) in words


def test_exceptions_of_what_governs_are_named(client: Client) -> None:
    words = text(client, "/destinations/TR/", on="2020-10-05")
    assert "Item for a NATO cooperation program" in words
    assert (
        "Item for a NATO cooperation program"
        not in text(client, "/destinations/TR/", on="2019-10-11").split("About this destination")[0]
    )


@pytest.mark.parametrize(
    ("on", "acts"),
    [
        ("2020-05-05", []),
        ("2020-05-06", ["Exception approved"]),
        ("2020-10-04", ["Exception approved"]),
        ("2020-10-05", ["Exception approved", "Permits suspended"]),
        ("2021-04-12", ["Exception approved", "Permits suspended", "29 permits cancelled"]),
    ],
)
def test_acts_up_to_the_day_are_told_and_change_no_stance(
    client: Client, on: str, acts: list[str]
) -> None:
    context = client.get("/destinations/TR/", {"on": on}).context
    assert [one.words for one in context["acts"]] == acts
    group_2 = next(one for one in context["answers"] if one.title == "Group 2, export")
    assert group_2.verdict.stance == "presumptive_denial"


def test_a_past_day_uses_the_name_of_that_day(client: Client) -> None:
    assert "Turkey on 5 October 2020" in text(client, "/destinations/TR/", on="2020-10-05")
    assert "Turkey on 31 May 2022" in text(client, "/destinations/TR/", on="2022-05-31")
    assert "Türkiye on 1 June 2022" in text(client, "/destinations/TR/", on="2022-06-01")
    page = client.get("/destinations/TR/", {"on": "2020-10-05"}).content.decode()
    assert "<h1>Türkiye</h1>" in page
    french = text(client, "/destinations/TR/", "fr-ca", on="2020-10-05")
    assert "Turquie, le 5 octobre 2020" in french


def test_what_was_not_known_is_neither_answered_drawn_nor_listed(client: Client) -> None:
    day = {"on": "2019-10-12", "known_on": "2019-10-14"}
    exports = answers(client, "TR", **day)["Groups 1 to 7 and 9, export"]
    assert exports.verdict.stance == "case_by_case"
    context = client.get("/destinations/TR/", day).context
    drawn = {bar.kind for lane in context["picture"].lanes for bar in lane.bars}
    assert "suspended" not in drawn
    assert context["entries"] == []
    day["known_on"] = "2019-10-15"
    exports = answers(client, "TR", **day)["Groups 1 to 7 and 9, export"]
    assert exports.verdict.stance == "suspended"
    assert len(client.get("/destinations/TR/", day).context["entries"]) == 2


def test_every_row_that_names_it_is_in_the_table_by_date(client: Client) -> None:
    context = client.get("/destinations/TR/").context
    told = [
        entry.policy.key if entry.policy else entry.act.act.key if entry.act else entry.context.key
        for entry in context["entries"]
    ]
    assert told == [
        "TR-2019-10-11-freeze",
        "TR-2019-10-11-freeze-brokering",
        "TR-2020-04-16-casebycase",
        "TR-2020-04-16-freeze-brokering",
        "TR-2020-04-16-presumptive",
        "TR-2020-04-16-presumptive-brokering",
        "TR-2020-05-06-exception",
        "TR-2020-10-05-suspension",
        "TR-2021-04-12-cancellation",
        "TR-2022-2023-talks",
        "TR-2024-01-29-end",
    ]
    listed = [entry.policy.key for entry in context["list_entries"]]
    assert listed == ["ECL-5505-2", "GEP41"]


def test_a_row_says_what_was_before_it(client: Client) -> None:
    entries = client.get("/destinations/TR/").context["entries"]
    was = {entry.policy.key: entry.was for entry in entries if entry.policy}
    assert was["TR-2019-10-11-freeze"] == "case by case"
    assert was["TR-2020-04-16-presumptive"] == "suspended"
    assert was["TR-2024-01-29-end"] == "presumptive denial"


def test_news_is_said_to_be_no_policy(client: Client) -> None:
    assert "News is not policy" in text(client, "/destinations/TR/")
    words = text(client, "/destinations/AZ/")
    assert "Azerbaijan: no restriction notice found" in words


def test_the_table_of_lanes_is_the_picture(client: Client) -> None:
    context = client.get("/destinations/TR/").context
    tables = {table.title: table.rows for table in context["lane_tables"]}
    for lane in context["picture"].lanes[:-1]:
        starts = [row.bar.start for row in tables[lane.label]]
        assert len(starts) == len(lane.bars) == len(lane.text.split("; "))


def test_the_question_to_the_engine_is_that_of_the_lane(client: Client) -> None:
    """Following "Why, in full" shows the stance that the lane showed."""
    for code in ("TR", "UA", "IR"):
        for answer in answers(client, code, on="2020-10-05").values():
            asked = client.get(answer.ask_url)
            assert not asked.context["form"].errors, answer.ask_url
            ruling = asked.context["inquiry"].ruling
            assert ruling.stance == answer.verdict.stance, answer.ask_url
            # No permit is named where other goods of the lane need another one.
            assert answer.verdict.requirement in ("", ruling.requirement), answer.ask_url


@pytest.mark.parametrize("code", ["ZZ", "TUR", "é", "x" * 3000])
def test_an_unknown_code_is_not_found(client: Client, code: str) -> None:
    assert client.get(f"/destinations/{code}/").status_code == 404
    assert client.get(f"/destinations/{code}/timeline.csv").status_code == 404


@pytest.mark.parametrize("code", ["TR", "UA", "BY", "IL", "KP", "US"])
def test_the_page_asks_the_same_queries_for_few_rows_and_for_many(
    client: Client, django_assert_num_queries: Queries, code: str
) -> None:
    current_register()
    with django_assert_num_queries(8):
        client.get(f"/destinations/{code}/")


# The file


def cells(client: Client, code: str = "TR", language: str = "en-ca", **query: str) -> list[Any]:
    client.cookies["django_language"] = language
    response = client.get(f"/destinations/{code}/timeline.csv", query)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    decoded = response.content.decode("utf-8")
    assert decoded.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(decoded.removeprefix("\ufeff"))))


def test_the_file_tells_the_story(client: Client) -> None:
    rows = cells(client)
    told = [
        (row["From"], row["Until"], row["Stance"])
        for row in rows
        if row["Kind"] == "Stance" and (row["Activity"], row["Goods"]) == ("Export", "Group 2")
    ]
    assert told == [
        ("", "2019-10-11", "Case by case"),
        ("2019-10-11", "2020-04-16", "Suspended"),
        ("2020-04-16", "2024-01-29", "Presumptive denial"),
        ("2024-01-29", "", "Case by case"),
    ]
    (freeze,) = [
        row
        for row in rows
        if row["From"] == "2019-10-11" and row["Activity"] == "Export" and row["Goods"] == "Group 2"
    ]
    assert freeze["Policies"] == "TR-2019-10-11-freeze"
    assert freeze["Permit requirement"] == "Individual permit"
    assert freeze["Sources"].startswith("https://")


def test_the_file_holds_acts_announcements_and_context(client: Client) -> None:
    kinds = {(row["Kind"], row["From"]) for row in cells(client)}
    assert ("Act on permits", "2021-04-12") in kinds
    assert ("Announcement", "2019-10-15") in kinds
    assert ("Context (news is not policy)", "2023-07-11") in kinds


def test_a_permit_that_changes_within_a_stretch_is_given_by_day(client: Client) -> None:
    words = "Not controlled; from 1 Sep 2019: individual permit"
    assert words in text(client, "/destinations/CD/")
    assert words in {row["Permit requirement"] for row in cells(client, "CD")}


def test_the_table_of_lanes_and_the_file_name_exceptions(client: Client) -> None:
    named = "Exceptional circumstances shown for the file; Item for a NATO cooperation program"
    lanes_table = text(client, "/destinations/TR/").split("The lanes as a table")[1]
    assert f"Presumptive denial Exceptions: {named}" in lanes_table
    assert named in {row["Exceptions"] for row in cells(client)}


def test_an_open_question_gives_both_stances_in_the_file(client: Client) -> None:
    (row,) = [
        row
        for row in cells(client)
        if row["Activity"] == "Brokering"
        and row["Goods"].startswith("Group 2")
        and row["From"] == "2020-04-16"
    ]
    assert row["Stance"] == "Suspended"
    assert row["Stance if open questions are answered yes"] == "Presumptive denial"


def test_the_file_is_in_the_language_of_the_page(client: Client) -> None:
    rows = cells(client, language="fr-ca")
    assert "Kind" not in rows[0]
    assert "Suspendu" in {value for row in rows for value in row.values()}


def test_the_file_knows_no_more_than_was_known(client: Client) -> None:
    rows = cells(client, on="2019-10-12", known_on="2019-10-14")
    assert {row["Stance"] for row in rows} <= {"Case by case", "No restriction", "Prohibited"}


def test_the_file_is_named_for_its_place_and_days(client: Client) -> None:
    response = client.get(
        "/destinations/TR/timeline.csv", {"on": "2020-10-05", "known_on": "2020-12-31"}
    )
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="TR-2020-10-05-known-2020-12-31.csv"'
    )


def test_no_page_or_file_holds_an_inline_style(client: Client) -> None:
    for path in ("/policies/", "/destinations/", "/destinations/TR/", "/policies/GEP41/"):
        page = client.get(path).content.decode()
        assert not re.search(r'\sstyle="|\son\w+="|<script', page)
