"""The map in a browser: by keyboard, year by year, on a phone, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

NOW_ON_IT = "document.activeElement.closest('.tile')?.id ?? document.activeElement.textContent"


STORY = "/policies/changes/?from=2019-01-01&to=2024-01-29"


def stance(page: Page, code: str) -> str:
    return page.locator(f"#tile-{code}").get_attribute("data-stance") or ""


def year(page: Page, number: int) -> None:
    page.locator("#map-years").get_by_role("link", name=str(number), exact=True).click()


def test_a_person_gets_from_the_register_to_a_destination_by_keyboard(page: Page) -> None:
    page.goto("/policies/?on=2020-10-05")
    page.get_by_role("link", name="Map", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies/map/**")
    page.locator("#tile-MK").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(NOW_ON_IT) == "tile-TR"
    tile = page.locator("#tile-TR")
    expect(tile).to_have_accessible_name("TR Türkiye: presumptive denial")
    words = tile.locator(".tile-text")
    assert words.evaluate("one => one.getBoundingClientRect().width > 100"), "shown with the focus"
    page.keyboard.press("Enter")
    page.wait_for_url("**/destinations/TR/?on=2020-10-05")
    expect(page.get_by_role("heading", level=1)).to_have_text("Türkiye")


def test_the_way_past_the_tiles_is_one_link(page: Page) -> None:
    page.goto("/policies/map/")
    page.get_by_role("link", name="Same data as a table").click()
    expect(page).to_have_url(re.compile("#table-name$"))
    expect(page.get_by_role("heading", name="The map as a table")).to_be_in_viewport()


def test_a_year_is_followed_without_leaving_the_page(page: Page) -> None:
    page.goto("/policies/map/?on=2020-10-05")
    page.evaluate("document.querySelector('#tile-TR').dataset.stayed = 'yes'")
    assert stance(page, "TR") == "presumptive_denial"
    year(page, 2019)
    expect(page).to_have_url(re.compile("on=2019-10-05"))
    assert stance(page, "TR") == "case_by_case"
    assert page.locator("#tile-TR").get_attribute("data-stayed") == "yes", "one page, one tile"
    assert page.locator("#tile-TR").get_attribute("href") == "/destinations/TR/?on=2019-10-05"
    expect(page.locator("#id_on")).to_have_value("2019-10-05")
    expect(page.locator("#map-name")).to_have_text("Group 2 (Munitions), export, on 5 October 2019")
    expect(page.locator("#map-years [aria-current]")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("on 5 October 2019: Prohibited")
    csv = page.get_by_role("link", name="CSV").get_attribute("href") or ""
    assert "on=2019-10-05" in csv
    page.go_back()
    expect(page.locator("#id_on")).to_have_value("2020-10-05")
    assert stance(page, "TR") == "presumptive_denial"


def test_years_go_on_by_keyboard(page: Page) -> None:
    page.goto("/policies/map/?on=2022-10-05")
    page.locator("#map-years [aria-current]").focus()
    for number, kind in ((2023, "prohibited"), (2024, "prohibited")):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#map-years [aria-current]")).to_have_text(str(number))
        expect(page.locator("#map-years [aria-current]")).to_be_focused()
        assert stance(page, "RU") == kind


def test_what_a_year_has_for_other_tiles_comes_with_it(page: Page) -> None:
    page.goto("/policies/map/?on=2012-10-05")
    expect(page.locator("#tile-UA .tile-marks")).to_have_count(0)
    year(page, 2024)
    expect(page.locator("#tile-UA .tile-marks")).to_have_text("rp")
    expect(page.locator("#map-legend")).to_contain_text("another stance in some regions only")


def test_a_year_that_no_script_gets_is_opened_as_a_link(page: Page) -> None:
    def fail_the_script(route: Route) -> None:
        if route.request.resource_type == "fetch":
            route.abort()
        else:
            route.continue_()

    page.goto("/policies/map/?on=2020-10-05")
    page.route("**/policies/map/**", fail_the_script)
    page.evaluate("document.querySelector('#tile-TR').dataset.stayed = 'yes'")
    year(page, 2019)
    expect(page.locator("#id_on")).to_have_value("2019-10-05")
    assert page.locator("#tile-TR").get_attribute("data-stayed") is None


def test_without_a_script_years_are_links(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/policies/map/?on=2020-10-05")
    year(page, 2019)
    assert stance(page, "TR") == "case_by_case"
    context.close()


@pytest.mark.parametrize("path", ["/policies/map/?on=2020-10-05", STORY])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_shows_it_within_its_width(
    page: Page, axe: Callable[[Page], None], path: str, dark: bool
) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)


def test_the_map_scrolls_inside_its_panel_and_tiles_have_one_size(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/policies/map/")
    page.locator("#tile-NZ").focus()
    expect(page.locator("#tile-NZ")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 900})
    widths = page.locator(".map-scroll").evaluate("one => [one.scrollWidth, one.clientWidth]")
    assert widths[0] == widths[1], "nothing is right of the edge"
    sizes = page.locator(".map-tiles .tile").evaluate_all(
        "tiles => tiles.map((one) => [one.offsetWidth, one.offsetHeight].join())"
    )
    assert len(set(sizes)) == 1


def test_what_changed_is_found_from_the_map(page: Page) -> None:
    page.goto("/policies/map/?on=2020-10-04")
    page.get_by_role("link", name="What changed since").click()
    page.locator("#id_to").fill("2020-10-05")
    page.keyboard.press("Enter")
    page.wait_for_url("**to=2020-10-05**")
    expect(page.get_by_text("No stance is different")).to_be_visible()
    expect(page.get_by_text("Permits suspended", exact=True)).to_be_visible()
    page.get_by_role("link", name="Map of 5 October 2020").click()
    page.wait_for_url("**/policies/map/?on=2020-10-05")


def test_in_french(page: Page) -> None:
    page.goto("/policies/map/?on=2020-10-05")
    page.get_by_role("button", name="Français").first.click()
    expect(page.locator("#tile-TR")).to_have_accessible_name("TR Türkiye : refus présumé")
    year(page, 2019)
    expect(page.locator("#map-name")).to_have_text(
        "Groupe 2 (Matériel de guerre), exportation, le 5 octobre 2019"
    )
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("#id_on")).to_have_value("2019-10-05")


@pytest.mark.parametrize("path", ["/policies/map/?on=2020-10-05", STORY])
def test_a_phone_in_french_shows_it_within_its_width(
    page: Page, axe: Callable[[Page], None], path: str
) -> None:
    page.goto(path)
    page.get_by_role("button", name="Français").first.click()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("html")).to_have_attribute("lang", "fr-ca")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
