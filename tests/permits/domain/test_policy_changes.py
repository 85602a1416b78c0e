"""A change to the register: previewed by the engine, approved by another, and then so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from accounts.days import short_day
from accounts.domain.roles import end_role
from accounts.exceptions import NotPermitted, Refused
from accounts.models import RoleGrant, User
from history import clock
from history.actors import SYSTEM, Actor
from history.domain.door import Conflict, door
from history.domain.verify import verify
from permits.choices import StatementKind
from permits.domain.acts import act_at_once, perform_act, propose_act
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse
from permits.domain.gate import GateClosed
from permits.domain.impact import (
    back_test,
    drift,
    impact_of,
    permits_under,
    unsealed,
)
from permits.domain.intake import add_line, add_party, edit_application, submit, take_up
from permits.domain.policy_changes import (
    Drifted,
    NotSettled,
    approve_change,
    look,
    preview_change,
    propose_change,
    return_change,
)
from permits.domain.recommendation import put_to_applicant, recommend
from permits.domain.ruling import CaseRuling, Outcome, coming, rule_on
from permits.domain.standing import OVER, read_standing
from permits.domain.statements import CLAIMED, counted, countersign, standing
from permits.domain.sweeps import agree_group, begin_sweep, carry_out, propose_group
from permits.domain.use import report_use
from permits.models import Application, PermitLine
from policies.choices import ChangeKind, ChangeStatus, Stance
from policies.domain import easing
from policies.domain.change_words import in_words
from policies.domain.composing import compose, document_of, rehearse
from policies.domain.drafting import (
    close_other,
    newest_version,
    save_change,
    start_change,
    withdraw_change,
)
from policies.domain.entering import enter
from policies.domain.lint import findings
from policies.domain.queries import end_of_day
from policies.domain.register import current_register
from policies.domain.resolve import Ruling, resolve
from policies.facts import Span
from policies.models import Policy, PolicyChange, PolicyVersion
from tests.people import Cast, give_delegation, give_role, make_person_with
from tests.permits.factories import (
    LINE,
    PARTY,
    WHY,
    answer_cards,
    attached,
    clear_parties,
    country,
    in_a_year,
    make_draft,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    say,
    sign_cards,
)
from tests.policies.changes import INSTRUMENT, POLICY, approved, draft, in_days, today


def stance_of(reference: str, days: int = 0) -> str:
    file = read_file(Application.objects.get(reference=reference))
    return rule_on(file, on=clock.today() + timedelta(days=days)).stance


def test_what_was_previewed_is_what_the_engine_says_after_approval(office: Cast) -> None:
    moved = make_in_review(office.analyst)
    other = make_in_review(office.analyst, destination="FR")
    change = propose_change(draft(office.admin), by=office.admin)
    found = unsealed(change.preview, change.found)
    assert [one.reference for one in found.moved] == [moved.reference]
    assert found.moved[0].before.stance == "case_by_case"
    assert found.moved[0].after.stance == "suspended"
    assert found.open_cases == 2
    approve_change(change, by=office.admin_b)
    assert stance_of(moved.reference) == "suspended"
    assert stance_of(other.reference) == "case_by_case"


def test_a_change_of_a_later_day_waits_for_that_day(office: Cast) -> None:
    case = make_in_review(office.analyst)
    approved(draft(office.admin, starts=in_days(10)), by=office.admin_b)
    assert stance_of(case.reference) == "case_by_case"
    assert stance_of(case.reference, 9) == "case_by_case"
    assert stance_of(case.reference, 10) == "suspended"


def test_its_author_does_not_approve_it(office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    with pytest.raises(NotPermitted, match="Another administrator"):
        approve_change(change, by=office.admin)
    with pytest.raises(NotPermitted):
        approve_change(change, by=office.senior)
    assert not Policy.objects.filter(key="TR-9999-suspension").exists()


def test_only_its_author_edits_proposes_and_withdraws_it(office: Cast) -> None:
    change = draft(office.admin)
    acts: list[Callable[[], object]] = [
        lambda: propose_change(change, by=office.admin_b),
        lambda: preview_change(change, by=office.admin_b),
        lambda: withdraw_change(change, reason="Not mine", by=office.admin_b),
        lambda: save_change(
            change, content={}, rationale_en="", rationale_fr="", note="", by=office.admin_b
        ),
    ]
    for act in acts:
        with pytest.raises(NotPermitted, match="Only who drafted"):
            act()


def test_a_change_is_approved_only_while_what_it_does_is_as_it_was_sealed(office: Cast) -> None:
    make_in_review(office.analyst)
    change = propose_change(draft(office.admin), by=office.admin)
    late = make_in_review(office.analyst)
    with pytest.raises(Drifted) as refused:
        approve_change(change, by=office.admin_b)
    assert [one.name for one in refused.value.drift] == [late.reference]
    assert refused.value.drift[0].was is None
    again = return_change(change, reason="Look again", by=office.admin_b)
    approve_change(propose_change(again, by=office.admin), by=office.admin_b)
    assert stance_of(late.reference) == "suspended"


def test_a_case_that_does_not_move_is_no_drift(office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    make_in_review(office.analyst, destination="FR")
    assert approve_change(change, by=office.admin_b).status == ChangeStatus.APPROVED


def test_ending_a_policy_writes_a_version_and_keeps_the_old_belief(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    policy = Policy.objects.get(key="TR-9999-suspension")
    before = clock.now()
    case = make_in_review(office.analyst)
    end = draft(office.admin, kind=ChangeKind.END, policy=policy.key, ends=in_days(5))
    approved(end, by=office.admin_b)
    assert stance_of(case.reference, 4) == "suspended"
    assert stance_of(case.reference, 5) == "case_by_case"
    file = read_file(case)
    as_believed = rule_on(file, on=clock.today() + timedelta(days=5), known_at=before)
    assert as_believed.stance == "suspended"
    assert newest_version(policy).effective_to == clock.today() + timedelta(days=5)


def test_another_scope_ends_the_key_and_begins_one_that_replaces_it(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    change = draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}},
        starts=in_days(3),
        ends=None,
    )
    done = approved(change, by=office.admin_b)
    new = Policy.objects.get(key="TR-9999-denial")
    assert done.keys == ["TR-9999-denial", "TR-9999-suspension"]
    assert new.replaces is not None
    assert new.replaces.key == "TR-9999-suspension"
    case = make_in_review(office.analyst)
    assert [stance_of(case.reference, day) for day in (0, 2, 3)] == [
        "suspended",
        "suspended",
        "policy_of_denial",
    ]


def test_extending_gives_another_last_day_or_none(office: Cast) -> None:
    approved(draft(office.admin, ends=in_days(5)), by=office.admin_b)
    case = make_in_review(office.analyst)
    key = "TR-9999-suspension"
    longer = draft(office.admin, kind=ChangeKind.EXTEND, policy=key, ends=in_days(9))
    approved(longer, by=office.admin_b)
    assert [stance_of(case.reference, day) for day in (8, 9)] == ["suspended", "case_by_case"]
    for_good = draft(office.admin, kind=ChangeKind.EXTEND, policy=key, ends=None)
    approved(for_good, by=office.admin_b)
    assert stance_of(case.reference, 900) == "suspended"


def test_a_correction_reaches_back_and_lists_the_decisions_made_meanwhile(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    reference = permit.application.reference
    approved(draft(office.admin, starts=in_days(3)), by=office.admin_b)
    change = draft(
        office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", starts=in_days(-30)
    )
    assert {"words", "correction"} & {one.code for one in findings(change)} == {"correction"}
    # Decided today, which is not among the days that have passed.
    assert unsealed(*_previewed(change, office)).permits[0].number == permit.number
    done = approved(change, by=office.admin_b)
    found = unsealed(done.preview, done.found)
    assert [one.reference for one in found.decided] == [reference]
    assert permit.application.outcome == "issued"
    versions = PolicyVersion.objects.filter(policy__key="TR-9999-suspension")
    assert versions.filter(known_to=None).count() == 1
    assert versions.count() == 2


def _previewed(change: PolicyChange, office: Cast) -> tuple[dict[str, object], str]:
    seen = preview_change(change, by=office.admin)
    change.refresh_from_db()
    return seen.preview, seen.found


def test_a_typing_error_is_put_right_where_it_stands(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    before = PolicyVersion.objects.get(policy__key="TR-9999-suspension")
    change = draft(
        office.admin,
        kind=ChangeKind.CORRECT,
        policy="TR-9999-suspension",
        of_policy={"title_fr": "Türkiye : le groupe 2 est suspendu (pour essais)"},
    )
    approved(change, by=office.admin_b)
    policy = Policy.objects.get(key="TR-9999-suspension")
    assert policy.title_fr.startswith("Türkiye : le groupe 2")
    assert PolicyVersion.objects.get(policy=policy) == before


def test_a_live_permit_is_in_scope_by_how_far_it_was_used(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    found = look(draft(office.admin)).impact
    assert [(one.number, one.group) for one in found.permits] == [(permit.number, "unused")]
    assert found.permits[0].after.stance == "suspended"
    assert found.live_permits == 1


def test_signed_considerations_and_a_recommendation_need_a_person(office: Cast) -> None:
    drafted = make_draft(office.analyst)
    ready = make_ready(office.analyst, office.senior)
    two = {**LINE, "items": ["6-1"], "description": "Radar"}
    part = make_draft(office.analyst, lines=[LINE, two])
    found = {one.reference: one.because for one in look(draft(office.admin)).impact.moved}
    assert found == {
        drafted.reference: (),
        ready.reference: ("signed",),
        part.reference: ("part",),
    }


def test_the_back_test_rules_on_decided_cases_and_stores_nothing(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = draft(office.admin, starts=in_days(30))
    composed = compose(change, at=clock.now())
    day = clock.today()
    found = back_test(composed, start=day, end=day)
    assert [(one.reference, one.is_held) for one in found.tried] == [
        (permit.application.reference, True)
    ]
    assert not back_test(composed, start=day - timedelta(9), end=day - timedelta(1)).tried


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"of_policy": {"key": ""}}, "key"),
        ({"of_policy": {"key": "TR-2020-04-16-presumptive"}}, "key"),
        ({"of_policy": {"title_fr": ""}}, "missing"),
        ({"of_policy": {"title_fr": "\u3164 ."}}, "missing"),
        ({"of_policy": {"questions": [{"code": "a", "en": "A?", "fr": "?"}]}}, "missing"),
        ({"of_policy": {"instrument": {**INSTRUMENT, "title_fr": "…"}}}, "instrument"),
        ({"of_policy": {"effect": {}}}, "missing"),
        ({"of_policy": {"sources": []}}, "missing"),
        ({"of_policy": {"title_fr": "Türkiye : groupe 3 suspendu (pour essais)"}}, "languages"),
        ({"of_policy": {"instrument": dict.fromkeys(("title_en", "title_fr"))}}, "instrument"),
        ({"starts": None}, "days"),
        ({"starts": "2020-01-01"}, "retroactive"),
        ({"ends": "2020-01-01"}, "days"),
        ({"of_policy": {"layer": "notices"}}, "form"),
        ({"of_policy": {"effect": {"control": "ECL"}}}, "requirement"),
        ({"of_policy": {"effect": {"requirement": "individual_permit"}}}, "requirement"),
        ({"of_policy": {"effect": {"requirement": "general_permit"}}}, "requirement"),
        (
            {"of_policy": {"effect": {"stance": "suspended", "covers": ["ECL-2-B"]}}},
            "requirement",
        ),
    ],
)
def test_what_is_not_settled_is_not_proposed(
    office: Cast, wrong: dict[str, object], code: str
) -> None:
    change = draft(office.admin, **wrong)  # type: ignore[arg-type]
    assert code in [one.code for one in findings(change) if one.blocks]
    with pytest.raises(NotSettled):
        propose_change(change, by=office.admin)


@pytest.mark.parametrize(("en", "fr"), [("A", "\u3164"), (" . ", "B")])
def test_a_rationale_is_something_to_read(office: Cast, en: str, fr: str) -> None:
    change = draft(office.admin)
    change.rationale_en, change.rationale_fr = en, fr
    fields = [one.field for one in findings(change) if one.blocks]
    assert fields == ["rationale_fr" if en == "A" else "rationale_en"]


def test_two_rows_of_a_layer_cannot_claim_the_same(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    second = draft(
        office.admin,
        of_policy={"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}},
    )
    (found,) = [one for one in findings(second) if one.code == "overlap"]
    assert "TR-9999-suspension" in found.words


def test_of_two_changes_to_one_version_the_second_is_refused(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    key = "TR-9999-suspension"
    first = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(5))
    second = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(7))
    assert "pending" in [one.code for one in findings(second)]
    propose_change(second, by=office.admin)
    approved(first, by=office.admin_b)
    second.refresh_from_db()
    with pytest.raises(Refused):
        approve_change(second, by=office.admin_b)


def test_a_later_load_of_the_reference_files_leaves_what_people_changed(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    key = "IL-2024-01-08"
    approved(
        draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(5)), by=office.admin_b
    )
    call_command("load_reference")
    assert Policy.objects.filter(key="TR-9999-suspension").exists()
    assert newest_version(Policy.objects.get(key=key)).effective_to is not None


def test_the_log_tells_all_of_it(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    assert not verify(deep=True).faults


def test_the_change_of_who_is_no_administrator_any_more_is_withdrawn_by_another(
    office: Cast,
) -> None:
    third = make_person_with("third", Role.ADMINISTRATOR)
    left = draft(office.admin)
    other = {"key": "FR-9999-suspension", "scope": {**POLICY["scope"], "destinations": ["FR"]}}
    proposed = propose_change(draft(office.admin, of_policy=other), by=office.admin)
    end_role(RoleGrant.objects.get(person=office.admin), by=third, reason=WHY)
    with clock.simulated(clock.now() + timedelta(days=1)):
        with pytest.raises(Refused, match="is no administrator any more, and two"):
            approve_change(proposed, by=office.admin_b)
        for change in (left, proposed):
            withdraw_change(change, reason="Its author left", by=office.admin_b)
    assert not PolicyChange.objects.exclude(status=ChangeStatus.WITHDRAWN).exists()


def test_a_withdrawn_change_is_over(office: Cast) -> None:
    change = withdraw_change(draft(office.admin), reason="Not needed", by=office.admin)
    with pytest.raises(Refused):
        propose_change(change, by=office.admin)
    assert start_change(kind=ChangeKind.IMPOSE, by=office.admin).number > change.number


def kept(change: PolicyChange, by: User) -> PolicyChange:
    return save_change(
        change, content=change.content, rationale_en="A", rationale_fr="B", note="", by=by
    )


def test_what_is_proposed_stays_as_it_is_until_it_is_withdrawn_once(office: Cast) -> None:
    change = propose_change(draft(office.admin), by=office.admin)
    for _turn in ("proposed", "withdrawn"):
        before = PolicyChange.objects.values().get(pk=change.pk)
        with pytest.raises(Refused, match="its preview is sealed"):
            preview_change(change, by=office.admin)
        with pytest.raises(Refused, match="stays as it was proposed"):
            kept(change, office.admin)
        assert PolicyChange.objects.values().get(pk=change.pk) == before
        if change.status == ChangeStatus.PROPOSED:
            change = withdraw_change(change, reason=WHY, by=office.admin)
    with pytest.raises(Refused, match="decided or withdrawn already"):
        withdraw_change(change, reason=WHY, by=office.admin)


def test_a_version_that_was_closed_meanwhile_is_not_closed_again(office: Cast) -> None:
    """Composed before another change of the policy was approved, and entered after it."""
    key = "IL-2024-01-08"
    first, second = (
        draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(days)) for days in (5, 9)
    )
    parts = compose(second, at=clock.now())
    approved(first, by=office.admin_b)
    written = PolicyVersion.objects.count()
    with (
        pytest.raises(Refused, match="was changed since this was drafted"),
        door(by=SYSTEM) as entries,
    ):
        enter(second.number, parts, at=clock.now(), entries=entries)
    assert PolicyVersion.objects.count() == written


@pytest.mark.parametrize("status", [one for one in ChangeStatus if one != ChangeStatus.PROPOSED])
def test_only_what_is_proposed_is_approved_or_returned(office: Cast, status: str) -> None:
    change = draft(office.admin)
    match status:
        case ChangeStatus.APPROVED:
            change = approved(change, by=office.admin_b)
        case ChangeStatus.WITHDRAWN:
            change = withdraw_change(change, reason=WHY, by=office.admin)
        case ChangeStatus.RETURNED:
            change = return_change(
                propose_change(change, by=office.admin), reason=WHY, by=office.admin_b
            )
    assert change.status == status
    written = PolicyVersion.objects.count()
    with pytest.raises(Refused, match="is not proposed"):
        approve_change(change, by=office.admin_b)
    with pytest.raises(Refused, match="is not proposed"):
        return_change(change, reason=WHY, by=office.admin_b)
    assert PolicyVersion.objects.count() == written


def test_a_case_and_a_permit_say_what_will_become_different(office: Cast) -> None:
    case = make_in_review(office.analyst)
    approved(draft(office.admin, starts=in_days(10), ends=in_days(20)), by=office.admin_b)
    file = read_file(case)
    found = coming(rule_on(file, on=clock.today(), known_at=clock.now()))
    key = "TR-9999-suspension"
    assert [
        (one.on.isoformat(), change.after.stance, change.begins, change.ends)
        for one in found
        for change in one.changes
    ] == [
        (in_days(10), "suspended", (key,), ()),
        (in_days(20), "case_by_case", (), (key,)),
    ]


AID = {"code": "aid", "en": "Aid", "fr": "Aide", "evidence_en": "A", "evidence_fr": "A"}


def with_aid(office: Cast, until: str | None = None) -> Application:
    """A case in review, under an exception to TR-9999-suspension that runs until a day."""
    out = {**AID, "until": until} if until else AID
    approved(draft(office.admin, of_policy={"exceptions": [out]}), by=office.admin_b)
    case = make_in_review(office.analyst)
    letter = attached(case, office.analyst)
    key = "TR-9999-suspension:aid"
    claimed = say(case, StatementKind.EXCEPTION, key, CLAIMED, by=office.analyst, document=letter)
    countersign(claimed, by=office.senior)
    return case


def test_the_end_of_an_exception_is_told_before_it_comes(office: Cast) -> None:
    file = read_file(with_aid(office, until=in_days(10)))
    (found,) = coming(rule_on(file, on=clock.today(), known_at=clock.now()))
    assert found.on.isoformat() == in_days(10)
    assert [one.after.stance for one in found.changes] == ["suspended"]


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        (ChangeKind.END, {"ends": 5}),
        (ChangeKind.AMEND, {"starts": 12}),
        (ChangeKind.CORRECT, {"ends": 11}),
    ],
)
def test_the_preview_sees_the_day_on_which_an_exception_ends(
    office: Cast, kind: ChangeKind, days: dict[str, int]
) -> None:
    case = with_aid(office, until=in_days(10))
    given: dict[str, Any] = {name: in_days(day) for name, day in days.items()}
    if kind is ChangeKind.AMEND:
        given["of_policy"] = {"key": "TR-9999-eased", "effect": {"stance": "case_by_case"}}
    change = draft(office.admin, kind=kind, policy="TR-9999-suspension", **given)
    before = [stance_of(case.reference, day) for day in range(15)]
    assert before == ["case_by_case"] * 10 + ["suspended"] * 5
    done = approved(change, by=office.admin_b)
    after = [stance_of(case.reference, day) for day in range(15)]
    first = next(day for day in range(15) if before[day] != after[day])
    (move,) = unsealed(done.preview, done.found).moved
    assert (move.reference, move.on) == (case.reference, in_days(first))
    assert (move.before.stance, move.after.stance) == (before[first], after[first])


def test_who_made_a_policy_decides_nothing_by_it(office: Cast) -> None:
    give_role(office.admin, Role.DECISION_MAKER)
    give_delegation(office.admin, proposed_by=office.admin_b, confirmed_by=make_third(office))
    approved(
        draft(
            office.admin,
            of_policy={"effect": {"stance": "case_by_case"}},
        ),
        by=office.admin_b,
    )
    application = make_recommended(office.analyst, office.senior)
    with pytest.raises(GateClosed) as closed:
        issue(application, reasons=WHY, adopts_determination=True, by=office.admin)
    assert [one.rule.code for one in closed.value.gate.failures] == ["G12"]
    issue(application, reasons=WHY, adopts_determination=True, by=office.decision)


def make_third(office: Cast) -> User:
    return make_person_with("third", Role.ADMINISTRATOR)


def test_who_made_a_policy_countersigns_no_exception_to_it(office: Cast) -> None:
    give_role(office.admin, Role.ANALYST)
    approved(
        draft(
            office.admin,
            of_policy={
                "exceptions": [
                    {
                        "code": "aid",
                        "en": "Aid",
                        "fr": "Aide",
                        "evidence_en": "A letter",
                        "evidence_fr": "Une lettre",
                    }
                ]
            },
        ),
        by=office.admin_b,
    )
    application = make_in_review(office.analyst)
    said = say(
        application,
        StatementKind.EXCEPTION,
        "TR-9999-suspension:aid",
        CLAIMED,
        by=office.analyst,
        document=attached(application, office.analyst),
    )
    with pytest.raises(NotPermitted, match="drafted or approved this policy"):
        countersign(said, by=office.admin)
    countersign(said, by=office.senior)
    assert stance_of(application.reference) == "case_by_case"


def test_who_made_a_policy_decides_nothing_where_an_exception_takes_it_out(office: Cast) -> None:
    give_role(office.admin, Role.DECISION_MAKER)
    give_delegation(office.admin, proposed_by=office.admin_b, confirmed_by=make_third(office))
    aid = {"code": "aid", "en": "Aid", "fr": "Aide", "evidence_en": "A", "evidence_fr": "A"}
    approved(draft(office.admin, of_policy={"exceptions": [aid]}), by=office.admin_b)
    case = make_in_review(office.analyst)
    clear_parties(case, by=office.analyst, second=office.senior)
    say(
        case,
        StatementKind.EXCEPTION,
        "TR-9999-suspension:aid",
        CLAIMED,
        by=office.analyst,
        second=office.senior,
        document=attached(case, office.analyst),
    )
    answer_cards(case, by=office.analyst)
    sign_cards(case, by=office.analyst, second=office.senior)
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    with pytest.raises(GateClosed) as closed:
        issue(case, reasons=WHY, adopts_determination=True, by=office.admin)
    assert [one.rule.code for one in closed.value.gate.failures] == ["G12"]
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)


LISTED_2 = {"kind": "items", "items": ["2"]}
GENERAL_PERMIT: dict[str, Any] = {
    "key": "GEP-9999",
    "layer": "general_permit",
    "scope": {**POLICY["scope"], "goods": LISTED_2},
    "effect": {"requirement": "general_permit", "covers": ["ECL-2-A", "ECL-2-B"]},
}
ON_THE_ACL: dict[str, Any] = {
    "key": "ZZ-9999-acl",
    "scope": {**POLICY["scope"], "goods": {"kind": "everything"}},
    "effect": {"requirement": "individual_permit", "control": "ACL"},
}
QUESTION = {"code": "asked", "en": "Is it so?", "fr": "Est-ce le cas ?"}


def lines_that_move(before: CaseRuling, after: CaseRuling) -> list[tuple[Any, ...]]:
    """By number: what each meets before and after, and the questions that open and fall away."""

    def said(one: Ruling) -> tuple[str, ...]:
        return one.requirement, one.stance, one.stance_if_open, one.requirement_if_open

    found = []
    for was, now in zip(before.lines, after.lines, strict=True):
        asked, asks = ([one.key for one in line.ruling.needs_answer] for line in (was, now))
        if said(was.ruling) != said(now.ruling) or asked != asks:
            comes = tuple(key for key in asks if key not in asked)
            goes = tuple(key for key in asked if key not in asks)
            found.append((was.line.number, said(was.ruling), said(now.ruling), comes, goes))
    return found


def rows(ruling: CaseRuling) -> list[tuple[str, ...]]:
    return [one.ruling.governing for one in ruling.lines]


@given(data=st.data())
@settings(
    max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_the_preview_equals_what_resolution_says_after_approval(
    office: Cast, data: st.DataObject
) -> None:
    """Random scopes, stances and days, over cases of several places, goods and activities."""
    with transaction.atomic():
        if not Application.objects.exists():
            for code, items, activity in (
                ("TR", ["2-15.d"], "export"),
                ("TR", ["6-1"], "brokering"),
                ("IL", ["2-1", "6-1"], "export"),
                ("SA", ["5504"], "export"),
                ("DE", ["2-4"], "export"),
            ):
                make_draft(
                    office.analyst,
                    destination=code,
                    activity=activity,
                    lines=[{**LINE, "items": items}, {**LINE, "items": ["1-1"]}],
                )
        register = current_register()
        choose = data.draw
        destinations = choose(st.lists(st.sampled_from(["TR", "IL", "SA", "DE"]), min_size=1))
        goods = choose(
            st.sampled_from(
                [
                    {"kind": "listed"},
                    {"kind": "everything"},
                    {"kind": "related_material"},
                    {"kind": "items", "items": ["2"]},
                    {"kind": "items", "items": ["6", "2-15"], "not_items": ["2-15.d"]},
                ]
            )
        )
        scope = {
            "activities": choose(
                st.sampled_from([["export"], ["brokering"], ["export", "brokering"]])
            ),
            "destinations": choose(st.sampled_from(["any", sorted(set(destinations))])),
            "goods": goods,
        }
        effects: list[dict[str, Any]] = [{"effect": {"stance": one}} for one in Stance.values]
        for other in (GENERAL_PERMIT, ON_THE_ACL):
            effects += [{**other, "scope": {**scope, "goods": other["scope"]["goods"]}}] * 2
        of_policy = {
            "key": "ZZ-random",
            "scope": scope,
            "questions": choose(
                st.sampled_from([[], [QUESTION], [{**QUESTION, "applies_if": "no"}]])
            ),
            **choose(st.sampled_from(effects)),
        }
        starts = choose(st.sampled_from([today(), in_days(5)]))
        change = draft(office.admin, of_policy=of_policy, starts=starts)
        on = date.fromisoformat(starts)
        if any(one.blocks for one in findings(change)):
            transaction.set_rollback(True)
            return
        files = [read_file(one) for one in Application.objects.order_by("pk")]
        before = {
            one.application.reference: rule_on(one, on=on, register=register) for one in files
        }
        done = approved(change, by=office.admin_b)
        after = {one.application.reference: rule_on(one, on=on) for one in files}
        found = unsealed(done.preview, done.found)
        moves = {name: lines_that_move(before[name], ruling) for name, ruling in after.items()}
        rests = {name for name, ruling in after.items() if rows(ruling) != rows(before[name])}
        assert {one.reference: one.after.stance for one in found.moved} == {
            name: after[name].stance for name, lines in moves.items() if lines
        }
        assert {one.reference for one in found.restated} == {
            name for name in rests if not moves[name]
        }
        for one in found.moved:
            told = [
                (number, moved.before, moved.after, moved.comes, moved.goes)
                for moved in one.lines
                for number in moved.lines
            ]
            assert sorted(told) == moves[one.reference]
        transaction.set_rollback(True)


def test_a_correction_lists_the_permits_that_were_loosened_in_its_days(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    issued, first_day = clock.now(), clock.today()
    approved(draft(office.admin, starts=in_days(1), ends=in_days(3)), by=office.admin_b)
    corrected = in_days(15)
    longer: dict[str, Any] = {"kind": "amend", "reason": WHY}
    for days in (10, 12, 16):
        with clock.simulated(issued + timedelta(days=days)):
            until = {"valid_to": permit.valid_to + timedelta(days=days)}
            perform_act(
                propose_act(permit, by=office.senior, change=until, **longer), by=office.decision
            )
    with clock.simulated(issued + timedelta(days=11)):
        tighter = {"valid_to": permit.valid_to}
        perform_act(
            propose_act(permit, by=office.senior, change=tighter, **longer), by=office.decision
        )
    with clock.simulated(issued + timedelta(days=20)):
        change = draft(
            office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", ends=corrected
        )
        sealed_before = look(change).impact
        done = approved(change, by=office.admin_b)
    found = unsealed(done.preview, done.found)
    assert (found.decided, found.permits, done.preview["counts"]["acted"]) == ((), (), 1)
    (move,) = found.acted
    assert move.reference == permit.application.reference
    told = [
        (date.fromisoformat(on) - first_day, before.stance, after.stance)
        for on, before, after in (
            (move.on, move.before, move.after),
            *((step.on, step.before, step.after) for step in move.then),
        )
    ]
    assert told == [(timedelta(days=one), "case_by_case", "suspended") for one in (10, 12)]
    # Each of its days counts, though all have passed.
    (first,) = sealed_before.acted
    other = replace(sealed_before, acted=(first._replace(on=first.then[0].on, then=()),))
    later = clock.today() + timedelta(days=30)
    assert [one.name for one in drift(sealed_before, other, today=later)] == [move.reference]


@pytest.mark.parametrize("stance", ["case_by_case", "suspended"])
def test_a_correction_lists_what_was_done_in_a_sweep_on_days_that_it_takes_out(
    office: Cast, stance: str
) -> None:
    """Also where another policy gives the same outcome: the act rested on this one."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    issued = clock.now()
    approved(draft(office.admin, starts=in_days(2)), by=office.admin_b)
    policy = Policy.objects.get(key="TR-9999-suspension")
    narrow = {**POLICY["scope"], "goods": {"kind": "items", "items": LINE["items"]}}
    other = {"key": "TR-9998-other", "effect": {"stance": stance}, "scope": narrow}
    approved(draft(office.admin, of_policy=other, starts=in_days(1)), by=office.admin_b)
    with clock.simulated(issued + timedelta(days=4)):
        sweep = begin_sweep(policy, by=office.analyst)
        (group,) = sweep.groups.all()
        said: dict[str, Any] = {"action": "suspend", "reason_en": WHY, "reason_fr": "Pour un essai"}
        agree_group(propose_group(group, by=office.analyst, **said), by=office.decision)
        assert len(carry_out(sweep, by=SYSTEM).settled) == 1
    with clock.simulated(issued + timedelta(days=20)):
        later = draft(office.admin, kind=ChangeKind.CORRECT, policy=policy.key, starts=in_days(-10))
        (move,) = look(later).impact.acted
        assert (move.reference, move.on) == (permit.application.reference, in_days(-16))
        assert (move.before.stance, move.after.stance) == ("suspended", stance)
        kept = draft(office.admin, kind=ChangeKind.CORRECT, policy=policy.key, starts=in_days(-17))
        assert look(kept).impact.acted == ()


