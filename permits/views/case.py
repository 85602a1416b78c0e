"""The page of a case: all that is known of it, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.choices import Power
from accounts.days import instant_in_words
from accounts.domain.delegations import people_with_power
from accounts.rights import rights_of
from history import clock
from history.actors import names_of
from history.domain.past import reason_of
from history.models import Event
from history.verbs import known_verbs
from permits import considerations
from permits.choices import OPEN, Flag, Outcome, StatementKind, Status
from permits.domain import documents, overview, worklist
from permits.domain.assessment import CardState, card_states, determination
from permits.domain.casefile import CaseFile, events_on, names_on, read_file
from permits.domain.clock import clock_of_file, holders
from permits.domain.consultations import recorded_late
from permits.domain.frozen import filing_ruling, instruments_of, replay
from permits.domain.gate import Gate, check_gate, people_kept_from_deciding
from permits.domain.letters import papers
from permits.domain.recommendation import all_sent_back
from permits.domain.requirements import required_facts
from permits.domain.ruling import CaseRuling, coming, requires_assessment, rule_on
from permits.domain.statements import exception_in_words, party_key, standing
from permits.models import Application, Document, Line, Party
from permits.verbs import Verb
from permits.views.acts import find, note_conflicts, who, why_not
from permits.views.buttons import BUTTONS, REPLY, ground_words, is_called_for
from permits.views.consultations import why_not_silent
from permits.views.statements import StatementShown, shown
from permits.views.strip import strip_of
from permits.workflow import PROPOSERS, Action, Offer, offers
from policies.domain.explain import explain
from policies.domain.inquiry import open_exceptions
from policies.domain.items import place_of
from policies.domain.register import current_register, one_load

FORWARD = frozenset({Action.SUBMIT, Action.TAKE_UP, Action.RECOMMEND, Action.ISSUE})
"""The acts that lead on: theirs are the buttons to be seen first."""
LATEST = 12


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line with its ruling in words, and the ruling of the day of filing where it differs.

    `beyond` are items of it that no list held here has, each with the one by which it is ruled on.
    """

    line: Line
    ruling: Any
    words: Any
    was: Any
    beyond: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page, and what stands there. `tone` is "bad" where that is in the way."""

    anchor: str
    label: str
    words: str
    tone: str = ""


@require_safe
@one_load()
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything about a case. Context: see `templates/permits/case.html`."""
    today = clock.today()
    viewer = worklist.viewer(who(request), rights_of(request), today)
    application = find(request, reference, viewer)
    file = read_file(application)
    note_conflicts(request, file)
    ruling = rule_on(file, on=today, known_at=clock.now())
    states = card_states(file, ruling)
    gate = check_gate(file, ruling, states=states)
    facts = required_facts(file, today)
    events = events_on(file)
    told = application
    if overview.is_behind(application, events):
        overview.refresh()
        told = find(request, reference, viewer)
    verbs = known_verbs()
    time = clock_of_file(file, today)
    statements = [shown(request, file, one) for one in standing(file)]
    questions = _questions(ruling)
    missing = [fact for fact in facts if fact.is_missing]
    named, late = instruments_of(file, ruling), recorded_late(file)
    context = {
        "parts": _parts(file, gate, states, questions, missing, statements),
        "still_to_do": worklist.still_to_do(told),
        "is_left_to_nobody": not worklist.is_to_decide(told) and _is_left_to_nobody(file, today),
        "value": sum(one.total_value or 0 for one in file.lines),
        "application": application,
        "file": file,
        "offers": sorted(
            (
                Offer(one.action, BUTTONS[one.action].why_not(request, file))
                for one in offers(application.status, application.outcome, rights_of(request))
                if one.action in BUTTONS and is_called_for(one.action, file)
            ),
            key=lambda one: one.action not in FORWARD,
        ),
        "may_reply": file.recommendation is not None and not REPLY.why_not(request, file),
        "forward": FORWARD,
        "clock": time,
        "strip": strip_of(holders(events, names_on(file)), time),
        "lines": _lines(file, ruling),
        "ruling": ruling,
        "coming": coming(ruling) if application.status in OPEN else [],
        "questions": questions,
        "claimable": _claimable(file, ruling),
        "facts": facts,
        "missing": missing,
        "parties": [(party, _screened(request, file, party)) for party in file.parties],
        "statements": statements,
        "states": [(considerations.BY_NUMBER[one.number], one) for one in states],
        "determination": determination(states),
        "needs_assessment": requires_assessment(file),
        "gate": gate,
        "papers": papers(file),
        "documents": [(one, _why_not_removed(request, file, one)) for one in file.documents],
        "waits": [(one, late.get(one.pk)) for one in file.waits],
        "consultations": [
            (one, "" if one.closed_on else why_not_silent(request, application, one))
            for one in file.consultations
        ],
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
        "grounds": ground_words(file.recommendation, named),
        "sent_back": [
            (one, ground_words(one.recommendation)) for one in reversed(all_sent_back(file))
        ],
        "is_over": application.status not in OPEN,
        "withdrawal": _withdrawal(application, events),
        "signed_exceptions": [
            exception_in_words(key)
            for key in (file.decision.exceptions_signed if file.decision else ())
        ],
        "decided_grounds": ground_words(file.decision, named),
        "flags": Flag.choices,
    }
    return render(request, "permits/case.html", context)


