"""The shape of what is typed about a case. What it means is judged by the domain functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.choices import flatten_choices
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts import forms as accounts_forms
from accounts.forms import ReasonField
from accounts.models import User
from history.days import DayField
from permits.choices import (
    ActKind,
    Outcome,
    RefusalGround,
    ReturnGround,
    SweepAction,
)
from permits.domain import documents, intake, sources
from permits.domain.consultations import BY_HAND
from permits.domain.faults import Faults
from permits.domain.intake import LONGEST_TEXT
from permits.figures import FigureField, as_typed, figure
from permits.models import Application, Card, Document, Evidence, Line, Measure, Party
from policies.choices import Activity
from policies.domain.search import folded
from policies.forms.items import ItemsChosen, ItemsInput, Sought
from policies.models import Policy, SubRegion

CHOSEN = ("likelihood", "gravity", "link", "confidence", "residual")
"""The answers of a consideration that are chosen and not written."""


Check = Callable[[Mapping[str, Any], Collection[str]], object]
"""Raises what the domain has against the values; the fields that could not be read are named."""


class CheckedForm(forms.Form):
    """Says what the domain would say as well, so that one round tells all."""

    def __init__(self, *args: Any, check: Check | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._check = check

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        if self._check is not None:
            values = {name: one for name, one in self.cleaned_data.items() if name != "seen"}
            try:
                self._check(values, set(self.errors))
            except ValidationError as fault:
                put_errors(self, fault)
        return given


class SeenForm(CheckedForm, accounts_forms.SeenForm):
    """A form that carries the version of what was looked at."""

    def clean(self) -> dict[str, Any] | None:
        now = self.initial.get("seen")
        if now is not None and self.cleaned_data.get("seen") not in (None, now):
            # It was changed meanwhile. The act says that first, and keeps what was typed.
            self._check = None
        return super().clean()


def _text(label: Any, *, required: bool = True, rows: int = 4, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
        **more,
    )


# Intake


class NewForm(forms.Form):
    """What is applied for."""

    activity = forms.ChoiceField(
        label=_("Activity"), choices=Activity.choices, widget=forms.RadioSelect
    )


if TYPE_CHECKING:
    Base = forms.ModelForm[Any]
else:
    Base = forms.ModelForm


def documents_of(application: Application) -> QuerySet[Document]:
    """The documents that can be named on a case."""
    return Document.objects.filter(application=application, is_removed=False)


def put_errors(form: forms.BaseForm, fault: ValidationError) -> None:
    """Errors of the domain, each at its field; what has no field here at the top.

    A form may say `told_at` which field stands for one that it does not have. A field that has an
    error already has been judged by what it can hold, and keeps that one.
    """
    if hasattr(fault, "error_dict"):
        told_at: Mapping[str, str] = getattr(form, "told_at", {})
        for field, errors in fault.error_dict.items():
            name = told_at.get(field, field)
            if name not in form.errors:
                form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error("reason" if "reason" in form.fields else None, fault)


def raw(value: Any) -> list[str]:
    """A value as a browser would send it."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if value is None or value is False:
        return []
    if isinstance(value, Decimal):
        return [as_typed(value)]
    return ["on" if value is True else str(value)]


def in_words(field: forms.Field, value: Any) -> str:
    """What a field holds, as people read it."""
    if isinstance(field, forms.BooleanField):
        return gettext("Yes") if value else gettext("No")
    known: Iterable[tuple[Any, Any]] = flatten_choices(getattr(field, "choices", ()))
    choices = {str(key): str(label) for key, label in known}
    if isinstance(value, list | tuple):
        return ", ".join(choices.get(str(one), str(one)) for one in value)
    if value in (None, ""):
        return ""
    if isinstance(value, Decimal):
        return figure(value)
    return choices.get(str(value)) or str(localize(value))


