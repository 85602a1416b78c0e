"""Ask the engine: a question in the address, the ruling on the page, nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from policies.choices import Requirement, Stance
from policies.domain.explain import PlaceWords, day_in_words
from policies.domain.inquiry import AskedQuestion, Inquiry, inquire
from policies.domain.queries import OTTAWA
from policies.domain.register import Register, current_register
from policies.domain.resolve import Outcome, PlaceRuling, Ruling
from policies.forms.ask import ANSWER_CHOICES, AskForm, designation_choices
from policies.views.asof import today_in_ottawa

ASKED = "activity"
"""The parameter that makes an address a question; without it the others fill the form, and what
they say is judged."""

SAID_ELSEWHERE = ("activity", "on", "known_on", "destination", "sub_region", "items")

EXAMPLES = (
    {"activity": "export", "destination": "TR", "on": "2020-10-05", "items": "Group 2"},
    {"activity": "brokering", "destination": "TR", "on": "2020-10-05", "items": "2-1"},
)


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """The form; and the ruling, once the address holds a question that can be answered."""
    register = current_register()
    today = today_in_ottawa()
    asked = ASKED in request.GET
    form = AskForm(request.GET or None, register=register, today=today, is_begun=not asked)
    context: dict[str, Any] = {"form": form, "examples": _examples()}
    if asked and form.is_valid() and form.query:
        context |= _shown(inquire(form.query, register), form, register)
    return render(request, "policies/ask.html", context)


def _examples() -> list[dict[str, str]]:
    words = (
        _("Export of Group 2 to Türkiye on 5 October 2020"),
        _("Brokering to Türkiye on the same day, where the text leaves a question open"),
    )
    address = reverse("policies:ask")
    return [
        {"url": f"{address}?{urlencode(facts)}", "label": label}
        for facts, label in zip(EXAMPLES, words, strict=True)
    ]


# What the page shows of a ruling


class Verdict(NamedTuple):
    """An outcome with the words of its chips."""

    stance: str
    stance_label: str
    requirement: str
    requirement_label: str


@dataclass(frozen=True, slots=True)
class ShownPlace:
    words: PlaceWords
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    asked: AskedQuestion
    number: int
    if_yes: Verdict
    if_no: Verdict
    choices: list[tuple[str, Any, bool]]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row that does not apply, by its title, and why."""

    policy: str
    title: str
    why: str


def _shown(inquiry: Inquiry, form: AskForm, register: Register) -> dict[str, Any]:
    ruling, words = inquiry.ruling, inquiry.words
    language = get_language() or ""
    known_at = inquiry.query.known_at
    return {
        "inquiry": inquiry,
        "headline": words.headline.removesuffix("."),
        "summary": words.summary,
        "verdict": _verdict(ruling),
        "if_open": _if_open(ruling),
        "on_text": day_in_words(inquiry.query.on),
        "known_text": day_in_words(known_at.astimezone(OTTAWA).date()) if known_at else "",
        "facts": list(_facts(form)),
        "regions": _other_regions(inquiry, register),
        "places": [
            ShownPlace(place, _verdict(found))
            for place, found in zip(words.places, ruling.places, strict=True)
        ],
        "questions": [
            _question(question, number) for number, question in enumerate(inquiry.questions, 1)
        ],
        "open_questions": len(ruling.needs_answer),
        "ways_out": [
            (register.policies[one.policy].title[language], one) for one in inquiry.ways_out
        ],
        "not_applied": [
            ShownRow(one.policy, register.policies[one.policy].title[language], one.why)
            for one in words.not_applied
        ],
    }


def _other_regions(inquiry: Inquiry, register: Register) -> list[str]:
    """The regions of the destination that this ruling is not for; none where it is for one."""
    facts = inquiry.query.facts
    if facts.sub_region is not None:
        return []
    return [one[get_language() or ""] for one in register.regions_of(facts.destination)]


def _verdict(outcome: Outcome | Ruling | PlaceRuling) -> Verdict:
    return Verdict(
        outcome.stance,
        str(Stance(outcome.stance).label),
        outcome.requirement,
        str(Requirement(outcome.requirement).label),
    )


def _if_open(ruling: Ruling) -> tuple[str, str] | None:
    """The stance if every open question were answered yes, where that is another one."""
    if ruling.stance_if_open == ruling.stance:
        return None
    return ruling.stance_if_open, str(Stance(ruling.stance_if_open).label)


def _question(question: AskedQuestion, number: int) -> ShownQuestion:
    return ShownQuestion(
        question,
        number,
        _verdict(question.if_yes),
        _verdict(question.if_no),
        [(value, label, value == question.answer) for value, label in ANSWER_CHOICES],
    )


def _facts(form: AskForm) -> Iterator[tuple[str, str]]:
    """The facts given that neither the headline nor a place of the ruling says already."""
    for field in form:
        value = field.value()
        if field.name in SAID_ELSEWHERE or field.name.startswith("place_"):
            continue
        if not value or value == form.get_initial_for_field(field.field, field.name):
            continue
        if isinstance(value, list):
            named = dict(designation_choices(form.register))
            yield str(field.label), "; ".join(str(named.get(one, one)) for one in value)
        elif value is True:
            yield str(field.label), _("Yes")
        else:
            yield str(field.label), _chosen(field.field.widget, str(value))


def _chosen(widget: Any, value: str) -> str:
    """The words of a choice; what was typed, where there is nothing to choose."""
    for code, label in getattr(widget, "choices", ()):
        for inner_code, inner_label in label if isinstance(label, list) else [(code, label)]:
            if inner_code == value:
                return str(inner_label)
    return value
