"""A permit sweep: who proposes, who says yes, and that each permit is acted upon once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.choices import Power, RequestedAct, Role
from accounts.domain.delegations import confirm_delegation, end_delegation, propose_delegation
from accounts.domain.people import close_account
from accounts.domain.requests import confirm_request, propose_request
from accounts.domain.roles import confirm_role, end_role, propose_role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import clock
from history.actors import SYSTEM
from history.domain.door import Conflict
from history.domain.verify import verify
from history.models import Event
from permits.choices import Group, PermitStatus, Settled, StatementKind
from permits.domain import acts
from permits.domain.intake import declare_conflict
from permits.domain.letters import make_letter
from permits.domain.standing import read_standing
from permits.domain.statements import CLAIMED, set_aside
from permits.domain.sweeps import (
    Progress,
    State,
    agree_group,
    begin_sweep,
    carry_out,
    except_permit,
    had_left,
    held_elsewhere,
    holding,
    left_since,
    policies_to_sweep,
    progress,
    propose_group,
    resume_sweep,
    return_group,
    stop_sweep,
    suggested,
    waiting_for,
)
from permits.domain.use import report_use
from permits.models import (
    Notice,
    Permit,
    PermitAct,
    PermitSweep,
    Statement,
    SweepGroup,
    SweepItem,
)
from permits.verbs import Verb
from policies.models import Policy, PolicyChange
from tests.people import TERMS, Cast, give_delegation, give_role, make_person_with
from tests.permits.factories import LINE, WHY, attached, make_permit, say
from tests.policies.changes import approved, draft, in_days

KEY = "TR-9999-suspension"
WHY_EN, WHY_FR = "Same risk as new applications", "Même risque que les nouvelles demandes"
SAID: dict[str, Any] = {"reason_en": WHY_EN, "reason_fr": WHY_FR}


def permits_of(office: Cast, number: int) -> list[Permit]:
    return [make_permit(office.analyst, office.senior, office.decision) for _turn in range(number)]


def policy_for(
    office: Cast, says: str = "review", exceptions: Sequence[Any] = (), **more: Any
) -> PolicyChange:
    existing = {
        "action": says,
        "en": "As the notice says of permits issued.",
        "fr": "Comme l’avis le dit des licences délivrées.",
    }
    of_policy = {"existing_permits": existing, "exceptions": list(exceptions)}
    change = draft(office.admin, of_policy=of_policy, **more)
    return approved(change, by=office.admin_b)


def swept(change: PolicyChange, by: User) -> PermitSweep:
    return begin_sweep(Policy.objects.get(key=KEY), change=change, by=by)


@pytest.fixture
def sweep(office: Cast) -> PermitSweep:
    """Three permits of which nothing is shipped, under an approved change."""
    permits_of(office, 3)
    return swept(policy_for(office), office.analyst)


def group_of(sweep: PermitSweep, code: str = Group.UNUSED) -> SweepGroup:
    return SweepGroup.objects.get(sweep=sweep, code=code, permit=None)


def proposed(sweep: PermitSweep, by: User, action: str = "suspend") -> SweepGroup:
    return propose_group(group_of(sweep), action=action, by=by, **SAID)


def agreed(sweep: PermitSweep, office: Cast, action: str = "suspend") -> SweepGroup:
    return agree_group(proposed(sweep, office.analyst, action), by=office.decision)


def make_third() -> User:
    return make_person_with("third", Role.ADMINISTRATOR)


def now(sweep: PermitSweep) -> Progress:
    return progress([PermitSweep.objects.get(pk=sweep.pk)])[0]


def status_of(permit: Permit) -> str:
    return read_standing(permit, clock.today()).status


# What is in scope


def test_live_permits_in_the_scope_are_grouped_by_how_far_they_were_used(office: Cast) -> None:
    unused, partly, suspended, over = permits_of(office, 4)
    elsewhere = make_permit(office.analyst, office.senior, office.decision, destination="FR")
    line = partly.lines.get()
    report_use(
        line, used_on=clock.today(), quantity=Decimal(1), value=Decimal(1), by=office.analyst
    )
    acts.act_at_once(suspended, kind="suspend", reason=WHY, by=office.decision)
    acts.act_at_once(over, kind="cancel", reason=WHY, by=office.decision)
    sweep = swept(policy_for(office), office.analyst)
    found = {one.group.code: [number for number, _left in one.permits] for one in now(sweep).parts}
    assert found == {
        Group.UNUSED: [unused.number],
        Group.PARTLY: [partly.number],
        Group.SUSPENDED: [suspended.number],
    }
    assert elsewhere.number not in str(found)
    assert sweep.policy.key == KEY


def test_a_sweep_stands_alone_under_a_policy_in_force(office: Cast) -> None:
    (permit,) = permits_of(office, 1)
    policy_for(office)
    first, second = (
        begin_sweep(Policy.objects.get(key=KEY), by=office.admin) for _turn in range(2)
    )
    assert first.change is None
    assert [one[0] for one in group_of(second).permits] == [permit.number]
    assert second.number == f"SW-{clock.today().year}-000002"


def test_there_is_no_sweep_without_an_approved_change_or_a_policy_in_force(office: Cast) -> None:
    permits_of(office, 1)
    other = Policy.objects.get(key="TR-2020-04-16-presumptive")
    with pytest.raises(Refused, match="No approved change"):
        begin_sweep(other, change=draft(office.admin), by=office.analyst)
    change = policy_for(office, ends=in_days(3))
    with pytest.raises(Refused, match="No approved change"):
        begin_sweep(other, change=change, by=office.analyst)
    policy = Policy.objects.get(key=KEY)
    with clock.simulated(clock.now() + timedelta(days=5)), pytest.raises(Refused, match="force"):
        begin_sweep(policy, by=office.analyst)
    assert policies_to_sweep(change) == [policy]
    swept(change, office.analyst)
    assert not policies_to_sweep(change)
    with pytest.raises(Refused, match="sweep for this change already"):
        swept(change, office.analyst)


def test_a_policy_that_reaches_no_live_permit_has_no_sweep(office: Cast) -> None:
    make_permit(office.analyst, office.senior, office.decision, destination="FR")
    with pytest.raises(Refused, match="No live permit"):
        swept(policy_for(office), office.analyst)


@pytest.mark.parametrize(
    ("says", "code", "wanted"),
    [
        ("suspend", Group.UNUSED, "suspend"),
        ("suspend", Group.SUSPENDED, "keep"),
        ("suspend", Group.EXCEPTED, ""),
        ("cancel", Group.SUSPENDED, "cancel"),
        ("cancel", Group.EXCEPTED, ""),
        ("keep", Group.PARTLY, "keep"),
        ("review", Group.UNUSED, ""),
        ("unstated", Group.PARTLY, ""),
    ],
)
def test_an_action_is_suggested_only_where_the_policy_says_one(
    says: str, code: str, wanted: str
) -> None:
    group = SweepGroup(code=code, sweep=PermitSweep(policy=Policy(existing_permits=says)))
    assert suggested(group) == wanted


# Who proposes


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("analyst", True),
        ("senior", True),
        ("decision", True),
        ("admin", True),
        ("auditor", False),
    ],
)
def test_whoever_works_on_cases_or_administers_proposes(
    office: Cast, sweep: PermitSweep, who: str, may: bool
) -> None:
    by: User = getattr(office, who)
    policy, number = Policy.objects.get(key=KEY), group_of(sweep).permits[0][0]
    steps: list[Callable[[], object]] = [
        lambda: begin_sweep(policy, by=by),
        lambda: except_permit(sweep, number, action="keep", by=by, **SAID),
        lambda: proposed(sweep, by),
        lambda: stop_sweep(sweep, by=by, reason=WHY),
        lambda: resume_sweep(PermitSweep.objects.get(pk=sweep.pk), by=by),
    ]
    for step in steps:
        if may:
            step()
        else:
            with pytest.raises(NotPermitted, match="for the roles"):
                step()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"action": "destroy"}, "action"),
        ({"action": ""}, "action"),
        ({"reason_en": " . "}, "reason_en"),
        ({"reason_fr": ""}, "reason_fr"),
        ({"reason_fr": "Avis de 2025"}, "reason_fr"),
    ],
)
def test_a_proposal_says_what_and_why_in_both_languages(
    office: Cast, sweep: PermitSweep, given: dict[str, Any], field: str
) -> None:
    said: dict[str, Any] = {"action": "keep", **SAID, **given}
    with pytest.raises(ValidationError) as fault:
        propose_group(group_of(sweep), by=office.analyst, **said)
    assert set(fault.value.message_dict) == {field}


def test_a_proposal_is_made_on_what_was_seen(office: Cast, sweep: PermitSweep) -> None:
    seen = group_of(sweep)
    proposed(sweep, office.senior, "keep")
    with pytest.raises(Conflict):
        propose_group(seen, action="cancel", by=office.analyst, **SAID)


def test_a_permit_is_taken_out_of_its_group_once(office: Cast, sweep: PermitSweep) -> None:
    first, second, _third = (row[0] for row in group_of(sweep).permits)
    before = Event.objects.count()
    except_permit(sweep, first, action="keep", by=office.analyst, **SAID)
    assert Event.objects.count() == before + 1
    with pytest.raises(Refused, match="taken out of its group already"):
        except_permit(sweep, first, action="cancel", by=office.senior, **SAID)
    with pytest.raises(Refused, match="not in the sweep"):
        except_permit(sweep, "EP-1999-000001", action="keep", by=office.analyst, **SAID)
    agreed(sweep, office)
    with pytest.raises(Refused, match="agreed on already"):
        except_permit(sweep, second, action="keep", by=office.analyst, **SAID)
    assert [len(one.permits) for one in now(sweep).parts] == [2, 1]


# Who says yes


def test_only_a_decision_maker_with_the_power_to_act_says_yes(
    office: Cast, sweep: PermitSweep
) -> None:
    group = proposed(sweep, office.analyst)
    for by in (office.analyst_b, office.senior, office.admin, office.auditor):
        with pytest.raises(NotPermitted, match="for the roles"):
            agree_group(group, by=by)
        with pytest.raises(NotPermitted, match="for the roles"):
            return_group(group, reason=WHY, by=by)
    without = make_person_with("without", Role.DECISION_MAKER)
    with pytest.raises(NotPermitted, match="No delegation"):
        agree_group(group, by=without)
    terms = replace(TERMS, powers=frozenset({Power.DECIDE}), number="only decide")
    given = propose_delegation(without, terms, by=office.admin, reason=WHY, starts_on=clock.today())
    confirm_delegation(given, by=office.admin_b)
    with pytest.raises(NotPermitted, match="No delegation"):
        agree_group(group, by=without)
    assert agree_group(group, by=office.decision).delegation is not None


def test_nobody_says_yes_to_their_own_proposal(office: Cast, sweep: PermitSweep) -> None:
    with pytest.raises(NotPermitted, match="You proposed this"):
        agree_group(proposed(sweep, office.decision), by=office.decision)


@pytest.mark.parametrize("who", ["admin", "admin_b"])
def test_who_drafted_or_approved_the_policy_does_not_say_yes(
    office: Cast, sweep: PermitSweep, who: str
) -> None:
    person: User = getattr(office, who)
    other = office.admin_b if who == "admin" else office.admin
    third = make_person_with("admin-c", Role.ADMINISTRATOR)
    give_role(person, Role.DECISION_MAKER)
    give_delegation(person, proposed_by=other, confirmed_by=third)
    with pytest.raises(NotPermitted, match="drafted or approved the policy"):
        agree_group(proposed(sweep, office.analyst), by=person)


def test_who_declared_a_conflict_says_no_yes_to_a_group_with_that_permit(
    office: Cast, sweep: PermitSweep
) -> None:
    group = proposed(sweep, office.analyst)
    number = group.permits[0][0]
    case = Permit.objects.get(number=number).application
    declare_conflict(case, by=office.decision, reason=WHY)
    assert waiting_for(office.decision) == []
    with pytest.raises(NotPermitted, match=f"conflict of interest on the case of {number}"):
        agree_group(group, by=office.decision)
    taken_out = except_permit(sweep, number, action="keep", by=office.analyst, **SAID)
    with pytest.raises(NotPermitted, match="conflict of interest"):
        agree_group(taken_out, by=office.decision)
    assert waiting_for(office.decision) == [group]
    assert agree_group(group, by=office.decision).agreed_by == office.decision


def test_a_permit_on_whose_case_who_said_yes_declared_a_conflict_since_is_passed_over(
    office: Cast, sweep: PermitSweep
) -> None:
    number = agreed(sweep, office).permits[0][0]
    case = Permit.objects.get(number=number).application
    declare_conflict(case, by=office.decision, reason=WHY)
    items = {one.permit.number: one for one in carry_out(sweep, by=SYSTEM).settled}
    assert [one for one in items if items[one].outcome == Settled.PASSED_OVER] == [number]
    assert had_left(items[number])


def test_there_is_no_yes_to_nothing_to_what_was_returned_or_twice(
    office: Cast, sweep: PermitSweep
) -> None:
    with pytest.raises(Refused, match="Nothing is proposed"):
        agree_group(group_of(sweep), by=office.decision)
    with pytest.raises(Refused, match="Nothing is proposed"):
        return_group(group_of(sweep), reason=WHY, by=office.decision)
    back = return_group(proposed(sweep, office.analyst), reason=WHY, by=office.decision)
    with pytest.raises(Refused, match="Nothing is proposed"):
        agree_group(back, by=office.decision)
    assert now(sweep).state is State.PROPOSALS
    group = agreed(sweep, office, "keep")
    with pytest.raises(Refused, match="agreed on already"):
        agree_group(group, by=office.decision)
    with pytest.raises(Refused, match="agreed on already"):
        return_group(group, reason=WHY, by=office.decision)
    with pytest.raises(Refused, match="agreed on already"):
        propose_group(group, action="cancel", by=office.analyst, **SAID)


def test_a_yes_is_to_what_was_seen(office: Cast, sweep: PermitSweep) -> None:
    seen = proposed(sweep, office.analyst)
    propose_group(group_of(sweep), action="cancel", by=office.senior, **SAID)
    with pytest.raises(Conflict):
        agree_group(seen, by=office.decision)


def test_a_policy_to_come_is_prepared_and_waits_for_its_day(office: Cast) -> None:
    permits_of(office, 1)
    sweep = swept(policy_for(office, starts=in_days(7)), office.analyst)
    group = proposed(sweep, office.analyst)
    with pytest.raises(Refused, match="nothing is done under it before"):
        agree_group(group, by=office.decision)
    with clock.simulated(clock.now() + timedelta(days=7)):
        assert agree_group(group, by=office.decision).agreed_at is not None


def test_there_is_no_yes_under_a_policy_that_ended_meanwhile(office: Cast) -> None:
    permits_of(office, 1)
    sweep = swept(policy_for(office, ends=in_days(3)), office.analyst)
    group = proposed(sweep, office.analyst)
    with clock.simulated(clock.now() + timedelta(days=5)), pytest.raises(Refused, match="force"):
        agree_group(group, by=office.decision)


# Carrying it out


def test_each_permit_has_one_act_with_its_own_event_notice_and_letter(
    office: Cast, sweep: PermitSweep
) -> None:
    group = agreed(sweep, office)
    run = carry_out(sweep, by=SYSTEM)
    assert [one.outcome for one in run.settled] == [Settled.DONE] * 3
    assert now(sweep).state is State.DONE
    for number, _left in group.permits:
        permit = Permit.objects.get(number=number)
        assert status_of(permit) == PermitStatus.SUSPENDED
        act = PermitAct.objects.get(permit=permit)
        assert (act.proposed_by, act.done_by) == (office.analyst, office.decision)
        assert (act.delegation, act.loosens) == (group.delegation, False)
        assert act.reason == f"{WHY_EN}\n{WHY_FR}"
        told = Event.objects.get(stream=permit.application.stream, verb=Verb.SUSPENDED)
        assert (told.actor, told.role) == (f"person:{office.decision.pk}", "decision_maker")
        assert told.sequence == act.version == SweepItem.objects.get(permit=permit).version
        assert Notice.objects.filter(act=act).count() == 2
        letter = make_letter(permit.application, "act", by=office.analyst, act=act)
        assert WHY_EN in letter.content
        assert WHY_FR in letter.content
    assert verify(deep=True).good


def test_a_second_run_does_nothing_more(office: Cast, sweep: PermitSweep) -> None:
    agreed(sweep, office, "cancel")
    assert len(carry_out(sweep, by=SYSTEM, limit=2).settled) == 2
    assert now(sweep).to_do == 1
    assert len(carry_out(sweep, by=SYSTEM).settled) == 1
    assert not carry_out(sweep, by=SYSTEM).settled
    assert PermitAct.objects.count() == SweepItem.objects.count() == 3


def test_what_another_worker_did_meanwhile_is_not_done_again(
    office: Cast, sweep: PermitSweep
) -> None:
    agreed(sweep, office)
    others = []

    def meanwhile(_item: SweepItem) -> None:
        others.append(len(carry_out(sweep, by=SYSTEM).settled))

    assert len(carry_out(sweep, by=SYSTEM, tell=meanwhile).settled) == 1
    assert others == [2]
    assert PermitAct.objects.count() == SweepItem.objects.count() == 3


def test_an_exception_has_its_own_fate_and_what_nobody_agreed_on_stays(
    office: Cast, sweep: PermitSweep
) -> None:
    number = group_of(sweep).permits[0][0]
    exception = except_permit(sweep, number, action="keep", by=office.senior, **SAID)
    agreed(sweep, office)
    carry_out(sweep, by=SYSTEM)
    assert now(sweep).state is State.YES
    kept = Permit.objects.get(number=number)
    assert not SweepItem.objects.filter(permit=kept).exists()
    agree_group(exception, by=office.decision)
    (item,) = carry_out(sweep, by=SYSTEM).settled
    assert (item.outcome, item.act) == (Settled.KEPT, None)
    assert status_of(kept) == PermitStatus.VALID
    assert Event.objects.filter(stream=kept.application.stream, verb=Verb.KEPT).count() == 1
    assert SweepItem.objects.filter(outcome=Settled.DONE).count() == 2


@pytest.mark.parametrize("meanwhile", ["cancelled", "suspended", "exhausted", "expired"])
def test_what_happened_to_a_permit_meanwhile_is_told_and_it_is_passed_over(
    office: Cast, meanwhile: str
) -> None:
    (permit,) = permits_of(office, 1)
    sweep = swept(policy_for(office), office.analyst)
    agreed(sweep, office)
    later = 0
    if meanwhile == "exhausted":
        line = permit.lines.get()
        assert line.quantity is not None
        assert line.value is not None
        report_use(
            line, used_on=clock.today(), quantity=line.quantity, value=line.value, by=office.analyst
        )
    elif meanwhile == "expired":
        later = 400
    else:
        kind = meanwhile.removesuffix("led").removesuffix("ed")
        acts.act_at_once(permit, kind=kind, reason=WHY, by=office.decision)
    before = PermitAct.objects.count()
    with clock.simulated(clock.now() + timedelta(days=later)):
        (item,) = carry_out(sweep, by=SYSTEM).settled
    assert (item.outcome, item.status) == (Settled.PASSED_OVER, meanwhile)
    assert not had_left(item)
    assert PermitAct.objects.count() == before
    told = Event.objects.filter(stream=permit.application.stream, verb=Verb.PASSED_OVER)
    assert told.count() == 1


@pytest.mark.parametrize("action", ["keep", "suspend"])
def test_a_permit_that_left_its_group_is_not_acted_upon_for_the_reason_of_the_group(
    office: Cast, sweep: PermitSweep, action: str
) -> None:
    shipped, other, _third = (
        Permit.objects.get(number=number) for number, _left in group_of(sweep).permits
    )
    for permit in (shipped, other):
        report_use(
            permit.lines.get(),
            used_on=clock.today(),
            quantity=Decimal(1),
            value=Decimal(1),
            by=office.analyst,
        )
    assert dict(left_since(now(sweep))) == dict.fromkeys(
        [shipped.number, other.number], Group.PARTLY
    )
    exception = except_permit(sweep, other.number, action=action, by=office.analyst, **SAID)
    assert exception.code == Group.PARTLY
    assert dict(left_since(now(sweep))) == {shipped.number: Group.PARTLY}
    agree_group(exception, by=office.decision)
    agreed(sweep, office, action)
    items = {item.permit: item for item in carry_out(sweep, by=SYSTEM).settled}
    assert [one for one in items if had_left(items[one])] == [shipped]
    assert items[shipped].outcome == Settled.PASSED_OVER
    assert len(items) == 3
    assert status_of(shipped) == PermitStatus.VALID


@pytest.mark.parametrize("is_accepted", [True, False])
@pytest.mark.parametrize("starts", [0, 9])
def test_an_exception_accepted_or_set_aside_since_moves_a_permit_to_another_group(
    office: Cast, is_accepted: bool, starts: int
) -> None:
    permit, other = permits_of(office, 2)
    aid = {"code": "aid", "en": "Aid", "fr": "Aide", "evidence_en": "A", "evidence_fr": "A"}
    change = policy_for(office, starts=in_days(starts), exceptions=[aid])

    def accept() -> Statement:
        file = attached(permit.application, office.analyst)
        about = StatementKind.EXCEPTION, f"{KEY}:aid", CLAIMED
        by: dict[str, Any] = {"by": office.analyst, "second": office.senior}
        return say(permit.application, *about, **by, document=file)

    if is_accepted:
        sweep = swept(change, office.analyst)
        accept()
        was, is_now = Group.UNUSED, Group.EXCEPTED
    else:
        statement = accept()
        sweep = swept(change, office.analyst)
        set_aside(statement, reason=WHY, by=office.senior)
        was, is_now = Group.EXCEPTED, Group.UNUSED
    assert dict(left_since(now(sweep))) == {permit.number: is_now}
    group = propose_group(group_of(sweep, was), action="cancel", by=office.analyst, **SAID)
    with clock.simulated(clock.now() + timedelta(days=starts)):
        agree_group(group, by=office.decision)
        items = {item.permit: item for item in carry_out(sweep, by=SYSTEM).settled}
        assert had_left(items[permit])
        assert status_of(permit) == PermitStatus.VALID
        assert list(items) == ([permit, other] if is_accepted else [permit])
    again = begin_sweep(Policy.objects.get(key=KEY), by=office.analyst)
    taken = except_permit(again, permit.number, action="keep", by=office.analyst, **SAID)
    assert taken.code == is_now


@pytest.mark.parametrize("action", ["keep", "suspend"])
def test_a_permit_whose_goods_under_the_policy_are_gone_is_not_acted_upon(
    office: Cast, action: str
) -> None:
    radar = {**LINE, "items": ["6-1"], "description": "Radar"}
    permit = make_permit(office.analyst, office.senior, office.decision, lines=(LINE, radar))
    sweep = swept(policy_for(office), office.analyst)
    agreed(sweep, office, action)
    gone = permit.lines.get(number=1)
    acts.act_at_once(permit, kind="cancel", line=gone, reason=WHY, by=office.decision)
    (item,) = carry_out(sweep, by=SYSTEM).settled
    assert (item.outcome, had_left(item)) == (Settled.PASSED_OVER, True)
    assert status_of(permit) == PermitStatus.CANCELLED_IN_PART


def test_a_stop_counts_from_the_next_permit_on(office: Cast, sweep: PermitSweep) -> None:
    agreed(sweep, office)

    def stop(_item: SweepItem) -> None:
        stop_sweep(sweep, by=office.senior, reason=WHY)

    run = carry_out(sweep, by=SYSTEM, tell=stop)
    assert len(run.settled) == 1
    assert now(sweep).state is State.STOPPED
    with pytest.raises(Refused, match="stopped already"):
        stop_sweep(sweep, by=office.analyst, reason=WHY)
    run = carry_out(sweep, by=SYSTEM)
    assert (run.settled, run.is_stopped) == ([], True)
    stopped = PermitSweep.objects.get(pk=sweep.pk)
    resumed = resume_sweep(stopped, by=office.senior)
    with pytest.raises(Refused, match="not stopped"):
        resume_sweep(resumed, by=office.senior)
    assert len(carry_out(sweep, by=SYSTEM).settled) == 2


@pytest.mark.parametrize("is_stopped", [True, False])
def test_no_yes_elsewhere_passes_by_a_stop_or_a_yes_to_be_carried_out(
    office: Cast, sweep: PermitSweep, is_stopped: bool
) -> None:
    if is_stopped:
        stop_sweep(sweep, by=office.senior, reason="Court order")
    else:
        agreed(sweep, office)
        carry_out(sweep, by=SYSTEM, limit=1)
    held = [number for number, _left in group_of(sweep).permits][0 if is_stopped else 1 :]
    other = begin_sweep(Policy.objects.get(key=KEY), by=office.analyst)
    group = proposed(other, office.analyst, "cancel")
    assert waiting_for(office.decision) == []
    (told,) = held_elsewhere(other, group_of(other).permits, holding({other.policy_id}))
    assert sweep.number in told
    says = "Court order" if is_stopped else "still to be carried out"
    with pytest.raises(Refused, match=f"(?s){sweep.number}.*{says}.*{held[0]}"):
        agree_group(group, by=office.decision)
    for number in held:
        except_permit(other, number, action="keep", by=office.analyst, **SAID)
    if is_stopped:
        resume_sweep(PermitSweep.objects.get(pk=sweep.pk), by=office.senior)
    else:
        carry_out(sweep, by=SYSTEM)
    assert len(waiting_for(office.decision)) == len(held)


@pytest.mark.parametrize(("action", "outcome"), [("suspend", Settled.DONE), ("keep", Settled.KEPT)])
def test_a_yes_stands_only_while_who_gave_it_may_act(
    office: Cast, sweep: PermitSweep, action: str, outcome: Settled
) -> None:
    group = agreed(sweep, office, action)
    given = office.decision.delegations.get()
    end_delegation(given, by=office.admin, reason=WHY)
    run = carry_out(sweep, by=SYSTEM)
    assert (run.settled, run.not_standing) == ([], [office.decision.name])
    assert not SweepItem.objects.exists()
    other = make_person_with("decision-b", Role.DECISION_MAKER)
    assert waiting_for(other) == []
    give_delegation(other, proposed_by=office.admin, confirmed_by=office.admin_b)
    group.refresh_from_db()
    assert (now(sweep).state, waiting_for(other)) == (State.YES, [group])
    agree_group(group, by=other)
    assert (now(sweep).state, waiting_for(other)) == (State.READY, [])
    assert [one.outcome for one in carry_out(sweep, by=SYSTEM).settled] == [outcome] * 3
    said = Event.objects.filter(verb__in=[Verb.SUSPENDED, Verb.KEPT])
    assert set(said.values_list("actor", flat=True)) == {f"person:{other.pk}"}


def given_again(office: Cast, what: str) -> None:
    """The delegation, the role or the account of who decides: gone, and another one since."""
    person: User = office.decision
    two: dict[str, Any] = {"proposed_by": office.admin, "confirmed_by": office.admin_b}
    if what == "delegation":
        end_delegation(person.delegations.get(), by=office.admin, reason=WHY)
        give_delegation(person, **two)
    elif what == "role":
        end_role(person.rolegrants.get(), by=office.admin, reason=WHY)
        again = propose_role(
            person, Role.DECISION_MAKER, by=office.admin, reason=WHY, starts_on=clock.today()
        )
        confirm_role(again, by=office.admin_b)
    else:
        close_account(person, by=office.admin, reason=WHY)
        asked = propose_request(person, RequestedAct.REOPEN, by=office.admin, reason=WHY)
        confirm_request(asked, by=office.admin_b)


@pytest.mark.parametrize("what", ["delegation", "role", "account"])
def test_a_yes_that_has_fallen_stays_so_whatever_is_given_later(
    office: Cast, sweep: PermitSweep, what: str
) -> None:
    group = agreed(sweep, office)
    with clock.simulated(clock.now() + timedelta(minutes=1)):
        given_again(office, what)
        assert now(sweep).state is State.YES
        run = carry_out(sweep, by=SYSTEM)
        assert (run.settled, run.not_standing) == ([], [office.decision.name])
        other = make_person_with("decision-b", Role.DECISION_MAKER)
        number = group.permits[0][0]
        except_permit(sweep, number, action="keep", by=office.analyst, **SAID)
        returned = return_group(group, reason=WHY, by=other)
        assert (returned.agreed_by, returned.delegation) == (None, None)
        assert now(sweep).state is State.YES
        propose_group(group_of(sweep), action="cancel", by=office.analyst, **SAID)


def test_a_role_that_begins_later_brings_no_yes_back(office: Cast, sweep: PermitSweep) -> None:
    person, today = office.decision, clock.today()
    end_role(person.rolegrants.get(), by=office.admin, reason=WHY, on=today + timedelta(days=1))
    starts: dict[str, Any] = {"reason": WHY, "starts_on": today + timedelta(days=3)}
    again = propose_role(person, Role.DECISION_MAKER, by=office.admin, **starts)
    confirm_role(again, by=office.admin_b)
    agreed(sweep, office)
    assert now(sweep).state is State.READY
    with clock.simulated(clock.now() + timedelta(days=4)):
        assert now(sweep).state is State.YES


def test_what_was_proposed_stays_once_a_permit_was_settled_on_a_yes_that_fell(
    office: Cast, sweep: PermitSweep
) -> None:
    group = agreed(sweep, office)
    (item,) = carry_out(sweep, by=SYSTEM, limit=1).settled
    given_again(office, "delegation")
    with pytest.raises(Refused, match="settled as it was proposed"):
        propose_group(group_of(sweep), action="cancel", by=office.analyst, **SAID)
    with pytest.raises(Refused, match="settled as it was proposed"):
        return_group(group, reason=WHY, by=office.decision)
    done, other, _third = (number for number, _left in group.permits)
    assert done == item.permit.number
    with pytest.raises(Refused, match="settled already"):
        except_permit(sweep, done, action="keep", by=office.analyst, **SAID)
    except_permit(sweep, other, action="keep", by=office.analyst, **SAID)
    assert agree_group(group_of(sweep), by=office.decision).delegation != group.delegation


def test_nothing_more_is_done_under_a_policy_that_ended_meanwhile(
    office: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    permits_of(office, 2)
    sweep = swept(policy_for(office, ends=in_days(3)), office.analyst)
    agreed(sweep, office)
    assert len(carry_out(sweep, by=SYSTEM, limit=1).settled) == 1
    with clock.simulated(clock.now() + timedelta(days=5)):
        run = carry_out(sweep, by=SYSTEM)
        call_command("sweep", sweep.number)
    assert (run.settled, run.is_over) == ([], True)
    assert "The policy is not in force" in capsys.readouterr().err
    assert PermitAct.objects.count() == 1


def test_nothing_is_done_under_a_policy_that_was_corrected_to_begin_later(office: Cast) -> None:
    permits_of(office, 1)
    sweep = swept(policy_for(office), office.analyst)
    agreed(sweep, office)
    late = draft(office.admin, kind="correct", policy=KEY, starts=in_days(30))
    approved(late, by=office.admin_b)
    run = carry_out(sweep, by=SYSTEM)
    assert (run.settled, run.is_over) == ([], True)
    assert not SweepItem.objects.exists()
    with clock.simulated(clock.now() + timedelta(days=31)):
        assert len(carry_out(sweep, by=SYSTEM).settled) == 1


def test_a_yes_is_asked_only_of_who_may_say_it_and_while_the_policy_is_in_force(
    office: Cast,
) -> None:
    other = make_person_with("decision-b", Role.DECISION_MAKER)
    give_delegation(other, proposed_by=office.admin, confirmed_by=office.admin_b)
    give_role(office.admin, Role.DECISION_MAKER)
    give_delegation(office.admin, proposed_by=office.admin_b, confirmed_by=make_third())
    permits_of(office, 1)
    sweep = swept(policy_for(office, starts=in_days(3), ends=in_days(6)), office.analyst)
    group = proposed(sweep, other)
    for days, state, waits in (
        (0, State.AHEAD, []),
        (3, State.YES, [group]),
        (6, State.OVER, []),
    ):
        with clock.simulated(clock.now() + timedelta(days=days)):
            assert (now(sweep).state, waiting_for(office.decision)) == (state, waits), days
            # Who proposed it, who drafted the policy, and who decides nothing.
            for person in (other, office.admin, office.analyst):
                assert waiting_for(person) == []


# The command


def test_the_command_carries_out_and_says_how_far_it_came(
    office: Cast, sweep: PermitSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    agreed(sweep, office)
    call_command("sweep", sweep.number)
    assert "3 of 3" in capsys.readouterr().out
    assert now(sweep).state is State.DONE
    with pytest.raises(CommandError, match="no sweep"):
        call_command("sweep", "SW-1999-000001")


def test_the_command_says_why_nothing_is_done(office: Cast, sweep: PermitSweep) -> None:
    with pytest.raises(CommandError, match="Nothing is agreed on"):
        call_command("sweep", sweep.number)
    agreed(sweep, office)
    stop_sweep(sweep, by=office.senior, reason=WHY)
    with pytest.raises(CommandError, match="stopped"):
        call_command("sweep", sweep.number)
    assert not PermitAct.objects.exists()