class _ByName(ModelChoiceIterator):  # type: ignore[type-arg] # not at run time
    """Choices in the order of their names, in the language of the page."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", str(self.field.empty_label)
        found = [self.choice(row) for row in self.queryset or ()]
        yield from sorted(found, key=lambda one: folded(str(one[1])))


class _ToldApart(ModelChoiceIterator):  # type: ignore[type-arg] # not at run time
    """Documents by their titles; those with one title also by date and file."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", str(self.field.empty_label)
        rows = list(self.queryset or ())
        many = Counter(row.title for row in rows)
        for row in rows:
            value, label = self.choice(row)
            yield value, label if many[row.title] == 1 else row.in_full


class ModelShape(accounts_forms.SeenForm, Base):
    """Fields of a row. Never saved from here: a domain function takes the values.

    For each name sent as `take` what the row has stands, and not what was typed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial.setdefault("seen", self.instance.version)
        if self.is_bound and "take" in self.data:
            sent: Any = self.data
            self.data = sent.copy()
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 4
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                if field.queryset.model is Document:
                    field.iterator = _ToldApart
                    field.queryset = documents_of(self.instance.application)
                else:
                    field.iterator = _ByName
                    field.queryset = field.queryset.order_by("code")

    def full_clean(self) -> None:
        # Here and not on making: what the row has may be written in another way by a subclass.
        data: Any = self.data
        taken = data.pop("take", []) if self.is_bound and "take" in data else []
        for name in taken:
            if name in self.fields and name != "seen":
                data.setlist(name, raw(self.initial.get(name)))
        super().full_clean()

    def _post_clean(self) -> None:
        """Rules of the row are the domain function's, which says them in words, at the field."""

    def clean(self) -> dict[str, Any] | None:
        """Says what the domain function would say as well, so that one round tells all."""
        given = super().clean()
        try:
            self.check(set(self.errors))
        except ValidationError as fault:
            put_errors(self, fault)
        return given

    def check(self, unread: Collection[str]) -> None:
        """Raises ValidationError with all that the domain has against `values`."""

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, by field name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class ApplicationForm(ModelShape):
    """The application's form. What only the other activity asks for is left out."""

    transit = forms.CharField(
        label=_("Transit"),
        required=False,
        help_text=_("Two-letter codes of the destinations passed, such as DE AE."),
    )
    sub_region = forms.ChoiceField(label=_("Region, if one is meant"), required=False)

    class Meta:
        model = Application
        fields = [
            "destination",
            "sub_region",
            "transit",
            "country_of_export",
            "end_user_kind",
            "end_use",
            "end_use_location",
            "resale_or_government",
            "brokering_paragraph",
            "delivery",
            "form_date",
            "is_signed",
            "declares_no_diversion",
            "declares_not_controlled_goods",
            "is_of_us_controlled_goods",
        ]
        field_classes = {"form_date": DayField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_french = (get_language() or "").startswith("fr")
        regions: dict[str, list[tuple[str, str]]] = {}
        for one in SubRegion.objects.select_related("destination"):
            named = one.name_fr if is_french else one.name_en
            regions.setdefault(one.destination.name, []).append((one.code, named))
        self.fields["sub_region"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *sorted(regions.items(), key=lambda one: folded(one[0])),
        ]
        self.initial["transit"] = " ".join(self.instance.transit)
        brokering = self.instance.activity == Activity.BROKERING
        others = (
            (
                "delivery",
                "form_date",
                "declares_no_diversion",
                "declares_not_controlled_goods",
                "is_of_us_controlled_goods",
            )
            if brokering
            else ("country_of_export", "resale_or_government", "brokering_paragraph")
        )
        for name in others:
            self.fields.pop(name, None)

    def check(self, unread: Collection[str]) -> None:
        intake.checked_application(self.instance, self.values, unread)

    def clean_transit(self) -> list[str]:
        return [code.upper() for code in self.cleaned_data["transit"].replace(",", " ").split()]


class LineForm(ModelShape):
    """A line of the application.

    Words in place of a number come back with the items that have them, to be ticked as `chosen`.
    """

    items = forms.CharField(
        label=_("Control-list items"),
        required=False,
        help_text=_(
            "Numbers, or words to find them by, with a comma between: 2-15.d, battle tanks."
        ),
    )
    chosen = ItemsChosen(
        label=_("Items found"), required=False, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("items", "chosen")

    class Meta:
        model = Line
        fields = [
            "items",
            "description",
            "origin",
            "us_origin_percent",
            "quantity",
            "unit",
            "unit_value",
            "total_value",
            "shipping_point",
            "measure",
        ]
        field_classes: ClassVar = dict.fromkeys(
            ("us_origin_percent", "quantity", "unit_value", "total_value"), FigureField
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["items"] = " ".join(self.instance.items)
        self._sought = Sought("", [], most=0)
        if "chosen" in self.fields:
            self.fields["items"].widget = ItemsInput()
            if self.is_bound:
                typed, ticked = self["items"].data or "", list(self["chosen"].data or ())
                self._sought = Sought(typed, ticked, most=intake.MOST_ITEMS)
            if choices := self._sought.choices():
                self.fields["chosen"].choices = choices  # type: ignore[attr-defined]
            else:
                del self.fields["chosen"]

    def check(self, unread: Collection[str]) -> None:
        intake.checked_line(self.instance, self.values, unread)

    def clean_items(self) -> list[str]:
        """Numbers, and what was ticked for words. Words that find nothing stay, to be refused."""
        items, faults = self._sought.items(self.cleaned_data["items"])
        if faults:
            try:
                intake.checked_items(items)
            except ValidationError as fault:
                faults += fault.messages
            raise ValidationError(faults)
        return items

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values.items() if name != "chosen"}


class PartyForm(ModelShape):
    """A party."""

    class Meta:
        model = Party
        fields = [
            "role",
            "is_organization",
            "name",
            "address",
            "country",
            "telephone",
            "email",
            "fax",
            "identifier",
            "contact_name",
            "contact_telephone",
            "status_in_canada",
        ]

    def check(self, unread: Collection[str]) -> None:
        intake.checked_party(self.instance, self.values, unread)


# The review


class SourceForm(ModelShape):
    """What considerations cite. Each field that may be left empty says so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.required and not isinstance(field, forms.BooleanField):
                field.label = gettext("%(label)s (optional)") % {"label": field.label}

    def check(self, unread: Collection[str]) -> None:
        sources.checked_source(self.instance, self.values, unread)


class EvidenceForm(SourceForm):
    """A source."""

    class Meta:
        model = Evidence
        fields = ["title", "source", "says", "dated", "reliability", "review_by", "document"]
        field_classes = {"dated": DayField, "review_by": DayField}


class MeasureForm(SourceForm):
    """A mitigating measure."""

    class Meta:
        model = Measure
        fields = [
            "kind",
            "giver",
            "form",
            "wording",
            "scope",
            "mechanism",
            "dated",
            "expires_on",
            "is_in_force",
            "document",
        ]
        field_classes = {"dated": DayField, "expires_on": DayField}


class CardForm(ModelShape):
    """A consideration, in the order in which it is worked on."""

    evidence = forms.TypedMultipleChoiceField(
        label=_("Evidence cited"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    measures = forms.TypedMultipleChoiceField(
        label=_("Mitigating measures cited"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Card
        fields = [
            "finding",
            "evidence",
            "likelihood",
            "gravity",
            "link",
            "confidence",
            "measures",
            "measures_considered",
            "residual",
            "residual_reason",
            "would_change",
        ]
        widgets = dict.fromkeys(
            ("likelihood", "gravity", "link", "confidence", "residual"), forms.RadioSelect
        )

    def __init__(
        self,
        *args: Any,
        evidence: Iterable[tuple[int, str]] = (),
        measures: Iterable[tuple[int, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # A consideration is compared from the first: somebody else may have begun it.
        self.initial["seen"] = self.instance.version
        self.fields["evidence"].choices = list(evidence)  # type: ignore[attr-defined]
        self.fields["measures"].choices = list(measures)  # type: ignore[attr-defined]
        for name in CHOSEN:
            field = self.fields[name]
            # The empty choice is no answer that anybody gives.
            field.choices = [one for one in field.choices if one[0]]  # type: ignore[attr-defined]


# Acts


class PlainForm(SeenForm):
    """Nothing to be typed."""


class BackTestForm(forms.Form):
    """The period of the decided cases on which a draft is tried."""

    tried_from = DayField(label=_("Decided from"))
    tried_to = DayField(label=_("Up to and on"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("tried_from"), given.get("tried_to")
        if first and last and last < first:
            self.add_error("tried_to", _("The last day is before the first."))
        return given


class WhyForm(SeenForm):
    """A reason."""

    reason = ReasonField()


class SweepForm(forms.Form):
    """Under which policy live permits are looked at."""

    policy = forms.ChoiceField(label=_("Policy"))

    def __init__(self, *args: Any, policies: Iterable[Policy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        french = (get_language() or "").startswith("fr")
        self.fields["policy"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *(
                (one.key, f"{one.key}: {one.title_fr if french else one.title_en}")
                for one in policies
            ),
        ]


class SweepGroupForm(SeenForm):
    """What is done with permits of a sweep, and why."""

    action = forms.ChoiceField(
        label=_("Action"), choices=SweepAction.choices, widget=forms.RadioSelect
    )
    reason_en = ReasonField(label=_("Reason (English)"))
    reason_fr = ReasonField(label=_("Reason (French)"))


class AssignForm(SeenForm):
    """To whom."""

    to = forms.ModelChoiceField(
        label=_("Person"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class ConsultForm(SeenForm):
    """Whom to ask, what, until when."""

    body = forms.CharField(label=_("Body"), max_length=200)
    question = _text(_("Question"))
    due_on = DayField(label=_("Answer due"))


class DueForm(SeenForm):
    """Another day for the answer of a body, and why."""

    due_on = DayField(label=_("Answer due"))
    reason = ReasonField()


class AnswerForm(SeenForm):
    """What a body answered."""

    answer = _text(_("Answer"))
    answered_on = DayField(label=_("Answered"))


class WaitForm(SeenForm):
    """Whom the office waits for, since when."""

    kind = forms.ChoiceField(
        label=_("The office waits for"), choices=[(kind.value, kind.label) for kind in BY_HAND]
    )
    from_on = DayField(label=_("Since"))
    reason = ReasonField()


class EndForm(SeenForm):
    """The last day of a wait."""

    to_on = DayField(label=_("Day"))


def _say_why_not(field: forms.Field, why_not: Mapping[str, str]) -> None:
    """Says under each choice why it cannot be taken now. It can be sent all the same."""
    choices: Any = field
    choices.choices = [
        (value, _with_why_not(label, why_not.get(value, ""))) for value, label in choices.choices
    ]


def _with_why_not(label: Any, why_not: str) -> Any:
    if not why_not:
        return label
    words = gettext("Not now. %(why)s") % {"why": why_not}
    return format_html('{}<span class="sub">{}</span>', label, words)


class RecommendForm(SeenForm):
    """What is recommended, on which grounds, under which conditions.

    `why_not` says of outcomes and grounds why they cannot be recommended now; `written` are the
    conditions of what was sent back, by key, which can be kept.
    """

    outcome = forms.ChoiceField(
        label=_("Recommendation"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    grounds = forms.MultipleChoiceField(
        label=_("Grounds, to refuse or to return"),
        required=False,
        choices=[*RefusalGround.choices, *ReturnGround.choices],
        widget=forms.CheckboxSelectMultiple,
    )
    reasons = _text(_("Reasons"))
    valid_to = DayField(label=_("Last day of the permit, to issue"), required=False)
    kept = forms.MultipleChoiceField(
        label=_("Conditions of what was sent back, to keep"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text_en = _text(
        _("A condition, in English (optional; more can be added)"), required=False, rows=2
    )
    text_fr = _text(_("The condition, in French"), required=False, rows=2)

    def __init__(
        self,
        *args: Any,
        why_not: Mapping[str, str],
        written: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _say_why_not(self.fields["outcome"], why_not)
        _say_why_not(self.fields["grounds"], why_not)
        if written:
            self.fields["kept"].choices = list(written.items())  # type: ignore[attr-defined]
        else:
            del self.fields["kept"]


class ConditionForm(SeenForm):
    """A condition in both languages."""

    text_en = _text(_("Condition, in English"), rows=2)
    text_fr = _text(_("Condition, in French"), rows=2)


class PutForm(SeenForm):
    """Until when the applicant may reply."""

    reply_by = DayField(
        label=_("Reply by"),
        help_text=_("A day that is no business day moves to the next one that is."),
    )


class ReplyForm(SeenForm):
    """What the applicant replied."""

    reply = _text(_("Reply"))
    replied_on = DayField(label=_("Replied"))


class PerformForm(SeenForm):
    """What a decision-maker signs who loosens a permit. `exceptions` are all that there are, and
    what stands for each."""

    exceptions_signed = forms.MultipleChoiceField(
        label=_("Exceptional circumstances that I sign"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, exceptions: Iterable[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = list(exceptions)
        if choices:
            self.fields["exceptions_signed"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["exceptions_signed"]


class IssueForm(PerformForm):
    """What the decision-maker stands for: of s. 7.4 only where a determination is made."""

    reasons = _text(_("Reasons"))
    adopts_determination = forms.BooleanField(
        label=_("I adopt the determination that no substantial risk remains (EIPA, s. 7.4)"),
        required=False,
    )
    field_order = ["reasons", "adopts_determination", "exceptions_signed"]

    def __init__(self, *args: Any, is_under_7_4: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_under_7_4:
            del self.fields["adopts_determination"]


class GroundsForm(SeenForm):
    """On which grounds, and why. `why_not` says of grounds why they cannot be taken now."""

    def __init__(self, *args: Any, why_not: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_why_not(self.fields["grounds"], why_not)


class RefuseForm(GroundsForm):
    """Why it is refused."""

    grounds = forms.MultipleChoiceField(
        label=_("Grounds"), choices=RefusalGround.choices, widget=forms.CheckboxSelectMultiple
    )
    reasons = _text(_("Reasons"))


class ReturnForm(GroundsForm):
    """Why it is returned without action: one ground."""

    grounds = forms.ChoiceField(
        label=_("Ground"), choices=ReturnGround.choices, widget=forms.RadioSelect
    )
    reasons = _text(_("Reasons"))

    def clean_grounds(self) -> list[str]:
        return [self.cleaned_data["grounds"]]


class DocumentForm(ModelShape):
    """What a document is."""

    class Meta:
        model = Document
        fields = ["kind", "title", "dated"]
        field_classes = {"dated": DayField}

    def check(self, unread: Collection[str]) -> None:
        documents.checked_document(self.instance, self.values, unread)


class NewDocumentForm(DocumentForm):
    """A file, and what it is."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, PNG, JPEG, plain text, DOCX, XLSX or ODT; at most 25 MB."),
    )
    field_order = ["file", "kind", "title", "dated"]

    def check(self, unread: Collection[str]) -> None:
        values, faults = self.values, Faults(unread)
        file = values.pop("file", None)
        if file:
            with faults.at("file"):
                documents.check_file(self.instance.application, file.file, file.size)
        with faults.at("title"):
            documents.checked_document(self.instance, values, unread)
        faults.refuse()


