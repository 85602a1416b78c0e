"""The review under s. 7.3: one consideration a page, its evidence and its measures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from history import clock
from permits import considerations, forms
from permits.domain.assessment import (
    CARD_FIELDS,
    basis_of,
    basis_parts,
    card_states,
    edit_card,
    is_second,
    refuse_to_sign,
    sign_card,
)
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import head_of
from permits.domain.digests import cited, is_available, is_past_review
from permits.domain.drafts import (
    Unreadable,
    draft_of,
    drop_draft,
    is_too_long,
    keep_draft,
    kept_until,
)
from permits.domain.ruling import rule_on
from permits.domain.sources import (
    EVIDENCE_FIELDS,
    MEASURE_FIELDS,
    add_evidence,
    add_measure,
    edit_source,
    remove_source,
)
from permits.models import Application, Card, Draft, Evidence, Measure
from permits.views.acts import METHODS, Page, answer, find, note_conflicts, sent, who, why_not
from permits.views.conflicts import compare
from permits.workflow import Action
from policies.models import Provision

SOURCES: dict[str, Any] = {
    "evidence": (Evidence, forms.EvidenceForm, add_evidence),
    "measures": (Measure, forms.MeasureForm, add_measure),
}


def _consideration(slug: str) -> considerations.Consideration:
    found = considerations.BY_SLUG.get(slug)
    if found is None:
        raise Http404
    return found


@require_http_methods(METHODS)
def card(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """One consideration: its text, the answers, the signatures. A POST saves the answers.

    What was typed stays whatever happens. On a conflict (409) the page shows in three columns
    what it was, what was typed and what is there now.
    """
    application, one = find(request, reference), _consideration(slug)
    file = read_file(application)
    note_conflicts(request, file)
    form = _card_form(file, one, sent(request))

    def perform(form: forms.CardForm) -> HttpResponse:
        seen = form.cleaned_data["seen"]
        before = file.card(one.number)
        was_signed = before is not None and before.first_by_id is not None
        saved = edit_card(application, one.number, form.values, by=who(request), seen=seen)
        drop_draft(application, one.slug, by=who(request))
        is_cleared = was_signed and saved.first_by_id is None
        messages.success(
            request, _("Saved. Two people sign it anew.") if is_cleared else _("Saved.")
        )
        return redirect("permits:card", reference, slug)

    def draw(page: Page, form: forms.CardForm, status: int) -> HttpResponse:
        # The sheet instead of the plain page of an act, with what went wrong. What was sent and not
        # saved is a draft now: whoever leaves the page finds it again.
        try:
            kept = _keep(request, application, one, form)
        except NotKept:
            kept = None
        return _sheet(request, read_file(application), one, form, page, status, kept=kept)

    page = _page(request, application, str(one.name))
    if request.method != "POST":
        return _reopened(request, file, one, form, page)
    return answer(request, form, page, perform, draw)


def _card_form(
    file: CaseFile, one: considerations.Consideration, data: QueryDict | None
) -> forms.CardForm:
    row = file.card(one.number) or Card(application=file.application, consideration=one.number)
    return forms.CardForm(
        data,
        instance=Card.objects.filter(pk=row.pk).first() or row,
        evidence=[(source.pk, source.title) for source in file.evidence],
        measures=[(measure.pk, str(measure)) for measure in file.measures],
    )


def _reopened(
    request: HttpRequest,
    file: CaseFile,
    one: considerations.Consideration,
    form: forms.CardForm,
    page: Page,
) -> HttpResponse:
    """The sheet with what this person left unsaved; in three columns if somebody saved since."""
    try:
        unsaved = _unsaved(request, file, one)
    except Unreadable:
        messages.warning(
            request, _("Your draft can't be read and is left out. This is what is saved.")
        )
        unsaved = None
    if unsaved is None or why_not(request, file.application, Action.ASSESS):
        return _sheet(request, file, one, form, page)
    draft, again = unsaved
    if draft.seen != again.instance.version:
        page = replace(page, compared=compare(again, again.instance))
    return _sheet(request, file, one, again, page, draft=draft)


def _unsaved(
    request: HttpRequest, file: CaseFile, one: considerations.Consideration
) -> tuple[Draft, forms.CardForm] | None:
    """This person's draft and the form that it fills, where it says something else than what is
    saved. Raises Unreadable."""
    draft = draft_of(file.application, one.slug, by=who(request))
    if draft is None:
        return None
    typed = QueryDict(mutable=True)
    for name, values in draft.fields.items():
        typed.setlist(name, values)
    typed["seen"] = str(draft.seen)
    form = _card_form(file, one, typed)
    return (draft, form) if set(form.changed_data) - {"seen"} else None


@require_http_methods(["POST"])
def draft(request: HttpRequest, reference: str, slug: str) -> JsonResponse:
    """Keeps what is typed into a consideration, and says in words where it stands.

    Kept (200) also where somebody else saved the consideration since, which it says; else 403, 422.
    """
    application, one = find(request, reference), _consideration(slug)
    form = _card_form(read_file(application), one, request.POST)
    try:
        kept = _keep(request, application, one, form)
    except NotKept as refusal:
        return JsonResponse({"words": refusal.words}, status=refusal.status)
    if not set(form.changed_data) - {"seen"}:
        drop_draft(application, one.slug, by=who(request))
        return JsonResponse({"words": _("Nothing is unsaved.")})
    if kept.seen != form.instance.version:
        words = _("Somebody else changed this. What you typed is kept.")
        return JsonResponse({"words": words, "changed": True})
    return JsonResponse({"words": _kept_in_words(kept)})


class NotKept(Exception):
    """Why what was sent is no draft: in words, and as the status of an answer."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.words, self.status = words, status


