"""Reference loads: when the register changed, and from which files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from history.models import Tracked


class ReferenceLoad(Tracked):
    """One load that changed something. The newest id is the version of the whole register.

    `files` maps file names to SHA-256 digests of what was read; `counts` maps tables to
    {added, superseded, unchanged}.
    """

    loaded_at = models.DateTimeField(_("loaded"))
    files = models.JSONField(_("files"))
    counts = models.JSONField(_("rows"))

    class Meta:
        verbose_name = _("reference load")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.loaded_at:%Y-%m-%d %H:%M}"
