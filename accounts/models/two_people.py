"""What takes two administrators: one proposes, another confirms.

The database refuses what the domain refuses: a second person who is the first, and a person who
does either for themselves.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.users import User
from history.models import Tracked

NOT_LOOKED_UP = "+"


class TwoPeople(Tracked):
    """A row that counts once `confirmed_at` is set and while `declined_at` is not.

    Nobody (null) in the place of the proposer is the system at installation, which then confirms
    as well.
    """

    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("person")
    )
    proposed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        null=True,
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"))
    confirmed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        null=True,
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    declined_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        null=True,
        verbose_name=_("declined by"),
    )
    declined_at = models.DateTimeField(_("declined"), null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_confirmed_by_another",
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_not_proposed_for_oneself",
                condition=Q(proposed_by__isnull=True) | ~Q(person=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_not_confirmed_for_oneself",
                condition=Q(confirmed_by__isnull=True) | ~Q(person=F("confirmed_by")),
            ),
            # By a person what a person proposed, by the system what the system proposed.
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_confirmed_by_and_at",
                condition=Q(
                    proposed_by__isnull=False, confirmed_by__isnull=True, confirmed_at__isnull=True
                )
                | Q(
                    proposed_by__isnull=False,
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                )
                | Q(
                    proposed_by__isnull=True, confirmed_by__isnull=True, confirmed_at__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_declined_by_and_at",
                condition=Q(declined_by__isnull=True, declined_at__isnull=True)
                | Q(declined_by__isnull=False, declined_at__isnull=False),
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        """Whether a second administrator is still to confirm it."""
        return self.confirmed_at is None and self.declined_at is None


class Dated(TwoPeople):
    """A right for the days from `starts_on` until before `ends_on`; null has no end."""

    starts_on = models.DateField(pgettext_lazy("first day of a right", "from"))
    ends_on = models.DateField(pgettext_lazy("day after a right", "until"), null=True, blank=True)
    ended_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        null=True,
        verbose_name=_("ended by"),
    )
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TwoPeople.Meta):
        abstract = True
        constraints = [
            *TwoPeople.Meta.constraints,
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ends_after_it_starts",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ended_by_and_at",
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
            ),
        ]

    def is_in_force(self, on: date) -> bool:
        """As `DatedQuerySet.in_force` finds it: confirmed, for that day, of an open account."""
        return (
            self.confirmed_at is not None
            and self.declined_at is None
            and self.starts_on <= on
            and (self.ends_on is None or on < self.ends_on)
            and self.person.is_active
        )
