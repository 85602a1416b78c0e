"""A permit sweep: what a policy means for the permits that are live, from the scope to the acts.

    sweep = begin_sweep(policy, by=analyst)
    propose_group(group, action="suspend", reason_en=…, reason_fr=…, by=analyst)
    agree_group(group, by=decider)
    carry_out(sweep, by=SYSTEM)

Whoever works on cases or administers proposes for a group, and for a permit taken out of it. The
yes of a decision-maker with a delegation in force is the act under s. 10(1) for its permits; it is
never the proposer's, nor that of who drafted or approved the policy or declared a conflict of
interest on the case of one of them. It is carried out permit by
permit, each in a transaction and with an event of its own in the stream of its case: killed and
begun again, by several at once, it does nothing twice and forgets no permit.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.choices import Power, RequestedAct, Role
from accounts.days import day_in_words
from accounts.domain.delegations import delegations_in_force, hold_delegations
from accounts.exceptions import NotPermitted, Refused
from accounts.models import AccountRequest, Delegation, RoleGrant, User
from accounts.reasons import checked_reason
from accounts.rules import roles_of
from history import clock
from history.actors import Actor
from history.domain.door import Door, Entry, door
from history.domain.past import reason_of
from history.models import Event
from permits.choices import Group, PermitStatus, Settled, SweepAction
from permits.domain.acts import PROVISION, act_in_sweep, subject_of, with_power
from permits.domain.casework import acting, afresh, has_conflict
from permits.domain.impact import excepted_under, group_of, group_under, permits_under
from permits.domain.intake import next_number
from permits.domain.standing import OVER, read_standing, read_standings
from permits.models import Permit, PermitSweep, SweepGroup, SweepItem
from permits.printing import refuse_unprintable
from permits.verbs import Verb
from permits.workflow import DECISION_MAKERS, PROPOSERS, Action
from policies.choices import ChangeStatus, ExistingPermits, Stance
from policies.domain.by_hand import people_behind, policies_behind
from policies.domain.parity import differences
from policies.domain.reference.load import share_register
from policies.domain.standing import Standing, standing
from policies.models import Policy, PolicyChange, PolicyVersion

_PATIENCE = 2
"""Seconds for which a permit whose case somebody else holds is waited for."""


def stream_of(number: str) -> str:
    """The stream of a sweep's own decisions; what is done to a permit is in that of its case."""
    return f"policy:sweep:{number}"


def _record(entries: Door, verb: str, sweep: PermitSweep, **told: Any) -> Entry:
    subject = f"sweep:{sweep.number}"
    return entries.record(verb, stream=stream_of(sweep.number), subject=subject, **told)


def _role(by: User, wanted: Collection[Role]) -> Role:
    """The role in which it is done. Raises NotPermitted."""
    held = roles_of(by)
    found = [role for role in Role if role in wanted and role in held]
    if not found:
        raise NotPermitted(
            _("This is for the roles %(roles)s.")
            % {"roles": ", ".join(str(role.label) for role in Role if role in wanted)}
        )
    return found[0]


@contextmanager
def sweeping(sweep: PermitSweep, *, by: User, roles: Collection[Role]) -> Iterator[Door]:
    """A door for an act on the sweep, alone among all of them. Raises NotPermitted."""
    with door(by=Actor.person(by.pk, _role(by, roles).value)) as entries:
        PermitSweep.objects.select_for_update().get(pk=sweep.pk)
        yield entries


# What is in scope


