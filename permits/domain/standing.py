"""What a permit is on a day: a pure function of the permit, its acts, its use and the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from permits.choices import ActKind, PermitStatus
from permits.models import Permit, PermitAct, PermitLine, Use

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A line of a permit on a day: what is authorised, used and left. None is no limit.

    `most` is the largest quantity that was authorised on a day up to that one. Nothing is left
    of a line that was narrowed below what was used before.
    """

    number: int
    unit: str
    quantity: Decimal | None
    value: Decimal | None
    used_quantity: Decimal = ZERO
    used_value: Decimal = ZERO
    is_suspended: bool = False
    is_cancelled: bool = False
    most: Decimal | None = None

    @property
    def quantity_left(self) -> Decimal | None:
        return None if self.quantity is None else max(self.quantity - self.used_quantity, ZERO)

    @property
    def value_left(self) -> Decimal | None:
        return None if self.value is None else max(self.value - self.used_value, ZERO)

    @property
    def is_below_use(self) -> bool:
        """Whether more was shipped on it, while it allowed more, than it allows now."""
        return (self.quantity is not None and self.quantity < self.used_quantity) or (
            self.value is not None and self.value < self.used_value
        )

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing more may be shipped on it. Goods free of charge have no value to use."""
        if self.quantity_left is not None and self.quantity_left <= ZERO:
            return True
        return bool(self.value) and self.value_left == ZERO

    @property
    def is_live(self) -> bool:
        """Whether it still allows something, suspended or not."""
        return not self.is_cancelled and not self.is_exhausted


@dataclass(frozen=True, slots=True)
class Standing:
    """A permit on a day."""

    status: PermitStatus
    valid_from: date
    valid_to: date
    lines: tuple[LineStanding, ...]
    conditions_added: tuple[tuple[str, str], ...] = ()

    def line(self, number: int) -> LineStanding:
        return next(one for one in self.lines if one.number == number)

    @property
    def live_lines(self) -> frozenset[int]:
        """The numbers of the lines that still allow something: none once the permit is over."""
        if self.status in (PermitStatus.EXPIRED, PermitStatus.EXPIRED_SUSPENDED):
            return frozenset()
        return frozenset(line.number for line in self.lines if line.is_live)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done to it."""
        return self.status in (
            PermitStatus.CANCELLED,
            PermitStatus.EXPIRED,
            PermitStatus.EXPIRED_SUSPENDED,
        )

    @property
    def usable_lines(self) -> frozenset[int]:
        """The numbers of the lines under which something may be shipped now."""
        suspended = {line.number for line in self.lines if line.is_suspended}
        return self.live_lines - suspended if self.may_be_used else frozenset()

    @property
    def allowed_lines(self) -> frozenset[int]:
        """The numbers of the lines that were not cancelled."""
        return frozenset(line.number for line in self.lines if not line.is_cancelled)

    @property
    def may_be_used(self) -> bool:
        return self.status in (
            PermitStatus.VALID,
            PermitStatus.SUSPENDED_IN_PART,
            PermitStatus.CANCELLED_IN_PART,
        )


OVER = (
    PermitStatus.CANCELLED,
    PermitStatus.EXPIRED,
    PermitStatus.EXPIRED_SUSPENDED,
    PermitStatus.EXHAUSTED,
)
"""What a permit is that allows nothing any more. Of these only one that is exhausted can come back:
where a shipment is taken back, or an amendment extends it."""


def standing_of(
    permit: Permit,
    lines: Iterable[PermitLine],
    acts: Iterable[PermitAct],
    uses: Iterable[Use],
    on: date,
) -> Standing:
    """The permit at the end of a day. Acts count from the day on which they were done."""
    held = {
        line.pk: LineStanding(line.number, line.unit, line.quantity, line.value, most=ZERO)
        for line in lines
    }
    valid_to, added, day = permit.valid_to, [], permit.valid_from
    for act in _done(acts, on):
        # A day counts as it ends: what two acts of one day undo was never shipped under.
        if act.done_on is not None and act.done_on > day:
            day = act.done_on
            held = {key: _with_most(line) for key, line in held.items()}
        valid_to = _day(act.change.get("valid_to"), valid_to)
        added += [
            (str(one["en"]), str(one["fr"])) for one in act.change.get("conditions_added", ())
        ]
        for key, line in held.items():
            if act.line_id in (None, key):
                held[key] = _after(line, act)
    held = {key: _with_most(line) for key, line in held.items()}
    for use in uses:
        if use.used_on <= on:
            line = held[use.permit_line_id]
            held[use.permit_line_id] = replace(
                line,
                used_quantity=line.used_quantity + use.quantity,
                used_value=line.used_value + use.value,
            )
    found = tuple(sorted(held.values(), key=lambda one: one.number))
    return Standing(
        _status(permit.valid_from, valid_to, found, on),
        permit.valid_from,
        valid_to,
        found,
        tuple(added),
    )


