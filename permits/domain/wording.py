"""What a letter says, in English and in French, taken from the file of a case.

Everything here is of what a decision or an act left behind and nobody changes again, so that the
letter says the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.days import day_in_words
from accounts.models import Delegation, User
from history import clock
from history.domain import proofs
from history.models import Checkpoint, Event, Log
from permits.choices import ActKind, LetterKind, PartyRole
from permits.domain.casefile import CaseFile
from permits.domain.frozen import ground_in_words, instruments_by, instruments_of
from permits.domain.ruling import rule_on
from permits.domain.standing import FIGURES, changes_done
from permits.figures import dollars, figure, in_dollars, or_no_limit
from permits.models import Decision, PermitAct, PermitLine, Recommendation
from policies.choices import Activity

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words = dict[str, str]

LANGUAGES = {"en": "en-ca", "fr": "fr-ca"}


def both(words: str | _StrPromise, **values: object) -> Words:
    """The words in English and in French; days and figures among `values` as each writes them.

    A value may be a function that writes it.
    """
    found = {}
    for name, code in LANGUAGES.items():
        with override(code):
            told = {key: _told(value) for key, value in values.items()}
            found[name] = str(words) % told if told else str(words)
    return found


def same(text: object) -> Words:
    """What reads the same in both, such as a name."""
    return {name: str(text) for name in LANGUAGES}


def _told(value: object) -> object:
    if callable(value):
        return value()
    if isinstance(value, date):
        return day_in_words(value)
    return dollars(value) if isinstance(value, Decimal) else value


def _day(day: date) -> Words:
    return both("%(day)s", day=day)


def say(
    file: CaseFile,
    kind: LetterKind,
    act: PermitAct | None,
    event: Event,
    checkpoint: Checkpoint,
) -> dict[str, Any]:
    """The content of a letter about `event`, as `permits/letters/letter.typ` takes it."""
    is_of_permit = kind in (LetterKind.PERMIT, LetterKind.ACT) and file.permit is not None
    return {
        "v": 1,
        "kind": kind.value,
        "synthetic": Log.objects.get().synthetic,
        "number": file.permit.number
        if is_of_permit and file.permit
        else file.application.reference,
        "title": both(kind.label),
        "facts": list(_facts(file, kind, act)),
        "paragraphs": list(_paragraphs(file, kind, act, event)),
        "lines": _lines(file) if act is None else [],
        "conditions": _conditions(file, kind),
        "reasons": _reasons(file, kind, act),
        "signed": _signed(file, kind, act),
        "words": _words(),
        "proof": _proof(event, checkpoint),
    }


def _fact(label: str | _StrPromise, value: Words) -> dict[str, Words]:
    return {"label": both(label), "value": value}


def _facts(file: CaseFile, kind: LetterKind, act: PermitAct | None) -> Iterator[dict[str, Words]]:
    application = file.application
    yield _fact(_("Application"), same(application.reference))
    yield _fact(_("Activity"), both(Activity(application.activity).label))
    for role in (PartyRole.APPLICANT, PartyRole.CONSIGNEE, PartyRole.END_USER):
        for party in file.parties_as(role):
            yield _fact(role.label, same(party.name))
    there = application.destination
    if there is not None:
        yield _fact(_("Destination"), {"en": there.name_en, "fr": there.name_fr})
    if kind == LetterKind.PERMIT and file.permit is not None:
        yield _fact(_("Valid from"), _day(file.permit.valid_from))
        yield _fact(_("Valid to, inclusive"), _day(file.permit.valid_to))
    if act is not None:
        yield _fact(_("Act"), both(ActKind(act.kind).label))
        yield _fact(_("Of"), _of(act))


def _of(act: PermitAct) -> Words:
    """What an act is on. A last day or a condition is the whole permit's, whatever the line."""
    line, change = act.line, act.change
    if line is None:
        return both(_("The whole permit"))
    if not (change.get("valid_to") or change.get("conditions_added")):
        return both(_("Line %(number)d"), number=line.number)
    if not change.get("lines"):
        return both(_("The whole permit"))
    return both(_("The whole permit, and line %(number)d"), number=line.number)


