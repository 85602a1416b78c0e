"""Writing an approved change into the register, within the door of who approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.exceptions import Refused
from history.domain.door import Door
from policies.domain.composing import Composed
from policies.domain.reference.load import LOADS, alone_at_the_register
from policies.domain.reference.report import Counts, LoadReport
from policies.models import (
    Policy,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
    ReferenceLoad,
)
from policies.verbs import Verb


def enter(number: str, parts: Sequence[Composed], *, at: datetime, entries: Door) -> None:
    """Writes what was composed, and moves the register's head. The register is locked before.

    `number` is that of the change. Raises Refused where a policy was changed since it was drafted.
    """
    alone_at_the_register()
    basis = {"change": number}
    for part in parts:
        _enter(part, basis, at=at, entries=entries)
    load = ReferenceLoad(loaded_at=at, files={}, counts=_counts(parts).counts())
    entries.record(Verb.REGISTER_CHANGED, stream=LOADS, subject=LOADS, basis=basis).add(load)


def _enter(composed: Composed, basis: dict[str, str], *, at: datetime, entries: Door) -> None:
    old = composed.closes
    if composed.changes is not None:
        stream = composed.changes.stream
        entry = entries.record(Verb.POLICY_REVISED, stream=stream, subject=stream, basis=basis)
        if old is not None:
            now = PolicyVersion.objects.select_for_update().get(pk=old.pk)
            if now.known_to is not None:
                raise Refused(
                    _("The policy was changed since this was drafted. Withdraw it and draft anew.")
                )
            entry.set(now, known_to=at)
        if composed.follows is not None:
            entry.add(composed.follows)
        for row, values in composed.corrected:
            entry.set(row, **values)
    if composed.enters is not None and composed.begins is not None:
        policy = composed.enters
        stream = f"policy:{policy.key}"
        entry = entries.record(Verb.POLICY_ENTERED, stream=stream, subject=stream, basis=basis)
        entry.add(policy)
        parts: tuple[PolicyVersion | PolicyQuestion | PolicyException, ...] = (
            composed.begins,
            *composed.questions,
            *composed.exceptions,
        )
        for part in parts:
            part.policy = policy  # Now that it has an id.
            entry.add(part)


def _counts(parts: Sequence[Composed]) -> LoadReport:
    policies = Counts(
        added=sum(one.enters is not None for one in parts),
        superseded=sum(bool(one.corrected) for one in parts),
    )
    versions = Counts(
        added=sum((one.follows is not None) + (one.begins is not None) for one in parts),
        superseded=sum(one.closes is not None for one in parts),
    )
    return LoadReport({Policy.__name__: policies, PolicyVersion.__name__: versions}, {})
