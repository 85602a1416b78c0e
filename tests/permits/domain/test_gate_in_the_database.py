"""Raw SQL that issues against the gate is refused, on both engines, even with its event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from history import clock, guards
from history.actors import SYSTEM
from history.domain.door import door
from history.models import Event, Log, Tracked
from history.refusal import at_the_door
from permits.choices import Flag
from permits.domain.acts import act_at_once
from permits.domain.casefile import read_file
from permits.domain.frozen import packed
from permits.domain.intake import declare_conflict
from permits.domain.recommendation import recommend, send_back
from permits.guards import GATE
from permits.models import (
    Application,
    Card,
    Condition,
    Decision,
    Line,
    Party,
    Permit,
    PermitLine,
    Recommendation,
    Statement,
)
from tests.people import Cast
from tests.permits.factories import (
    WHY,
    in_a_year,
    lower,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
)
from tests.unlogged import unlogged

Row = TypeVar("Row", bound=Tracked)


BEFORE_THE_LAW = date(2019, 8, 31)


def decide(application: Application, office: Cast, **values: object) -> Decision:
    """A decision to issue that nothing looked at."""
    frozen, digest = packed({})
    decision = Decision(
        application=application,
        reasons=WHY,
        delegation=office.decision.delegations.get(),
        frozen=frozen,
        frozen_digest=digest,
        **{
            "recommendation": values.get("recommendation") or standing(application),
            "outcome": "issued",
            "decided_on": clock.today(),
            "decided_by": office.decision,
            "is_for_war_material": True,
            **values,
        },
    )
    with door(by=SYSTEM) as entries:
        entries.record("test.decided", stream=application.stream, subject="test:1").add(decision)
    return decision


def is_refused(
    application: Application,
    decision: Decision,
    *,
    occurred_on: date | None = None,
    **days: date,
) -> str:
    """The database's words when a permit is inserted past the program; empty if it takes it."""
    with transaction.atomic():
        with door(by=SYSTEM) as entries:
            entry = entries.record(
                "test.issued",
                stream=application.stream,
                subject="test:1",
                occurred_on=occurred_on,
            )
        permit = Permit(
            id=1,
            stream=application.stream,
            version=entry.recorded.sequence,
            number="EP-2026-000001",
            application=application,
            decision=decision,
            **{
                "issued_on": clock.today(),
                "valid_from": clock.today(),
                "valid_to": in_a_year(),
                **days,
            },
        )
        try:
            with transaction.atomic(), at_the_door():
                Permit._base_manager.bulk_create([permit])
        except IntegrityError as refusal:
            return str(refusal)
        transaction.set_rollback(True)
        return ""


def edit(row: Row, **values: object) -> Row:
    """Past the domain, with an event."""
    with door(by=SYSTEM) as entries:
        entries.record("test.edited", stream=row.stream, subject="test:1").set(row, **values)
    return row


def standing(application: Application) -> Recommendation:
    recommendation = read_file(application).recommendation
    assert recommendation is not None
    return recommendation


def card(application: Application) -> Card:
    return Card.objects.filter(application=application)[0]


def excepted(application: Application, office: Cast, **values: str) -> Statement:
    """A statement that two people stand by, as if it were an exception."""
    said = Statement.objects.filter(application=application, countersigned_at__isnull=False)
    return edit(said[0], **{"kind": "exception", **values})


BREAKS: dict[str, tuple[Callable[[Application, Cast], object], str]] = {
    "a substantial risk": (
        lambda case, office: edit(card(case), residual="substantial_risk"),
        "g8",
    ),
    "not enough information": (
        lambda case, office: edit(card(case), residual="not_enough_information"),
        "g8",
    ),
    "no second signature": (
        lambda case, office: edit(card(case), second_by=None, second_at=None),
        "g9",
    ),
    "the decision-maker signed": (
        lambda case, office: edit(card(case), second_by=office.decision),
        "g12",
    ),
    "the decision-maker edited": (
        lambda case, office: edit(card(case), edited_by=office.decision),
        "g12",
    ),
    "the decision-maker signed first": (
        lambda case, office: edit(card(case), first_by=office.decision),
        "g12",
    ),
    "the decision-maker claimed an exception": (
        lambda case, office: edit(excepted(case, office), made_by=office.decision),
        "g12",
    ),
    "the decision-maker countersigned an exception": (
        lambda case, office: edit(excepted(case, office), countersigned_by=office.decision),
        "g12",
    ),
    "the decision-maker authorised a listed party": (
        lambda case, office: edit(
            excepted(case, office, kind="authorization"), made_by=office.decision
        ),
        "g12",
    ),
    "the decision-maker countersigned that goods are no arms": (
        lambda case, office: edit(
            excepted(case, office, kind="flag", key="line:1:war_material", value="no"),
            countersigned_by=office.decision,
        ),
        "g12",
    ),
    "the decision-maker declared a conflict": (
        lambda case, office: declare_conflict(case, by=office.decision, reason=WHY),
        "g12",
    ),
    "the decision-maker recommended": (
        lambda case, office: edit(
            Recommendation.objects.get(application=case), made_by=office.decision
        ),
        "g12",
    ),
}


