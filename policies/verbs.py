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
