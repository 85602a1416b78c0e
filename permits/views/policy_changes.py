"""Policy changes: what is drafted, what it would do, and the acts on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role
from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from accounts.rights import rights_of
from history import clock
from history.domain.door import Conflict
from history.wording import number_in_words
from permits import forms
from permits.choices import Group
from permits.choices import Outcome as Decided
from permits.domain import policy_changes, previews
from permits.domain.impact import (
    BackTest,
    PermitMove,
    back_test,
    unsealed,
)
from permits.domain.previews import all_under_way
from permits.domain.sweeps import policies_to_sweep
from permits.forms import raw
from permits.models import PermitSweep, PreviewUnderWay
from permits.templatetags.case_tags import left_in_words
from permits.views import previewed
from permits.views.acts import METHODS, Page, answer, sent, who
from permits.workflow import PROPOSERS
from policies.choices import ChangeKind, ChangeStatus
from policies.domain import drafting
from policies.domain.change_words import FieldWords, in_words, row_of_field
from policies.domain.composing import ALL, compose
from policies.domain.lint import Finding, findings_shown, pairs
from policies.domain.policy_sets import Refusal, RefusedSet, start_set
from policies.domain.reference.days import day
from policies.domain.register import Register, current_register
from policies.forms.policy_change import DraftForm, SetForm, StartForm
from policies.models import Policy, PolicyChange
from policies.querysets import what_a_change_is_called

SHOWN = 10
MOST_PERMITS = 50
MOST_FINDINGS = 20
"""Rows of a list before all of them are asked for."""
PAGE = 25
"""Policies of a set on one page."""
CHANGES = 50
"""Changes on one page of those that are not pending."""


Listed = tuple[PolicyChange, str, PreviewUnderWay | None]


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """Every change that is pending, and the others page by page, the newest first."""
    rows = (
        PolicyChange.objects.select_related("policy", "drafted_by", "decided_by")
        .annotate(**what_a_change_is_called())
        .defer("found", "content", "preview")
    )
    pending = list(rows.filter(status__in=drafting.PENDING))
    under_way = all_under_way(pending)
    over = Paginator(rows.exclude(status__in=drafting.PENDING), CHANGES)
    page: Paged[Any] = over.get_page(request.GET.get("page"))
    found: list[Listed] = [(row, _listed(row), under_way.get(row.pk)) for row in pending]
    context = {
        "pending": found,
        "page": page,
        "over": [(row, _listed(row), None) for row in page],
        "may_draft": Role.ADMINISTRATOR in rights_of(request),
    }
    return render(request, "permits/policy_changes.html", context)


def _listed(row: Any) -> str:
    """What a change of the list is called."""
    return _called(row, row.title_fr if _is_french() else row.title_en, row.policies_in_set)


def _title(change: PolicyChange) -> str:
    """What a change is called: by the policy that it makes, or else by the one that it changes."""
    policy = change.content.get("policy") or {}
    drafted = policy.get("title_fr" if _is_french() else "title_en")
    return _called(change, drafted, len(change.content.get("changes", ())))


def _called(change: PolicyChange, drafted: str | None, policies_in_set: int) -> str:
    if drafted:
        return drafted
    if change.policy is not None:
        return change.policy.title_fr if _is_french() else change.policy.title_en
    if change.kind == ChangeKind.SET:
        words = ngettext(
            "A set of %(count)s policy", "A set of %(count)s policies", policies_in_set
        )
        return words % {"count": number_in_words(policies_in_set)}
    return _("A policy without a title yet")


def _is_french() -> bool:
    return (get_language() or "").startswith("fr")


@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Begins a draft."""
    chosen = request.GET.get("policy", "")
    form = StartForm(
        sent(request),
        policies=Policy.objects.filter(versions__known_to__isnull=True).distinct(),
        initial={"policy": chosen, "kind": request.GET.get("kind", "")},
    )

    def perform(form: StartForm) -> HttpResponse:
        given = form.cleaned_data
        policy = Policy.objects.filter(key=given["policy"]).first() if given["policy"] else None
        change = drafting.start_change(kind=given["kind"], policy=policy, by=who(request))
        return redirect("permits:edit_policy_change", change.number)

    page = Page(
        title=_("Draft a policy change"),
        button=_("Begin the draft"),
        name=_("Policy changes"),
        back=reverse("permits:policy_changes"),
        then=_("Nothing changes until another administrator has approved it."),
    )
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def new_set(request: HttpRequest) -> HttpResponse:
    """Takes in a set of policies as a draft: what it would do is told before anything is done."""
    form = SetForm(sent(request), request.FILES or None)

    def perform(form: SetForm) -> HttpResponse:
        try:
            change, found = start_set(form.cleaned_data["file"], by=who(request))
        except RefusedSet as refused:
            raise ValidationError({"file": [_in_row(one) for one in refused.refusals]}) from refused
        counts = {
            "added": number_in_words(len(found.added)),
            "superseded": number_in_words(len(found.superseded)),
            "unchanged": number_in_words(len(found.unchanged)),
        }
        said = _(
            "Read: %(added)s to be added, %(superseded)s to be superseded, %(unchanged)s unchanged."
            " Nothing is written before it is approved."
        )
        messages.success(request, said % counts)
        if found.passed_over:
            words = _("The file says otherwise, and it is not taken in with a set: %(parts)s.")
            parts = list(found.passed_over[:SHOWN])
            if (more := len(found.passed_over) - SHOWN) > 0:
                parts.append(
                    ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
                )
            messages.warning(request, words % {"parts": ", ".join(parts)})
        return redirect(change)

    page = Page(
        title=_("Take in a set of policies"),
        button=_("Read the file"),
        name=_("Policy changes"),
        back=reverse("permits:policy_changes"),
        then=_("It becomes a draft with a part for each policy that differs from the register."),
    )
    return answer(request, form, page, perform)


