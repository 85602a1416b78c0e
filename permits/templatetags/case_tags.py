"""What templates of cases say of codes."""

from __future__ import annotations

from django import template

from permits.choices import Flag
from permits.domain import statements
from policies.choices import Requirement, Stance

register = template.Library()


@register.filter
def stance_label(code: str) -> str:
    """The word for a stance."""
    return str(Stance(code).label)


@register.filter
def requirement_label(code: str) -> str:
    """The words for a permit requirement."""
    return str(Requirement(code).label)


@register.filter
def flag_key(line: int, flag: str) -> str:
    """The key of a statement about what a line is."""
    return statements.flag_key(line, Flag(flag))


@register.filter
def party_key(party: int) -> str:
    """The key of a statement about a party."""
    return statements.party_key(party)
