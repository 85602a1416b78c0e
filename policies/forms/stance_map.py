"""What the map shows: a day, an activity and a group of the Export Control List."""

from __future__ import annotations

from datetime import date

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from policies.choices import Activity
from policies.domain.controllists import titles_of_groups
from policies.forms.asof import AsOfForm
from policies.forms.choices import keep_what_was_typed

DEFAULTS = {"activity": Activity.EXPORT.value, "group": "2"}
"""Munitions lead: they are what most notices are about."""


class MapForm(AsOfForm):
    """The day with the activity and the group; without them, exports of Group 2. One query."""

    activity = forms.ChoiceField(label=_("Activity"), choices=Activity.choices)

    def __init__(self, data: QueryDict, *, today: date) -> None:
        data = data.copy()
        for name, default in DEFAULTS.items():
            if not data.get(name):
                data[name] = default
        super().__init__(data, today=today)
        self.titles = titles_of_groups(get_language() or "")
        choices = [(code, f"{code}. {title}") for code, title in self.titles.items()]
        self.fields["group"] = forms.ChoiceField(label=_("Control list group"), choices=choices)

    def full_clean(self) -> None:
        super().full_clean()
        keep_what_was_typed(self)

    @property
    def chosen(self) -> dict[str, str]:
        """The activity and the group asked for; one that can't be read is missing."""
        return {name: self.cleaned_data[name] for name in DEFAULTS if name in self.cleaned_data}
