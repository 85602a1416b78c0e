"""The start page: what waits for each role, and a first task in a demonstration."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.choices import Role
from accounts.domain.delegations import end_delegation
from accounts.domain.roles import propose_role
from accounts.models import Delegation, User
from history import clock
from permits.choices import StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import acts, documents, worklist
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.intake import declare_conflict
from permits.domain.policy_changes import propose_change, return_change
from permits.models import Application, Notice, Permit
from reports.domain.first_task import first_tasks
from reports.domain.waiting import Section, sections
from tests.people import Cast, give_delegation, give_role, make_person, make_person_with
from tests.permits import files
from tests.permits.factories import (
    WHY,
    answer_cards,
    make_in_review,
    make_permit,
    make_recommended,
    say,
)
from tests.policies.changes import draft

URL = "/start/"
LONGER = {"valid_to": "2199-01-01"}


def viewer(person: User, *roles: Role) -> worklist.Viewer:
    return worklist.viewer(person, roles, clock.today())


def found(person: User, *roles: Role) -> dict[str, Section]:
    return {one.code: one for one in sections(viewer(person, *roles))}


def page(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.get(URL).content.decode()


def test_the_front_door_leads_to_what_waits(office: Cast) -> None:
    client = Client()
    client.force_login(office.analyst)
    assert client.get("/")["Location"] == URL
    assert "What waits for you" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        (Role.ANALYST, ["today", "yours"]),
        (Role.SENIOR_ANALYST, ["today", "yours"]),
        (Role.DECISION_MAKER, ["today", "yours", "acts"]),
        (Role.ADMINISTRATOR, ["proposals", "policy_changes", "news"]),
        (Role.AUDITOR, ["verification", "exceptions"]),
    ],
)
def test_each_role_sees_its_own(office: Cast, role: Role, codes: list[str]) -> None:
    person = make_person_with("someone", role)
    assert list(found(person, role)) == codes
    text = page(person)
    for code in codes:
        assert f'id="{code}"' in text


def test_without_a_role_there_is_the_register(office: Cast) -> None:
    text = page(make_person("newcomer", name="Newcomer"))
    assert "You hold no role today" in text
    assert reverse("policies:register") in text


def test_a_second_signature_is_asked_for_today_of_another(office: Cast) -> None:
    case = make_in_review(office.analyst)
    answer_cards(case, by=office.analyst)
    sign_card(read_file(case).cards[0], by=office.analyst)
    today = found(office.senior, Role.SENIOR_ANALYST)["today"]
    assert [one.what for one in today.items] == [case.reference]
    assert "second person" in today.items[0].why
    assert found(office.analyst, Role.ANALYST)["today"].count == 0


def test_a_recommendation_waits_for_the_decision_maker_and_an_act_too(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.propose_act(permit, kind="suspend", reason=WHY, by=office.analyst)
    waiting = found(office.decision, Role.DECISION_MAKER)
    assert [one.what for one in waiting["today"].items] == [case.reference]
    assert [one.about for one in waiting["acts"].items] == [WHY]
    assert f"{permit}" in page(office.decision)


@pytest.mark.parametrize("waits", ["a case", "an act"])
def test_what_no_decision_maker_may_decide_is_told_to_who_can_move_it_on(
    waits: str, office: Cast
) -> None:
    """Who may decide comes and goes: a conflict of interest, then another decision-maker."""
    if waits == "a case":
        case = make_recommended(office.analyst, office.senior)
        code, what, url = "left_to_nobody", case.reference, case.get_absolute_url()
        words = "Nobody with the power to decide today may decide this"
    else:
        permit = make_permit(office.analyst, office.senior, office.decision)
        line = permit.lines.get()
        acts.propose_act(permit, kind="suspend", line=line, reason=WHY, by=office.analyst)
        case, code, what = permit.application, "acts_left_to_nobody", f"{permit}: Suspend, line 1"
        url, words = (
            permit.get_absolute_url(),
            "Nobody with the power to act on permits today may do this",
        )
    looks = [(office.senior, Role.SENIOR_ANALYST), (office.admin, Role.ADMINISTRATOR)]
    client = Client()
    client.force_login(office.analyst)
    assert not any(code in found(*one) for one in looks)
    declare_conflict(case, by=office.decision, reason=WHY)
    for one in looks:
        assert [item.what for item in found(*one)[code].items] == [what]
    assert found(office.decision, Role.DECISION_MAKER)["acts"].count == 0
    assert words in client.get(url).content.decode()
    # A role without a delegation gives no power.
    give_role(office.admin_b, Role.DECISION_MAKER)
    assert all(code in found(*one) for one in looks)
    give_role(office.senior, Role.ADMINISTRATOR)
    give_delegation(office.admin_b, proposed_by=office.admin, confirmed_by=office.senior)
    assert not any(code in found(*one) for one in looks)
    assert words not in client.get(url).content.decode()


def test_who_has_no_delegation_any_more_has_nothing_to_decide_and_others_are_told(
    office: Cast,
) -> None:
    case = make_recommended(office.analyst, office.senior)
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.propose_act(permit, kind="suspend", reason=WHY, by=office.analyst)
    held = Delegation.objects.get(person=office.decision)
    end_delegation(held, by=office.admin, reason=WHY, on=clock.today())
    mine = found(office.decision, Role.DECISION_MAKER)
    assert (mine["today"].count, mine["acts"].count) == (0, 0)
    told = found(office.admin, Role.ADMINISTRATOR)
    assert [one.what for one in told["left_to_nobody"].items] == [case.reference]
    assert told["acts_left_to_nobody"].count == 1
    client = Client()
    client.force_login(office.decision)
    words = "Nobody with the power to decide today may decide this application"
    assert words in client.get(case.get_absolute_url()).content.decode()


CONDITION = {"conditions_added": [{"en": "Report each flight.", "fr": "Déclarer chaque vol."}]}


@pytest.mark.parametrize("what", ["a condition", "a reinstatement that was declined before"])
def test_an_act_that_takes_another_than_who_proposed_it_is_told_where_there_is_none(
    what: str, office: Cast
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    by = office.decision
    if what == "a condition":
        acts.propose_act(permit, kind="amend", change=CONDITION, reason=WHY, by=by)
    else:
        acts.act_at_once(permit, kind="suspend", reason=WHY, by=by)
        first = acts.propose_act(permit, kind="reinstate", reason=WHY, by=by)
        acts.decline_act(first, reason=WHY, by=by)
        acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    assert found(by, Role.DECISION_MAKER)["acts"].count == 0
    assert found(office.admin, Role.ADMINISTRATOR)["acts_left_to_nobody"].count == 1


def test_what_tightens_waits_for_who_proposed_it_too(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.propose_act(permit, kind="suspend", reason=WHY, by=office.decision)
    assert found(office.decision, Role.DECISION_MAKER)["acts"].count == 1


def test_nothing_waits_on_a_permit_that_is_over(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.propose_act(permit, kind="amend", change=LONGER, reason=WHY, by=office.analyst)
    acts.act_at_once(permit, kind="cancel", reason=WHY, by=office.decision)
    assert found(office.decision, Role.DECISION_MAKER)["acts"].count == 0
    declare_conflict(permit.application, by=office.decision, reason=WHY)
    assert "acts_left_to_nobody" not in found(office.admin, Role.ADMINISTRATOR)


def test_who_is_to_be_told_of_a_suspension_is_told(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    told = found(office.analyst, Role.ANALYST)["notices"]
    assert told.count == 2
    assert reverse("permits:notice", args=[Notice.objects.earliest("pk").pk]) in {
        one.url for one in told.items
    }


def test_a_proposed_role_waits_for_an_administrator(office: Cast) -> None:
    assert not found(office.admin_b, Role.ADMINISTRATOR)["proposals"].items
    propose_role(
        make_person("newcomer", name="Newcomer"),
        Role.ANALYST,
        starts_on=clock.today(),
        reason=WHY,
        by=office.admin,
    )
    assert [one.what for one in found(office.admin_b, Role.ADMINISTRATOR)["proposals"].items] == [
        "1 role"
    ]


def test_a_claimed_exception_is_shown_to_the_auditor(office: Cast) -> None:
    case = make_in_review(office.analyst)
    key = "TR-2020-04-16-presumptive:nato"
    paper = documents.attach(
        case,
        {"kind": "end_use_certificate", "title": "Certificate"},
        content=[files.PDF],
        file_name="a.pdf",
        by=office.analyst,
    )
    say(case, StatementKind.EXCEPTION, key, "claimed", by=office.analyst, document=paper)
    shown = found(office.auditor, Role.AUDITOR)["exceptions"]
    assert [(one.what, one.why) for one in shown.items] == [(case.reference, key)]


def test_a_permit_at_risk_and_a_signature_for_one_are_told_in_as_many_queries(office: Cast) -> None:
    def at_risk() -> Permit:
        permit = make_permit(office.analyst, office.senior, office.decision)
        values = {"residual": "substantial_risk"}
        edit_card(permit.application, CONSIDERATIONS[0].number, values, by=office.analyst)
        return permit

    def asked() -> int:
        found(office.decision, Role.DECISION_MAKER)
        with CaptureQueriesContext(connection) as caught:
            found(office.decision, Role.DECISION_MAKER)
        return len(caught)

    first = at_risk()
    for person, role in (
        (office.decision, Role.DECISION_MAKER),
        (office.analyst, Role.ANALYST),
        (office.admin, Role.ADMINISTRATOR),
    ):
        [item] = found(person, role)["permits_risk"].items
        assert (item.what, item.url) == (first.number, first.get_absolute_url())
    assert "permits_risk" not in found(office.auditor, Role.AUDITOR)
    few = asked()
    second = at_risk()
    assert asked() == few
    acts.propose_act(second, kind="amend", change=LONGER, reason=WHY, by=office.analyst)
    sign_card(read_file(second.application).cards[0], by=office.analyst)
    [item] = found(office.senior, Role.SENIOR_ANALYST)["permits_second"].items
    assert (item.what, item.url) == (second.number, second.application.get_absolute_url())
    assert "permits_second" not in found(office.analyst, Role.ANALYST)


def test_queries_do_not_grow_with_the_rows(office: Cast) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            page(office.decision)
        return len(caught)

    make_recommended(office.analyst, office.senior)
    page(office.decision)  # the first fills what is kept
    few = asked()
    for _turn in range(4):
        make_recommended(office.analyst, office.senior)
    page(office.decision)
    assert asked() == few


# First tasks


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.PERMIT_DESK_MODE = "demo"


def test_only_a_demonstration_has_a_first_task(office: Cast) -> None:
    assert "First task" not in page(office.auditor)


@pytest.mark.usefixtures("demo")
def test_each_role_has_a_first_task_whose_every_step_opens(office: Cast) -> None:
    case = make_in_review(office.analyst)
    answer_cards(case, by=office.analyst)
    sign_card(read_file(case).cards[0], by=office.analyst)
    make_recommended(office.analyst_b, office.senior)
    for person, role, title in (
        (office.senior, Role.SENIOR_ANALYST, "Finish a consideration"),
        (office.decision, Role.DECISION_MAKER, "Decide on an application"),
        (office.admin, Role.ADMINISTRATOR, "Read what a policy change did"),
        (office.auditor, Role.AUDITOR, "Verify the log and find an exception"),
    ):
        [task] = first_tasks(viewer(person, role))
        assert task.title == title
        assert title in page(person)
        client = Client()
        client.force_login(person)
        for step in task.steps:
            assert client.get(step.url).status_code == 200, step.url


@pytest.mark.usefixtures("demo")
def test_who_can_be_nobody_s_second_signs_first(office: Cast) -> None:
    case = make_in_review(office.analyst)
    answer_cards(case, by=office.analyst)
    [task] = first_tasks(viewer(office.analyst, Role.ANALYST))
    assert [step.words for step in task.steps][-1] == "Sign it as the first person"


@pytest.mark.usefixtures("demo")
def test_a_first_task_ends_when_nothing_is_left_of_it(office: Cast) -> None:
    assert first_tasks(viewer(office.analyst, Role.ANALYST)) == []
    assert not Application.objects.exists()


def test_a_policy_change_waits_for_another_administrator_and_a_draft_for_its_author(
    office: Cast,
) -> None:
    proposed = propose_change(draft(office.admin), by=office.admin)
    kept = draft(office.admin, of_policy={"key": "TR-9999-other"})

    def waiting(person: User) -> list[str]:
        return [one.what for one in found(person, Role.ADMINISTRATOR)["policy_changes"].items]

    assert [one.partition(":")[0] for one in waiting(office.admin)] == [kept.number]
    assert [one.partition(":")[0] for one in waiting(office.admin_b)] == [proposed.number]
    return_change(proposed, reason="The day is a holiday", by=office.admin_b)
    whys = [one.why for one in found(office.admin, Role.ADMINISTRATOR)["policy_changes"].items]
    assert sorted(whys) == ["Returned to you: The day is a holiday", "Your draft"]
