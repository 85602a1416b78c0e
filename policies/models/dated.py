"""What all dated rows share: when they hold, and when that was known."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from history.models import Tracked

_FIRST_INSTANT = datetime(1, 1, 2, tzinfo=UTC)
_LAST_INSTANT = datetime(9999, 12, 30, tzinfo=UTC)


def _within(field: str, first: date, last: date) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": first, f"{field}__lte": last})


FIRST_BY_DAY = (F("effective_from").asc(nulls_first=True), "id")
"""Rows by their first day. Said outright, since the engines put an open start at different ends."""


class Dated(Tracked):
    """A fact with two clocks.

    `effective_from` and `effective_to` are days: the fact holds from the first up to, and not on,
    the second. `known_from` and `known_to` are instants: the register stated the fact in that
    span. Open ends are null. A row is never edited: a correction closes the known range and adds
    a row, so that what was known on any day can be read again. The database refuses two rows of
    one key that overlap in both ranges (`policies.overlap`).
    """

    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    effective_to = models.DateField(_("in force until"), null=True, blank=True)
    known_from = models.DateTimeField(_("known from"), null=True, blank=True)
    known_to = models.DateTimeField(_("known until"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_effective_range",
                condition=Q(effective_from__isnull=True)
                | Q(effective_to__isnull=True)
                | Q(effective_to__gt=F("effective_from")),
            ),
            # Neither "infinity" nor a number in place of a day, which an engine would take.
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_in_the_calendar",
                condition=_within("effective_from", date.min, date.max)
                & _within("effective_to", date.min, date.max)
                & _within("known_from", _FIRST_INSTANT, _LAST_INSTANT)
                & _within("known_to", _FIRST_INSTANT, _LAST_INSTANT),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_known_range",
                condition=Q(known_from__isnull=True)
                | Q(known_to__isnull=True)
                | Q(known_to__gt=F("known_from")),
            ),
        ]
