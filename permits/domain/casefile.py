"""Everything that an application rests on, read at once: what all questions about it are put to.

    file = read_file(application)

The number of queries does not depend on how much there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from history.kept import Kept
from history.models import Event
from permits.choices import StatementKind
from permits.models import (
    Application,
    Card,
    Condition,
    ConflictDeclaration,
    Consultation,
    Decision,
    Document,
    Evidence,
    Line,
    Measure,
    Party,
    Permit,
    Recommendation,
    Statement,
    Wait,
)
from policies.domain.reworded import Reworded, reworded

Row = TypeVar("Row", bound=Model)
Found = TypeVar("Found")

_EVENTS, _REWORDED = "events", "reworded"
_OF_A_POLICY = (StatementKind.ANSWER, StatementKind.EXCEPTION)

# Each for any number of applications, in their order within one.

_LINES = Kept(lambda keys: _there(Line, keys, "origin"))
_PARTIES = Kept(lambda keys: _there(Party, keys, "country"))
_DOCUMENTS = Kept(lambda keys: _there(Document, keys, "added_by"))
_EVIDENCE = Kept(lambda keys: _there(Evidence, keys, "document", "added_by"))
_MEASURES = Kept(lambda keys: _there(Measure, keys, "document", "added_by"))
_STATEMENTS = Kept(
    lambda keys: _of(Statement, keys, "made_by", "countersigned_by", "document").filter(
        set_aside_at__isnull=True
    )
)
_CARDS = Kept(lambda keys: _of(Card, keys, "edited_by", "first_by", "second_by"))
_CONSULTATIONS = Kept(lambda keys: _of(Consultation, keys, "opened_by"))
_WAITS = Kept(lambda keys: _of(Wait, keys, "opened_by"))
_CONFLICTS = Kept(lambda keys: _of(ConflictDeclaration, keys, "person"))
# A decision is of a recommendation that stands.
_RECOMMENDATIONS = Kept(
    lambda keys: _of(
        Recommendation,
        keys,
        "made_by",
        "decision__decided_by",
        "decision__delegation",
        "decision__application__permit",
    ).filter(set_aside_at__isnull=True)
)
_CONDITIONS = Kept(
    lambda keys: Condition.objects.filter(
        recommendation__in=keys, is_removed=False, replaced_by__isnull=True
    ).select_related("written_by", "replaces", "replaces__written_by")
)


def _of(model: type[Row], keys: Sequence[int], *related: str) -> QuerySet[Row]:
    return model._default_manager.filter(application__in=keys).select_related(*related)


def _there(model: type[Row], keys: Sequence[int], *related: str) -> QuerySet[Row]:
    """Those that were not removed."""
    return _of(model, keys, *related).filter(is_removed=False)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """An application and its parts; what was removed or set aside is left out."""

    application: Application
    lines: tuple[Line, ...]
    parties: tuple[Party, ...]
    documents: tuple[Document, ...]
    statements: tuple[Statement, ...]
    cards: tuple[Card, ...]
    evidence: tuple[Evidence, ...]
    measures: tuple[Measure, ...]
    consultations: tuple[Consultation, ...]
    waits: tuple[Wait, ...]
    conflicts: tuple[ConflictDeclaration, ...]
    recommendation: Recommendation | None
    conditions: tuple[Condition, ...]
    decision: Decision | None
    permit: Permit | None
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was found out about the file (`once`)."""

    def parties_as(self, *roles: str) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if party.role in roles)

    def card(self, consideration: str) -> Card | None:
        return next((card for card in self.cards if card.consideration == consideration), None)

    def line(self, number: int) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)


def once(find: Callable[[CaseFile], Found]) -> Callable[[CaseFile], Found]:
    """Finds something out about a file once: what many questions about it begin with."""

    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(file: CaseFile) -> Found:
        if name not in file.known:
            file.known[name] = find(file)
        result: Found = file.known[name]
        return result

    return found


def read_file(application: Application) -> CaseFile:
    """The file as it is now."""
    return read_files([application])[0]


