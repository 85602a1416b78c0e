"""Rows of the Export Control List and the Brokering Control List."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.domain.codes import Parts, is_under, parts
from policies.domain.reference import files
from policies.domain.reference.days import day
from policies.domain.reference.faults import MalformedReference
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row

Json = Mapping[str, Any]


def control_list_items(found: Files) -> Iterator[Row]:
    """Groups, items and paragraphs of both lists, in their order."""
    yield from _ExportItems(found[files.ECL]).rows()
    yield from _brokering_items(found[files.BCL])


def goods_rules(found: Files) -> Iterator[Row]:
    """The item sets of ECL s. 2 and BCL s. 1."""
    for rule in found[files.ECL]["destination_rules"]:
        yield _goods_rule(files.ECL, rule, rule["groups"], rule["also_items"], rule["except_items"])
    for entry in found[files.BCL]["entries"]:
        yield _goods_rule(files.BCL, entry, entry["ecl_groups"], entry["ecl_items"], [])


def _goods_rule(
    file: str, row: Json, groups: list[str], also: list[str], but_not: list[str]
) -> Row:
    return Row(
        file,
        row["provision"],
        {
            "edition": row["provision"].partition(":")[0],
            "key": row["provision"],
            "groups": groups,
            "also_items": also,
            "except_items": but_not,
            "condition_en": row.get("condition_en", ""),
            "condition_fr": row.get("condition_fr", ""),
            "text_en": row["text_en"],
            "text_fr": row["text_fr"],
        },
    )


class _ExportItems:
    """The Export Control List as a sequence of rows, each above what is under it.

    Law text comes first within a group, then the headings of the Guide, then the numbers of the
    Guide that law names without a heading.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self.sources: Mapping[str, str] = document["meta"]["sources"]
        self.choices = {_bare(row["code"]): row for row in document["flat"]}
        self.found: dict[str, Row] = {}

    def rows(self) -> Iterator[Row]:
        for group in self.document["groups"]:
            self._add_law(group, group["code"], "")
            for node in group.get("guide_items", ()):
                self._add_guide(node, group["code"], group["code"])
            self._add_numbers(group)
        for code, choice in self.choices.items():
            if code not in self.found:
                raise MalformedReference(
                    files.ECL, choice["code"], "", "is in `flat` and not in `groups`"
                )
        yield from self.found.values()

    def _add_law(self, node: Json, group: str, parent: str) -> None:
        code = node["code"]
        texts = {field: node.get(field) or "" for field in _LABELLED}
        notes = [
            _noted("Title", node.get("title_source")),
            _noted(node.get("att_article_note", ""), node.get("att_article")),
        ]
        self._add(node, code, group, parent, texts, notes, is_law_text=True)
        for child in node.get("children", ()):
            self._add_law(child, group, code)

    def _add_guide(self, node: Json, group: str, parent: str) -> None:
        """A heading of the Guide: the short words as title, the long ones as text."""
        texts = dict.fromkeys(_LABELLED, "")
        for lang in ("en", "fr"):
            texts[f"title_{lang}"] = node.get(f"short_title_{lang}") or node[f"title_{lang}"]
            if texts[f"title_{lang}"] != node[f"title_{lang}"]:
                texts[f"text_{lang}"] = node[f"title_{lang}"]
        notes = [
            _noted("Short title", self._source(node.get("short_title_source"))),
            _noted("English heading", self._source(node["title_source_en"])),
            _noted("French heading", self._source(node["title_source_fr"])),
            _noted(node.get("regime", ""), node.get("regime_code")),
            _noted("Wording", node.get("wording_status")),
        ]
        self._add(node, node["code"], group, parent, texts, notes, is_law_text=False)
        for child in node.get("children", ()):
            self._add_guide(child, group, node["code"])

    def _source(self, key: str | None) -> str | None:
        return None if key is None else self.sources.get(key, key)

    def _add_numbers(self, group: Json) -> None:
        held: dict[Parts, str] = {
            parts(code): code for code, row in self.found.items() if not row.values["is_law_text"]
        }
        for node in group.get("guide_numbers_named_in_law", ()):
            code, note = node["code"], f"Named in: {', '.join(node['named_in'])}."
            if code in self.found:
                self._mention(code, note)
                continue
            above = [one for one in held if is_under(parts(code), one)]
            parent = held[max(above, key=len)] if above else group["code"]
            held[parts(code)] = code
            texts = dict.fromkeys(_LABELLED, "")
            self._add(node, code, group["code"], parent, texts, [note], is_law_text=False)

    def _mention(self, code: str, note: str) -> None:
        values = self.found[code].values
        values["selectable"] = True
        values["source_note"] = f"{values['source_note']} {note}".strip()

    def _add(
        self,
        node: Json,
        code: str,
        group: str,
        parent: str,
        texts: Mapping[str, str],
        notes: list[str],
        *,
        is_law_text: bool,
    ) -> None:
        if code in self.found:
            raise MalformedReference(files.ECL, node["code"], "code", f"{code} is there twice")
        choice = self.choices.get(code)
        note = choice.get("note", "") if choice else ""
        self.found[code] = Row(
            files.ECL,
            node["code"],
            {
                "edition": "ECL",
                "code": code,
                "group": group,
                "kind": node.get("kind", "guide_number"),
                "parent_code": parent,
                "order": len(self.found),
                **texts,
                "is_law_text": is_law_text,
                "selectable": choice is not None or "named_in" in node,
                "repealed": node.get("repealed", False),
                "in_force_from": day(node.get("in_force_from")),
                "controlled_to": choice["controlled_to"] if choice else _destinations(node),
                "source_note": " ".join(filter(None, [*notes, note])),
            },
        )


_LABELLED = ("label_en", "label_fr", "title_en", "title_fr", "text_en", "text_fr")


def _bare(code: str) -> str:
    return code.removeprefix("Group ")


def _noted(what: str, source: str | None) -> str:
    return f"{what}: {source}." if source else ""


def _destinations(node: Json) -> list[str]:
    """To which destinations the node says it is controlled; mostly its item says it instead."""
    if "destinations_stated" in node:
        return list(node["destinations_stated"])
    one = node.get("controlled_to") or node.get("destinations_rule")
    return [one] if one else []


def _brokering_items(document: Json) -> Iterator[Row]:
    order = 0
    waiting: list[tuple[Json, str, str]] = [
        (entry, "entry", "") for entry in reversed(document["entries"])
    ]
    seen: set[str] = set()
    while waiting:
        node, kind, parent = waiting.pop()
        code = node["provision"]
        if code in seen:
            raise MalformedReference(files.BCL, code, "provision", f"{code} is there twice")
        seen.add(code)
        below = [*node.get("end_uses", ()), *node.get("sub", ())]
        waiting.extend((child, "end_use", code) for child in reversed(below))
        yield Row(
            files.BCL,
            code,
            {
                "edition": "BCL",
                "code": code,
                "group": "",
                "kind": kind,
                "parent_code": parent,
                "order": order,
                "label_en": node["cite_en"],
                "label_fr": node["cite_fr"],
                "title_en": "",
                "title_fr": "",
                "text_en": node["text_en"],
                "text_fr": node["text_fr"],
                "is_law_text": True,
                "selectable": False,
                "repealed": False,
                "in_force_from": day(document["meta"]["in_force_from"]),
                "controlled_to": [],
                "source_note": "",
            },
        )
        order += 1
