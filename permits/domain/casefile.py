"""Everything that an application rests on, read at once: what all questions about it are put to.

    file = read_file(application)

The number of queries does not depend on how much there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model

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

Row = TypeVar("Row", bound=Model)


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

    def parties_as(self, *roles: str) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if party.role in roles)

    def card(self, consideration: str) -> Card | None:
        return next((card for card in self.cards if card.consideration == consideration), None)

    def line(self, number: int) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)


def read_file(application: Application) -> CaseFile:
    """The file as it is now."""
    return read_files([application])[0]


def read_files(applications: Sequence[Application]) -> list[CaseFile]:
    """Their files as they are now, in the same order. As many queries as for one."""
    these = {"application__in": applications}
    there = {**these, "is_removed": False}
    lines = _by_case(Line.objects.filter(**there).select_related("origin"))
    parties = _by_case(Party.objects.filter(**there).select_related("country"))
    documents = _by_case(Document.objects.filter(**there).select_related("added_by"))
    statements = _by_case(
        Statement.objects.filter(**these, set_aside_at__isnull=True).select_related(
            "made_by", "countersigned_by", "document"
        )
    )
    cards = _by_case(
        Card.objects.filter(**these).select_related("edited_by", "first_by", "second_by")
    )
    evidence = _by_case(Evidence.objects.filter(**there).select_related("document", "added_by"))
    measures = _by_case(Measure.objects.filter(**there).select_related("document", "added_by"))
    consultations = _by_case(
        Consultation.objects.filter(**these).select_related("opened_by"),
    )
    waits = _by_case(Wait.objects.filter(**these).select_related("opened_by"))
    conflicts = _by_case(ConflictDeclaration.objects.filter(**these).select_related("person"))
    recommendations = _by_case(
        Recommendation.objects.filter(**these, set_aside_at__isnull=True).select_related("made_by")
    )
    conditions: dict[int, list[Condition]] = defaultdict(list)
    if recommendations:
        for condition in Condition.objects.filter(
            recommendation__in=[one.pk for some in recommendations.values() for one in some],
            is_removed=False,
            replaced_by__isnull=True,
        ).select_related("written_by", "replaces", "replaces__written_by"):
            conditions[condition.recommendation_id].append(condition)
    decisions = _by_case(
        Decision.objects.filter(**these).select_related(
            "decided_by", "delegation", "recommendation__made_by", "application__permit"
        )
    )
    found = []
    for application in applications:
        key = application.pk
        recommendation = next(iter(recommendations[key]), None)
        decision = next(iter(decisions[key]), None)
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
    return found


def read_for_ruling(applications: Sequence[Application]) -> list[CaseFile]:
    """Their files with only what a ruling looks at: lines, parties, statements. Three queries."""
    these = {"application__in": applications}
    lines = _by_case(Line.objects.filter(**these, is_removed=False).select_related("origin"))
    parties = _by_case(Party.objects.filter(**these, is_removed=False).select_related("country"))
    statements = _by_case(Statement.objects.filter(**these, set_aside_at__isnull=True))
    return [
        CaseFile(
            application=application,
            lines=tuple(lines[application.pk]),
            parties=tuple(parties[application.pk]),
            statements=tuple(statements[application.pk]),
            documents=(),
            cards=(),
            evidence=(),
            measures=(),
            consultations=(),
            waits=(),
            conflicts=(),
            recommendation=None,
            conditions=(),
            decision=None,
            permit=None,
        )
        for application in applications
    ]


def _by_case(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.application_id].append(row)  # type: ignore[attr-defined]
    return found
