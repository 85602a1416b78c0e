"""What a person states on a case, and who stands by it with them."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from history.models import Called, Tracked
from permits.choices import SAYS, STRICTER, Flag, StatementKind
from permits.models.applications import NOT_LOOKED_UP, Application, Document


def _says(value: str, called: Called | None = None) -> str:
    return str(SAYS.get(value, value))


def _about(key: str, called: Called) -> str:
    """What a statement is about, as far as its key tells."""
    kind, *rest = key.split(":")
    match kind, rest:
        case "line", [number, flag] if flag in Flag.values:
            return gettext("Line %(number)s: %(what)s") % {
                "number": number,
                "what": Flag(flag).label,
            }
        case "party", [number, *policy]:
            name = called("permits.Party", number)
            name = name or gettext("Party no. %(number)s") % {"number": number}
            return ", ".join([name, *policy])
        case "applicant", []:
            return gettext("The applicant")
        case "end_user", []:
            return gettext("The end-user")
        case _:
            return key


_IS_STRICTER = reduce(or_, (Q(kind=kind, value=value) for kind, value in sorted(STRICTER)))


class Statement(Tracked):
    """One fact that a person answers for: an answer, an exception, a flag, a clearance, a waiver.

    `key` names what it is about within its kind (`POLICY:code`, `line:3:war_material`,
    `party:7`), `value` what is said of it. What makes a ruling or the gate less strict counts only
    once a second person has countersigned it, and only while `basis`, the digest of what it was
    said about, is what it would be today. What makes them stricter `counts_alone`, at once and
    until it is replaced. For each key at most one stands and one waits: a waiting one that is
    countersigned sets the standing one aside (`permits.domain.statements`).
    """

    private_fields = frozenset({"reason", "source"})
    in_words = {"key": _about, "value": _says}

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="statements",
        verbose_name=_("application"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=StatementKind)
    key = models.CharField(_("about"), max_length=160)
    value = models.CharField(_("says"), max_length=40)
    policies = models.JSONField(_("instruments"), default=list, blank=True)
    reason = models.TextField(_("reason"))
    source = models.CharField(_("source"), max_length=300, blank=True)
    document = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("evidence"),
    )
    basis = models.CharField(_("digest of what it is about"), max_length=64)
    counts_alone = models.BooleanField(_("counts with one signature"))
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name=NOT_LOOKED_UP, verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made"))
    countersigned_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("countersigned by"),
    )
    countersigned_at = models.DateTimeField(_("countersigned"), null=True)
    set_aside_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name=NOT_LOOKED_UP,
        verbose_name=_("set aside by"),
    )
    set_aside_at = models.DateTimeField(_("set aside"), null=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "key"],
                condition=Q(set_aside_at__isnull=True, counts_alone=True),
                name="permits_statement_one_counts_alone",
            ),
            models.UniqueConstraint(
                fields=["application", "kind", "key"],
                condition=Q(set_aside_at__isnull=True, countersigned_at__isnull=False),
                name="permits_statement_one_stands",
            ),
            models.UniqueConstraint(
                fields=["application", "kind", "key"],
                condition=Q(
                    set_aside_at__isnull=True, counts_alone=False, countersigned_at__isnull=True
                ),
                name="permits_statement_one_waits",
            ),
            models.CheckConstraint(
                name="permits_statement_stricter_counts_alone",
                condition=Q(counts_alone=False) | _IS_STRICTER,
            ),
            models.CheckConstraint(
                name="permits_statement_countersigned_by_another",
                condition=Q(countersigned_by__isnull=True) | ~Q(countersigned_by=F("made_by")),
            ),
            models.CheckConstraint(
                name="permits_statement_countersigned_by_and_at",
                condition=Q(countersigned_by__isnull=True, countersigned_at__isnull=True)
                | Q(countersigned_by__isnull=False, countersigned_at__isnull=False),
            ),
            models.CheckConstraint(
                name="permits_statement_set_aside_by_and_at",
                condition=Q(set_aside_by__isnull=True, set_aside_at__isnull=True)
                | Q(set_aside_by__isnull=False, set_aside_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {_says(self.value)}"
