"""Ask the engine: the same answer as the command, and no question that breaks the page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from policies.domain.answering import answer
from policies.domain.inquiry import inquire
from policies.domain.register import current_register
from policies.forms.ask import AskForm, _not_item_codes, item_codes
from tests.policies import packaged
from tests.policies.oracle import random_queries

BROKERING = {
    "activity": "brokering",
    "destination": "TR",
    "on": "2020-10-05",
    "items": "2-1",
}
REACHES = "TR-2020-04-16-presumptive-brokering:reaches_brokering"
REACHES_YES = {f"answer:{REACHES}": "yes"}
NATO = "TR-2020-04-16-presumptive-brokering:nato"

pytestmark = pytest.mark.django_db


def asked(client: Client, facts: dict[str, Any]) -> Any:
    response = client.get("/ask/", facts)
    assert response.status_code == 200
    return response


def as_address(query: dict[str, Any]) -> list[tuple[str, str]]:
    """A query of the command as the fields of the form."""
    address = [
        (name, query[name])
        for name in ("on", "known_on", "activity", "destination", "sub_region", "goods", "end_user")
        if query.get(name)
    ]
    address.append(("items", ", ".join(query.get("items") or ())))
    for name in ("related_material", "war_material"):
        if query.get(name) is not None:
            address.append((name, "yes" if query[name] else "no"))
    address += [(name, "on") for name in ("eipa_4_1", "wmd_end_use") if query.get(name)]
    address += [("designated_under", key) for key in query.get("designated_under") or ()]
    for row, place in enumerate(query.get("other_destinations") or (), 1):
        address += [(f"place_{row}_{part}", place[part]) for part in ("role", "destination")]
    address += [(f"answer:{key}", said) for key, said in (query.get("answers") or {}).items()]
    address += [
        ("exception", f"{one['policy']}:{one['code']}") for one in query.get("exceptions") or ()
    ]
    return address


def errors(response: Any) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


# Agreement with the command


@pytest.mark.one_engine
def test_the_page_answers_as_the_command_does(client: Client) -> None:
    register = current_register()
    queries = [
        query
        for query in random_queries(7, 120, packaged.DATA)
        if len(query.get("other_destinations") or ()) <= 3
    ]
    assert len(queries) > 100
    for query in queries:
        expected = answer(json.dumps(query), register)
        response = client.get(f"/ask/?{urlencode(as_address(query))}")
        inquiry = response.context["inquiry"]
        assert inquiry.text_en == expected["text_en"], query
        assert inquiry.text_fr == expected["text_fr"], query
        assert inquiry.ruling.stance_if_open == expected["stance_if_open"], query
        page = response.content.decode()
        assert html.escape(inquiry.text_en) in page
        assert html.escape(inquiry.text_fr) in page


def test_a_question_shows_what_each_answer_would_mean(client: Client) -> None:
    response = asked(client, BROKERING)
    (question,) = response.context["questions"]
    assert (question.if_yes.stance, question.if_no.stance) == ("presumptive_denial", "suspended")
    assert question.asked.answer == ""
    assert f'name="answer:{REACHES}"' in response.content.decode()


def test_a_question_answered_stays_on_the_page_with_its_answer(client: Client) -> None:
    response = asked(client, {**BROKERING, **REACHES_YES})
    (question,) = response.context["questions"]
    assert response.context["open_questions"] == 0
    assert question.asked.answer == "yes"
    assert (question.if_yes.stance, question.if_no.stance) == ("presumptive_denial", "suspended")
    assert response.context["verdict"].stance == "presumptive_denial"


def test_an_exception_taken_stays_on_the_page_to_be_untaken(client: Client) -> None:
    response = asked(client, {**BROKERING, **REACHES_YES, "exception": NATO})
    assert response.context["verdict"].stance == "case_by_case"
    accepted = [way for _title, way in response.context["ways_out"] if way.accepted]
    assert [way.key for way in accepted] == [NATO]
    assert re.search(rf'value="{NATO}" checked', response.content.decode())


def test_the_minister_may_pass_a_notice(client: Client) -> None:
    ministers = "TR-2020-04-16-freeze-brokering:minister"
    ways_out = [way.key for _title, way in asked(client, BROKERING).context["ways_out"]]
    assert ways_out == [ministers]
    response = asked(client, {**BROKERING, "exception": ministers})
    assert response.context["verdict"].stance == "case_by_case"


def test_answers_that_nothing_asks_for_are_named(client: Client) -> None:
    response = asked(
        client,
        {**BROKERING, "destination": "DE", **REACHES_YES, "exception": "no-such-policy:nato"},
    )
    assert response.context["inquiry"].idle == (REACHES, "no-such-policy:nato")
    assert "They change nothing" in response.content.decode()


def test_each_place_has_its_ruling(client: Client) -> None:
    response = asked(
        client,
        {
            "activity": "export",
            "destination": "DE",
            "items": "2-1",
            "on": "2020-10-05",
            "place_2_role": "transit",
            "place_2_destination": "TR",
        },
    )
    assert [place.verdict.stance for place in response.context["places"]] == [
        "case_by_case",
        "presumptive_denial",
    ]
    assert response.context["verdict"].stance == "presumptive_denial"


# What is typed


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("", []),
        ("2-1", ["2-1"]),
        ("2-1, 2-15.d;3-02\n5101 9-1", ["2-1", "2-15.d", "3-02", "5101", "9-1"]),
        ("Group 2, groupe 9", ["Group 2", "Group 9"]),
        ("5504(2)(h)", ["5504(2)(h)"]),
        ("5504 (2)(h), 2–15.d", ["5504(2)(h)", "2-15.d"]),
    ],
)
def test_codes_are_read_as_people_write_them(typed: str, codes: list[str]) -> None:
    assert item_codes(typed) == codes


def test_without_parameters_there_is_an_empty_form_and_no_ruling(client: Client) -> None:
    response = client.get("/ask/")
    assert "inquiry" not in response.context
    assert response.context["form"].errors == {}
    assert len(response.context["examples"]) == 2
    assert "Nothing is stored." in response.content.decode()


def test_the_examples_are_questions_with_a_ruling(client: Client) -> None:
    stances = [
        client.get(example["url"]).context["verdict"].stance
        for example in client.get("/ask/").context["examples"]
    ]
    assert stances == ["presumptive_denial", "suspended"]


def test_an_address_without_an_activity_only_fills_the_form(client: Client) -> None:
    response = client.get("/ask/?destination=TR&on=2020-10-05")
    assert "inquiry" not in response.context
    assert response.context["form"]["destination"].value() == "TR"
    assert 'value="2020-10-05"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"on": "abc", "destination": "XX"}, {"on", "destination"}),
        ({"destination": "XX"}, {"destination"}),
        ({"items": "2-1 abc"}, {"items"}),
        ({"sub_region": "XX"}, {"sub_region"}),
        ({"known_on": "2199-01-01", "destination": "TR"}, {"known_on"}),
        ({"place_1_role": "x"}, {"place_1_role"}),
        ({"sub_regoin": "UA-CRIMEA"}, {"__all__"}),
        ({"items": "2-1"}, set()),
        ({"on": "2020-10-05", "known_on": "2020-12-31"}, set()),
        ({"destination": ""}, set()),
        ({}, set()),
    ],
    # The same in every worker: the order of a set is not.
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_what_an_address_without_an_activity_gives_is_judged(
    client: Client, typed: dict[str, str], fields: set[str]
) -> None:
    response = asked(client, typed)
    assert set(errors(response)) == fields
    assert "inquiry" not in response.context
    page = response.content.decode()
    assert ("There is a problem" in page) == bool(fields)
    assert response.context["form"]["activity"].value() == "export"
    for value in typed.values():
        assert html.escape(value) in page


def test_a_choice_that_is_none_stays_as_it_was_typed(client: Client) -> None:
    page = asked(client, {"destination": "X<", "end_user": "friend"}).content.decode()
    assert '<option value="X&lt;" selected>X&lt;</option>' in page
    assert '<option value="friend" selected>friend</option>' in page


def test_item_codes_are_quoted_as_the_language_does() -> None:
    for language in ("en-ca", "fr-ca"):
        with translation.override(language):
            quoted = translation.gettext("“%(code)s”") % {"code": "first"}
            assert quoted in _not_item_codes(["first"])


def test_nothing_is_known_yet_after_today(client: Client) -> None:
    response = asked(client, {**BROKERING, "known_on": "2199-01-01"})
    assert "Nothing is known yet after today" in errors(response)["known_on"][0]
    assert "inquiry" not in response.context


def test_a_fact_left_out_shows_as_the_engine_takes_it(client: Client) -> None:
    form = asked(client, {"activity": "export", "destination": "DE"}).context["form"]
    assert form["end_user"].value() == "private"
    assert form["on"].value() == form.query.on.isoformat()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"on": "2020-02-30"}, "on"),
        ({"known_on": "yesterday"}, "known_on"),
        ({"known_on": "2020-04-16T09:00"}, "known_on"),
        ({"activity": "import"}, "activity"),
        ({"destination": ""}, "destination"),
        ({"destination": "ZZ"}, "destination"),
        ({"sub_region": "UA-CRIMEA"}, "sub_region"),
        ({"sub_region": "XX"}, "sub_region"),
        ({"items": "2-1 abc"}, "items"),
        ({"items": ",".join(["2-1"] * 101)}, "items"),
        ({"goods": "x" * 10_001}, "goods"),
        ({"related_material": "perhaps"}, "related_material"),
        ({"war_material": "perhaps"}, "war_material"),
        ({"end_user": "friend"}, "end_user"),
        ({"designated_under": "no-such-key"}, "designated_under"),
        ({"place_1_role": "transit"}, "place_1_destination"),
        ({"place_3_destination": "SY"}, "place_3_role"),
        ({"place_2_role": "x", "place_2_destination": "SY"}, "place_2_role"),
        ({"place_2_role": "transit", "place_2_destination": "ZZ"}, "place_2_destination"),
        ({f"answer:{REACHES}": "maybe"}, "__all__"),
        ({"sub_regoin": "UA-CRIMEA"}, "__all__"),
        ({"destination": ["TR", "SY"]}, "destination"),
        ({"goods": "\x00"}, "goods"),
    ],
)
@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_what_cannot_be_answered_is_an_error_of_its_field(
    client: Client, typed: dict[str, Any], field: str, language: str
) -> None:
    client.cookies["django_language"] = language
    response = asked(client, {**BROKERING, **typed})
    assert list(errors(response)) == [field]
    assert "inquiry" not in response.context
    page = response.content.decode()
    assert f"<title>{'Error:' if language == 'en-ca' else 'Erreur'}" in page
    assert html.escape(errors(response)[field][0]) in page


def test_every_fault_is_named_at_once_and_what_was_typed_stays(client: Client) -> None:
    typed = {
        "activity": "export",
        "destination": "",
        "on": "5 October",
        "items": "2-1, first, 2-2, second",
        "place_1_role": "transit",
        "place_2_destination": "SY",
    }
    response = asked(client, typed)
    assert set(errors(response)) == {
        "destination",
        "on",
        "items",
        "place_1_destination",
        "place_2_role",
    }
    assert "“first”, “second”" in errors(response)["items"][0]
    page = response.content.decode()
    assert 'value="5 October"' in page
    assert "2-1, first, 2-2, second</textarea>" in page
    assert '<option value="SY" selected>' in page


def test_a_region_of_another_country_says_so(client: Client) -> None:
    found = errors(asked(client, {**BROKERING, "sub_region": "UA-CRIMEA"}))["sub_region"][0]
    assert "is not a part of Türkiye" in found


@pytest.mark.parametrize(("region", "is_told"), [("", True), ("UA-CRIMEA", False)])
def test_a_ruling_outside_the_regions_names_those_it_is_not_for(
    client: Client, region: str, is_told: bool
) -> None:
    """Without a region the answer is case by case, while those regions are prohibited."""
    page = asked(client, {**BROKERING, "destination": "UA", "sub_region": region})
    told = "this is for the destination outside the regions ruled on their own"
    assert (told in page.content.decode()) is is_told


def test_the_page_costs_the_same_for_every_question(
    client: Client,
    django_assert_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    client.get("/ask/")
    with django_assert_num_queries(1):
        client.get("/ask/")
    for facts in (
        BROKERING,
        {**BROKERING, **REACHES_YES, "exception": NATO},
        {**BROKERING, "destination": "DE"},
    ):
        with django_assert_num_queries(2):
            asked(client, facts)


# Whatever is sent

NAMES = [
    *"activity on known_on destination sub_region items related_material war_material".split(),
    *"eipa_4_1 wmd_end_use end_user designated_under goods exception place_1_role".split(),
    *"place_1_destination place_2_role place_3_destination".split(),
    *(f"answer:{key}" for key in (REACHES, "no-such:question", "", "x", ":general_permit")),
    "answer:TR-2020-04-16-presumptive:general_permit",
    "other",
]
VALUES = st.text(max_size=12) | st.sampled_from(
    [
        *"yes no export brokering TR UA SY XK UA-CRIMEA private unknown transit on".split(),
        *"2-1 5505 2020-10-05 0001-01-01 9999-12-31 2020-04-16T09:00:00-04:00 RU-listing".split(),
        "Group 2, 2-15.d",
        NATO,
        "x:minister",
        "TR-2020-04-16-freeze-brokering:minister",
    ]
)


SENT = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), VALUES), max_size=12)
ADDRESSES = st.builds(
    lambda sent, complete: urlencode(
        [*(BROKERING.items() if complete else ()), *sent], errors="surrogatepass"
    ),
    SENT,
    st.booleans(),
)


class TestWhateverIsSent(TestCase):
    """Drawing the page takes most of the time, and what was sent is read by the form: most of the
    examples stop at the ruling, and a few go through the page."""

    @settings(max_examples=150)
    @given(ADDRESSES)
    def test_nothing_in_the_address_breaks_the_form_or_the_ruling(self, address: str) -> None:
        register = current_register()
        form = AskForm(QueryDict(address), register=register, today=date(2024, 2, 1))
        if form.is_valid():
            assert form.query is not None
            inquire(form.query, register)
        else:
            assert form.errors

    @settings(max_examples=25)
    @given(ADDRESSES)
    def test_nothing_in_the_address_breaks_the_page(self, address: str) -> None:
        assert self.client.get(f"/ask/?{address}").status_code == 200