def begin_sweep(policy: Policy, *, change: PolicyChange | None = None, by: User) -> PermitSweep:
    """Finds the live permits in the scope of a policy in force or to come, in groups.

    `change` is an approved one that wrote the policy. Raises NotPermitted; Refused for a change
    that is not approved, did not write it or was swept before, for a policy that is over, and
    where no live permit is in scope.
    """
    role = _role(by, PROPOSERS)
    if change is not None and (
        change.status != ChangeStatus.APPROVED or policy.key not in change.keys
    ):
        raise Refused(_("No approved change wrote this policy: nothing follows from it yet."))
    version = _version_of(policy)
    if version is None:
        raise Refused(_("The policy is not in force any more."))
    on = _day_of(version)
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in permits_under(policy, on=on):
        groups[one.group].append((one.number, one.left))
    if not groups:
        raise Refused(_("No live permit is in the scope of this policy."))
    with door(by=Actor.person(by.pk, role.value)) as entries:
        # Alone among all who begin one.
        number = next_number("SW", "number", PermitSweep)
        if change is not None and PermitSweep.objects.filter(change=change, policy=policy).exists():
            raise Refused(_("There is a sweep for this change already."))
        sweep = PermitSweep(
            number=number,
            policy=policy,
            change=change,
            on=on,
            begun_by=by,
            begun_at=clock.now(),
        )
        counts = {code: len(permits) for code, permits in groups.items()}
        basis = {"policy": policy.key, "version": version.version}
        entry = _record(entries, Verb.SWEEP_BEGUN, sweep, basis=basis, data=counts)
        entry.add(sweep)
        for code in Group.values:
            if code in groups:
                permits = [list(one) for one in sorted(groups[code])]
                entry.add(SweepGroup(sweep=sweep, code=code, permits=permits))
    return sweep


def _version_of(policy: Policy) -> PolicyVersion | None:
    """Its version in force or to come; None once it is over."""
    found = standing(policy.versions.all(), on=clock.today())
    return None if found is None or found[1] is Standing.ENDED else found[0]


def _day_of(version: PolicyVersion) -> date:
    """The day for which its scope is looked at: today, or its first day if that is later."""
    return max(clock.today(), version.effective_from or clock.today())


def _has_begun(version: PolicyVersion) -> bool:
    return version.effective_from is None or version.effective_from <= clock.today()


def policies_to_sweep(change: PolicyChange) -> list[Policy]:
    """The policies that an approved change wrote, in force or to come, and not swept for it yet."""
    if change.status != ChangeStatus.APPROVED:
        return []
    swept = PermitSweep.objects.filter(change=change).values("policy")
    written = Policy.objects.filter(key__in=change.keys).exclude(pk__in=swept)
    written = written.prefetch_related("versions")
    return [one for one in written if _version_of(one) is not None]


def policies_in_force() -> QuerySet[Policy]:
    """The policies that restrict new permits today, as the register states them now."""
    today = clock.today()
    versions = PolicyVersion.objects.filter(
        Q(effective_from__isnull=True) | Q(effective_from__lte=today),
        Q(effective_to__isnull=True) | Q(effective_to__gt=today),
        policy=OuterRef("pk"),
        known_to__isnull=True,
    )
    restricts = Policy.objects.exclude(stance__in=["", Stance.CASE_BY_CASE])
    return restricts.filter(Exists(versions))


def suggested(group: SweepGroup) -> str:
    """What the policy itself says of permits issued, for that group; nothing where it is silent."""
    says = group.sweep.policy.existing_permits
    if says == ExistingPermits.KEEP or (
        group.code == Group.SUSPENDED and says == ExistingPermits.SUSPEND
    ):
        return SweepAction.KEEP.value
    if group.code == Group.EXCEPTED or says not in SweepAction.values:
        return ""
    return str(says)


# Proposals


def propose_group(
    group: SweepGroup,
    *,
    action: str,
    reason_en: str,
    reason_fr: str,
    by: User,
    seen: int | None = None,
) -> SweepGroup:
    """Proposes what is done with the permits of a group, also in the place of another proposal.

    Raises ValidationError, NotPermitted, Refused while a yes stands and once it was begun with,
    Conflict.
    """
    said = _checked(action, reason_en, reason_fr)
    with sweeping(group.sweep, by=by, roles=PROPOSERS) as entries:
        now = afresh(group, seen)
        _refuse_agreed(now)
        _refuse_begun(now)
        _record(entries, Verb.SWEEP_PROPOSED, now.sweep, data={"group": _name(now)}).set(
            now, **said, **_NO_YES, proposed_by=by, proposed_at=clock.now(), returned_for=""
        )
    return now


