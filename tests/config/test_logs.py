"""A log record is one line, whatever a visitor sends."""

from __future__ import annotations

import logging
import sys

import pytest

from config.logs import OneLineFormatter, RequestIdFilter, one_line


def format_record(message: str, *arguments: object, error: bool = False) -> str:
    trace = sys.exc_info() if error else None
    record = logging.LogRecord("desk", logging.WARNING, "", 0, message, arguments, trace)
    RequestIdFilter().filter(record)
    return OneLineFormatter().format(record)


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\nb", r"a\r\nb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x00b\x85c", r"a\x00b\x85c"),
        ("a\u2028b\u202eb", r"a\u2028b\u202eb"),
        ("Türkiye ✓", "Türkiye ✓"),
    ],
)
def test_what_could_break_a_line_is_escaped(sent: str, logged: str) -> None:
    assert one_line(sent) == logged
    assert format_record("sent: %s", sent).endswith(f"WARNING desk - sent: {logged}")


def test_a_traceback_stays_on_its_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        line = format_record("it failed", error=True)
    assert "\n" not in line
    assert line.endswith(r"ValueError: first\nsecond")
