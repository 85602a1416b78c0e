"""Which policies people changed, and who they were: for rules on persons, and for loads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from policies.choices import ChangeKind, ChangeStatus
from policies.models import PolicyChange


def people_behind(policies: Collection[str]) -> frozenset[int]:
    """Everyone who drafted or approved a change to one of these policies. One query."""
    return frozenset(
        number
        for keys, *people in _approved().values_list("keys", "drafted_by", "decided_by")
        if not set(policies).isdisjoint(keys)
        for number in people
    )


def policies_behind(person: int) -> frozenset[str]:
    """The policies to which this person drafted or approved a change. One query."""
    theirs = _approved().filter(Q(drafted_by=person) | Q(decided_by=person))
    return frozenset(key for keys in theirs.values_list("keys", flat=True) for key in keys)


@dataclass(frozen=True, slots=True)
class Made:
    """A change that wrote a policy. `instrument` is None where it is the policy's own."""

    change: PolicyChange
    instrument: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        return str(ChangeKind(self.change.kind).label)


def changes_to(key: str) -> list[Made]:
    """The changes that wrote a policy, the newest first, with what each says why. One query."""
    changes = _approved().order_by("-decided_at").defer("found", "preview")
    return [Made(one, one.content.get("instrument")) for one in changes if key in one.keys]


def changed_by_hand() -> frozenset[str]:
    """The keys of the policies that an approved change entered or changed. One query."""
    return frozenset(key for keys in _approved().values_list("keys", flat=True) for key in keys)


def _approved() -> QuerySet[PolicyChange]:
    return PolicyChange.objects.filter(status=ChangeStatus.APPROVED).order_by()
