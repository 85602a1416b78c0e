"""A permit sweep: what a policy means for the permits that are live, group by group."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Delegation, User
from history.models import Tracked
from permits.choices import Group, PermitStatus, Settled, SweepAction
from permits.models.applications import NOT_LOOKED_UP
from permits.models.permits import Permit, PermitAct
from policies.models import Policy, PolicyChange


class PermitSweep(Tracked):
    """The live permits in the scope of one policy, to be kept, suspended or cancelled.

    `change` is the approved one from which it follows, if it does; once for each of its policies.
    `on` is the day for which the scope was looked at: that of beginning, or the policy's first day
    if that is later. While `stopped_at` is set, nothing is carried out.
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, related_name="sweeps", verbose_name=_("policy")
    )
    change = models.ForeignKey(
        PolicyChange,
        on_delete=models.PROTECT,
        null=True,
        related_name="sweeps",
        verbose_name=_("policy change"),
    )
    on = models.DateField(_("day"))
    begun_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name=NOT_LOOKED_UP, verbose_name=_("begun by")
    )
    begun_at = models.DateTimeField(_("begun"))
    stopped_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("stopped by"),
    )
    stopped_at = models.DateTimeField(_("stopped"), null=True)

    class Meta:
        verbose_name = _("permit sweep")
        verbose_name_plural = _("permit sweeps")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "policy"], name="permits_permitsweep_once_for_a_change"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("permits:sweep", args=[self.number])


class SweepGroup(Tracked):
    """Permits of a sweep for which one thing is proposed, and one yes is given.

    `permits` are their numbers, each with the dollars left to ship when the sweep was begun (empty
    without a limit); those with an exception are among them still. An exception is a group of one
    `permit`, taken out of the group with the same `code`.
    """

    private_fields = frozenset({"reason_en", "reason_fr", "returned_for"})

    sweep = models.ForeignKey(
        PermitSweep, on_delete=models.PROTECT, related_name="groups", verbose_name=_("permit sweep")
    )
    code = models.CharField(_("group"), max_length=10, choices=Group)
    permit = models.ForeignKey(
        Permit,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("permit"),
    )
    permits = models.JSONField(_("permits"), default=list)
    action = models.CharField(_("action"), max_length=10, choices=SweepAction, blank=True)
    reason_en = models.TextField(_("reason (English)"), blank=True)
    reason_fr = models.TextField(_("reason (French)"), blank=True)
    proposed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    returned_for = models.TextField(_("returned because"), blank=True)
    agreed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("agreed by"),
    )
    agreed_at = models.DateTimeField(_("agreed"), null=True)
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("delegation"),
    )

    class Meta:
        verbose_name = _("group of a sweep")
        verbose_name_plural = _("groups of a sweep")
        ordering = ["sweep_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "code"],
                condition=Q(permit__isnull=True),
                name="permits_sweepgroup_once",
            ),
            models.UniqueConstraint(
                fields=["sweep", "permit"], name="permits_sweepgroup_exception_once"
            ),
            models.CheckConstraint(
                name="permits_sweepgroup_agreed_by_another",
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | (
                    Q(
                        agreed_by__isnull=False,
                        agreed_at__isnull=False,
                        delegation__isnull=False,
                        proposed_by__isnull=False,
                        returned_for="",
                    )
                    & Q(action__in=SweepAction.values)
                    & ~Q(agreed_by=F("proposed_by"))
                ),
            ),
        ]

    def __str__(self) -> str:
        name = self.permit.number if self.permit is not None else self.get_code_display()
        return f"{self.sweep}: {name}"

    @property
    def reason(self) -> str:
        """The reason in both languages, for an act and the letter about it."""
        return f"{self.reason_en}\n{self.reason_fr}"


class SweepItem(Tracked):
    """What came of one permit of a sweep: written with its act, in the stream of its case.

    `status` is what the permit was before. There is one for a permit, whoever carries the sweep
    out and however often: nothing is done to a permit twice.
    """

    named_with = ("permit",)

    sweep = models.ForeignKey(
        PermitSweep, on_delete=models.PROTECT, related_name="items", verbose_name=_("permit sweep")
    )
    group = models.ForeignKey(
        SweepGroup,
        on_delete=models.PROTECT,
        related_name="items",
        verbose_name=_("group of a sweep"),
    )
    permit = models.ForeignKey(
        Permit, on_delete=models.PROTECT, related_name="sweep_items", verbose_name=_("permit")
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=Settled)
    status = models.CharField(_("status before"), max_length=20, choices=PermitStatus)
    act = models.OneToOneField(
        PermitAct,
        on_delete=models.PROTECT,
        null=True,
        related_name="sweep_item",
        verbose_name=_("act on a permit"),
    )
    settled_at = models.DateTimeField(_("settled"))

    class Meta:
        verbose_name = _("permit of a sweep")
        verbose_name_plural = _("permits of a sweep")
        ordering = ["sweep_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "permit"], name="permits_sweepitem_once"),
            models.CheckConstraint(
                name="permits_sweepitem_done_by_an_act",
                condition=Q(outcome=Settled.DONE, act__isnull=False)
                | Q(outcome__in=[Settled.KEPT, Settled.PASSED_OVER], act__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sweep}: {self.permit}"
