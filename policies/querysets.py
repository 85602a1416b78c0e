"""Conditions on dated rows, named for the question that they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Func, IntegerField, Q
from django.db.models.fields.json import KT, KeyTransform


def known_at(instant: datetime | None) -> Q:
    """Rows as the register knew them at `instant`; None: as it knows them now."""
    if instant is None:
        return Q(known_to__isnull=True)
    return (Q(known_from__isnull=True) | Q(known_from__lte=instant)) & (
        Q(known_to__isnull=True) | Q(known_to__gt=instant)
    )


class _Length(Func):
    """How many members a list in JSON has; null for none."""

    function = "JSONB_ARRAY_LENGTH"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_ARRAY_LENGTH", **context)


def what_a_change_is_called() -> dict[str, Any]:
    """Of policy changes what names them in a list: a set has megabytes of content beside it."""
    return {
        "title_en": KT("content__policy__title_en"),
        "title_fr": KT("content__policy__title_fr"),
        "policies_in_set": _Length(KeyTransform("changes", "content")),
    }
