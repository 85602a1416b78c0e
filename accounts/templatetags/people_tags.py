"""Days in templates, and what the navigation offers to whom."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.http import HttpRequest
from django.template import Context
from django.urls import NoReverseMatch, reverse

from accounts.choices import Role
from accounts.days import day_in_words, instant_in_words, short_day
from accounts.rights import rights_of
from history.clock import OTTAWA

register = template.Library()

OWN_PAGES = {"account", "change_password", "give_up_role", "give_up_delegation"}
SIGN_IN_PAGES = {"sign_in", "sign_out"}


@register.filter
def in_days(value: date | datetime | None) -> str:
    """A day for reading: 5 October 2020. Of an instant, its day in Ottawa."""
    return "" if value is None else day_in_words(_day_of(value))


@register.filter
def in_short(value: date | datetime | None) -> str:
    """A day for tables: 5 Oct 2020."""
    return "" if value is None else short_day(_day_of(value))


@register.filter
def at_time(value: datetime | None) -> str:
    """An instant, in Ottawa: 5 Oct 2020, 14:02."""
    return "" if value is None else instant_in_words(value)


@register.filter
def is_about_people(current: str) -> bool:
    """Whether a page ("namespace:name") stands below the list of people."""
    namespace, _, name = current.partition(":")
    return namespace == "accounts" and name not in {"people", *OWN_PAGES, *SIGN_IN_PAGES}


@register.simple_tag(takes_context=True)
def people_address(context: Context) -> str:
    """Where the people are, for those who may see them; else nothing."""
    rights = _rights(context)
    return reverse("accounts:people") if rights & {Role.ADMINISTRATOR, Role.AUDITOR} else ""


@register.simple_tag(takes_context=True)
def works_here(context: Context) -> bool:
    """Whether the person holds a role today."""
    return bool(_rights(context))


@register.simple_tag(takes_context=True)
def administers(context: Context) -> bool:
    """Whether the person is an administrator today."""
    return Role.ADMINISTRATOR in _rights(context)


@register.simple_tag(takes_context=True)
def history_address(context: Context, query: str = "") -> str:
    """Where the history is, for those who may read it; else nothing."""
    if not _rights(context):
        return ""
    try:
        return reverse("history:events") + query
    except NoReverseMatch:
        return ""


def _rights(context: Context) -> frozenset[Role]:
    # An include with `only` hides the variable of that name, not what the page is made for.
    request: HttpRequest | None = getattr(context, "request", None)
    return rights_of(request) if request is not None and hasattr(request, "user") else frozenset()


def _day_of(value: date | datetime) -> date:
    return value.astimezone(OTTAWA).date() if isinstance(value, datetime) else value
