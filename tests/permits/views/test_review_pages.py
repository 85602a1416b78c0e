"""The pages of the review: what is told on saving, what is shown to be signed, the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django.asserts import assertContains, assertNotContains

from accounts.days import short_day
from accounts.models import User
from history import clock
from permits.choices import RefusalGround, StatementKind
from permits.domain.assessment import edit_card, sign_card
from permits.domain.consultations import consult, record_answer
from permits.domain.decision import refuse
from permits.domain.intake import withdraw
from permits.domain.recommendation import put_to_applicant, recommend, record_reply
from permits.domain.sources import add_evidence, add_measure
from permits.domain.statements import APPLICANT_KEY, END_USER_KEY, NOT_RESIDENT
from permits.models import Application, Card, Decision, Evidence
from policies.models import Provision
from tests.people import Cast
from tests.permits.factories import (
    ANSWERS,
    WHY,
    answer_cards,
    make_in_review,
    make_permit,
    say,
)

ANEW = "Saved. Two people sign it anew."
CITED_ANEW = "Saved. The considerations that cite it are signed anew."


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def card_page(application: Application, slug: str = "a") -> str:
    return reverse("permits:card", args=[application.reference, slug])


def add_page(application: Application, kind: str) -> str:
    return reverse("permits:new_source", args=[application.reference, kind])


def answered(office: Cast, **more: Any) -> tuple[Application, Card]:
    application = make_in_review(office.analyst)
    return application, edit_card(application, "7.3(1)(a)", {**ANSWERS, **more}, by=office.analyst)


def test_only_what_was_signed_is_signed_anew(office: Cast) -> None:
    application = make_in_review(office.analyst)
    page = card_page(application)

    def save(finding: str) -> list[str]:
        seen = Card.objects.values_list("version", flat=True).first() or 0
        values = {**ANSWERS, "finding": finding, "seen": seen}
        return told(as_person(office.analyst).post(page, values))

    assert save("First") == ["Saved."]
    assert save("Second") == ["Saved."]
    sign_card(Card.objects.get(), by=office.senior)
    assert save("Second") == ["Saved."]
    assert Card.objects.get().first_by == office.senior
    assert save("Third") == [ANEW]


def test_only_a_signed_consideration_is_signed_anew_for_its_source(office: Cast) -> None:
    application = make_in_review(office.analyst)
    given = {"title": "Report", "source": "A panel", "reliability": "high"}
    row = add_evidence(application, given, by=office.analyst)
    card = edit_card(application, "7.3(1)(a)", {**ANSWERS, "evidence": [row.pk]}, by=office.analyst)
    address = reverse("permits:source", args=["evidence", row.pk])

    def save(title: str) -> list[str]:
        seen = Evidence.objects.get().version
        values = {**given, "title": title, "seen": seen}
        return told(as_person(office.analyst).post(address, values))

    assert save("Another title") == ["Saved."]
    sign_card(card, by=office.senior)
    assert save("Another title") == ["Saved."]
    assert save("A third") == [CITED_ANEW]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_that_is_signed_is_shown_where_it_is_signed(office: Cast, language: str) -> None:
    application = make_in_review(office.analyst)
    day = clock.today() - timedelta(days=40)
    source = {
        "title": "Report of 2026",
        "source": "A panel of experts",
        "says": "The force was seen in the valley",
        "dated": day,
        "reliability": "medium",
        "review_by": clock.today(),
    }
    measure = {
        "kind": "end_use_certificate",
        "giver": "Ministry of the Interior",
        "form": "Signed and sealed",
        "wording": "No re-export without consent",
        "mechanism": "Checked on delivery",
    }
    values = {
        **ANSWERS,
        "likelihood": "likely",
        "gravity": "grave",
        "link": "direct",
        "confidence": "high",
        "evidence": [add_evidence(application, source, by=office.analyst).pk],
        "measures": [add_measure(application, measure, by=office.analyst).pk],
    }
    add_evidence(application, {**source, "title": "Not cited"}, by=office.analyst)
    card = edit_card(application, "7.3(1)(a)", values, by=office.analyst)
    client = as_person(office.senior)
    address = reverse("permits:sign", args=[application.reference, "a"])
    response = client.get(address, headers={"accept-language": language})
    shown = dict(response.context["page"].facts)
    words = "\n".join(map(str, shown.values()))
    for name in ("finding", "measures_considered", "residual_reason", "would_change"):
        assert values[name] in words
    for name in ("title", "source", "says"):
        assert str(source[name]) in words
    for name in ("giver", "form", "wording", "mechanism"):
        assert measure[name] in words
    assert {"en": "It is not available today", "fr": "Elle n’est pas disponible"}[language] in words
    assert "Not cited" not in words
    assert len(shown) == 11
    page = response.content.decode()
    expected = {
        "en": ["Likelihood", "Gravity", "Link to the item", "Evidence cited", short_day(day)],
        "fr": ["Probabilité", "Gravité", "Lien", "Éléments", "Mesures"],
    }
    for word in expected[language]:
        assert word in page
    if language == "en":
        for name in ("likelihood", "gravity", "link", "confidence", "residual"):
            assert getattr(card, f"get_{name}_display")() in words


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("evidence", {"title": "Report", "source": "A panel", "reliability": "high"}),
        (
            "measures",
            {"kind": "other", "giver": "Ministry", "form": "Signed", "wording": "No re-export"},
        ),
    ],
)
def test_who_adds_a_source_is_back_where_they_came_from(
    office: Cast, kind: str, values: dict[str, str]
) -> None:
    application = make_in_review(office.analyst)
    client, address = as_person(office.analyst), add_page(application, kind)
    assertContains(client.get(card_page(application, "b-i")), f'href="{address}?for=b-i"')
    where = f"{address}?for=b-i"
    assertContains(client.get(where), f'href="{card_page(application, "b-i")}"')
    assert client.post(where, values)["Location"] == card_page(application, "b-i")
    for elsewhere in (address, f"{address}?for=//evil.example"):
        review = f"{application.get_absolute_url()}#review"
        assert client.post(elsewhere, values)["Location"] == review


def test_what_may_be_left_out_of_a_source_says_so(office: Cast) -> None:
    application = make_in_review(office.analyst)
    for kind, needed in (
        ("evidence", {"title", "source", "reliability"}),
        ("measures", {"kind", "giver", "form", "wording", "is_in_force"}),
    ):
        form = as_person(office.analyst).get(add_page(application, kind)).context["form"]
        plain = {
            one.name for one in form if not one.is_hidden and "(optional)" not in str(one.label)
        }
        assert plain == needed


def test_what_cannot_be_edited_any_more_is_read_and_the_reason_stands_first(office: Cast) -> None:
    case = make_in_review(office.analyst)
    answer_cards(case, by=office.analyst)
    values = {"title": "A report", "source": "An embassy", "reliability": "high"}
    source = add_evidence(case, values, by=office.analyst)
    withdraw(case, by=office.analyst, reason=WHY)
    client = as_person(office.analyst)
    pages = {
        ("form", case.reference): "Maritime patrol by the coast guard",
        ("line", case.reference, 1): "Electro-optical sensor",
        ("new_line", case.reference): "",
        ("source", "evidence", source.pk): "An embassy",
        ("card", case.reference, "b-i"): "Looked at, with sources",
        ("do", case.reference, "withdraw"): "",
    }
    for (name, *where), told in pages.items():
        page = client.get(reverse(f"permits:{name}", args=where)).content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        written = re.findall(r"<(?:textarea|select|input(?! type=\"hidden\"))", main)
        assert not written or '<fieldset class="stack-s" disabled>' in main, name
        assert told in main
        assert 0 < main.find("not while the application is in the status") < main.index("<form")


def test_a_consideration_shows_what_it_is_about_and_who_answered(office: Cast) -> None:
    case = make_in_review(office.analyst)
    today = clock.today()
    later = today + timedelta(days=9)
    asked = consult(case, body="A ministry", question="Any?", due_on=later, by=office.analyst)
    record_answer(asked, answer="None of ours", answered_on=today, by=office.analyst)
    page = as_person(office.analyst).get(card_page(case)).content.decode()
    facts = page[page.index('id="common-name"') : page.index('id="sign-name"')]
    told = [
        *("Electro-optical sensor", "2-15.d", "Maritime patrol by the coast guard", "Türkiye"),
        *("Fictional Optics Inc. end_user", "Fictional Optics Inc. applicant", "Case by case"),
        *("A ministry", "None of ours"),
    ]
    assert [one for one in told if one not in facts] == []
    assert "Government" in facts
    say(case, StatementKind.END_USER, END_USER_KEY, "private", by=office.analyst)
    page = as_person(office.analyst).get(card_page(case)).content.decode()
    facts = page[page.index('id="common-name"') : page.index('id="sign-name"')]
    assert "Private" in facts
    assert "Government" not in facts


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_consideration_quotes_what_follows_in_both_languages(office: Cast, language: str) -> None:
    application = make_in_review(office.analyst)
    test = Provision.objects.filter(key="EIPA:7.4").order_by("-edition")[0]
    page = as_person(office.analyst).get(
        card_page(application), headers={"accept-language": language}
    )
    assertContains(page, test.text_en)
    assertContains(page, test.text_fr)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_decision_is_shown_with_its_own_grounds_and_in_whose_capacity(
    office: Cast, language: str
) -> None:
    case = make_in_review(office.analyst)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    answer_cards(case, by=office.analyst)
    both = [RefusalGround.ELIGIBILITY, RefusalGround.DISCRETION]
    made = recommend(case, outcome="refused", grounds=both, reasons=WHY, by=office.analyst)
    with override({"en": "fr-ca", "fr": "en-ca"}[language]):
        put = put_to_applicant(made, reply_by=clock.today() + timedelta(days=9), by=office.analyst)
    client = as_person(office.analyst)
    reply = client.get(reverse("permits:reply", args=[case.reference]))
    assert reply.context["page"].title == "Record the reply"
    record_reply(put, reply="We disagree", replied_on=clock.today(), by=office.analyst)
    refuse(case, grounds=[RefusalGround.DISCRETION], reasons=WHY, by=office.decision)
    page = client.get(case.get_absolute_url(), headers={"accept-language": language})
    assert (len(page.context["grounds"]), len(page.context["decided_grounds"])) == (2, 1)
    decision = Decision.objects.get()
    assertContains(page, getattr(decision, f"capacity_{language}"))
    reply_words = {"en": "Reply of the applicant: We", "fr": "Réponse du requérant\xa0: We"}
    assertContains(page, reply_words[language])
    # Of the office's own words, those of who reads them and not of who put it to the applicant.
    awaited = {"en": "Reply to the intended refusal", "fr": "Réponse au refus envisagé"}
    assertContains(page, f'<span class="sub">{awaited[language]}</span>')


def test_a_permit_tells_of_a_risk_that_was_found_since(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    address = reverse("permits:permit", args=[permit.number])
    client, words = as_person(office.decision), "Its file speaks against this permit now"
    assertNotContains(client.get(address), words)
    values = {"residual": "substantial_risk"}
    edit_card(permit.application, "7.3(1)(b)(i)", values, by=office.analyst)
    page = client.get(address)
    assertContains(page, words)
    assertContains(page, card_page(permit.application, "b-i"))
