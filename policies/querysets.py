"""Conditions on dated rows, named for the question that they answer."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q


def known_at(instant: datetime | None) -> Q:
    """Rows as the register knew them at `instant`; None: as it knows them now."""
    if instant is None:
        return Q(known_to__isnull=True)
    return (Q(known_from__isnull=True) | Q(known_from__lte=instant)) & (
        Q(known_to__isnull=True) | Q(known_to__gt=instant)
    )
