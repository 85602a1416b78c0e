"""Roles and powers, and how far an act that takes two people has come."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """What a person may do, on the days that a grant says."""

    ANALYST = "analyst", _("Analyst")
    SENIOR_ANALYST = "senior_analyst", _("Senior analyst")
    DECISION_MAKER = "decision_maker", _("Decision-maker")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", _("Auditor")


class Power(TextChoices):
    """What is done for the Minister under a delegation."""

    DECIDE = "decide", _("Issue or refuse permits (EIPA, s. 7 and 7.1)")
    ACT = "act", _("Amend, suspend, cancel or reinstate permits (EIPA, s. 10(1))")


class RequestedAct(TextChoices):
    """What is done to an account only after a second administrator agrees."""

    REOPEN = "reopen", _("Open the account again")
    RESET_PASSWORD = "reset_password", _("Reset the password")


class State(TextChoices):
    """How far an act that takes two people has come, on a day."""

    PROPOSED = "proposed", pgettext_lazy("state", "Proposed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    TAKEN_BACK = "taken_back", _("Taken back before it began")
    NOT_YET = "not_yet", _("Not yet in force")
    IN_FORCE = "in_force", _("In force")
    SUSPENDED = "suspended", _("Account closed")
    NEEDS_ROLE = "needs_role", _("Not in force without the role of decision-maker")
    ENDED = "ended", pgettext_lazy("role or delegation", "Ended")
    DONE = "done", pgettext_lazy("request", "Done")
