"""The page of a case: all that is known of it, and what may be done to it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.rights import rights_of
from history import clock
from history.models import Event
from history.verbs import known_verbs
from permits import considerations
from permits.choices import OPEN, Flag, Outcome, RefusalGround, ReturnGround, StatementKind
from permits.domain.assessment import card_states, determination
from permits.domain.casefile import CaseFile, read_file
from permits.domain.clock import clock_of_file, holders
from permits.domain.frozen import filing_ruling, replay
from permits.domain.gate import check_gate
from permits.domain.letters import papers
from permits.domain.requirements import required_facts
from permits.domain.ruling import CaseRuling, coming, requires_assessment, rule_on
from permits.domain.statements import party_key, standing
from permits.models import Line, Party
from permits.views.acts import find, why_not
from permits.views.buttons import BUTTONS, is_called_for
from permits.views.statements import StatementShown, exception_in_words, shown
from permits.workflow import PROPOSERS, Action, offers
from policies.domain.explain import explain
from policies.domain.inquiry import open_exceptions
from policies.domain.register import current_register, one_load

FORWARD = frozenset({Action.SUBMIT, Action.TAKE_UP, Action.RECOMMEND, Action.ISSUE})
"""The acts that lead on: theirs are the buttons to be seen first."""
LATEST = 12


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line with its ruling in words, and the ruling of the day of filing where it differs."""

    line: Line
    ruling: Any
    words: Any
    was: Any


@require_safe
@one_load()
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything about a case. Context: see `templates/permits/case.html`."""
    application = find(request, reference)
    file = read_file(application)
    today = clock.today()
    ruling = rule_on(file, on=today, known_at=clock.now())
    states = card_states(file, ruling)
    gate = check_gate(file, ruling, states=states)
    facts = required_facts(file)
    events = list(Event.objects.filter(stream=application.stream).order_by("sequence"))
    verbs = known_verbs()
    context = {
        "application": application,
        "file": file,
        "offers": [
            one
            for one in offers(application.status, application.outcome, rights_of(request))
            if one.action in BUTTONS and is_called_for(one.action, file)
        ],
        "forward": FORWARD,
        "clock": clock_of_file(file, today),
        "holders": holders(events),
        "lines": _lines(file, ruling),
        "ruling": ruling,
        "coming": coming(ruling) if application.status in OPEN else [],
        "questions": _questions(ruling),
        "claimable": _claimable(file, ruling),
        "facts": facts,
        "missing": [fact for fact in facts if fact.is_missing],
        "parties": [(party, _screened(file, party)) for party in file.parties],
        "statements": [shown(file, one) for one in standing(file)],
        "states": [(considerations.BY_NUMBER[one.number], one) for one in states],
        "determination": determination(states),
        "needs_assessment": requires_assessment(file),
        "gate": gate,
        "papers": papers(file),
        "may": {
            action.value: not why_not(request, application, action)
            for action in (
                Action.EDIT,
                Action.STATE,
                Action.COUNTERSIGN,
                Action.ATTACH,
                Action.CONSULT,
                Action.WAIT,
                Action.PUT,
            )
        },
        "may_make": bool(rights_of(request) & PROPOSERS),
        "replay": replay(file.decision, file) if file.decision else None,
        "events": [(one, verbs.get(one.verb, one.verb)) for one in reversed(events[-LATEST:])],
        "synthetic": settings.PERMIT_DESK_MODE != "production",
        "may_set_conditions": file.recommendation is not None
        and file.recommendation.outcome == Outcome.ISSUED
        and not why_not(request, application, Action.SET_CONDITIONS),
        "grounds": _ground_words(file),
        "flags": Flag.choices,
    }
    return render(request, "permits/case.html", context)


def _lines(file: CaseFile, ruling: CaseRuling) -> list[LineShown]:
    register = current_register()
    filed = file.application.filed_on
    was = (
        {}
        if filed is None
        else {one.line.number: one.ruling for one in filing_ruling(file, filed).lines}
    )
    by_number = {one.line.number: one for one in ruling.lines}
    found = []
    for line in file.lines:
        one = by_number.get(line.number)
        then = was.get(line.number)
        words = one and explain(
            one.ruling, one.facts, register, on=ruling.on, known_at=ruling.known_at
        )
        moved = (
            one
            and then
            and (then.requirement, then.stance) != (one.ruling.requirement, one.ruling.stance)
        )
        found.append(LineShown(line, one.ruling if one else None, words, then if moved else None))
    return found


def _questions(ruling: CaseRuling) -> list[dict[str, Any]]:
    """Each open question once, with what yes and no mean for the first line that raises it."""
    register = current_register()
    found: dict[str, dict[str, Any]] = {}
    for one in ruling.lines:
        for question in one.ruling.needs_answer:
            found.setdefault(
                question.key,
                {
                    "key": question.key,
                    "text": str(register.question(question.key)[get_language() or ""]),
                    "line": one.line.number,
                    "if_yes": question.if_yes,
                    "if_no": question.if_no,
                },
            )
    return list(found.values())


def _claimable(file: CaseFile, ruling: CaseRuling) -> list[tuple[str, str]]:
    """The exceptions that can be claimed today: the key of the statement, and the words."""
    register = current_register()
    keys = {key for one in ruling.lines for key in open_exceptions(one.ruling, register)}
    claimed = {one.key for one in file.statements if one.kind == StatementKind.EXCEPTION}
    found = (f"{policy}:{code}" for policy, code in sorted(keys))
    return [(key, exception_in_words(key)) for key in found if key not in claimed]


def _screened(file: CaseFile, party: Party) -> StatementShown | None:
    for one in standing(file):
        about = (one.statement.kind, one.statement.key)
        if about == (StatementKind.SCREENING, party_key(party.pk)):
            return shown(file, one)
    return None


def _ground_words(file: CaseFile) -> list[str]:
    made = file.decision or file.recommendation
    words = dict([*RefusalGround.choices, *ReturnGround.choices])
    return [str(words.get(one, one)) for one in made.grounds] if made else []
