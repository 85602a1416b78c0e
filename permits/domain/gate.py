"""The gate: what must hold on the day on which a permit is issued, or loosened.

Each rule is a function that gives the reasons against, in words for people, each with the place
where it is mended. No rule has an override. `permits.guards` has the database keep G8, G9 and G12
as well. docs/gate.md lists rule, provision, days, code, constraint and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.choices import Power
from accounts.exceptions import Refused
from accounts.models import Delegation, User
from history import canonical
from permits import considerations
from permits.choices import Flag, PartyRole, Residual, StatementKind
from permits.domain.assessment import CardState, card_states
from permits.domain.casefile import CaseFile, events_on, once, removed_parties
from permits.domain.frozen import filing_ruling
from permits.domain.requirements import RequiredFact, required_facts
from permits.domain.ruling import CaseRuling, is_under_7_3, rule_on
from permits.domain.statements import (
    NO,
    NOT_PREJUDICIAL,
    RESIDENT,
    contradictions,
    counted,
    left_behind,
    party_key,
    screened_by_two,
    standing,
)
from permits.models import Application, Card, Statement
from permits.verbs import Verb
from policies.choices import Activity, Requirement, Stance
from policies.domain.by_hand import people_behind
from policies.domain.register import current_register

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PASS, FAIL = "pass", "fail"
NOT_LAW, NOT_APPLICABLE, TO_COME = "not_law", "not_applicable", "to_come"

_NOT_EXCLUDED = {
    Residual.SUBSTANTIAL_RISK.value: gettext_lazy(
        "%(name)s: substantial risk. The Act says: shall not issue (s. 7.4)."
    ),
    Residual.NOT_ENOUGH_INFORMATION.value: gettext_lazy(
        "%(name)s: not enough information to say that no risk remains."
    ),
}
"""What remains where a risk is not excluded, in words."""
_SIGNED_AS_A_RISK = gettext_lazy(
    "%(name)s: signed before as not excluding a substantial risk. Two people sign what it says now."
)
_ON_CARDS = (Verb.CARD_EDITED, Verb.CARD_SIGNED, Verb.CARD_COUNTERSIGNED)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule is not met, and where it is mended: a part of the case's page, a card, a fact."""

    words: str
    at: str = ""
    card: str = ""
    fact: RequiredFact | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the rules look at: the file, the day's ruling, who would decide.

    `by` None: nobody in particular yet. `proposers` proposed the act on a permit that is decided.
    """

    file: CaseFile
    ruling: CaseRuling
    by: User | None = None
    proposers: Collection[int] = ()
    delegations: tuple[Delegation, ...] = ()
    power: Power = Power.DECIDE
    states: tuple[CardState, ...] = field(default_factory=tuple)

    @property
    def on(self) -> date:
        return self.ruling.on


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the gate. `applies` says whether it is law that day for these goods."""

    code: str
    title: _StrPromise
    provision: str | _StrPromise
    against: Callable[[Outlook], Iterator[Reason]]
    applies: Callable[[Outlook], str] = lambda outlook: PASS
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `state`: pass, fail, not law that day, not for these goods, or to come:
    a rule on the person who decides, before there is one, on goods before there are any, on what
    the considerations find before they say it, or on a stance that hangs on an open question.
    """

    rule: Rule
    state: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """Every rule's finding on an application, in order."""

    application: Application
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.state == FAIL)

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against issuing, by the person who was looked at."""
        return all(one.state in (PASS, NOT_LAW, NOT_APPLICABLE) for one in self.findings)

    @property
    def is_open_but_for_the_person(self) -> bool:
        """Whether nothing stands against issuing but rules on the person, looked at or not."""
        return all(
            one.rule.is_personal or one.state in (PASS, NOT_LAW, NOT_APPLICABLE)
            for one in self.findings
        )


class GateClosed(Refused):
    """The gate does not open. `gate` says why, rule by rule."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        codes = ", ".join(one.rule.code for one in gate.failures)
        first = next((one.words for found in gate.failures for one in found.reasons), "")
        super().__init__(
            _("The gate does not open (%(rules)s): %(reason)s") % {"rules": codes, "reason": first}
        )


