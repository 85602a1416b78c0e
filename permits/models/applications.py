"""What is applied for, by whom, for whom, with which papers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.days import short_day
from accounts.models import User
from history.models import Tracked
from permits.choices import (
    BrokeringParagraph,
    Delivery,
    DocumentKind,
    Outcome,
    PartyRole,
    ResaleOrGovernment,
    Status,
)
from permits.querysets import ApplicationQuerySet
from policies.choices import Activity, EndUserKind
from policies.models import Destination

NOT_LOOKED_UP = "+"


class Application(Tracked):
    """One application. Its status changes only by `permits.domain.casework.acting`.

    `stream` is `case:` and the reference, for it and for everything that belongs to it.
    `submitted_on` is the day on which it was last submitted complete: the clock starts there.
    """

    private_fields = frozenset({"end_use", "end_use_location"})

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    activity = models.CharField(_("activity"), max_length=10, choices=Activity)
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.DRAFT, editable=False
    )
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, blank=True, editable=False
    )
    destination = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name=_("final destination"),
    )
    sub_region = models.CharField(_("sub-region"), max_length=20, blank=True)
    transit = models.JSONField(_("transit"), default=list, blank=True)
    country_of_export = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("country of export"),
    )
    end_user_kind = models.CharField(
        _("kind of end-user"), max_length=10, choices=EndUserKind, default=EndUserKind.UNKNOWN
    )
    end_use = models.TextField(_("end use"), blank=True)
    end_use_location = models.CharField(_("place of end use"), max_length=300, blank=True)
    resale_or_government = models.CharField(
        _("resale or government"), max_length=10, choices=ResaleOrGovernment, blank=True
    )
    brokering_paragraph = models.CharField(
        _("paragraph of the Brokering Control List"),
        max_length=1,
        choices=BrokeringParagraph,
        blank=True,
    )
    delivery = models.CharField(
        _("how the permit is sent"), max_length=10, choices=Delivery, blank=True
    )
    is_signed = models.BooleanField(_("the form is signed"), default=False)
    form_date = models.DateField(_("day of the form"), null=True, blank=True)
    declares_no_diversion = models.BooleanField(
        _("declares that the goods will not be diverted"), default=False
    )
    declares_not_controlled_goods = models.BooleanField(
        _("declares that the goods are not controlled goods (Defence Production Act)"),
        default=False,
    )
    is_of_us_controlled_goods = models.BooleanField(
        _("controlled goods of United States origin, or made with them"), default=False
    )
    filed_on = models.DateField(_("filed"), null=True, editable=False)
    submitted_on = models.DateField(_("submitted"), null=True, editable=False)
    decided_on = models.DateField(_("decided"), null=True, editable=False)
    assigned_to = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="assigned_applications",
        editable=False,
        verbose_name=_("assigned to"),
    )
    opened_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("opened by"),
    )
    opened_at = models.DateTimeField(_("opened"), editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="permits_application_outcome_when_decided",
                condition=(Q(status=Status.DECIDED) & ~Q(outcome="") & Q(decided_on__isnull=False))
                | (~Q(status=Status.DECIDED) & Q(outcome="") & Q(decided_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="permits_application_known_status", condition=Q(status__in=Status.values)
            ),
        ]
        indexes = [
            models.Index(fields=["status", "submitted_on"], name="permits_app_status"),
            models.Index(fields=["destination", "status"], name="permits_app_destination"),
            models.Index(fields=["assigned_to", "status"], name="permits_app_assigned"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("permits:case", args=[self.reference])


class Part(Tracked):
    """Something that belongs to an application. Nothing is deleted: it is marked as removed."""

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="%(class)s_set",
        verbose_name=_("application"),
    )
    is_removed = models.BooleanField(_("removed"), default=False, editable=False)

    class Meta:
        abstract = True


class Line(Part):
    """One type of goods or technology (SOR/97-204, s. 3(2)(f); SOR/2019-221, s. 1(g)).

    `items` are codes of the Guide and the lists, several at once (`2-15.d`, `9-1`). Money is in
    Canadian dollars. What the line *is* beyond its items (arms, goods of s. 4.1) is stated by a
    person: `Statement`, kind `flag`.
    """

    number = models.PositiveSmallIntegerField(_("line"), editable=False)
    items = models.JSONField(_("control-list items"), default=list, blank=True)
    description = models.TextField(_("description"), blank=True)
    origin = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("country of origin"),
    )
    us_origin_percent = models.DecimalField(
        _("United States origin, in percent (item 5400)"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
    )
    quantity = models.DecimalField(
        _("quantity"), max_digits=14, decimal_places=3, null=True, blank=True
    )
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    unit_value = models.DecimalField(
        _("unit value (CAD)"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    total_value = models.DecimalField(
        _("total value (CAD)"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    shipping_point = models.CharField(
        _("factory or first shipping point in Canada"), max_length=300, blank=True
    )
    measure = models.CharField(_("mass, net weight or volume"), max_length=100, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("application", "line")
        verbose_name_plural = pgettext_lazy("application", "lines")
        ordering = ["application_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "number"], name="permits_line_of_application"
            ),
            models.CheckConstraint(
                name="permits_line_not_negative",
                condition=(Q(quantity__isnull=True) | Q(quantity__gt=0))
                & (Q(unit_value__isnull=True) | Q(unit_value__gte=0))
                & (Q(total_value__isnull=True) | Q(total_value__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Party(Part):
    """A person or organization with a part in the transaction."""

    private_fields = frozenset(
        {
            "name",
            "address",
            "telephone",
            "email",
            "fax",
            "contact_name",
            "contact_telephone",
            "status_in_canada",
        }
    )

    role = models.CharField(_("role"), max_length=12, choices=PartyRole)
    is_organization = models.BooleanField(_("is an organization"), default=True)
    name = models.CharField(_("name"), max_length=300)
    address = models.CharField(_("address"), max_length=500, blank=True)
    country = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("country"),
    )
    telephone = models.CharField(_("telephone"), max_length=60, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    fax = models.CharField(_("fax, if any"), max_length=60, blank=True)
    identifier = models.CharField(_("identifier number, if any"), max_length=60, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=300, blank=True)
    contact_telephone = models.CharField(_("telephone of the contact"), max_length=60, blank=True)
    status_in_canada = models.CharField(
        _("citizenship or permanent residence"), max_length=200, blank=True
    )

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(role=PartyRole.APPLICANT, is_removed=False),
                name="permits_party_one_applicant",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Document(Part):
    """A file as it was received. `sha256` is in the log; the bytes lie under that name."""

    private_fields = frozenset({"file_name", "title"})

    kind = models.CharField(_("kind"), max_length=40, choices=DocumentKind)
    title = models.CharField(_("title"), max_length=200)
    file_name = models.CharField(_("file"), max_length=255, editable=False)
    media_type = models.CharField(_("type"), max_length=100, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    dated = models.DateField(_("date of the document"), null=True, blank=True)
    added_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added"), editable=False)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["application_id", "id"]
        constraints = [
            models.CheckConstraint(name="permits_document_has_bytes", condition=Q(size__gt=0)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def in_full(self) -> str:
        """The title with what tells it from another under the same one: its date and its file."""
        told = [self.file_name] if self.dated is None else [short_day(self.dated), self.file_name]
        return f"{self.title} ({', '.join(told)})"
