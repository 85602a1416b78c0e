"""What a person typed and has not saved, kept so that nothing typed is ever lost.

A draft is no event: pauses in typing are no acts. The one event is that of saving.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.rules import roles_of
from history import clock
from permits.models import Application, Draft
from permits.workflow import Action, require

LONGEST_DRAFT = 100_000
"""Characters of one field: a draft may be longer than what can be saved, which says so."""
LONGEST_LIST = 1_000
KEPT = timedelta(days=30)
"""How long a draft is kept that its writer does not touch."""


class Unreadable(Exception):
    """What stands in a draft's place is none."""


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
    draft = Draft(
        application=application,
        person=by,
        form=form,
        seen=seen,
        fields=dict(fields),
        saved_at=clock.now(),
    )
    # What was there is not read: it may be no draft.
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["application", "person", "form"],
        update_fields=["seen", "fields", "saved_at"],
    )
    return draft


def draft_of(application: Application, form: str, *, by: User) -> Draft | None:
    """What this person left unsaved there.

    A draft is no record, so the database lets anyone write one who may write there. Raises
    Unreadable for one that no browser sent.
    """
    try:
        draft = Draft.objects.filter(application=application, form=form, person=by).first()
    except (ValueError, TypeError, AttributeError) as fault:
        # SQLite takes any kind of value in any column.
        raise Unreadable from fault
    if draft is not None and not _is_whole(draft):
        raise Unreadable
    return draft


def _is_whole(draft: Any) -> bool:
    fields = draft.fields
    return (
        isinstance(draft.saved_at, datetime)
        and isinstance(draft.seen, int)
        and isinstance(fields, dict)
        and all(isinstance(values, list) for values in fields.values())
        and all(isinstance(one, str) for values in fields.values() for one in values)
        and not is_too_long(fields)
    )


def is_too_long(fields: Mapping[str, list[str]]) -> bool:
    """Whether it is more than a draft keeps, or could be kept by either engine."""
    return any(
        len(values) > LONGEST_LIST or any(len(one) > LONGEST_DRAFT or "\0" in one for one in values)
        for values in fields.values()
    )


def drop_draft(application: Application, form: str, *, by: User) -> None:
    """Takes one's own draft away: it was saved, or given up."""
    Draft.objects.filter(application=application, form=form, person=by).delete()


def kept_until(draft: Draft) -> date:
    """The last day on which it is kept if nobody touches it."""
    return (draft.saved_at + KEPT).astimezone(clock.OTTAWA).date()


def forget_old_drafts() -> None:
    """Takes away what nobody touched for so long that nobody comes back to it."""
    Draft.objects.filter(saved_at__lt=clock.now() - KEPT).delete()
