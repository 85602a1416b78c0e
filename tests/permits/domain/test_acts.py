"""Acts on a permit and its use: what cannot be, once only, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.choices import Power, Role
from accounts.domain.delegations import confirm_delegation, propose_delegation
from accounts.domain.people import close_account
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import canonical, clock
from history.domain.door import Conflict
from history.models import Event, Text
from permits.choices import Flag, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import acts, intake, overview, worklist
from permits.domain.assessment import edit_card
from permits.domain.casework import head_of
from permits.domain.decision import issue
from permits.domain.gate import GateClosed
from permits.domain.standing import read_standing
from permits.domain.statements import flag_key
from permits.domain.use import agree_to_reversal, propose_reversal, report_use
from permits.models import Application, Condition, Notice, Permit, PermitAct, PermitLine, Use
from permits.verbs import Verb
from tests.people import TERMS, Cast, make_person_with
from tests.permits.factories import LINE, WHY, make_permit, make_recommended, say

OTHER_LINE = {**LINE, "description": "A second sensor"}


@pytest.fixture
def permit(office: Cast) -> Permit:
    return make_permit(office.analyst, office.senior, office.decision, lines=[LINE, OTHER_LINE])


def decider(office: Cast, power: Power) -> User:
    """A decision-maker whose delegation gives that power alone."""
    person = make_person_with(f"only-{power.value}", Role.DECISION_MAKER)
    terms = replace(TERMS, powers=frozenset({power}), number=f"only {power.value}")
    proposed = propose_delegation(
        person, terms, by=office.admin, reason=WHY, starts_on=clock.today()
    )
    confirm_delegation(proposed, by=office.admin_b)
    return person


def lines_of(permit: Permit) -> list[PermitLine]:
    return list(permit.lines.order_by("number"))


# What cannot be proposed


def test_what_loosens_is_named_by_its_day_and_figure(permit: Permit) -> None:
    more = {"valid_to": "2199-01-01", "lines": {"1": {"quantity": "11", "value": "1"}}}
    with pytest.raises(ValidationError) as refusal:
        acts.refuse_loosening(permit, more)
    assert set(refusal.value.message_dict) == {"valid_to", "quantity"}
    acts.refuse_loosening(permit, {"lines": {"1": {"quantity": "9", "value": "1"}}})


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("destroy", {}, "kind"),
        ("suspend", {"valid_to": "2199-01-01"}, "valid_to"),
        ("amend", {}, "change"),
        ("amend", {"destination": "FR"}, "change"),
        ("amend", {"destination": "FR", "valid_to": "2199-01-01"}, "change"),
        ("amend", {"lines": {"1": {"quantity": "10"}}}, "change"),
        ("amend", {"valid_to": date(2019, 1, 1)}, "valid_to"),
        ("amend", {"lines": {"3": {"quantity": "1"}}}, "line"),
        ("amend", {"lines": {"1": {"quantity": "many"}}}, "quantity"),
        ("amend", {"lines": {"1": {"quantity": "1E+999999"}}}, "quantity"),
        ("amend", {"lines": {"1": {"origin": "1"}}}, "change"),
        ("amend", {"lines": {"one": {"quantity": "1"}}}, "line"),
        ("amend", {"valid_to": "tomorrow"}, "valid_to"),
        ("amend", {"conditions_added": [{"en": "Report."}]}, "text_fr"),
        ("amend", {"lines": {"1": {"quantity": "-1"}}}, "quantity"),
        ("amend", {"lines": {"1": {"value": "Infinity"}}}, "value"),
        ("amend", {"conditions_added": [{"en": "Report.", "fr": " "}]}, "text_fr"),
    ],
)
def test_what_no_act_can_be_is_refused_by_field(
    permit: Permit, office: Cast, kind: str, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        acts.propose_act(permit, kind=kind, change=change, reason=WHY, by=office.analyst)
    assert set(refusal.value.message_dict) == {field}
    assert not PermitAct.objects.exists()


def test_an_act_on_a_line_is_on_one_of_this_permit(permit: Permit, office: Cast) -> None:
    other = make_permit(office.analyst, office.senior, office.decision)
    with pytest.raises(ValidationError, match="a line of this permit"):
        acts.propose_act(
            permit, kind="suspend", line=lines_of(other)[0], reason=WHY, by=office.analyst
        )
    first, second = lines_of(permit)
    with pytest.raises(ValidationError, match="another line"):
        acts.propose_act(
            permit,
            kind="amend",
            line=first,
            change={"lines": {str(second.number): {"quantity": "1"}}},
            reason=WHY,
            by=office.analyst,
        )


def test_what_is_as_the_act_would_make_it_is_left(permit: Permit, office: Cast) -> None:
    with pytest.raises(Refused, match="Nothing here is suspended"):
        acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    with pytest.raises(Refused, match="suspended already"):
        acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)


SOON = (clock.today() + timedelta(days=60)).isoformat()
MONTHLY = {"en": "Report monthly.", "fr": "Déclarer chaque mois."}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"valid_to": SOON}, "already as this amendment would make it"),
        ({"lines": {"1": {"quantity": "5"}}}, "already as this amendment would make it"),
        ({"conditions_added": [MONTHLY]}, "has this condition already"),
        (
            {"conditions_added": [MONTHLY], "lines": {"1": {"quantity": "5"}}},
            "has this condition already",
        ),
    ],
)
def test_what_was_proposed_twice_is_done_once(
    permit: Permit, office: Cast, change: dict[str, Any], words: str
) -> None:
    first, again = (
        acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=one)
        for one in (office.analyst, office.analyst_b)
    )
    acts.perform_act(first, by=office.decision)
    before = Event.objects.count()
    with pytest.raises(Refused, match=words):
        acts.perform_act(again, by=office.decision)
    assert Event.objects.count() == before
    acts.decline_act(again, reason=WHY, by=office.decision)


def test_a_condition_that_the_permit_has_is_not_proposed_again(
    permit: Permit, office: Cast
) -> None:
    issued = Condition.objects.get()
    same = {"conditions_added": [{"en": issued.text_en, "fr": issued.text_fr}]}
    with pytest.raises(ValidationError, match="has this condition already") as refusal:
        acts.propose_act(permit, kind="amend", change=same, reason=WHY, by=office.analyst)
    assert set(refusal.value.message_dict) == {"text_en"}


def test_nothing_is_done_to_a_line_that_is_cancelled(permit: Permit, office: Cast) -> None:
    first, _second = lines_of(permit)
    acts.act_at_once(permit, kind="cancel", line=first, reason=WHY, by=office.decision)
    with pytest.raises(Refused, match="This line is cancelled"):
        acts.propose_act(permit, kind="reinstate", line=first, reason=WHY, by=office.analyst)


def test_a_permit_that_is_over_is_not_brought_back(permit: Permit, office: Cast) -> None:
    with clock.simulated(clock.now() + timedelta(days=400)):
        longer = {"valid_to": clock.today() + timedelta(days=30)}
        with pytest.raises(Refused, match="The permit is expired"):
            acts.propose_act(permit, kind="amend", change=longer, reason=WHY, by=office.analyst)
    acts.act_at_once(permit, kind="cancel", reason=WHY, by=office.decision)
    with pytest.raises(Refused, match="The permit is cancelled"):
        acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)


def test_what_was_suspended_when_it_expired_is_over_too(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    with (
        clock.simulated(clock.now() + timedelta(days=400)),
        pytest.raises(Refused, match="The permit is expired while suspended"),
    ):
        acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)


def test_a_permit_suspended_in_part_is_suspended_and_reinstated_whole(
    permit: Permit, office: Cast
) -> None:
    first, _second = lines_of(permit)
    acts.act_at_once(permit, kind="suspend", line=first, reason=WHY, by=office.decision)
    assert acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst).loosens
    assert not acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision).loosens


def test_an_act_tells_no_exceptional_circumstances_that_it_does_not_rest_on(
    permit: Permit, office: Cast
) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    acts.perform_act(act, by=office.decision, exceptions_signed=["NONSENSE:minister"])
    body = canonical.decode(bytes(Event.objects.get(verb=Verb.REINSTATED).body))
    assert body["data"] == {}


def test_a_permit_may_be_narrowed_to_today_and_to_nothing_of_a_line(
    permit: Permit, office: Cast
) -> None:
    to_nothing = {"valid_to": clock.today(), "lines": {"1": {"quantity": "0"}}}
    act = acts.act_at_once(permit, kind="amend", change=to_nothing, reason=WHY, by=office.decision)
    assert not act.loosens
    now = read_standing(permit, clock.today())
    assert (now.valid_to, now.line(1).quantity) == (clock.today(), Decimal(0))


# Once only


@pytest.mark.parametrize("first", ["done", "declined"])
def test_an_act_is_done_or_declined_once(permit: Permit, office: Cast, first: str) -> None:
    act = acts.propose_act(permit, kind="suspend", reason=WHY, by=office.analyst)
    seen = PermitAct.objects.get()
    if first == "done":
        acts.perform_act(act, by=office.decision)
    else:
        acts.decline_act(act, reason=WHY, by=office.analyst)
    with pytest.raises(Conflict):
        acts.perform_act(seen, by=office.decision)
    now = PermitAct.objects.get()
    with pytest.raises(Refused, match="done or declined already"):
        acts.perform_act(now, by=office.decision)
    with pytest.raises(Refused, match="done or declined already"):
        acts.decline_act(now, reason=WHY, by=office.senior)


def test_a_notice_is_for_its_person_and_seen_once(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    notice = Notice.objects.first()
    assert notice is not None
    with pytest.raises(NotPermitted, match="somebody else"):
        acts.see_notice(notice, by=office.senior)
    with pytest.raises(NotPermitted, match="Take note of a notice: this is for the roles"):
        acts.see_notice(notice, by=office.auditor)
    seen = acts.see_notice(notice, by=notice.person)
    assert seen.seen_at is not None
    with pytest.raises(Refused, match="seen this notice already"):
        acts.see_notice(seen, by=notice.person)


def test_the_reason_of_an_act_is_that_for_which_it_was_proposed(
    permit: Permit, office: Cast
) -> None:
    """A reason is needed for what is done to a permit, and the event tells it."""
    act = acts.propose_act(permit, kind="suspend", reason="Proposed so", by=office.analyst)
    acts.perform_act(act, by=office.decision)
    event = Event.objects.get(verb=Verb.SUSPENDED)
    digest = canonical.decode(bytes(event.body))["reason"]["$text"]
    assert Text.objects.get(digest=digest).content == "Proposed so"


def test_what_tightens_is_told_to_another_person_than_who_did_it(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    intake.assign(case, office.decision, by=office.senior)
    permit = issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    assert {one.person for one in Notice.objects.all()} == {office.analyst}


def test_what_tightens_is_told_to_who_works_on_cases_today(office: Cast) -> None:
    case = make_recommended(office.analyst, office.senior)
    permit = issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    close_account(office.analyst, by=office.admin, reason=WHY)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    assert {one.person for one in Notice.objects.all()} == {office.senior}


def test_what_loosens_is_still_to_be_told_to_the_holder(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    loosening = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    done = acts.perform_act(loosening, by=office.decision)
    assert [one.kind for one in Notice.objects.filter(act=done)] == ["holder"]


def test_nobody_is_told_of_a_permit_in_which_they_declared_a_conflict(
    permit: Permit, office: Cast
) -> None:
    intake.declare_conflict(permit.application, by=office.analyst, reason=WHY)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    assert office.analyst not in {one.person for one in Notice.objects.all()}


def test_a_notice_to_who_left_is_seen_by_another_than_who_did_it(
    permit: Permit, office: Cast
) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    notice = Notice.objects.earliest("pk")
    assert notice.person == office.analyst
    close_account(office.analyst, by=office.admin, reason=WHY)
    with pytest.raises(NotPermitted, match="somebody else"):
        acts.see_notice(notice, by=office.decision)
    assert acts.see_notice(notice, by=office.analyst_b).seen_at is not None


# By whom


def test_who_declared_a_conflict_does_nothing_to_the_permit(permit: Permit, office: Cast) -> None:
    act = acts.propose_act(permit, kind="suspend", reason=WHY, by=office.analyst)
    intake.declare_conflict(permit.application, by=office.decision, reason=WHY)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: acts.act_at_once(permit, kind="cancel", reason=WHY, by=office.decision),
        lambda: acts.refuse_to_act(permit, by=office.decision),
        lambda: acts.perform_act(act, by=office.decision),
        lambda: acts.refuse_to_perform(act, by=office.decision),
        lambda: acts.decline_act(act, reason=WHY, by=office.decision),
    )
    for attempt in attempts:
        with pytest.raises(NotPermitted, match="declared a conflict of interest"):
            attempt()
    assert acts.perform_act(act, by=decider(office, Power.ACT)).done_at is not None


def test_an_act_takes_a_delegation_with_the_power_to_act(permit: Permit, office: Cast) -> None:
    only_decides = decider(office, Power.DECIDE)
    with pytest.raises(NotPermitted, match="No delegation to you"):
        acts.act_at_once(permit, kind="suspend", reason=WHY, by=only_decides)
    act = acts.propose_act(permit, kind="suspend", reason=WHY, by=office.analyst)
    with pytest.raises(NotPermitted, match="No delegation to you"):
        acts.perform_act(act, by=only_decides)
    assert acts.perform_act(act, by=decider(office, Power.ACT)).done_at is not None


def test_the_power_to_act_is_enough_to_loosen(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    assert acts.perform_act(act, by=decider(office, Power.ACT)).loosens


def test_what_the_lines_do_not_allow_is_told_at_its_field(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    now = read_standing(permit, clock.today())
    for number, field in ((None, "kind"), (1, "line")):
        with pytest.raises(ValidationError) as refusal:
            acts.check_possible("suspend", number, now)
        assert set(refusal.value.message_dict) == {field}
        acts.check_possible("reinstate", number, now)


def test_who_proposed_to_loosen_does_not_do_it(permit: Permit, office: Cast) -> None:
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    act = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.decision)
    with pytest.raises(GateClosed, match="You proposed this"):
        acts.perform_act(act, by=office.decision)
    acts.decline_act(act, reason=WHY, by=office.decision)
    anew = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    with pytest.raises(GateClosed, match="You proposed this"):
        acts.perform_act(anew, by=office.decision)


CONDITION = {"conditions_added": [{"en": "Condition 1 is void.", "fr": "Condition 1 annulée."}]}


def test_a_condition_takes_two_people_whatever_it_says(permit: Permit, office: Cast) -> None:
    told: dict[str, Any] = {"kind": "amend", "change": CONDITION, "reason": WHY}
    with pytest.raises(NotPermitted, match="Two people judge"):
        acts.act_at_once(permit, by=office.decision, **told)
    own = acts.propose_act(permit, by=office.decision, **told)
    with pytest.raises(NotPermitted, match="Two people judge"):
        acts.perform_act(own, by=office.decision)
    assert read_standing(permit, clock.today()).conditions_added == ()
    acts.decline_act(PermitAct.objects.get(), reason=WHY, by=office.decision)
    act = acts.propose_act(permit, by=office.analyst, **told)
    assert acts.perform_act(act, by=office.decision).done_at is not None
    assert len(read_standing(permit, clock.today()).conditions_added) == 1


def test_a_condition_is_added_also_while_the_gate_is_shut(permit: Permit, office: Cast) -> None:
    number = CONSIDERATIONS[0].number
    edit_card(permit.application, number, {"residual": "substantial_risk"}, by=office.analyst)
    act = acts.propose_act(permit, kind="amend", change=CONDITION, reason=WHY, by=office.analyst)
    assert not acts.perform_act(act, by=office.decision).loosens


def test_whether_it_loosens_is_compared_when_it_is_done(permit: Permit, office: Cast) -> None:
    """To 8 of 10 narrows; after 5 it widens, and what shuts the gate stands against it."""

    def to(quantity: int) -> dict[str, Any]:
        return {"lines": {"1": {"quantity": str(quantity)}}}

    act = acts.propose_act(permit, kind="amend", change=to(8), reason=WHY, by=office.analyst)
    assert not act.loosens
    acts.act_at_once(permit, kind="amend", change=to(5), reason=WHY, by=office.decision)
    number = CONSIDERATIONS[0].number
    edit_card(permit.application, number, {"residual": "substantial_risk"}, by=office.analyst)
    with pytest.raises(GateClosed, match="G8"):
        acts.perform_act(act, by=office.decision)
    assert read_standing(permit, clock.today()).line(1).quantity == Decimal(5)


# Use


def use(permit: Permit, by: User, **values: Any) -> None:
    report_use(
        lines_of(permit)[0],
        by=by,
        **{"used_on": clock.today(), "quantity": Decimal(1), "value": Decimal(1), **values},
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", Decimal(0)),
        ("value", Decimal(-1)),
        ("used_on", clock.today() + timedelta(days=2)),
    ],
)
def test_a_shipment_that_cannot_be_is_refused_by_field(
    permit: Permit, office: Cast, field: str, value: Any
) -> None:
    with pytest.raises(ValidationError) as refusal:
        use(permit, office.analyst, **{field: value})
    assert set(refusal.value.message_dict) == {field}


def test_a_shipment_is_within_the_days_and_the_value_of_the_permit(
    permit: Permit, office: Cast
) -> None:
    with pytest.raises(ValidationError, match="not valid on that day"):
        use(permit, office.analyst, used_on=clock.today() - timedelta(days=1))
    with pytest.raises(ValidationError, match="Only 10 each are left"):
        use(permit, office.analyst, quantity=Decimal(11))
    with pytest.raises(ValidationError, match=r"Only CAD 2\S+500\S+000 are left"):
        use(permit, office.analyst, value=Decimal("2500000.01"))


def test_a_shipment_after_the_last_day_is_refused(permit: Permit, office: Cast) -> None:
    with (
        clock.simulated(clock.now() + timedelta(days=400)),
        pytest.raises(ValidationError, match="not valid on that day"),
    ):
        use(permit, office.analyst)


def test_a_shipment_reported_late_counts_against_what_is_left_today(
    permit: Permit, office: Cast
) -> None:
    """Or the same goods could be shipped twice, by reporting the earlier shipment last."""
    first_day = clock.today()
    with clock.simulated(clock.now() + timedelta(days=5)):
        use(permit, office.analyst, quantity=Decimal(8))
        with pytest.raises(ValidationError, match="Only 2 each are left"):
            use(permit, office.analyst, used_on=first_day, quantity=Decimal(3))
        use(permit, office.analyst, used_on=first_day, quantity=Decimal(2))
        with pytest.raises(Refused, match="Nothing is left on this line"):
            use(permit, office.analyst)
    assert Event.objects.filter(verb=Verb.USED).latest("number").occurred_on == first_day


@pytest.mark.parametrize(
    "alike",
    [{"declaration": "A-1"}, {"quantity": Decimal(2), "value": Decimal(2), "declaration": " b-2 "}],
    ids=["the day and the figures", "the declaration"],
)
def test_the_same_shipment_is_reported_twice_only_where_that_is_said(
    permit: Permit, office: Cast, alike: dict[str, Any]
) -> None:
    use(permit, office.analyst, declaration="B-2")
    with pytest.raises(ValidationError, match=f"The same was reported by {office.analyst}") as said:
        use(permit, office.senior, **alike)
    assert set(said.value.message_dict) == {"again"}
    use(permit, office.senior, again=True, **alike)
    # What is another is not asked about; nor is what was taken back.
    use(permit, office.senior, quantity=Decimal(3))
    last = Use.objects.latest("pk")
    agree_to_reversal(propose_reversal(last, reason=WHY, by=office.senior), by=office.analyst)
    use(permit, office.senior, quantity=Decimal(3))


@pytest.mark.parametrize("kind", ["suspend", "cancel"])
def test_nothing_is_shipped_on_a_line_that_is_out_of_force(
    permit: Permit, office: Cast, kind: str
) -> None:
    first = lines_of(permit)[0]
    acts.act_at_once(permit, kind=kind, line=first, reason=WHY, by=office.decision)
    with pytest.raises(ValidationError, match="On that day the line was"):
        use(permit, office.analyst)


def amended(permit: Permit, office: Cast, quantity: str) -> None:
    change = {"lines": {"1": {"quantity": quantity}}}
    act = acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    acts.perform_act(act, by=office.decision)


def test_a_shipment_counts_against_what_its_own_day_allowed(permit: Permit, office: Cast) -> None:
    first_day = clock.today()
    with clock.simulated(clock.now() + timedelta(days=5)):
        amended(permit, office, "5")
        with pytest.raises(ValidationError, match="Only 5 each are left"):
            use(permit, office.analyst, quantity=Decimal(8))
        use(permit, office.analyst, used_on=first_day, quantity=Decimal(8))
        with pytest.raises(ValidationError, match="Only 0 each are left"):
            use(permit, office.analyst)
        use(permit, office.analyst, used_on=first_day, quantity=Decimal(2))
        with pytest.raises(Refused, match="Nothing is left on this line"):
            use(permit, office.analyst, used_on=first_day)


def test_what_was_extended_since_was_not_there_before(permit: Permit, office: Cast) -> None:
    amended(permit, office, "4")
    first_day = clock.today()
    with clock.simulated(clock.now() + timedelta(days=5)):
        amended(permit, office, "10")
        with pytest.raises(ValidationError, match="Only 4 each are left"):
            use(permit, office.analyst, used_on=first_day, quantity=Decimal(7))
        use(permit, office.analyst, quantity=Decimal(7))


@pytest.mark.parametrize(
    ("name", "most", "more", "words"),
    [
        ("quantity", "10", "10.001", "assessed for 10 each. More than that takes"),
        ("value", "2500000", "2500000.01", "assessed for CAD 2 500 000. More than that takes"),
    ],
)
def test_an_amendment_gives_no_more_than_the_application_was_assessed_for(
    permit: Permit, office: Cast, name: str, most: str, more: str, words: str
) -> None:
    """The considerations were signed for the application's line, and for no more of it."""
    told: dict[str, Any] = {"kind": "amend", "reason": WHY, "by": office.analyst}
    for before in (None, "5"):
        if before is not None:
            change = {"lines": {"1": {name: before}}}
            acts.act_at_once(permit, kind="amend", change=change, reason=WHY, by=office.decision)
        with pytest.raises(ValidationError) as refusal:
            acts.propose_act(permit, change={"lines": {"1": {name: more}}}, **told)
        assert set(refusal.value.message_dict) == {name}
        assert words in " ".join(refusal.value.message_dict[name][0].split())
    act = acts.propose_act(permit, change={"lines": {"1": {name: most}}}, **told)
    assert acts.perform_act(act, by=office.decision).loosens


