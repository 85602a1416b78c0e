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

from accounts.days import day_in_words
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
from permits.domain.documents import MEGABYTE
from permits.domain.recommendation import all_put
from permits.domain.standing import undone_since
from permits.domain.wording import say
from permits.models import Application, Letter, PermitAct, Recommendation
from permits.printing import Unprintable, render
from permits.verbs import Verb
from permits.workflow import PROPOSERS

MEDIA_TYPE = "application/pdf"
_MOST = 10 * MEGABYTE
_DECIDED = {
    Outcome.ISSUED.value: LetterKind.PERMIT,
    Outcome.REFUSED.value: LetterKind.REFUSAL,
    Outcome.RETURNED.value: LetterKind.RETURN,
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter that can be asked for, and the one that was made, if it was.

    `undone_by`: later acts by which what its act did is no longer so. `put`: the intended refusal
    that was put to the applicant.
    """

    kind: LetterKind
    act: PermitAct | None
    letter: Letter | None
    undone_by: tuple[PermitAct, ...] = ()
    put: Recommendation | None = None

    @property
    def is_of_before(self) -> bool:
        """Whether what it is about was sent back since: no paper is made of that any more."""
        return self.put is not None and self.put.set_aside_at is not None

    @property
    def put_in_words(self) -> str:
        """On which day it was put to the applicant, and whether it was sent back since."""
        if self.put is None or self.put.put_on is None:
            return ""
        words = (
            _("Put to the applicant %(day)s, sent back since")
            if self.is_of_before
            else _("Put to the applicant %(day)s")
        )
        return words % {"day": day_in_words(self.put.put_on)}


def papers(file: CaseFile) -> list[Paper]:
    """Every letter of a case, in the order of what they are about. Two queries at most, and those
    of `all_put`.

    Of an intended refusal that was sent back since, the one that was made.
    """
    put = all_put(file)
    wanted: list[tuple[LetterKind, PermitAct | None]] = []
    if file.decision is not None:
        wanted.append((_DECIDED[file.decision.outcome], None))
    undone: Mapping[int, tuple[PermitAct, ...]] = {}
    if file.permit is not None:
        acts = PermitAct.objects.filter(permit=file.permit, done_at__isnull=False)
        done = list(acts.select_related("line").order_by("done_at", "pk"))
        wanted += [(LetterKind.ACT, act) for act in done]
        undone = undone_since(done)
    if not wanted and not put:
        return []
    letters = list(Letter.objects.filter(application=file.application))
    kind, of_events = LetterKind.INTENDED_REFUSAL, {(one.kind, one.event): one for one in letters}
    intended = [
        Paper(kind, None, of_events.get((kind, event.number)), put=one) for one, event in put
    ]
    made = {(one.kind, one.act_id): one for one in letters}
    return [one for one in intended if one.letter or not one.is_of_before] + [
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
    paper = next(
        (
            one
            for one in papers(file)
            if one.kind == kind and one.act == act and not one.is_of_before
        ),
        None,
    )
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
    try:
        received = filestore.Received([made], most=_MOST)
    except filestore.TooLarge as fault:
        words = _("This letter can't be made: it would have more than %(most)d MB.")
        raise Refused(words % {"most": _MOST // MEGABYTE}) from fault
    with received, door(by=SYSTEM) as entries:
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
    """What the file is called when it is saved. No two letters of a case have the same name."""
    number = canonical.decode(letter.content.encode())["number"]
    parts = [number, letter.kind.replace("_", "-")]
    of_kind = Letter.objects.filter(application=letter.application_id, kind=letter.kind)
    if letter.act is None and (before := of_kind.filter(event__lt=letter.event).count()):
        parts.append(str(before + 1))
    act = letter.act
    if act is not None:
        done = PermitAct.objects.filter(permit=act.permit_id, done_at__isnull=False)
        place = list(done.order_by("done_at", "pk").values_list("pk", flat=True)).index(act.pk) + 1
        parts += [str(place), act.kind]
    return f"{'-'.join(parts)}.pdf"


# What a letter is about


def _event_of(file: CaseFile, paper: Paper) -> Event:
    stream = Event.objects.filter(stream=file.application.stream)
    if paper.put is not None:
        return dict(all_put(file))[paper.put]
    about = paper.act or file.decision
    if about is None:
        raise ValueError("a letter is about a decision or an act")
    # Neither is ever written again.
    return stream.get(sequence=about.version)
