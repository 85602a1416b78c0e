"""What an analyst recommends, and putting an intended refusal to the applicant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.exceptions import Refused
from accounts.models import User
from accounts.reasons import checked_reason
from history import clock
from history.domain.past import reasons_of
from history.models import Event
from permits.choices import (
    LEGAL_BARS,
    Outcome,
    PartyRole,
    RefusalGround,
    Residual,
    ReturnGround,
    WaitKind,
)
from permits.domain.assessment import card_states
from permits.domain.casefile import CaseFile, events_on, once, read_file
from permits.domain.casework import acting, afresh
from permits.domain.clock import last_day_of
from permits.domain.conditions import TWICE, Words, checked_words
from permits.domain.digests import digest
from permits.domain.faults import Faults
from permits.domain.gate import GateClosed, check_gate
from permits.domain.intake import end_waits
from permits.domain.ruling import CaseRuling, is_under_7_3, rule_on
from permits.domain.statements import NOT_RESIDENT, PREJUDICIAL, as_stated_now, counted
from permits.domain.wording import both
from permits.models import Application, Condition, Recommendation, Wait
from permits.printing import refuse_unprintable
from permits.verbs import Verb
from permits.workflow import Action
from policies.choices import REQUIREMENT_RANK, Activity, Requirement, Stance


def recommend(
    application: Application,
    *,
    outcome: str,
    reasons: str,
    by: User,
    grounds: Sequence[str] = (),
    valid_to: date | None = None,
    conditions: Iterable[Words] = (),
    seen_head: int | None = None,
) -> Recommendation:
    """Recommends to issue, to refuse or to return without action.

    To issue takes a gate that opens but for the person who decides; to refuse and to return take
    grounds that hold. Raises ValidationError, NotPermitted, Refused (GateClosed), Conflict.
    """
    given: dict[str, Any] = {
        "outcome": outcome,
        "grounds": grounds,
        "reasons": reasons,
        "valid_to": valid_to,
        "conditions": tuple(conditions),
    }
    with acting(Action.RECOMMEND, application, by=by, seen_head=seen_head) as work:
        file = read_file(work.application)
        ruling = rule_on(file, on=clock.today(), known_at=clock.now())
        check_recommendation(file, ruling, given)
        reasons = checked_reason(reasons)
        wanted = [checked_words(one) for one in given["conditions"]]
        made = Recommendation(
            application=work.application,
            outcome=outcome,
            grounds=list(dict.fromkeys(grounds)),
            reasons=reasons,
            valid_to=valid_to,
            basis=file_digest(file, ruling),
            made_by=by,
            made_at=clock.now(),
        )
        entry = work.record(Verb.RECOMMENDED, reason=reasons, data={"outcome": outcome})
        work.move(entry)
        entry.add(made)
        for english, french in wanted:
            entry.add(
                Condition(
                    recommendation=made,
                    text_en=english,
                    text_fr=french,
                    written_by=by,
                    written_at=clock.now(),
                )
            )
    return made


def check_recommendation(
    file: CaseFile, ruling: CaseRuling, values: Mapping[str, Any], unread: Collection[str] = ()
) -> None:
    """Raises ValidationError with all that is wrong with what is recommended, and where nothing is,
    GateClosed if a permit is recommended and the gate stays closed whoever decides."""
    faults, closed = Faults(unread), None
    check_reasons(faults, values)
    wanted: list[Words] = []
    for words in values["conditions"]:
        with faults.at("text_en"):
            if (words := checked_words(words)) in wanted:
                raise ValidationError(TWICE)
            wanted.append(words)
    if faults.is_read("outcome"):
        outcome = values["outcome"]
        if faults.is_read("grounds"):
            with faults.at("grounds"):
                checked_grounds(file, ruling, outcome, values["grounds"])
        if outcome != Outcome.ISSUED:
            for name, given in (("valid_to", "valid_to"), ("text_en", "conditions")):
                if values.get(given) and faults.is_read(name):
                    faults.fault(name, _("Only a permit has conditions and a last day."))
        else:
            if faults.is_read("valid_to"):
                _check_validity(faults, values["valid_to"])
            gate = check_gate(file, ruling)
            closed = None if gate.is_open_but_for_the_person else GateClosed(gate)
    _check_names(faults, file)
    if closed and faults.is_at_fault:
        faults.fault("outcome", str(closed.words))
    faults.refuse()
    if closed:
        raise closed


def check_reasons(faults: Faults, values: Mapping[str, Any]) -> None:
    """Says at `reasons` what is wrong with them."""
    if faults.is_read("reasons"):
        with faults.at("reasons"):
            checked_reason(values["reasons"])
            refuse_unprintable(values["reasons"])


def _check_names(faults: Faults, file: CaseFile) -> None:
    """Says at `outcome` which names and goods no paper can print: they can still be edited."""
    printed = [
        (str(role.label), party.name)
        for role in (PartyRole.APPLICANT, PartyRole.CONSIGNEE, PartyRole.END_USER)
        for party in file.parties_as(role)
    ]
    for line in file.lines:
        where = _("Line %(number)d") % {"number": line.number}
        printed += [(where, line.description), (where, line.unit)]
    try:
        refuse_unprintable("\n".join(text for _where, text in printed))
    except ValidationError:
        pass
    else:
        return
    for where, text in printed:
        try:
            refuse_unprintable(text)
        except ValidationError as fault:
            faults.fault("outcome", f"{where}. {fault.messages[0]}")


def refuse_to_recommend(file: CaseFile) -> None:
    """Raises Refused while nothing can be recommended, whatever is chosen."""
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    if check_gate(file, ruling).is_open_but_for_the_person:
        return
    if all(one.why_not for one in grounds_now(file, ruling)):
        raise Refused(
            _("Nothing can be recommended yet: the gate does not open, and no ground holds.")
        )


def file_digest(file: CaseFile, ruling: CaseRuling) -> str:
    """The digest of what a recommendation rests on: ruling, lines, parties, cards, statements.

    It makes nothing stale: the gate looks at the file itself. The administration shows it.
    """
    return digest(
        {
            "ruling": ruling.outcome(),
            "lines": {str(line.pk): line.version for line in file.lines},
            "parties": {str(party.pk): party.version for party in file.parties},
            "cards": {card.consideration: card.basis for card in file.cards},
            "statements": {str(one.pk): one.version for one in file.statements},
        }
    )


def _check_validity(faults: Faults, valid_to: date | None) -> None:
    if valid_to is None:
        faults.fault("valid_to", _("Give the last day of the permit."))
    elif valid_to <= clock.today():
        faults.fault("valid_to", _("Give a last day after today."))


# Grounds


@dataclass(frozen=True, slots=True)
class GroundNow:
    """A ground to refuse or to return, and why it does not hold: nothing where it does."""

    outcome: Outcome
    ground: str
    why_not: str


def grounds_now(file: CaseFile, ruling: CaseRuling) -> list[GroundNow]:
    """Every ground that can be named, and whether it holds on this file."""
    known = {Outcome.REFUSED: RefusalGround.values, Outcome.RETURNED: ReturnGround.values}
    return [
        GroundNow(outcome, ground, _why_not_now(file, ruling, outcome, ground))
        for outcome, grounds in known.items()
        for ground in grounds
    ]


def checked_grounds(
    file: CaseFile, ruling: CaseRuling, outcome: str, grounds: Sequence[str]
) -> list[str]:
    """The grounds, each one that holds on the file. Raises ValidationError for one that does not.

    A substantial risk (s. 7.4) and a policy are different grounds: neither stands in for the other.
    """
    match outcome:
        case Outcome.ISSUED:
            if grounds:
                raise ValidationError({"grounds": _("To issue needs no ground.")})
            return []
        case Outcome.REFUSED:
            known: Sequence[str] = RefusalGround.values
        case Outcome.RETURNED:
            known = ReturnGround.values
        case _:
            raise ValidationError({"outcome": _("Choose what you recommend.")})
    if not grounds:
        raise ValidationError({"grounds": _("Name at least one ground.")})
    if not set(grounds) <= set(known):
        raise ValidationError({"grounds": _("Choose one of the grounds offered.")})
    faults = [
        words
        for ground in dict.fromkeys(grounds)
        if (words := _why_not_now(file, ruling, outcome, ground))
    ]
    if faults:
        raise ValidationError({"grounds": faults})
    return list(dict.fromkeys(grounds))


_FREE = frozenset({ReturnGround.NO_PERMIT_NEEDED.value, ReturnGround.GENERAL_PERMIT.value})
"""Grounds that tell an applicant to go on without a permit of their own."""
_STATED = frozenset(
    {
        RefusalGround.ELIGIBILITY.value,
        RefusalGround.FIREARMS.value,
        RefusalGround.REGULATION.value,
        RefusalGround.STATE_SAFETY.value,
        RefusalGround.POLICY.value,
        ReturnGround.INELIGIBLE.value,
    }
)
"""Grounds against an applicant that may rest on what was stated."""


def _why_not_now(file: CaseFile, ruling: CaseRuling, outcome: str, ground: str) -> str:
    """Why the ground does not hold on this file, or not on what was stated of it as it is now;
    nothing where it does."""
    if why := _why_no_ground(file, ruling, outcome, ground):
        return why
    if ground in _FREE:
        return _why_not_free(ruling)
    stated = as_stated_now(file)
    if ground in _STATED and stated is not file:
        today = rule_on(stated, on=ruling.on, known_at=ruling.known_at)
        if _why_no_ground(stated, today, outcome, ground):
            return _("What this rests on was stated of what has changed since. State it anew.")
    return ""


def _why_not_free(ruling: CaseRuling) -> str:
    """Why an applicant is not told to go on without a permit: a regulation binds goods that need
    none."""
    if ruling.stance == Stance.PROHIBITED:
        return _("A line is prohibited by a regulation, whether it needs a permit or not.")
    need = REQUIREMENT_RANK[ruling.requirement_if_open] > REQUIREMENT_RANK[ruling.requirement]
    if need or ruling.stance_if_open == Stance.PROHIBITED:
        return _("It hangs on a policy question that is open: answer it first.")
    return ""


def _why_no_ground(file: CaseFile, ruling: CaseRuling, outcome: str, ground: str) -> str:
    """Why the ground does not hold on this file; nothing where it does."""
    if outcome == Outcome.RETURNED:
        return _why_not_returned(file, ruling, ground)
    states = card_states(file, ruling)
    stated = counted(file)
    under_7_3 = is_under_7_3(file, ruling.on)
    match ground:
        case RefusalGround.SUBSTANTIAL_RISK:
            if not under_7_3:
                return _("s. 7.4 is not law for these goods on this day.")
            risky = [one for one in states if one.residual == Residual.SUBSTANTIAL_RISK]
            if not any(one.is_good for one in risky):
                return _(
                    "s. 7.4: no consideration that finds a substantial risk is signed by two people"
                    " on today's basis."
                )
        case RefusalGround.ELIGIBILITY:
            if file.application.activity == Activity.BROKERING:
                return _("s. 7.1(1): a brokering permit may be issued to anyone.")
            if stated.eligibility != NOT_RESIDENT:
                return _("s. 7(1): that the applicant is no resident of Canada is not stated.")
        case RefusalGround.FIREARMS:
            if not any(
                one.facts.eipa_4_1 and one.ruling.stance == Stance.PROHIBITED
                for one in ruling.lines
            ):
                return _("s. 7(2): no line of goods of s. 4.1 is barred for this destination.")
        case RefusalGround.REGULATION:
            if ruling.stance != Stance.PROHIBITED:
                return _("No line is prohibited by a regulation today.")
        case RefusalGround.STATE_SAFETY:
            if stated.state_safety != PREJUDICIAL:
                return _("s. 7.2: the prejudice is not stated on this case.")
        case RefusalGround.POLICY:
            if ruling.stance == Stance.CASE_BY_CASE:
                return _("No policy in force today is stricter than case by case.")
    if ground in (RefusalGround.POLICY, RefusalGround.DISCRETION) and under_7_3:
        open_cards = [one.number for one in states if not one.is_answered]
        if open_cards:
            return _("All six considerations are answered before a refusal in discretion (s. 7.3).")
    return ""


def _why_not_returned(file: CaseFile, ruling: CaseRuling, ground: str) -> str:
    needs = {one.ruling.requirement for one in ruling.lines}
    match ground:
        case ReturnGround.NO_PERMIT_NEEDED:
            free = {Requirement.NOT_CONTROLLED, Requirement.NO_PERMIT_REQUIRED}
            if not needs or not needs <= free:
                return _("A line needs a permit.")
        case ReturnGround.GENERAL_PERMIT:
            if Requirement.GENERAL_PERMIT not in needs or Requirement.INDIVIDUAL_PERMIT in needs:
                return _("No general permit covers what needs a permit here.")
        case _:
            if file.application.activity == Activity.BROKERING:
                return _("s. 7.1(1): a brokering permit may be issued to anyone.")
            if counted(file).eligibility != NOT_RESIDENT:
                return _("That the applicant is no resident of Canada is not stated.")
    return ""


def is_legal_bar(recommendation: Recommendation) -> bool:
    """Whether it rests on grounds that leave no discretion alone: no reply is waited for."""
    return bool(recommendation.grounds) and set(recommendation.grounds) <= {
        ground.value for ground in LEGAL_BARS
    }


# The intended refusal


REPLY_AWAITED = gettext_lazy("Reply to the intended refusal")


def put_to_applicant(
    recommendation: Recommendation, *, reply_by: date, by: User, seen: int | None = None
) -> Recommendation:
    """Puts an intended refusal to the applicant, with a day to reply by: a wait until then begins.

    Where that is no business day, the next one is kept, and the letter names it. Raises
    ValidationError, NotPermitted, Refused, Conflict.
    """
    if reply_by <= clock.today():
        raise ValidationError({"reply_by": _("Give a day after today.")})
    with acting(Action.PUT, recommendation.application, by=by) as work:
        now = _standing(recommendation, seen)
        refuse_to_put(now)
        today, last_day = clock.today(), last_day_of(reply_by)
        entry = work.record(Verb.PUT_TO_APPLICANT)
        entry.set(now, put_on=today, reply_by=last_day)
        entry.add(
            Wait(
                application=work.application,
                kind=WaitKind.REPLY,
                reason=str(REPLY_AWAITED),
                from_on=today,
                to_on=last_day,
                opened_by=by,
            )
        )
    return now


def reason_of(wait: Wait) -> str:
    """Why a case waits: as a person wrote it, or the office's own words in the page's language."""
    own = wait.kind == WaitKind.REPLY and wait.reason in both(REPLY_AWAITED).values()
    return str(REPLY_AWAITED) if own else wait.reason


def refuse_to_put(recommendation: Recommendation) -> None:
    """Raises Refused where there is nothing that could be put to the applicant."""
    if recommendation.outcome != Outcome.REFUSED:
        raise Refused(_("Only an intended refusal is put to the applicant."))
    if is_legal_bar(recommendation):
        raise Refused(_("A legal bar leaves no discretion: there is nothing to reply to."))
    if recommendation.put_on is not None:
        raise Refused(_("The intended refusal was put to the applicant already."))


def record_reply(
    recommendation: Recommendation,
    *,
    reply: str,
    replied_on: date,
    by: User,
    seen: int | None = None,
) -> Recommendation:
    """Records what the applicant replied; the wait for it ends on the day of the reply."""
    with acting(Action.PUT, recommendation.application, by=by) as work:
        now = _standing(recommendation, seen)
        refuse_reply(now)
        check_reply(now, {"reply": reply, "replied_on": replied_on})
        reply = checked_reason(reply)
        entry = work.record(Verb.REPLY_RECORDED)
        entry.set(now, reply=reply, replied_on=replied_on)
        end_waits(work, entry, WaitKind.REPLY, on=replied_on)
    return now


def check_reply(
    recommendation: Recommendation, values: Mapping[str, Any], unread: Collection[str] = ()
) -> None:
    """Raises ValidationError with all that is wrong with a reply and its day."""
    faults, put_on = Faults(unread), recommendation.put_on
    if faults.is_read("reply"):
        with faults.at("reply"):
            checked_reason(values["reply"])
    if faults.is_read("replied_on") and (
        put_on is None or not put_on <= values["replied_on"] <= clock.today()
    ):
        faults.fault("replied_on", _("Give a day from that of the letter up to today."))
    faults.refuse()


def refuse_reply(recommendation: Recommendation) -> None:
    """Raises Refused where no reply of the applicant is waited for."""
    if recommendation.put_on is None:
        raise Refused(_("The intended refusal was not put to the applicant."))
    if recommendation.replied_on is not None:
        raise Refused(_("The reply is recorded already."))


def send_back(
    recommendation: Recommendation, *, reason: str, by: User, seen: int | None = None
) -> Recommendation:
    """Sends the case back to the review; the recommendation is set aside.

    Whoever made it takes it back so. Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    with acting(Action.SEND_BACK, recommendation.application, by=by) as work:
        now = _standing(recommendation, seen)
        entry = work.record(Verb.SENT_BACK, reason=reason)
        work.move(entry)
        entry.set(now, set_aside_by=by, set_aside_at=clock.now())
        end_waits(work, entry)
    return now


