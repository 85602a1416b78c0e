"""What the engine is asked about a line: from what is on file and what counts of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from permits.choices import Flag
from permits.domain.casefile import CaseFile
from permits.domain.ruling import (
    CaseRuling,
    LineRuling,
    designated_under,
    facts_of,
    requires_assessment,
)
from permits.domain.statements import Counted, authorization_key, flag_key, party_key
from permits.models import Application, Line, Party, Statement
from policies.domain.resolve import Ruling
from policies.facts import LineFacts, OtherPlace
from policies.models import Destination
from tests.permits.factories import file_of

UKRAINE, GERMANY, FRANCE = (
    Destination(pk=number, code=code) for number, code in enumerate(("UA", "DE", "FR"), start=1)
)


def application(**values: Any) -> Application:
    return Application(**{"activity": "export", "destination": UKRAINE, **values})


def facts(file: CaseFile, *said: tuple[str, str, str], line: Line | None = None) -> LineFacts:
    """The facts of a line, where these statements count: kind, key, value."""
    statements = [Statement(kind=kind, key=key, value=value) for kind, key, value in said]
    return facts_of(file, line or Line(number=1), Counted(statements, {1}))


@pytest.mark.parametrize(("region", "wanted"), [("UA-CRIMEA", "UA-CRIMEA"), ("", None)])
def test_a_line_goes_to_the_region_of_its_application(region: str, wanted: str | None) -> None:
    assert facts(file_of(application(sub_region=region))).sub_region == wanted


def test_where_else_goods_pass_or_end_is_asked_about_each_place_once() -> None:
    parties = tuple(
        Party(pk=number, role=role, country=country)
        for number, (role, country) in enumerate(
            [
                ("applicant", FRANCE),
                ("consignee", GERMANY),
                ("consignee", GERMANY),
                ("consignee", UKRAINE),
                ("end_user", FRANCE),
                ("end_user", None),
            ],
            start=1,
        )
    )
    found = facts(file_of(application(transit=["DE", "AE"]), parties=parties))
    assert found.other_destinations == (
        OtherPlace("consignee", "DE"),
        OtherPlace("end_use", "FR"),
        OtherPlace("transit", "AE"),
        OtherPlace("transit", "DE"),
    )


@pytest.mark.parametrize(
    ("declared", "said", "wanted"),
    [
        ("private", None, "private"),
        ("government", None, "unknown"),
        ("authorised", None, "unknown"),
        ("private", "government", "government"),
        ("government", "government", "government"),
    ],
)
def test_an_end_user_is_what_two_people_say_or_else_the_strictest_reading(
    declared: str, said: str | None, wanted: str
) -> None:
    told = [("end_user", "end_user", said)] if said else []
    assert facts(file_of(application(end_user_kind=declared)), *told).end_user == wanted


@pytest.mark.parametrize("flag", Flag)
@pytest.mark.parametrize("said", ["yes", "no"])
def test_what_is_said_of_a_line_is_a_fact_of_that_line_alone(flag: Flag, said: str) -> None:
    told = ("flag", flag_key(1, flag), said)
    file = file_of(application())
    assert getattr(facts(file, told), flag.value) is (said == "yes")
    second = facts(file, told, line=Line(number=2))
    assert second == facts(file, line=Line(number=2))


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        (["2-1"], True),
        (["9-1"], True),
        (["1-1.A.1", "2-15.d"], True),
        (["6-1"], True),
        (["5501"], True),
        (["5503"], True),
        (["5504(2)(c)"], True),
        (["5"], True),
        (["5502"], False),
        (["1-1.A.1"], False),
        (["20-1"], False),
        ([], False),
    ],
)
def test_goods_may_be_arms_until_two_people_say_that_they_are_not(
    items: list[str], wanted: bool
) -> None:
    line = Line(number=1, items=items)
    file = file_of(application(), lines=(Line(number=2), line))
    assert facts(file, line=line).war_material is wanted
    assert requires_assessment(file) is wanted
    told = ("flag", flag_key(1, Flag.WAR_MATERIAL), "no")
    assert facts(file, told, line=line).war_material is False


def test_an_authorization_is_for_one_party_under_one_instrument() -> None:
    parties = (Party(pk=1), Party(pk=2))
    file = file_of(application(), parties=parties)
    listed = [
        Statement(kind="screening", key=party_key(1), value="listed", policies=["RU", "BY"]),
        Statement(kind="screening", key=party_key(2), value="listed", policies=["IR"]),
    ]

    def with_authorization(party: int, policy: str) -> frozenset[str]:
        key = authorization_key(party, policy)
        authorised = Statement(kind="authorization", key=key, value="on_file")
        return designated_under(file, Counted([*listed, authorised], {1}))

    assert designated_under(file, Counted(listed, {1})) == {"RU", "BY", "IR"}
    assert with_authorization(1, "RU") == {"BY", "IR"}
    assert with_authorization(2, "RU") == {"RU", "BY", "IR"}
    assert with_authorization(2, "IR") == {"RU", "BY"}


RULING = Ruling(
    "individual_permit",
    "case_by_case",
    "case_by_case",
    governing=(),
    matched=(),
    not_applied=(),
    needs_answer=(),
    exceptions_open=(),
    places=(),
    requirement_if_open="individual_permit",
    hanging=(),
)


def test_the_strictest_line_rules_an_application_and_its_rows_govern() -> None:
    rulings = [
        RULING._replace(requirement="general_permit", stance="suspended", governing=("B", "C")),
        RULING._replace(governing=("A",)),
        RULING._replace(requirement="not_controlled", stance="suspended", governing=("B",)),
    ]
    lines = tuple(
        LineRuling(Line(number=number), LineFacts("export", "UA"), one)
        for number, one in enumerate(rulings, start=1)
    )
    found = CaseRuling(date(2026, 1, 1), None, lines)
    assert (found.requirement, found.stance) == ("individual_permit", "suspended")
    assert found.governing == ("B", "C")
    nothing = replace(found, lines=())
    assert (nothing.requirement, nothing.stance) == ("not_controlled", "case_by_case")
