"""The words of a case as codes, with English and French labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from policies.choices import Answer, EndUserKind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Status(TextChoices):
    """Where an application stands. Work inside "in review" is not a status of its own."""

    DRAFT = "draft", pgettext_lazy("application", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("application", "Submitted")
    RETURNED = "returned", pgettext_lazy("application", "Returned to the applicant")
    IN_REVIEW = "in_review", pgettext_lazy("application", "In review")
    RECOMMENDED = "recommended", pgettext_lazy("application", "Recommended")
    DECIDED = "decided", pgettext_lazy("application", "Decided")
    WITHDRAWN = "withdrawn", pgettext_lazy("application", "Withdrawn")


OPEN = frozenset(
    {Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.IN_REVIEW, Status.RECOMMENDED}
)


class Outcome(TextChoices):
    """What a decision says."""

    ISSUED = "issued", pgettext_lazy("outcome", "Issued")
    REFUSED = "refused", pgettext_lazy("outcome", "Refused")
    RETURNED = "returned", pgettext_lazy("outcome", "Returned without action")


class ReturnGround(TextChoices):
    """Why an application is returned without action."""

    NO_PERMIT_NEEDED = "no_permit_needed", _("No permit is needed")
    GENERAL_PERMIT = "general_permit", _("A general permit applies")
    INELIGIBLE = "ineligible", _("The applicant is not eligible")


class RefusalGround(TextChoices):
    """The provision that a refusal rests on. Grounds of policy and of s. 7.4 are different."""

    SUBSTANTIAL_RISK = "7.4", _("Substantial risk of a negative consequence (EIPA, s. 7.4)")
    ELIGIBILITY = "7(1)", _("The applicant may not be issued this permit (EIPA, s. 7(1))")
    FIREARMS = "7(2)", _("Destination or consignee barred for goods of s. 4.1 (EIPA, s. 7(2))")
    REGULATION = "regulation", _("Prohibited by a regulation")
    STATE_SAFETY = "7.2", _("Prejudice to the safety or interests of the State (EIPA, s. 7.2)")
    POLICY = "policy", _("Policy in force")
    DISCRETION = "discretion", _("Other relevant matter")


LEGAL_BARS = frozenset(
    {RefusalGround.ELIGIBILITY, RefusalGround.FIREARMS, RefusalGround.REGULATION}
)
"""Grounds that leave no discretion: no consideration, and no period for a reply, is needed."""


class PartyRole(TextChoices):
    APPLICANT = "applicant", _("Applicant")
    EXPORTER = "exporter", _("Exporter, if another than the applicant")
    CONSIGNEE = "consignee", _("Consignee")
    END_USER = "end_user", _("End-user")
    SELLER = "seller", _("Seller")
    PURCHASER = "purchaser", _("Purchaser")
    BROKER = "broker", _("Broker, agent or mandatary")


class DocumentKind(TextChoices):
    """What a document is. The first twelve support the end use (SOR/97-204, s. 3(2)(h))."""

    INTERNATIONAL_IMPORT_CERTIFICATE = (
        "international_import_certificate",
        _("International Import Certificate"),
    )
    END_USE_CERTIFICATE = "end_use_certificate", _("End-use certificate")
    END_USE_STATEMENT = "end_use_statement", _("End-use statement")
    CONTRACT_OF_PURCHASE = "contract_of_sale_purchase", _("Contract of purchase by the exporter")
    CONTRACT_OF_SALE = "contract_of_sale_export", _("Contract of sale for export")
    COMMERCIAL_INVOICE = "commercial_invoice", _("Commercial invoice")
    FINANCIAL = (
        "letter_of_credit_or_financial_document",
        _("Letter of credit or financial document"),
    )
    SUPPLIER = "supplier_name_and_address", _("Name and address of the supplier")
    INTENDED_END_USE = "intended_end_use", _("Statement of the intended end use")
    END_USE_LOCATION = "end_use_location", _("Statement of the end-use location")
    FOREIGN_IMPORT_PERMIT = "foreign_import_permit", _("Import permit of the destination")
    IN_TRANSIT = "in_transit_authorization", _("In-transit authorization")
    DPA_PROOF = "dpa_registration_proof", _("Controlled Goods registration or exemption")
    US_AUTHORIZATION = "us_export_authorization", _("United States export authorization")
    AUTHORIZATION = "authorization", _("Authorization under a sanctions instrument")
    EVIDENCE = "evidence", _("Evidence for the review")
    OTHER = "other", pgettext_lazy("document", "Other")


END_USE_SUPPORT = tuple(DocumentKind)[:12]


class Delivery(TextChoices):
    """How the permit is to be sent (SOR/97-204, s. 3(2)(g))."""

    ELECTRONIC = "electronic", _("Electronically")
    MAIL = "mail", _("By mail")
    COURIER = "courier", _("By courier, at the applicant's cost")
    PICK_UP = "pick_up", _("Picked up")


class ResaleOrGovernment(TextChoices):
    """Where brokered goods end (SOR/2019-221, s. 1(h))."""

    RESALE = "resale", _("Commercial resale")
    GOVERNMENT = "government", _("End use by a government")


class BrokeringParagraph(TextChoices):
    """The paragraph of s. 1 of the Brokering Control List (SOR/2019-221, s. 1(i))."""

    A = "a", _("Neither (b) nor (c)")
    B = "b", _("Paragraph 1(b)")
    C = "c", _("Paragraph 1(c)")


class StatementKind(TextChoices):
    """What a person states on a case. `permits.domain.statements` says which of them loosen."""

    ANSWER = "answer", _("Answer to a policy question")
    EXCEPTION = "exception", _("Exception claimed")
    FLAG = "flag", _("What a line is")
    END_USER = "end_user", _("Kind of end-user")
    ELIGIBILITY = "eligibility", _("Eligibility of the applicant")
    SCREENING = "screening", _("Screening of a party")
    AUTHORIZATION = "authorization", _("Authorization on file")
    WAIVER = "waiver", _("Required fact waived")
    STATE_SAFETY = "state_safety", _("Safety or interests of the State (s. 7.2)")


class Flag(TextChoices):
    """What a line is, beyond its items."""

    WAR_MATERIAL = "war_material", _("Arms, ammunition, implements or munitions of war (s. 7.3)")
    RELATED_MATERIAL = "related_material", _("Arms and related material (sanctions)")
    EIPA_4_1 = "eipa_4_1", _("Prohibited firearm, weapon or device, or a part (s. 4.1)")
    WMD_END_USE = "wmd_end_use", _("Use in weapons of mass destruction or missiles (ECL 5505)")


class Screened(TextChoices):
    """What screening a party against the lists found."""

    CLEAR = "clear", _("No match")
    FALSE_MATCH = "false_match", _("Matches, and none is this party")
    LISTED = "listed", _("Is a listed person")


class Likelihood(TextChoices):
    """How likely the consequence is. Never summed with anything."""

    NONE = "none", _("No credible evidence")
    POSSIBLE = "possible", _("Possible")
    LIKELY = "likely", _("Likely")
    VERY_LIKELY = "very_likely", _("Very likely")


class Gravity(TextChoices):
    LIMITED = "limited", _("Limited")
    SERIOUS = "serious", _("Serious")
    GRAVE = "grave", _("Grave or systematic")


class LinkToItem(TextChoices):
    NONE = "none", _("None found")
    INDIRECT = "indirect", _("Indirect")
    DIRECT = "direct", _("Direct")


class Level(TextChoices):
    """Of confidence in evidence, and of a source's reliability."""

    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Residual(TextChoices):
    """What remains after available mitigating measures: the words of s. 7.4, or not enough."""

    NO_SUBSTANTIAL_RISK = "no_substantial_risk", _("No substantial risk")
    SUBSTANTIAL_RISK = "substantial_risk", _("Substantial risk")
    NOT_ENOUGH_INFORMATION = "not_enough_information", _("Not enough information")