def except_permit(
    sweep: PermitSweep, number: str, *, action: str, reason_en: str, reason_fr: str, by: User
) -> SweepGroup:
    """Takes one permit out of its group, with an action and reasons of its own.

    Raises ValidationError, NotPermitted; Refused for a permit that is not in the sweep, was taken
    out or settled before, or whose group has a yes that stands.
    """
    said = _checked(action, reason_en, reason_fr)
    with sweeping(sweep, by=by, roles=PROPOSERS) as entries:
        groups = list(SweepGroup.objects.filter(sweep=sweep))
        if any(one.permit_id is not None and one.permits[0][0] == number for one in groups):
            raise Refused(_("This permit was taken out of its group already."))
        found = [
            (one, row)
            for one in groups
            for row in one.permits
            if not one.permit_id and row[0] == number
        ]
        if not found:
            raise Refused(_("This permit is not in the sweep."))
        ((group, row),) = found
        _refuse_agreed(group)
        permit = Permit.objects.get(number=number)
        if SweepItem.objects.filter(sweep=sweep, permit=permit).exists():
            raise Refused(_("This permit was settled already."))
        stands = read_standing(permit, clock.today())
        excepted = _excepted_now(sweep.policy, Permit.objects.filter(pk=permit.pk))
        exception = SweepGroup(
            sweep=sweep,
            code=group_of(stands, is_excepted=number in excepted).value,
            permit=permit,
            permits=[row],
            **said,
            proposed_by=by,
            proposed_at=clock.now(),
        )
        _record(entries, Verb.SWEEP_EXCEPTED, sweep, data={"permit": number}).add(exception)
    return exception


def _name(group: SweepGroup) -> str:
    """The group as the log names it: by its code, or its one permit."""
    return str(group.permits[0][0]) if group.permit_id else group.code


def _checked(action: str, reason_en: str, reason_fr: str) -> dict[str, str]:
    """Raises ValidationError by field: both languages give the reason, and the same figures."""
    faults: dict[str, Any] = {}
    if action not in SweepAction.values:
        faults["action"] = _("Choose what is done with these permits.")
    said = {"action": action}
    for name, given in (("reason_en", reason_en), ("reason_fr", reason_fr)):
        try:
            said[name] = checked_reason(given)
            refuse_unprintable(given)
        except ValidationError as fault:
            faults[name] = fault.messages
    if not faults:
        differs = sorted({one.value for one in differences(said["reason_en"], said["reason_fr"])})
        if differs:
            faults["reason_fr"] = _("Only one language says %(what)s.") % {
                "what": ", ".join(differs)
            }
    if faults:
        raise ValidationError(faults)
    return said


_NO_YES: dict[str, None] = {"agreed_by": None, "agreed_at": None, "delegation": None}


def _refuse_agreed(group: SweepGroup) -> None:
    if _stands(group):
        raise Refused(_("This was agreed on already: it stays as it was proposed."))


def _refuse_begun(group: SweepGroup) -> None:
    """What was settled rests on what was proposed, also where the yes has fallen since."""
    if group.items.exists():
        raise Refused(
            _(
                "Some of its permits were settled as it was proposed. Take the others out of the"
                " group, or begin another sweep."
            )
        )


# The yes


def agree_group(group: SweepGroup, *, by: User, seen: int | None = None) -> SweepGroup:
    """A decision-maker's yes, which is the act under s. 10(1) for the permits of the group.

    A yes that does not stand any more is given anew by somebody who may. Raises NotPermitted
    without the role or a delegation with the power to act, for who proposed it, and for who stands
    behind the policy; Refused where nothing is proposed, it was returned or agreed on, while
    another sweep under the policy holds one of its permits, and while the policy is not in force;
    Conflict.
    """
    with sweeping(group.sweep, by=by, roles=DECISION_MAKERS) as entries:
        share_register()
        now = afresh(group, seen)
        refuse_yes(now, by=by)
        held = hold_delegations(by, clock.today())
        delegation = _ready(now.sweep, by=by, delegations=held)
        _record(
            entries,
            Verb.SWEEP_AGREED,
            now.sweep,
            reason=now.reason,
            provision=PROVISION,
            basis={"policy": now.sweep.policy.key, "delegation": delegation.version},
            data={"group": _name(now), "action": now.action},
        ).set(now, agreed_by=by, agreed_at=clock.now(), delegation=delegation)
    return now


