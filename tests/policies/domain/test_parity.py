"""English and French hold the same days, items and numbers, however each language writes them."""

from __future__ import annotations

import time
import unicodedata

import pytest

from policies.domain.parity import differences, figures_of
from tests.policies.marks import MARKS


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
        ("In December 2026", "En décembre 2026"),
        ("On 7 Dec. 2026 and Feb 3, 2027", "Le 7 déc. 2026 et le 3 févr. 2027"),
        ("On 7 December, then on July 9", "Le 7 décembre, puis le 9 juill."),
        ("On 12 AUGUST", "Le 12 AOÛT"),
        ("Of these, 29 may be renewed; 2 march on", "29 peuvent l’être; 2 continuent"),
        ("s. 7.3(1)(b)(i) and s. 3(a)", "al. 7.3(1)b)(i) et al. 3a)"),
        ("(s. 10(1), Notice 992)", "(par. 10 (1), avis 992)"),
        ("Item 1-5.A.2.a", "Numéro 1-5.a.2.A"),
        ("UA-CRIMEA, TR-2020-10-05-suspension", "TR-2020-10-05-suspension, UA-CRIMEA"),
        ("In 2020 100 permits, 1,200 in 2021", "100 licences en 2020, 1 200 en 2021"),
        ("UN-led talks between US-UK firms", "Pourparlers de l’ONU, entreprises des É.-U."),
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
        ("In November 2026", "En décembre 2026", "day", "2026-11", "fr"),
        ("In December 2026", "En décembre 2025", "day", "2026-12", "fr"),
        ("On 7 Nov. 2026", "Le 7 déc. 2026", "day", "2026-11-07", "fr"),
        ("On 7 November", "Le 7 décembre", "day", "11-07", "fr"),
        ("On 7 November", "Le 7 décembre", "day", "12-07", "en"),
        ("On November 7", "Le 8 novembre", "day", "11-07", "fr"),
        ("On 7 June", "Le 7 juillet", "day", "07-07", "en"),
        # Neither of these is the name of one month.
        ("7 March 2026", "7 ma 2026", "day", "2026-03-07", "fr"),
        ("7 June 2026", "7 jui 2026", "day", "2026-06-07", "fr"),
        ("s. 7.3(1)(b)(i)", "al. 7.3(1)b)(ii)", "provision", "7.3-1-b-i", "fr"),
        ("s. 3(a)", "al. 3b)", "provision", "3-b", "en"),
        ("s. 3", "al. 3b)", "provision", "3-b", "en"),
        ("s. 10(1)", "par. 10(2)", "number", "1", "fr"),
        ("Item 1-5.A.2.a", "Numéro 1-5.A.2.b", "item", "1-5.a.2.b", "en"),
        ("SOR/2019-220", "DORS/2019-221", "item", "2019-220", "fr"),
        ("UA-CRIMEA", "UA-DNR", "code", "UA-CRIMEA", "fr"),
        (
            "TR-2020-10-05-suspension",
            "TR-2020-10-05-refus",
            "code",
            "TR-2020-10-05-suspension",
            "fr",
        ),
        ("CAD 1,250", "1 205 dollars", "number", "1250", "fr"),
        ("0.5 tonnes", "5 tonnes", "number", "0.5", "fr"),
        ("1,000.50", "1 000", "number", "1000.50", "fr"),
    ],
)
def test_a_figure_of_one_language_alone_is_named(
    english: str, french: str, kind: str, value: str, missing_in: str
) -> None:
    found = [(one.kind, one.value, one.missing_in) for one in differences(english, french)]
    assert (kind, value, missing_in) in found


@pytest.mark.parametrize("figures", ["1.", "1(", "1a)", "1 1", "1-1.", "May ", MARKS])
def test_a_long_text_takes_no_time_by_the_square(figures: str) -> None:
    began = time.process_time()
    figures_of(figures * 20_000, "en")
    assert time.process_time() - began < 2
