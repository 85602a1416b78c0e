"""Conditions: written in both languages, bettered until the decision, the first words kept."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.exceptions import NotPermitted, Refused
from history.domain.door import Conflict
from history.models import Event
from permits.domain.casefile import read_file
from permits.domain.conditions import add_condition, change_condition, remove_condition
from permits.domain.decision import issue
from permits.domain.recommendation import recommend, send_back
from permits.models import Application, Condition, Permit, Recommendation
from permits.verbs import Verb
from tests.people import Cast
from tests.permits.factories import WHY, in_a_year, make_ready, make_recommended

WORDS = ("No re-export.", "Aucune réexportation.")


@pytest.fixture
def case(office: Cast) -> Application:
    return make_recommended(office.analyst, office.senior)


def standing(case: Application) -> Recommendation:
    found = read_file(case).recommendation
    assert found is not None
    return found


def texts(case: Application) -> list[str]:
    return [one.text_en for one in read_file(case).conditions]


def test_conditions_are_added_changed_and_removed_until_the_decision(
    office: Cast, case: Application
) -> None:
    added = add_condition(standing(case), WORDS, by=office.senior)
    assert texts(case) == ["Report use every quarter.", "No re-export."]
    changed = change_condition(added, ("No transfer.", "Aucun transfert."), by=office.decision)
    assert texts(case) == ["Report use every quarter.", "No transfer."]
    # Who said what first stays readable.
    assert changed.replaces == added
    assert (added.written_by, changed.written_by) == (office.senior, office.decision)
    first = Condition.objects.get(text_en="Report use every quarter.")
    remove_condition(first, reason=WHY, by=office.decision)
    assert texts(case) == ["No transfer."]
    verbs = Event.objects.filter(stream=case.stream).order_by("sequence").values_list("verb")
    assert [verb for (verb,) in verbs][-3:] == [
        Verb.CONDITION_ADDED,
        Verb.CONDITION_CHANGED,
        Verb.CONDITION_REMOVED,
    ]
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    with pytest.raises(Refused):
        add_condition(standing(case), WORDS, by=office.analyst)
    with pytest.raises(Refused):
        change_condition(changed, WORDS, by=office.decision)
    with pytest.raises(Refused):
        remove_condition(changed, reason=WHY, by=office.decision)


def test_a_condition_is_changed_once_on_what_was_seen(office: Cast, case: Application) -> None:
    first = read_file(case).conditions[0]
    with pytest.raises(Conflict):
        change_condition(first, WORDS, by=office.analyst, seen=first.version - 1)
    with pytest.raises(Refused, match="same"):
        change_condition(first, (first.text_en, first.text_fr), by=office.analyst)
    change_condition(first, WORDS, by=office.analyst)
    with pytest.raises(Refused, match="replaced or removed"):
        change_condition(first, ("Other.", "Autre."), by=office.senior)
    with pytest.raises(Refused, match="replaced or removed"):
        remove_condition(first, reason=WHY, by=office.senior)


def test_the_same_words_stand_once(office: Cast, case: Application) -> None:
    """A form that is sent twice adds one."""
    recommendation = standing(case)
    added = add_condition(recommendation, WORDS, by=office.senior, seen=recommendation.version)
    with pytest.raises(Refused, match="stands already, in the same words"):
        add_condition(recommendation, WORDS, by=office.senior, seen=recommendation.version)
    first = Condition.objects.get(text_en="Report use every quarter.")
    with pytest.raises(Refused, match="stands already, in the same words"):
        change_condition(first, WORDS, by=office.decision)
    remove_condition(added, reason=WHY, by=office.decision)
    assert change_condition(first, WORDS, by=office.decision).text_en == WORDS[0]
    send_back(standing(case), reason=WHY, by=office.decision)
    with pytest.raises(ValidationError, match="stands already, in the same words"):
        recommend(
            Application.objects.get(pk=case.pk),
            outcome="issued",
            reasons=WHY,
            valid_to=in_a_year(),
            conditions=[WORDS, WORDS],
            by=office.analyst,
        )


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("", "Bien."), "text_fr"),
        (("Good.", "  "), "text_en"),
        (("Good.", "\u200b\u3164"), "text_en"),
        (("\u3164", "Bien."), "text_fr"),
    ],
)
def test_both_languages_are_needed_and_the_missing_one_is_named(
    office: Cast, case: Application, words: tuple[str, str], field: str
) -> None:
    with pytest.raises(ValidationError) as fault:
        add_condition(standing(case), words, by=office.analyst)
    assert set(fault.value.message_dict) == {"text_en", "text_fr"} - {field}
    assert texts(case) == ["Report use every quarter."]


def test_who_has_no_part_in_the_case_sets_no_condition(office: Cast, case: Application) -> None:
    for person in (office.admin, office.auditor):
        with pytest.raises(NotPermitted):
            add_condition(standing(case), WORDS, by=person)


def test_a_recommendation_to_refuse_or_set_aside_takes_no_condition(office: Cast) -> None:
    case = make_ready(office.analyst, office.senior)
    against = recommend(
        case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst
    )
    with pytest.raises(Refused, match="Only a permit"):
        add_condition(against, WORDS, by=office.senior)
    back = send_back(against, reason=WHY, by=office.senior)
    with pytest.raises(Refused):
        add_condition(back, WORDS, by=office.senior)
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    with pytest.raises(Refused, match="was set aside"):
        add_condition(back, WORDS, by=office.senior)


def test_what_was_set_aside_keeps_the_conditions_that_it_had(
    office: Cast, case: Application
) -> None:
    first = read_file(case).conditions[0]
    send_back(standing(case), reason=WHY, by=office.senior)
    recommend(case, outcome="issued", reasons=WHY, valid_to=in_a_year(), by=office.analyst)
    with pytest.raises(Refused, match="replaced or removed"):
        change_condition(first, WORDS, by=office.senior)
    with pytest.raises(Refused, match="replaced or removed"):
        remove_condition(first, reason=WHY, by=office.senior)


def test_the_pages_add_change_and_remove(office: Cast, case: Application) -> None:
    client = Client()
    client.force_login(office.decision)
    page = reverse("permits:new_condition", args=[case.reference])
    assert page in client.get(case.get_absolute_url()).content.decode()
    seen = {"seen": standing(case).version}
    bad = client.post(page, {**seen, "text_en": "Kept words", "text_fr": ""})
    assert bad.status_code == 200
    assert "Kept words" in bad.content.decode()
    client.post(page, {**seen, "text_en": WORDS[0], "text_fr": WORDS[1]})
    made = Condition.objects.get(text_en=WORDS[0])
    client.post(
        reverse("permits:condition", args=[made.pk]),
        {"seen": made.version, "text_en": "No transfer.", "text_fr": "Aucun transfert."},
    )
    shown = client.get(case.get_absolute_url()).content.decode()
    assert "No transfer." in shown
    assert "Aucun transfert." in shown
    assert WORDS[0] in shown  # what was said first
    now = Condition.objects.get(text_en="No transfer.")
    client.post(
        reverse("permits:remove_condition", args=[now.pk]), {"seen": now.version, "reason": WHY}
    )
    assert texts(case) == ["Report use every quarter."]
    issue(case, reasons=WHY, adopts_determination=True, by=office.decision)
    permit = Permit.objects.get()
    assert "Report use every quarter." in client.get(permit.get_absolute_url()).content.decode()
    assert page not in client.get(case.get_absolute_url()).content.decode()
