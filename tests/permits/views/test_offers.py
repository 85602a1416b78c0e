"""What a page offers, the next page does; what it does not offer is refused, and says why.

Walked over the whole table: each state of a case, each act, a person of each role (three analysts,
since what one did bars them from other acts). Whatever is tried is undone before the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import User
from accounts.rules import roles_of
from history import clock
from history.models import Event
from permits.choices import RefusalGround, ReturnGround, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import consultations, intake, sources
from permits.domain.acts import act_at_once, perform_act, propose_act
from permits.domain.assessment import edit_card, sign_card
from permits.domain.casefile import read_file
from permits.domain.decision import refuse
from permits.domain.recommendation import put_to_applicant, recommend, record_reply
from permits.domain.statements import (
    APPLICANT_KEY,
    CLAIMED,
    END_USER_KEY,
    NOT_RESIDENT,
    VALUES,
    party_key,
)
from permits.domain.use import propose_reversal, report_use
from permits.models import Application, Document, PermitLine
from permits.views.buttons import BUTTONS
from permits.workflow import Action, offers
from tests.people import Cast
from tests.permits.factories import (
    WHY,
    answer_cards,
    attached,
    in_a_year,
    make_draft,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    say,
)
from tests.permits.files import PDF, upload
from tests.permits.pages import filled, typed

NATO = "TR-2020-04-16-presumptive:nato"


# The states


def empty_draft(office: Cast) -> Application:
    return intake.open_application("export", by=office.analyst)


def draft(office: Cast) -> Application:
    return make_draft(office.analyst)


def submitted(office: Cast) -> Application:
    return intake.submit(make_draft(office.analyst), by=office.analyst)


def returned(office: Cast) -> Application:
    case = make_in_review(office.analyst)
    return intake.return_to_applicant(case, by=office.analyst, reason=WHY)


def in_review(office: Cast) -> Application:
    """With all that can wait on a case, for one person or for a day."""
    case = make_in_review(office.analyst)
    document = attached(case, office.analyst)
    say(
        case,
        StatementKind.EXCEPTION,
        NATO,
        CLAIMED,
        by=office.analyst,
        document=document,
    )
    party, other = read_file(case).parties[:2]
    # Made, and then what it was about changed: nobody countersigns it any more.
    say(case, StatementKind.SCREENING, party_key(party.pk), Screened.CLEAR, by=office.analyst)
    intake.edit_party(party, {"name": "Another name"}, by=office.analyst)
    say(
        case,
        StatementKind.SCREENING,
        party_key(other.pk),
        Screened.LISTED,
        by=office.senior,
        policies=("RU-listing",),
    )
    say(case, StatementKind.END_USER, END_USER_KEY, "government", by=office.analyst_b)
    due_on = clock.today() + timedelta(days=7)
    consultations.consult(
        case, body="A body", question="A question?", due_on=due_on, by=office.senior
    )
    consultations.open_wait(
        case, kind="applicant", reason=WHY, from_on=clock.today(), by=office.analyst
    )
    report = {"title": "A report", "source": "An embassy", "reliability": "medium"}
    sources.add_evidence(case, report, by=office.analyst)
    intake.declare_conflict(case, by=office.analyst_b, reason=WHY)
    (card, *_others) = answer_cards(case, by=office.analyst)
    sign_card(card, by=office.senior)
    return case


def unanswered(office: Cast) -> Application:
    """In review, and nothing can be recommended yet."""
    return make_in_review(office.analyst)


def ready(office: Cast) -> Application:
    return make_ready(office.analyst, office.senior)


def to_be_issued(office: Cast) -> Application:
    return make_recommended(office.analyst, office.senior)


def gone_stale(office: Cast) -> Application:
    """Recommended to be issued, by a person who decides and whose own conflict bars them."""
    case = make_recommended(office.analyst, office.senior)
    intake.declare_conflict(case, by=office.decision, reason=WHY)
    return case


def to_be_refused(office: Cast) -> Application:
    case = make_ready(office.analyst, office.senior)
    recommend(
        case, outcome="refused", grounds=[RefusalGround.DISCRETION], reasons=WHY, by=office.analyst
    )
    return case


def put(office: Cast) -> Application:
    case = to_be_refused(office)
    made = read_file(case).recommendation
    assert made is not None
    reply_by = clock.today() + timedelta(days=30)
    put_to_applicant(made, reply_by=reply_by, by=office.analyst)
    return case


def replied(office: Cast) -> Application:
    case = put(office)
    made = read_file(case).recommendation
    assert made is not None
    record_reply(made, reply="No", replied_on=clock.today(), by=office.analyst)
    return case


def not_resident(office: Cast) -> Application:
    case = make_in_review(office.analyst)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=office.analyst)
    return case


def to_be_returned(office: Cast) -> Application:
    case = not_resident(office)
    ground = ReturnGround.INELIGIBLE
    recommend(case, outcome="returned", grounds=[ground], reasons=WHY, by=office.analyst)
    return case


def issued(office: Cast) -> Application:
    permit = make_permit(office.analyst, office.senior, office.decision)
    (line,) = PermitLine.objects.filter(permit=permit)
    shipped = report_use(
        line, used_on=clock.today(), quantity=Decimal(1), value=Decimal(1), by=office.analyst
    )
    propose_reversal(shipped, reason=WHY, by=office.senior)
    act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    propose_act(permit, kind="reinstate", reason=WHY, by=office.senior)
    propose_act(permit, kind="cancel", reason=WHY, by=office.admin)
    return permit.application


def issued_and_stale(office: Cast) -> Application:
    """What would loosen the permit does not pass the gate, and one line is used up."""
    permit = make_permit(office.analyst, office.senior, office.decision)
    (line,) = PermitLine.objects.filter(permit=permit)
    report_use(
        line, used_on=clock.today(), quantity=Decimal(10), value=Decimal(1), by=office.analyst
    )
    propose_act(
        permit, kind="amend", change={"valid_to": "2199-03-04"}, reason=WHY, by=office.senior
    )
    first = CONSIDERATIONS[0].number
    edit_card(permit.application, first, {"finding": "Anew"}, by=office.analyst)
    return permit.application


def cancelled(office: Cast) -> Application:
    permit = make_permit(office.analyst, office.senior, office.decision)
    waiting = propose_act(permit, kind="suspend", reason=WHY, by=office.senior)
    act = propose_act(permit, kind="cancel", reason=WHY, by=office.senior)
    perform_act(act, by=office.decision)
    assert waiting.done_at is None
    return permit.application


def refused(office: Cast) -> Application:
    case = replied(office)
    refuse(case, grounds=[RefusalGround.DISCRETION], reasons=WHY, by=office.decision)
    return case


def withdrawn(office: Cast) -> Application:
    return intake.withdraw(make_in_review(office.analyst), by=office.analyst, reason=WHY)


STATES: list[Callable[[Cast], Application]] = [
    empty_draft,
    draft,
    submitted,
    returned,
    in_review,
    unanswered,
    ready,
    to_be_issued,
    gone_stale,
    to_be_refused,
    put,
    replied,
    not_resident,
    to_be_returned,
    issued,
    issued_and_stale,
    cancelled,
    refused,
    withdrawn,
]


# What people type


def recommendations() -> Iterator[dict[str, Any]]:
    yield {"outcome": "issued", "reasons": WHY, "valid_to": in_a_year()}
    for ground in (RefusalGround.DISCRETION, RefusalGround.ELIGIBILITY):
        yield {"outcome": "refused", "grounds": [ground], "reasons": WHY}
    yield {"outcome": "returned", "grounds": [ReturnGround.INELIGIBLE], "reasons": WHY}


def acts() -> Iterator[dict[str, Any]]:
    for kind in ("suspend", "cancel", "reinstate"):
        yield {"kind": kind, "reason": WHY}
    yield {"kind": "amend", "valid_to": in_a_year() - timedelta(days=1), "reason": WHY}


def what_is_typed(name: str, where: Mapping[str, Any], document: Document | None) -> list[Any]:
    """What a sensible person would type into that page: one of these is taken."""
    today = clock.today()
    if name == "state":
        return [
            {
                "value": value,
                "reason": WHY,
                "source": "A source",
                "policies": ["RU-listing"] if value == Screened.LISTED else [],
                **({"document": document.pk} if document else {}),
            }
            for value in sorted(VALUES[where["kind"]])
        ]
    asked: dict[str, list[dict[str, Any]]] = {
        Action.RETURN: [{"reason": WHY}],
        Action.WITHDRAW: [{"reason": WHY}],
        Action.DECLARE_CONFLICT: [{"reason": WHY}],
        Action.CONSULT: [{"body": "A body", "question": "What?"}],
        Action.WAIT: [{"kind": "applicant", "reason": "For something else"}],
        Action.RECOMMEND: list(recommendations()),
        Action.SEND_BACK: [{"reason": WHY}],
        Action.ISSUE: [{"reasons": WHY, "adopts_determination": True}],
        Action.REFUSE: [{"reasons": WHY}],
        Action.RETURN_WITHOUT_ACTION: [{"reasons": WHY}],
        "new_line": [{"description": "A thing"}],
        "new_party": [{"role": "consignee", "name": "Somebody"}],
        "new_document": [{"kind": "other", "title": "A", "file": upload(PDF + b"\n% b", "b.pdf")}],
        "new_source": [
            {"title": "A", "source": "B", "reliability": "low"},
            {"kind": "serials", "giver": "A", "form": "B", "wording": "C"},
        ],
        "new_condition": [{"text_en": "A", "text_fr": "B"}],
        "condition": [{"text_en": "A", "text_fr": "B"}],
        "answer": [{"answer": "Yes"}],
        "move_day": [{"reason": WHY}],
        "silence": [{"reason": WHY}],
        "reply": [{"reply": "No"}],
        "end_wait": [{"to_on": today}],
        "propose": list(acts()),
        "tighten": list(acts()),
        "use": [{"quantity": 1, "value": 1}],
    }
    reasons = ("set_aside", "remove_condition", "decline", "take_back", "decline_reversal")
    return asked.get(where.get("action", name), [{"reason": WHY}] if name in reasons else [{}])


# The walk


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Walker:
    """One of the seven at the pages of a case."""

    def __init__(self, person: User, case: Application) -> None:
        self.client, self.case = Client(), case
        self.client.force_login(person)
        self.document = Document.objects.filter(application=case).first()

    def links(self) -> list[str]:
        """Every act that a page of the case offers to this person."""
        pages = [self.case.get_absolute_url()]
        pages += [reverse("permits:card", args=[self.case.reference, CONSIDERATIONS[0].slug])]
        permit = read_file(self.case).permit
        if permit is not None:
            pages.append(permit.get_absolute_url())
        found: list[str] = []
        for address in pages:
            text = self.client.get(address).content.decode()
            main = text[text.index("<main") : text.index("</main>")]
            found += re.findall(r'<a [^>]*href="(/[^"#?]*)', unescape(main))
        acts = [one for one in dict.fromkeys(found) if self.is_act(one)]
        return list({self.kind_of(one): one for one in acts}.values())

    @staticmethod
    def kind_of(address: str) -> str:
        """Of many links to the same act on lines and parties, one is tried."""
        match = resolve(address)
        name = match.url_name or ""
        if name in ("line", "remove_line", "party", "remove_party"):
            return name
        return f"{name} {match.kwargs['kind']}" if name == "state" else address

    @staticmethod
    def is_personal(address: str) -> bool:
        """Whether what one did before, or who one is, can stand against it."""
        names = "do countersign sign perform decline tighten notice agree_reversal"
        return resolve(address).url_name in names.split()

    @staticmethod
    def is_act(address: str) -> bool:
        if address.startswith("/static/"):
            return False
        match = resolve(address)
        read = ("case", "permit", "worklist", "permits", "download", "letter", "card", "in_full")
        return match.namespace == "permits" and match.url_name not in read

    def try_out(self, address: str) -> str:
        """Whether the page of an act opens and does it: nothing if so, else what stands against."""
        page = self.client.get(address)
        if page.status_code != 200:
            return f"{page.status_code}"
        if page.context["page"].refusal:
            return f"the page refuses: {page.context['page'].refusal}"
        said: list[str] = []
        for values in self.typed_at(address):
            said.append(self.send(address, page, values))
            # By the day that is typed; an earlier one would do.
            if not said[-1] or "On that day the line was" in said[-1]:
                return ""
        return "; ".join(said)

    def typed_at(self, address: str) -> list[dict[str, Any]]:
        match = resolve(address)
        return what_is_typed(match.url_name or "", match.kwargs, self.document)

    def send(self, address: str, page: Any, values: Mapping[str, Any]) -> str:
        form = page.context.get("form") if page.context else None
        sent = filled(form) if form else {}
        sent.update(
            {
                name: [str(one) for one in value] if isinstance(value, list) else typed(value)
                for name, value in values.items()
            }
        )
        before = Event.objects.count()
        with undone():
            answer = self.client.post(address, sent)
            if answer.status_code == 302:
                return ""
            assert Event.objects.count() == before
        context = answer.context
        if answer.status_code == 200:
            return f"200: {dict(context['form'].errors)}"
        if answer.status_code == 403 and context.get("page") is None:
            return "403"
        words = context["page"].refusal or context["page"].changed
        assert words, f"{address} refused and said nothing"
        return f"{answer.status_code}: {words}"


@pytest.mark.one_engine
@pytest.mark.parametrize("state", STATES, ids=[one.__name__ for one in STATES])
def test_what_is_offered_is_done_and_what_is_not_is_refused_with_a_reason(
    office: Cast, state: Callable[[Cast], Application]
) -> None:
    case = state(office)
    offered_to_anybody, tried = 0, set[str]()
    for person in office[:5] + office[6:]:
        walker = Walker(person, case)
        links = walker.links()
        case.refresh_from_db()
        allowed = offers(case.status, case.outcome, roles_of(person))
        by_the_table = {one.action for one in allowed if not one.why_not}
        new = [one for one in links if one not in tried or walker.is_personal(one)]
        tried.update(links)
        refused_links = {one: words for one in new if (words := walker.try_out(one))}
        assert not refused_links, f"offered to {person.name}, and refused: {refused_links}"
        offered_to_anybody += len(links)
        for action in BUTTONS:
            address = reverse("permits:do", args=[case.reference, action.value])
            if address not in links:
                page = walker.client.get(address)
                assert page.status_code == 403 or page.context["page"].refusal, address
                if action not in by_the_table:
                    continue  # Refused by test_workflow.py, act by act.
                told = [walker.send(address, page, one) for one in walker.typed_at(address)]
                assert all(told), f"not offered to {person.name}, and done: {action}"
    assert offered_to_anybody or state is refused or state is withdrawn


def test_what_is_refused_on_the_page_of_a_case_says_why(office: Cast) -> None:
    """A button that is not to be pressed has its reason beside it."""
    reasons = {
        empty_draft: ("analyst", "Add the applicant."),
        unanswered: ("senior", "Nothing can be recommended yet"),
        gone_stale: ("decision", "You declared a conflict of interest."),
        to_be_refused: ("decision", "first put to the applicant"),
        in_review: ("analyst_b", "You declared a conflict of interest in this case"),
    }
    for state, (who, words) in reasons.items():
        with undone():
            case = state(office)
            client = Client()
            client.force_login(getattr(office, who))
            page = client.get(case.get_absolute_url()).content.decode()
            beside = re.findall(
                r'aria-disabled="true">[^<]*</span><span class="why-not">([^<]*)<', page
            )
            assert any(words in unescape(one) for one in beside), (state.__name__, beside)