class MeasureKind(TextChoices):
    END_USE_CERTIFICATE = "end_use_certificate", _("End-use certificate with limits")
    GOVERNMENT_ASSURANCE = "government_assurance", _("Assurance by a government")
    RE_EXPORT_CONSENT = "re_export_consent", _("Consent before re-export or incorporation")
    SERIALS = "serials", _("Lists of serial numbers, notice of installation")
    VERIFICATION = "verification", _("Verification on site or after shipment")
    QUANTITY = "quantity", _("Limited quantity or staged delivery")
    UNIT = "unit", _("Exclusion or vetting of a unit")
    TECHNICAL = "technical", _("Technical limit")
    REPORTING = "reporting", _("Reporting condition or shorter validity")
    OTHER = "other", pgettext_lazy("measure", "Other")


class WaitKind(TextChoices):
    APPLICANT = "applicant", _("The applicant")
    REPLY = "reply", _("Reply to an intended refusal")
    CONSULTATION = "consultation", _("A consulted body")
    OTHER = "other", pgettext_lazy("wait", "Another")


class ActKind(TextChoices):
    """What is done to a permit (EIPA, s. 10(1))."""

    AMEND = "amend", _("Amend")
    SUSPEND = "suspend", _("Suspend")
    REINSTATE = "reinstate", _("Reinstate")
    CANCEL = "cancel", _("Cancel")


