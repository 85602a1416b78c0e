"""One destination: what applies to it on a day, why, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from policies.choices import EndUserKind, ExistingPermits, Requirement, Stance
from policies.domain.explain import Explanation, PlaceWords, explain
from policies.domain.register import Bilingual, Register, current_register
from policies.domain.resolve import Outcome, resolve
from policies.domain.scope import ScopeWords, lowered, provision, scope_in_words
from policies.domain.standing import Standing, standing
from policies.domain.timeline import (
    Bar,
    Lane,
    Marks,
    exceptions_in_words,
    lane_title,
    lanes,
    marks,
    permit_needed,
    rows_naming,
)
from policies.facts import LineFacts
from policies.models import ContextEntry, Destination, PermitAct, Policy, PolicyVersion
from policies.templatetags.policy_tags import in_language
from policies.views.addresses import as_registered, moved_to
from policies.views.asof import AsOf, read_as_of
from policies.views.lanes import (
    ACT_ICONS,
    act_in_words,
    day_with_precision,
    draw,
    shade_in_words,
    span_in_words,
)
from policies.views.verdicts import Verdict, of_lane, permit_over_a_stretch, verdict


class ShownQuestion(NamedTuple):
    """An open question with what each answer would lead to."""

    text: str
    policy: str
    if_yes: Verdict
    if_no: Verdict
    also_yes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What applies to the goods of one lane on the day looked at, and why.

    `questions` are those that the stance hangs on. `general_permits` are the policies, by key and
    title, whose questions decide only which permit some of the goods need.
    """

    title: str
    note: str
    verdict: Verdict
    span: str
    words: Explanation
    questions: tuple[ShownQuestion, ...]
    general_permits: tuple[tuple[str, str], ...]
    ask_url: str

    @property
    def place(self) -> PlaceWords:
        return self.words.places[0]

    @property
    def exceptions(self) -> tuple[str, ...]:
        """What the texts except, each once."""
        return tuple(dict.fromkeys(one.text for one in self.words.exceptions))


@dataclass(frozen=True, slots=True)
class ActOnPermits:
    """An act on named permits, in words. `icon` is that of its tag."""

    act: PermitAct
    words: str
    day: str
    icon: str
    provision: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of every row: a policy's version, an act, or context."""

    on: date | None
    policy: Policy | None = None
    version: PolicyVersion | None = None
    scope: ScopeWords | None = None
    was: str = ""
    asks: bool = False
    is_current: bool = False
    act: ActOnPermits | None = None
    context: ContextEntry | None = None
    context_day: str = ""


class ListPlace(NamedTuple):
    code: str
    title: str


class LaneRow(NamedTuple):
    """A stretch of a lane for the table of lanes."""

    bar: Bar
    verdict: Verdict
    permit: str
    exceptions: tuple[str, ...]
    policies: list[tuple[str, str]]
    is_current: bool


class LaneTable(NamedTuple):
    title: str
    note: str
    rows: list[LaneRow]


class FormerName(NamedTuple):
    name: str
    until: date


@require_safe
def destination(request: HttpRequest, code: str) -> HttpResponse:
    """One destination. 404 for a code that the register does not hold."""
    register = current_register()
    registered = as_registered(code, register.destinations)
    if registered != code:
        return moved_to(request, registered)
    as_of = read_as_of(request)
    found = get_object_or_404(Destination, code=code)
    lanes_found = lanes(register, code, as_of.known_at)
    marks_found = marks(register, code, as_of.known_at)
    policies = _policies_naming(register, code)
    entries = _entries(policies, lanes_found, marks_found, register, as_of)
    acts = [_act(act) for act in marks_found.acts if act.on <= as_of.on]
    return render(
        request,
        "policies/destination.html",
        {
            "as_of": as_of,
            "destination": found,
            "name_on_day": _in_language(register.destination_on(code, as_of.on)),
            "former_names": _former_names(register, code),
            "answers": [_answer(lane, register, as_of) for lane in lanes_found],
            "acts": acts,
            "last_act": next((one for one in reversed(acts) if one.icon != "check"), None),
            "existing_permits": _on_existing_permits(entries),
            "picture": draw(
                lanes_found,
                marks_found,
                on=as_of.on,
                until_year=as_of.last_year,
                exceptions=lambda bar: exceptions_in_words(register, bar),
            ),
            "entries": [one for one in entries if not _by_list_only(one, register)],
            "list_entries": [one for one in entries if _by_list_only(one, register)],
            "lane_tables": [_lane_table(lane, register, as_of) for lane in lanes_found],
            "lists": _lists_on_day(register, code, as_of),
            "regions": [_in_language(one) for one in register.regions_of(code)],
            "stances": Stance.choices,
            "ask_query": urlencode({"destination": code, **as_of.parameters}),
        },
    )


def _in_language(words: Bilingual) -> str:
    return words[get_language() or ""]


def _former_names(register: Register, code: str) -> list[FormerName]:
    """Names that Canada no longer uses, in the language of the page."""
    today = _in_language(register.destinations[code])
    return [
        FormerName(_in_language(name), span.effective_to)
        for span, name in register.dated_names.get(code, ())
        if span.effective_to and _in_language(name) != today
    ]


def _lists_on_day(register: Register, code: str, as_of: AsOf) -> list[ListPlace]:
    stretch = register.rulebook.calendar.stretch(as_of.on, as_of.known_at)
    return [
        ListPlace(list_code, _in_language(title))
        for list_code, title in sorted(register.lists.items())
        if register.rulebook.is_member(list_code, code, stretch)
    ]


