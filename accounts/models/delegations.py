"""Who may act for the Minister, in which office and under which instrument."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Power
from accounts.models.two_people import Dated
from accounts.querysets import DatedQuerySet


class Delegation(Dated):
    """A power of decision (Interpretation Act, s. 24(2)). Kept by `accounts.domain.delegations`.

    It gives a right only on days on which the person also holds the role of decision-maker.
    """

    instrument_en = models.CharField(_("instrument, in English"), max_length=300)
    instrument_fr = models.CharField(_("instrument, in French"), max_length=300)
    number = models.CharField(_("number of the instrument"), max_length=100)
    capacity_en = models.CharField(_("capacity, in English"), max_length=200)
    capacity_fr = models.CharField(_("capacity, in French"), max_length=200)
    may_decide = models.BooleanField(Power.DECIDE.label)
    may_act = models.BooleanField(Power.ACT.label)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                name="accounts_delegation_gives_a_power",
                condition=Q(may_decide=True) | Q(may_act=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.person_id])

    @property
    def powers(self) -> frozenset[Power]:
        given = ((Power.DECIDE, self.may_decide), (Power.ACT, self.may_act))
        return frozenset(power for power, is_given in given if is_given)
