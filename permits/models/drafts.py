"""What somebody is writing and has not saved."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from permits.models.applications import Application


class Draft(models.Model):
    """What one person typed into one form and has not saved: `fields` as the browser sent them.

    Nothing rests on it and nobody else reads it, so it is no record and not tracked. `seen` is the
    version of the row that it was begun on. Written by `permits.domain.drafts`.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=40)
    seen = models.PositiveBigIntegerField()
    fields = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "person", "form"], name="permits_draft_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} ({self.person_id})"