def _in_row(refusal: Refusal) -> str:
    place = ", ".join(one for one in (refusal.key, refusal.field) if one)
    if not place:
        return refusal.reason
    return _("%(place)s: %(reason)s") % {"place": place, "reason": refusal.reason}


def find(number: str) -> PolicyChange:
    change: PolicyChange = get_object_or_404(
        PolicyChange.objects.select_related(
            "policy__replaces", "replaced__policy", "drafted_by", "decided_by"
        ),
        number=number,
    )
    return change


@require_http_methods(METHODS)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """The draft as a form."""
    change, register = find(number), current_register()
    form = DraftForm(sent(request), change=change, register=register)

    def perform(form: DraftForm) -> HttpResponse:
        given = form.cleaned_data
        drafting.save_change(
            change,
            content=form.content(),
            rationale_en=given["rationale_en"],
            rationale_fr=given["rationale_fr"],
            note=given["note"],
            by=who(request),
            seen=given["seen"],
        )
        messages.success(
            request,
            _("%(number)s is kept. Nothing changes yet.") % {"number": change.number},
        )
        return redirect(change)

    def draw(page: Page, form: DraftForm, status: int) -> HttpResponse:
        if page.changed:
            words = _("It was kept in another window since. Both versions are below.")
            page = replace(page, changed=words)
        context = {
            "page": page,
            "form": form,
            "change": change,
            "title": _title(change),
            "kept": list(_kept_meanwhile(form, find(number), register)) if page.changed else [],
        }
        return render(request, "permits/policy_change_form.html", context, status=status)

    page = Page(
        title=_("Edit the draft"),
        button=_("Keep the draft"),
        name=change.number,
        back=change.get_absolute_url(),
        refusal=_why_not_edit(request, change),
    )
    return answer(request, form, page, perform, draw)


def _kept_meanwhile(
    form: DraftForm, now: PolicyChange, register: Register
) -> Iterator[tuple[str, str]]:
    """What another window kept in the fields in which this one says something else."""
    saved = DraftForm(None, change=now, register=register)
    pairs: list[tuple[BaseForm, BaseForm]] = [(form, saved)]
    for name, part in form.parts.items():
        pairs += zip(part.forms, saved.parts[name].forms, strict=False)
    for typed, kept in pairs:
        for field in kept:
            if field.is_hidden or field.name == "DELETE":
                continue
            there, here = (
                [one for one in raw(side[field.name].value()) if one] for side in (kept, typed)
            )
            if there != here:
                yield str(field.label), ", ".join(there) or "—"


def _why_not_edit(request: HttpRequest, change: PolicyChange) -> str:
    if change.drafted_by_id != request.user.pk:
        return _("Only who drafted a change edits and proposes it.")
    if change.status not in drafting.EDITABLE:
        return _("This is not a draft any more: it stays as it was proposed.")
    return ""


# The page of a change


PermitRow = tuple[PermitMove, date, list[previewed.Side], list[previewed.Later]]


