"""What is done to a permit under s. 10(1): amend, suspend, reinstate, cancel.

Anyone with a case or administrator role proposes; a decision-maker with a delegation in force acts.
What loosens passes the whole gate that day and takes another person than its proposer. What
tightens takes effect at once, and a second person and the holder are told. Figures and days are
compared; what a condition says is not software's to judge, so adding one takes two people too.
Who declared a conflict of interest on the case does nothing to its permit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.choices import Power, Role
from accounts.days import short_day
from accounts.domain.delegations import delegations_in_force, hold_delegations
from accounts.exceptions import NotPermitted, Refused
from accounts.models import Delegation, RoleGrant, User
from accounts.reasons import checked_reason
from history import clock
from history.domain.door import Entry
from permits.choices import ActKind, NoticeKind, PermitStatus
from permits.domain.assessment import card_states
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import CONFLICTED, Work, acting, afresh, has_conflict
from permits.domain.conditions import checked_words
from permits.domain.decision import check_signed, ministers_exceptions
from permits.domain.faults import Faults
from permits.domain.gate import GateClosed, check_gate
from permits.domain.intake import who_works_on_applications
from permits.domain.ruling import CaseRuling, rule_on
from permits.domain.standing import (
    FIGURES,
    Difference,
    LineStanding,
    Standing,
    differences,
    loosens,
    read_standing,
    standing_of,
    undone_since,
)
from permits.figures import figure, in_dollars, refuse_too_large
from permits.models import (
    Condition,
    Notice,
    Permit,
    PermitAct,
    PermitLine,
    SweepGroup,
    Use,
)
from permits.printing import refuse_unprintable
from permits.verbs import Verb
from permits.workflow import Action
from policies.domain.reference.load import share_register

PROVISION = "EIPA s. 10(1)"
_VERBS = {
    ActKind.AMEND: Verb.AMENDED,
    ActKind.SUSPEND: Verb.SUSPENDED,
    ActKind.REINSTATE: Verb.REINSTATED,
    ActKind.CANCEL: Verb.CANCELLED,
}


def subject_of(permit: Permit) -> str:
    return f"permit:{permit.number}"


def propose_act(
    permit: Permit,
    *,
    kind: str,
    reason: str,
    by: User,
    line: PermitLine | None = None,
    change: Mapping[str, Any] | None = None,
) -> PermitAct:
    """Proposes an act on the whole permit, or on one line.

    `change`, for an amendment: `valid_to`, `lines` (by number: `quantity`, `value`) and
    `conditions_added` (each `en` and `fr`). Other goods, parties or destinations are for a new
    application. Raises ValidationError, NotPermitted, Refused.
    """
    reason = _printed_reason(reason)
    with acting(Action.PROPOSE_ACT, permit.application, by=by) as work:
        act = _proposed(permit, kind, line, change, reason, by)
        work.record(
            Verb.ACT_PROPOSED, subject=subject_of(permit), reason=reason, provision=PROVISION
        ).add(act)
    return act


def perform_act(
    act: PermitAct,
    *,
    by: User,
    exceptions_signed: Collection[str] = (),
    seen_head: int | None = None,
) -> PermitAct:
    """Does what was proposed. What loosens passes the gate today.

    Whoever loosens signs each exception for exceptional circumstances that the ruling rests on, as
    whoever issues does. `seen_head` is how many events the case had when it was looked at: another
    act since makes this one another. Raises ValidationError, NotPermitted, Refused (GateClosed),
    Conflict.
    """
    application = act.permit.application
    with acting(Action.ACT, application, by=by, seen_head=seen_head) as work:
        now = afresh(act, None)
        share_register()
        held = hold_delegations(by, clock.today())
        delegation, loosening = _ready(now, by=by, delegations=held)
        data = None
        if loosening:
            check_exceptions_signed(now, {"exceptions_signed": exceptions_signed})
            signed = exceptions_to_sign(now)
            data = {"exceptions_signed": signed} if signed else None
        _do(work, now, delegation=delegation, loosens=loosening, data=data)
    return now


def check_exceptions_signed(
    act: PermitAct, values: Mapping[str, Any], unread: Collection[str] = ()
) -> None:
    """Raises ValidationError where exceptional circumstances that it rests on are not signed."""
    faults, file = Faults(unread), read_file(act.permit.application)
    check_signed(faults, file, _ruling_today(file).of_lines(_allowed(act)), values)
    faults.refuse()


def exceptions_to_sign(act: PermitAct) -> list[str]:
    """The exceptions for exceptional circumstances that whoever does the act signs; none where it
    does not loosen the permit."""
    if not loosens(*_before_and_after(act)):
        return []
    file = read_file(act.permit.application)
    return sorted(ministers_exceptions(file, _ruling_today(file).of_lines(_allowed(act))))


def _ruling_today(file: CaseFile) -> CaseRuling:
    return rule_on(file, on=clock.today(), known_at=clock.now())


def _allowed(act: PermitAct) -> frozenset[int]:
    """The lines that the permit allows, suspended or not: what was cancelled never comes back."""
    return read_standing(act.permit, clock.today()).allowed_lines


def refuse_to_perform(act: PermitAct, *, by: User) -> None:
    """Raises what doing the act would raise now."""
    _ready(act, by=by, delegations=delegations_in_force(by, clock.today()).order_by("pk"))


def _ready(
    act: PermitAct, *, by: User, delegations: Iterable[Delegation]
) -> tuple[Delegation, bool]:
    """The delegation under which this person does the act, and whether it loosens the permit.

    Raises NotPermitted, Refused (GateClosed).
    """
    refuse_done(act)
    refuse_conflict(act.permit, by=by)
    before, after = _before_and_after(act)
    _refuse_vain(act, before, after)
    # Compared again: other acts were done since it was proposed.
    loosening = loosens(before, after)
    if act.proposed_by_id == by.pk:
        _refuse_text(act)
    delegation = with_power(delegations)
    if loosening:
        _pass_the_gate(act, by, delegation)
    return delegation, loosening


def refuse_done(act: PermitAct) -> None:
    """Raises Refused for a proposal that is over."""
    if act.done_at is not None or act.declined_at is not None:
        raise Refused(_("This act was done or declined already."))


def refuse_to_propose(permit: Permit) -> None:
    """Raises Refused for a permit to which nothing more is done."""
    _refuse_over(read_standing(permit, clock.today()))


def refuse_conflict(permit: Permit, *, by: User) -> None:
    """Raises NotPermitted for who declared a conflict of interest on the permit's case."""
    if has_conflict(permit.application, by):
        raise NotPermitted(CONFLICTED)


