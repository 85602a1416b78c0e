"""What counts of what people state: with one signature, with two, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history import clock
from history.domain.door import Conflict
from permits.choices import Flag, PartyRole, Screened, StatementKind
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.casework import last_edit_of
from permits.domain.requirements import LIMITS, required_facts
from permits.domain.ruling import requires_assessment
from permits.domain.statements import (
    APPLICANT_KEY,
    END_USER_KEY,
    RESIDENT,
    STATE_SAFETY_KEY,
    VALUES,
    Counted,
    Said,
    counted,
    countersign,
    counts_alone,
    flag_key,
    listing_policies,
    party_key,
    screened_by_two,
    set_aside,
    standing,
    state,
    verdict,
)
from permits.models import Application, Statement
from tests.people import Cast
from tests.permits.factories import LINE, WHY, lower, make_draft, make_in_review, say

STRICTER = {
    ("flag", "yes"),
    ("end_user", "private"),
    ("end_user", "unknown"),
    ("eligibility", "not_resident"),
    ("screening", "listed"),
    ("state_safety", "raised"),
    ("state_safety", "prejudicial"),
}


@pytest.fixture
def case(office: Cast) -> Application:
    return make_in_review(office.analyst)


def war(application: Application) -> bool | None:
    return counted(read_file(application)).flag(1, Flag.WAR_MATERIAL)


def test_only_what_makes_a_case_stricter_counts_with_one_signature() -> None:
    every = {(kind, value) for kind, values in VALUES.items() for value in values}
    assert {one for one in every if counts_alone(*one)} == STRICTER


def test_a_lowered_flag_counts_once_a_second_person_stands_by_it(
    case: Application, office: Cast
) -> None:
    key = flag_key(1, Flag.WAR_MATERIAL)
    made = say(case, StatementKind.FLAG, key, "no", by=office.analyst)
    assert war(case) is None
    assert requires_assessment(read_file(case))
    countersign(made, by=office.senior)
    assert war(case) is False
    assert not requires_assessment(read_file(case))


def test_nobody_countersigns_their_own(case: Application, office: Cast) -> None:
    made = say(case, StatementKind.END_USER, END_USER_KEY, "government", by=office.analyst)
    with pytest.raises(NotPermitted, match="You made this"):
        countersign(made, by=office.analyst)
    assert counted(read_file(case)).end_user is None


@pytest.mark.parametrize("who", ["decision", "admin", "auditor"])
def test_only_analysts_state_and_countersign(case: Application, office: Cast, who: str) -> None:
    made = say(case, StatementKind.END_USER, END_USER_KEY, "government", by=office.analyst)
    person = getattr(office, who)
    with pytest.raises(NotPermitted):
        countersign(made, by=person)
    with pytest.raises(NotPermitted):
        say(case, StatementKind.END_USER, END_USER_KEY, "government", by=person)


def test_a_stricter_statement_is_never_lost_to_one_signature(
    case: Application, office: Cast
) -> None:
    key = flag_key(1, Flag.WAR_MATERIAL)
    lower(case, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    lowered = Statement.objects.get()
    stricter = say(case, StatementKind.FLAG, key, "yes", by=office.analyst_b)
    assert war(case) is True
    lowered.refresh_from_db()
    assert lowered.set_aside_by == office.analyst_b
    with pytest.raises(Refused, match="State the opposite"):
        set_aside(stricter, by=office.analyst, reason=WHY)
    waiting = say(case, StatementKind.FLAG, key, "no", by=office.analyst)
    assert war(case) is True
    countersign(waiting, by=office.senior)
    assert war(case) is False
    stricter.refresh_from_db()
    assert stricter.set_aside_at is not None


def test_an_edit_makes_what_was_said_about_it_stale(case: Application, office: Cast) -> None:
    lower(case, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    line = read_file(case).lines[0]
    intake.edit_line(line, {"description": "Something else entirely"}, by=office.analyst)
    assert war(case) is None
    assert [verdict(one) for one in standing(read_file(case))] == ["stale"]


def test_another_kind_of_end_user_declared_makes_what_was_said_of_it_stale(
    case: Application, office: Cast
) -> None:
    say(
        case,
        StatementKind.END_USER,
        END_USER_KEY,
        "government",
        by=office.analyst,
        second=office.senior,
    )
    assert counted(read_file(case)).end_user == "government"
    case = intake.edit_application(case, {"end_user_kind": "private"}, by=office.analyst)
    assert counted(read_file(case)).end_user is None


def test_an_edit_elsewhere_leaves_it(case: Application, office: Cast) -> None:
    lower(case, Flag.WAR_MATERIAL, by=office.analyst, second=office.senior)
    party = read_file(case).parties[0]
    intake.edit_party(party, {"telephone": "613 555 0199"}, by=office.analyst)
    assert war(case) is False


def test_a_stale_statement_is_not_countersigned(case: Application, office: Cast) -> None:
    party = read_file(case).parties[0]
    key = party_key(party.pk)
    made = say(case, StatementKind.SCREENING, key, Screened.CLEAR, by=office.analyst)
    intake.edit_party(party, {"name": "Another Name Ltd."}, by=office.analyst)
    with pytest.raises(Refused, match="has changed since"):
        countersign(made, by=office.senior)


def test_a_screening_expires_when_the_party_changes(case: Application, office: Cast) -> None:
    party = read_file(case).parties[0]
    key = party_key(party.pk)
    say(case, StatementKind.SCREENING, key, "clear", by=office.analyst, second=office.senior)
    assert screened_by_two(read_file(case)) == {key}
    intake.edit_party(party, {"name": "Another Name Ltd."}, by=office.analyst)
    assert screened_by_two(read_file(case)) == frozenset()


def test_one_waits_and_a_new_one_takes_its_place(case: Application, office: Cast) -> None:
    first = say(case, StatementKind.END_USER, END_USER_KEY, "government", by=office.analyst)
    say(case, StatementKind.END_USER, END_USER_KEY, "authorised", by=office.senior)
    first.refresh_from_db()
    assert first.set_aside_by == office.senior
    assert Statement.objects.filter(set_aside_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Said(StatementKind.FLAG, "line:9:war_material", "no", WHY), "key"),
        (Said(StatementKind.FLAG, "line:1:colour", "no", WHY), "key"),
        (Said(StatementKind.FLAG, "line:1:war_material", "perhaps", WHY), "value"),
        (Said(StatementKind.SCREENING, "party:0", "clear", WHY, source="List"), "key"),
        (Said(StatementKind.ANSWER, "a:b", "yes", WHY), "key"),
        (Said(StatementKind.ELIGIBILITY, "applicant", "resident", WHY), "source"),
        (Said(StatementKind.ELIGIBILITY, "applicant", "resident", WHY, source="\u200b"), "source"),
        (Said(StatementKind.EXCEPTION, "X:nato", "claimed", WHY), "document"),
        (Said(StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, "raised", WHY, policies=("X",)), ""),
    ],
)
def test_what_cannot_be_said_is_refused_by_field(
    case: Application, office: Cast, said: Said, field: str
) -> None:
    if not field:
        state(case, said, by=office.analyst)
        return
    with pytest.raises(ValidationError) as refusal:
        state(case, said, by=office.analyst)
    assert field in refusal.value.message_dict


def test_a_listed_party_needs_its_instrument(case: Application, office: Cast) -> None:
    party = read_file(case).parties[0]
    said = Said(StatementKind.SCREENING, party_key(party.pk), "listed", WHY, source="List")
    with pytest.raises(ValidationError) as refusal:
        state(case, said, by=office.analyst)
    assert set(refusal.value.message_dict) == {"policies"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_statements_on_one_thing_the_stricter_counts(order: int) -> None:
    """The acts let only one stand; were there two, nothing is loosened by their order."""
    said = [
        Statement(kind="state_safety", key=STATE_SAFETY_KEY, value=value, counts_alone=alone)
        for value, alone in (("raised", True), ("not_prejudicial", False))
    ]
    assert Counted(said[::order], ()).state_safety == "raised"


def test_a_statement_is_countersigned_or_set_aside_once(case: Application, office: Cast) -> None:
    key = flag_key(1, Flag.WAR_MATERIAL)
    made = say(case, StatementKind.FLAG, key, "no", by=office.analyst)
    gone = set_aside(made, by=office.analyst, reason=WHY)
    with pytest.raises(Refused, match="was set aside"):
        countersign(gone, by=office.senior)
    with pytest.raises(Refused, match="was set aside"):
        set_aside(gone, by=office.analyst, reason=WHY)
    stands = say(case, StatementKind.FLAG, key, "no", by=office.analyst, second=office.senior)
    with pytest.raises(Refused, match="countersigned already"):
        countersign(stands, by=office.analyst_b)
    stricter = say(case, StatementKind.FLAG, key, "yes", by=office.analyst)
    with pytest.raises(Refused, match="counts without a second person"):
        countersign(stricter, by=office.senior)


# Against what counts already


def listed(case: Application, by: User, *under: str, second: User | None = None) -> Statement:
    key = party_key(read_file(case).parties[0].pk)
    return say(case, StatementKind.SCREENING, key, "listed", by=by, second=second, policies=under)


def listed_under(case: Application) -> tuple[str, ...]:
    file = read_file(case)
    return counted(file).listed_under(file.parties[0].pk)


def test_a_party_listed_under_fewer_instruments_waits_for_a_second_person(
    case: Application, office: Cast
) -> None:
    first, second, *_others = sorted(listing_policies())
    assert listed(case, office.analyst, first).counts_alone
    assert listed(case, office.analyst_b, first, second).counts_alone
    fewer = listed(case, office.analyst, second)
    assert not fewer.counts_alone
    assert listed_under(case) == (first, second)
    countersign(fewer, by=office.senior)
    assert listed_under(case) == (second,)


def test_what_two_people_narrowed_stands_like_what_it_narrowed(
    case: Application, office: Cast
) -> None:
    first, second, *_others = sorted(listing_policies())
    listed(case, office.analyst, first, second)
    fewer = listed(case, office.analyst, second, second=office.senior)
    intake.edit_party(read_file(case).parties[0], {"name": "Renamed"}, by=office.analyst)
    assert listed_under(case) == (second,)
    with pytest.raises(Refused, match="makes the case stricter"):
        set_aside(fewer, by=office.analyst, reason=WHY)


@pytest.mark.parametrize("name", ["NO-SUCH-INSTRUMENT", "EIPA-7-2"])
def test_a_party_is_listed_under_what_lists_persons(
    case: Application, office: Cast, name: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        listed(case, office.analyst, name)
    assert set(refusal.value.message_dict) == {"policies"}


@pytest.mark.parametrize(
    ("kind", "key", "before", "after", "alone"),
    [
        (StatementKind.END_USER, END_USER_KEY, "private", "unknown", False),
        (StatementKind.END_USER, END_USER_KEY, "unknown", "private", True),
        (StatementKind.END_USER, END_USER_KEY, "private", "private", True),
        (StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, "prejudicial", "raised", False),
        (StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, "raised", "prejudicial", True),
    ],
)
def test_of_what_is_stricter_the_less_strict_waits_for_a_second_person(
    case: Application,
    office: Cast,
    kind: StatementKind,
    key: str,
    before: str,
    after: str,
    alone: bool,
) -> None:
    say(case, kind, key, before, by=office.senior)
    say(case, kind, key, after, by=office.analyst)
    assert counted(read_file(case)).value(kind, key) == (after if alone else before)


@pytest.mark.parametrize(("declared", "alone"), [("private", False), ("government", True)])
def test_a_declared_private_end_user_is_unknown_by_two_people(
    office: Cast, declared: str, alone: bool
) -> None:
    case = make_draft(office.analyst)
    intake.edit_application(case, {"end_user_kind": declared}, by=office.analyst)
    said = say(case, StatementKind.END_USER, END_USER_KEY, "unknown", by=office.analyst)
    assert said.counts_alone is alone


def test_a_raised_flag_outlives_its_line(case: Application, office: Cast) -> None:
    say(case, StatementKind.FLAG, flag_key(1, Flag.EIPA_4_1), "yes", by=office.senior)
    say(case, StatementKind.FLAG, flag_key(1, Flag.WMD_END_USE), "no", by=office.senior)
    [line] = read_file(case).lines
    intake.add_line(case, LINE, by=office.analyst)
    assert counted(read_file(case)).flag(2, Flag.EIPA_4_1) is None
    intake.remove_line(line, by=office.analyst)
    stated = counted(read_file(case))
    assert stated.flag(2, Flag.EIPA_4_1) is True
    assert stated.flag(2, Flag.WMD_END_USE) is None
    key = flag_key(2, Flag.EIPA_4_1)
    say(case, StatementKind.FLAG, key, "no", by=office.analyst, second=office.senior)
    assert counted(read_file(case)).flag(2, Flag.EIPA_4_1) is False


@pytest.mark.parametrize(("flag", "is_stale"), [(Flag.WMD_END_USE, True), (Flag.EIPA_4_1, False)])
def test_another_end_use_makes_stale_what_was_said_of_the_use_of_the_goods(
    case: Application, office: Cast, flag: Flag, is_stale: bool
) -> None:
    key = flag_key(1, flag)
    say(case, StatementKind.FLAG, key, "yes", by=office.senior)
    say(case, StatementKind.FLAG, key, "no", by=office.analyst, second=office.senior)
    values = {"end_use": "Chemical warfare agents"}
    case = intake.edit_application(case, values, by=office.analyst)
    assert [one.is_stale for one in standing(read_file(case))] == [is_stale]


def test_what_is_gone_is_stated_anew_where_the_gate_waits_for_it(
    case: Application, office: Cast
) -> None:
    """What two people said of a line is stale once it is removed, and they say it again."""
    key = flag_key(1, Flag.EIPA_4_1)
    say(case, StatementKind.FLAG, key, "yes", by=office.senior)
    say(case, StatementKind.FLAG, key, "no", by=office.analyst, second=office.senior)
    party = next(one for one in read_file(case).parties if one.role == PartyRole.CONSIGNEE)
    screened = {"by": office.analyst, "second": office.senior}
    listing = min(listing_policies())
    say(
        case,
        StatementKind.SCREENING,
        party_key(party.pk),
        Screened.LISTED,
        by=office.senior,
        policies=(listing,),
    )
    say(case, StatementKind.SCREENING, party_key(party.pk), Screened.CLEAR, **screened)
    intake.remove_line(read_file(case).lines[0], by=office.analyst)
    intake.remove_party(party, by=office.analyst)
    assert [one.is_stale for one in standing(read_file(case))] == [True, True]
    say(case, StatementKind.FLAG, key, "no", **screened)
    say(case, StatementKind.SCREENING, party_key(party.pk), Screened.CLEAR, **screened)
    assert [one.is_stale for one in standing(read_file(case))] == [False, False]
    with pytest.raises(ValidationError, match="about nothing"):
        say(case, StatementKind.FLAG, flag_key(1, Flag.WMD_END_USE), "no", by=office.analyst)


def test_the_limit_of_a_permit_is_not_waived(office: Cast) -> None:
    """A line without quantity and value would be permitted without limit."""
    values = {**LINE, "quantity": None, "unit_value": None, "total_value": None, "unit": ""}
    case = make_draft(office.analyst, lines=[values])
    [fact] = [one for one in required_facts(read_file(case), clock.today()) if one.is_missing]
    assert fact.key == f"{LIMITS}:1"
    with pytest.raises(ValidationError, match="about nothing"):
        say(case, StatementKind.WAIVER, fact.key, "waived", by=office.analyst)
    assert not replace(fact, was_waived=True).is_waived
    assert replace(fact, was_waived=True).is_missing


def test_that_an_item_is_applied_for_on_another_form_is_not_waived(office: Cast) -> None:
    """It lacks no fact of this form: what the regulations ask of such goods was never looked at."""
    case = make_draft(office.analyst, lines=[{**LINE, "items": ["5101"]}], destination="JP")
    [fact] = [one for one in required_facts(read_file(case), clock.today()) if one.is_missing]
    assert "another form" in fact.words
    with pytest.raises(ValidationError, match="about nothing"):
        say(case, StatementKind.WAIVER, fact.key, "waived", by=office.analyst)
    assert replace(fact, was_waived=True).is_missing


@pytest.mark.parametrize("key", ["nonsense", "form_signed:7", "x" * 3000, "form_date\n"])
def test_only_a_fact_of_the_form_is_waived(case: Application, office: Cast, key: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        say(case, StatementKind.WAIVER, key, "waived", by=office.analyst)
    assert set(refusal.value.message_dict) == {"key"}


def test_what_took_the_place_of_something_stricter_is_not_set_aside(
    case: Application, office: Cast
) -> None:
    """When it is stale, the case stands still until somebody says what holds now."""
    key = flag_key(1, Flag.EIPA_4_1)
    say(case, StatementKind.FLAG, key, "yes", by=office.analyst)
    lowered = say(case, StatementKind.FLAG, key, "no", by=office.analyst, second=office.senior)
    [line] = read_file(case).lines
    intake.edit_line(line, {"description": "Something else"}, by=office.analyst)
    with pytest.raises(Refused, match="took the place of something stricter"):
        set_aside(lowered, by=office.analyst, reason=WHY)
    say(case, StatementKind.FLAG, key, "yes", by=office.analyst)
    lowered.refresh_from_db()
    assert lowered.set_aside_at is not None


def test_nobody_states_anything_about_what_was_edited_since_it_was_looked_at(
    case: Application, office: Cast
) -> None:
    said = Said(StatementKind.ELIGIBILITY, APPLICANT_KEY, RESIDENT, reason=WHY, source="Registry")
    seen = last_edit_of(case)
    intake.edit_party(read_file(case).parties[0], {"name": "Another Inc."}, by=office.senior)
    with pytest.raises(Conflict):
        state(case, said, by=office.analyst, seen=seen)
    seen = last_edit_of(case)
    # What is stated meanwhile is no edit.
    say(case, StatementKind.FLAG, flag_key(1, Flag.EIPA_4_1), "yes", by=office.senior)
    assert state(case, said, by=office.analyst, seen=seen).pk
