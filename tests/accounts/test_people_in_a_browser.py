"""The pages of people in a browser: accessible and fitting, and one act from end to end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.choices import RequestedAct, Role
from accounts.domain.delegations import propose_delegation
from accounts.domain.requests import propose_request
from accounts.domain.roles import propose_role
from accounts.models import User
from accounts.rules import roles_of
from history import clock
from tests.people import TERMS, Cast, give_delegation, make_cast

SignIn = Callable[[User], None]
Axe = Callable[[Page], None]

WHY = "Because the test says so"


@pytest.fixture
def office(transactional_db: None) -> Cast:
    """The cast with something of every kind to look at."""
    cast = make_cast()
    give_delegation(cast.decision, proposed_by=cast.admin, confirmed_by=cast.admin_b)
    analyst, admin, today = cast.analyst, cast.admin, clock.today()
    propose_role(analyst, Role.DECISION_MAKER, by=admin, reason=WHY, starts_on=today)
    propose_delegation(analyst, TERMS, by=admin, reason=WHY, starts_on=today)
    propose_request(analyst, RequestedAct.RESET_PASSWORD, by=admin, reason=WHY)
    return cast


PAGES = [
    "/people/",
    "/people/?q=nobody",
    "/people/new/",
    "/people/pending/",
    "/people/{analyst}/",
    "/people/{decision}/",
    "/people/{admin}/",
    "/people/{analyst}/roles/new/",
    "/people/{analyst}/delegations/new/",
    "/people/{analyst}/close/",
    "/account/",
    "/account/password/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(
    page: Page, axe: Axe, sign_in: SignIn, office: Cast, path: str
) -> None:
    sign_in(office.admin)
    page.emulate_media(reduced_motion="reduce")
    page.goto(path.format(**{name: person.pk for name, person in office._asdict().items()}))
    axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Français").first.click()
    assert page.locator("html").get_attribute("lang") == "fr-ca"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_two_administrators_give_a_role(
    page: Page, axe: Axe, sign_in: SignIn, office: Cast
) -> None:
    sign_in(office.admin)
    page.goto("/people/")
    page.get_by_role("link", name="Senior analyst C.").click()
    page.get_by_role("link", name="Propose a role").click()
    page.get_by_role("button", name="Propose the role").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    page.get_by_label("Administrator", exact=True).check()
    page.get_by_label("Reason").fill("Stands in for Administrator E.")
    page.get_by_role("button", name="Propose the role").click()
    expect(page.get_by_role("status")).to_contain_text("Another administrator must confirm it.")
    assert roles_of(office.senior) == {Role.SENIOR_ANALYST}

    sign_in(office.admin_b)
    page.goto("/people/pending/")
    page.get_by_role("row", name="Senior analyst C.").get_by_role("link", name="Confirm").click()
    expect(page.get_by_text("Stands in for Administrator E.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Confirm the role").click()
    expect(page.get_by_role("status")).to_contain_text("Senior analyst C. holds the role from")
    axe(page)
    assert roles_of(office.senior) == {Role.SENIOR_ANALYST, Role.ADMINISTRATOR}
