"""What can be done to an application, from which status, by whom: one table.

The guard of every act (`permits.domain.casework.acting`), the buttons of the case page, the diagram
in docs/workflow.md and the tests come from it. Rules on one person and one subject (nobody signs
second what they edited) and the gate are not here: the domain functions keep those.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.choices import Role
from accounts.exceptions import NotPermitted, Refused
from permits.choices import OPEN, Outcome, Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ANALYSTS = frozenset({Role.ANALYST, Role.SENIOR_ANALYST})
CASE_ROLES = ANALYSTS | {Role.DECISION_MAKER}
DECISION_MAKERS = frozenset({Role.DECISION_MAKER})
PROPOSERS = CASE_ROLES | {Role.ADMINISTRATOR}


class Action(TextChoices):
    """Everything that changes a case. The label is what a button says."""

    OPEN = "open", _("Open an application")
    EDIT = "edit", _("Edit the application")
    SUBMIT = "submit", _("Submit")
    RETURN = "return", _("Return to the applicant")
    TAKE_UP = "take_up", _("Begin the review")
    ASSIGN = "assign", _("Assign")
    WITHDRAW = "withdraw", pgettext_lazy("application", "Withdraw")
    ATTACH = "attach", _("Attach a document")
    STATE = "state", _("Make a statement")
    COUNTERSIGN = "countersign", _("Countersign a statement")
    ASSESS = "assess", _("Edit a consideration, its evidence and measures")
    SIGN = "sign", _("Sign a consideration")
    CONSULT = "consult", _("Consult")
    WAIT = "wait", _("Record a wait")
    DECLARE_CONFLICT = "declare_conflict", _("Declare a conflict of interest")
    RECOMMEND = "recommend", _("Recommend")
    PUT = "put", _("Put the intended refusal to the applicant")
    SET_CONDITIONS = "set_conditions", _("Add, change or remove a condition")
    SEND_BACK = "send_back", _("Send back to the review")
    ISSUE = "issue", _("Issue the permit")
    REFUSE = "refuse", _("Refuse")
    RETURN_WITHOUT_ACTION = "return_without_action", _("Return without action")
    PROPOSE_ACT = "propose_act", _("Propose an act on the permit")
    ACT = "act", _("Amend, suspend, reinstate or cancel the permit")
    SEE_NOTICE = "see_notice", _("Take note of a notice")
    REPORT_USE = "report_use", _("Report use")
    PROPOSE_REVERSAL = "propose_reversal", _("Propose to take a shipment back")
    AGREE_REVERSAL = "agree_reversal", _("Agree to take a shipment back")


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `target` None leaves the status as it is.

    `after_issue`: also while the application is decided and a permit was issued, since a permit
    that is to be loosened passes the whole gate again.
    """

    roles: frozenset[Role]
    sources: frozenset[Status]
    target: Status | None = None
    after_issue: bool = False

    def applies_to(self, status: str, outcome: str) -> bool:
        return status in self.sources or (
            self.after_issue and status == Status.DECIDED and outcome == Outcome.ISSUED
        )


_REVIEW = frozenset({Status.IN_REVIEW})
_RECOMMENDED = frozenset({Status.RECOMMENDED})
_STATED = frozenset({Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.IN_REVIEW})
_NOWHERE: frozenset[Status] = frozenset()

