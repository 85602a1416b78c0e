"""The day a page is looked at: in force on one day, as it was known on another."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FIRST_DAY = date(1867, 7, 1)
LAST_DAY = date(2199, 12, 31)
"""Days that a page can be asked for; wide enough for any law, narrow enough for any calendar."""


class DayField(forms.DateField):
    """A day written YYYY-MM-DD in both languages, in a text box.

    Not a native date picker: that shows the order of the browser, and this one shows what is in
    the address of the page.
    """

    default_error_messages = {
        "invalid": _("Write a day of the calendar as year, month, day, such as 2020-04-16."),
        "out_of_range": _("Give a day from 1867-07-01 to 2199-12-31."),
    }

    def __init__(
        self, label: str | _StrPromise, *, required: bool = False, help_text: str | _StrPromise = ""
    ) -> None:
        super().__init__(
            label=label,
            required=required,
            help_text=help_text,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(
                format="%Y-%m-%d",
                attrs={
                    "type": "text",
                    "inputmode": "numeric",
                    "autocomplete": "off",
                    "placeholder": _("YYYY-MM-DD"),
                    "size": 10,
                },
            ),
        )

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(self.error_messages["out_of_range"], code="out_of_range")


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

    on = DayField(_("In force on"))
    known_on = DayField(_("As known on"))

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_known_on(self) -> date | None:
        known_on: date | None = self.cleaned_data["known_on"]
        if known_on is not None:
            refuse_unknown_day(known_on, self.today)
        return known_on
