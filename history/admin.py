"""Screens of the administration that show and never change, and the screen of the log's entries.

Who may open a screen is said once, in `config/access.py`; a screen asks its site, so Django's own
tables of permissions are asked nowhere. Nothing is written to Django's log of the administration
either: the history tells what was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.db.models import DateField, Model, QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from history.models import Event
from history.verbs import known_verbs

if TYPE_CHECKING:
    Screen = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
else:
    Screen = admin.ModelAdmin
    Inline = admin.TabularInline

ADDRESSES = ("changelist", "change", "history")
"""What a screen has: its list, a page for each row, and the way to the row's history."""


class AskedSite(admin.AdminSite):
    """A site that says who may open which of its screens. This one lets nobody in."""

    def may(self, request: HttpRequest, opts: Options[Any], method: str) -> bool:
        """Whether who is asking may see (GET) or send (POST) the pages of rows of that model."""
        return False


def _lookups_of(model: type[Model], named: Any) -> frozenset[str]:
    """What the links of a filter ask for, and nothing further: neither a part of a column's value
    nor a column of what it points to."""
    name = named[0] if isinstance(named, tuple) else named
    if not isinstance(name, str):
        return frozenset({name.parameter_name})
    column = get_fields_from_path(model, name)[-1]
    if column.is_relation:
        asked: tuple[str, ...] = ("id__exact", "isnull")
    elif isinstance(column, DateField):
        asked = ("gte", "lt", "isnull")
    else:
        asked = ("exact", "isnull")
    return frozenset(f"{name}__{one}" for one in asked)


LONGEST_SEARCH = 200
"""Characters, as in the product's own lists."""


class SearchForm(ChangeListSearchForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(
            required=False, strip=False, max_length=LONGEST_SEARCH
        )


class ShownList(ChangeList):
    """What is searched for is bounded: each word may cost more than the one before it."""

    search_form_class = SearchForm


class ShownScreen(Screen):
    """Rows that are read here and changed elsewhere, if at all.

    A filter is one that `list_filter` names: no other column can be guessed at by its address.
    """

    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("AskedSite", self.admin_site).may(request, self.opts, "GET")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        named: Any = self.list_filter
        return any(lookup in _lookups_of(self.model, one) for one in named)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ShownList

    def get_urls(self) -> list[URLPattern]:
        kept = {f"{self.opts.app_label}_{self.opts.model_name}_{what}" for what in ADDRESSES}
        return [one for one in super().get_urls() if one.name in kept]

    def log_addition(self, *args: Any) -> Any:
        """None is kept: the history has it."""

    def log_change(self, *args: Any) -> Any:
        """None is kept: the history has it."""

    def log_deletions(self, *args: Any) -> Any:
        """None is kept: the history has it."""

    # Ways into the product's own pages

    def history_subject(self, row: Any) -> str:
        """What the entries about the row are about, as `history` writes it; empty for all."""
        return ""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """To the row's entries in the history."""
        row = self.get_object(request, object_id)
        subject = "" if row is None else self.history_subject(row)
        query = f"?{urlencode({'subject': subject})}" if subject else ""
        return redirect(reverse("history:events") + query)

    def view_on_site(self, row: Any) -> str:
        """The product's own page of the row."""
        return str(row.get_absolute_url())

    @admin.display(description=_("Page"))
    def page(self, row: Any) -> SafeString:
        """A link to the product's own page of the row."""
        return format_html(
            '<a href="{}">{}<span class="visually-hidden"> {}</span></a>',
            self.view_on_site(row),
            pgettext("page", "Open"),
            row,
        )


class ShownInline(Inline):
    """Rows below the one that they belong to, read and not changed."""

    template = "admin/shown_inline.html"
    extra = 0
    can_delete = False
    view_on_site = False
    related: tuple[str, ...] = ()
    """Rows that are shown by name, read with the others."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.get_fields(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the page that they stand on."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def link(address: str, words: Model | str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, words)


class EventScreen(ShownScreen):
    """The entries of the log. Searching is by the beginning of a subject, or by a request's id."""

    list_display = ("number", "recorded_at", "what", "subject", "actor", "role")
    list_filter = ("recorded_at",)
    search_fields = ("^subject", "=request")
    ordering = ("-number",)
    # Counting a whole log takes longer than reading a page of it.
    show_full_result_count = False
    fields = (
        "number",
        "stream",
        "sequence",
        "recorded_at",
        "occurred_on",
        "actor",
        "role",
        "what",
        "subject",
        "request",
    )
    readonly_fields = ("what",)

    @admin.display(description=_("Action"), ordering="verb")
    def what(self, row: Event) -> str:
        return str(known_verbs().get(row.verb, row.verb))

    def history_subject(self, row: Event) -> str:
        return row.subject
