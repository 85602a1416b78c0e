"""Why this applies, in words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from policies.domain.answering import answer
from policies.domain.explain import short_day
from policies.domain.register import current_register
from tests.policies import packaged
from tests.policies.oracle import random_queries

pytestmark = pytest.mark.django_db

TURKIYE: dict[str, Any] = {
    "on": "2020-10-05",
    "activity": "export",
    "destination": "TR",
    "items": ["2-15.d"],
}


def told(**change: Any) -> dict[str, Any]:
    return answer(json.dumps({**TURKIYE, **change}), current_register())


@pytest.mark.parametrize(
    ("day", "english", "french"),
    [
        (date(2020, 1, 1), "1 Jan 2020", "1er janv. 2020"),
        (date(2024, 2, 29), "29 Feb 2024", "29 févr. 2024"),
        (date(2020, 3, 11), "11 Mar 2020", "11 mars 2020"),
        (date(2023, 7, 31), "31 Jul 2023", "31 juill. 2023"),
        (date(2022, 8, 1), "1 Aug 2022", "1er août 2022"),
        (date(2021, 12, 21), "21 Dec 2021", "21 déc. 2021"),
    ],
)
def test_a_short_day_is_written_as_each_language_does(day: date, english: str, french: str) -> None:
    with translation.override("en-ca"):
        assert short_day(day) == english
    with translation.override("fr-ca"):
        assert short_day(day) == french


def test_a_presumptive_denial_is_explained_in_both_languages() -> None:
    found = told()
    assert found["text_en"] == (
        "Export, Turkey, 5 October 2020."
        " Applications are presumptively denied. An individual permit is needed."
        " Why: Türkiye: export of Group 2 presumptively denied (Notice to Exporters No. 992,"
        " in force since 16 April 2020)."
        " Permit: Groups 1, 2, 6 and 7: all destinations other than the United States"
        " (Export Control List, s. 2(a))."
        " Also applies: On the Export Control List (Export Control List, schedule)."
        " Exceptions in the text: Exceptional circumstances shown for the file; Item for a NATO"
        " cooperation program."
        " A notice may also be passed for exceptional circumstances (Minister)."
    )


def test_an_open_question_says_what_each_answer_would_mean() -> None:
    found = told(activity="brokering")
    assert (
        "To be answered: Does Notice No. 992 reach applications for brokering permits?"
        " If yes: presumptive denial; individual permit. If no: suspended; individual permit."
    ) in found["text_en"]


def test_a_row_put_out_says_why() -> None:
    found = told(exceptions=[{"policy": "TR-2020-04-16-presumptive", "code": "nato"}])
    assert (
        "Does not apply: TR-2020-04-16-presumptive."
        " An exception is accepted: Item for a NATO cooperation program."
    ) in found["text_en"]


def test_past_knowledge_is_said() -> None:
    found = told(on="2019-10-12", known_on="2019-10-14")
    assert found["text_en"].startswith(
        "Export, Turkey, 12 October 2019, as known on 14 October 2019."
        " No policy restricts new permits: applications are examined case by case."
    )


def test_every_place_of_a_line_is_named() -> None:
    found = told(on="2024-02-10", other_destinations=[{"role": "consignee", "destination": "RU"}])
    assert "Final destination: Türkiye." in found["text_en"].replace("Turkey", "Türkiye")
    assert "Consignee: Russia." in found["text_en"]


def test_every_random_ruling_has_words_in_both_languages() -> None:
    register = current_register()
    for query in random_queries(5, 300, packaged.DATA):
        found = answer(json.dumps(query), register)
        for text in (found["text_en"], found["text_fr"]):
            assert text.endswith(".")
            assert "%(" not in text
            assert "None" not in text
            assert ".." not in text.replace("...", "")
        assert found["text_en"] != found["text_fr"]
