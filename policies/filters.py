"""What a person may narrow the register down by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import django_filters
from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from policies.choices import Activity, Layer, Stance
from policies.domain.reach import binds_every_destination, destinations_named, reaches
from policies.domain.register import Register
from policies.domain.search import folded, policies_about
from policies.domain.standing import Standing, standing
from policies.facts import PolicyRow
from policies.forms.choices import keep_what_was_typed
from policies.models import Policy

EVERY_DESTINATION = "any"
"""The choice of rows that bind every destination, instead of those that reach one."""

ALL_KNOWN = "all"
LONGEST_SEARCH = 200

ANY = pgettext_lazy("no filter", "Any")


Row = TypeVar("Row", bound=Model)


class Narrowed(django_filters.FilterSet):  # type: ignore[misc] # django_filters has no types
    """Rows narrowed down by what a person asks for.

    Where a filter can't be read, nothing is found: rows that do not fit what was asked for must not
    pass for its answer.
    """

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.form.errors) or any(self.form.cleaned_data.values())

    def filter_queryset(self, queryset: QuerySet[Row]) -> QuerySet[Row]:
        if self.form.errors:
            keep_what_was_typed(self.form)
            return queryset.none()
        found: QuerySet[Row] = super().filter_queryset(queryset)
        return found


class PolicyFilter(Narrowed):
    """Policies of the register as it stands on a day, as known at an instant.

    Without a status only what is in force that day is found.
    """

    q = django_filters.CharFilter(
        label=_("Search the register"),
        method="by_words",
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    destination = django_filters.ChoiceFilter(
        label=_("Destination"), method="by_destination", empty_label=ANY
    )
    activity = django_filters.ChoiceFilter(
        label=_("Activity"), method="by_activity", choices=Activity.choices, empty_label=ANY
    )
    stance = django_filters.ChoiceFilter(label=_("Stance"), choices=Stance.choices, empty_label=ANY)
    layer = django_filters.ChoiceFilter(label=_("Layer"), choices=Layer.choices, empty_label=ANY)
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        method="by_status",
        choices=[*Standing.choices, (ALL_KNOWN, _("All known"))],
        empty_label=None,
    )

    def __init__(
        self, data: QueryDict, *, register: Register, on: date, known_at: datetime | None
    ) -> None:
        data = data.copy()
        if not data.get("status"):
            data["status"] = Standing.IN_FORCE.value
        super().__init__(data, queryset=Policy.objects.all())
        self.register = register
        self.on = on
        self.known_at = known_at
        self.form.fields["destination"].choices = self._places()

    @property
    def standing(self) -> str:
        """The status asked for, or the default where what was asked for is none."""
        return str(self.form.cleaned_data.get("status", Standing.IN_FORCE.value))

    @property
    def unread(self) -> list[str]:
        """The labels of the filters that can't be read."""
        return [str(self.form.fields[name].label) for name in self.form.errors]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the default is asked for."""
        asked = dict(self.form.cleaned_data)
        return asked.pop("status", "") != Standing.IN_FORCE or any(asked.values())

    def with_other_status(self) -> dict[Standing, int]:
        """How many policies fit everything but the status, by how they stand that day."""
        if self.form.errors or self.standing == ALL_KNOWN:
            return {}
        queryset = Policy.objects.all()
        for name, value in self.form.cleaned_data.items():
            if name != "status":
                queryset = self.filters[name].filter(queryset, value)
        fitting = set(queryset.values_list("key", flat=True))
        found = (
            standing(row.spans, on=self.on, known_at=self.known_at)
            for row in self.register.rulebook.rows
            if row.key in fitting
        )
        counts = Counter(one[1] for one in found if one)
        return {one: counts[one] for one in Standing if counts[one] and one != self.standing}

    def by_words(self, queryset: QuerySet[Policy], _name: str, value: str) -> QuerySet[Policy]:
        return queryset.filter(key__in=policies_about(value, self.register))

    def by_destination(
        self, queryset: QuerySet[Policy], _name: str, value: str
    ) -> QuerySet[Policy]:
        if value == EVERY_DESTINATION:
            return self._where(queryset, binds_every_destination)
        return self._where(
            queryset,
            lambda row: reaches(row, self.register, value, on=self.on, known_at=self.known_at),
        )

    def by_activity(self, queryset: QuerySet[Policy], _name: str, value: str) -> QuerySet[Policy]:
        return self._where(queryset, lambda row: value in row.scope.activities)

    def by_status(self, queryset: QuerySet[Policy], _name: str, value: str) -> QuerySet[Policy]:
        def stands(row: PolicyRow) -> bool:
            found = standing(row.spans, on=self.on, known_at=self.known_at)
            return found is not None and value in (ALL_KNOWN, found[1])

        return self._where(queryset, stands)

    def _where(
        self, queryset: QuerySet[Policy], test: Callable[[PolicyRow], bool]
    ) -> QuerySet[Policy]:
        return queryset.filter(
            key__in=[row.key for row in self.register.rulebook.rows if test(row)]
        )

    def _places(self) -> list[Any]:
        named = destinations_named(self.register)
        return [
            (EVERY_DESTINATION, _("Rows that bind every destination")),
            (_("Named by a policy"), self._by_name(named)),
            (_("All others"), self._by_name(self.register.destinations.keys() - named)),
        ]

    def _by_name(self, codes: Mapping[str, Any] | frozenset[str] | set[str]) -> list[Any]:
        language = get_language() or ""
        names = {code: self.register.destinations[code][language] for code in codes}
        return sorted(names.items(), key=lambda one: folded(one[1]))