def _paragraphs(
    file: CaseFile, kind: LetterKind, act: PermitAct | None, event: Event
) -> Iterator[Words]:
    match kind:
        case LetterKind.PERMIT:
            yield both(
                _(
                    "Under subsection 7(1) of the Export and Import Permits Act, the applicant"
                    " may export the goods and technology listed here to the destination and the"
                    " consignee named, subject to the conditions stated."
                )
                if file.application.activity == Activity.EXPORT
                else _(
                    "Under subsection 7.1(1) of the Export and Import Permits Act, the applicant"
                    " may broker the goods and technology listed here to the destination and the"
                    " consignee named, subject to the conditions stated."
                )
            )
            yield both(
                _(
                    "This permit may be amended, suspended, cancelled or reinstated"
                    " (subsection 10(1) of the Act)."
                )
            )
        case LetterKind.REFUSAL:
            yield both(_("The application is refused, on these grounds:"))
            yield from _grounds(file, file.decision, event)
        case LetterKind.INTENDED_REFUSAL:
            yield both(_("It is intended to refuse the application, on these grounds:"))
            yield from _grounds(file, file.recommendation, event)
            if file.recommendation is not None and file.recommendation.reply_by is not None:
                yield both(
                    _(
                        "You may reply in writing by %(day)s. What you reply is considered"
                        " before the decision is made."
                    ),
                    day=file.recommendation.reply_by,
                )
        case LetterKind.RETURN:
            yield both(_("The application is returned without action:"))
            yield from _grounds(file, file.decision, event)
        case LetterKind.ACT:
            if act is not None and act.done_on is not None:
                done = ActKind(act.kind)
                if act.line is None or done == ActKind.AMEND:
                    yield both(_ACTS[done], day=act.done_on)
                else:
                    yield both(_ACTS_ON_A_LINE[done], day=act.done_on, line=act.line.number)
                yield from _changes(act)


_ACTS = {
    ActKind.AMEND: _("The permit is amended from %(day)s (subsection 10(1) of the Act)."),
    ActKind.SUSPEND: _(
        "The permit is suspended from %(day)s: nothing may be shipped under it until it is"
        " reinstated (subsection 10(1) of the Act)."
    ),
    ActKind.REINSTATE: _("The permit is reinstated from %(day)s (subsection 10(1) of the Act)."),
    ActKind.CANCEL: _(
        "The permit is cancelled from %(day)s: nothing more may be shipped under it"
        " (subsection 10(1) of the Act)."
    ),
}

_ACTS_ON_A_LINE = {
    ActKind.SUSPEND: _(
        "Line %(line)s of the permit is suspended from %(day)s: nothing of it may be shipped until"
        " it is reinstated (subsection 10(1) of the Act)."
    ),
    ActKind.REINSTATE: _(
        "Line %(line)s of the permit is reinstated from %(day)s (subsection 10(1) of the Act)."
    ),
    ActKind.CANCEL: _(
        "Line %(line)s of the permit is cancelled from %(day)s: nothing more of it may be shipped"
        " (subsection 10(1) of the Act)."
    ),
}
"""What an amendment is on, its own paragraphs say."""


def _grounds(
    file: CaseFile, about: Decision | Recommendation | None, event: Event
) -> Iterator[Words]:
    """The grounds, with the instruments of the decision; of an intended refusal with those of the
    day on which it was put, also once it is decided."""
    then = event.recorded_at
    ruling = rule_on(file, on=then.astimezone(clock.OTTAWA).date(), known_at=then)
    is_put = isinstance(about, Recommendation)
    found = instruments_by(ruling) if is_put else instruments_of(file, ruling)
    for ground in about.grounds if about else ():
        yield both("%(ground)s", ground=partial(ground_in_words, ground, found))


_CHANGED = {
    "reinstated": _("Lines that are reinstated: %(lines)s."),
    "suspended": _("Lines that stay suspended: %(lines)s."),
    "cancelled": _("Lines that stay cancelled: %(lines)s."),
    "quantity": _("Line %(line)s: quantity %(now)s (before: %(was)s)."),
    "value": _("Line %(line)s: value %(now)s (before: %(was)s)."),
}


def _changes(act: PermitAct) -> Iterator[Words]:
    """What an act changed of lines, the last day and conditions: nothing of what it is on whole."""
    lines = list(PermitLine.objects.filter(permit=act.permit))
    done = PermitAct.objects.filter(permit=act.permit, done_at__isnull=False)
    units = {str(line.number): line.unit for line in lines}
    for what, was, now in changes_done(act.permit, lines, done)[act.pk]:
        name, _colon, line = what.partition(":")
        if name == "valid_to":
            words = _("It is valid to %(now)s, inclusive (before: to %(was)s).")
            yield both(words, now=now, was=was)
        elif name == "condition":
            added = _("Condition added, beside those that the permit has: %(text)s")
            english, french = both(added, text=was)["en"], both(added, text=now)["fr"]
            yield {"en": english, "fr": french}
        elif name not in FIGURES:
            yield both(_CHANGED[name], lines=", ".join(map(str, now)))
        else:
            unit = units[line] if name == "quantity" else ""
            yield both(
                _CHANGED[name],
                line=line,
                now=partial(_figure, name, now, unit),
                was=partial(_figure, name, was, unit),
            )


