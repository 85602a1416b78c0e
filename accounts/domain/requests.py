"""What opens an account to somebody again: two administrators do it.

Whoever holds a temporary password could act as the person, if it gave a right. It gives none until
it is replaced, who replaces it is in the history, and then the person finds the door shut.
"""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from accounts.choices import RequestedAct
from accounts.domain.people import HandedOver, make_temporary_password
from accounts.domain.two_people import (
    administering,
    afresh,
    decline,
    propose,
    record_confirmed,
    refuse_to_confirm,
)
from accounts.exceptions import NotPermitted, Refused
from accounts.models import AccountRequest, User
from accounts.reasons import checked_reason
from accounts.verbs import Verb

_PROPOSED = {
    RequestedAct.REOPEN: Verb.REOPENING_PROPOSED,
    RequestedAct.RESET_PASSWORD: Verb.RESET_PROPOSED,
}
_DONE = {
    RequestedAct.REOPEN: Verb.ACCOUNT_REOPENED,
    RequestedAct.RESET_PASSWORD: Verb.PASSWORD_RESET,
}
_DECLINED = {
    RequestedAct.REOPEN: Verb.REOPENING_DECLINED,
    RequestedAct.RESET_PASSWORD: Verb.RESET_DECLINED,
}


def propose_request(person: User, act: RequestedAct, *, by: User, reason: str) -> AccountRequest:
    """That an account be opened again, or its password reset.

    Raises ValidationError for the reason; NotPermitted unless `by` is an administrator and another
    person; Refused when the account's state does not ask for it, or it is proposed already.
    """
    reason = checked_reason(reason)
    with administering(by) as entries:
        person = User.objects.get(pk=person.pk)
        if person.pk == by.pk and act == RequestedAct.RESET_PASSWORD:
            raise NotPermitted(_("This is your own account: change your password yourself."))
        if person.pk != by.pk:
            refuse_needless(person, act)
            if AccountRequest.objects.waiting().filter(person=person, act=act).exists():
                raise Refused(_("This is proposed already and waits for a second administrator."))
        row = AccountRequest(person=person, act=act)
        propose(entries, row, verb=_PROPOSED[act], by=by, reason=reason)
    return row


def confirm_request(
    request: AccountRequest, *, by: User, reason: str = "", seen: int | None = None
) -> HandedOver:
    """Does what another administrator proposed, and gives the temporary password to hand over.

    Raises NotPermitted for who proposed it and for the person; Refused when it does not wait any
    more or the account's state has changed; Conflict.
    """
    password = make_temporary_password()
    encoded = make_password(password)
    with administering(by) as entries:
        now = afresh(request, seen)
        refuse_to_confirm(now, by=by)
        act = RequestedAct(now.act)
        person = User.objects.select_for_update().get(pk=now.person_id)
        refuse_needless(person, act)
        entry = record_confirmed(entries, now, verb=_DONE[act], by=by, reason=reason.strip())
        entry.set(person, is_active=True, password=encoded, must_change_password=True)
    return HandedOver(person, password)


def decline_request(
    request: AccountRequest, *, by: User, reason: str, seen: int | None = None
) -> AccountRequest:
    """Declines a proposal; whoever made it withdraws it so.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    verb = _DECLINED[RequestedAct(request.act)]
    return decline(request, verb=verb, by=by, reason=reason, seen=seen)


def refuse_needless(person: User, act: str) -> None:
    """Raises Refused where the account is as the act would make it, or cannot be made so."""
    if act == RequestedAct.REOPEN and person.is_active:
        raise Refused(_("The account is open already."))
    if act == RequestedAct.RESET_PASSWORD and not person.is_active:
        raise Refused(_("The account is closed. It must be opened again first."))