def _done(acts: Iterable[PermitAct], on: date) -> Sequence[PermitAct]:
    done = [act for act in acts if act.done_on is not None and act.done_on <= on]
    return sorted(done, key=lambda act: (act.done_at, act.pk))


def _after(line: LineStanding, act: PermitAct) -> LineStanding:
    """The line after an act on it. What is cancelled stays so."""
    if line.is_cancelled:
        return line
    match act.kind:
        case ActKind.CANCEL:
            return replace(line, is_cancelled=True, is_suspended=False)
        case ActKind.SUSPEND:
            return replace(line, is_suspended=True)
        case ActKind.REINSTATE:
            return replace(line, is_suspended=False)
        case _:
            change = act.change.get("lines", {}).get(str(line.number), {})
            return replace(
                line,
                quantity=_figure(change, "quantity", line.quantity),
                value=_figure(change, "value", line.value),
            )


def _with_most(line: LineStanding) -> LineStanding:
    """The line at the end of a day."""
    if line.most is None or line.quantity is None:
        return replace(line, most=None)
    return replace(line, most=max(line.most, line.quantity))


def _figure(change: dict[str, Any], name: str, before: Decimal | None) -> Decimal | None:
    return Decimal(change[name]) if change.get(name) is not None else before


def _day(text: str | None, before: date) -> date:
    return date.fromisoformat(text) if text else before


def _status(
    valid_from: date, valid_to: date, lines: tuple[LineStanding, ...], on: date
) -> PermitStatus:
    """One word for the whole: the last day of a permit is a day on which it is valid."""
    alive = [line for line in lines if not line.is_cancelled]
    if not alive:
        return PermitStatus.CANCELLED
    suspended = [line for line in alive if line.is_suspended]
    if on > valid_to:
        return (
            PermitStatus.EXPIRED_SUSPENDED if len(suspended) == len(alive) else PermitStatus.EXPIRED
        )
    if len(suspended) == len(alive):
        return PermitStatus.SUSPENDED
    if all(line.is_exhausted for line in alive):
        return PermitStatus.EXHAUSTED
    if on < valid_from:
        return PermitStatus.NOT_YET
    if suspended:
        return PermitStatus.SUSPENDED_IN_PART
    return PermitStatus.CANCELLED_IN_PART if len(alive) < len(lines) else PermitStatus.VALID


def read_standing(permit: Permit, on: date) -> Standing:
    """The permit on a day, from the database. Three queries."""
    return read_days(permit, [on])[0]


def read_days(permit: Permit, days: Iterable[date]) -> list[Standing]:
    """The permit on each of some days. Three queries."""
    lines = list(PermitLine.objects.filter(permit=permit))
    acts = list(PermitAct.objects.filter(permit=permit, done_at__isnull=False))
    uses = list(Use.objects.counted().filter(permit_line__permit=permit))
    return [standing_of(permit, lines, acts, uses, day) for day in days]


def read_standings(permits: Iterable[Permit], on: date) -> Iterator[tuple[Permit, Standing]]:
    """Each permit, in their order, and what it is on a day. Three queries, however many."""
    rows = list(permits)
    lines: dict[int, list[PermitLine]] = defaultdict(list)
    for line in PermitLine.objects.filter(permit__in=rows):
        lines[line.permit_id].append(line)
    acts: dict[int, list[PermitAct]] = defaultdict(list)
    for act in PermitAct.objects.filter(permit__in=rows, done_at__isnull=False):
        acts[act.permit_id].append(act)
    uses: dict[int, list[Use]] = defaultdict(list)
    counted = Use.objects.counted().filter(permit_line__permit__in=rows)
    for use in counted.select_related("permit_line"):
        uses[use.permit_line.permit_id].append(use)
    for row in rows:
        yield row, standing_of(row, lines[row.pk], acts[row.pk], uses[row.pk], on)


