"""Taking an application in: what is asked for, what is refused, who may."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.actors import SYSTEM
from history.domain.door import door
from history.models import Event
from permits.domain import intake, requirements
from permits.domain.casefile import read_file
from permits.domain.consultations import open_wait
from permits.domain.requirements import FORM_OF, facts_of_form, required_facts
from permits.models import Application, Line
from tests.people import Cast
from tests.permits.factories import (
    LINE,
    PARTY,
    WHY,
    attached,
    country,
    make_draft,
    make_in_review,
)


def missing(application: Application) -> set[str]:
    return {
        fact.key.split(":")[0]
        for fact in required_facts(read_file(application), clock.today())
        if fact.is_missing
    }


def test_references_count_by_activity_and_year(office: Cast) -> None:
    year = clock.today().year
    made = [intake.open_application(kind, by=office.analyst) for kind in ("export",) * 2]
    made.append(intake.open_application("brokering", by=office.senior))
    assert [one.reference for one in made] == [
        f"E-{year}-000001",
        f"E-{year}-000002",
        f"B-{year}-000001",
    ]


@pytest.mark.parametrize("who", ["decision", "admin", "auditor"])
def test_only_analysts_open_applications(office: Cast, who: str) -> None:
    with pytest.raises(NotPermitted):
        intake.open_application("export", by=getattr(office, who))


@pytest.mark.parametrize("activity", ["export", "brokering"])
def test_a_complete_application_lacks_nothing(office: Cast, activity: str) -> None:
    assert missing(make_draft(office.analyst, activity=activity)) == set()


@pytest.mark.parametrize("activity", ["export", "brokering"])
def test_an_empty_application_lacks_what_the_regulations_ask_for(
    office: Cast, activity: str
) -> None:
    lacking = missing(intake.open_application(activity, by=office.analyst))
    known = set(facts_of_form(FORM_OF[activity]))  # type: ignore[index]
    assert lacking <= known
    assert {"form_signed", "applicant", "consignees", "items"} <= lacking


@pytest.mark.parametrize(
    ("days", "is_asked"),
    [
        ({"asked_from": 0}, True),
        ({"asked_from": 1}, False),
        ({"asked_before": 1}, True),
        ({"asked_before": 0}, False),
    ],
)
def test_a_fact_is_asked_from_its_first_day_to_the_day_before_its_end(
    office: Cast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    days: dict[str, int],
    is_asked: bool,
) -> None:
    application = intake.open_application("export", by=office.analyst)
    data = json.loads(requirements.FILE.read_text("utf-8"))
    [row] = [one for one in data["forms"][0]["fields"] if one["key"] == "permit_delivery_means"]
    row |= {name: str(clock.today() + timedelta(days=n)) for name, n in days.items()}
    changed = tmp_path / "requirements.json"
    changed.write_text(json.dumps(data), "utf-8")
    monkeypatch.setattr(requirements, "FILE", changed)
    monkeypatch.setattr(requirements, "facts_of_form", facts_of_form.__wrapped__)
    assert ("permit_delivery_means" in missing(application)) is is_asked


UNSEEN = "\u3164\u200b"
"""A letter and a space that show nothing."""
NOTHING = ". …"
"""Signs that say nothing."""

LINES: list[tuple[dict[str, Any], set[str]]] = [
    ({"description": ""}, {"item.description"}),
    ({"description": NOTHING}, {"item.description"}),
    ({"measure": NOTHING}, {"item.mass_weight_or_volume"}),
    ({"shipping_point": NOTHING}, {"item.factory_or_first_shipping_point"}),
    ({"unit_value": None, "total_value": None}, {"item.quantity_unit_value_total_value"}),
    ({"measure": ""}, {"item.mass_weight_or_volume"}),
    ({"shipping_point": ""}, {"item.factory_or_first_shipping_point"}),
    ({"items": ["5400"]}, {"item.us_origin_proportion_percent"}),
    ({"items": ["5400"], "us_origin_percent": Decimal(0)}, set()),
    ({"items": ["5101"]}, {"item.guide_item_number"}),
    ({"items": ["5210"]}, {"item.guide_item_number"}),
    ({"unit_value": None, "total_value": Decimal(5)}, {"item.quantity_unit_value_total_value"}),
]


@pytest.mark.parametrize(("values", "wanted"), LINES, ids=[str(one[0]) for one in LINES])
def test_a_line_lacks_what_it_does_not_say(
    office: Cast, values: dict[str, Any], wanted: set[str]
) -> None:
    assert missing(make_draft(office.analyst, lines=[{**LINE, **values}])) == wanted


@pytest.mark.parametrize("item", ["2-15.d", "6-1", "5504"])
def test_these_items_ask_for_the_registration_or_the_declaration(office: Cast, item: str) -> None:
    case = make_draft(office.analyst, lines=[{**LINE, "items": [item]}])
    values = {"declares_not_controlled_goods": False}
    case = intake.edit_application(case, values, by=office.analyst)
    assert missing(case) == {"dpa_registration_proof"}


@pytest.mark.parametrize("words", ["", UNSEEN])
def test_a_document_supports_the_end_use_as_well_as_words_do(office: Cast, words: str) -> None:
    case = make_draft(office.analyst)
    case = intake.edit_application(case, {"end_use": words}, by=office.analyst)
    assert missing(case) == {"end_use_support"}
    attached(case, office.analyst)
    assert missing(case) == set()


@pytest.mark.parametrize(
    ("activity", "role", "is_organization", "wanted"),
    [
        ("export", "applicant", True, {"applicant"}),
        ("export", "applicant", False, set()),
        ("export", "consignee", True, {"consignees"}),
        ("export", "consignee", False, {"consignees"}),
        ("brokering", "applicant", True, {"applicant"}),
        ("brokering", "applicant", False, {"citizenship_and_pr_status"}),
        ("brokering", "consignee", True, set()),
    ],
)
def test_whose_contact_person_is_asked_for(
    office: Cast, activity: str, role: str, is_organization: bool, wanted: set[str]
) -> None:
    case = make_draft(office.analyst, activity=activity)
    (party,) = read_file(case).parties_as(role)
    values = {
        "contact_name": "",
        "is_organization": is_organization,
        "status_in_canada": NOTHING,
    }
    intake.edit_party(party, values, by=office.analyst)
    assert missing(case) == wanted


def test_a_name_that_shows_nothing_is_still_lacking(office: Cast) -> None:
    """As one entered before names were looked at so."""
    case = make_draft(office.analyst)
    (party,) = read_file(case).parties_as("consignee")
    with door(by=SYSTEM) as entries:
        entries.record("test.edited", stream=case.stream, subject="test:1").set(party, name=UNSEEN)
    assert missing(case) == {"consignees"}


BAD_LINES: list[tuple[dict[str, Any], str]] = [
    ({"items": ["banana"]}, "items"),
    ({"items": ["2-99"]}, "items"),
    ({"quantity": Decimal(0)}, "quantity"),
    ({"quantity": Decimal(-1)}, "quantity"),
    ({"unit_value": Decimal("1.234")}, "unit_value"),
    ({"us_origin_percent": Decimal(101)}, "us_origin_percent"),
    ({"unit_value": Decimal("99999999999999.99")}, "unit_value"),
    ({"quantity": None, "total_value": Decimal("9999999999999999.99")}, "total_value"),
    ({"quantity": Decimal(30_000_000), "unit_value": Decimal("999999999.99")}, "total_value"),
    ({"unit": "x" * 41}, "unit"),
    ({"items": [], "description": ""}, "description"),
    ({"items": [], "description": UNSEEN}, "description"),
    (
        {"quantity": Decimal(5), "unit_value": Decimal(100), "total_value": Decimal(501)},
        "total_value",
    ),
]


@pytest.mark.parametrize(("values", "field"), BAD_LINES, ids=[str(one[0]) for one in BAD_LINES])
def test_a_line_that_cannot_be_is_refused_by_field(
    office: Cast, values: dict[str, Any], field: str
) -> None:
    case = intake.open_application("export", by=office.analyst)
    with pytest.raises(ValidationError) as refusal:
        intake.add_line(case, {**LINE, **values}, by=office.analyst)
    assert set(refusal.value.message_dict) == {field}
    assert read_file(case).lines == ()


def test_the_lines_together_are_bounded_as_one_figure_is(office: Cast) -> None:
    """Beyond 15 digits SQLite rounds the sum, and the case would differ from its overview."""
    case = make_draft(office.analyst)
    most = {**LINE, "quantity": Decimal(1), "unit_value": Decimal("9999999999999.99")}
    with pytest.raises(ValidationError) as refusal:
        intake.add_line(case, most, by=office.analyst)
    assert set(refusal.value.message_dict) == {"total_value"}
    (line,) = read_file(case).lines
    intake.edit_line(line, {**most, "total_value": None}, by=office.analyst)
    intake.remove_line(Line.objects.get(pk=line.pk), by=office.analyst)
    intake.add_line(case, most, by=office.analyst)


def test_all_that_is_wrong_with_a_line_is_said_at_once(office: Cast) -> None:
    case = intake.open_application("export", by=office.analyst)
    values = {
        "items": ["banana"],
        "quantity": Decimal(0),
        "us_origin_percent": 101,
        "unit": "x" * 41,
    }
    with pytest.raises(ValidationError) as refusal:
        intake.add_line(case, {**LINE, **values}, by=office.analyst)
    assert set(refusal.value.message_dict) == set(values)


def test_a_total_may_differ_by_what_a_unit_is_rounded_by(office: Cast) -> None:
    case = intake.open_application("export", by=office.analyst)
    thirds = {"quantity": Decimal(3), "unit_value": Decimal("33.33"), "total_value": Decimal(100)}
    line = intake.add_line(case, {**LINE, **thirds}, by=office.analyst)
    assert line.total_value == Decimal(100)
    with pytest.raises(ValidationError, match=r"Quantity times unit value is 133\.32"):
        intake.edit_line(line, {"quantity": Decimal(4), "total_value": 100}, by=office.analyst)


def test_a_form_is_not_dated_ahead(office: Cast) -> None:
    case = make_draft(office.analyst)
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(ValidationError, match="up to today"):
        intake.edit_application(case, {"form_date": tomorrow}, by=office.analyst)


def test_an_address_of_mail_is_one(office: Cast) -> None:
    case = make_draft(office.analyst)
    with pytest.raises(ValidationError) as refusal:
        intake.add_party(
            case, {"role": "consignee", "name": "A", "email": "not an address"}, by=office.analyst
        )
    assert set(refusal.value.message_dict) == {"email"}


def test_a_code_may_extend_a_listed_one_by_parts(office: Cast) -> None:
    assert intake.checked_items(["2-15.d.2", "9-1", "9-1"]) == ["2-15.d.2", "9-1"]


def test_items_are_written_as_the_lists_write_them(office: Cast) -> None:
    given = ["Group\t2-15.d", "\u2009group\u00a02-15.d", "\u00a09-1"]
    assert intake.checked_items(given) == ["2-15.d", "9-1"]


@pytest.mark.parametrize("code", ["5504.2.h", "5504(2)(h)(ii)", "9-2(a)(vi)", "2-15.zz", "6-2.zz"])
def test_what_the_list_holds_or_can_not_say_is_an_item(db: None, code: str) -> None:
    assert intake.checked_items([code]) == [code]


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ("5504(2)(z)", "5504(2), 5504(2)(a), 5504(2)(b),"),
        ("5504.3", "5504, 5504(1), 5504(2)."),
        ("5504(2)(h)(ii)(a)", "5504(2)(h)(ii)."),
        ("9-1.a", "9-1."),
    ],
)
def test_a_paragraph_that_the_law_does_not_have_is_refused_with_the_nearest(
    db: None, code: str, nearest: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        intake.checked_items(["5504(1)", code])
    [words] = refusal.value.message_dict["items"]
    assert words.startswith(f"{code} is not in the control list. The nearest that is: {nearest}")


def test_a_region_belongs_to_its_destination(office: Cast) -> None:
    case = make_draft(office.analyst)
    with pytest.raises(ValidationError) as refusal:
        intake.edit_application(
            case, {"sub_region": "UA-CRIMEA", "transit": ["ZZ"]}, by=office.analyst
        )
    assert set(refusal.value.message_dict) == {"sub_region", "transit"}
    intake.edit_application(
        case, {"destination": country("UA"), "sub_region": "UA-CRIMEA"}, by=office.analyst
    )


@pytest.mark.parametrize(
    ("activity", "names", "at_fault"),
    [
        ("export", {"destination": "CA"}, {"destination"}),
        ("brokering", {"destination": "CA"}, {"destination"}),
        ("brokering", {"country_of_export": "CA"}, {"country_of_export"}),
        ("brokering", {"destination": "GB"}, {"country_of_export"}),
        ("brokering", {"country_of_export": "TR"}, {"country_of_export"}),
        (
            "brokering",
            {"destination": "CA", "country_of_export": "CA"},
            {"destination", "country_of_export"},
        ),
    ],
)
def test_an_export_leaves_canada_and_brokering_is_between_two_foreign_countries(
    office: Cast, activity: str, names: dict[str, str], at_fault: set[str]
) -> None:
    case = make_draft(office.analyst, activity=activity)
    values = {name: country(code) for name, code in names.items()}
    with pytest.raises(ValidationError) as refusal:
        intake.edit_application(case, values, by=office.analyst)
    assert set(refusal.value.message_dict) == at_fault


def test_there_is_one_applicant(office: Cast) -> None:
    case = make_draft(office.analyst)
    with pytest.raises(ValidationError, match="an applicant already"):
        intake.add_party(case, {**PARTY, "role": "applicant"}, by=office.analyst)


def test_an_applicant_that_was_removed_makes_room_for_another(office: Cast) -> None:
    case = make_draft(office.analyst)
    (applicant,) = read_file(case).parties_as("applicant")
    intake.remove_party(applicant, by=office.analyst)
    with pytest.raises(ValidationError, match="Add the applicant"):
        intake.submit(case, by=office.analyst)
    intake.add_party(case, {**PARTY, "role": "applicant"}, by=office.analyst)
    assert intake.submit(case, by=office.analyst).status == "submitted"


def test_the_number_of_a_line_that_was_removed_is_not_given_again(office: Cast) -> None:
    """What was said of it, by its number, is never said of another."""
    case = make_draft(office.analyst)
    intake.remove_line(intake.add_line(case, LINE, by=office.analyst), by=office.analyst)
    assert intake.add_line(case, LINE, by=office.analyst).number == 3


def test_an_application_is_for_export_or_brokering(office: Cast) -> None:
    with pytest.raises(ValidationError, match="Choose export or brokering"):
        intake.open_application("import", by=office.analyst)


def test_a_line_has_so_many_items_and_an_application_so_many_lines(office: Cast) -> None:
    case = make_draft(office.analyst)
    (line,) = read_file(case).lines
    with pytest.raises(ValidationError, match="at most 20 items"):
        intake.edit_line(line, {"items": ["2-15.d"] * 21}, by=office.analyst)
    with door(by=SYSTEM) as entries:
        entries.record("test.numbered", stream=case.stream, subject="test:1").set(line, number=99)
    with pytest.raises(Refused, match="at most 99 lines"):
        intake.add_line(case, LINE, by=office.analyst)


@pytest.mark.parametrize(
    ("party", "name"),
    [
        ({"name": "A company"}, "role"),
        ({"role": "consignee"}, "name"),
        ({"role": "consignee", "name": UNSEEN}, "name"),
    ],
)
def test_a_party_has_a_role_and_a_name(office: Cast, party: dict[str, str], name: str) -> None:
    case = intake.open_application("export", by=office.analyst)
    with pytest.raises(ValidationError) as refusal:
        intake.add_party(case, party, by=office.analyst)
    assert set(refusal.value.message_dict) == {name}


def test_what_was_removed_is_neither_edited_nor_removed_again(office: Cast) -> None:
    case = make_draft(office.analyst)
    gone = intake.remove_line(read_file(case).lines[0], by=office.analyst)
    with pytest.raises(Refused, match="was removed"):
        intake.edit_line(gone, {"quantity": 1}, by=office.analyst)
    with pytest.raises(Refused, match="was removed"):
        intake.remove_line(gone, by=office.analyst)
    last = intake.remove_party(read_file(case).parties[0], by=office.analyst)
    with pytest.raises(Refused, match="was removed"):
        intake.edit_party(last, {"name": "Another"}, by=office.analyst)


def test_nothing_changed_is_no_event(office: Cast) -> None:
    case = make_draft(office.analyst)
    events = Event.objects.count()
    intake.edit_application(case, {"delivery": "electronic"}, by=office.analyst)
    assert Event.objects.count() == events


def test_an_empty_draft_is_not_submitted(office: Cast) -> None:
    case = intake.open_application("export", by=office.analyst)
    with pytest.raises(ValidationError) as refusal:
        intake.submit(case, by=office.analyst)
    assert set(refusal.value.message_dict) == {"destination", "parties", "lines"}


def test_a_returned_application_starts_its_clock_anew(office: Cast) -> None:
    case = make_in_review(office.analyst)
    intake.return_to_applicant(case, by=office.analyst, reason=WHY)
    assert [wait.to_on for wait in read_file(case).waits] == [None]
    case = intake.submit(case, by=office.analyst)
    assert case.submitted_on == clock.today()
    assert [wait.to_on for wait in read_file(case).waits] == [clock.today()]


def test_a_text_has_a_limit_and_says_so_at_its_field(office: Cast) -> None:
    line = read_file(make_draft(office.analyst)).lines[0]
    intake.edit_line(line, {"description": "x" * 10_000}, by=office.analyst)
    line.refresh_from_db()
    with pytest.raises(ValidationError) as refusal:
        intake.edit_line(line, {"description": "x" * 10_001}, by=office.analyst)
    assert "10000" in refusal.value.message_dict["description"][0]


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\u2060", "\u202e", "\U000e0041", "\u3164"])
def test_a_name_has_no_sign_that_can_not_be_seen(office: Cast, sign: str) -> None:
    """Two parties that read alike were two, and one of them could not be found by its name."""
    case = make_draft(office.analyst)
    party = read_file(case).parties_as("end_user")[0]
    code = f"U\\+{ord(sign):04X}"
    for name in ("name", "address", "identifier"):
        with pytest.raises(ValidationError, match=code) as refusal:
            intake.edit_party(party, {name: f"Wag{sign}ner"}, by=office.analyst)
        assert set(refusal.value.message_dict) == {name}
    with pytest.raises(ValidationError, match=code):
        intake.edit_line(
            read_file(case).lines[0], {"description": f"Sen{sign}sor"}, by=office.analyst
        )


def test_what_stood_there_before_keeps_nobody_from_editing_something_else(office: Cast) -> None:
    case = make_draft(office.analyst)
    line, party = read_file(case).lines[0], read_file(case).parties[0]
    with door(by=SYSTEM) as entries:
        entries.record("test.edited", stream=case.stream, subject="test:1").set(
            party, name="Wag\u200bner"
        )
    values = {"name": "Wag\u200bner", "telephone": "613 555 0199"}
    assert intake.edit_party(party, values, by=office.analyst).telephone == "613 555 0199"
    broken = "Sensor\r\nin two lines\twith a tab"
    assert intake.edit_line(line, {"description": broken}, by=office.analyst).description == broken


def test_what_comes_back_as_it_went_had_been_complete(office: Cast) -> None:
    """Or else a minute with the applicant would make a late case timely."""
    first = clock.today()
    case = make_in_review(office.analyst)
    with clock.simulated(clock.now() + timedelta(days=30)):
        case = intake.return_to_applicant(case, by=office.analyst, reason=WHY)
        case = intake.submit(case, by=office.analyst)
        assert (case.filed_on, case.submitted_on) == (first, first)


def test_an_application_keeps_the_day_on_which_it_was_first_filed(office: Cast) -> None:
    """Its ruling is that of two days: of filing, and of the decision."""
    first = clock.today()
    case = make_in_review(office.analyst)
    wait = open_wait(case, kind="other", reason=WHY, from_on=first, by=office.analyst)
    case = intake.return_to_applicant(case, by=office.analyst, reason=WHY)
    with clock.simulated(clock.now() + timedelta(days=9)):
        case = intake.edit_application(case, {"end_use": "Border patrol"}, by=office.analyst)
        case = intake.submit(case, by=office.analyst)
        assert (case.filed_on, case.submitted_on) == (first, clock.today())
    # Only the wait for the applicant is over.
    wait.refresh_from_db()
    assert wait.to_on is None


def test_whoever_takes_it_up_has_it_unless_somebody_has_it(office: Cast) -> None:
    first, second = (intake.submit(make_draft(office.analyst), by=office.analyst) for _n in "12")
    assert intake.take_up(first, by=office.analyst).assigned_to == office.analyst
    second = intake.assign(second, office.analyst_b, by=office.senior)
    assert intake.take_up(second, by=office.analyst).assigned_to == office.analyst_b


def test_an_analyst_assigns_only_to_themselves_and_a_senior_to_anyone(office: Cast) -> None:
    case = make_in_review(office.analyst)
    with pytest.raises(NotPermitted, match="senior analyst assigns"):
        intake.assign(case, office.analyst_b, by=office.analyst_b)
    assert intake.assign(case, office.analyst_b, by=office.senior).assigned_to == office.analyst_b
    with pytest.raises(ValidationError, match="does not work on applications"):
        intake.assign(case, office.auditor, by=office.senior)


def test_a_withdrawn_application_is_over(office: Cast) -> None:
    case = make_in_review(office.analyst)
    intake.withdraw(case, by=office.analyst, reason=WHY)
    with pytest.raises(Refused):
        intake.edit_application(case, {"end_use": "Other"}, by=office.analyst)


def test_who_declares_a_conflict_lays_the_application_down_and_is_not_given_it(
    office: Cast,
) -> None:
    case = make_in_review(office.analyst)
    intake.assign(case, office.analyst, by=office.senior)
    intake.declare_conflict(case, by=office.analyst, reason=WHY)
    case.refresh_from_db()
    assert case.assigned_to is None
    assert office.analyst not in intake.who_can_be_given(case, by=office.senior)
    with pytest.raises(ValidationError, match="declared a conflict of interest in it"):
        intake.assign(case, office.analyst, by=office.senior)


def test_a_conflict_is_declared_once(office: Cast) -> None:
    case = make_in_review(office.analyst)
    intake.declare_conflict(case, by=office.decision, reason=WHY)
    with pytest.raises(Refused):
        intake.declare_conflict(case, by=office.decision, reason=WHY)