class GroupRow(NamedTuple):
    """Permits that are alike in how far they were used: the first or all, and what moves, also on
    later days."""

    group: Group
    total: int
    permits: list[PermitRow]
    left: str


@require_safe
def change(request: HttpRequest, number: str) -> HttpResponse:
    """A change: before and after, what it would do, what is to be settled, who approves."""
    row, register = find(number), current_register()
    impact = unsealed(row.preview, row.found) if row.found else None
    if request.GET.get("format") == "csv" or request.GET.get("list"):
        if impact is None:
            raise Http404
        return previewed.answer(request, row, _title(row), impact)
    everything = request.GET.get("all", "")
    settled = findings_shown(row, register) if row.status in drafting.PENDING else []
    blocking = [one for one in settled if one.blocks]
    page = _policies(row, request.GET.get("page"))
    words = in_words(row, register, page.these)
    changed = [one for one in words if one.changes]
    mine = row.drafted_by_id == request.user.pk
    may_edit = mine and row.status in drafting.EDITABLE
    is_pending = row.status in drafting.PENDING
    is_administrator = Role.ADMINISTRATOR in rights_of(request)
    may_check = not mine and row.status == ChangeStatus.PROPOSED and is_administrator
    places = {
        one["key"] or one["content"]["policy"]["key"]: place
        for place, one in enumerate(row.content.get("changes", ()))
    }
    context = {
        "change": row,
        "title": _title(row),
        "impact": impact,
        "counts": impact.counts() if impact else {},
        "moved": previewed.rows(impact.moved[:SHOWN] if impact else ()),
        "restated": previewed.rows(impact.restated[:SHOWN] if impact else ()),
        "decided": previewed.rows(impact.decided[:SHOWN] if impact else ()),
        "acted": previewed.rows(impact.acted[:SHOWN] if impact else ()),
        "groups": _groups(impact.permits if impact else (), everything == "permits"),
        "policies": page,
        "changed": changed,
        "unchanged": [one for one in words if not one.changes],
        "findings": [
            (one, _address(row, one, changed, places, may_edit=may_edit))
            for one in (settled if everything == "findings" else settled[:MOST_FINDINGS])
        ],
        "to_settle": len(settled),
        "blocking": len(blocking),
        **_texts(row, page),
        "back_test": _back_test(request, row) if row.status in drafting.PENDING and not blocking
        else None,
        "under_way": previews.under_way(row) if row.status in drafting.EDITABLE else None,
        "is_pending": is_pending,
        "is_editable": row.status in drafting.EDITABLE,
        "may_edit": may_edit,
        "may_check": may_check,
        "against": _why_not(partial(policy_changes.refuse_approval, row, by=who(request)))
        if may_check
        else "",
        "may_withdraw": is_pending
        and is_administrator
        and not _why_not(partial(drafting.refuse_withdrawal, row, who(request))),
        "sweeps": PermitSweep.objects.filter(change=row).select_related("policy"),
        "may_sweep": impact is not None
        and bool(impact.permits)
        and bool(rights_of(request) & PROPOSERS)
        and bool(policies_to_sweep(row)),
        "is_mine": mine,
        "begins": day(row.content.get("from")),
    }  # fmt: skip
    return render(request, "permits/policy_change.html", context)


def _address(
    change: PolicyChange,
    finding: Finding,
    changed: list[FieldWords],
    places: Mapping[str, int],
    *,
    may_edit: bool,
) -> str:
    """Where what was found stands: in the form for its author, else among what changes.

    `places` are those of the policies of a set.
    """
    if finding.part:
        return f"?page={places[finding.part] // PAGE + 1}#row-{finding.part}"
    if may_edit and (finding.field or (finding.blocks and change.kind != ChangeKind.SET)):
        url = reverse("permits:edit_policy_change", args=[change.number])
        return f"{url}#{finding.anchor}" if finding.field else url
    if finding.field.startswith("rationale"):
        return "#rationale"
    if not finding.field:
        return ""
    names = [one.name for one in changed]
    name = row_of_field(finding.field)
    return f"#row-{names.index(name) + 1}" if name in names else "#what"


class Policies(NamedTuple):
    """Which of the policies of a set are on the page, and how many are added and put right."""

    these: slice
    page: Paged[int] | None = None
    added: int = 0
    corrected: int = 0


