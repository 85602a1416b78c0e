"""A scope in words, as the tables of the register show it."""

from __future__ import annotations

import pytest
from django.utils import translation

from policies.domain.register import Register, current_register
from policies.domain.scope import groups_in_words, items_in_words, provision, scope_in_words

pytestmark = pytest.mark.django_db

WMD = "only for a weapon of mass destruction or missile end-use"
IN_ENGLISH = {
    "TR-2020-04-16-presumptive": ("Group 2, export", "Türkiye", ()),
    "TR-2020-04-16-casebycase": ("Groups 1, 3 to 7 and 9, export", "Türkiye", ()),
    "TR-2024-01-29-end": (
        "All controlled goods and technology, export and brokering",
        "Türkiye",
        (),
    ),
    "ECL-2-A": ("Items of ECL s. 2(a), export", "Any destination, except United States", ()),
    "ECL-2-D": ("Items 7-2 and 7-12, export", "Any destination", ()),
    "IR-2016-02-05-items": ("19 items of Groups 1 and 2, export and brokering", "Iran", ()),
    "ACL": ("All goods and technology, export", "Any destination on: Area Control List", ()),
    "EIPA-15-2": (
        "Goods of s. 4.1, brokering",
        "Any destination not on: Automatic Firearms Country Control List",
        (),
    ),
    "GEP47": (
        "Group 9 and items 2-1 and 2-3, except items 2-2.a and 2-4.a, export",
        "Any destination on: General Export Permit No. 47",
        ("not goods of s. 4.1",),
    ),
    "EIPA-7-2": (
        "Goods of s. 4.1, export",
        "Any destination",
        (
            "unless the end-user is: government, authorized by the government; and the country is"
            " on: Automatic Firearms Country Control List",
        ),
    ),
    "GBP1": (
        "Group 2, brokering",
        "Any destination on: General Brokering Permit No. 1",
        ("goods of s. 4.1: only to a country on: Automatic Firearms Country Control List",),
    ),
    "BCL-1-B": ("Items of BCL s. 1(b), brokering", "Any destination", (WMD,)),
    "KP-2010-07-13-ACL": (
        "All goods and technology, export",
        "Democratic People’s Republic of Korea",
        ("while on: Area Control List",),
    ),
    "UA-2015-06-29-Crimea": (
        "All goods and technology, export and brokering",
        "Crimea region of Ukraine (Autonomous Republic of Crimea and Sevastopol)",
        (),
    ),
    "RU-listing": (
        "All goods and technology, export and brokering",
        "Any destination",
        ("only where a party is a listed or designated person",),
    ),
}


@pytest.fixture
def register(reference: None) -> Register:
    return current_register()


@pytest.mark.parametrize("key", IN_ENGLISH)
def test_a_scope_says_goods_activity_place_and_conditions(register: Register, key: str) -> None:
    with translation.override("en-ca"):
        words = scope_in_words(register.rulebook.row[key].scope, register)
    assert (words.what, words.where, words.only) == IN_ENGLISH[key]


def test_a_scope_is_said_in_french(register: Register) -> None:
    with translation.override("fr-ca"):
        words = scope_in_words(register.rulebook.row["TR-2020-04-16-casebycase"].scope, register)
        rule = scope_in_words(register.rulebook.row["ECL-2-A"].scope, register)
    assert (words.what, words.where) == ("Groupes 1, 3 à 7 et 9, exportation", "Türkiye")
    assert "2a)" in rule.what
    assert "ECL" not in rule.what


def test_every_scope_has_other_words_in_french(register: Register) -> None:
    for row in register.rulebook.rows:
        said = []
        for language in ("en-ca", "fr-ca"):
            with translation.override(language):
                said.append(scope_in_words(row.scope, register))
        english, french = said
        assert english.what != french.what, row.key
        assert len(english.only) == len(french.only)
        assert not set(english.only) & set(french.only), row.key


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (["2"], "Group 2"),
        (["1", "2"], "Groups 1 and 2"),
        (["9", "1", "3", "4", "5"], "Groups 1, 3 to 5 and 9"),
        (["1", "3", "5"], "Groups 1, 3 and 5"),
    ],
)
def test_groups_that_follow_each_other_are_one_run(groups: list[str], words: str) -> None:
    with translation.override("en-ca"):
        assert groups_in_words(groups) == words


def test_more_than_four_items_are_counted() -> None:
    with translation.override("en-ca"):
        assert items_in_words(["2-1"]) == "Item 2-1"
        assert items_in_words(["5104", "5201", "5203", "5204", "5205"]) == "5 items of Group 5"


def test_a_provision_is_cited_as_each_language_cites_it() -> None:
    with translation.override("en-ca"):
        assert provision("EIPA s. 10(1)") == "EIPA s. 10(1)"
    with translation.override("fr-ca"):
        assert provision("EIPA s. 10(1)") == "LLEI par. 10(1)"


def test_every_test_of_a_list_is_a_condition_that_names_it(register: Register) -> None:
    for row in register.rulebook.rows:
        scope = row.scope
        words = scope_in_words(scope, register)
        asked = [test.list for test in scope.lists] + ([scope.unless.list] if scope.unless else [])
        assert [one.list for one in words.of_lists] == asked, row.key
        assert set(words.only) <= {one.words for one in words.of_lists} | set(words.of_facts)


def test_what_where_says_is_no_further_condition(register: Register) -> None:
    words = scope_in_words(register.rulebook.row["GEP41"].scope, register)
    assert "General Export Permit No. 41" in words.where
    assert [one.words for one in words.of_lists] == [
        "while on: General Export Permit No. 41",
        "while not on: Area Control List",
    ]
    assert words.only == ("not for a weapon of mass destruction or missile end-use",)
