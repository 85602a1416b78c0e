"""A control list as it is read: groups, what is under them, and what a search finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from policies.domain.codes import is_under, is_written_code, parts
from policies.domain.lawtext import Language
from policies.domain.search import matches
from policies.models import ControlListItem

NUMBER_ONLY = "guide_number"
"""A number of the Guide that law names, of which no words are held."""

CONTROLLED_TO: dict[str, str | Promise] = {
    "all": _("All destinations"),
    "all_except_us": _("All destinations other than the United States"),
    "us_only": _("United States only"),
    "eu_ceta_beneficiary": _("European Union (beneficiaries of CETA)"),
    "united_kingdom_cuktca": _("United Kingdom (CUKTCA)"),
    "mixed": _("As its paragraphs say"),
    "as_stated_in_each_item": _("As each item says"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """An entry of a control list in one language, with what is under it.

    `number` is what stands before the entry in the list: a code, or the label of a paragraph.
    `cite` names it out of its place; both are empty for a text without a number. `asks` is the code
    to put a question about it with; empty where goods are not classified by it. `is_law` is false
    for a heading written for this product, which is neither law nor the Guide's text. `numbers`
    are codes that law names under this entry without any words.
    """

    code: str
    number: str
    cite: str
    kind: str
    title: str
    text: str
    is_law: bool
    repealed: bool
    asks: str
    controlled_to: tuple[str | Promise, ...]
    source_note: str
    law: tuple[Node, ...]
    guide: tuple[Node, ...]
    numbers: tuple[str, ...]

    @property
    def is_heading(self) -> bool:
        return self.kind == "heading"

    @property
    def is_said_below(self) -> bool:
        """Whether every entry under this heading says its words again."""
        return all(child.title == self.title for child in self.law)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that a search found, and the titles above it, outermost first."""

    node: Node
    above: tuple[str, ...]


def read_control_list(items: Iterable[ControlListItem], language: Language) -> list[Node]:
    """The entries of an edition as trees, in the order of the list."""
    below: dict[str, list[ControlListItem]] = defaultdict(list)
    for item in items:
        below[item.parent_code].append(item)

    def node(item: ControlListItem, label_above: str) -> Node:
        children, label = below[item.code], _label(item, language)
        is_group = item.kind == "group"
        worded = [node(child, label) for child in children if child.kind != NUMBER_ONLY]
        return Node(
            code=item.code,
            number=_number(item, label.removeprefix(label_above)),
            cite=item.code if is_written_code(item.code) and not is_group else _number(item, label),
            kind=item.kind,
            title=getattr(item, f"title_{language}"),
            text=getattr(item, f"text_{language}"),
            is_law=item.is_law_text,
            repealed=item.repealed,
            asks=_asks(item),
            controlled_to=tuple(CONTROLLED_TO.get(to, to) for to in item.controlled_to),
            source_note="" if item.is_law_text else item.source_note,
            law=tuple(child for child in worded if child.is_law),
            guide=tuple(child for child in worded if not child.is_law),
            numbers=tuple(_numbers_under(children, below)),
        )

    return [node(item, "") for item in below[""]]


def titles_of_groups(language: str) -> dict[str, str]:
    """The groups of the Export Control List that are not repealed, by code: "2": "Munitions".

    Of the newest edition. One query.
    """
    field = "title_fr" if language.startswith("fr") else "title_en"
    groups = ControlListItem.objects.filter(
        kind="group", repealed=False, edition__instrument__code="ECL"
    ).order_by("edition__consolidated_to", "code")
    return dict(groups.values_list("code", field))


def _label(item: ControlListItem, language: Language) -> str:
    """The label that the law gives; a group's without its capitals."""
    label: str = getattr(item, f"label_{language}")
    return label.capitalize() if item.kind == "group" else label


def _number(item: ControlListItem, label: str) -> str:
    if item.kind in ("heading", "text"):
        return ""
    return label or (item.code if is_written_code(item.code) else "")


def _asks(item: ControlListItem) -> str:
    if item.repealed:
        return ""
    if item.kind == "group":
        return f"Group {item.code}"
    return item.code if item.selectable and is_written_code(item.code) else ""


def _numbers_under(
    children: Iterable[ControlListItem], below: dict[str, list[ControlListItem]]
) -> Iterator[str]:
    for child in children:
        if child.kind == NUMBER_ONLY:
            yield child.code
            yield from _numbers_under(below[child.code], below)


def search(
    items: Sequence[ControlListItem], trees: Sequence[Node], sought: str
) -> list[Found] | None:
    """Entries whose number is or extends `sought`, or that have all its words; None for nothing.

    Numbers are compared by parts: 2-1 finds 2-1.a and not 2-10. Words count in both languages,
    without regard to accents and capitals.
    """
    if not sought.strip():
        return None
    test = _is_number_under if is_written_code(sought) else _has_words
    wanted = {item.code for item in items if test(item, sought)}
    return list(_found(trees, wanted, ()))


def _is_number_under(item: ControlListItem, sought: str) -> bool:
    return is_written_code(item.code) and is_under(parts(item.code), parts(sought))


def _has_words(item: ControlListItem, sought: str) -> bool:
    return matches(sought, (item.title_en, item.title_fr, item.text_en, item.text_fr))


def _found(trees: Iterable[Node], wanted: set[str], above: tuple[str, ...]) -> Iterator[Found]:
    for node in trees:
        if node.code in wanted:
            yield Found(node, above)
        words = f"{node.number}, {node.title}" if node.kind == "group" else node.title
        below = above if not words or words in above else (*above, words)
        yield from _found((*node.law, *node.guide), wanted, below)
        for code in node.numbers:
            if code in wanted:
                yield Found(_bare(code), below)


def _bare(code: str) -> Node:
    """A number of which no words are held."""
    return Node(code, code, code, NUMBER_ONLY, "", "", False, False, code, (), "", (), (), ())