def _policies(change: PolicyChange, wanted: str | None) -> Policies:
    if change.kind != ChangeKind.SET:
        return Policies(ALL)
    rows = change.content["changes"]
    page = Paginator(range(len(rows)), PAGE).get_page(wanted)
    added = sum(row["kind"] == ChangeKind.IMPOSE for row in rows)
    these = slice(page.start_index() - 1, page.end_index())
    return Policies(these, page, added, len(rows) - added)


def _texts(change: PolicyChange, page: Policies) -> dict[str, Any]:
    """The texts in both languages; of a set, whose texts stand above, those that differ."""
    texts = [one for one in pairs(change, page.these) if one.en or one.fr]
    if page.page is None:
        return {"pairs": texts}
    differing = [one for one in texts if one.differences]
    return {"pairs": differing, "same": len(texts) - len(differing)}


def _groups(permits: Iterable[PermitMove], everything: bool) -> list[GroupRow]:
    found: dict[str, list[PermitMove]] = defaultdict(list)
    for one in permits:
        found[one.group].append(one)
    return [
        GroupRow(
            group,
            len(found[group]),
            [
                (one, date.fromisoformat(one.on), previewed.sides(one), previewed.later(one))
                for one in (found[group] if everything else found[group][:MOST_PERMITS])
            ],
            left_in_words(one.left for one in found[group]),
        )
        for group in Group
        if group in found
    ]


class TriedRow(NamedTuple):
    """Decided cases of one outcome: how many, and which of them would be held, or eased.

    `if_open`: if an open question is answered so, and not else.
    """

    outcome: str
    cases: int
    held: tuple[str, ...]
    held_if_open: tuple[str, ...]
    eased: tuple[str, ...]
    eased_if_open: tuple[str, ...]

    @property
    def share(self) -> int:
        return round(100 * len(self.held) / self.cases)


def _back_test(request: HttpRequest, change: PolicyChange) -> dict[str, Any]:
    """The draft tried on the cases of a period, once one is asked for: the last year is offered."""
    if "tried_from" not in request.GET:
        today = clock.today()
        year = {"tried_from": today - timedelta(days=365), "tried_to": today}
        return {"form": forms.BackTestForm(initial=year), "rows": [], "is_asked": False}
    form = forms.BackTestForm(request.GET)
    if not form.is_valid():
        return {"form": form, "rows": [], "is_asked": False}
    days = form.cleaned_data
    found = back_test(
        compose(change, at=clock.now()), start=days["tried_from"], end=days["tried_to"]
    )
    return {"form": form, "rows": _tried(found), "is_asked": True}


def _tried(found: BackTest) -> list[TriedRow]:
    return [
        TriedRow(
            str(Decided(outcome).label) if outcome in Decided.values else outcome,
            len(cases),
            tuple(one.reference for one in cases if one.is_held),
            tuple(one.reference for one in cases if one.is_held_if_open),
            tuple(one.reference for one in cases if one.is_eased),
            tuple(one.reference for one in cases if one.is_eased_if_open),
        )
        for outcome, cases in found.by_outcome().items()
    ]


# Acts


def _page(row: PolicyChange, title: str, button: str, then: str = "", **more: Any) -> Page:
    return Page(
        title=title,
        button=button,
        name=row.number,
        back=row.get_absolute_url(),
        then=then,
        facts=(
            (_("Change"), _title(row)),
            (_("Kind"), row.get_kind_display()),
            *more.pop("facts", ()),
        ),
        **more,
    )


