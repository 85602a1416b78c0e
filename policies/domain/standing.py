"""How a policy stands on a day, as known on a day: in force, ended, not yet in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from policies.facts import covers


class Standing(models.TextChoices):
    IN_FORCE = "in_force", _("In force")
    ENDED = "ended", _("Ended")
    NOT_YET = "not_yet", _("Not yet in force")


class Ranges(Protocol):
    """What has an effective range in days and a known range in instants, half open."""

    @property
    def effective_from(self) -> date | None: ...
    @property
    def effective_to(self) -> date | None: ...
    @property
    def known_from(self) -> datetime | None: ...
    @property
    def known_to(self) -> datetime | None: ...


R = TypeVar("R", bound=Ranges)


def standing(
    versions: Iterable[R], *, on: date, known_at: datetime | None = None
) -> tuple[R, Standing] | None:
    """The version that tells how a policy stands, and how; None when it was not known then.

    Of several known versions the one in force; else the one that ended last; else the next.
    """
    known = [version for version in versions if is_known(version, known_at)]
    found = [(version, standing_of(version, on)) for version in known]
    for wanted in (Standing.IN_FORCE, Standing.ENDED, Standing.NOT_YET):
        of_kind = [version for version, stands in found if stands is wanted]
        if of_kind:
            if wanted is Standing.ENDED:
                return max(of_kind, key=lambda one: one.effective_to or date.max), wanted
            return min(of_kind, key=lambda one: one.effective_from or date.min), wanted
    return None


def is_known(version: Ranges, known_at: datetime | None) -> bool:
    """Whether the register stated this at the instant (None: whether it states it now)."""
    if known_at is None:
        return version.known_to is None
    return covers(version.known_from, version.known_to, known_at)


def standing_of(version: Ranges, on: date) -> Standing:
    if covers(version.effective_from, version.effective_to, on):
        return Standing.IN_FORCE
    started = version.effective_from is None or version.effective_from <= on
    return Standing.ENDED if started else Standing.NOT_YET
