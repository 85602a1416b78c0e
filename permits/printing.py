"""A letter as a PDF: the same bytes for the same content, tagged for readers of the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).parent / "letters" / "letter.typ"


class Unprintable(ValueError):
    """The content has signs that no letter can be made with."""


def render(content: Mapping[str, Any]) -> bytes:
    """The paper that says `content`. Nothing of the machine is in it: no font, no day.

    Raises Unprintable for signs that the built-in fonts do not have.
    """
    try:
        return _compiled(content)
    except typst.TypstError as fault:
        raise Unprintable(str(fault)) from fault


def _compiled(content: Mapping[str, Any]) -> bytes:
    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(content, ensure_ascii=False, sort_keys=True)},
    )
    return made