def check_gate(
    file: CaseFile,
    ruling: CaseRuling,
    *,
    by: User | None = None,
    proposers: Collection[int] = (),
    delegations: Iterable[Delegation] = (),
    power: Power = Power.DECIDE,
    states: Iterable[CardState] | None = None,
) -> Gate:
    """Puts every rule to the file, on the ruling's day. With `by`, also those on the person.

    `states`: how the considerations stand, if that was looked at already.
    """
    outlook = Outlook(
        file,
        ruling,
        by,
        proposers,
        tuple(delegations),
        power,
        tuple(card_states(file, ruling) if states is None else states),
    )
    return Gate(file.application, tuple(_find(rule, outlook) for rule in RULES))


def _find(rule: Rule, outlook: Outlook) -> Finding:
    applies = rule.applies(outlook)
    if applies != PASS:
        return Finding(rule, applies)
    if rule.is_personal and outlook.by is None:
        return Finding(rule, TO_COME)
    reasons = tuple(rule.against(outlook))
    return Finding(rule, FAIL if reasons else PASS, reasons)


# When


def _for_war_material(outlook: Outlook) -> str:
    """ss. 7.3 and 7.4: law since 1 September 2019, for arms. Without goods it can't be told yet."""
    if not outlook.file.lines:
        return TO_COME
    if is_under_7_3(outlook.file, outlook.on):
        return PASS
    return NOT_APPLICABLE if considerations.are_law(outlook.on) else NOT_LAW


def _wherever_a_risk_was_found(outlook: Outlook) -> str:
    """As ss. 7.3 and 7.4, and wherever a consideration was answered so, whatever the goods are.

    While one says nothing of what remains, it can't be told that there is no risk.
    """
    if any(no_substantial_risk_remains(outlook)):
        return PASS
    applies = _for_war_material(outlook)
    is_open = any(not state.residual for state in outlook.states)
    return TO_COME if applies == PASS and is_open else applies


def _unless_an_answer_is_open(outlook: Outlook) -> str:
    """While a stricter stance hangs on an open question, it is not known yet what the stance is."""
    is_open = any(one.ruling.stance_if_open != Stance.CASE_BY_CASE for one in outlook.ruling.lines)
    return TO_COME if is_open and not any(stance_is_case_by_case(outlook)) else PASS


# The rules


def required_facts_are_there(outlook: Outlook) -> Iterator[Reason]:
    for fact in required_facts(outlook.file, outlook.on):
        if fact.is_missing:
            yield Reason(
                _("Missing: %(what)s (%(cite)s).") % {"what": fact.words, "cite": fact.cite},
                fact=fact,
            )


def applicant_is_eligible(outlook: Outlook) -> Iterator[Reason]:
    if not outlook.file.parties_as(PartyRole.APPLICANT):
        yield Reason(_("There is no applicant."), "parties")
    if outlook.file.application.activity == Activity.BROKERING:
        return
    if counted(outlook.file).eligibility != RESIDENT:
        yield Reason(
            _("That the applicant is a resident of Canada is not stated by two people."),
            "statements",
        )


def an_individual_permit_is_needed(outlook: Outlook) -> Iterator[Reason]:
    if not outlook.ruling.lines:
        yield Reason(_("No line can be ruled on."), "lines")
    others = [
        one
        for one in outlook.ruling.lines
        if one.ruling.requirement != Requirement.INDIVIDUAL_PERMIT
    ]
    words = (
        _("Line %(number)d: %(requirement)s. It is returned without action.")
        if len(others) == len(outlook.ruling.lines)
        else _("Line %(number)d: %(requirement)s. Others need a permit: take this one off.")
    )
    for one in others:
        yield Reason(
            words
            % {
                "number": one.line.number,
                "requirement": Requirement(one.ruling.requirement).label.lower(),
            },
            f"line-{one.line.number}",
        )


def no_party_is_listed(outlook: Outlook) -> Iterator[Reason]:
    screened = screened_by_two(outlook.file)
    yield from listed_parties(outlook.file)
    if not outlook.file.parties:
        yield Reason(_("There is no party yet."), "parties")
    for party in outlook.file.parties:
        if party_key(party.pk) not in screened:
            yield Reason(
                _("%(name)s is not screened, with a source, by two people.") % {"name": party.name},
                f"party-{party.pk}",
            )


