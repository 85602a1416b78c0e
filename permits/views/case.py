"""The page of a case, and everything that is done to it from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role
from accounts.days import day_in_words, instant_in_words
from accounts.exceptions import Refused
from accounts.models import User
from accounts.rights import rights_of
from history import clock
from history.models import Event
from history.verbs import known_verbs
from permits import considerations, forms
from permits.choices import (
    OPEN,
    SAYS,
    Flag,
    Outcome,
    PartyRole,
    RefusalGround,
    ReturnGround,
    StatementKind,
)
from permits.domain import consultations, documents, intake, recommendation, worklist
from permits.domain.assessment import CardState, card_states, determination
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import head_of
from permits.domain.clock import clock_of_file, holders
from permits.domain.decision import (
    issue,
    ministers_exceptions,
    refuse,
    refuse_to_decide,
    return_without_action,
)
from permits.domain.frozen import filing_ruling, replay
from permits.domain.gate import Gate, check_gate
from permits.domain.letters import papers
from permits.domain.recommendation import is_legal_bar
from permits.domain.requirements import required_facts
from permits.domain.ruling import CaseRuling, coming, requires_assessment, rule_on
from permits.domain.statements import (
    VALUES,
    Said,
    Standing,
    check_said,
    countersign,
    is_there,
    party_key,
    refuse_to_countersign,
    refuse_to_set_aside,
    set_aside,
    standing,
    state,
    verdict,
)
from permits.models import (
    Application,
    Consultation,
    Document,
    Line,
    Party,
    Recommendation,
    Statement,
    Wait,
)
from permits.views.acts import Page, answer, barred, sent, who, why_not
from permits.workflow import PROPOSERS, Action, Offer, offers
from policies.domain.explain import explain
from policies.domain.inquiry import open_exceptions
from policies.domain.register import current_register, one_load

FORWARD = frozenset({Action.SUBMIT, Action.TAKE_UP, Action.RECOMMEND, Action.ISSUE})
"""The acts that lead on: theirs are the buttons to be seen first."""
METHODS = ["GET", "HEAD", "POST"]
LATEST = 12


def find(request: HttpRequest, reference: str) -> Application:
    """The application, if this person may see it; 404 otherwise."""
    found = Application.objects.visible_to(request.user).for_pages()
    application: Application = get_object_or_404(found, reference=reference)
    return application


# The page


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line with its ruling in words, and the ruling of the day of filing where it differs."""

    line: Line
    ruling: Any
    words: Any
    was: Any


