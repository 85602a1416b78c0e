"""The review under s. 7.3: each consideration answered on its own, signed by two people.

A signature stands for a basis, a digest of all that the card rests on; it is fresh while the same
digest is computed today. The parts of the basis are kept in the event of the signature, so that a
stale card can say what has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.reasons import is_readable
from history import canonical, clock
from history.domain.door import Conflict
from permits.choices import Flag, Residual
from permits.considerations import BY_NUMBER, CONSIDERATIONS
from permits.domain.casefile import CaseFile, events_on, read_file
from permits.domain.casework import acting
from permits.domain.digests import (
    cited,
    digest,
    evidence_content,
    is_available,
    is_past_review,
    line_content,
    measure_content,
    party_content,
    transaction_content,
)
from permits.domain.intake import Given, different
from permits.domain.ruling import CaseRuling, rule_on
from permits.domain.statements import counted
from permits.models import Application, Card
from permits.verbs import Verb
from permits.workflow import Action

CARD_FIELDS = (
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
)
ANSWERS = tuple(name for name in CARD_FIELDS if name not in ("evidence", "measures"))
"""What must be answered before a card is signed."""

NO_SIGNATURES: Mapping[str, Any] = {
    "basis": "",
    "first_by": None,
    "first_at": None,
    "second_by": None,
    "second_at": None,
}


# Editing


def edit_card(
    application: Application,
    number: str,
    values: Mapping[str, Any],
    *,
    by: User,
    seen: int | None = None,
) -> Card:
    """New values of a consideration; its signatures are cleared. None different leaves no event.

    `seen` is the version of the card that was looked at, 0 for one not begun. Raises
    ValidationError, NotPermitted, Refused, Conflict.
    """
    if number not in BY_NUMBER:
        raise ValueError(f"{number} is no consideration")
    with acting(Action.ASSESS, application, by=by) as work:
        card = Card.objects.filter(application=work.application, consideration=number).first()
        is_new = card is None
        card = card or Card(application=work.application, consideration=number)
        _refuse_unseen(card, seen)
        changed = different(card, _checked(read_file(work.application), card, values))
        if changed:
            changed |= {"edited_by": by, "edited_at": clock.now()}
            entry = work.record(Verb.CARD_EDITED, provision=_provision(number))
            if is_new:
                for name, value in changed.items():
                    setattr(card, name, value)
                entry.add(card)
            else:
                entry.set(card, **changed, **NO_SIGNATURES)
    return card


def _refuse_unseen(card: Card, seen: int | None) -> None:
    if seen is not None and card.version != seen:
        raise Conflict(card, card)


def _checked(file: CaseFile, card: Card, values: Mapping[str, Any]) -> dict[str, Any]:
    given = Given(card, values, CARD_FIELDS)
    for name, rows in (("evidence", file.evidence), ("measures", file.measures)):
        if name in given.values:
            given.values[name] = sorted(set(given.values[name] or []))
            if not set(given.values[name]) <= {row.pk for row in rows}:
                given.fault(name, _("Cite what is on this application."))
    too_soon = given.get("residual") and not given.get("measures_considered")
    if too_soon and given.is_read("residual", "measures_considered"):
        words = _(
            "Say which mitigating measures were considered before saying what remains (s. 7.4)."
        )
        given.fault("measures_considered", words)
    return given.checked()


def _provision(number: str) -> str:
    return f"EIPA s. {number}"


# The basis


def basis_parts(file: CaseFile, card: Card, ruling: CaseRuling) -> dict[str, str]:
    """The digest of each part that a card rests on, on the ruling's day."""
    return _common_parts(file, ruling) | _own_parts(file, card, ruling.on)


def _common_parts(file: CaseFile, ruling: CaseRuling) -> dict[str, str]:
    """The parts that all six rest on."""
    stated = counted(file)
    found = {
        "ruling": digest({"outcome": ruling.outcome()}),
        "transaction": digest(
            {
                name: value
                for name, value in transaction_content(file).items()
                if name not in ("lines", "parties")
            }
        ),
        "flags": digest(
            {
                str(line.number): {flag.value: stated.flag(line.number, flag) for flag in Flag}
                for line in file.lines
            }
        ),
    }
    found["end_user"] = digest({"stated": stated.end_user})
    found["listed"] = digest(
        {str(party.pk): sorted(stated.listed_under(party.pk)) for party in file.parties}
    )
    for line in file.lines:
        found[f"line:{line.number}"] = digest(line_content(line))
    for party in file.parties:
        found[f"party:{party.pk}"] = digest(party_content(party))
    return found


