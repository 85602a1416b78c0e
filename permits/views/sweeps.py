"""Permit sweeps: the list, one sweep with its groups, and what is decided in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role
from accounts.days import instant_in_words
from accounts.exceptions import NotPermitted, Refused
from accounts.rights import rights_of
from history.actors import Actor
from history.domain.door import Conflict
from history.domain.past import reason_of
from history.wording import number_in_words
from permits import forms
from permits.choices import Settled, SweepAction
from permits.domain import sweeps as domain
from permits.domain.casework import event_in_words
from permits.domain.sweeps import Part, Progress, Run, State
from permits.models import PermitSweep, SweepGroup, SweepItem
from permits.templatetags.case_tags import left_in_words
from permits.views.acts import METHODS, Page, answer, sent, who
from permits.workflow import PROPOSERS
from policies.models import Policy, PolicyChange
from policies.templatetags.policy_tags import in_language
from policies.views.spreadsheet import csv_response

SHOWN = 50
"""Permits of a group before it says how many more there are; sweeps on one page of the list."""
MOST_NAMED = 10
"""Permits named one by one on the page of a yes."""
BATCH = 50
"""Permits acted upon in one request; `manage.py sweep` does all of them."""
TONES = {
    State.PROPOSALS: ("info", "half"),
    State.YES: ("warn", "pause"),
    State.STOPPED: ("warn", "pause"),
    State.READY: ("info", "half"),
    State.DONE: ("good", "check"),
    State.AHEAD: ("info", "pause"),
    State.OVER: ("warn", "cross"),
}


@require_safe
def sweeps(request: HttpRequest) -> HttpResponse:
    """Every sweep page by page, with how far each has come. Queries do not grow with the rows."""
    rows = PermitSweep.objects.select_related("policy", "change", "begun_by")
    page: Paged[PermitSweep] = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(one, *TONES[one.state]) for one in domain.progress(list(page))],
        "may_propose": bool(rights_of(request) & PROPOSERS),
    }
    return render(request, "permits/sweeps.html", context)


@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Begins a sweep, for an approved change or under a policy in force."""
    number = request.GET.get("change", "")
    change = get_object_or_404(PolicyChange, number=number) if number else None
    policies = domain.policies_to_sweep(change) if change else domain.policies_in_force()
    only = policies[0] if change and len(policies) == 1 else None
    form = forms.SweepForm(
        sent(request), policies=policies, initial={"policy": only.key if only else ""}
    )

    def perform(form: forms.SweepForm) -> HttpResponse:
        policy = Policy.objects.get(key=form.cleaned_data["policy"])
        return redirect(domain.begin_sweep(policy, change=change, by=who(request)))

    page = Page(
        title=_("Decide on live permits"),
        button=_("Find the permits in scope"),
        name=change.number if change else _("Permit sweeps"),
        back=change.get_absolute_url() if change else reverse("permits:sweeps"),
        facts=_about(only) if only else (),
        then=_(
            "The live permits that the policy reaches are put into groups. Nothing is done to any"
            " of them before a decision-maker has said yes to its group."
        ),
    )
    return answer(request, form, page, perform)


def _about(policy: Policy) -> tuple[tuple[str, Any], ...]:
    return (
        (_("Policy"), f"{policy.key}: {in_language(policy, 'title')}"),
        (_("Existing permits"), in_language(policy, "existing_permits")),
    )


def find(number: str) -> PermitSweep:
    sweep: PermitSweep = get_object_or_404(
        PermitSweep.objects.select_related("policy", "change", "begun_by", "stopped_by"),
        number=number,
    )
    return sweep


def _find_group(number: int) -> SweepGroup:
    group: SweepGroup = get_object_or_404(
        SweepGroup.objects.select_related("sweep__policy", "permit", "proposed_by", "agreed_by"),
        pk=number,
    )
    return group


# The page of a sweep


class Row(NamedTuple):
    """A group or an exception as the page shows it.

    Of its permits: the number, what came of it, and the group it is in today if it left this one;
    `gone` is how many did.
    """

    part: Part
    name: str
    left: str
    permits: tuple[tuple[str, SweepItem | None, str], ...]
    more: int
    gone: int
    against: str


