"""How the sample office works on an application, from the first day to the last act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import User
from history import clock
from permits.choices import (
    LEGAL_BARS,
    Flag,
    PartyRole,
    PermitStatus,
    RefusalGround,
    ReturnGround,
    Screened,
    StatementKind,
)
from permits.considerations import CONSIDERATIONS
from permits.domain import consultations, documents, intake, sources
from permits.domain.acts import act_at_once, see_notice
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse, return_without_action
from permits.domain.gate import GateClosed
from permits.domain.recommendation import put_to_applicant, recommend, record_reply
from permits.domain.standing import read_standing
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    END_USER_KEY,
    RESIDENT,
    Said,
    countersign,
    flag_key,
    party_key,
    state,
)
from permits.domain.use import report_use
from permits.models import Application, Evidence, Measure, Notice, Permit, PermitLine
from permits.sample.desk import Case, Desk
from permits.sample.specs import SAMPLE, Spec
from policies.models import Destination

SYNTHETIC = "Synthetic case of the demonstration."
WHY_STATED = "Looked at for the demonstration; every party is made up."
FINDINGS = {
    "7.3(1)(a)": (
        "The goods replace older equipment of the same kind and role. No open dispute between the"
        " destination and its neighbours would be affected by them.",
        "The region was looked at over three years. The end-user's task is defensive and the"
        " quantity small for it.",
    ),
    "7.3(1)(b)(i)": (
        "The recipient unit takes no part in hostilities. No violation by it is reported in the"
        " sources cited.",
        "The recipient has a military justice system that has prosecuted violations; none involved"
        " this kind of equipment.",
    ),
    "7.3(1)(b)(ii)": (
        "The end-user is not a force that polices assemblies. Oversight by a court and a"
        " parliamentary committee exists.",
        "No repression with this or similar equipment was found in the sources looked at.",
    ),
    "7.3(1)(b)(iii)": (
        "Stocks are guarded and counted; no loss to listed entities is reported.",
        "The goods are of little use to listed entities without the platform they are made for.",
    ),
    "7.3(1)(b)(iv)": (
        "Serial numbers are recorded and the intermediary is known. No diversion was found.",
        "The contract is direct with the end-user; no commission is paid.",
    ),
    "7.3(1)(b)(v)": (
        "No link of the goods with violence of this kind was found.",
        "The end-user has vetting and storage rules; no incident is reported.",
    ),
}
RISK = (
    "Sources of high reliability report use of equipment of this kind by the recipient in the"
    " conflict, in a way that this consideration is about."
)


def work(desk: Desk, spec: Spec) -> Case:
    """All that happens to one application."""
    first, second = desk.reviewers()
    application = _open(desk, spec, first)
    if spec.stop == "draft":
        return
    yield 1
    application = intake.submit(application, by=first)
    if spec.stop == "submitted":
        return
    yield _days(desk, spec, 1, 4)
    application = intake.take_up(application, by=first)
    if spec.returned:
        yield _days(desk, spec, 1, 3)
        application = intake.return_to_applicant(
            application, by=first, reason="The serial numbers of the platform are missing."
        )
        if spec.stop == "returned":
            return
        yield _days(desk, spec, 4, 12)
        application = intake.submit(application, by=first)
        yield 1
        application = intake.take_up(application, by=first)
    if spec.withdrawn:
        yield _days(desk, spec, 3, 9)
        intake.withdraw(application, by=first, reason="The applicant lost the contract.")
        return
    yield 0
    _state(desk, spec, application, first)
    if spec.stop == "in_review":
        return
    if spec.consulted:
        asked = consultations.consult(
            application,
            body=spec.consulted,
            question="Does the intended use give rise to a concern?",
            due_on=desk.calendar.add(clock.today(), 15),
            by=first,
        )
        if spec.stop == "consulted":
            return
        yield _days(desk, spec, 5, 14)
        consultations.record_answer(
            asked, answer="No concern.", answered_on=clock.today(), by=first
        )
    if spec.stop == "stated":
        return
    yield 1
    _countersign(application, second)
    if spec.not_needed:
        yield from _return(desk, spec, application, first)
        return
    if spec.ground in LEGAL_BARS:
        yield from _refuse(desk, spec, application, second)
        return
    if spec.goods[0].is_arms:
        yield _days(desk, spec, 2, 6)
        _assess(desk, spec, application, first)
        if spec.stop == "answered":
            return
        yield 1
        _sign(application, first)
        if spec.stop == "signed_once":
            return
        yield _days(desk, spec, 1, 4)
        _sign(application, second)
        if spec.stop == "signed":
            return
    if spec.ground:
        yield from _refuse(desk, spec, application, second)
        return
    if spec.decide_after is not None:
        yield spec.decide_after
        yield from _again(desk, application, first, second)
    if "substantial_risk" in spec.residual.values():
        yield from _refuse(desk, spec, application, first)
        return
    yield _days(desk, spec, 1, 3)
    reviewer = first if spec.exception else second
    try:
        recommend(
            application,
            outcome="issued",
            reasons=f"{SYNTHETIC} Nothing stands against it; no substantial risk remains.",
            valid_to=clock.today() + timedelta(days=365 * spec.valid_years),
            conditions=[
                (
                    "Report each shipment within 30 days.",
                    "Déclarer chaque expédition dans les 30 jours.",
                )
            ],
            by=reviewer,
        )
    except GateClosed:
        # The policy moved on meanwhile, or not enough is known: the case waits in review.
        return
    if spec.stop == "recommended":
        return
    yield _days(desk, spec, 1, 5)
    application.refresh_from_db()
    permit = issue(
        application,
        reasons=f"{SYNTHETIC} The recommendation is followed.",
        adopts_determination=spec.goods[0].is_arms,
        exceptions_signed=[spec.exception] if spec.exception.endswith(":minister") else [],
        by=desk.people.decision,
    )
    yield from _live(desk, spec, permit, first)


def _days(desk: Desk, spec: Spec, least: int, most: int) -> int:
    return max(1, int(desk.chance.randint(least, most) / spec.hurry))


# Intake


def _open(desk: Desk, spec: Spec, by: User) -> Application:
    application = intake.open_application(spec.activity, by=by)
    desk.opened += 1
    there = Destination.objects.get(code=spec.destination)
    values = {
        "destination": there,
        "end_user_kind": spec.end_user_kind,
        "end_use": f"{spec.end_use} ({SYNTHETIC.lower()[:-1]})",
        "delivery": "electronic",
        "is_signed": True,
        "form_date": clock.today(),
        "declares_no_diversion": True,
        "declares_not_controlled_goods": True,
    }
    if spec.activity == "brokering":
        values |= {
            "country_of_export": Destination.objects.get(code="GB"),
            "resale_or_government": "government",
            "brokering_paragraph": "a",
        }
    application = intake.edit_application(application, values, by=by)
    canada = Destination.objects.get(code="CA")
    for role, name in _parties(spec):
        is_here = role == PartyRole.APPLICANT
        intake.add_party(
            application,
            {
                "role": role,
                "name": name,
                "is_organization": True,
                "address": "1 Sample Street, Ottawa" if is_here else "1 Sample Street",
                "country": canada if is_here else there,
                "telephone": "613 555 0100",
                "email": "office@sample.example",
                "contact_name": "S. Sample",
                "contact_telephone": "613 555 0101",
            },
            by=by,
        )
    for goods in spec.goods:
        intake.add_line(
            application,
            {
                "items": list(goods.items),
                "description": goods.description,
                "quantity": Decimal(goods.quantity),
                "unit": "each",
                "unit_value": Decimal(goods.unit_value),
                "origin": canada,
                "shipping_point": "Montréal",
                "measure": "packed in crates",
            },
            by=by,
        )
    documents.attach(
        application,
        {"kind": "end_use_certificate", "title": "End-use certificate", "dated": clock.today()},
        content=[_paper(spec, "End-use certificate", application.reference)],
        file_name="end-use-certificate.txt",
        by=by,
    )
    return application


def _parties(spec: Spec) -> Iterator[tuple[str, str]]:
    yield PartyRole.APPLICANT, spec.applicant
    yield PartyRole.CONSIGNEE, spec.end_user
    yield PartyRole.END_USER, spec.end_user
    if spec.activity == "brokering":
        yield PartyRole.SELLER, f"{SAMPLE} Seller Ltd."
        yield PartyRole.PURCHASER, spec.end_user


def _paper(spec: Spec, title: str, reference: str) -> bytes:
    return (
        f"SYNTHETIC. {title} for {reference}, made for a demonstration.\n\n"
        f"{spec.end_user} declares that the goods are for its own use.\n"
    ).encode()


# Statements


def _state(desk: Desk, spec: Spec, application: Application, by: User) -> None:
    file = read_file(application)

    def say(kind: StatementKind, key: str, value: str, reason: str = WHY_STATED) -> None:
        source = "Consolidated Canadian Autonomous Sanctions List; UN list (demonstration)"
        paper = file.documents[0] if kind == StatementKind.EXCEPTION else None
        state(application, Said(kind, key, value, reason, source, paper), by=by)

    for party in file.parties:
        say(StatementKind.SCREENING, party_key(party.pk), Screened.CLEAR)
    say(StatementKind.ELIGIBILITY, APPLICANT_KEY, RESIDENT)
    say(StatementKind.END_USER, END_USER_KEY, spec.end_user_kind)
    for line, goods in zip(file.lines, spec.goods, strict=True):
        if spec.related:
            say(StatementKind.FLAG, flag_key(line.number, Flag.RELATED_MATERIAL), "yes")
        if not goods.is_arms:
            say(StatementKind.FLAG, flag_key(line.number, Flag.WAR_MATERIAL), "no")
    for question, answer in spec.answers.items():
        say(StatementKind.ANSWER, question, answer, "As the end-user's statement says.")
    if spec.exception:
        say(StatementKind.EXCEPTION, spec.exception, CLAIMED, spec.exception_reason)


def _countersign(application: Application, by: User) -> None:
    for statement in read_file(application).statements:
        waits = statement.countersigned_at is None and not statement.counts_alone
        if waits and statement.made_by_id != by.pk:
            countersign(statement, by=by)


# The review


def _assess(desk: Desk, spec: Spec, application: Application, by: User) -> None:
    report: Evidence = sources.add_evidence(
        application,
        {
            "title": "Country report (synthetic)",
            "source": "Written for the demonstration",
            "says": "What is known of the end-user and the region.",
            "dated": clock.today() - timedelta(days=40),
            "reliability": "medium",
            "review_by": spec.review_by or clock.today() + timedelta(days=360),
        },
        by=by,
    )
    promise: Measure = sources.add_measure(
        application,
        {
            "kind": "end_use_certificate",
            "giver": spec.end_user,
            "form": "Signed certificate",
            "wording": "No transfer to a third party without consent in writing.",
            "scope": "All goods of this application",
            "mechanism": "Lists of serial numbers each year",
            "dated": clock.today(),
            "is_in_force": True,
        },
        by=by,
    )
    if spec.promise:
        sources.add_measure(
            application,
            {
                "kind": "government_assurance",
                "giver": spec.end_user,
                "form": "Promised in conversation, not in writing",
                "wording": spec.promise,
                "is_in_force": False,
            },
            by=by,
        )
    for one in CONSIDERATIONS:
        residual = spec.residual.get(one.number, "no_substantial_risk")
        is_risky = residual == "substantial_risk"
        edit_card(
            application,
            one.number,
            {
                "finding": RISK if is_risky else desk.chance.choice(FINDINGS[one.number]),
                "likelihood": "very_likely" if is_risky else "possible",
                "gravity": "grave" if is_risky else "serious",
                "link": "direct" if is_risky else "indirect",
                "confidence": "high" if is_risky else "medium",
                "evidence": [report.pk],
                "measures": [promise.pk],
                "measures_considered": "The certificate and its lists of serial numbers."
                if not is_risky
                else "No measure offered would lower this risk: the use is by the end-user itself.",
                "residual": residual,
                "residual_reason": {
                    "substantial_risk": "The risk stays after every measure that is available.",
                    "not_enough_information": "The end-user's unit is still to be named.",
                }.get(residual, "What remains is limited and watched by the measures cited."),
                "would_change": "Reports of use outside the declared task.",
            },
            by=by,
        )


def _sign(application: Application, by: User) -> None:
    for card in read_file(application).cards:
        sign_card(card, by=by)


def _again(desk: Desk, application: Application, first: User, second: User) -> Case:
    """Signs anew what a later ruling made stale."""
    yield 1
    _sign(application, first)
    yield 1
    _sign(application, second)


# Decisions


def _refuse(desk: Desk, spec: Spec, application: Application, by: User) -> Case:
    yield _days(desk, spec, 2, 6)
    grounds = [spec.ground or RefusalGround.SUBSTANTIAL_RISK.value]
    made = recommend(
        application,
        outcome="refused",
        grounds=grounds,
        reasons=f"{SYNTHETIC} The ground named holds today.",
        by=by,
    )
    if spec.ground not in LEGAL_BARS:
        yield _days(desk, spec, 1, 2)
        made = put_to_applicant(made, reply_by=desk.calendar.add(clock.today(), 20), by=by)
        if spec.stop == "put":
            return
        yield _days(desk, spec, 6, 15)
        made = record_reply(
            made, reply="The applicant does not agree.", replied_on=clock.today(), by=by
        )
    yield _days(desk, spec, 2, 6)
    application.refresh_from_db()
    refuse(
        application,
        grounds=grounds,
        reasons=f"{SYNTHETIC} The reply does not change the ground.",
        by=desk.people.decision,
    )


def _return(desk: Desk, spec: Spec, application: Application, by: User) -> Case:
    yield 1
    recommend(
        application,
        outcome="returned",
        grounds=[spec.not_needed],
        reasons=f"{SYNTHETIC} {ReturnGround(spec.not_needed).label}.",
        by=by,
    )
    yield _days(desk, spec, 1, 3)
    application.refresh_from_db()
    return_without_action(
        application, ground=spec.not_needed, reasons=SYNTHETIC, by=desk.people.decision
    )


# The permit

_SHIPMENT = -1


def _live(desk: Desk, spec: Spec, permit: Permit, by: User) -> Case:
    day = clock.today()
    turns: list[tuple[date, int]] = [(act.on, place) for place, act in enumerate(spec.acts)]
    for _turn in range(spec.uses):
        day = desk.calendar.add(day, desk.chance.randint(25, 80))
        turns.append((day, _SHIPMENT))
    for on, place in sorted(turns):
        yield on
        if place == _SHIPMENT:
            _ship(permit, by)
        else:
            act = spec.acts[place]
            done = act_at_once(permit, kind=act.kind, reason=act.reason, by=desk.people.decision)
            yield 1
            for notice in Notice.objects.filter(act=done):
                see_notice(notice, by=notice.person)


def _ship(permit: Permit, by: User) -> None:
    standing = read_standing(permit, clock.today())
    if standing.status != PermitStatus.VALID:
        return
    line = PermitLine.objects.filter(permit=permit).order_by("number")[0]
    left = standing.line(line.number).quantity_left
    if line.quantity is None or line.value is None or left is None or left < 1:
        return
    quantity = min(max(Decimal(1), (line.quantity / 4).quantize(Decimal(1))), left)
    value = line.value * quantity / line.quantity
    report_use(
        line,
        used_on=clock.today(),
        quantity=quantity,
        value=value.quantize(Decimal("0.01")),
        declaration=f"{SAMPLE} declaration {permit.number}-{line.uses.count() + 1}",
        by=by,
    )
