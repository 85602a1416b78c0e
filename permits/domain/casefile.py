"""Everything that an application rests on, read at once: what all questions about it are put to.

    file = read_file(application)

The number of queries does not depend on how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    there = {"application": application, "is_removed": False}
    recommendation = (
        Recommendation.objects.select_related("made_by")
        .filter(application=application, set_aside_at__isnull=True)
        .first()
    )
    conditions: Iterable[Condition] = ()
    if recommendation is not None:
        conditions = Condition.objects.filter(
            recommendation=recommendation, is_removed=False, replaced_by__isnull=True
        ).select_related("written_by", "replaces", "replaces__written_by")
    people = ("made_by", "countersigned_by")
    return CaseFile(
        application=application,
        lines=tuple(Line.objects.filter(**there).select_related("origin")),
        parties=tuple(Party.objects.filter(**there).select_related("country")),
        documents=tuple(Document.objects.filter(**there).select_related("added_by")),
        statements=tuple(
            Statement.objects.filter(
                application=application, set_aside_at__isnull=True
            ).select_related(*people, "document")
        ),
        cards=tuple(
            Card.objects.filter(application=application).select_related(
                "edited_by", "first_by", "second_by"
            )
        ),
        evidence=tuple(Evidence.objects.filter(**there).select_related("document", "added_by")),
        measures=tuple(Measure.objects.filter(**there).select_related("document", "added_by")),
        consultations=tuple(
            Consultation.objects.filter(application=application).select_related("opened_by")
        ),
        waits=tuple(Wait.objects.filter(application=application).select_related("opened_by")),
        conflicts=tuple(
            ConflictDeclaration.objects.filter(application=application).select_related("person")
        ),
        recommendation=recommendation,
        conditions=tuple(conditions),
        decision=Decision.objects.filter(application=application)
        .select_related("decided_by", "delegation", "recommendation__made_by")
        .first(),
        permit=Permit.objects.filter(application=application).first(),
    )
