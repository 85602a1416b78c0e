"""The acts of tests/permits/machine.py done as people do them: a page is opened, its form is sent.

Whatever a person may not do is answered by a page with the reason; never by an error of ours. What
was refused has left no event, which is looked at before the machine undoes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from history.domain.door import Conflict
from history.models import Event
from permits.considerations import BY_NUMBER, CONSIDERATIONS
from permits.domain.gate import GateClosed
from permits.domain.statements import Said
from permits.models import (
    Application,
    Card,
    Consultation,
    Document,
    Evidence,
    Line,
    Party,
    Permit,
    PermitAct,
    PermitLine,
    Recommendation,
    Statement,
    Use,
    UseReversal,
)
from tests.people import Cast
from tests.permits.files import upload
from tests.permits.machine import Office, counts, people_who

Row = TypeVar("Row", bound=Model)


def filled(form: BaseForm) -> dict[str, Any]:
    """What a browser sends of a form that nobody has typed into."""
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value is None or value is False or value == "":
            continue
        if isinstance(value, list | tuple):
            sent[field.html_name] = [str(one) for one in value]
        else:
            sent[field.html_name] = typed(value)
    return sent


def typed(value: Any) -> Any:
    if value is True:
        return "on"
    if isinstance(value, date):
        return value.isoformat()
    return value.pk if isinstance(value, Model) else value


class Pages:
    """Everyone of the office, signed in."""

    def __init__(self, people: Cast) -> None:
        self._clients = {person.pk: Client() for person in people}
        for person in people:
            self._clients[person.pk].force_login(person)

    def look(self, by: User, name: str, /, *where: Any) -> int:
        """The status of a page that is only read."""
        response = self._clients[by.pk].get(reverse(name, args=where))
        assert response.status_code in (200, 403, 404), f"{response.status_code}: {name}"
        return response.status_code

    def send(self, by: User, name: str, /, *where: Any, **values: Any) -> None:
        """Opens the page of an act and sends its form with these values.

        Raises what its answer says: ValidationError, NotPermitted, Refused (GateClosed), Conflict.
        """
        client, url = self._clients[by.pk], reverse(f"permits:{name}", args=where)
        page = client.get(url)
        assert page.status_code in (200, 403, 404), f"{url} answered {page.status_code}"
        form = page.context and page.context.get("form")
        sent = filled(form) if form else {}
        for field, value in values.items():
            if value in (None, ""):
                sent.pop(field, None)
            else:
                sent[field] = typed(value)
        before = Event.objects.count()
        refusal = self._refusal(url, client.post(url, sent))
        if refusal is not None:
            assert Event.objects.count() == before, f"{url} refused and left an event"
            raise refusal

    @staticmethod
    def _refusal(url: str, response: Any) -> Exception | None:
        """Why it was not done, as the page says it; None if it was done."""
        status, context = response.status_code, response.context
        if status == 302:
            assert not response["Location"].startswith(reverse("accounts:sign_in")), url
            return None
        if status == 200:
            errors = context["form"].errors
            assert errors, f"{url} neither did it nor said why not"
            return ValidationError({name: list(words) for name, words in errors.items()})
        if status == 403:
            return NotPermitted("403")
        if status == 404:
            return Refused("404")
        assert status == 409, f"{url} answered {status}"
        page = context.get("page")
        if page is not None and page.gate is not None:
            return GateClosed(page.gate)
        if page is None or page.changed:
            return Conflict()
        assert page.refusal, f"{url} said nothing"
        return Refused(page.refusal)

    def _do(self, application: Application, action: str, by: User, **values: Any) -> Application:
        self.send(by, "do", application.reference, action, **values)
        return fresh(application)

    # Intake

    def edit_application(
        self, application: Application, values: Mapping[str, Any], *, by: User
    ) -> Application:
        self.send(by, "form", application.reference, **values)
        return fresh(application)

    def edit_line(self, line: Line, values: Mapping[str, Any], *, by: User) -> Line:
        self.send(by, "line", line.application.reference, line.number, **values)
        return fresh(line)

    def edit_party(self, party: Party, values: Mapping[str, Any], *, by: User) -> Party:
        self.send(by, "party", party.application.reference, party.pk, **values)
        return fresh(party)

    def submit(self, application: Application, *, by: User) -> Application:
        return self._do(application, "submit", by)

    def take_up(self, application: Application, *, by: User) -> Application:
        return self._do(application, "take_up", by)

    def return_to_applicant(
        self, application: Application, *, by: User, reason: str
    ) -> Application:
        return self._do(application, "return", by, reason=reason)

    def withdraw(self, application: Application, *, by: User, reason: str) -> Application:
        return self._do(application, "withdraw", by, reason=reason)

    def declare_conflict(self, application: Application, *, by: User, reason: str) -> Application:
        return self._do(application, "declare_conflict", by, reason=reason)

    def attach(
        self,
        application: Application,
        values: Mapping[str, Any],
        *,
        content: list[bytes],
        file_name: str,
        by: User,
    ) -> Document:
        file = upload(b"".join(content), file_name)
        self.send(by, "new_document", application.reference, **values, file=file)
        return newest(Document, application=application)

    # Statements

    def state(self, application: Application, said: Said, *, by: User) -> Statement:
        self.send(
            by,
            "state",
            application.reference,
            said.kind.value,
            said.key,
            value=said.value,
            reason=said.reason,
            source=said.source,
            document=said.document,
            policies=list(said.policies),
        )
        return newest(Statement, application=application)

    def countersign(self, statement: Statement, *, by: User) -> Statement:
        self.send(by, "countersign", statement.pk)
        return fresh(statement)

    def set_aside(self, statement: Statement, *, by: User, reason: str) -> Statement:
        self.send(by, "set_aside", statement.pk, reason=reason)
        return fresh(statement)

    # The review

    def edit_card(
        self, application: Application, number: str, values: Mapping[str, Any], *, by: User
    ) -> Card:
        self.send(by, "card", application.reference, BY_NUMBER[number].slug, **values)
        return Card.objects.get(application=application, consideration=number)

    def sign_card(self, card: Card, *, by: User) -> Card:
        slug = BY_NUMBER[card.consideration].slug
        self.send(by, "sign", card.application.reference, slug)
        return fresh(card)

    def add_evidence(
        self, application: Application, values: Mapping[str, Any], *, by: User
    ) -> Evidence:
        self.send(by, "new_source", application.reference, "evidence", **values)
        return newest(Evidence, application=application)

    def edit_source(self, row: Evidence, values: Mapping[str, Any], *, by: User) -> Evidence:
        self.send(by, "source", "evidence", row.pk, **values)
        return fresh(row)

    # Consultations

    def consult(self, application: Application, *, by: User, **values: Any) -> Consultation:
        self._do(application, "consult", by, **values)
        return newest(Consultation, application=application)

    def record_answer(self, row: Consultation, *, by: User, **values: Any) -> Consultation:
        self.send(by, "answer", row.pk, **values)
        return fresh(row)

    def record_silence(self, row: Consultation, *, by: User, reason: str) -> Consultation:
        self.send(by, "silence", row.pk, reason=reason)
        return fresh(row)

    # Decisions

    def recommend(self, application: Application, *, by: User, **values: Any) -> Recommendation:
        self._do(application, "recommend", by, **values)
        return newest(Recommendation, application=application)

    def put_to_applicant(self, row: Recommendation, *, by: User, reply_by: date) -> Recommendation:
        self._do(row.application, "put", by, reply_by=reply_by)
        return fresh(row)

    def record_reply(self, row: Recommendation, *, by: User, **values: Any) -> Recommendation:
        self.send(by, "reply", row.application.reference, **values)
        return fresh(row)

    def send_back(self, row: Recommendation, *, by: User, reason: str) -> Recommendation:
        self._do(row.application, "send_back", by, reason=reason)
        return fresh(row)

    def issue(self, application: Application, *, by: User, **values: Any) -> Permit:
        self._do(application, "issue", by, **values)
        return Permit.objects.get(application=application)

    def refuse(self, application: Application, *, by: User, **values: Any) -> Application:
        return self._do(application, "refuse", by, **values)

    def return_without_action(
        self, application: Application, *, by: User, ground: str, **values: Any
    ) -> Application:
        return self._do(application, "return_without_action", by, grounds=ground, **values)

    # The permit

    def propose_act(self, permit: Permit, **values: Any) -> PermitAct:
        return self._act("propose", permit, **values)

    def act_at_once(self, permit: Permit, **values: Any) -> PermitAct:
        return self._act("tighten", permit, **values)

    def _act(
        self,
        name: str,
        permit: Permit,
        *,
        kind: str,
        reason: str,
        by: User,
        change: Mapping[str, Any] | None,
    ) -> PermitAct:
        figures: dict[str, Any] = {}
        for number, given in (change or {}).get("lines", {}).items():
            figures = {"line": number, **given}
        self.send(by, name, permit.number, kind=kind, reason=reason, **figures)
        return newest(PermitAct, permit=permit)

    def perform_act(self, act: PermitAct, *, by: User) -> PermitAct:
        self.send(by, "perform", act.pk)
        return fresh(act)

    def decline_act(self, act: PermitAct, *, reason: str, by: User) -> PermitAct:
        self.send(by, "decline", act.pk, reason=reason)
        return fresh(act)

    # Its use

    def report_use(self, line: PermitLine, *, by: User, **values: Any) -> Use:
        self.send(by, "use", line.permit.number, line.number, **values)
        return newest(Use, permit_line=line)

    def propose_reversal(self, shipment: Use, *, reason: str, by: User) -> UseReversal:
        self.send(by, "take_back", shipment.pk, reason=reason)
        return newest(UseReversal, use=shipment)

    def agree_to_reversal(self, row: UseReversal, *, by: User) -> UseReversal:
        self.send(by, "agree_reversal", row.pk)
        return fresh(row)

    def decline_reversal(self, row: UseReversal, *, reason: str, by: User) -> UseReversal:
        self.send(by, "decline_reversal", row.pk, reason=reason)
        return fresh(row)


def fresh(row: Row) -> Row:
    found: Row = type(row)._default_manager.get(pk=row.pk)
    return found


def newest(model: type[Row], **where: Any) -> Row:
    found: Row = model._default_manager.filter(**where).latest("pk")
    return found


class OfficeOfPages(Office):
    """The same office, by its pages."""

    def open_the_doors(self) -> None:
        self.desk = Pages(self.people)

    @rule(by=people_who, what=st.sampled_from(["case", "card", "worklist", "permits", "permit"]))
    def read(self, by: str, what: str) -> None:
        """Everyone with a role may read, whatever state the case is in."""
        permit = Permit.objects.filter(application=self.case).first()
        where: dict[str, tuple[Any, ...]] = {
            "case": (self.case.reference,),
            "card": (self.case.reference, CONSIDERATIONS[0].slug),
            "worklist": (),
            "permits": (),
            "permit": (permit.number if permit else "EP-2000-000000",),
        }
        before = Event.objects.count()
        with self.time():
            status = self.desk.look(self.who(by), f"permits:{what}", *where[what])
        assert status == (404 if what == "permit" and permit is None else 200)
        assert Event.objects.count() == before
        counts["pages read"] += 1