def _figure(name: str, value: Decimal | None, unit: str) -> str:
    if name == "value":
        return or_no_limit(value, in_dollars)
    return or_no_limit(value, lambda one: f"{figure(one)} {unit}".strip())


def _lines(file: CaseFile) -> list[list[str]]:
    """Number, items, description, quantity, value: as permitted, or else as applied for."""
    permitted: Mapping[int, PermitLine] = {}
    if file.permit is not None:
        permitted = {one.number: one for one in PermitLine.objects.filter(permit=file.permit)}
    no_limit = " / ".join(both(_("no limit")).values())
    found = []
    with override(LANGUAGES["en"]):
        for line in file.lines:
            granted = permitted.get(line.number)
            quantity = granted.quantity if granted else line.quantity
            value = granted.value if granted else line.total_value
            empty = no_limit if granted else "—"
            found.append(
                [
                    str(line.number),
                    ", ".join(line.items),
                    line.description,
                    empty if quantity is None else f"{figure(quantity)} {line.unit}".strip(),
                    empty if value is None else dollars(value),
                ]
            )
    return found


def _conditions(file: CaseFile, kind: LetterKind) -> list[Words]:
    if kind == LetterKind.PERMIT:
        return [{"en": one.text_en, "fr": one.text_fr} for one in file.conditions]
    return []


def _reasons(file: CaseFile, kind: LetterKind, act: PermitAct | None) -> str:
    if act is not None:
        return act.reason
    if kind == LetterKind.PERMIT:
        return ""
    about = file.recommendation if kind == LetterKind.INTENDED_REFUSAL else file.decision
    return about.reasons if about else ""


def _signed(file: CaseFile, kind: LetterKind, act: PermitAct | None) -> dict[str, Any]:
    """Who stands for it, in which capacity, under which instrument, on which day."""
    decision, recommendation = file.decision, file.recommendation
    if act is not None and act.done_by is not None and act.done_on is not None:
        return _signature(act.done_by, act.delegation, act.done_on)
    if kind != LetterKind.INTENDED_REFUSAL and decision is not None:
        return _signature(decision.decided_by, decision.delegation, decision.decided_on)
    if recommendation is None or recommendation.put_on is None:
        raise ValueError("nobody signs this letter")
    return _signature(recommendation.made_by, None, recommendation.put_on)


def _signature(person: User, delegation: Delegation | None, day: date) -> dict[str, Any]:
    found = {
        "name": person.name,
        "capacity": same(""),
        "instrument": same(""),
        "day": _day(day),
    }
    if delegation is not None:
        number = delegation.number
        found["capacity"] = {"en": delegation.capacity_en, "fr": delegation.capacity_fr}
        found["instrument"] = {
            "en": f"{delegation.instrument_en}, {number}",
            "fr": f"{delegation.instrument_fr}, {number}",
        }
    return found


def _words() -> dict[str, Any]:
    """The words that every letter has."""
    columns = (_("Line"), _("Items"), _("Description"), _("Quantity"), _("Value (CAD)"))
    return {
        "synthetic": both(_("SYNTHETIC: a demonstration's paper, without any effect in law.")),
        "act": both(_("Export and Import Permits Act, R.S.C. 1985, c. E-19")),
        "lines": both(_("Goods and technology")),
        "columns": [both(words) for words in columns],
        "conditions": both(_("Conditions")),
        "reasons": both(_("Reasons, as written")),
        "proof": both(_("How this paper can be checked")),
        "how": both(
            _(
                "The office keeps one log of everything it does. The entry that this paper is"
                " about is in the log as it stood at the signed checkpoint below: the hash of the"
                " entry and the hashes of the path give the root that was signed. The office"
                " tells the rules to whoever asks for them."
            )
        ),
        "path": both(_("Path, from the entry to the root")),
        "note": both(_("Signed checkpoint")),
    }


def _proof(event: Event, checkpoint: Checkpoint) -> dict[str, Any]:
    size = checkpoint.size
    facts = (
        (_("Entry of the log"), event.number),
        (_("Hash of the entry"), bytes(event.leaf).hex()),
        (_("Entries under the checkpoint"), size),
        (_("Root"), bytes(checkpoint.root).hex()),
    )
    return {
        "facts": [{"label": both(label), "value": str(value)} for label, value in facts],
        "event": event.number,
        "leaf": bytes(event.leaf).hex(),
        "size": size,
        "path": [one.hex() for one in proofs.inclusion(event.number, size)],
        "note": checkpoint.note,
    }
