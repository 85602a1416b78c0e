"""Quantities and amounts as people read them, in the language of the page."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format


def figure(value: Decimal | None) -> str:
    """A quantity, without zeros that say nothing."""
    return "—" if value is None else number_format(value, _places(value), force_grouping=True)


def dollars(value: Decimal | None) -> str:
    """An amount: cents only where there are any."""
    if value is None:
        return "—"
    places = _places(value)
    return number_format(value, max(places, 2) if places else 0, force_grouping=True)


def _places(value: Decimal) -> int:
    return max(-int(value.normalize().as_tuple().exponent), 0)
