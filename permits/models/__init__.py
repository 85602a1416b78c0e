"""An application, what belongs to it, and the permit that may come of it."""

from permits.models.applications import Application, Document, Line, Party
from permits.models.assessment import Card, Evidence, Measure
from permits.models.decisions import Decision, Recommendation
from permits.models.drafts import Draft
from permits.models.letters import Letter, Notice
from permits.models.overview import Overview
from permits.models.permits import (
    Condition,
    Permit,
    PermitAct,
    PermitLine,
    Use,
    UseReversal,
)
from permits.models.previews import PreviewUnderWay
from permits.models.statements import Statement
from permits.models.sweeps import PermitSweep, SweepGroup, SweepItem
from permits.models.time import ConflictDeclaration, Consultation, Wait

__all__ = [
    "Application",
    "Card",
    "Condition",
    "ConflictDeclaration",
    "Consultation",
    "Decision",
    "Document",
    "Draft",
    "Evidence",
    "Letter",
    "Line",
    "Measure",
    "Notice",
    "Overview",
    "Party",
    "Permit",
    "PermitAct",
    "PermitLine",
    "PermitSweep",
    "PreviewUnderWay",
    "Recommendation",
    "Statement",
    "SweepGroup",
    "SweepItem",
    "Use",
    "UseReversal",
    "Wait",
]
