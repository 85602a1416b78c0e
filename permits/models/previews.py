"""A look at the cases that is under way, for the preview of a policy change."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from policies.models import PolicyChange


class PreviewUnderWay(models.Model):
    """How far the preview of a draft has come, while it is not through.

    Nothing is sealed or approved on it (`permits.domain.policy_changes` looks at every case again,
    within the transaction), so it is no record and not tracked. It is of one version of the draft
    (`seen`), one load of the register and one day, and of no use after that. `stage`, `last`,
    `looked` and `found` are those of `permits.domain.impact.Course`; `total` is how many cases
    there are to look at.
    """

    change = models.OneToOneField(
        PolicyChange, on_delete=models.CASCADE, primary_key=True, related_name="preview_under_way"
    )
    seen = models.PositiveBigIntegerField(_("version of the draft"))
    load = models.PositiveBigIntegerField(_("load"), null=True)
    on = models.DateField(_("day"))
    stage = models.PositiveSmallIntegerField(_("stage"))
    last = models.PositiveBigIntegerField(_("last case"))
    looked = models.PositiveIntegerField(_("looked at"))
    total = models.PositiveIntegerField(_("to look at"))
    found = models.TextField(_("found so far"))
    kept_at = models.DateTimeField(_("kept"))

    class Meta:
        verbose_name = _("preview under way")
        verbose_name_plural = _("previews under way")

    def __str__(self) -> str:
        return f"{self.change}: {self.looked} of {self.total}"

    @property
    def is_through(self) -> bool:
        """Whether every case was looked at."""
        return self.looked >= self.total

    @property
    def share(self) -> int:
        """In whole percent."""
        return min(100 * self.looked // self.total, 100) if self.total else 100
