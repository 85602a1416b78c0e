"""Finding the items of a line, with the keyboard, the pointer and without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from permits.domain.casefile import read_file
from permits.models import Application
from tests.journeys.test_autosave import give_session
from tests.journeys.test_cases import LANGUAGES, SignIn, said, speak, submit
from tests.people import Cast
from tests.permits.factories import make_draft


def items_saved(application: Application) -> list[str]:
    items: list[str] = read_file(application).lines[-1].items
    return items


@pytest.mark.parametrize("language", LANGUAGES)
def test_items_are_offered_while_one_types_and_taken_with_the_keyboard(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    axe: Callable[[Page], None],
    language: str,
) -> None:
    people = staff()
    application = make_draft(people.analyst)
    sign_in(people.analyst)
    speak(page, language)
    page.goto(f"{application.get_absolute_url()}lines/new/")
    label = said(language, "Control-list items", "Numéros des listes de contrôle")
    field = page.get_by_role("combobox", name=label)
    offered = page.get_by_role("listbox", name=label)
    expect(field).to_have_attribute("aria-expanded", "false")

    field.press_sequentially(said(language, "camera", "caméra"))
    option = offered.get_by_role("option")
    expect(option.first).to_contain_text("5506")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".suggested")).to_contain_text(said(language, "found", "trouvé"))
    axe(page)
    field.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    assert active == option.first.get_attribute("id")
    expect(option.first).to_have_attribute("aria-selected", "true")
    axe(page)
    field.press("Enter")
    expect(field).to_have_value("5506 ")
    expect(offered).to_have_count(0)
    expect(field).to_be_focused()

    # Several items a line: a number, then further words, which Escape leaves as they are.
    field.press_sequentially("2-15")
    expect(option).to_have_count(3)
    field.press("ArrowUp")
    expect(option.last).to_have_attribute("aria-selected", "true")
    option.first.click()
    expect(field).to_have_value("5506 2-15 ")
    field.press_sequentially("sim")
    expect(option.first).to_be_visible()
    field.press("Escape")
    expect(field).to_have_value("5506 2-15 sim")
    expect(field).to_have_attribute("aria-expanded", "false")
    for _ in "sim":
        field.press("Backspace")
    field.press_sequentially("bananas")
    expect(page.locator(".suggested")).to_contain_text(
        said(language, "No item has these words", "Aucun numéro ne correspond")
    )
    field.fill("5506 2-15 ")

    page.set_viewport_size({"width": 390, "height": 844})
    field.press_sequentially("munition")
    expect(option.first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
    field.fill("5506 2-15 ")
    submit(page)
    expect(page.locator("#line-2")).to_be_visible()
    assert items_saved(application) == ["5506", "2-15"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_items_are_ticked_for_words_without_a_script(
    new_context: Callable[..., BrowserContext],
    live_server: LiveServer,
    staff: Callable[[], Cast],
    language: str,
) -> None:
    people = staff()
    application = make_draft(people.analyst)
    context = new_context(java_script_enabled=False)
    give_session(context, live_server, people.analyst)
    page = context.new_page()
    speak(page, language)
    page.goto(f"{application.get_absolute_url()}lines/1/")
    typed = said(language, "2-4.a, battle tanks", "2-4.a, chars combat")
    page.locator("#id_items").fill(typed)
    page.locator("#id_description").fill("Kept")
    submit(page)
    expect(page.locator("#id_items")).to_have_value(typed)
    expect(page.locator("#id_description")).to_have_value("Kept")
    name = said(language, "9-1, Battle tanks", "9-1, Chars de combat")
    page.get_by_role("checkbox", name=name).check()
    submit(page)
    expect(page.locator("#line-1")).to_contain_text("9-1")
    assert items_saved(application) == ["2-4.a", "9-1"]
