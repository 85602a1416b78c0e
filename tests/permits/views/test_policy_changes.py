"""The pages of policy changes: what is typed is kept, what is wrong is said at its field."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from accounts.choices import Role
from accounts.days import short_day
from accounts.domain.roles import end_role
from accounts.models import RoleGrant
from history import clock
from permits.domain.acts import perform_act, propose_act
from permits.domain.intake import withdraw
from permits.domain.policy_changes import preview_change, propose_change
from permits.models import PreviewUnderWay
from policies.choices import ChangeKind, ChangeStatus
from policies.domain.drafting import start_change, withdraw_change
from policies.domain.policy_sets import start_set, written_set
from policies.domain.register import current_register
from policies.forms.policy_change import DraftForm
from policies.models import Policy, PolicyChange
from tests.people import Cast, make_person_with
from tests.permits.domain.test_policy_sets import with_version
from tests.permits.factories import LINE, WHY, make_in_review, make_permit, make_ready
from tests.policies.changes import INSTRUMENT, WHY_EN, WHY_FR, approved, draft, in_days


def typed(change: PolicyChange) -> dict[str, Any]:
    """The form of a draft as a browser sends it, untouched."""
    form = DraftForm(None, change=change, register=current_register())
    found: dict[str, Any] = {}
    for one in [form, *(part for formset in form.parts.values() for part in formset.forms)]:
        for field in one:
            value = field.value()
            if value not in (None, "", False, []):
                found[field.html_name] = "on" if value is True else value
    for formset in form.parts.values():
        for field in formset.management_form:
            found[field.html_name] = field.value()
    return found


def sent(client: Client, change: PolicyChange, **values: Any) -> Any:
    data = {**typed(change), **values}
    return client.post(f"/policy-changes/{change.number}/edit/", data)


def test_a_form_sent_as_it_was_changes_nothing_of_a_policy(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    for key in Policy.objects.filter(versions__known_to=None).values_list("key", flat=True):
        change = start_change(
            kind=ChangeKind.CORRECT, policy=Policy.objects.get(key=key), by=office.admin
        )
        answer = sent(client, change)
        assert answer.status_code == 302, (key, answer.context["form"].errors)
        before = change.content
        change.refresh_from_db()
        assert change.content == before, key


def test_all_that_a_draft_says_is_typed_where_it_is_seen(client: Client, office: Cast) -> None:
    change = start_change(
        kind=ChangeKind.CORRECT, policy=Policy.objects.get(key="EIPA-7-2"), by=office.admin
    )
    form = DraftForm(None, change=change, register=current_register())
    parts = [one for part in form.parts.values() for one in part.forms]
    hidden = [field.name for one in (form, *parts) for field in one.hidden_fields()]
    assert hidden == ["seen"]
    client.force_login(office.admin)
    sent(client, change, **{"questions-0-ask": ""})
    change.refresh_from_db()
    (question,) = change.content["policy"]["questions"]
    assert "ask" not in question


def test_a_draft_is_begun_from_a_policy_and_typed(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    answer = client.post("/policy-changes/new/", {"kind": "amend", "policy": "IL-2024-01-08"})
    change = PolicyChange.objects.get()
    assert answer["Location"] == f"/policy-changes/{change.number}/edit/"
    answer = sent(
        client,
        change,
        key="IL-2026-test",
        stance="suspended",
        destinations="Israel, TR",
        goods="items",
        items="2 9-1",
        starts_on=in_days(4),
        **{"exceptions-0-code": "aid", "exceptions-0-en": "Aid", "exceptions-0-fr": "Aide"},
    )
    assert answer.status_code == 302
    change.refresh_from_db()
    policy = change.content["policy"]
    assert policy["scope"]["destinations"] == ["IL", "TR"]
    assert policy["scope"]["goods"] == {"kind": "items", "items": ["2", "9-1"]}
    assert policy["effect"] == {"stance": "suspended"}
    assert policy["exceptions"][0]["en"] == "Aid"
    assert policy["replaces"] == "IL-2024-01-08"
    assert change.content["from"] == in_days(4)


def test_a_requirement_is_typed_as_a_stance_is(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    change = draft(office.admin)
    general = {"requirement": "general_permit", "covers": ["ECL-2-A", "ECL-2-B"]}
    for effect in (
        {"requirement": "individual_permit", "control": "ECL"},
        {"stance": "suspended", "requirement": "individual_permit", "control": "ACL"},
        general,
    ):
        empty = {"stance": "", "requirement": "", "control": "", "covers": []}
        assert sent(client, change, **{**empty, **effect}).status_code == 302
        change.refresh_from_db()
        assert change.content["policy"]["effect"] == effect
    assert "General permit" in client.get(change.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("destinations", "Atlantis", "Atlantis is no destination"),
        ("destinations", "Korea", "could be several"),
        ("items", "2-15.d nonsense!", "nonsense! has not the form"),
        ("starts_on", "2020-13-99", "Write a day of the calendar"),
        ("url", "no address", "Enter a valid URL"),
        ("sources-0-url", "javascript:alert(1)", "Enter a valid URL"),
        ("key", "TR no key", "Enter a valid value"),
        ("title_en", "x" * 301, "at most 300 characters"),
        ("questions-0-code", "Big Letters", "Enter a valid value"),
        ("title_en", "a\u202eb", "can’t be seen"),
        ("rationale_en", "a\u3164b", "can’t be seen"),
        ("sources-0-quote", "a\u00adb", "can’t be seen"),
        ("url", "https://a.example/\u2060b", "can’t be seen"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_stays(
    client: Client, office: Cast, field: str, value: str, says: str
) -> None:
    client.force_login(office.admin)
    change = draft(office.admin)
    answer = sent(client, change, **{field: value, "title_fr": "Ce qui a été tapé"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert says in page
    assert f"#id_{field}" in page
    assert escape(value) in page
    assert "Ce qui a été tapé" in page
    change.refresh_from_db()
    assert change.content["policy"]["title_fr"] != "Ce qui a été tapé"


def test_any_destination_is_not_said_beside_names(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    answer = sent(client, draft(office.admin), any_destination="on")
    assert "not both" in answer.content.decode()


def test_a_draft_of_somebody_else_is_shown_and_not_kept(client: Client, office: Cast) -> None:
    client.force_login(office.admin_b)
    change = draft(office.admin)
    answer = client.get(f"/policy-changes/{change.number}/edit/")
    assert "Only who drafted a change" in answer.content.decode()
    assert sent(client, change, title_en="Mine").status_code == 403
    change.refresh_from_db()
    assert change.content["policy"]["title_en"] != "Mine"


def test_a_draft_changed_meanwhile_is_not_overwritten(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    change = draft(office.admin)
    before = typed(change)
    sent(client, change, title_en="From the other window")
    answer = client.post(
        f"/policy-changes/{change.number}/edit/",
        {**before, "title_en": "Mine", "note": "Also mine"},
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine" in page
    assert "<dt>Title (English)</dt><dd>From the other window</dd>" in page
    assert page.count("<dt>") == 2
    change.refresh_from_db()
    assert change.content["policy"]["title_en"] == "From the other window"


@pytest.mark.parametrize(
    ("typed", "scope"),
    [
        (
            {"items": "Group 1\r\n9-1\r\n", "destinations": "Germany\r\nFrance\tIL"},
            (["1", "9-1"], ["DE", "FR", "IL"]),
        ),
        (
            {"items": "2\r\nbattle tanks", "items_found": ["9-1"], "not_items": "2-1"},
            (["2", "9-1"], ["TR"]),
        ),
    ],
)
def test_a_scope_is_typed_one_a_line_or_found_by_words(
    client: Client, office: Cast, typed: dict[str, Any], scope: tuple[list[str], list[str]]
) -> None:
    change = draft(office.admin)
    client.force_login(office.admin)
    assert sent(client, change, rationale_en="One\r\ntwo", **typed).status_code == 302
    change.refresh_from_db()
    found = change.content["policy"]["scope"]
    assert (found["goods"]["items"], found["destinations"]) == scope
    assert change.rationale_en == "One\ntwo"


@pytest.mark.parametrize(
    ("name", "typed", "said", "offered"),
    [
        ("items", "battle tanks", "is no number. Items with these words are below", "items_found"),
        ("not_items", "battle tanks", "Items with these words are below", "not_items_found"),
        ("items", "banana", "banana has not the form of an item.", ""),
        ("destinations", "congo", "give a code. CD (", ""),
    ],
)
def test_what_words_could_mean_is_asked(
    client: Client, office: Cast, name: str, typed: str, said: str, offered: str
) -> None:
    change = draft(office.admin)
    client.force_login(office.admin)
    form = sent(client, change, **{name: typed}).context["form"]
    assert said in form.errors[name][0]
    assert [one for one in form.fields if one.endswith("_found")] == ([offered] if offered else [])
    if offered:
        assert dict(form.fields[offered].choices)["9-1"].startswith("9-1, Battle tanks")


def test_the_page_tells_what_moves_and_why(client: Client, office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    case = make_in_review(office.analyst)
    change = preview_change(draft(office.admin), by=office.admin)
    client.force_login(office.analyst)
    page = client.get(change.get_absolute_url()).content.decode()
    assert case.reference in page
    assert permit.number in page
    assert "Approve the change" not in page
    rows = csv.reader(
        io.StringIO(
            client.get(f"{change.get_absolute_url()}?format=csv&list=moved").content.decode()[1:]
        )
    )
    assert [row[0] for row in rows] == ["Reference", case.reference]


def listed(client: Client, change: PolicyChange, asked: str) -> tuple[list[str], list[str]]:
    """The applications of a list, on all its pages and in its table."""
    url = f"{change.get_absolute_url()}?{asked}"
    first = client.get(url)
    pages = [first, *(client.get(f"{url}&page={number}") for number in range(2, 4))]
    shown = [row.reference for page in pages for row in page.context["rows"]]
    text = client.get(f"{url}&format=csv").content.decode("utf-8-sig")
    return list(dict.fromkeys(shown)), [row[0] for row in csv.reader(io.StringIO(text))][1:]


def test_each_count_opens_to_a_list_of_its_own(
    client: Client, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permits.views.previewed.PAGE", 1)
    moving, ready = make_in_review(office.analyst), make_ready(office.analyst, office.senior)
    staying = make_in_review(office.analyst, destination="FR")
    gone = make_in_review(office.analyst, destination="FR")
    change = preview_change(draft(office.admin), by=office.admin)
    withdraw(gone, by=office.analyst, reason=WHY)
    make_in_review(office.analyst, destination="FR")
    client.force_login(office.auditor)
    page = client.get(change.get_absolute_url()).content.decode()
    assert 'href="?list=person"' in page
    assert 'href="?list=unmoved"' in page
    signed = [ready.reference]
    for asked, found in {
        "list=moved": [moving.reference, ready.reference],
        "list=person": signed,
        "list=moved&why=signed": signed,
        "list=moved&why=recommended": [],
        "list=unmoved": [staying.reference],
    }.items():
        assert listed(client, change, asked) == (found, found), asked
    page = client.get(f"{change.get_absolute_url()}?list=unmoved").content.decode()
    assert "1 more did not move" in page


QUESTION = {"code": "asked", "en": "Is it used in conflict?", "fr": "Sert-il dans un conflit ?"}


def table(client: Client, change: PolicyChange, name: str) -> list[dict[str, str]]:
    url = f"{change.get_absolute_url()}?format=csv&list={name}"
    text = client.get(url).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_what_hangs_on_a_question_is_told_in_lists_tables_and_before_it_comes(
    client: Client, office: Cast
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    two = {**LINE, "items": ["6-1"], "description": "Radar"}
    case = make_in_review(office.analyst, lines=[LINE, two])
    change = draft(office.admin, of_policy={"questions": [QUESTION]}, starts=in_days(3))
    change = preview_change(change, by=office.admin)
    client.force_login(office.admin)
    day = in_days(0)
    page = client.get(f"{change.get_absolute_url()}?tried_from={day}&tried_to={day}")
    assert page.content.decode().count("if a question is answered so:") == 2
    assert "1 more if a question is answered so" in page.content.decode()
    assert "line 1:" in page.content.decode()
    key = "TR-9999-suspension:asked"
    says = {
        "Stance after": "Case by case",
        "Stance after, if a question is answered so": "Suspended",
        "Stance now, if a question is answered so": "Case by case",
        "Requirement after, if a question is answered so": "Individual permit",
        "Questions that open": key,
        "Questions that fall away": "",
        "Lines that move": "1: individual permit, case by case → individual permit, case by case"
        " (if a question is answered so: individual permit, suspended)",
    }
    (move,) = table(client, change, "moved")
    asks = "A question of the policy is to be answered"
    assert move["Why a person looks"] == f"{asks}; Only some of its lines move"
    (held,) = table(client, change, "permits")
    assert held["Why"] == f"Its outcome moves; {asks}"
    for row in (move, held):
        assert {name: row[name] for name in says} == says
    assert all(len(one) == len(move) for one in table(client, change, "unmoved"))
    approved(change, by=office.admin_b)
    client.force_login(office.analyst)
    for url in (permit.get_absolute_url(), case.get_absolute_url()):
        coming = client.get(url).content.decode().split('id="coming"')[1].split("</section>")[0]
        assert 'href="/policies/TR-9999-suspension/' in coming
        assert QUESTION["en"] in coming
        assert "Suspended" in coming[coming.index("If yes:") : coming.index("If no:")]


def test_what_follows_on_later_days_is_in_lists_and_tables(client: Client, office: Cast) -> None:
    make_permit(office.analyst, office.senior, office.decision)
    make_in_review(office.analyst)
    approved(draft(office.admin), by=office.admin_b)
    for_a_while: dict[str, Any] = {
        "of_policy": {"key": "TR-9998-denial", "effect": {"stance": "policy_of_denial"}},
        "starts": in_days(1),
        "ends": in_days(5),
    }
    key = "TR-9999-suspension"
    change = draft(office.admin, kind=ChangeKind.AMEND, policy=key, **for_a_while)
    change = preview_change(change, by=office.admin)
    client.force_login(office.auditor)
    days = [f"from {short_day(clock.today() + timedelta(days=one))}" for one in (1, 5)]
    page = client.get(change.get_absolute_url()).content.decode()
    assert [page.count(day) for day in days] == [3, 2]
    says = f"{in_days(5)}: 1: individual permit, suspended → individual permit, case by case"
    for name in ("moved", "permits"):
        (row,) = table(client, change, name)
        assert row["On later days"] == says


def test_a_decision_in_the_days_corrected_is_shown_with_the_day_on_which_it_was_made(
    client: Client, office: Cast
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    approved(draft(office.admin, starts=in_days(3)), by=office.admin_b)
    key, starts = "TR-9999-suspension", in_days(-30)
    change = draft(office.admin, kind=ChangeKind.CORRECT, policy=key, starts=starts)
    change = preview_change(change, by=office.admin)
    client.force_login(office.auditor)
    url = f"{change.get_absolute_url()}?list=decided"
    day = short_day(permit.issued_on)
    for address in (url, change.get_absolute_url()):
        assert client.get(address).content.decode().count(f"decided on {day}") == 1
    text = client.get(f"{url}&format=csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["Decided on"] == permit.issued_on.isoformat()
    assert "From" not in row


def test_an_act_on_a_permit_in_the_days_corrected_is_shown_with_its_day_and_permit(
    client: Client, office: Cast
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = {"valid_to": permit.valid_to + timedelta(days=9)}
    longer = propose_act(permit, kind="amend", reason=WHY, by=office.senior, change=change)
    done = perform_act(longer, by=office.decision)
    approved(draft(office.admin, starts=in_days(3)), by=office.admin_b)
    key, starts = "TR-9999-suspension", in_days(-30)
    correction = draft(office.admin, kind=ChangeKind.CORRECT, policy=key, starts=starts)
    correction = preview_change(correction, by=office.admin)
    client.force_login(office.auditor)
    url = f"{correction.get_absolute_url()}?list=acted"
    assert done.done_on is not None
    for address in (url, correction.get_absolute_url()):
        page = client.get(address).content.decode()
        assert page.count(f"acted on {short_day(done.done_on)}") == 1
        assert reverse("permits:permit", args=[permit.number]) in page
    (row,) = table(client, correction, "acted")
    assert (row["Reference"], row["Acted on"]) == (
        permit.application.reference,
        done.done_on.isoformat(),
    )


@pytest.mark.parametrize(
    "asked", ["list=x", "format=csv&list=x", "list=permits", "list=moved&why=x"]
)
def test_there_is_no_other_list(client: Client, office: Cast, asked: str) -> None:
    change = preview_change(draft(office.admin), by=office.admin)
    client.force_login(office.auditor)
    assert client.get(f"{change.get_absolute_url()}?{asked}").status_code == 404


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_a_preview_under_way_is_left_and_come_back_to(
    client: Client, office: Cast, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    client.cookies["django_language"] = language
    monkeypatch.setattr("permits.domain.impact.BATCH", 1)
    monkeypatch.setattr("permits.domain.previews.SECONDS", 0)
    for _ in range(2):
        make_in_review(office.analyst)
    change = draft(office.admin)
    url = change.get_absolute_url()
    far = "{} of 2 cases" if language == "en-ca" else "{} dossiers sur 2"

    def press(seen: int = change.version) -> Any:
        return client.post(f"{url}preview/", {"seen": seen}, follow=True)

    client.force_login(office.admin)
    assert far.format(1) in press().content.decode()
    # Anybody sees how far it is, and only its author goes on with it.
    client.force_login(office.admin_b)
    page = client.get(url).content.decode()
    assert far.format(1) in page
    assert f"{url}preview/" not in page
    assert press().status_code == 403
    client.force_login(office.admin)
    assert f"{url}preview/" in client.get(url).content.decode()
    press()
    page = press().content.decode()
    assert 'id="under-way"' not in page
    assert page.count("<b>2</b>") == 1
    change.refresh_from_db()
    assert change.preview["counts"]["moved"] == 2
    assert press().status_code == 409


@pytest.mark.parametrize(
    ("language", "far"),
    [("en-ca", "1\xa0234 of 5\xa0996 cases"), ("fr-ca", "1\xa0234 dossiers sur 5\xa0996")],
)
def test_the_list_tells_which_previews_are_under_way_and_how_far(
    client: Client, office: Cast, monkeypatch: pytest.MonkeyPatch, language: str, far: str
) -> None:
    client.cookies["django_language"] = language
    monkeypatch.setattr("permits.domain.impact.BATCH", 1)
    for _ in range(2):
        make_in_review(office.analyst)
    client.force_login(office.admin)
    queries = []
    for number, change in enumerate([draft(office.admin), draft(office.admin)], 1):
        preview_change(change, by=office.admin, seconds=0)
        PreviewUnderWay.objects.update(looked=1234, total=5996)
        with CaptureQueriesContext(connection) as asked:
            listed = client.get(reverse("permits:policy_changes")).content.decode()
        queries.append(len(asked))
        assert unescape(listed).count(far) == number
        assert far in unescape(client.get(change.get_absolute_url()).content.decode())
    assert queries[0] == queries[1]
    # What was kept of the draft as it was is none of the draft as it is.
    last = PreviewUnderWay.objects.latest("change")
    PreviewUnderWay.objects.filter(pk=last.pk).update(seen=last.seen + 1)
    listed = client.get(reverse("permits:policy_changes")).content.decode()
    assert unescape(listed).count(far) == 1


def test_the_acts_are_offered_to_those_who_may(client: Client, office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    url = change.get_absolute_url()
    for person, offered in ((office.admin, False), (office.admin_b, True), (office.senior, False)):
        client.force_login(person)
        assert (f"{url}approve/" in client.get(url).content.decode()) is offered
    client.force_login(office.admin)
    assert client.post(f"{url}approve/", {"seen": change.version}).status_code == 403
    client.force_login(office.admin_b)
    assert client.post(f"{url}return/", {"seen": change.version}).status_code == 200
    assert client.post(f"{url}approve/", {"seen": change.version}).status_code == 302
    change.refresh_from_db()
    assert change.status == ChangeStatus.APPROVED


def test_what_has_drifted_is_told_and_nothing_is_written(client: Client, office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    late = make_in_review(office.analyst)
    client.force_login(office.admin_b)
    answer = client.post(f"{change.get_absolute_url()}approve/", {"seen": change.version})
    assert answer.status_code == 409
    assert late.reference in answer.content.decode()
    assert not Policy.objects.filter(key="TR-9999-suspension").exists()


def test_the_queries_do_not_grow_with_what_moves(
    client: Client, office: Cast, django_assert_max_num_queries: Any
) -> None:
    client.force_login(office.admin)
    for _ in range(6):
        make_in_review(office.analyst)
    change = preview_change(draft(office.admin), by=office.admin)
    client.get(change.get_absolute_url())
    with django_assert_max_num_queries(24):
        client.get(change.get_absolute_url())
    for code in ("moved", "unmoved"):
        with django_assert_max_num_queries(14):
            client.get(f"{change.get_absolute_url()}?list={code}")


def test_every_change_is_in_the_list_however_many_are_newer(
    client: Client, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permits.views.policy_changes.CHANGES", 1)
    document = {**written_set(), "policies": [with_version()]}
    taken, _compared = start_set(json.dumps(document).encode(), by=office.admin)
    first, second = (
        withdraw_change(start_change(kind=ChangeKind.IMPOSE, by=office.admin), reason=WHY,
                        by=office.admin) for _turn in range(2)
    )  # fmt: skip
    named = draft(office.admin)
    client.force_login(office.auditor)
    for page, over in (("", second), ("?page=2", first)):
        answer = client.get(f"/policy-changes/{page}")
        shown = {name: answer.context[name] for name in ("pending", "over")}
        assert [(row.number, title) for row, title, _way in shown["pending"]] == [
            (named.number, "Türkiye: Group 2 suspended (for tests)"),
            (taken.number, "A set of 1 policy"),
        ]
        assert [row.number for row, _title, _way in shown["over"]] == [over.number]
        for row, _title, _way in (*shown["pending"], *shown["over"]):
            assert "content" in row.get_deferred_fields()
        assert "of 2</span>" in answer.content.decode()


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_the_list_leads_to_each(client: Client, office: Cast, language: str) -> None:
    client.cookies["django_language"] = language
    change = approved(draft(office.admin), by=office.admin_b)
    client.force_login(office.auditor)
    page = client.get("/policy-changes/").content.decode()
    assert change.get_absolute_url() in page
    assert change.content["policy"]["title_fr" if language == "fr-ca" else "title_en"] in page


def test_a_set_is_taken_in_by_its_file(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    document = json.loads(client.get("/api/policies.json").content)
    row = next(one for one in document["policies"] if one["key"] == "IL-2024-01-08")
    row["versions"][-1]["to"] = in_days(9)
    sent_file = SimpleUploadedFile("set.json", json.dumps(document).encode())
    answer = client.post("/policy-changes/set/", {"file": sent_file}, follow=True)
    page = answer.content.decode()
    assert "0 to be added, 1 to be superseded, 85 unchanged" in page
    assert "IL-2024-01-08" in page
    change = PolicyChange.objects.get()
    edited = sent(client, change, rationale_en="For a test", rationale_fr="Pour un essai")
    assert edited.status_code == 302
    change.refresh_from_db()
    assert change.rationale_fr == "Pour un essai"
    assert change.content["changes"][0]["key"] == "IL-2024-01-08"


def test_a_file_that_is_no_set_is_refused_with_row_and_field(client: Client, office: Cast) -> None:
    client.force_login(office.admin)
    document = json.loads(client.get("/api/policies.json").content)
    document["policies"][5]["effect"] = {"stance": "forbidden"}
    sent_file = SimpleUploadedFile("set.json", json.dumps(document).encode())
    answer = client.post("/policy-changes/set/", {"file": sent_file})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert document["policies"][5]["key"] in page
    assert "effect.stance" in page
    assert not PolicyChange.objects.exists()


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_what_claims_the_same_is_closed_from_its_finding(
    client: Client, office: Cast, language: str
) -> None:
    client.cookies["django_language"] = language
    approved(draft(office.admin), by=office.admin_b)
    policy = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}
    change = draft(office.admin, of_policy=policy, starts=in_days(5))
    url = change.get_absolute_url()
    close = f"{url}close/TR-9999-suspension/"
    client.force_login(office.admin_b)
    assert close not in client.get(url).content.decode()
    assert client.post(close, {"seen": change.version}).status_code == 403
    client.force_login(office.admin)
    assert close in client.get(url).content.decode()
    assert "TR-9999-suspension" in client.get(close).content.decode()
    page = client.post(close, {"seen": change.version}, follow=True).content.decode()
    assert close not in page
    change.refresh_from_db()
    assert change.kind == ChangeKind.AMEND
    assert client.post(close, {"seen": change.version}).status_code == 409
    assert client.get(f"{url}close/NO-SUCH/").status_code == 404


def test_a_large_set_is_read_page_by_page(
    client: Client, office: Cast, django_assert_max_num_queries: Any
) -> None:
    document = written_set()
    document["policies"] = [
        {**with_version(), "key": f"XX-{number:04d}-suspension"} for number in range(60)
    ]
    change, _found = start_set(json.dumps(document).encode(), by=office.admin)
    url = change.get_absolute_url()
    client.force_login(office.admin)

    def keys(page: str) -> list[str]:
        found = client.get(f"{url}?page={page}").context["changed"]
        return [one.name for one in found]

    def numbered(*numbers: int) -> list[str]:
        return [f"XX-{number:04d}-suspension" for number in range(*numbers)]

    assert keys("") == numbered(25)
    assert keys("2") == numbered(25, 50)
    assert keys("3") == numbered(50, 60)
    page = client.get(f"{url}?page=2").content.decode()
    assert "Policies 26 to 50 of 60" in page
    assert page.count('href="?page=3#what"') == 1
    assert "60 added, 0 put right" in page
    with django_assert_max_num_queries(40):
        client.get(url)


def test_of_a_set_the_texts_that_differ_are_shown_with_their_policy(
    client: Client, office: Cast
) -> None:
    document = written_set()
    document["policies"] = [
        {**with_version(), "key": f"XX-{number:04d}-suspension", "title_fr": f"Groupe {number}"}
        for number in (2, 3)
    ]
    change, _found = start_set(json.dumps(document).encode(), by=office.admin)
    client.force_login(office.admin)
    context = client.get(change.get_absolute_url()).context
    assert [one.name for one in context["pairs"]] == ["XX-0003-suspension: Title"]
    # Instrument, citation, permits issued of both, and the title of the other.
    assert context["same"] == 7


def test_of_many_findings_the_first_are_shown(client: Client, office: Cast) -> None:
    document = written_set()
    document["policies"] = [
        {**with_version(), "key": f"XX-{number:04d}-suspension", "title_fr": "Avis 12"}
        for number in range(30)
    ]
    change, _found = start_set(json.dumps(document).encode(), by=office.admin)
    url = change.get_absolute_url()
    client.force_login(office.admin)
    some, whole = client.get(url), client.get(f"{url}?all=findings")
    assert len(some.context["findings"]) == 20
    assert len(whole.context["findings"]) == whole.context["to_settle"] == 31
    assert some.context["to_settle"] == 31
    assert "Show all 31" in some.content.decode()
    assert "Show all" not in whole.content.decode()
    last = "XX-0029-suspension"
    assert f'href="?page=2#row-{last}"' in whole.content.decode()
    assert f'id="row-{last}"' in client.get(f"{url}?page=2").content.decode()


def test_a_finding_leads_to_its_row_and_to_what_it_names(client: Client, office: Cast) -> None:
    first = draft(office.admin, kind=ChangeKind.END, policy="ECL-2-D", ends=in_days(9))
    change = draft(office.admin, kind=ChangeKind.END, policy="ECL-2-D", ends=in_days(7))
    url = change.get_absolute_url()
    client.force_login(office.admin)
    led = {one.code: address for one, address in client.get(url).context["findings"]}
    assert led == {"gap": f"{url}edit/#id_ends_on", "law": "", "pending": ""}
    client.force_login(office.admin_b)
    page = client.get(url)
    (row,) = {address for one, address in page.context["findings"] if one.code == "gap"}
    words = page.context["changed"][int(row.removeprefix("#row-")) - 1]
    until = short_day(clock.today() + timedelta(days=7))
    assert (words.name, words.after) == ("In force", (f"until {until}",))
    assert f'id="{row[1:]}"' in page.content.decode()
    findings = page.content.decode().partition('id="findings"')[2]
    assert f'<a href="{first.get_absolute_url()}">{first.number}</a>' in findings
    assert '<a href="/policies/ECL-2-D/">ECL-2-D</a>' in findings
    approved(draft(office.admin), by=office.admin_b)
    denial = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}
    page = client.get(draft(office.admin, of_policy=denial).get_absolute_url())
    findings = page.content.decode().partition('id="findings"')[2]
    assert '<a href="/policies/TR-9999-suspension/">TR-9999-suspension</a>' in findings


def test_what_was_found_is_kept_until_the_draft_or_what_is_beside_it_is_another(
    client: Client, office: Cast
) -> None:
    def end() -> PolicyChange:
        return draft(office.admin, kind=ChangeKind.END, policy="IL-2024-01-08", ends=in_days(9))

    change = end()
    client.force_login(office.admin)

    def look() -> tuple[int, list[str]]:
        with CaptureQueriesContext(connection) as asked:
            found = client.get(change.get_absolute_url()).context["findings"]
        return len(asked), [one.code for one, _address in found]

    (first, found), (again, kept) = look(), look()
    assert again < first
    assert kept == found
    end()
    assert "pending" in look()[1]
    assert "rationale" not in kept
    sent(client, change, rationale_fr="")
    assert "rationale" in look()[1]
    client.cookies["django_language"] = "fr-ca"
    words = client.get(change.get_absolute_url()).context["findings"][0][0].words
    assert words == "Dites pourquoi, en français et en anglais."
    approved(draft(office.admin), by=office.admin_b)
    assert look()[0] > again


def test_of_many_permits_of_a_group_the_first_are_shown(
    client: Client, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permits.views.policy_changes.MOST_PERMITS", 1)
    permits = [make_permit(office.analyst, office.senior, office.decision) for _ in range(2)]
    change = preview_change(draft(office.admin), by=office.admin)
    client.force_login(office.admin)
    url = change.get_absolute_url()
    some, whole = (client.get(f"{url}{asked}").content.decode() for asked in ("", "?all=permits"))
    assert '<span class="count">2</span></summary>' in some
    assert [one.number in some for one in permits] == [True, False]
    assert "Show all 2" in some
    assert [one.number in whole for one in permits] == [True, True]


def test_who_acts_on_a_large_set_is_told_of_the_first(client: Client, office: Cast) -> None:
    document = written_set()
    document["policies"] = [
        {**with_version(), "key": f"XX-{number:04d}-suspension"} for number in range(30)
    ]
    change, _found = start_set(json.dumps(document).encode(), by=office.admin)
    client.force_login(office.admin)
    page = client.get(f"{change.get_absolute_url()}propose/").content.decode()
    assert "XX-0024-suspension" in page
    assert "XX-0025-suspension" not in page
    assert "5 more policies, on the page of the change" in page


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_the_page_of_a_policy_cites_what_changed_it(
    client: Client, office: Cast, language: str
) -> None:
    approved(draft(office.admin), by=office.admin_b)
    ends = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(9))
    approved(ends, by=office.admin_b)
    client.cookies["django_language"] = language
    page = client.get("/policies/TR-9999-suspension/").content.decode()
    cited = INSTRUMENT["title_fr" if language == "fr-ca" else "title_en"]
    assert page.count(str(cited)) == 2
    assert (WHY_FR if language == "fr-ca" else WHY_EN) in page
    assert ends.number not in page
    client.force_login(office.analyst)
    assert ends.get_absolute_url() in client.get("/policies/TR-9999-suspension/").content.decode()


def test_a_policy_that_is_called_off_is_told_to_be(client: Client, office: Cast) -> None:
    approved(draft(office.admin, starts=in_days(9)), by=office.admin_b)
    key = "TR-9999-suspension"
    change = propose_change(
        draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(4)), by=office.admin
    )
    url = change.get_absolute_url()
    client.force_login(office.admin_b)
    words = "never: called off before it begins"
    for page in (url, f"{url}approve/"):
        assert words in client.get(page).content.decode(), page
    assert "Called off" not in client.get(f"/policies/{key}/").content.decode()
    assert client.post(f"{url}approve/", {"seen": change.version}).status_code == 302
    done = client.get(url).content.decode()
    assert words in done
    assert ">Before the change<" in done
    page = client.get(f"/policies/{key}/").content.decode()
    assert f"Called off: it was to begin on {short_day(clock.today() + timedelta(days=9))}" in page
    assert "Not known then" not in page
    assert "Not the version known then" not in page
    before = {"known_on": in_days(-1)}
    assert "Called off" not in client.get(f"/policies/{key}/", before).content.decode()


def test_the_change_of_who_left_is_withdrawn_and_not_approved(client: Client, office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    url = change.get_absolute_url()
    client.force_login(office.admin_b)
    assert f"{url}withdraw/" not in client.get(url).content.decode()
    refused = client.get(f"{url}withdraw/").content.decode()
    assert "Only who drafted a change withdraws it" in refused
    third = make_person_with("third", Role.ADMINISTRATOR)
    end_role(RoleGrant.objects.get(person=office.admin), by=third, reason=WHY)
    with clock.simulated(clock.now() + timedelta(days=1)):
        page = client.get(url).content.decode()
        assert f"{url}withdraw/" in page
        assert f"{url}approve/" not in page
        assert "is no administrator any more" in page
        assert client.post(f"{url}approve/", {"seen": change.version}).status_code == 409
        sent = {"seen": change.version, "reason": "Its author left"}
        assert client.post(f"{url}withdraw/", sent).status_code == 302


def test_the_back_test_answers_once_a_period_is_asked_for(client: Client, office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = draft(office.admin)
    client.force_login(office.admin)
    url = change.get_absolute_url()
    assert permit.application.reference not in client.get(url).content.decode()
    today = in_days(0)
    found = client.get(f"{url}?tried_from={today}&tried_to={today}").content.decode()
    assert permit.application.reference in found
    bad = client.get(f"{url}?tried_from=2020-13-01&tried_to=x").content.decode()
    assert "Write a day of the calendar" in bad
    assert 'value="2020-13-01"' in bad
