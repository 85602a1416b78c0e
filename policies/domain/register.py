"""The register: every policy and list of the database, compiled, with its words.

Read whole (a few hundred rows) and kept per process until a load changes it; one small query
tells whether it is still the newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, TypeVar

from policies.choices import Answer
from policies.domain.citations import section_in_french
from policies.domain.queries import Vocabulary
from policies.domain.rulebook import Rulebook
from policies.facts import (
    ExceptionTerm,
    ItemSet,
    ListMember,
    PolicyRow,
    Question,
    Scope,
    Span,
    covers,
)
from policies.models import (
    CountryList,
    CountryListEntry,
    Dated,
    Destination,
    DestinationName,
    GoodsRule,
    Policy,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
    ReferenceLoad,
    SubRegion,
)
from policies.querysets import known_at

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same words in English and French."""

    en: str
    fr: str

    def __getitem__(self, language: str) -> str:
        return self.fr if language.startswith("fr") else self.en


@dataclass(frozen=True, slots=True)
class PolicyWords:
    """What a policy is called, by which instrument, and what its exceptions are."""

    title: Bilingual
    instrument: Bilingual
    exceptions: Mapping[str, Bilingual]


@dataclass(frozen=True, slots=True)
class Register:
    """The rulebook and the words for it. `questions` go by key (`POLICY-KEY:code`)."""

    rulebook: Rulebook
    policies: Mapping[str, PolicyWords]
    questions: Mapping[str, Bilingual]
    standard_questions: Mapping[str, Bilingual]
    standard_exceptions: Mapping[str, Bilingual]
    destinations: Mapping[str, Bilingual]
    dated_names: Mapping[str, tuple[tuple[Span, Bilingual], ...]]
    sub_regions: Mapping[str, Bilingual]
    lists: Mapping[str, Bilingual]
    """The titles of the country lists."""
    lists_of: Mapping[str, frozenset[str]]
    """The country lists that a destination is or was on."""
    vocabulary: Vocabulary

    def question(self, key: str) -> Bilingual:
        """The words of a question; a notice's question on general permits has standard ones.

        A question without words is called by its key: a page never fails for it.
        """
        code = key.rsplit(":", 1)[1]
        return self.questions.get(key) or self.standard_questions.get(code) or Bilingual(key, key)

    def has_question(self, key: str) -> bool:
        """Whether a policy asks that: in words of its own, or in the standard ones."""
        policy, _colon, code = key.rpartition(":")
        return key in self.questions or (
            policy in self.policies and code in self.standard_questions
        )

    def exception(self, policy: str, code: str) -> Bilingual | None:
        """The words of a policy's own exception, or of one that any notice has; else None."""
        words = self.policies.get(policy)
        if words is None:
            return None
        return words.exceptions.get(code) or self.standard_exceptions.get(code)

    def regions_of(self, code: str) -> list[Bilingual]:
        """The regions of a destination that are ruled on their own."""
        return [
            self.sub_regions[region]
            for region, country in self.vocabulary.sub_regions.items()
            if country == code
        ]

    def destination_on(self, code: str, on: date) -> Bilingual:
        """What Canada called a destination on a day."""
        for span, name in self.dated_names.get(code, ()):
            if covers(span.effective_from, span.effective_to, on):
                return name
        return self.destinations[code]


def span_of(row: Dated) -> Span:
    return Span(row.effective_from, row.effective_to, row.known_from, row.known_to)


def read_register() -> Register:
    """Read the whole register from the database: a fixed number of queries."""
    policies = list(Policy.objects.all())
    members = list(_members())
    lists_of: dict[str, set[str]] = defaultdict(set)
    for member in members:
        lists_of[member.destination].add(member.list)
    questions: dict[int | None, list[PolicyQuestion]] = defaultdict(list)
    for question in PolicyQuestion.objects.select_related("policy", "same_as"):
        questions[question.policy_id].append(question)
    exceptions: dict[int | None, list[PolicyException]] = defaultdict(list)
    for exception in PolicyException.objects.all():
        exceptions[exception.policy_id].append(exception)
    spans: dict[int, list[Span]] = defaultdict(list)
    for version in PolicyVersion.objects.all():
        spans[version.policy_id].append(span_of(version))
    names: dict[str, list[tuple[Span, Bilingual]]] = defaultdict(list)
    for name in DestinationName.objects.filter(known_at(None)).select_related("destination"):
        names[name.destination.code].append((span_of(name), Bilingual(name.name_en, name.name_fr)))
    regions = list(SubRegion.objects.select_related("destination"))
    destinations = {
        one.code: Bilingual(one.name_en, one.name_fr) for one in Destination.objects.all()
    }
    return Register(
        rulebook=Rulebook(
            (
                row_of(policy, questions[policy.pk], exceptions[policy.pk], spans[policy.pk])
                for policy in policies
            ),
            members,
            read_item_sets(),
        ),
        policies={policy.key: words_of(policy, exceptions[policy.pk]) for policy in policies},
        questions={
            key: words
            for policy in policies
            for key, words in questions_of(policy, questions[policy.pk])
        },
        standard_questions={
            one.code: Bilingual(one.text_en, one.text_fr) for one in questions[None]
        },
        standard_exceptions={
            one.code: Bilingual(one.text_en, one.text_fr) for one in exceptions[None]
        },
        destinations=destinations,
        dated_names={code: tuple(found) for code, found in names.items()},
        sub_regions={one.code: Bilingual(one.name_en, one.name_fr) for one in regions},
        lists={
            one.code: Bilingual(one.title_en, one.title_fr) for one in CountryList.objects.all()
        },
        lists_of={code: frozenset(lists) for code, lists in lists_of.items()},
        vocabulary=Vocabulary(
            destinations=frozenset(destinations),
            sub_regions={one.code: one.destination.code for one in regions},
            policies=frozenset(policy.key for policy in policies),
        ),
    )


