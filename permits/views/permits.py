"""Permits: the list, one permit, what is done to it and what was used of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role
from accounts.days import instant_in_words, short_day
from accounts.rights import rights_of
from history import clock
from permits import forms
from permits.choices import ActKind, PartyRole, PermitStatus
from permits.domain import acts, overview, worklist
from permits.domain.casefile import read_file
from permits.domain.casework import head_of
from permits.domain.faults import Faults
from permits.domain.letters import papers
from permits.domain.risks import against_permit
from permits.domain.ruling import coming, rule_on
from permits.domain.standing import (
    Difference,
    LineStanding,
    changes_done,
    read_standing,
    read_standings,
    undone_since,
)
from permits.domain.use import check_use, refuse_exhausted, report_use
from permits.figures import dollars, figure, or_no_limit
from permits.filters import PermitFilter
from permits.models import Notice, Party, Permit, PermitAct, PermitLine
from permits.views.acts import METHODS, Page, answer, barred, sent, who, why_not
from permits.views.reversals import shipments
from permits.views.statements import claims_to_sign
from permits.workflow import PROPOSERS, TRANSITIONS, Action
from policies.domain.register import current_register

PAGE = 50
TONES = {
    PermitStatus.VALID: "good",
    PermitStatus.SUSPENDED: "bad",
    PermitStatus.CANCELLED: "bad",
    PermitStatus.SUSPENDED_IN_PART: "warn",
    PermitStatus.CANCELLED_IN_PART: "warn",
    PermitStatus.EXPIRED_SUSPENDED: "warn",
}


@require_safe
def permits(request: HttpRequest) -> HttpResponse:
    """Permits, the newest first, with what each is today. Queries do not grow with the rows."""
    if request.GET.get("q"):
        overview.refresh()  # What is searched is there.
    every = Permit.objects.select_related("application__destination").order_by("-id")
    chosen = PermitFilter(request.GET, queryset=every)
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    holders = {
        party.application_id: party.name
        for party in Party.objects.filter(
            application__permit__in=[row.pk for row in rows],
            role=PartyRole.APPLICANT,
            is_removed=False,
        )
    }
    shown = [
        (row, now, TONES.get(now.status, ""), holders.get(row.application_id, ""))
        for row, now in read_standings(rows, clock.today())
    ]
    context = {"filter": chosen, "permits": shown, "page": page}
    return render(request, "permits/permits.html", context)


def find(number: str) -> Permit:
    permit: Permit = get_object_or_404(
        Permit.objects.select_related(
            "application__destination", "decision__decided_by", "decision__recommendation"
        ),
        number=number,
    )
    return permit


@require_safe
def permit(request: HttpRequest, number: str) -> HttpResponse:
    """A permit today: lines and balance, conditions, acts, use, notices."""
    row, today = find(number), clock.today()
    now, file = read_standing(row, today), read_file(row.application)
    roles = rights_of(request)
    ruling = rule_on(file, on=today, known_at=clock.now())
    rows = list(
        PermitAct.objects.filter(permit=row).select_related(
            "line", "proposed_by", "done_by", "declined_by", "sweep_item__sweep"
        )
    )
    for act in rows:
        act.permit = row  # Which each would read anew.
    done = changes_done(row, PermitLine.objects.filter(permit=row), rows)
    undone = undone_since(rows)
    yours, left = set[int](), set[int]()
    if any(act.done_at is None and act.declined_at is None for act in rows):
        left = {act.pk for act in worklist.acts_left_to_nobody(today, row)}
    if roles & TRANSITIONS[Action.SEE_NOTICE].roles:
        mine = acts.to_be_seen(who(request)).filter(application=row.application)
        yours = set(mine.values_list("pk", flat=True))
    context = {
        "permit": row,
        "coming": coming(ruling) if now.may_be_used else [],
        "risks": against_permit(
            file,
            ruling,
            now,
            loosened_at=max(
                (act.done_at for act in rows if act.done_at and act.loosens), default=None
            ),
            register=current_register(),
        )
        if now.may_be_used
        else [],
        "standing": now,
        "tone": TONES.get(now.status, ""),
        "conditions": file.conditions,
        "acts": [
            (
                act,
                list(
                    _differences_in_words(done[act.pk])
                    if act.pk in done
                    else change_in_words(act.change)
                ),
                _barred_perform(request, act).get("refusal", ""),
                act.pk in left,
            )
            for act in rows
        ],
        "uses": shipments(request, row),
        "notices": [
            (one, undone.get(one.act_id, ()), one.pk in yours)
            for one in Notice.objects.filter(application=row.application).select_related(
                "person", "act__line"
            )
        ],
        "application": row.application,
        "papers": papers(file),
        "may_make": bool(roles & PROPOSERS),
        "may_decline": not why_not(request, row.application, Action.PROPOSE_ACT),
        "offers": _offers(request, row),
        "lines": [
            (line, file.line(line.number), _why_not_use(request, row, line)) for line in now.lines
        ],
        "holders": file.parties_as(PartyRole.APPLICANT),
        "may_report": not why_not(request, row.application, Action.REPORT_USE),
        "may_take_back": not why_not(request, row.application, Action.PROPOSE_REVERSAL),
        "may_act": Role.DECISION_MAKER in roles,
    }
    return render(request, "permits/permit.html", context)


def _offers(request: HttpRequest, row: Permit) -> list[tuple[str, str, str]]:
    """What may be done to the permit: the address, the words, and why not where it may not."""
    roles = rights_of(request)
    rows = (
        (Action.ACT, "permits:tighten", _("Suspend, cancel or narrow"), _why_not_tighten),
        (Action.PROPOSE_ACT, "permits:propose", _("Propose an act"), _why_not_propose),
    )
    return [
        (reverse(name, args=[row.number]), words, against(request, row))
        for action, name, words, against in rows
        if roles & TRANSITIONS[action].roles
    ]


def _why_not_propose(request: HttpRequest, row: Permit) -> str:
    return why_not(
        request, row.application, Action.PROPOSE_ACT, lambda: acts.refuse_to_propose(row)
    )


def _why_not_tighten(request: HttpRequest, row: Permit) -> str:
    by = who(request)
    return why_not(request, row.application, Action.ACT, lambda: acts.refuse_to_act(row, by=by))


def _barred_perform(request: HttpRequest, act: PermitAct) -> dict[str, Any]:
    by = who(request)
    return barred(
        request,
        act.permit.application,
        Action.ACT,
        lambda: acts.refuse_to_perform(act, by=by),
    )


def _why_not_use(request: HttpRequest, row: Permit, line: LineStanding) -> str:
    return why_not(request, row.application, Action.REPORT_USE, lambda: refuse_exhausted(line))


def _page(row: Permit, title: str, button: str, then: str = "", **more: Any) -> Page:
    return Page(
        title=title,
        button=button,
        name=row.number,
        back=row.get_absolute_url(),
        then=then,
        provision=more.pop("provision", _("EIPA, s. 10(1)")),
        **more,
    )


def _line(row: Permit, number: int | None) -> PermitLine | None:
    return None if number is None else get_object_or_404(PermitLine, permit=row, number=number)


def _act_form(request: HttpRequest, row: Permit, *, at_once: bool = False) -> forms.ActForm:
    now = read_standing(row, clock.today())

    def check(given: Mapping[str, Any], unread: Collection[str]) -> None:
        if "kind" not in given:
            return
        faults = Faults(unread)
        # An amendment of nothing is one only if nothing of it was unreadable.
        if form.change or not unread:
            with faults.at("kind"):
                change = acts.checked_change(row, given["kind"], None, form.change, unread)
                if at_once and change:
                    acts.refuse_loosening(row, change)
        if "line" in given:
            with faults.at("kind"):
                acts.check_possible(given["kind"], given["line"], now)
        faults.refuse()

    lines = {one.number: _line_in_words(one) for one in now.lines}
    kinds = acts.possible_acts(now)
    form = forms.ActForm(sent(request), kinds=kinds, lines=lines, at_once=at_once, check=check)
    return form


def _line_in_words(line: LineStanding) -> str:
    if line.is_cancelled:
        return _("%(number)d, cancelled") % {"number": line.number}
    if line.is_suspended:
        return _("%(number)d, suspended") % {"number": line.number}
    return str(line.number)


@require_http_methods(METHODS)
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Proposes an act; a decision-maker does it."""
    row = find(number)

    def perform(form: forms.ActForm) -> HttpResponse:
        given = form.cleaned_data
        acts.propose_act(
            row,
            kind=given["kind"],
            line=_line(row, given["line"]),
            change=form.change,
            reason=given["reason"],
            by=who(request),
        )
        messages.success(request, _("Proposed. A decision-maker does it, or declines."))
        return redirect(row)

    then = _("What loosens the permit passes the whole gate on the day on which it is done.")
    against = _why_not_propose(request, row)
    in_force = acts.lifted_by(PermitAct(permit=row, kind=ActKind.REINSTATE))
    facts = tuple(_suspensions(_("Suspensions in force"), in_force))
    page = _page(row, _("Propose an act"), _("Propose the act"), then, refusal=against, facts=facts)
    return answer(request, _act_form(request, row), page, perform)


