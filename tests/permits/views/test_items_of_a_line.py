"""Control-list items of a line are found by number or by words, with and without a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from history.models import Event
from permits.domain.casefile import read_file
from permits.models import Application
from policies.models import ControlListItem
from tests.people import Cast
from tests.permits.factories import LINE, make_draft
from tests.sending import send

Typed = Mapping[str, str | list[str]]

NEW, OLD = "new_line", "line"


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def sent(
    office: Cast, application: Application, name: str, typed: Typed, language: str = "en"
) -> Any:
    where = [application.reference] if name == NEW else [application.reference, 1]
    address = reverse(f"permits:{name}", args=where)
    return send(as_person(office.analyst), address, typed, headers={"accept-language": language})


def test_an_item_that_no_list_has_is_told_beside_the_one_that_it_is_ruled_by(office: Cast) -> None:
    """Of the Guide the register holds what the law names; of the law it holds every paragraph."""
    words = "No list held here has {}: the ruling is that of {}."
    case = make_draft(office.analyst, lines=[{**LINE, "items": ["2-15.zz", "2-15", "5504(2)(h)"]}])
    page = as_person(office.analyst).get(case.get_absolute_url()).content.decode()
    assert words.format("2-15.zz", "2-15") in page
    assert page.count("No list held here has") == 1


def shown(response: Any) -> dict[str, str]:
    return dict(response.context["form"].fields["chosen"].choices)


@pytest.mark.parametrize("name", [NEW, OLD])
@pytest.mark.parametrize(
    ("language", "typed", "code", "title", "found"),
    [
        ("en", "CAMERA", "5506", "Other Strategic Goods", "an imaging camera"),
        ("en", "imaging", "2-15", "Imaging or countermeasure equipment", "Group 2, Munitions"),
        ("fr", "imagerie", "2-15", "Matériel d’imagerie ou de contre-mesures", "Groupe 2"),
        ("fr", "chars combat", "9-1", "Chars de combat", "Groupe 9"),
    ],
)
def test_words_come_back_with_the_items_that_have_them(
    office: Cast, name: str, language: str, typed: str, code: str, title: str, found: str
) -> None:
    application = make_draft(office.analyst)
    before = Event.objects.count()
    response = sent(
        office, application, name, {"items": f"2-4.a {typed}", "unit": "kits"}, language
    )
    form = response.context["form"]
    assert response.status_code == 200
    assert title in shown(response)[code]
    assert found in shown(response)[code]
    assert (form["items"].value(), form["unit"].value()) == (f"2-4.a {typed}", "kits")
    assert "items" in form.errors
    page = response.content.decode()
    assert f'value="{code}"' in page
    assert Event.objects.count() == before


@pytest.mark.parametrize(("times", "is_found"), [(15, True), (16, False)])
def test_more_than_200_signs_of_words_find_nothing(
    office: Cast, times: int, is_found: bool
) -> None:
    response = sent(office, make_draft(office.analyst), NEW, {"items": "battle tanks " * times})
    assert ("chosen" in response.context["form"].fields) == is_found


@pytest.mark.parametrize("name", [NEW, OLD])
def test_what_is_ticked_stands_beside_the_numbers(office: Cast, name: str) -> None:
    application = make_draft(office.analyst)
    typed: Typed = {"items": "2-4.a imaging, battle tanks", "chosen": ["2-15", "9-1"]}
    assert sent(office, application, name, typed).status_code == 302
    assert read_file(application).lines[-1].items == ["2-4.a", "2-15", "9-1"]


def test_each_words_want_an_item_of_their_own(office: Cast) -> None:
    application = make_draft(office.analyst)
    response = sent(
        office, application, NEW, {"items": "imaging, battle tanks", "chosen": ["2-15"]}
    )
    form = response.context["form"]
    assert form.errors == {
        "items": [
            "“battle tanks” is no number. Items with these words are below: tick those that are"
            " meant."
        ]
    }
    assert 'value="2-15" id="id_chosen_0" checked' in response.content.decode()


def test_all_that_is_wrong_with_items_is_told_at_once(office: Cast) -> None:
    application = make_draft(office.analyst)
    response = sent(office, application, NEW, {"items": "imaging 2-15 banana", "quantity": "many"})
    form = response.context["form"]
    assert len(form.errors["items"]) == 2
    assert form.errors["items"][1].startswith("banana is no item of a control list.")
    assert "quantity" in form.errors


def test_ticks_stay_where_something_else_is_wrong(office: Cast) -> None:
    application = make_draft(office.analyst)
    typed: Typed = {"items": "imaging", "chosen": ["2-15"], "quantity": "many"}
    response = sent(office, application, NEW, typed)
    assert set(response.context["form"].errors) == {"quantity"}
    assert shown(response)["2-15"].startswith("2-15, Imaging")
    assert response.context["form"]["chosen"].value() == ["2-15"]


def test_a_tick_that_is_no_item_is_refused(office: Cast) -> None:
    application = make_draft(office.analyst)
    response = sent(office, application, NEW, {"items": "", "chosen": ["2-99"], "description": "A"})
    assert "2-99 is no item" in response.context["form"].errors["items"][0]


def test_only_so_many_are_offered_and_the_rest_is_counted(office: Cast) -> None:
    application = make_draft(office.analyst)
    response = sent(office, application, NEW, {"items": "e"})
    assert len(shown(response)) == 30
    assert "The first 30 of " in response.context["form"].errors["items"][0]


def test_numbers_alone_are_saved_with_nothing_to_tick(office: Cast) -> None:
    application = make_draft(office.analyst)
    assert sent(office, application, NEW, {"items": "2-15.d, 9-1; 5504(2)(h)"}).status_code == 302
    assert read_file(application).lines[-1].items == ["2-15.d", "9-1", "5504(2)(h)"]


def test_a_repealed_item_is_not_offered(office: Cast) -> None:
    gone = ControlListItem.objects.filter(repealed=True, selectable=False).exclude(title_en="")
    words = gone.values_list("title_en", flat=True)[0]
    application = make_draft(office.analyst)
    form = sent(office, application, NEW, {"items": words}).context["form"]
    offered = dict(form.fields["chosen"].choices) if "chosen" in form.fields else {}
    assert not set(offered) & set(gone.values_list("code", flat=True))
