"""Statements on a case: made, countersigned, set aside; and a statement in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from permits import forms
from permits.choices import SAYS, Flag, PartyRole, StatementKind
from permits.domain.casefile import CaseFile, read_file, removed_parties
from permits.domain.casework import last_edit_of
from permits.domain.requirements import required_facts
from permits.domain.statements import (
    VALUES,
    YES,
    Said,
    Standing,
    check_said,
    countersign,
    exception_in_words,
    is_there,
    listing_policies,
    party_key,
    refuse_to_countersign,
    refuse_to_set_aside,
    set_aside,
    state,
    verdict,
)
from permits.models import Document, Party, Statement
from permits.views.acts import METHODS, Page, answer, find, sent, who, why_not
from permits.workflow import Action
from policies.domain.register import current_register


@dataclass(frozen=True, slots=True)
class StatementShown:
    """A statement as people read it. `takes_a_second`: somebody may countersign it; `why_not`: why
    not this person. `is_of_removed`: it screens a party that is shown nowhere else any more.
    """

    statement: Statement
    about: str
    says: str
    verdict: str
    takes_a_second: bool
    why_not: str
    is_of_removed: bool


def shown(request: HttpRequest, file: CaseFile, one: Standing) -> StatementShown:
    """A statement and how it stands, in words."""
    statement = one.statement
    second = one.takes_a_second
    return StatementShown(
        statement,
        about(file, statement),
        _says(statement),
        verdict(one),
        second,
        _why_not_countersign(request, file, statement) if second else "",
        statement.kind == StatementKind.SCREENING
        and all(statement.key != party_key(party.pk) for party in file.parties),
    )


def about(file: CaseFile, statement: Statement) -> str:
    """What a statement is about, in words."""
    kind, key = StatementKind(statement.kind), statement.key
    match kind:
        case StatementKind.FLAG:
            _line, number, flag = key.split(":")
            words = {"number": number, "what": Flag(flag).label}
            if any(str(line.number) == number for line in file.lines):
                return _("Line %(number)s: %(what)s") % words
            if statement.value == YES:
                return (
                    _(
                        "Line %(number)s, removed: %(what)s. Counts for each line until two people"
                        " say otherwise of it."
                    )
                    % words
                )
            return _("Line %(number)s, removed: %(what)s") % words
        case StatementKind.SCREENING | StatementKind.AUTHORIZATION:
            _party, number, *policy = key.split(":", 2)
            name = next((one.name for one in file.parties if str(one.pk) == number), None)
            if name is None:
                gone = removed_parties(file).get(int(number), "")
                name = _("%(name)s, removed") % {"name": gone}
            return ", ".join([name, *policy])
        case StatementKind.ANSWER:
            questions = current_register()
            try:
                return str(questions.question(key)[_language()])
            except KeyError:
                return key
        case StatementKind.EXCEPTION:
            return exception_in_words(key)
        case StatementKind.WAIVER:
            facts = {fact.key: fact.words for fact in required_facts(file, None)}
            return facts.get(key, key)
        case StatementKind.ELIGIBILITY:
            return _with_names(kind, file.parties_as(PartyRole.APPLICANT))
        case StatementKind.END_USER:
            return _with_names(kind, file.parties_as(PartyRole.END_USER))
        case _:
            return str(kind.label)


def _with_names(kind: StatementKind, parties: Iterable[Party]) -> str:
    names = ", ".join(party.name for party in parties)
    what = str(kind.label)
    return _("%(what)s: %(names)s") % {"what": what, "names": names} if names else what


def _linked(document: Document) -> SafeString:
    """The file that a statement rests on, to be looked at by whoever stands by it."""
    address = reverse("permits:download", args=[document.pk])
    return format_html('<a href="{}" download>{}</a>', address, document.in_full)


def _says(statement: Statement) -> str:
    """What it says, and of a listed party under what."""
    said = str(SAYS.get(statement.value, statement.value))
    return f"{said} ({', '.join(statement.policies)})" if statement.policies else said


def claims_to_sign(file: CaseFile, keys: Iterable[str]) -> list[tuple[str, str]]:
    """Exceptions of the Minister that somebody signs: each with its name, why it was claimed, and
    the way to the claim."""
    why = {
        one.key: one.reason for one in file.statements if one.kind == StatementKind.EXCEPTION.value
    }
    return [
        (
            key,
            format_html(
                '{} <span class="sub">{} <a href="{}#statements">{}</a></span>',
                exception_in_words(key),
                why.get(key, ""),
                file.application.get_absolute_url(),
                _("The claim and its evidence"),
            ),
        )
        for key in sorted(keys)
    ]


def _language() -> str:
    return get_language() or ""


def _listing_policies() -> list[tuple[str, str]]:
    """The policies under which persons are listed: their keys, and what they are called."""
    titles = current_register().policies
    return sorted((key, f"{titles[key].title[_language()]} ({key})") for key in listing_policies())


@require_http_methods(METHODS)
def new_statement(request: HttpRequest, reference: str, kind: str, key: str) -> HttpResponse:
    """A statement of a kind about something on the case."""
    application = find(request, reference)
    file = read_file(application)
    if kind not in StatementKind.values or not is_there(file, kind, key):
        raise Http404
    which = StatementKind(kind)
    is_screening = which == StatementKind.SCREENING
    policies = _listing_policies() if is_screening else []
    form = forms.StatementForm(
        sent(request),
        values=[(value, SAYS.get(value, value)) for value in sorted(VALUES[which])],
        policies=policies,
        documents=forms.documents_of(application),
        needs_source=which in (StatementKind.SCREENING, StatementKind.ELIGIBILITY),
        initial={"seen": last_edit_of(application)},
        check=lambda given, unread: check_said(file, said(given)),
    )

    def said(given: Mapping[str, Any]) -> Said:
        return Said(
            which,
            key,
            given.get("value", ""),
            reason=given.get("reason", ""),
            source=given.get("source", ""),
            document=given.get("document"),
            policies=tuple(given.get("policies", ())),
        )

    def perform(form: forms.StatementForm) -> HttpResponse:
        given = form.cleaned_data
        made = state(application, said(given), by=who(request), seen=given["seen"])
        messages.success(
            request,
            _("Stated. It counts once a second person countersigns it.")
            if not made.counts_alone
            else _(
                "Stated. It counts from now on. The party is screened once a second person"
                " countersigns it."
            )
            if which == StatementKind.SCREENING
            else _("Stated. It counts from now on."),
        )
        return redirect(f"{application.get_absolute_url()}#statements")

    page = Page(
        title=str(which.label),
        button=_("State it"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=((_("About"), about(file, Statement(kind=kind, key=key))),),
        then=_("What makes the case less strict counts only once a second person stands by it."),
        refusal=why_not(request, application, Action.STATE),
    )
    return answer(request, form, page, perform)


def _statement(request: HttpRequest, number: int) -> tuple[Statement, CaseFile, Page]:
    made = get_object_or_404(
        Statement.objects.select_related("application", "made_by", "document"), pk=number
    )
    application = find(request, made.application.reference)
    file = read_file(application)
    page = Page(
        title=_("Countersign a statement"),
        button=_("Countersign"),
        name=application.reference,
        back=application.get_absolute_url(),
        facts=(
            (_("About"), about(file, made)),
            (_("Statement"), _says(made)),
            (_("By"), made.made_by),
            (_("Reason"), made.reason),
            (_("Source"), made.source or "—"),
            *(((_("Document"), _linked(made.document)),) if made.document else ()),
        ),
        then=_("You stand by it with the person who made it. It counts from then on."),
    )
    return made, file, page


def _why_not_countersign(request: HttpRequest, file: CaseFile, made: Statement) -> str:
    by = who(request)
    return why_not(
        request,
        file.application,
        Action.COUNTERSIGN,
        lambda: refuse_to_countersign(file, made, by=by),
    )


@require_http_methods(METHODS)
def countersign_statement(request: HttpRequest, number: int) -> HttpResponse:
    """Stands by another's statement."""
    made, file, page = _statement(request, number)
    page = replace(page, refusal=_why_not_countersign(request, file, made))

    def perform(form: forms.PlainForm) -> HttpResponse:
        countersign(made, by=who(request), seen=form.cleaned_data["seen"])
        messages.success(request, _("Countersigned. It counts from now on."))
        return redirect(f"{page.back}#statements")

    form = forms.PlainForm(sent(request), initial={"seen": made.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def set_aside_statement(request: HttpRequest, number: int) -> HttpResponse:
    """Takes a statement back."""
    made, file, page = _statement(request, number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        set_aside(made, by=who(request), reason=given["reason"], seen=given["seen"])
        messages.success(request, _("Set aside. It does not count any more."))
        return redirect(f"{page.back}#statements")

    form = forms.WhyForm(sent(request), initial={"seen": made.version})
    own = Page(
        title=_("Set a statement aside"),
        button=_("Set it aside"),
        name=page.name,
        back=page.back,
        facts=page.facts,
        then=_("The case can only get stricter by it. The history keeps the statement."),
        refusal=why_not(
            request,
            file.application,
            Action.STATE,
            lambda: refuse_to_set_aside(file, made, by=who(request)),
        ),
    )
    return answer(request, form, own, perform)
