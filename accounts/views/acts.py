"""The page of an act: it repeats what, to whom and why, and has one button named with the verb."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.days import instant_in_words, short_day
from accounts.exceptions import NotPermitted, Refused
from accounts.forms import ActForm
from accounts.models import Dated, TwoPeople, User
from history.domain.door import Conflict

logger = logging.getLogger("security")

SomeForm = TypeVar("SomeForm", bound=ActForm)

Perform = Callable[[SomeForm], HttpResponse]


@dataclass(frozen=True, slots=True)
class Act:
    """What `accounts/act.html` says of an act.

    `own`: it is about oneself. `facts` are names and values; `then` says what follows; `refusal`
    why this person may not, as things stand: the button is then switched off, and the reason stands
    beside it. `changed` is what somebody else did meanwhile.
    """

    title: str
    button: str
    person: User | None = None
    own: bool = False
    facts: tuple[tuple[str, Any], ...] = ()
    then: str = ""
    provision: str = ""
    refusal: str = ""
    changed: str = ""


def reason_against(check: Callable[..., object], *args: Any, **kwargs: Any) -> str:
    """In words why that check refuses; nothing when it does not."""
    try:
        check(*args, **kwargs)
    except (NotPermitted, Refused) as refusal:
        return str(refusal.words)
    return ""


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing, while the page is only looked at."""
    return request.POST if request.method == "POST" else None


def answer_act(
    request: HttpRequest,
    form: SomeForm,
    describe: Callable[[], Act],
    perform: Perform[SomeForm],
    *,
    row: TwoPeople | None = None,
) -> HttpResponse:
    """The page, or what the act leads to.

    What was typed stays, whatever happens: bad input is answered with 200, "you may not" with 403,
    "not as things stand" and "somebody changed it" with 409 and the row as it is now.
    """
    if not form.is_bound:
        return _page(request, describe(), form)
    seen = form.data.get("seen", "")
    if row is not None and seen.isdecimal() and len(seen) < 19 and int(seen) != row.version:
        return _changed(request, describe(), form, row)
    if not form.is_valid():
        return _page(request, describe(), form)
    try:
        return perform(form)
    except ValidationError as fault:
        _put_errors(form, fault)
        return _page(request, describe(), form)
    except NotPermitted as refusal:
        # Denied attempts go to the security log, not to the history.
        logger.warning(
            "denied: person:%s, %s %s: %s",
            request.user.pk,
            request.method,
            request.path,
            refusal.words,
        )
        return _page(request, replace(describe(), refusal=str(refusal.words)), form, status=403)
    except Refused as refusal:
        return _page(request, replace(describe(), refusal=str(refusal.words)), form, status=409)
    except Conflict:
        if row is not None:
            row.refresh_from_db()
        return _changed(request, describe(), form, row)


def _put_errors(form: ActForm, fault: ValidationError) -> None:
    if hasattr(fault, "error_dict"):
        for name, errors in fault.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error("reason" if "reason" in form.fields else None, fault)


def _changed(request: HttpRequest, act: Act, form: ActForm, row: TwoPeople | None) -> HttpResponse:
    changed = _("Somebody else changed this while you were looking at it.")
    if row is not None:
        changed = f"{changed} {last_change(row)}"
        # Whoever has read what changed may go on from there.
        form.data = {**form.data, "seen": str(row.version)}
    return _page(request, replace(act, changed=changed), form, status=409)


def _page(request: HttpRequest, act: Act, form: ActForm, status: int = 200) -> HttpResponse:
    return render(request, "accounts/act.html", {"act": act, "form": form}, status=status)


def last_change(row: TwoPeople) -> str:
    """Who did what last, and when."""
    if row.declined_at is not None:
        return _("Declined by %(name)s, %(time)s.") % _who(row.declined_by, row.declined_at)
    if isinstance(row, Dated) and row.ended_at is not None and row.ends_on is not None:
        return _("%(name)s let it end on %(day)s, %(time)s.") % {
            **_who(row.ended_by, row.ended_at),
            "day": short_day(row.ends_on),
        }
    if row.confirmed_at is not None:
        return _("Confirmed by %(name)s, %(time)s.") % _who(row.confirmed_by, row.confirmed_at)
    return _("Proposed by %(name)s, %(time)s.") % _who(row.proposed_by, row.proposed_at)


def _who(person: User | None, instant: Any) -> dict[str, str]:
    return {"name": person.name if person else system_name(), "time": instant_in_words(instant)}


def system_name() -> str:
    """What stands where no person acted."""
    return _("the system, at installation")
