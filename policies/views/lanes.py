"""Lanes as a picture: days turned into percent, words fitted into bars and beside dates.

What it gives is what `templates/components/timeline.html` draws. Widths in pixels are those of the
narrowest picture the stylesheet allows; a wider one only has more room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from policies.choices import PermitActKind, Precision, Requirement, Stance
from policies.domain.explain import day_in_words, short_day
from policies.domain.scope import lowered
from policies.domain.timeline import Bar, Lane, Marks, Shade, lane_title
from policies.models import PermitAct

PIXELS_PER_PERCENT = 10.6
"""The lanes are never narrower than 78rem, of which 11.5rem are for their names."""

DAY_PIXELS, NOTE_PIXELS, GAP_PIXELS = 6.9, 5.9, 12
"""Width of a character of a date on the axis and of its note, and the room kept between two."""

WITH_SHAPE, WITHOUT_SHAPE, TIGHT = (26.0, 7.0), (8.0, 6.5), (6.0, 6.2)
"""Pixels that the words of a bar need: at the edges, and for each character."""

FLAG_PIXELS = 96
FLAG_ROW = 18
"""Height of the row in which the day looked at has its flag, above the years."""

YEARS_HEIGHT, ROW_HEIGHT, MOST_ROWS = 26, 34, 3
"""Pixels of the axis: the years, and each row of dates below them. A third row is for two changes
within weeks of each other."""

MOST_YEAR_LABELS = 16

ACTS_THAT_CHANGE_PERMITS = (
    PermitActKind.SUSPEND,
    PermitActKind.CANCEL,
    PermitActKind.REINSTATE,
    PermitActKind.AMEND,
)

ACT_ICONS = {"suspend": "pause", "cancel": "cross", "approve_exception": "check"}
"""Icons of acts on permits; the shape of a stance is never one of them."""

Exceptions = Callable[[Bar], Sequence[str]]
"""What the rows of a stretch except, in words."""


class PictureBar(NamedTuple):
    """`kind`: a stance, "open" (a question), "act" (on permits) or "free" (no permit needed).

    `glyph` is the icon in front of the words, or instead of them. `tight`: the bar has room for its
    words or its shape, not for both; the words stay.
    """

    x: float
    width: float
    kind: str
    label: str
    title: str
    glyph: str = ""
    tight: bool = False


class PictureLane(NamedTuple):
    label: str
    note: str
    text: str
    bars: tuple[PictureBar, ...]


class PictureEvent(NamedTuple):
    """A date on the axis. `day` and `note` are empty where no row of words has room left."""

    x: float
    day: str
    note: str
    row: int
    side: str

    @property
    def top(self) -> int:
        """Where the row of its words begins, in pixels below the top of the years."""
        return YEARS_HEIGHT + ROW_HEIGHT * self.row


class PictureYear(NamedTuple):
    x: float
    label: str


class PictureAsOf(NamedTuple):
    x: float
    side: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the timeline component draws. `as_of` is None for a day outside the window."""

    window: Window
    years: tuple[PictureYear, ...]
    events: tuple[PictureEvent, ...]
    as_of: PictureAsOf | None
    lanes: tuple[PictureLane, ...]

    @property
    def flag_height(self) -> int:
        """Pixels above the years, so that the flag of the day looked at covers none of them."""
        return FLAG_ROW if self.as_of else 0

    @property
    def axis_height(self) -> int:
        rows = 1 + max((event.row for event in self.events), default=0)
        return self.flag_height + YEARS_HEIGHT + ROW_HEIGHT * rows


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a picture shows: from `start` up to, and not on, `end`."""

    start: date
    end: date

    @property
    def last_year(self) -> int:
        return self.end.year - 1

    def percent(self, day: date) -> float:
        """Where a day begins, percent of the width; what lies outside is put on the edge."""
        inside = min(max(day, self.start), self.end)
        return round(100 * (inside - self.start).days / (self.end - self.start).days, 2)


def draw(
    lanes: Sequence[Lane],
    marks: Marks,
    *,
    on: date,
    until_year: int,
    exceptions: Exceptions = lambda _bar: (),
) -> Picture:
    """The picture of a destination's lanes up to the end of a year, with the day looked at."""
    window = window_of(lanes, marks, until_year)
    return Picture(
        window=window,
        years=tuple(_years(window)),
        events=_placed(_events(lanes, marks), window),
        as_of=_as_of(window, on),
        lanes=(
            *(_drawn(lane, window, exceptions) for lane in lanes),
            *_acts_lane(marks.acts, window),
        ),
    )


