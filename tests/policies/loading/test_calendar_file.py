"""`load_reference` and calendar.json: what is refused, what a later load may change."""

from __future__ import annotations

from datetime import date

import pytest

from policies.domain.reference.load import NEVER_DROPPED, OF_THE_KEY
from policies.models import Holiday, ServiceStandard
from tests.policies.loading.folder import (
    Edit,
    Folder,
    Json,
    changes,
    drop_in,
    edits,
    everything,
    row,
    set_in,
)

pytestmark = pytest.mark.django_db

C = "calendar.json"
NEW_YEAR = ("holidays", {"date": "2018-01-01"})
LOWER = ("service_standards", {"code": "lower_risk"})


def followed_by(first: str | None) -> Edit:
    """The standard of ten days ends on 2031-04-01, and one of eight holds from a day."""

    @edits(C)
    def change(document: Json) -> None:
        ten = row(document["service_standards"], "lower_risk", "code")
        ten["to"] = "2031-04-01"
        document["service_standards"].append({**ten, "days": 8, "from": first, "to": None})

    return change


REFUSED: dict[str, tuple[Edit, tuple[str, str, str], str]] = {
    "a holiday of no calendar": (
        set_in(C, *NEW_YEAR, "calendar", "quebec"),
        (C, "2018-01-01", "calendar"),
        "there is no calendar quebec",
    ),
    "a day that is not in the calendar": (
        set_in(C, *NEW_YEAR, "date", "2018-02-30"),
        (C, "", "holidays[0].date"),
        "not a calendar date",
    ),
    "a day off given twice": (
        edits(C)(lambda document: document["holidays"].append(document["holidays"][0])),
        (C, "2018-01-01", "date"),
        "is given twice",
    ),
    "a holiday without a source": (
        set_in(C, *NEW_YEAR, "source", ""),
        (C, "", "holidays[0].source"),
        "",
    ),
    "a holiday dropped": (drop_in(C, *NEW_YEAR), (C, "2018-01-01", ""), NEVER_DROPPED),
    "a standard of no known kind": (
        set_in(C, *LOWER, "code", "express"),
        (C, "express", "code"),
        "is none of",
    ),
    "a standard that ends before it begins": (
        edits(C)(
            lambda document: row(document["service_standards"], "lower_risk", "code").update(
                {"from": "2020-01-01", "to": "2019-01-01"}
            )
        ),
        (C, "lower_risk", "to"),
        "",
    ),
    "two standards on one day": (
        followed_by("2031-03-31"),
        (C, "lower_risk", "from"),
        "overlaps another standard of this code",
    ),
    "other days for a standard, which would move past due days": (
        set_in(C, *LOWER, "days", 8),
        (C, "lower_risk", "days"),
        OF_THE_KEY,
    ),
    "another target for a standard": (
        set_in(C, *LOWER, "target_percent", 80),
        (C, "lower_risk", "target_percent"),
        OF_THE_KEY,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_calendar_that_cannot_be_is_refused_and_nothing_is_written(
    folder: Folder, what: str
) -> None:
    edit, place, reason = REFUSED[what]
    before = everything()
    edit(folder)
    fault = folder.refusal()
    assert (fault.file, fault.row, fault.field) == place
    assert reason in fault.reason
    assert everything() == before


def test_a_standard_is_followed_by_another(folder: Folder) -> None:
    followed_by("2031-04-01")(folder)
    assert changes(folder.load()) == {"ServiceStandard": (1, 1)}
    rows = ServiceStandard.objects.filter(code="lower_risk")
    assert {(one.days, one.effective_from, one.effective_to) for one in rows} == {
        (10, None, date(2031, 4, 1)),
        (8, date(2031, 4, 1), None),
    }


def test_a_day_off_may_be_added_and_its_words_corrected(folder: Folder) -> None:
    with folder.edit(C) as document:
        found = row(document["holidays"], "2018-01-01", "date")
        document["holidays"].append({**found, "date": "2031-06-02", "en": "A day of mourning"})
        found["fr"] = "Jour de l’An, corrigé"
    assert changes(folder.load()) == {"Holiday": (1, 1)}
    assert Holiday.objects.get(day=date(2031, 6, 2)).name_en == "A day of mourning"
    assert Holiday.objects.get(day=date(2018, 1, 1)).name_fr == "Jour de l’An, corrigé"
