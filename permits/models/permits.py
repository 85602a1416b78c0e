"""A permit: what it allows, what was done to it, what was used of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from accounts.days import short_day
from accounts.models import Delegation, User
from history.models import Tracked
from permits.choices import ActKind
from permits.models.applications import NOT_LOOKED_UP, Application, Line
from permits.models.decisions import Decision, Recommendation
from permits.querysets import UseQuerySet


class Permit(Tracked):
    """A permit as it was issued. What it is today follows from its acts and use
    (`permits.domain.standing`): this row never changes."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="permit", verbose_name=_("application")
    )
    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name=NOT_LOOKED_UP, verbose_name=_("decision")
    )
    issued_on = models.DateField(_("issued"))
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"))

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="permits_permit_validity", condition=Q(valid_to__gt=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("permits:permit", args=[self.number])


class PermitLine(Tracked):
    """What a permit authorises of one line. Values in Canadian dollars; null is no limit."""

    permit = models.ForeignKey(
        Permit, on_delete=models.PROTECT, related_name="lines", verbose_name=_("permit")
    )
    line = models.ForeignKey(
        Line,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        verbose_name=pgettext_lazy("application", "line"),
    )
    number = models.PositiveSmallIntegerField(pgettext_lazy("application", "line"))
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, null=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    value = models.DecimalField(_("value (CAD)"), max_digits=18, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("line of a permit")
        verbose_name_plural = _("lines of a permit")
        ordering = ["permit_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["permit", "number"], name="permits_permitline_once"),
        ]

    def __str__(self) -> str:
        return f"{self.permit}/{self.number}"


class Condition(Tracked):
    """A condition, proposed with a recommendation; it binds once the permit is issued.

    A changed one is a new row that `replaces` the old: what was first said can be read for ever.
    """

    private_fields = frozenset({"text_en", "text_fr"})

    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="conditions",
        verbose_name=_("recommendation"),
    )
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )
    text_en = models.TextField(_("text (English)"))
    text_fr = models.TextField(_("text (French)"))
    written_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("written by"),
    )
    written_at = models.DateTimeField(_("written"), editable=False)
    is_removed = models.BooleanField(_("removed"), default=False, editable=False)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["recommendation_id", "id"]

    def __str__(self) -> str:
        return self.text_en


class PermitAct(Tracked):
    """An act under s. 10(1), on the whole permit or on one line.

    Proposed by one person, done by a decision-maker with a delegation in force (`done_at`), or
    declined. `change` says what an amendment makes of the permit: new quantities and values by
    line number, `valid_to`. `loosens` is decided when it is done, by comparing.
    """

    private_fields = frozenset({"reason", "done_reason"})

    permit = models.ForeignKey(
        Permit, on_delete=models.PROTECT, related_name="acts", verbose_name=_("permit")
    )
    line = models.ForeignKey(
        PermitLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=pgettext_lazy("application", "line"),
    )
    kind = models.CharField(_("act"), max_length=10, choices=ActKind)
    change = models.JSONField(_("change"), default=dict, blank=True)
    loosens = models.BooleanField(_("loosens"))
    provision = models.CharField(_("provision"), max_length=120)
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"), editable=False)
    done_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("done by"),
    )
    done_at = models.DateTimeField(_("done"), null=True, editable=False)
    done_on = models.DateField(_("in effect"), null=True, editable=False)
    # Of who declines: who does the act signs the reason of who proposed.
    done_reason = models.TextField(_("reason of who acted"), blank=True, editable=False)
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("delegation"),
    )
    declined_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("declined by"),
    )
    declined_at = models.DateTimeField(_("declined"), null=True, editable=False)

    class Meta:
        verbose_name = _("act on a permit")
        verbose_name_plural = _("acts on permits")
        ordering = ["permit_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="permits_permitact_done_with_delegation",
                condition=Q(done_at__isnull=True, done_by__isnull=True, done_on__isnull=True)
                | Q(
                    done_at__isnull=False,
                    done_by__isnull=False,
                    done_on__isnull=False,
                    delegation__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="permits_permitact_done_or_declined",
                condition=Q(done_at__isnull=True) | Q(declined_at__isnull=True),
            ),
            # Tightening takes one person, loosening two. To reinstate loosens, whatever is said.
            models.CheckConstraint(
                name="permits_permitact_loosened_by_another",
                condition=Q(done_by__isnull=True)
                | Q(loosens=False) & ~Q(kind=ActKind.REINSTATE)
                | ~Q(done_by=F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permit}: {self.get_kind_display()}"

    @property
    def in_full(self) -> str:
        """What tells it from others of its permit: the lines that it is on, the day it was done."""
        told = [str(self.get_kind_display())]
        lines = [str(self.line.number)] if self.line else []
        if self.kind == ActKind.AMEND:
            lines = sorted(self.change.get("lines", ()), key=int)
        told += [f"{pgettext('application', 'line')} {number}" for number in lines]
        if self.done_on:
            told.append(short_day(self.done_on))
        return ", ".join(told)


class Use(Tracked):
    """A shipment reported against a line of a permit. What is summed up is `objects.counted()`."""

    private_fields = frozenset({"note"})
    named_with = ("permit_line__permit",)

    permit_line = models.ForeignKey(
        PermitLine, on_delete=models.PROTECT, related_name="uses", verbose_name=_("permit line")
    )
    used_on = models.DateField(_("shipped"))
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    value = models.DecimalField(_("value (CAD)"), max_digits=18, decimal_places=2)
    declaration = models.CharField(_("export declaration"), max_length=100, blank=True)
    note = models.TextField(_("note"), blank=True)
    reported_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("reported by"),
    )
    reported_at = models.DateTimeField(_("reported"), editable=False)

    objects = UseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a permit")
        verbose_name_plural = _("uses of permits")
        ordering = ["permit_line_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="permits_use_of_something", condition=Q(quantity__gt=0) & Q(value__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permit_line}, {self.used_on}"

    @property
    def reversal(self) -> UseReversal | None:
        """The one that waits or is agreed: none that was declined."""
        return next((one for one in self.reversals.all() if one.declined_at is None), None)


class UseReversal(Tracked):
    """Says that a shipment was reported wrongly: once another person agrees, it counts on no day.

    It gives balance back, so it takes two people. The row of the shipment stays as it is.
    """

    private_fields = frozenset({"reason", "declined_for"})
    named_with = ("use__permit_line__permit",)

    use = models.ForeignKey(
        Use, on_delete=models.PROTECT, related_name="reversals", verbose_name=_("use of a permit")
    )
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"), editable=False)
    agreed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("agreed by"),
    )
    agreed_at = models.DateTimeField(_("agreed"), null=True, editable=False)
    declined_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("declined by"),
    )
    declined_at = models.DateTimeField(_("declined"), null=True, editable=False)
    declined_for = models.TextField(_("declined because"), blank=True, editable=False)

    class Meta:
        verbose_name = _("taking back of a shipment")
        verbose_name_plural = _("taking back of shipments")
        ordering = ["use_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["use"],
                condition=Q(declined_at__isnull=True),
                name="permits_usereversal_one_stands",
            ),
            models.CheckConstraint(
                name="permits_usereversal_agreed_by_another",
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="permits_usereversal_agreed_by_and_at",
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="permits_usereversal_declined_by_and_at",
                condition=Q(declined_by__isnull=True, declined_at__isnull=True)
                | Q(declined_by__isnull=False, declined_at__isnull=False),
            ),
            models.CheckConstraint(
                name="permits_usereversal_agreed_or_declined",
                condition=Q(agreed_at__isnull=True) | Q(declined_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.use)