def refuse_to_act(permit: Permit, *, by: User) -> None:
    """Raises Refused as `refuse_to_propose`, NotPermitted for whoever has no delegation or declared
    a conflict of interest."""
    refuse_to_propose(permit)
    refuse_conflict(permit, by=by)
    with_power(delegations_in_force(by, clock.today()))


def act_at_once(
    permit: Permit,
    *,
    kind: str,
    reason: str,
    by: User,
    line: PermitLine | None = None,
    change: Mapping[str, Any] | None = None,
) -> PermitAct:
    """A decision-maker's own tightening, proposed and done in one.

    Raises ValidationError, NotPermitted, Refused: what loosens, or adds a condition, takes two.
    """
    reason = _printed_reason(reason)
    with acting(Action.ACT, permit.application, by=by) as work:
        refuse_conflict(permit, by=by)
        act = _proposed(permit, kind, line, change, reason, by)
        if act.loosens:
            raise NotPermitted(_("This loosens the permit: another person proposes it."))
        _refuse_text(act)
        _do(work, act, delegation=with_power(hold_delegations(by, clock.today())))
    return act


def act_in_sweep(
    work: Work, permit: Permit, group: SweepGroup, *, delegation: Delegation, **told: Any
) -> tuple[PermitAct, Entry]:
    """Does to the whole permit what the group was agreed on for, in the name of who agreed.

    `delegation` is one in force under which they may act. `told` are `basis` and `data` as
    `Door.record` takes them. The entry, which tells of the act, may tell of more. Raises Refused
    where the permit does not allow it.
    """
    if group.proposed_by is None or group.proposed_at is None:
        raise ValueError("nothing is proposed")
    act = _proposed(permit, group.action, None, None, group.reason, group.proposed_by)
    act.proposed_at = group.proposed_at
    return act, _do(work, act, delegation=delegation, **told)