FIGURES = ("quantity", "value")
Difference = tuple[str, Any, Any]
"""What, from, to; or of a condition that is added, its words in both languages.

What: `valid_to`, `condition`, or a figure with the number of its line, `quantity:1`. Where lines
are reinstated, also the numbers of these (`reinstated`) and of those that stay `suspended` or
`cancelled`, from nothing.
"""


def differences(before: Standing, after: Standing) -> tuple[Difference, ...]:
    """The days, figures, lines and conditions in which a permit after an act is another."""
    found: list[Difference] = list(_reinstated(before, after))
    if before.valid_to != after.valid_to:
        found.append(("valid_to", before.valid_to, after.valid_to))
    for was, now in zip(before.lines, after.lines, strict=True):
        for name in FIGURES:
            if getattr(was, name) != getattr(now, name):
                found.append((f"{name}:{was.number}", getattr(was, name), getattr(now, name)))
    added = after.conditions_added[len(before.conditions_added) :]
    found += [("condition", english, french) for english, french in added]
    return tuple(found)


def _reinstated(before: Standing, after: Standing) -> Iterator[Difference]:
    was = {one.number for one in before.lines if one.is_suspended}
    suspended = {one.number for one in after.lines if one.is_suspended}
    cancelled = {one.number for one in after.lines if one.is_cancelled}
    if back := was - suspended - cancelled:
        told = {"reinstated": back, "suspended": suspended, "cancelled": cancelled}
        yield from ((what, (), tuple(sorted(numbers))) for what, numbers in told.items() if numbers)


def changes_done(
    permit: Permit, lines: Iterable[PermitLine], acts: Iterable[PermitAct]
) -> dict[int, tuple[Difference, ...]]:
    """What each act that was done changed when it was done, by its key."""
    held, done = list(lines), _done(acts, date.max)
    found = {}
    before = standing_of(permit, held, (), (), date.max)
    for place, act in enumerate(done, start=1):
        after = standing_of(permit, held, done[:place], (), date.max)
        found[act.pk] = differences(before, after)
        before = after
    return found


_UNDONE_BY = {
    ActKind.SUSPEND.value: {ActKind.REINSTATE.value},
    ActKind.REINSTATE.value: {ActKind.SUSPEND.value, ActKind.CANCEL.value},
    ActKind.AMEND.value: {ActKind.AMEND.value},
}


def undone_since(acts: Iterable[PermitAct]) -> dict[int, tuple[PermitAct, ...]]:
    """Of each act that was done, the later ones by which what it did, or a part of it, is no longer
    so: by its key.
    """
    done = _done(acts, date.max)
    return {act.pk: tuple(_undoing(act, done[place:])) for place, act in enumerate(done, start=1)}


def _undoing(act: PermitAct, later: Iterable[PermitAct]) -> Iterator[PermitAct]:
    """The first act that takes all of it away, and before that each that takes a part."""
    whole, gone = _touched(act), set[object]()
    for one in later if whole else ():
        if one.kind not in _UNDONE_BY.get(act.kind, ()):
            continue
        touched = _touched(one)
        if None in touched or whole <= touched:
            yield one
            return
        parts = touched if None in whole else touched & whole
        if parts - gone:
            gone |= parts
            yield one


def _touched(act: PermitAct) -> set[object]:
    """What an act is on: a line or, as None, all of them; of an amendment its figures and day."""
    if act.kind != ActKind.AMEND:
        return {act.line_id}
    figures = {
        (number, name) for number, given in act.change.get("lines", {}).items() for name in given
    }
    return figures | ({"valid_to"} if act.change.get("valid_to") else set())


def loosens(before: Standing, after: Standing) -> bool:
    """Whether anything may be done after that could not be before."""
    if after.valid_to > before.valid_to or after.valid_from < before.valid_from:
        return True
    for was, now in zip(before.lines, after.lines, strict=True):
        if (was.is_suspended and not now.is_suspended and not now.is_cancelled) or (
            was.is_cancelled and not now.is_cancelled
        ):
            return True
        if _is_more(was.quantity, now.quantity) or _is_more(was.value, now.value):
            return True
    return False


def _is_more(was: Decimal | None, now: Decimal | None) -> bool:
    """None is no limit, and so more than any figure."""
    if was is None:
        return False
    return now is None or now > was
