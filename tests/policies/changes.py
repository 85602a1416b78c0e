"""Policy changes for tests, drafted as administrators draft them."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from accounts.models import User
from history import clock
from permits.domain.policy_changes import approve_change, propose_change
from policies.choices import ChangeKind
from policies.domain.drafting import save_change, start_change
from policies.models import Policy, PolicyChange

WHY_EN, WHY_FR = "For a test", "Pour un essai"

INSTRUMENT = {
    "title_en": "Notice to Exporters No. 9999 (for tests)",
    "title_fr": "Avis aux exportateurs no 9999 (pour essais)",
    "citation_en": "No. 9999",
    "citation_fr": "no 9999",
    "section": None,
    "url": None,
}

POLICY: dict[str, Any] = {
    "key": "TR-9999-suspension",
    "layer": "notice",
    "title_en": "Türkiye: Group 2 suspended (for tests)",
    "title_fr": "Türkiye : groupe 2 suspendu (pour essais)",
    "scope": {
        "activities": ["export"],
        "destinations": ["TR"],
        "goods": {"kind": "items", "items": ["2"]},
    },
    "effect": {"stance": "suspended"},
    "questions": [],
    "exceptions": [],
    "existing_permits": {
        "action": "review",
        "en": "Permits issued are reviewed one by one.",
        "fr": "Les licences délivrées sont examinées une à une.",
    },
    "instrument": INSTRUMENT,
    "sources": [{"url": "https://notice.example/9999", "quote": "For tests"}],
    "confidence": "verified_official",
    "notes": None,
}


def iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def today() -> str:
    return clock.today().isoformat()


def in_days(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def draft(
    by: User,
    *,
    kind: str = ChangeKind.IMPOSE,
    policy: str = "",
    content: dict[str, Any] | None = None,
    of_policy: dict[str, Any] | None = None,
    **days: str | None,
) -> PolicyChange:
    """A draft that nothing blocks. `of_policy` are other values of the policy, `days` of content.

    `starts` and `ends` are its days: today and none, unless given.
    """
    of = Policy.objects.get(key=policy) if policy else None
    change = start_change(kind=kind, by=by, policy=of)
    given = deepcopy(content if content is not None else change.content)
    if kind == ChangeKind.IMPOSE and content is None:
        given["policy"] = deepcopy(POLICY)
    if "policy" in given:
        given["policy"] |= of_policy or {}
    elif content is None:
        given["instrument"] = {
            name: value for name, value in INSTRUMENT.items() if name != "section"
        }
    if kind in (ChangeKind.IMPOSE, ChangeKind.AMEND):
        given["from"] = days.get("starts", today())
    elif "starts" in days:
        given["from"] = days["starts"]
    if "ends" in days:
        given["to"] = days["ends"]
    return save_change(
        change, content=given, rationale_en=WHY_EN, rationale_fr=WHY_FR, note="", by=by
    )


def approved(change: PolicyChange, *, by: User) -> PolicyChange:
    """Proposed by its author and approved by another."""
    return approve_change(propose_change(change, by=change.drafted_by), by=by)
