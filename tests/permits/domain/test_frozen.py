"""What a decision rested on: the law of its day beside that of the day of filing, and replayed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils.translation import override

from history import clock
from history.values import plain
from permits.choices import Flag, StatementKind
from permits.domain.assessment import edit_card
from permits.domain.casefile import read_file
from permits.domain.digests import digest
from permits.domain.frozen import freeze, ground_in_words, packed, replay
from permits.domain.ruling import rule_on
from permits.domain.statements import RAISED, STATE_SAFETY_KEY, flag_key, set_aside
from permits.models import Application, Decision, Permit
from policies.domain.queries import end_of_day
from policies.models import PolicyVersion
from tests.people import Cast, give_delegation, make_cast
from tests.permits.factories import LINE, WHY, make_in_review, make_permit, say
from tests.unlogged import unlogged


def at(day: date) -> Any:
    return clock.simulated(datetime(day.year, day.month, day.day, 15, tzinfo=UTC))


def people_with_delegation() -> Cast:
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people


def frozen(application: Application, people: Cast) -> Any:
    """What a decision of this moment would rest on."""
    file = read_file(application)
    delegation = people.decision.delegations.get()
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    return freeze(file, ruling, by=people.decision, delegation=delegation)


def test_the_ruling_of_the_day_of_filing_stands_beside_that_of_the_decision(db: None) -> None:
    filed = date(2024, 1, 15)
    with at(filed):
        people = people_with_delegation()
        application = make_in_review(people.analyst)
    with at(date(2024, 2, 12)):
        found = frozen(application, people)
    assert found["ruling"]["stance"] == "case_by_case"
    assert found["filing"]["stance"] == "presumptive_denial"
    assert (found["filing"]["on"], found["filing"]["known_at"]) == (
        plain(filed),
        plain(end_of_day(filed)),
    )


NAMED = [
    (
        "regulation",
        "Prohibited by a regulation: Special Economic Measures (Russia) Regulations, s. 3.13",
        "Interdiction prévue par un règlement\xa0:\xa0Règlement sur les mesures économiques"
        " spéciales visant la Russie, art. 3.13",
    ),
    (
        "policy",
        "Policy in force: Notice to Exporters No. 1071; ministerial announcement",
        "Politique en vigueur\xa0:\xa0Avis aux exportateurs no 1071; annonce ministérielle",
    ),
    ("discretion", "Other relevant matter", "Autre facteur pertinent"),
]


def test_a_regulation_or_a_policy_as_a_ground_names_its_instrument(db: None) -> None:
    people = people_with_delegation()
    lines = [{**LINE, "items": ["2-1.a"]}]
    found = frozen(make_in_review(people.analyst, destination="RU", lines=lines), people)
    for ground, *words in NAMED:
        for language, told in zip(("en-ca", "fr-ca"), words, strict=True):
            with override(language):
                assert ground_in_words(ground, found["instruments"]) == told


def test_a_general_permit_as_a_ground_is_named(db: None) -> None:
    people = people_with_delegation()
    lines = [{**LINE, "items": ["2-1"]}]
    case = make_in_review(people.analyst, activity="brokering", destination="DE", lines=lines)
    found = frozen(case, people)["instruments"]
    for language, told in (
        ("en-ca", "A general permit applies: General Brokering Permit No. 1, ss. 2, 3"),
        (
            "fr-ca",
            "Une licence générale s’applique\xa0:\xa0Licence générale de courtage no 1, art. 2, 3",
        ),
    ):
        with override(language):
            assert ground_in_words("general_permit", found) == told
            assert ":" not in ground_in_words("no_permit_needed", found)


def test_the_version_of_each_policy_is_the_one_known_then(db: None) -> None:
    key = "TR-2020-04-16-presumptive"
    versions = PolicyVersion.objects.filter(policy__key=key).order_by("known_from")
    assert versions.count() > 1
    with at(date(2020, 5, 4)):
        people = people_with_delegation()
        found = frozen(make_in_review(people.analyst), people)
    told = [one for one in found["register"]["versions"] if one["policy"] == key]
    assert [one["id"] for one in told] == [versions[0].pk]


@pytest.fixture
def decided(db: None) -> tuple[Permit, Cast]:
    """A permit to Türkiye from the days before the presumption of denial."""
    with at(date(2019, 9, 20)):
        people = people_with_delegation()
        return make_permit(people.analyst, people.senior, people.decision), people


def test_a_replay_says_what_has_become_of_the_law(decided: tuple[Permit, Cast]) -> None:
    permit, _people = decided
    with at(date(2020, 5, 4)):
        found = replay(permit.decision)
    assert found.is_intact
    [line, *cards] = found.changes
    assert line == (
        "Line 1: then individual permit, case by case, today individual permit, presumptive denial."
    )
    assert len(cards) == 6
    assert all("its basis has changed" in one for one in cards)


def test_a_replay_says_which_consideration_was_edited_since(decided: tuple[Permit, Cast]) -> None:
    permit, people = decided
    with at(date(2019, 9, 21)):
        edit_card(permit.application, "7.3(1)(a)", {"finding": "Another"}, by=people.analyst)
        [change] = replay(permit.decision).changes
    assert change.endswith("the consideration was edited since.")


def test_a_replay_says_which_statements_were_set_aside_made_or_replaced_since(
    decided: tuple[Permit, Cast],
) -> None:
    permit, people = decided
    case, analyst = permit.application, people.analyst
    with at(date(2019, 9, 21)):
        assert replay(permit.decision).changes == ()
        for one in read_file(case).statements:
            if one.kind in (StatementKind.SCREENING, StatementKind.END_USER):
                set_aside(one, by=analyst, reason=WHY)
        say(case, StatementKind.STATE_SAFETY, STATE_SAFETY_KEY, RAISED, by=analyst)
        say(case, StatementKind.FLAG, flag_key(1, Flag.WMD_END_USE), "yes", by=analyst)
        found = replay(permit.decision).changes
    names = [party.name for party in read_file(case).parties]
    told = [one for one in found if not one.startswith("7.3")]
    assert [one for one in told if "set aside or replaced since" in one] == [
        *(
            f"Screening of a party ({name}): the statement was set aside or replaced since."
            for name in names
        ),
        "Kind of end-user: the statement was set aside or replaced since.",
    ]
    assert [one for one in told if one.endswith("stated since.")] == [
        "Safety or interests of the State (s. 7.2): stated since.",
        "Line 1: Use in weapons of mass destruction or missiles (ECL 5505): stated since.",
    ]


def test_a_replay_says_what_was_written_past_the_program(decided: tuple[Permit, Cast]) -> None:
    """No act changes a line or a party once it is decided."""
    permit, _people = decided
    application = permit.application
    with unlogged():
        application.party_set.filter(role="consignee").update(name="Another Ltd.")
        application.line_set.update(description="Something else")
        Decision.objects.update(frozen_digest="0" * 64)
    with at(date(2019, 9, 21)):
        found = replay(Decision.objects.get())
    assert not found.is_intact
    assert "The party Another Ltd. has changed." in found.changes
    assert "Line 1 has changed." in found.changes


def test_what_was_frozen_is_stored_with_its_digest() -> None:
    assert packed({"b": 1, "a": 2}) == ('{"a":2,"b":1}', digest({"a": 2, "b": 1}))
