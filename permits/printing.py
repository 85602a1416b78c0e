"""A letter as a PDF: the same bytes for the same content, tagged for readers of the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

TEMPLATE = Path(__file__).parent / "letters" / "letter.typ"
_TEXT_ALONE = b"""#set document(title: "Text")
#sys.inputs.text"""


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


def refuse_unprintable(text: str) -> None:
    """Raises ValidationError, with the first of them, for signs that no letter can be made with: so
    that who writes a text learns of it, and not who asks for the paper once nothing can be changed.
    """
    if text.isascii() and "".join(text.split()).isprintable():
        return
    try:
        typst.compile(
            _TEXT_ALONE,
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards="ua-1",
            sys_inputs={"text": text},
        )
    except typst.TypstError as fault:
        told = re.search(r'the text `"(.+?)"`', str(fault))
        raise ValidationError(
            _("Papers can’t print “%(signs)s”: write it otherwise.")
            % {"signs": told[1] if told else text[:20]}
        ) from fault


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
