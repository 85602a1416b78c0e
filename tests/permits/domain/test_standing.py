"""What a permit is on a day, from its acts and its use: no database, one row for each case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from permits.choices import PermitStatus
from permits.domain.standing import LineStanding, Standing, loosens, standing_of, undone_since
from permits.models import Permit, PermitAct, PermitLine, Use

FIRST, LAST = date(2024, 3, 1), date(2025, 2, 28)
DAY = date(2024, 6, 3)
LINES = [
    PermitLine(pk=number, number=number, unit="each", quantity=Decimal(10), value=Decimal(1000))
    for number in (1, 2)
]


def act(kind: str, line: int | None = None, *, day: date = DAY, **change: Any) -> PermitAct:
    """An act done at noon of a day, on one line or on all."""
    done_at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return PermitAct(kind=kind, line_id=line, change=change, done_on=day, done_at=done_at)


def use(line: int, quantity: int, *, day: date = DAY) -> Use:
    return Use(permit_line_id=line, used_on=day, quantity=Decimal(quantity), value=Decimal(1))


def on(day: date, *told: PermitAct | Use) -> Standing:
    """The permit on a day, with these acts and this use, numbered in the order given."""
    for number, one in enumerate(told, start=1):
        one.pk = number
    return standing_of(
        Permit(valid_from=FIRST, valid_to=LAST),
        LINES,
        [one for one in told if isinstance(one, PermitAct)],
        [one for one in told if isinstance(one, Use)],
        day,
    )


ONE = timedelta(days=1)
STATUSES: dict[str, tuple[date, list[PermitAct | Use], str]] = {
    "before its first day": (FIRST - ONE, [], "not_yet"),
    "on its first day": (FIRST, [], "valid"),
    "on its last day": (LAST, [], "valid"),
    "after its last day": (LAST + ONE, [], "expired"),
    "suspended": (DAY, [act("suspend")], "suspended"),
    "the day before that": (DAY - ONE, [act("suspend")], "valid"),
    "each line suspended": (DAY, [act("suspend", 1), act("suspend", 2)], "suspended"),
    "one line suspended": (DAY, [act("suspend", 1)], "suspended_in_part"),
    "one line suspended and over": (LAST + ONE, [act("suspend", 1)], "expired"),
    "suspended and over": (LAST + ONE, [act("suspend")], "expired_suspended"),
    "suspended and reinstated": (DAY, [act("suspend"), act("reinstate")], "valid"),
    "one line reinstated": (DAY, [act("suspend"), act("reinstate", 2)], "suspended_in_part"),
    "one line cancelled": (DAY, [act("cancel", 1)], "cancelled_in_part"),
    "one cancelled, the other suspended": (
        DAY,
        [act("cancel", 1), act("suspend", 2)],
        "suspended",
    ),
    "cancelled": (DAY, [act("cancel")], "cancelled"),
    "cancelled and then reinstated": (DAY, [act("cancel"), act("reinstate")], "cancelled"),
    "cancelled and over": (LAST + ONE, [act("cancel")], "cancelled"),
    "used up": (DAY, [use(1, 10), use(2, 10)], "exhausted"),
    "the day before it was used up": (DAY - ONE, [use(1, 10), use(2, 10)], "valid"),
    "one line used up": (DAY, [use(1, 10)], "valid"),
    "what is left of it used up": (DAY, [act("cancel", 2), use(1, 10)], "exhausted"),
    "used up and suspended": (DAY, [use(1, 10), use(2, 10), act("suspend")], "suspended"),
    "made longer": (LAST + ONE, [act("amend", valid_to="2025-06-30")], "valid"),
    "made shorter": (DAY + ONE, [act("amend", valid_to=DAY.isoformat())], "expired"),
}


@pytest.mark.parametrize("what", STATUSES)
def test_one_word_says_what_a_permit_is_on_a_day(what: str) -> None:
    day, told, status = STATUSES[what]
    assert on(day, *told).status == status


MAY_BE_USED = {PermitStatus.VALID, PermitStatus.SUSPENDED_IN_PART, PermitStatus.CANCELLED_IN_PART}


@pytest.mark.parametrize("status", PermitStatus)
def test_a_permit_may_be_used_while_something_of_it_is_in_force(status: PermitStatus) -> None:
    assert Standing(status, FIRST, LAST, ()).may_be_used == (status in MAY_BE_USED)


def test_acts_count_in_the_order_in_which_they_were_done() -> None:
    """Not in that in which they were proposed, which is the order of their numbers."""
    later, earlier = act("reinstate", day=DAY), act("suspend", day=DAY - ONE)
    assert on(DAY, later, earlier).status == PermitStatus.VALID


FOUR, FIVE = {"1": {"quantity": "4"}}, {"1": {"quantity": "5"}}
END = "2024-12-31"


@pytest.mark.parametrize(
    ("first", "later", "wanted"),
    [
        (act("suspend"), [act("reinstate"), act("suspend"), act("reinstate")], {1}),
        (act("suspend"), [act("reinstate", 2), act("reinstate", 2), act("reinstate", 1)], {1, 3}),
        (act("suspend"), [act("suspend", 1), act("cancel", 1)], set()),
        (act("suspend", 1), [act("reinstate", 2), act("reinstate")], {2}),
        (act("suspend", 1), [act("reinstate", 1)], {1}),
        (act("reinstate", 1), [act("suspend")], {1}),
        (act("cancel", 1), [act("reinstate", 1)], set()),
        (act("amend", lines=FOUR), [act("amend", valid_to=END), act("amend", lines=FIVE)], {2}),
        (
            act("amend", lines=FOUR, valid_to=END),
            [act("amend", valid_to=END), act("amend", lines=FIVE)],
            {1, 2},
        ),
        (act("amend", conditions_added=[{"en": "A"}]), [act("amend", valid_to=END)], set()),
    ],
)
def test_an_act_is_undone_by_what_takes_it_or_a_part_of_it_away(
    first: PermitAct, later: list[PermitAct], wanted: set[int]
) -> None:
    for number, one in enumerate((first, *later)):
        one.pk = number
    assert {one.pk for one in undone_since([first, *later])[0]} == wanted


def test_an_amendment_is_of_the_lines_it_names_and_of_no_cancelled_one() -> None:
    both = act("amend", lines={"1": {"quantity": "4"}, "2": {"value": "7.50"}})
    found = on(DAY, act("cancel", 1), both)
    assert [(one.quantity, one.value) for one in found.lines] == [
        (Decimal(10), Decimal(1000)),
        (Decimal(10), Decimal("7.50")),
    ]


@pytest.mark.parametrize(
    ("quantity", "value", "is_exhausted"),
    [(10, 1, True), (1, 1000, True), (9, 999, False)],
)
def test_a_line_is_used_up_by_its_quantity_or_its_value(
    quantity: int, value: int, is_exhausted: bool
) -> None:
    line = LineStanding(1, "each", Decimal(10), Decimal(1000), Decimal(quantity), Decimal(value))
    assert line.is_exhausted is is_exhausted


def test_goods_free_of_charge_are_used_up_by_their_quantity() -> None:
    for used, wanted in ((9, False), (10, True)):
        line = LineStanding(1, "each", Decimal(10), Decimal(0), Decimal(used), Decimal(0))
        assert line.is_exhausted is wanted


def line(**values: Any) -> LineStanding:
    return LineStanding(
        **{"number": 1, "unit": "each", "quantity": Decimal(5), "value": None, **values}
    )


def with_line(one: LineStanding, valid_to: date = LAST) -> Standing:
    return Standing(PermitStatus.VALID, FIRST, valid_to, (one,))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({}, {}, False),
        ({}, {"quantity": Decimal(6)}, True),
        ({}, {"quantity": Decimal(4)}, False),
        ({}, {"quantity": None}, True),
        ({"quantity": None}, {"quantity": Decimal(5)}, False),
        ({"value": Decimal(1)}, {"value": Decimal(2)}, True),
        ({"is_suspended": True}, {}, True),
        ({}, {"is_suspended": True}, False),
        ({"is_suspended": True}, {"is_cancelled": True}, False),
        ({"is_cancelled": True}, {}, True),
        ({"is_cancelled": True}, {"is_suspended": True}, True),
    ],
)
def test_an_act_loosens_that_lets_more_be_done_on_a_line(
    before: dict[str, Any], after: dict[str, Any], wanted: bool
) -> None:
    assert loosens(with_line(line(**before)), with_line(line(**after))) is wanted


def test_a_longer_permit_is_looser_and_a_shorter_one_is_not() -> None:
    assert loosens(with_line(line()), with_line(line(), LAST + ONE))
    assert not loosens(with_line(line()), with_line(line(), LAST - ONE))
