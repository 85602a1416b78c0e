"""Cases for tests, made by the domain functions as people make them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from history import clock
from permits.choices import Flag, PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import CaseFile, read_file
from permits.domain.decision import issue
from permits.domain.documents import attach
from permits.domain.recommendation import recommend
from permits.domain.statements import (
    APPLICANT_KEY,
    END_USER_KEY,
    RESIDENT,
    Said,
    countersign,
    flag_key,
    party_key,
    state,
)
from permits.models import Application, Card, Document, Permit, Statement
from policies.models import Destination
from tests.permits import files

WHY = "For a test"

PARTY: dict[str, Any] = {
    "name": "Fictional Optics Inc.",
    "address": "1 Test Street, Ottawa",
    "telephone": "613 555 0100",
    "email": "office@optics.example",
    "contact_name": "C. Contact",
    "contact_telephone": "613 555 0101",
}
LINE: dict[str, Any] = {
    "items": ["2-15.d"],
    "description": "Electro-optical sensor, stabilised, for day and night imaging",
    "quantity": Decimal(10),
    "unit": "each",
    "unit_value": Decimal("250000.00"),
    "shipping_point": "Ottawa",
    "measure": "45 kg each",
}


def country(code: str) -> Destination:
    return Destination.objects.get(code=code)


def file_of(application: Application, **parts: Any) -> CaseFile:
    """A file that is in no database: empty but for these parts."""
    empty: dict[str, Any] = {one.name: () for one in fields(CaseFile) if one.init}
    nothing = dict.fromkeys(("recommendation", "decision", "permit"))
    return CaseFile(**{**empty, **nothing, "application": application, **parts})


def make_draft(
    by: User,
    *,
    activity: str = "export",
    destination: str = "TR",
    lines: Collection[dict[str, Any]] = (LINE,),
) -> Application:
    """A draft with all that the regulations ask for."""
    application = intake.open_application(activity, by=by)
    values: dict[str, Any] = {
        "destination": country(destination),
        "end_user_kind": "government",
        "end_use": "Maritime patrol by the coast guard",
        "delivery": "electronic",
        "is_signed": True,
        "form_date": clock.today(),
        "declares_no_diversion": True,
        "declares_not_controlled_goods": True,
    }
    if activity == "brokering":
        values |= {
            "country_of_export": country("GB"),
            "resale_or_government": "government",
            "brokering_paragraph": "a",
        }
    application = intake.edit_application(application, values, by=by)
    roles = [PartyRole.APPLICANT, PartyRole.CONSIGNEE, PartyRole.END_USER]
    if activity == "brokering":
        roles += [PartyRole.SELLER, PartyRole.PURCHASER]
    for role in roles:
        here = country("CA") if role == PartyRole.APPLICANT else country(destination)
        name = f"{PARTY['name']} {role.value}"
        party = {**PARTY, "role": role.value, "country": here, "name": name}
        intake.add_party(application, party, by=by)
    for line in lines:
        intake.add_line(application, {**line, "origin": country("CA")}, by=by)
    return application


def make_in_review(by: User, **options: Any) -> Application:
    """Submitted and taken up."""
    application = make_draft(by, **options)
    application = intake.submit(application, by=by)
    return intake.take_up(application, by=by)


def say(
    application: Application,
    kind: StatementKind,
    key: str,
    value: str,
    *,
    by: User,
    second: User | None = None,
    **more: Any,
) -> Statement:
    """A statement, countersigned where a second person is named."""
    said = Said(kind, key, value, reason=WHY, source="A source for tests", **more)
    made = state(application, said, by=by)
    return countersign(made, by=second) if second is not None else made


def clear_parties(application: Application, *, by: User, second: User) -> None:
    """Every party screened, the applicant a resident, the end-user of the kind declared."""
    for party in read_file(application).parties:
        key = party_key(party.pk)
        say(application, StatementKind.SCREENING, key, Screened.CLEAR, by=by, second=second)
    say(application, StatementKind.ELIGIBILITY, APPLICANT_KEY, RESIDENT, by=by, second=second)
    kind = application.end_user_kind
    say(application, StatementKind.END_USER, END_USER_KEY, kind, by=by, second=second)


ANSWERS: dict[str, Any] = {
    "finding": "Looked at, with sources",
    "likelihood": "possible",
    "gravity": "serious",
    "link": "indirect",
    "confidence": "medium",
    "measures_considered": "The end-use certificate was considered",
    "residual": "no_substantial_risk",
    "residual_reason": "The use is known and checked",
    "would_change": "Use in a conflict",
}


def answer_cards(application: Application, *, by: User, **values: Any) -> list[Card]:
    return [
        edit_card(application, one.number, {**ANSWERS, **values}, by=by) for one in CONSIDERATIONS
    ]


def sign_cards(application: Application, *, by: User, second: User) -> None:
    for card in read_file(application).cards:
        sign_card(sign_card(card, by=by), by=second)


def make_ready(by: User, second: User, **options: Any) -> Application:
    """In review, with all that the gate asks for but for the person who decides."""
    application = make_in_review(by, **options)
    clear_parties(application, by=by, second=second)
    answer_cards(application, by=by)
    sign_cards(application, by=by, second=second)
    return application


def in_a_year() -> date:
    return clock.today() + timedelta(days=365)


def make_recommended(by: User, second: User, **options: Any) -> Application:
    application = make_ready(by, second, **options)
    recommend(
        application,
        outcome="issued",
        reasons=WHY,
        valid_to=in_a_year(),
        conditions=[("Report use every quarter.", "Déclarer l’utilisation chaque trimestre.")],
        by=by,
    )
    return application


def make_permit(by: User, second: User, decider: User, **options: Any) -> Permit:
    """Issued by a decision-maker, who needs a delegation."""
    application = make_recommended(by, second, **options)
    return issue(application, reasons=WHY, adopts_determination=True, by=decider)


def lower(application: Application, flag: Flag, *, by: User, second: User) -> None:
    """A flag of line 1 lowered by two people."""
    key = flag_key(1, flag)
    say(application, StatementKind.FLAG, key, "no", by=by, second=second)


def attached(application: Application, by: User) -> Document:
    """A document on the case that can support an exception or an authorization."""
    return attach(
        application,
        {"kind": "end_use_statement", "title": "Statement"},
        content=[files.PDF],
        file_name="a.pdf",
        by=by,
    )
