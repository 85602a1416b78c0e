"""From a draft to the register: previewed, proposed, approved by another administrator or returned.

What a change does to cases is found by the engine (`permits.domain.impact`) and sealed with the
proposal, which looks at every case at once, whatever was previewed before. An approval looks again
under the lock of the register, which decisions share: it is refused when what was found has moved
since, and no decision rests on two versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models.enums import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.reasons import checked_reason
from history import clock
from permits.choices import Group
from permits.domain.impact import (
    Drift,
    Impact,
    Move,
    Moved,
    PermitMove,
    Why,
    drift,
    impact_found,
    impact_of,
    sealed,
    status_in_words,
    unsealed,
)
from permits.domain.previews import forget, go_on
from permits.domain.ruling import Outcome
from policies.choices import ChangeStatus, Requirement, Stance
from policies.domain.composing import Composed, compose
from policies.domain.drafting import EDITABLE, changing, is_left, record, refuse_others
from policies.domain.entering import enter
from policies.domain.lint import Finding, findings
from policies.domain.reference.load import alone_at_the_register
from policies.domain.register import Register, current_register
from policies.models import PolicyChange
from policies.verbs import Verb


class NotSettled(Refused):
    """Findings block the change."""

    def __init__(self, blocking: Sequence[Finding]) -> None:
        self.blocking = tuple(blocking)
        super().__init__(
            ngettext(
                "%(count)d finding blocks it: %(first)s",
                "%(count)d findings block it, the first: %(first)s",
                len(blocking),
            )
            % {"count": len(blocking), "first": blocking[0].words}
        )


class Drifted(Refused):
    """What the sealed preview found has moved since. `drift` says what."""

    def __init__(self, moved: Sequence[Drift]) -> None:
        self.drift = tuple(moved)
        names = [_in_words(one) for one in moved[:MOST_NAMED]]
        if more := len(moved) - len(names):
            names.append(
                ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
            )
        super().__init__(
            _(
                "What the preview found has moved since it was sealed (%(names)s)."
                " Return the change, so that its author looks again."
            )
            % {"names": "; ".join(names)}
        )


MOST_NAMED = 10


def _in_words(one: Drift) -> str:
    """Both sides of what has drifted, by all that differs between them."""
    if one.was is None or one.now is None:
        sides = (
            _("not in it") if side is None else _in_brief(side.after) for side in (one.was, one.now)
        )
        return _named(one.name, *sides)
    was, now = dict(_told(one.was)), dict(_told(one.now))
    if (one.was.before, one.was.after) == (one.now.before, one.now.after):
        was, now = was | dict(_lines_told(one.was)), now | dict(_lines_told(one.now))
    moved = [_named(name, was[name], now[name]) for name in was if was[name] != now[name]]
    return _("%(name)s: %(value)s") % {"name": one.name, "value": ", ".join(moved)}


def _named(name: str, was: str, now: str) -> str:
    return _("%(name)s: %(value)s") % {"name": name, "value": f"{was} → {now}"}


def _label(choice: TextChoices) -> str:
    return str(choice.label).lower()


def _told(one: Move | PermitMove) -> Iterator[tuple[str, str]]:
    """What a preview says of it: names, and words for them."""
    if isinstance(one, PermitMove):
        yield _("group"), _label(Group(one.group))
    else:
        yield _("status"), status_in_words(one.status).lower()
        why = ", ".join(str(Why(code).label) for code in one.because)
        yield _("why a person looks"), why or "—"
    yield _("first day"), short_day(date.fromisoformat(one.on))
    before, after = one.before, one.after
    yield _("requirement now"), _label(Requirement(before.requirement))
    yield (
        _("requirement now, with open questions as yes"),
        _label(Requirement(before.requirement_if_open)),
    )
    yield _("stance now"), _label(Stance(before.stance))
    yield _("stance now, with open questions as yes"), _label(Stance(before.if_open))
    yield _("requirement after"), _label(Requirement(after.requirement))
    yield (
        _("requirement after, with open questions as yes"),
        _label(Requirement(after.requirement_if_open)),
    )
    yield _("stance after"), _label(Stance(after.stance))
    yield _("stance after, with open questions as yes"), _label(Stance(after.if_open))
    yield (
        _("without the change, on later days"),
        _by_day((step.on, step.before) for step in one.then),
    )
    yield _("with the change, on later days"), _by_day((step.on, step.after) for step in one.then)


def _lines_told(one: Move | PermitMove) -> Iterator[tuple[str, str]]:
    """What it says of single lines."""
    yield _("lines now"), _by_line((moved, moved.before) for moved in one.lines)
    yield _("lines after"), _by_line((moved, moved.after) for moved in one.lines)
    comes = sorted({key for moved in one.lines for key in moved.comes})
    goes = sorted({key for moved in one.lines for key in moved.goes})
    yield _("questions that open"), ", ".join(comes) or "—"
    yield _("questions that fall away"), ", ".join(goes) or "—"
    then = [moved for step in one.then for moved in step.lines]
    yield _("lines, on later days"), _by_line((moved, moved.after) for moved in then)


def _by_day(met: Iterable[tuple[str, Outcome]]) -> str:
    words = _("%(outcome)s from %(day)s")
    return (
        "; ".join(
            words % {"outcome": outcome_in_words(one), "day": short_day(date.fromisoformat(on))}
            for on, one in met
        )
        or "—"
    )


def _by_line(met: Iterable[tuple[Moved, Outcome]]) -> str:
    return "; ".join(f"{numbers(one.lines)}: {outcome_in_words(what)}" for one, what in met) or "—"


def numbers(lines: Iterable[int]) -> str:
    return ", ".join(map(str, lines))


def _in_brief(one: Outcome) -> str:
    """Its stance, where nothing hangs on a question."""
    hangs = (one.requirement, one.stance) != (one.requirement_if_open, one.if_open)
    return outcome_in_words(one) if hangs else _label(Stance(one.stance))


def outcome_in_words(one: Outcome) -> str:
    said = _both_in_words(one.requirement, one.stance)
    if_open = _both_in_words(one.requirement_if_open, one.if_open)
    if said == if_open:
        return said
    return _("%(said)s (if a question is answered so: %(if_open)s)") % {
        "said": said,
        "if_open": if_open,
    }


def _both_in_words(requirement: str, stance: str) -> str:
    return f"{_label(Requirement(requirement))}, {_label(Stance(stance))}"


@dataclass(frozen=True, slots=True)
class Looked:
    """A change looked at now: what it would write, and what that would do."""

    parts: tuple[Composed, ...]
    impact: Impact


def look(change: PolicyChange) -> Looked:
    """What the change would do, as of now. Raises NotSettled."""
    register = current_register()
    parts = _settled(change, register)
    return Looked(parts, impact_of(parts, register=register))


def _settled(change: PolicyChange, register: Register) -> tuple[Composed, ...]:
    """What the change would write. Raises NotSettled."""
    blocking = [one for one in findings(change, register) if one.blocks]
    if blocking:
        raise NotSettled(blocking)
    return compose(change, at=clock.now())


def preview_change(
    change: PolicyChange, *, by: User, seen: int | None = None, seconds: float | None = None
) -> PolicyChange:
    """Finds out what the change would do and keeps it with the draft.

    After so many `seconds` it stops where it is (`previews.under_way`), and another call goes on
    from there: the draft has its preview once every case was looked at. Raises NotPermitted,
    Refused (NotSettled), Conflict.
    """
    with changing(change, by=by, seen=seen) as (_entries, now):
        refuse_others(now, by)
        if now.status not in EDITABLE:
            raise Refused(_("This is not a draft any more: its preview is sealed."))
    parts = _settled(now, current_register())
    course = go_on(now, parts, seconds=seconds)
    if not course.is_over:
        return now
    counts, found = sealed(impact_found(parts, course))
    # Whatever happened to it meanwhile is a conflict.
    with changing(now, by=by, seen=None) as (entries, now):
        record(entries, Verb.CHANGE_PREVIEWED, now, data=counts["counts"]).set(
            now, preview=counts, found=found, previewed_at=clock.now()
        )
        forget(now)
    return now


def propose_change(change: PolicyChange, *, by: User, seen: int | None = None) -> PolicyChange:
    """Hands the change to another administrator, with its preview sealed.

    Raises NotPermitted, Refused (NotSettled), Conflict.
    """
    with changing(change, by=by, seen=seen) as (entries, now):
        refuse_others(now, by)
        if now.status not in EDITABLE:
            raise Refused(_("This is not a draft any more."))
        counts, found = sealed(look(now).impact)
        at = clock.now()
        record(entries, Verb.CHANGE_PROPOSED, now, data=counts["counts"]).set(
            now,
            status=ChangeStatus.PROPOSED.value,
            preview=counts,
            found=found,
            previewed_at=at,
            proposed_at=at,
        )
    return now


def return_change(
    change: PolicyChange, *, reason: str, by: User, seen: int | None = None
) -> PolicyChange:
    """Gives a proposed change back to its author.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    reason = checked_reason(reason)
    with changing(change, by=by, seen=seen) as (entries, now):
        _refuse_unproposed(now)
        record(entries, Verb.CHANGE_RETURNED, now, reason=reason).set(
            now, status=ChangeStatus.RETURNED.value, returned_for=reason, proposed_at=None
        )
    return now