@pytest.mark.parametrize(
    ("name", "shipped", "less", "words"),
    [
        ("quantity", "8", "7.999", "on this line: 8 each."),
        ("value", "2000", "1999.99", "on this line: CAD 2 000."),
    ],
    ids=["quantity", "value"],
)
def test_a_line_is_narrowed_to_what_was_shipped_and_not_below(
    permit: Permit, office: Cast, name: str, shipped: str, less: str, words: str
) -> None:
    """Also where it was shipped after the amendment was proposed."""
    told: dict[str, Any] = {"kind": "amend", "reason": WHY}
    below, just = ({"lines": {"1": {name: figure}}} for figure in (less, shipped))
    waiting = acts.propose_act(permit, change=below, by=office.analyst, **told)
    use(permit, office.analyst, **{name: Decimal(shipped)})
    with pytest.raises(ValidationError) as refusal:
        acts.act_at_once(permit, change=below, by=office.decision, **told)
    assert set(refusal.value.message_dict) == {name}
    assert words in " ".join(refusal.value.message_dict[name][0].split())
    with pytest.raises(Refused, match="Shipped already on this line"):
        acts.perform_act(waiting, by=office.decision)
    acts.act_at_once(permit, change=just, by=office.decision, **told)
    held = read_standing(permit, clock.today()).line(1)
    assert getattr(held, f"{name}_left") == 0


