"""Between which two days to look for changes, as known on a third."""

from __future__ import annotations

from datetime import date

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from history.days import DayField
from policies.forms.asof import refuse_unknown_day


class ChangesForm(forms.Form):
    """The days are `from` and `to`, which is no name in Python: they are fields all the same."""

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        self.today = today
        self.fields["from"] = DayField(label=pgettext_lazy("two days", "From"), required=False)
        self.fields["to"] = DayField(label=pgettext_lazy("two days", "To"), required=False)
        self.fields["known_on"] = DayField(label=_("As known on"), required=False)

    def clean_known_on(self) -> date | None:
        known_on: date | None = self.cleaned_data["known_on"]
        if known_on is not None:
            refuse_unknown_day(known_on, self.today)
        return known_on