def decline_act(act: PermitAct, *, reason: str, by: User, seen: int | None = None) -> PermitAct:
    """Declines a proposed act; whoever proposed it withdraws it so.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    with acting(Action.PROPOSE_ACT, act.permit.application, by=by) as work:
        now = afresh(act, seen)
        refuse_done(now)
        work.record(Verb.ACT_DECLINED, subject=subject_of(now.permit), reason=reason).set(
            now, declined_by=by, declined_at=clock.now(), done_reason=reason
        )
    return now


def see_notice(notice: Notice, *, by: User) -> Notice:
    """Takes note. Raises NotPermitted for a notice to somebody else who works on cases, Refused
    for one seen."""
    with acting(Action.SEE_NOTICE, notice.application, by=by) as work:
        now = afresh(notice, None)
        refuse_to_see(now, by=by)
        work.record(Verb.NOTICE_SEEN).set(now, seen_at=clock.now())
    return now


def refuse_to_see(notice: Notice, *, by: User) -> None:
    """Raises NotPermitted for a notice to somebody else who works on cases, or to nobody any more
    where it tells of one's own act; Refused for one seen."""
    if notice.person_id != by.pk and not to_be_seen(by).filter(pk=notice.pk).exists():
        raise NotPermitted(_("This notice is to somebody else."))
    if notice.seen_at is not None:
        raise Refused(_("You have seen this notice already."))


def to_be_seen(by: User) -> QuerySet[Notice]:
    """The notices, not seen yet, that are this person's: given to them, or of another's act to
    somebody who works on cases no more."""
    left = ~Q(person__in=who_works_on_applications()) & ~Q(act__done_by=by)
    return Notice.objects.filter(Q(person=by) | left, seen_at__isnull=True)


# What they share


def _printed_reason(given: str) -> str:
    """The reason of an act, which its paper tells. Raises ValidationError."""
    reason, faults = checked_reason(given), Faults()
    with faults.at("reason"):
        refuse_unprintable(reason)
    faults.refuse()
    return reason


def _proposed(
    permit: Permit,
    kind: str,
    line: PermitLine | None,
    change: Mapping[str, Any] | None,
    reason: str,
    by: User,
) -> PermitAct:
    if kind not in ActKind.values:
        raise ValidationError({"kind": _("Choose what is to be done.")})
    if line is not None and line.permit_id != permit.pk:
        raise ValidationError({"line": _("Choose a line of this permit.")})
    act = PermitAct(
        permit=permit,
        line=line,
        kind=kind,
        change=checked_change(permit, kind, line, change or {}),
        provision=PROVISION,
        reason=reason,
        proposed_by=by,
        proposed_at=clock.now(),
        loosens=False,
    )
    before, after = _before_and_after(act)
    _refuse_impossible(kind, line, before)
    if kind == ActKind.AMEND and before == after:
        raise ValidationError({"change": _("The amendment changes nothing.")})
    act.loosens = loosens(before, after)
    return act


