"""A preview that takes longer than a page may: kept where it stands, left, and gone on with.

What is kept is of one version of the draft, one load of the register and one day: under any other
it begins anew. The server's rounds go on with what is left.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

from history import clock
from permits.domain.impact import STAGES, Course, as_text, from_text, look_on, to_look_at
from permits.models import PreviewUnderWay
from policies.domain.composing import Composed, compose
from policies.domain.register import newest_load
from policies.models import PolicyChange

SECONDS = 3.0
"""For which one page, and one step of the rounds, goes on with a preview."""

_LEFT = timedelta(seconds=3 * SECONDS)
"""Without a step for that long, nobody is at it."""


class _Basis(NamedTuple):
    """What a preview under way is of."""

    seen: int
    load: int | None
    on: date


def _basis(change: PolicyChange) -> _Basis:
    newest = newest_load()
    return _Basis(change.version, newest[0] if newest else None, clock.today())


def under_way(change: PolicyChange) -> PreviewUnderWay | None:
    """The preview of the draft as it stands that is not through, or not kept with it yet.

    Two queries.
    """
    return _kept(change, _basis(change))


def all_under_way(changes: Sequence[PolicyChange]) -> dict[int, PreviewUnderWay]:
    """The same of several drafts, by their keys. Two queries."""
    versions = {one.pk: one.version for one in changes}
    newest = newest_load()
    found: dict[int, PreviewUnderWay] = {}
    with suppress(*_UNREADABLE):
        rows = PreviewUnderWay.objects.filter(
            change__in=versions, load=newest[0] if newest else None, on=clock.today()
        ).defer("found")
        for row in rows:
            if row.seen == versions[row.change_id] and _is_whole(row):
                found[row.change_id] = row
    return found


_UNREADABLE = (ValueError, TypeError, AttributeError)
"""SQLite takes any kind of value in any column."""


def _kept(change: PolicyChange, basis: _Basis) -> PreviewUnderWay | None:
    """What was kept of this basis. It is no record, and may be none: then it counts for nothing."""
    try:
        row = PreviewUnderWay.objects.filter(change=change, **basis._asdict()).first()
    except _UNREADABLE:
        return None
    return row if row is not None and _is_whole(row) else None


def _is_whole(row: PreviewUnderWay) -> bool:
    return row.stage in range(len(STAGES) + 1) and all(
        isinstance(one, int) for one in (row.last, row.looked, row.total)
    )


def go_on(
    change: PolicyChange, parts: Sequence[Composed], *, seconds: float | None = None
) -> Course:
    """Looks at the cases from where it was left; keeps how far it came after so many seconds.

    `parts` are what the change comes to. Two who are at it at once do the same work twice, and
    nothing is lost by it.
    """
    basis = _basis(change)
    row = _kept(change, basis)
    course = _course(row) if row else Course()
    ends = None if seconds is None else time.monotonic() + seconds
    for _batch in look_on(parts, course):
        if ends is not None and time.monotonic() >= ends:
            break
    if row or not course.is_over:
        # Cases come and go meanwhile: what isn't through has more to look at, whatever was counted.
        total = course.looked if course.is_over else max(to_look_at(parts), course.looked + 1)
        _keep(change, basis, course, total)
    return course


def _course(row: PreviewUnderWay) -> Course:
    """The course that was kept; from the start where what stands there is none."""
    try:
        return Course(row.stage, row.last, row.looked, from_text(row.found))
    except (ValueError, KeyError, TypeError):
        return Course()


def _keep(change: PolicyChange, basis: _Basis, course: Course, total: int) -> None:
    values = {
        **basis._asdict(),
        "stage": course.stage,
        "last": course.last,
        "looked": course.looked,
        "total": total,
        "found": as_text(course.found),
        "kept_at": clock.now(),
    }
    PreviewUnderWay.objects.bulk_create(
        [PreviewUnderWay(change=change, **values)],
        update_conflicts=True,
        unique_fields=["change"],
        update_fields=list(values),
    )


def forget(change: PolicyChange) -> None:
    """Takes away how far it came: it is through, or of no use any more."""
    PreviewUnderWay.objects.filter(change=change).delete()


def go_on_with_those_left() -> None:
    """Looks at the rest of the cases for every preview that nobody is at, step by step.

    It is kept with its draft when its author asks for it.
    """
    left = PreviewUnderWay.objects.filter(kept_at__lt=clock.now() - _LEFT)
    for key in list(left.values_list("change", flat=True)):
        while _step(key):
            pass


def _step(key: int) -> bool:
    """Goes on with one of them for a while; whether more is to be done."""
    change = PolicyChange.objects.select_related("policy__replaces", "replaced__policy").get(pk=key)
    row = under_way(change)
    if row is None:
        forget(change)
        return False
    if row.is_through:
        return False
    return not go_on(change, compose(change, at=clock.now()), seconds=SECONDS).is_over
