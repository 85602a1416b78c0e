"""Two people at one form: what it was, what was typed and what is there now, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from history.actors import names_of
from history.domain.past import row_at
from history.models import Event, Tracked
from permits.forms import ModelShape, in_words, raw


@dataclass(frozen=True, slots=True)
class Column:
    """One field in three states, in words. `is_mine`: you changed it; `is_both`: so did they."""

    name: str
    label: str
    was: str
    mine: str
    now: str
    is_mine: bool
    is_both: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who came first and when, and every field that is not the same in all three states."""

    event: Event | None
    who: str
    columns: tuple[Column, ...]


def compare(form: ModelShape, now: Tracked) -> Comparison:
    """What differs between the row at the version the form was begun on, the form, and the row now.

    Readies the form to be sent again on the row as it is now: what only the other person changed
    is taken over into it, what was typed stays.
    """
    seen = _seen(form)
    was = row_at(now, seen) if now.pk else None
    began = type(form)(instance=was or type(now)(**_place(now))).initial
    present = type(form)(instance=now).initial
    sent: Any = form.data
    data, columns = sent.copy(), []
    for name in form.fields:
        if name == "seen":
            continue
        bound = form[name]
        typed = bound.field.has_changed(began.get(name), bound.data)
        differs = bound.field.has_changed(present.get(name), bound.data)
        moved = (began.get(name) or "") != (present.get(name) or "")
        if differs and not typed:
            data.setlist(name, raw(present.get(name)))
        if differs:
            mine = bound.data if typed else began.get(name)
            columns.append(
                Column(
                    name,
                    str(bound.label),
                    in_words(bound.field, began.get(name)),
                    in_words(bound.field, mine),
                    in_words(bound.field, present.get(name)),
                    typed,
                    typed and moved,
                )
            )
    data["seen"] = str(now.version)
    form.data = data
    event = Event.objects.filter(stream=now.stream, sequence=now.version).first()
    who = names_of({event.actor}).get(event.actor, event.actor) if event else ""
    return Comparison(event, who, tuple(columns))


def _seen(form: ModelShape) -> int:
    try:
        return int(form.data.get("seen") or 0)
    except ValueError:
        return 0


def _place(row: Tracked) -> dict[str, Any]:
    """What a row of that kind is nothing without: its application."""
    return {"application": row.application} if hasattr(row, "application") else {}
