"""What the history says of the act that was just done."""

from __future__ import annotations

from typing import Any, NamedTuple

from history import canonical
from history.models import Event, Text
from history.values import TEXT


class Told(NamedTuple):
    """The newest entry. `reason` is the text, "" if there is none."""

    verb: str
    actor: str
    role: str | None
    subject: str
    reason: str
    provision: str | None
    changes: list[dict[str, Any]]


def last_event() -> Told:
    event = Event.objects.order_by("-number").first()
    assert event is not None
    body = canonical.decode(bytes(event.body))
    reason = body["reason"]
    return Told(
        body["verb"],
        body["actor"],
        body["role"],
        body["subject"],
        Text.objects.get(pk=reason[TEXT]).content or "" if reason else "",
        body["provision"],
        body["changes"],
    )