def listed_parties(file: CaseFile) -> Iterator[Reason]:
    """Each party that is listed without an authorization, and under what; also one removed, until
    two people who know that it is out screen it anew, with whatever result."""
    stated = counted(file)
    for party in file.parties:
        for policy in stated.listed_under(party.pk):
            if not stated.is_authorised(party.pk, policy):
                yield Reason(
                    _("%(name)s is listed under %(policy)s, and no authorization is on file.")
                    % {"name": party.name, "policy": policy},
                    f"party-{party.pk}",
                )
    settled = {party_key(party.pk) for party in file.parties} | screened_by_two(file)
    for listed in stated.listed:
        if listed.key not in settled:
            name = removed_parties(file).get(int(listed.key.split(":")[1]), "")
            yield Reason(
                _(
                    "%(name)s was found to be listed, and was removed since. Two people screen it"
                    " anew."
                )
                % {"name": name},
                f"statement-{listed.pk}",
            )


def stance_is_case_by_case(outlook: Outlook) -> Iterator[Reason]:
    lines = outlook.ruling.lines
    if not lines:
        yield Reason(_("No line can be ruled on."), "lines")
    for party in outlook.file.parties_as(PartyRole.CONSIGNEE, PartyRole.END_USER):
        if party.country_id is None:
            yield Reason(
                _("%(name)s has no country: what applies there is not known.")
                % {"name": party.name},
                "parties",
            )
    yield from stricter_lines(outlook.ruling)


def stricter_lines(ruling: CaseRuling) -> Iterator[Reason]:
    """Each line of which the stance is stricter than case by case, and by which instruments."""
    register = current_register()
    for one in ruling.lines:
        if one.ruling.stance == Stance.CASE_BY_CASE:
            continue
        words = [register.policies[key] for key in one.ruling.governing if key in register.policies]
        language = _language()
        yield Reason(
            _("Line %(number)d: %(stance)s (%(instruments)s).")
            % {
                "number": one.line.number,
                "stance": Stance(one.ruling.stance).label.lower(),
                "instruments": "; ".join(
                    dict.fromkeys(policy.instrument[language] for policy in words)
                ),
            },
            f"line-{one.line.number}",
        )


def no_question_is_open(outlook: Outlook) -> Iterator[Reason]:
    register = current_register()
    for key in outlook.ruling.open_questions:
        yield Reason(
            _("Open question: %(question)s") % {"question": register.question(key)[_language()]},
            "questions",
        )
    for said in contradictions(outlook.file):
        words = (
            _(
                "%(question)s An answer against the one that counts waits, and who gave it works on"
                " no case any more: a second person countersigns it, or somebody who signed no"
                " answer to this question sets it aside."
            )
            if said in left_behind(outlook.file)
            else _(
                "%(question)s An answer against the one that counts waits: a second person"
                " countersigns it, or who made it takes it back."
            )
        )
        question = register.question(said.key)[_language()]
        yield Reason(words % {"question": question}, f"statement-{said.pk}")
    for one in standing(outlook.file):
        # What a waiver is still needed for, G1 says: a fact that was given since needs none.
        if one.statement.kind == StatementKind.WAIVER:
            continue
        if one.is_stale and one.statement.countersigned_at and not one.counts:
            yield Reason(
                _("%(kind)s: what it is about has changed since. State it anew, or set it aside.")
                % {"kind": StatementKind(one.statement.kind).label},
                f"statement-{one.statement.pk}",
            )


def every_consideration_is_answered(outlook: Outlook) -> Iterator[Reason]:
    for state in outlook.states:
        if state.missing:
            yield Reason(
                _("%(name)s: still to be answered: %(what)s.")
                % {
                    "name": considerations.BY_NUMBER[state.number].name,
                    "what": ", ".join(state.missing).lower(),
                },
                card=considerations.BY_NUMBER[state.number].slug,
            )


def no_substantial_risk_remains(outlook: Outlook) -> Iterator[Reason]:
    stale = {state.number for state in outlook.states if state.is_stale}
    yield from risks_found(outlook.file, stale)


def risks_found(file: CaseFile, stale: Collection[str] = ()) -> Iterator[Reason]:
    """Each consideration of the file that does not exclude a substantial risk, or was ever signed
    so and is not signed otherwise by two people. `stale` are those signed on another basis."""
    for one in considerations.CONSIDERATIONS:
        card = file.card(one.number)
        if card is None:
            continue
        words = _NOT_EXCLUDED.get(card.residual)
        is_signed = card.second_by_id is not None and one.number not in stale
        if words is None and not is_signed and one.number in _signed_as_risks(file):
            words = _SIGNED_AS_A_RISK
        if words is not None:
            yield Reason(str(words) % {"name": one.name}, card=one.slug)