# What a review found


TWO = POLICY["scope"]["goods"]
MANY = ["2-1", "2-2", "2-3", "2-4", "2-5"]


@pytest.mark.parametrize(
    "of_policy",
    [
        {"questions": [{"code": "gazza", "of": "IL-2024-01-08"}]},
        {"questions": [QUESTION, QUESTION]},
        {"questions": [{**QUESTION, "code": "general_permit"}]},
        {
            "exceptions": [
                {"code": "minister", "en": "A", "fr": "A", "evidence_en": "B", "evidence_fr": "B"}
            ]
        },
        {"scope": {**POLICY["scope"], "destinations": ["ZZ"]}},
    ],
)
def test_what_the_register_could_not_hold_is_not_proposed(
    office: Cast, of_policy: dict[str, object]
) -> None:
    change = draft(office.admin, of_policy=of_policy)
    assert "form" in [one.code for one in findings(change) if one.blocks]
    with pytest.raises(NotSettled):
        propose_change(change, by=office.admin)


def test_an_amendment_under_which_nothing_could_be_ruled_on_is_a_finding(office: Cast) -> None:
    change = draft(office.admin, kind=ChangeKind.AMEND, policy="ECL-2-A", starts=in_days(3))
    content = {**change.content, "policy": {**change.content["policy"], "key": "ECL-new"}}
    content["policy"]["scope"] = {**content["policy"]["scope"], "goods": {"kind": "listed"}}
    change = save_change(
        change, content=content, rationale_en="A", rationale_fr="A", note="", by=office.admin
    )
    assert "form" in [one.code for one in findings(change) if one.blocks]


