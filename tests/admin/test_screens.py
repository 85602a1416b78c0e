"""The administration: what its screens save goes through the domain, and the rest is only read."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from config.access import ACCESS
from config.admin import site
from history import clock
from history.actors import SYSTEM
from history.domain.door import door
from history.models import Event
from permits.domain import intake
from permits.domain.acts import act_at_once, decline_act, propose_act
from permits.domain.casefile import read_file
from permits.domain.use import report_use
from permits.models import Application, Line
from permits.verbs import Verb
from tests.people import Cast
from tests.permits.factories import make_draft, make_in_review, make_permit, make_recommended
from tests.policies.marks import MARKS


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def address(row: Any) -> str:
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])


def typed(client: Client, application: Application) -> dict[str, Any]:
    """What a browser would send of the page, unchanged."""
    context = client.get(address(application)).context
    found = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        formset = inline.formset
        forms += [formset.management_form, *formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is True:
                value = "on"
            if value is not None and value is not False:
                found[bound.html_name] = value
    return found


def verbs_of(application: Application, person: User) -> list[str]:
    events = Event.objects.filter(stream=application.stream, actor=f"person:{person.pk}")
    return list(events.order_by("sequence").values_list("verb", flat=True))


@pytest.fixture
def case(office: Cast) -> Application:
    return make_in_review(office.analyst)


def test_an_edit_is_the_domain_s_and_tells_who(office: Cast, case: Application) -> None:
    client = as_person(office.analyst_b)
    data = typed(client, case) | {"end_use": "Search and rescue"}
    response = client.post(address(case), data)
    assert response.status_code == 302, response.context["errors"]
    case.refresh_from_db()
    assert case.end_use == "Search and rescue"
    assert verbs_of(case, office.analyst_b) == [Verb.EDITED]
    # Django's own log is not kept: the history is.
    assert not LogEntry.objects.exists()


def test_what_is_sent_unchanged_leaves_no_event(office: Cast, case: Application) -> None:
    client = as_person(office.analyst_b)
    before = Event.objects.count()
    assert client.post(address(case), typed(client, case)).status_code == 302
    assert Event.objects.count() == before


def test_lines_and_parties_are_edited_added_and_taken_off(office: Cast, case: Application) -> None:
    client = as_person(office.analyst_b)
    data = typed(client, case)
    [line] = read_file(case).lines
    data |= {
        "line_set-0-description": "Other optics",
        "line_set-TOTAL_FORMS": "2",
        "line_set-1-items": "2-5.b",
        "line_set-1-description": "A radar",
        "line_set-1-quantity": "1",
        "line_set-1-unit": "each",
        "party_set-1-DELETE": "on",
    }
    response = client.post(address(case), data)
    assert response.status_code == 302, response.context["errors"]
    file = read_file(case)
    assert [one.description for one in file.lines] == ["Other optics", "A radar"]
    assert len(file.parties) == 2
    assert sorted(verbs_of(case, office.analyst_b)) == sorted(
        [Verb.LINE_EDITED, Verb.LINE_ADDED, Verb.PARTY_REMOVED]
    )
    assert line.pk == file.lines[0].pk


def test_one_fault_undoes_the_page_and_keeps_what_was_typed(
    office: Cast, case: Application
) -> None:
    client = as_person(office.analyst_b)
    before = Event.objects.count()
    data = typed(client, case) | {
        "end_use": "Kept although a line is wrong",
        "line_set-0-items": "no-such-item",
    }
    response = client.post(address(case), data)
    assert response.status_code == 200
    page = response.content.decode()
    assert "Kept although a line is wrong" in page
    assert "no-such-item" in page
    assert "is no item of a control list" in page
    assert Event.objects.count() == before


def test_who_comes_second_is_told_what_is_there_now(office: Cast, case: Application) -> None:
    client = as_person(office.analyst_b)
    data = typed(client, case) | {"end_use": "Typed meanwhile"}
    intake.edit_application(case, {"end_use": "Saved first"}, by=office.senior)
    response = client.post(address(case), data)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Typed meanwhile" in page
    assert "Saved first" in page
    case.refresh_from_db()
    assert case.end_use == "Saved first"
    # Who has read it may save on what is there now.
    again = client.post(address(case), data | {"seen": case.version})
    assert again.status_code == 302
    case.refresh_from_db()
    assert case.end_use == "Typed meanwhile"


@pytest.mark.parametrize(
    ("seen", "typed_at"),
    [("seen", "end_use"), ("line_set-0-seen", "line_set-0-description")],
)
def test_nothing_is_saved_where_what_was_looked_at_is_left_out(
    office: Cast, case: Application, seen: str, typed_at: str
) -> None:
    client = as_person(office.analyst_b)
    data = typed(client, case) | {typed_at: "Typed over what nobody looked at", seen: ""}
    before = Event.objects.count()
    response = client.post(address(case), data)
    assert response.status_code == 200
    assert "What was looked at is not told." in response.content.decode()
    assert Event.objects.count() == before


@pytest.mark.parametrize("person", ["admin", "decision", "auditor"])
def test_who_may_not_edit_a_case_may_not_here(office: Cast, case: Application, person: str) -> None:
    data = typed(as_person(office.analyst), case) | {"end_use": "Not theirs"}
    response = as_person(getattr(office, person)).post(address(case), data)
    assert response.status_code == 403
    case.refresh_from_db()
    assert case.end_use != "Not theirs"


def test_a_case_that_is_recommended_is_read_and_not_edited(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    client = as_person(office.analyst)
    assert "end_use" not in client.get(address(case)).context["adminform"].form.fields
    draft = make_draft(office.analyst)
    data = typed(client, draft) | {"end_use": "Too late", "seen": case.version}
    assert client.post(address(case), data).status_code in (200, 409)
    case.refresh_from_db()
    assert case.end_use != "Too late"


def test_nothing_is_deleted_and_no_bulk_action_is_offered(office: Cast, case: Application) -> None:
    client = as_person(office.analyst)
    url = reverse("admin:permits_application_changelist")
    assert "action" not in client.get(url).context
    response = client.post(
        url, {"action": "delete_selected", "_selected_action": [case.pk], "post": "yes"}
    )
    assert response.status_code in (403, 405)
    assert client.post(f"{address(case)}../delete/", {"post": "yes"}).status_code == 404
    assert Application.objects.filter(pk=case.pk).exists()


def test_decisions_permits_policies_people_and_entries_are_only_read(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    client, before = as_person(office.admin), Event.objects.count()
    rows = [
        permit,
        permit.decision,
        office.analyst,
        Event.objects.latest("number"),
        *(
            model._default_manager.order_by("pk").first()
            for model in site._registry
            if model._meta.app_label == "policies"
        ),
    ]
    assert len(rows) == len(site._registry) - 1  # all but applications
    for row in rows:
        assert client.get(address(row)).status_code == 200, row
        assert client.post(address(row), {"name": "x"}).status_code == 405, row
    assert Event.objects.count() == before


def test_a_decision_tells_on_which_file_it_was_recommended(office: Cast) -> None:
    decision = make_permit(office.analyst, office.senior, office.decision).decision
    page = as_person(office.analyst).get(address(decision)).content.decode()
    assert decision.recommendation.basis in page
    assert decision.frozen_digest in page


def test_a_permit_is_told_as_it_is_today_and_what_was_issued_as_issued(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    act_at_once(
        permit,
        kind="amend",
        change={"lines": {"1": {"quantity": "4"}}},
        reason="For a test",
        by=office.decision,
    )
    page = as_person(office.analyst).get(address(permit)).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Lines, as issued" in text
    assert "Last day, as issued" in text
    assert re.search(r"Line 1: 4 each, CAD 2\S*\s?500\S*\s?000", text)
    assert "{" not in text.split("Acts")[-1]
    line = permit.lines.get()
    report_use(
        line, used_on=clock.today(), quantity=Decimal(3), value=Decimal("7.50"), by=office.analyst
    )
    act_at_once(permit, kind="suspend", line=line, reason="For a test", by=office.decision)
    page = as_person(office.analyst).get(address(permit)).content.decode()
    used = r"\(shipped: 3 each, CAD\s7.50\)"
    assert re.search(rf"Line 1: 4 each, CAD [^(]* {used} \(Suspended\)", page)


def test_an_act_that_was_declined_says_so_and_figures_are_told_as_on_the_permit(
    office: Cast,
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    act = propose_act(permit, kind="suspend", reason="For a test", by=office.analyst)
    decline_act(act, reason="There is nothing to suspend it for", by=office.decision)
    page = as_person(office.analyst).get(address(permit)).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert re.search(r"Decision-maker D\., [^:]*\S+: There is nothing to suspend it for", text)
    assert re.search(r"\b10 each CAD 2\S*\s?500\S*\s?000", text.split("Lines, as issued")[1])


def test_every_screen_has_its_row_in_the_table_of_rights() -> None:
    screens = {f"admin:{m._meta.app_label}_{m._meta.model_name}_change" for m in site._registry}
    assert screens <= set(ACCESS)


def test_the_way_to_the_history_leads_to_the_row_s_entries(office: Cast, case: Application) -> None:
    url = reverse("admin:permits_application_history", args=[case.pk])
    response = as_person(office.analyst).get(url)
    assert response["Location"].endswith(f"?subject=application%3A{case.reference}")


def test_a_list_asks_as_often_for_many_rows_as_for_one(office: Cast) -> None:
    client = as_person(office.admin)

    def asked() -> dict[str, int]:
        found = {}
        for model in site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            with CaptureQueriesContext(connection) as caught:
                assert client.get(reverse(name)).status_code == 200
            found[name] = len(caught)
        return found

    make_permit(office.analyst, office.senior, office.decision)
    asked()  # the first fills what is kept
    few = asked()
    for _turn in range(3):
        make_permit(office.analyst, office.senior, office.decision)
    assert asked() == few


def test_a_page_of_an_application_asks_as_often_for_many_lines(
    office: Cast, case: Application
) -> None:
    def asked() -> int:
        client = as_person(office.analyst)
        with CaptureQueriesContext(connection) as caught:
            client.get(address(case))
        return len(caught)

    asked()  # the first fills what is kept
    few = asked()
    for _turn in range(4):
        line = Line.objects.filter(application=case).earliest("pk")
        values = {"items": line.items, "description": "More", "quantity": 1, "unit": "each"}
        intake.add_line(case, values, by=office.analyst)
    assert asked() == few


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Belgium", "Germany", "Türkiye", "United Arab Emirates"]),
        ("fr", ["Allemagne", "Belgique", "Émirats arabes unis", "Türkiye"]),
    ],
)
def test_destinations_to_filter_by_are_in_the_order_of_their_names(
    office: Cast, language: str, names: list[str]
) -> None:
    for code in ("TR", "AE", "BE", "DE"):
        make_draft(office.analyst, destination=code)
    address = reverse("admin:permits_application_changelist")
    page = as_person(office.analyst).get(address, headers={"accept-language": language})
    [found] = [
        one
        for one in page.context["cl"].filter_specs
        if hasattr(one, "lookup_choices") and getattr(one, "field_path", "") == "destination"
    ]
    assert [name for _key, name in found.lookup_choices] == names


@pytest.mark.parametrize("model", ["policy", "destination"])
def test_a_search_knows_no_accents(office: Cast, model: str) -> None:
    client, address = as_person(office.analyst), reverse(f"admin:policies_{model}_changelist")

    def found(words: str) -> list[str]:
        return [str(one) for one in client.get(address, {"q": words}).context["cl"].result_list]

    assert found("turkiye") == found("Türkiye") != []
    assert found("zzz") == []


@pytest.mark.parametrize("signs", ["\u034f", MARKS])
def test_a_search_for_marks_is_quick_in_a_text_of_marks(office: Cast, signs: str) -> None:
    """U+034F is a mark, and is not said to combine: a pattern of it once fitted in 2 ** n ways."""
    [line] = read_file(make_draft(office.analyst)).lines
    # As a row of before may have it: U+034F is not taken any more.
    with door(by=SYSTEM) as entries:
        entry = entries.record("test.edited", stream=line.stream, subject="test:1")
        entry.set(line, description=f"Sensors {signs * 4_000}")
    began = time.process_time()
    for name in ("admin:permits_application_changelist", "permits:worklist"):
        answer = as_person(office.analyst).get(reverse(name), {"q": signs * 8 + "zz"})
        assert answer.status_code == 200
    assert time.process_time() - began < 4


def test_items_are_offered_while_one_types_a_line(office: Cast, case: Application) -> None:
    page = as_person(office.analyst).get(address(case)).content.decode()
    assert re.search(r'<input[^>]*name="line_set-0-items"[^>]*data-suggest="/lists/', page)
    assert "js/suggest" in page


def test_words_for_items_are_answered_with_the_items_that_have_them(
    office: Cast, case: Application
) -> None:
    client = as_person(office.analyst_b)
    for words, told in (
        ("battle tanks", "Items with these words: 9-1, Battle tanks"),
        ("equipment", "The first 8 of "),
        ("bananas", "bananas is no item of a control list"),
    ):
        response = client.post(address(case), typed(client, case) | {"line_set-0-items": words})
        [line] = response.context["inline_admin_formsets"][0].formset.forms
        assert told in str(line.errors["items"]), words


@pytest.mark.parametrize("words", ["academia aerea", "ACADÉMIA", "coeur", "aerea sensor"])
def test_an_application_is_found_by_a_party_whatever_accents_are_typed(
    office: Cast, case: Application, words: str
) -> None:
    consignee = next(one for one in read_file(case).parties if one.role == "consignee")
    intake.edit_party(consignee, {"name": "Academia Aérea, Cœur"}, by=office.analyst)
    make_in_review(office.analyst)
    page = as_person(office.analyst).get(
        reverse("admin:permits_application_changelist"), {"q": words}
    )
    assert [one.pk for one in page.context["cl"].result_list] == [case.pk]


def test_the_menu_has_the_plural_of_items_in_french(office: Cast) -> None:
    page = as_person(office.analyst).get(reverse("admin:index"), headers={"accept-language": "fr"})
    assert "Articles des listes de contrôle" in page.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        "assigned_to__password__contains=p",
        "assigned_to__username=analyst",
        "assigned_to__id__gte=1",
        "assigned_to__delegations__id__exact=1",
        "destination__exact=99999999999999999999999999",
        "activity__range=x",
        "submitted_on__year=0",
        "status__regex=.",
    ],
)
def test_a_filter_asks_for_what_its_links_ask_and_nothing_further(
    office: Cast, case: Application, asked: str
) -> None:
    """A column’s value, or one of what it points to, could be guessed sign by sign."""
    client = as_person(office.analyst)
    address = reverse("admin:permits_application_changelist")
    assert client.get(f"{address}?{asked}").status_code == 400
    for link in (
        f"status__exact={case.status}",
        f"assigned_to__id__exact={office.analyst.pk}",
        "assigned_to__isnull=True",
        "submitted_on__gte=2020-01-01&submitted_on__lt=2099-01-01",
        f"destination__id__exact={case.destination_id}",
    ):
        assert client.get(f"{address}?{link}").status_code == 200, link


def test_the_links_of_every_filter_lead_somewhere(office: Cast) -> None:
    """One of those that differ in nothing but the value that they ask for."""
    make_permit(office.analyst, office.senior, office.decision)
    client, asked = as_person(office.admin), set()
    for model in site._registry:
        opts = model._meta
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        changes = client.get(address).context["cl"]
        for spec in changes.filter_specs:
            for choice in spec.choices(changes):
                link = f"{address}{choice['query_string']}"
                alike = re.sub("=[^&]*", "", link)
                if alike not in asked:
                    assert client.get(link).status_code == 200, link
                    asked.add(alike)
    assert len(asked) > 30


def test_a_search_of_many_words_is_quick_and_a_longer_one_is_told_so(
    office: Cast, case: Application
) -> None:
    address = reverse("admin:permits_application_changelist")
    client = as_person(office.analyst)
    signs = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = " ".join(dict.fromkeys(signs))
    began = time.process_time()
    assert client.get(address, {"q": f"{words} {words} {words[:50]}"}).status_code == 200
    assert time.process_time() - began < 1
    page = client.get(address, {"q": f"{words} " * 3})
    assert "at most 200 characters" in page.content.decode()