@once
def _signed_as_risks(file: CaseFile) -> frozenset[str]:
    """The considerations that were ever signed, by one person even, when they excluded no risk."""
    numbers = {card.pk: card.consideration for card in file.cards}
    found, said = set[str](), dict[int, str]()
    for one in events_on(file):
        if one.verb not in _ON_CARDS:
            continue
        for change in canonical.decode(bytes(one.body))["changes"]:
            if change["table"] == Card._meta.db_table:
                row = change["row"]
                said[row] = change["after"].get("residual", said.get(row, ""))
                if one.verb != Verb.CARD_EDITED and said[row] in _NOT_EXCLUDED:
                    found.add(numbers[row])
    return frozenset(found)


def every_consideration_is_signed(outlook: Outlook) -> Iterator[Reason]:
    for state in outlook.states:
        one = considerations.BY_NUMBER[state.number]
        if not state.is_signed_twice:
            yield Reason(
                _("%(name)s: not signed by two people.") % {"name": one.name}, card=one.slug
            )
        if state.is_stale:
            yield Reason(
                _("%(name)s: signed on another basis. %(why)s")
                % {"name": one.name, "why": " ".join(state.stale_because)},
                card=one.slug,
            )


def safety_of_the_state_is_answered(outlook: Outlook) -> Iterator[Reason]:
    said = counted(outlook.file).state_safety
    if said not in (None, NOT_PREJUDICIAL):
        yield Reason(
            _("Prejudice to the safety or interests of the State was raised (s. 7.2)."),
            "statements",
        )


def every_consultation_is_closed(outlook: Outlook) -> Iterator[Reason]:
    for one in outlook.file.consultations:
        if one.closed_on is None:
            yield Reason(
                _("%(body)s has not answered, and its silence is not recorded.")
                % {"body": one.body},
                "consultations",
            )


def nobody_decides_on_their_own_work(outlook: Outlook) -> Iterator[Reason]:
    by = outlook.by
    if by is None:
        return
    if by.pk in outlook.proposers:
        yield Reason(_("You proposed this."), "decision")
    if by.pk in _people_who_recommended(outlook.file):
        yield Reason(_("You made a recommendation on this case."), "decision")
    if by.pk in people_on_cards(outlook.file):
        yield Reason(_("You edited or signed a consideration of this case."), "review")
    if by.pk in _people_on_exceptions(outlook.file):
        yield Reason(
            _(
                "You claimed or countersigned an exception, an authorization for a listed party, or"
                " that goods are no arms."
            ),
            "statements",
        )
    if any(one.person_id == by.pk for one in outlook.file.conflicts):
        yield Reason(_("You declared a conflict of interest."), "decision")
    met = _policies_met(outlook.ruling) | _policies_met_when_filed(outlook)
    if by.pk in people_behind(met):
        yield Reason(
            _(
                "You drafted or approved a policy that this rests on, or a change of one since it"
                " was filed."
            ),
            "lines",
        )


def _policies_met(ruling: CaseRuling) -> set[str]:
    """The policies that apply to a line, or that only an answer or an exception takes out."""
    return {key for one in ruling.lines for key in one.ruling.matched} | {
        row.policy
        for one in ruling.lines
        for row in one.ruling.not_applied
        if row.because in ("exception", "answer")
    }


def _policies_met_when_filed(outlook: Outlook) -> set[str]:
    """The same on the day of filing, as known when it was submitted and by the end of that day: who
    ended or narrowed one of them since opened the way for the case."""
    file, filed_on = outlook.file, outlook.file.application.filed_on
    if filed_on is None:
        return set()
    met = _policies_met(filing_ruling(file, filed_on))
    for one in events_on(file):
        if one.verb == Verb.SUBMITTED:
            met |= _policies_met(rule_on(file, on=filed_on, known_at=one.recorded_at))
    return met


def a_delegation_is_in_force(outlook: Outlook) -> Iterator[Reason]:
    if not any(outlook.power in one.powers for one in outlook.delegations):
        yield Reason(_("No delegation to you with this power is in force today."))


def people_on_cards(file: CaseFile) -> frozenset[int]:
    """Everyone who ever edited or signed a consideration of the case.

    From the events, since a card keeps only who was last.
    """
    return _numbers(one.actor for one in events_on(file) if one.verb in _ON_CARDS)


def people_kept_from_deciding(file: CaseFile) -> frozenset[int]:
    """Everyone whom G12 bars by what they did on the case. What they did to policies it does not
    tell."""
    return (
        _people_who_recommended(file)
        | people_on_cards(file)
        | _people_on_exceptions(file)
        | frozenset(one.person_id for one in file.conflicts)
    )


