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


def refuse_too_large(value: Decimal, places: int) -> None:
    """Raises ValidationError for a figure, of so many places, that not every database keeps."""
    if abs(value).scaleb(places) >= 10**DIGITS:
        largest = dollars(Decimal(10 ** (DIGITS - places) - 1))
        raise ValidationError(_("Give a figure up to %(largest)s.") % {"largest": largest})


def _places(value: Decimal) -> int:
    return max(-int(value.normalize().as_tuple().exponent), 0)
