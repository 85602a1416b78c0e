"""What a field for control-list items is offered while one types."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policies.domain.items import numbers_and_words

pytestmark = pytest.mark.django_db


def found(client: Client, q: str, language: str = "en") -> dict[str, Any]:
    address = reverse("policies:find_items")
    response = client.get(address, {"q": q}, headers={"accept-language": language})
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


def codes(told: dict[str, Any]) -> list[str]:
    return [one["value"] for one in told["found"]]


def test_words_find_the_item_under_which_the_law_says_them(client: Client) -> None:
    told = found(client, "imaging camera")
    assert codes(told) == ["5506"]
    assert told["found"][0]["where"].startswith("an imaging camera")
    assert told["words"] == "1 item found."


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Imaging or countermeasure equipment"),
        ("fr", "Matériel d’imagerie ou de contre-mesures"),
    ],
)
def test_a_number_finds_itself_and_what_is_under_it_in_the_language_of_the_page(
    client: Client, language: str, title: str
) -> None:
    told = found(client, "2-15", language)
    assert codes(told) == ["2-15", "2-15.a", "2-15.e"]
    assert told["found"][0]["title"] == title


def test_a_paragraph_is_found_by_its_own_number(client: Client) -> None:
    told = found(client, "9-8(1)(b)")
    assert codes(told) == ["9-8(1)(b)"]
    assert told["found"][0]["title"].startswith("rifles")


def test_accents_and_capitals_do_not_matter_and_either_language_finds(client: Client) -> None:
    assert found(client, "MATERIEL IMAGERIE") == found(client, "matériel d’imagerie")
    assert "2-15" in codes(found(client, "MATERIEL IMAGERIE"))


def test_what_is_not_found_is_said_of_words_only(client: Client) -> None:
    assert found(client, "banana")["words"] == "No item has these words."
    assert found(client, "2-15.d") == {"found": [], "words": ""}
    assert found(client, " ") == {"found": [], "words": ""}


def test_only_the_first_are_shown_and_the_rest_is_counted(client: Client) -> None:
    told = found(client, "e")
    assert len(told["found"]) == 20
    assert "the first 20 are shown" in told["words"]


@pytest.mark.parametrize(
    ("q", "language", "names", "words"),
    [
        ("turk", "en", ["Türkiye", "Turkmenistan", "Turks and Caicos Islands"], "3 destinations"),
        ("tr", "fr", ["Türkiye"], "destinations trouvées"),
        ("atlantis", "en", [], "No destination has this name."),
        (" ", "en", [], ""),
    ],
)
def test_destinations_are_found_by_name_or_code(
    client: Client, q: str, language: str, names: list[str], words: str
) -> None:
    address = reverse("policies:find_destinations")
    told = client.get(address, {"q": q}, headers={"accept-language": language}).json()
    assert [one["value"] for one in told["found"]][: len(names)] == names
    assert bool(told["found"]) == bool(names)
    assert words in told["words"]


@pytest.mark.parametrize(
    ("typed", "pieces"),
    [
        ("2-15.d night vision, 9-1", ["2-15.d", "night vision", "9-1"]),
        ("night; vision 5504(2)(h)", ["night", "vision", "5504(2)(h)"]),
        ("Group 2, groupe 9", ["2", "9"]),
        ("weapons of 20 mm", ["weapons of 20 mm"]),
        (" , ", []),
    ],
)
def test_numbers_and_runs_of_words_are_told_apart(typed: str, pieces: list[str]) -> None:
    assert list(numbers_and_words(typed)) == pieces
