"""Which days the federal public service works, and how long an application may take."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history.models import Tracked


class Calendar(Tracked):
    """A calendar of business days, such as that of the federal public service."""

    FEDERAL = "federal"

    code = models.CharField(_("code"), max_length=20, unique=True)
    title_en = models.CharField(_("title (English)"), max_length=200)
    title_fr = models.CharField(_("title (French)"), max_length=200)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")

    def __str__(self) -> str:
        return self.code


class Holiday(Tracked):
    """A day off on a weekday: where a holiday falls on a weekend, the day on which it is kept."""

    calendar = models.ForeignKey(
        Calendar, on_delete=models.PROTECT, related_name="holidays", verbose_name=_("calendar")
    )
    day = models.DateField(_("day"))
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["calendar", "day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="policies_holiday_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class ServiceStandard(Tracked):
    """How many business days an application may take, and how often that is to be kept."""

    code = models.CharField(_("code"), max_length=20)
    days = models.PositiveSmallIntegerField(_("business days"))
    target_percent = models.PositiveSmallIntegerField(_("target, in percent"))
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    effective_to = models.DateField(_("in force until"), null=True, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=200)
    title_fr = models.CharField(_("title (French)"), max_length=200)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("service standard")
        verbose_name_plural = _("service standards")
        ordering = ["code", "effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "effective_from"], name="policies_servicestandard_once"
            ),
            models.CheckConstraint(
                name="policies_servicestandard_range",
                condition=Q(effective_from__isnull=True)
                | Q(effective_to__isnull=True)
                | Q(effective_to__gt=F("effective_from")),
            ),
            models.CheckConstraint(
                name="policies_servicestandard_percent", condition=Q(target_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}, {self.days}"

    @property
    def title(self) -> str:
        """In the language of the page."""
        return self.title_fr if (get_language() or "").startswith("fr") else self.title_en
