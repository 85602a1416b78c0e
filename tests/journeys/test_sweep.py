"""An analyst proposes what a change means for live permits; a decision-maker says yes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from permits.models import PermitAct, SweepItem
from tests.people import Cast
from tests.permits.factories import make_permit
from tests.policies.changes import approved, draft

pytestmark = pytest.mark.every_engine

SignIn = Callable[..., None]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_permits_are_swept_by_two_people(
    page: Page,
    axe: Callable[[Page], None],
    sign_in: SignIn,
    staff: Callable[[], Cast],
    language: str,
) -> None:
    people = staff()
    first, _second, _third = (
        make_permit(people.analyst, people.senior, people.decision) for _turn in range(3)
    )
    change = approved(draft(people.admin), by=people.admin_b)
    page.emulate_media(reduced_motion="reduce")
    sign_in(people.analyst)
    page.goto("/permits/")
    if language == "fr":
        page.get_by_role("button", name="Français").first.click()
    page.locator("main a[href='/sweeps/']").click()
    axe(page)
    page.goto(change.get_absolute_url())
    page.locator("a[href^='/sweeps/new/']").click()
    axe(page)
    page.locator("main form button.button-primary").click()
    page.wait_for_url("**/sweeps/SW-*/")
    address = page.url

    def everywhere() -> None:
        """The page as it is now, light and dark, wide and on a phone."""
        axe(page)
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def propose(action: str) -> None:
        axe(page)
        page.locator(f"input[value={action}]").check()
        page.fill("[name=reason_en]", "Same risk as new applications")
        page.fill("[name=reason_fr]", "Même risque que les nouvelles demandes")
        page.locator("main form button.button-primary").click()
        page.wait_for_url(address)

    # One permit is kept, the others are suspended.
    page.locator("#permits summary").first.click()
    page.locator(f"a[href$='/permits/{first.number}/'][href^='/sweeps/']").click()
    propose("keep")
    page.locator("#permits a[href$='/propose/']").first.click()
    propose("suspend")
    everywhere()
    expect(page.locator("a[href$='/agree/']")).to_have_count(0)

    page.context.clear_cookies(name="sessionid")
    sign_in(people.decision)
    page.goto("/start/")
    page.locator("a[href$='/agree/']").first.click()
    axe(page)
    page.locator("main form button.button-primary").click()
    page.wait_for_url(address)
    page.locator("a[href$='/agree/']").click()
    page.locator("main form button.button-primary").click()
    page.wait_for_url(address)
    expect(page.locator("#progress .count")).to_have_text(
        "3 sur 3" if language == "fr" else "3 of 3"
    )
    everywhere()
    assert sorted(PermitAct.objects.values_list("kind", flat=True)) == ["suspend"] * 2
    assert sorted(SweepItem.objects.values_list("outcome", flat=True)) == ["done", "done", "kept"]
    page.locator("#permits summary").first.click()
    page.locator(f"#permits a[href='/permits/{first.number}/']").click()
    page.wait_for_url(f"**/permits/{first.number}/")
