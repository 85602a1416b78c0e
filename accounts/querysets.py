"""Which grants and delegations count, and what waits."""

from __future__ import annotations

from datetime import date
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)


class TwoPeopleQuerySet(models.QuerySet[Row], Generic[Row]):
    """Of rows that one administrator proposes and another confirms."""

    def waiting(self) -> TwoPeopleQuerySet[Row]:
        """Proposed, and neither confirmed nor declined."""
        return self.filter(confirmed_at__isnull=True, declined_at__isnull=True)

    def confirmed(self) -> TwoPeopleQuerySet[Row]:
        return self.filter(confirmed_at__isnull=False, declined_at__isnull=True)

    def with_people(self) -> TwoPeopleQuerySet[Row]:
        """With the names of all who took part, for a page that shows them."""
        people = ("person", "proposed_by", "confirmed_by", "declined_by")
        return self.select_related(*people)


class DatedQuerySet(TwoPeopleQuerySet[Row], Generic[Row]):
    """Of rights for days `[starts_on, ends_on)`."""

    def in_force(self, on: date) -> DatedQuerySet[Row]:
        """Confirmed, for that day, of a person whose account is open now."""
        found: Any = self.confirmed().filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=on), starts_on__lte=on, person__is_active=True
        )
        result: DatedQuerySet[Row] = found
        return result

    def overlapping(self, starts_on: date, ends_on: date | None) -> DatedQuerySet[Row]:
        """For a day of `[starts_on, ends_on)` at least, and not declined."""
        found: Any = self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on), declined_at__isnull=True
        )
        if ends_on is not None:
            found = found.filter(starts_on__lt=ends_on)
        result: DatedQuerySet[Row] = found
        return result

    def with_people(self) -> DatedQuerySet[Row]:
        found: Any = super().with_people().select_related("ended_by")
        result: DatedQuerySet[Row] = found
        return result
