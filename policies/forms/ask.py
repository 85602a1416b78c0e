"""The question that a person puts to the engine, as a form with an address.

The form only gathers what was typed. Whether that is a question is decided by
`policies.domain.queries.parse_query`, as for `manage.py resolve_policy`; this module turns its
refusals into words by the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from history.days import DayField
from policies.choices import Activity, Answer, EndUserKind, PlaceRole
from policies.domain.queries import (
    LONGEST_TEXT,
    MOST_ITEMS,
    OTTAWA,
    BadQuery,
    Query,
    parse_query,
)
from policies.domain.reach import destinations_named
from policies.domain.register import Register
from policies.domain.search import folded
from policies.forms.asof import refuse_unknown_day
from policies.forms.choices import keep_what_was_typed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWER = "answer:"
"""An answer is sent as `answer:POLICY-KEY:code=yes`, so that its address says what it answers."""

EXCEPTION = "exception"
"""An accepted exception is sent as `exception=POLICY-KEY:code`, once for each."""

PLACE_ROWS = (1, 2, 3)

_GROUP_WORD = re.compile(r"\bgroupe?\s*(?=\d)", re.IGNORECASE)
_JOINED_GROUP = re.compile(r"^Group(?=\d)")
_BLANK_IN_CODE = re.compile(r"\s+(?=\()")
_BETWEEN_CODES = re.compile(r"[\s,;]+")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_FAULT = re.compile(r"(?P<name>\w+)(?:\[(?P<place>\d+)\])?(?:\.(?P<part>.*))?", re.DOTALL)
_MOST_NAMED = 10
_LONGEST_NAMED = 40

_DAY_NEEDED = _("Write a day of the calendar as year, month, day, such as 2020-04-16.")
_REFUSALS = {
    "on": _DAY_NEEDED,
    "known_on": _DAY_NEEDED,
    "activity": _("Choose export or brokering."),
    "destination": _("Choose a destination."),
    "sub_region": _("Choose a region from the list, or none."),
    "related_material": _("Choose yes, no, or by item."),
    "war_material": _("Choose yes, no, or by item."),
    "end_user": _("Choose what kind of end-user it is."),
    "designated_under": _("Choose instruments from the list."),
}
_FLAGS = {"": None, "yes": True, "no": False}
_STAND_INS: Mapping[str, str] = {"on": "2020-01-01", "activity": Activity.EXPORT.value}


class LongSelect(forms.Select):
    """A select of hundreds of options, drawn by one template instead of one for each option."""

    template_name = "policies/_ask_select.html"


class AnyOf(forms.MultipleChoiceField):
    """Several of what is offered. Whether a value may be sent is for `parse_query` to say."""

    def valid_value(self, value: str) -> bool:
        return True


def _by_item_or(field: StrOrPromise, hint: StrOrPromise) -> forms.CharField:
    choices = [
        ("", _("By item")),
        *Answer.choices,
    ]
    return _text(field, help_text=hint, widget=forms.RadioSelect(choices=choices))


def _text(label: StrOrPromise, **options: Any) -> forms.CharField:
    """A field whose value `parse_query` judges."""
    return forms.CharField(label=label, required=False, **options)


class AskForm(forms.Form):
    """One line, the day to rule on, and the day of knowledge.

    After `is_valid()`, `query` is what the engine is asked. `answers` and `exceptions` ride in the
    same address; the page draws them beside the ruling that raises them.

    A question that is only begun, by a link that fills in what it knows, is judged by what is
    given; what is still to be given is no fault, and there is no `query`.
    """

    activity = _text(
        _("Activity"),
        initial=Activity.EXPORT.value,
        widget=forms.RadioSelect(choices=Activity.choices),
    )
    on = _text(_("In force on"), help_text=_("Empty: today."), widget=DayField().widget)
    known_on = _text(
        _("As known on"),
        help_text=_("Empty: all that is known."),
        widget=DayField().widget,
    )
    destination = _text(_("Final destination"), widget=LongSelect())
    sub_region = _text(
        _("Region"),
        help_text=_("Only with its own country as the destination."),
        widget=forms.Select(),
    )
    items = _text(
        _("Control list numbers"),
        help_text=_("Such as 2-15.d, 5504(2)(h) or Group 2. None: on no list, as far as known."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )
    related_material = _by_item_or(
        _("Arms and related material"),
        _("The term of sanctions. By item: yes for Group 2."),
    )
    war_material = _by_item_or(
        _("Arms, ammunition, implements or munitions of war"),
        _("The term of s. 7.3. By item: yes for Groups 2 and 9."),
    )
    eipa_4_1 = forms.BooleanField(
        label=_("Goods of s. 4.1: prohibited firearms, weapons, devices or their parts"),
        required=False,
    )
    wmd_end_use = forms.BooleanField(
        label=_("The end use may be weapons of mass destruction or their missiles"),
        required=False,
    )
    end_user = _text(
        _("End-user"),
        widget=forms.Select(choices=EndUserKind.choices),
    )
    designated_under = AnyOf(
        label=_("A party is listed or designated under"),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )
    goods = _text(
        _("Goods, in words"),
        help_text=_("For the reader only: words decide nothing."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        register: Register,
        today: date,
        is_begun: bool = False,
    ) -> None:
        defaults = {"on": today.isoformat(), "end_user": EndUserKind.PRIVATE.value}
        if is_begun:
            defaults["activity"] = Activity.EXPORT.value
        if data is not None:
            # A fact that is left out must show as the engine takes it.
            data = data.copy()
            for name, value in defaults.items():
                if not data.get(name):
                    data[name] = value
        super().__init__(data, initial=defaults)
        self.sent = data or QueryDict()
        self.is_begun = is_begun
        self.register = register
        self.today = today
        self.query: Query | None = None
        self.places_given: list[int] = []
        self._add_place_rows()
        self._fill_choices()

    def _add_place_rows(self) -> None:
        roles = [("", "–"), *PlaceRole.choices]
        for row in PLACE_ROWS:
            self.fields[f"place_{row}_role"] = _text(
                gettext("Place %(number)s: role") % {"number": row},
                widget=forms.Select(choices=roles),
            )
            self.fields[f"place_{row}_destination"] = _text(
                gettext("Place %(number)s: destination") % {"number": row}, widget=LongSelect()
            )

    def _fill_choices(self) -> None:
        places = destination_choices(self.register)
        for name in ("destination", *(f"place_{row}_destination" for row in PLACE_ROWS)):
            self._offer(name, places)
        self._offer("sub_region", region_choices(self.register))
        self._offer("designated_under", designation_choices(self.register))

    def _offer(self, name: str, choices: Any) -> None:
        """Fill a select or the check boxes of a field."""
        widget = self.fields[name].widget
        if isinstance(widget, forms.Select | forms.CheckboxSelectMultiple):
            widget.choices = choices

    # For the template

    @property
    def place_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"place_{row}_role"], self[f"place_{row}_destination"]) for row in PLACE_ROWS]

    @property
    def has_places(self) -> bool:
        """Whether a row of the other places is filled or faulty, so that it must be seen."""
        return any(field.value() or field.errors for row in self.place_rows for field in row)

    @property
    def has_designations(self) -> bool:
        return bool(self["designated_under"].value() or self["designated_under"].errors)

    # From what was typed to a question

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._refuse_stray_names()
        query = self._as_query(cleaned)
        found = self._read(query)
        if found and found.known_at:
            self._refuse_unknown_day(found.known_at)
        self.query = None if self.errors or self.is_begun else found
        return cleaned

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound:
            keep_what_was_typed(self)

    def add_error(self, field: str | None, error: Any) -> None:
        """An error of a field; of a question that is only begun, none for what is still to come."""
        if self.is_begun and field in self.fields and not any(self.sent.getlist(field)):
            return
        super().add_error(field, error)

    def _refuse_unknown_day(self, known_at: datetime) -> None:
        try:
            refuse_unknown_day(known_at.astimezone(OTTAWA).date(), self.today)
        except forms.ValidationError as fault:
            self.add_error("known_on", fault)

    def _refuse_stray_names(self) -> None:
        """A fact under a wrong name, or given twice, must not be dropped in silence."""
        for name, values in self.sent.lists():
            if name in (EXCEPTION, "designated_under"):
                continue
            if name in self.fields or name.startswith(ANSWER):
                if len(values) > 1:
                    said = gettext("It is given twice in the address of the page.")
                    self.add_error(name if name in self.fields else None, said)
            else:
                self.add_error(
                    None,
                    gettext("“%(name)s” in the address of the page is not a fact of the question.")
                    % {"name": _shortened(name)},
                )

    def _as_query(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, in the form of the command's JSON."""
        return {
            "on": typed.get("on"),
            "known_on": typed.get("known_on") or None,
            "activity": typed.get("activity"),
            "destination": typed.get("destination"),
            "sub_region": typed.get("sub_region") or None,
            "items": item_codes(typed.get("items", "")),
            "goods": typed.get("goods"),
            "related_material": _flag(typed.get("related_material", "")),
            "war_material": _flag(typed.get("war_material", "")),
            "eipa_4_1": typed.get("eipa_4_1", False),
            "wmd_end_use": typed.get("wmd_end_use", False),
            "end_user": typed.get("end_user") or None,
            "designated_under": list(dict.fromkeys(typed.get("designated_under", ()))),
            "other_destinations": list(self._places(typed)),
            "answers": dict(self._answers()),
            "exceptions": list(self._exceptions()),
        }

    def _places(self, typed: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        self.places_given = []
        for row in PLACE_ROWS:
            role = typed.get(f"place_{row}_role", "")
            destination = typed.get(f"place_{row}_destination", "")
            if role or destination:
                self.places_given.append(row)
                yield {"role": role, "destination": destination}

    def _answers(self) -> Iterator[tuple[str, str]]:
        for name, answer in self.sent.items():
            if name.startswith(ANSWER) and answer:
                yield name.removeprefix(ANSWER), str(answer)

    def _exceptions(self) -> Iterator[dict[str, str]]:
        for entry in self.sent.getlist(EXCEPTION):
            policy, _colon, code = entry.rpartition(":")
            yield {"policy": policy, "code": code}

    def _read(self, query: dict[str, Any]) -> Query | None:
        """The question, or None after every fault in it has been named.

        `parse_query` stops at the first fault, so that fault is taken out and the rest read again.
        """
        bad_items: list[str] = []
        found = None
        while found is None:
            try:
                found = parse_query(query, self.register.vocabulary)
            except BadQuery as bad:
                fault = _FAULT.fullmatch(bad.field)
                if fault is None:
                    self.add_error(None, str(bad))
                    return None
                if fault["name"] == "items" and fault["place"]:
                    bad_items.append(query["items"][int(fault["place"])])
                else:
                    self._refuse(fault, query)
                self._take_out(fault, query)
        if bad_items:
            self.add_error("items", _not_item_codes(bad_items))
        return found

    def _refuse(self, fault: re.Match[str], query: Mapping[str, Any]) -> None:
        name = fault["name"]
        if name == "other_destinations":
            self._refuse_place(fault, query)
        elif name == "sub_region" and query["sub_region"] in self.register.vocabulary.sub_regions:
            self.add_error(name, self._not_a_part(query["sub_region"], query["destination"]))
        elif name == "items":
            self.add_error(
                name, gettext("At most %(most)s numbers are read.") % {"most": MOST_ITEMS}
            )
        elif name == "goods":
            said = gettext("At most %(most)s characters are kept.") % {"most": LONGEST_TEXT}
            self.add_error(name, said)
        elif name == "answers":
            said = gettext("The answer to “%(question)s” is neither yes nor no.")
            self.add_error(None, said % {"question": _shortened(fault["part"] or "")})
        elif name in _REFUSALS:
            self.add_error(name, _REFUSALS[name])
        else:
            self.add_error(None, gettext("The address of the page holds too much."))

    def _refuse_place(self, fault: re.Match[str], query: Mapping[str, Any]) -> None:
        if fault["place"] is None or not fault["part"]:
            self.add_error(None, gettext("The address of the page holds too much."))
            return
        place = query["other_destinations"][int(fault["place"])]
        row = self.places_given[int(fault["place"])]
        if fault["part"] == "role":
            said = gettext("Choose why the place counts.")
        elif place["destination"]:
            said = gettext("Choose a destination from the list.")
        else:
            said = gettext("Choose the destination of this place, or take the role away.")
        self.add_error(f"place_{row}_{fault['part']}", said)

    def _not_a_part(self, region: str, destination: str) -> str:
        language = get_language() or ""
        return gettext(
            "%(region)s is not a part of %(destination)s. Choose its country, or no region."
        ) % {
            "region": self.register.sub_regions[region][language],
            "destination": self.register.destinations[destination][language],
        }

    def _take_out(self, fault: re.Match[str], query: dict[str, Any]) -> None:
        """Takes what is at fault out of the query, so that the rest of it can be read."""
        name = fault["name"]
        if name == "answers":
            query["answers"].pop(fault["part"], None)
        elif fault["place"] is not None:
            del query[name][int(fault["place"])]
            if name == "other_destinations":
                del self.places_given[int(fault["place"])]
        elif name == "destination":
            # A region can't be judged without its country, unless it is none.
            query["destination"] = next(iter(self.register.vocabulary.destinations))
            if query["sub_region"] in self.register.vocabulary.sub_regions:
                query["sub_region"] = None
        else:
            query[name] = _STAND_INS.get(name)


def item_codes(text: str) -> list[str]:
    """The codes in what was typed: "2-15.d, Group 2; 5504 (2)(h)" gives three.

    Commas, semicolons, blanks and line ends part them; a dash of any kind is a hyphen, and the
    French word for a group is one too.
    """
    joined = _BLANK_IN_CODE.sub("", _GROUP_WORD.sub("Group", text.translate(_DASHES)))
    return [_JOINED_GROUP.sub("Group ", code) for code in _BETWEEN_CODES.split(joined) if code]


def _flag(value: str) -> Any:
    return _FLAGS.get(value, value)


def _not_item_codes(codes: Sequence[str]) -> str:
    named = ", ".join(
        gettext("“%(code)s”") % {"code": _shortened(code)}
        for code in dict.fromkeys(codes[:_MOST_NAMED])
    )
    if len(codes) > _MOST_NAMED:
        named += ", …"
    return gettext(
        "Not a control list number: %(codes)s. Write numbers such as 2-15.d, 5504(2)(h) or Group 2."
    ) % {"codes": named}


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAMED else f"{text[:_LONGEST_NAMED]}…"


# Choices, in the language of the page


def destination_choices(register: Register) -> list[Any]:
    """Every destination: first those that a row names, then the others, each by name."""
    all_of_them, named = frozenset(register.destinations), destinations_named(register)
    language = get_language() or ""

    def of(codes: frozenset[str]) -> list[tuple[str, str]]:
        return sorted(
            ((code, register.destinations[code][language]) for code in codes),
            key=lambda choice: folded(choice[1]),
        )

    return [
        ("", gettext("Choose a destination")),
        (gettext("With policies of their own"), of(named & all_of_them)),
        (gettext("All others"), of(all_of_them - named)),
    ]


def region_choices(register: Register) -> list[tuple[str, str]]:
    language = get_language() or ""
    countries = register.vocabulary.sub_regions
    return [
        ("", gettext("None in particular")),
        *(
            (code, f"{words[language]} ({register.destinations[countries[code]][language]})")
            for code, words in sorted(register.sub_regions.items())
        ),
    ]


def designation_choices(register: Register) -> list[tuple[str, str]]:
    """The policies whose instrument lists persons, by title."""
    language = get_language() or ""
    book = register.rulebook
    keys = book.keys_of(book.rows_where(lambda row: row.scope.designated))
    return sorted(
        ((key, register.policies[key].title[language]) for key in keys),
        key=lambda choice: folded(choice[1]),
    )


ANSWER_CHOICES = (*Answer.choices, ("", _("Not answered")))
