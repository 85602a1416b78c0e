"""The table of the workflow: every act from every status by every role."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from accounts.choices import Role
from accounts.exceptions import NotPermitted, Refused
from permits.choices import Outcome, Status
from permits.domain import gate
from permits.verbs import _DONE_BY
from permits.workflow import TRANSITIONS, Action, offers, require, role_for
from tests.permits.workflow_table import BEGIN, DOCUMENT, END, made

OPEN = "draft submitted returned in_review recommended"

# Written out a second time, so that a slip in the table is seen. "issued": decided, with a permit.
FROM = {
    Action.OPEN: "",
    Action.EDIT: "draft returned in_review",
    Action.SUBMIT: "draft returned",
    Action.RETURN: "submitted in_review",
    Action.TAKE_UP: "submitted",
    Action.ASSIGN: OPEN,
    Action.WITHDRAW: OPEN,
    Action.ATTACH: "draft submitted returned in_review issued",
    Action.STATE: "draft submitted returned in_review issued",
    Action.COUNTERSIGN: "draft submitted returned in_review issued",
    Action.ASSESS: "in_review issued",
    Action.SIGN: "in_review issued",
    Action.CONSULT: "in_review issued",
    Action.WAIT: "submitted in_review recommended",
    Action.DECLARE_CONFLICT: f"{OPEN} issued",
    Action.RECOMMEND: "in_review",
    Action.PUT: "recommended",
    Action.SET_CONDITIONS: "recommended",
    Action.SEND_BACK: "recommended",
    Action.ISSUE: "recommended",
    Action.REFUSE: "recommended",
    Action.RETURN_WITHOUT_ACTION: "recommended",
    Action.PROPOSE_ACT: "issued",
    Action.ACT: "issued",
    Action.SEE_NOTICE: "issued",
    Action.REPORT_USE: "issued",
    Action.PROPOSE_REVERSAL: "issued",
    Action.AGREE_REVERSAL: "issued",
}
DECIDERS = {Action.ISSUE, Action.REFUSE, Action.RETURN_WITHOUT_ACTION, Action.ACT}
ALL_CASE_ROLES = {
    Action.DECLARE_CONFLICT,
    Action.SET_CONDITIONS,
    Action.SEND_BACK,
    Action.SEE_NOTICE,
}

STATES = [(status.value, "") for status in Status if status != Status.DECIDED] + [
    (Status.DECIDED.value, outcome.value) for outcome in Outcome
]


def named(status: str, outcome: str) -> str:
    return "issued" if (status, outcome) == (Status.DECIDED, Outcome.ISSUED) else status


def roles_for(action: Action) -> set[Role]:
    if action in DECIDERS:
        return {Role.DECISION_MAKER}
    analysts = {Role.ANALYST, Role.SENIOR_ANALYST}
    if action is Action.PROPOSE_ACT:
        return {*analysts, Role.DECISION_MAKER, Role.ADMINISTRATOR}
    return {*analysts, Role.DECISION_MAKER} if action in ALL_CASE_ROLES else analysts


def test_every_act_is_in_the_table_and_here() -> None:
    assert set(TRANSITIONS) == set(FROM) == set(Action)


def test_every_act_is_done_by_a_domain_function_and_told_by_a_verb_of_its_own() -> None:
    domain = "".join(path.read_text("utf-8") for path in Path(gate.__file__).parent.glob("*.py"))
    assert [one for one in Action if f"Action.{one.name}" not in domain] == []
    told = [verb for verbs in _DONE_BY.values() for verb in verbs]
    assert set(_DONE_BY) == set(Action)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("action", Action)
def test_an_act_is_done_by_its_roles_from_its_statuses_and_by_nobody_else(action: Action) -> None:
    for (status, outcome), role in product(STATES, Role):
        if role not in roles_for(action):
            with pytest.raises(NotPermitted):
                require(action, status, outcome, {role})
        elif named(status, outcome) not in FROM[action].split():
            with pytest.raises(Refused):
                require(action, status, outcome, {role})
        else:
            assert role_for(action, {role}) == role
            assert require(action, status, outcome, {role}) == role


@pytest.mark.parametrize(("status", "outcome"), STATES)
def test_a_page_offers_every_act_of_the_status_with_the_reason_against_it(
    status: str, outcome: str
) -> None:
    wanted = {action for action in Action if named(status, outcome) in FROM[action].split()}
    for role in Role:
        found = offers(status, outcome, {role})
        assert {offer.action for offer in found} == wanted
        for offer in found:
            assert bool(offer.why_not) == (role not in roles_for(offer.action))


def test_nobody_without_a_role_does_anything() -> None:
    for action, (status, outcome) in product(Action, STATES):
        with pytest.raises(NotPermitted):
            require(action, status, outcome, set())


def test_an_auditor_does_nothing_to_a_case() -> None:
    assert not [one for one in TRANSITIONS.values() if Role.AUDITOR in one.roles]


def test_the_document_has_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == made()
