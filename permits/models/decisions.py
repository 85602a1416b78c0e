"""What is recommended, and what is decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Delegation, User
from history.models import Tracked
from permits.choices import Outcome
from permits.models.applications import NOT_LOOKED_UP, Application


class Recommendation(Tracked):
    """What an analyst proposes to decide. At most one stands; sending it back sets it aside.

    `grounds` are the codes of `RefusalGround` or `ReturnGround`. An intended refusal is put to the
    applicant (`put_on`) with a day to reply by.
    """

    private_fields = frozenset({"reasons", "reply"})

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="recommendations",
        verbose_name=_("application"),
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    grounds = models.JSONField(_("grounds"), default=list, blank=True)
    reasons = models.TextField(_("reasons"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    basis = models.CharField(_("digest of the file"), max_length=64, editable=False)
    made_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made"), editable=False)
    put_on = models.DateField(_("put to the applicant"), null=True, editable=False)
    reply_by = models.DateField(_("reply by"), null=True, blank=True)
    reply = models.TextField(_("reply"), blank=True)
    replied_on = models.DateField(_("replied"), null=True, blank=True)
    set_aside_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("set aside by"),
    )
    set_aside_at = models.DateTimeField(_("set aside"), null=True, editable=False)

    class Meta:
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(set_aside_at__isnull=True),
                name="permits_recommendation_one_stands",
            ),
            models.CheckConstraint(
                name="permits_recommendation_reply_period",
                condition=Q(put_on__isnull=True) | Q(reply_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"


class Decision(Tracked):
    """The one decision on an application, with all that it rested on.

    `frozen` is canonical JSON, made by `permits.domain.frozen`; `frozen_digest` is its SHA-256 and
    is in the event too. Never changed.
    """

    private_fields = frozenset({"reasons", "frozen"})

    application = models.OneToOneField(
        Application,
        on_delete=models.PROTECT,
        related_name="decision",
        verbose_name=_("application"),
    )
    recommendation = models.OneToOneField(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="decision",
        verbose_name=_("recommendation"),
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    grounds = models.JSONField(_("grounds"), default=list, blank=True)
    reasons = models.TextField(_("reasons"))
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("decided by"),
    )
    decided_on = models.DateField(_("decided"), editable=False)
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("delegation"),
    )
    capacity_en = models.CharField(_("capacity, in English"), max_length=200)
    capacity_fr = models.CharField(_("capacity, in French"), max_length=200)
    adopts_determination = models.BooleanField(
        _("adopts the determination under s. 7.4"), default=False
    )
    exceptions_signed = models.JSONField(
        _("exceptional circumstances signed"), default=list, blank=True
    )
    is_for_war_material = models.BooleanField(_("s. 7.3 applies"), default=False)
    frozen = models.TextField(_("what it rested on"), editable=False)
    frozen_digest = models.CharField(_("digest of it"), max_length=64, editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.CheckConstraint(
                name="permits_decision_known_outcome", condition=Q(outcome__in=Outcome.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"