class Group(TextChoices):
    """How far a live permit in a policy's scope was used: what is left to decide on differs."""

    UNUSED = "unused", pgettext_lazy("permits", "Nothing shipped yet")
    PARTLY = "partly", pgettext_lazy("permits", "Partly shipped")
    EXCEPTED = "excepted", pgettext_lazy("permits", "Under an exception")
    SUSPENDED = "suspended", pgettext_lazy("permits", "Suspended already")


class SweepAction(TextChoices):
    """What a sweep does with the permits of a group."""

    KEEP = "keep", pgettext_lazy("permits", "Keep")
    SUSPEND = "suspend", _("Suspend")
    CANCEL = "cancel", _("Cancel")


class Settled(TextChoices):
    """What came of one permit of a sweep."""

    DONE = "done", pgettext_lazy("permit", "Done")
    KEPT = "kept", pgettext_lazy("permit", "Kept")
    PASSED_OVER = "passed_over", pgettext_lazy("permit", "Passed over")


class PermitStatus(TextChoices):
    """What a permit is on a day: a function of its acts, its use and the day."""

    NOT_YET = "not_yet", pgettext_lazy("permit", "Not yet valid")
    VALID = "valid", pgettext_lazy("permit", "Valid")
    SUSPENDED = "suspended", pgettext_lazy("permit", "Suspended")
    SUSPENDED_IN_PART = "suspended_in_part", pgettext_lazy("permit", "Suspended in part")
    CANCELLED_IN_PART = "cancelled_in_part", pgettext_lazy("permit", "Cancelled in part")
    EXPIRED = "expired", pgettext_lazy("permit", "Expired")
    EXPIRED_SUSPENDED = "expired_suspended", pgettext_lazy("permit", "Expired while suspended")
    EXHAUSTED = "exhausted", pgettext_lazy("permit", "Exhausted")
    CANCELLED = "cancelled", pgettext_lazy("permit", "Cancelled")


class NoticeKind(TextChoices):
    """Why somebody is told."""

    TIGHTENED = "tightened", _("A permit was tightened")
    HOLDER = "holder", _("To be told to the holder")


class LetterKind(TextChoices):
    """What goes out on paper."""

    PERMIT = "permit", _("Permit")
    REFUSAL = "refusal", _("Refusal")
    INTENDED_REFUSAL = "intended_refusal", _("Intended refusal")
    RETURN = "return", _("Return without action")
    ACT = "act", _("Act on a permit")


SAYS: dict[str, _StrPromise] = {
    "yes": _("Yes"),
    "no": _("No"),
    "claimed": _("Claimed"),
    "resident": _("Resident of Canada"),
    "not_resident": _("Not a resident of Canada"),
    "on_file": _("On file"),
    "waived": _("Waived"),
    "raised": _("Raised"),
    "not_prejudicial": _("No prejudice"),
    "prejudicial": _("Prejudice"),
    **{one.value: one.label for one in (*Screened, *EndUserKind, *Answer)},
}
"""What a statement says, by its value."""


STRICTER: frozenset[tuple[str, str]] = frozenset(
    {
        (StatementKind.FLAG.value, "yes"),
        (StatementKind.END_USER.value, EndUserKind.PRIVATE.value),
        (StatementKind.END_USER.value, EndUserKind.UNKNOWN.value),
        (StatementKind.ELIGIBILITY.value, "not_resident"),
        (StatementKind.SCREENING.value, Screened.LISTED.value),
        (StatementKind.STATE_SAFETY.value, "raised"),
        (StatementKind.STATE_SAFETY.value, "prejudicial"),
    }
)
"""What makes a ruling or the gate stricter, by kind: only that can count with one signature."""