def _answer(lane: Lane, register: Register, as_of: AsOf) -> Answer:
    ruling = resolve(lane.facts, register.rulebook, on=as_of.on, known_at=as_of.known_at)
    words = explain(ruling, lane.facts, register, on=as_of.on, known_at=as_of.known_at)
    bar = lane.bar_on(as_of.on)
    needed = permit_needed(register, lane, [as_of.on], as_of.known_at)
    return Answer(
        title=lane_title(lane),
        note=lane.note,
        verdict=of_lane(verdict(ruling), needed),
        span=span_in_words(bar.start, bar.end),
        words=words,
        questions=tuple(
            ShownQuestion(
                one.text,
                one.policy,
                _outcome(one.outcome_if_yes),
                _outcome(one.outcome_if_no),
                one.also_yes,
            )
            for one in words.questions
            if one.outcome_if_yes.stance != one.outcome_if_no.stance
        ),
        general_permits=tuple(
            dict.fromkeys(
                (one.policy, _in_language(register.policies[one.policy].title))
                for line in lane.samples
                for one in resolve(
                    line, register.rulebook, on=as_of.on, known_at=as_of.known_at
                ).needs_answer
                if one.if_yes.stance == one.if_no.stance
            )
        ),
        ask_url=f"{reverse('policies:ask')}?{urlencode(_asked(lane.facts, as_of))}",
    )


def _outcome(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome.stance,
        str(Stance(outcome.stance).label),
        "",
        "",
        outcome.requirement,
        str(Requirement(outcome.requirement).label),
        is_open=False,
        is_free=False,
    )


def _asked(facts: LineFacts, as_of: AsOf) -> dict[str, str]:
    """The lane's line as a question to the engine."""
    asked = {
        "activity": facts.activity,
        "destination": facts.destination,
        "items": ", ".join(facts.items),
        "sub_region": facts.sub_region or "",
        "eipa_4_1": "on" if facts.eipa_4_1 else "",
        "end_user": facts.end_user if facts.end_user != EndUserKind.PRIVATE else "",
        **as_of.parameters,
    }
    return {name: value for name, value in asked.items() if value}


def _act(act: PermitAct) -> ActOnPermits:
    return ActOnPermits(
        act,
        act_in_words(act),
        day_with_precision(act.on, act.precision),
        ACT_ICONS.get(act.act, "permits"),
        provision(act.provision),
    )


# Every row


def _policies_naming(register: Register, code: str) -> list[Policy]:
    """Policies on a destination by name, or by a list that it was ever on. Three queries."""
    keys = [row.key for row in rows_naming(register, code)]
    found = Policy.objects.filter(key__in=keys).prefetch_related("versions", "exceptions")
    return list(found)


def _entries(
    policies: Iterable[Policy],
    lanes_found: Sequence[Lane],
    marks_found: Marks,
    register: Register,
    as_of: AsOf,
) -> list[Entry]:
    """Policies as known, acts and context, by the day from which they hold."""
    entries = []
    before = _stances_before(lanes_found)
    for policy in policies:
        shown = standing(policy.versions.all(), on=as_of.on, known_at=as_of.known_at)
        if shown is None:
            continue
        version, stands = shown
        entries.append(
            Entry(
                version.effective_from,
                policy=policy,
                version=version,
                scope=scope_in_words(register.rulebook.row[policy.key].scope, register),
                was=before.get((policy.key, version.effective_from), ""),
                asks=bool(register.rulebook.row[policy.key].questions),
                is_current=stands is Standing.IN_FORCE,
            )
        )
    entries += [Entry(act.on, act=_act(act)) for act in marks_found.acts]
    entries += [
        Entry(
            one.on, context=one, context_day=day_with_precision(one.on, one.precision, brief=True)
        )
        for one in marks_found.context
    ]
    return sorted(entries, key=lambda one: (one.on or date.min, one.policy is None))


def _stances_before(lanes_found: Iterable[Lane]) -> dict[tuple[str, date | None], str]:
    """By policy and the day on which it came to govern a lane: what the lane met before."""
    found: dict[tuple[str, date | None], str] = {}
    for lane in lanes_found:
        for before, bar in zip(lane.bars, lane.bars[1:], strict=False):
            if before.shade.stance == bar.shade.stance or before.shade.free:
                continue
            for key in bar.ruling.governing:
                found.setdefault((key, bar.start), lowered(shade_in_words(before.shade)))
    return found


def _by_list_only(entry: Entry, register: Register) -> bool:
    return entry.policy is not None and (
        register.rulebook.row[entry.policy.key].scope.destinations is None
    )


def _on_existing_permits(entries: Iterable[Entry]) -> list[str]:
    """What the rows in force that day say of permits already issued, each sentence once."""
    said = (
        in_language(entry.policy, "existing_permits")
        for entry in entries
        if entry.policy and entry.is_current
        and entry.policy.existing_permits != ExistingPermits.UNSTATED
    )  # fmt: skip
    return list(dict.fromkeys(said))


# Lanes as data


def _lane_table(lane: Lane, register: Register, as_of: AsOf) -> LaneTable:
    return LaneTable(
        lane_title(lane),
        lane.note,
        [
            LaneRow(
                bar,
                verdict(bar.ruling),
                permit_over_a_stretch(lane, bar, register, as_of),
                exceptions_in_words(register, bar),
                [
                    (key, _in_language(register.policies[key].instrument))
                    for key in bar.ruling.governing
                ],
                bar.covers(as_of.on),
            )
            for bar in lane.bars
        ],
    )
