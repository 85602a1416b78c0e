"""Screens of cases and permits. Only what the case's page edits is edited here too.

An application's form, lines and parties are saved by the functions of `permits.domain.intake`, all
of them or none. What such a function refuses comes back at the form that it is about, with what was
typed. Considerations, decisions and permits are read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, Field, Model, OuterRef, Q, QuerySet, Subquery
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.days import instant_in_words, short_day
from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.admin import AskedSite, ShownInline, ShownScreen, link
from history.domain.door import Conflict
from permits.choices import PartyRole
from permits.considerations import BY_NUMBER
from permits.domain import intake
from permits.domain.standing import read_standing
from permits.figures import figure, in_dollars, or_no_limit
from permits.forms import ApplicationForm, LineForm, PartyForm, put_errors
from permits.models import (
    Application,
    Card,
    Decision,
    Line,
    Party,
    Permit,
    PermitAct,
    PermitLine,
)
from permits.views.acts import who
from permits.views.permits import change_in_words
from permits.workflow import TRANSITIONS, Action
from policies.domain.search import folded, pattern
from policies.forms.items import ItemsInput, Sought
from policies.models import Destination

logger = logging.getLogger("security")

if TYPE_CHECKING:
    FormSet = BaseInlineFormSet[Any, Any, Any]
    Stacked = admin.StackedInline[Any, Any]
else:
    FormSet = BaseInlineFormSet
    Stacked = admin.StackedInline

FAULTS = (ValidationError, NotPermitted, Refused, Conflict)


class NotSaved(Exception):
    """What the domain said against it, by the prefix of the form; the whole page is undone."""

    def __init__(self, faults: Mapping[str, Exception]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults

    @property
    def status(self) -> int:
        """As any page of an act answers: bad input 200, you may not 403, not now 409."""
        if any(isinstance(one, NotPermitted) for one in self.faults.values()):
            return 403
        only_bad_input = all(isinstance(one, ValidationError) for one in self.faults.values())
        return 200 if only_bad_input else 409


# The forms


if TYPE_CHECKING:
    Shape = forms.ModelForm[Any]
else:
    Shape = object


class TriedForm(Shape):
    """A form of the case's page, as the administration shows it.

    `not_saved` is what became of saving what is typed in it, where that was tried and refused.
    """

    not_saved: NotSaved | None = None
    taken: tuple[str, ...] = ()
    """The fields that the domain function takes."""

    def clean(self) -> dict[str, Any] | None:
        found = super().clean()
        fault = self.not_saved and self.not_saved.faults.get(self.prefix or "")
        if isinstance(fault, ValidationError):
            put_errors(self, fault)
        elif isinstance(fault, Conflict):
            self._put_conflict(fault.now)
        elif isinstance(fault, NotPermitted | Refused):
            self.add_error(None, str(fault.words))
        return found

    def _put_conflict(self, now: Model | None) -> None:
        """Beside each value that is now another: what it is. Who has read it may save again."""
        self.add_error(None, gettext("Somebody else changed this while you were looking at it."))
        for name in self.taken:
            stored = getattr(now, name, None)
            if name in self.cleaned_data and not _alike(self.cleaned_data[name], stored):
                words = gettext("Now saved: %(value)s") % {"value": _in_words(now, name) or "—"}
                self.add_error(name, words)

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, by field name.

        A browser sends its own line ends: a text that differs in nothing else is as it was.
        """
        return {
            name: stored if _alike(value, stored) else value
            for name in self.taken
            if name in self.cleaned_data
            for value, stored in [(self.cleaned_data[name], getattr(self.instance, name))]
        }

    @property
    def is_edited(self) -> bool:
        """Whether a value is another than the row has."""
        return any(value != getattr(self.instance, name) for name, value in self.values.items())

    @property
    def looked_at(self) -> int | None:
        """The version of the row that was looked at."""
        return cast("int | None", self.cleaned_data.get("seen"))


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
    return bool(one == other)