def _is_left_to_nobody(file: CaseFile, on: date) -> bool:
    """Whether it is recommended, and nobody with the power to decide today may. At most one
    query."""
    if file.application.status != Status.RECOMMENDED:
        return False
    kept = people_kept_from_deciding(file)
    return frozenset(people_with_power(Power.DECIDE, on)) <= kept


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That an application was withdrawn, by whom and when, in words; and why."""

    words: str
    reason: str


def _withdrawal(application: Application, events: Sequence[Event]) -> Withdrawal | None:
    """At most two queries, none where it was not withdrawn."""
    if application.status != Status.WITHDRAWN:
        return None
    event = next(one for one in reversed(events) if one.verb == Verb.WITHDRAWN)
    words = _("Withdrawn by %(name)s, %(at)s") % {
        "name": names_of([event.actor]).get(event.actor, event.actor),
        "at": instant_in_words(event.recorded_at),
    }
    return Withdrawal(words, reason_of(event))


def _parts(
    file: CaseFile,
    gate: Gate,
    states: Sequence[CardState],
    questions: Sequence[object],
    missing: Sequence[object],
    statements: Sequence[StatementShown],
) -> list[Part]:
    """The parts of the page in their order, each with what is still to be done there."""
    waiting = sum(one.verdict == "waits" for one in statements)
    awaited = sum(one.closed_on is None for one in file.consultations)
    signed = sum(one.is_good for one in states)
    failures = len(gate.failures)
    is_needed = requires_assessment(file) or not file.lines
    review = f"{signed}/{len(states)}" if is_needed else _("Not needed")
    found = [
        Part("lines", _("Lines"), str(len(file.lines))),
        Part("questions", _("Open questions"), str(len(questions)), "bad"),
        Part("review", _("Review under s. 7.3"), review),
        Part(
            "gate",
            _("The gate"),
            _("%(number)d not met") % {"number": failures} if failures else _("All met"),
            "bad" if failures else "",
        ),
        Part(
            "required-facts",
            _("Required facts"),
            _("%(number)d missing") % {"number": len(missing)} if missing else _("All present"),
            "bad" if missing else "",
        ),
        Part("parties", _("Parties"), str(len(file.parties))),
        Part("documents", _("Documents"), str(len(file.documents))),
        Part(
            "statements",
            _("Statements"),
            _("%(number)d waiting") % {"number": waiting} if waiting else str(len(statements)),
        ),
        Part(
            "consultations",
            _("Consultations and waits"),
            _("%(number)d waiting") % {"number": awaited} if awaited else "",
        ),
        _decision_part(file),
    ]
    return [one for one in found if one.anchor != "questions" or questions]


def _decision_part(file: CaseFile) -> Part:
    if file.application.status == Status.WITHDRAWN:
        return Part("decision", _("Decision"), str(file.application.get_status_display()))
    made = file.decision or file.recommendation
    is_only_recommended = made is not None and file.decision is None
    label = _("Recommended") if is_only_recommended else _("Decision")
    return Part("decision", label, str(made.get_outcome_display()) if made else "")


def _why_not_removed(request: HttpRequest, file: CaseFile, one: Document) -> str:
    return why_not(
        request, file.application, Action.ATTACH, lambda: documents.refuse_in_use(file, one)
    )


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
        told = ((code, place_of(code)) for code in line.items)
        beyond = [(code, place.above) for code, place in told if place.above and not place.is_held]
        found.append(
            LineShown(line, one.ruling if one else None, words, then if moved else None, beyond)
        )
    return found


def _questions(ruling: CaseRuling) -> list[dict[str, Any]]:
    """Each open question once, with what yes and no mean for the first line that raises it."""
    register, language = current_register(), get_language() or ""
    found: dict[str, dict[str, Any]] = {}
    for one in ruling.lines:
        for question in one.ruling.needs_answer:
            found.setdefault(
                question.key,
                {
                    "key": question.key,
                    "text": str(register.question(question.key)[language]),
                    "line": one.line.number,
                    "if_yes": question.if_yes,
                    "if_no": question.if_no,
                    "also_yes": [register.question(key)[language] for key in question.also_yes],
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


def _screened(request: HttpRequest, file: CaseFile, party: Party) -> StatementShown | None:
    for one in standing(file):
        about = (one.statement.kind, one.statement.key)
        if about == (StatementKind.SCREENING, party_key(party.pk)):
            return shown(request, file, one)
    return None
