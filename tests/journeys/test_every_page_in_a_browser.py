"""Every page of the register in a browser: accessible, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

PAGES = [
    "/sign-in/",
    "/policies/",
    "/policies/map/?on=2020-10-05",
    "/policies/map/?on=2019-08-31&activity=brokering",
    "/policies/map/?group=8",
    "/policies/changes/?from=2019-01-01&to=2024-01-29",
    "/policies/changes/?from=abc",
    "/policies/TR-2020-04-16-presumptive-brokering/",
    "/destinations/",
    "/destinations/TR/?on=2020-10-05",
    "/destinations/UA/",
    "/ask/",
    "/ask/?on=2020-10-05&activity=brokering&destination=TR&items=2-15.d",
    "/ask/?on=abc&activity=export&destination=TR&items=x",
    "/law/",
    "/law/EIPA/",
    "/lists/",
    "/lists/ECL/",
    "/lists/AFCCL/",
    "/lists/GEP41/",
    "/no-such-page/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_in_both_languages_and_fits(
    page: Page, axe: Callable[[Page], None], path: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(path)
    axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Français").first.click()
    page.goto(path)
    assert page.locator("html").get_attribute("lang") == "fr-ca"
    axe(page)