def checked_change(
    permit: Permit,
    kind: str,
    line: PermitLine | None,
    change: Mapping[str, Any],
    unread: Collection[str] = (),
) -> dict[str, Any]:
    """The change as it is stored: days and figures as text.

    Raises ValidationError with all that is wrong.
    """
    if kind != ActKind.AMEND:
        if change:
            raise ValidationError(
                {
                    name: _("Only an amendment adds a condition.")
                    if name == "text_en"
                    else _("Only an amendment changes figures or days.")
                    for name in _named(change)
                }
            )
        return {}
    known = {"valid_to", "lines", "conditions_added"}
    if not change or set(change) - known:
        raise ValidationError(
            {
                "change": _(
                    "Amend the last day, quantities and values, or add conditions. Other goods,"
                    " parties or destinations are for a new application."
                )
            }
        )
    faults = Faults(unread)
    found: dict[str, Any] = {}
    if change.get("valid_to"):
        with faults.at("valid_to"):
            last = _checked_day(change["valid_to"])
            if last < max(clock.today(), permit.valid_from):
                raise ValidationError(_("Give a last day from today on."))
            found["valid_to"] = last.isoformat()
    held = {str(one.number): one for one in PermitLine.objects.filter(permit=permit)}
    today = read_standing(permit, clock.today()) if change.get("lines") else None
    lines: dict[str, dict[str, str]] = {}
    for number, figures in (change.get("lines") or {}).items():
        with faults.at("line"):
            if str(number) not in held:
                raise ValidationError(_("Choose a line of this permit."))
            if line is not None and line.number != int(number):
                raise ValidationError(_("The figures are of another line."))
        given: dict[str, str] = {}
        for name, value in figures.items():
            with faults.at(name):
                if value is not None:
                    given[name] = _checked_figure(name, value)
                    if today is not None and faults.is_read("line"):
                        _refuse_more(name, given[name], held[str(number)])
                        _refuse_below_use(name, given[name], today.line(int(number)))
        if faults.is_read("line"):
            lines[str(number)] = given
    if lines:
        found["lines"] = lines
    added = []
    for one in change.get("conditions_added") or ():
        with faults.at("text_en"):
            english, french = checked_words((str(one.get("en") or ""), str(one.get("fr") or "")))
            if (english, french) in _conditions_of(permit):
                raise ValidationError(_("The permit has this condition already."))
            added.append({"en": english, "fr": french})
    if added:
        found["conditions_added"] = added
    faults.refuse()
    return found


def _conditions_of(permit: Permit) -> set[tuple[str, str]]:
    """What binds its holder: the conditions with which it was issued, and those added since."""
    issued = Condition.objects.filter(
        recommendation=permit.decision.recommendation_id,
        is_removed=False,
        replaced_by__isnull=True,
    )
    added = read_standing(permit, clock.today()).conditions_added
    return {*issued.values_list("text_en", "text_fr"), *added}


def _named(change: Mapping[str, Any]) -> set[str]:
    """The fields in which a change is typed."""
    fields = {"valid_to": "valid_to", "conditions_added": "text_en"}
    figures = {name for given in (change.get("lines") or {}).values() for name in given}
    return figures | {fields.get(name, "change") for name in change if name != "lines"}


def refuse_loosening(permit: Permit, change: Mapping[str, Any]) -> None:
    """Raises ValidationError at each day and figure by which an amendment loosens the permit."""
    faults = Faults()
    for what, was, now in effect_of(PermitAct(permit=permit, kind="amend", change=change)).changes:
        name = what.partition(":")[0]
        if name != "condition" and was is not None and now > was:
            faults.fault(name, _("This loosens the permit: another person proposes it."))
    faults.refuse()