def refuse_yes(group: SweepGroup, *, by: User, held_by: Holding | None = None) -> None:
    """Raises NotPermitted or Refused where the group as it is takes no yes of this person.

    `held_by` is what `holding` gives, for who asks about several groups.
    """
    _refuse_agreed(group)
    _refuse_unproposed(group)
    if group.proposed_by_id == by.pk:
        raise NotPermitted(_("You proposed this. Another decision-maker says yes to it."))
    barred = _in_conflict(group, by)
    if barred:
        raise NotPermitted(
            _(
                "You declared a conflict of interest on the case of %(permits)s. Another"
                " decision-maker says yes, or these permits are taken out."
            )
            % {"permits": ", ".join(barred)}
        )
    groups = SweepGroup.objects.filter(sweep=group.sweep_id)
    if held_by is None:
        held_by = holding({group.sweep.policy_id})
    # Nothing is done to a permit past another sweep under the policy that holds it.
    for words in held_elsewhere(group.sweep, permits_of(group, groups), held_by):
        raise Refused(words)


Holding = Mapping[tuple[int, str], Sequence[PermitSweep]]


def holding(policies: Collection[int]) -> Holding:
    """The sweeps that hold a permit, by policy and number: it waits in them for what a yes that
    stands is to do, or for them to go on after a stop. Three queries."""
    sweeps = PermitSweep.objects.filter(policy__in=policies)
    groups = list(_groups(sweeps))
    agreed = set(_with_a_yes().filter(sweep__in=sweeps).values_list("pk", flat=True))
    settled = set(SweepItem.objects.filter(sweep__in=sweeps).values_list("sweep", "permit__number"))
    of_sweep: dict[int, list[SweepGroup]] = defaultdict(list)
    for group in groups:
        of_sweep[group.sweep_id].append(group)
    found: dict[tuple[int, str], list[PermitSweep]] = defaultdict(list)
    for group in groups:
        if group.sweep.stopped_at is not None or group.pk in agreed:
            for number, _left in permits_of(group, of_sweep[group.sweep_id]):
                if (group.sweep_id, number) not in settled:
                    found[group.sweep.policy_id, number].append(group.sweep)
    return found


def _elsewhere(
    sweep: PermitSweep, permits: Iterable[tuple[str, str]], held_by: Holding
) -> dict[PermitSweep, list[str]]:
    """Other sweeps under the policy that hold some of these permits, by number."""
    found: dict[PermitSweep, list[str]] = defaultdict(list)
    for number, _left in permits:
        for other in held_by.get((sweep.policy_id, number), ()):
            if other != sweep:
                found[other].append(number)
    return found


def held_elsewhere(
    sweep: PermitSweep, permits: Iterable[tuple[str, str]], held_by: Holding
) -> Iterator[str]:
    """Which of these permits another sweep under the policy holds, sweep by sweep, in words."""
    for other, numbers in _elsewhere(sweep, permits, held_by).items():
        said = {"sweep": other.number, "permits": _few(numbers)}
        if other.stopped_at is not None:
            said["reason"] = reason_of(last_word(other))
            words = _(
                "%(sweep)s, under the same policy, was stopped (%(reason)s) and holds %(permits)s."
                " Take them out, or let it go on first."
            )
        else:
            words = _(
                "A yes in %(sweep)s, under the same policy, is still to be carried out for"
                " %(permits)s. Take them out, or carry it out first."
            )
        yield words % said


MOST_NAMED = 5


def _few(numbers: Sequence[str]) -> str:
    named = list(numbers[:MOST_NAMED])
    if more := len(numbers) - len(named):
        named.append(ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})
    return ", ".join(named)


def _in_conflict(group: SweepGroup, person: User) -> list[str]:
    """The permits of the group, as it is, on whose case this person declared a conflict."""
    numbers = _on_cases_in_conflict(person)
    if not numbers:
        return []
    groups = SweepGroup.objects.filter(sweep=group.sweep_id)
    return sorted(number for number, _left in permits_of(group, groups) if number in numbers)


def _on_cases_in_conflict(person: User) -> frozenset[str]:
    """The permits, by number, on whose case this person declared a conflict. One query."""
    declared = Permit.objects.filter(application__conflicts__person=person)
    return frozenset(declared.values_list("number", flat=True))