def test_a_later_day_is_previewed_too(office: Cast) -> None:
    """The end of a running policy, corrected to an earlier day that is still to come."""
    case = make_in_review(office.analyst)
    approved(draft(office.admin, ends=in_days(100)), by=office.admin_b)
    change = draft(
        office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", ends=in_days(50)
    )
    assert "gap" in [one.code for one in findings(change)]
    found = look(change).impact
    assert [(one.reference, one.on, one.after.stance) for one in found.moved] == [
        (case.reference, in_days(50), "case_by_case")
    ]
    approved(change, by=office.admin_b)
    assert stance_of(case.reference, 49) == "suspended"
    assert stance_of(case.reference, 50) == "case_by_case"


def test_of_two_corrections_of_words_the_second_does_not_undo_the_first(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)

    def correction(**words: str) -> PolicyChange:
        return draft(
            office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", of_policy=words
        )

    first = correction(title_en="Türkiye: Group 2 is suspended (for tests)")
    second = propose_change(correction(notes="A note"), by=office.admin)
    approved(first, by=office.admin_b)
    second.refresh_from_db()
    with pytest.raises(NotSettled, match="was changed since this was drafted"):
        approve_change(second, by=office.admin_b)
    back = return_change(second, reason="Look again", by=office.admin_b)
    assert "moved" in [one.code for one in findings(back)]


def test_an_approved_correction_is_told_against_the_register_as_it_was(office: Cast) -> None:
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)

    def correction(**of_policy: Any) -> PolicyChange:
        return draft(
            office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", of_policy=of_policy
        )

    def told(change: PolicyChange) -> dict[str, tuple[Any, ...]]:
        found = in_words(PolicyChange.objects.get(pk=change.pk), current_register())
        return {one.name: (one.before, one.after) for one in found if one.changes}

    other = {**QUESTION, "fr": "Vraiment ?"}
    first = correction(title_en="Group 2: another title", questions=[other], notes="A note")
    said = told(first)
    assert set(said) == {"Title", "Questions", "Note"}
    approved(first, by=office.admin_b)
    assert told(first) == said
    given_up = correction(title_en="Group 2: a title given up")
    second = correction(title_en="Group 2: a third title")
    pending, withdrawn = told(second), told(given_up)
    withdraw_change(given_up, reason="Not so", by=office.admin)
    approved(second, by=office.admin_b)
    assert (told(first), told(second), told(given_up)) == (said, pending, withdrawn)


def test_a_draft_kept_anew_rests_on_what_the_policy_says_now(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    key = "TR-9999-suspension"
    late = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(9))
    approved(
        draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(20)), by=office.admin_b
    )
    late.refresh_from_db()
    assert "moved" in [one.code for one in findings(late)]
    late = save_change(
        late, content=late.content, rationale_en="A", rationale_fr="A", note="", by=office.admin
    )
    approved(late, by=office.admin_b)
    assert newest_version(Policy.objects.get(key=key)).effective_to == clock.today() + timedelta(9)


def test_a_policy_that_has_not_begun_is_called_off(office: Cast) -> None:
    case = make_in_review(office.analyst)
    approved(draft(office.admin, starts=in_days(10)), by=office.admin_b)
    off = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(10))
    assert [one.reference for one in look(off).impact.moved] == [case.reference]
    approved(off, by=office.admin_b)
    assert stance_of(case.reference, 11) == "case_by_case"
    assert verify(deep=True).good
    with pytest.raises(Refused, match="states nothing of this policy any more"):
        start_change(kind=ChangeKind.AMEND, policy=off.policy, by=office.admin)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (ChangeKind.EXTEND, 20, 10),
        (ChangeKind.EXTEND, None, 10),
        (ChangeKind.END, 10, 20),
        (ChangeKind.END, 10, 10),
    ],
)
def test_an_end_comes_earlier_and_an_extension_later(
    office: Cast, kind: str, before: int | None, after: int
) -> None:
    ends = None if before is None else in_days(before)
    approved(draft(office.admin, ends=ends), by=office.admin_b)
    change = draft(office.admin, kind=kind, policy="TR-9999-suspension", ends=in_days(after))
    assert "days" in [one.code for one in findings(change) if one.blocks]


