"""Destinations: countries and territories, their dated names, and the regions policies name."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history.models import Tracked
from policies.models.dated import FIRST_BY_DAY, Dated


class Destination(Tracked):
    """A country or territory, by ISO 3166-1 alpha-2 code (and XK for Kosovo).

    `name_en` and `name_fr` are today's names, kept beside the dated ones for lists and sorting.
    """

    code = models.CharField(_("code"), max_length=2, unique=True)
    alpha3 = models.CharField(_("three-letter code"), max_length=3, blank=True)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    in_use_from = models.DateField(_("in use from"), null=True, blank=True)
    in_use_to = models.DateField(_("in use until"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("destination")
        verbose_name_plural = _("destinations")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("policies:destination", args=[self.code])

    @property
    def name(self) -> str:
        """Today's name in the language of the page."""
        return self.name_fr if (get_language() or "").startswith("fr") else self.name_en


class DestinationName(Dated):
    """What Canada called a destination in a span of days."""

    destination = models.ForeignKey(
        Destination, on_delete=models.PROTECT, related_name="names", verbose_name=_("destination")
    )
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    source = models.CharField(_("source"), max_length=300, blank=True)
    assumed = models.BooleanField(_("assumed"), default=False)

    class Meta(Dated.Meta):
        verbose_name = _("name of a destination")
        ordering = ["destination", *FIRST_BY_DAY]

    def __str__(self) -> str:
        return self.name_en


class SubRegion(Tracked):
    """A part of a destination that a policy treats on its own, such as `UA-CRIMEA`."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    destination = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        related_name="sub_regions",
        verbose_name=_("destination"),
    )
    name_en = models.CharField(_("name (English)"), max_length=200)
    name_fr = models.CharField(_("name (French)"), max_length=200)
    source = models.CharField(_("source"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("sub-region")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_en
