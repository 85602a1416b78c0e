"""Who holds which role, since when, until when, by whose hands."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models.two_people import Dated
from accounts.querysets import DatedQuerySet


class RoleGrant(Dated):
    """A role of a person. Proposed, confirmed and ended by `accounts.domain.roles`.

    In force on a day when it is confirmed, the day is one of its days and the account is open. Its
    reasons are those of its entries in the history.
    """

    role = models.CharField(_("role"), max_length=40, choices=Role.choices)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                name="accounts_rolegrant_known_role",
                condition=models.Q(role__in=Role.values),
            ),
        ]
        indexes = [models.Index(fields=["role", "starts_on"], name="accounts_rolegrant_role")]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.person_id])
