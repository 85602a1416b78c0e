"""Digests of what something rests on: the same while nothing that matters has changed.

Every digest is the SHA-256 of canonical JSON. What is left out changes nothing when it changes: a
contact's telephone number, a typing error in a policy's French.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from history import canonical
from history.values import plain
from permits.domain.casefile import CaseFile
from permits.models import Evidence, Line, Measure, Party


def digest(value: Mapping[str, Any]) -> str:
    return sha256(canonical.encode(plain(value))).hexdigest()


def line_content(line: Line) -> dict[str, Any]:
    """What a line is: goods, origin, quantity and value."""
    return {
        "number": line.number,
        "items": sorted(line.items),
        "description": line.description,
        "origin": line.origin.code if line.origin else "",
        "us_origin_percent": line.us_origin_percent,
        "quantity": line.quantity,
        "unit": line.unit,
        "unit_value": line.unit_value,
        "total_value": line.total_value,
    }


def party_content(party: Party) -> dict[str, Any]:
    """Who a party is: what a list is searched for, and in which role it takes part."""
    return {
        "id": party.pk,
        "role": party.role,
        "name": party.name,
        "address": party.address,
        "identifier": party.identifier,
        "country": party.country.code if party.country else "",
    }


def transaction_content(file: CaseFile) -> dict[str, Any]:
    """What is sent where, to whom, for what: what a review is about."""
    application = file.application
    return {
        "activity": application.activity,
        "destination": application.destination.code if application.destination else "",
        "sub_region": application.sub_region,
        "transit": sorted(application.transit),
        "country_of_export": application.country_of_export_id,
        "resale_or_government": application.resale_or_government,
        "brokering_paragraph": application.brokering_paragraph,
        "end_user_kind": application.end_user_kind,
        "end_use": application.end_use,
        "end_use_location": application.end_use_location,
        "lines": [line_content(line) for line in file.lines],
        "parties": [party_content(party) for party in file.parties],
    }


def evidence_content(evidence: Evidence, on: date) -> dict[str, Any]:
    """What a source says, and until when it is relied on: one person alone cannot move that day."""
    return {
        "id": evidence.pk,
        "title": evidence.title,
        "source": evidence.source,
        "says": evidence.says,
        "dated": evidence.dated,
        "reliability": evidence.reliability,
        "review_by": evidence.review_by,
        "document": evidence.document.sha256 if evidence.document else "",
        "past_review": is_past_review(evidence, on),
    }


def measure_content(measure: Measure, on: date) -> dict[str, Any]:
    """What a measure is, until when it holds, and whether it is available on a day."""
    return {
        "id": measure.pk,
        "kind": measure.kind,
        "giver": measure.giver,
        "form": measure.form,
        "wording": measure.wording,
        "scope": measure.scope,
        "mechanism": measure.mechanism,
        "dated": measure.dated,
        "expires_on": measure.expires_on,
        "document": measure.document.sha256 if measure.document else "",
        "available": is_available(measure, on),
    }


def is_past_review(evidence: Evidence, on: date) -> bool:
    """Whether the day by which it was to be looked at again has passed."""
    return evidence.review_by is not None and evidence.review_by < on


def is_available(measure: Measure, on: date) -> bool:
    """Whether a measure counts (s. 7.4): in force, and not ended. A promise is not available."""
    return measure.is_in_force and (measure.expires_on is None or on < measure.expires_on)


def cited(rows: Iterable[Any], ids: Iterable[int]) -> list[Any]:
    """The rows that a card cites and that are still there, by id."""
    wanted = set(ids)
    return sorted((row for row in rows if row.pk in wanted), key=lambda row: int(row.pk))