@require_http_methods(METHODS)
def act_at_once(request: HttpRequest, number: str) -> HttpResponse:
    """Tightens a permit, at once."""
    row = find(number)

    def perform(form: forms.ActForm) -> HttpResponse:
        given = form.cleaned_data
        made = acts.act_at_once(
            row,
            kind=given["kind"],
            line=_line(row, given["line"]),
            change=form.change,
            reason=given["reason"],
            by=who(request),
        )
        messages.success(
            request,
            _("Done. A second person is told, and tells the holder.")
            if Notice.objects.filter(act=made).exists()
            else _("Done. Nobody else works on this case today: tell the holder yourself."),
        )
        return redirect(row)

    then = _(
        "It takes effect at once. What loosens the permit, or adds a condition, is another person's"
        " to propose."
    )
    against = _why_not_tighten(request, row)
    page = _page(row, _("Tighten the permit"), _("Do it now"), then, refusal=against)
    return answer(request, _act_form(request, row, at_once=True), page, perform)


def _find_act(number: int) -> PermitAct:
    act: PermitAct = get_object_or_404(
        PermitAct.objects.select_related("permit__application", "line", "proposed_by"), pk=number
    )
    return act


def _act_facts(act: PermitAct) -> tuple[tuple[str, Any], ...]:
    return (
        (_("Act"), act.get_kind_display()),
        (_("Line"), act.line.number if act.line else _("The whole permit")),
        *_effect_in_words(act),
        (_("Proposed by"), act.proposed_by),
        (_("Reason"), act.reason),
    )


