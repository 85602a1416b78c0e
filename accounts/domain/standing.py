"""How a grant, a delegation or a request stands on a day, and why it was proposed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import Q

from accounts.choices import State
from accounts.models import Dated, Delegation, TwoPeople
from history import canonical
from history.models import Event, Text
from history.values import TEXT


def state_of(row: TwoPeople, on: date, *, decides: bool = True) -> State:
    """How far the row has come. `decides`: whether the person is a decision-maker that day."""
    if row.declined_at is not None:
        if row.confirmed_at is not None:
            return State.TAKEN_BACK
        return State.WITHDRAWN if row.declined_by_id == row.proposed_by_id else State.DECLINED
    if row.confirmed_at is None:
        return State.PROPOSED
    if not isinstance(row, Dated):
        return State.DONE
    if row.ends_on is not None and row.ends_on <= on:
        return State.ENDED
    if not row.person.is_active:
        return State.SUSPENDED
    if row.starts_on > on:
        return State.NOT_YET
    if isinstance(row, Delegation) and not decides:
        return State.NEEDS_ROLE
    return State.IN_FORCE


def reasons_of_proposals(rows: Sequence[TwoPeople]) -> dict[tuple[str, int], str]:
    """Why what still waits was proposed, by stream and version. Two queries.

    A row that waits was written once, by the entry that proposed it.
    """
    asked = [row for row in rows if row.is_waiting]
    if not asked:
        return {}
    those = Q()
    for row in asked:
        those |= Q(stream=row.stream, sequence=row.version)
    digests: dict[tuple[str, int], str] = {}
    for event in Event.objects.filter(those):
        reason = canonical.decode(bytes(event.body))["reason"]
        if reason:
            digests[event.stream, event.sequence] = reason[TEXT]
    texts = dict(Text.objects.filter(pk__in=digests.values()).values_list("digest", "content"))
    return {key: texts.get(digest) or "" for key, digest in digests.items()}
