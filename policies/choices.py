"""The words of the policy engine, as codes with English and French labels.

`Stance` and `Requirement` are listed from least to most restrictive; `RANK` maps
give that order, which the engine compares by.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Activity(models.TextChoices):
    EXPORT = "export", _("Export")
    BROKERING = "brokering", _("Brokering")


class Stance(models.TextChoices):
    """What Canada does with new applications, from least to most restrictive."""

    CASE_BY_CASE = "case_by_case", _("Case by case")
    PRESUMPTIVE_DENIAL = "presumptive_denial", _("Presumptive denial")
    SUSPENDED = "suspended", _("Suspended")
    POLICY_OF_DENIAL = "policy_of_denial", _("Policy of denial")
    PROHIBITED = "prohibited", _("Prohibited")


class Requirement(models.TextChoices):
    """Which permit a line needs, from least to most demanding."""

    NOT_CONTROLLED = "not_controlled", _("Not controlled")
    NO_PERMIT_REQUIRED = "no_permit_required", _("No permit required")
    GENERAL_PERMIT = "general_permit", _("General permit")
    INDIVIDUAL_PERMIT = "individual_permit", _("Individual permit")


STANCE_RANK: dict[str, int] = {stance.value: rank for rank, stance in enumerate(Stance)}
REQUIREMENT_RANK: dict[str, int] = {need.value: rank for rank, need in enumerate(Requirement)}


class Layer(models.TextChoices):
    """Where a policy comes from; a stricter row of any layer wins over all others."""

    STATUTE = "statute", _("Statute")
    REGULATION = "regulation", _("Regulation")
    COUNTRY_LIST = "country_list", _("Country list")
    NOTICE = "notice", _("Notice")
    GENERAL_PERMIT = "general_permit", _("General permit")


class Control(models.TextChoices):
    """The list that a permit requirement comes from."""

    ECL = "ECL", _("Export Control List")
    BCL = "BCL", _("Brokering Control List")
    ACL = "ACL", _("Area Control List")


class GoodsKind(models.TextChoices):
    EVERYTHING = "everything", _("All goods and technology")
    LISTED = "listed", _("All controlled goods and technology")
    RELATED_MATERIAL = "related_material", _("Arms and related material")
    EIPA_4_1 = "eipa_4_1", _("Goods of s. 4.1 (prohibited firearms, weapons and devices)")
    ITEMS = "items", _("Listed items")


class EndUserKind(models.TextChoices):
    GOVERNMENT = "government", _("Government")
    AUTHORISED = "authorised", _("Authorized by the government")
    PRIVATE = "private", _("Private")
    UNKNOWN = "unknown", _("Not known")


class PlaceRole(models.TextChoices):
    """Why a further place counts for a line."""

    CONSIGNEE = "consignee", _("Consignee")
    TRANSIT = "transit", _("Transit")
    END_USE = "end_use", _("End use")


class Answer(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")


class Confidence(models.TextChoices):
    """How far the sources of a row were seen."""

    OFFICIAL = "verified_official", _("Official text seen")
    SECONDARY = "verified_secondary", _("Law firm, trade press or newspaper seen")
    PARTLY = "partly_verified", _("Text seen, part of it not verified")


class Precision(models.TextChoices):
    DAY = "day", _("Day known")
    MONTH = "month", _("Month known, day not")
    SEASON = "season", _("Season known, day not")
    YEAR = "year", _("Year known, day not")
    APPROXIMATE = "approximate", _("Approximate day")
    OBSERVED = "observed", _("Day observed")


class ExistingPermits(models.TextChoices):
    """What a policy says of permits already issued."""

    KEEP = "keep", _("Kept")
    REVIEW = "review", _("To be reviewed")
    SUSPEND = "suspend", _("To be suspended")
    CANCEL = "cancel", _("To be cancelled")
    UNSTATED = "unstated", _("Not stated")


class PermitActKind(models.TextChoices):
    """An act on named permits (EIPA s. 10(1)), or an approval worth citing."""

    APPROVE_EXCEPTION = "approve_exception", _("Exception approved")
    SUSPEND = "suspend", _("Permits suspended")
    CANCEL = "cancel", _("Permits cancelled")
    REINSTATE = "reinstate", _("Permits reinstated")
    AMEND = "amend", _("Permits amended")


class ChangeKind(models.TextChoices):
    """What is done to the register by hand."""

    IMPOSE = "impose", _("Impose a policy")
    AMEND = "amend", _("Amend: another scope or effect from a day")
    EXTEND = "extend", _("Extend: another last day, or none")
    END = "end", _("End a policy")
    CORRECT = "correct", _("Correct what was recorded")
    SET = "set", _("Take in a set of policies")


class ChangeStatus(models.TextChoices):
    """How far a change has come."""

    DRAFT = "draft", pgettext_lazy("change", "Draft")
    PROPOSED = "proposed", pgettext_lazy("change", "Proposed")
    RETURNED = "returned", pgettext_lazy("change", "Returned to its author")
    APPROVED = "approved", pgettext_lazy("change", "Approved")
    WITHDRAWN = "withdrawn", pgettext_lazy("change", "Withdrawn")
