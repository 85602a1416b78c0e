"""The register of rebuttals: what was claimed against a presumption of denial, and what came of it.

A rebuttal is an exception claimed under a policy of presumptive denial, or the Minister's
exceptional circumstances claimed under any notice. It is a statement on a case and stays one;
here all of them are read together, those that were set aside too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import pgettext_lazy

from history import canonical, clock
from history.actors import names_of
from history.models import Event
from permits.choices import StatementKind
from permits.models import Application, Decision, Document, Statement
from permits.verbs import Verb
from policies.choices import Stance
from policies.domain.register import Bilingual, Register
from policies.domain.resolve import MINISTER


class State(TextChoices):
    """What became of a claim on its case."""

    WAITS = "waits", pgettext_lazy("rebuttal", "Waits for a second person")
    COUNTERSIGNED = "countersigned", pgettext_lazy("rebuttal", "Countersigned")
    SET_ASIDE = "set_aside", pgettext_lazy("rebuttal", "Set aside")


@dataclass(frozen=True, slots=True)
class Signature:
    """A decision-maker's signature of a claim: in deciding, or in loosening the permit."""

    name: str
    on: date
    is_decision: bool


@dataclass(frozen=True, slots=True)
class Rebuttal:
    """A claim with its words, and the decision-makers' signatures of it in their order."""

    statement: Statement
    policy: str
    code: str
    words: Bilingual | None
    signatures: tuple[Signature, ...]

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
    """The rebuttals with their words and signatures. As many queries as for one."""
    found = list(statements)
    signings = _signings({one.application_id: one.application.stream for one in found})
    names = names_of({event.actor for some in signings.values() for event, _keys in some})
    return [_told(one, register, signings[one.application.stream], names) for one in found]


Signing = tuple[Event, Collection[str]]
"""The entry of an act, and the keys of the claims that were signed with it."""

_SIGNING = (Verb.ISSUED, Verb.AMENDED, Verb.REINSTATED)


def _signings(streams: Mapping[int, str]) -> dict[str, list[Signing]]:
    """By stream, what was signed in deciding and in loosening the permit, in order."""
    decided = {
        streams[key]: signed
        for key, signed in Decision.objects.filter(application__in=streams).values_list(
            "application", "exceptions_signed"
        )
    }
    found: dict[str, list[Signing]] = {stream: [] for stream in streams.values()}
    for event in Event.objects.filter(stream__in=found, verb__in=_SIGNING):
        if event.verb == Verb.ISSUED:
            signed = decided[event.stream]
        else:
            signed = _data(event).get("exceptions_signed", ())
        found[event.stream].append((event, signed))
    return found


def _data(event: Event) -> Mapping[str, Any]:
    return canonical.decode(bytes(event.body)).get("data") or {}


def _told(
    statement: Statement, register: Register, signings: Iterable[Signing], names: Mapping[str, str]
) -> Rebuttal:
    policy, _colon, code = statement.key.rpartition(":")
    return Rebuttal(
        statement=statement,
        policy=policy,
        code=code,
        words=register.exception(policy, code),
        signatures=tuple(
            Signature(
                names.get(event.actor, event.actor), event.occurred_on, event.verb == Verb.ISSUED
            )
            for event, signed in signings
            if statement.key in signed and _stood(statement, event)
        ),
    )


def _stood(statement: Statement, event: Event) -> bool:
    """Whether that claim stood then: it was made, and was not set aside for another one."""
    is_set_aside = statement.set_aside_at is not None
    return statement.made_at <= event.recorded_at and not (
        is_set_aside and statement.version < event.sequence
    )
