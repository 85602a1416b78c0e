"""Tables to open in a spreadsheet program."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

_FORMULA_SIGNS = frozenset("=+-@")
_BREAKS = frozenset("\t\r\n")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Unicode categories of controls, marks of direction and width, and blanks of any kind."""

_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u2800\u3164\ufe0e\ufe0f\uffa0")
"""What is drawn as nothing, though its category says otherwise."""

_NEGATIVE_NUMBER = re.compile(r"-\d+(?:[.,]\d+)?", re.ASCII)


def csv_response(
    filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A CSV file in UTF-8, with the mark by which spreadsheet programs know it.

    No cell is ever read as a formula: one that would be starts with an apostrophe.
    """
    response = HttpResponse(
        "\ufeff",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
    writer = csv.writer(response)
    writer.writerow([plain_cell(cell) for cell in header])
    writer.writerows([plain_cell(cell) for cell in row] for row in rows)
    return response


def plain_cell(cell: object) -> str:
    """A cell as text that no program takes for a formula; a negative number stays a number.

    Programs drop what they don't draw in front of a sign, so it is looked for behind that.
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if _may_be_a_formula(text) else text


def _may_be_a_formula(text: str) -> bool:
    if _NEGATIVE_NUMBER.fullmatch(text):
        return False
    for sign in text:
        if sign in _BREAKS:
            return True
        if unicodedata.category(sign) not in _INVISIBLE and sign not in _BLANK_LETTERS:
            # A full-width or small sign counts as the plain one.
            return unicodedata.normalize("NFKC", sign)[0] in _FORMULA_SIGNS
    return False
