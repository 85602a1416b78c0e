"""Control lists (what is controlled) and country lists (who is on which list, and when)."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from policies.models.dated import FIRST_BY_DAY, Dated
from policies.models.destinations import Destination
from policies.models.law import Edition, Instrument


class ControlListItem(models.Model):
    """A group, item or paragraph of a control list, in one edition of the list.

    `is_law_text` is false for headings of the Guide, which are editorial equivalents and must not
    be shown as the Guide's own words.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=120)
    group = models.CharField(max_length=2)
    kind = models.CharField(max_length=40)
    parent_code = models.CharField(max_length=120, blank=True)
    order = models.PositiveIntegerField()
    label_en = models.CharField(max_length=60, blank=True)
    label_fr = models.CharField(max_length=60, blank=True)
    title_en = models.TextField(blank=True)
    title_fr = models.TextField(blank=True)
    text_en = models.TextField(blank=True)
    text_fr = models.TextField(blank=True)
    is_law_text = models.BooleanField()
    selectable = models.BooleanField(
        default=False, help_text=_("Offered when a person classifies goods.")
    )
    repealed = models.BooleanField(default=False)
    in_force_from = models.DateField(null=True, blank=True)
    controlled_to = models.JSONField(default=list, blank=True)
    source_note = models.TextField(blank=True)

    class Meta:
        ordering = ["edition", "order"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="policies_item_once")
        ]

    def __str__(self) -> str:
        return self.code


class GoodsRule(models.Model):
    """A set of items as a provision of a control list defines it, such as `ECL:2(a)`.

    An item is in the set when it is under one of `groups` or `also_items` and not under one of
    `except_items`. Policies name the set in their scope, which never changes, so neither does the
    set: a provision that is amended gets a set under another key. `edition` is where its text was
    last read.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="goods_rules")
    key = models.CharField(max_length=40, unique=True)
    groups = models.JSONField(default=list)
    also_items = models.JSONField(default=list)
    except_items = models.JSONField(default=list)
    condition_en = models.TextField(blank=True)
    condition_fr = models.TextField(blank=True)
    text_en = models.TextField()
    text_fr = models.TextField()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class CountryList(models.Model):
    """A list of countries that a policy's scope may name, such as `AFCCL` or `GEP41`.

    For a general permit it also carries what the permit lets a person do, in editorial words.
    """

    code = models.CharField(max_length=20, unique=True)
    title_en = models.CharField(max_length=300)
    title_fr = models.CharField(max_length=300)
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, null=True, blank=True, related_name="country_lists"
    )
    citation_en = models.CharField(max_length=120, blank=True)
    citation_fr = models.CharField(max_length=120, blank=True)
    effect_en = models.TextField(blank=True)
    effect_fr = models.TextField(blank=True)
    is_general_permit = models.BooleanField(default=False)
    details = models.JSONField(default=dict, blank=True)

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

    list = models.ForeignKey(CountryList, on_delete=models.PROTECT, related_name="entries")
    destination = models.ForeignKey(
        Destination, on_delete=models.PROTECT, related_name="list_entries"
    )
    added_by = models.CharField(max_length=80, blank=True)
    removed_by = models.CharField(max_length=80, blank=True)
    basis = models.TextField(blank=True)
    assumed = models.BooleanField(default=False)

    class Meta(Dated.Meta):
        ordering = ["list", "destination", *FIRST_BY_DAY]

    def __str__(self) -> str:
        return f"{self.list.code} {self.destination.code}"
