"""Control lists (what is controlled) and country lists (who is on which list, and when)."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from history.models import Tracked
from policies.models.dated import FIRST_BY_DAY, Dated
from policies.models.destinations import Destination
from policies.models.law import Edition, Instrument


class ControlListItem(Tracked):
    """A group, item or paragraph of a control list, in one edition of the list.

    `is_law_text` is false for headings of the Guide, which are editorial equivalents and must not
    be shown as the Guide's own words.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="items", verbose_name=_("edition")
    )
    code = models.CharField(_("code"), max_length=120)
    group = models.CharField(_("group"), max_length=2)
    kind = models.CharField(_("kind"), max_length=40)
    parent_code = models.CharField(_("parent item"), max_length=120, blank=True)
    order = models.PositiveIntegerField(_("order"))
    label_en = models.CharField(_("label (English)"), max_length=60, blank=True)
    label_fr = models.CharField(_("label (French)"), max_length=60, blank=True)
    title_en = models.TextField(_("title (English)"), blank=True)
    title_fr = models.TextField(_("title (French)"), blank=True)
    text_en = models.TextField(_("text (English)"), blank=True)
    text_fr = models.TextField(_("text (French)"), blank=True)
    is_law_text = models.BooleanField(_("text of the law"))
    selectable = models.BooleanField(
        _("can be chosen"), default=False, help_text=_("Offered when a person classifies goods.")
    )
    repealed = models.BooleanField(_("repealed"), default=False)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    controlled_to = models.JSONField(_("controlled to"), default=list, blank=True)
    source_note = models.TextField(_("note on the source"), blank=True)

    class Meta:
        verbose_name = _("control list item")
        verbose_name_plural = _("control list items")
        ordering = ["edition", "order"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="policies_item_once")
        ]

    def __str__(self) -> str:
        return self.code


class GoodsRule(Tracked):
    """A set of items as a provision of a control list defines it, such as `ECL:2(a)`.

    An item is in the set when it is under one of `groups` or `also_items` and not under one of
    `except_items`. Policies name the set in their scope, which never changes, so neither does the
    set: a provision that is amended gets a set under another key. `edition` is where its text was
    last read.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="goods_rules", verbose_name=_("edition")
    )
    key = models.CharField(_("key"), max_length=40, unique=True)
    groups = models.JSONField(_("groups"), default=list)
    also_items = models.JSONField(_("also these items"), default=list)
    except_items = models.JSONField(_("except these items"), default=list)
    condition_en = models.TextField(_("condition (English)"), blank=True)
    condition_fr = models.TextField(_("condition (French)"), blank=True)
    text_en = models.TextField(_("text (English)"))
    text_fr = models.TextField(_("text (French)"))

    class Meta:
        verbose_name = _("set of goods")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class CountryList(Tracked):
    """A list of countries that a policy's scope may name, such as `AFCCL` or `GEP41`.

    For a general permit it also carries what the permit lets a person do, in editorial words.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    title_en = models.CharField(_("title (English)"), max_length=300)
    title_fr = models.CharField(_("title (French)"), max_length=300)
    instrument = models.ForeignKey(
        Instrument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="country_lists",
        verbose_name=_("instrument"),
    )
    citation_en = models.CharField(_("citation (English)"), max_length=120, blank=True)
    citation_fr = models.CharField(_("citation (French)"), max_length=120, blank=True)
    effect_en = models.TextField(_("effect (English)"), blank=True)
    effect_fr = models.TextField(_("effect (French)"), blank=True)
    is_general_permit = models.BooleanField(_("is a general permit"), default=False)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("country list")
        verbose_name_plural = _("country lists")

    def __str__(self) -> str:
        return self.title_en

    def get_absolute_url(self) -> str:
        return reverse("policies:list", args=[self.code])


class CountryListEntry(Dated):
    """A country's time on a list. Null `effective_from` means throughout; `assumed` says so."""

    list = models.ForeignKey(
        CountryList, on_delete=models.PROTECT, related_name="entries", verbose_name=_("list")
    )
    destination = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        related_name="list_entries",
        verbose_name=_("destination"),
    )
    added_by = models.CharField(_("added by"), max_length=80, blank=True)
    removed_by = models.CharField(_("removed by"), max_length=80, blank=True)
    basis = models.TextField(_("basis"), blank=True)
    assumed = models.BooleanField(_("assumed"), default=False)

    class Meta(Dated.Meta):
        verbose_name = _("entry of a country list")
        ordering = ["list", "destination", *FIRST_BY_DAY]

    def __str__(self) -> str:
        return f"{self.list.code} {self.destination.code}"