@dataclass(frozen=True, slots=True)
class SentBack:
    """A recommendation that was set aside, and why: it says itself by whom and when."""

    recommendation: Recommendation
    reason: str

    def conditions(self) -> list[Condition]:
        """The conditions that it had, as they were last written. One query."""
        return list(
            self.recommendation.conditions.filter(is_removed=False, replaced_by__isnull=True)
        )


@once
def all_sent_back(file: CaseFile) -> tuple[SentBack, ...]:
    """Everything that was sent back, in order. At most three queries, one where nothing was."""
    done = [one for one in events_on(file) if one.verb == Verb.SENT_BACK]
    if not done:
        return ()
    # Nothing is written of a recommendation after the event that set it aside.
    why = dict(zip((one.sequence for one in done), reasons_of(done), strict=True))
    made = (
        Recommendation.objects.filter(application=file.application, version__in=why)
        .select_related("made_by", "set_aside_by")
        .order_by("version")
    )
    return tuple(SentBack(one, why[one.version]) for one in made)


def sent_back(file: CaseFile) -> SentBack | None:
    """What was sent back last, while nothing else is recommended."""
    return None if file.recommendation else next(reversed(all_sent_back(file)), None)


def all_put(file: CaseFile) -> list[tuple[Recommendation, Event]]:
    """Each intended refusal that was put to the applicant, in order, and the event of that.

    Those that were sent back since are among them.
    """
    made = [*(one.recommendation for one in all_sent_back(file)), file.recommendation]
    put = (one for one in made if one is not None and one.put_on is not None)
    done = (one for one in events_on(file) if one.verb == Verb.PUT_TO_APPLICANT)
    # Each is put once, and only while no other stands.
    return list(zip(put, done, strict=False))


def _standing(recommendation: Recommendation, seen: int | None) -> Recommendation:
    now = afresh(recommendation, seen)
    if now.set_aside_at is not None:
        raise Refused(_("This recommendation was set aside."))
    return now
