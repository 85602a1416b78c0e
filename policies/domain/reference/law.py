"""Rows of law text: instruments, the editions held of them, and provisions.

The instrument of a list comes from the list's own file where no file of law text has it. An
edition is named by its instrument's code: a load holds one edition of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.domain.reference import files
from policies.domain.reference.days import day
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row

Json = Mapping[str, Any]

_WORDS = ("abbreviation", "title", "citation")


def instruments(found: Files) -> Iterator[Row]:
    for file, row, _ in _described(found):
        words = {
            f"{word}_{lang}": row[f"{word}_{lang}"] for word in _WORDS for lang in ("en", "fr")
        }
        yield Row(file, row["id"], {"code": row["id"], **words})


def editions(found: Files) -> Iterator[Row]:
    for file, row, attribution in _described(found):
        yield Row(
            file,
            row["id"],
            {
                "instrument": row["id"],
                "consolidated_to": day(row["consolidated_to"]),
                "last_amended": day(row["last_amended"]),
                "in_force_from": day(row["in_force_from"]),
                "amendments": row["recent_amendments"],
                "attribution_en": attribution["en"],
                "attribution_fr": attribution["fr"],
            },
        )


def _described(found: Files) -> Iterator[tuple[str, Json, Json]]:
    """Each instrument once: the file, the description, the attribution of its text."""
    seen: set[str] = set()
    for file in (files.STATUTE, files.REGULATIONS, files.ECL, files.BCL, files.ACL, files.AFCCL):
        document = found[file]
        meta = document["meta"]
        for row in document.get("instruments") or [meta["instrument"]]:
            if row["id"] not in seen:
                seen.add(row["id"])
                yield file, row, meta["attribution"]


def provisions(found: Files) -> Iterator[Row]:
    for file in (files.STATUTE, files.REGULATIONS):
        for row in found[file]["provisions"]:
            yield Row(
                file,
                row["id"],
                {
                    "edition": row["instrument"],
                    "key": row["id"],
                    "parent_key": row["parent"] or "",
                    "kind": row["type"],
                    "order": row["order"],
                    "in_force_from": day(row["in_force_from"]),
                    "history_en": row.get("history_en", []),
                    "history_fr": row.get("history_fr", []),
                    "repealed": row.get("repealed", False),
                    **_texts(row),
                },
            )


def _texts(row: Json) -> dict[str, str]:
    """Texts in both languages; French sometimes has no element of its own: empty."""
    names = ("cite", "heading", "marginal_note", "text")
    return {
        f"{name}_{lang}": row.get(f"{name}_{lang}") or "" for name in names for lang in ("en", "fr")
    }