TRANSITIONS: Mapping[Action, Transition] = {
    Action.OPEN: Transition(ANALYSTS, _NOWHERE, Status.DRAFT),
    Action.EDIT: Transition(ANALYSTS, frozenset({Status.DRAFT, Status.RETURNED, Status.IN_REVIEW})),
    Action.SUBMIT: Transition(
        ANALYSTS, frozenset({Status.DRAFT, Status.RETURNED}), Status.SUBMITTED
    ),
    Action.RETURN: Transition(
        ANALYSTS, frozenset({Status.SUBMITTED, Status.IN_REVIEW}), Status.RETURNED
    ),
    Action.TAKE_UP: Transition(ANALYSTS, frozenset({Status.SUBMITTED}), Status.IN_REVIEW),
    Action.ASSIGN: Transition(ANALYSTS, OPEN),
    Action.WITHDRAW: Transition(ANALYSTS, OPEN, Status.WITHDRAWN),
    Action.ATTACH: Transition(ANALYSTS, _STATED, after_issue=True),
    Action.STATE: Transition(ANALYSTS, _STATED, after_issue=True),
    Action.COUNTERSIGN: Transition(ANALYSTS, _STATED, after_issue=True),
    Action.ASSESS: Transition(ANALYSTS, _REVIEW, after_issue=True),
    Action.SIGN: Transition(ANALYSTS, _REVIEW, after_issue=True),
    Action.CONSULT: Transition(ANALYSTS, _REVIEW, after_issue=True),
    Action.WAIT: Transition(
        ANALYSTS, frozenset({Status.SUBMITTED, Status.IN_REVIEW, Status.RECOMMENDED})
    ),
    Action.DECLARE_CONFLICT: Transition(CASE_ROLES, OPEN, after_issue=True),
    Action.RECOMMEND: Transition(ANALYSTS, _REVIEW, Status.RECOMMENDED),
    Action.PUT: Transition(ANALYSTS, _RECOMMENDED),
    Action.SET_CONDITIONS: Transition(CASE_ROLES, _RECOMMENDED),
    Action.SEND_BACK: Transition(CASE_ROLES, _RECOMMENDED, Status.IN_REVIEW),
    Action.ISSUE: Transition(DECISION_MAKERS, _RECOMMENDED, Status.DECIDED),
    Action.REFUSE: Transition(DECISION_MAKERS, _RECOMMENDED, Status.DECIDED),
    Action.RETURN_WITHOUT_ACTION: Transition(DECISION_MAKERS, _RECOMMENDED, Status.DECIDED),
    Action.PROPOSE_ACT: Transition(PROPOSERS, _NOWHERE, after_issue=True),
    Action.ACT: Transition(DECISION_MAKERS, _NOWHERE, after_issue=True),
    Action.SEE_NOTICE: Transition(CASE_ROLES, _NOWHERE, after_issue=True),
    Action.REPORT_USE: Transition(ANALYSTS, _NOWHERE, after_issue=True),
    Action.PROPOSE_REVERSAL: Transition(ANALYSTS, _NOWHERE, after_issue=True),
    Action.AGREE_REVERSAL: Transition(ANALYSTS, _NOWHERE, after_issue=True),
}


def role_for(action: Action, roles: Collection[Role]) -> Role:
    """The role in which that may be done: of several, the first of the table `Role`.

    Raises NotPermitted where it is another's to do.
    """
    transition = TRANSITIONS[action]
    held = [role for role in Role if role in transition.roles and role in roles]
    if not held:
        may = [str(role.label) for role in Role if role in transition.roles]
        raise NotPermitted(
            ngettext(
                "%(action)s: this is for the role %(roles)s.",
                "%(action)s: this is for the roles %(roles)s.",
                len(may),
            )
            % {"action": action.label, "roles": ", ".join(may)}
        )
    return held[0]


def require(action: Action, status: str, outcome: str, roles: Collection[Role]) -> Role:
    """The role in which that may be done from that status.

    Raises NotPermitted where it is another's to do, Refused where nobody may from that status.
    """
    role = role_for(action, roles)
    if not TRANSITIONS[action].applies_to(status, outcome):
        raise Refused(
            _("%(action)s: not while the application is in the status “%(status)s”.")
            % {"action": action.label, "status": Status(status).label}
        )
    return role


DESPITE_A_CONFLICT = frozenset(
    {
        Action.DECLARE_CONFLICT,
        Action.SEE_NOTICE,
        Action.ISSUE,
        Action.REFUSE,
        Action.RETURN_WITHOUT_ACTION,
        Action.ACT,
    }
)
"""What `acting` leaves open to who declared a conflict of interest in the case: what says nothing
of it, and what a decision-maker does, where rule G12 and the acts on a permit ask it themselves."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a page offers it: `why_not` is empty where it may be done."""

    action: Action
    why_not: str | _StrPromise = ""


def offers(status: str, outcome: str, roles: Collection[Role]) -> list[Offer]:
    """Every act from that status, also those for another role, with the reason against it."""
    found = []
    for action, transition in TRANSITIONS.items():
        if not transition.applies_to(status, outcome):
            continue
        try:
            require(action, status, outcome, roles)
            found.append(Offer(action))
        except NotPermitted as refusal:
            found.append(Offer(action, refusal.words))
    return found