def test_a_last_day_that_passed_since_it_was_proposed_is_not_set(
    permit: Permit, office: Cast
) -> None:
    change = {"valid_to": clock.today() + timedelta(days=3)}
    act = acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    with (
        clock.simulated(clock.now() + timedelta(days=4)),
        pytest.raises(Refused, match=r"has passed\. Propose it anew"),
    ):
        acts.perform_act(act, by=office.decision)


def test_an_act_is_done_on_the_permit_that_was_looked_at(permit: Permit, office: Cast) -> None:
    change = {"lines": {"1": {"quantity": "8"}}}
    act = acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    seen = head_of(permit.application)
    amended(permit, office, "2")
    with pytest.raises(Conflict):
        acts.perform_act(act, by=office.decision, seen_head=seen)
    acts.perform_act(act, by=office.decision, seen_head=head_of(permit.application))


def test_nothing_is_left_of_a_line_that_was_narrowed_below_its_use(
    permit: Permit, office: Cast
) -> None:
    """A shipment of before it was narrowed, reported since."""
    first_day = clock.today()
    with clock.simulated(clock.now() + timedelta(days=5)):
        amended(permit, office, "5")
        use(permit, office.analyst, used_on=first_day, quantity=Decimal(8))
        held = read_standing(permit, clock.today()).line(1)
    assert (held.quantity, held.used_quantity) == (Decimal(5), Decimal(8))
    assert held.quantity_left == 0
    assert held.is_exhausted


