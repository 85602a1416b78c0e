"""Türkiye 2019 to 2024, read off the screen on six days, in both languages."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect


class Day(NamedTuple):
    """What the page must say: Group 2 export, other exports, Group 2 brokering, permits."""

    on: str
    group_2: str
    others: str
    brokering: str
    permits: str


DAYS = [
    Day("2019-10-10", "Case by case", "Case by case", "Case by case", ""),
    Day("2019-10-11", "Suspended", "Suspended", "Suspended", ""),
    Day("2020-04-16", "Presumptive denial", "Case by case", "Needs an answer", ""),
    Day("2020-10-05", "Presumptive denial", "Case by case", "Needs an answer", "Permits suspended"),
    Day(
        "2021-04-12",
        "Presumptive denial",
        "Case by case",
        "Needs an answer",
        "29 permits cancelled",
    ),
    Day("2024-01-29", "Case by case", "Case by case", "Case by case", "29 permits cancelled"),
]
IN_FRENCH = {
    "Case by case": "Au cas par cas",
    "Suspended": "Suspendu",
    "Presumptive denial": "Refus présumé",
    "Needs an answer": "Réponse requise",
    "Permits suspended": "Licences suspendues",
    "29 permits cancelled": "29 licences annulées",
    "": "",
}
LANES = {
    "en": ("Group 2, export", "Groups 1, 3 to 7 and 9, export", "Group 2, brokering"),
    "fr": ("Groupe 2, exportation", "Groupes 1, 3 à 7 et 9, exportation", "Groupe 2, courtage"),
}
PERMITS = {"en": "Existing permits", "fr": "Licences existantes"}


def open_in(page: Page, language: str) -> None:
    """The page of Türkiye as a person comes to it: by the list of destinations."""
    page.goto("/destinations/")
    if language == "fr":
        page.get_by_role("button", name="Français").first.click()
    page.get_by_role("link", name="Türkiye", exact=True).first.click()


def look_at(page: Page, day: str) -> None:
    page.locator("#id_on").fill(day)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**on={day}**")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.on)
def test_the_page_tells_what_applied_on_a_day(page: Page, language: str, day: Day) -> None:
    open_in(page, language)
    look_at(page, day.on)
    said = (day.group_2, day.others, day.brokering)
    for lane, stance in zip(LANES[language], said, strict=True):
        entry = page.locator(".answer-list > li").filter(has=page.get_by_role("heading", name=lane))
        word = stance if language == "en" else IN_FRENCH[stance]
        expect(entry.locator(".split .chips > *").first).to_have_text(word)
    permits = page.locator(".answer-list > li").filter(
        has=page.get_by_role("heading", name=PERMITS[language], exact=True)
    )
    expect(permits).to_have_count(1)
    tag = permits.locator(".split .tag")
    if day.permits:
        expect(tag).to_have_text(day.permits if language == "en" else IN_FRENCH[day.permits])
    else:
        expect(tag).to_have_count(0)


def test_the_lanes_tell_the_story_to_a_screen_reader(page: Page) -> None:
    page.goto("/destinations/TR/")
    told = [picture.get_attribute("aria-label") or "" for picture in page.get_by_role("img").all()]
    (group_2,) = [one for one in told if one.startswith("Group 2, export")]
    for stretch in (
        "Suspended from 11 October 2019 until 16 April 2020",
        "Presumptive denial (except: ",
        "item for a NATO cooperation program) from 16 April 2020 until 29 January 2024",
        "Case by case from 29 January 2024",
    ):
        assert stretch in group_2
    (permits,) = [one for one in told if one.startswith("Existing permits")]
    assert "29 permits cancelled" in permits


def test_what_was_not_known_yet_is_not_shown(page: Page) -> None:
    """The freeze of 11 October 2019 was learned on the 15th."""
    page.goto("/destinations/TR/?on=2019-10-12&known_on=2019-10-14")
    entry = page.locator(".answer-list > li").first
    expect(entry.locator(".split .chips > *").first).to_have_text("Case by case")
    expect(page.get_by_text("as it was known at the end of 14 October 2019")).to_be_visible()
    page.goto("/destinations/TR/?on=2019-10-12&known_on=2019-10-15")
    expect(entry.locator(".split .chips > *").first).to_have_text("Suspended")
