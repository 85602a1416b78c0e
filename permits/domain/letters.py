"""What goes out on paper: a permit, a refusal, an intended one, a return, an act on a permit.

A letter is made when it is first asked for, from what the decision or the act left on file, and
kept: what it says (`Letter.content`), and its bytes under the digest that the system's event tells.
Should the file be lost, the content gives the same bytes again. Each proves, against a signed
checkpoint that the same event pins, that the event it is about is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.rules import roles_of
from history import canonical, clock
from history.actors import SYSTEM
from history.domain import checkpoints
from history.domain.door import door
from history.models import Checkpoint, Event
from permits import filestore
from permits.choices import LetterKind, Outcome
from permits.domain.casefile import CaseFile, read_file
from permits.domain.standing import undone_since
from permits.domain.wording import say
from permits.models import Application, Letter, PermitAct
from permits.printing import Unprintable, render
from permits.verbs import Verb
from permits.workflow import PROPOSERS

MEDIA_TYPE = "application/pdf"
_MOST = 10_000_000  # Bytes.
_DECIDED = {
    Outcome.ISSUED.value: LetterKind.PERMIT,
    Outcome.REFUSED.value: LetterKind.REFUSAL,
    Outcome.RETURNED.value: LetterKind.RETURN,
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter that can be asked for, and the one that was made, if it was.

    `undone_by`: later acts by which what its act did is no longer so.
    """

    kind: LetterKind
    act: PermitAct | None
    letter: Letter | None
    undone_by: tuple[PermitAct, ...] = ()


def papers(file: CaseFile) -> list[Paper]:
    """Every letter of a case, in the order of what they are about. Two queries at most."""
    wanted: list[tuple[LetterKind, PermitAct | None]] = []
    if file.recommendation is not None and file.recommendation.put_on is not None:
        wanted.append((LetterKind.INTENDED_REFUSAL, None))
    if file.decision is not None:
        wanted.append((_DECIDED[file.decision.outcome], None))
    undone: Mapping[int, tuple[PermitAct, ...]] = {}
    if file.permit is not None:
        acts = PermitAct.objects.filter(permit=file.permit, done_at__isnull=False)
        done = list(acts.select_related("line").order_by("done_at", "pk"))
        wanted += [(LetterKind.ACT, act) for act in done]
        undone = undone_since(done)
    if not wanted:
        return []
    made = {
        (one.kind, one.act_id): one
        for one in Letter.objects.filter(application=file.application).order_by("event")
    }
    return [
        Paper(kind, None, made.get((kind, None)))
        if act is None
        else Paper(kind, act, made.get((kind, act.pk)), undone[act.pk])
        for kind, act in wanted
    ]


def make_letter(
    application: Application, kind: str, *, by: User, act: PermitAct | None = None
) -> Letter:
    """The letter, made now unless it was made before.

    Raises NotPermitted for whoever does not work on cases, Refused where there is nothing yet that
    it could be about, KeyUnavailable where no checkpoint can be signed.
    """
    if not roles_of(by) & PROPOSERS:
        raise NotPermitted(_("Letters are made by those who work on cases."))
    file = read_file(application)
    paper = next((one for one in papers(file) if one.kind == kind and one.act == act), None)
    if paper is None:
        raise Refused(_("There is nothing yet that this letter could be about."))
    if paper.letter is not None:
        return paper.letter
    event = _event_of(file, paper)
    checkpoint = checkpoints.make()
    content = say(file, paper.kind, paper.act, event, checkpoint)
    return _keep(application, paper, event, checkpoint, content)


def _keep(
    application: Application,
    paper: Paper,
    event: Event,
    checkpoint: Checkpoint,
    content: Mapping[str, Any],
) -> Letter:
    try:
        made = render(content)
    except Unprintable as fault:
        raise Refused(
            _(
                "This letter can't be made: a name or text in it has signs that the letter's fonts"
                " do not have."
            )
        ) from fault
    with filestore.Received([made], most=_MOST) as received, door(by=SYSTEM) as entries:
        now = Application.objects.select_for_update().get(pk=application.pk)
        # Somebody else may have asked for it at the same moment.
        there = Letter.objects.filter(application=now, kind=paper.kind, event=event.number).first()
        if there is not None:
            return there
        received.keep()
        letter = Letter(
            application=now,
            kind=paper.kind,
            act=paper.act,
            event=event.number,
            checkpoint_size=checkpoint.size,
            content=canonical.encode(content).decode(),
            sha256=received.sha256,
            made_at=clock.now(),
        )
        entries.record(
            Verb.LETTER_MADE,
            stream=now.stream,
            subject=f"application:{now.reference}",
            data={"event": event.number, "sha256": received.sha256, "checkpoint": checkpoint.note},
        ).add(letter)
    return letter


def letter_bytes(letter: Letter) -> bytes:
    """The bytes of a letter, made anew from its content where the file is gone or altered.

    Raises filestore.Altered where that gives other bytes: then neither is what went out.
    """
    try:
        with filestore.opened(letter.sha256) as file:
            return file.read()
    except filestore.Altered:
        again = render(canonical.decode(letter.content.encode()))
        if sha256(again).hexdigest() != letter.sha256:
            raise
        with filestore.Received([again], most=_MOST) as received:
            received.keep()
        return again


def file_name(letter: Letter) -> str:
    """What the file is called when it is saved."""
    number = canonical.decode(letter.content.encode())["number"]
    parts = [number, letter.kind.replace("_", "-")]
    act = letter.act
    if act is not None:
        done = PermitAct.objects.filter(permit=act.permit_id, done_at__isnull=False)
        place = list(done.order_by("done_at", "pk").values_list("pk", flat=True)).index(act.pk) + 1
        parts += [str(place), act.kind]
    return f"{'-'.join(parts)}.pdf"


# What a letter is about


def _event_of(file: CaseFile, paper: Paper) -> Event:
    stream = Event.objects.filter(stream=file.application.stream)
    if paper.kind == LetterKind.INTENDED_REFUSAL:
        return stream.filter(verb=Verb.PUT_TO_APPLICANT).latest("number")
    about = paper.act or file.decision
    if about is None:
        raise ValueError("a letter is about a decision or an act")
    # Neither is ever written again.
    return stream.get(sequence=about.version)