def refuse_any_yes(sweep: PermitSweep, *, by: User) -> None:
    """Raises what keeps this person from saying yes to anything in the sweep now."""
    _ready(sweep, by=by, delegations=delegations_in_force(by, clock.today()).order_by("pk"))


def _ready(sweep: PermitSweep, *, by: User, delegations: Iterable[Delegation]) -> Delegation:
    """The delegation under which this person says yes. Raises NotPermitted, Refused."""
    version = _version_of(sweep.policy)
    if version is None:
        raise Refused(_("The policy is not in force any more."))
    if version.effective_from is not None and not _has_begun(version):
        raise Refused(
            _("The policy is in force from %(day)s: nothing is done under it before.")
            % {"day": day_in_words(version.effective_from)}
        )
    if by.pk in people_behind([sweep.policy.key]):
        raise NotPermitted(_("You drafted or approved the policy that this rests on."))
    return with_power(delegations)


def _refuse_unproposed(group: SweepGroup) -> None:
    if group.proposed_at is None or group.returned_for:
        raise Refused(_("Nothing is proposed for these permits."))


def _with_a_yes() -> QuerySet[SweepGroup]:
    """The groups of which the yes stands today.

    It stands while its giver has the delegation under which it was given, and the role and the
    account as on that day: once any of them has ended it has fallen, whatever is given later.
    """
    today = clock.today()
    decides = RoleGrant.objects.in_force(today).filter(
        person=OuterRef("agreed_by"),
        role=Role.DECISION_MAKER,
        confirmed_at__lte=OuterRef("agreed_at"),
        starts_on__lte=OuterRef("agreed_at__date"),
    )
    reopened = AccountRequest.objects.filter(
        person=OuterRef("agreed_by"),
        act=RequestedAct.REOPEN,
        confirmed_at__gt=OuterRef("agreed_at"),
    )
    held = Delegation.objects.in_force(today).filter(may_act=True)
    return SweepGroup.objects.filter(Exists(decides), ~Exists(reopened), delegation__in=held)


def _stands(group: SweepGroup) -> bool:
    return _with_a_yes().filter(pk=group.pk).exists()


def waiting_for(by: User) -> list[SweepGroup]:
    """The groups to which this person may say yes now, the oldest first. Fixed queries.

    Those are left out that they proposed, of which they stand behind the policy, of which the
    policy is not in force, or with a permit on whose case they declared a conflict of interest or
    that another sweep holds.
    """
    held = delegations_in_force(by, clock.today())
    if not any(Power.ACT in one.powers for one in held):
        return []
    groups = (
        SweepGroup.objects.filter(proposed_at__isnull=False, returned_for="")
        .exclude(proposed_by=by)
        .exclude(pk__in=_with_a_yes())
        .exclude(sweep__policy__key__in=policies_behind(by.pk))
    )
    keys = set(groups.values_list("pk", flat=True))
    declared = _on_cases_in_conflict(by)
    sweeps = PermitSweep.objects.filter(groups__in=keys).distinct().order_by("pk")
    held_by = holding(set(sweeps.values_list("policy", flat=True)))
    return [
        part.group
        for found in progress(sweeps.select_related("policy"))
        if found.policy is Standing.IN_FORCE
        for part in found.parts
        if part.waits and part.group.pk in keys
        if declared.isdisjoint(number for number, _left in part.permits)
        if not _elsewhere(found.sweep, part.permits, held_by)
    ]


