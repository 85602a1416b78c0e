"""What can be done to an application, its review and its permit, as the history tells it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.verbs import By, Verbs, declare
from permits.workflow import DECISION_MAKERS, PROPOSERS, TRANSITIONS, Action


class Verb(Verbs):
    """The verbs of a case."""

    OPENED = "application.opened", _("Application opened")
    EDITED = "application.edited", _("Application edited")
    SUBMITTED = "application.submitted", _("Application submitted")
    RETURNED = "application.returned", _("Application returned to the applicant")
    TAKEN_UP = "application.taken_up", _("Review begun")
    ASSIGNED = "application.assigned", _("Application assigned")
    WITHDRAWN = "application.withdrawn", _("Application withdrawn")
    LINE_ADDED = "line.added", _("Line added")
    LINE_EDITED = "line.edited", _("Line edited")
    LINE_REMOVED = "line.removed", _("Line removed")
    PARTY_ADDED = "party.added", _("Party added")
    PARTY_EDITED = "party.edited", _("Party edited")
    PARTY_REMOVED = "party.removed", _("Party removed")
    DOCUMENT_ADDED = "document.added", _("Document added")
    DOCUMENT_EDITED = "document.edited", _("Document edited")
    DOCUMENT_REMOVED = "document.removed", _("Document removed")
    STATED = "statement.made", _("Statement made")
    COUNTERSIGNED = "statement.countersigned", _("Statement countersigned")
    SET_ASIDE = "statement.set_aside", _("Statement set aside")
    EVIDENCE_ADDED = "evidence.added", _("Evidence added")
    EVIDENCE_EDITED = "evidence.edited", _("Evidence edited")
    EVIDENCE_REMOVED = "evidence.removed", _("Evidence removed")
    MEASURE_ADDED = "measure.added", _("Mitigating measure added")
    MEASURE_EDITED = "measure.edited", _("Mitigating measure edited")
    MEASURE_REMOVED = "measure.removed", _("Mitigating measure removed")
    CARD_EDITED = "card.edited", _("Consideration edited")
    CARD_SIGNED = "card.signed", _("Consideration signed")
    CARD_COUNTERSIGNED = "card.countersigned", _("Consideration countersigned")
    CONSULTED = "consultation.opened", _("Body consulted")
    CONSULTATION_ANSWERED = "consultation.answered", _("Consultation answered")
    CONSULTATION_MOVED = "consultation.moved", _("Day for the answer of a consulted body changed")
    CONSULTATION_SILENT = "consultation.silent", _("Silence of a consulted body recorded")
    WAIT_OPENED = "wait.opened", _("Wait begun")
    WAIT_ENDED = "wait.ended", _("Wait ended")
    CONFLICT_DECLARED = "conflict.declared", _("Conflict of interest declared")
    RECOMMENDED = "recommendation.made", _("Recommendation made")
    SENT_BACK = "recommendation.sent_back", _("Recommendation sent back")
    PUT_TO_APPLICANT = "recommendation.put", _("Intended refusal put to the applicant")
    REPLY_RECORDED = "recommendation.replied", _("Reply of the applicant recorded")
    CONDITION_ADDED = "condition.added", _("Condition added")
    CONDITION_CHANGED = "condition.changed", _("Condition changed")
    CONDITION_REMOVED = "condition.removed", _("Condition removed")
    ISSUED = "decision.issued", _("Permit issued")
    REFUSED = "decision.refused", _("Application refused")
    RETURNED_WITHOUT_ACTION = "decision.returned", _("Application returned without action")
    ACT_PROPOSED = "act.proposed", _("Act on a permit proposed")
    ACT_DECLINED = "act.declined", _("Act on a permit declined")
    AMENDED = "permit.amended", _("Permit amended")
    SUSPENDED = "permit.suspended", _("Permit suspended")
    REINSTATED = "permit.reinstated", _("Permit reinstated")
    CANCELLED = "permit.cancelled", _("Permit cancelled")
    USED = "permit.used", _("Use of a permit reported")
    REVERSAL_PROPOSED = "use.reversal_proposed", _("Taking back of a shipment proposed")
    REVERSAL_AGREED = "use.reversal_agreed", _("Shipment taken back")
    REVERSAL_DECLINED = "use.reversal_declined", _("Taking back of a shipment declined")
    LETTER_MADE = "letter.made", _("Letter made")
    SEEDED = "sample.seeded", _("Made-up applications written, for measuring")
    SWEEP_BEGUN = "sweep.begun", _("Permit sweep begun")
    SWEEP_PROPOSED = "sweep.proposed", _("Action of a permit sweep proposed")
    SWEEP_EXCEPTED = "sweep.excepted", _("Permit taken out of its group in a sweep")
    SWEEP_AGREED = "sweep.agreed", _("Action of a permit sweep agreed")
    SWEEP_RETURNED = "sweep.returned", _("Action of a permit sweep returned")
    SWEEP_STOPPED = "sweep.stopped", _("Permit sweep stopped")
    SWEEP_RESUMED = "sweep.resumed", _("Permit sweep resumed")
    KEPT = "permit.kept", _("Permit kept in a sweep")
    PASSED_OVER = "permit.passed_over", _("Permit passed over in a sweep")
    NOTICE_SEEN = "notice.seen", _("Notice seen")


_IN_SWEEPS = {
    **dict.fromkeys(
        (
            Verb.SWEEP_BEGUN,
            Verb.SWEEP_PROPOSED,
            Verb.SWEEP_EXCEPTED,
            Verb.SWEEP_STOPPED,
            Verb.SWEEP_RESUMED,
        ),
        By(["policy"], [role.value for role in PROPOSERS]),
    ),
    **dict.fromkeys(
        (Verb.SWEEP_AGREED, Verb.SWEEP_RETURNED),
        By(["policy"], [role.value for role in DECISION_MAKERS]),
    ),
}

EDITS = (
    *(Verb.EDITED, Verb.LINE_ADDED, Verb.LINE_EDITED, Verb.LINE_REMOVED),
    *(Verb.PARTY_ADDED, Verb.PARTY_EDITED, Verb.PARTY_REMOVED),
)
ATTACHMENTS = (Verb.DOCUMENT_ADDED, Verb.DOCUMENT_EDITED, Verb.DOCUMENT_REMOVED)

_DONE_BY = {
    Action.OPEN: [Verb.OPENED],
    Action.EDIT: EDITS,
    Action.SUBMIT: [Verb.SUBMITTED],
    Action.RETURN: [Verb.RETURNED],
    Action.TAKE_UP: [Verb.TAKEN_UP],
    Action.ASSIGN: [Verb.ASSIGNED],
    Action.WITHDRAW: [Verb.WITHDRAWN],
    Action.ATTACH: ATTACHMENTS,
    Action.STATE: [Verb.STATED, Verb.SET_ASIDE],
    Action.COUNTERSIGN: [Verb.COUNTERSIGNED],
    Action.ASSESS: [
        Verb.EVIDENCE_ADDED,
        Verb.EVIDENCE_EDITED,
        Verb.EVIDENCE_REMOVED,
        Verb.MEASURE_ADDED,
        Verb.MEASURE_EDITED,
        Verb.MEASURE_REMOVED,
        Verb.CARD_EDITED,
    ],
    Action.SIGN: [Verb.CARD_SIGNED, Verb.CARD_COUNTERSIGNED],
    Action.CONSULT: [
        Verb.CONSULTED,
        Verb.CONSULTATION_MOVED,
        Verb.CONSULTATION_ANSWERED,
        Verb.CONSULTATION_SILENT,
    ],
    Action.WAIT: [Verb.WAIT_OPENED, Verb.WAIT_ENDED],
    Action.DECLARE_CONFLICT: [Verb.CONFLICT_DECLARED],
    Action.RECOMMEND: [Verb.RECOMMENDED],
    Action.PUT: [Verb.PUT_TO_APPLICANT, Verb.REPLY_RECORDED],
    Action.SET_CONDITIONS: [
        Verb.CONDITION_ADDED,
        Verb.CONDITION_CHANGED,
        Verb.CONDITION_REMOVED,
    ],
    Action.SEND_BACK: [Verb.SENT_BACK],
    Action.ISSUE: [Verb.ISSUED],
    Action.REFUSE: [Verb.REFUSED],
    Action.RETURN_WITHOUT_ACTION: [Verb.RETURNED_WITHOUT_ACTION],
    Action.PROPOSE_ACT: [Verb.ACT_PROPOSED, Verb.ACT_DECLINED],
    Action.ACT: [
        Verb.AMENDED,
        Verb.SUSPENDED,
        Verb.REINSTATED,
        Verb.CANCELLED,
        Verb.KEPT,
        Verb.PASSED_OVER,
    ],
    Action.SEE_NOTICE: [Verb.NOTICE_SEEN],
    Action.REPORT_USE: [Verb.USED],
    Action.PROPOSE_REVERSAL: [Verb.REVERSAL_PROPOSED, Verb.REVERSAL_DECLINED],
    Action.AGREE_REVERSAL: [Verb.REVERSAL_AGREED],
}

declare(
    {
        verb: By(["case"], [role.value for role in TRANSITIONS[action].roles])
        for action in Action
        for verb in _DONE_BY[action]
    }
    | _IN_SWEEPS
    | {
        Verb.LETTER_MADE: By(["case"], system=True),
        Verb.SEEDED: By(["system"], system=True),
    }
)
