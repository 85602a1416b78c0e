"""The strip of a case: who held the file for how many business days, drawn to scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import ngettext

from permits.domain.clock import Clock, Held, Stretch, stretches

HERE, OTHERS, STOPPED, LEFT = "here", "others", "stopped", "left"


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the strip; `x` and `width` are percent. `label` is empty where no words fit."""

    kind: str
    x: float
    width: float
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """The same in words: who had the file from when until when, and for how many days."""

    held: Held
    counted: int
    stopped: int


@dataclass(frozen=True, slots=True)
class Strip:
    """`text` is the whole in one sentence; `totals` are days by kind, those that there are."""

    bars: tuple[Bar, ...]
    totals: tuple[tuple[str, int], ...]
    text: str
    rows: tuple[Row, ...]


def strip_of(held: Sequence[Held], clock: Clock) -> Strip:
    """What is drawn and told of who held the file; days are left while somebody has it."""
    found = stretches(held, clock)
    is_over = bool(held) and held[-1].until is not None
    left = 0 if is_over else max(clock.left or 0, 0)
    parts = [(_kind(one), one.days, one.held.who) for one in found]
    if left:
        parts.append((LEFT, left, ""))
    whole = sum(days for _kind_of_it, days, _who in parts)
    bars, before = [], 0
    for kind, days, who in parts:
        width = 100 * days / whole
        label = _label(width, kind, days, who)
        bars.append(Bar(kind, 100 * before / whole, width, label, _title(kind, days, who)))
        before += days
    totals = {
        kind: sum(days for its, days, _who in parts if its == kind)
        for kind in (HERE, OTHERS, STOPPED, LEFT)
    }
    return Strip(
        tuple(bars),
        tuple((kind, days) for kind, days in totals.items() if days),
        "; ".join(bar.title for bar in bars),
        tuple(
            Row(
                one,
                sum(part.days for part in found if part.held == one and part.counts),
                sum(part.days for part in found if part.held == one and not part.counts),
            )
            for one in held
        ),
    )


def _kind(stretch: Stretch) -> str:
    if not stretch.counts:
        return STOPPED
    return HERE if stretch.held.is_here else OTHERS


def _title(kind: str, days: int, who: str) -> str:
    if kind == LEFT:
        return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    said = {"who": who, "days": days}
    if kind == STOPPED:
        return (
            ngettext(
                "%(who)s %(days)d day, not counted", "%(who)s %(days)d days, not counted", days
            )
            % said
        )
    return ngettext("%(who)s %(days)d day", "%(who)s %(days)d days", days) % said


def _label(width: float, kind: str, days: int, who: str) -> str:
    """What fits of it into a strip of seven hundred pixels; a pattern says what does not count."""
    room = (7 * width - 8) / 6
    words = _title(kind, days, who) if kind == LEFT else f"{who} {days}"
    return next((one for one in (words, str(days)) if len(one) <= room), "")
