"""The pages of cases and permits: what people do there, and what they are told."""

from __future__ import annotations

import html
import re
from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from pytest_django.asserts import assertContains, assertNotContains

from accounts.days import day_in_words, short_day
from accounts.domain.people import close_account
from accounts.models import User
from history import clock
from history.models import Event
from permits.choices import Flag, PartyRole, PermitStatus, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake
from permits.domain.acts import act_at_once, decline_act, propose_act
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.clock import read_calendar
from permits.domain.consultations import consult, open_wait
from permits.domain.decision import issue, refuse
from permits.domain.letters import make_letter
from permits.domain.overview import refresh
from permits.domain.recommendation import put_to_applicant, recommend, record_reply, send_back
from permits.domain.requirements import required_facts
from permits.domain.sources import add_evidence
from permits.domain.standing import read_standing
from permits.domain.statements import APPLICANT_KEY, NOT_RESIDENT, party_key, set_aside
from permits.domain.use import report_use
from permits.figures import dollars, figure
from permits.models import Application, Card, Notice, Permit, PermitAct, PermitLine, Statement, Use
from permits.verbs import Verb
from permits.views import permits as permit_views
from tests.people import Cast
from tests.permits.factories import (
    ANSWERS,
    LINE,
    PARTY,
    WHY,
    answer_cards,
    clear_parties,
    country,
    in_a_year,
    lower,
    make_draft,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    say,
)
from tests.permits.pages import filled
from tests.sending import send


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def do(application: Application, action: str) -> str:
    return reverse("permits:do", args=[application.reference, action])


def test_a_draft_is_opened_and_filled_in(office: Cast) -> None:
    client = as_person(office.analyst)
    response = client.post(reverse("permits:new"), {"activity": "export"})
    application = Application.objects.get()
    assert response["Location"] == reverse("permits:form", args=[application.reference])
    form = {
        "destination": country("TR").pk,
        "end_user_kind": "government",
        "transit": "de, ae",
        "end_use": "Patrol",
        "form_date": clock.today().isoformat(),
        "is_signed": "on",
        "seen": application.version,
    }
    assert client.post(response["Location"], form).status_code == 302
    line = {"items": "2-15.d 9-1", "description": "A sensor", "quantity": "2", "unit_value": "10"}
    client.post(reverse("permits:new_line", args=[application.reference]), line)
    party = {"role": "applicant", "is_organization": "on", "name": "Fictional Inc."}
    client.post(reverse("permits:new_party", args=[application.reference]), party)
    application.refresh_from_db()
    assert application.transit == ["DE", "AE"]
    file = read_file(application)
    assert [one.items for one in file.lines] == [["2-15.d", "9-1"]]
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Fictional Inc." in page
    assert send(client, do(application, "submit"), {}).status_code == 302
    application.refresh_from_db()
    assert application.status == "submitted"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("items", "banana", "is no item of a control list"),
        ("quantity", "-3", "Give a figure above zero"),
        ("quantity", "many", "Enter a number"),
        ("unit_value", "1422000,50", "Enter a number"),
        ("us_origin_percent", "12-3", "Enter a number"),
    ],
)
def test_bad_input_names_the_field_and_keeps_what_was_typed(
    office: Cast, field: str, typed: str, words: str
) -> None:
    application = make_draft(office.analyst)
    address = reverse("permits:new_line", args=[application.reference])
    values = {"description": "Kept as it was typed", field: typed}
    page = send(as_person(office.analyst), address, values).content.decode()
    assert words in page
    assert "Kept as it was typed" in page
    assert typed in page
    assert len(read_file(application).lines) == 1


def test_a_figure_that_is_none_is_not_reckoned_with(office: Cast) -> None:
    """The quantity that the line has says nothing of the one that was meant."""
    case = make_draft(office.analyst)
    address = reverse("permits:line", args=[case.reference, 1])
    values = {"description": "A", "quantity": "many", "unit_value": "10", "total_value": "20"}
    form = send(as_person(office.analyst), address, values).context["form"]
    assert set(form.errors) == {"quantity"}


def test_a_conflict_is_told_and_what_was_typed_stays(office: Cast) -> None:
    application = make_draft(office.analyst)
    line = read_file(application).lines[0]
    intake.edit_line(line, {"unit": "sets"}, by=office.senior)
    address = reverse("permits:line", args=[application.reference, 1])
    values = {"description": "Mine", "seen": line.version - 1}
    response = as_person(office.analyst).post(address, values)
    assert response.status_code == 409
    assert "Mine" in response.content.decode()


