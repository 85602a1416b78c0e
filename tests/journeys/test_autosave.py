"""What is typed is kept: in the browser at once, on the server a moment later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from history.models import Event
from permits.domain.assessment import edit_card, sign_card
from permits.domain.intake import withdraw
from permits.models import Application, Card, Draft, Party
from tests.journeys.test_cases import LANGUAGES, SignIn, said, speak, submit
from tests.people import Cast
from tests.permits.factories import ANSWERS, answer_cards, make_draft, make_in_review


def begin(people: Cast) -> tuple[Application, str]:
    application = make_in_review(people.analyst)
    answer_cards(application, by=people.analyst)
    return application, f"{application.get_absolute_url()}review/a/"


def type_finding(page: Page, words: str) -> None:
    page.locator("#id_finding").click()
    page.locator("#id_finding").fill(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_typed_is_kept_over_a_reload_and_signs_nothing(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast], language: str
) -> None:
    people = staff()
    application, address = begin(people)
    sign_card(application.cards.get(consideration="7.3(1)(a)"), by=people.senior)
    events = Event.objects.count()
    sign_in(people.analyst)
    speak(page, language)
    page.goto(address)
    type_finding(page, "Half a thought")
    state = page.get_by_role("status").and_(page.locator("[data-save-state]"))
    expect(state).to_contain_text(said(language, "Draft saved", "Brouillon enregistré"))
    page.reload()
    expect(page.locator("#id_finding")).to_have_value("Half a thought")
    expect(page.locator("main")).to_contain_text(
        said(language, "It is not saved on the case", "n’est pas enregistré au dossier")
    )
    assert Event.objects.count() == events
    assert Card.objects.get(consideration="7.3(1)(a)").first_by_id == people.senior.pk
    submit(page)
    expect(page.locator("#id_finding")).to_have_value("Half a thought")
    assert Card.objects.get(consideration="7.3(1)(a)").finding == "Half a thought"
    assert not Draft.objects.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_people_at_one_consideration_lose_nothing(
    page: Page,
    sign_in: SignIn,
    staff: Callable[[], Cast],
    axe: Callable[[Page], None],
    language: str,
) -> None:
    people = staff()
    application, address = begin(people)
    sign_in(people.analyst)
    speak(page, language)
    page.goto(address)
    edit_card(application, "7.3(1)(a)", {"finding": "THEIRS"}, by=people.senior)
    type_finding(page, "MINE")
    page.locator("#id_would_change").fill("ONLY MINE")
    state = page.locator("[data-save-state]")
    expect(state).to_have_attribute("data-state", "changed")
    expect(state).to_contain_text(
        said(language, "Somebody else changed", "Quelqu’un d’autre a mod")
    )
    axe(page)
    state.get_by_role("link").click()
    compared = page.locator("#compared")
    for words in (ANSWERS["finding"], "MINE", "THEIRS", people.senior.name):
        expect(compared).to_contain_text(words)
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    axe(page)
    # Merged by hand, and saved on the version that is there now.
    type_finding(page, "THEIRS and MINE")
    submit(page)
    expect(compared).to_have_count(0)
    card = Card.objects.get(consideration="7.3(1)(a)")
    assert (card.finding, card.would_change) == ("THEIRS and MINE", "ONLY MINE")


def test_theirs_is_taken_in_a_conflict_without_a_script(
    new_context: Callable[..., BrowserContext],
    live_server: LiveServer,
    staff: Callable[[], Cast],
) -> None:
    people = staff()
    application, address = begin(people)
    context = new_context(java_script_enabled=False)
    give_session(context, live_server, people.analyst)
    page = context.new_page()
    page.goto(address)
    edit_card(application, "7.3(1)(a)", {"finding": "THEIRS"}, by=people.senior)
    page.locator("#id_finding").fill("MINE")
    page.locator("#id_would_change").fill("ONLY MINE")
    submit(page)
    page.locator("#compared #take-finding").check()
    submit(page)
    expect(page.locator("#compared")).to_have_count(0)
    card = Card.objects.get(consideration="7.3(1)(a)")
    assert (card.finding, card.would_change) == ("THEIRS", "ONLY MINE")


def test_what_is_typed_offline_is_kept_over_a_reload_and_sent_on_return(
    page: Page, context: BrowserContext, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    _application, address = begin(people)
    sign_in(people.analyst)
    page.goto(address)
    # Playwright's own offline mode is told to the console as a failed load.
    context.set_offline(True)
    type_finding(page, "Typed on a train")
    state = page.locator("[data-save-state]")
    expect(state).to_have_attribute("data-state", "kept")
    expect(state).to_contain_text("kept in this browser")
    expect(page.locator("#id_finding")).to_have_value("Typed on a train")
    context.set_offline(False)
    expect(state).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().fields["finding"] == ["Typed on a train"]


def test_what_no_server_took_is_back_after_a_reload(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    _application, address = begin(people)
    sign_in(people.analyst)
    page.goto(address)

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/draft/", cut)
    type_finding(page, "Typed on a train")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "kept")
    page.unroute("**/draft/", cut)
    page.reload()
    expect(page.locator("#id_finding")).to_have_value("Typed on a train")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")


def test_a_session_that_ended_loses_nothing(
    page: Page, context: BrowserContext, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    _application, address = begin(people)
    sign_in(people.analyst)
    page.goto(address)
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    type_finding(page, "Typed for an hour")
    state = page.locator("[data-save-state]")
    expect(state).to_contain_text("you are signed out")
    expect(state.get_by_role("link")).to_have_attribute("href", f"/sign-in/?next={address}")
    sign_in(people.analyst)
    page.goto(address)
    expect(page.locator("#id_finding")).to_have_value("Typed for an hour")
    expect(state).to_have_attribute("data-state", "saved")
    # Another person in this browser is shown nothing of it.
    sign_in(people.senior)
    page.goto(address)
    expect(page.locator("#id_finding")).to_have_value(ANSWERS["finding"])


def test_what_is_typed_and_not_sent_is_asked_about_and_carried_into_the_other_language(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    application = make_draft(people.analyst)
    sign_in(people.analyst)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"{application.get_absolute_url()}lines/new/")
    page.locator("#id_description").fill("A radar")
    page.locator("#id_quantity").fill("1,422.5")
    page.locator("#id_origin").select_option(label="Canada")
    page.get_by_role("button", name="Français").first.click()
    expect(page.get_by_role("button", name="English").first).to_be_visible()
    expect(page.locator("#id_description")).to_have_value("A radar")
    expect(page.locator("#id_quantity")).to_have_value("1 422,5")
    expect(page.locator("#id_origin option:checked")).to_have_text("Canada")
    assert (asked, page.evaluate(KEPT)) == ([], [])
    # Of a list where several are chosen, all are carried.
    party = Party.objects.filter(application=application).earliest("pk")
    page.locator("a[data-gives-up]").click()
    page.goto(f"{application.get_absolute_url()}state/screening/party:{party.pk}/")
    for option in (0, 2):
        page.locator("#id_policies option").nth(option).evaluate("one => { one.selected = true }")
    page.get_by_role("button", name="English").first.click()
    expect(page.get_by_role("button", name="Français").first).to_be_visible()
    expect(page.locator("#id_policies option:checked")).to_have_count(2)
    page.locator("a[data-gives-up]").click()
    page.goto(f"{application.get_absolute_url()}lines/new/")
    page.locator("#id_description").fill("A radar")
    # Any other way off the page asks first; the one that says so does not. Nor does sending.
    page.locator(".brand").click()
    expect(page.locator("#id_description")).to_have_value("A radar")
    assert asked == ["beforeunload"]
    page.locator("#id_quantity").fill("-1")
    submit(page)
    expect(page.locator("#id_quantity_error")).to_be_visible()
    page.locator(".brand").click()
    expect(page.locator("#id_description")).to_have_value("A radar")
    assert asked == ["beforeunload"] * 2
    page.locator("a[data-gives-up]").click()
    expect(page.locator("#next-name")).to_be_visible()
    assert asked == ["beforeunload"] * 2


KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('typed:'))"


def fail(page: Page) -> None:
    """The server is not reached by what is saved by itself."""
    page.route("**/draft/", lambda route: route.abort())


def sign_out(page: Page) -> None:
    page.locator(".app-bar form[action='/sign-out/'] button:visible").click()


def test_signing_out_leaves_nothing_that_one_typed_and_all_that_another_did(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    _application, address = begin(people)
    sign_in(people.senior)
    page.goto(address)
    fail(page)
    type_finding(page, "Typed by the senior")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "kept")
    # Their session ends without a word, and another person takes the chair.
    sign_in(people.analyst)
    page.goto(address)
    expect(page.locator("#id_finding")).to_have_value(ANSWERS["finding"])
    type_finding(page, "Typed by the analyst")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "kept")
    assert len(page.evaluate(KEPT)) == 2
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        # Asked once they keep it, asked again they let it go.
        (dialog.dismiss if len(asked) == 1 else dialog.accept)()

    page.on("dialog", answer)
    sign_out(page)
    expect(page.locator("#id_finding")).to_have_value("Typed by the analyst")
    assert len(page.evaluate(KEPT)) == 2
    sign_out(page)
    expect(page.locator("#id_username")).to_be_visible()
    assert len(asked) == 2
    assert "has not reached the server" in asked[0]
    assert page.evaluate(KEPT) == [f"typed:{people.senior.pk}:{address}"]


def test_signing_out_asks_nothing_where_all_has_reached_the_server(
    page: Page, sign_in: SignIn, staff: Callable[[], Cast]
) -> None:
    people = staff()
    _application, address = begin(people)
    sign_in(people.analyst)
    page.goto(address)
    type_finding(page, "Half a thought")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    sign_out(page)
    expect(page.locator("#id_username")).to_be_visible()
    assert page.evaluate(KEPT) == []
    assert Draft.objects.get().fields["finding"] == ["Half a thought"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_may_not_save_any_more_is_told_so_and_not_that_they_are_signed_out(
    new_context: Callable[..., BrowserContext],
    live_server: LiveServer,
    staff: Callable[[], Cast],
    language: str,
) -> None:
    people = staff()
    application, address = begin(people)
    # Not the context that takes an answer of 403 for a fault.
    context = new_context()
    give_session(context, live_server, people.analyst)
    page = context.new_page()
    speak(page, language)
    page.goto(f"{live_server.url}{address}")
    withdraw(application, by=people.senior, reason="For a test")
    type_finding(page, "Too late")
    state = page.locator("[data-save-state]")
    expect(state).to_contain_text(said(language, "Not saved.", "Non enregistré."))
    expect(state).to_contain_text(said(language, "Withdrawn", "Retirée"))
    expect(state).not_to_contain_text(said(language, "signed out", "session"))
    expect(page.locator("#id_finding")).to_have_value("Too late")
    # Another session in this browser: the page is older than its sign-in.
    give_session(context, live_server, people.auditor)
    type_finding(page, "Somebody else's session")
    expect(state).to_contain_text(said(language, "Your account may not", "Votre compte"))


def give_session(context: BrowserContext, live_server: LiveServer, person: User) -> None:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
    )
