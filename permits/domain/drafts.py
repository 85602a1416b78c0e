"""What a person typed and has not saved, kept so that nothing typed is ever lost.

A draft is no event: pauses in typing are no acts. The one event is that of saving.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from accounts.models import User
from accounts.rules import roles_of
from history import clock
from permits.models import Application, Draft
from permits.workflow import Action, require

KEPT = timedelta(days=30)
"""How long a draft is kept that its writer does not touch."""


def keep_draft(
    application: Application,
    form: str,
    fields: Mapping[str, list[str]],
    *,
    seen: int,
    by: User,
) -> Draft:
    """Keeps what was typed in place of the draft before. Writes no record.

    `seen` is the version of the row that it was begun on: saving it compares. Raises NotPermitted,
    Refused where this person could not save it either.
    """
    now = Application.objects.get(pk=application.pk)
    require(Action.ASSESS, now.status, now.outcome, roles_of(by))
    draft, _is_new = Draft.objects.update_or_create(
        application=application,
        person=by,
        form=form,
        defaults={"seen": seen, "fields": dict(fields), "saved_at": clock.now()},
    )
    return draft


def draft_of(application: Application, form: str, *, by: User) -> Draft | None:
    """What this person left unsaved there."""
    return Draft.objects.filter(application=application, form=form, person=by).first()


def drop_draft(application: Application, form: str, *, by: User) -> None:
    """Takes one's own draft away: it was saved, or given up."""
    Draft.objects.filter(application=application, form=form, person=by).delete()


def kept_until(draft: Draft) -> date:
    """The last day on which it is kept if nobody touches it."""
    return (draft.saved_at + KEPT).astimezone(clock.OTTAWA).date()


def forget_old_drafts() -> None:
    """Takes away what nobody touched for so long that nobody comes back to it."""
    Draft.objects.filter(saved_at__lt=clock.now() - KEPT).delete()
