"""Lanes: which goods share one, and how days become a picture."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from policies.choices import Requirement, Stance
from policies.domain.codes import parts
from policies.domain.reach import destinations_named
from policies.domain.register import Register, current_register
from policies.domain.resolve import resolve
from policies.domain.timeline import (
    GROUPS,
    Bar,
    Lane,
    Marks,
    Shade,
    days_of_control,
    lane_title,
    lanes,
    marks,
    permit_needed,
    permits_by_day,
    rows_naming,
)
from policies.facts import LineFacts
from policies.models import ControlListItem
from policies.views.lanes import (
    MOST_ROWS,
    PIXELS_PER_PERCENT,
    Picture,
    Window,
    draw,
    shade_in_words,
    span_in_words,
    stretch_in_words,
    window_of,
)

pytestmark = pytest.mark.django_db

FREE = Shade(Stance.CASE_BY_CASE, Stance.CASE_BY_CASE, Requirement.NOT_CONTROLLED)
CASE = Shade(Stance.CASE_BY_CASE, Stance.CASE_BY_CASE, "")
SUSPENDED = Shade(Stance.SUSPENDED, Stance.SUSPENDED, "")
OPEN = Shade(Stance.SUSPENDED, Stance.PRESUMPTIVE_DENIAL, "")
NO_MARKS = Marks((), (), ())


@pytest.fixture
def register(reference: None) -> Register:
    return current_register()


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with translation.override("en-ca"):
        yield


def lane(*stretches: tuple[date | None, Shade]) -> Lane:
    """A lane of Group 2 exports with a stretch from each day to the next."""
    ends = [*(start for start, _shade in stretches[1:]), None]
    ruling: Any = SimpleNamespace(governing=())
    bars = tuple(
        Bar(start, end, shade, ruling) for (start, shade), end in zip(stretches, ends, strict=True)
    )
    line = LineFacts("export", "TR", items=("2",))
    return Lane("export", "Group 2", "", line, (line,), bars)


def act(day: date, kind: str, count: int | None = None, precision: str = "day") -> Any:
    return SimpleNamespace(on=day, act=kind, count=count, precision=precision)


# Which goods share a lane


def test_turkiye_has_one_lane_for_each_story(register: Register) -> None:
    found = {lane_title(one): [bar.start for bar in one.bars] for one in lanes(register, "TR")}
    freeze, n992, n1108 = date(2019, 10, 11), date(2020, 4, 16), date(2024, 1, 29)
    began = date(2019, 9, 1)
    assert found == {
        "Group 2, export": [None, freeze, n992, n1108],
        "Groups 1, 3 to 7 and 9, export": [None, freeze, n992],
        "Goods of s. 4.1, export": [None, freeze, n992, n1108],
        "Group 2, brokering": [None, began, freeze, n992, n1108],
        "Group 9, brokering": [None, began, freeze, n992, n1108],
    }


def test_a_lane_says_what_was_not_controlled_from_the_start(register: Register) -> None:
    notes = {lane_title(one): one.note for one in lanes(register, "TR")}
    assert notes["Groups 1, 3 to 7 and 9, export"] == "Group 9: controlled since 1 Sep 2019"
    assert notes["Group 2, brokering"] == "controlled since 1 Sep 2019"
    assert notes["Group 2, export"] == ""


def test_control_that_did_not_last_is_no_note(register: Register) -> None:
    """Goods on no list needed a permit only while Myanmar was on the Area Control List."""
    notes = {lane_title(one): one.note for one in lanes(register, "MM")}
    assert notes["Group 9, export"] == ""
    assert notes["Goods on no list, export"] == ""


def test_a_lane_is_true_of_every_group_it_names(register: Register) -> None:
    """Each group's own ruling on each day of change is that of the lane which names it.

    Only a group that was not controlled yet may share a lane that was unrestricted then.
    """
    for code in sorted(destinations_named(register) | {"US", "DE", "QA", "AZ"}):
        for one in lanes(register, code):
            for group in _groups_named(one):
                line = LineFacts(one.activity, code, items=(group,))
                for day in register.rulebook.calendar.days:
                    own = Shade.of(resolve(line, register.rulebook, on=day))
                    shared = one.bar_on(day).shade
                    not_yet = own == FREE and shared == CASE
                    assert own == shared or not_yet, (code, lane_title(one), group, day)


def test_a_lane_names_a_permit_only_where_all_its_goods_need_it(register: Register) -> None:
    """Against the engine, for the codes of the control list itself, on days around every change."""
    codes = list(
        ControlListItem.objects.filter(selectable=True)
        .values_list("code", flat=True)
        .order_by("pk")
    )
    days = [date(2010, 1, 1), date(2019, 8, 31), date(2019, 9, 1), date(2026, 11, 23)]
    for code in ("TR", "US", "KP", "IR", "UA", "FR", "IL", "BY", "MM", "QA"):
        for one in lanes(register, code):
            groups = _groups_named(one)
            for day in days:
                needed = permit_needed(register, one, [day])
                for item in codes if needed else ():
                    if parts(item)[0] in groups:
                        line = LineFacts(one.activity, code, items=(item,))
                        found = resolve(line, register.rulebook, on=day).requirement
                        assert found == needed, (code, lane_title(one), item, day)


def test_what_depends_on_the_item_is_not_called_one_permit(register: Register) -> None:
    def needed(code: str, title: str) -> str:
        (one,) = [one for one in lanes(register, code) if lane_title(one) == title]
        return permit_needed(register, one, [date(2026, 11, 23)])

    assert needed("TR", "Group 2, export") == Requirement.INDIVIDUAL_PERMIT
    assert needed("KP", "Group 2, brokering") == Requirement.INDIVIDUAL_PERMIT
    assert needed("US", "Groups 2 to 7 and 9, export") == ""
    assert needed("KP", "Groups 1, 3 to 7 and 9, brokering") == ""
    for one in lanes(register, "UA"):
        if one.facts.sub_region:
            assert permit_needed(register, one, [date(2026, 11, 23)]) == ""


def test_a_condition_for_goods_of_s_4_1_lists_nobody(register: Register) -> None:
    """General Brokering Permit No. 1 asks that such goods go to a listed country; Türkiye is not
    one of its destinations for that."""
    assert "GBP1" not in {row.key for row in rows_naming(register, "TR")}
    assert "GBP1" in {row.key for row in rows_naming(register, "FR")}


def _groups_named(one: Lane) -> Sequence[str]:
    """The groups in the name of a lane; none for items, regions and goods of s. 4.1."""
    first = one.goods.split(";")[0]
    if not first.startswith("Group"):
        return ()
    wanted: list[str] = []
    for word in (
        first.removeprefix("Groups ").removeprefix("Group ").replace(" and ", ", ").split(", ")
    ):
        start, _to, end = word.partition(" to ")
        wanted += [group for group in GROUPS if start <= group <= (end or start)]
    return wanted


def test_lanes_are_those_known_at_the_time(register: Register) -> None:
    before = datetime(2019, 10, 14, 12, tzinfo=UTC)
    (group_2,) = [one for one in lanes(register, "TR", before) if "2" in one.facts.items][:1]
    assert group_2.bar_on(date(2019, 10, 12)).shade == CASE
    after = datetime(2019, 10, 15, 12, tzinfo=UTC)
    assert lanes(register, "TR", after)[0].bar_on(date(2019, 10, 12)).shade == SUSPENDED


# Words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (None, None, "Suspended throughout"),
        (None, date(2020, 4, 16), "Suspended until 16 April 2020"),
        (date(2019, 10, 11), None, "Suspended from 11 October 2019"),
        (
            date(2019, 10, 11),
            date(2020, 4, 16),
            "Suspended from 11 October 2019 until 16 April 2020",
        ),
    ],
)
def test_a_stretch_is_said_with_its_open_ends(
    start: date | None, end: date | None, words: str
) -> None:
    assert stretch_in_words("Suspended", start, end) == words
    assert span_in_words(start, end).lower() == words.removeprefix("Suspended ").lower()


def test_an_open_question_is_not_called_a_stance() -> None:
    assert shade_in_words(OPEN) == "Needs an answer: suspended if no, presumptive denial if yes"
    assert shade_in_words(FREE) == "Not controlled"


# The picture


@pytest.mark.parametrize(
    ("first", "start"),
    [
        (date(2019, 10, 11), 2019),
        (date(2019, 4, 1), 2019),
        (date(2019, 3, 31), 2018),
        (date(1997, 1, 1), 1996),
    ],
)
def test_the_picture_begins_where_the_stance_before_the_first_change_can_be_seen(
    first: date, start: int
) -> None:
    window = window_of([lane((None, CASE), (first, SUSPENDED))], NO_MARKS, 2026)
    assert window == Window(date(start, 1, 1), date(2027, 1, 1))


def test_an_act_before_any_change_begins_the_picture() -> None:
    found = Marks((act(date(2018, 6, 1), "cancel"),), (), ())
    window = window_of([lane((None, CASE), (date(2020, 5, 1), SUSPENDED))], found, 2026)
    assert window.start == date(2018, 1, 1)


def test_bars_follow_each_other_and_fill_the_picture() -> None:
    story = lane((None, CASE), (date(2019, 10, 11), SUSPENDED), (date(2020, 4, 16), OPEN))
    picture = draw([story], NO_MARKS, on=date(2020, 10, 5), until_year=2026)
    bars = picture.lanes[0].bars
    assert [bar.kind for bar in bars] == ["case_by_case", "suspended", "open"]
    assert bars[0].x == 0
    for one, following in itertools.pairwise(bars):
        assert one.x + one.width == pytest.approx(following.x, abs=0.02)
    assert bars[-1].x + bars[-1].width == pytest.approx(100, abs=0.02)


def test_words_stand_in_a_bar_only_where_they_fit() -> None:
    narrow = lane(
        (None, CASE),
        (date(2019, 10, 11), SUSPENDED),
        (date(2020, 4, 16), CASE),
        (date(2020, 5, 16), SUSPENDED),
        (date(2020, 6, 16), CASE),
    )
    bars = draw([narrow], NO_MARKS, on=date(2020, 1, 1), until_year=2026).lanes[0].bars
    assert (bars[1].label, bars[1].tight) == ("Suspended", True)
    assert (bars[2].label, bars[2].tight) == ("", False)
    assert (bars[4].label, bars[4].tight) == ("Case by case", False)
    assert all(bar.title for bar in bars)


def test_exceptions_are_named_in_a_bar() -> None:
    story = [lane((None, CASE), (date(2019, 10, 11), SUSPENDED), (date(2020, 4, 16), CASE))]
    picture = draw(
        story,
        NO_MARKS,
        on=date(2020, 1, 1),
        until_year=2026,
        exceptions=lambda bar: () if bar.end else ("Item for a NATO cooperation program",),
    )
    words = "Case by case (except: item for a NATO cooperation program)"
    assert picture.lanes[0].bars[2].label == words
    assert picture.lanes[0].text.endswith(f"; {words} from 16 April 2020.")


@pytest.mark.parametrize(
    ("end", "label"),
    [
        (date(2026, 1, 1), "Suspended (except: first exception, second one)"),
        (date(2022, 1, 1), "Suspended (except: second one, …)"),
        (date(2021, 8, 1), "Suspended (2 exceptions)"),
        (date(2020, 11, 1), "Suspended"),
    ],
)
def test_the_shorter_a_stretch_the_less_is_said_of_its_exceptions(end: date, label: str) -> None:
    story = [lane((None, CASE), (date(2020, 4, 16), SUSPENDED), (end, CASE))]
    picture = draw(
        story,
        NO_MARKS,
        on=date(2020, 1, 1),
        until_year=2026,
        exceptions=lambda bar: ("First exception", "Second one") if bar.start and bar.end else (),
    )
    assert picture.lanes[0].bars[1].label == label
    assert "first exception, second one" in picture.lanes[0].bars[1].title


@pytest.mark.parametrize(
    ("day", "label", "glyph"),
    [
        (date(2021, 12, 1), "Permits suspended", ""),
        (date(2021, 4, 12), "Suspended", ""),
        (date(2020, 11, 5), "", "pause"),
    ],
)
def test_a_stretch_after_an_act_is_never_without_a_sign(day: date, label: str, glyph: str) -> None:
    found = Marks((act(date(2020, 10, 5), "suspend"), act(day, "cancel", 29)), (), ())
    story = [lane((None, CASE), (date(2019, 10, 11), SUSPENDED))]
    bar = draw(story, found, on=date(2020, 1, 1), until_year=2026).lanes[-1].bars[1]
    assert (bar.label, bar.glyph) == (label, glyph)


def test_an_exception_of_a_stretch_is_open_on_all_of_its_days(register: Register) -> None:
    for code in sorted(destinations_named(register)):
        for one in lanes(register, code):
            for day in register.rulebook.calendar.days:
                ruling = resolve(one.facts, register.rulebook, on=day)
                assert set(one.bar_on(day).exceptions) <= set(ruling.exceptions_open), code


def test_the_flag_of_the_day_has_a_row_of_its_own() -> None:
    story = [lane((None, CASE), (date(2019, 10, 11), SUSPENDED))]
    inside = draw(story, NO_MARKS, on=date(2020, 1, 1), until_year=2026)
    outside = draw(story, NO_MARKS, on=date(2018, 1, 1), until_year=2026)
    assert (inside.axis_height, inside.flag_height) == (78, 18)
    assert (outside.axis_height, outside.flag_height) == (60, 0)


def test_two_changes_within_weeks_both_have_words() -> None:
    story = lane(
        (None, CASE),
        (date(2019, 10, 11), SUSPENDED),
        (date(2020, 4, 16), CASE),
        (date(2020, 5, 6), SUSPENDED),
    )
    events = draw([story], NO_MARKS, on=date(2020, 1, 1), until_year=2026).events
    assert [(event.day, event.row) for event in events] == [
        ("11 Oct 2019", 0),
        ("16 Apr 2020", 1),
        ("6 May 2020", 2),
    ]


def test_a_permit_that_changes_within_a_stretch_is_given_by_day(register: Register) -> None:
    (one,) = [found for found in lanes(register, "CD") if lane_title(found) == "Group 2, brokering"]
    bar = one.bars[-1]
    assert permits_by_day(register, one, days_of_control(register, bar)) == [
        (date(2004, 10, 19), Requirement.NOT_CONTROLLED),
        (date(2019, 9, 1), Requirement.INDIVIDUAL_PERMIT),
    ]


def test_the_day_looked_at_is_left_out_where_the_picture_does_not_reach() -> None:
    story = [lane((None, CASE), (date(2019, 10, 11), SUSPENDED))]
    assert draw(story, NO_MARKS, on=date(2018, 12, 31), until_year=2026).as_of is None
    assert draw(story, NO_MARKS, on=date(2027, 1, 1), until_year=2026).as_of is None
    first = draw(story, NO_MARKS, on=date(2019, 1, 1), until_year=2026).as_of
    assert first is not None
    assert (first.x, first.side) == (0, "end")
    last = draw(story, NO_MARKS, on=date(2026, 12, 31), until_year=2026).as_of
    assert last is not None
    assert last.side == "start"


def test_years_of_a_long_picture_are_thinned() -> None:
    story = [lane((None, CASE), (date(1990, 5, 1), SUSPENDED))]
    years = draw(story, NO_MARKS, on=date(2020, 1, 1), until_year=2026).years
    assert len(years) == 37
    assert [year.label for year in years[:6]] == ["1990", "", "", "", "", "1995"]


def test_control_alone_is_no_date_on_the_axis() -> None:
    story = lane((None, FREE), (date(2019, 9, 1), CASE), (date(2019, 10, 11), SUSPENDED))
    picture = draw([story], NO_MARKS, on=date(2020, 1, 1), until_year=2026)
    assert [event.day for event in picture.events] == ["11 Oct 2019"]


def test_acts_have_a_lane_and_an_exception_does_not_change_it() -> None:
    found = Marks(
        (
            act(date(2020, 5, 6), "approve_exception", 7),
            act(date(2020, 10, 5), "suspend"),
            act(date(2021, 4, 12), "cancel", 29),
        ),
        (),
        (),
    )
    story = [lane((None, CASE), (date(2019, 10, 11), SUSPENDED))]
    picture = draw(story, found, on=date(2020, 1, 1), until_year=2026)
    existing = picture.lanes[-1]
    assert existing.label == "Existing permits"
    assert existing.text == (
        "Valid under their terms; Permits suspended on 5 October 2020; "
        "29 permits cancelled on 12 April 2021."
    )
    assert [bar.kind for bar in existing.bars] == ["act", "act", "act"]


def test_a_day_that_is_not_known_is_said_to_be_about_it() -> None:
    found = Marks((act(date(2024, 7, 1), "suspend", precision="season"),), (), ())
    picture = draw([lane((None, CASE))], found, on=date(2020, 1, 1), until_year=2026)
    assert "about 1 July 2024" in picture.lanes[-1].text
    assert picture.events[0].day == "about 1 Jul 2024"


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
@pytest.mark.parametrize("code", ["TR", "IR", "MM", "UA", "BY", "RU", "IL", "KP"])
def test_words_on_the_axis_never_overlap(register: Register, code: str, language: str) -> None:
    with translation.override(language):
        found = lanes(register, code)
        picture = draw(found, marks(register, code), on=date(2020, 10, 5), until_year=2026)
    for row in range(MOST_ROWS):
        spans = sorted(_span(event) for event in picture.events if event.day and event.row == row)
        for one, following in itertools.pairwise(spans):
            assert one[1] <= following[0]
    assert _everything_is_inside(picture)


def _span(event: Any) -> tuple[float, float]:
    """What the words of an event cover at least, in percent of the narrowest picture."""
    width = 5.5 * max(len(event.day), len(event.note)) / PIXELS_PER_PERCENT
    return (event.x - width, event.x) if event.side == "end" else (event.x, event.x + width)


def _everything_is_inside(picture: Picture) -> bool:
    bars = [bar for one in picture.lanes for bar in one.bars]
    return all(bar.x >= 0 and bar.x + bar.width <= 100.02 for bar in bars) and all(
        0 <= event.x <= 100 for event in picture.events
    )


def test_turkiye_shows_its_six_days(register: Register) -> None:
    picture = draw(
        lanes(register, "TR"), marks(register, "TR"), on=date(2020, 10, 5), until_year=2026
    )
    told = {event.day: event.note for event in picture.events if event.day}
    assert told == {
        "11 Oct 2019": "announced 15 Oct",
        "16 Apr 2020": "presumptive denial",
        "6 May 2020": "Exception approved",
        "5 Oct 2020": "Permits suspended",
        "12 Apr 2021": "29 permits cancelled",
        "29 Jan 2024": "case by case",
    }
