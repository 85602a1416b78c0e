"""What templates of cases say of codes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, ModelChoiceField
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from permits.choices import Flag, Status
from permits.considerations import CONSIDERATIONS
from permits.domain import overview, statements
from permits.domain.casefile import CaseFile
from permits.domain.gate import Reason
from permits.domain.recommendation import reason_of
from permits.domain.requirements import RequiredFact
from permits.figures import FigureField, dollars, figure, in_dollars
from permits.forms import in_words
from permits.models import Application
from policies.choices import Activity, EndUserKind, Requirement, Stance
from policies.domain.register import current_register

register = template.Library()
register.filter(figure)
register.filter(dollars)
register.filter(in_dollars)
register.filter(reason_of)


@register.filter
def stance_label(code: str) -> str:
    """The word for a stance."""
    return str(Stance(code).label)


@register.filter
def activity_label(code: str) -> str:
    """The word for an activity; a tenth of the time of Django's `get_activity_display`."""
    return str(Activity(code).label)


@register.filter
def status_label(code: str) -> str:
    """The word for an application's status."""
    return str(Status(code).label)


@register.filter
def requirement_label(code: str) -> str:
    """The words for a permit requirement."""
    return str(Requirement(code).label)


@register.filter
def question_in_words(key: str) -> str:
    """A question of the register by its key, in the language of the page."""
    return str(current_register().question(key)[get_language() or ""])


@register.filter
def questions_in_words(keys: Iterable[str]) -> list[str]:
    """The same of several."""
    return [question_in_words(key) for key in keys]


@register.filter
def end_user_kind(file: CaseFile) -> str:
    """The kind of end-user that counts: as stated, else as the application declares it."""
    said = statements.counted(file).end_user or file.application.end_user_kind
    return str(EndUserKind(said).label) if said else ""


@register.filter
def read_out(field: BoundField) -> str:
    """What a field holds, where it is read and not written."""
    form: Any = field.form
    if isinstance(field.field, ModelChoiceField):
        # The row itself, and not all that could be chosen.
        row = getattr(form.instance, field.name)
        return field.field.label_from_instance(row) if row else ""
    if isinstance(field.field, FigureField):
        # As it is, and not as it would be typed.
        return in_words(field.field, getattr(form.instance, field.name))
    return in_words(field.field, field.value())


@register.filter
def flag_key(line: int, flag: str) -> str:
    """The key of a statement about what a line is."""
    return statements.flag_key(line, Flag(flag))


@register.filter
def party_key(party: int) -> str:
    """The key of a statement about a party."""
    return statements.party_key(party)


@register.filter
def authorization_key(party: int, policy: str) -> str:
    """The key of a statement that a listed party is authorised under a policy."""
    return statements.authorization_key(party, policy)


def left_in_words(left: Iterable[str]) -> str:
    """Dollars that may still be shipped on several permits; an empty one has no limit."""
    figures = list(left)
    if not all(figures):
        return _("no limit on some")
    return dollars(sum(map(Decimal, figures), Decimal(0)))


FORMS = {
    "form": "permits:form",
    "line": "permits:line",
    "lines": "permits:new_line",
    "party": "permits:party",
    "parties": "permits:new_party",
    "documents": "permits:new_document",
}
"""The page of the form behind a part of the case's page."""


@register.simple_tag
def fact_address(application: Application, fact: RequiredFact, may_edit: bool) -> str:
    """Where a required fact is given: the field of its form; where it is shown, for a reader."""
    part, _dash, number = fact.anchor.partition("-")
    if not may_edit:
        shown = reverse("permits:in_full", args=[application.reference])
        where = shown if part in ("form", "line", "party") else application.get_absolute_url()
        return f"{where}#{fact.anchor}"
    about = [application.reference, *([int(number)] if number else [])]
    preset = f"?{fact.preset}" if fact.preset else ""
    return f"{reverse(FORMS[part], args=about)}{preset}#id_{fact.field}"


@register.simple_tag
def reason_address(application: Application, reason: Reason, may_edit: bool) -> str:
    """Where a reason of the gate is mended: a consideration, a field, a part of the case's page."""
    if reason.card:
        return reverse("permits:card", args=[application.reference, reason.card])
    if reason.fact is not None:
        return fact_address(application, reason.fact, may_edit)
    return f"{application.get_absolute_url()}#{reason.at}" if reason.at else ""


@register.simple_tag
def sorted_by(sort: str, column: str) -> str | SafeString:
    """The attribute of a column's head that says how a list is sorted by it, if it is."""
    if sort.removeprefix("-") != column:
        return ""
    return format_html(' aria-sort="{}"', "descending" if sort.startswith("-") else "ascending")


@register.simple_tag(takes_context=True)
def sort_link(context: dict[str, Any], column: str, sort: str) -> str:
    """The address of this list sorted by a column; by the same again, the other way round."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{column}" if sort == column else column
    return f"?{query.urlencode()}"


DOTS = {
    overview.SIGNED: "full",
    overview.ONCE: "half",
    overview.BEGUN: "open",
    overview.BLANK: "blank",
    overview.STALE: "stale",
    overview.RAISED: "raised",
}


@register.simple_tag
def stance(code: str) -> SafeString:
    """A stance by its code, as `permits/_stance.html` shows it."""
    return _once("permits/_stance.html", get_language(), code=code)


@register.simple_tag
def review_dots(letters: str) -> SafeString:
    """The six considerations as shapes, and in words how far they are."""
    signed, count = letters.count(overview.SIGNED), len(CONSIDERATIONS)
    tone = ""
    if overview.RAISED in letters:
        words, tone = _("Risk not excluded"), "bad"
    elif overview.STALE in letters:
        words, tone = _("Signed on another basis"), "warn"
    elif signed == count:
        words, tone = _("No substantial risk"), "good"
    elif set(letters) == {overview.BLANK}:
        words = _("Not begun")
    else:
        words = _("%(signed)d of %(count)d signed") % {"signed": signed, "count": count}
    dots = tuple(DOTS.get(letter, "blank") for letter in letters)
    return _once("permits/_review_dots.html", get_language(), dots=dots, words=words, tone=tone)


@lru_cache(maxsize=512)
def _once(name: str, _language: str | None, **codes: Any) -> SafeString:
    """What depends on few codes and the language alone, rendered once: a list has fifty of it."""
    return render_to_string(name, codes)