CHANGED = {
    "valid_to": gettext_lazy("Last day"),
    "quantity": gettext_lazy("Quantity of line %(number)s"),
    "value": gettext_lazy("Value of line %(number)s (CAD)"),
    "condition": gettext_lazy("Condition added"),
    "reinstated": gettext_lazy("Lines that are reinstated"),
    "suspended": gettext_lazy("Lines that stay suspended"),
    "cancelled": gettext_lazy("Lines that stay cancelled"),
}


WRITTEN: dict[str, Callable[[Any], str]] = {
    "valid_to": short_day,
    "quantity": lambda value: or_no_limit(value, figure),
    "value": lambda value: or_no_limit(value, dollars),
}


def change_in_words(change: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an amendment makes of the permit, without what it was before. No query."""
    if change.get("valid_to"):
        yield str(CHANGED["valid_to"]), short_day(date.fromisoformat(change["valid_to"]))
    for number, figures in change.get("lines", {}).items():
        for name, value in figures.items():
            yield str(CHANGED[name]) % {"number": number}, WRITTEN[name](Decimal(value))
    for one in change.get("conditions_added", ()):
        yield str(CHANGED["condition"]), f"{one['en']} / {one['fr']}"


def _differences_in_words(found: Iterable[Difference]) -> Iterator[tuple[str, str]]:
    """Each figure and day before and after, each condition added, lines that are reinstated."""
    for what, was, now in found:
        name, _colon, number = what.partition(":")
        if name == "condition":
            yield str(CHANGED[name]), f"{was} / {now}"
        elif name not in WRITTEN:
            yield str(CHANGED[name]), ", ".join(map(str, now))
        else:
            shown = WRITTEN[name]
            yield str(CHANGED[name]) % {"number": number}, f"{shown(was)} → {shown(now)}"


def _effect_in_words(act: PermitAct) -> Iterator[tuple[str, Any]]:
    """What a person agrees to who does the act: each figure and day before and after."""
    effect = acts.effect_of(act)
    yield from _differences_in_words(effect.changes)
    yield from _suspensions(_("Suspensions that are lifted"), acts.lifted_by(act))
    if effect.loosens:
        words = _("It loosens the permit: the whole gate is passed again.")
    elif any(what == "condition" for what, *_rest in effect.changes):
        words = _("It loosens no figure and no day. What the condition says is yours to judge.")
    else:
        words = _("It does not loosen the permit.")
    yield _("Effect"), words


def _suspensions(name: str, found: Iterable[PermitAct]) -> Iterator[tuple[str, Any]]:
    """Suspensions, each with why it was done."""
    told = [_("%(label)s: %(text)s") % {"label": one.in_full, "text": one.reason} for one in found]
    if told:
        yield name, "\n".join(told)


@require_http_methods(METHODS)
def perform_act(request: HttpRequest, number: int) -> HttpResponse:
    """Does what was proposed."""
    act = _find_act(number)
    bars = _barred_perform(request, act)
    to_sign = [] if bars else acts.exceptions_to_sign(act)

    def perform(form: forms.PerformForm) -> HttpResponse:
        given = form.cleaned_data
        acts.perform_act(
            act,
            exceptions_signed=given.get("exceptions_signed", ()),
            by=who(request),
            seen_head=given["seen"],
        )
        messages.success(request, _("Done: %(act)s.") % {"act": act.get_kind_display()})
        return redirect(act.permit)

    page = _page(
        act.permit,
        act.get_kind_display(),
        _("Do what is proposed"),
        facts=_act_facts(act),
        **bars,
    )
    seen = {"seen": head_of(act.permit.application)}
    check = partial(acts.check_exceptions_signed, act) if to_sign else None
    claims = claims_to_sign(read_file(act.permit.application), to_sign) if to_sign else ()
    form = forms.PerformForm(sent(request), exceptions=claims, initial=seen, check=check)
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def decline_act(request: HttpRequest, number: int) -> HttpResponse:
    """Declines what was proposed, or withdraws what one proposed oneself."""
    act = _find_act(number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        acts.decline_act(act, reason=given["reason"], by=who(request), seen=given["seen"])
        messages.success(request, _("Declined. The permit stays as it is."))
        return redirect(act.permit)

    page = _page(
        act.permit,
        _("Decline an act"),
        _("Decline it"),
        facts=_act_facts(act),
        refusal=why_not(
            request,
            act.permit.application,
            Action.PROPOSE_ACT,
            lambda: acts.refuse_done(act),
        ),
    )
    form = forms.WhyForm(sent(request), initial={"seen": act.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def use(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """Reports a shipment on a line."""
    row = find(number)
    held = get_object_or_404(PermitLine, permit=row, number=line)
    left = read_standing(row, clock.today()).line(line)

    def perform(form: forms.UseForm) -> HttpResponse:
        report_use(held, by=who(request), **form.cleaned_data)
        messages.success(request, _("The shipment is recorded against the balance."))
        return redirect(row)

    page = _page(
        row,
        _("Report use of line %(number)d") % {"number": line},
        _("Record the shipment"),
        facts=(
            (
                _("Quantity left"),
                _left(left, left.quantity_left, lambda value: f"{figure(value)} {left.unit}"),
            ),
            (_("Value left (CAD)"), _left(left, left.value_left, dollars)),
        ),
        provision="",
        refusal=_why_not_use(request, row, left),
    )
    form = forms.UseForm(
        sent(request), initial={"used_on": clock.today()}, check=partial(check_use, line=held)
    )
    return answer(request, form, page, perform)


def _left(line: LineStanding, left: Decimal | None, write: Callable[[Decimal], str]) -> str:
    if line.is_cancelled:
        return _("nothing: the line is cancelled")
    return or_no_limit(left, write)


def _done_facts(row: Permit, act: PermitAct) -> Iterator[tuple[str, Any]]:
    """What was done to a permit that is held by whom: what a person takes note of."""
    acts_done = list(
        PermitAct.objects.filter(permit=row, done_at__isnull=False).select_related("line")
    )
    done = changes_done(row, PermitLine.objects.filter(permit=row), acts_done)
    holders = Party.objects.filter(
        application=row.application_id, role=PartyRole.APPLICANT, is_removed=False
    )
    yield _("Act"), act.get_kind_display()
    yield _("Line"), act.line.number if act.line else _("The whole permit")
    yield from _differences_in_words(done.get(act.pk, ()))
    yield _("Reason"), act.reason
    if act.done_at:
        yield _("Done by"), f"{act.done_by}, {instant_in_words(act.done_at)}"
    if undone := undone_since(acts_done).get(act.pk):
        yield _("No longer so, wholly or in part, since"), "; ".join(one.in_full for one in undone)
    yield _("Holder"), ", ".join(holders.values_list("name", flat=True)) or "—"


@require_http_methods(METHODS)
def see_notice(request: HttpRequest, number: int) -> HttpResponse:
    """Takes note of a notice."""
    notice = get_object_or_404(
        Notice.objects.select_related("application__permit", "act__line", "act__done_by", "person"),
        pk=number,
    )
    row = notice.application.permit

    def perform(form: forms.PlainForm) -> HttpResponse:
        acts.see_notice(notice, by=who(request))
        messages.success(request, _("Noted."))
        return redirect(row)

    page = _page(
        row,
        notice.get_kind_display(),
        _("I have taken note, and told the holder where that was asked"),
        facts=(*_done_facts(row, notice.act), (_("To"), notice.person)),
        refusal=why_not(
            request,
            notice.application,
            Action.SEE_NOTICE,
            lambda: acts.refuse_to_see(notice, by=who(request)),
        ),
    )
    return answer(request, forms.PlainForm(sent(request)), page, perform)
