"""Which policies people changed, and who they were: for rules on persons, and for loads."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from policies.choices import ChangeStatus
from policies.models import PolicyChange


def people_behind(policies: Collection[str]) -> frozenset[int]:
    """Everyone who drafted or approved a change to one of these policies. One query."""
    return frozenset(
        number
        for keys, *people in _approved().values_list("keys", "drafted_by", "decided_by")
        if not set(policies).isdisjoint(keys)
        for number in people
    )


def changed_by_hand() -> frozenset[str]:
    """The keys of the policies that an approved change entered or changed. One query."""
    return frozenset(key for keys in _approved().values_list("keys", flat=True) for key in keys)


def _approved() -> QuerySet[PolicyChange]:
    return PolicyChange.objects.filter(status=ChangeStatus.APPROVED).order_by()