def window_of(lanes: Iterable[Lane], marks: Marks, until_year: int) -> Window:
    """From the year of the first change to the end of a year.

    A change in the first quarter is shown with the year before it, so that what it changed from
    can be seen.
    """
    days = [bar.start for lane in lanes for bar in lane.bars if bar.start]
    days += [act.on for act in marks.acts]
    first = min(days, default=date(until_year, 1, 1))
    start = first.year - 1 if first.month <= 3 else first.year
    return Window(date(start, 1, 1), date(max(until_year, start) + 1, 1, 1))


def _years(window: Window) -> Iterable[PictureYear]:
    years = range(window.start.year, window.end.year)
    every = next(step for step in (1, 2, 5, 10, 50) if len(years) <= step * MOST_YEAR_LABELS)
    for year in years:
        label = str(year) if (year - window.start.year) % every == 0 else ""
        yield PictureYear(window.percent(date(year, 1, 1)), label)


def _as_of(window: Window, on: date) -> PictureAsOf | None:
    if not window.start <= on < window.end:
        return None
    x = window.percent(on)
    return PictureAsOf(x, "end" if x * PIXELS_PER_PERCENT < FLAG_PIXELS else "start")


# Words for a stretch of a lane


def shade_in_words(shade: Shade) -> str:
    """Suspended; Needs an answer: suspended if no, presumptive denial if yes; Not controlled."""
    if shade.free:
        return str(Requirement(shade.free).label)
    if shade.is_open:
        return _("Needs an answer: %(if_no)s if no, %(if_yes)s if yes") % {
            "if_no": lowered(str(Stance(shade.stance).label)),
            "if_yes": lowered(str(Stance(shade.stance_if_open).label)),
        }
    return str(Stance(shade.stance).label)


def stretch_in_words(what: str, start: date | None, end: date | None) -> str:
    """Suspended from 11 October 2019 until 16 April 2020."""
    said = {
        "what": what,
        "start": "" if start is None else day_in_words(start),
        "end": "" if end is None else day_in_words(end),
    }
    if start is None and end is None:
        return _("%(what)s throughout") % said
    if start is None:
        return _("%(what)s until %(end)s") % said
    if end is None:
        return _("%(what)s from %(start)s") % said
    return _("%(what)s from %(start)s until %(end)s") % said


def span_in_words(start: date | None, end: date | None) -> str:
    """From 11 October 2019 until 16 April 2020."""
    said = {
        "start": "" if start is None else day_in_words(start),
        "end": "" if end is None else day_in_words(end),
    }
    if start is None and end is None:
        return _("Throughout")
    if start is None:
        return _("Until %(end)s") % said
    if end is None:
        return _("From %(start)s") % said
    return _("From %(start)s until %(end)s") % said


def act_in_words(act: PermitAct) -> str:
    """29 permits cancelled; Permits suspended."""
    if act.count is not None:
        counted = {
            PermitActKind.SUSPEND: ngettext(
                "%(count)d permit suspended", "%(count)d permits suspended", act.count
            ),
            PermitActKind.CANCEL: ngettext(
                "%(count)d permit cancelled", "%(count)d permits cancelled", act.count
            ),
            PermitActKind.REINSTATE: ngettext(
                "%(count)d permit reinstated", "%(count)d permits reinstated", act.count
            ),
            PermitActKind.AMEND: ngettext(
                "%(count)d permit amended", "%(count)d permits amended", act.count
            ),
        }.get(PermitActKind(act.act))
        if counted:
            return counted % {"count": act.count}
    return str(PermitActKind(act.act).label)