def test_a_correction_does_not_lose_the_first_day(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    change = draft(office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", starts=None)
    assert "days" in [one.code for one in findings(change) if one.blocks]


@pytest.mark.parametrize(
    ("policy", "code"), [("ECL-LIST", "gap"), ("EIPA-7-2", "law"), ("ACL", "law")]
)
def test_ending_a_row_of_the_law_is_told(office: Cast, policy: str, code: str) -> None:
    change = draft(office.admin, kind=ChangeKind.END, policy=policy, ends=in_days(5))
    assert code in [one.code for one in findings(change)]


def test_every_field_that_differs_is_shown(office: Cast) -> None:
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)
    register = current_register()
    for other in (
        {"title_fr": "Autre titre (pour essais)"},
        {"sources": [{"url": "https://other.example/", "quote": "Other"}]},
        {"notes": "A note"},
        {"confidence": "partly_verified"},
        {"instrument": {**INSTRUMENT, "url": "https://other.example/"}},
        {"questions": [{**QUESTION, "fr": "Vraiment ?"}]},
        {"questions": [{**QUESTION, "applies_if": "no"}]},
        {"existing_permits": {**POLICY["existing_permits"], "fr": "Autre"}},
    ):
        change = draft(
            office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", of_policy=other
        )
        assert [one.name for one in in_words(change, register) if one.changes], other


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"questions": [{**QUESTION, "ask": "end_user_unknown"}]}, "Questions"),
        ({"scope": {**POLICY["scope"], "goods": {**TWO, "broader": True}}}, "Scope"),
        ({"scope": {**POLICY["scope"], "goods": {**TWO, "items": MANY}}}, "Listed items"),
        (
            {"scope": {**POLICY["scope"], "goods": {**TWO, "excluded": ["2-1"]}}},
            "Items that the general permit does not cover",
        ),
        ({"effect": {"stance": "policy_of_denial"}}, "Replaces"),
    ],
)
def test_what_decides_is_in_words_before_and_after(
    office: Cast, other: dict[str, Any], name: str
) -> None:
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)
    key = "TR-9999-suspension"
    change = draft(office.admin, kind=ChangeKind.AMEND, policy=key, of_policy=other)
    differ = [one.name for one in in_words(change, current_register()) if one.changes]
    assert name in differ


def test_a_new_policy_says_what_it_replaces(office: Cast) -> None:
    change = draft(office.admin, of_policy={"replaces": "TR-2024-01-29-end"})
    said = {one.name: one.after for one in in_words(change, current_register())}
    assert said["Replaces"] == ("TR-2024-01-29-end",)


def test_a_correction_of_the_days_is_rehearsed_on_those_days(office: Cast) -> None:
    make_permit(office.analyst, office.senior, office.decision)
    approved(draft(office.admin, starts=in_days(3), ends=in_days(90)), by=office.admin_b)
    earlier = draft(
        office.admin, kind=ChangeKind.CORRECT, policy="TR-9999-suspension", starts=in_days(-5)
    )
    day = clock.today()
    found = back_test(compose(earlier, at=clock.now()), start=day, end=day)
    assert [one.is_held for one in found.tried] == [True]


def test_figures_that_a_person_compared_do_not_block(office: Cast) -> None:
    change = draft(office.admin, of_policy={"title_fr": "Türkiye : groupe deux suspendu"})
    assert "languages" in [one.code for one in findings(change) if one.blocks]
    change = save_change(
        change,
        content={**change.content, "parity_checked": True},
        rationale_en="A",
        rationale_fr="A",
        note="",
        by=office.admin,
    )
    assert "languages" in [one.code for one in findings(change) if not one.blocks]
    propose_change(change, by=office.admin)


# Edges


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"starts": 5, "ends": 5}, "days"),
        ({"starts": 5, "ends": 6}, ""),
        ({"starts": 0}, ""),
        ({"starts": -1}, "retroactive"),
    ],
)
def test_a_policy_lasts_a_day_at_least_and_begins_today_at_the_earliest(
    office: Cast, days: dict[str, int], code: str
) -> None:
    given: dict[str, Any] = {name: in_days(day) for name, day in days.items()}
    change = draft(office.admin, **given)
    assert [one.code for one in findings(change) if one.blocks] == ([code] if code else [])


@pytest.mark.parametrize(("announced", "late"), [(4, False), (5, False), (6, True)])
def test_what_is_announced_after_it_takes_effect_is_told(
    office: Cast, announced: int, late: bool
) -> None:
    change = draft(office.admin, starts=in_days(5))
    change.content["announced_on"] = in_days(announced)
    assert ("announced" in [one.code for one in findings(change)]) is late


def test_an_end_in_the_past_is_retroactive(office: Cast) -> None:
    approved(draft(office.admin, ends=in_days(20)), by=office.admin_b)
    change = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(-1))
    assert "retroactive" in [one.code for one in findings(change) if one.blocks]


DENIED = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}
ELSEWHERE = {"key": "FR-9999-suspension", "scope": {**POLICY["scope"], "destinations": ["FR"]}}
RENAMED = {"title_en": "Türkiye: Group 2 is suspended (for tests)"}


@pytest.mark.parametrize(
    ("correction", "starts", "drafted", "told"),
    [
        (DENIED, -9, 0, [False]),
        (DENIED, 9, 0, []),
        (ELSEWHERE, 9, 5, [False]),
        (RENAMED, -9, 0, []),
    ],
)
def test_a_correction_of_scope_or_stance_in_days_gone_by_is_told_to_be_retroactive(
    office: Cast, correction: dict[str, Any], starts: int, drafted: int, told: list[bool]
) -> None:
    approved(draft(office.admin), by=office.admin_b)
    key = "TR-9999-suspension"
    kind, first = ChangeKind.CORRECT, in_days(starts)
    with clock.simulated(clock.now() + timedelta(days=drafted)):
        change = draft(office.admin, kind=kind, policy=key, of_policy=correction, starts=first)
        found = [one.blocks for one in findings(change) if one.code == "retroactive"]
    assert found == told


@pytest.mark.parametrize(("on", "blocks"), [(0, True), (1, False), (19, False), (20, True)])
def test_a_policy_is_amended_within_its_days(office: Cast, on: int, blocks: bool) -> None:
    approved(draft(office.admin, ends=in_days(20)), by=office.admin_b)
    change = draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}},
        starts=in_days(on),
        ends=None,
    )
    assert ("days" in [one.code for one in findings(change) if one.blocks]) is blocks


def test_an_item_left_out_has_the_form_of_one(office: Cast) -> None:
    goods = {"kind": "items", "items": ["2"], "not_items": ["nonsense!"]}
    change = draft(office.admin, of_policy={"scope": {**POLICY["scope"], "goods": goods}})
    assert "items" in [one.code for one in findings(change) if one.blocks]


DENIAL = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}


def overlaps(change: PolicyChange) -> list[str]:
    return [one.words for one in findings(change) if one.code == "overlap" and one.blocks]


@pytest.mark.parametrize("ends", [None, 21, 20])
def test_a_row_that_claims_the_same_and_begins_later_is_found(
    office: Cast, ends: int | None
) -> None:
    approved(draft(office.admin, starts=in_days(20)), by=office.admin_b)
    last = None if ends is None else in_days(ends)
    change = draft(office.admin, of_policy=DENIAL, starts=in_days(7), ends=last)
    if ends == 20:
        assert not overlaps(change)
        return
    (words,) = overlaps(change)
    day = short_day(clock.today() + timedelta(days=20))
    assert words.startswith(f"From {day}, TR-9999-suspension claims the same")
    with pytest.raises(NotSettled):
        propose_change(change, by=office.admin)


@pytest.mark.parametrize("kind", [ChangeKind.EXTEND, ChangeKind.CORRECT])
def test_days_that_are_moved_onto_those_of_a_row_that_claims_the_same_are_found(
    office: Cast, kind: ChangeKind
) -> None:
    approved(draft(office.admin), by=office.admin_b)
    key = "TR-9999-suspension"
    approved(
        draft(
            office.admin,
            kind=ChangeKind.AMEND,
            policy=key,
            of_policy=DENIAL,
            starts=in_days(3),
            ends=None,
        ),
        by=office.admin_b,
    )
    (words,) = overlaps(draft(office.admin, kind=kind, policy=key, ends=in_days(300)))
    day = short_day(clock.today() + timedelta(days=3))
    assert words.startswith(f"From {day}, TR-9999-denial claims the same")
    assert not overlaps(draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(2)))


def test_a_correction_that_leaves_a_gap_in_days_gone_by_is_told(office: Cast) -> None:
    """Its successor begins when it ended, nearly three years later."""
    change = draft(
        office.admin,
        kind=ChangeKind.CORRECT,
        policy="TR-2020-04-16-presumptive",
        ends="2021-04-16",
    )
    told = [one.words for one in findings(change) if one.code == "gap"]
    assert any(words.startswith("From 16 Apr 2021, Türkiye, export, ") for words in told), told


def test_a_row_that_asks_no_question_may_claim_the_same_as_one_that_asks(office: Cast) -> None:
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)
    assert not overlaps(draft(office.admin, of_policy=DENIAL))


