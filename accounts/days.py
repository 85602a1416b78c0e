"""Days as people read them."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import translation
from django.utils.formats import date_format

from history.clock import OTTAWA


def day_in_words(day: date) -> str:
    """A day for reading: 5 October 2020; 5 octobre 2020; 1er octobre 2020."""
    return _first_in_french(day, date_format(day, "j F Y"))


def short_day(day: date) -> str:
    """A day for tables: 5 Oct 2020; 5 oct. 2020; 1er oct. 2020."""
    # French abbreviates months with a point, which is Django's format N, not M.
    return _first_in_french(day, date_format(day, "j N Y" if _is_french() else "j M Y"))


def _first_in_french(day: date, words: str) -> str:
    return words.replace("1 ", "1er ", 1) if day.day == 1 and _is_french() else words


def _is_french() -> bool:
    return (translation.get_language() or "").startswith("fr")


def instant_in_words(instant: datetime) -> str:
    """An instant as it was in Ottawa: 5 Oct 2020, 14:02; 5 oct. 2020, 14 h 02."""
    local = instant.astimezone(OTTAWA)
    time = date_format(local, "G\u00a0\\h\u00a0i" if _is_french() else "H:i")
    return f"{short_day(local.date())}, {time}"
