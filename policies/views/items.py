"""What a field for control-list items, or for destinations, offers while one types into it."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from policies.domain.codes import is_written_code
from policies.domain.items import Finder
from policies.domain.register import current_register
from policies.domain.search import destinations_called, folded
from policies.forms.items import LONGEST_SOUGHT
from policies.views.law import page_language

MOST_OFFERED = 20


@require_safe
def find_items(request: HttpRequest) -> JsonResponse:
    """The first items that `q` finds, and in words how many there are.

    Nothing is said of a number that finds nothing: it may extend one of the lists.
    """
    sought = " ".join(request.GET.get("q", "")[:LONGEST_SOUGHT].split())
    found = list(Finder(page_language()).find(sought).values())
    shown = [
        {"value": one.code, "title": one.title, "where": one.where} for one in found[:MOST_OFFERED]
    ]
    return JsonResponse({"found": shown, "words": _in_words(sought, len(found))})


@require_safe
def find_destinations(request: HttpRequest) -> JsonResponse:
    """The first destinations with the code or name `q`, by name, and in words how many."""
    sought = " ".join(request.GET.get("q", "")[:LONGEST_SOUGHT].split())
    register, language = current_register(), page_language()
    codes = destinations_called(sought, register) if sought else []
    names = sorted(
        ((register.destinations[code][language], code) for code in codes),
        key=lambda one: (one[1] != sought.upper(), folded(one[0])),
    )
    shown = [{"value": name, "title": code, "where": ""} for name, code in names[:MOST_OFFERED]]
    if not names:
        words = _("No destination has this name.") if sought else ""
    else:
        words = ngettext(
            "%(number)d destination found.", "%(number)d destinations found.", len(names)
        ) % {"number": len(names)}
    return JsonResponse({"found": shown, "words": words})


def _in_words(sought: str, number: int) -> str:
    if number > MOST_OFFERED:
        return _("%(number)d items found, the first %(most)d are shown. More words narrow it.") % {
            "number": number,
            "most": MOST_OFFERED,
        }
    if number:
        words = ngettext("%(number)d item found.", "%(number)d items found.", number)
        return words % {"number": number}
    return "" if is_written_code(sought) or not sought else _("No item has these words.")
