"""The draft of a policy change as a form: what is typed, made into the content of a change.

A draft may be kept incomplete: what is missing is told on the page of the change. Refused here is
only what cannot be read: an unknown place, an item that is none, a day that is not in the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.forms import SeenForm
from history.days import DayField
from policies.choices import (
    Activity,
    Answer,
    ChangeKind,
    Confidence,
    Control,
    EndUserKind,
    ExistingPermits,
    GoodsKind,
    Layer,
    Requirement,
    Stance,
)
from policies.domain.codes import is_written_code
from policies.domain.policy_sets import LARGEST_SET
from policies.domain.reference.files import UNFIT
from policies.domain.register import Register
from policies.domain.search import destinations_called, folded
from policies.forms.items import DestinationsArea, ItemsArea, ItemsChosen, Sought
from policies.models import Policy, PolicyChange, PolicyQuestion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_TEXT = 10_000
LONGEST_TITLE = 300
MOST_NAMED = 10
"""Destinations that are named where what was typed could be several."""
MOST_WORDS = 500
"""Pieces of a text among which words are looked for in the control lists."""
_KEY = r"^[A-Z0-9][A-Za-z0-9-]*\Z"
_CODE = r"^[a-z][a-z0-9_]*\Z"
_GROUP_WORD = re.compile(r"\bgroupe?s?\s*(?=\d)", re.IGNORECASE)
_EITHER = [
    ("", gettext_lazy("No matter")),
    ("yes", gettext_lazy("Only these")),
    ("no", gettext_lazy("Not these")),
]
_FLAGS = {"": None, "yes": True, "no": False}


def _seen_by_people(text: str) -> None:
    """Refuses signs that nobody sees; the files that we read have none either."""
    if UNFIT.search(text):
        raise ValidationError(_("It holds a sign that can’t be seen: type it anew."))


def _line(
    label: StrOrPromise, *, longest: int = LONGEST_TITLE, hint: StrOrPromise = "", **more: Any
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=longest,
        help_text=hint,
        validators=[_seen_by_people],
        **more,
    )


class TextField(forms.CharField):
    """Text of several lines, whose ends are written alike whatever a browser sends."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _text(
    label: StrOrPromise,
    *,
    rows: int = 3,
    hint: StrOrPromise = "",
    widget: type[forms.Textarea] = forms.Textarea,
) -> forms.CharField:
    return TextField(
        label=label,
        required=False,
        max_length=LONGEST_TEXT,
        help_text=hint,
        validators=[_seen_by_people],
        widget=widget(attrs={"rows": rows}),
    )


def _several(label: StrOrPromise, choices: Any = ()) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple
    )


def _chosen(label: StrOrPromise) -> ItemsChosen:
    return ItemsChosen(label=label, required=False, widget=forms.CheckboxSelectMultiple)


class StartForm(forms.Form):
    """What is to be done, and to which policy."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is to be done"),
        choices=[one for one in ChangeKind.choices if one[0] != ChangeKind.SET],
        widget=forms.RadioSelect,
    )
    policy = forms.ChoiceField(
        label=gettext_lazy("Policy"),
        required=False,
        help_text=gettext_lazy("None for a policy that is imposed anew."),
    )

    def __init__(self, *args: Any, policies: Iterable[Policy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        french = (get_language() or "").startswith("fr")
        named = ((one.key, one.title_fr if french else one.title_en) for one in policies)
        self.fields["policy"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *((key, f"{key}: {title}") for key, title in named),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind, policy = given.get("kind"), given.get("policy")
        if kind == ChangeKind.IMPOSE and policy:
            self.add_error("policy", _("What is imposed is new: choose no policy, or amend it."))
        elif kind and kind != ChangeKind.IMPOSE and not policy and "policy" not in self.errors:
            self.add_error("policy", _("Choose the policy that is meant."))
        return given


class SetForm(forms.Form):
    """A file with a set of policies."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("JSON in the form of policies.schema.json, 8 MB at most."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )

    def clean_file(self) -> bytes:
        sent: UploadedFile[Any] = self.cleaned_data["file"]
        if (sent.size or 0) > LARGEST_SET:
            raise ValidationError(_("The file is larger than 8 MB."))
        return b"".join(sent.chunks())