def test_rows_that_ask_a_question_may_claim_the_same(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    asks = {"key": "TR-9999-asks", "effect": {"stance": "prohibited"}, "questions": [QUESTION]}
    change = draft(office.admin, of_policy=asks)
    assert "overlap" not in [one.code for one in findings(change)]


def test_the_last_day_of_an_exception_belongs_to_the_key(office: Cast) -> None:
    exception = {"code": "aid", "en": "A", "fr": "A", "evidence_en": "B", "evidence_fr": "B"}
    until = {**exception, "until": in_days(90)}
    approved(draft(office.admin, of_policy={"exceptions": [until]}), by=office.admin_b)
    change = draft(
        office.admin,
        kind=ChangeKind.CORRECT,
        policy="TR-9999-suspension",
        of_policy={"exceptions": [exception]},
    )
    assert "key" in [one.code for one in findings(change) if one.blocks]


def test_a_version_that_people_made_assumes_nothing_of_when_it_was_known(office: Cast) -> None:
    version = next(
        one
        for one in PolicyVersion.objects.filter(known_to=None, effective_to=None)
        if "known_from" in one.assumed
    )
    change = draft(office.admin, kind=ChangeKind.END, policy=version.policy.key, ends=in_days(5))
    (part,) = compose(change, at=clock.now())
    assert part.follows is not None
    assert not {"known_from", "to"} & set(part.follows.assumed)
    assert set(part.follows.assumed) == set(version.assumed) - {"known_from", "to"}


def test_a_case_whose_end_user_is_there_is_reached(office: Cast) -> None:
    case = make_in_review(office.analyst, destination="DE")
    abroad = {**PARTY, "role": "end_user", "name": "End", "country": country("TR")}
    add_party(case, abroad, by=office.analyst)
    assert [one.reference for one in look(draft(office.admin)).impact.moved] == [case.reference]


def test_a_permit_made_to_last_longer_is_live_up_to_its_new_last_day(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    last = permit.valid_to
    longer = propose_act(
        permit,
        kind="amend",
        reason=WHY,
        by=office.senior,
        change={"valid_to": last + timedelta(days=9)},
    )
    perform_act(longer, by=office.decision)
    parts = compose(draft(office.admin), at=clock.now())
    for days, live in ((0, True), (9, True), (10, False)):
        found = impact_of(parts, today=last + timedelta(days=days))
        assert bool(found.permits) is live, days


def test_dollars_left_are_no_drift(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = propose_change(draft(office.admin), by=office.admin)
    sealed = unsealed(change.preview, change.found)
    used = replace(sealed, permits=tuple(one._replace(left="1") for one in sealed.permits))
    assert sealed.permits[0].number == permit.number
    assert drift(sealed, used) == []
    moved = replace(sealed, permits=tuple(one._replace(group="partly") for one in sealed.permits))
    assert [one.name for one in drift(sealed, moved)] == [permit.number]


def test_a_permit_is_in_scope_of_a_policy_that_begins_on_its_last_day_and_of_no_later_one(
    office: Cast,
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    left = (permit.valid_to - clock.today()).days
    for days, live in ((left, True), (left + 1, False)):
        found = look(draft(office.admin, starts=in_days(days))).impact
        assert [one.number for one in found.permits] == ([permit.number] if live else []), days


def test_a_permit_that_expires_before_the_outcome_moves_is_told_of_the_day_that_meets_it(
    office: Cast,
) -> None:
    """It meets the policy while another one says the same, and is over once that one ends."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    left = (permit.valid_to - clock.today()).days
    for ends, on in ((left, left), (left + 1, 5)):
        with transaction.atomic():
            approved(draft(office.admin, ends=in_days(ends)), by=office.admin_b)
            same = draft(office.admin, of_policy={"key": "TR-9998-suspension"}, starts=in_days(5))
            (found,) = look(same).impact.permits
            assert (found.number, found.on) == (permit.number, in_days(on))
            assert (found.before == found.after) is (on == 5)
            transaction.set_rollback(True)


@pytest.mark.parametrize("starts", [0, 90, 364, 365, 366, 9_000])
def test_the_permits_in_scope_are_those_alive_that_the_engine_rules_otherwise_on_that_day(
    office: Cast, starts: int
) -> None:
    """The preview of permits beside what resolution says after approval, on the first day."""
    permits = [
        make_permit(office.analyst, office.senior, office.decision),
        make_permit(office.analyst, office.senior, office.decision, destination="FR"),
    ]
    on = clock.today() + timedelta(days=starts)
    before = [stance_of(one.application.reference, starts) for one in permits]
    done = approved(draft(office.admin, starts=in_days(starts)), by=office.admin_b)
    found = unsealed(done.preview, done.found)
    now = [stance_of(one.application.reference, starts) for one in permits]
    assert [(one.number, one.before.stance, one.after.stance) for one in found.permits] == [
        (permit.number, was, becomes)
        for permit, was, becomes in zip(permits, before, now, strict=True)
        if was != becomes and read_standing(permit, on).status not in OVER
    ]
    swept = permits_under(Policy.objects.get(key="TR-9999-suspension"), on=on)
    assert [one.number for one in swept] == [one.number for one in found.permits]


def moved_back(office: Cast) -> PolicyChange:
    """A correction proposed: TR-9999-suspension, still to come, was in force for 30 days."""
    approved(draft(office.admin, starts=in_days(30)), by=office.admin_b)
    key = "TR-9999-suspension"
    change = draft(office.admin, kind=ChangeKind.CORRECT, policy=key, starts=in_days(-30))
    return propose_change(change, by=office.admin)


def test_a_correction_of_days_gone_by_is_approved_on_another_day(office: Cast) -> None:
    case = make_in_review(office.analyst)
    permit = make_permit(office.analyst, office.senior, office.decision)
    proposed = moved_back(office)
    sealed = unsealed(proposed.preview, proposed.found)
    assert [(one.reference, one.on) for one in sealed.moved] == [(case.reference, today())]
    assert [(one.number, one.on) for one in sealed.permits] == [(permit.number, today())]
    with clock.simulated(clock.now() + timedelta(days=1)):
        assert approve_change(proposed, by=office.admin_b).status == ChangeStatus.APPROVED
        assert stance_of(case.reference) == Stance.SUSPENDED


def test_a_day_that_is_another_though_it_is_still_to_come_is_drift(office: Cast) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(draft(office.admin, starts=in_days(5)), by=office.admin)
    sealed = unsealed(change.preview, change.found)
    for day, moves in ((5, False), (6, True), (1, True)):
        later = tuple(one._replace(on=in_days(day)) for one in sealed.moved)
        found = [one.name for one in drift(sealed, replace(sealed, moved=later))]
        assert found == ([case.reference] if moves else []), day
    early = tuple(one._replace(on=in_days(1)) for one in sealed.moved)
    later_on = clock.today() + timedelta(days=5)
    assert not drift(replace(sealed, moved=early), sealed, today=later_on)


def test_what_already_needed_a_person_may_go_on_before_the_approval(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    change = propose_change(draft(office.admin, starts=in_days(10)), by=office.admin)
    recommend(
        case, outcome="issued", reasons=WHY, valid_to=in_a_year(), conditions=(), by=office.analyst
    )
    found = look(change).impact.moved[0]
    assert (found.status, found.because) == ("recommended", ("recommended", "signed"))
    assert approve_change(change, by=office.admin_b).status == ChangeStatus.APPROVED


def test_a_case_that_needs_a_person_since_is_drift_and_the_words_say_why(office: Cast) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(draft(office.admin, starts=in_days(10)), by=office.admin)
    clear_parties(case, by=office.analyst, second=office.senior)
    answer_cards(case, by=office.analyst)
    sign_cards(case, by=office.analyst, second=office.senior)
    with pytest.raises(Drifted) as refused:
        approve_change(change, by=office.admin_b)
    assert (
        f"({case.reference}: why a person looks: —"
        " → Considerations were signed on the ruling as it was)"
    ) in str(refused.value)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"on": "2100-01-02"}, "first day: {day} → 2 Jan 2100"),
        (
            {"after": ("general_permit", "suspended", "suspended", "individual_permit")},
            "requirement after: individual permit → general permit",
        ),
        (
            {"after": ("individual_permit", "prohibited", "prohibited", "individual_permit")},
            "stance after: suspended → prohibited, stance after, with open questions as yes:"
            " suspended → prohibited",
        ),
        (
            {"after": ("individual_permit", "suspended", "prohibited", "individual_permit")},
            "stance after, with open questions as yes: suspended → prohibited",
        ),
        (
            {
                "before": (
                    "individual_permit",
                    "presumptive_denial",
                    "case_by_case",
                    "individual_permit",
                )
            },
            "stance now: case by case → presumptive denial",
        ),
    ],
)
def test_what_has_drifted_is_said_in_words_that_differ(
    office: Cast, other: dict[str, Any], words: str
) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(draft(office.admin), by=office.admin)
    given: dict[str, Any] = {
        name: Outcome(*value) if isinstance(value, tuple) else value
        for name, value in other.items()
    }
    sealed = unsealed(change.preview, change.found)
    now = replace(sealed, moved=tuple(one._replace(**given) for one in sealed.moved))
    said = str(Drifted(drift(sealed, now)))
    assert f"({case.reference}: {words.format(day=short_day(clock.today()))})" in said


def test_a_permit_in_another_group_is_named_with_both(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    change = propose_change(draft(office.admin), by=office.admin)
    act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    with pytest.raises(Drifted) as refused:
        approve_change(change, by=office.admin_b)
    words = f"({permit.number}: group: nothing shipped yet → suspended already)"
    assert words in str(refused.value)


def for_some_days(office: Cast) -> PolicyChange:
    """A suspension without an end becomes a prohibition for four days, and then nothing."""
    approved(draft(office.admin), by=office.admin_b)
    return draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9998-prohibition", "effect": {"stance": "prohibited"}},
        starts=in_days(1),
        ends=in_days(5),
    )


def test_every_day_on_which_a_case_or_permit_moves_is_told(office: Cast) -> None:
    case = make_in_review(office.analyst)
    make_permit(office.analyst, office.senior, office.decision)
    change = propose_change(for_some_days(office), by=office.admin)
    found = unsealed(change.preview, change.found)
    suspended = Stance.SUSPENDED.value
    (move,), (permit,) = found.moved, found.permits
    for first, (then,) in ((move, move.then), (permit, permit.then)):
        assert [(one.on, one.before.stance, one.after.stance) for one in (first, then)] == [
            (in_days(1), suspended, "prohibited"),
            (in_days(5), suspended, "case_by_case"),
        ]
    approve_change(change, by=office.admin_b)
    days = (0, 1, 4, 5, 30)
    assert [stance_of(case.reference, day) for day in days] == [
        suspended,
        *["prohibited"] * 2,
        *["case_by_case"] * 2,
    ]


@pytest.mark.parametrize(
    ("kind", "days", "told"),
    [
        (ChangeKind.IMPOSE, {"starts": 2, "ends": 5}, {2: "prohibited", 5: "case_by_case"}),
        (ChangeKind.EXTEND, {"ends": 23}, {20: "suspended", 23: "case_by_case"}),
        (ChangeKind.END, {"ends": 12}, {12: "case_by_case", 20: "case_by_case"}),
        (ChangeKind.CORRECT, {"starts": 15, "ends": 20}, {10: "case_by_case", 15: "suspended"}),
        (
            ChangeKind.CORRECT,
            {"starts": 12, "ends": 23},
            {10: "case_by_case", 12: "suspended", 20: "suspended", 23: "case_by_case"},
        ),
    ],
)
def test_the_day_from_which_a_change_makes_no_difference_any_more_is_told(
    office: Cast, kind: ChangeKind, days: dict[str, int], told: dict[int, str]
) -> None:
    case = make_in_review(office.analyst)
    make_permit(office.analyst, office.senior, office.decision)
    approved(draft(office.admin, starts=in_days(10), ends=in_days(20)), by=office.admin_b)
    given: dict[str, Any] = {name: in_days(day) for name, day in days.items()}
    if kind is ChangeKind.IMPOSE:
        given["of_policy"] = {"key": "TR-9998-prohibited", "effect": {"stance": "prohibited"}}
    else:
        given["policy"] = "TR-9999-suspension"
    done = approved(draft(office.admin, kind=kind, **given), by=office.admin_b)
    found = unsealed(done.preview, done.found)
    (move,), (permit,) = found.moved, found.permits
    for first, then in ((move, move.then), (permit, permit.then)):
        steps = {in_days(day): stance for day, stance in told.items()}
        assert {one.on: one.after.stance for one in (first, *then)} == steps
        last = then[-1]
        assert (last.before, last.lines) == (last.after, ())
    assert {day: stance_of(case.reference, day) for day in told} == told


def test_a_question_that_opens_on_a_later_day_is_for_a_person(office: Cast) -> None:
    case = make_in_review(office.analyst)
    asking = {"key": "TR-9997-asking", "questions": [QUESTION]}
    approved(draft(office.admin), by=office.admin_b)
    change = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(2))
    assert [one.because for one in look(change).impact.moved] == [()]
    approved(draft(office.admin, of_policy=asking, starts=in_days(4)), by=office.admin_b)
    (move,) = look(change).impact.moved
    assert (move.reference, move.because, len(move.then)) == (case.reference, ("asks",), 1)


def test_what_has_moved_of_a_later_day_alone_keeps_the_change_from_approval(office: Cast) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(for_some_days(office), by=office.admin)
    denial = {"key": "TR-9997-denial", "effect": {"stance": "policy_of_denial"}}
    narrow = {**POLICY["scope"], "goods": {"kind": "items", "items": LINE["items"]}}
    approved(
        draft(office.admin_b, of_policy={**denial, "scope": narrow}, starts=in_days(5)),
        by=office.admin,
    )
    with pytest.raises(Drifted, match=case.reference) as refused:
        approve_change(change, by=office.admin_b)
    day = short_day(clock.today() + timedelta(days=5))
    words = (
        f"with the change, on later days: individual permit, case by case from {day}"
        f" → individual permit, policy of denial from {day}, "
    )
    assert words in str(refused.value)


def test_of_days_that_have_come_since_the_last_one_is_compared(office: Cast) -> None:
    make_in_review(office.analyst)
    before = look(for_some_days(office)).impact
    (move,) = before.moved
    (step,) = move.then
    now = replace(before, moved=(move._replace(**step._asdict(), then=()),))
    assert drift(before, now)
    assert drift(before, now, today=clock.today() + timedelta(days=5)) == []


def test_what_makes_no_difference_any_more_since_is_no_drift(office: Cast) -> None:
    make_in_review(office.analyst)
    before = look(draft(office.admin, starts=in_days(1), ends=in_days(5))).impact
    (move,) = before.moved
    again = move._replace(on=in_days(9), then=())
    later = move.then[0]._replace(on=in_days(9), after=move.after, lines=move.lines)
    twice = replace(before, moved=(move._replace(then=(*move.then, later)),))
    for sealed_then, now in ((before, ()), (twice, (again,))):
        found = replace(before, moved=now)
        for days in (5, 8):
            assert drift(sealed_then, found, today=clock.today() + timedelta(days=days)) == []
        assert drift(sealed_then, found, today=clock.today() + timedelta(days=4))


def test_what_comes_into_the_preview_or_leaves_it_is_named_with_its_stance(office: Cast) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(draft(office.admin), by=office.admin)
    sealed = unsealed(change.preview, change.found)
    gone = replace(sealed, moved=())
    assert f"({case.reference}: suspended → not in it)" in str(Drifted(drift(sealed, gone)))
    assert f"({case.reference}: not in it → suspended)" in str(Drifted(drift(gone, sealed)))


def test_a_case_that_keeps_its_outcome_now_is_one_drift_and_said_with_what_differs(
    office: Cast,
) -> None:
    case = make_in_review(office.analyst)
    change = propose_change(draft(office.admin), by=office.admin)
    sealed = unsealed(change.preview, change.found)
    (move,) = sealed.moved
    stays = replace(sealed, moved=(), restated=(move._replace(before=move.after),))
    (found,) = drift(sealed, stays)
    assert f"({case.reference}: stance now: case by case → suspended" in str(Drifted([found]))


def test_of_many_that_drifted_ten_are_named_and_the_rest_counted(office: Cast) -> None:
    make_in_review(office.analyst)
    change = propose_change(draft(office.admin), by=office.admin)
    sealed = unsealed(change.preview, change.found)
    many = tuple(sealed.moved[0]._replace(reference=f"E-2099-{one:06}") for one in range(13))
    said = str(Drifted(drift(sealed, replace(sealed, moved=(*sealed.moved, *many)))))
    assert said.count("E-2099") == 10
    assert "; and 3 more)" in said


def overlapping(office: Cast, starts: str | None = None) -> PolicyChange:
    """A draft that says something else than TR-9999-suspension, which was approved before."""
    approved(draft(office.admin), by=office.admin_b)
    policy = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}}
    return draft(office.admin, of_policy=policy, starts=starts or today())


def test_a_draft_is_made_to_end_the_policy_that_claims_the_same(office: Cast) -> None:
    case = make_in_review(office.analyst)
    change = overlapping(office, starts=in_days(5))
    (found,) = [one for one in findings(change) if one.code == "overlap"]
    other = Policy.objects.get(key=found.closes)
    change = close_other(change, other, by=office.admin)
    assert (change.kind, change.policy, change.found) == (ChangeKind.AMEND, other, "")
    assert not [one for one in findings(change) if one.blocks]
    approved(change, by=office.admin_b)
    (old,) = PolicyVersion.objects.filter(policy=other, known_to=None)
    assert old.effective_to == clock.today() + timedelta(days=5)
    assert Policy.objects.get(key="TR-9999-denial").replaces == other
    assert stance_of(case.reference, 4) == Stance.SUSPENDED
    assert stance_of(case.reference, 5) == Stance.POLICY_OF_DENIAL
    assert verify(deep=True).good


def test_only_the_draft_of_a_new_policy_is_made_to_end_one_and_only_by_its_author(
    office: Cast,
) -> None:
    change = overlapping(office, starts=in_days(5))
    other = Policy.objects.get(key="TR-9999-suspension")
    with pytest.raises(NotPermitted, match="Only who drafted"):
        close_other(change, other, by=office.admin_b)
    with pytest.raises(Conflict):
        close_other(change, other, by=office.admin, seen=change.version - 1)
    ended = close_other(change, other, by=office.admin)
    with pytest.raises(Refused, match="Only the draft of a new policy"):
        close_other(ended, other, by=office.admin)
    proposed = propose_change(
        draft(office.admin, of_policy={"key": "TR-9998-suspension"}), by=office.admin
    )
    with pytest.raises(Refused, match="Only the draft of a new policy"):
        close_other(proposed, other, by=office.admin)


def test_what_begins_on_the_same_day_cannot_be_ended_on_it(office: Cast) -> None:
    (same,) = [one for one in findings(overlapping(office)) if one.code == "overlap"]
    assert same.blocks
    assert not same.closes


def test_an_amendment_ends_no_other_policy_than_its_own(office: Cast) -> None:
    change = overlapping(office, starts=in_days(5))
    amended = draft(office.admin, kind=ChangeKind.AMEND, policy="TR-2024-01-29-end",
                    of_policy=change.content["policy"] | {"key": "TR-9997-denial"},
                    starts=in_days(5))  # fmt: skip
    (found,) = [one for one in findings(amended) if one.code == "overlap"]
    assert not found.closes


def test_a_proposed_change_may_still_be_withdrawn(office: Cast) -> None:
    proposed = propose_change(draft(office.admin), by=office.admin)
    gone = withdraw_change(proposed, reason="No longer needed", by=office.admin)
    assert gone.status == ChangeStatus.WITHDRAWN
    with pytest.raises(Refused):
        approve_change(gone, by=office.admin_b)


@pytest.mark.parametrize(
    ("kind", "ends", "first"),
    [(ChangeKind.END, 5, 5), (ChangeKind.EXTEND, 15, 10)],
)
def test_another_end_tells_from_the_earlier_of_both_on(
    office: Cast, kind: str, ends: int, first: int
) -> None:
    approved(draft(office.admin, ends=in_days(10)), by=office.admin_b)
    change = draft(office.admin, kind=kind, policy="TR-9999-suspension", ends=in_days(ends))
    (part,) = compose(change, at=clock.now())
    assert part.day == clock.today() + timedelta(days=first)


@pytest.mark.parametrize(
    ("kind", "ends", "holds"),
    [
        (ChangeKind.END, 5, False),
        (ChangeKind.EXTEND, 15, True),
        (ChangeKind.EXTEND, None, True),
    ],
)
def test_a_policy_that_goes_on_is_rehearsed_on_every_day_and_one_that_ends_on_none(
    office: Cast, kind: str, ends: int | None, holds: bool
) -> None:
    approved(draft(office.admin, ends=in_days(10)), by=office.admin_b)
    change = draft(
        office.admin,
        kind=kind,
        policy="TR-9999-suspension",
        ends=None if ends is None else in_days(ends),
    )
    register = rehearse(current_register(), compose(change, at=clock.now()))
    spans = register.rulebook.row["TR-9999-suspension"].spans
    assert spans == ((Span(),) if holds else ())


def test_an_amended_policy_is_rehearsed_on_no_day_and_the_new_one_on_every(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    change = draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}},
        starts=in_days(5),
    )
    rows = rehearse(current_register(), compose(change, at=clock.now())).rulebook.row
    assert rows["TR-9999-suspension"].spans == ()
    assert rows["TR-9999-denial"].spans == (Span(),)


def test_what_was_composed_of_a_version_that_is_closed_is_not_entered(office: Cast) -> None:
    """Findings say so before; the version's own row is looked at too, under the lock."""
    approved(draft(office.admin), by=office.admin_b)
    key = "TR-9999-suspension"
    first = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(5))
    late = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(6))
    parts = compose(late, at=clock.now())
    approved(first, by=office.admin_b)
    with (
        pytest.raises(Refused, match="was changed since"),
        door(by=Actor.person(office.admin_b.pk, Role.ADMINISTRATOR.value)) as entries,
    ):
        enter(late.number, parts, at=clock.now(), entries=entries)
    (version,) = PolicyVersion.objects.filter(policy__key=key, known_to=None)
    assert version.effective_to == clock.today() + timedelta(days=5)


def test_a_case_whose_goods_pass_there_is_reached(office: Cast) -> None:
    case = make_draft(office.analyst, destination="DE")
    case = edit_application(case, {"transit": ["TR"]}, by=office.analyst)
    case = take_up(submit(case, by=office.analyst), by=office.analyst)
    assert [one.reference for one in look(draft(office.admin)).impact.moved] == [case.reference]


def test_an_amendment_that_is_only_proposed_makes_no_permit_last_longer(office: Cast) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    last = permit.valid_to
    change = {"valid_to": last + timedelta(days=9)}
    propose_act(permit, kind="amend", reason=WHY, by=office.senior, change=change)
    parts = compose(draft(office.admin), at=clock.now())
    found = impact_of(parts, today=last + timedelta(days=1))
    assert (found.live_permits, found.permits) == (0, ())


def test_what_moves_is_told_of_the_first_day_on_which_the_outcome_does(office: Cast) -> None:
    """First it rests on another policy that says the same; once that ends, the stance moves."""
    approved(draft(office.admin, ends=in_days(20)), by=office.admin_b)
    case = make_in_review(office.analyst)
    same = draft(
        office.admin, of_policy={"key": "TR-9998-suspension"}, starts=in_days(5), ends=in_days(40)
    )
    impact = look(same).impact
    assert impact.on.isoformat() == in_days(5)
    (move,) = impact.moved
    assert (move.reference, move.on) == (case.reference, in_days(20))
    assert (move.before.stance, move.after.stance) == (Stance.CASE_BY_CASE, Stance.SUSPENDED)
    (alike,) = look(
        draft(office.admin, of_policy={"key": "TR-9997-suspension"}, ends=in_days(10))
    ).impact.restated
    assert (alike.reference, alike.before) == (case.reference, alike.after)


def test_export_and_brokering_do_not_claim_the_same(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    scope = {**POLICY["scope"], "activities": ["brokering"]}
    denial = {"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}, "scope": scope}
    assert not [
        one for one in findings(draft(office.admin, of_policy=denial)) if one.code == "overlap"
    ]


def test_what_is_eased_alike_on_two_days_is_told_once(office: Cast) -> None:
    scope = {**POLICY["scope"], "destinations": ["TR", "DE"]}
    approved(draft(office.admin, of_policy={"scope": scope}), by=office.admin_b)
    far = {"key": "FR-9999-suspension", "scope": {**POLICY["scope"], "destinations": ["FR"]}}
    # A day between on which something else begins.
    approved(draft(office.admin, of_policy=far, starts=in_days(30)), by=office.admin_b)
    end = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(5))
    told = [one.words for one in findings(end) if one.code == "gap"]
    assert len(told) == len(set(told)) == 1


@pytest.mark.parametrize(("days", "told"), [(5, 0), (6, 1)])
def test_announced_on_the_day_itself_is_not_late(office: Cast, days: int, told: int) -> None:
    change = draft(office.admin, starts=in_days(5))
    change = save_change(
        change,
        content={**change.content, "announced_on": in_days(days)},
        rationale_en="For a test",
        rationale_fr="Pour un essai",
        note="",
        by=office.admin,
    )
    assert len([one for one in findings(change) if one.code == "announced"]) == told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_citation_in_one_language_alone_is_told(office: Cast, language: str) -> None:
    other = "fr" if language == "en" else "en"
    instrument = {**INSTRUMENT, f"citation_{language}": "No. 9999", f"citation_{other}": None}
    change = draft(office.admin, of_policy={"instrument": instrument})
    (found,) = [one for one in findings(change) if one.code == "instrument"]
    assert (found.field, found.blocks) == (f"citation_{other}", False)
    assert "one language" in found.words


def test_of_several_other_changes_to_a_policy_three_are_named(office: Cast) -> None:
    approved(draft(office.admin), by=office.admin_b)
    ends = [
        draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(days))
        for days in range(5, 10)
    ]
    told = [one.words for one in findings(ends[-1]) if one.code == "pending"]
    assert len(told) == len(set(told)) == 3
    assert not any(ends[-1].number in words for words in told)


def test_what_is_left_on_a_cancelled_line_is_not_counted(office: Cast) -> None:
    small = {**LINE, "quantity": 3}
    permit = make_permit(office.analyst, office.senior, office.decision, lines=(LINE, small))
    first, _second = PermitLine.objects.filter(permit=permit).order_by("number")
    act_at_once(permit, kind="cancel", line=first, reason=WHY, by=office.decision)
    (found,) = look(draft(office.admin)).impact.permits
    assert Decimal(found.left) == 3 * LINE["unit_value"]


RIFLE = {**LINE, "items": ["2-1.a"], "description": "Rifle", "quantity": 3}


def closed(line: PermitLine, how: str, office: Cast) -> None:
    if how == "cancelled":
        act_at_once(line.permit, kind="cancel", line=line, reason=WHY, by=office.decision)
    else:
        used: dict[str, Any] = {"quantity": line.quantity, "value": line.value}
        report_use(line, used_on=clock.today(), by=office.analyst, **used)


@pytest.mark.parametrize("how", ["cancelled", "shipped"])
def test_a_permit_is_in_scope_by_the_lines_that_it_still_allows(office: Cast, how: str) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision, lines=(LINE, RIFLE))
    policy = {"scope": {**POLICY["scope"], "goods": {"kind": "items", "items": ["2-15"]}}}
    change = draft(office.admin, of_policy=policy)
    assert [one.number for one in look(change).impact.permits] == [permit.number]
    proposed = propose_change(change, by=office.admin)
    closed(permit.lines.get(number=1), how, office)
    with pytest.raises(Drifted, match=permit.number):
        approve_change(proposed, by=office.admin_b)
    assert look(proposed).impact.permits == ()
    approved(return_change(proposed, reason=WHY, by=office.admin_b), by=office.admin_b)
    assert not list(permits_under(Policy.objects.get(key=POLICY["key"]), on=clock.today()))


def test_a_permit_that_allows_nothing_any_more_is_no_live_permit(office: Cast) -> None:
    """Cancelled, shipped in full, or amended to end before today."""
    lines = (LINE, RIFLE)
    live, cancelled, shipped, part, ended = (
        make_permit(office.analyst, office.senior, office.decision, lines=lines)
        for _turn in range(5)
    )
    for one in (cancelled, shipped, part):
        closed(one.lines.get(number=1), "shipped" if one == shipped else "cancelled", office)
    for one in (cancelled, shipped):
        closed(one.lines.get(number=2), "shipped", office)
    shorter = {"valid_to": in_days(40)}
    act_at_once(ended, kind="amend", reason=WHY, by=office.decision, change=shorter)
    change = draft(office.admin, starts=in_days(50))
    found = look(change).impact
    assert found.live_permits == 3
    with clock.simulated(clock.now() + timedelta(days=41)):
        found = look(change).impact
    assert found.live_permits == 2
    assert [one.number for one in found.permits] == [live.number, part.number]


def test_a_kind_of_change_of_which_nothing_is_said_is_taken_for_no_other(office: Cast) -> None:
    policy = Policy.objects.get(key="IL-2024-01-08")
    with pytest.raises(ValueError, match="of the kind set"):
        start_change(kind=ChangeKind.SET, policy=policy, by=office.admin)
    end = draft(office.admin, kind=ChangeKind.END, policy=policy.key, ends=in_days(5))
    end.kind = "pause"
    with pytest.raises(ValueError, match="of the kind pause"):
        compose(end, at=clock.now())


def test_a_returned_change_is_proposed_no_more_and_says_why(office: Cast) -> None:
    proposed = propose_change(draft(office.admin), by=office.admin)
    returned = return_change(proposed, reason="The day is a holiday", by=office.admin_b)
    assert (returned.status, returned.proposed_at) == (ChangeStatus.RETURNED, None)
    assert returned.returned_for == "The day is a holiday"
    with pytest.raises(Refused, match="not proposed"):
        approve_change(returned, by=office.admin_b)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        # It asks a question: with the answer that makes it apply, nothing would restrict any more.
        ("IL-2024-01-08", "Israel"),
        # It says only that a permit is needed.
        ("ECL-2-B", "less strict"),
        # What a policy speaks of is asked about: a region, goods, an end-use, persons, answers.
        ("UA-2015-06-29-Crimea", "Crimea"),
        ("EIPA-7-2", "goods of s. 4.1"),
        ("ECL-5505-2", "for a weapon of mass destruction"),
        ("BCL-1-B", "for a weapon of mass destruction"),
        ("CD-UN-embargo", "arms and related material"),
        ("AF-Taliban", "for a listed or designated person"),
        ("ECL-2-D", "7-2 and 7-12 (where the answers make the policy apply)"),
    ],
)
def test_what_is_eased_only_in_part_is_told(office: Cast, policy: str, words: str) -> None:
    end = draft(office.admin, kind=ChangeKind.END, policy=policy, ends=in_days(5))
    told = [one.words for one in findings(end) if one.code == "gap"]
    assert any(words in one for one in told), told


