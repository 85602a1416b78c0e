"""What can be done, in words. Each package declares its own verbs as a subclass of `Verbs`."""

from __future__ import annotations

from functools import cache

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Verbs(TextChoices):
    """A package's verbs: `subject.past_tense` and the words for people."""


class Verb(Verbs):
    """The log's own verbs."""

    STARTED = "log.started", _("Log begun")
    CHECKPOINTED = "log.checkpointed", _("Checkpoint made")
    RESTORED = "log.restored", _("Log restored from a backup")
    EXPORTED = "log.exported", _("Log exported")
    VERIFIED = "log.verified", _("Log verified")
    KEY_ROTATED = "key.rotated", _("Signing key replaced")


@cache
def known_verbs() -> dict[str, str | Promise]:
    """The words for each verb of every package, by verb."""
    return {
        value: label
        for package in Verbs.__subclasses__()
        for value, label in zip(package.values, package.labels, strict=True)
    }
