"""Asking the engine: brokering to Türkiye under Notice 992, which names export only."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

WORDS = {
    "en": ("Show the ruling", "Suspended", "Presumptive denial", "Case by case", "Yes", "NATO"),
    "fr": ("Afficher le résultat", "Suspendu", "Refus présumé", "Au cas par cas", "Oui", "OTAN"),
}
BUTTONS = {
    "en": ("Rule with these answers", "Rule with these exceptions"),
    "fr": ("Appliquer ces réponses", "Appliquer ces exceptions"),
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_question_is_answered_and_an_exception_accepted(page: Page, language: str) -> None:
    show, suspended, presumed, case_by_case, yes, nato = WORDS[language]
    answer, accept = BUTTONS[language]
    page.goto("/ask/")
    if language == "fr":
        page.get_by_role("button", name="Français").first.click()
    page.locator("input[name=activity][value=brokering]").check()
    page.locator("select[name=destination]").select_option("TR")
    page.locator("[name=on]").fill("2020-10-05")
    page.locator("[name=items]").fill("2-15.d")
    page.get_by_role("button", name=show).click()
    headline = page.locator(".page-head .stance").first
    expect(headline).to_have_text(suspended)

    page.get_by_role("radio", name=yes).first.check()
    page.get_by_role("button", name=answer).click()
    expect(headline).to_have_text(presumed)

    page.get_by_role("checkbox", name=nato).check()
    page.get_by_role("button", name=accept).click()
    expect(headline).to_have_text(case_by_case)


def test_what_was_typed_is_still_there_beside_the_error(page: Page) -> None:
    page.goto("/ask/?on=2020-02-30&activity=export&destination=TR&items=2-15.d+abc&goods=sensors")
    expect(page.get_by_role("alert").or_(page.locator(".error-summary")).first).to_be_visible()
    expect(page.locator("[name=on]")).to_have_value("2020-02-30")
    expect(page.locator("[name=items]")).to_have_value("2-15.d abc")
    expect(page.locator("[name=goods]")).to_have_value("sensors")
    expect(page.get_by_text("abc", exact=False).first).to_be_visible()
    assert page.title().startswith("Error:")