@pytest.mark.parametrize(
    ("was", "narrowed", "words"),
    [
        ({}, {"end_user_kinds": ["private"]}, "Group 2 (end-user: government, authorized by"),
        (
            {"destinations": ["FR"]},
            {"destinations": ["FR"], "eipa_4_1": False},
            "Group 2 (end-user: government and authorized by the government; goods of s. 4.1)",
        ),
        ({}, {"wmd_end_use": True}, "Türkiye, export, Group 2: less strict"),
        ({}, {"designated": True}, "Türkiye, export, Group 2: less strict"),
        (
            {"goods": {"kind": "items", "items": ["5504"], "broader": True}},
            {"goods": {"kind": "items", "items": ["5504"]}},
            "Türkiye, export, Group 5 as a whole: less strict",
        ),
    ],
)
def test_what_a_narrower_scope_lets_go_is_told(
    office: Cast, was: dict[str, Any], narrowed: dict[str, Any], words: str
) -> None:
    scope = {**POLICY["scope"], **was}
    approved(draft(office.admin, of_policy={"scope": scope}), by=office.admin_b)
    amended = draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9999-narrower", "scope": {**scope, **narrowed}},
        starts=in_days(5),
    )
    told = [one.words for one in findings(amended) if one.code == "gap"]
    assert any(words in one for one in told), told


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (({"not_items": ["2-1"]},), "export, 2-1: less strict, case by case"),
        (({"end_user_kinds": ["private"]},), "Group 2 (end-user: government, authorized by"),
        (({"wmd_end_use": False},), "Group 2 (for a weapon of mass destruction"),
        (({"eipa_4_1": False},), "government; goods of s. 4.1): less strict, case by case"),
        (
            ({"wmd_end_use": False, "stance": "presumptive_denial"},),
            "Group 2 (for a weapon of mass destruction or missile end-use): less strict, case by",
        ),
        (({"kind": "related_material"},), "Group 2 (stated to be no arms or related material)"),
        # What the first leaves out, the second holds but for some of it.
        (
            ({"not_items": ["2-1"]}, {"items": ["2-1"], "wmd_end_use": False}),
            "export, 2-1 (for a weapon of mass destruction",
        ),
    ],
)
def test_what_another_policy_holds_only_in_part_is_told(
    office: Cast, held: tuple[dict[str, Any], ...], words: str
) -> None:
    approved(draft(office.admin), by=office.admin_b)
    for number, narrower in enumerate(held):
        of_goods = {"not_items", "items", "kind"} & narrower.keys()
        goods = {name: narrower[name] for name in of_goods}
        goods = goods if "kind" in goods else {**POLICY["scope"]["goods"], **goods}
        rest = {name: narrower[name] for name in narrower.keys() - of_goods - {"stance"}}
        effect = {"stance": narrower.get("stance", "suspended")}
        scope = {**POLICY["scope"], **rest, "goods": goods}
        key = f"TR-999{number}-narrower"
        of_policy = {"key": key, "scope": scope, "effect": effect}
        approved(draft(office.admin, of_policy=of_policy), by=office.admin_b)
    end = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(5))
    assert any(words in one.words for one in findings(end) if one.code == "gap")


