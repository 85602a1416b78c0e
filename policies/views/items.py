"""What a field for control-list items offers while something is typed into it."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from policies.domain.codes import is_written_code
from policies.domain.items import Finder
from policies.views.law import page_language

MOST_OFFERED = 20
LONGEST_SOUGHT = 200


@require_safe
def find_items(request: HttpRequest) -> JsonResponse:
    """The first items that `q` finds, and in words how many there are.

    Nothing is said of a number that finds nothing: it may extend one of the lists.
    """
    sought = " ".join(request.GET.get("q", "")[:LONGEST_SOUGHT].split())
    found = list(Finder(page_language()).find(sought).values())
    shown = [
        {"code": one.code, "title": one.title, "where": one.where} for one in found[:MOST_OFFERED]
    ]
    return JsonResponse({"items": shown, "words": _in_words(sought, len(found))})


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
