"""The register page: which rows, on which day, found by which words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from policies.domain.queries import OTTAWA
from policies.domain.register import current_register
from policies.domain.search import folded, matches
from policies.models import Policy, PolicyVersion
from policies.views.asof import today_in_ottawa

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]
FREEZE, N992 = "TR-2019-10-11-freeze", "TR-2020-04-16-presumptive"


def keys(client: Client, **query: str) -> list[str]:
    """The policies in the table, in their order."""
    response = client.get("/policies/", query)
    assert response.status_code == 200
    return [row.policy.key for group in response.context["groups"] for row in group.rows]


def on_page(client: Client, **query: str) -> str:
    return client.get("/policies/", query).content.decode()


# Days


@pytest.mark.parametrize(
    ("day", "freeze", "n992"),
    [
        ("2019-10-10", False, False),
        ("2019-10-11", True, False),
        ("2020-04-15", True, False),
        ("2020-04-16", False, True),
        ("2024-01-28", False, True),
        ("2024-01-29", False, False),
    ],
)
def test_only_what_is_in_force_that_day_is_shown(
    client: Client, day: str, freeze: bool, n992: bool
) -> None:
    shown = keys(client, on=day)
    assert (FREEZE in shown, N992 in shown) == (freeze, n992)


def test_a_row_is_shown_from_the_day_on_which_it_was_known(client: Client) -> None:
    assert FREEZE not in keys(client, on="2019-10-12", known_on="2019-10-14")
    assert FREEZE in keys(client, on="2019-10-12", known_on="2019-10-15")


def test_the_version_known_then_is_shown(client: Client) -> None:
    """On the day before Notice 992 nobody knew that the freeze would end."""
    (then,) = _rows(client, on="2020-04-15", known_on="2020-04-15", q=FREEZE + " ")
    (now,) = _rows(client, on="2020-04-15", q=FREEZE + " ")
    assert then.version.effective_to is None
    assert now.version.effective_to == date(2020, 4, 16)


def _rows(client: Client, **query: str) -> list[Any]:
    found = client.get("/policies/", query).context["groups"]
    return [row for group in found for row in group.rows if row.policy.key == query["q"].strip()]


@pytest.mark.parametrize("status", ["in_force", "ended", "not_yet", "all"])
@pytest.mark.parametrize("on", ["2019-10-12", "2026-11-23"])
@pytest.mark.parametrize("known_on", ["", "2019-10-14", "2015-01-01"])
def test_each_status_shows_what_the_versions_say(
    client: Client, status: str, on: str, known_on: str
) -> None:
    wanted = set()
    for version in PolicyVersion.objects.select_related("policy"):
        known_from, known_to = (
            None if at is None else at.astimezone(OTTAWA).date().isoformat()
            for at in (version.known_from, version.known_to)
        )
        known = (known_from or "") <= known_on < (known_to or "9") if known_on else not known_to
        start, end = (
            "" if day is None else day.isoformat()
            for day in (version.effective_from, version.effective_to)
        )
        stands = "not_yet" if on < start else "ended" if end and on >= end else "in_force"
        if known and status in ("all", stands):
            wanted.add(version.policy.key)
    assert set(keys(client, on=on, known_on=known_on, status=status)) == wanted


def test_the_statuses_together_are_all_that_is_known(client: Client) -> None:
    parts = [keys(client, status=status) for status in ("in_force", "ended", "not_yet")]
    assert sorted(key for part in parts for key in part) == sorted(keys(client, status="all"))
    assert len(keys(client, status="all")) == Policy.objects.count()


# Counts and order


@pytest.mark.parametrize(
    "query",
    [{}, {"layer": "notice"}, {"q": "turkiye", "status": "all"}, {"stance": "suspended"}],
    ids=str,
)
def test_every_count_is_that_of_the_rows_below_it(client: Client, query: dict[str, str]) -> None:
    response = client.get("/policies/", query)
    page = response.content.decode()
    shown = len(re.findall(r'class="ref" href="/policies/', page))
    said = re.search(r"(\d+) polic(?:y|ies) of (\d+) known", page)
    assert said is not None
    assert int(said[1]) == shown
    assert int(said[2]) == 86
    groups = [int(number) for number in re.findall(r"<span>· (\d+)</span>", page)]
    assert sum(groups) == shown


def test_notices_come_first_and_rows_go_by_key(client: Client) -> None:
    groups = client.get("/policies/", {"status": "all"}).context["groups"]
    layers = [group.rows[0].policy.layer for group in groups]
    assert layers == ["notice", "regulation", "country_list", "general_permit", "statute"]
    for group in groups:
        found = [row.policy.key for row in group.rows]
        assert found == sorted(found)


# Filters


@pytest.mark.parametrize(
    "words",
    ["Turkiye 992", "türkiye 992", "TÜRKIYE 992", "Turkey 992", "turquie avis 992", "992 TR-2020"],
)
def test_words_are_found_whatever_their_accents_and_capitals(client: Client, words: str) -> None:
    assert N992 in keys(client, q=words, on="2020-10-05")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("NATO cooperation", N992),
        ("programme de cooperation de l'OTAN", N992),
        ("reach applications for brokering permits", "TR-2020-04-16-freeze-brokering"),
        ("SOR/2014-58", "RU-2023-07-19-arms"),
        ("Only summaries of the notice were read", N992),
        ("Burma", "MM-2007-12-13-arms"),
    ],
)
def test_every_text_of_a_row_is_searched(client: Client, words: str, key: str) -> None:
    assert key in keys(client, q=words, status="all")


def test_all_words_must_be_there(client: Client) -> None:
    assert keys(client, q="turkiye moratorium", status="all") == []
    assert "No policy matches" in on_page(client, q="turkiye moratorium")


def test_a_search_is_no_pattern(client: Client) -> None:
    for sign in ("%", "_", "\\", "*", "'"):
        found = keys(client, q=f"turk{sign}ye", status="all")
        assert found == []


def test_a_destination_shows_what_reaches_it_by_name_or_by_list(client: Client) -> None:
    shown = keys(client, destination="TR", on="2020-10-05")
    assert N992 in shown
    assert "GEP41" in shown, "it is on the list of the permit"
    assert "GEP47" not in shown
    assert "ECL-2-A" not in shown, "it binds every destination"


def test_a_list_counts_only_on_days_when_the_destination_is_on_it(client: Client) -> None:
    assert "ACL" in keys(client, destination="MM", on="2010-01-01")
    assert "ACL" not in keys(client, destination="MM", on="2015-01-01")


def test_rows_that_bind_every_destination_are_a_choice(client: Client) -> None:
    shown = keys(client, destination="any")
    assert {"ECL-2-A", "EIPA-7-2", "EIPA-15-2", "RU-listing"} <= set(shown)
    assert not {"ACL", "GEP41", "TR-2024-01-29-end", "ECL-2-C-US"} & set(shown)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"activity": "brokering"}, lambda policy: "brokering" in policy.scope["activities"]),
        ({"activity": "export"}, lambda policy: "export" in policy.scope["activities"]),
        ({"stance": "suspended"}, lambda policy: policy.stance == "suspended"),
        ({"layer": "notice"}, lambda policy: policy.layer == "notice"),
        (
            {"layer": "notice", "stance": "case_by_case"},
            lambda policy: policy.layer == "notice" and policy.stance == "case_by_case",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "kept",
)
def test_a_filter_keeps_what_it_names(
    client: Client, query: dict[str, str], holds: Callable[[Policy], bool]
) -> None:
    wanted = {policy.key for policy in Policy.objects.all() if holds(policy)}
    assert set(keys(client, status="all", **query)) == wanted


# Bad input


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stance", "nope"),
        ("layer", "nope"),
        ("activity", "import"),
        ("destination", "ZZ"),
        ("destination", "tr"),
        ("status", "gone"),
        ("q", "x\x00y"),
        ("q", "x" * 201),
    ],
)
def test_a_filter_that_cannot_be_read_is_an_error_of_its_field_and_finds_nothing(
    client: Client, field: str, value: str
) -> None:
    response = client.get("/policies/", {field: value, "on": "2020-10-05"})
    assert list(response.context["filter"].form.errors) == [field]
    assert keys(client, **{field: value}) == []
    page = response.content.decode()
    assert "<title>Error: Policies" in page
    assert f'href="#id_{field}"' in page
    (way,) = response.context["ways_on"]
    assert way == ("/policies/?on=2020-10-05", "Clear this filter")
    assert keys(client, on="2020-10-05") != []


def test_a_filter_that_cannot_be_read_shows_what_was_typed(client: Client) -> None:
    page = on_page(client, stance="bog<us", layer="notice")
    assert '<option value="bog&lt;us" selected>bog&lt;us</option>' in page
    assert '<option value="notice" selected>' in page
    assert "This filter can’t be read: Stance." in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", "2020-02-30"),
        ("on", "5 October 2020"),
        ("known_on", "2020-10-05T10:00"),
        ("on", "1066-10-14"),
        ("known_on", "2199-01-01"),
    ],
)
def test_a_day_that_cannot_be_read_is_an_error_of_its_field_and_nothing_is_shown(
    client: Client, field: str, value: str
) -> None:
    response = client.get("/policies/", {field: value})
    assert list(response.context["as_of"].form.errors) == [field]
    page = response.content.decode()
    assert "<title>Error: Policies" in page
    assert f'href="#id_{field}"' in page
    assert "You are looking at" not in page
    assert f'value="{value}"' in page
    assert "<tbody" not in page


@pytest.mark.parametrize(
    "path",
    [
        *("/policies/", "/policies/ACL/", "/policies/map/", "/destinations/", "/destinations/TR/"),
        "/lists/AFCCL/",
    ],
)
def test_nothing_is_known_yet_after_today(client: Client, path: str) -> None:
    today = today_in_ottawa()
    assert not client.get(path, {"known_on": today.isoformat()}).context["as_of"].form.errors
    tomorrow = today + timedelta(days=1)
    response = client.get(path, {"known_on": tomorrow.isoformat()})
    assert "<title>Error:" in response.content.decode()
    assert response.context["as_of"].form.errors == {
        "known_on": [f"Nothing is known yet after today. Give {today} or an earlier day."]
    }


# Nothing found


def test_rows_of_another_status_are_offered_where_none_has_this_one(client: Client) -> None:
    response = client.get("/policies/", {"q": "992", "on": "2024-06-01"})
    assert keys(client, q="992", on="2024-06-01") == []
    (way,) = response.context["ways_on"]
    assert way.words == "6 ended rows match: show them"
    shown = client.get(way.url)
    assert shown.context["count"] == 6
    assert N992 in [row.policy.key for group in shown.context["groups"] for row in group.rows]


@pytest.mark.parametrize("status", ["in_force", "ended", "not_yet"])
@pytest.mark.parametrize("on", ["2019-01-01", "2020-10-05", "2026-11-23"])
def test_each_way_on_leads_to_as_many_rows_as_it_says(client: Client, status: str, on: str) -> None:
    for more in ({"q": "992"}, {"destination": "TR", "layer": "notice"}, {"stance": "suspended"}):
        response = client.get("/policies/", {"status": status, "on": on, **more})
        for way in response.context["ways_on"]:
            assert response.context["count"] == 0
            assert client.get(way.url).context["count"] == int(way.words.split()[0])


def test_rows_that_hang_on_a_question_say_so(client: Client) -> None:
    page = on_page(client, q="TR-2020-04-16-presumptive", on="2020-10-05")
    rows = {
        name: row
        for row in page.split("<tr ")
        for name in re.findall(r'<span class="sub key">([^<]*)</span>', row)
    }
    assert "Needs an answer" in rows["TR-2020-04-16-presumptive-brokering"]
    assert "Needs an answer" not in rows[N992]


def test_what_was_typed_is_kept(client: Client) -> None:
    page = on_page(client, on="<2020>", q="a&b", known_on="soon")
    assert 'value="&lt;2020&gt;"' in page
    assert 'value="soon"' in page
    assert 'value="a&amp;b"' in page


def test_the_other_form_keeps_the_day_and_the_filter(client: Client) -> None:
    page = on_page(client, on="2020-10-05", layer="notice")
    assert '<input type="hidden" name="layer" value="notice">' in page
    assert '<input type="hidden" name="on" value="2020-10-05">' in page


# Cost


def test_the_page_asks_the_same_queries_for_few_rows_and_for_many(
    client: Client, django_assert_num_queries: Queries
) -> None:
    current_register()
    for query in ({"layer": "general_permit"}, {"status": "all"}, {"destination": "TR"}):
        with django_assert_num_queries(3):
            client.get("/policies/", query)


def test_a_search_asks_two_queries_more(client: Client, django_assert_num_queries: Queries) -> None:
    current_register()
    for words in ("moratorium", "a"):
        with django_assert_num_queries(5):
            client.get("/policies/", {"q": words, "status": "all"})


# The file


def test_the_file_holds_the_rows_of_the_page(client: Client) -> None:
    query = {"layer": "notice", "on": "2020-10-05"}
    response = client.get("/policies/", {**query, "format": "csv"})
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="policies-2020-10-05.csv"'
    )
    text = response.content.decode("utf-8")
    assert text.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert header[0] == "Policy"
    assert [row[0] for row in rows] == keys(client, **query)
    assert {len(row) for row in rows} == {len(header)}


def test_folding_leaves_plain_letters() -> None:
    assert folded("TÜRKİYE – l’Île œuvre") == "turkiye - l'ile oeuvre"
    assert folded("e\u0301\u034f\u0327te\u0301") == "ete"


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("daesh", "Da’esh", True),
        ("DAESH", "Da'esh", True),
        ("da'esh", "DAESH", True),
        ("da’esh", "Da'esh", True),
        ("d'Israël", "autorités d’Israel", True),
        ("avis", "l’Avis aux exportateurs", True),
        ("non-lethal", "nonlethal support", True),
        ("nonlethal", "non-lethal support", True),
        ("end user", "the end-user", True),
        ("s.7.3", "EIPA s. 7.3", False),
        ("<script>", "prescription", False),
        ("992", "Notice No. 992", True),
        ("992", "Notice No. 99-2", False),
        ("992", "9.92 or 99,2", False),
        ("7.3", "section 73", False),
        ("73", "section 7.3", False),
        ("’", "Da'esh", True),
        ("'", "Daesh", False),
        ("-", "end user", False),
        ("", "anything", True),
    ],
)
def test_punctuation_is_not_needed_to_find_a_word(wanted: str, text: str, found: bool) -> None:
    assert matches(wanted, [text]) is found


def test_words_are_not_found_across_two_texts() -> None:
    assert not matches("daesh", ["da", "esh"])
