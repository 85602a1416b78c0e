"""The federal calendar against the rules that its days follow, and the service standards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from policies.models import Calendar, Holiday, ServiceStandard

pytestmark = pytest.mark.django_db

MONDAY = 0
YEARS = range(2018, 2036)


def federal() -> dict[date, Holiday]:
    found = Holiday.objects.filter(calendar__code=Calendar.FEDERAL)
    return {one.day: one for one in found}


def easter(year: int) -> date:
    """Easter Sunday, by the rule of Meeus, Jones and Butcher."""
    century = year // 100
    leap = century - century // 4 - (8 * century + 13) // 25
    moon = (19 * (year % 19) + leap + 15) % 30
    moon -= moon // 28 * (1 - 29 // (moon + 1) * ((21 - year % 19) // 11))
    week = (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (moon - week + 40) // 44
    return date(year, month, moon - week + 28 - 31 * (month // 4))


def monday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(MONDAY - first.weekday()) % 7 + 7 * (nth - 1))


def kept(days: list[date]) -> Iterator[date]:
    """The weekdays on which they are kept: of those on a weekend, the next that is free."""
    taken: set[date] = set()
    for day in days:
        while day.weekday() >= 5 or day in taken:
            day += timedelta(days=1)
        taken.add(day)
    yield from taken


def holidays_of(year: int) -> set[date]:
    sunday = easter(year)
    victoria = date(year, 5, 24)
    fixed = [date(year, 1, 1), date(year, 7, 1), date(year, 11, 11)]
    if year >= 2021:
        fixed.append(date(year, 9, 30))
    fixed += [date(year, 12, 25), date(year, 12, 26)]
    found = {
        *kept(fixed),
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        victoria - timedelta(days=victoria.weekday()),
        monday(year, 8, 1),
        monday(year, 9, 1),
        monday(year, 10, 2),
    }
    if year == 2022:
        found.add(date(2022, 9, 19))
    return found


@pytest.mark.parametrize("year", YEARS)
def test_each_year_has_the_days_that_the_rules_give(year: int) -> None:
    assert {day for day in federal() if day.year == year} == holidays_of(year)


def test_no_year_is_held_without_a_rule_to_compare_it_with() -> None:
    assert {day.year for day in federal()} == set(YEARS)


def test_every_day_off_is_a_weekday_named_in_both_languages_and_cited() -> None:
    for day, one in federal().items():
        assert day.weekday() < 5
        assert one.name_en != one.name_fr
        assert one.source


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2018, 7, 2), "Canada Day (observed)"),
        (date(2020, 8, 3), "Civic holiday"),
        (date(2021, 4, 5), "Easter Monday"),
        (date(2021, 9, 30), "National Day for Truth and Reconciliation"),
        (date(2021, 12, 27), "Christmas Day (observed)"),
        (date(2021, 12, 28), "Boxing Day (observed)"),
        (date(2022, 9, 19), "National Day of Mourning for Queen Elizabeth II"),
        (date(2022, 12, 26), "Christmas Day (observed)"),
        (date(2026, 12, 28), "Boxing Day (observed)"),
    ],
)
def test_a_day_off_says_which_it_is(day: date, name: str) -> None:
    assert federal()[day].name_en == name


@pytest.mark.parametrize("day", [date(2020, 9, 30), date(2023, 9, 19), date(2024, 6, 24)])
def test_what_is_no_day_off_of_the_federal_public_service_is_not_held(day: date) -> None:
    """Before the Act of 2021; the day of mourning was one day; Quebec's is not federal."""
    assert day not in federal()


def test_the_standards_are_those_of_the_handbook() -> None:
    found = {
        one.code: (one.days, one.target_percent, one.effective_from, one.effective_to)
        for one in ServiceStandard.objects.all()
    }
    assert found == {
        "lower_risk": (10, 90, None, None),
        "consultation": (40, 90, None, None),
        "amendment": (3, 90, None, None),
    }
    assert all("Handbook" in one.source for one in ServiceStandard.objects.all())