def words_of(policy: Policy, exceptions: Iterable[PolicyException]) -> PolicyWords:
    """What a policy is called."""
    return PolicyWords(
        Bilingual(policy.title_en, policy.title_fr),
        _instrument(policy),
        {one.code: Bilingual(one.text_en, one.text_fr) for one in exceptions},
    )


def questions_of(
    policy: Policy, questions: Iterable[PolicyQuestion]
) -> Iterator[tuple[str, Bilingual]]:
    """A policy's own questions by key, in words."""
    for one in questions:
        if one.same_as_id is None:
            yield f"{policy.key}:{one.code}", Bilingual(one.text_en, one.text_fr)


def _instrument(policy: Policy) -> Bilingual:
    """The instrument with its section: "Export Control List, s. 2(a)"."""
    if not policy.section:
        return Bilingual(policy.instrument_en, policy.instrument_fr)
    return Bilingual(
        f"{policy.instrument_en}, {policy.section}",
        f"{policy.instrument_fr}, {section_in_french(policy.section)}",
    )


def row_of(
    policy: Policy,
    questions: Iterable[PolicyQuestion],
    exceptions: Iterable[PolicyException],
    spans: Iterable[Span],
) -> PolicyRow:
    """A policy as the engine sees it."""
    return PolicyRow(
        key=policy.key,
        layer=policy.layer,
        scope=Scope.from_json(policy.scope),
        stance=policy.stance or None,
        requirement=policy.requirement or None,
        control=policy.control or None,
        covers=frozenset(policy.covers),
        questions=tuple(
            Question(
                policy=one.same_as.key if one.same_as else policy.key,
                code=one.code,
                applies_if="yes" if one.applies_if == Answer.YES else "no",
                only_if_end_user_unknown=one.only_if_end_user_unknown,
            )
            for one in questions
        ),
        exceptions=tuple(ExceptionTerm(one.code, one.until) for one in exceptions),
        spans=tuple(spans),
    )


def _members() -> Iterator[ListMember]:
    for entry in CountryListEntry.objects.select_related("list", "destination"):
        yield ListMember(entry.list.code, entry.destination.code, span_of(entry))


def read_item_sets() -> dict[str, ItemSet]:
    """The sets of items that provisions define, by key. One query."""
    return {
        rule.key: ItemSet((*rule.groups, *rule.also_items), tuple(rule.except_items))
        for rule in GoodsRule.objects.all()
    }


Load = tuple[int, datetime]
_looked: ContextVar[Load | None] = ContextVar("load_looked_at", default=None)


def newest_load() -> Load | None:
    """The newest reference load. One query, none where `one_load` has looked."""
    return _looked.get() or ReferenceLoad.objects.values_list("pk", "loaded_at").first()


@contextmanager
def one_load() -> Iterator[None]:
    """Looks at the newest load once: for a page, which is to show one state of the register.

    Not for what decides something: there the register is looked at under its lock.
    """
    token = _looked.set(ReferenceLoad.objects.values_list("pk", "loaded_at").first())
    try:
        yield
    finally:
        _looked.reset(token)


_kept: list[dict[str, Any]] = []


def forget_kept() -> None:
    """Forgets what was kept: for who puts another database under a running process."""
    for each in _kept:
        each.clear()


def kept_until_loaded(read: Callable[[], T]) -> Callable[[], T]:
    """What `read` reads of the reference data, kept until the next load."""
    kept: dict[str, tuple[Load, T]] = {}
    _kept.append(kept)

    @wraps(read)
    def current() -> T:
        load = newest_load()
        if load is None:
            return read()
        newest = kept.get("newest")
        if newest is None or newest[0] != load:
            newest = kept["newest"] = (load, read())
        return newest[1]

    return current


@kept_until_loaded
def current_register() -> Register:
    """The register as of the newest reference load. One query."""
    return read_register()
