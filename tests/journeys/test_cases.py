"""Cases as people work on them in a browser, in both languages, on the day that each is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from history import clock
from history.domain.verify import verify
from permits.choices import PermitStatus
from permits.considerations import CONSIDERATIONS
from permits.domain import acts
from permits.domain.assessment import edit_card, sign_card
from permits.domain.standing import read_standing
from permits.domain.use import propose_reversal, report_use
from permits.models import Application, Card, Permit, PermitAct, Statement
from tests.people import Cast
from tests.permits import files
from tests.permits.factories import (
    WHY,
    answer_cards,
    clear_parties,
    in_a_year,
    make_in_review,
    make_permit,
    make_ready,
    sign_cards,
)

SignIn = Callable[[User], None]
LANGUAGES = ["en", "fr"]


class Everywhere:
    """A simulated instant for this process, the server's threads with it."""

    def __init__(self, instant: datetime | None) -> None:
        self.instant = instant

    def get(self) -> datetime | None:
        return self.instant


@contextmanager
def everywhere(patch: pytest.MonkeyPatch, year: int, month: int, day: int) -> Iterator[Everywhere]:
    at = Everywhere(datetime(year, month, day, 15, tzinfo=UTC))
    with patch.context() as patched:
        patched.setattr(clock, "_simulated", at)
        yield at


def speak(page: Page, language: str) -> None:
    page.goto("/policies/")
    if language == "fr":
        page.get_by_role("button", name="Français").first.click()


def said(language: str, english: str, french: str) -> str:
    return french if language == "fr" else english


def submit(page: Page) -> None:
    page.locator("main form button.button-primary").click()


def do(page: Page, application: Application, action: str) -> None:
    page.goto(f"{application.get_absolute_url()}do/{action}/")


def issue_on_screen(page: Page, application: Application) -> None:
    do(page, application, "issue")
    page.locator("#id_reasons").fill(WHY)
    page.locator("#id_adopts_determination").check()
    submit(page)


