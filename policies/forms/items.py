"""Fields that offer what is meant while one types, and items found by words without a script."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, ClassVar

from django import forms
from django.forms.widgets import Script
from django.urls import reverse
from django.utils.translation import get_language, gettext

from policies.domain.codes import is_written_code
from policies.domain.items import Finder, Item, numbers_and_words

MOST_OFFERED = 30
"""Items of the control lists that are offered for the words typed."""
MOST_NAMED = 8
"""The same where they are told in a sentence."""
LONGEST_SOUGHT = 200
"""What is longer finds nothing."""


class _Offering(forms.Widget):
    """What is typed asks the address of `asks`; what is taken is followed by `ends`."""

    asks: ClassVar[str]
    ends: ClassVar[str] = " "

    class Media:
        css: ClassVar = {"all": ["css/components/suggest.css"]}
        js: ClassVar = [Script("js/suggest.js", type="module")]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        told = {
            "data-suggest": reverse(self.asks),
            "data-ends": self.ends,
            "autocomplete": "off",
        }
        return super().get_context(name, value, {**told, **(attrs or {})})


class ItemsInput(_Offering, forms.TextInput):
    """A field that offers control-list items while one types."""

    asks = "policies:find_items"


class ItemsArea(_Offering, forms.Textarea):
    """The same for many items: also one a line."""

    asks = "policies:find_items"


class DestinationsArea(_Offering, forms.Textarea):
    """A field that offers destinations while one types."""

    asks = "policies:find_destinations"
    ends = "; "


class ItemsChosen(forms.MultipleChoiceField):
    """Items that are ticked. Whether each is one is judged with those that are typed."""

    def valid_value(self, value: str) -> bool:
        return True


class Sought:
    """What the words among the first `most` pieces of a text find, and what of it is ticked.

    Where there is nothing `to_tick` with, what is found is told with the fault.
    """

    def __init__(self, typed: str, ticked: list[str], *, most: int, to_tick: bool = True) -> None:
        self._to_tick = to_tick
        pieces = islice(numbers_and_words(typed), most)
        words = [one for one in pieces if len(one) <= LONGEST_SOUGHT and not is_written_code(one)]
        self._ticked = ticked
        self._found: dict[str, dict[str, Item]] = {}
        if words:
            finder = Finder("fr" if (get_language() or "").startswith("fr") else "en")
            self._found = {one: finder.find(one) for one in words}

    def choices(self) -> list[tuple[str, str]]:
        """What is to be ticked, in words: what was found, and what is ticked already."""
        shown: dict[str, str] = {}
        for found in self._found.values():
            shown |= {code: str(item) for code, item in islice(found.items(), MOST_OFFERED)}
        return list((shown | {code: code for code in self._ticked if code not in shown}).items())

    def items(self, typed: str) -> tuple[list[str], list[str]]:
        """Numbers and what is ticked, and what is to be said of words for which nothing is ticked.

        Words that find nothing stay among the numbers, to be refused.
        """
        items, faults = [], []
        for piece in numbers_and_words(typed):
            found = self._found.get(piece)
            if not found:
                items.append(piece)
            elif found.keys().isdisjoint(self._ticked):
                told = _to_be_ticked if self._to_tick else _to_be_written
                faults.append(told(piece, found))
        return [*items, *self._ticked], faults


def _to_be_written(words: str, found: Mapping[str, Item]) -> str:
    items = "; ".join(str(item) for item in islice(found.values(), MOST_NAMED))
    if len(found) > MOST_NAMED:
        text = gettext(
            "“%(words)s” is no number. The first %(most)d of %(number)d items with these words:"
            " %(items)s. Write the numbers that are meant, or more words."
        )
    else:
        text = gettext(
            "“%(words)s” is no number. Items with these words: %(items)s. Write the numbers that"
            " are meant."
        )
    told = {"words": words, "items": items, "number": len(found), "most": MOST_NAMED}
    return text % told


def _to_be_ticked(words: str, found: Mapping[str, Item]) -> str:
    number = len(found)
    if number > MOST_OFFERED:
        text = gettext(
            "“%(words)s” is no number. The first %(most)d of %(number)d items with these words are"
            " below: tick those that are meant, or write more words."
        )
    else:
        text = gettext(
            "“%(words)s” is no number. Items with these words are below: tick those that are meant."
        )
    return text % {"words": words, "number": number, "most": MOST_OFFERED}
