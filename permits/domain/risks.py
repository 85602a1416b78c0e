"""What the file of a permit in force says against it today.

A consideration that does not exclude a substantial risk any more, a party that is listed, or a
stance that is not case by case through what was stated since the gate last opened for the permit.
What a change of policy alone means for it is for the sweeps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Max

from history import canonical, clock
from permits.domain.casefile import CaseFile
from permits.domain.gate import Reason, listed_parties, risks_found, stricter_lines
from permits.domain.ruling import CaseRuling, facts_by_line, rule_on, rule_on_facts
from permits.domain.standing import Standing
from permits.models import Decision, Permit, PermitAct
from policies.choices import STANCE_RANK, Stance
from policies.domain.queries import end_of_day
from policies.domain.register import Register


def read_loosened(permits: Iterable[Permit]) -> dict[int, datetime]:
    """When each permit was last loosened, by its key; none of those that never were. One query."""
    done = PermitAct.objects.filter(
        permit__in=list(permits), loosens=True, done_at__isnull=False
    ).order_by()
    return dict(done.values_list("permit").annotate(Max("done_at")))


def against_permit(
    file: CaseFile,
    ruling: CaseRuling,
    now: Standing,
    *,
    loosened_at: datetime | None,
    register: Register,
) -> list[Reason]:
    """Why the permit of a file should not stay as it is `now`, from today's `ruling`: nothing of
    goods of which nothing may be shipped, as where their line was cancelled."""
    usable = now.usable_lines
    stricter = _is_by_what_was_stated(file, ruling.of_lines(usable), loosened_at, register, usable)
    return [
        *listed_parties(file),
        *(stricter_lines(ruling.of_lines(usable)) if stricter else ()),
        *risks_found(file),
    ]


def _is_by_what_was_stated(
    file: CaseFile,
    ruling: CaseRuling,
    loosened_at: datetime | None,
    register: Register,
    usable: Collection[int],
) -> bool:
    """Whether a stance is stricter by what was stated or set aside since the gate last opened.

    So it is where today's file would not have been case by case under the law of then, or where
    it is less strict today without what was stated since.
    """
    if ruling.stance == Stance.CASE_BY_CASE or file.decision is None:
        return False
    opened_at = loosened_at or _decided_at(file.decision)
    then = rule_on_facts(
        facts_by_line(file),
        on=opened_at.astimezone(clock.OTTAWA).date(),
        known_at=opened_at,
        register=register,
    )
    if then.of_lines(usable).stance != Stance.CASE_BY_CASE:
        return True
    before = replace(
        file, statements=tuple(one for one in file.statements if one.made_at <= opened_at)
    )
    now = rule_on(before, on=ruling.on, known_at=ruling.known_at, register=register)
    return STANCE_RANK[now.of_lines(usable).stance] < STANCE_RANK[ruling.stance]


def _decided_at(decision: Decision) -> datetime:
    """As it froze it. One that froze nothing was not made by the program: the end of its day."""
    known_at = canonical.decode(decision.frozen.encode()).get("known_at")
    return datetime.fromisoformat(known_at) if known_at else end_of_day(decision.decided_on)
