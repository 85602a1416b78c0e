"""Deciding: to issue, to refuse, to return without action.

By a decision-maker with a delegation in force, who neither recommended nor reviewed. Whether a
permit may be issued is looked at under the case's lock, with the register shared, so that no
reference load moves the ruling meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.choices import Power
from accounts.days import short_day
from accounts.domain.delegations import delegations_in_force, hold_delegations
from accounts.exceptions import NotPermitted, Refused
from accounts.models import Delegation, User
from accounts.reasons import checked_reason
from history import clock
from permits.choices import LEGAL_BARS, Outcome
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import Work, acting
from permits.domain.clock import last_day_of
from permits.domain.faults import Faults
from permits.domain.frozen import freeze, packed
from permits.domain.gate import FAIL, GateClosed, check_gate
from permits.domain.intake import end_waits, next_number
from permits.domain.recommendation import (
    check_reasons,
    checked_grounds,
    grounds_now,
    is_legal_bar,
)
from permits.domain.ruling import CaseRuling, is_under_7_3, rule_on
from permits.domain.statements import counted, exception_in_words
from permits.models import Application, Decision, Line, Permit, PermitLine, Recommendation
from permits.verbs import Verb
from permits.workflow import Action
from policies.choices import Activity
from policies.domain.reference.load import share_register
from policies.domain.resolve import MINISTER

PERMIT_LETTER = {Activity.EXPORT.value: "EP", Activity.BROKERING.value: "BP"}


def issue(
    application: Application,
    *,
    reasons: str,
    by: User,
    adopts_determination: bool = False,
    exceptions_signed: Collection[str] = (),
    seen_head: int | None = None,
) -> Permit:
    """Issues the permit that was recommended, if the gate opens for this person now.

    For arms the decision-maker adopts the determination under s. 7.4, and signs each exception for
    exceptional circumstances that the ruling rests on (`POLICY:minister`). Raises ValidationError,
    NotPermitted, Refused (GateClosed), Conflict; then nothing is written.
    """
    given = {
        "reasons": reasons,
        "adopts_determination": adopts_determination,
        "exceptions_signed": exceptions_signed,
    }
    with acting(Action.ISSUE, application, by=by, seen_head=seen_head) as work:
        share_register()
        file, ruling, recommendation = _look(work, Outcome.ISSUED)
        delegation = _held(
            file, ruling, recommendation, by=by, delegations=hold_delegations(by, clock.today())
        )
        valid_to = _last_day(recommendation)
        check_issue(file, ruling, given)
        decision = _record(
            work,
            file,
            ruling,
            delegation,
            recommendation,
            verb=Verb.ISSUED,
            outcome=Outcome.ISSUED,
            reasons=checked_reason(reasons),
            adopts_determination=is_under_7_3(file, ruling.on),
            # What was signed beside these, the ruling does not rest on.
            exceptions_signed=sorted(ministers_exceptions(file, ruling)),
        )
        return _add_permit(work, file, decision, valid_to)


def refuse(
    application: Application,
    *,
    grounds: Sequence[str],
    reasons: str,
    by: User,
    seen_head: int | None = None,
) -> Decision:
    """Refuses, on grounds that hold, once the applicant could reply unless the law bars it.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    with acting(Action.REFUSE, application, by=by, seen_head=seen_head) as work:
        share_register()
        file, ruling, recommendation = _look(work, Outcome.REFUSED)
        given = {"grounds": grounds, "reasons": reasons}
        return _decide(work, file, ruling, recommendation, Verb.REFUSED, given)


