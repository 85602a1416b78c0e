"""What can be done to the register, as the history tells it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.verbs import Verbs


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