def return_group(
    group: SweepGroup, *, reason: str, by: User, seen: int | None = None
) -> SweepGroup:
    """A decision-maker's no: something else is to be proposed.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    with sweeping(group.sweep, by=by, roles=DECISION_MAKERS) as entries:
        now = afresh(group, seen)
        _refuse_agreed(now)
        _refuse_begun(now)
        _refuse_unproposed(now)
        _record(
            entries, Verb.SWEEP_RETURNED, now.sweep, reason=reason, data={"group": _name(now)}
        ).set(now, **_NO_YES, returned_for=reason)
    return now


# Carrying it out


@dataclass(slots=True)
class Run:
    """What one run did. `busy` are permits whose case somebody else held: they stay to be done.

    `not_standing` are the people whose yes does not stand any more; `is_over` when the policy is
    not in force today, `is_stopped` when somebody stopped the sweep, and nothing else was done.
    """

    settled: list[SweepItem] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    not_standing: list[str] = field(default_factory=list)
    is_over: bool = False
    is_stopped: bool = False


def carry_out(
    sweep: PermitSweep,
    *,
    by: Actor,
    seen: int | None = None,
    limit: int | None = None,
    tell: Callable[[SweepItem], None] | None = None,
) -> Run:
    """Does what was agreed on, permit by permit; goes on where it was interrupted.

    Each permit is a transaction of its own. `limit` is how many at most; a stop counts from the
    next permit on, and nothing here lifts it. `by` carries it out; the acts are theirs who agreed.
    A permit that is over, is suspended already, is not any more what its group says of it, allows
    nothing any more that the policy meets, or on whose case who said yes declared a conflict since,
    is passed over, and its case tells so.

    `seen` is the version of the sweep that was looked at: raises Conflict where it was stopped or
    let go on since.
    """
    if seen is not None:
        afresh(sweep, seen)
    run = Run()
    barred: set[int] = set()
    for one in pending(sweep):
        if one.group.agreed_by is None or one.group.pk in barred:
            continue
        if len(run.settled) == limit:
            break
        if _is_stopped(sweep):
            run.is_stopped = True
            break
        try:
            item = _settle(one, by)
        except PolicyOver:
            run.is_over = True
            break
        except NotPermitted:
            barred.add(one.group.pk)
            if one.group.agreed_by.name not in run.not_standing:
                run.not_standing.append(one.group.agreed_by.name)
        except OperationalError as fault:
            if not _was_locked(fault):
                raise
            run.busy.append(one.number)
        else:
            if item is not None:
                run.settled.append(item)
                if tell is not None:
                    tell(item)
    return run


class PolicyOver(Exception):
    """The policy of a sweep is not in force: ended or corrected since somebody said yes."""


class Pending(NamedTuple):
    """A permit of a sweep, not settled yet."""

    group: SweepGroup
    number: str


def pending(sweep: PermitSweep) -> Iterator[Pending]:
    """Every permit to which nothing was done yet, group by group. Two queries."""
    groups = list(_groups([sweep]))
    settled = set(SweepItem.objects.filter(sweep=sweep).values_list("permit__number", flat=True))
    for group in groups:
        for number, _left in permits_of(group, groups):
            if number not in settled:
                yield Pending(group, number)


def permits_of(group: SweepGroup, groups: Iterable[SweepGroup]) -> list[tuple[str, str]]:
    """The permits for which the group stands, of all groups of its sweep: without exceptions."""
    out = {one.permits[0][0] for one in groups if one.permit_id} if not group.permit_id else set()
    return [(number, left) for number, left in group.permits if number not in out]


def _groups(sweeps: Iterable[PermitSweep]) -> Iterable[SweepGroup]:
    """The groups of some sweeps, their exceptions behind them."""
    return SweepGroup.objects.filter(sweep__in=list(sweeps)).select_related(
        "sweep__policy", "permit", "proposed_by", "agreed_by"
    )


def _is_stopped(sweep: PermitSweep) -> bool:
    return PermitSweep.objects.filter(pk=sweep.pk, stopped_at__isnull=False).exists()


def _settle(one: Pending, by: Actor) -> SweepItem | None:
    """Does to a permit what its group says; nothing where another worker was first.

    Raises PolicyOver, NotPermitted where the yes does not stand, OperationalError where its case
    stays locked.
    """
    group = one.group
    if group.agreed_by is None:
        raise ValueError("nobody agreed")
    permit = Permit.objects.select_related("application").get(number=one.number)
    with transaction.atomic():
        _wait_no_longer()
        with acting(Action.ACT, permit.application, by=group.agreed_by) as work:
            if SweepItem.objects.filter(sweep=group.sweep, permit=permit).exists():
                return None
            share_register()
            version = _version_of(group.sweep.policy)
            if version is None or not _has_begun(version):
                raise PolicyOver
            delegation = _held(group)
            stands = read_standing(permit, clock.today())
            item = SweepItem(
                sweep=group.sweep,
                group=group,
                permit=permit,
                status=stands.status.value,
                settled_at=clock.now(),
            )
            basis = {"sweep": group.sweep.number, "group": _name(group), "agreed": group.version}
            data = {"carried_out_by": by.id}
            if (
                _has_nothing_to_do(group, stands.status)
                # Its reason rests on the group, and on a policy that meets the permit.
                or group_under(group.sweep.policy, permit) != group.code
                or has_conflict(permit.application, group.agreed_by)
            ):
                item.outcome = Settled.PASSED_OVER.value
                entry = work.record(
                    Verb.PASSED_OVER, subject=subject_of(permit), basis=basis, data=data
                )
            elif group.action == SweepAction.KEEP:
                item.outcome = Settled.KEPT.value
                entry = work.record(
                    Verb.KEPT,
                    subject=subject_of(permit),
                    reason=group.reason,
                    basis=basis,
                    data=data,
                )
            else:
                item.outcome = Settled.DONE.value
                item.act, entry = act_in_sweep(
                    work, permit, group, delegation=delegation, basis=basis, data=data
                )
            entry.add(item)
    return item


def _held(group: SweepGroup) -> Delegation:
    """The delegation under which the yes was given, locked. Raises NotPermitted."""
    if group.agreed_by is None:
        raise ValueError("nobody agreed")
    for one in hold_delegations(group.agreed_by, clock.today()):
        if one.pk == group.delegation_id and _stands(group):
            return one
    raise NotPermitted(_("This yes does not stand any more."))


def _has_nothing_to_do(group: SweepGroup, status: PermitStatus) -> bool:
    return status in OVER or (
        group.action == SweepAction.SUSPEND and status == PermitStatus.SUSPENDED
    )


def _excepted_now(policy: Policy, permits: QuerySet[Permit]) -> set[str]:
    """The numbers of those permits that an accepted exception passes, as their cases say now."""
    version = _version_of(policy)
    return set() if version is None else excepted_under(policy, permits, on=_day_of(version))


def had_left(item: SweepItem) -> bool:
    """Whether the permit was passed over because it had left its group, or the policy's scope, or
    because who said yes had declared a conflict of interest on its case."""
    return item.outcome == Settled.PASSED_OVER and not _has_nothing_to_do(
        item.group, PermitStatus(item.status)
    )


def left_since(found: Progress) -> Iterator[tuple[str, Group]]:
    """The permits, by number, that are not over and not in the group they were found in any more,
    each with its group today; also those to which something was done. None under a policy that is
    over, as nothing is done under it. Six queries, and some more where exceptions were claimed."""
    if found.policy in (Standing.ENDED, None):
        return
    groups = {number: part.group for part in found.parts for number, _left in part.permits}
    permits = Permit.objects.filter(number__in=groups)
    excepted = _excepted_now(found.sweep.policy, permits)
    for permit, stands in read_standings(permits, clock.today()):
        group = group_of(stands, is_excepted=permit.number in excepted)
        if stands.status not in OVER and group != groups[permit.number].code:
            yield permit.number, group


def _wait_no_longer() -> None:
    """Until the transaction ends, a lock that is not had in time is an OperationalError.

    On SQLite every wait for another writer ends so.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}s'")


