"""Changes to the register that people make: drafted by one administrator, approved by another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from history.models import Tracked
from policies.choices import ChangeKind, ChangeStatus
from policies.models.policies import Policy

_NOT_LOOKED_UP = "+"


class PolicyChange(Tracked):
    """A change to one policy, or to a set of them, from its draft to the register.

    `content` is what the policy is to be: `policy` in the form of `policies.schema.json`, without
    versions, beside `from`, `to`, `announced_on` and `published_on`; a change that only moves days
    has `instrument` instead of `policy`, and a set has `changes`, each with its `kind`, `key`,
    `replaced` and `content`. `policy` is the policy changed (none is for a new one) and `replaced`
    its version whose known range an approval closes; `keys` are those of the policies that the
    approval wrote. `preview` tells what was found when it was made, in counts, and `found` case by
    case: both are sealed when the change is proposed. Only who drafted it edits it.
    """

    private_fields = frozenset({"found"})

    number = models.CharField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind of change"), max_length=10, choices=ChangeKind)
    status = models.CharField(_("status"), max_length=10, choices=ChangeStatus)
    policy = models.ForeignKey(
        Policy,
        on_delete=models.PROTECT,
        null=True,
        related_name="changes",
        verbose_name=_("policy"),
    )
    keys = models.JSONField(_("policies written"), default=list)
    replaced = models.ForeignKey(
        "policies.PolicyVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name=_NOT_LOOKED_UP,
        verbose_name=_("version replaced"),
    )
    content = models.JSONField(_("content"), default=dict)
    rationale_en = models.TextField(_("rationale (English)"), blank=True)
    rationale_fr = models.TextField(_("rationale (French)"), blank=True)
    note = models.TextField(_("note to the checker"), blank=True)
    preview = models.JSONField(_("preview"), default=dict)
    found = models.TextField(_("preview, case by case"), blank=True)
    previewed_at = models.DateTimeField(_("preview made"), null=True)
    drafted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name=_NOT_LOOKED_UP, verbose_name=_("drafted by")
    )
    drafted_at = models.DateTimeField(_("drafted"))
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=_NOT_LOOKED_UP,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    returned_for = models.TextField(_("returned because"), blank=True)

    class Meta:
        verbose_name = _("policy change")
        verbose_name_plural = _("policy changes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="policies_policychange_known_status",
                condition=Q(status__in=ChangeStatus.values),
            ),
            models.CheckConstraint(
                name="policies_policychange_known_kind", condition=Q(kind__in=ChangeKind.values)
            ),
            models.CheckConstraint(
                name="policies_policychange_approved_by_another",
                condition=~Q(status=ChangeStatus.APPROVED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("drafted_by"))),
            ),
            models.CheckConstraint(
                name="policies_policychange_proposed_with_preview",
                condition=~Q(status__in=[ChangeStatus.PROPOSED, ChangeStatus.APPROVED])
                | (Q(proposed_at__isnull=False) & Q(previewed_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("permits:policy_change", args=[self.number])
