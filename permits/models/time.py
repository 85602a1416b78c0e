"""What takes time: consultations, waits; and who must keep away."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from history.models import Tracked
from permits.choices import WaitKind
from permits.models.applications import NOT_LOOKED_UP, Application


class Consultation(Tracked):
    """A question to a body outside the office: answered, or its silence recorded with a reason."""

    private_fields = frozenset({"question", "answer", "silence_reason"})

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="consultations",
        verbose_name=_("application"),
    )
    body = models.CharField(_("body"), max_length=200)
    question = models.TextField(_("question"))
    opened_on = models.DateField(_("asked"), editable=False)
    due_on = models.DateField(_("answer due"))
    answer = models.TextField(_("answer"), blank=True)
    answered_on = models.DateField(_("answered"), null=True, blank=True)
    silence_reason = models.TextField(_("why the case goes on without an answer"), blank=True)
    closed_on = models.DateField(_("closed"), null=True, editable=False)
    opened_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("opened by"),
    )
    closed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("closed by"),
    )

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ["application_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="permits_consultation_closed_with_words",
                condition=Q(closed_on__isnull=True) | ~Q(answer="") | ~Q(silence_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.body


class Wait(Tracked):
    """Days on which the office waits for somebody else. The clock stops on nothing else."""

    private_fields = frozenset({"reason"})

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="waits", verbose_name=_("application")
    )
    kind = models.CharField(_("for"), max_length=12, choices=WaitKind)
    reason = models.TextField(_("reason"))
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("until"), null=True, blank=True)
    opened_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("opened by"),
    )
    ended_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        editable=False,
        verbose_name=_("ended by"),
    )

    class Meta:
        verbose_name = _("wait")
        verbose_name_plural = _("waits")
        ordering = ["application_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="permits_wait_ends_after_it_starts",
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.from_on}"


class ConflictDeclaration(Tracked):
    """A person who says that they must not decide this application. It is not taken back."""

    private_fields = frozenset({"reason"})

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="conflicts",
        verbose_name=_("application"),
    )
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name=NOT_LOOKED_UP, verbose_name=_("person")
    )
    reason = models.TextField(_("reason"))
    declared_at = models.DateTimeField(_("declared"), editable=False)

    class Meta:
        verbose_name = _("declared conflict of interest")
        verbose_name_plural = _("declared conflicts of interest")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "person"], name="permits_conflict_declared_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}, {self.person}"
