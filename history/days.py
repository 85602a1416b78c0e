"""A day as a person types it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

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

    def __init__(self, **options: Any) -> None:
        attributes = {
            "type": "text",
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": _("YYYY-MM-DD"),
            "size": 10,
        }
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs=attributes),
            **options,
        )

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(self.error_messages["out_of_range"], code="out_of_range")