class QuestionForm(forms.Form):
    """A question that must be answered before the policy applies."""

    code = forms.RegexField(
        _CODE,
        label=gettext_lazy("Code"),
        max_length=60,
        help_text=gettext_lazy("Small letters, such as used_in_conflict."),
    )
    en = _text(gettext_lazy("Question (English)"), rows=2)
    fr = _text(gettext_lazy("Question (French)"), rows=2)
    applies_if = forms.ChoiceField(
        label=gettext_lazy("The policy applies if the answer is"),
        choices=Answer,
        initial=Answer.YES,
        required=False,
    )
    of = _line(
        gettext_lazy("Or the same question as under this key"),
        longest=80,
        hint=gettext_lazy("Then it is asked once, in the words that it has there."),
    )
    ask = forms.BooleanField(
        label=gettext_lazy(
            "Asked only where the kind of end-user is not known and could take the line out"
        ),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        code, of = given.get("code"), given.get("of")
        if (
            of
            and code
            and not PolicyQuestion.objects.filter(
                policy__key=of, code=code, same_as__isnull=True
            ).exists()
        ):
            self.add_error("of", _("That policy asks no question with this code."))
        return given

    def clean_of(self) -> str:
        key: str = self.cleaned_data["of"].strip()
        if key and not Policy.objects.filter(key=key).exists():
            raise ValidationError(_("There is no policy with that key."))
        return key

    def written(self) -> dict[str, Any]:
        given = self.cleaned_data
        found: dict[str, Any] = {"code": given["code"]}
        if given["of"]:
            found["of"] = given["of"]
        else:
            found |= {"en": given["en"], "fr": given["fr"]}
        if given["applies_if"] == Answer.NO:
            found["applies_if"] = Answer.NO.value
        if given["ask"]:
            found["ask"] = "end_user_unknown"
        return found


class ExceptionForm(forms.Form):
    """A way out in the policy's own text."""

    code = forms.RegexField(
        _CODE,
        label=gettext_lazy("Code"),
        max_length=60,
        help_text=gettext_lazy("Small letters, such as nato_program."),
    )
    en = _text(gettext_lazy("Exception (English)"), rows=2)
    fr = _text(gettext_lazy("Exception (French)"), rows=2)
    evidence_en = _text(gettext_lazy("Evidence asked for (English)"), rows=2)
    evidence_fr = _text(gettext_lazy("Evidence asked for (French)"), rows=2)
    until = DayField(label=gettext_lazy("Only before this day, if any"), required=False)

    def written(self) -> dict[str, Any]:
        given = self.cleaned_data
        found = {name: given[name] for name in ("code", "en", "fr", "evidence_en", "evidence_fr")}
        if given["until"]:
            found["until"] = given["until"].isoformat()
        return found


class SourceForm(forms.Form):
    """Where the text stands, and its words."""

    url = forms.URLField(
        label=gettext_lazy("Address"), max_length=500, assume_scheme="https",
        validators=[_seen_by_people],
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )  # fmt: skip
    quote = _text(gettext_lazy("Its words"), rows=2)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not url.startswith(("https://", "http://")):
            raise ValidationError(_("An address begins with https://."))
        return url

    def written(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("url", "quote")}


PARTS: Mapping[str, type[forms.Form]] = {
    "questions": QuestionForm,
    "exceptions": ExceptionForm,
    "sources": SourceForm,
}


class DraftForm(SeenForm):
    """The fields of a draft, by what the kind of change asks for."""

    key = forms.RegexField(
        _KEY,
        label=gettext_lazy("Key"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Such as TR-2020-10-05-suspension: where, from when, what."),
    )
    layer = forms.ChoiceField(label=gettext_lazy("Layer"), choices=Layer)
    title_en = _line(gettext_lazy("Title (English)"))
    title_fr = _line(gettext_lazy("Title (French)"))
    stance = forms.ChoiceField(
        label=gettext_lazy("Stance on new applications"),
        choices=[("", "—"), *Stance.choices],
        required=False,
    )
    requirement = forms.ChoiceField(
        label=gettext_lazy("Permit requirement"),
        choices=[("", "—"), *Requirement.choices],
        required=False,
        help_text=gettext_lazy("Only where the policy itself says which permit is needed."),
    )
    control = forms.ChoiceField(
        label=gettext_lazy("Requirement comes from"),
        choices=[("", "—"), *Control.choices],
        required=False,
        help_text=gettext_lazy("None for a general permit."),
    )
    covers = _several(gettext_lazy("Permits that it stands in for"))
    activities = _several(gettext_lazy("Activities"), Activity.choices)
    any_destination = forms.BooleanField(label=gettext_lazy("Any destination"), required=False)
    destinations = _text(
        gettext_lazy("Destinations"),
        rows=2,
        hint=gettext_lazy("Names or two-letter codes, one a line or with commas: Türkiye, IL."),
        widget=DestinationsArea,
    )
    except_destinations = _text(
        gettext_lazy("Except these destinations"),
        rows=1,
        hint=gettext_lazy("Only where any destination is meant."),
        widget=DestinationsArea,
    )
    sub_regions = _several(gettext_lazy("Only these regions"))
    on_lists = _several(gettext_lazy("Only while the destination is on"))
    off_lists = _several(gettext_lazy("Only while the destination is not on"))
    goods = forms.ChoiceField(
        label=gettext_lazy("Goods"), choices=GoodsKind, widget=forms.RadioSelect
    )
    items = _text(
        gettext_lazy("Listed items"),
        rows=2,
        hint=gettext_lazy(
            "Groups, items, or words to find them by; one a line or with commas: 2, 5504, tanks."
        ),
        widget=ItemsArea,
    )
    items_found = _chosen(gettext_lazy("Items found"))
    not_items = _text(gettext_lazy("Except these items"), rows=1, widget=ItemsArea)
    not_items_found = _chosen(gettext_lazy("Items found, to be excepted"))
    broader = forms.BooleanField(
        label=gettext_lazy("A code above a named one counts too"), required=False
    )
    end_user_kinds = _several(gettext_lazy("Only for these end-users"), EndUserKind.choices)
    eipa_4_1 = forms.ChoiceField(
        label=gettext_lazy("Goods of s. 4.1"), choices=_EITHER, required=False
    )
    wmd_end_use = forms.ChoiceField(
        label=gettext_lazy("Weapon of mass destruction or missile end-use"),
        choices=_EITHER,
        required=False,
    )
    designated = forms.BooleanField(
        label=gettext_lazy("Only where a party is a listed or designated person"), required=False
    )
    starts_on = DayField(
        label=gettext_lazy("In force from"),
        required=False,
        help_text=gettext_lazy("The day of a change belongs to the new policy."),
    )
    ends_on = DayField(
        label=gettext_lazy("In force until"),
        required=False,
        help_text=gettext_lazy("The first day on which it does not apply any more. Empty: open."),
    )
    announced_on = DayField(label=gettext_lazy("Announced"), required=False)
    published_on = DayField(label=gettext_lazy("Published"), required=False)
    instrument_en = _line(gettext_lazy("Instrument (English)"))
    instrument_fr = _line(gettext_lazy("Instrument (French)"))
    citation_en = _line(gettext_lazy("Citation (English)"), longest=120)
    citation_fr = _line(gettext_lazy("Citation (French)"), longest=120)
    section = _line(gettext_lazy("Section"), longest=80)
    url = forms.URLField(
        label=gettext_lazy("Address of the instrument"),
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[_seen_by_people],
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    existing_action = forms.ChoiceField(
        label=gettext_lazy("Permits already issued"), choices=ExistingPermits
    )
    existing_en = _text(gettext_lazy("What it says of them (English)"), rows=2)
    existing_fr = _text(gettext_lazy("What it says of them (French)"), rows=2)
    confidence = forms.ChoiceField(label=gettext_lazy("How far it was seen"), choices=Confidence)
    notes_en = _text(gettext_lazy("Note (English)"), rows=2)
    notes_fr = _text(gettext_lazy("Note (French)"), rows=2)
    rationale_en = _text(gettext_lazy("Rationale (English)"))
    rationale_fr = _text(gettext_lazy("Rationale (French)"))
    parity_checked = forms.BooleanField(
        label=gettext_lazy(
            "A person compared the figures of both languages: what differs is meant"
        ),
        required=False,
    )
    note = _text(
        gettext_lazy("Note to the checker"), hint=gettext_lazy("Kept in the history as well.")
    )

    def __init__(self, data: QueryDict | None, *, change: PolicyChange, register: Register) -> None:
        self.change, self.register = change, register
        super().__init__(data, initial=self._initial())
        language = get_language() or ""
        self.of_policy = "policy" in change.content
        if not self.of_policy:
            asked = _OF_A_SET if change.kind == ChangeKind.SET else _OF_DAYS
            for name in self.fields.keys() - asked:
                del self.fields[name]
        else:
            for name, words in (
                ("sub_regions", register.sub_regions),
                ("on_lists", register.lists),
                ("off_lists", register.lists),
            ):
                self.fields[name].choices = [  # type: ignore[attr-defined]
                    (code, one[language]) for code, one in words.items()
                ]
            self.fields["covers"].choices = [  # type: ignore[attr-defined]
                (row.key, f"{row.key}: {register.policies[row.key].title[language]}")
                for row in register.rulebook.rows
                if row.control
            ]
            self.fields["covers"].help_text = _("Only for a general permit.")
            self._offer_items()
        if change.kind == ChangeKind.CORRECT:
            self.fields["key"].help_text = _(
                "Another scope or effect takes another key, which replaces this one."
            )
        self.parts: dict[str, BaseFormSet[forms.Form]] = {}
        if self.of_policy:
            self.parts = {
                name: formset_factory(of, extra=1, can_delete=True, max_num=50)(
                    data, prefix=name, initial=change.content["policy"][name]
                )
                for name, of in PARTS.items()
            }

    def _offer_items(self) -> None:
        """Offers what the words typed find, and what is ticked; else there is nothing to tick."""
        self._sought: dict[str, Sought] = {}
        for name in ("items", "not_items"):
            found = f"{name}_found"
            typed = (self[name].data or "") if self.is_bound else ""
            ticked = list(self[found].data or ()) if self.is_bound else []
            self._sought[name] = Sought(_GROUP_WORD.sub("", typed), ticked, most=MOST_WORDS)
            if choices := self._sought[name].choices():
                self.fields[found].choices = choices  # type: ignore[attr-defined]
            else:
                del self.fields[found]

    def is_valid(self) -> bool:
        # Each one, so that all that is wrong is told at once.
        return all([super().is_valid(), *(part.is_valid() for part in self.parts.values())])

    def sections(self) -> list[tuple[str, list[list[forms.BoundField]]]]:
        """The fields that there are, by section; two in a row stand side by side."""
        found = []
        for title, rows in _SECTIONS:
            shown = [[self[name] for name in row if name in self.fields] for row in rows]
            if any(shown):
                found.append((str(title), [row for row in shown if row]))
        return found

    def shown_parts(self) -> list[tuple[str, str, BaseFormSet[forms.Form]]]:
        """The parts of a policy that there can be several of: name, title, forms."""
        return [(name, str(_PART_NAMES[name]), part) for name, part in self.parts.items()]

    # From the content

    def _initial(self) -> dict[str, Any]:
        change = self.change
        content = change.content
        found: dict[str, Any] = {
            "seen": change.version,
            "starts_on": content.get("from"),
            "ends_on": content.get("to"),
            "announced_on": content.get("announced_on"),
            "published_on": content.get("published_on"),
            "rationale_en": change.rationale_en,
            "rationale_fr": change.rationale_fr,
            "note": change.note,
            "notes_fr": content.get("notes_fr", ""),
            "parity_checked": content.get("parity_checked", False),
        }
        policy = content.get("policy")
        instrument = content.get("instrument", {}) if policy is None else policy["instrument"]
        found |= {
            "instrument_en": instrument.get("title_en"),
            "instrument_fr": instrument.get("title_fr"),
            **{
                name: instrument.get(name)
                for name in ("citation_en", "citation_fr", "section", "url")
            },
        }
        return found if policy is None else found | self._initial_of_policy(policy)

    def _initial_of_policy(self, policy: Mapping[str, Any]) -> dict[str, Any]:
        scope = policy["scope"]
        goods, named = scope["goods"], scope["destinations"]
        lists = [one for one in scope.get("lists", ()) if "when" not in one]
        return {
            **{
                name: policy[name]
                for name in ("key", "layer", "title_en", "title_fr", "confidence")
            },
            "notes_en": policy["notes"],
            **{
                name: policy["effect"].get(name, "")
                for name in ("stance", "requirement", "control")
            },
            "covers": policy["effect"].get("covers", []),
            "activities": scope["activities"],
            "any_destination": named == "any",
            "destinations": "" if named == "any" else self._names(named),
            "except_destinations": self._names(scope.get("except_destinations", ())),
            "sub_regions": scope.get("sub_regions", []),
            "on_lists": [one["list"] for one in lists if one["is"]],
            "off_lists": [one["list"] for one in lists if not one["is"]],
            "goods": goods["kind"],
            "items": " ".join(goods.get("items", ())),
            "not_items": " ".join(goods.get("not_items", ())),
            "broader": goods.get("broader", False),
            "end_user_kinds": scope.get("end_user_kinds", []),
            "eipa_4_1": _either(scope.get("eipa_4_1")),
            "wmd_end_use": _either(scope.get("wmd_end_use")),
            "designated": scope.get("designated", False),
            "existing_action": policy["existing_permits"]["action"],
            "existing_en": policy["existing_permits"]["en"],
            "existing_fr": policy["existing_permits"]["fr"],
        }

    def _names(self, codes: Iterable[str]) -> str:
        language = get_language() or ""
        return "; ".join(
            sorted((self.register.destinations[code][language] for code in codes), key=folded)
        )

    # To the content

    def _codes(self, name: str) -> list[str]:
        """The destinations that were typed, by code."""
        found: list[str] = []
        for typed in self._typed(self.cleaned_data[name]):
            codes = self._called(typed)
            if len(codes) != 1:
                raise ValidationError(self._not_one(typed, codes))
            found += codes
        return sorted(set(found))

    def _not_one(self, typed: str, codes: list[str]) -> str:
        if not codes:
            return _("%(name)s is no destination.") % {"name": typed}
        language = get_language() or ""
        named = [f"{code} ({self.register.destinations[code][language]})" for code in codes]
        more = ["…"] if len(named) > MOST_NAMED else []
        return _("%(name)s could be several destinations: give a code. %(codes)s") % {
            "name": typed,
            "codes": ", ".join([*named[:MOST_NAMED], *more]),
        }

    def _typed(self, text: str) -> Iterator[str]:
        """One name or code after the other. A name may have a comma in it."""
        for piece in re.split(r"[;\n\t]", text):
            whole = len(self._called(piece.strip())) == 1
            for one in [piece] if whole else piece.split(","):
                if one.strip():
                    yield one.strip()

    def _called(self, typed: str) -> list[str]:
        if typed.upper() in self.register.destinations:
            return [typed.upper()]
        exact = [
            code
            for code, words in self.register.destinations.items()
            if folded(typed) in (folded(words.en), folded(words.fr))
        ]
        return exact or destinations_called(typed, self.register)

    def clean_destinations(self) -> list[str]:
        return self._codes("destinations")

    def clean_except_destinations(self) -> list[str]:
        return self._codes("except_destinations")

    def clean_items(self) -> list[str]:
        return self._items("items")

    def clean_not_items(self) -> list[str]:
        return self._items("not_items")

    def _items(self, name: str) -> list[str]:
        typed: str = self.cleaned_data[name]
        codes, faults = self._sought[name].items(_GROUP_WORD.sub("", typed))
        faults += [
            _("%(code)s has not the form of an item.") % {"code": code}
            for code in codes
            if not is_written_code(code)
        ]
        if faults:
            raise ValidationError(faults)
        return codes

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("any_destination") and given.get("destinations"):
            self.add_error(
                "destinations", _("Name destinations, or say that any is meant, not both.")
            )
        return given

    def content(self) -> dict[str, Any]:
        """What was typed as the content of the change."""
        given = self.cleaned_data
        content: dict[str, Any] = deepcopy(self.change.content)
        content.pop("parity_checked", None)
        if given["parity_checked"]:
            content["parity_checked"] = True
        if self.change.kind == ChangeKind.SET:
            return content
        for name, field in _DAYS.items():
            if field in given:
                content[name] = given[field].isoformat() if given[field] else None
        instrument = content["policy"]["instrument"] if self.of_policy else content["instrument"]
        instrument |= {
            "title_en": given["instrument_en"] or None,
            "title_fr": given["instrument_fr"] or None,
        }
        for name in ("citation_en", "citation_fr", "section", "url"):
            if name in given:
                instrument[name] = given[name] or None
        if self.of_policy:
            content["notes_fr"] = given["notes_fr"]
            self._fill_policy(content["policy"])
        return content

    def _fill_policy(self, policy: dict[str, Any]) -> None:
        given = self.cleaned_data
        for name in ("key", "layer", "title_en", "title_fr", "confidence"):
            policy[name] = given[name]
        policy["notes"] = given["notes_en"] or None
        policy["scope"] = self._scope(policy["scope"])
        policy["effect"] = {
            name: given[name]
            for name in ("stance", "requirement", "control", "covers")
            if given[name]
        }
        policy["existing_permits"] = {
            "action": given["existing_action"],
            "en": given["existing_en"],
            "fr": given["existing_fr"],
        }
        for name, part in self.parts.items():
            policy[name] = [
                one.written()  # type: ignore[attr-defined]
                for one in part.forms
                if (one.has_changed() or one.initial) and not one.cleaned_data.get("DELETE")
            ]

    def _scope(self, before: Mapping[str, Any]) -> dict[str, Any]:
        given = self.cleaned_data
        found: dict[str, Any] = {
            "activities": given["activities"],
            "destinations": "any" if given["any_destination"] else given["destinations"],
            "goods": self._goods(before["goods"]),
        }
        lists = [{"list": code, "is": True} for code in given["on_lists"]]
        lists += [{"list": code, "is": False} for code in given["off_lists"]]
        # What this form does not ask for stays as it is.
        lists += [one for one in before.get("lists", ()) if "when" in one]
        if "unless" in before:
            found["unless"] = before["unless"]
        optional = {
            "except_destinations": given["except_destinations"],
            "sub_regions": given["sub_regions"],
            "lists": lists,
            "end_user_kinds": given["end_user_kinds"],
            "designated": given["designated"],
        }
        found |= {name: value for name, value in optional.items() if value}
        for name in ("eipa_4_1", "wmd_end_use"):
            flag = _FLAGS[given[name]]
            if flag is not None:
                found[name] = flag
        return found

    def _goods(self, before: Mapping[str, Any]) -> dict[str, Any]:
        given = self.cleaned_data
        if given["goods"] != GoodsKind.ITEMS:
            return {"kind": given["goods"]}
        if "from" in before and not given["items"]:
            found: dict[str, Any] = {"kind": given["goods"], "from": before["from"]}
        else:
            found = {"kind": given["goods"], "items": given["items"]}
            if before.get("excluded"):
                found["excluded"] = before["excluded"]
        if given["not_items"]:
            found["not_items"] = given["not_items"]
        if given["broader"]:
            found["broader"] = True
        return found


_PART_NAMES = {
    "questions": gettext_lazy("Questions"),
    "exceptions": gettext_lazy("Exceptions"),
    "sources": gettext_lazy("Sources"),
}

_SECTIONS: tuple[tuple[Any, tuple[tuple[str, ...], ...]], ...] = (
    (
        gettext_lazy("What it says"),
        (
            ("title_en", "title_fr"),
            ("stance", "layer"),
            ("requirement", "control"),
            ("covers",),
            ("key",),
        ),
    ),
    (
        gettext_lazy("To what it applies"),
        (
            ("activities", "goods"),
            ("items", "not_items"),
            ("items_found", "not_items_found"),
            ("broader",),
            ("destinations", "except_destinations"),
            ("any_destination",),
            ("sub_regions", "end_user_kinds"),
            ("on_lists", "off_lists"),
            ("eipa_4_1", "wmd_end_use"),
            ("designated",),
        ),
    ),
    (gettext_lazy("When"), (("starts_on", "ends_on"), ("announced_on", "published_on"))),
    (
        gettext_lazy("On what authority"),
        (
            ("instrument_en", "instrument_fr"),
            ("citation_en", "citation_fr"),
            ("section", "url"),
            ("confidence",),
        ),
    ),
    (
        gettext_lazy("Permits already issued"),
        (("existing_action",), ("existing_en", "existing_fr")),
    ),
    (
        gettext_lazy("Why"),
        (
            ("rationale_en", "rationale_fr"),
            ("notes_en", "notes_fr"),
            ("parity_checked",),
            ("note",),
        ),
    ),
)

_DAYS = {
    "from": "starts_on",
    "to": "ends_on",
    "announced_on": "announced_on",
    "published_on": "published_on",
}
_OF_A_SET = frozenset({"seen", "rationale_en", "rationale_fr", "parity_checked", "note"})
_OF_DAYS = frozenset(
    {
        "seen",
        "ends_on",
        "announced_on",
        "published_on",
        "instrument_en",
        "instrument_fr",
        "citation_en",
        "citation_fr",
        "url",
        "rationale_en",
        "rationale_fr",
        "parity_checked",
        "note",
    }
)
"""What a change asks for that only moves the last day."""


def _either(flag: bool | None) -> str:
    return "" if flag is None else "yes" if flag else "no"
