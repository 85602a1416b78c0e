"""What is done to a case from its page: one address, one row of `BUTTONS` for each act."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.days import day_in_words, instant_in_words
from accounts.exceptions import Refused
from accounts.models import User
from history import clock
from permits import forms
from permits.choices import Outcome, PartyRole
from permits.domain import consultations, intake, recommendation
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import head_of
from permits.domain.clock import last_day_of
from permits.domain.conditions import Words
from permits.domain.decision import (
    check_grounds_and_reasons,
    check_issue,
    issue,
    ministers_exceptions,
    refuse,
    refuse_to_decide,
    return_without_action,
    why_not_on,
)
from permits.domain.frozen import Instruments, ground_in_words, instruments_by
from permits.domain.gate import GateClosed, check_gate
from permits.domain.letters import papers
from permits.domain.recommendation import is_legal_bar
from permits.domain.ruling import CaseRuling, is_under_7_3, rule_on
from permits.figures import figure, in_dollars
from permits.models import Condition, Decision, Line, Recommendation
from permits.views.acts import METHODS, Page, answer, barred, find, gate_of, sent, who
from permits.views.statements import claims_to_sign
from permits.workflow import Action

Perform = Callable[[HttpRequest, CaseFile, Any], str]


@dataclass(frozen=True, slots=True)
class Doing:
    """An act from the case's page: `perform` does it and says what happened.

    `check` raises what the act would, whatever is typed; the case's page offers by it. The page of
    what `rests_on_gate` shows the gate before anything is chosen.
    """

    action: Action
    button: Any
    form: Callable[[HttpRequest, CaseFile], django_forms.BaseForm]
    perform: Perform
    then: Any = ""
    provision: Any = ""
    check: Callable[[CaseFile, User], object] = lambda file, by: None
    rests_on_gate: bool = False

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
    made = intake.submit(file.application, by=who(request), seen=given["seen"])
    if made.submitted_on == clock.today():
        return _("%(reference)s is submitted. The clock runs from today.")
    return _("%(reference)s is submitted. Nothing of it is new: its clock goes on.")


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
    if given["to"] is None:
        return _("%(reference)s is assigned to nobody.")
    return _("%(reference)s is assigned.")


def _consult_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    due_on = last_day_of(clock.today() + timedelta(days=14))
    check = consultations.checked_question
    return forms.ConsultForm(sent(request), initial={"due_on": due_on}, check=check)


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
    check = partial(consultations.check_wait, file.application)
    return forms.WaitForm(sent(request), initial={"from_on": clock.today()}, check=check)


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
    """It opens with what was sent back, as it was: only what is otherwise is typed anew."""
    back = recommendation.sent_back(file)
    written = _written_before(back)

    def check(given: Mapping[str, Any], unread: Collection[str]) -> None:
        values = {**given, "conditions": _conditions(given, written)}
        with suppress(GateClosed):  # That is no field's: the act says it, with the gate.
            recommendation.check_recommendation(file, _ruling(file), values, unread)

    initial: dict[str, Any] = {"seen": head_of(file.application)}
    if back is not None:
        names = ("outcome", "grounds", "reasons", "valid_to")
        initial |= {name: getattr(back.recommendation, name) for name in names}
        initial["kept"] = list(written)
    return forms.RecommendForm(
        sent(request),
        why_not=_why_not_recommended(file),
        written={key: f"{one.text_en} / {one.text_fr}" for key, one in written.items()},
        initial=initial,
        check=check,
    )


def _why_not_recommended(file: CaseFile) -> dict[str, str]:
    """Why an outcome or a ground cannot be recommended now, by its code."""
    ruling = _ruling(file)
    gate, grounds = check_gate(file, ruling), recommendation.grounds_now(file, ruling)
    found = {one.ground: one.why_not for one in grounds}
    for outcome in (Outcome.REFUSED, Outcome.RETURNED):
        if all(one.why_not for one in grounds if one.outcome == outcome):
            found[outcome] = _("None of its grounds holds.")
    if not gate.is_open_but_for_the_person:
        found[Outcome.ISSUED] = str(GateClosed(gate).words)
    return found


def _ruling(file: CaseFile) -> CaseRuling:
    return rule_on(file, on=clock.today(), known_at=clock.now())


def _written_before(back: recommendation.SentBack | None) -> dict[str, Condition]:
    """The conditions of what was sent back, by key as a form has it."""
    return {str(one.pk): one for one in back.conditions()} if back else {}


def _conditions(given: Mapping[str, Any], written: Mapping[str, Condition]) -> list[Words]:
    """The conditions that are kept, and the one that was typed; a permit alone has any."""
    kept = given.get("kept", ()) if given.get("outcome") == Outcome.ISSUED else ()
    words = (given.get("text_en", "").strip(), given.get("text_fr", "").strip())
    return [
        *((written[key].text_en, written[key].text_fr) for key in kept),
        *([words] if any(words) else []),
    ]


def _recommend(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    recommendation.recommend(
        file.application,
        outcome=given["outcome"],
        grounds=given["grounds"],
        reasons=given["reasons"],
        valid_to=given["valid_to"],
        conditions=_conditions(given, _written_before(recommendation.sent_back(file))),
        by=who(request),
        seen_head=given["seen"],
    )
    return _("Your recommendation on %(reference)s waits for a decision-maker.")


def _standing_one(file: CaseFile) -> Recommendation:
    if file.recommendation is None:
        raise Refused(_("Nothing is recommended."))
    return file.recommendation


def _seen_one(file: CaseFile) -> int | None:
    return file.recommendation.version if file.recommendation else None


def _put_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    reply_by = last_day_of(clock.today() + timedelta(days=30))
    initial = {"seen": _seen_one(file), "reply_by": reply_by}
    return forms.PutForm(sent(request), initial=initial)


def _put(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    asked = given["reply_by"]
    made = recommendation.put_to_applicant(
        _standing_one(file), reply_by=asked, by=who(request), seen=given["seen"]
    )
    kept = made.reply_by or asked
    if kept == asked:
        words = _(
            "The intended refusal of %(reference)s is put to the applicant, who may reply by"
            " %(day)s."
        )
    else:
        words = _(
            "The intended refusal of %(reference)s is put to the applicant, who may reply by"
            " %(day)s: %(asked)s is no business day."
        )
    days = {"day": day_in_words(kept), "asked": day_in_words(asked)}
    return words % {"reference": file.application.reference, **days}


def _reply_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    initial = {"seen": _seen_one(file), "replied_on": clock.today()}
    made = file.recommendation
    check = partial(recommendation.check_reply, made) if made else None
    return forms.ReplyForm(sent(request), initial=initial, check=check)


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
    ruling = _ruling(file)
    return forms.IssueForm(
        sent(request),
        is_under_7_4=is_under_7_3(file, ruling.on),
        exceptions=claims_to_sign(file, ministers_exceptions(file, ruling)),
        initial={"seen": head_of(file.application)},
        check=partial(check_issue, file, ruling),
    )


def _issue(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    issue(
        file.application,
        reasons=given["reasons"],
        adopts_determination=given.get("adopts_determination", False),
        exceptions_signed=given.get("exceptions_signed", ()),
        by=who(request),
        seen_head=given["seen"],
    )
    return _("The permit on %(reference)s is issued.")


def _refuse_form(request: HttpRequest, file: CaseFile) -> django_forms.BaseForm:
    grounds = file.recommendation.grounds if file.recommendation else []
    initial = {"seen": head_of(file.application), "grounds": grounds}
    return forms.RefuseForm(
        sent(request),
        why_not=why_not_on(file, _ruling(file), Outcome.REFUSED),
        initial=initial,
        check=_grounds_check(file, Outcome.REFUSED),
    )


def _grounds_check(file: CaseFile, outcome: Outcome) -> forms.Check:
    return lambda given, unread: check_grounds_and_reasons(
        file, _ruling(file), outcome, given, unread
    )


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
    initial = {"seen": head_of(file.application), "grounds": next(iter(grounds), None)}
    return forms.ReturnForm(
        sent(request),
        why_not=why_not_on(file, _ruling(file), Outcome.RETURNED),
        initial=initial,
        check=_grounds_check(file, Outcome.RETURNED),
    )


def _return_without_action(request: HttpRequest, file: CaseFile, given: dict[str, Any]) -> str:
    [ground] = given["grounds"]
    return_without_action(
        file.application,
        ground=ground,
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
            gettext_lazy(
                "The clock runs from today; what comes back from the applicant as it went goes on"
                " with its own. What is still missing is listed on the case."
            ),
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
            rests_on_gate=True,
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
            gettext_lazy(
                "You then do nothing more on this application, and others go on."
                " It is not taken back."
            ),
            check=lambda file, by: intake.refuse_second_declaration(file, by=by),
        ),
    )
}


_OUTCOMES = {
    Action.ISSUE: Outcome.ISSUED,
    Action.REFUSE: Outcome.REFUSED,
    Action.RETURN_WITHOUT_ACTION: Outcome.RETURNED,
    Action.PUT: Outcome.REFUSED,
}
"""The outcome that must be recommended before an act is one to think of."""


def is_called_for(action: Action, file: CaseFile) -> bool:
    """Whether what is recommended leaves room for the act."""
    made = file.recommendation
    if made is None or action not in _OUTCOMES:
        return True
    if action is Action.PUT and (made.put_on is not None or is_legal_bar(made)):
        return False
    return bool(made.outcome == _OUTCOMES[action])


_WEIGHED = frozenset({Action.RECOMMEND, Action.SEND_BACK, *_OUTCOMES})
"""The acts that weigh what was recommended before, and what the applicant replied."""


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
        title=str(doing.button if doing is REPLY else doing.action.label),
        button=str(doing.button),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=(
            (_("Application"), application.reference),
            (_("Destination"), application.destination or _("Not given")),
            *_recommended_in_words(file),
            *(_before_in_words(file) if doing.action in _WEIGHED else ()),
        ),
        then=str(doing.then),
        provision=doing.provision,
        **(gate_of(request, check_gate(file, _ruling(file))) if doing.rests_on_gate else {}),
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
    yield from _file_in_words(file)
    yield _("Recommended"), _made_in_words(made)
    if made.grounds:
        yield _("Grounds"), "\n".join(ground_words(made, instruments_by(_ruling(file))))
    yield _("Its reasons"), made.reasons
    if made.valid_to:
        yield _("Last day of the permit"), day_in_words(made.valid_to)
    for number, one in enumerate(file.conditions, start=1):
        # In both languages, as the permit has it: both are binding.
        yield _("Condition %(number)d") % {"number": number}, f"{one.text_en}\n{one.text_fr}"
    yield from _heard_in_words(made)


def _before_in_words(file: CaseFile) -> Iterator[tuple[str, Any]]:
    """The letters of intended refusals, and what was recommended before, the newest first: with why
    it was sent back and what the applicant replied to it."""
    links = [
        (reverse("permits:letter", args=[one.letter.pk]), one.kind.label, one.put_in_words)
        for one in papers(file)
        if one.put and one.letter
    ]
    if links:
        yield _("Letters"), format_html_join("\n", '<a href="{}" download>{}. {}</a>', links)
    for back in reversed(recommendation.all_sent_back(file)):
        made = back.recommendation
        at = instant_in_words(made.set_aside_at) if made.set_aside_at else ""
        yield _("Sent back"), f"{made.set_aside_by}, {at}\n{back.reason}"
        told = [_made_in_words(made), *ground_words(made), made.reasons]
        yield _("What was recommended"), "\n".join(told)
        yield from _heard_in_words(made)


def _heard_in_words(made: Recommendation) -> Iterator[tuple[str, Any]]:
    if made.put_on and made.reply_by:
        yield (
            _("Put to the applicant"),
            _("%(day)s, reply by %(by)s")
            % {"day": day_in_words(made.put_on), "by": day_in_words(made.reply_by)},
        )
    if made.reply:
        yield _("Reply of the applicant"), made.reply


def _made_in_words(made: Recommendation) -> str:
    return _("%(outcome)s, by %(name)s, %(at)s") % {
        "outcome": made.get_outcome_display(),
        "name": made.made_by,
        "at": instant_in_words(made.made_at),
    }


def _file_in_words(file: CaseFile) -> Iterator[tuple[str, Any]]:
    """Who it is for, of what, and who is to have nothing to do with it."""
    for label, role in ((_("Applicant"), PartyRole.APPLICANT), (_("End-user"), PartyRole.END_USER)):
        names = ", ".join(party.name for party in file.parties_as(role))
        yield label, names or _("Not given")
    for line in file.lines:
        yield (
            _("Line %(number)s") % {"number": line.number},
            ", ".join(_line_in_words(line)),
        )
    if file.conflicts:
        yield (
            _("Conflicts of interest"),
            "\n".join(f"{one.person.name}, {one.reason}" for one in file.conflicts),
        )


def _line_in_words(line: Line) -> Iterator[str]:
    """Its items, what it is, how many and for how much."""
    yield from line.items
    yield line.description
    if line.quantity is not None:
        yield f"{figure(line.quantity)} {line.unit}"
    if line.total_value is not None:
        yield in_dollars(line.total_value)


def ground_words(
    made: Recommendation | Decision | None, instruments: Instruments = ()
) -> list[str]:
    """The grounds of a recommendation or a decision, in words."""
    return [ground_in_words(one, instruments) for one in made.grounds] if made else []


@require_http_methods(METHODS)
def record_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """The applicant's reply to an intended refusal."""
    application = find(request, reference)
    return _do(request, read_file(application), REPLY)
