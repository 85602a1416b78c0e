"""Days, instants, numbers and hashes of the history in templates."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from history import wording
from history.clock import OTTAWA

register = template.Library()


@register.filter
def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return wording.number_in_words(number)


@register.filter
def full_day(day: date) -> str:
    """A day for reading: 5 October 2020."""
    return wording.day_in_words(day)


@register.filter
def weekday(day: date) -> str:
    """A day for a heading: Monday 5 October 2020."""
    return wording.weekday_in_words(day)


@register.filter
def ottawa(instant: datetime) -> str:
    """An instant in Ottawa: 5 October 2020, 14:05:31."""
    return wording.instant_in_words(instant)


@register.filter
def ottawa_day(instant: datetime) -> str:
    """The day of an instant in Ottawa."""
    return wording.day_in_words(instant.astimezone(OTTAWA).date())


@register.filter
def ottawa_time(instant: datetime) -> str:
    """The time of day of an instant in Ottawa: 14:05:31."""
    return instant.astimezone(OTTAWA).strftime("%H:%M:%S")


@register.filter
def short_hash(digest: bytes | str) -> str:
    """The first eight digits of a hash, in groups."""
    return wording.short_hash(digest)


@register.filter
def whole_hash(digest: bytes | str) -> str:
    """A hash whole, in groups that can be read out."""
    return wording.short_hash(digest, length=64)


@register.filter
def said(words: wording.Words) -> SafeString:
    """A value in words. What is no text says so by its style: pages have hundreds of them."""
    if words.kind is wording.Kind.WORDS:
        return conditional_escape(words.text)
    return format_html('<span class="quiet">{}</span>', words.text)