def test_a_good_case_is_taken(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    assert is_refused(application, decide(application, office)) == ""


@pytest.mark.parametrize("name", BREAKS)
def test_a_permit_against_the_gate_is_refused(office: Cast, name: str) -> None:
    application = make_recommended(office.analyst, office.senior)
    spoil, rule = BREAKS[name]
    spoil(application, office)
    refusal = is_refused(application, decide(application, office))
    assert f"gate_{rule}" in refusal or f"closed: {rule}" in refusal


def test_a_risk_counts_also_where_the_decision_says_that_it_is_not_for_arms(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    edit(Line.objects.get(application=application), items=["1-1"])
    edit(card(application), residual="substantial_risk")
    refusal = is_refused(application, decide(application, office, is_for_war_material=False))
    assert "gate_g8" in refusal or "closed: g8" in refusal


LATER = clock.today() + timedelta(days=30)

DAYS: dict[str, tuple[dict[str, date], dict[str, date], date | None, str]] = {
    "decided before the law": ({"decided_on": BEFORE_THE_LAW}, {}, None, "decided"),
    "issued before the law": ({}, {"issued_on": BEFORE_THE_LAW}, None, "day"),
    "valid before it is issued": ({}, {"valid_from": BEFORE_THE_LAW}, None, "decided"),
    "decided and issued before its event": (
        {"decided_on": BEFORE_THE_LAW},
        {"issued_on": BEFORE_THE_LAW, "valid_from": BEFORE_THE_LAW},
        None,
        "day",
    ),
    "decided and issued after its event": (
        {"decided_on": LATER},
        {"issued_on": LATER, "valid_from": LATER},
        None,
        "day",
    ),
    "with an event that says the same": (
        {"decided_on": BEFORE_THE_LAW},
        {"issued_on": BEFORE_THE_LAW, "valid_from": BEFORE_THE_LAW},
        BEFORE_THE_LAW,
        "day",
    ),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_permit_is_of_the_day_of_its_decision_and_of_its_event(office: Cast, name: str) -> None:
    application = make_recommended(office.analyst, office.senior)
    of_decision, of_permit, of_event, rule = DAYS[name]
    decision = decide(application, office, **of_decision)
    refusal = is_refused(application, decision, occurred_on=of_event, **of_permit)
    assert f"gate_{rule}" in refusal or f"closed: {rule}" in refusal


def test_a_real_log_takes_a_permit_only_on_the_day_of_the_database(
    office: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Event.objects.filter(number=1)
    body = bytes(first.get().body).replace(b'"synthetic":true', b'"synthetic":false')
    with unlogged():
        Log.objects.update(synthetic=False)
        first.update(body=body)
    settings.PERMIT_DESK_MODE = "production"
    application = make_recommended(office.analyst, office.senior)
    assert is_refused(application, decide(application, office)) == ""
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    another = make_recommended(office.analyst, office.senior)
    assert "day" in is_refused(another, decide(another, office))


BLANKS = "".join(one for one in map(chr, range(sys.maxunicode + 1)) if one.isspace())


@pytest.mark.parametrize(
    "item", ["2-15.d", "9-1", "Group 2 (15)", f"{BLANKS}2-15.d", f"Group{BLANKS}9-1"]
)
def test_what_a_decision_says_to_be_no_arms_is_not_believed_of_groups_2_and_9(
    office: Cast, item: str
) -> None:
    application = make_recommended(office.analyst, office.senior)
    edit(Line.objects.get(application=application), items=["1-1", item])
    refusal = is_refused(application, decide(application, office, is_for_war_material=False))
    assert "gate_arms" in refusal or "closed: arms" in refusal


def test_an_item_is_read_by_the_database_however_it_is_written(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    line = edit(Line.objects.get(application=application), items=["1-1"])
    with door(by=SYSTEM) as entries:
        entry = entries.record("test.edited", stream=line.stream, subject="test:1")
    with at_the_door(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE permits_line SET items = %s, version = %s WHERE id = %s",
            [r'["2\u002d15.d"]', entry.recorded.sequence, line.pk],
        )
    refusal = is_refused(application, decide(application, office, is_for_war_material=False))
    assert "gate_arms" in refusal or "closed: arms" in refusal


def test_what_two_people_stated_to_be_no_arms_is_taken(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    lower(application, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    assert is_refused(application, decide(application, office, is_for_war_material=False)) == ""


def test_who_took_a_recommendation_back_does_not_decide_another(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    edit(standing(application), made_by=office.decision)
    send_back(standing(application), reason=WHY, by=office.senior)
    recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    refusal = is_refused(application, decide(application, office))
    assert "gate_g12" in refusal or "closed: g12" in refusal


@pytest.mark.parametrize("outcome", ["refused", "returned"])
def test_another_decision_gives_no_permit(office: Cast, outcome: str) -> None:
    application = make_recommended(office.analyst, office.senior)
    assert "decided" in is_refused(application, decide(application, office, outcome=outcome))


RECOMMENDED: dict[str, Callable[[Application, Cast], Recommendation]] = {
    "of another case": lambda case, office: standing(
        make_recommended(office.analyst, office.senior)
    ),
    "that was sent back": lambda case, office: send_back(
        standing(case), reason=WHY, by=office.senior
    ),
    "to refuse": lambda case, office: edit(standing(case), outcome="refused"),
}


@pytest.mark.parametrize("name", RECOMMENDED)
def test_a_recommendation_that_is_none_to_issue_this_gives_no_permit(
    office: Cast, name: str
) -> None:
    application = make_recommended(office.analyst, office.senior)
    recommendation = RECOMMENDED[name](application, office)
    decision = decide(application, office, recommendation=recommendation)
    assert "decided" in is_refused(application, decision)


def test_the_guards_of_the_gate_are_looked_after_like_all_others(db: None) -> None:
    mine = [one for one in guards._wanted(connection) if one.name.startswith("permits_permit_gate")]
    assert len(mine) == len(GATE)
    with connection.cursor() as cursor:
        cursor.execute(mine[0].drop(connection.vendor))
    assert guards.missing(connection) == [mine[0].name]
    guards.install(connection)
    assert guards.missing(connection) == []


@pytest.mark.parametrize("whose", ["another case's", "its own"])
def test_no_line_is_added_to_a_permit_that_was_issued(office: Cast, whose: str) -> None:
    """With an event of the permit's stream: another case's goods would move under it."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    of = make_in_review(office.analyst) if whose != "its own" else permit.application
    line = Line.objects.filter(application=of).earliest("pk")
    with transaction.atomic():
        with door(by=SYSTEM) as entries:
            entry = entries.record("test.issued", stream=permit.stream, subject="test:1")
        added = PermitLine(
            id=999,
            stream=permit.stream,
            version=entry.recorded.sequence,
            permit=permit,
            line=line,
            number=2,
            quantity=1000,
        )
        with (
            pytest.raises(IntegrityError, match=r"gate_line|the gate is closed: line"),
            transaction.atomic(),
            at_the_door(),
        ):
            PermitLine._base_manager.bulk_create([added])
        transaction.set_rollback(True)


def issue_and_change(
    application: Application,
    decision: Decision,
    table: str,
    column: str,
    value: str | None,
    figures: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """The database's words where the event that tells of a permit changes the case before the
    permit's lines are added, with those figures; empty if it takes all."""
    line = Line.objects.get(application=application)
    with transaction.atomic():
        with door(by=SYSTEM) as entries:
            entry = entries.record("test.issued", stream=application.stream, subject="test:1")
        version = entry.recorded.sequence
        told: dict[str, Any] = {"stream": application.stream, "version": version}
        permit = Permit(
            id=1,
            number="EP-2026-000001",
            application=application,
            decision=decision,
            issued_on=clock.today(),
            valid_from=clock.today(),
            valid_to=in_a_year(),
            **told,
        )
        added = PermitLine(
            id=1,
            permit=permit,
            line=line,
            **{
                "number": line.number,
                "quantity": line.quantity,
                "unit": line.unit,
                "value": line.total_value,
                **figures,
                **told,
            },
        )
        try:
            with transaction.atomic(), at_the_door():
                Permit._base_manager.bulk_create([permit])
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"UPDATE {table} SET {column} = %s, version = %s WHERE id ="
                        f" (SELECT MAX(id) FROM {table} WHERE application_id = %s)",
                        [value, version, application.pk],
                    )
                PermitLine._base_manager.bulk_create([added])
        except IntegrityError as refusal:
            return str(refusal)
        finally:
            transaction.set_rollback(True)
    return ""


CHANGED = {
    "g8": ("permits_card", "residual", "substantial_risk"),
    "g9": ("permits_card", "second_by_id", None),
    "goods": ("permits_line", "description", "Another"),
    "nothing": ("permits_statement", "source", "Another"),
}


@pytest.mark.parametrize("rule", CHANGED)
def test_the_goods_are_looked_at_again_when_they_come_under_the_permit(
    office: Cast, rule: str
) -> None:
    application = make_recommended(office.analyst, office.senior)
    refusal = issue_and_change(application, decide(application, office), *CHANGED[rule])
    if rule == "nothing":
        assert refusal == ""
    else:
        where = "line_gate_goods" if rule == "goods" else f"permitline_gate_{rule}"
        assert where in refusal or f"the gate is closed: {rule}" in refusal


def test_no_arms_come_under_a_permit_that_was_issued_for_none(office: Cast) -> None:
    application = make_ready(office.analyst, office.senior)
    lower(application, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    recommend(application, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    decision = decide(application, office, is_for_war_material=False)
    refusal = issue_and_change(application, decision, "permits_statement", "value", "yes")
    assert "permitline_gate_arms" in refusal or "the gate is closed: arms" in refusal


@pytest.mark.parametrize(
    "figures",
    [{"quantity": 1000}, {"value": None}, {"unit": "t"}],
    ids=["quantity", "value", "unit"],
)
def test_a_permit_authorises_what_the_application_says(
    office: Cast, figures: dict[str, object]
) -> None:
    application = make_recommended(office.analyst, office.senior)
    decision = decide(application, office)
    refusal = issue_and_change(application, decision, *CHANGED["nothing"], figures)
    assert "permitline_gate_line" in refusal or "the gate is closed: line" in refusal


def test_a_permit_ends_on_the_day_that_was_recommended(office: Cast) -> None:
    application = make_recommended(office.analyst, office.senior)
    refusal = is_refused(
        application, decide(application, office), valid_to=in_a_year() + timedelta(days=1)
    )
    assert "permit_gate_decided" in refusal or "the gate is closed: decided" in refusal


def anew(row: Row, **values: object) -> Row:
    """The same row once more, past the domain, with an event."""
    names = (one.attname for one in row._meta.concrete_fields)
    copy = {name: getattr(row, name) for name in names if name not in ("id", "stream", "version")}
    made = type(row)(**{**copy, **values})
    with door(by=SYSTEM) as entries:
        entries.record("test.added", stream=row.stream, subject="test:1").add(made)
    return made


AFTERWARDS: dict[str, Callable[[Permit, Cast], object]] = {
    "goods": lambda permit, office: edit(permit.lines.get().line, items=["2-1"]),
    "more_goods": lambda permit, office: anew(permit.lines.get().line, number=2),
    "parties": lambda permit, office: edit(
        Party.objects.filter(application=permit.application)[1], name="Another"
    ),
    "more_parties": lambda permit, office: anew(
        Party.objects.get(application=permit.application, role="consignee"), name="Another"
    ),
    "conditions": lambda permit, office: edit(Condition.objects.get(), is_removed=True),
    "more_conditions": lambda permit, office: anew(Condition.objects.get(), text_en="More"),
    "transaction": lambda permit, office: edit(permit.application, end_use="Another"),
    "act": lambda permit, office: edit(
        act_at_once(permit, kind="suspend", reason=WHY, by=office.decision), kind="amend"
    ),
}


@pytest.mark.parametrize("rule", AFTERWARDS)
def test_what_was_decided_and_done_stays_as_it_was(office: Cast, rule: str) -> None:
    """Also by an event of later: a permit, its papers and its acts are of what its decision saw."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    with pytest.raises(IntegrityError, match=f"gate_{rule}|the gate is closed: {rule}"):
        AFTERWARDS[rule](permit, office)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("destination_id", None),
        ("sub_region", "ukraine_crimea"),
        ("transit", ["FR"]),
        ("country_of_export_id", 1),
        ("end_user_kind", "private"),
        ("end_use_location", "Another"),
        ("resale_or_government", "resale"),
        ("brokering_paragraph", "b"),
        ("activity", "brokering"),
        ("reference", "E-2026-000099"),
        ("filed_on", None),
    ],
)
def test_what_an_application_says_of_the_transaction_stays_once_it_is_decided(
    office: Cast, column: str, value: object
) -> None:
    application = make_permit(office.analyst, office.senior, office.decision).application
    with pytest.raises(IntegrityError, match=r"gate_transaction|the gate is closed: transaction"):
        edit(application, **{column: value})


def test_who_has_a_case_can_change_once_it_is_decided(office: Cast) -> None:
    application = make_permit(office.analyst, office.senior, office.decision).application
    assert edit(application, assigned_to=office.senior).assigned_to == office.senior