def day_with_precision(day: date, precision: str, *, brief: bool = False) -> str:
    """A day in words; "about" in front of one that the source does not give to the day."""
    words = short_day(day) if brief else day_in_words(day)
    return words if precision == Precision.DAY else _("about %(day)s") % {"day": words}


# Bars


def _drawn(lane: Lane, window: Window, exceptions: Exceptions) -> PictureLane:
    bars = [_bar(bar, window, exceptions(bar)) for bar in lane.bars]
    text = "; ".join(bar.title for bar in bars)
    return PictureLane(
        lane_title(lane), lane.note, f"{text}.", tuple(bar for bar in bars if bar.width)
    )


def _bar(bar: Bar, window: Window, exceptions: Sequence[str]) -> PictureBar:
    x, width = _stretch(window, bar.start, bar.end)
    words = shade_in_words(bar.shade)
    kind = "free" if bar.shade.free else "open" if bar.shade.is_open else bar.shade.stance
    choices: tuple[str, ...] = (words,)
    if kind == "open":
        choices = (words, _("Needs an answer"))
    elif exceptions and kind != "free":
        choices = (*_with_exceptions(words, exceptions), words)
    title = stretch_in_words(choices[0], bar.start, bar.end)
    if kind == "free":
        return PictureBar(x, width, kind, _fitting(WITHOUT_SHAPE, width, choices), title)
    glyph = "alert" if kind == "open" else kind
    label = _fitting(WITH_SHAPE, width, choices)
    if label:
        return PictureBar(x, width, kind, label, title, glyph)
    label = _fitting(TIGHT, width, choices)
    return PictureBar(x, width, kind, label, title, glyph, tight=bool(label))


def _with_exceptions(what: str, exceptions: Sequence[str]) -> Iterable[str]:
    """A stance with its exceptions: all of them, else one and the sign of others, else how many."""
    named = [lowered(one) for one in exceptions]
    lists = [", ".join(named), *(f"{one}, …" for one in named if len(named) > 1)]
    for some in lists:
        yield _("%(what)s (except: %(exceptions)s)") % {"what": what, "exceptions": some}
    yield ngettext(
        "%(what)s (%(count)d exception)", "%(what)s (%(count)d exceptions)", len(named)
    ) % {"what": what, "count": len(named)}


def _stretch(window: Window, start: date | None, end: date | None) -> tuple[float, float]:
    x = window.percent(start or window.start)
    return x, round(window.percent(end or window.end) - x, 2)


def _fitting(room_for: tuple[float, float], width: float, choices: Iterable[str]) -> str:
    """The first of the words that the bar has room for, else none."""
    edge, character = room_for
    room = width * PIXELS_PER_PERCENT
    return next((words for words in choices if edge + character * len(words) <= room), "")


def _acts_lane(acts: Sequence[PermitAct], window: Window) -> list[PictureLane]:
    """The lane of permits already issued, where something was done to them."""
    acts = [act for act in acts if act.act in ACTS_THAT_CHANGE_PERMITS]
    if not acts:
        return []
    starts: list[date | None] = [None, *(act.on for act in acts)]
    valid = _("Valid under their terms")
    bars = [_act_bar(_stretch(window, None, acts[0].on), (valid,), valid, "permits")]
    for act, end in zip(acts, [*starts[2:], None], strict=True):
        words = act_in_words(act)
        day = day_with_precision(act.on, act.precision)
        title = _("%(what)s on %(day)s") % {"what": words, "day": day}
        icon = ACT_ICONS.get(act.act, "permits")
        choices = (words, _act_in_a_word(act))
        bars.append(_act_bar(_stretch(window, act.on, end), choices, title, icon))
    text = "; ".join(bar.title for bar in bars)
    return [
        PictureLane(
            _("Existing permits"),
            _("acts under EIPA s. 10(1)"),
            f"{text}.",
            tuple(bar for bar in bars if bar.width),
        )
    ]


