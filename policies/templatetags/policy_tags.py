"""Days and bilingual texts in templates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.translation import get_language

from policies.domain import scope
from policies.domain.explain import day_in_words, short_day
from policies.domain.queries import OTTAWA
from policies.domain.sources import Source, source_for_reader

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> str:
    """A day for reading: 5 October 2020. Of an instant, its day in Ottawa."""
    return "" if value is None else day_in_words(_day_of(value))


@register.filter
def brief_day(value: date | datetime | None) -> str:
    """A day for tables: 5 Oct 2020."""
    return "" if value is None else short_day(_day_of(value))


@register.filter
def in_language(thing: Any, field: str) -> str:
    """The text of a bilingual pair of fields, such as `title_en` and `title_fr`."""
    language = "fr" if (get_language() or "").startswith("fr") else "en"
    return str(getattr(thing, f"{field}_{language}"))


@register.filter
def provision(cited: str) -> str:
    """A provision of the Act as the language of the page cites it."""
    return scope.provision(cited)


@register.filter
def for_reader(url: str) -> Source:
    """The address of a source in the language of the page."""
    return source_for_reader(url)


def _day_of(value: date | datetime) -> date:
    return value.astimezone(OTTAWA).date() if isinstance(value, datetime) else value