def _was_locked(fault: OperationalError) -> bool:
    cause = fault.__cause__
    return (
        getattr(cause, "sqlstate", None) == "55P03"  # lock_not_available
        or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    )


def stop_sweep(sweep: PermitSweep, *, by: User, reason: str) -> PermitSweep:
    """Stops carrying out after the permit under way.

    Raises ValidationError, NotPermitted, Refused.
    """
    reason = checked_reason(reason)
    with sweeping(sweep, by=by, roles=PROPOSERS) as entries:
        now = PermitSweep.objects.get(pk=sweep.pk)
        if now.stopped_at is not None:
            raise Refused(_("The sweep is stopped already."))
        _record(entries, Verb.SWEEP_STOPPED, now, reason=reason).set(
            now, stopped_by=by, stopped_at=clock.now()
        )
    return now


def resume_sweep(sweep: PermitSweep, *, by: User, seen: int | None = None) -> PermitSweep:
    """Lets it be carried out again. Raises NotPermitted, Refused, Conflict."""
    with sweeping(sweep, by=by, roles=PROPOSERS) as entries:
        now = afresh(sweep, seen)
        if now.stopped_at is None:
            raise Refused(_("The sweep is not stopped."))
        _record(entries, Verb.SWEEP_RESUMED, now).set(now, stopped_by=None, stopped_at=None)
    return now


