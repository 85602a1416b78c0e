"""Every reason of the gate leads to a page that is there, and to its place on that page."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from history import clock
from permits.choices import PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import gate, intake
from permits.domain.assessment import edit_card
from permits.domain.casefile import read_file
from permits.domain.consultations import consult
from permits.domain.gate import check_gate
from permits.domain.ruling import rule_on
from permits.domain.statements import RAISED, STATE_SAFETY_KEY, party_key
from permits.models import Application
from permits.templatetags.case_tags import reason_address
from tests.people import Cast
from tests.permits.factories import LINE, WHY, make_draft, make_in_review, make_ready, say

NOWHERE = {"G13"}
"""A delegation is no part of a case."""


def test_every_reason_of_the_gate_leads_to_its_place(
    office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = set[int]()

    given = gate.Reason

    def noted(*parts: Any, **more: Any) -> gate.Reason:
        reached.add(sys._getframe(1).f_lineno)
        return given(*parts, **more)

    monkeypatch.setattr(gate, "Reason", noted)
    for name in ("_people_who_recommended", "people_on_cards", "_people_on_exceptions"):
        monkeypatch.setattr(gate, name, lambda file: {office.analyst.pk})
    monkeypatch.setattr(gate, "people_behind", lambda keys: {office.analyst.pk})
    client = Client()
    client.force_login(office.analyst)
    led = set[str]()
    for case in cases(office):
        file = read_file(Application.objects.get(pk=case.pk))
        ruling = rule_on(file, on=clock.today(), known_at=clock.now())
        by, pages = office.analyst, dict[str, str]()
        for found in check_gate(file, ruling, by=by, proposers={by.pk}).findings:
            for reason in found.reasons:
                for may_edit in (True, False):
                    address = reason_address(file.application, reason, may_edit)
                    if found.rule.code in NOWHERE:
                        assert address == ""
                        continue
                    led.add(found.rule.code)
                    page, _hash, place = address.partition("#")
                    if page not in pages:
                        answer = client.get(page)
                        assert answer.status_code == 200, (reason.words, address)
                        pages[page] = answer.content.decode()
                    assert not place or f'id="{place}"' in pages[page], (reason.words, address)
                    assert place or reason.card, (reason.words, address)
    assert led == {rule.code for rule in gate.RULES} - NOWHERE
    assert reached == set(places_of_reasons())


def places_of_reasons() -> Iterator[int]:
    """The line of the gate on which each reason is given."""
    for node in ast.walk(ast.parse(inspect.getsource(gate))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
            yield node.lineno


def cases(office: Cast) -> Iterator[Application]:
    """Cases against which, together, every reason stands."""
    analyst = office.analyst
    yield intake.open_application("export", by=analyst)
    chairs = {**LINE, "items": [], "description": "Office chairs"}
    yield make_draft(analyst, destination="FR", lines=[chairs])
    asked = make_in_review(analyst, activity="brokering", destination="HK")
    yield asked
    file = read_file(asked)
    key = rule_on(file, on=clock.today(), known_at=clock.now()).open_questions[0]
    say(asked, StatementKind.ANSWER, key, "no", by=analyst, second=office.analyst_b)
    say(asked, StatementKind.ANSWER, key, "yes", by=office.senior)
    yield asked
    intake.edit_party(file.parties_as(PartyRole.CONSIGNEE)[0], {"country": None}, by=analyst)
    yield asked
    yield spoiled(office)


def spoiled(office: Cast) -> Application:
    """A case that was ready."""
    by = office.analyst
    case = make_ready(by, office.senior)
    file = read_file(case)
    first, second, *_others = CONSIDERATIONS
    edit_card(case, first.number, {"finding": ""}, by=by)
    edit_card(case, second.number, {"residual": "substantial_risk"}, by=by)
    intake.edit_line(file.lines[0], {"unit_value": 3}, by=by)
    intake.edit_party(file.parties_as(PartyRole.APPLICANT)[0], {"name": "Another"}, by=by)
    consignee = party_key(file.parties_as(PartyRole.CONSIGNEE)[0].pk)
    under = ("RU-listing",)
    say(case, StatementKind.SCREENING, consignee, Screened.LISTED, by=by, policies=under)
    end_user = file.parties_as(PartyRole.END_USER)[0]
    gone = party_key(end_user.pk)
    say(case, StatementKind.SCREENING, gone, Screened.LISTED, by=by, policies=under)
    intake.remove_party(end_user, by=by)
    say(case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, RAISED, by=by)
    due_on = clock.today() + timedelta(days=5)
    consult(case, body="A body", question="A question?", due_on=due_on, by=by)
    intake.declare_conflict(case, by=by, reason=WHY)
    return case
