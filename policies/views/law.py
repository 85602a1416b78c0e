"""Law text: the instruments held, and each with its provisions."""

from __future__ import annotations

from datetime import date

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from policies.domain.explain import day_in_words, short_day
from policies.domain.lawtext import Language, read_parts
from policies.domain.scope import section as as_cited
from policies.models import CountryList, Edition, Instrument
from policies.templatetags.policy_tags import in_language
from policies.views.addresses import moved_to

LOCALES: dict[Language, str] = {"en": "en-CA", "fr": "fr-CA"}
"""What `lang` says of a text, whichever language the page is in."""

KINDS: dict[str, str | Promise] = {
    "act": _("Acts"),
    "regulation": _("Regulations and lists"),
    "general_permit": _("General permits"),
}


@require_safe
def law(request: HttpRequest) -> HttpResponse:
    """Every instrument, with what is held of it and as of which day."""
    editions = _newest_editions()
    listed = set(CountryList.objects.values_list("code", flat=True))
    rows = [(edition, edition.instrument.code in listed) for edition in editions]
    groups = [
        (label, [row for row in rows if _kind(row[0].instrument) == kind])
        for kind, label in KINDS.items()
    ]
    attributions = dict.fromkeys(in_language(edition, "attribution") for edition in editions)
    return render(
        request, "policies/law.html", {"groups": groups, "attributions": list(attributions)}
    )


def _newest_editions() -> list[Edition]:
    """The newest edition of each instrument, with how much of it is held."""
    editions = (
        Edition.objects.select_related("instrument")
        .annotate(
            provisions_held=Count("provisions", distinct=True),
            items_held=Count("items", distinct=True),
        )
        .order_by("instrument__code", "consolidated_to")
    )
    return list({edition.instrument.code: edition for edition in editions}.values())


def _kind(instrument: Instrument) -> str:
    """What an instrument is, by how it is cited and called."""
    if not instrument.citation_en.startswith("SOR/"):
        return "act"
    return "general_permit" if instrument.title_en.startswith("General ") else "regulation"


@require_safe
def instrument(request: HttpRequest, code: str) -> HttpResponse:
    """One instrument in one edition: the newest, or the one of `?edition=2026-03-31`."""
    found = get_object_or_404(Instrument, code__iexact=code)
    if found.code != code:
        return moved_to(request, found.code)
    editions = list(found.editions.order_by("-consolidated_to"))
    edition = _edition(editions, request.GET.get("edition", ""))
    language = page_language()
    other: Language = "en" if language == "fr" else "fr"
    return render(
        request,
        "policies/instrument.html",
        {
            "instrument": found,
            "edition": edition,
            "editions": editions,
            "parts": read_parts(edition.provisions.order_by("order"), language),
            "main_lang": LOCALES[language],
            "other_lang": LOCALES[other],
            "list_codes": _lists_of(found, edition),
            "attribution": in_language(edition, "attribution"),
            "current_to": day_in_words(edition.consolidated_to),
            "amendments": [_amendment(one) for one in edition.amendments],
        },
    )


def page_language() -> Language:
    return "fr" if (get_language() or "").startswith("fr") else "en"


def _edition(editions: list[Edition], wanted: str) -> Edition:
    """The edition consolidated to the day `wanted`; the newest for none. Http404."""
    if not wanted and editions:
        return editions[0]
    try:
        day = date.fromisoformat(wanted)
    except ValueError:
        raise Http404 from None
    for edition in editions:
        if edition.consolidated_to == day:
            return edition
    raise Http404


def _lists_of(found: Instrument, edition: Edition) -> list[tuple[str, str]]:
    """The lists that the instrument makes, by code, each with its title."""
    lists = [(one.code, in_language(one, "title")) for one in found.country_lists.all()]
    if edition.items.exists():
        lists.insert(0, (found.code, in_language(found, "title")))
    return lists


def _amendment(amendment: dict[str, str]) -> str:
    """An amendment as the page's language cites it, and the day on which it took effect."""
    cited = as_cited(amendment["instrument"])
    if page_language() == "fr":
        cited = cited.replace(", c. ", ", ch. ")
    return f"{cited}, {short_day(date.fromisoformat(amendment['date']))}"
