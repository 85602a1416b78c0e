"""The register of rebuttals: what was claimed against a presumption of denial, and what came of it.

A rebuttal is an exception claimed under a policy of presumptive denial, or the Minister's
exceptional circumstances claimed under any notice. It is a statement on a case and stays one;
here all of them are read together, those that were set aside too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import pgettext_lazy

from history import clock
from permits.choices import StatementKind
from permits.models import Application, Decision, Document, Statement
from policies.choices import Stance
from policies.domain.register import Bilingual, Register
from policies.domain.resolve import MINISTER


class State(TextChoices):
    """What became of a claim on its case."""

    WAITS = "waits", pgettext_lazy("rebuttal", "Waits for a second person")
    COUNTERSIGNED = "countersigned", pgettext_lazy("rebuttal", "Countersigned")
    SET_ASIDE = "set_aside", pgettext_lazy("rebuttal", "Set aside")


@dataclass(frozen=True, slots=True)
class Rebuttal:
    """A claim with its words. `decision`: the one in which a decision-maker signed it, if any."""

    statement: Statement
    policy: str
    code: str
    words: Bilingual | None
    decision: Decision | None

    @property
    def application(self) -> Application:
        return self.statement.application

    @property
    def claimed_on(self) -> date:
        """The day of the claim, in Ottawa."""
        return self.statement.made_at.astimezone(clock.OTTAWA).date()

    @property
    def evidence(self) -> Document | None:
        return self.statement.document

    @property
    def state(self) -> State:
        if self.statement.set_aside_at is not None:
            return State.SET_ASIDE
        if self.statement.countersigned_at is not None:
            return State.COUNTERSIGNED
        return State.WAITS


def rebuttals_in(register: Register) -> QuerySet[Statement]:
    """Every rebuttal claimed on any case, the newest first, with what `told` shows of it."""
    presumed = [
        row.key for row in register.rulebook.rows if row.stance == Stance.PRESUMPTIVE_DENIAL
    ]
    under_presumption = Q()
    for key in presumed:
        under_presumption |= Q(key__startswith=f"{key}:")
    return (
        Statement.objects.filter(kind=StatementKind.EXCEPTION)
        .filter(under_presumption | Q(key__endswith=f":{MINISTER}"))
        .select_related(
            *("application__destination", "document"),
            *("made_by", "countersigned_by", "set_aside_by"),
        )
        .order_by("-made_at", "-id")
    )


def told(statements: Iterable[Statement], register: Register) -> list[Rebuttal]:
    """The rebuttals with their words and signatures. One query."""
    found = list(statements)
    decisions = {
        one.application_id: one
        for one in Decision.objects.filter(application__in={one.application_id for one in found})
        .select_related("decided_by")
        .defer("frozen")
    }
    return [_told(one, register, decisions.get(one.application_id)) for one in found]


def _told(statement: Statement, register: Register, decision: Decision | None) -> Rebuttal:
    policy, _colon, code = statement.key.rpartition(":")
    was_signed = decision is not None and statement.key in decision.exceptions_signed
    # A claim that was set aside is not the one that was signed: another took its place.
    stood = statement.set_aside_at is None
    return Rebuttal(
        statement=statement,
        policy=policy,
        code=code,
        words=register.exception(policy, code),
        decision=decision if was_signed and stood else None,
    )
