"""The first task of each role, done by following what the screen says: docs/first-minutes.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.models import User
from history.domain.inspection import last_inspection
from permits.choices import StatementKind
from permits.domain import documents, intake
from permits.domain.assessment import sign_card
from permits.domain.casefile import read_file
from permits.models import Application, Card, Permit
from tests.journeys.test_cases import LANGUAGES, everywhere, said, speak, submit
from tests.people import Cast
from tests.permits import files
from tests.permits.factories import (
    WHY,
    answer_cards,
    make_in_review,
    make_recommended,
    say,
)

SignIn = Callable[[User], None]


@dataclass(frozen=True)
class Office:
    """Something to do for everyone."""

    people: Cast
    signed_once: Application
    recommended: Application
    excepted: Application


@pytest.fixture
def office(
    staff: Callable[[], Cast],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    settings.PERMIT_DESK_MODE = "demo"
    with everywhere(monkeypatch, 2020, 5, 4):
        people = staff()
        excepted = make_in_review(people.analyst)
        paper = documents.attach(
            excepted,
            {"kind": "end_use_certificate", "title": "A promise"},
            content=[files.PDF],
            file_name="a.pdf",
            by=people.analyst,
        )
        key = "TR-2020-04-16-presumptive:exceptional"
        say(
            excepted,
            StatementKind.EXCEPTION,
            key,
            "claimed",
            by=people.analyst,
            second=people.senior,
            document=paper,
        )
        intake.withdraw(excepted, reason=WHY, by=people.analyst)
    signed_once = make_in_review(people.analyst, destination="BR")
    answer_cards(signed_once, by=people.analyst)
    sign_card(read_file(signed_once).cards[0], by=people.analyst)
    recommended = make_recommended(people.analyst, people.analyst_b, destination="BR")
    return Office(people, signed_once, recommended, excepted)


def steps(page: Page) -> list[str]:
    """The links of the first task, as the start page offers them."""
    page.goto("/")
    links = page.locator(".first-task li a")
    expect(links.first).to_be_visible()
    return [link.inner_text() for link in links.all()]


def take(page: Page, step: str) -> None:
    page.goto("/")
    page.locator(".first-task").get_by_role("link", name=step, exact=True).click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_analyst_finishes_a_consideration(
    page: Page, sign_in: SignIn, office: Office, language: str
) -> None:
    sign_in(office.people.senior)
    speak(page, language)
    open_it, read_it, sign_it = steps(page)
    take(page, open_it)
    expect(page.locator("h1")).to_contain_text(office.signed_once.reference)
    take(page, read_it)
    expect(page.locator("h1")).to_contain_text(said(language, "Peace", "Paix"))
    take(page, sign_it)
    submit(page)
    card = Card.objects.get(application=office.signed_once, consideration="7.3(1)(a)")
    assert card.second_by == office.people.senior


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_maker_decides(
    page: Page, sign_in: SignIn, office: Office, language: str
) -> None:
    sign_in(office.people.decision)
    speak(page, language)
    open_it, issue_it = steps(page)
    take(page, open_it)
    expect(page.locator("h1")).to_contain_text(office.recommended.reference)
    take(page, issue_it)
    page.locator("#id_reasons").fill(WHY)
    page.locator("#id_adopts_determination").check()
    submit(page)
    expect(page.locator("main")).to_contain_text(said(language, "is issued", "est délivrée"))
    assert Permit.objects.get().application == office.recommended


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_administrator_reads_what_a_policy_change_did(
    page: Page, sign_in: SignIn, office: Office, language: str
) -> None:
    sign_in(office.people.admin)
    speak(page, language)
    place, policy, log, moved = steps(page)
    take(page, place)
    expect(page.locator("h1")).to_contain_text("Türkiye")
    expect(page.locator("#id_on")).to_have_value("2024-01-29")
    take(page, policy)
    expect(page.locator("main")).to_contain_text("TR-2020-04-16-presumptive")
    take(page, log)
    expect(page.locator(".ledger-entry").first).to_contain_text("TR-2020-04-16-presumptive")
    take(page, moved)
    expect(page.locator(".views [aria-current]")).to_contain_text(
        said(language, "Ruling changed", "Règle modifiée")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_auditor_verifies_the_log_and_finds_the_exception(
    page: Page, sign_in: SignIn, office: Office, language: str
) -> None:
    sign_in(office.people.auditor)
    speak(page, language)
    verify_it, exception, its_history = steps(page)
    take(page, verify_it)
    page.get_by_role("button", name=said(language, "Verify now", "Vérifier maintenant")).click()
    page.wait_for_load_state()
    found = last_inspection()
    assert found is not None
    assert found.good
    take(page, exception)
    expect(page.locator("#statements")).to_contain_text(WHY)
    expect(page.locator("h1")).to_contain_text(office.excepted.reference)
    take(page, its_history)
    expect(page.locator(".ledger-entry").first).to_contain_text(office.excepted.reference)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_page_is_accessible_for_everyone(
    page: Page, axe: Callable[[Page], None], sign_in: SignIn, office: Office, language: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    speak(page, language)
    for name in ("senior", "decision", "admin", "auditor"):
        sign_in(getattr(office.people, name))
        page.goto("/start/")
        axe(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.set_viewport_size({"width": 390, "height": 844})
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