@pytest.mark.parametrize(
    ("had", "has", "told"),
    [
        (None, "2027-01-31", True),
        ("2027-01-31", None, True),
        ("2027-01-31", "2027-02-01", True),
        ("2027-01-31", "2027-01-31", False),
        (None, None, True),
        ("", None, False),
        ("", "2027-01-31", False),
    ],
)
def test_an_exception_that_an_amendment_adds_or_prolongs_is_told(
    office: Cast, had: str | None, has: str | None, told: bool
) -> None:
    """Empty: without a last day, as was `has` None; `had` None is without the exception."""
    words = {"en": "Aid", "fr": "Aide", "evidence_en": "A letter", "evidence_fr": "Une lettre"}
    aid = {"code": "aid", **words}
    before = [] if had is None else [aid | ({"until": had} if had else {})]
    approved(draft(office.admin, of_policy={"exceptions": before}), by=office.admin_b)
    after = {"exceptions": [aid | ({"until": has} if has else {})], "key": "TR-9998-suspension"}
    change = draft(office.admin, kind=ChangeKind.AMEND, policy="TR-9999-suspension",
                   of_policy=after, starts=in_days(2))  # fmt: skip
    found = [one for one in findings(change) if one.code == "gap"]
    assert [one.field for one in found] == ["exceptions"] * told
    assert all("“Aid”" in one.words for one in found)


@pytest.mark.parametrize(("code", "told"), [("2-99", 1), ("5504.99", 1), ("2-15.zz", 0), ("2", 0)])
def test_an_item_that_no_application_can_name_is_told(office: Cast, code: str, told: int) -> None:
    for named in ({"items": [code]}, {"items": ["2", "5"], "not_items": [code]}):
        scope = {**POLICY["scope"], "goods": {"kind": "items", **named}}
        change = draft(office.admin, of_policy={"scope": scope})
        found = [one for one in findings(change) if one.code == "items"]
        assert [(one.blocks, code in one.words) for one in found] == [(False, True)] * told


def test_a_place_that_is_let_go_later_is_told_with_its_day(office: Cast) -> None:
    both = {**POLICY["scope"], "destinations": ["TR", "FR"]}
    approved(draft(office.admin, of_policy={"scope": both}), by=office.admin_b)
    for_a_while = {"key": "TR-9998-suspension"}
    approved(draft(office.admin, of_policy=for_a_while, ends=in_days(10)), by=office.admin_b)
    end = draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(5))
    told = [one.words for one in findings(end) if one.code == "gap"]
    days = [short_day(clock.today() + timedelta(days=one)) for one in (5, 10)]
    assert [one.split(", export")[0] for one in told] == [
        f"From {days[0]}, France",
        f"From {days[1]}, Türkiye",
    ]