class StatementForm(SeenForm):
    """What is stated, why, by which source."""

    value = forms.ChoiceField(label=_("Statement"), widget=forms.RadioSelect)
    policies = forms.MultipleChoiceField(label=_("Instruments that list the party"), required=False)
    document = forms.ModelChoiceField(
        label=_("Document that shows it"),
        queryset=Document.objects.none(),
        required=False,
        empty_label=_("None"),
    )
    source = forms.CharField(label=_("Source looked at"), max_length=300, required=False)
    reason = ReasonField()

    def __init__(
        self,
        *args: Any,
        values: Iterable[tuple[str, Any]],
        documents: QuerySet[Document],
        policies: Iterable[tuple[str, str]] = (),
        needs_source: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].iterator = _ToldApart  # type: ignore[attr-defined]
        self.fields["document"].queryset = documents  # type: ignore[attr-defined]
        self.fields["value"].choices = list(values)  # type: ignore[attr-defined]
        listed = list(policies)
        if listed:
            self.fields["policies"].choices = listed  # type: ignore[attr-defined]
        else:
            del self.fields["policies"]
        if not needs_source:
            del self.fields["source"]


# A permit


class ActForm(CheckedForm):
    """What is to be done to a permit."""

    told_at: ClassVar = {"change": "kind"}

    kind = forms.ChoiceField(label=_("Act"), choices=ActKind.choices, widget=forms.RadioSelect)
    line = forms.TypedChoiceField(label=_("Line"), required=False, coerce=int, empty_value=None)
    valid_to = DayField(label=_("New last day (to amend)"), required=False)
    quantity = FigureField(
        label=_("New quantity of the line (to amend)"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=3,
    )
    value = FigureField(
        label=_("New value of the line in CAD (to amend)"),
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=2,
    )
    text_en = _text(
        _("A condition to add, in English (to amend; optional)"), required=False, rows=2
    )
    text_fr = _text(_("The condition, in French"), required=False, rows=2)
    reason = ReasonField()

    def __init__(
        self,
        *args: Any,
        kinds: Collection[str],
        lines: Mapping[int, str],
        at_once: bool = False,
        **kwargs: Any,
    ) -> None:
        """`kinds` are offered, and `lines`: each number and what is said of the line.

        `at_once`: one person does it. Adding a condition, or reinstating, takes two.
        """
        super().__init__(*args, **kwargs)
        if at_once:
            del self.fields["text_en"], self.fields["text_fr"]
        # Not offered; sent all the same, the domain says why not.
        self.fields["kind"].widget.choices = [
            one
            for one in ActKind.choices
            if one[0] in kinds and not (at_once and one[0] == ActKind.REINSTATE)
        ]
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            ("", _("The whole permit")),
            *lines.items(),
        ]

    def clean(self) -> dict[str, Any] | None:
        given = self.cleaned_data
        has_figures = any(
            name in self.errors or given[name] is not None for name in ("quantity", "value")
        )
        if has_figures and "line" in given and given["line"] is None:
            self.add_error("line", _("Choose the line whose figures are new."))
        return super().clean()

    @property
    def change(self) -> dict[str, Any]:
        """The amendment, as the domain takes it, of what could be read."""
        given = self.cleaned_data
        found: dict[str, Any] = {}
        if given.get("valid_to"):
            found["valid_to"] = given["valid_to"]
        figures = {
            name: given[name] for name in ("quantity", "value") if given.get(name) is not None
        }
        if figures:
            found["lines"] = {str(given.get("line")): figures}
        condition = {"en": given.get("text_en", ""), "fr": given.get("text_fr", "")}
        if any(condition.values()):
            found["conditions_added"] = [condition]
        return found


class UseForm(CheckedForm):
    """A shipment."""

    used_on = DayField(label=_("Shipped on"))
    quantity = FigureField(label=_("Quantity"), max_digits=14, decimal_places=3)
    value = FigureField(label=_("Value (CAD)"), max_digits=18, decimal_places=2)
    declaration = forms.CharField(
        label=_("Export declaration (optional)"), max_length=100, required=False
    )
    note = _text(_("Note (optional)"), required=False, rows=2)
    again = forms.BooleanField(label=_("It is another shipment"), required=False)

    def __iter__(self) -> Iterator[forms.BoundField]:
        """Whether it is another is asked only where the same was reported."""
        return (one for one in super().__iter__() if one.name != "again" or one.errors or one.data)
