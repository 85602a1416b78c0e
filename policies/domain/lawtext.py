"""Law text as it is read: provisions under one another, in one language at a time.

The rows hold both languages side by side. A reader follows one, so `read_law` builds a tree in
one language; the other is the same tree built again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from policies.models import Provision

Language = Literal["en", "fr"]

_TO_HYPHEN = str.maketrans({":": "-", "(": "-", "#": "-", ")": None})


@dataclass(frozen=True, slots=True)
class Clause:
    """A provision in one language, with what is under it.

    `label` is the part of the number that this level adds, such as `(b)`; empty for a definition
    or a text without a number. `since` is the day from which this wording is in force; None where
    it is the day of the provision above, or not given. `missing`: this language has no text of
    its own here, though the other has.
    """

    key: str
    anchor: str
    kind: str
    cite: str
    label: str
    heading: str
    marginal_note: str
    text: str
    since: date | None
    history: tuple[str, ...]
    repealed: bool
    missing: bool
    children: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section in the language of the page, and the same section in the other one."""

    main: Clause
    other: Clause


@dataclass(frozen=True, slots=True)
class Part:
    """Sections that stand under one heading; the heading may be empty."""

    heading: str
    anchor: str
    sections: tuple[Section, ...]


def anchor(key: str) -> str:
    """The id of a provision on its instrument's page: `EIPA:7.3(1)(b)(v)`, `EIPA-7.3-1-b-v`."""
    return key.translate(_TO_HYPHEN)


def read_law(provisions: Iterable[Provision], language: Language) -> list[Clause]:
    """The provisions of an edition as trees, in the order of the law."""
    below: dict[str, list[Provision]] = defaultdict(list)
    for provision in provisions:
        below[provision.parent_key].append(provision)

    def clause(provision: Provision, above: Provision | None) -> Clause:
        other: Language = "en" if language == "fr" else "fr"
        text = _in(provision, "text", language)
        cite = _in(provision, "cite", language) or _in(provision, "cite", other)
        above_cite = _in(above, "cite", language) if above else ""
        inherited = above.in_force_from if above else None
        return Clause(
            key=provision.key,
            anchor=anchor(provision.key),
            kind=provision.kind,
            cite=cite,
            label=cite.removeprefix(above_cite).strip(),
            heading=_in(provision, "heading", language),
            marginal_note=_in(provision, "marginal_note", language),
            text=text,
            since=None if provision.in_force_from == inherited else provision.in_force_from,
            history=tuple(getattr(provision, f"history_{language}")),
            repealed=provision.repealed,
            missing=not text and bool(_in(provision, "text", other)),
            children=tuple(clause(child, provision) for child in below[provision.key]),
        )

    return [clause(provision, None) for provision in below[""]]


def read_parts(provisions: Iterable[Provision], language: Language) -> list[Part]:
    """The sections of an edition by heading, each in both languages, `language` first."""
    rows = list(provisions)
    other: Language = "en" if language == "fr" else "fr"
    pairs = zip(read_law(rows, language), read_law(rows, other), strict=True)
    parts: list[tuple[str, list[Section]]] = []
    for main, translated in pairs:
        if not parts or parts[-1][0] != main.heading:
            parts.append((main.heading, []))
        parts[-1][1].append(Section(main, translated))
    return [
        Part(heading, f"part-{number}", tuple(sections))
        for number, (heading, sections) in enumerate(parts, 1)
    ]


def _in(provision: Provision, name: str, language: Language) -> str:
    return str(getattr(provision, f"{name}_{language}"))