@require_safe
def sweep(request: HttpRequest, number: str) -> HttpResponse:
    """A sweep: its groups with what is proposed, agreed on and done."""
    row = find(number)
    (found,) = domain.progress([row])
    items = {
        item.permit.number: item
        for item in SweepItem.objects.filter(sweep=row).select_related("permit", "act", "group")
    }
    gone = _gone(found, settled=items)
    if request.GET.get("format") == "csv":
        return _as_csv(found, items, gone)
    rights = rights_of(request)
    everything = request.GET.get("all", "")
    held_by = domain.holding({row.policy_id})
    waiting = [one for part in found.parts for one in part.permits if one[0] not in items]
    tone, icon = TONES[found.state]
    context = {
        "sweep": row,
        "progress": found,
        "share": round(100 * found.settled / found.total),
        "tone": tone,
        "icon": icon,
        "rows": list(_rows(request, found, items, gone, everything, held_by)),
        "held_elsewhere": list(domain.held_elsewhere(row, waiting, held_by)),
        "passed_over": [
            one
            for one in items.values()
            if one.outcome == Settled.PASSED_OVER and not domain.had_left(one)
        ],
        "left_behind": [one for one in items.values() if domain.had_left(one)],
        "may_propose": bool(rights & PROPOSERS),
        "may_agree": Role.DECISION_MAKER in rights,
        "batch": min(BATCH, found.to_do),
        "stopped_for": reason_of(domain.last_word(row)) if row.stopped_at else "",
    }
    return render(request, "permits/sweep.html", context)


def _name_of(group: SweepGroup) -> str:
    if group.permit is not None:
        return _("Exception: %(permit)s") % {"permit": group.permit.number}
    return str(group.get_code_display())


def _rows(
    request: HttpRequest,
    found: Progress,
    items: Mapping[str, SweepItem],
    gone: Mapping[str, str],
    everything: str,
    held_by: domain.Holding,
) -> Iterator[Row]:
    """`everything` names the group of which all permits are shown."""
    decides = Role.DECISION_MAKER in rights_of(request)
    against = _why_no_yes(request, partial(domain.refuse_any_yes, found.sweep)) if decides else ""
    for part in found.parts:
        shown = part.permits if everything == str(part.group.pk) else part.permits[:SHOWN]
        yield Row(
            part,
            _name_of(part.group),
            _left(part),
            tuple((number, items.get(number), gone.get(number, "")) for number, _left in shown),
            len(part.permits) - len(shown),
            sum(number in gone for number, _left in part.permits),
            against or _why_no_yes(request, partial(domain.refuse_yes, part.group, held_by=held_by))
            if decides and part.waits
            else against,
        )


def _left(part: Part) -> str:
    """Dollars that could still be shipped when the sweep was begun."""
    return left_in_words(left for _number, left in part.permits)


def _as_csv(
    found: Progress, items: Mapping[str, SweepItem], gone: Mapping[str, str]
) -> HttpResponse:
    header = (
        _("Permit"),
        _("Group"),
        _("Group today, if it left"),
        _("Unshipped, CAD"),
        _("Action"),
        _("Reason (English)"),
        _("Reason (French)"),
        _("Proposed by"),
        _("Agreed by"),
        _("Agreed on"),
        _("Outcome"),
        _("Status before"),
        _("Settled"),
    )

    def rows() -> Iterator[tuple[object, ...]]:
        for part in found.parts:
            group = part.group
            for number, left in part.permits:
                item = items.get(number)
                yield (
                    number,
                    _name_of(group),
                    gone.get(number, ""),
                    left,
                    group.get_action_display(),
                    group.reason_en,
                    group.reason_fr,
                    group.proposed_by or "",
                    group.agreed_by or "",
                    instant_in_words(group.agreed_at) if group.agreed_at else "",
                    _outcome(item) if item else "",
                    item.get_status_display() if item else "",
                    instant_in_words(item.settled_at) if item else "",
                )

    return csv_response(f"{found.sweep.number}.csv", header, rows())


def _outcome(item: SweepItem) -> str:
    if domain.had_left(item):
        return _("Passed over: it had left its group, or who said yes is in conflict")
    return str(item.get_outcome_display())


# Acts


def _page(row: PermitSweep, title: str, button: str, then: str = "", **more: Any) -> Page:
    return Page(
        title=title,
        button=button,
        name=row.number,
        back=row.get_absolute_url(),
        then=then,
        **more,
    )


