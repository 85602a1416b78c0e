"""The administration in a browser: edited as on the case's page, accessible, nothing inline."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from accounts.models import User
from permits.domain.casefile import read_file
from permits.models import Permit
from tests.journeys.test_cases import LANGUAGES, speak
from tests.people import Cast
from tests.permits.factories import make_in_review, make_permit

SignIn = Callable[[User], None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_analyst_edits_an_application_and_adds_a_line(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    language: str,
) -> None:
    people = staff()
    case = make_in_review(people.analyst)
    sign_in(people.analyst)
    speak(page, language)
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(message.text)

    page.on("console", heard)
    page.goto("/start/")
    # The menu keeps to one line, in French too.
    bar = page.locator(".app-bar").bounding_box()
    assert bar is not None
    assert bar["height"] < 60
    page.get_by_role("link", name="Administration").click()
    page.locator("#content").get_by_role(
        "link", name="Demandes" if language == "fr" else "Applications"
    ).first.click()
    page.get_by_role("link", name=case.reference, exact=True).first.click()
    page.locator("#id_end_use").fill("Search and rescue")
    page.locator("#line_set-group .add-row a").click()
    page.locator("#id_line_set-1-items").fill("2-5.b")
    page.locator("#id_line_set-1-description").fill("A radar")
    page.locator("#id_line_set-1-quantity").fill("1")
    page.locator("#id_line_set-1-unit").fill("each")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    file = read_file(case)
    assert [line.description for line in file.lines][-1] == "A radar"
    case.refresh_from_db()
    assert case.end_use == "Search and rescue"
    # Django's screens keep to the policy on content: nothing inline was refused.
    assert said == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_screens_are_accessible_and_fit(
    page: Page,
    axe: Callable[[Page], None],
    sign_in: SignIn,
    staff: Callable[[], Cast],
    language: str,
) -> None:
    people = staff()
    case = make_in_review(people.analyst)
    make_permit(people.analyst, people.senior, people.decision)
    permit = Permit.objects.get()
    page.emulate_media(reduced_motion="reduce")
    speak(page, language)
    applications = f"/admin/permits/application/{case.pk}/change/"
    for person, paths in (
        (people.senior, ["", "permits/application/", applications]),
        (
            people.admin,
            [
                applications,
                f"permits/permit/{permit.pk}/change/",
                f"permits/decision/{permit.decision_id}/change/",
                "policies/policy/",
                "policies/controllistitem/",
                "accounts/user/",
                f"accounts/user/{people.analyst.pk}/change/",
                "history/event/",
            ],
        ),
    ):
        sign_in(person)
        for path in paths:
            page.goto(path if path.startswith("/") else f"/admin/{path}")
            axe(page)
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            axe(page)
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            page.set_viewport_size({"width": 1280, "height": 720})
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
