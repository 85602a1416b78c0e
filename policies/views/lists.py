"""Lists: what is controlled, and which countries are on which list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from policies.domain.controllists import read_control_list, search
from policies.domain.explain import day_in_words
from policies.domain.lawtext import Clause, read_law
from policies.domain.register import Register, current_register
from policies.domain.scope import section as as_cited
from policies.domain.search import folded
from policies.domain.standing import Standing, standing_of
from policies.models import CountryList, CountryListEntry, Edition, Provision
from policies.querysets import known_at
from policies.templatetags.policy_tags import in_language
from policies.views.addresses import moved_to
from policies.views.asof import AsOf, read_as_of, today_in_ottawa
from policies.views.law import LOCALES, page_language

ROLES: dict[str, str | Promise] = {
    "authorization": _("What it allows, and to whom"),
    "exclusions": _("What it leaves out"),
    "conditions": _("Conditions"),
    "reporting": _("Notice and reports"),
    "records": _("Records"),
}
"""What the provisions of a general permit are for, in the order in which they are read."""

SUMMARY: dict[str, str | Promise] = {
    "who": _("Who may use it"),
    "goods": _("Goods"),
    "register_before_use": _("Before use"),
    "reporting": _("Reports"),
    "customs_statement": _("Words on the export declaration"),
    "records_years": _("Records kept, years"),
    "special": _("Note"),
}
"""Editorial notes on a general permit; held in English only."""


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Every list: control lists, country lists, general permits."""
    on = today_in_ottawa()
    current = Q(entries__known_to__isnull=True) & (
        Q(entries__effective_from__isnull=True) | Q(entries__effective_from__lte=on)
    )
    current &= Q(entries__effective_to__isnull=True) | Q(entries__effective_to__gt=on)
    country_lists = (
        CountryList.objects.select_related("instrument")
        .annotate(members=Count("entries", filter=current))
        .order_by("code")
    )
    return render(
        request,
        "policies/lists.html",
        {
            "control_lists": _control_editions(),
            "country_lists": [one for one in country_lists if not one.is_general_permit],
            "general_permits": [one for one in country_lists if one.is_general_permit],
        },
    )


def _control_editions() -> list[Edition]:
    """The newest edition of each control list, with how many groups and entries it has."""
    editions = (
        Edition.objects.filter(items__isnull=False)
        .select_related("instrument")
        .annotate(
            groups=Count("items", filter=Q(items__kind="group", items__repealed=False)),
            entries=Count("items", filter=Q(items__parent_code="")),
        )
        .order_by("-instrument__code", "consolidated_to")
    )
    return list({edition.instrument.code: edition for edition in editions}.values())


@require_safe
def one_list(request: HttpRequest, code: str) -> HttpResponse:
    """A control list or a country list, by its code."""
    edition = (
        Edition.objects.filter(instrument__code__iexact=code, items__isnull=False)
        .select_related("instrument")
        .order_by("-consolidated_to")
        .first()
    )
    if edition is not None:
        registered = edition.instrument.code
        return (
            moved_to(request, registered) if registered != code else _control_list(request, edition)
        )
    country_lists = CountryList.objects.select_related("instrument")
    found = get_object_or_404(country_lists, code__iexact=code)
    return moved_to(request, found.code) if found.code != code else _country_list(request, found)


# Control lists


