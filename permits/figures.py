"""Quantities and amounts: as people read and write them, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DIGITS = 15
"""More SQLite would round, and the log would tell another figure than the row."""


def figure(value: Decimal | None) -> str:
    """A quantity, without zeros that say nothing."""
    return "—" if value is None else number_format(value, _places(value), force_grouping=True)


def dollars(value: Decimal | None) -> str:
    """An amount: cents only where there are any."""
    if value is None:
        return "—"
    places = _places(value)
    return number_format(value, max(places, 2) if places else 0, force_grouping=True)


def in_dollars(value: Decimal | None) -> str:
    """An amount with its currency, for a sentence: in French the sign stands behind."""
    return "—" if value is None else _("CAD %(amount)s") % {"amount": dollars(value)}


def or_no_limit(value: Decimal | None, write: Callable[[Decimal], str]) -> str:
    """What a permit authorises, or has left: without a figure there is no limit."""
    return _("no limit") if value is None else write(value)


def is_too_large(value: Decimal, places: int) -> bool:
    """Whether not every database keeps a figure of so many places."""
    return abs(value).scaleb(places) >= Decimal(10) ** DIGITS


def largest(places: int) -> Decimal:
    """The largest whole figure, beside so many places, that every database keeps."""
    return Decimal(10 ** (DIGITS - places) - 1)


def refuse_too_large(value: Decimal, places: int) -> None:
    """Raises ValidationError for a figure, of so many places, that not every database keeps."""
    if is_too_large(value, places):
        words = _("Give a figure up to %(largest)s.")
        raise ValidationError(words % {"largest": dollars(largest(places))})


def as_typed(value: Decimal) -> str:
    """A figure as it stands in a field, to be edited."""
    return number_format(value, _places(value))


class FigureInput(forms.TextInput):
    """A text box: browsers drop from a number box what their own language does not know."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", "size": 14})

    def format_value(self, value: Any) -> str | None:
        return as_typed(value) if isinstance(value, Decimal) else super().format_value(value)


class FigureField(forms.DecimalField):
    """A figure as people write it in the language of the page, thousands apart or not.

    What can be read in two ways, or in none, is refused.
    """

    default_error_messages = {
        "invalid": gettext_lazy(
            "Enter a number, with a point before the decimals, such as 1422000.50."
        ),
    }
    widget = FigureInput

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # as Django does
        return super().to_python(self._plain(value) if isinstance(value, str) else value)

    def _plain(self, text: str) -> str:
        """The figure as Python writes it. Raises ValidationError."""
        mark = get_format("DECIMAL_SEPARATOR")
        apart = " " if mark == "," else " ,"
        whole = rf"[1-9][0-9]{{0,2}}([{apart}])[0-9]{{3}}(?:\1[0-9]{{3}})*|[0-9]+"
        written = re.sub(r"\s", " ", text.strip())
        if written and not re.fullmatch(rf"-?(?:{whole})(?:{re.escape(mark)}[0-9]+)?", written):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return re.sub(f"[{apart}]", "", written).replace(mark, ".")


def _places(value: Decimal) -> int:
    return max(-int(value.normalize().as_tuple().exponent), 0)
