"""The evidence and the mitigating measures that considerations cite."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from accounts.models import User
from history import clock
from permits.domain.casework import acting, still_there
from permits.domain.intake import Given, different
from permits.models import Application, Evidence, Measure
from permits.verbs import Verb
from permits.workflow import Action

Source = TypeVar("Source", bound=Evidence | Measure)

EVIDENCE_FIELDS = ("title", "source", "says", "dated", "reliability", "review_by", "document")
MEASURE_FIELDS = (
    "kind",
    "giver",
    "form",
    "wording",
    "scope",
    "mechanism",
    "dated",
    "expires_on",
    "is_in_force",
    "document",
)
_NEEDED: Mapping[type[Any], tuple[str, ...]] = {
    Evidence: ("title", "source", "reliability"),
    Measure: ("kind", "giver", "form", "wording"),
}
_FIELDS: Mapping[type[Any], tuple[str, ...]] = {Evidence: EVIDENCE_FIELDS, Measure: MEASURE_FIELDS}


def add_evidence(application: Application, values: Mapping[str, Any], *, by: User) -> Evidence:
    """A source for the review. Raises ValidationError, NotPermitted, Refused."""
    with acting(Action.ASSESS, application, by=by) as work:
        row = Evidence(application=work.application, added_by=by)
        _fill(row, values)
        work.record(Verb.EVIDENCE_ADDED).add(row)
    return row


def add_measure(application: Application, values: Mapping[str, Any], *, by: User) -> Measure:
    """A mitigating measure. Raises ValidationError, NotPermitted, Refused."""
    with acting(Action.ASSESS, application, by=by) as work:
        row = Measure(application=work.application, added_by=by)
        _fill(row, values)
        work.record(Verb.MEASURE_ADDED).add(row)
    return row


def edit_source(
    row: Source, values: Mapping[str, Any], *, by: User, seen: int | None = None
) -> Source:
    """New values. The cards that cite it are stale from then on. Raises ValidationError,
    NotPermitted, Refused, Conflict.
    """
    with acting(Action.ASSESS, row.application, by=by) as work:
        now = still_there(row, seen)
        changed = different(now, checked_source(now, values))
        if changed:
            verb = Verb.EVIDENCE_EDITED if isinstance(now, Evidence) else Verb.MEASURE_EDITED
            work.record(verb).set(now, **changed)
    return now


def remove_source(row: Source, *, by: User, seen: int | None = None) -> Source:
    """Takes it off the file; the cards that cite it are stale. The history keeps it."""
    with acting(Action.ASSESS, row.application, by=by) as work:
        now = still_there(row, seen)
        verb = Verb.EVIDENCE_REMOVED if isinstance(now, Evidence) else Verb.MEASURE_REMOVED
        work.record(verb).set(now, is_removed=True)
    return now


def _fill(row: Source, values: Mapping[str, Any]) -> None:
    for name, value in checked_source(row, values).items():
        setattr(row, name, value)


def checked_source(
    row: Source, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """The values as the columns hold them. Raises ValidationError with all that is wrong."""
    given = Given(row, values, _FIELDS[type(row)], unread)
    given.need(*_NEEDED[type(row)])
    document = given.values.get("document")
    if document is not None and (
        document.application_id != row.application_id or document.is_removed
    ):
        given.fault("document", _("Choose a document of this application."))
    if isinstance(row, Evidence):
        _fit_days(given, "review_by")
    else:
        _fit_days(given, "expires_on")
        ends, in_force = given.get("expires_on"), given.get("is_in_force")
        is_over = given.is_read("expires_on") and ends is not None and ends <= clock.today()
        if is_over and given.is_read("is_in_force") and in_force:
            given.fault("expires_on", _("It ended on that day: it is not in force any more."))
    return given.checked()


def _fit_days(given: Given, last: str) -> None:
    """A source or a measure is of a day up to today; its last day is that day or a later one."""
    dated, ends = given.get("dated"), given.get(last)
    if given.is_read("dated") and dated is not None and dated > clock.today():
        given.fault("dated", _("Give a day up to today."))
    elif given.is_read("dated", last) and dated and ends and ends < dated:
        given.fault(last, _("Give its date or a later day."))
