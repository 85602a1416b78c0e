"""Files for spreadsheet programs: no cell is ever a formula."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from policies.views.spreadsheet import csv_response, plain_cell

INVISIBLE = {
    "nothing": "",
    "space": " ",
    "no-break space": "\u00a0",
    "narrow no-break space": "\u202f",
    "ideographic space": "\u3000",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "right-to-left mark": "\u200f",
    "word joiner": "\u2060",
    "Hangul filler": "\u3164",
    "NUL": "\x00",
    "several": " \u200b\ufeff\u00a0",
}
DANGEROUS = [
    "=1+1",
    "+1",
    "-1+1",
    "-",
    "@x",
    "\t1",
    "\r1",
    "\n1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "﹦1",
]


@pytest.mark.parametrize("cell", DANGEROUS)
@pytest.mark.parametrize("lead", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_no_cell_is_read_as_a_formula(lead: str, cell: str) -> None:
    assert plain_cell(lead + cell) == f"'{lead}{cell}"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("", ""),
        ("\u200b", "\u200b"),
        ("a=b", "a=b"),
        ("\u00a0a=b", "\u00a0a=b"),
        ("TR-2020-04-16", "TR-2020-04-16"),
        ("2-15.d", "2-15.d"),
        ("« Sensibles »", "« Sensibles »"),
        (5, "5"),
        (-5, "-5"),
        (-2.5, "-2.5"),
        (Decimal("-1000.25"), "-1000.25"),
        ("-5", "-5"),
        ("-2,5", "-2,5"),
        ("-5-2", "'-5-2"),
        ("-5 ", "'-5 "),
        ("-5\n", "'-5\n"),
        ("-٥", "'-٥"),
        (date(2020, 4, 16), "2020-04-16"),
    ],
)
def test_what_is_no_formula_stays_as_it_is(cell: object, text: str) -> None:
    assert plain_cell(cell) == text


@pytest.mark.parametrize("cell", DANGEROUS)
def test_the_whole_file_is_plain(cell: str) -> None:
    written = csv_response("x.csv", [cell], [[cell, "a=b", None, -5]]).content.decode()
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert rows == [[f"'{cell}"], [f"'{cell}", "a=b", "", "-5"]]
