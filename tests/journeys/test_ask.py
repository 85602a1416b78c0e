"""A person asks about brokering to Türkiye in October 2020, in either language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect


@dataclass(frozen=True)
class Words:
    """What the person reads and presses."""

    switch: str
    brokering: str
    destination: str
    turkiye: str
    day: str
    items: str
    show: str
    question: str
    yes: str
    answer: str
    suspended: str
    presumptive_denial: str
    nato: str
    accept: str
    case_by_case: str


ENGLISH = Words(
    switch="",
    brokering="Brokering",
    destination="Final destination",
    turkiye="Türkiye",
    day="In force on",
    items="Control list numbers",
    show="Show the ruling",
    question="Does Notice No. 992 reach applications for brokering permits?",
    yes="Yes",
    answer="Rule with these answers",
    suspended="Suspended",
    presumptive_denial="Presumptive denial",
    nato="Accepted exception: Item for a NATO cooperation program",
    accept="Rule with these exceptions",
    case_by_case="Case by case",
)
FRENCH = Words(
    switch="Français",
    brokering="Courtage",
    destination="Destination finale",
    turkiye="Türkiye",
    day="En vigueur le",
    items="Numéros de la liste de contrôle",
    show="Afficher le résultat",
    question="L’Avis no 992 vise-t-il les demandes de licence de courtage?",
    yes="Oui",
    answer="Appliquer ces réponses",
    suspended="Suspendu",
    presumptive_denial="Refus présumé",
    nato="Exception acceptée : Article destiné à un programme de coopération de l’OTAN",
    accept="Appliquer ces exceptions",
    case_by_case="Au cas par cas",
)


@pytest.mark.parametrize("words", [ENGLISH, FRENCH], ids=["english", "french"])
def test_brokering_to_turkiye_is_asked_answered_and_excepted(
    page: Page, axe: Callable[[Page], None], words: Words
) -> None:
    page.goto("/ask/")
    if words.switch:
        page.get_by_role("button", name=words.switch).first.click()
    page.get_by_text(words.brokering, exact=True).click()
    page.get_by_label(words.destination, exact=True).select_option(label=words.turkiye)
    page.get_by_label(words.day, exact=True).fill("2020-10-05")
    page.get_by_label(words.items, exact=True).fill("2-15.d")
    page.get_by_role("button", name=words.show).click()

    stance = page.locator(".title .stance")
    expect(stance).to_have_text(words.suspended)
    asked = page.get_by_role("group", name=words.question)
    expect(asked).to_contain_text(words.presumptive_denial)
    axe(page)

    asked.get_by_role("radio", name=words.yes).check()
    page.get_by_role("button", name=words.answer).click()
    expect(stance).to_have_text(words.presumptive_denial)
    expect(asked.get_by_role("radio", name=words.yes)).to_be_checked()

    page.get_by_role("checkbox", name=words.nato).check()
    page.get_by_role("button", name=words.accept).click()
    expect(stance).to_have_text(words.case_by_case)
    expect(page.get_by_role("checkbox", name=words.nato)).to_be_checked()
    axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    axe(page)


def test_what_is_wrong_is_named_and_leads_to_its_field(
    page: Page, axe: Callable[[Page], None]
) -> None:
    page.goto("/ask/")
    page.get_by_label("Control list numbers").fill("2-1, gimbals")
    page.get_by_role("button", name="Show the ruling").click()
    expect(page).to_have_title("Error: Ask · Permit Desk")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Control list numbers").click()
    expect(page.get_by_label("Control list numbers")).to_be_focused()
    expect(page.get_by_label("Control list numbers")).to_have_value("2-1, gimbals")
    axe(page)


def test_the_address_of_a_ruling_can_be_sent_to_another_person(page: Page) -> None:
    page.goto("/ask/?activity=export&destination=TR&on=2020-10-05&items=Group+2")
    expect(page.locator(".title .stance")).to_have_text("Presumptive denial")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".title .stance")).to_have_text("Presumptive denial")
    address = page.url
    page.goto("/ask/")
    page.goto(address)
    expect(page.locator(".title .stance")).to_have_text("Presumptive denial")
