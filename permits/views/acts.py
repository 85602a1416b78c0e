"""The page of an act on a case: it says what is done, and its one form does it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.exceptions import NotPermitted, Refused
from accounts.models import User
from accounts.rights import rights_of
from history.domain.door import Conflict
from permits.domain import worklist
from permits.domain.casefile import CaseFile
from permits.domain.casework import CONFLICTED, has_conflict, last_act
from permits.domain.gate import Gate, GateClosed
from permits.forms import ModelShape, put_errors
from permits.models import Application
from permits.views.conflicts import Comparison, compare
from permits.workflow import DESPITE_A_CONFLICT, Action, require

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

METHODS = ["GET", "HEAD", "POST"]

logger = logging.getLogger("security")

SomeForm = TypeVar("SomeForm", bound=forms.BaseForm)


@dataclass(frozen=True, slots=True)
class Page:
    """What `permits/act.html` says. `back` is where the case or permit is, called `name`.

    `facts` are names and values; `then` says what follows; `refusal` why it was not done;
    `changed` what somebody else did meanwhile, `compared` field by field; `gate` which rules do
    not pass, on an application whose form this person `may_edit`.
    """

    title: str
    button: str
    name: str
    back: str
    facts: tuple[tuple[str, Any], ...] = ()
    then: str = ""
    provision: str | _StrPromise = ""
    refusal: str = ""
    changed: str = ""
    compared: Comparison | None = None
    gate: Gate | None = None
    may_edit: bool = False


def find(
    request: HttpRequest, reference: str, viewer: worklist.Viewer | None = None
) -> Application:
    """The application, if this person may see it; 404 otherwise.

    For a `viewer` with what the worklist says of it to them.
    """
    rows: QuerySet[Application] = Application.objects.visible_to(request.user).for_pages()
    if viewer is not None:
        rows = worklist.with_reason(rows.select_related("overview"), viewer)
    application: Application = get_object_or_404(rows, reference=reference)
    return application


def who(request: HttpRequest) -> User:
    """Who sent it; the table of access lets nobody else through."""
    return cast("User", request.user)


def why_not(
    request: HttpRequest, application: Application, action: Action, *checks: Callable[[], object]
) -> str:
    """Why this person may not do that now, in words; nothing where they may.

    By the table, and by the checks that the act itself makes: what a page offers, the next page
    does not refuse.
    """
    return str(barred(request, application, action, *checks).get("refusal", ""))


def barred(
    request: HttpRequest, application: Application, action: Action, *checks: Callable[[], object]
) -> dict[str, Any]:
    """The same for the `Page` of the act: its `refusal`, and the `gate` where that is closed."""
    try:
        require(action, application.status, application.outcome, rights_of(request))
        if action not in DESPITE_A_CONFLICT and _has_conflict(request, application):
            raise NotPermitted(CONFLICTED)
        for check in checks:
            check()
    except GateClosed as closed:
        return {"refusal": str(closed.words), **gate_of(request, closed.gate)}
    except (NotPermitted, Refused) as refusal:
        return {"refusal": str(refusal.words)}
    except ValidationError as fault:
        return {"refusal": " ".join(fault.messages)}
    return {}


def note_conflicts(request: HttpRequest, file: CaseFile) -> None:
    """Spares `why_not` the query, for a page that has read the file."""
    found = any(one.person_id == who(request).pk for one in file.conflicts)
    request.__dict__["conflicts_declared"] = {file.application.pk: found}


def _has_conflict(request: HttpRequest, application: Application) -> bool:
    """Asked once for a page, however many acts it offers."""
    kept: dict[int, bool] = request.__dict__.setdefault("conflicts_declared", {})
    if application.pk not in kept:
        kept[application.pk] = has_conflict(application, who(request))
    return kept[application.pk]


def gate_of(request: HttpRequest, gate: Gate) -> dict[str, Any]:
    """What the `Page` of an act shows of the gate."""
    return {"gate": gate, "may_edit": not why_not(request, gate.application, Action.EDIT)}


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing, while the page is only looked at."""
    return request.POST if request.method == "POST" else None


def saved(request: HttpRequest, application: Application, anchor: str) -> HttpResponse:
    """Back to the part of the case's page that was changed."""
    messages.success(request, _("Saved."))
    return redirect(f"{application.get_absolute_url()}#{anchor}")


def answer(
    request: HttpRequest,
    form: SomeForm,
    page: Page,
    perform: Callable[[SomeForm], HttpResponse],
    draw: Callable[[Page, SomeForm, int], HttpResponse] | None = None,
) -> HttpResponse:
    """The page, or what the act leads to. `draw` makes the page of a view that has its own.

    What was typed stays, whatever happens: bad input is answered with 200, "you may not" with 403,
    "not as things stand" and "somebody changed it" with 409.
    """

    def drawn(page: Page, status: int = 200) -> HttpResponse:
        return draw(page, form, status) if draw else _page(request, page, form, status)

    if not form.is_bound or not form.is_valid():
        return drawn(page)
    try:
        return perform(form)
    except ValidationError as fault:
        put_errors(form, fault)
        return drawn(page)
    except NotPermitted as refusal:
        # Denied attempts go to the security log, not to the history.
        logger.warning(
            "denied: person:%s, %s %s: %s",
            request.user.pk,
            request.method,
            request.path,
            refusal.words,
        )
        return drawn(replace(page, refusal=str(refusal.words)), 403)
    except GateClosed as closed:
        page = replace(page, refusal=str(closed.words), **gate_of(request, closed.gate))
        return drawn(page, 409)
    except Refused as refusal:
        return drawn(replace(page, refusal=str(refusal.words)), 409)
    except Conflict as conflict:
        return drawn(_changed(page, form, conflict), 409)


def _changed(page: Page, form: forms.BaseForm, conflict: Conflict) -> Page:
    compared, now = None, conflict.now
    if now is not None and isinstance(form, ModelShape):
        # Whoever has read what changed may go on from there.
        compared = compare(form, now)
    elif "seen" in form.fields and (now is not None or conflict.head is not None):
        data = cast("QueryDict", form.data).copy()
        data["seen"] = str(conflict.head if now is None else now.version)
        form.data = data
    words = _(
        "Somebody else changed this while you were looking at it. See the history of the case."
    )
    about: Any = now if now is not None else conflict.row
    application = about if isinstance(about, Application) else getattr(about, "application", None)
    if isinstance(application, Application):
        words = f"{words} {last_act(application)}"
    return replace(page, changed=words, compared=compared)


def _page(request: HttpRequest, page: Page, form: forms.BaseForm, status: int) -> HttpResponse:
    # What cannot be done is not there to be typed into: that would be lost.
    barred = bool(page.refusal) and not form.is_bound
    context = {"page": page, "form": form, "barred": barred}
    return render(request, "permits/act.html", context, status=status)
