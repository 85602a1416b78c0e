"""The review under s. 7.3: six considerations, the evidence and the measures they cite."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from history.models import Called, Tracked
from permits.choices import Gravity, Level, Likelihood, LinkToItem, MeasureKind, Residual
from permits.considerations import BY_NUMBER
from permits.models.applications import NOT_LOOKED_UP, Application, Document, Part


class Evidence(Part):
    """A source that cards cite. Past `review_by` the cards that cite it are stale."""

    private_fields = frozenset({"title", "source", "says"})

    title = models.CharField(_("title"), max_length=300)
    source = models.CharField(_("source"), max_length=500)
    says = models.TextField(_("what it says of this case"), blank=True)
    dated = models.DateField(_("date of the source"), null=True, blank=True)
    reliability = models.CharField(_("reliability"), max_length=6, choices=Level)
    review_by = models.DateField(_("review by"), null=True, blank=True)
    document = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("document"),
    )
    added_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("added by"),
    )

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["application_id", "id"]

    def __str__(self) -> str:
        return self.title


class Measure(Part):
    """A mitigating measure (s. 7.4). Only one that is in force and has not ended is available."""

    private_fields = frozenset({"giver", "wording", "scope", "mechanism"})

    kind = models.CharField(_("kind"), max_length=20, choices=MeasureKind)
    giver = models.CharField(_("given by"), max_length=300)
    form = models.CharField(_("form"), max_length=200)
    wording = models.TextField(_("wording"))
    scope = models.TextField(_("scope"), blank=True)
    mechanism = models.TextField(_("how it lowers the risk, and how it is checked"), blank=True)
    dated = models.DateField(_("date"), null=True, blank=True)
    expires_on = models.DateField(_("ends on"), null=True, blank=True)
    is_in_force = models.BooleanField(_("in force, not only promised"), default=False)
    document = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("document"),
    )
    added_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("added by"),
    )

    class Meta:
        verbose_name = _("mitigating measure")
        verbose_name_plural = _("mitigating measures")
        ordering = ["application_id", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.giver}"


_PARTS = {
    "ruling": _("The ruling"),
    "transaction": _("Destination, transit and end use"),
    "flags": _("What the lines are (arms, goods of s. 4.1)"),
    "end_user": _("What is stated of the end-user"),
    "listed": _("Which parties are stated to be listed"),
    "card": _("The consideration itself"),
}


def _part(part: str, called: Called) -> str:
    """What a part of a basis is (`permits.domain.assessment.basis_parts`); a digest as it is."""
    kind, _colon, number = part.partition(":")
    match kind:
        case "line":
            return gettext("Line %(number)s") % {"number": number}
        case "party":
            return called("permits.Party", number) or part
        case "evidence":
            return called("permits.Evidence", number) or part
        case "measure":
            return called("permits.Measure", number) or part
        case _:
            return str(_PARTS.get(part, part))


class Card(Tracked):
    """One consideration of s. 7.3(1), answered on its own.

    In the order of the Act: finding and evidence, risk before measures, measures, what remains.
    `residual` can be given only when measures were considered. Signed by two people over one
    `basis`, the digest of all that the card rests on; an edit clears the signatures, and who edited
    last does not sign second. Written by `permits.domain.assessment`.
    """

    private_fields = frozenset(
        {"finding", "measures_considered", "residual_reason", "would_change"}
    )
    cites = {"evidence": "permits.Evidence", "measures": "permits.Measure"}
    in_words = {"basis": _part}

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="cards", verbose_name=_("application")
    )
    consideration = models.CharField(_("consideration"), max_length=20, editable=False)
    finding = models.TextField(_("finding"), blank=True)
    evidence = models.JSONField(_("evidence cited"), default=list, blank=True)
    likelihood = models.CharField(_("likelihood"), max_length=12, choices=Likelihood, blank=True)
    gravity = models.CharField(_("gravity"), max_length=8, choices=Gravity, blank=True)
    link = models.CharField(_("link to the item"), max_length=8, choices=LinkToItem, blank=True)
    confidence = models.CharField(
        _("confidence in the evidence"), max_length=6, choices=Level, blank=True
    )
    measures = models.JSONField(_("measures cited"), default=list, blank=True)
    measures_considered = models.TextField(_("measures considered"), blank=True)
    residual = models.CharField(
        _("what remains after measures"), max_length=24, choices=Residual, blank=True
    )
    residual_reason = models.TextField(_("reasons"), blank=True)
    would_change = models.TextField(_("what would change this finding"), blank=True)
    edited_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("edited by"),
    )
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    basis = models.CharField(_("digest of its basis"), max_length=64, blank=True, editable=False)
    first_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("first signature by"),
    )
    first_at = models.DateTimeField(_("signed"), null=True, editable=False)
    second_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("second signature by"),
    )
    second_at = models.DateTimeField(_("countersigned"), null=True, editable=False)

    class Meta:
        verbose_name = _("consideration")
        verbose_name_plural = _("considerations")
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "consideration"], name="permits_card_once"
            ),
            models.CheckConstraint(
                name="permits_card_measures_before_residual",
                condition=Q(residual="") | ~Q(measures_considered=""),
            ),
            models.CheckConstraint(
                name="permits_card_signed_when_answered",
                condition=Q(first_by__isnull=True)
                | (~Q(residual="") & ~Q(basis="") & Q(first_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="permits_card_second_after_first",
                condition=Q(second_by__isnull=True)
                | (Q(first_by__isnull=False) & Q(second_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="permits_card_signed_by_two",
                condition=Q(second_by__isnull=True)
                | (~Q(second_by=F("first_by")) & ~Q(second_by=F("edited_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}, {self.consideration}"

    def get_absolute_url(self) -> str:
        slug = BY_NUMBER[self.consideration].slug
        return reverse("permits:card", args=[self.application.reference, slug])