def _own_parts(file: CaseFile, card: Card, on: date) -> dict[str, str]:
    """The answers of one card, and what it cites."""
    found = {"card": digest({name: getattr(card, name) for name in CARD_FIELDS})}
    for source in cited(file.evidence, card.evidence):
        found[f"evidence:{source.pk}"] = digest(evidence_content(source, on))
    for measure in cited(file.measures, card.measures):
        found[f"measure:{measure.pk}"] = digest(measure_content(measure, on))
    return found


def basis_of(parts: Mapping[str, str]) -> str:
    """The digest that a signature stands for."""
    return digest(dict(parts))


@dataclass(frozen=True, slots=True)
class CardState:
    """How a card stands. `stale_because` says in words what changed since it was signed."""

    number: str
    card: Card | None
    missing: tuple[str, ...]
    is_signed_once: bool
    is_signed_twice: bool
    is_stale: bool
    stale_because: tuple[str, ...]

    @property
    def is_answered(self) -> bool:
        return self.card is not None and not self.missing

    @property
    def is_good(self) -> bool:
        """Answered, signed by two people, and fresh."""
        return self.is_answered and self.is_signed_twice and not self.is_stale

    @property
    def residual(self) -> str:
        return self.card.residual if self.card else ""


def card_states(file: CaseFile, ruling: CaseRuling) -> list[CardState]:
    """The six, in the order of the Act. At most one query, for what was signed."""
    common = _common_parts(file, ruling)
    now = {card.pk: common | _own_parts(file, card, ruling.on) for card in file.cards}
    stale = {
        card.pk for card in file.cards if card.first_by_id and card.basis != basis_of(now[card.pk])
    }
    signed = _signed_parts(file) if stale else {}
    found = []
    for one in CONSIDERATIONS:
        card = file.card(one.number)
        if card is None:
            missing = tuple(missing_answers(Card()))
            found.append(CardState(one.number, None, missing, False, False, False, ()))
            continue
        is_stale = card.pk in stale
        then = signed.get(card.basis, {})
        because = _changed(file, now[card.pk], then, ruling.on) if is_stale else ()
        found.append(
            CardState(
                one.number,
                card,
                tuple(missing_answers(card)),
                card.first_by_id is not None,
                card.second_by_id is not None,
                is_stale,
                tuple(because),
            )
        )
    return found


def missing_answers(card: Card) -> list[str]:
    """The labels of what is still to be answered."""
    return [
        str(one.verbose_name)
        for one in Card._meta.concrete_fields
        if one.name in ANSWERS and not is_readable(str(getattr(card, one.name)))
    ]


def _signed_parts(file: CaseFile) -> Mapping[str, Mapping[str, str]]:
    """The parts of each basis that was ever signed. Considerations that say the same share one."""
    found = (
        canonical.decode(bytes(one.body))["basis"]
        for one in events_on(file)
        if one.verb in (Verb.CARD_SIGNED, Verb.CARD_COUNTERSIGNED)
    )
    return {basis_of(parts): parts for parts in found}


def _changed(
    file: CaseFile, now: Mapping[str, str], then: Mapping[str, str], on: date
) -> Iterable[str]:
    new = {part for part in now.keys() - then.keys() if part in _OF_EVERY_CASE} if then else set()
    if new:
        yield _("It was signed when signatures did not rest yet on all that they rest on now.")
    for part in sorted((now.keys() | then.keys()) - new):
        if now.get(part) != then.get(part):
            yield _in_words(file, part, on)


_OF_EVERY_CASE = ("ruling", "transaction", "flags", "end_user", "listed")
"""Parts that every basis has. One without them is of an earlier version of the product."""


