"""The files that come with an application: taken in, named, taken off, handed out.

What is kept of one is in `permits.filestore`; its SHA-256 is in the log, so that a file that was
altered afterwards is seen, and never handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.exceptions import Refused
from accounts.models import User
from history import clock
from permits import filestore
from permits.domain.casefile import CaseFile, read_file
from permits.domain.casework import acting, still_there
from permits.domain.intake import Given, different
from permits.looking import NoAnswer, looked_into
from permits.media import Media, clean_name
from permits.models import Application, Document, Evidence, Measure, Statement
from permits.verbs import Verb
from permits.workflow import Action

MEGABYTE = 1_000_000
LARGEST = 25 * MEGABYTE
"""Bytes of one file."""
LARGEST_TOGETHER = 250 * MEGABYTE
"""Bytes of an application's files."""
MOST = 200

DOCUMENT_FIELDS = ("kind", "title", "dated")


def attach(
    application: Application,
    values: Mapping[str, Any],
    *,
    content: Iterable[bytes],
    file_name: str,
    by: User,
) -> Document:
    """Takes a file in: `content` in pieces, `values` of `DOCUMENT_FIELDS`.

    Raises ValidationError (by field: `file`, or one of the values), NotPermitted, Refused.
    """
    document = Document(application=application, added_by=by)
    given = checked_document(document, values)
    try:
        received = filestore.Received(content, most=LARGEST)
    except filestore.TooLarge:
        raise _too_large() from None
    with received:
        media = _kind_of(received.file, received.size)
        with acting(Action.ATTACH, application, by=by) as work:
            _refuse_too_much(work.application, received.size, received.sha256)
            received.keep()
            for name, value in given.items():
                setattr(document, name, value)
            document.application = work.application
            document.file_name = clean_name(file_name, media)
            document.media_type = media.media_type
            document.size, document.sha256 = received.size, received.sha256
            document.added_at = clock.now()
            work.record(Verb.DOCUMENT_ADDED).add(document)
    return document


def check_file(application: Application, file: BinaryIO, size: int) -> None:
    """Raises ValidationError, at `file`, for one that could not be attached."""
    if size > LARGEST:
        raise _too_large()
    _kind_of(file, size)
    file.seek(0)
    digest = sha256()
    while piece := file.read(MEGABYTE):
        digest.update(piece)
    file.seek(0)
    _refuse_too_much(application, size, digest.hexdigest())


def _too_large() -> ValidationError:
    return ValidationError(
        {"file": _("A file has at most %(most)d MB.") % {"most": LARGEST // MEGABYTE}}
    )


def _kind_of(file: BinaryIO, size: int) -> Media:
    if size == 0:
        raise ValidationError({"file": _("This file is empty.")})
    try:
        media = looked_into(file)
    except NoAnswer:
        raise ValidationError(
            {
                "file": _(
                    "The file could not be looked into within the time allowed: it is damaged, or"
                    " has more inside than a document has. Save it anew, for instance as PDF or"
                    " in several files."
                )
            }
        ) from None
    if media is None:
        raise ValidationError(
            {
                "file": _(
                    "This is no file of a kind that is taken: PDF, PNG, JPEG, plain text,"
                    " DOCX, XLSX or ODT, without macros, scripts, files inside or password."
                )
            }
        )
    return media


def _refuse_too_much(application: Application, size: int, digest: str) -> None:
    there = Document.objects.filter(application=application, is_removed=False)
    same = there.filter(sha256=digest).first()
    if same is not None:
        raise ValidationError(
            {"file": _("This very file is attached already: %(title)s.") % {"title": same.title}}
        )
    held = there.aggregate(size=Sum("size"))["size"] or 0
    if held + size > LARGEST_TOGETHER or there.count() >= MOST:
        raise ValidationError(
            {
                "file": _("An application has at most %(most)d files of %(size)d MB together.")
                % {"most": MOST, "size": LARGEST_TOGETHER // MEGABYTE}
            }
        )


def edit_document(
    document: Document, values: Mapping[str, Any], *, by: User, seen: int | None = None
) -> Document:
    """Another kind, title or day. Raises ValidationError, NotPermitted, Refused, Conflict."""
    with acting(Action.ATTACH, document.application, by=by) as work:
        now = still_there(document, seen)
        changed = different(now, checked_document(now, values))
        if changed:
            work.record(Verb.DOCUMENT_EDITED).set(now, **changed)
    return now


def remove_document(document: Document, *, by: User, seen: int | None = None) -> Document:
    """Takes a file off the application; the history and the folder keep it.

    Raises NotPermitted, Conflict, Refused where a statement, a source or a measure rests on it.
    """
    with acting(Action.ATTACH, document.application, by=by) as work:
        now = still_there(document, seen)
        refuse_in_use(read_file(work.application), now)
        work.record(Verb.DOCUMENT_REMOVED).set(now, is_removed=True)
    return now


def refuse_in_use(file: CaseFile, document: Document) -> None:
    """Raises Refused where something on the case rests on it."""
    rows: tuple[Statement | Evidence | Measure, ...]
    rows = (*file.statements, *file.evidence, *file.measures)
    for found in rows:
        if found.document_id == document.pk:
            what = found.get_kind_display() if isinstance(found, Statement) else str(found)
            raise Refused(
                _("This rests on the document: %(what)s. Take that back first.") % {"what": what}
            )


def open_document(document: Document) -> BinaryIO:
    """The file as it was received. Raises filestore.Altered where it is another, or gone."""
    return filestore.opened(document.sha256)


def checked_document(
    document: Document, values: Mapping[str, Any], unread: Collection[str] = ()
) -> dict[str, Any]:
    """The values as the columns hold them. Raises ValidationError with all that is wrong."""
    given = Given(document, values, DOCUMENT_FIELDS, unread)
    given.need("kind", "title")
    dated = given.values.get("dated")
    if dated is not None and dated > clock.today():
        given.fault("dated", _("Give a day up to today."))
    return given.checked()
