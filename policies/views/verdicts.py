"""What applies, in chips: shared by the pages of destinations."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from policies.choices import Requirement, Stance
from policies.domain.explain import short_day
from policies.domain.register import Register
from policies.domain.resolve import Ruling
from policies.domain.scope import lowered
from policies.domain.timeline import Bar, Lane, Shade, days_of_control, permits_by_day
from policies.views.asof import AsOf


class Verdict(NamedTuple):
    """What applies, in chips: a stance or, where nothing restricts, why no permit is needed."""

    stance: str
    stance_label: str
    if_yes: str
    if_yes_label: str
    requirement: str
    requirement_label: str
    is_open: bool
    is_free: bool


def of_lane(found: Verdict, needed: str) -> Verdict:
    """What applies to a lane, whose goods may need different permits (`needed` is then empty)."""
    return found._replace(requirement=needed, requirement_label=permit_words(needed))


def permit_words(needed: str) -> str:
    return str(Requirement(needed).label) if needed else _("Permit depends on the item")


def verdict(ruling: Ruling) -> Verdict:
    shade = Shade.of(ruling)
    return Verdict(
        stance=ruling.stance,
        stance_label=str(Stance(ruling.stance).label),
        if_yes=ruling.stance_if_open,
        if_yes_label=str(Stance(ruling.stance_if_open).label),
        requirement=ruling.requirement,
        requirement_label=str(Requirement(ruling.requirement).label),
        is_open=shade.is_open,
        is_free=bool(shade.free),
    )


def permit_over_a_stretch(lane: Lane, bar: Bar, register: Register, as_of: AsOf) -> str:
    """Which permit the goods of a lane need, and from when where it changes within a stretch."""
    days = days_of_control(register, bar)
    (_first_day, needed), *later = permits_by_day(register, lane, days, as_of.known_at)
    return "; ".join(
        [
            permit_words(needed),
            *(
                _("from %(day)s: %(permit)s")
                % {"day": short_day(day), "permit": lowered(permit_words(needed))}
                for day, needed in later
            ),
        ]
    )