def _keep(
    request: HttpRequest,
    application: Application,
    one: considerations.Consideration,
    form: forms.CardForm,
) -> Draft:
    """Keeps what was sent as this person's draft. Raises NotKept."""
    fields = {name: request.POST.getlist(name) for name in form.fields if name != "seen"}
    seen = request.POST.get("seen", "")
    if not seen:
        raise NotKept(_("What was looked at is not told. Open the page again."), 422)
    if not seen.isdecimal() or len(seen) > 18 or is_too_long(fields):
        raise NotKept(_("Not saved: it is too long."), 422)
    try:
        return keep_draft(application, one.slug, fields, seen=int(seen), by=who(request))
    except (NotPermitted, Refused) as refusal:
        raise NotKept(str(refusal.words), 403) from refusal


def _kept_in_words(draft: Draft) -> str:
    at = draft.saved_at.astimezone(clock.OTTAWA)
    words = _("Draft saved %(time)s. Nobody else sees it until you save.")
    return words % {"time": f"{at:%H:%M}"}


@require_http_methods(["POST"])
def drop(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """Gives up what was typed and not saved."""
    application, one = find(request, reference), _consideration(slug)
    drop_draft(application, one.slug, by=who(request))
    messages.success(request, _("Your draft is gone. This is what is saved."))
    return redirect("permits:card", reference, slug)


def _page(request: HttpRequest, application: Application, title: str, button: str = "") -> Page:
    return Page(
        title=title,
        button=button or _("Save"),
        name=application.reference,
        back=application.get_absolute_url(),
        refusal=why_not(request, application, Action.ASSESS),
    )


def _sheet(
    request: HttpRequest,
    file: CaseFile,
    one: considerations.Consideration,
    form: forms.CardForm,
    page: Page,
    status: int = 200,
    draft: Draft | None = None,
    kept: Draft | None = None,
) -> HttpResponse:
    """The page. `draft`: what it opens with; `kept`: what was sent now and could not be saved."""
    application = file.application
    today = clock.today()
    ruling = rule_on(file, on=today, known_at=clock.now())
    states = card_states(file, ruling)
    place = considerations.CONSIDERATIONS.index(one)
    now = states[place]
    context = {
        "application": application,
        "file": file,
        "ruling": ruling,
        "one": one,
        "law": _law(one),
        "test": Provision.objects.filter(key="EIPA:7.4").order_by("-edition").first(),
        "form": form,
        "state": now,
        "all": [(considerations.BY_NUMBER[each.number], each) for each in states],
        "before": considerations.CONSIDERATIONS[place - 1] if place else None,
        "after": considerations.CONSIDERATIONS[place + 1] if place < 5 else None,
        "evidence": [(source, is_past_review(source, today)) for source in file.evidence],
        "measures": [(measure, is_available(measure, today)) for measure in file.measures],
        "why_not_edit": why_not(request, application, Action.ASSESS),
        "why_not_sign": _why_not_sign(request, file, now.card),
        "is_second": now.card is not None
        and now.card.first_by_id is not None
        and not now.is_stale
        and not now.is_signed_twice,
        "page": page,
        "draft": draft,
        "kept_until": kept_until(draft) if draft else None,
        "kept": _kept_in_words(kept) if kept else "",
        "status": status,
        "answers": list(_answers(file, now.card)) if now.card else [],
        "head": head_of(application),
    }
    return render(request, "permits/card.html", context, status=status)


def _law(one: considerations.Consideration) -> list[Provision]:
    """The sentence of the Act that the consideration ends, from its beginning."""
    keys = ["EIPA:7.3(1)", *(["EIPA:7.3(1)(b)"] if one.slug != "a" else []), one.key]
    rows = Provision.objects.filter(key__in=keys).order_by("edition")
    newest = {row.key: row for row in rows}
    return [newest[key] for key in keys if key in newest]


def _why_not_sign(request: HttpRequest, file: CaseFile, card: Card | None) -> str:
    if card is None:
        return _("Nothing is answered yet.")
    words = why_not(request, file.application, Action.SIGN)
    if words:
        return words
    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    basis = basis_of(basis_parts(file, card, ruling))
    try:
        refuse_to_sign(file, card, by=who(request), basis=basis, on=ruling.on)
    except (NotPermitted, Refused) as refusal:
        return str(refusal.words)
    return _why_not_before_saving(request, file, card)


def _why_not_before_saving(request: HttpRequest, file: CaseFile, card: Card) -> str:
    """Why nothing is signed beside one's own draft: what one reads there is not what one signs."""
    with suppress(Unreadable):
        if _unsaved(request, file, considerations.BY_NUMBER[card.consideration]) is not None:
            return _("You typed something here that is not saved. Save it or drop it, then sign.")
    return ""


@require_http_methods(METHODS)
def sign(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """The page on which a consideration is signed: it repeats what is signed."""
    application, one = find(request, reference), _consideration(slug)
    file = read_file(application)
    row = file.card(one.number)
    if row is None:
        raise Http404

    def perform(form: forms.PlainForm) -> HttpResponse:
        if unsaved := _why_not_before_saving(request, file, row):
            raise Refused(unsaved)
        signed = sign_card(row, by=who(request), seen_head=form.cleaned_data["seen"])
        second = signed.second_by_id is not None
        messages.success(
            request,
            _("Signed by both.") if second else _("Signed. A second person must sign it too."),
        )
        return redirect("permits:card", reference, slug)

    ruling = rule_on(file, on=clock.today(), known_at=clock.now())
    second = is_second(row, basis_of(basis_parts(file, row, ruling)))
    page = Page(
        title=_("Sign: %(name)s") % {"name": one.name},
        button=_("Sign as the second person") if second else _("Sign"),
        name=application.reference,
        back=row.get_absolute_url(),
        facts=tuple(_answers(file, row)),
        then=_("You sign this, the evidence and measures it cites, the lines, parties and ruling."),
        provision=one.cited,
        refusal=_why_not_sign(request, file, row) if request.method != "POST" else "",
    )
    form = forms.PlainForm(sent(request), initial={"seen": head_of(application)})
    return answer(request, form, page, perform)


def _answers(file: CaseFile, card: Card) -> Iterator[tuple[str, str]]:
    """Every answer that a signature stands for, with what is cited in full."""
    for name in CARD_FIELDS:
        rows: list[Any] = []
        if name == "evidence":
            rows = cited(file.evidence, card.evidence)
            told = "\n\n".join(_in_full(row, EVIDENCE_FIELDS) for row in rows)
        elif name == "measures":
            rows = cited(file.measures, card.measures)
            told = "\n\n".join(_measure_in_full(row) for row in rows)
        else:
            told = _shown(card, name)
        yield _label(card, name), told or _("Nothing is cited.")


def _in_full(row: Evidence | Measure, names: tuple[str, ...]) -> str:
    told = ((_label(row, name), _shown(row, name)) for name in names)
    return "\n".join(
        _("%(label)s: %(text)s") % {"label": label, "text": text} for label, text in told if text
    )


def _measure_in_full(row: Measure) -> str:
    told = _in_full(row, MEASURE_FIELDS)
    if is_available(row, clock.today()):
        return told
    warning = _("It is not available today: s. 7.4 looks at available measures.")
    return f"{told}\n{warning}"


def _label(row: Any, name: str) -> str:
    return str(capfirst(row._meta.get_field(name).verbose_name))


def _shown(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, date):
        return short_day(value)
    choice = getattr(row, f"get_{name}_display", None)
    return str(choice() if choice else "" if value is None else value)


@require_http_methods(METHODS)
def new_source(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """Evidence, or a mitigating measure."""
    application = find(request, reference)
    if kind not in SOURCES:
        raise Http404
    model, shape, add = SOURCES[kind]

    def perform(form: Any) -> HttpResponse:
        add(application, form.values, by=who(request))
        messages.success(request, _("Added. A consideration may cite it now."))
        return _back(request, application)

    form = shape(sent(request), instance=model(application=application))
    title = _("Add evidence") if kind == "evidence" else _("Add a mitigating measure")
    return answer(request, form, _source_page(request, application, title), perform)


@require_http_methods(METHODS)
def change_source(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Other values for evidence or a measure."""
    row, application = _source(request, kind, number)
    _model, shape, _add = SOURCES[kind]

    def perform(form: Any) -> HttpResponse:
        seen = row.version
        saved = edit_source(row, form.values, by=who(request), seen=form.cleaned_data["seen"])
        signed = any(
            card.first_by_id is not None and row.pk in getattr(card, kind)
            for card in read_file(application).cards
        )
        words = _("Saved.")
        if signed and saved.version != seen:
            words = _("Saved. The considerations that cite it are signed anew.")
        messages.success(request, words)
        return _back(request, application)

    form = shape(sent(request), instance=_source(request, kind, number)[0])
    return answer(request, form, _source_page(request, application, str(row)), perform)


@require_http_methods(METHODS)
def drop_source(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Takes evidence or a measure off the file."""
    row, application = _source(request, kind, number)

    def perform(form: forms.PlainForm) -> HttpResponse:
        remove_source(row, by=who(request), seen=form.cleaned_data["seen"])
        messages.success(request, _("Removed. The history keeps it."))
        return redirect(f"{application.get_absolute_url()}#review")

    form = forms.PlainForm(sent(request), initial={"seen": row.version})
    page = _page(request, application, _("Remove: %(what)s") % {"what": row}, _("Remove"))
    return answer(request, form, page, perform)


def _answered(request: HttpRequest) -> considerations.Consideration | None:
    """The consideration from whose page this one was opened, if it was."""
    return considerations.BY_SLUG.get(request.GET.get("for", ""))


def _back(request: HttpRequest, application: Application) -> HttpResponse:
    """To the consideration that was being answered, or else to the review of the case."""
    one = _answered(request)
    if one is not None:
        return redirect("permits:card", application.reference, one.slug)
    return redirect(f"{application.get_absolute_url()}#review")


def _source_page(request: HttpRequest, application: Application, title: str) -> Page:
    page, one = _page(request, application, title), _answered(request)
    if one is None:
        return page
    back = reverse("permits:card", args=[application.reference, one.slug])
    return replace(page, name=f"{application.reference}, {one.short}", back=back)


def _source(request: HttpRequest, kind: str, number: int) -> tuple[Any, Application]:
    if kind not in SOURCES:
        raise Http404
    rows = SOURCES[kind][0].objects.select_related("application")
    row = get_object_or_404(rows, pk=number, is_removed=False)
    return row, find(request, row.application.reference)