class SearchForm(forms.Form):
    """What to look for in a list. Anything can be looked for, so nothing is refused."""

    q = forms.CharField(
        label=_("Number or words"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )


def _control_list(request: HttpRequest, edition: Edition) -> HttpResponse:
    language = page_language()
    items = list(edition.items.all())
    trees = read_control_list(items, language)
    sought = " ".join(request.GET.get("q", "").split())
    return render(
        request,
        "policies/list.html",
        {
            "edition": edition,
            "instrument": edition.instrument,
            "trees": trees,
            "has_groups": any(node.kind == "group" for node in trees),
            "has_guide": any(not item.is_law_text for item in items),
            "search_form": SearchForm({"q": sought}),
            "sought": sought,
            "found": search(items, trees, sought),
            "open_all": request.GET.get("open") == "all",
            "main_lang": LOCALES[language],
            "attribution": in_language(edition, "attribution"),
            "current_to": day_in_words(edition.consolidated_to),
        },
    )


# Country lists


@dataclass(frozen=True, slots=True)
class Member:
    """A country's time on a list, in words."""

    code: str
    name: str
    since: str
    until: str
    added_by: str
    removed_by: str
    basis: str
    assumed: bool

    @property
    def is_undated(self) -> bool:
        """Whether nothing is known of its time on the list: it counts as listed throughout."""
        return not (self.since or self.until or self.added_by or self.removed_by)


def _country_list(request: HttpRequest, found: CountryList) -> HttpResponse:
    as_of = read_as_of(request)
    register = current_register()
    entries = found.entries.select_related("destination").filter(known_at(as_of.known_at))
    groups = _by_standing(entries, as_of, register)
    language = page_language()
    edition = (
        found.instrument.editions.order_by("-consolidated_to").first() if found.instrument else None
    )
    return render(
        request,
        "policies/list.html",
        {
            "country_list": found,
            "instrument": found.instrument,
            "edition": edition,
            "as_of": as_of,
            "members": groups[Standing.IN_FORCE],
            "undated": all(member.is_undated for member in groups[Standing.IN_FORCE]),
            "past": groups[Standing.ENDED],
            "later": groups[Standing.NOT_YET],
            "unread": _amendments_not_read(found),
            "summary": _summary(found),
            "roles": _roles(found, edition),
            "main_lang": LOCALES[language],
            "attribution": in_language(edition, "attribution") if edition else "",
            "current_to": day_in_words(edition.consolidated_to) if edition else "",
        },
    )


def _by_standing(
    entries: Iterable[CountryListEntry], as_of: AsOf, register: Register
) -> dict[Standing, list[Member]]:
    groups: dict[Standing, list[Member]] = {one: [] for one in Standing}
    for entry in entries:
        groups[standing_of(entry, as_of.on)].append(_member(entry, as_of, register))
    for members in groups.values():
        members.sort(key=lambda member: (folded(member.name), member.since))
    return groups


def _member(entry: CountryListEntry, as_of: AsOf, register: Register) -> Member:
    language = get_language() or ""
    return Member(
        code=entry.destination.code,
        name=register.destination_on(entry.destination.code, as_of.on)[language],
        since=day_in_words(entry.effective_from) if entry.effective_from else "",
        until=day_in_words(entry.effective_to) if entry.effective_to else "",
        added_by=as_cited(entry.added_by),
        removed_by=as_cited(entry.removed_by),
        basis=entry.basis,
        assumed=entry.assumed,
    )


def _amendments_not_read(found: CountryList) -> list[str]:
    """Amendments that are named as history, but whose changes are not known."""
    return [
        as_cited(one["instrument"])
        for one in found.details.get("history", ())
        if not one.get("changes")
    ]


# General permits


def _summary(found: CountryList) -> list[tuple[str | Promise, Any]]:
    if not found.is_general_permit:
        return []
    return [(label, found.details[key]) for key, label in SUMMARY.items() if found.details.get(key)]


def _roles(found: CountryList, edition: Edition | None) -> list[tuple[str | Promise, list[Clause]]]:
    """The provisions of a general permit, by what they are for, in the page's language."""
    named: dict[str, list[str]] = found.details.get("roles", {})
    if not named or edition is None:
        return []
    rows = Provision.objects.filter(edition=edition).order_by("order")
    held = {clause.key: clause for clause in _every(read_law(rows, page_language()))}
    return [
        (label, [held[key] for key in named[role] if key in held])
        for role, label in ROLES.items()
        if role in named
    ]


def _every(clauses: Iterable[Clause]) -> Iterator[Clause]:
    for clause in clauses:
        yield clause
        yield from _every(clause.children)
