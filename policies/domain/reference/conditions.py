"""Conditions that many rows have to meet. Each raises MalformedReference where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from policies.domain.codes import is_written_code
from policies.domain.reference.faults import MalformedReference

Json = Mapping[str, Any]


def once(file: str, rows: Iterable[Json], key: str, within: str = "") -> set[str]:
    """The keys of `rows`, none of which may come twice or have blanks around it."""
    seen: set[str] = set()
    for row in rows:
        once_more(file, row, key, seen, within)
    return seen


def once_more(file: str, row: Json, key: str, seen: set[str], within: str = "") -> None:
    """Adds the key of a row to those seen; refuses one that is there, or has blanks around it."""
    name = str(row[key])
    if name != name.strip():
        raise MalformedReference(file, within or name.strip(), key, gettext("has blanks around it"))
    if name in seen:
        reason = gettext("%(name)s is there twice") % {"name": name}
        raise MalformedReference(file, within or name, key, reason)
    seen.add(name)


def check_range(file: str, row: str, field: str, start: date | None, end: date | None) -> None:
    """Refuses a range that ends before or as it starts; `field` is where the end is given."""
    if start is not None and end is not None and end <= start:
        reason = gettext("%(end)s is not after %(start)s, the day on which it starts")
        raise MalformedReference(file, row, field, reason % {"end": end, "start": start})


def overlaps(one: Json, other: Json, start: str, end: str) -> bool:
    """Whether two half-open ranges of ISO days share a day; null is open."""
    return all(
        first[start] is None or second[end] is None or first[start] < second[end]
        for first, second in ((one, other), (other, one))
    )


def known(file: str, row: str, field: str, code: str, among: Iterable[str], kind: str) -> None:
    """Refuses a `code` that names nothing."""
    if code not in among:
        reason = NO_SUCH[kind] % {"code": code} if kind in NO_SUCH else f"there is no {kind} {code}"
        raise MalformedReference(file, row, field, reason)


NO_SUCH = {
    "destination": gettext_lazy("there is no destination %(code)s"),
    "list": gettext_lazy("there is no list %(code)s"),
    "policy": gettext_lazy("there is no policy %(code)s"),
    "provision": gettext_lazy("there is no provision %(code)s"),
    "sub-region": gettext_lazy("there is no sub-region %(code)s"),
}
"""What a policy can name that there is not. What other files name is told in English alone."""


def check_item_codes(file: str, row: str, field: str, codes: Iterable[str]) -> None:
    """Refuses a code that has not the form of a control-list item."""
    for index, code in enumerate(codes):
        if not is_written_code(code):
            reason = gettext("%(code)s has not the form of an item") % {"code": repr(code)}
            raise MalformedReference(file, row, f"{field}[{index}]", reason)
