"""Why this applies, in words: the same sentences for the command, the form and the case.

`explain` gives the parts of an explanation in the active language; `as_text` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from policies.choices import Activity, PlaceRole, Requirement, Stance
from policies.domain.queries import OTTAWA
from policies.domain.register import Register
from policies.domain.resolve import MINISTER, OpenQuestion, Outcome, PlaceRuling, Ruling
from policies.facts import LineFacts, PolicyRow, Span

ENGLISH, FRENCH = "en-ca", "fr-ca"

FRENCH_MONTHS = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juill.", "août", "sept.", "oct.", "nov.", "déc."),
)
"""Months as Canada's public service abbreviates them, which is not as Django does."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A row that applies: its key and, in words, what it says, by what, and since when."""

    policy: str
    title: str
    instrument: str
    since: str


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """One place of the line; `where` is empty when the line has no other place."""

    where: str
    requirement: str
    stance: str
    summary: str
    on_stance: str
    """The part of the summary that says nothing of permits."""
    governing: tuple[Reason, ...]
    permit_reasons: tuple[Reason, ...]
    also: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """An open question, and what each answer would mean with `also_yes` of the others yes."""

    policy: str
    code: str
    text: str
    if_yes: str
    if_no: str
    outcome_if_yes: Outcome
    outcome_if_no: Outcome
    also_yes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExceptionWords:
    policy: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class NotAppliedWords:
    policy: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A ruling in words. Every sentence stands alone and ends with a full stop."""

    headline: str
    summary: str
    places: tuple[PlaceWords, ...]
    questions: tuple[QuestionWords, ...]
    exceptions: tuple[ExceptionWords, ...]
    minister_may_except: bool
    not_applied: tuple[NotAppliedWords, ...]


def explain(
    ruling: Ruling,
    facts: LineFacts,
    register: Register,
    *,
    on: date,
    known_at: datetime | None = None,
) -> Explanation:
    """The ruling in the active language."""
    language = translation.get_language() or ENGLISH
    return _Writer(ruling, facts, register, on, known_at, language).explanation()


def as_text(explanation: Explanation) -> str:
    """An explanation as one paragraph."""
    return " ".join(_sentences(explanation))


def texts(
    ruling: Ruling,
    facts: LineFacts,
    register: Register,
    *,
    on: date,
    known_at: datetime | None = None,
) -> tuple[str, str]:
    """The explanation in English and in French."""
    found = []
    for language in (ENGLISH, FRENCH):
        with translation.override(language):
            found.append(as_text(explain(ruling, facts, register, on=on, known_at=known_at)))
    return found[0], found[1]


def day_in_words(day: date) -> str:
    """A day for reading: 5 October 2020; 5 octobre 2020; 1er octobre 2020."""
    return _first_in_french(day, date_format(day, "j F Y"))


def short_day(day: date) -> str:
    """A day for tables and pictures: 5 Oct 2020; 5 oct. 2020; 1er oct. 2020."""
    if _is_french():
        return _first_in_french(day, f"{day.day} {FRENCH_MONTHS[day.month - 1]} {day.year}")
    return date_format(day, "j M Y")


def _first_in_french(day: date, words: str) -> str:
    return words.replace("1 ", "1er ", 1) if day.day == 1 and _is_french() else words


def _is_french() -> bool:
    return (translation.get_language() or "").startswith("fr")


def stance_words(outcome: Outcome | PlaceRuling | Ruling) -> str:
    """An outcome in a few words: "presumptive denial, individual permit"."""
    return _("%(stance)s; %(requirement)s") % {
        "stance": _uncapitalised(str(Stance(outcome.stance).label)),
        "requirement": _uncapitalised(str(Requirement(outcome.requirement).label)),
    }


def _uncapitalised(words: str) -> str:
    return words[:1].lower() + words[1:]


class _Writer:
    def __init__(
        self,
        ruling: Ruling,
        facts: LineFacts,
        register: Register,
        on: date,
        known_at: datetime | None,
        language: str,
    ) -> None:
        self.ruling = ruling
        self.facts = facts
        self.register = register
        self.on = on
        self.known_at = known_at
        self.language = language

    def explanation(self) -> Explanation:
        return Explanation(
            headline=self._headline(),
            summary=self._summary(self.ruling),
            places=tuple(self._place(place) for place in self.ruling.places),
            questions=tuple(self._question(one) for one in self.ruling.needs_answer),
            exceptions=tuple(
                ExceptionWords(
                    key, code, self.register.policies[key].exceptions[code][self.language]
                )
                for key, code in self.ruling.exceptions_open
            ),
            minister_may_except=self._minister_may_except(),
            not_applied=tuple(
                NotAppliedWords(one.policy, self._why_not(one.because, one.policy, one.detail))
                for one in self.ruling.not_applied
            ),
        )

    def _headline(self) -> str:
        said = {
            "activity": Activity(self.facts.activity).label,
            "destination": self.register.destination_on(self.facts.destination, self.on)[
                self.language
            ],
            "day": day_in_words(self.on),
        }
        if self.facts.sub_region:
            said["destination"] = self.register.sub_regions[self.facts.sub_region][self.language]
        if self.known_at is None:
            return _("%(activity)s, %(destination)s, %(day)s.") % said
        said["known"] = day_in_words(self.known_at.astimezone(OTTAWA).date())
        return _("%(activity)s, %(destination)s, %(day)s, as known on %(known)s.") % said

    def _place(self, place: PlaceRuling) -> PlaceWords:
        rows = [self.register.rulebook.row[key] for key in place.matched]
        governing = {row.key for row in rows if row.key in place.governing}
        on_permit = {row.key for row in rows if row.requirement == place.requirement} - governing
        where = ""
        if len(self.ruling.places) > 1:
            where = _("%(role)s: %(destination)s") % {
                "role": PlaceRole(place.role).label if place.role else _("Final destination"),
                "destination": self.register.destination_on(place.destination, self.on)[
                    self.language
                ],
            }
        return PlaceWords(
            where=where,
            requirement=place.requirement,
            stance=place.stance,
            summary=self._summary(place),
            on_stance=self._on_stance(place),
            governing=self._reasons(row for row in rows if row.key in governing),
            permit_reasons=self._reasons(row for row in rows if row.key in on_permit),
            also=self._reasons(row for row in rows if row.key not in governing | on_permit),
        )

    def _summary(self, outcome: PlaceRuling | Ruling) -> str:
        """What is the stance and what is needed, in two sentences."""
        return f"{self._on_stance(outcome)} {_on_permit(outcome.requirement)}"

    def _on_stance(self, outcome: PlaceRuling | Ruling) -> str:
        if outcome.governing:
            return {
                Stance.CASE_BY_CASE: _("Applications are examined case by case."),
                Stance.PRESUMPTIVE_DENIAL: _("Applications are presumptively denied."),
                Stance.SUSPENDED: _("New permits are suspended."),
                Stance.POLICY_OF_DENIAL: _("A policy of denial applies."),
                Stance.PROHIBITED: _("It is prohibited by law."),
            }[Stance(outcome.stance)]
        # No row gives the stance; say so only as far as it is true.
        if any(one.if_yes.stance != one.if_no.stance for one in self.ruling.needs_answer):
            return _("Whether a policy restricts it depends on the open questions.")
        if any(one.because == "exception" for one in self.ruling.not_applied):
            return _("With the accepted exceptions, no policy restricts it.")
        if outcome.requirement in (Requirement.NOT_CONTROLLED, Requirement.NO_PERMIT_REQUIRED):
            return _("No policy restricts it.")
        return _("No policy restricts new permits: applications are examined case by case.")

    def _reasons(self, rows: Iterable[PolicyRow]) -> tuple[Reason, ...]:
        return tuple(
            Reason(
                row.key,
                self.register.policies[row.key].title[self.language],
                self.register.policies[row.key].instrument[self.language],
                self._since(row),
            )
            for row in rows
        )

    def _since(self, row: PolicyRow) -> str:
        start = next((span.effective_from for span in row.spans if self._holds(span)), None)
        return "" if start is None else day_in_words(start)

    def _holds(self, span: Span) -> bool:
        calendar = self.register.rulebook.calendar
        return calendar.holds(span, calendar.stretch(self.on, self.known_at))

    def _question(self, question: OpenQuestion) -> QuestionWords:
        return QuestionWords(
            question.policy,
            question.code,
            self.register.question(question.key)[self.language],
            stance_words(question.if_yes),
            stance_words(question.if_no),
            question.if_yes,
            question.if_no,
            tuple(self.register.question(key)[self.language] for key in question.also_yes),
        )

    def _minister_may_except(self) -> bool:
        """Whether a notice governs, which exceptional circumstances (Minister) may pass."""
        strict = self.register.rulebook.strict_notices
        return any(self.register.rulebook.bit[key] & strict for key in self.ruling.governing)

    def _why_not(self, because: str, policy: str, detail: str) -> str:
        if because == "answer":
            answer = self.facts.answers[detail]
            return _("The question “%(question)s” is answered %(answer)s.") % {
                "question": self.register.question(detail)[self.language],
                "answer": pgettext("answer", "yes")
                if answer == "yes"
                else pgettext("answer", "no"),
            }
        exceptions = self.register.policies[policy].exceptions
        words = exceptions.get(detail) or self.register.standard_exceptions[MINISTER]
        return _("An exception is accepted: %(exception)s.") % {"exception": words[self.language]}


def _on_permit(requirement: str) -> str:
    return {
        Requirement.NOT_CONTROLLED: _("On no control list for this: no permit is needed."),
        Requirement.NO_PERMIT_REQUIRED: _(
            "Listed, but not for this destination: no permit is needed."
        ),
        Requirement.GENERAL_PERMIT: _(
            "A general permit covers it: no individual permit is needed."
        ),
        Requirement.INDIVIDUAL_PERMIT: _("An individual permit is needed."),
    }[Requirement(requirement)]


def _sentences(words: Explanation) -> Iterable[str]:
    yield words.headline
    yield words.summary
    for place in words.places:
        if place.where:
            yield f"{place.where}."
            yield place.summary
        yield from _listed(_("Why:"), place.governing)
        yield from _listed(_("Permit:"), place.permit_reasons)
        yield from _listed(_("Also applies:"), place.also)
    for question in words.questions:
        said = (
            _(
                "To be answered: %(question)s Where yes is the answer to: %(others)s If yes:"
                " %(if_yes)s. If no: %(if_no)s."
            )
            if question.also_yes
            else _("To be answered: %(question)s If yes: %(if_yes)s. If no: %(if_no)s.")
        )
        yield said % {
            "question": question.text,
            "others": " ".join(question.also_yes),
            "if_yes": question.if_yes,
            "if_no": question.if_no,
        }
    if words.exceptions:
        named = "; ".join(dict.fromkeys(one.text for one in words.exceptions))
        yield _("Exceptions in the text: %(named)s.") % {"named": named}
    if words.minister_may_except:
        yield _("A notice may also be passed for exceptional circumstances (Minister).")
    for one in words.not_applied:
        yield _("Does not apply: %(policy)s. %(why)s") % {"policy": one.policy, "why": one.why}


def _listed(lead: str, reasons: tuple[Reason, ...]) -> Iterable[str]:
    if reasons:
        yield f"{lead} {'; '.join(_reason(reason) for reason in reasons)}."


def _reason(reason: Reason) -> str:
    said = {"title": reason.title, "instrument": reason.instrument, "since": reason.since}
    if reason.since:
        return _("%(title)s (%(instrument)s, in force since %(since)s)") % said
    return _("%(title)s (%(instrument)s)") % said
