"""Which policies people changed, and who they were: for rules on persons, and for loads."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from policies.choices import ChangeStatus
from policies.models import PolicyChange


def people_behind(policies: Collection[str]) -> frozenset[int]:
    """Everyone who drafted or approved a change to one of these policies. One query."""
    changes = PolicyChange.objects.filter(
        Q(policy__key__in=policies) | Q(entered__key__in=policies), status=ChangeStatus.APPROVED
    )
    return frozenset(
        number for both in changes.values_list("drafted_by", "decided_by") for number in both
    )


def changed_by_hand() -> frozenset[str]:
    """The keys of the policies that an approved change entered or changed. One query."""
    changes = PolicyChange.objects.filter(status=ChangeStatus.APPROVED)
    keys = {key for both in changes.values_list("policy__key", "entered__key") for key in both}
    return frozenset(keys - {None})