def last_word(sweep: PermitSweep) -> Event:
    """The entry that wrote the sweep last: begun, stopped with a reason, or let go on."""
    return Event.objects.get(stream=sweep.stream, sequence=sweep.version)


# How far it has come


class State(TextChoices):
    """How far a sweep has come: what is to happen next."""

    PROPOSALS = "proposals", pgettext_lazy("sweep", "Something is to be proposed")
    YES = "yes", pgettext_lazy("sweep", "Waits for a decision-maker")
    STOPPED = "stopped", pgettext_lazy("sweep", "Stopped")
    READY = "ready", pgettext_lazy("sweep", "To be carried out")
    DONE = "done", pgettext_lazy("sweep", "Carried out")
    AHEAD = "ahead", pgettext_lazy("sweep", "Its policy is not in force yet")
    OVER = "over", pgettext_lazy("sweep", "Its policy is not in force any more")


class Part(NamedTuple):
    """A group of a sweep with its permits (number, dollars left) and what came of them so far.

    `stands` is whether somebody said yes, and that stands still.
    """

    group: SweepGroup
    permits: Sequence[tuple[str, str]]
    settled: int
    stands: bool

    @property
    def left(self) -> int:
        """Permits to which nothing was done yet."""
        return len(self.permits) - self.settled

    @property
    def waits(self) -> bool:
        """Whether a yes is asked for, or asked for anew."""
        group = self.group
        is_agreed = group.agreed_at is not None and (self.stands or not self.left)
        return not is_agreed and bool(group.proposed_at) and not group.returned_for

    @property
    def is_open(self) -> bool:
        """Whether something else may be proposed for it."""
        return not self.stands and not (self.group.agreed_at and self.settled)

    @property
    def to_do(self) -> int:
        """Permits agreed on and not settled."""
        return self.left if self.stands else 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A sweep with its groups, exceptions behind them; how its policy stands today, if it does."""

    sweep: PermitSweep
    parts: tuple[Part, ...]
    policy: Standing | None

    @property
    def total(self) -> int:
        return sum(len(one.permits) for one in self.parts)

    @property
    def settled(self) -> int:
        return sum(one.settled for one in self.parts)

    @property
    def to_do(self) -> int:
        """Permits agreed on and not settled; none while the policy is not in force."""
        return sum(one.to_do for one in self.parts) if self.policy is Standing.IN_FORCE else 0

    @property
    def state(self) -> State:
        if self.settled == self.total:
            return State.DONE
        if self.policy in (Standing.ENDED, None):
            return State.OVER
        if self.to_do:
            return State.STOPPED if self.sweep.stopped_at else State.READY
        if not any(one.waits or one.to_do for one in self.parts):
            return State.PROPOSALS
        return State.YES if self.policy is Standing.IN_FORCE else State.AHEAD


def progress(sweeps: Collection[PermitSweep]) -> list[Progress]:
    """How far each has come. Four queries, whatever their number."""
    groups: dict[int, list[SweepGroup]] = defaultdict(list)
    for group in _groups(sweeps):
        groups[group.sweep_id].append(group)
    settled: dict[int, int] = defaultdict(int)
    for key in SweepItem.objects.filter(sweep__in=sweeps).values_list("group", flat=True):
        settled[key] += 1
    versions: dict[int, list[PolicyVersion]] = defaultdict(list)
    for version in PolicyVersion.objects.filter(policy__in={one.policy_id for one in sweeps}):
        versions[version.policy_id].append(version)
    standing_yes = frozenset(_with_a_yes().filter(sweep__in=sweeps).values_list("pk", flat=True))
    return [
        Progress(
            sweep,
            tuple(
                Part(group, permits, settled[group.pk], group.pk in standing_yes)
                for group in sorted(
                    groups[sweep.pk], key=lambda one: (one.permit_id is not None, one.pk)
                )
                # All of its permits may have been taken out.
                if (permits := permits_of(group, groups[sweep.pk]))
            ),
            found[1] if (found := standing(versions[sweep.policy_id], on=clock.today())) else None,
        )
        for sweep in sweeps
    ]
