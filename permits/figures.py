"""Quantities and amounts: as people read them, in the language of the page, and how large."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

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


def _places(value: Decimal) -> int:
    return max(-int(value.normalize().as_tuple().exponent), 0)
