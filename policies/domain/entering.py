"""Writing an approved change into the register, within the door of who approves it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.exceptions import Refused
from history.domain.door import Door
from policies.domain.composing import Composed
from policies.domain.reference.load import LOADS, alone_at_the_register
from policies.domain.reference.report import Counts, LoadReport
from policies.models import (
    Policy,
    PolicyChange,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
    ReferenceLoad,
)
from policies.verbs import Verb


def enter(change: PolicyChange, composed: Composed, *, at: datetime, entries: Door) -> None:
    """Writes what was composed, and moves the register's head. The register is locked before.

    Raises Refused where the policy was changed since the draft was begun.
    """
    alone_at_the_register()
    basis = {"change": change.number}
    old = composed.closes
    if change.policy is not None:
        stream = change.policy.stream
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
        if composed.corrected:
            entry.set(Policy.objects.get(pk=change.policy.pk), **composed.corrected)
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
    load = ReferenceLoad(loaded_at=at, files={}, counts=_counts(composed).counts())
    entries.record(Verb.REGISTER_CHANGED, stream=LOADS, subject=LOADS, basis=basis).add(load)


def _counts(composed: Composed) -> LoadReport:
    new = [one for one in (composed.follows, composed.begins) if one is not None]
    policies = Counts(
        added=int(composed.enters is not None), superseded=int(bool(composed.corrected))
    )
    versions = Counts(added=len(new), superseded=int(composed.closes is not None))
    return LoadReport({Policy.__name__: policies, PolicyVersion.__name__: versions}, {})
