"""What the lists of the history share: pages by key, and the marks that every page carries."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from history.models import Log

PAGE = 50
_LONGEST = 15
"""Digits of a number that an address may hold: more than any log will need."""

Row = TypeVar("Row", bound=Model)


def read_before(request: HttpRequest) -> int | None:
    """The number below which the page begins. Raises BadRequest for what is no number."""
    asked = request.GET.get("before", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST):
        raise BadRequest("before is not a number")
    return int(asked)


def one_page(rows: QuerySet[Row], key: str, before: int | None) -> tuple[list[Row], bool]:
    """The rows of a page, greatest key first, and whether there are more. One query."""
    if before is not None:
        rows = rows.filter(**{f"{key}__lt": before})
    found = list(rows.order_by(f"-{key}")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def marks(log: Log | None) -> dict[str, Any]:
    """What every page of the history says of the log."""
    return {"log": log, "synthetic": log is not None and log.synthetic}
