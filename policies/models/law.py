"""Law text: instruments, the consolidations we hold of them, and their provisions."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from history.models import Tracked


class Instrument(Tracked):
    """An Act, a regulation, a list or a general permit, by its short id (`EIPA`, `ECL`)."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    abbreviation_en = models.CharField(_("abbreviation (English)"), max_length=60)
    abbreviation_fr = models.CharField(_("abbreviation (French)"), max_length=60)
    title_en = models.CharField(_("title (English)"), max_length=300)
    title_fr = models.CharField(_("title (French)"), max_length=300)
    citation_en = models.CharField(_("citation (English)"), max_length=120)
    citation_fr = models.CharField(_("citation (French)"), max_length=120)

    class Meta:
        ordering = ["code"]
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")

    def __str__(self) -> str:
        return self.title_en

    def get_absolute_url(self) -> str:
        return reverse("policies:instrument", args=[self.code])


class Edition(Tracked):
    """One consolidation of an instrument, as current to a day; a later one is added beside it.

    A consolidation day never starts a control. `attribution` must be shown with the text.
    """

    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="editions", verbose_name=_("instrument")
    )
    consolidated_to = models.DateField(_("current to"))
    last_amended = models.DateField(_("last amended"), null=True, blank=True)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    amendments = models.JSONField(_("amendments"), default=list, blank=True)
    attribution_en = models.TextField(_("attribution (English)"))
    attribution_fr = models.TextField(_("attribution (French)"))

    class Meta:
        verbose_name = _("consolidation")
        ordering = ["instrument", "-consolidated_to"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "consolidated_to"], name="policies_edition_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument.code} {self.consolidated_to}"


class Provision(Tracked):
    """One provision in both languages, by id such as `EIPA:7.3(1)(b)(v)`.

    `in_force_from` is the day from which this wording is in force, as the source gives it.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="provisions", verbose_name=_("edition")
    )
    key = models.CharField(_("key"), max_length=80)
    parent_key = models.CharField(_("parent provision"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=40)
    order = models.PositiveIntegerField(_("order"))
    cite_en = models.CharField(_("citation (English)"), max_length=80)
    cite_fr = models.CharField(_("citation (French)"), max_length=80)
    heading_en = models.CharField(_("heading (English)"), max_length=300, blank=True)
    heading_fr = models.CharField(_("heading (French)"), max_length=300, blank=True)
    marginal_note_en = models.CharField(_("marginal note (English)"), max_length=300, blank=True)
    marginal_note_fr = models.CharField(_("marginal note (French)"), max_length=300, blank=True)
    text_en = models.TextField(_("text (English)"), blank=True)
    text_fr = models.TextField(_("text (French)"), blank=True)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    history_en = models.JSONField(_("amending provisions (English)"), default=list, blank=True)
    history_fr = models.JSONField(_("amending provisions (French)"), default=list, blank=True)
    repealed = models.BooleanField(_("repealed"), default=False)

    class Meta:
        verbose_name = _("provision")
        ordering = ["edition", "order"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="policies_provision_once")
        ]

    def __str__(self) -> str:
        return self.key
