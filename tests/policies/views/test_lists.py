"""Lists: groups and items with their own words, countries on the day looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest
from django.test import Client

from policies.domain.controllists import Node, read_control_list, search
from policies.models import ControlListItem, CountryList, CountryListEntry, Destination
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db


def get(client: Client, address: str, language: str = "en-ca") -> Any:
    client.cookies["django_language"] = language
    response = client.get(address)
    assert response.status_code == 200
    return response


def names(response: Any, group: str) -> list[str]:
    return [member.code for member in response.context[group]]


def export_list() -> tuple[list[ControlListItem], list[Node]]:
    items = list(ControlListItem.objects.filter(edition__instrument__code="ECL"))
    return items, read_control_list(items, "en")


def found(sought: str) -> list[str]:
    items, trees = export_list()
    return [one.node.code for one in search(items, trees, sought) or ()]


# Control lists


def test_every_entry_of_the_list_is_in_the_tree() -> None:
    items, trees = export_list()

    def codes(nodes: tuple[Node, ...] | list[Node]) -> list[str]:
        return [
            code
            for node in nodes
            for code in (node.code, *codes(node.law), *codes(node.guide), *node.numbers)
        ]

    assert sorted(codes(trees)) == sorted(item.code for item in items)


def test_headings_of_the_guide_are_not_shown_as_its_text(client: Client) -> None:
    _items, trees = export_list()
    group_2 = next(node for node in trees if node.code == "2")
    assert [node.code for node in group_2.guide][:3] == ["2-1", "2-2", "2-3"]
    assert not any(node.is_law for node in group_2.guide)
    assert all(node.is_law for node in group_2.law)
    page = get(client, "/lists/ECL/").content.decode()
    assert "Headings of Guide items are not the Guide’s text." in page
    assert "editorial headings" in page


def test_a_number_is_searched_by_its_parts() -> None:
    assert found("2-1") == ["2-1"]
    assert "2-2.a" in found("2-2")
    assert found("5504(2)(d)") == ["5504(2)(d)"]
    assert found("2-99") == []


@pytest.mark.parametrize("sought", ["missile", "MISSILE", "missilés"])
def test_words_are_searched_without_accents_and_capitals(sought: str) -> None:
    assert "9-7" in found(sought)


def test_words_of_the_other_language_are_found_too() -> None:
    assert "9-1" in found("chars de combat")


def test_all_words_must_be_there() -> None:
    assert set(found("battle tanks")) <= set(found("battle")) & set(found("tanks"))


def test_no_words_are_no_search(client: Client) -> None:
    assert get(client, "/lists/ECL/?q=%20").context["found"] is None


@pytest.mark.parametrize("sought", ["xyzzy", "<script>", "\x00", "(((", "2-" * 500])
def test_whatever_is_searched_is_answered(client: Client, sought: str) -> None:
    response = client.get("/lists/ECL/", {"q": sought})
    assert response.status_code == 200
    assert response.context["found"] == []
    assert "Nothing in this list" in response.content.decode()


def test_an_item_leads_to_the_question_about_it(client: Client) -> None:
    page = get(client, "/lists/ECL/").content.decode()
    assert 'href="/ask/?items=2-15"' in page
    assert 'href="/ask/?items=Group%202"' in page
    assert client.get("/ask/?items=2-15").context["form"]["items"].value() == "2-15"


def test_entries_of_the_brokering_list_hang_on_their_own_part_of_the_number(
    client: Client,
) -> None:
    trees = get(client, "/lists/BCL/").context["trees"]
    assert [node.number for node in trees] == ["1(a)", "1(b)", "1(c)"]
    assert [node.number for node in trees[1].law] == ["(i)", "(ii)", "(iii)"]
    assert [node.number for node in trees[1].law[0].law] == ["(A)", "(B)", "(C)"]


# Country lists


@pytest.mark.parametrize(
    ("on", "members", "past", "later"),
    [
        ("1996-12-31", [], [], ["BY", "KP", "MM"]),
        ("1997-01-01", ["MM"], [], ["BY", "KP"]),
        ("2006-12-13", ["MM"], [], ["BY", "KP"]),
        ("2006-12-14", ["BY", "MM"], [], ["KP"]),
        ("2012-04-23", ["BY", "KP", "MM"], [], []),
        ("2012-04-24", ["BY", "KP"], ["MM"], []),
        ("2017-06-20", ["KP"], ["BY", "MM"], []),
    ],
)
def test_the_area_control_list_on_a_day(
    client: Client, on: str, members: list[str], past: list[str], later: list[str]
) -> None:
    response = get(client, f"/lists/ACL/?on={on}")
    assert sorted(names(response, "members")) == members
    assert sorted(names(response, "past")) == past
    assert sorted(names(response, "later")) == later


def test_an_assumed_day_is_said_in_words(client: Client) -> None:
    page = get(client, "/lists/AFCCL/").content.decode()
    assert "assumed: no source gives the day" in page
    assert "Added by SOR/2020-225" in page
    members = get(client, "/lists/AFCCL/", "fr-ca").context["members"]
    assert {one.added_by.partition("/")[0] for one in members if one.added_by} == {"DORS"}


def test_members_stand_in_the_order_of_their_names_in_the_language_of_the_page(
    client: Client,
) -> None:
    english = names(get(client, "/lists/AFCCL/"), "members")
    french = names(get(client, "/lists/AFCCL/", "fr-ca"), "members")
    assert sorted(english) == sorted(french)
    assert english.index("DE") > english.index("FR")
    assert french.index("DE") < french.index("FR")


def test_a_listing_unknown_on_the_day_of_knowledge_is_not_shown(client: Client) -> None:
    with unlogged():
        CountryListEntry.objects.create(
            list=CountryList.objects.get(code="ACL"),
            destination=Destination.objects.get(code="SY"),
            effective_from=date(2020, 1, 1),
            known_from="2021-06-01T00:00:00-04:00",
        )
    assert "SY" in names(get(client, "/lists/ACL/?on=2022-01-01"), "members")
    assert "SY" not in names(
        get(client, "/lists/ACL/?on=2022-01-01&known_on=2021-05-31"), "members"
    )
    assert "SY" in names(get(client, "/lists/ACL/?on=2022-01-01&known_on=2021-06-01"), "members")


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_a_general_permit_shows_what_its_own_text_says(client: Client, language: str) -> None:
    for permit in CountryList.objects.filter(is_general_permit=True):
        response = get(client, permit.get_absolute_url(), language)
        shown = [
            [clause.key for clause in clauses] for _label, clauses in response.context["roles"]
        ]
        # The engines keep the keys of an object in different orders; the page has its own.
        assert sorted(shown) == sorted(permit.details["roles"].values())
        page = response.content.decode()
        assert "non officielle" in page or "Not an official version" in page


def test_the_lists_are_counted_as_their_pages_show_them(client: Client) -> None:
    context = get(client, "/lists/").context
    for one in (*context["country_lists"], *context["general_permits"]):
        assert one.members == len(names(get(client, one.get_absolute_url()), "members"))
    assert [edition.instrument.code for edition in context["control_lists"]] == ["ECL", "BCL"]


def test_a_list_costs_the_same_queries_however_long_it_is(
    client: Client, django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]
) -> None:
    client.get("/lists/ACL/")
    for code in ("ACL", "AFCCL"):
        with django_assert_num_queries(5):
            client.get(f"/lists/{code}/")
    for address in ("/lists/ECL/", "/lists/ECL/?q=missile", "/lists/BCL/"):
        with django_assert_num_queries(2):
            client.get(address)
