"""Drafting a change to the register: begun, edited and withdrawn by administrators.

What follows a draft, its preview, the proposal and the approval, looks at cases as well:
`permits.domain.policy_changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.domain.two_people import administering, afresh
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.reasons import checked_reason
from accounts.rules import roles_of
from history import clock
from history.domain.door import Door, Entry
from history.models import Event
from policies.choices import (
    ChangeKind,
    ChangeStatus,
    ExistingPermits,
    GoodsKind,
    Layer,
)
from policies.domain.composing import document_of
from policies.models import Policy, PolicyChange, PolicyVersion
from policies.verbs import Verb

EDITABLE = frozenset({ChangeStatus.DRAFT, ChangeStatus.RETURNED})
PENDING = frozenset({*EDITABLE, ChangeStatus.PROPOSED})


def stream_of(number: str) -> str:
    """The stream of a change, beside that of the policy that it changes."""
    return f"policy:change:{number}"


def record(entries: Door, verb: str, change: PolicyChange, **told: Any) -> Entry:
    """An event of the change; `told` as `Door.record` takes it."""
    return entries.record(
        verb, stream=stream_of(change.number), subject=f"change:{change.number}", **told
    )


@contextmanager
def changing(
    change: PolicyChange, *, by: User, seen: int | None
) -> Iterator[tuple[Door, PolicyChange]]:
    """A door for an administrator, with the change as it is now, locked.

    Raises NotPermitted, Conflict.
    """
    with administering(by) as entries:
        yield entries, afresh(change, seen)


def start_change(*, kind: str, by: User, policy: Policy | None = None) -> PolicyChange:
    """Begins a draft, filled with what the policy says now.

    Raises NotPermitted, and Refused for a policy that says nothing any more.
    """
    kind = ChangeKind(kind)
    if (policy is None) is not (kind is ChangeKind.IMPOSE):
        raise ValueError("what is imposed is new, and anything else changes a policy")
    replaced = None if policy is None else newest_version(policy)
    change = PolicyChange(
        kind=kind.value,
        status=ChangeStatus.DRAFT.value,
        policy=policy,
        replaced=replaced,
        content=_first_content(kind, policy, replaced),
    )
    if policy is not None:
        change.content["head"] = head_of(policy)
    return drafted(change, by=by)


def drafted(change: PolicyChange, *, by: User) -> PolicyChange:
    """Keeps a new draft under the next number. Raises NotPermitted."""
    with administering(by) as entries:
        change.number = _next_number()
        change.drafted_by, change.drafted_at = by, clock.now()
        record(entries, Verb.CHANGE_DRAFTED, change).add(change)
    return change


def head_of(policy: Policy) -> int:
    """How many events the policy has: a draft is compared with what it was begun on. One query."""
    return heads_of([policy])[policy.stream]


def heads_of(policies: Iterable[Policy]) -> dict[str, int]:
    """How many events each of these policies has, by stream. One query."""
    streams = [one.stream for one in policies]
    told = Event.objects.filter(stream__in=streams).values("stream").order_by()
    found = dict(told.annotate(last=Max("sequence")).values_list("stream", "last"))
    return {stream: found.get(stream, 0) for stream in streams}


def newest_version(policy: Policy) -> PolicyVersion:
    """The version that the register states now, the last of several. Raises Refused."""
    found = (
        PolicyVersion.objects.filter(policy=policy, known_to__isnull=True)
        .select_related("policy")
        .order_by(F("effective_from").desc(nulls_last=True))
        .first()
    )
    if found is None:
        raise Refused(_("The register states nothing of this policy any more."))
    return found


def _next_number() -> str:
    """Like PC-2026-004. For one administrator at a time."""
    head = f"PC-{clock.today().year}-"
    last = PolicyChange.objects.filter(number__startswith=head).order_by("-id").first()
    return f"{head}{int(last.number.removeprefix(head)) + 1 if last else 1:03d}"


def _first_content(
    kind: ChangeKind, policy: Policy | None, replaced: PolicyVersion | None
) -> dict[str, Any]:
    if policy is None or replaced is None:
        return {"policy": _blank(), **_no_days()}
    last = replaced.effective_to.isoformat() if replaced.effective_to else None
    match kind:
        case ChangeKind.AMEND:
            return {
                "policy": {**document_of(policy), "key": "", "replaces": policy.key},
                "notes_fr": policy.notes_fr,
                **_no_days(),
                "to": last,
            }
        case ChangeKind.CORRECT:
            days = {
                name: None if day is None else day.isoformat()
                for name, day in (
                    ("from", replaced.effective_from),
                    ("to", replaced.effective_to),
                    ("announced_on", replaced.announced_on),
                    ("published_on", replaced.published_on),
                )
            }
            return {"policy": document_of(policy), "notes_fr": policy.notes_fr, **days}
        case ChangeKind.EXTEND | ChangeKind.END:
            names = ("title_en", "title_fr", "citation_en", "citation_fr", "url")
            return {"instrument": dict.fromkeys(names), **_no_days(), "to": last}
    raise ValueError(f"nothing is said of what a draft of the kind {kind} begins with")


def _no_days() -> dict[str, None]:
    return dict.fromkeys(("from", "to", "announced_on", "published_on"))


def _blank() -> dict[str, Any]:
    return {
        "key": "",
        "layer": Layer.NOTICE.value,
        "title_en": "",
        "title_fr": "",
        "scope": {"activities": [], "destinations": [], "goods": {"kind": GoodsKind.LISTED.value}},
        "effect": {},
        "questions": [],
        "exceptions": [],
        "existing_permits": {"action": ExistingPermits.UNSTATED.value, "en": "", "fr": ""},
        "instrument": dict.fromkeys(
            ("title_en", "title_fr", "citation_en", "citation_fr", "section", "url")
        ),
        "sources": [],
        "confidence": "verified_official",
        "notes": None,
    }


_NO_PREVIEW: dict[str, Any] = {"preview": {}, "found": "", "previewed_at": None}


def save_change(
    change: PolicyChange,
    *,
    content: Mapping[str, Any],
    rationale_en: str,
    rationale_fr: str,
    note: str,
    by: User,
    seen: int | None = None,
) -> PolicyChange:
    """Keeps what its author typed, complete or not; a preview made before is gone.

    Raises NotPermitted for anybody else, Refused when it is not a draft, Conflict.
    """
    with changing(change, by=by, seen=seen) as (entries, now):
        refuse_others(now, by)
        if now.status not in EDITABLE:
            raise Refused(_("This is not a draft any more: it stays as it was proposed."))
        # Whoever keeps it anew has the policy as it is now beside it.
        policy = now.policy
        record(entries, Verb.CHANGE_EDITED, now).set(
            now,
            content={**content, "head": head_of(policy)} if policy else dict(content),
            replaced=newest_version(policy) if policy else None,
            rationale_en=rationale_en.strip(),
            rationale_fr=rationale_fr.strip(),
            note=note.strip(),
            **_NO_PREVIEW,
        )
    return now


def close_other(
    change: PolicyChange, other: Policy, *, by: User, seen: int | None = None
) -> PolicyChange:
    """Makes the draft of a new policy end another one, on the day on which its own begins.

    It is an amendment from then on: both are approved together, and the one replaces the other.
    Raises NotPermitted, Refused, Conflict.
    """
    with changing(change, by=by, seen=seen) as (entries, now):
        refuse_others(now, by)
        if now.status not in EDITABLE or now.kind != ChangeKind.IMPOSE:
            raise Refused(_("Only the draft of a new policy is made to end another one."))
        replaced = newest_version(other)
        record(entries, Verb.CHANGE_EDITED, now).set(
            now,
            kind=ChangeKind.AMEND.value,
            policy=other,
            replaced=replaced,
            content={
                **now.content,
                "policy": {**now.content["policy"], "replaces": other.key},
                "head": head_of(other),
            },
            **_NO_PREVIEW,
        )
    return now


def refuse_others(change: PolicyChange, by: User) -> None:
    """Raises NotPermitted for anybody but who drafted it."""
    if change.drafted_by_id != by.pk:
        raise NotPermitted(_("Only who drafted a change edits and proposes it."))


def is_left(change: PolicyChange) -> bool:
    """Whether its author is no administrator any more. One query."""
    return Role.ADMINISTRATOR not in roles_of(change.drafted_by)


def refuse_withdrawal(change: PolicyChange, by: User) -> None:
    """Raises NotPermitted for an administrator who does not give it up. One query."""
    if change.drafted_by_id != by.pk and not is_left(change):
        raise NotPermitted(
            _("Only who drafted a change withdraws it, while they are an administrator.")
        )


def withdraw_change(
    change: PolicyChange, *, reason: str, by: User, seen: int | None = None
) -> PolicyChange:
    """Gives a change up: its author does, or any administrator once its author is none any more.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    with changing(change, by=by, seen=seen) as (entries, now):
        refuse_withdrawal(now, by)
        if now.status not in PENDING:
            raise Refused(_("This change was decided or withdrawn already."))
        record(entries, Verb.CHANGE_WITHDRAWN, now, reason=reason).set(
            now, status=ChangeStatus.WITHDRAWN.value
        )
    return now