def _facts(group: SweepGroup) -> tuple[tuple[str, Any], ...]:
    """Of whom it is about: policy, permits, what is proposed for them, and who left the group."""
    (found,) = domain.progress([group.sweep])
    part = next(one for one in found.parts if one.group.pk == group.pk)
    facts = (
        *_about(group.sweep.policy),
        (_("Group"), _name_of(group)),
        (_("Permits"), len(part.permits)),
        (_("Unshipped, CAD"), _left(part)),
    )
    if not group.proposed_at:
        return facts
    proposed = (
        *facts,
        (_("Action"), group.get_action_display()),
        (_("Reason (English)"), group.reason_en),
        (_("Reason (French)"), group.reason_fr),
        (_("Proposed by"), group.proposed_by),
    )
    gone = _gone(found, settled=set(group.items.values_list("permit__number", flat=True)))
    left = [f"{number}: {gone[number]}" for number, _left in part.permits if number in gone]
    if len(left) > MOST_NAMED:
        more = _("%(count)s more") % {"count": number_in_words(len(left) - MOST_NAMED)}
        left = [*left[:MOST_NAMED], more]
    words = _("Left the group since: nothing is done to them for this reason")
    return (*proposed, (words, "\n".join(left))) if left else proposed


def _gone(found: Progress, *, settled: Collection[str]) -> dict[str, str]:
    """The permits not settled yet that left their group, each with the group it is in today."""
    return {
        number: str(group.label)
        for number, group in domain.left_since(found)
        if number not in settled
    }


@require_http_methods(METHODS)
def propose(request: HttpRequest, number: int) -> HttpResponse:
    """Proposes what is done with the permits of a group."""
    group = _find_group(number)

    def perform(form: forms.SweepGroupForm) -> HttpResponse:
        given = form.cleaned_data
        domain.propose_group(
            group,
            action=given["action"],
            reason_en=given["reason_en"],
            reason_fr=given["reason_fr"],
            by=who(request),
            seen=given["seen"],
        )
        messages.success(request, _("Proposed. A decision-maker says yes, or returns it."))
        return redirect(group.sweep)

    page = _page(
        group.sweep,
        _("Propose what is done"),
        _("Propose it"),
        _("Nothing is done before a decision-maker has said yes: somebody else than you."),
        facts=_facts(group)[:5],
    )
    form = forms.SweepGroupForm(
        sent(request),
        initial={
            "action": group.action or domain.suggested(group),
            "reason_en": group.reason_en,
            "reason_fr": group.reason_fr,
            "seen": group.version,
        },
    )
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def except_permit(request: HttpRequest, number: str, permit: str) -> HttpResponse:
    """Takes one permit out of its group."""
    row = find(number)

    def perform(form: forms.SweepGroupForm) -> HttpResponse:
        given = form.cleaned_data
        domain.except_permit(
            row,
            permit,
            action=given["action"],
            reason_en=given["reason_en"],
            reason_fr=given["reason_fr"],
            by=who(request),
        )
        messages.success(request, _("%(permit)s is an exception now.") % {"permit": permit})
        return redirect(row)

    page = _page(
        row,
        _("Take a permit out of its group"),
        _("Take it out"),
        _("It has an action and reasons of its own, and a yes of its own."),
        facts=((_("Permit"), permit), *_about(row.policy)),
    )
    return answer(request, forms.SweepGroupForm(sent(request)), page, perform)