def test_items_that_nothing_tells_apart_are_asked_about_once(
    office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(*given: Any, **more: Any) -> Any:
        asked[-1] += 1
        return resolve(*given, **more)

    monkeypatch.setattr(easing, "resolve", counted)
    approved(draft(office.admin), by=office.admin_b)
    for many in (2, 200):
        goods = {"kind": "items", "items": [f"2-1.{number}" for number in range(1, many)]}
        narrower = {"key": "TR-9998-narrower", "scope": {**POLICY["scope"], "goods": goods}}
        amended = draft(office.admin, kind=ChangeKind.AMEND, policy="TR-9999-suspension",
                        of_policy=narrower, starts=in_days(5))  # fmt: skip
        asked.append(0)
        assert [one for one in findings(amended) if one.code == "gap"]
    assert asked[0] == asked[1]


def test_a_new_general_permit_is_less_strict(office: Cast) -> None:
    general = {
        "key": "GEP-9999",
        "layer": "general_permit",
        "effect": {"requirement": "general_permit", "covers": ["ECL-2-A"]},
    }
    change = draft(office.admin, of_policy=general)
    (told,) = [one.words for one in findings(change) if one.code == "gap"]
    assert "Türkiye, export, Group 2: less strict, case by case, general permit" in told
    assert not [one for one in findings(change) if one.blocks]


def test_a_person_looks_where_an_exception_that_counted_counts_no_more(office: Cast) -> None:
    case = with_aid(office)
    amended = draft(
        office.admin,
        kind=ChangeKind.AMEND,
        policy="TR-9999-suspension",
        of_policy={"key": "TR-9999-denial", "effect": {"stance": "policy_of_denial"}},
        starts=in_days(5),
    )
    (move,) = look(amended).impact.moved
    assert (move.reference, move.because) == (case.reference, ("exception",))


# What makes a case another for a person: its questions, and each of its lines


def of_france(policy: dict[str, Any], **more: Any) -> dict[str, Any]:
    scope = {**policy["scope"], "destinations": ["FR"]}
    return {**policy, "scope": scope, "questions": [QUESTION], **more}


def moves_found(change: PolicyChange) -> list[tuple[str, tuple[Any, ...], tuple[str, ...]]]:
    return [
        (one.reference, one.because, (*one.lines[0].comes, "gone:", *one.lines[0].goes))
        for one in unsealed(change.preview, change.found).moved
    ]


def test_a_case_moves_that_only_gets_or_loses_an_open_question(office: Cast) -> None:
    """The question of a general permit, on a case that was ready to be decided."""
    case = make_recommended(office.analyst, office.senior, destination="FR")
    key = "GEP-9999:asked"
    change = propose_change(
        draft(office.admin, of_policy=of_france(GENERAL_PERMIT)), by=office.admin
    )
    why = ("asks", "recommended")
    assert moves_found(change) == [(case.reference, why, (key, "gone:"))]
    assert (change.preview["counts"]["moved"], change.preview["counts"]["person"]) == (1, 1)
    (move,) = unsealed(change.preview, change.found).moved
    assert move.before == Outcome(
        "individual_permit", "case_by_case", "case_by_case", "individual_permit"
    )
    assert move.after == move.before._replace(requirement_if_open="general_permit")
    sealed = unsealed(change.preview, change.found)
    words = (
        "not in it → individual permit, case by case"
        " (if a question is answered so: general permit, case by case)"
    )
    assert words in str(Drifted(drift(replace(sealed, moved=()), sealed)))
    approve_change(change, by=office.admin_b)
    with pytest.raises(GateClosed, match="Is it so"):
        issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    ends = draft(office.admin, kind=ChangeKind.END, policy="GEP-9999", ends=in_days(3))
    change = propose_change(ends, by=office.admin)
    assert moves_found(change) == [(case.reference, ("recommended",), ("gone:", key))]


def test_a_question_on_goods_of_no_list_moves_a_case_and_is_told_before_it_comes(
    office: Cast,
) -> None:
    case = make_draft(office.analyst, destination="FR", lines=[{**LINE, "items": []}])
    of_policy = of_france(ON_THE_ACL)
    done = approved(draft(office.admin, of_policy=of_policy, starts=in_days(9)), by=office.admin_b)
    key = f"{of_policy['key']}:asked"
    assert moves_found(done) == [(case.reference, ("asks",), (key, "gone:"))]
    (found,) = coming(rule_on(read_file(case), on=clock.today()))
    (change,) = found.changes
    assert (change.lines, change.begins, change.may_begin) == ((1,), (), (of_policy["key"],))
    assert [(one.key, one.if_yes.requirement) for one in change.asks] == [
        (key, "individual_permit")
    ]


def test_a_decision_is_listed_that_was_made_without_a_question_that_is_asked_now(
    office: Cast,
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision, destination="FR")
    approved(
        draft(office.admin, of_policy=of_france(GENERAL_PERMIT), starts=in_days(5)),
        by=office.admin_b,
    )
    with clock.simulated(clock.now() + timedelta(days=2)):
        change = draft(office.admin, kind=ChangeKind.CORRECT, policy="GEP-9999", starts=in_days(-9))
        (found,) = look(change).impact.decided
        assert found.reference == permit.application.reference
        assert found.lines[0].comes == ("GEP-9999:asked",)


OF_TWO = ({**LINE, "items": ["2-15.d"]}, {**LINE, "items": ["2-1.a"]})


def of_items(key: str, stance: str, *items: str) -> dict[str, Any]:
    goods = {"kind": "items", "items": list(items)}
    return {
        "key": key,
        "scope": {**POLICY["scope"], "destinations": ["FR"], "goods": goods},
        "effect": {"stance": stance},
    }


def test_the_lines_that_move_are_told_one_by_one_and_another_of_them_is_drift(
    office: Cast,
) -> None:
    case = make_in_review(office.analyst, destination="FR", lines=OF_TWO)
    approved(
        draft(office.admin, of_policy=of_items("FR-9999-p", "prohibited", "2-15")),
        by=office.admin_b,
    )
    change = draft(office.admin, of_policy=of_items("FR-9999-s", "suspended", "2-1", "2-5"))
    change = propose_change(change, by=office.admin)
    (move,) = unsealed(change.preview, change.found).moved
    assert (move.before.stance, move.after.stance) == ("prohibited", "prohibited")
    assert [(one.lines, one.before.stance, one.after.stance) for one in move.lines] == [
        ((2,), "case_by_case", "suspended")
    ]
    case.refresh_from_db()
    third = {**LINE, "items": ["2-5.b"], "origin": country("CA")}
    add_line(case, third, by=office.analyst)
    with pytest.raises(Drifted, match=r"lines after: 2: .*suspended → 2, 3: .*suspended"):
        approve_change(change, by=office.admin_b)


def test_what_was_sealed_before_lines_were_told_keeps_its_counts(office: Cast) -> None:
    make_in_review(office.analyst)
    make_permit(office.analyst, office.senior, office.decision)
    change = propose_change(draft(office.admin), by=office.admin)
    older = json.loads(change.found)
    for name, length in (("moved", 6), ("permits", 7)):
        older[name] = [
            [[*one[:3]] if isinstance(one, list) and one else one for one in row[:length]]
            for row in older[name]
        ]
    found = unsealed(change.preview, json.dumps(older))
    assert found.counts() == change.preview["counts"]
    now = unsealed(change.preview, change.found)
    assert [one.before for one in found.moved] == [one.before for one in now.moved]
    assert [one.lines for one in found.moved] == [()]


@pytest.mark.parametrize(
    ("of_policy", "found"),
    [
        ({}, "is_held"),
        ({"questions": [QUESTION]}, "is_held_if_open"),
        ({"questions": [{**QUESTION, "applies_if": "no"}]}, "is_held"),
        (GENERAL_PERMIT, "is_eased"),
        ({**GENERAL_PERMIT, "questions": [QUESTION]}, "is_eased_if_open"),
    ],
)
def test_the_back_test_tells_what_only_an_answer_would_make_stricter_or_less_strict(
    office: Cast, of_policy: dict[str, Any], found: str
) -> None:
    make_permit(office.analyst, office.senior, office.decision)
    day = clock.today()
    imposed = draft(office.admin, of_policy=of_policy)

    def told(change: PolicyChange) -> list[str]:
        (one,) = back_test(compose(change, at=clock.now()), start=day, end=day).tried
        names = ("is_held", "is_held_if_open", "is_eased", "is_eased_if_open")
        return [name for name in names if getattr(one, name)]

    assert told(imposed) == [found]
    approved(imposed, by=office.admin_b)
    key = imposed.content["policy"]["key"]
    back = {"held": "eased", "eased": "held"}
    _is, way, *rest = found.split("_")
    ended = draft(office.admin, kind=ChangeKind.END, policy=key, ends=in_days(5))
    assert told(ended) == ["_".join(["is", back[way], *rest])]


def test_a_permit_is_under_a_policy_with_a_question_also_where_another_suspends_it_already(
    office: Cast,
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    approved(draft(office.admin), by=office.admin_b)
    other = {"key": "TR-9999-asks", "questions": [QUESTION]}
    done = approved(draft(office.admin, of_policy=other), by=office.admin_b)
    (told,) = unsealed(done.preview, done.found).permits
    assert (told.number, told.lines) == (permit.number, ())
    (under,) = permits_under(Policy.objects.get(key=other["key"]), on=clock.today())
    assert under.number == permit.number


@pytest.mark.parametrize("field", ["en", "fr"])
def test_an_answer_does_not_outlive_the_words_of_its_question(office: Cast, field: str) -> None:
    """Corrected to the opposite sense, it had been answered by two people who never saw that."""
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)
    key = f"TR-9999-suspension:{QUESTION['code']}"
    case = make_in_review(office.analyst)
    say(case, StatementKind.ANSWER, key, "no", by=office.analyst, second=office.senior)
    waits = make_in_review(office.analyst)
    say(waits, StatementKind.ANSWER, key, "no", by=office.analyst)
    other = make_in_review(office.analyst)

    def corrected(**of_policy: Any) -> None:
        kind, policy = ChangeKind.CORRECT, "TR-9999-suspension"
        approved(
            draft(office.admin, kind=kind, policy=policy, of_policy=of_policy), by=office.admin_b
        )

    with clock.simulated(clock.now() + timedelta(minutes=1)):
        corrected(title_en="Group 2: another title")
        assert counted(read_file(case)).answers == {key: "no"}
        corrected(questions=[{**QUESTION, field: "Is it shown that they are not?"}])
        for one in (case, waits):
            [stands] = standing(read_file(one))
            assert stands.is_stale
            assert counted(read_file(one)).answers == {}
        [waiting] = standing(read_file(waits))
        with pytest.raises(Refused, match="It must be stated anew"):
            countersign(waiting.statement, by=office.senior)
    with clock.simulated(clock.now() + timedelta(minutes=2)):
        say(other, StatementKind.ANSWER, key, "no", by=office.analyst, second=office.senior)
        assert counted(read_file(other)).answers == {key: "no"}


def test_what_was_decided_is_not_told_otherwise_by_words_of_later(office: Cast) -> None:
    """The answer counted on that day; of today's case, and of one that is open, it does not."""
    approved(draft(office.admin, of_policy={"questions": [QUESTION]}), by=office.admin_b)
    key = f"TR-9999-suspension:{QUESTION['code']}"
    case = make_in_review(office.analyst)
    say(case, StatementKind.ANSWER, key, "yes", by=office.analyst, second=office.senior)
    answer_cards(case, by=office.analyst)
    made = recommend(case, outcome="refused", grounds=["policy"], reasons=WHY, by=office.analyst)
    put_to_applicant(made, reply_by=clock.today() + timedelta(days=5), by=office.analyst)
    with clock.simulated(clock.now() + timedelta(days=9)):
        refuse(case, grounds=["policy"], reasons=WHY, by=office.decision)
        on = clock.today()
        before = rule_on(read_file(case), on=on, known_at=end_of_day(on))
        assert (before.stance, before.open_questions) == ("suspended", ())
    with clock.simulated(clock.now() + timedelta(days=20)):
        [question] = document_of(Policy.objects.get(key="TR-9999-suspension"))["questions"]
        other = {**question, "en": "Is it shown that they are not?"}
        kind, of_policy = ChangeKind.CORRECT, {"questions": [other]}
        change = draft(office.admin, kind=kind, policy="TR-9999-suspension", of_policy=of_policy)
        approved(change, by=office.admin_b)
        file = read_file(case)
        assert rule_on(file, on=on, known_at=end_of_day(on)).outcome() == before.outcome()
        assert rule_on(file, on=clock.today(), known_at=clock.now()).open_questions == (key,)
        again = compose(
            draft(office.admin, kind=ChangeKind.END, policy="TR-9999-suspension", ends=in_days(3)),
            at=clock.now(),
        )
        [tried] = back_test(again, start=on, end=on).tried
        assert [(one.before.stance, one.before.if_open) for one in tried.lines] == [
            ("suspended", "suspended")
        ]


def test_an_accepted_exception_does_not_outlive_its_words(office: Cast) -> None:
    exception = {
        "code": "repair",
        "en": "Goods sent for repair",
        "fr": "Marchandises envoyées en réparation",
        "evidence_en": "The order",
        "evidence_fr": "La commande",
    }
    approved(draft(office.admin, of_policy={"exceptions": [exception]}), by=office.admin_b)
    policy = Policy.objects.get(key="TR-9999-suspension")
    case, key = make_in_review(office.analyst), "TR-9999-suspension:repair"
    paper = attached(case, office.analyst)
    kind, people = StatementKind.EXCEPTION, {"by": office.analyst, "second": office.senior}
    say(case, kind, key, "claimed", document=paper, **people)
    assert counted(read_file(case)).exceptions == {("TR-9999-suspension", "repair")}
    narrower = {**document_of(policy)["exceptions"][0], "en": "Goods sent for repair to Canada"}
    with clock.simulated(clock.now() + timedelta(minutes=1)):
        kind_of, of_policy = ChangeKind.CORRECT, {"exceptions": [narrower]}
        change = draft(office.admin, kind=kind_of, policy=policy.key, of_policy=of_policy)
        approved(change, by=office.admin_b)
        assert counted(read_file(case)).exceptions == frozenset()