@require_http_methods(["POST"])
def preview(request: HttpRequest, number: str) -> HttpResponse:
    """Finds out what the draft would do, or goes on with it where that takes long."""
    row = find(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        policy_changes.preview_change(
            row, by=who(request), seen=form.cleaned_data["seen"], seconds=previews.SECONDS
        )
        return redirect(row)

    page = _page(row, _("Preview what it would do"), _("Preview"))
    form = forms.PlainForm(request.POST, initial={"seen": row.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def close(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Makes the draft of a new policy end the one that claims the same."""
    row, other = find(number), get_object_or_404(Policy, key=key)
    first = day(row.content.get("from"))

    def perform(form: forms.PlainForm) -> HttpResponse:
        drafting.close_other(row, other, by=who(request), seen=form.cleaned_data["seen"])
        messages.success(
            request,
            _("%(number)s ends %(key)s too. Both are approved together.")
            % {"number": row.number, "key": key},
        )
        return redirect(row)

    page = _page(
        row,
        _("End the policy that claims the same"),
        _("Close it on %(day)s") % {"day": short_day(first)} if first else _("Close it"),
        _("The draft becomes an amendment of that policy, which ends on the day on which the new"
          " one begins. Nothing changes until another administrator has approved it."),
        facts=(
            (_("Policy"), f"{other.key}\n{other.title_fr if _is_french() else other.title_en}"),
            (_("Ends on"), short_day(first) if first else "—"),
        ),
        refusal=_why_not_edit(request, row),
    )  # fmt: skip
    form = forms.PlainForm(sent(request), initial={"seen": row.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Hands a draft to another administrator."""
    row = find(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        policy_changes.propose_change(row, by=who(request), seen=form.cleaned_data["seen"])
        messages.success(
            request,
            _("%(number)s is proposed. Another administrator approves or returns it.")
            % {"number": row.number},
        )
        return redirect(row)

    then = _("Its effect is looked at once more and sealed with it. You can’t approve it yourself.")
    page = _page(row, _("Send to a checker"), _("Propose the change"), then, facts=_in_brief(row))
    form = forms.PlainForm(sent(request), initial={"seen": row.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Writes a change into the register."""
    row = find(number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        try:
            policy_changes.approve_change(row, by=who(request), seen=form.cleaned_data["seen"])
        except Conflict:
            # Not to be pressed again: what is approved was read.
            raise Refused(
                _("It was changed since you looked at it. Go back and read it again.")
            ) from None
        messages.success(request, _("%(number)s is in the register.") % {"number": row.number})
        return redirect(row)

    then = _(
        "Its effect is looked at again: if it has moved since it was sealed, nothing is written."
        " Acts on live permits are decisions of their own, EIPA s. 10(1)."
    )
    page = _page(
        row,
        _("Approve the change"),
        _("Approve the change"),
        then,
        facts=_in_brief(row),
        refusal=_why_not(partial(policy_changes.refuse_approval, row, by=who(request))),
    )
    form = forms.PlainForm(sent(request), initial={"seen": row.version})
    return answer(request, form, page, perform)


def _why_not(check: Callable[[], None]) -> str:
    try:
        check()
    except (NotPermitted, Refused) as refusal:
        return str(refusal.words)
    return ""


def _in_brief(row: PolicyChange) -> tuple[tuple[str, str], ...]:
    """What it changes, and what was found, for who is about to act on it."""
    changed = [
        (one.name, " → ".join("; ".join(words) or "—" for words in (one.before, one.after)))
        if one.before
        else (one.name, "; ".join(one.after))
        for one in in_words(row, current_register(), slice(PAGE))
        if one.changes
    ]
    more = len(row.content.get("changes", ())) - PAGE
    if more > 0:
        words = ngettext(
            "%(count)s more policy, on the page of the change",
            "%(count)s more policies, on the page of the change",
            more,
        )
        changed.append((_("Others"), words % {"count": number_in_words(more)}))
    if not row.found:
        return tuple(changed)
    counts = row.preview["counts"]
    found = _(
        "%(moved)s open applications move, %(person)s of them need a person;"
        " %(permits)s live permits are in scope"
    )
    figures = {name: number_in_words(one) for name, one in counts.items()}
    return (*changed, (_("Preview"), found % figures))


@require_http_methods(METHODS)
def give_back(request: HttpRequest, number: str) -> HttpResponse:
    """Returns a proposed change to its author."""
    row = find(number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        policy_changes.return_change(
            row, reason=given["reason"], by=who(request), seen=given["seen"]
        )
        said = _("%(number)s is with its author again.")
        messages.success(request, said % {"number": row.number})
        return redirect(row)

    page = _page(row, _("Return to its author"), _("Return the change"))
    form = forms.WhyForm(sent(request), initial={"seen": row.version})
    return answer(request, form, page, perform)


@require_http_methods(METHODS)
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Gives a change up."""
    row = find(number)

    def perform(form: forms.WhyForm) -> HttpResponse:
        given = form.cleaned_data
        drafting.withdraw_change(row, reason=given["reason"], by=who(request), seen=given["seen"])
        messages.success(request, _("%(number)s is withdrawn.") % {"number": row.number})
        return redirect("permits:policy_changes")

    refusal = _why_not(partial(drafting.refuse_withdrawal, row, who(request)))
    page = _page(row, _("Withdraw the change"), _("Withdraw it"), refusal=refusal)
    form = forms.WhyForm(sent(request), initial={"seen": row.version})
    return answer(request, form, page, perform)
