"""What goes out, and who must be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from history.models import Tracked
from permits.choices import LetterKind, NoticeKind
from permits.models.applications import NOT_LOOKED_UP, Application
from permits.models.permits import PermitAct


class Letter(Tracked):
    """A PDF, made when it was first asked for. The same bytes come of it at every making.

    `content` is what it says, as canonical JSON; `sha256` that of the bytes.
    `event` is the number of the event that the paper is about, `checkpoint_size` the size of the
    checkpoint against which the paper proves that the event is in the log.
    """

    private_fields = frozenset({"content"})
    added_later: ClassVar[Mapping[str, Any]] = {"content": ""}

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="letters", verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=LetterKind)
    act = models.OneToOneField(
        PermitAct, on_delete=models.PROTECT, null=True, related_name="letter", verbose_name=_("act")
    )
    content = models.TextField(_("what it says"), editable=False)
    event = models.PositiveBigIntegerField(_("entry"))
    checkpoint_size = models.PositiveBigIntegerField(_("entries under the checkpoint"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "event"], name="permits_letter_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_kind_display()}"


class Notice(Tracked):
    """Word to somebody about an act: a second person of the office, or the holder by the office.

    `seen_at` is when that person took note, or told the holder.
    """

    named_with = ("act__permit",)

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="notices", verbose_name=_("application")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind)
    act = models.ForeignKey(
        PermitAct, on_delete=models.PROTECT, related_name="notices", verbose_name=_("act")
    )
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name=NOT_LOOKED_UP, verbose_name=_("person")
    )
    given_at = models.DateTimeField(_("given"))
    seen_at = models.DateTimeField(_("seen"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.act}, {self.person}"
