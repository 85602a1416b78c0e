"""What can be done to the register, as the history tells it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from history.verbs import By, Verbs, declare


class Verb(Verbs):
    """The register's verbs."""

    POLICY_ENTERED = "policy.entered", _("Policy entered")
    POLICY_REVISED = "policy.revised", _("Policy revised")
    REFERENCE_ENTERED = "reference.entered", _("Reference entered")
    REFERENCE_REVISED = "reference.revised", _("Reference revised")
    REGISTER_LOADED = "register.loaded", _("Register loaded")
    REGISTER_CHANGED = "register.changed", _("Register changed")
    CHANGE_DRAFTED = "change.drafted", _("Policy change drafted")
    CHANGE_EDITED = "change.edited", _("Policy change edited")
    CHANGE_PREVIEWED = "change.previewed", _("Effect of a policy change previewed")
    CHANGE_PROPOSED = "change.proposed", _("Policy change proposed")
    CHANGE_RETURNED = "change.returned", _("Policy change returned to its author")
    CHANGE_WITHDRAWN = "change.withdrawn", _("Policy change withdrawn")
    CHANGE_APPROVED = "change.approved", _("Policy change approved")


_BY_LOADS = By(["policy", "reference"], system=True)
_BY_ADMINISTRATORS = By(["policy"], [Role.ADMINISTRATOR.value])
_BY_EITHER = By(["policy"], [Role.ADMINISTRATOR.value], system=True)

declare(
    {
        **dict.fromkeys(Verb, _BY_ADMINISTRATORS),
        Verb.POLICY_ENTERED: _BY_EITHER,
        Verb.POLICY_REVISED: _BY_EITHER,
        Verb.REFERENCE_ENTERED: _BY_LOADS,
        Verb.REFERENCE_REVISED: _BY_LOADS,
        Verb.REGISTER_LOADED: _BY_LOADS,
        Verb.REGISTER_CHANGED: By(["reference"], [Role.ADMINISTRATOR.value]),
    }
)
