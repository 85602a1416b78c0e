"""English and French hold the same days, items and numbers, however each language writes them."""

from __future__ import annotations

import unicodedata

import pytest

from policies.domain.parity import differences


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("In force on 7 December 2026.", "En vigueur le 7 décembre 2026."),
        ("On October 5, 2020", "Le 5 octobre 2020"),
        ("On October 5th, 2020 and 1st April 2021", "Le 5 octobre 2020 et le 1er avril 2021"),
        ("From 2026-12-07", "À compter du 7 décembre 2026"),
        ("In August 3, 2021", unicodedata.normalize("NFD", "Le 3 août 2021")),
        ("Items 2-15.d and 9-1", "Numéros 2-15.d et 9-1"),
        ("CAD 1,250,000.50 a year", "1 250 000,50 dollars par an"),
        ("Notice No. 992, s. 10(1)", "Avis no 992, par. 10(1)"),
        ("", ""),
    ],
)
def test_the_same_figures_are_no_difference(english: str, french: str) -> None:
    assert list(differences(english, french)) == []


@pytest.mark.parametrize(
    ("english", "french", "kind", "value", "missing_in"),
    [
        ("On 7 December 2026", "Le 8 décembre 2026", "day", "2026-12-07", "fr"),
        ("On 7 December 2026", "En décembre", "day", "2026-12-07", "fr"),
        ("Item 2-15.d", "Numéro 2-15.a", "item", "2-15.d", "fr"),
        ("Group 2", "Groupe 3", "number", "2", "fr"),
        ("Permits", "29 licences", "number", "29", "en"),
    ],
)
def test_a_figure_of_one_language_alone_is_named(
    english: str, french: str, kind: str, value: str, missing_in: str
) -> None:
    found = [(one.kind, one.value, one.missing_in) for one in differences(english, french)]
    assert (kind, value, missing_in) in found