@require_http_methods(METHODS)
def agree(request: HttpRequest, number: int) -> HttpResponse:
    """A decision-maker's yes; what it allows begins at once."""
    group = _find_group(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        domain.agree_group(group, by=who(request), seen=form.cleaned_data["seen"])
        return _carried_out(request, group.sweep)

    page = _page(
        group.sweep,
        _("Say yes"),
        _("Yes: do it"),
        _("They stay as they are, and the case of each tells so.")
        if group.action == SweepAction.KEEP
        else _(
            "This yes is the act on each of these permits. It takes effect permit by permit, from"
            " now on; a second person of the office is told of each, and tells the holder."
        ),
        facts=_facts(group),
        provision=_("EIPA, s. 10(1)"),
        refusal=_why_no_yes(
            request,
            partial(domain.refuse_yes, group),
            partial(domain.refuse_any_yes, group.sweep),
        ),
    )
    form = forms.PlainForm(sent(request), initial={"seen": group.version})
    return answer(request, form, page, perform)


def _why_no_yes(request: HttpRequest, *checks: Callable[..., None]) -> str:
    """What the checks of the yes say against it; nothing where this person may say it."""
    try:
        for check in checks:
            check(by=who(request))
    except (NotPermitted, Refused) as refusal:
        return str(refusal.words)
    return ""


@require_http_methods(METHODS)
def give_back(request: HttpRequest, number: int) -> HttpResponse:
    """A decision-maker's no."""
    group = _find_group(number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        domain.return_group(group, reason=given["reason"], by=who(request), seen=given["seen"])
        messages.success(request, _("Returned. Something else is to be proposed."))
        return redirect(group.sweep)

    page = _page(group.sweep, _("Say no"), _("No: return it"), facts=_facts(group))
    form = forms.WhyForm(sent(request), initial={"seen": group.version})
    return answer(request, form, page, perform)


@require_http_methods(["POST"])
def carry_out(request: HttpRequest, number: str) -> HttpResponse:
    """Acts on the next permits, unless the sweep is stopped."""
    row = find(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        with _nothing_changed():
            return _carried_out(request, row, seen=form.cleaned_data["seen"] or 0)

    page = _page(row, _("Carry it out"), _("Carry it out"))
    return answer(request, forms.PlainForm(request.POST), page, perform)


@require_http_methods(["POST"])
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """Lets a sweep that was stopped go on; nothing is done to a permit by that."""
    row = find(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        with _nothing_changed():
            domain.resume_sweep(row, by=who(request), seen=form.cleaned_data["seen"] or 0)
        messages.success(request, _("The sweep goes on: it can be carried out again."))
        return redirect(row)

    page = _page(row, _("Let the sweep go on"), _("Let it go on"))
    return answer(request, forms.PlainForm(request.POST), page, perform)


@contextmanager
def _nothing_changed() -> Iterator[None]:
    """Says who stopped the sweep or let it go on meanwhile, in the place of a Conflict.

    That is not to be pressed again: its page is to be read first.
    """
    try:
        yield
    except Conflict as conflict:
        event = domain.last_word(cast("PermitSweep", conflict.now))
        words = _("The sweep was changed since you looked at it. Go back and read it again.")
        said = [words, event_in_words(event)]
        if reason := reason_of(event):
            said.append(_("Reason: %(reason)s") % {"reason": reason})
        raise Refused(" ".join(said)) from None


def _carried_out(request: HttpRequest, row: PermitSweep, seen: int | None = None) -> HttpResponse:
    run = domain.carry_out(row, by=Actor.person(who(request).pk), seen=seen, limit=BATCH)
    (found,) = domain.progress([row])
    _tell(request, run, found)
    return redirect(row)


def _tell(request: HttpRequest, run: Run, found: Progress) -> None:
    counts = {"count": len(run.settled), "settled": found.settled, "total": found.total}
    words = ngettext(
        "%(count)s permit settled; %(settled)s of %(total)s so far.",
        "%(count)s permits settled; %(settled)s of %(total)s so far.",
        counts["count"],
    )
    if run.settled:
        figures = {name: number_in_words(one) for name, one in counts.items()}
        messages.success(request, words % figures)
    if run.busy:
        messages.warning(
            request,
            _("Held by somebody else at this moment, to be tried again: %(permits)s.")
            % {"permits": ", ".join(run.busy[:5])},
        )
    left = [item.permit.number for item in run.settled if domain.had_left(item)]
    if left:
        messages.warning(
            request,
            _(
                "Not acted upon, since they had left their group or who said yes declared a"
                " conflict of interest: %(permits)s."
            )
            % {"permits": ", ".join(left)},
        )
    if run.is_stopped:
        messages.warning(
            request, _("The sweep is stopped: nothing more is done until somebody lets it go on.")
        )
    if run.is_over:
        messages.warning(request, _("The policy is not in force: nothing more is done under it."))
    for name in run.not_standing:
        messages.warning(
            request,
            _("The yes of %(name)s does not stand any more: it is given anew.") % {"name": name},
        )


@require_http_methods(METHODS)
def stop(request: HttpRequest, number: str) -> HttpResponse:
    """Stops carrying out after the permit under way."""
    row = find(number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        domain.stop_sweep(row, reason=form.cleaned_data["reason"], by=who(request))
        messages.success(request, _("Stopped after the permit under way."))
        return redirect(row)

    page = _page(
        row,
        _("Stop the sweep"),
        _("Stop it"),
        _("What was done stays done. The rest waits until somebody lets the sweep go on."),
    )
    return answer(request, forms.WhyForm(sent(request)), page, perform)
