"""Every policy version as plain values, for export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from policies.domain.queries import OTTAWA
from policies.models import PolicyVersion


def every_version() -> Iterator[dict[str, Any]]:
    """All versions, by policy key and then by when they were known. A fixed number of queries."""
    for version in versions_to_write().order_by("policy__key", "known_from", "effective_from"):
        yield written(version)


def versions_to_write() -> QuerySet[PolicyVersion]:
    """Versions with all that `written` tells of them."""
    return PolicyVersion.objects.select_related("policy").prefetch_related(
        "policy__questions__same_as", "policy__exceptions"
    )


def written(version: PolicyVersion) -> dict[str, Any]:
    """One version of a policy as plain values, the policy's own words and scope with it."""
    policy = version.policy
    return {
        "policy": policy.key,
        "layer": policy.layer,
        "title_en": policy.title_en,
        "title_fr": policy.title_fr,
        "scope": policy.scope,
        "effect": _given(
            stance=policy.stance,
            requirement=policy.requirement,
            control=policy.control,
            covers=policy.covers,
        ),
        "questions": [
            _given(
                code=one.code,
                of=one.same_as.key if one.same_as else "",
                applies_if=one.applies_if,
                en=one.text_en,
                fr=one.text_fr,
            )
            for one in policy.questions.all()
        ],
        "exceptions": [
            _given(code=one.code, en=one.text_en, fr=one.text_fr, until=_day(one.until))
            for one in policy.exceptions.all()
        ],
        "existing_permits": policy.existing_permits,
        "instrument_en": policy.instrument_en,
        "instrument_fr": policy.instrument_fr,
        "from": _day(version.effective_from),
        "to": _day(version.effective_to),
        "known_from": _instant(version.known_from),
        "known_to": _instant(version.known_to),
        "announced_on": _day(version.announced_on),
        "published_on": _day(version.published_on),
        "precision": version.precision,
        "assumed": version.assumed,
        "confidence": policy.confidence,
        "sources": policy.sources,
    }


def _given(**values: Any) -> dict[str, Any]:
    """The values that say something."""
    return {name: value for name, value in values.items() if value}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(OTTAWA).isoformat()
