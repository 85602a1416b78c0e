"""What can be done to accounts, roles and delegations, as the history tells it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from history.verbs import By, Verbs, declare


class Verb(Verbs):
    """The verbs of people."""

    ACCOUNT_OPENED = "account.opened", _("Account opened")
    ACCOUNT_CLOSED = "account.closed", _("Account closed")
    REOPENING_PROPOSED = "account.reopening_proposed", _("Opening of an account again proposed")
    ACCOUNT_REOPENED = "account.reopened", _("Account opened again")
    REOPENING_DECLINED = "account.reopening_declined", _("Opening of an account again declined")
    PASSWORD_CHANGED = "password.changed", _("Password changed")
    RESET_PROPOSED = "password.reset_proposed", _("Reset of a password proposed")
    PASSWORD_RESET = "password.reset", _("Password reset")
    RESET_DECLINED = "password.reset_declined", _("Reset of a password declined")
    ROLE_PROPOSED = "role.proposed", _("Role proposed")
    ROLE_GRANTED = "role.granted", _("Role granted")
    ROLE_DECLINED = "role.declined", _("Role declined")
    ROLE_ENDED = "role.ended", _("Role ended")
    DELEGATION_PROPOSED = "delegation.proposed", _("Delegation proposed")
    DELEGATION_GRANTED = "delegation.granted", _("Delegation confirmed")
    DELEGATION_DECLINED = "delegation.declined", _("Delegation declined")
    DELEGATION_ENDED = "delegation.ended", _("Delegation ended")


_ADMINISTRATORS = By(["people"], [Role.ADMINISTRATOR.value])
_OR_FOR_THEMSELVES = By(["people"], [Role.ADMINISTRATOR.value, None])
# At installation, in a demonstration, and by whoever runs the installation.
_OR_THE_SYSTEM = By(["people"], [Role.ADMINISTRATOR.value], system=True)

declare(
    {
        **dict.fromkeys(Verb, _ADMINISTRATORS),
        Verb.ACCOUNT_OPENED: _OR_THE_SYSTEM,
        Verb.ACCOUNT_REOPENED: _OR_THE_SYSTEM,
        Verb.PASSWORD_RESET: _OR_THE_SYSTEM,
        Verb.ROLE_GRANTED: _OR_THE_SYSTEM,
        Verb.PASSWORD_CHANGED: By(["people"], [None]),
        Verb.ROLE_ENDED: _OR_FOR_THEMSELVES,
        Verb.DELEGATION_ENDED: _OR_FOR_THEMSELVES,
    }
)