def test_three_people_issue_a_permit_by_the_pages(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    recommend = {"outcome": "issued", "reasons": WHY, "valid_to": "2099-01-01"}
    response = send(as_person(office.analyst), do(application, "recommend"), recommend)
    assert response.status_code == 302
    decider = as_person(office.decision)
    page = decider.get(do(application, "issue")).content.decode()
    assert "I adopt the determination" in page
    bare = send(decider, do(application, "issue"), {"reasons": WHY})
    assert "Adopt the determination" in bare.content.decode()
    values = {"reasons": WHY, "adopts_determination": "on"}
    assert send(decider, do(application, "issue"), values).status_code == 302
    permit = Permit.objects.get()
    assert permit.number in decider.get(reverse("permits:permits")).content.decode()
    found = decider.get(reverse("permits:worklist"), {"view": "all", "q": permit.number.lower()})
    assert application.reference in found.content.decode()


def test_a_permit_is_found_by_number_party_goods_and_destination(
    everywhere: tuple[Application, Permit], office: Cast
) -> None:
    client, address = as_person(office.auditor), everywhere[1].get_absolute_url()
    for asked, finds in (
        ({"q": "EP-"}, True),
        ({"q": "ep-1999"}, False),
        ({"q": "night imaging"}, True),
        ({"q": "NIGHT ÎMAGING"}, True),
        ({"destination": "TR"}, True),
        ({"destination": "DE"}, False),
        ({"destination": "nowhere"}, False),
        ({"page": "9"}, True),
    ):
        page = client.get(reverse("permits:permits"), asked).content.decode()
        assert (address in page) is finds, asked


def test_permits_come_fifty_to_a_page(
    everywhere: tuple[Application, Permit], office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_permit(office.analyst, office.senior, office.decision)
    monkeypatch.setattr(permit_views, "PAGE", 1)
    client = as_person(office.auditor)
    numbers = Permit.objects.order_by("-id").values_list("number", flat=True)
    for place, number in enumerate(numbers, start=1):
        page = client.get(reverse("permits:permits"), {"page": place}).content.decode()
        assert f"{place} to {place} of 2" in page
        assert [one for one in numbers if f">{one}<" in page] == [number]


def test_the_line_of_a_permit_that_is_over_is_not_in_force(
    everywhere: tuple[Application, Permit], office: Cast
) -> None:
    permit = everywhere[1]
    client = as_person(office.auditor)
    assert "In force" in client.get(permit.get_absolute_url()).content.decode()
    with clock.simulated(clock.now() + timedelta(days=9_000)):
        page = as_person(office.auditor).get(permit.get_absolute_url()).content.decode()
    assert "In force" not in page


def test_a_closed_gate_says_rule_by_rule_what_stands_against_it(office: Cast) -> None:
    application = make_in_review(office.analyst)
    values = {"outcome": "issued", "reasons": WHY, "valid_to": "2099-01-01"}
    response = send(as_person(office.analyst), do(application, "recommend"), values)
    page = response.content.decode()
    assert response.status_code == 409
    for rule in ("G2", "G4", "G7", "G9"):
        assert rule in page
    assert reverse("permits:card", args=[application.reference, "b-v"]) in page


@pytest.mark.parametrize("typed", [None, {"outcome": "issued", "valid_to": "soon"}])
def test_what_cannot_be_recommended_now_is_told_with_its_reason_and_the_whole_gate(
    office: Cast, typed: dict[str, str] | None
) -> None:
    case = make_in_review(office.analyst)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    client, address = as_person(office.analyst), do(case, "recommend")
    response = client.get(address) if typed is None else client.post(address, typed)
    assert response.status_code == 200
    page = response.content.decode()
    for rule in ("G2", "G4", "G7", "G9"):
        assert f'<span class="gate-code">{rule}</span>' in page
    assert reverse("permits:card", args=[case.reference, "b-v"]) in page
    labels = dict(re.findall(r'value="([^"]+)"[^>]*>\s*<span>(.*?)</span></label>', page, re.S))
    holds = {value for value, label in labels.items() if "Not now. " not in label}
    # Not eligible: a ground to refuse and one to return on. Nothing else holds.
    assert holds == {"refused", "returned", "7(1)", "ineligible"}
    assert "The gate does not open" in labels["issued"]
    assert "No line is prohibited by a regulation today." in labels["regulation"]


@pytest.mark.parametrize(("decided", "label"), [(False, "Recommended"), (True, "Decision")])
def test_the_menu_of_a_case_does_not_call_a_recommendation_a_decision(
    office: Cast, decided: bool, label: str
) -> None:
    case = make_recommended(office.analyst, office.senior)
    if decided:
        issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    parts = as_person(office.auditor).get(case.get_absolute_url()).context["parts"]
    assert [(one.label, one.words) for one in parts if one.anchor == "decision"] == [
        (label, "Issued")
    ]


def test_a_substantial_risk_shows_the_provision_to_everyone(office: Cast) -> None:
    application = make_in_review(office.analyst)
    answer_cards(application, by=office.analyst, residual="substantial_risk")
    for person in (office.analyst, office.decision, office.auditor, office.admin):
        page = as_person(person).get(application.get_absolute_url()).content.decode()
        assert "shall not issue (s. 7.4)" in page


def test_a_card_is_answered_and_signed_by_two(office: Cast) -> None:
    application = make_in_review(office.analyst)
    address = reverse("permits:card", args=[application.reference, "a"])
    sign = reverse("permits:sign", args=[application.reference, "a"])
    analyst, senior = as_person(office.analyst), as_person(office.senior)
    assert analyst.post(address, {**ANSWERS, "seen": 0}).status_code == 302
    assert send(analyst, sign, {}).status_code == 302
    refused = send(analyst, sign, {})
    assert refused.status_code == 403
    assert "A second person must sign it" in refused.content.decode()
    assert send(senior, sign, {}).status_code == 302
    card = Card.objects.get()
    assert (card.first_by, card.second_by) == (office.analyst, office.senior)


def test_a_card_saved_by_two_at_once_loses_nothing(office: Cast) -> None:
    application = make_in_review(office.analyst)
    address = reverse("permits:card", args=[application.reference, "a"])
    as_person(office.senior).post(address, {**ANSWERS, "finding": "Theirs", "seen": 0})
    response = as_person(office.analyst).post(address, {**ANSWERS, "finding": "Mine", "seen": 0})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Theirs" in page
    assert "Mine" in page
    assert Card.objects.get().finding == "Theirs"


def test_a_statement_is_made_by_one_and_countersigned_by_another(office: Cast) -> None:
    application = make_in_review(office.analyst)
    address = reverse("permits:state", args=[application.reference, "eligibility", "applicant"])
    values = {"value": "resident", "reason": WHY, "source": "Registry"}
    assert send(as_person(office.analyst), address, values).status_code == 302
    made = Statement.objects.get()
    countersign = reverse("permits:countersign", args=[made.pk])
    assert send(as_person(office.analyst), countersign, {}).status_code == 403
    assert send(as_person(office.senior), countersign, {}).status_code == 302
    made.refresh_from_db()
    assert made.countersigned_by == office.senior


def test_a_permit_is_suspended_and_its_use_refused(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    tighten = reverse("permits:tighten", args=[permit.number])
    decider = as_person(office.decision)
    assert decider.post(tighten, {"kind": "suspend", "reason": WHY}).status_code == 302
    assert read_standing(permit, clock.today()).status == PermitStatus.SUSPENDED
    use = reverse("permits:use", args=[permit.number, 1])
    values = {"used_on": clock.today().isoformat(), "quantity": "1", "value": "1"}
    refused = as_person(office.analyst).post(use, values)
    assert "On that day the line was suspended." in refused.content.decode()
    assert not Use.objects.exists()
    loosen = decider.post(tighten, {"kind": "reinstate", "reason": WHY})
    assert loosen.status_code == 403
    page = decider.get(permit.get_absolute_url()).content.decode()
    assert "Suspended" in page


@pytest.mark.parametrize("others_left", [False, True])
def test_who_acts_alone_is_told_who_tells_the_holder(office: Cast, others_left: bool) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    for one in (office.analyst, office.senior, office.analyst_b) if others_left else ():
        close_account(one, by=office.admin, reason=WHY)
    answer = as_person(office.decision).post(
        reverse("permits:tighten", args=[permit.number]),
        {"kind": "suspend", "reason": WHY},
        follow=True,
    )
    words = "tell the holder yourself" if others_left else "A second person is told"
    assert words in answer.content.decode()
    assert Notice.objects.exists() is not others_left


@pytest.fixture
def everywhere(office: Cast) -> tuple[Application, Permit]:
    permit = make_permit(office.analyst, office.senior, office.decision)
    return make_recommended(office.analyst_b, office.senior), permit


@pytest.mark.parametrize("language", ["en-ca", pytest.param("fr-ca", marks=pytest.mark.one_engine)])
def test_every_page_opens_for_everyone_who_may_read(
    office: Cast, everywhere: tuple[Application, Permit], language: str
) -> None:
    application, permit = everywhere
    addresses = [
        reverse("permits:worklist"),
        application.get_absolute_url(),
        permit.application.get_absolute_url(),
        permit.get_absolute_url(),
        reverse("permits:permits"),
        *(reverse("permits:card", args=[application.reference, c.slug]) for c in CONSIDERATIONS),
    ]
    for person in office:
        client = as_person(person)
        client.cookies["django_language"] = language
        for address in addresses:
            assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("who", ["decision", "auditor"])
@pytest.mark.parametrize("activity", ["export", "brokering"])
def test_who_edits_nothing_reads_all_that_the_applicant_said(
    office: Cast, who: str, activity: str
) -> None:
    case = make_in_review(office.analyst, activity=activity)
    intake.edit_application(case, {"end_use_location": "A hangar in Ankara"}, by=office.analyst)
    client = as_person(getattr(office, who))
    address = reverse("permits:in_full", args=[case.reference])
    assert address in client.get(case.get_absolute_url()).content.decode()
    page = unescape(client.get(address).content.decode())
    (party, line) = (read_file(case).parties[-1], read_file(case).lines[0])
    told = ["A hangar in Ankara", party.name, party.address, party.email, party.telephone]
    told += [
        line.description,
        line.shipping_point,
        line.measure,
        "2-15.d",
        "Canada",
        figure(line.total_value),
    ]
    if activity == "brokering":
        told.append(case.get_resale_or_government_display())
    else:
        told.append(case.get_delivery_display())
    for words in told:
        assert words in page, words


@pytest.mark.parametrize(("part", "most"), [("", 19), ("review/a/", 21), ("in-full/", 18)])
def test_the_pages_of_a_case_ask_no_more_for_more_rows(office: Cast, part: str, most: int) -> None:
    few = make_in_review(office.analyst)
    many = make_in_review(office.analyst, lines=[LINE] * 30)
    for number, application in enumerate((few, many)):
        for body in ("DND", "A bureau")[: number + 1]:
            later = clock.today() + timedelta(days=9)
            consult(application, body=body, question="Any?", due_on=later, by=office.analyst)
        say(application, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
        for _turn in range(number + 1):
            told: dict[str, Any] = {"grounds": ["7(1)"], "reasons": WHY, "by": office.analyst}
            made = recommend(application, outcome="refused", **told)
            send_back(made, reason=WHY, by=office.senior)
    client = as_person(office.analyst)

    def count(application: Application) -> int:
        client.get(application.get_absolute_url() + part)
        with CaptureQueriesContext(connection) as queries:
            client.get(application.get_absolute_url() + part)
        return len(queries)

    assert count(few) == count(many) <= most


@pytest.mark.parametrize(
    ("language", "heading", "sentence", "key"),
    [
        (
            "en-ca",
            "Business day 3 of 10",
            "Who held the file: Nobody yet 1 day; Analyst A. 2 days; Another 2 days, not counted;"
            " 7 days left",
            ["With an officer 2", "With others 1", "Not counted 2", "Left 7"],
        ),
        (
            "fr-ca",
            "Jour ouvrable\N{NO-BREAK SPACE}3 sur\N{NO-BREAK SPACE}10",
            "Qui avait le dossier\N{NO-BREAK SPACE}: Personne pour l’instant 1 jour;"
            " Analyst A. 2 jours; Autre 2 jours, non comptés; 7 jours restants",
            ["Chez un agent 2", "Chez d’autres 1", "Non comptés 2", "Restants 7"],
        ),
    ],
)
def test_a_case_shows_who_held_it_to_scale_and_the_same_in_a_table(
    office: Cast, language: str, heading: str, sentence: str, key: list[str]
) -> None:
    days = [read_calendar().add(clock.today(), number) for number in range(6)]

    def on(number: int) -> AbstractContextManager[None]:
        return clock.simulated(datetime.combine(days[number], time(15), clock.OTTAWA))

    with on(0):
        case = make_draft(office.analyst)
        intake.submit(case, by=office.analyst)
    with on(1):
        intake.take_up(case, by=office.analyst)
    with on(3):
        open_wait(case, kind="other", reason=WHY, from_on=days[3], by=office.analyst)
    with on(5):
        client = as_person(office.auditor)
        client.cookies["django_language"] = language
        page = client.get(case.get_absolute_url()).content.decode()
    [strip] = re.findall(r'<svg class="held".*?</defs>(.*?)</svg>\s*<ul', page, re.DOTALL)
    drawn = re.findall(r'<g class="(\w+)">.*?<rect x="([\d.]+)%" width="([\d.]+)%"', strip)
    assert [kind for kind, _x, _width in drawn] == ["others", "here", "stopped", "left"]
    assert [round(float(width) * 12 / 100, 3) for _kind, _x, width in drawn] == [1, 2, 2, 7]
    ends = [float(x) + float(width) for _kind, x, width in drawn]
    assert [float(x) for _kind, x, _width in drawn] == pytest.approx([0, *ends[:-1]])
    assert heading in page
    assert sentence in unescape(page)
    [shown] = re.findall(r'<ul class="held-key">(.*?)</ul>', page)
    assert re.findall(r"</svg>([^<]+)</li>", unescape(shown)) == key
    [table] = re.findall(
        r'<section class="panel" aria-labelledby="clock-name".*?</section>', page, re.DOTALL
    )
    rows = [re.findall(r'class="number">(\d+)', row) for row in re.findall(r"<tr.*?</tr>", table)]
    assert rows[1:] == [["1", "0"], ["2", "0"], ["0", "2"]]
    assert "style=" not in table


def test_the_page_of_a_case_under_way_asks_few_queries(office: Cast) -> None:
    """Who decides is asked about too: what they did on the case, their delegation, the policies."""
    most = [
        (make_ready(office.analyst, office.senior), office.analyst, 17),
        (make_ready(office.analyst, office.senior), office.senior, 18),
        (make_recommended(office.analyst, office.senior), office.decision, 20),
        (make_permit(office.analyst, office.senior, office.decision).application, office.admin, 20),
    ]
    for application, person, limit in most:
        client = as_person(person)
        client.get(application.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            client.get(application.get_absolute_url())
        assert len(queries) <= limit, (application.status, person)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"q": "optics"}, 1),
        ({"q": "nothing like it"}, 0),
        ({"item": "2-15"}, 1),
        ({"item": "2-1"}, 0),
        ({"destination": "TR"}, 1),
        ({"destination": "FR"}, 0),
        ({"view": "drafts"}, 0),
        ({"view": "mine"}, 1),
        ({"page": "x"}, 1),
    ],
    ids=str,
)
def test_the_worklist_is_narrowed_down(office: Cast, query: dict[str, str], wanted: int) -> None:
    application = make_in_review(office.analyst)
    page = as_person(office.analyst).get(reverse("permits:worklist"), query).content.decode()
    assert page.count(f">{application.reference}</a>") == wanted


def test_a_case_given_to_nobody_is_said_to_be_nobodys(office: Cast) -> None:
    case, client = make_in_review(office.analyst), as_person(office.senior)
    for to, words in ((str(office.analyst.pk), "is assigned."), ("", "is assigned to nobody.")):
        send(client, do(case, "assign"), {"to": to})
        assert f"{case.reference} {words}" in client.get(case.get_absolute_url()).content.decode()


def test_what_is_ticked_is_assigned_each_by_itself(office: Cast) -> None:
    mine, theirs = make_in_review(office.analyst), make_in_review(office.analyst_b)
    intake.assign(mine, None, by=office.senior)
    response = as_person(office.analyst).post(
        reverse("permits:assign"), {"application": [mine.pk, theirs.pk]}, follow=True
    )
    page = response.content.decode()
    assert "1 application is assigned to you" in page
    assert f"{theirs.reference}: A senior analyst assigns" in page


@pytest.mark.parametrize("key", ["x", "x:y:z", "line:1", "line:9:war_material", "party:0", "a:b"])
@pytest.mark.parametrize("kind", StatementKind.values)
def test_there_is_no_page_to_state_something_about_nothing(
    office: Cast, kind: str, key: str
) -> None:
    application = make_in_review(office.analyst)
    url = reverse("permits:state", args=[application.reference, kind, key])
    client = as_person(office.analyst)
    assert client.get(url).status_code == 404
    response = client.post(url, {"value": "yes", "reason": WHY, "source": "A source"})
    assert response.status_code == 404
    assert not Statement.objects.exists()


def test_the_history_asks_no_more_for_more_permits_used(office: Cast) -> None:
    """A use is called by its permit's number: of another permit each, that is no query each."""
    client = as_person(office.auditor)
    history = f"{reverse('history:events')}?verb={Verb.USED}"

    def used(number: int) -> int:
        for _ in range(number):
            permit = make_permit(office.analyst, office.senior, office.decision)
            line = permit.lines.get()
            report_use(
                line,
                used_on=permit.valid_from,
                quantity=Decimal(1),
                value=Decimal(1),
                declaration="",
                by=office.analyst,
            )
        client.get(history)
        with CaptureQueriesContext(connection) as queries:
            client.get(history)
        return len(queries)

    assert used(1) == used(2)


def test_only_what_is_recommended_is_offered_to_be_decided(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    for person, offered, left_out in (
        (office.decision, {"issue", "send_back"}, {"refuse", "return_without_action"}),
        (office.analyst, {"send_back"}, {"put"}),
    ):
        page = as_person(person).get(case.get_absolute_url()).content.decode()
        for action in offered:
            assert reverse("permits:do", args=[case.reference, action]) in page
        for action in left_out:
            assert reverse("permits:do", args=[case.reference, action]) not in page


@pytest.mark.parametrize("who", ["analyst", "auditor"])
def test_nothing_is_offered_on_a_page_that_the_table_refuses(office: Cast, who: str) -> None:
    """Recommended: nobody states, edits, attaches or consults."""
    case = make_recommended(office.analyst, office.senior)
    page = as_person(getattr(office, who)).get(case.get_absolute_url()).content.decode()
    for part in ("/state/", "/lines/", "/parties/", "/documents/new", "/countersign", "/set-aside"):
        assert part not in page, part


def test_who_may_not_edit_a_source_gets_no_link_to_it(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    card = reverse("permits:card", args=[case.reference, CONSIDERATIONS[0].slug])
    assert "/sources/" in as_person(office.analyst).get(card).content.decode()
    for reader in (office.auditor, office.admin):
        assert "/sources/" not in as_person(reader).get(card).content.decode()


def lacking(office: Cast, activity: str, *, full: bool) -> Application:
    """An application without facts: with nobody and nothing on it, or with empty lines and parties.

    Between them every fact of the two forms is missing once.
    """
    case = intake.open_application(activity, by=office.analyst)
    if full:
        case = intake.edit_application(case, {"is_of_us_controlled_goods": True}, by=office.analyst)
        intake.add_line(case, {"items": ["2-15.d", "5400"]}, by=office.analyst)
        intake.add_line(case, {"description": "A"}, by=office.analyst)
        for role in PartyRole.values:
            intake.add_party(case, {"role": role, "name": f"A {role}"}, by=office.analyst)
    return case


def test_a_brokering_permit_without_figures_says_that_it_has_no_limit(office: Cast) -> None:
    """They are asked for only if available (SOR/2019-221, s. 1(g)(iii))."""
    line = {**LINE, "quantity": None, "unit_value": None}
    people = office.analyst, office.senior, office.decision
    permit = make_permit(*people, activity="brokering", lines=[line])
    shown = as_person(office.analyst).get(permit.get_absolute_url())
    assertContains(shown, ">no limit</td>", count=2)


@pytest.mark.parametrize("name", ["case", "card"])
def test_a_brokered_case_tells_from_which_country_the_goods_leave(office: Cast, name: str) -> None:
    """With the way to what the register says of it: the gate looks at where they go."""
    application = make_in_review(office.analyst, activity="brokering")
    where = [application.reference, *(["a"] if name == "card" else [])]
    shown = as_person(office.analyst).get(reverse(f"permits:{name}", args=where))
    assertContains(shown, '<a href="/destinations/GB/">United Kingdom</a>', html=True)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("activity", ["export", "brokering"])
def test_each_missing_fact_of_the_gate_leads_to_its_field(
    office: Cast, activity: str, full: bool
) -> None:
    case = lacking(office, activity, full=full)
    facts = [one for one in required_facts(read_file(case), clock.today()) if one.is_missing]
    client = as_person(office.analyst)
    page = client.get(case.get_absolute_url()).content.decode()
    gate = page[page.index('id="gate"') : page.index('id="required-facts"')]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', gate)
    told = {unescape(words): address for address, words in links}
    assert len(facts) > 4
    for fact in facts:
        address, _hash, field = told[f"Missing: {fact.words} ({fact.cite})."].partition("#")
        form = client.get(address).content.decode()
        assert f' id="{field}"' in form, fact.key
        if fact.preset:
            assert f'value="{fact.preset.partition("=")[2]}" selected' in form


def test_who_cannot_fill_a_missing_fact_in_is_led_to_where_it_is_shown(office: Cast) -> None:
    case = lacking(office, "export", full=False)
    reader = as_person(office.auditor)
    page = reader.get(case.get_absolute_url()).content.decode()
    in_full = reverse("permits:in_full", args=[case.reference])
    shown = {case.get_absolute_url(): page, in_full: reader.get(in_full).content.decode()}
    for fact in required_facts(read_file(case), clock.today()):
        if fact.is_missing:
            (where,) = (one for one in shown if f'href="{one}#{fact.anchor}"' in page)
            assert f'id="{fact.anchor}"' in shown[where]
    assert reverse("permits:form", args=[case.reference]) not in page


def test_the_gate_that_refuses_an_act_on_a_permit_leads_to_its_case(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    case = permit.application
    edit_card(case, CONSIDERATIONS[0].number, {"finding": "Anew"}, by=office.analyst)
    change = {"valid_to": date(2199, 3, 4)}
    act = propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    client = as_person(office.decision)
    response = client.post(reverse("permits:perform", args=[act.pk]), {"seen": act.version})
    assert response.status_code == 409
    card = reverse("permits:card", args=[case.reference, CONSIDERATIONS[0].slug])
    assert f'href="{card}"' in response.content.decode()
    assert client.get(card).status_code == 200


def test_destinations_are_in_the_order_of_their_names(office: Cast) -> None:
    case = make_draft(office.analyst)
    client = as_person(office.analyst)
    form = reverse("permits:form", args=[case.reference])
    for language, first, second in (
        ("en-ca", "Germany", "Ghana"),
        ("fr-ca", "Albanie", "Allemagne"),
    ):
        client.cookies["django_language"] = language
        page = client.get(form).content.decode()
        assert page.index(f">{first}<") < page.index(f">{second}<")


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_the_history_tells_statements_and_citations_in_words(office: Cast, language: str) -> None:
    case = make_ready(office.analyst, office.senior)
    values = {"title": "A report", "source": "An embassy", "reliability": "medium"}
    report = add_evidence(case, values, by=office.analyst)
    edit_card(case, CONSIDERATIONS[0].number, {"evidence": [report.pk]}, by=office.analyst)
    client = as_person(office.auditor)
    client.cookies["django_language"] = language

    def told(verb: Verb, first: bool) -> str:
        events = Event.objects.filter(stream=case.stream, verb=verb)
        event = events.earliest("sequence") if first else events.latest("sequence")
        page = client.get(event.get_absolute_url()).content.decode()
        return page[page.index("<table") : page.index("</table>")]

    with override(language):
        stated, edited = told(Verb.STATED, True), told(Verb.CARD_EDITED, False)
        assert str(Screened.CLEAR.label) in stated
        assert "party:" not in stated
        assert report.title in edited


@pytest.mark.parametrize(
    "verb", [Verb.STATED, Verb.COUNTERSIGNED, Verb.SET_ASIDE, Verb.CARD_SIGNED]
)
def test_the_history_calls_parties_by_their_names(office: Cast, verb: Verb) -> None:
    case = make_ready(office.analyst, office.senior)
    party = read_file(case).parties[1]
    said = Statement.objects.get(key=party_key(party.pk))
    set_aside(said, by=office.analyst, reason=WHY)
    events = Event.objects.filter(stream=case.stream, verb=verb)
    about = [one for one in events if f"party:{party.pk}".encode() in bytes(one.body)]
    assert about
    page = as_person(office.auditor).get(about[0].get_absolute_url()).content.decode()
    page = page[page.index("<main") :]
    assert party.name in page
    assert "party:" not in page
    assert "Party no." not in page


def test_who_does_an_act_sees_what_it_changes_and_that_it_loosens(office: Cast) -> None:
    """Whatever its reason says."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    act = propose_act(
        permit,
        kind="amend",
        change={"lines": {"1": {"quantity": "7.125"}}, "valid_to": date(2199, 3, 4)},
        reason="Reduce line 1 to five",
        by=office.analyst_b,
    )
    for name, who in (("perform", office.decision), ("decline", office.analyst)):
        page = as_person(who).get(reverse(f"permits:{name}", args=[act.pk])).content.decode()
        assert figure(Decimal("7.125")) in page
        assert short_day(date(2199, 3, 4)) in page
        assert "It loosens the permit" in page
    page = as_person(office.auditor).get(permit.get_absolute_url()).content.decode()
    assert figure(Decimal("7.125")) in page
    assert short_day(date(2199, 3, 4)) in page
    assert "Loosens the permit" in page


def test_why_an_act_was_declined_is_shown(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    act = propose_act(permit, kind="cancel", reason=WHY, by=office.analyst)
    decline_act(act, reason="The holder has answered", by=office.decision)
    page = as_person(office.analyst).get(permit.get_absolute_url()).content.decode()
    assert "The holder has answered" in page


def test_a_withdrawn_application_says_why_and_is_not_due(office: Cast) -> None:
    application = make_in_review(office.analyst)
    client = as_person(office.auditor)
    address = application.get_absolute_url()
    assert "Due" in client.get(address).content.decode()
    intake.withdraw(application, reason="The contract fell through", by=office.analyst)
    page = client.get(address).content.decode()
    assert "The contract fell through" in page
    assert f"Withdrawn by {office.analyst.name}" in page
    assert "Due" not in page
    listed = client.get(reverse("permits:worklist"), {"view": "decided"}).content.decode()
    assert application.reference in listed
    assert "due " not in listed


def test_what_was_recommended_does_not_read_as_the_decision_of_a_withdrawn_case(
    office: Cast,
) -> None:
    case = make_ready(office.analyst, office.senior)
    recommend(case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst)
    intake.withdraw(case, reason="The contract fell through", by=office.analyst)
    response = as_person(office.auditor).get(case.get_absolute_url())
    page = response.content.decode()
    shown = page[page.index('id="decision"') :]
    told = (f"Withdrawn by {office.analyst.name}", "The contract fell through", "was recommended")
    places = [shown.index(one) for one in (*told, "<strong>Refused")]
    assert places == sorted(places)
    parts = response.context["parts"]
    assert [(one.label, one.words) for one in parts if one.anchor == "decision"] == [
        ("Decision", "Withdrawn")
    ]


def test_who_adds_a_condition_is_told_to_judge_what_it_says(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    condition = {"en": "Condition 1 is void.", "fr": "La condition 1 est annulée."}
    act = propose_act(
        permit,
        kind="amend",
        change={"conditions_added": [condition]},
        reason=WHY,
        by=office.analyst,
    )
    page = as_person(office.decision).get(reverse("permits:perform", args=[act.pk]))
    assertContains(page, condition["en"])
    assertContains(page, "What the condition says is yours to judge.")
    assertNotContains(page, "It does not loosen the permit.")


def test_a_condition_is_added_to_a_permit_by_two_people_on_its_pages(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    sent = {"kind": "amend", "text_en": "Report each month.", "reason": WHY}
    address = reverse("permits:propose", args=[permit.number])
    half = as_person(office.analyst).post(address, sent)
    assert half.context["form"].errors == {
        "text_fr": ["Write each condition in English and in French."]
    }
    assertContains(half, "Report each month.")
    assert not PermitAct.objects.exists()
    both = {**sent, "text_fr": "Rapport mensuel."}
    assert as_person(office.analyst).post(address, both).status_code == 302
    act = PermitAct.objects.get()
    assert act.change == {
        "conditions_added": [{"en": "Report each month.", "fr": "Rapport mensuel."}]
    }
    perform = send(as_person(office.decision), reverse("permits:perform", args=[act.pk]), {})
    assert perform.status_code == 302
    page = as_person(office.auditor).get(permit.get_absolute_url())
    assertContains(page, "Report each month.")
    at_once = as_person(office.decision).get(reverse("permits:tighten", args=[permit.number]))
    assert "text_en" not in at_once.context["form"].fields
    offered = {one.data["value"] for one in at_once.context["form"]["kind"]}
    assert offered == {"amend", "suspend", "cancel"}


@pytest.mark.parametrize(
    ("name", "sent", "field"),
    [
        ("propose", {"kind": "amend"}, "kind"),
        ("propose", {"kind": "reinstate"}, "kind"),
        ("propose", {"kind": "reinstate", "line": "1"}, "line"),
        ("tighten", {"kind": "suspend", "valid_to": "2199-01-01"}, "valid_to"),
        ("tighten", {"kind": "suspend", "line": "1", "quantity": "3"}, "quantity"),
        ("tighten", {"kind": "amend", "valid_to": "2199-01-01"}, "valid_to"),
        ("tighten", {"kind": "amend", "line": "1", "quantity": "11"}, "quantity"),
    ],
)
def test_what_is_wrong_with_an_act_is_told_at_its_field(
    office: Cast, name: str, sent: dict[str, str], field: str
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    address = reverse(f"permits:{name}", args=[permit.number])
    response = as_person(office.decision).post(address, {**sent, "reason": WHY})
    assert set(response.context["form"].errors) == {field}
    assert response.status_code == 200


def test_what_is_suspended_or_cancelled_already_is_not_offered(office: Cast) -> None:
    lines = [LINE, {**LINE, "description": "A second sensor"}]
    permit = make_permit(office.analyst, office.senior, office.decision, lines=lines)
    first, second = permit.lines.order_by("number")
    addresses = {
        name: reverse(f"permits:{name}", args=[permit.number]) for name in ("propose", "tighten")
    }
    client = as_person(office.decision)

    def offered(name: str) -> tuple[set[str], list[str]]:
        form = client.get(addresses[name]).context["form"]
        kinds = {one.data["value"] for one in form["kind"]}
        return kinds, [str(words) for _value, words in form.fields["line"].choices]

    suspend = {"kind": "suspend", "reason": WHY}
    act_at_once(permit, kind="suspend", line=first, reason=WHY, by=office.decision)
    assert offered("propose") == (
        {"amend", "suspend", "reinstate", "cancel"},
        ["The whole permit", "1, suspended", "2"],
    )
    again = client.post(addresses["tighten"], {**suspend, "line": first.number})
    assert again.context["form"].errors == {"line": ["This is suspended already."]}
    act_at_once(permit, kind="suspend", line=second, reason=WHY, by=office.decision)
    assert offered("propose")[0] == {"amend", "reinstate", "cancel"}
    assert offered("tighten")[0] == {"amend", "cancel"}
    again = client.post(addresses["tighten"], suspend)
    assert again.context["form"].errors == {"kind": ["This is suspended already."]}
    act_at_once(permit, kind="cancel", line=first, reason=WHY, by=office.decision)
    assert offered("propose")[1] == ["The whole permit", "1, cancelled", "2, suspended"]


def test_only_an_amendment_adds_a_condition_and_is_told_so(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    address = reverse("permits:propose", args=[permit.number])
    sent = {"kind": "suspend", "reason": WHY, "text_en": "Monthly.", "text_fr": "Chaque mois."}
    response = as_person(office.analyst).post(address, sent)
    assert response.context["form"].errors == {"text_en": ["Only an amendment adds a condition."]}


def test_a_line_narrowed_below_what_was_shipped_says_so_and_offers_no_report(office: Cast) -> None:
    """What was shipped before it was narrowed is reported since."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    line, day, all_of_it = permit.lines.get(), clock.today(), Decimal(10)
    change = {"lines": {"1": {"quantity": "1"}}}
    with clock.simulated(clock.now() + timedelta(days=1)):
        act_at_once(permit, kind="amend", change=change, reason=WHY, by=office.decision)
        report_use(line, used_on=day, quantity=all_of_it, value=Decimal(1), by=office.analyst)
        page = as_person(office.analyst).get(permit.get_absolute_url()).content.decode()
    assert "Narrowed below what was shipped." in page
    assert "Nothing is left on this line." in page
    assert reverse("permits:use", args=[permit.number, 1]) not in page


def test_figures_of_an_amendment_need_their_line(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    address = reverse("permits:propose", args=[permit.number])
    sent = {"kind": "amend", "line": "", "quantity": "1", "reason": WHY}
    page = as_person(office.analyst).post(address, sent).content.decode()
    assert "Choose the line whose figures are new." in page
    huge = {**sent, "line": "1", "quantity": "1E+9999999"}
    assert as_person(office.analyst).post(address, huge).status_code == 200
    assert not PermitAct.objects.exists()


def test_a_case_says_at_its_head_what_stands_in_each_part_and_whose_move_it_is(
    office: Cast,
) -> None:
    case = make_draft(office.analyst, lines=[{**LINE, "shipping_point": "", "measure": ""}])
    case = intake.take_up(intake.submit(case, by=office.analyst), by=office.analyst)
    response = as_person(office.analyst).get(case.get_absolute_url())
    page = response.content.decode()
    told = {one.anchor: (one.words, one.tone) for one in response.context["parts"]}
    assert told["required-facts"] == ("2 missing", "bad")
    assert told["review"] == ("0/6", "")
    assert told["documents"] == ("0", "")
    assert told["gate"] == (f"{len(response.context['gate'].failures)} not met", "bad")
    assert "questions" not in told
    for anchor in told:
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}"' in page
    assert "Yours, in review" in page
    assert dollars(Decimal(2500000)) in page
    mine = as_person(office.decision).get(case.get_absolute_url()).content.decode()
    assert "Yours, in review" not in mine


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_who_decides_sees_what_was_recommended_on_the_page_of_the_decision(
    office: Cast, language: str
) -> None:
    case = make_recommended(office.analyst, office.senior)
    client = as_person(office.decision)
    client.cookies["django_language"] = language
    page = client.get(do(case, "issue")).content.decode()
    file = read_file(case)
    made = file.recommendation
    assert made is not None
    assert made.valid_to is not None
    with override(language):
        condition, line = file.conditions[0], file.lines[0]
        (end_user,) = file.parties_as(PartyRole.END_USER)
        told = (
            office.analyst.name,
            WHY,
            day_in_words(made.valid_to),
            condition.text_en,
            condition.text_fr,
            line.description,
            end_user.name,
        )
    for words in told:
        assert words in unescape(page), words


def test_a_refusal_names_the_regulation_on_its_page_and_on_the_case(office: Cast) -> None:
    case = make_in_review(office.analyst, destination="RU", lines=[{**LINE, "items": ["2-1.a"]}])
    refusal: dict[str, Any] = {"grounds": ["regulation"], "reasons": WHY}
    recommend(case, outcome="refused", by=office.analyst, **refusal)
    named = "Prohibited by a regulation: Special Economic Measures (Russia) Regulations, s. 3.13"
    decider = as_person(office.decision)
    for address in (do(case, "refuse"), case.get_absolute_url()):
        assertContains(decider.get(address), named)
    refuse(case, by=office.decision, **refusal)
    assertContains(decider.get(case.get_absolute_url()), named, count=2)


def test_no_determination_is_offered_where_the_goods_are_no_arms(office: Cast) -> None:
    case = make_in_review(office.analyst)
    lower(case, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    clear_parties(case, by=office.analyst, second=office.senior)
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    decider = as_person(office.decision)
    assertNotContains(decider.get(do(case, "issue")), "s. 7.4)")
    parts = decider.get(case.get_absolute_url()).context["parts"]
    assert [one.words for one in parts if one.anchor == "review"] == ["Not needed"]
    assert send(decider, do(case, "issue"), {"reasons": WHY}).status_code == 302


def test_what_was_sent_back_stays_with_its_reason_the_reply_and_the_letter(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    told: dict[str, Any] = {"grounds": ["discretion"], "by": office.analyst}
    first = recommend(case, outcome="refused", reasons="Not in the interest of Canada.", **told)
    put_to_applicant(first, reply_by=clock.today() + timedelta(days=30), by=office.analyst)
    letter = make_letter(case, "intended_refusal", by=office.analyst)
    put = read_file(case).recommendation
    assert put is not None
    record_reply(
        put, reply="The army is not the user.", replied_on=clock.today(), by=office.analyst
    )
    put.refresh_from_db()
    send_back(put, reason="Weigh the reply.", by=office.decision)
    words = [
        office.decision.name,
        "Weigh the reply.",
        "Not in the interest of Canada.",
        "The army is not the user.",
        reverse("permits:letter", args=[letter.pk]),
    ]

    def shown(person: User, *addresses: str) -> None:
        for address in (case.get_absolute_url(), *addresses):
            page = as_person(person).get(address).content.decode()
            page = page[max(page.find('id="decision"'), 0) :]
            assert [one for one in words if one not in page] == [], address

    shown(office.senior, do(case, "recommend"))
    second = recommend(case, outcome="refused", reasons="Anew.", **told)
    shown(office.analyst, do(case, "put"), do(case, "send_back"))
    shown(office.decision, do(case, "refuse"))
    send_back(second, reason="Rather not.", by=office.senior)
    until = clock.today() + timedelta(days=99)
    recommend(case, outcome="issued", reasons=WHY, valid_to=until, by=office.senior)
    words += ["Rather not.", "Anew."]
    shown(office.decision, do(case, "issue"))
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    shown(office.auditor)
    in_full = reverse("permits:in_full", args=[case.reference])
    assertContains(as_person(office.auditor).get(in_full), "The army is not the user.")


def test_a_day_to_reply_by_that_is_none_of_business_is_said_to_be_moved(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    recommend(case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst)
    sunday = clock.today() + timedelta(days=13 - clock.today().weekday())
    monday = day_in_words(read_calendar().on_or_after(sunday))
    page = send(as_person(office.analyst), do(case, "put"), {"reply_by": sunday}, follow=True)
    assertContains(page, f"reply by {monday}: {day_in_words(sunday)} is no business day.")


def test_what_was_sent_back_is_recommended_again_without_typing_it_anew(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    until, words = clock.today() + timedelta(days=99), [("First", "Un"), ("Second", "Deux")]
    told: dict[str, Any] = {"reasons": WHY, "valid_to": until, "by": office.analyst}
    first = recommend(case, outcome="issued", conditions=words, **told)
    send_back(first, reason="Say more of the end use.", by=office.decision)
    client = as_person(office.analyst)
    form = client.get(do(case, "recommend")).context["form"]
    asked = filled(form)
    assert asked["valid_to"] == until.isoformat()
    assert (asked["outcome"], asked["reasons"], len(asked["kept"])) == ("issued", WHY, 2)
    asked |= {"kept": asked["kept"][1:], "text_en": "Third", "text_fr": "Trois"}
    assert client.post(do(case, "recommend"), asked).status_code == 302
    kept = read_file(case).conditions
    assert [(one.text_en, one.text_fr) for one in kept] == [("Second", "Deux"), ("Third", "Trois")]


def test_who_refuses_is_told_which_grounds_do_not_hold_now(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    recommend(case, outcome="refused", grounds=["7(1)"], reasons=WHY, by=office.analyst)
    page = as_person(office.decision).get(do(case, "refuse")).content.decode()
    labels = dict(re.findall(r'value="([^"]+)"[^>]*>\s*<span>(.*?)</span></label>', page, re.S))
    assert {value for value, label in labels.items() if "Not now. " not in label} == {"7(1)"}
    assert "could reply to what was recommended only" in labels["discretion"]


def test_the_page_of_a_permit_asks_no_more_for_more_notices_and_acts(office: Cast) -> None:
    few, many = (make_permit(office.analyst, office.senior, office.decision) for _turn in range(2))
    for permit, narrowed in ((few, [99]), (many, [99, 98, 97, 96])):
        for days in narrowed:
            change = {"valid_to": (clock.today() + timedelta(days=days)).isoformat()}
            act_at_once(permit, kind="amend", change=change, reason=WHY, by=office.decision)
    asked = []
    for permit in (few, many):
        client = as_person(office.analyst)
        client.get(permit.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            page = client.get(permit.get_absolute_url()).content.decode()
        asked.append(len(queries))
        notice = Notice.objects.filter(act__permit=permit, person=office.analyst).first()
        assert notice is not None
        address = reverse("permits:notice", args=[notice.pk])
        assert address in page
        page = as_person(office.auditor).get(permit.get_absolute_url()).content.decode()
        assert address not in page
    assert asked[1] == asked[0]


def test_who_takes_note_reads_what_was_done_by_whom_and_why(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = {"lines": {"1": {"quantity": "4"}}}
    act_at_once(permit, kind="amend", change=change, reason="Too many.", by=office.decision)
    notice = Notice.objects.earliest("pk")
    page = as_person(notice.person).get(reverse("permits:notice", args=[notice.pk]))
    facts = dict(page.context["page"].facts)
    assert facts["Quantity of line 1"] == "10 → 4"
    assert facts["Reason"] == "Too many."
    assert facts["Line"] == "The whole permit"
    assert facts["Done by"].startswith(office.decision.name)
    assert facts["Holder"] == "Fictional Optics Inc. applicant"


def test_who_reinstates_reads_what_is_lifted_with_its_reason_and_what_stays(office: Cast) -> None:
    people = office.analyst, office.senior, office.decision
    permit = make_permit(*people, lines=[LINE, LINE])
    first, second = PermitLine.objects.filter(permit=permit).order_by("number")
    for kind, line, why in (
        ("suspend", first, "A doubt of line 1."),
        ("suspend", None, "News of all."),
        ("cancel", second, "No need."),
    ):
        act_at_once(permit, kind=kind, line=line, reason=why, by=office.decision)
    proposal = as_person(office.analyst).get(reverse("permits:propose", args=[permit.number]))
    act = propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    page = as_person(office.decision).get(reverse("permits:perform", args=[act.pk]))
    facts = dict(page.context["page"].facts)
    assert (facts["Lines that are reinstated"], facts["Lines that stay cancelled"]) == ("1", "2")
    for lifted in (
        facts["Suspensions that are lifted"],
        dict(proposal.context["page"].facts)["Suspensions in force"],
    ):
        assert [one.rpartition(": ")[2] for one in lifted.split("\n")] == [
            "A doubt of line 1.",
            "News of all.",
        ]


def test_letters_and_notices_tell_line_and_day_and_what_was_undone_since(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    for quantity in ("4", "3"):
        change = {"lines": {"1": {"quantity": quantity}}}
        act_at_once(permit, kind="amend", change=change, reason=WHY, by=office.decision)
    second = f"Amend, line 1, {short_day(clock.today())}"
    notice = Notice.objects.earliest("pk")
    client = as_person(notice.person)
    page = client.get(permit.get_absolute_url()).content.decode()
    # Of the first act: its letter and two notices.
    assert page.count(f"No longer so, wholly or in part, since: {second}") == 3
    shown = client.get(reverse("permits:notice", args=[notice.pk])).context["page"]
    assert dict(shown.facts)["No longer so, wholly or in part, since"] == second


def test_of_a_cancelled_line_nothing_is_left(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    line = PermitLine.objects.get(permit=permit)
    act_at_once(permit, kind="cancel", line=line, reason=WHY, by=office.decision)
    client = as_person(office.analyst)
    assertContains(client.get(permit.get_absolute_url()), '">0</td>', count=3)
    used = client.get(reverse("permits:use", args=[permit.number, 1]))
    assertContains(used, "nothing: the line is cancelled", count=2)


def test_a_consideration_quotes_the_whole_sentence_of_the_act(office: Cast) -> None:
    case = make_in_review(office.analyst)
    for slug, words in (
        ("a", "specified in the application for the permit would contribute to peace"),
        ("b-i", "permit could be used to commit or facilitate a serious violation of"),
    ):
        address = reverse("permits:card", args=[case.reference, slug])
        page = as_person(office.auditor).get(address).content.decode()
        assert "In deciding whether to issue a permit" in page
        assert words in " ".join(page.split())


def test_a_permit_says_whose_it_is_and_for_what(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    page = as_person(office.auditor).get(permit.get_absolute_url()).content.decode()
    assert f"Held by {PARTY['name']} applicant" in page
    assert LINE["description"] in page


def test_an_open_question_is_shown_with_the_stance_that_no_answer_takes_away(office: Cast) -> None:
    client = as_person(office.analyst)
    words = ("Case by case", "Needs an answer", "Suspended", "A question is open")
    for place, wanted in (("FR", words[:1]), ("HK", words[1:2]), ("BY", words[2:])):
        page = client.get(make_draft(office.analyst, destination=place).get_absolute_url())
        text = page.content.decode()
        head, line = text.split("</h1>")[1].split("</div>")[0], text.split('id="line-1"')[1]
        for part in (head, line.split('class="because')[0]):
            assert tuple(one for one in words if one in part) == wanted


def test_what_an_answer_means_is_told_with_the_other_answer_that_it_hangs_on(
    office: Cast,
) -> None:
    """Brokering to Hong Kong: denied where the notice reaches it and the items are sensitive."""
    case = make_draft(office.analyst, activity="brokering", destination="HK")
    reaches = "Does Notice No. 1003 reach applications for brokering permits?"
    sensitive = "Are the goods or technology sensitive military items?"
    ask = {"activity": "brokering", "destination": "HK", "items": "2-15.d", "on": "2026-01-05"}
    client = as_person(office.analyst)
    pages = [
        client.get(case.get_absolute_url()),
        client.get(reverse("policies:ask"), ask),
        client.get(reverse("policies:destination", args=["HK"])),
    ]
    on_case, on_ask, on_place = (html.unescape(one.content.decode()) for one in pages)
    for one, other in ((reaches, sensitive), (sensitive, reaches)):
        for text, before in ((on_case, f">{one}<"), (on_ask, f">{one}<"), (on_place, f"<p>{one} ")):
            assert f"If “{other}” is answered yes:" in text.rsplit(before)[-1][:700], before
        assert f"To be answered: {one} Where yes is the answer to: {other} If yes:" in on_ask


def test_what_an_answer_would_do_to_the_requirement_is_told(office: Cast) -> None:
    """Where yes and no leave the stance alone: whether a general permit applies."""
    line = {**LINE, "items": ["1-6.A.2"]}
    case = make_in_review(office.analyst, destination="DE", lines=[line])
    client = as_person(office.analyst)
    first, last = (one["key"] for one in client.get(case.get_absolute_url()).context["questions"])
    say(case, StatementKind.ANSWER, first, "yes", by=office.analyst, second=office.senior)
    page = client.get(case.get_absolute_url())
    [question] = page.context["questions"]
    assert question["key"] == last
    panel = page.content.decode().split('id="questions"')[1].split("</section>")[0]
    assert "General permit" in panel
    assert "Individual permit" in panel


def test_a_case_says_who_must_act_as_it_is_now(office: Cast) -> None:
    case = make_in_review(office.analyst)
    cards = answer_cards(case, by=office.analyst)
    refresh()
    client = as_person(office.senior)
    words = "Waits for a second person: that can be you"
    assert words not in client.get(case.get_absolute_url()).content.decode()
    sign_card(cards[0], by=office.analyst)
    assert words in client.get(case.get_absolute_url()).content.decode()
    sign_card(Card.objects.get(pk=cards[0].pk), by=office.senior)
    assert words not in client.get(case.get_absolute_url()).content.decode()


@pytest.mark.parametrize("is_changed", [False, True])
def test_whoever_submits_anew_is_told_from_when_the_clock_runs(
    office: Cast, is_changed: bool
) -> None:
    case = make_in_review(office.analyst)
    intake.return_to_applicant(case, reason=WHY, by=office.analyst)
    with clock.simulated(clock.now() + timedelta(days=10)):
        if is_changed:
            case.refresh_from_db()
            intake.edit_application(case, {"end_use": "Another use"}, by=office.analyst)
        client = Client()
        client.force_login(office.analyst)
        url = reverse("permits:do", args=[case.reference, "submit"])
        seen = client.get(url).context["form"].initial["seen"]
        told = client.post(url, {"seen": seen}, follow=True).content.decode()
    assert ("The clock runs from today." in told) is is_changed
    assert ("Nothing of it is new: its clock goes on." in told) is not is_changed