def _in_words(file: CaseFile, part: str, on: date) -> str:
    """What has changed, for people."""
    kind, _colon, number = part.partition(":")
    match kind:
        case "ruling":
            return _("The ruling has moved.")
        case "transaction":
            return _("Destination, transit or end use has changed.")
        case "flags":
            return _("What a line is (arms, goods of s. 4.1) has changed.")
        case "end_user":
            return _("What the end-user is stated to be has changed.")
        case "listed":
            return _("A party is listed, or is so no more.")
        case "card":
            return _("The consideration itself has changed.")
        case "line":
            return _("Line %(number)s has changed.") % {"number": number}
        case "party":
            name = next((one.name for one in file.parties if str(one.pk) == number), "")
            return _("The party %(name)s has changed.") % {"name": name or number}
        case "evidence":
            found = next((one for one in file.evidence if str(one.pk) == number), None)
            if found is not None and found.review_by is not None and is_past_review(found, on):
                return _("The evidence “%(title)s” is past its review day, %(day)s.") % {
                    "title": found.title,
                    "day": short_day(found.review_by),
                }
            return _("Evidence that it cites has changed or was removed.")
        case _:
            measure = next((one for one in file.measures if str(one.pk) == number), None)
            if measure is not None and not is_available(measure, on):
                return _("A mitigating measure that it cites is not available any more.")
            return _("A mitigating measure that it cites has changed or was removed.")


# Signing


def sign_card(card: Card, *, by: User, seen_head: int | None = None) -> Card:
    """Signs a consideration: the first time, or as the second person.

    Where the first signature is stale, this is a new first one. With `seen_head`, the number of
    events of the case that were looked at, it raises Conflict when there are more. Raises
    NotPermitted, Refused.
    """
    with acting(Action.SIGN, card.application, by=by) as work:
        file = read_file(work.application)
        now = next(one for one in file.cards if one.pk == card.pk)
        ruling = rule_on(file, on=clock.today(), known_at=clock.now())
        parts = basis_parts(file, now, ruling)
        basis, instant = basis_of(parts), clock.now()
        refuse_to_sign(file, now, by=by, basis=basis, on=ruling.on)
        told: dict[str, Any] = {
            "provision": _provision(now.consideration),
            "basis": parts,
            "expect": seen_head,
        }
        if is_second(now, basis):
            work.record(Verb.CARD_COUNTERSIGNED, **told).set(now, second_by=by, second_at=instant)
        else:
            work.record(Verb.CARD_SIGNED, **told).set(
                now, basis=basis, first_by=by, first_at=instant, second_by=None, second_at=None
            )
    return now


def is_second(card: Card, basis: str) -> bool:
    """Whether the next signature would be the second one."""
    return card.first_by_id is not None and card.second_by_id is None and card.basis == basis


def refuse_to_sign(file: CaseFile, card: Card, *, by: User, basis: str, on: date) -> None:
    """Raises NotPermitted where this person may not sign it now, Refused where nobody may."""
    missing = missing_answers(card)
    if missing:
        raise Refused(_("Still to be answered: %(what)s.") % {"what": ", ".join(missing).lower()})
    past = [one.title for one in cited(file.evidence, card.evidence) if is_past_review(one, on)]
    if past:
        raise Refused(
            _("Evidence is past its review day: %(what)s. Replace it, or review it.")
            % {"what": ", ".join(past)}
        )
    if card.second_by_id is not None and card.basis == basis:
        raise Refused(_("Two people have signed this already."))
    if is_second(card, basis):
        if card.first_by_id == by.pk:
            raise NotPermitted(_("You signed this first. A second person must sign it."))
        if card.edited_by_id == by.pk:
            raise NotPermitted(
                _("You edited this last. Somebody else must be the second to sign it.")
            )


# The determination


@dataclass(frozen=True, slots=True)
class Determination:
    """What follows from the six for s. 7.4: never a seventh answer."""

    substantial: tuple[str, ...]
    not_enough: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def is_no_substantial_risk(self) -> bool:
        return not (self.substantial or self.not_enough or self.open)


def determination(states: Iterable[CardState]) -> Determination:
    """The s. 7.4 determination: one substantial risk is enough, nothing is weighed against it."""
    substantial, not_enough, still = [], [], []
    for state in states:
        if state.residual == Residual.SUBSTANTIAL_RISK:
            substantial.append(state.number)
        elif state.residual == Residual.NOT_ENOUGH_INFORMATION:
            not_enough.append(state.number)
        elif not state.is_good:
            still.append(state.number)
    return Determination(tuple(substantial), tuple(not_enough), tuple(still))
