"""What the worklist searches and sorts by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from permits.models.applications import Application
from policies.choices import Requirement, Stance


class Overview(models.Model):
    """Where a case stood on the day `on`: found from its file, and made anew whenever it is behind.

    Nothing rests on it and nobody writes it by hand, so it is no record and not tracked. `number`
    is the last event of the log that it takes in, `load` the load of the register. While a question
    is open (`asks`), `stance` is the least strict to which an answer can lead. `review` has a
    letter for each consideration (`permits.domain.overview`), nothing where none is needed.
    `due_on`, `chargeable` and `standard_days` are those of the case's clock. `unsigned` is empty
    where no second signature is waited for, else it has the people who can give none of those that
    are, each between commas: "," where anyone can, ",7," where all but one; once a permit is
    issued, only while an act that loosens it is proposed. What is recommended can be decided from
    `decided_from` on (none before a refusal in discretion was put to the applicant), but by nobody
    of `kept_from_deciding`, written in the same way. `risk_until` is the last day of a permit in
    force against which its file speaks (`permits.domain.risks`). `text` is what is searched:
    numbers, parties and goods, folded.
    """

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="overview"
    )
    on = models.DateField(_("day"))
    load = models.PositiveBigIntegerField(_("load"), null=True)
    number = models.PositiveBigIntegerField(_("entry"), db_index=True)
    requirement = models.CharField(_("requirement"), max_length=24, choices=Requirement, blank=True)
    stance = models.CharField(_("stance"), max_length=24, choices=Stance, blank=True)
    filed_stance = models.CharField(
        _("stance on the day of filing"), max_length=24, choices=Stance, blank=True
    )
    has_moved = models.BooleanField(_("the ruling changed since filing"))
    asks = models.BooleanField(_("a question is open"))
    review = models.CharField(_("review"), max_length=6, blank=True)
    unsigned = models.TextField(_("waits for a second person"), blank=True)
    items = models.JSONField(_("items"), default=list)
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=2, null=True)
    due_on = models.DateField(_("due"), null=True)
    chargeable = models.PositiveIntegerField(_("chargeable business days"))
    standard_days = models.PositiveIntegerField(_("business days of the standard"), null=True)
    is_waiting = models.BooleanField(_("the clock stands still"))
    decided_from = models.DateField(_("can be decided from"), null=True)
    kept_from_deciding = models.TextField(_("must not decide"), blank=True)
    risk_until = models.DateField(_("in force with a risk until"), null=True)
    text = models.TextField(_("text that is searched"), blank=True)

    class Meta:
        verbose_name = _("overview")
        verbose_name_plural = _("overviews")
        indexes = [
            models.Index(fields=["stance"], name="permits_overview_stance"),
            models.Index(fields=["due_on"], name="permits_overview_due"),
            models.Index(fields=["unsigned"], name="permits_overview_unsigned"),
            models.Index(fields=["risk_until"], name="permits_overview_risk"),
        ]

    def __str__(self) -> str:
        return str(self.application)