def _in_words(row: Model | None, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, Decimal):
        return figure(value)
    choice = getattr(row, f"get_{name}_display", None)
    return str(choice() if choice else "" if value is None else value)


class TriedApplicationForm(TriedForm, ApplicationForm):
    taken = intake.APPLICATION_FIELDS

    def clean(self) -> dict[str, Any] | None:
        found = super().clean()
        if self.not_saved and "" not in self.not_saved.faults:
            self.add_error(None, gettext("Nothing was saved: see what is said below."))
        return found


class TriedLineForm(TriedForm, LineForm):
    """A line. Items that words find are named for want of room to tick them."""

    taken = intake.LINE_FIELDS
    chosen = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].widget = ItemsInput()
        if self.is_bound:
            typed = self["items"].data or ""
            self._sought = Sought(typed, [], most=intake.MOST_ITEMS, to_tick=False)


class TriedPartyForm(TriedForm, PartyForm):
    taken = intake.PARTY_FIELDS

    def check(self, unread: Collection[str]) -> None:
        # Whether there is another applicant is known once what the page takes off is off.
        super().check({*unread, "role"})


class Parts(FormSet):
    """Lines or parties that are on the application, or that were when the page was made."""

    def get_queryset(self) -> QuerySet[Any]:
        return self._rows

    @cached_property
    def _rows(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.filter(pk__in=self._sent()) if self.is_bound else rows.filter(is_removed=False)

    def _sent(self) -> list[int]:
        forms = range(min(self.initial_form_count(), self.absolute_max))
        keys = (self.data.get(f"{self.add_prefix(number)}-id", "") for number in forms)
        return [int(key) for key in keys if key.isdecimal() and len(key) < 19]

    @cached_property
    def _destinations(self) -> list[tuple[Any, Any]]:
        rows = sorted(Destination.objects.all(), key=lambda one: folded(one.name))
        return [("", "---------"), *((row.pk, str(row)) for row in rows)]

    def add_fields(self, form: Any, index: int | None) -> None:
        """The destinations to choose from are read once, not for every line."""
        super().add_fields(form, index)
        for field in form.fields.values():
            rows = getattr(field, "queryset", None)
            if rows is not None and rows.model is Destination:
                field.choices = self._destinations


# The screen of applications


Act = tuple[TriedForm, Callable[[], Any]]

FUNCTIONS: Mapping[type[Model], tuple[Callable[..., Any], ...]] = {
    Line: (intake.add_line, intake.edit_line, intake.remove_line),
    Party: (intake.add_party, intake.edit_party, intake.remove_party),
}


def acts_of(form: Any, formsets: Any, by: Any) -> Iterator[Act]:
    """What the page asks for: what is taken off first, then what is edited, then what is new."""
    application = form.instance
    if form.is_edited:
        yield (
            form,
            partial(intake.edit_application, application, form.values, by=by, seen=form.looked_at),
        )
    for formset in formsets:
        if formset.model not in FUNCTIONS:
            continue
        add, edit, remove = FUNCTIONS[formset.model]
        gone = formset.deleted_forms
        for one in gone:
            if one.instance.pk is not None:
                yield one, partial(remove, one.instance, by=by, seen=one.looked_at)
        for one in formset.initial_forms:
            if one.instance.pk is None:
                yield one, _refuse_unknown
            elif one not in gone and one.is_edited:
                yield one, partial(edit, one.instance, one.values, by=by, seen=one.looked_at)
        for one in formset.extra_forms:
            if one not in gone and one.has_changed():
                yield one, partial(add, application, one.values, by=by)


def _refuse_unknown() -> None:
    raise Refused(gettext("This was removed from the application."))


def may_edit(site: Any, request: HttpRequest, application: Application | None) -> bool:
    """By role and status where a form is shown.

    One that was sent is judged by the domain functions: they say why not, and nothing typed is
    lost.
    """
    if not cast("AskedSite", site).may(request, Application._meta, "POST"):
        return False
    return (
        application is None
        or request.method == "POST"
        or TRANSITIONS[Action.EDIT].applies_to(application.status, application.outcome)
    )


class PartInline(Stacked):
    """Lines or parties while they can be edited."""

    extra = 0
    formset = Parts
    view_on_site = False
    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made: Any = super().get_formset(request, obj, **kwargs)
        made.form.not_saved = not_saved_of(request)
        return made

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        """As on the case's page."""
        return db_field.formfield(**kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(self.admin_site, request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(self.admin_site, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Taking it off the application."""
        return may_edit(self.admin_site, request, obj)


class LineInline(PartInline):
    model = Line
    form = TriedLineForm
    related = ("origin",)
    fields = (
        ("items", "origin", "us_origin_percent"),
        "description",
        ("quantity", "unit", "unit_value", "total_value"),
        ("shipping_point", "measure", "seen"),
    )


class PartyInline(PartInline):
    model = Party
    form = TriedPartyForm
    related = ("country",)
    fields = (
        ("role", "name", "is_organization"),
        ("address", "country"),
        ("telephone", "email", "fax", "identifier"),
        ("contact_name", "contact_telephone", "status_in_canada", "seen"),
    )


class OnApplication(ShownInline):
    """What is on the application and was not removed."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(is_removed=False)


class ShownLines(OnApplication):
    model = Line
    related = ("origin",)
    fields = ("number", "codes", "description", "origin", "quantity", "unit", "total_value")
    readonly_fields = ("codes",)

    @admin.display(description=_("Control-list items"))
    def codes(self, row: Line) -> str:
        return " ".join(row.items)


class ShownParties(OnApplication):
    model = Party
    related = ("country",)
    fields = ("role", "name", "address", "country", "telephone", "email", "contact_name")


class CardInline(ShownInline):
    """Considerations are answered and signed on their own pages."""

    model = Card
    related = ("application", "first_by", "second_by")
    fields = ("what", "residual", "first", "second", "page")
    readonly_fields = ("what", "first", "second", "page")

    @admin.display(description=_("consideration"))
    def what(self, row: Card) -> str:
        one = BY_NUMBER[row.consideration]
        return f"{one.short} {one.name}"

    @admin.display(description=_("signed"))
    def first(self, row: Card) -> str:
        return str(row.first_by or "")

    @admin.display(description=_("countersigned"))
    def second(self, row: Card) -> str:
        return str(row.second_by or "")

    @admin.display(description=_("Page"))
    def page(self, row: Card) -> SafeString:
        return link(row.get_absolute_url(), str(BY_NUMBER[row.consideration].name))


def not_saved_of(request: HttpRequest) -> NotSaved | None:
    return getattr(request, "_not_saved", None)


FACTS = (
    *("reference", "activity", "status", "outcome", "filed_on", "submitted_on", "decided_on"),
    "holder",
)


class DestinationFilter(admin.RelatedOnlyFieldListFilter):
    """The destinations of the applications, in the order of their names in the page's language."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        found = super().field_choices(field, request, model_admin)
        return sorted(found, key=lambda one: folded(str(one[1])))


class ApplicationScreen(ShownScreen):
    """An application with its lines, parties and considerations."""

    form = TriedApplicationForm
    list_display = (
        *("reference", "applicant", "destination", "status", "outcome", "submitted_on", "holder"),
        "page",
    )
    list_filter = (
        "status",
        "outcome",
        "activity",
        ("destination", DestinationFilter),
        ("assigned_to", admin.RelatedOnlyFieldListFilter),
        "submitted_on",
    )
    search_fields = ("reference", "party_set__name", "line_set__description")
    list_per_page = 50
    readonly_fields = FACTS

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each word in the reference, a party's name or the goods, whatever accents are typed."""
        of_it = {"application": OuterRef("pk"), "is_removed": False}
        # At once: after each word Django would go over all the words before it.
        found = [
            Q(reference__iregex=like)
            | Exists(Party.objects.filter(name__iregex=like, **of_it))
            | Exists(Line.objects.filter(description__iregex=like, **of_it))
            for like in {pattern(word) for word in search_term.split()}
        ]
        return queryset.filter(*found), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        applicant = Party.objects.filter(
            application=OuterRef("pk"), role=PartyRole.APPLICANT, is_removed=False
        )
        rows: QuerySet[Application] = Application.objects.visible_to(request.user).for_pages()
        return rows.annotate(applicant_name=Subquery(applicant.values("name")[:1]))

    @admin.display(description=_("Applicant"), ordering="applicant_name")
    def applicant(self, row: Any) -> str:
        return str(row.applicant_name or "")

    @admin.display(description=_("assigned to"), ordering="assigned_to__name")
    def holder(self, row: Application) -> str:
        return str(row.assigned_to or "")

    @admin.display(description=_("Transit"))
    def passed(self, row: Application) -> str:
        return " ".join(row.transit)

    def history_subject(self, row: Application) -> str:
        return f"application:{row.reference}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(self.admin_site, request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        if self.has_change_permission(request, obj):
            return (LineInline, PartyInline, CardInline)
        return (ShownLines, ShownParties, CardInline)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the form of that activity asks for."""
        names = list(ApplicationForm(instance=obj).fields)
        if not self.has_change_permission(request, obj):
            names = ["passed" if name == "transit" else name for name in names if name != "seen"]
        return (*FACTS, *names)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.not_saved = not_saved_of(request)
        return made

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        """As on the case's page."""
        return db_field.formfield(**kwargs)

    # Saving

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """The page; what is sent is saved as a whole, or comes back with what was said against it.

        Django opens a transaction around each call: when the first leaves with `NotSaved`, nothing
        of it is left, and the second only shows the page.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotSaved as refusal:
            _prepare_second_look(request, refusal)
            response = super().changeform_view(request, object_id, form_url, extra_context)
            response.status_code = refusal.status
            return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Not yet: `save_related` saves the form together with what belongs to it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Each change by its domain function. Raises NotSaved with all that was refused."""
        faults: dict[str, Exception] = {}
        for one, act in acts_of(form, formsets, who(request)):
            try:
                act()
            except FAULTS as fault:
                faults[one.prefix or ""] = fault
        if faults:
            raise NotSaved(faults)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """For Django's log, which is not kept."""
        return []


def _prepare_second_look(request: HttpRequest, refusal: NotSaved) -> None:
    """The page says what was refused, and carries the versions that are there now."""
    request._not_saved = refusal  # type: ignore[attr-defined]
    typed = request.POST.copy()
    for prefix, fault in refusal.faults.items():
        if isinstance(fault, Conflict) and fault.now is not None:
            typed[f"{prefix}-seen" if prefix else "seen"] = str(fault.now.version)
        elif isinstance(fault, NotPermitted):
            # Denied attempts go to the security log, not to the history.
            logger.warning("denied: person:%s, %s: %s", request.user.pk, request.path, fault.words)
    request.POST = typed  # type: ignore[assignment]


# Decisions and permits


class DecisionScreen(ShownScreen):
    """A decision, as it was made."""

    list_display = ("application", "outcome", "decided_on", "decider", "page")
    list_filter = ("outcome", "decided_on")
    list_select_related = ("application", "decided_by")
    search_fields = ("application__reference",)
    ordering = ("-id",)
    fields = (
        *("application", "outcome", "grounds", "reasons", "decided_on", "decider"),
        *("capacity_en", "capacity_fr", "adopts_determination", "exceptions_signed"),
        *("is_for_war_material", "recommended_on", "rested_on"),
    )
    readonly_fields = ("decider", "recommended_on", "rested_on")

    @admin.display(description=_("Decided by"), ordering="decided_by__name")
    def decider(self, row: Decision) -> str:
        return str(row.decided_by)

    @admin.display(description=_("Digest of the file, as recommended"))
    def recommended_on(self, row: Decision) -> str:
        return row.recommendation.basis

    @admin.display(description=_("Digest of what it rested on"))
    def rested_on(self, row: Decision) -> str:
        return row.frozen_digest

    def view_on_site(self, row: Decision) -> str:
        """The page of its case."""
        return row.application.get_absolute_url()

    def history_subject(self, row: Decision) -> str:
        return f"application:{row.application.reference}"


class PermitLineInline(ShownInline):
    model = PermitLine
    verbose_name_plural = _("Lines, as issued")
    fields = ("number", "authorised", "unit", "worth")
    readonly_fields = ("authorised", "worth")

    @admin.display(description=_("quantity"))
    def authorised(self, row: PermitLine) -> str:
        return or_no_limit(row.quantity, figure)

    @admin.display(description=_("value"))
    def worth(self, row: PermitLine) -> str:
        return or_no_limit(row.value, in_dollars)


class PermitActInline(ShownInline):
    model = PermitAct
    related = ("line__permit", "proposed_by", "done_by", "declined_by")
    fields = ("kind", "line", "changed", "reason", "proposer", "doer", "done_on", "declined")
    readonly_fields = ("changed", "proposer", "doer", "declined")

    @admin.display(description=_("Change"))
    def changed(self, row: PermitAct) -> str:
        return "; ".join(f"{what}: {now}" for what, now in change_in_words(row.change))

    @admin.display(description=_("Proposed by"))
    def proposer(self, row: PermitAct) -> str:
        return str(row.proposed_by)

    @admin.display(description=_("Done by"))
    def doer(self, row: PermitAct) -> str:
        return str(row.done_by or "")

    @admin.display(description=_("Declined"))
    def declined(self, row: PermitAct) -> str:
        if row.declined_by is None or row.declined_at is None:
            return ""
        return f"{row.declined_by}, {instant_in_words(row.declined_at)}: {row.done_reason}"


def _with_unit(quantity: Decimal, unit: str) -> str:
    return f"{figure(quantity)} {unit}".strip()


class PermitScreen(ShownScreen):
    """A permit as it was issued, what was done to it, and what it is today."""

    list_display = ("number", "application", "issued_on", "valid_from", "issued_up_to", "page")
    list_filter = ("issued_on",)
    list_select_related = ("application",)
    search_fields = ("number", "application__reference")
    fields = ("number", "application", "issued_on", "valid_from", "issued_up_to", "today")
    readonly_fields = ("issued_up_to", "today")
    inlines = (PermitLineInline, PermitActInline)

    @admin.display(description=_("Last day, as issued"), ordering="valid_to")
    def issued_up_to(self, row: Permit) -> str:
        return short_day(row.valid_to)

    @admin.display(description=_("Today"))
    def today(self, row: Permit) -> str:
        """What the acts on it left, and what was shipped of it, line by line."""
        now = read_standing(row, clock.today())
        words = gettext("%(status)s, up to and including %(day)s")
        lines = gettext("Line %(number)s: %(quantity)s, %(value)s")
        told = [words % {"status": now.status.label, "day": short_day(now.valid_to)}]
        for line in now.lines:
            figures = {
                "quantity": or_no_limit(line.quantity, partial(_with_unit, unit=line.unit)),
                "value": or_no_limit(line.value, in_dollars),
            }
            said = lines % {"number": line.number, **figures}
            if line.used_quantity:
                used = {
                    "quantity": figure(line.used_quantity),
                    "value": in_dollars(line.used_value),
                }
                said += gettext(" (shipped: %(quantity)s %(unit)s, %(value)s)") % {
                    "unit": line.unit,
                    **used,
                }
            if line.is_cancelled or line.is_suspended:
                cancelled, suspended = pgettext("line", "Cancelled"), pgettext("line", "Suspended")
                said = f"{said} ({cancelled if line.is_cancelled else suspended})"
            told.append(said)
        return "; ".join(told)

    def history_subject(self, row: Permit) -> str:
        return f"permit:{row.number}"