def _people_who_recommended(file: CaseFile) -> frozenset[int]:
    """Everyone who ever made a recommendation on the case, also one that was taken back."""
    return _numbers(one.actor for one in events_on(file) if one.verb == Verb.RECOMMENDED)


def _people_on_exceptions(file: CaseFile) -> frozenset[int]:
    """Everyone who ever claimed or countersigned on the case what takes out a bar of the law: an
    exception, an authorization for a listed party, or that goods are no arms."""
    found, theirs = set[str](), set[int]()
    for one in events_on(file):
        if one.verb not in (Verb.STATED, Verb.COUNTERSIGNED):
            continue
        told = canonical.decode(bytes(one.body))
        for change in told["changes"]:
            if change["table"] != Statement._meta.db_table:
                continue
            if change["before"] is None and _takes_out_a_bar(change["after"]):
                theirs.add(change["row"])
            if change["row"] in theirs and (
                change["before"] is None or "countersigned_by_id" in change["after"]
            ):
                found.add(one.actor)
    return _numbers(found)


def _takes_out_a_bar(said: Mapping[str, str]) -> bool:
    if said["kind"] == StatementKind.FLAG:
        return said["value"] == NO and said["key"].endswith(f":{Flag.WAR_MATERIAL.value}")
    return said["kind"] in (StatementKind.EXCEPTION, StatementKind.AUTHORIZATION)


def _numbers(actors: Iterable[str]) -> frozenset[int]:
    heads = "person:"
    return frozenset(int(one.removeprefix(heads)) for one in actors if one.startswith(heads))


def _language() -> str:
    return get_language() or ""


RULES: tuple[Rule, ...] = (
    Rule(
        "G1",
        gettext_lazy("Every required fact is present, or waived by two people"),
        gettext_lazy("SOR/97-204, s. 3; SOR/2019-221, s. 1"),
        required_facts_are_there,
    ),
    Rule(
        "G2",
        gettext_lazy("The applicant is eligible"),
        gettext_lazy("EIPA, s. 7(1), 7.1(1)"),
        applicant_is_eligible,
    ),
    Rule(
        "G3",
        gettext_lazy("An individual permit is needed"),
        gettext_lazy("EIPA, s. 3, 4, 4.11, 13, 14.2"),
        an_individual_permit_is_needed,
    ),
    Rule(
        "G4",
        gettext_lazy("Every party is screened, and none is listed without an authorization"),
        gettext_lazy("SEMA; UN Act"),
        no_party_is_listed,
    ),
    Rule(
        "G5",
        gettext_lazy("Today's stance is case by case"),
        gettext_lazy("EIPA, s. 7(2), 15(2), and the instruments in force"),
        stance_is_case_by_case,
        _unless_an_answer_is_open,
    ),
    Rule(
        "G6",
        gettext_lazy("No policy question is open; what loosens is countersigned"),
        "",
        no_question_is_open,
    ),
    Rule(
        "G7",
        gettext_lazy("All six considerations are answered, measures before what remains"),
        gettext_lazy("EIPA, s. 7.3(1)"),
        every_consideration_is_answered,
        _for_war_material,
    ),
    Rule(
        "G8",
        gettext_lazy("No substantial risk, and enough is known"),
        gettext_lazy("EIPA, s. 7.4"),
        no_substantial_risk_remains,
        _wherever_a_risk_was_found,
    ),
    Rule(
        "G9",
        gettext_lazy("Every consideration is signed by two people, on today's basis"),
        "",
        every_consideration_is_signed,
        _for_war_material,
    ),
    Rule(
        "G10",
        gettext_lazy("Safety and interests of the State are answered where raised"),
        gettext_lazy("EIPA, s. 7.2, 7.3(2)"),
        safety_of_the_state_is_answered,
    ),
    Rule(
        "G11",
        gettext_lazy("Every consultation is answered, or its silence explained"),
        "",
        every_consultation_is_closed,
    ),
    Rule(
        "G12",
        gettext_lazy(
            "Who decides did not recommend, review, except or write the policy; no conflict"
        ),
        "",
        nobody_decides_on_their_own_work,
        is_personal=True,
    ),
    Rule(
        "G13",
        gettext_lazy("Who decides acts under a delegation in force"),
        gettext_lazy("Interpretation Act, s. 24(2)"),
        a_delegation_is_in_force,
        is_personal=True,
    ),
)
