"""The day a page is looked at: in force on one day, as it was known on another."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from history.days import DayField


def refuse_unknown_day(known_on: date, today: date) -> None:
    """Nobody can say what will be known: ValidationError for a day of knowledge after today."""
    if known_on > today:
        raise ValidationError(
            _("Nothing is known yet after today. Give %(today)s or an earlier day."),
            code="not_known_yet",
            params={"today": today.isoformat()},
        )


class AsOfForm(forms.Form):
    """Both days are optional: without them the page shows today, with everything recorded."""

    on = DayField(label=_("In force on"), required=False)
    known_on = DayField(label=_("As known on"), required=False)

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_known_on(self) -> date | None:
        known_on: date | None = self.cleaned_data["known_on"]
        if known_on is not None:
            refuse_unknown_day(known_on, self.today)
        return known_on