def approve_change(
    change: PolicyChange, *, by: User, reason: str = "", seen: int | None = None
) -> PolicyChange:
    """Writes the change into the register.

    Raises NotPermitted for its author, Refused (NotSettled, Drifted) and where its author is no
    administrator any more, Conflict; then nothing is written.
    """
    with changing(change, by=by, seen=seen) as (entries, now):
        _refuse_unproposed(now)
        refuse_approval(now, by=by)
        alone_at_the_register()
        found = look(now)
        moved = drift(unsealed(now.preview, now.found), found.impact)
        if moved:
            raise Drifted(moved)
        at = clock.now()
        parts = compose(now, at=at)
        enter(now.number, parts, at=at, entries=entries)
        record(
            entries,
            Verb.CHANGE_APPROVED,
            now,
            reason=reason.strip(),
            basis={"preview": now.preview["digest"]},
            data=found.impact.counts(),
        ).set(
            now,
            status=ChangeStatus.APPROVED.value,
            decided_by=by,
            decided_at=at,
            keys=sorted({key for part in parts for key in part.keys}),
        )
    return now


def refuse_approval(change: PolicyChange, *, by: User) -> None:
    """Raises NotPermitted or Refused for who may not approve it, whatever is found. One query."""
    if change.drafted_by_id == by.pk:
        raise NotPermitted(_("You drafted this change. Another administrator approves it."))
    if is_left(change):
        raise Refused(
            _(
                "%(name)s, who drafted this change, is no administrator any more, and two"
                " administrators stand behind a change. Withdraw it and draft it anew."
            )
            % {"name": change.drafted_by.name}
        )


def _refuse_unproposed(change: PolicyChange) -> None:
    if change.status != ChangeStatus.PROPOSED:
        raise Refused(_("This change is not proposed: it was returned, withdrawn or approved."))