def _act_bar(
    stretch: tuple[float, float], choices: Sequence[str], title: str, icon: str
) -> PictureBar:
    """A stretch after an act: the longest words that fit, else its icon."""
    x, width = stretch
    label = _fitting(WITHOUT_SHAPE, width, choices)
    tight = "" if label else _fitting(TIGHT, width, choices)
    return PictureBar(
        x, width, "act", label or tight, title, "" if label else icon, tight=bool(tight)
    )


def _act_in_a_word(act: PermitAct) -> str:
    """What became of the permits, where a bar has no room for more."""
    return {
        PermitActKind.SUSPEND: pgettext("permits", "Suspended"),
        PermitActKind.CANCEL: pgettext("permits", "Cancelled"),
        PermitActKind.REINSTATE: pgettext("permits", "Reinstated"),
        PermitActKind.AMEND: pgettext("permits", "Amended"),
    }[PermitActKind(act.act)]


# Dates on the axis


@dataclass(slots=True)
class _Event:
    """What happened on a day; `weight` decides who gives way where words have no room."""

    day: date
    label: str
    notes: list[str] = field(default_factory=list)
    weight: int = 0


def _events(lanes: Iterable[Lane], marks: Marks) -> list[_Event]:
    events: dict[date, _Event] = {}

    def event(day: date, weight: int, label: str = "") -> _Event:
        found = events.setdefault(day, _Event(day, label or short_day(day)))
        found.weight = max(found.weight, weight)
        return found

    told = {one.effective_from: one.on for one in marks.announcements if one.effective_from}
    for lane in lanes:
        for before, bar in zip(lane.bars, lane.bars[1:], strict=False):
            if bar.start and not _is_only_control(before.shade, bar.shade):
                change = event(bar.start, 3)
                if not change.notes:
                    change.notes.append(_change_note(bar.shade, bar.start, told.get(bar.start)))
    for act in marks.acts:
        weight = 2 if act.act in ACTS_THAT_CHANGE_PERMITS else 1
        label = day_with_precision(act.on, act.precision, brief=True)
        event(act.on, weight, label).notes.append(act_in_words(act))
    for one in marks.announcements:
        if one.effective_from not in events and one.on not in events:
            event(one.on, 0).notes.append(_("announced"))
    return list(events.values())


def _is_only_control(before: Shade, after: Shade) -> bool:
    """Whether goods came onto a list or went off it, and nothing restricts them."""
    return bool(before.free or after.free) and not any(
        shade.is_open or shade.stance != Stance.CASE_BY_CASE for shade in (before, after)
    )


def _change_note(shade: Shade, start: date, announced: date | None) -> str:
    if announced:
        day = short_day(announced)
        if announced.year == start.year:
            day = day.removesuffix(f" {start.year}")
        return _("announced %(day)s") % {"day": day}
    if shade.is_open:
        return _("needs an answer")
    return lowered(str(Stance(shade.stance).label))


def _placed(events: list[_Event], window: Window) -> tuple[PictureEvent, ...]:
    """Events with their words on the first row that has room; the heavier choose first."""
    taken: list[list[tuple[float, float]]] = [[] for _row in range(MOST_ROWS)]
    placed = []
    for event in sorted(events, key=lambda one: (-one.weight, one.day)):
        x = window.percent(event.day)
        note = "; ".join(event.notes)
        width = max(len(event.label) * DAY_PIXELS, len(note) * NOTE_PIXELS) + GAP_PIXELS
        width /= PIXELS_PER_PERCENT
        side = "end" if x + width > 100 else "start"
        span = (x - width, x) if side == "end" else (x, x + width)
        row = next((row for row in range(MOST_ROWS) if _is_clear(taken[row], span)), None)
        if row is None:
            placed.append((event.day, PictureEvent(x, "", "", MOST_ROWS - 1, side)))
        else:
            taken[row].append(span)
            placed.append((event.day, PictureEvent(x, event.label, note, row, side)))
    return tuple(one for _day, one in sorted(placed))


def _is_clear(taken: Iterable[tuple[float, float]], span: tuple[float, float]) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in taken)