def recommend_on_screen(page: Page, application: Application) -> None:
    do(page, application, "recommend")
    page.locator("input[name=outcome][value=issued]").check()
    page.locator("#id_reasons").fill(WHY)
    page.locator("#id_valid_to").fill(in_a_year().isoformat())
    submit(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_turkiye_under_presumptive_denial_with_the_nato_exception_by_three_people(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    with everywhere(monkeypatch, 2022, 3, 15):
        people = staff()
        application = make_in_review(people.analyst)
        clear_parties(application, by=people.analyst, second=people.senior)
        sign_in(people.analyst)
        speak(page, language)

        # What applies is told, and what may be claimed.
        page.goto(application.get_absolute_url())
        expect(page.locator("#line-1")).to_contain_text(
            said(language, "Presumptive denial", "Refus présumé")
        )

        # The evidence is attached, and the exception claimed with it.
        page.locator("#documents").get_by_role("link").first.click()
        page.locator("#id_file").set_input_files(
            {"name": "programme.pdf", "mimeType": "application/pdf", "buffer": files.PDF}
        )
        page.locator("#id_kind").select_option("end_use_certificate")
        page.locator("#id_title").fill("Statement of the program office")
        submit(page)
        claim = page.locator("#exceptions li", has_text=said(language, "NATO", "OTAN"))
        claim.get_by_role("link").click()
        page.locator("input[name=value][value=claimed]").check()
        page.locator("#id_document").select_option(label="Statement of the program office")
        page.locator("#id_reason").fill(WHY)
        submit(page)
        expect(page.locator("#gate [data-state=fail]", has_text="G5")).to_be_visible()

        # A second person countersigns: the ruling is case by case now.
        statement = Statement.objects.get(kind="exception")
        sign_in(people.senior)
        page.goto(f"/statements/{statement.pk}/")
        submit(page)
        expect(page.locator("#line-1")).to_contain_text(
            said(language, "Case by case", "Au cas par cas")
        )

        # One consideration on screen, the others as made; each is signed by two.
        sign_in(people.analyst)
        answer_cards(application, by=people.analyst)
        page.goto(f"{application.get_absolute_url()}review/{CONSIDERATIONS[0].slug}/")
        page.locator("#id_finding").fill("Looked at on screen")
        submit(page)
        page.goto(f"{application.get_absolute_url()}review/{CONSIDERATIONS[0].slug}/sign/")
        submit(page)
        card = Card.objects.get(application=application, consideration=CONSIDERATIONS[0].number)
        assert (card.finding, card.first_by) == ("Looked at on screen", people.analyst)
        sign_in(people.senior)
        page.goto(f"{application.get_absolute_url()}review/{CONSIDERATIONS[0].slug}/sign/")
        submit(page)
        card.refresh_from_db()
        assert card.second_by == people.senior
        for other in Card.objects.filter(application=application, first_by__isnull=True):
            sign_card(sign_card(other, by=people.analyst), by=people.senior)

        recommend_on_screen(page, application)
        sign_in(people.decision)
        issue_on_screen(page, application)
        permit = Permit.objects.get(application=application)
        assert read_standing(permit, clock.today()).status == PermitStatus.VALID
        assert verify(deep=True).good


@pytest.mark.parametrize("language", LANGUAGES)
def test_turkiye_case_by_case_after_january_2024(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    with everywhere(monkeypatch, 2024, 2, 10):
        people = staff()
        application = make_ready(people.analyst, people.senior)
        sign_in(people.senior)
        speak(page, language)
        page.goto(application.get_absolute_url())
        expect(page.locator("#line-1")).to_contain_text(
            said(language, "Case by case", "Au cas par cas")
        )
        recommend_on_screen(page, application)
        # Whoever recommended may not decide, nor may an analyst.
        do(page, application, "issue")
        expect(page.locator("main form button[disabled]")).to_have_count(1)
        sign_in(people.decision)
        issue_on_screen(page, application)
        page.goto(f"/permits/{Permit.objects.get().number}/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("EP-2024-000001")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("residual", ["substantial_risk", "not_enough_information"])
def test_one_consideration_shuts_the_gate_for_everyone(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast], language: str, residual: str
) -> None:
    people = staff()
    application = make_in_review(people.analyst)
    clear_parties(application, by=people.analyst, second=people.senior)
    answer_cards(application, by=people.analyst)
    edit_card(application, "7.3(1)(b)(i)", {"residual": residual}, by=people.analyst)
    sign_cards(application, by=people.analyst, second=people.senior)
    sign_in(people.senior)
    speak(page, language)
    recommend_on_screen(page, application)
    # The reason and the provision, on screen; what was typed is still there.
    expect(page.locator(".gate-list")).to_contain_text("G8")
    expect(page.locator(".gate-list")).to_contain_text(said(language, "s. 7.4", "art. 7.4"))
    expect(page.locator("#id_reasons")).to_have_value(WHY)
    for person in people:
        sign_in(person)
        response = page.goto(f"{application.get_absolute_url()}do/issue/")
        assert response is not None
        if response.status != 403:
            expect(page.locator("main form button[disabled]")).to_have_count(1)
        page.goto(application.get_absolute_url())
        expect(page.locator("#gate [data-state=fail]")).to_contain_text("G8")
    assert not Permit.objects.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_suspended_permit_is_reinstated_only_through_the_gate(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast], language: str
) -> None:
    people = staff()
    permit = make_permit(people.analyst, people.senior, people.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=people.decision)
    edit_card(permit.application, "7.3(1)(a)", {"finding": "Other news"}, by=people.analyst)
    sign_in(people.analyst)
    speak(page, language)
    page.goto(f"/permits/{permit.number}/propose/")
    page.locator(
        "input[name=kind][value=reinstate], #id_kind option[value=reinstate]"
    ).first.wait_for(state="attached")
    if page.locator("input[name=kind]").count():
        page.locator("input[name=kind][value=reinstate]").check()
    else:
        page.locator("#id_kind").select_option("reinstate")
    page.locator("#id_reason").fill(WHY)
    submit(page)
    act = PermitAct.objects.get(kind="reinstate")
    sign_in(people.decision)
    page.goto(f"/acts/{act.pk}/")
    # What stands against it is told before it is tried.
    expect(page.locator("main form button.button-primary")).to_be_disabled()
    expect(page.locator(".gate-list")).to_contain_text("G9")
    assert read_standing(permit, clock.today()).status == PermitStatus.SUSPENDED
    card = Card.objects.get(application=permit.application, consideration="7.3(1)(a)")

    sign_card(sign_card(card, by=people.analyst), by=people.senior)
    page.goto(f"/acts/{act.pk}/")
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(permit.number)
    assert read_standing(permit, clock.today()).status == PermitStatus.VALID


@pytest.mark.parametrize("language", LANGUAGES)
def test_brokering_to_turkiye_asks_whether_the_notice_reaches_it(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    with everywhere(monkeypatch, 2021, 6, 2):
        people = staff()
        application = make_in_review(people.analyst, activity="brokering")
        sign_in(people.analyst)
        speak(page, language)
        page.goto(application.get_absolute_url())
        questions = page.locator("#questions li")
        expect(questions).to_have_count(1)
        expect(questions).to_contain_text(said(language, "Presumptive denial", "Refus présumé"))
        questions.get_by_role("link").click()
        page.locator("input[name=value][value=yes]").check()
        page.locator("#id_reason").fill(WHY)
        submit(page)
        sign_in(people.senior)
        page.goto(f"/statements/{Statement.objects.get(kind='answer').pk}/")
        submit(page)
        expect(page.locator("#questions")).to_have_count(0)
        expect(page.locator("#line-1")).to_contain_text(
            said(language, "Presumptive denial", "Refus présumé")
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_bad_input_is_named_and_kept_on_every_main_form(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast], language: str
) -> None:
    people = staff()
    application = make_in_review(people.analyst)
    answer_cards(application, by=people.analyst)
    before = Application.objects.get().version
    sign_in(people.analyst)
    speak(page, language)
    base = application.get_absolute_url()
    for address, field, typed in (
        ("form/", "transit", "ZZ QQ"),
        ("lines/new/", "items", "banana"),
        ("lines/1/", "us_origin_percent", "140"),
        ("parties/new/", "name", ""),
        ("do/consult/", "due_on", "2001-01-01"),
        ("do/recommend/", "reasons", "…"),
        ("sources/evidence/new/", "title", ""),
    ):
        page.goto(f"{base}{address}")
        page.locator(f"#id_{field}").fill(typed)
        submit(page)
        summary = page.locator(".error-summary, [role=alert]").first
        expect(summary).to_be_visible()
        shown = page.locator(f"#id_{field}")
        expect(shown).to_have_value(typed)
    assert Application.objects.get().version == before


# Looks


@pytest.mark.parametrize("role", ["analyst", "senior", "decision", "admin", "auditor"])
def test_the_pages_of_cases_are_accessible_and_fit(
    page: Page,
    axe: Callable[[Page], None],
    sign_in: SignIn,
    staff: Callable[[], Cast],
    role: str,
) -> None:
    people = staff()
    permit = make_permit(people.analyst, people.senior, people.decision)
    shipped = report_use(
        permit.lines.get(),
        used_on=clock.today(),
        quantity=Decimal(1),
        value=Decimal(1),
        by=people.analyst,
    )
    propose_reversal(shipped, reason=WHY, by=people.senior)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=people.decision)
    application = make_in_review(people.analyst)
    answer_cards(application, by=people.analyst)
    sign_cards(application, by=people.analyst, second=people.senior)
    edit_card(application, "7.3(1)(a)", {"finding": "Anew"}, by=people.analyst)
    ready = make_ready(people.analyst, people.senior)
    base = application.get_absolute_url()
    pages = [
        "/worklist/",
        "/worklist/?view=all&sort=-due&stance=nonsense",
        base,
        f"{base}review/a/",
        permit.application.get_absolute_url(),
        "/permits/",
        "/rebuttals/",
        f"/permits/{permit.number}/",
    ]
    acting = {
        "analyst": [
            "/applications/new/",
            *(
                f"{base}{one}"
                for one in (
                    "form/",
                    "lines/1/",
                    "parties/new/",
                    "documents/new/",
                    "state/eligibility/applicant/",
                    "do/return/",
                    "do/consult/",
                    "do/wait/",
                    "review/b-i/sign/",
                    "sources/evidence/new/",
                    "sources/measures/new/",
                )
            ),
            f"{ready.get_absolute_url()}do/recommend/",
            f"/permits/{permit.number}/propose/",
            f"/permits/{permit.number}/lines/1/use/",
        ],
        "decision": [f"{base}in-full/", f"/permits/{permit.number}/tighten/"],
    }
    sign_in(getattr(people, role))
    page.emulate_media(reduced_motion="reduce")
    for path in [*pages, *acting.get(role, [])]:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(path)
        axe(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.set_viewport_size({"width": 390, "height": 844})
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_pages_of_cases_are_accessible_in_french(
    page: Page, axe: Callable[[Page], None], sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    permit = make_permit(people.analyst, people.senior, people.decision)
    base = permit.application.get_absolute_url()
    sign_in(people.analyst)
    speak(page, "fr")
    for path in ("/worklist/?view=all", base, f"{base}review/a/", f"/permits/{permit.number}/"):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == "fr-ca"
        axe(page)
