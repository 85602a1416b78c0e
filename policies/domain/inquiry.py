"""A question put to the engine, with all that a person needs to go on from the ruling.

The ruling names the questions that are still open and the exceptions that still can be taken. A
person who goes back and forth also needs those already answered or taken, to change them, and has
to be told of answers that nothing asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q
from django.utils import translation

from policies.domain.explain import Explanation, explain, texts
from policies.domain.queries import Query
from policies.domain.register import Register
from policies.domain.resolve import GENERAL_PERMIT, MINISTER, Outcome, Ruling, resolve
from policies.facts import LineFacts, YesNo
from policies.models import PolicyException


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question under a row that reaches the line; `answer` is yes, no or empty.

    `also_yes` are the open ones that are yes too in what its answers mean, in words. `matters` is
    false while the answers and exceptions given leave it without effect.
    """

    key: str
    policy: str
    text: str
    answer: str
    if_yes: Outcome
    if_no: Outcome
    also_yes: tuple[str, ...] = ()

    @property
    def matters(self) -> bool:
        return self.if_yes != self.if_no


@dataclass(frozen=True, slots=True)
class WayOut:
    """An exception that a row here has: its own, or exceptional circumstances (Minister)."""

    policy: str
    code: str
    text: str
    evidence: str
    until: date | None
    accepted: bool

    @property
    def key(self) -> str:
        return f"{self.policy}:{self.code}"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The ruling, its words, what can be answered or excepted, and what was sent in vain."""

    query: Query
    ruling: Ruling
    words: Explanation
    text_en: str
    text_fr: str
    questions: tuple[AskedQuestion, ...]
    ways_out: tuple[WayOut, ...]
    idle: tuple[str, ...]


def inquire(query: Query, register: Register) -> Inquiry:
    """Rule on the query. One query of the database, for the evidence that exceptions ask for."""
    ruling = _resolve(query, query.facts, register)
    english, french = texts(ruling, query.facts, register, on=query.on, known_at=query.known_at)
    questions = tuple(_questions(query, ruling, register))
    ways_out = tuple(_ways_out(query, ruling, register))
    return Inquiry(
        query=query,
        ruling=ruling,
        words=explain(ruling, query.facts, register, on=query.on, known_at=query.known_at),
        text_en=english,
        text_fr=french,
        questions=questions,
        ways_out=ways_out,
        idle=tuple(sorted(_idle(query.facts, questions, ways_out))),
    )


def _resolve(query: Query, facts: LineFacts, register: Register) -> Ruling:
    return resolve(facts, register.rulebook, on=query.on, known_at=query.known_at)


# Questions


def _questions(query: Query, ruling: Ruling, register: Register) -> Iterator[AskedQuestion]:
    """Open questions first, as the ruling has them, then those answered."""
    language = translation.get_language() or ""
    for question in ruling.needs_answer:
        yield AskedQuestion(
            question.key,
            question.policy,
            register.question(question.key)[language],
            "",
            question.if_yes,
            question.if_no,
            tuple(register.question(key)[language] for key in question.also_yes),
        )
    for key in sorted(_answered(query, ruling, register)):
        yield AskedQuestion(
            key,
            key.rsplit(":", 1)[0],
            register.question(key)[language],
            query.facts.answers[key],
            _outcome(query, key, "yes", register),
            _outcome(query, key, "no", register),
        )


def _answered(query: Query, ruling: Ruling, register: Register) -> set[str]:
    """Answers to questions that this line raises, whether or not they change anything by now."""
    unanswered = replace(query.facts, answers={})
    raised = {
        question.key
        for facts in (unanswered, replace(unanswered, exceptions=frozenset()))
        for question in _resolve(query, facts, register).needs_answer
    }
    raised |= {one.detail for one in ruling.not_applied if one.because == "answer"}
    for key in ruling.matched:
        row = register.rulebook.row[key]
        raised |= {f"{key}:{GENERAL_PERMIT}", *(question.key for question in row.questions)}
    return {key for key in raised & query.facts.answers.keys() if _has_words(key, register)}


def _has_words(key: str, register: Register) -> bool:
    return key in register.questions or key.rsplit(":", 1)[-1] in register.standard_questions


def _outcome(query: Query, key: str, answer: YesNo, register: Register) -> Outcome:
    """What the line would meet with another answer to one question, all else as given."""
    answers = {**query.facts.answers, key: answer}
    ruling = _resolve(query, replace(query.facts, answers=answers), register)
    return Outcome(ruling.requirement, ruling.stance)


# Exceptions


def _ways_out(query: Query, ruling: Ruling, register: Register) -> Iterator[WayOut]:
    """Exceptions accepted or open, by policy; last of each policy the one of any notice."""
    language = translation.get_language() or ""
    accepted = {
        (one.policy, one.detail) for one in ruling.not_applied if one.because == "exception"
    }
    possible = accepted | open_exceptions(ruling, register)
    held = _exceptions_of({policy for policy, _code in possible})
    for policy, code in sorted(possible, key=lambda one: (one[0], one[1] == MINISTER, one[1])):
        row = held.get((policy, code)) or held[None, code]
        french = language.startswith("fr")
        yield WayOut(
            policy,
            code,
            row.text_fr if french else row.text_en,
            row.evidence_fr if french else row.evidence_en,
            row.until,
            (policy, code) in accepted,
        )


def open_exceptions(ruling: Ruling, register: Register) -> set[tuple[str, str]]:
    """The exceptions that can still be taken, by policy and code."""
    return set(ruling.exceptions_open) | set(_ministers(ruling, register))


def _ministers(ruling: Ruling, register: Register) -> Iterator[tuple[str, str]]:
    """Every notice that applies and restricts may be passed by the Minister's exception."""
    book = register.rulebook
    for key in ruling.matched:
        if book.bit[key] & book.strict_notices:
            yield key, MINISTER


def _exceptions_of(policies: set[str]) -> dict[tuple[str | None, str], PolicyException]:
    rows = PolicyException.objects.select_related("policy").filter(
        Q(policy__key__in=policies) | Q(policy__isnull=True)
    )
    return {(row.policy.key if row.policy else None, row.code): row for row in rows}


# What was sent and counts for nothing


def _idle(
    facts: LineFacts, questions: tuple[AskedQuestion, ...], ways_out: tuple[WayOut, ...]
) -> Iterator[str]:
    yield from facts.answers.keys() - {question.key for question in questions}
    given = {f"{policy}:{code}" for policy, code in facts.exceptions}
    yield from given - {one.key for one in ways_out if one.accepted}
