"""Items of the control lists found by number or by words, for a person who classifies goods."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.utils.text import Truncator

from policies.domain.codes import Parts, is_written_code, parts
from policies.domain.controllists import Found, Node, read_control_list, search
from policies.domain.lawtext import Language
from policies.domain.register import kept_until_loaded
from policies.models import ControlListItem, Edition

LONGEST_WORDS = 160

_GROUP_WORD = re.compile(r"\bgroupe?\s*(?=\d)", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class Item:
    """An item by which goods are classified, in the language asked for.

    `where` is the paragraph of the item that was found, or else the titles above the item.
    """

    code: str
    title: str
    where: str

    def __str__(self) -> str:
        named = ", ".join(filter(None, (self.code, self.title)))
        return f"{named} ({self.where})" if self.where else named


class Finder:
    """The newest edition of each control list, read once to be searched."""

    def __init__(self, language: Language) -> None:
        self._language = language
        editions = Edition.objects.filter(items__selectable=True).order_by("consolidated_to")
        newest = {edition.instrument_id: edition for edition in editions.distinct()}
        self._lists = [list(edition.items.all()) for edition in newest.values()]
        self._trees = [read_control_list(items, language) for items in self._lists]

    def find(self, sought: str) -> dict[str, Item]:
        """By code, in the order of the lists: what a number finds, or the items that have words.

        Words of a paragraph find the item by which its goods are classified. Numbers and words are
        compared as on the pages of the lists. Nothing repealed is found.
        """
        found: dict[str, Item] = {}
        is_number = is_written_code(sought)
        for items, trees in zip(self._lists, self._trees, strict=True):
            by_code = {item.code: item for item in items}
            for one in search(items, trees, sought) or ():
                named = by_code[one.node.code]
                item = named if is_number else _classified_by(named, by_code)
                if item is not None and not item.repealed and item.code not in found:
                    found[item.code] = self._written(item, one)
        return found

    def _written(self, item: ControlListItem, found: Found) -> Item:
        title = getattr(item, f"title_{self._language}") or getattr(item, f"text_{self._language}")
        where = ", ".join(found.above) if found.node.code == item.code else _words(found.node)
        return Item(item.code, _shortened(title), _shortened("" if where == title else where))


def _classified_by(
    item: ControlListItem | None, by_code: dict[str, ControlListItem]
) -> ControlListItem | None:
    """The entry itself or the nearest above it by which goods are classified; None if none is."""
    while item is not None and not item.repealed:
        if item.selectable and is_written_code(item.code):
            return item
        item = by_code.get(item.parent_code)
    return None


def _words(node: Node) -> str:
    return node.title or node.text


def _shortened(text: str) -> str:
    return Truncator(text).chars(LONGEST_WORDS, truncate="…")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code stands in the control lists.

    `above` is the nearest that they hold: the code itself, one that it extends, or "" for none.
    `is_whole`: it is an item of the law, of which they hold every paragraph; of items of the Guide
    they hold what the law names. `below` are the paragraphs right under it.
    """

    above: str
    is_held: bool = False
    is_whole: bool = False
    below: tuple[str, ...] = ()


_PARAGRAPH = "subitem"
_OF_THE_LAW = frozenset({"item", _PARAGRAPH})
_UNNUMBERED = frozenset({"heading", "text", "note"})


@kept_until_loaded
def _held() -> dict[Parts, Place]:
    """The place of every code that the lists hold, by its parts."""
    rows = ControlListItem.objects.exclude(kind__in=_UNNUMBERED).order_by("edition", "order")
    below: dict[Parts, dict[str, None]] = defaultdict(dict)
    codes = {parts(row.code): (row.code, row.kind in _OF_THE_LAW) for row in rows}
    for row in rows:
        if row.kind == _PARAGRAPH and not row.repealed:
            below[parts(row.code)[:-1]][row.code] = None
    return {
        cut: Place(code, is_held=True, is_whole=is_law, below=tuple(below[cut]))
        for cut, (code, is_law) in codes.items()
    }


def place_of(code: str) -> Place:
    """Where a code stands: under an item, not under a group alone. At most one query."""
    return _place_among(_held(), code)


def _place_among(held: Mapping[Parts, Place], code: str) -> Place:
    sought = parts(code)
    for length in range(len(sought), min(len(sought), 2) - 1, -1):
        found = held.get(sought[:length])
        if found is not None:
            return found if length == len(sought) else replace(found, is_held=False)
    return Place("")


def of_no_list(codes: Iterable[str]) -> frozenset[str]:
    """Codes by which no goods are classified: no group, and no item that a list holds or allows.

    At most one query.
    """
    held = _held()
    places = {code: _place_among(held, code) for code in codes if len(parts(code)) > 1}
    return frozenset(
        code
        for code, place in places.items()
        if not place.above or (place.is_whole and not place.is_held)
    )


def numbers_and_words(typed: str) -> Iterator[str]:
    """Each number and each run of words: "2-15.d night vision, 9-1" gives three.

    A comma, a semicolon, a line end or a number ends the words before it.
    """
    for part in _NOT_WORDS.split(_GROUP_WORD.sub("", typed)):
        words: list[str] = []
        for word in part.split():
            if is_written_code(word):
                if words:
                    yield " ".join(words)
                yield word
                words = []
            else:
                words.append(word)
        if words:
            yield " ".join(words)