def read_files(applications: Sequence[Application]) -> list[CaseFile]:
    """Their files as they are now, in the same order. As many queries as for one."""
    keys = [application.pk for application in applications]
    lines, parties = _by_case(_LINES(keys)), _by_case(_PARTIES(keys))
    documents, statements = _by_case(_DOCUMENTS(keys)), _by_case(_STATEMENTS(keys))
    cards = _by_case(_CARDS(keys))
    evidence, measures = _by_case(_EVIDENCE(keys)), _by_case(_MEASURES(keys))
    consultations, waits = _by_case(_CONSULTATIONS(keys)), _by_case(_WAITS(keys))
    conflicts = _by_case(_CONFLICTS(keys))
    recommendations = _by_case(_RECOMMENDATIONS(keys))
    conditions: dict[int, list[Condition]] = defaultdict(list)
    for condition in _CONDITIONS([one.pk for some in recommendations.values() for one in some]):
        conditions[condition.recommendation_id].append(condition)
    found = []
    for application in applications:
        key = application.pk
        recommendation = next(iter(recommendations[key]), None)
        decision = getattr(recommendation, "decision", None)
        found.append(
            CaseFile(
                application=application,
                lines=tuple(lines[key]),
                parties=tuple(parties[key]),
                documents=tuple(documents[key]),
                statements=tuple(statements[key]),
                cards=tuple(cards[key]),
                evidence=tuple(evidence[key]),
                measures=tuple(measures[key]),
                consultations=tuple(consultations[key]),
                waits=tuple(waits[key]),
                conflicts=tuple(conflicts[key]),
                recommendation=recommendation,
                conditions=tuple(conditions[recommendation.pk]) if recommendation else (),
                decision=decision,
                # There is none without a decision.
                permit=getattr(decision.application, "permit", None) if decision else None,
            )
        )
    if any(one.kind in _OF_A_POLICY for file in found for one in file.statements):
        at = reworded()
        for file in found:
            file.known[_REWORDED] = at
    return found


def reworded_since(file: CaseFile, statement: Statement, *, by: datetime | None = None) -> bool:
    """Whether what an answer or an exception is about was given other words since it was made; with
    `by`, up to that instant.

    No query where the file was read, one for any other.
    """
    if statement.kind not in _OF_A_POLICY:
        return False
    if _REWORDED not in file.known:
        file.known[_REWORDED] = reworded()
    known: Reworded = file.known[_REWORDED]
    of = known.question if statement.kind == StatementKind.ANSWER else known.exception
    return any(statement.made_at <= at and (by is None or at <= by) for at in of(statement.key))


def events_on(file: CaseFile) -> tuple[Event, ...]:
    """All that was recorded on the case, in order. One query."""
    if _EVENTS not in file.known:
        read_events([file])
    found: tuple[Event, ...] = file.known[_EVENTS]
    return found


def read_events(files: Collection[CaseFile]) -> None:
    """Reads at once what `events_on` gives of each of them. One query."""
    unread = [file for file in files if _EVENTS not in file.known]
    streams = [file.application.stream for file in unread]
    give_events(unread, Event.objects.filter(stream__in=streams).order_by("sequence"))


def give_events(files: Iterable[CaseFile], events: Iterable[Event]) -> None:
    """Gives each of the files its own of these events, in their order, for `events_on`."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[event.stream].append(event)
    for file in files:
        file.known[_EVENTS] = tuple(found[file.application.stream])


@once
def removed_parties(file: CaseFile) -> dict[int, str]:
    """The names of the parties that were removed, by key. One query."""
    gone = Party.objects.filter(application=file.application, is_removed=True)
    return dict(gone.values_list("pk", "name"))


def names_on(file: CaseFile) -> dict[str, str]:
    """The names of whose case it is and who worked on it, by actor id: they are read with it."""
    people = (
        file.application.assigned_to,
        *(one.made_by for one in file.statements),
        *(one.countersigned_by for one in file.statements),
        *(one.edited_by for one in file.cards),
        *(one.first_by for one in file.cards),
        *(one.second_by for one in file.cards),
        *(one.opened_by for one in file.consultations),
        *(one.opened_by for one in file.waits),
    )
    return {f"person:{one.pk}": one.name for one in people if one is not None}


def _by_case(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.application_id].append(row)  # type: ignore[attr-defined]
    return found
