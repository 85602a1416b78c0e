"""Screens of the register: policies, destinations and lists. Only a reference load changes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history.admin import ShownInline, ShownScreen
from policies.domain.register import current_register
from policies.domain.search import destinations_called, policies_about
from policies.models import (
    ControlListItem,
    CountryListEntry,
    DestinationName,
    Policy,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
    SubRegion,
)

DATES = ("effective_from", "effective_to", "known_from", "known_to")


class RegisterScreen(ShownScreen):
    """Rows with words in both languages, listed in that of the page."""

    def history_subject(self, row: Any) -> str:
        return str(row.stream).partition(":")[2]

    @admin.display(description=_("Title"))
    def title(self, row: Any) -> str:
        return str(row.title_fr if (get_language() or "").startswith("fr") else row.title_en)


# Policies


class VersionInline(ShownInline):
    model = PolicyVersion
    fields = (*DATES, "announced_on", "published_on", "precision")
    verbose_name_plural = _("Versions")


class QuestionInline(ShownInline):
    model = PolicyQuestion
    fk_name = "policy"
    fields = ("code", "text_en", "text_fr", "applies_if", "same_as")
    related = ("same_as",)
    verbose_name_plural = _("Questions")


class ExceptionInline(ShownInline):
    model = PolicyException
    fields = ("code", "text_en", "text_fr", "evidence_en", "evidence_fr", "until")
    verbose_name_plural = _("Exceptions")


class PolicyScreen(RegisterScreen):
    list_display = ("key", "title", "layer", "stance", "requirement", "page")
    list_filter = ("layer", "stance", "requirement", "control")
    search_fields = ("key", "title_en", "title_fr", "instrument_en", "instrument_fr")
    fields = (
        *("key", "layer", "stance", "requirement", "control", "covers", "scope", "replaces"),
        *("title_en", "title_fr", "instrument_en", "instrument_fr", "citation_en", "citation_fr"),
        *("section", "existing_permits", "existing_permits_en", "existing_permits_fr"),
        *("confidence", "notes_en", "notes_fr"),
    )
    list_per_page = 50
    inlines = (VersionInline, QuestionInline, ExceptionInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As on the page of the policies: whatever accents and capitals are typed."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(key__in=policies_about(search_term, current_register())), False

    def history_subject(self, row: Policy) -> str:
        return row.stream


# Destinations


class NameInline(ShownInline):
    model = DestinationName
    fields = ("name_en", "name_fr", *DATES, "source")
    verbose_name_plural = _("Names")


class SubRegionInline(ShownInline):
    model = SubRegion
    fields = ("code", "name_en", "name_fr", "source")
    verbose_name_plural = _("Sub-regions")


class DestinationScreen(RegisterScreen):
    list_display = ("code", "name_en", "name_fr", "alpha3", "in_use_to", "page")
    search_fields = ("=code", "=alpha3", "name_en", "name_fr")
    fields = ("code", "alpha3", "name_en", "name_fr", "in_use_from", "in_use_to", "note")
    inlines = (NameInline, SubRegionInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By today's names or earlier ones, whatever accents and capitals are typed."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(code__in=destinations_called(search_term, current_register())), False


# Lists


class EntryInline(ShownInline):
    model = CountryListEntry
    fields = ("destination", *DATES, "added_by", "removed_by")
    related = ("destination",)
    verbose_name_plural = _("Entries")


class CountryListScreen(RegisterScreen):
    list_display = ("code", "title", "is_general_permit", "page")
    list_filter = ("is_general_permit",)
    list_select_related = ("instrument",)
    search_fields = ("=code", "title_en", "title_fr")
    fields = (
        *("code", "title_en", "title_fr", "instrument", "citation_en", "citation_fr"),
        *("effect_en", "effect_fr", "is_general_permit"),
    )
    inlines = (EntryInline,)


class GroupFilter(admin.SimpleListFilter):
    """The groups of the lists; an item of a list without groups has none."""

    title = _("group")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = ControlListItem.objects.exclude(group="").values_list("group", flat=True)
        return [(group, group) for group in groups.order_by("group").distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(group=self.value())


class ControlListItemScreen(RegisterScreen):
    list_display = ("code", "title", "group", "kind", "selectable", "page")
    list_filter = (GroupFilter, "selectable", "repealed", "edition__instrument")
    list_select_related = ("edition__instrument",)
    search_fields = ("^code", "title_en", "title_fr")
    fields = (
        *("edition", "code", "group", "kind", "parent_code", "title_en", "title_fr"),
        *("text_en", "text_fr", "is_law_text", "selectable", "repealed", "in_force_from"),
        *("controlled_to", "source_note"),
    )

    def view_on_site(self, row: ControlListItem) -> str:
        """Its list, at its code."""
        address = reverse("policies:list", args=[row.edition.instrument.code])
        return f"{address}?{urlencode({'q': row.code})}"
