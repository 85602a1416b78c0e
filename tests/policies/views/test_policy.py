"""The page of one policy: what it says, on what authority, and which version holds when."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from policies.domain.register import current_register
from policies.models import Policy

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[Any]]
N992 = "TR-2020-04-16-presumptive"


def text(client: Client, key: str, language: str = "en-ca", **query: str) -> str:
    """The words of a page, each run of blanks as one."""
    client.cookies["django_language"] = language
    response = client.get(f"/policies/{key}/", query)
    assert response.status_code == 200
    main = response.content.decode().split("<main", 1)[1].split("</main>")[0]
    return " ".join(unescape(strip_tags(main.replace("<", " <"))).split())


def test_every_policy_has_a_page_with_its_sources(client: Client) -> None:
    for policy in Policy.objects.all():
        page = client.get(f"/policies/{policy.key}/").content.decode()
        for source in policy.sources:
            assert page.count(f'href="{source["url"].replace("&", "&amp;")}"') >= 1, policy.key
        assert page.count('rel="noreferrer noopener"') >= len(policy.sources)


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_texts_are_in_the_language_of_the_page(client: Client, language: str) -> None:
    field = language[:2]
    policy = Policy.objects.get(key=N992)
    words = text(client, N992, language)
    for name in ("title", "instrument", "notes", "existing_permits"):
        assert " ".join(getattr(policy, f"{name}_{field}").split()) in words
    exception = policy.exceptions.get(code="nato")
    assert getattr(exception, f"text_{field}") in words
    assert getattr(exception, f"evidence_{field}") in words


def test_quotations_and_addresses_are_shown(client: Client) -> None:
    words = text(client, N992)
    assert "applications to export Group 2 items (i.e., military items) will be" in words
    assert "https://webiis06.mondaq.com/canada/export-controls-trade-" in words


def test_a_question_says_what_yes_and_no_do(client: Client) -> None:
    words = text(client, "TR-2020-04-16-presumptive-brokering")
    assert (
        "Does Notice No. 992 reach applications for brokering permits? "
        "If yes the row applies If no the row does not apply"
    ) in words


def test_a_question_asked_the_other_way_round_says_so(client: Client) -> None:
    words = text(client, "TR-2020-04-16-freeze-brokering")
    assert "If yes the row does not apply If no the row applies" in words
    assert "it is the question of TR-2020-04-16-presumptive-brokering" in words


def test_a_notice_has_the_exception_and_the_question_of_every_notice(client: Client) -> None:
    words = text(client, N992)
    assert "Exceptional circumstances (Minister)" in words
    assert "Does this notice also reach use of a general permit" in words


@pytest.mark.parametrize("key", ["RU-2023-07-19-arms", "EIPA-7-2", "TR-2024-01-29-end"])
def test_what_is_no_strict_notice_has_only_its_own_exceptions(client: Client, key: str) -> None:
    words = text(client, key)
    assert "(Minister)" not in words
    assert "Does this notice also reach" not in words


def test_acts_on_permits_stand_under_their_policy(client: Client) -> None:
    words = text(client, N992)
    assert "Türkiye: 29 suspended permits cancelled" in words
    assert "EIPA s. 10(1)" in words
    assert "LLEI par. 10(1)" in text(client, N992, "fr-ca")
    assert "29 suspended permits" not in text(client, "TR-2019-10-11-freeze")


def test_the_scope_links_to_what_it_names(client: Client) -> None:
    page = client.get("/policies/KP-2010-07-13-ACL/").content.decode()
    assert 'href="/destinations/KP/"' in page
    assert 'href="/lists/ACL/"' in page
    items = client.get("/policies/GEP47/").content.decode()
    assert 'href="/lists/GEP47/"' in items
    assert 'href="/lists/ECL/?q=2-1"' in items
    assert 'href="/policies/ECL-2-B-G9/"' in items


@pytest.mark.parametrize(
    ("query", "shown", "says"),
    [
        ({"on": "2020-04-15"}, 0, "Not yet in force"),
        ({"on": "2020-04-16"}, 0, "In force"),
        ({"on": "2024-01-29"}, 0, "Ended"),
        ({"on": "2024-02-01", "known_on": "2024-01-28"}, 1, "In force"),
        ({"on": "2020-04-16", "known_on": "2020-04-15"}, None, "Not known then"),
    ],
)
def test_the_version_that_holds_is_marked(
    client: Client, query: dict[str, str], shown: int | None, says: str
) -> None:
    response = client.get(f"/policies/{N992}/", query)
    marked = [one.is_shown for one in response.context["versions"]]
    assert marked == [number == shown for number in range(2)]
    assert f"Status {says}" in text(client, N992, **query)


def test_both_ranges_of_each_version_are_in_the_table(client: Client) -> None:
    words = text(client, N992)
    assert "16 Apr 2020 29 Jan 2024 29 Jan 2024 16 Apr 2020 Day known" in words
    assert "16 Apr 2020 No end known 16 Apr 2020 29 Jan 2024 16 Apr 2020 Day known" in words


def test_what_is_assumed_is_named(client: Client) -> None:
    assert "assumed: in force from, known from" in text(client, "ECL-LIST")
    assert "assumed:" not in text(client, N992)


@pytest.mark.parametrize("key", ["tr-2020-04-16-presumptive", "nope", "x" * 3000, "é"])
def test_an_unknown_key_is_not_found(client: Client, key: str) -> None:
    assert client.get(f"/policies/{key}/").status_code == 404


def test_a_bad_day_shows_today_and_its_fault(client: Client) -> None:
    response = client.get(f"/policies/{N992}/", {"on": "yesterday"})
    page = response.content.decode()
    assert "<title>Error: Türkiye: export of Group 2 presumptively denied" in page
    assert 'value="yesterday"' in page
    assert response.context["as_of"].is_today


@pytest.mark.parametrize(
    ("count", "keys"),
    [
        (7, ["RU-2023-07-19-arms", "KP-2010-07-13-ACL", "SO-UN-embargo"]),
        (8, ["ECL-2-D", "ECL-2-C", "IR-2016-02-05-items"]),
        (9, ["IL-2024-01-08", "RU-2022-02-24-stop"]),
        (10, [N992]),
    ],
)
def test_the_page_asks_the_same_queries_for_small_policies_and_for_large(
    client: Client, django_assert_num_queries: Queries, count: int, keys: list[str]
) -> None:
    """Seven; and one each for titles of items, for what all notices have, for places of acts."""
    current_register()
    for key in keys:
        with django_assert_num_queries(count):
            client.get(f"/policies/{key}/")