@dataclass(frozen=True, slots=True)
class StatementShown:
    """A statement as people read it. `why_not`: why this person may not countersign it."""

    statement: Statement
    about: str
    says: str
    verdict: str
    why_not: str


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
    application = find(request, reference)
    file = read_file(application)
    today = clock.today()
    ruling = rule_on(file, on=today, known_at=clock.now())
    states = card_states(file, ruling)
    gate = check_gate(file, ruling, states=states)
    facts = required_facts(file)
    events = list(Event.objects.filter(stream=application.stream).order_by("sequence"))
    verbs = known_verbs()
    statements = [_shown(request, file, one) for one in standing(file)]
    questions = _questions(file, ruling)
    missing = [fact for fact in facts if fact.is_missing]
    context = {
        "parts": _parts(file, gate, states, questions, missing, statements),
        "next": _next_step(request, application),
        "value": sum(one.total_value or 0 for one in file.lines),
        "application": application,
        "file": file,
        "offers": sorted(
            (
                Offer(one.action, BUTTONS[one.action].why_not(request, file))
                for one in offers(application.status, application.outcome, _roles(request))
                if one.action in BUTTONS and _is_called_for(one.action, file)
            ),
            key=lambda one: one.action not in FORWARD,
        ),
        "may_reply": file.recommendation is not None and not REPLY.why_not(request, file),
        "forward": FORWARD,
        "clock": clock_of_file(file, today),
        "holders": holders(events),
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
        "consultations": [
            (one, "" if one.closed_on else _why_not_silent(request, application, one))
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
        "may_make": bool(_roles(request) & PROPOSERS),
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
    failures, made = len(gate.failures), file.decision or file.recommendation
    found = [
        Part("lines", _("Lines"), str(len(file.lines))),
        Part("questions", _("Open questions"), str(len(questions)), "bad"),
        Part("review", _("Review under s. 7.3"), f"{signed}/{len(states)}"),
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
        Part("decision", _("Decision"), str(made.get_outcome_display()) if made else ""),
    ]
    return [one for one in found if one.anchor != "questions" or questions]


def _next_step(request: HttpRequest, application: Application) -> worklist.Row:
    """What the worklist says of it to this person."""
    who_looks = worklist.viewer(who(request), _roles(request), clock.today())
    rows = Application.objects.filter(pk=application.pk).for_pages()
    (row,) = worklist.rows_of(list(worklist.in_order(rows, who_looks)))
    return row


def _why_not_removed(request: HttpRequest, file: CaseFile, one: Document) -> str:
    return why_not(
        request, file.application, Action.ATTACH, lambda: documents.refuse_in_use(file, one)
    )


_OUTCOMES = {
    Action.ISSUE: Outcome.ISSUED,
    Action.REFUSE: Outcome.REFUSED,
    Action.RETURN_WITHOUT_ACTION: Outcome.RETURNED,
    Action.PUT: Outcome.REFUSED,
}
"""The outcome that must be recommended before an act is one to think of."""


def _is_called_for(action: Action, file: CaseFile) -> bool:
    """Whether what is recommended leaves room for the act."""
    made = file.recommendation
    if made is None or action not in _OUTCOMES:
        return True
    if action is Action.PUT and (made.put_on is not None or is_legal_bar(made)):
        return False
    return bool(made.outcome == _OUTCOMES[action])


def _roles(request: HttpRequest) -> frozenset[Role]:
    return rights_of(request)


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
            and (then.requirement, then.stance)
            != (
                one.ruling.requirement,
                one.ruling.stance,
            )
        )
        found.append(LineShown(line, one.ruling if one else None, words, then if moved else None))
    return found


def _questions(file: CaseFile, ruling: CaseRuling) -> list[dict[str, Any]]:
    """Each open question once, with what yes and no mean for the first line that raises it."""
    register = current_register()
    found: dict[str, dict[str, Any]] = {}
    for one in ruling.lines:
        for question in one.ruling.needs_answer:
            found.setdefault(
                question.key,
                {
                    "key": question.key,
                    "text": str(register.question(question.key)[_language()]),
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
    return [(key, _exception(key)) for key in found if key not in claimed]


def _exception(key: str) -> str:
    policy, _colon, code = key.rpartition(":")
    words = current_register().exception(policy, code)
    return f"{words[_language()]} ({policy})" if words else key


def _language() -> str:
    return get_language() or ""


def _screened(request: HttpRequest, file: CaseFile, party: Party) -> StatementShown | None:
    for one in standing(file):
        about = (one.statement.kind, one.statement.key)
        if about == (StatementKind.SCREENING, party_key(party.pk)):
            return _shown(request, file, one)
    return None


def _shown(request: HttpRequest, file: CaseFile, one: Standing) -> StatementShown:
    statement = one.statement
    against = _why_not_countersign(request, file, statement) if one.waits else ""
    return StatementShown(
        statement, about(file, statement), _says(statement), verdict(one), against
    )


def about(file: CaseFile, statement: Statement) -> str:
    """What a statement is about, in words."""
    kind, key = StatementKind(statement.kind), statement.key
    match kind:
        case StatementKind.FLAG:
            _line, number, flag = key.split(":")
            return _("Line %(number)s: %(what)s") % {"number": number, "what": Flag(flag).label}
        case StatementKind.SCREENING | StatementKind.AUTHORIZATION:
            _party, number, *policy = key.split(":", 2)
            name = next((one.name for one in file.parties if str(one.pk) == number), key)
            return ", ".join([name, *policy])
        case StatementKind.ANSWER:
            questions = current_register()
            try:
                return str(questions.question(key)[_language()])
            except KeyError:
                return key
        case StatementKind.EXCEPTION:
            return _exception(key)
        case StatementKind.WAIVER:
            facts = {fact.key: fact.words for fact in required_facts(file)}
            return facts.get(key, key)
        case _:
            return str(kind.label)


def _says(statement: Statement) -> str:
    return str(SAYS.get(statement.value, statement.value))


def _ground_words(file: CaseFile) -> list[str]:
    made = file.decision or file.recommendation
    words = dict([*RefusalGround.choices, *ReturnGround.choices])
    return [str(words.get(one, one)) for one in made.grounds] if made else []


# Opening and editing


@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Opens an application."""

    def perform(form: forms.NewForm) -> HttpResponse:
        made = intake.open_application(form.cleaned_data["activity"], by=who(request))
        messages.success(
            request, _("%(reference)s is opened as a draft.") % {"reference": made.reference}
        )
        return redirect("permits:form", made.reference)

    page = Page(
        title=_("Open an application"),
        button=_("Open the application"),
        name=_("Worklist"),
        back=reverse("permits:worklist"),
        then=_("It is a draft: everything can be filled in later, as often as you like."),
    )
    return answer(request, forms.NewForm(sent(request)), page, perform)


def _editing(request: HttpRequest, application: Application, title: str) -> Page:
    return Page(
        title=title,
        button=_("Save"),
        name=application.reference,
        back=application.get_absolute_url(),
        refusal=why_not(request, application, Action.EDIT),
    )


def _saved(request: HttpRequest, application: Application, anchor: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(f"{application.get_absolute_url()}#{anchor}")


@require_http_methods(METHODS)
def edit_form(request: HttpRequest, reference: str) -> HttpResponse:
    """The application's own form."""
    application = find(request, reference)

    def perform(form: forms.ApplicationForm) -> HttpResponse:
        seen = form.cleaned_data["seen"]
        intake.edit_application(application, form.values, by=who(request), seen=seen)
        return _saved(request, application, "form")

    form = forms.ApplicationForm(sent(request), instance=find(request, reference))
    return answer(request, form, _editing(request, application, _("Application form")), perform)


@require_http_methods(METHODS)
def new_line(request: HttpRequest, reference: str) -> HttpResponse:
    """A further line."""
    application = find(request, reference)

    def perform(form: forms.LineForm) -> HttpResponse:
        line = intake.add_line(application, form.values, by=who(request))
        return _saved(request, application, f"line-{line.number}")

    form = forms.LineForm(sent(request), instance=Line(application=application))
    return answer(request, form, _editing(request, application, _("Add a line")), perform)


@require_http_methods(METHODS)
def edit_line(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A line."""
    application = find(request, reference)
    line = get_object_or_404(Line, application=application, number=number, is_removed=False)

    def perform(form: forms.LineForm) -> HttpResponse:
        intake.edit_line(line, form.values, by=who(request), seen=form.cleaned_data["seen"])
        return _saved(request, application, f"line-{line.number}")

    form = forms.LineForm(sent(request), instance=Line.objects.get(pk=line.pk))
    title = _("Line %(number)d") % {"number": number}
    return answer(request, form, _editing(request, application, title), perform)


@require_http_methods(METHODS)
def remove_line(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Takes a line off."""
    application = find(request, reference)
    line = get_object_or_404(Line, application=application, number=number, is_removed=False)

    def perform(form: forms.PlainForm) -> HttpResponse:
        intake.remove_line(line, by=who(request), seen=form.cleaned_data["seen"])
        return _saved(request, application, "lines")

    page = Page(
        title=_("Remove line %(number)d") % {"number": number},
        button=_("Remove the line"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("Description"), line.description),),
        then=_("The history keeps it."),
        refusal=why_not(request, application, Action.EDIT),
    )
    form = forms.PlainForm(sent(request), initial={"seen": line.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def new_party(request: HttpRequest, reference: str) -> HttpResponse:
    """A further party."""
    application = find(request, reference)

    def perform(form: forms.PartyForm) -> HttpResponse:
        party = intake.add_party(application, form.values, by=who(request))
        return _saved(request, application, f"party-{party.pk}")

    initial = {"role": request.GET.get("role", "")}
    instance = Party(application=application)
    form = forms.PartyForm(sent(request), instance=instance, initial=initial)
    return answer(request, form, _editing(request, application, _("Add a party")), perform)


@require_http_methods(METHODS)
def edit_party(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A party."""
    application = find(request, reference)
    party = get_object_or_404(Party, application=application, pk=number, is_removed=False)

    def perform(form: forms.PartyForm) -> HttpResponse:
        intake.edit_party(party, form.values, by=who(request), seen=form.cleaned_data["seen"])
        return _saved(request, application, f"party-{party.pk}")

    form = forms.PartyForm(sent(request), instance=Party.objects.get(pk=party.pk))
    return answer(request, form, _editing(request, application, party.name), perform)


@require_http_methods(METHODS)
def remove_party(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Takes a party off."""
    application = find(request, reference)
    party = get_object_or_404(Party, application=application, pk=number, is_removed=False)

    def perform(form: forms.PlainForm) -> HttpResponse:
        intake.remove_party(party, by=who(request), seen=form.cleaned_data["seen"])
        return _saved(request, application, "parties")

    page = Page(
        title=_("Remove a party"),
        button=_("Remove the party"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((party.get_role_display(), party.name),),
        then=_("The history keeps it."),
        refusal=why_not(request, application, Action.EDIT),
    )
    form = forms.PlainForm(sent(request), initial={"seen": party.version})
    return answer(request, form, page, perform)


# What is done to a case: one address, one row for each act

Perform = Callable[[HttpRequest, CaseFile, Any], str]


@dataclass(frozen=True, slots=True)
class Doing:
    """An act from the case's page: `perform` does it and says what happened.

    `check` raises what the act would, whatever is typed; the case's page offers by it.
    """

    action: Action
    button: Any
    form: Callable[[HttpRequest, CaseFile], django_forms.BaseForm]
    perform: Perform
    then: Any = ""
    provision: Any = ""
    check: Callable[[CaseFile, User], object] = lambda file, by: None

    def why_not(self, request: HttpRequest, file: CaseFile) -> str:
        """Why this person may not do it now; nothing where they may."""
        return str(self.barred(request, file).get("refusal", ""))

    def barred(self, request: HttpRequest, file: CaseFile) -> dict[str, Any]:
        """What its page says of that."""
        return barred(
            request, file.application, self.action, lambda: self.check(file, who(request))
        )


def _plain(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    return forms.PlainForm(sent(request), initial={"seen": file.application.version})


def _why(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    return forms.WhyForm(sent(request), initial={"seen": file.application.version})


def _submit(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.submit(file.application, by=who(request), seen=given["seen"])
    return _("%(reference)s is submitted. The clock runs from today.")


def _take_up(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.take_up(file.application, by=who(request), seen=given["seen"])
    return _("The review of %(reference)s has begun.")


def _return(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.return_to_applicant(
        file.application, by=who(request), reason=given["reason"], seen=given["seen"]
    )
    return _("%(reference)s is returned to the applicant.")


def _withdraw(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.withdraw(file.application, by=who(request), reason=given["reason"], seen=given["seen"])
    return _("%(reference)s is withdrawn.")


def _declare(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.declare_conflict(file.application, by=who(request), reason=given["reason"])
    return _("Your conflict of interest in %(reference)s is recorded.")


def _assign_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    initial = {"seen": file.application.version, "to": file.application.assigned_to_id}
    people = intake.who_can_be_given(file.application, by=who(request))
    return forms.AssignForm(sent(request), people=people, initial=initial)


def _assign(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    intake.assign(file.application, given["to"], by=who(request), seen=given["seen"])
    return _("%(reference)s is assigned.")


def _consult_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    due_on = clock.today() + timedelta(days=14)
    return forms.ConsultForm(sent(request), initial={"due_on": due_on})


def _consult(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    consultations.consult(
        file.application,
        body=given["body"],
        question=given["question"],
        due_on=given["due_on"],
        by=who(request),
    )
    return _("The question on %(reference)s is recorded.")


def _wait_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    return forms.WaitForm(sent(request), initial={"from_on": clock.today()})


def _wait(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    consultations.open_wait(
        file.application,
        kind=given["kind"],
        reason=given["reason"],
        from_on=given["from_on"],
        by=who(request),
    )
    return _("The wait of %(reference)s is recorded.")


def _recommend_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    return forms.RecommendForm(sent(request), initial={"seen": file.application.version})


def _recommend(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    words = (given["text_en"].strip(), given["text_fr"].strip())
    recommendation.recommend(
        file.application,
        outcome=given["outcome"],
        grounds=given["grounds"],
        reasons=given["reasons"],
        valid_to=given["valid_to"],
        conditions=[words] if any(words) else [],
        by=who(request),
        seen=given["seen"],
    )
    return _("Your recommendation on %(reference)s waits for a decision-maker.")


def _standing_one(file: CaseFile) -> Recommendation:
    if file.recommendation is None:
        raise Refused(_("Nothing is recommended."))
    return file.recommendation


def _seen_one(file: CaseFile) -> int | None:
    return file.recommendation.version if file.recommendation else None


def _put_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    reply_by = clock.today() + timedelta(days=30)
    initial = {"seen": _seen_one(file), "reply_by": reply_by}
    return forms.PutForm(sent(request), initial=initial)


def _put(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    recommendation.put_to_applicant(
        _standing_one(file), reply_by=given["reply_by"], by=who(request), seen=given["seen"]
    )
    return _("The intended refusal of %(reference)s is put to the applicant.")


def _reply_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    initial = {"seen": _seen_one(file), "replied_on": clock.today()}
    return forms.ReplyForm(sent(request), initial=initial)


def _reply(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    recommendation.record_reply(
        _standing_one(file),
        reply=given["reply"],
        replied_on=given["replied_on"],
        by=who(request),
        seen=given["seen"],
    )
    return _("The reply on %(reference)s is recorded.")


def _back_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    return forms.WhyForm(sent(request), initial={"seen": _seen_one(file)})


def _send_back(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    recommendation.send_back(
        _standing_one(file), reason=given["reason"], by=who(request), seen=given["seen"]
    )
    return _("%(reference)s is back in review.")


def _issue_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    exceptions = sorted(ministers_exceptions(file, ruling))
    initial = {"seen": head_of(file.application)}
    return forms.IssueForm(sent(request), exceptions=exceptions, initial=initial)


def _issue(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    issue(
        file.application,
        reasons=given["reasons"],
        adopts_determination=given["adopts_determination"],
        exceptions_signed=given.get("exceptions_signed", ()),
        by=who(request),
        seen_head=given["seen"],
    )
    return _("The permit on %(reference)s is issued.")


def _refuse_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    grounds = file.recommendation.grounds if file.recommendation else []
    initial = {"seen": head_of(file.application), "grounds": grounds}
    return forms.RefuseForm(sent(request), initial=initial)


def _refuse(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    refuse(
        file.application,
        grounds=given["grounds"],
        reasons=given["reasons"],
        by=who(request),
        seen_head=given["seen"],
    )
    return _("%(reference)s is refused.")


def _return_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    grounds: Sequence[str] = file.recommendation.grounds if file.recommendation else ()
    initial = {"seen": head_of(file.application), "ground": next(iter(grounds), None)}
    return forms.ReturnForm(sent(request), initial=initial)


def _return_without_action(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    return_without_action(
        file.application,
        ground=given["ground"],
        reasons=given["reasons"],
        by=who(request),
        seen_head=given["seen"],
    )
    return _("%(reference)s is returned without action.")


BUTTONS: dict[Action, Doing] = {
    one.action: one
    for one in (
        Doing(
            Action.SUBMIT,
            gettext_lazy("Submit the application"),
            _plain,
            _submit,
            gettext_lazy("The clock runs from today. What is still missing is listed on the case."),
            check=lambda file, by: intake.refuse_empty(file),
        ),
        Doing(Action.TAKE_UP, gettext_lazy("Begin the review"), _plain, _take_up),
        Doing(
            Action.RETURN,
            gettext_lazy("Return the application"),
            _why,
            _return,
            gettext_lazy("A wait for the applicant begins."),
        ),
        Doing(
            Action.ASSIGN,
            gettext_lazy("Assign"),
            _assign_form,
            _assign,
            check=lambda file, by: intake.refuse_to_assign(file.application, by=by),
        ),
        Doing(Action.CONSULT, gettext_lazy("Record the question"), _consult_form, _consult),
        Doing(Action.WAIT, gettext_lazy("Record the wait"), _wait_form, _wait),
        Doing(
            Action.RECOMMEND,
            gettext_lazy("Recommend"),
            _recommend_form,
            _recommend,
            gettext_lazy("Somebody else decides: who recommends never does."),
            check=lambda file, by: recommendation.refuse_to_recommend(file),
        ),
        Doing(
            Action.PUT,
            gettext_lazy("Put it to the applicant"),
            _put_form,
            _put,
            gettext_lazy("The applicant may reply until then. The clock stands still."),
            check=lambda file, by: recommendation.refuse_to_put(_standing_one(file)),
        ),
        Doing(Action.SEND_BACK, gettext_lazy("Send it back"), _back_form, _send_back),
        Doing(
            Action.ISSUE,
            gettext_lazy("Issue the permit"),
            _issue_form,
            _issue,
            gettext_lazy("The gate is looked at once more. What it rests on is frozen."),
            gettext_lazy("EIPA, s. 7(1), 7.1(1)"),
            check=lambda file, by: refuse_to_decide(file, Outcome.ISSUED, by=by),
        ),
        Doing(
            Action.REFUSE,
            gettext_lazy("Refuse the application"),
            _refuse_form,
            _refuse,
            "",
            gettext_lazy("EIPA, s. 7, 7.1, 7.4"),
            check=lambda file, by: refuse_to_decide(file, Outcome.REFUSED, by=by),
        ),
        Doing(
            Action.RETURN_WITHOUT_ACTION,
            gettext_lazy("Return it without action"),
            _return_form,
            _return_without_action,
            check=lambda file, by: refuse_to_decide(file, Outcome.RETURNED, by=by),
        ),
        Doing(Action.WITHDRAW, gettext_lazy("Withdraw the application"), _why, _withdraw),
        Doing(
            Action.DECLARE_CONFLICT,
            gettext_lazy("Declare it"),
            _why,
            _declare,
            gettext_lazy("You then never decide this application. It is not taken back."),
            check=lambda file, by: intake.refuse_second_declaration(file, by=by),
        ),
    )
}


REPLY = Doing(
    Action.PUT,
    gettext_lazy("Record the reply"),
    _reply_form,
    _reply,
    check=lambda file, by: recommendation.refuse_reply(_standing_one(file)),
)


@require_http_methods(METHODS)
def do(request: HttpRequest, reference: str, action: str) -> HttpResponse:
    """The page of an act on a case."""
    application = find(request, reference)
    doing = BUTTONS.get(Action(action)) if action in Action.values else None
    if doing is None:
        raise Http404
    return _do(request, read_file(application), doing)


def _do(request: HttpRequest, file: CaseFile, doing: Doing) -> HttpResponse:
    application, form = file.application, doing.form(request, file)
    page = Page(
        title=str(doing.action.label),
        button=str(doing.button),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=(
            (_("Application"), application.reference),
            (_("Destination"), application.destination or _("Not given")),
            *_recommended_in_words(file),
        ),
        then=str(doing.then),
        provision=doing.provision,
        **doing.barred(request, file),
    )

    def perform(form: Any) -> HttpResponse:
        words = doing.perform(request, file, form.cleaned_data)
        messages.success(request, words % {"reference": application.reference})
        return redirect(application)

    return answer(request, form, page, perform)


def _recommended_in_words(file: CaseFile) -> Iterator[tuple[str, Any]]:
    """What is recommended and waits for a decision: nobody decides on what they do not see."""
    made = file.recommendation
    if made is None or file.decision is not None:
        return
    names = ", ".join(party.name for party in file.parties_as(PartyRole.APPLICANT))
    yield _("Applicant"), names or _("Not given")
    yield (
        _("Recommended"),
        _("%(outcome)s, by %(name)s, %(at)s")
        % {
            "outcome": made.get_outcome_display(),
            "name": made.made_by,
            "at": instant_in_words(made.made_at),
        },
    )
    grounds = _ground_words(file)
    if grounds:
        yield _("Grounds"), "\n".join(grounds)
    yield _("Its reasons"), made.reasons
    if made.valid_to:
        yield _("Last day of the permit"), day_in_words(made.valid_to)
    french = _language().startswith("fr")
    for number, one in enumerate(file.conditions, start=1):
        yield (
            _("Condition %(number)d") % {"number": number},
            one.text_fr if french else one.text_en,
        )
    if made.reply:
        yield _("Reply of the applicant"), made.reply


@require_http_methods(METHODS)
def record_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """The applicant's reply to an intended refusal."""
    application = find(request, reference)
    return _do(request, read_file(application), REPLY)


# Statements


def _listing_policies() -> list[tuple[str, str]]:
    """The policies under which persons are listed: their keys, and what they are called."""
    register = current_register()
    keys = {row.key for row in register.rulebook.rows if row.scope.designated}
    return sorted((key, f"{register.policies[key].title[_language()]} ({key})") for key in keys)


@require_http_methods(METHODS)
def new_statement(request: HttpRequest, reference: str, kind: str, key: str) -> HttpResponse:
    """A statement of a kind about something on the case."""
    application = find(request, reference)
    file = read_file(application)
    if kind not in StatementKind.values or not is_there(file, kind, key):
        raise Http404
    which = StatementKind(kind)
    is_screening = which == StatementKind.SCREENING
    policies = _listing_policies() if is_screening else []
    form = forms.StatementForm(
        sent(request),
        values=[(value, SAYS.get(value, value)) for value in sorted(VALUES[which])],
        policies=policies,
        documents=forms.documents_of(application),
        needs_source=which in (StatementKind.SCREENING, StatementKind.ELIGIBILITY),
        check=lambda given: check_said(file, said(given)),
    )

    def said(given: Mapping[str, Any]) -> Said:
        return Said(
            which,
            key,
            given.get("value", ""),
            reason=given.get("reason", ""),
            source=given.get("source", ""),
            document=given.get("document"),
            policies=tuple(given.get("policies", ())),
        )

    def perform(form: forms.StatementForm) -> HttpResponse:
        made = state(application, said(form.cleaned_data), by=who(request))
        messages.success(
            request,
            _("Stated. It counts from now on.")
            if made.counts_alone
            else _("Stated. It counts once a second person countersigns it."),
        )
        return redirect(f"{application.get_absolute_url()}#statements")

    page = Page(
        title=str(which.label),
        button=_("State it"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("About"), about(file, Statement(kind=kind, key=key))),),
        then=_("What makes the case less strict counts only once a second person stands by it."),
        refusal=why_not(request, application, Action.STATE),
    )
    return answer(request, form, page, perform)


def _statement(request: HttpRequest, number: int) -> tuple[Statement, CaseFile, Page]:
    made = get_object_or_404(
        Statement.objects.select_related("application", "made_by", "document"), pk=number
    )
    application = find(request, made.application.reference)
    file = read_file(application)
    page = Page(
        title=_("Countersign a statement"),
        button=_("Countersign"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=(
            (_("About"), about(file, made)),
            (_("Statement"), _says(made)),
            (_("By"), made.made_by),
            (_("Reason"), made.reason),
            (_("Source"), made.source or "—"),
            *(((_("Document"), made.document),) if made.document else ()),
        ),
        then=_("You stand by it with the person who made it. It counts from then on."),
    )
    return made, file, page


def _why_not_countersign(request: HttpRequest, file: CaseFile, made: Statement) -> str:
    by = who(request)
    return why_not(
        request,
        file.application,
        Action.COUNTERSIGN,
        lambda: refuse_to_countersign(file, made, by=by),
    )


@require_http_methods(METHODS)
def countersign_statement(request: HttpRequest, number: int) -> HttpResponse:
    """Stands by another's statement."""
    made, file, page = _statement(request, number)
    page = replace(page, refusal=_why_not_countersign(request, file, made))

    def perform(form: forms.PlainForm) -> HttpResponse:
        countersign(made, by=who(request), seen=form.cleaned_data["seen"])
        messages.success(request, _("Countersigned. It counts from now on."))
        return redirect(f"{page.back}#statements")

    form = forms.PlainForm(sent(request), initial={"seen": made.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def set_aside_statement(request: HttpRequest, number: int) -> HttpResponse:
    """Takes a statement back."""
    made, file, page = _statement(request, number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        set_aside(made, by=who(request), reason=given["reason"], seen=given["seen"])
        messages.success(request, _("Set aside. It does not count any more."))
        return redirect(f"{page.back}#statements")

    form = forms.WhyForm(sent(request), initial={"seen": made.version})
    own = Page(
        title=_("Set a statement aside"),
        button=_("Set it aside"),
        name=page.name,
        back=page.back,
        facts=page.facts,
        then=_("The case can only get stricter by it. The history keeps the statement."),
        refusal=why_not(request, file.application, Action.STATE, lambda: refuse_to_set_aside(made)),
    )
    return answer(request, form, own, perform)


# Consultations and waits


@require_http_methods(METHODS)
def answer_consultation(request: HttpRequest, number: int) -> HttpResponse:
    """What a body answered."""
    row = get_object_or_404(Consultation.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)

    def perform(form: forms.AnswerForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.record_answer(
            row,
            answer=given["answer"],
            answered_on=given["answered_on"],
            by=who(request),
            seen=given["seen"],
        )
        return _saved(request, application, "consultations")

    initial = {"seen": row.version, "answered_on": clock.today()}
    form = forms.AnswerForm(sent(request), initial=initial)
    against = why_not(
        request, application, Action.CONSULT, lambda: consultations.refuse_closed(row)
    )
    page = _on_consultation(application, row, _("Record the answer"), against)
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def silence_consultation(request: HttpRequest, number: int) -> HttpResponse:
    """Goes on without an answer."""
    row = get_object_or_404(Consultation.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.record_silence(
            row, reason=given["reason"], by=who(request), seen=given["seen"]
        )
        return _saved(request, application, "consultations")

    form = forms.WhyForm(sent(request), initial={"seen": row.version})
    page = _on_consultation(
        application, row, _("Record the silence"), _why_not_silent(request, application, row)
    )
    return answer(request, form, page, perform)


def _why_not_silent(request: HttpRequest, application: Application, row: Consultation) -> str:
    return why_not(request, application, Action.CONSULT, lambda: consultations.refuse_silence(row))


def _on_consultation(
    application: Application, row: Consultation, button: str, refusal: str
) -> Page:
    return Page(
        title=row.body,
        button=button,
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("Question"), row.question),),
        refusal=refusal,
    )


@require_http_methods(METHODS)
def end_wait(request: HttpRequest, number: int) -> HttpResponse:
    """Ends a wait."""
    row = get_object_or_404(Wait.objects.select_related("application"), pk=number)
    application = find(request, row.application.reference)

    def perform(form: forms.DayForm) -> HttpResponse:
        given = form.cleaned_data
        consultations.end_wait(row, to_on=given["day"], by=who(request), seen=given["seen"])
        return _saved(request, application, "consultations")

    form = forms.DayForm(sent(request), initial={"seen": row.version, "day": clock.today()})
    page = Page(
        title=_("End a wait"),
        button=_("End the wait"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((row.get_kind_display(), row.reason),),
        refusal=why_not(request, application, Action.WAIT, lambda: consultations.refuse_ended(row)),
    )
    return answer(request, form, page, perform)