# Lines that were cancelled


@pytest.fixture
def of_two_kinds(office: Cast) -> Permit:
    """A permit to Lebanon; its first line is found to be related material, which is prohibited."""
    goods = [{**OTHER_LINE, "items": [item]} for item in ("1-6.A.2", "1-6.A.3")]
    people = (office.analyst, office.senior, office.decision)
    permit = make_permit(*people, destination="LB", lines=goods)
    related = flag_key(1, Flag.RELATED_MATERIAL)
    with clock.simulated(clock.now() + timedelta(minutes=1)):
        say(permit.application, StatementKind.FLAG, related, "yes", by=office.analyst)
    return permit


def is_at_risk(permit: Permit) -> bool:
    overview.refresh()
    risky = worklist.of_view("risk", worklist.viewer(permit.decision.decided_by, [], clock.today()))
    client = Client()
    client.force_login(permit.decision.decided_by)
    page = client.get(permit.get_absolute_url())
    found = Application.objects.filter(risky, permit=permit).exists()
    assert bool(page.context["risks"]) == found
    return found


@pytest.mark.parametrize("kind", ["cancel", "suspend"])
def test_goods_that_may_not_be_shipped_put_no_permit_at_risk(
    of_two_kinds: Permit, office: Cast, kind: str
) -> None:
    first, _second = lines_of(of_two_kinds)
    with clock.simulated(clock.now() + timedelta(minutes=2)):
        assert is_at_risk(of_two_kinds)
        acts.act_at_once(of_two_kinds, kind=kind, line=first, reason=WHY, by=office.decision)
        assert not is_at_risk(of_two_kinds)


def test_a_line_that_was_cancelled_keeps_no_other_from_being_reinstated(
    of_two_kinds: Permit, office: Cast
) -> None:
    first, second = lines_of(of_two_kinds)
    acts.act_at_once(of_two_kinds, kind="suspend", reason=WHY, by=office.decision)
    act = acts.propose_act(
        of_two_kinds, kind="reinstate", line=second, reason=WHY, by=office.analyst
    )
    # It is suspended, and could come back.
    with pytest.raises(GateClosed, match="Line 1: prohibited"):
        acts.perform_act(act, by=office.decision)
    acts.act_at_once(of_two_kinds, kind="cancel", line=first, reason=WHY, by=office.decision)
    acts.perform_act(act, by=office.decision)
    assert read_standing(of_two_kinds, clock.today()).status == "cancelled_in_part"