def return_without_action(
    application: Application,
    *,
    ground: str,
    reasons: str,
    by: User,
    seen_head: int | None = None,
) -> Decision:
    """Returns it without action: no permit needed, a general one applies, or not eligible.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    with acting(Action.RETURN_WITHOUT_ACTION, application, by=by, seen_head=seen_head) as work:
        share_register()
        file, ruling, recommendation = _look(work, Outcome.RETURNED)
        given = {"grounds": [ground], "reasons": reasons}
        verb = Verb.RETURNED_WITHOUT_ACTION
        return _decide(work, file, ruling, recommendation, verb, given)


def check_issue(
    file: CaseFile, ruling: CaseRuling, values: Mapping[str, Any], unread: Collection[str] = ()
) -> None:
    """Raises ValidationError with all that is missing of what whoever issues stands for."""
    faults = Faults(unread)
    check_reasons(faults, values)
    if is_under_7_3(file, ruling.on) and not values.get("adopts_determination"):
        faults.fault(
            "adopts_determination",
            _("Adopt the determination that no substantial risk remains (s. 7.4)."),
        )
    check_signed(faults, file, ruling, values)
    faults.refuse()


def check_signed(
    faults: Faults, file: CaseFile, ruling: CaseRuling, values: Mapping[str, Any]
) -> None:
    """Says at `exceptions_signed` which exceptional circumstances of the Minister, on which the
    ruling rests, are not signed."""
    missing = ministers_exceptions(file, ruling) - set(values.get("exceptions_signed", ()))
    if missing:
        faults.fault(
            "exceptions_signed",
            _("Sign the exceptional circumstances: %(policies)s.")
            % {"policies": "; ".join(map(exception_in_words, sorted(missing)))},
        )


def check_grounds_and_reasons(
    file: CaseFile,
    ruling: CaseRuling,
    outcome: Outcome,
    values: Mapping[str, Any],
    unread: Collection[str] = (),
) -> None:
    """Raises ValidationError with all that is wrong with a decision other than to issue."""
    faults = Faults(unread)
    check_reasons(faults, values)
    if faults.is_read("grounds"):
        with faults.at("grounds"):
            checked_grounds(file, ruling, outcome, values["grounds"])
            _refuse_unheard(file, outcome, values["grounds"])
    faults.refuse()


# What they share


def _last_day(recommendation: Recommendation) -> date:
    """The last day of the permit. Raises Refused where it is none, or was before the permit began:
    a recommendation can stand for long."""
    valid_to = recommendation.valid_to
    if valid_to is None:
        raise Refused(_("No last day is recommended. Send the application back."))
    if valid_to <= clock.today():
        raise Refused(
            _("The last day recommended, %(day)s, has passed. Send the application back.")
            % {"day": short_day(valid_to)}
        )
    return valid_to


def _look(work: Work, outcome: Outcome) -> tuple[CaseFile, CaseRuling, Recommendation]:
    """The file and the ruling now, and the recommendation, which must be to that outcome."""
    file = read_file(work.application)
    recommendation = _recommended(file, outcome)
    return file, rule_on(file, on=clock.today(), known_at=clock.now()), recommendation


def _recommended(file: CaseFile, outcome: Outcome) -> Recommendation:
    recommendation = file.recommendation
    if recommendation is None or recommendation.outcome != outcome:
        raise Refused(
            _("This is not what was recommended. Send it back for another recommendation.")
        )
    return recommendation


def refuse_to_decide(file: CaseFile, outcome: Outcome, *, by: User) -> None:
    """Raises what deciding so would raise now, whatever is given as reasons and grounds."""
    recommendation = _recommended(file, outcome)
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    delegations = delegations_in_force(by, clock.today()).order_by("pk")
    _held(file, ruling, recommendation, by=by, delegations=list(delegations))
    if outcome == Outcome.ISSUED:
        _last_day(recommendation)


def _held(
    file: CaseFile,
    ruling: CaseRuling,
    recommendation: Recommendation,
    *,
    by: User,
    delegations: Sequence[Delegation],
) -> Delegation:
    """The delegation under which this person decides what was recommended.

    To issue takes the whole gate; before other decisions only the rules on the person stand, and
    before a refusal that the applicant could reply. Raises NotPermitted, Refused (GateClosed).
    """
    delegation = next((one for one in delegations if Power.DECIDE in one.powers), None)
    gate = check_gate(file, ruling, by=by, delegations=delegations)
    if recommendation.outcome == Outcome.ISSUED:
        if not gate.is_open or delegation is None:
            raise GateClosed(gate)
        return delegation
    if recommendation.outcome == Outcome.REFUSED:
        _refuse_early(recommendation)
    against = [
        reason
        for found in gate.findings
        if found.rule.is_personal and found.state == FAIL
        for reason in found.reasons
    ]
    if against or delegation is None:
        raise NotPermitted(" ".join(reason.words for reason in against))
    return delegation


def decided_from(recommendation: Recommendation) -> date | None:
    """The first day on which a decision may follow it; none before a refusal in discretion was put
    to the applicant."""
    if (
        recommendation.outcome != Outcome.REFUSED
        or is_legal_bar(recommendation)
        or recommendation.replied_on is not None
    ):
        return recommendation.made_at.astimezone(clock.OTTAWA).date()
    if recommendation.put_on is None or recommendation.reply_by is None:
        return None
    return last_day_of(recommendation.reply_by) + timedelta(days=1)


def _refuse_early(recommendation: Recommendation) -> None:
    day = decided_from(recommendation)
    if day is None:
        raise Refused(_("The intended refusal is first put to the applicant, who may reply."))
    if clock.today() < day:
        raise Refused(_("The applicant may still reply: the period is not over."))


def _refuse_unheard(file: CaseFile, outcome: Outcome, grounds: Collection[str]) -> None:
    """Raises ValidationError for a ground of discretion that was never put to the applicant."""
    unheard = [why for ground in grounds if (why := _why_unheard(file, outcome, ground))]
    if unheard:
        raise ValidationError(unheard[0])


def _why_unheard(file: CaseFile, outcome: Outcome, ground: str) -> str:
    """Why the applicant was not heard on a ground; nothing where they were, or needed not be."""
    made = file.recommendation
    if outcome != Outcome.REFUSED or made is None or ground in {*LEGAL_BARS, *made.grounds}:
        return ""
    return _(
        "The applicant could reply to what was recommended only. Send the application back to"
        " refuse on another ground."
    )


def why_not_on(file: CaseFile, ruling: CaseRuling, outcome: Outcome) -> dict[str, str]:
    """Of each ground of an outcome, why it cannot be decided on now; nothing where it can."""
    return {
        one.ground: one.why_not or _why_unheard(file, outcome, one.ground)
        for one in grounds_now(file, ruling)
        if one.outcome == outcome
    }


def ministers_exceptions(file: CaseFile, ruling: CaseRuling) -> set[str]:
    """The exceptions for exceptional circumstances that took a row out of the ruling, by key."""
    accepted = {f"{policy}:{code}" for policy, code in counted(file).exceptions if code == MINISTER}
    used = {
        f"{row.policy}:{row.detail}"
        for one in ruling.lines
        for row in one.ruling.not_applied
        if row.because == "exception"
    }
    return accepted & used


def _decide(
    work: Work,
    file: CaseFile,
    ruling: CaseRuling,
    recommendation: Recommendation,
    verb: Verb,
    given: Mapping[str, Any],
) -> Decision:
    """A decision other than to issue."""
    outcome = Outcome(recommendation.outcome)
    check_grounds_and_reasons(file, ruling, outcome, given)
    held = hold_delegations(work.by, clock.today())
    delegation = _held(file, ruling, recommendation, by=work.by, delegations=held)
    return _record(
        work,
        file,
        ruling,
        delegation,
        recommendation,
        verb=verb,
        outcome=outcome,
        reasons=checked_reason(given["reasons"]),
        grounds=list(dict.fromkeys(given["grounds"])),
    )


def _record(
    work: Work,
    file: CaseFile,
    ruling: CaseRuling,
    delegation: Delegation,
    recommendation: Recommendation,
    *,
    verb: Verb,
    outcome: Outcome,
    reasons: str,
    grounds: Sequence[str] = (),
    adopts_determination: bool = False,
    exceptions_signed: Sequence[str] = (),
) -> Decision:
    frozen, frozen_digest = packed(freeze(file, ruling, by=work.by, delegation=delegation))
    decision = Decision(
        application=work.application,
        recommendation=recommendation,
        outcome=outcome,
        grounds=list(grounds),
        reasons=reasons,
        decided_by=work.by,
        decided_on=clock.today(),
        delegation=delegation,
        capacity_en=delegation.capacity_en,
        capacity_fr=delegation.capacity_fr,
        adopts_determination=adopts_determination,
        exceptions_signed=list(exceptions_signed),
        is_for_war_material=is_under_7_3(file, ruling.on),
        frozen=frozen,
        frozen_digest=frozen_digest,
    )
    entry = work.record(
        verb,
        reason=reasons,
        provision="EIPA s. 7(1)" if _is_export(work.application) else "EIPA s. 7.1(1)",
        basis={"frozen": frozen_digest, "recommendation": recommendation.version},
    )
    work.move(entry, outcome=outcome.value, decided_on=decision.decided_on)
    end_waits(work, entry)
    entry.add(decision)
    return decision


def _add_permit(work: Work, file: CaseFile, decision: Decision, valid_to: date) -> Permit:
    """The permit and its lines, told by the decision's own entry."""
    entry = work.entries.entries[-1]
    letter = PERMIT_LETTER[file.application.activity]
    permit = Permit(
        number=next_number(letter, "number", Permit),
        application=work.application,
        decision=decision,
        issued_on=decision.decided_on,
        valid_from=decision.decided_on,
        valid_to=valid_to,
    )
    entry.add(permit)
    for line in file.lines:
        entry.add(authorised(permit, line))
    return permit


def authorised(permit: Permit, line: Line) -> PermitLine:
    """What a permit authorises of a line as it was applied for. Not written yet."""
    return PermitLine(
        permit=permit,
        line=line,
        number=line.number,
        quantity=line.quantity,
        unit=line.unit,
        value=line.total_value,
    )


def _is_export(application: Application) -> bool:
    return application.activity == Activity.EXPORT