def _checked_day(value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ValidationError(_("Give a day, such as 2026-04-16.")) from None


_FIGURES: Mapping[str, Any] = {name: PermitLine._meta.get_field(name) for name in FIGURES}


def _checked_figure(name: str, value: Any) -> str:
    """A quantity or a value as its column could hold it."""
    if name not in _FIGURES:
        raise ValidationError({"change": _("Of a line, amend quantity and value.")})
    figure = _FIGURES[name].clean(str(value), None)
    if figure is None or figure < 0:
        raise ValidationError(_("Give a figure that is not below zero."))
    refuse_too_large(figure, _FIGURES[name].decimal_places)
    return str(figure)


def _refuse_more(name: str, wanted: str, line: PermitLine) -> None:
    """Raises ValidationError for more than was issued: it was neither applied for nor assessed."""
    issued: Decimal | None = getattr(line, name)
    if issued is None or Decimal(wanted) <= issued:
        return
    raise ValidationError(
        _("The application was assessed for %(most)s. More than that takes a new application.")
        % {"most": _in_full(name, issued, line.unit)}
    )


def _refuse_below_use(name: str, wanted: str, line: LineStanding) -> None:
    """Raises ValidationError for less than was shipped: nothing is left before that."""
    used = line.used_value if name == "value" else line.used_quantity
    if Decimal(wanted) < used:
        raise ValidationError(
            _("Shipped already on this line: %(used)s. A permit is not narrowed below that.")
            % {"used": _in_full(name, used, line.unit)}
        )


def _refuse_shipped_since(act: PermitAct, before: Standing) -> None:
    """Raises Refused for a line of which more was shipped since the amendment was proposed."""
    for number, figures in act.change.get("lines", {}).items():
        for name, wanted in figures.items():
            try:
                _refuse_below_use(name, wanted, before.line(int(number)))
            except ValidationError as fault:
                raise Refused(fault.messages[0]) from None


def _in_full(name: str, value: Decimal, unit: str) -> str:
    return in_dollars(value) if name == "value" else f"{figure(value)} {unit}".strip()


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act not done yet would make of the permit today.

    `loosens`: it passes the gate.
    """

    changes: tuple[Difference, ...]
    loosens: bool


def effect_of(act: PermitAct) -> Effect:
    """What the act would change. Four queries."""
    before, after = _before_and_after(act)
    return Effect(differences(before, after), loosens(before, after))


def lifted_by(act: PermitAct) -> list[PermitAct]:
    """The suspensions that a reinstatement which is not done yet would lift, or a part of them."""
    if act.kind != ActKind.REINSTATE:
        return []
    now, imagined = read_standing(act.permit, clock.today()), _as_if_done(act)
    acts = PermitAct.objects.filter(permit=act.permit, done_at__isnull=False)
    done = list(acts.select_related("line"))
    undone = undone_since([*done, imagined])
    return [
        one
        for one in done
        if one.kind == ActKind.SUSPEND
        and imagined in undone[one.pk]
        and (one.line is None or now.line(one.line.number).is_suspended)
    ]


def _as_if_done(act: PermitAct) -> PermitAct:
    """The act as if it were done now, after all others."""
    return PermitAct(
        pk=act.pk or 0,
        permit=act.permit,
        line=act.line,
        kind=act.kind,
        change=act.change,
        done_on=clock.today(),
        done_at=clock.now(),
    )


def _before_and_after(act: PermitAct) -> tuple[Standing, Standing]:
    """The permit today, without and with the act."""
    today, permit = clock.today(), act.permit
    before = read_standing(permit, today)
    done = list(PermitAct.objects.filter(permit=permit, done_at__isnull=False))
    after = standing_of(
        permit,
        PermitLine.objects.filter(permit=permit),
        [*done, _as_if_done(act)],
        Use.objects.counted().filter(permit_line__permit=permit),
        today,
    )
    return before, after


def _refuse_vain(act: PermitAct, before: Standing, after: Standing) -> None:
    """Raises Refused for an act that cannot be done to the permit as it is, whoever does it, or
    that was done already as part of another."""
    _refuse_impossible(act.kind, act.line, before)
    _refuse_shipped_since(act, before)
    if after.valid_to != before.valid_to and after.valid_to < clock.today():
        raise Refused(
            _("The last day proposed, %(day)s, has passed. Propose it anew.")
            % {"day": short_day(after.valid_to)}
        )
    if act.kind == ActKind.AMEND and before == after:
        raise Refused(_("The permit is already as this amendment would make it."))
    added = act.change.get("conditions_added", ())
    if any((one["en"], one["fr"]) in before.conditions_added for one in added):
        raise Refused(_("The permit has this condition already."))


def _refuse_impossible(kind: str, line: PermitLine | None, before: Standing) -> None:
    """Raises Refused for an act that the permit, as it is today, does not allow."""
    _refuse_over(before)
    _refuse_on_lines(kind, None if line is None else line.number, before)


def check_possible(kind: str, number: int | None, before: Standing) -> None:
    """Raises ValidationError, by field, for an act that the lines do not allow.

    `number` is the line's; none is the whole permit. One that is over is not judged here.
    """
    if before.is_over:
        return
    try:
        _refuse_on_lines(kind, number, before)
    except Refused as refusal:
        raise ValidationError({"kind" if number is None else "line": refusal.words}) from None


def possible_acts(before: Standing) -> list[str]:
    """What can be done to the permit, or to a line of it, as it is."""
    alive = [one for one in before.lines if not one.is_cancelled]
    left_out = set()
    if all(one.is_suspended for one in alive):
        left_out.add(ActKind.SUSPEND)
    if not any(one.is_suspended for one in alive):
        left_out.add(ActKind.REINSTATE)
    return [kind for kind in ActKind.values if kind not in left_out]


def _refuse_on_lines(kind: str, number: int | None, before: Standing) -> None:
    lines = [one for one in before.lines if number in (None, one.number)]
    alive = [one for one in lines if not one.is_cancelled]
    if not alive:
        raise Refused(_("This line is cancelled: nothing more is done to it."))
    if kind == ActKind.SUSPEND and all(one.is_suspended for one in alive):
        raise Refused(_("This is suspended already."))
    if kind == ActKind.REINSTATE and not any(one.is_suspended for one in alive):
        raise Refused(_("Nothing here is suspended."))


def _refuse_text(act: PermitAct) -> None:
    """Raises NotPermitted, for one person alone, where the act adds a condition."""
    if act.change.get("conditions_added"):
        raise NotPermitted(
            _("Two people judge whether a condition tightens: another person proposes it.")
        )


def _refuse_over(before: Standing) -> None:
    if before.is_over:
        raise Refused(
            _("The permit is %(status)s: nothing more is done to it.")
            % {"status": PermitStatus(before.status).label.lower()}
        )


def with_power(delegations: Iterable[Delegation]) -> Delegation:
    """The delegation under which a person acts, of those in force. Raises NotPermitted."""
    for one in delegations:
        if Power.ACT in one.powers:
            return one
    raise NotPermitted(_("No delegation to you with this power is in force today."))


def _pass_the_gate(act: PermitAct, by: User, delegation: Delegation) -> None:
    """What was cancelled is not asked about, though the considerations were signed for all."""
    file = read_file(act.permit.application)
    ruling = _ruling_today(file)
    gate = check_gate(
        file,
        ruling.of_lines(_allowed(act)),
        states=card_states(file, ruling),
        by=by,
        proposers=_proposers(act),
        delegations=[delegation],
        power=Power.ACT,
    )
    if not gate.is_open:
        raise GateClosed(gate)


def _proposers(act: PermitAct) -> set[int]:
    """Who proposed it, or before them the same kind of act on this permit that was not done."""
    same = PermitAct.objects.filter(permit=act.permit_id, kind=act.kind, done_at__isnull=True)
    return {act.proposed_by_id, *same.values_list("proposed_by", flat=True)}


def _do(
    work: Work,
    act: PermitAct,
    *,
    delegation: Delegation,
    loosens: bool = False,
    basis: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Entry:
    """The one way in which an act is done, proposed before or in the same moment."""
    entry = work.record(
        _VERBS[ActKind(act.kind)],
        subject=subject_of(act.permit),
        reason=act.reason,
        provision=PROVISION,
        basis={"delegation": delegation.version, **(basis or {})},
        data=data,
    )
    if act._state.adding:
        entry.add(act)
    entry.set(
        act,
        done_by=work.by,
        done_at=clock.now(),
        done_on=clock.today(),
        delegation=delegation,
        loosens=loosens,
    )
    # What loosens went through two people: only the holder is still to be told.
    _notify(work, entry, act, *([] if loosens else [NoticeKind.TIGHTENED]), NoticeKind.HOLDER)
    return entry


def _notify(work: Work, entry: Entry, act: PermitAct, *kinds: NoticeKind) -> None:
    """Tells a second person of the office."""
    second = _second(work)
    if second is None:
        return
    for kind in kinds:
        entry.add(
            Notice(
                application=work.application,
                kind=kind,
                act=act,
                person=second,
                given_at=clock.now(),
            )
        )


def _second(work: Work) -> User | None:
    """Of those who had the case the first who works on cases today, or else a senior analyst, or
    anyone who does."""
    application = work.application
    decided = application.decision
    others = [application.assigned_to, decided.recommendation.made_by, decided.decided_by]
    conflicts = application.conflicts.values("person")
    here = who_works_on_applications().exclude(pk=work.by.pk).exclude(pk__in=conflicts)
    by_key = {one.pk: one for one in here}
    found = [by_key[one.pk] for one in others if one is not None and one.pk in by_key]
    if found:
        return found[0]
    senior = RoleGrant.objects.in_force(clock.today()).filter(role=Role.SENIOR_ANALYST)
    return here.filter(pk__in=senior.values("person")).first() or here.first()
