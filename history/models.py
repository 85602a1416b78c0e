"""Events, what belongs to them, and what a tracked row carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

LONGEST_STREAM = 120

Called = Callable[[str, str], str]
"""What a row is called, by its model ("permits.Party") and number; nothing where there is none."""


class Tracked(models.Model):
    """A row that changes only with an event.

    To subclass this is the whole declaration. `stream` is the stream of the row's events, the same
    for life; `version` is the sequence of the last event that wrote the row. The database refuses
    a write whose version is not that of the event at the stream's head, and any deletion
    (`history.guards`). Rows are written through `history.domain.door.door`.

    `private_fields` hold names or free text and `secret_fields` what nobody may read: events carry
    salted digests in their place. `named_with` are the rows, as `select_related` takes them, whose
    names the name of this one has in it, beside those that it points to itself. Where the history
    would show a code, `in_words` says by column what it means (by `basis` also what a part is that
    an entry rested on), and `cites` whose ids a list holds. `added_later` are the columns that the
    table did not have from the first row on, each with the value, as events write it, that rows of
    before got: no event tells it of them.
    """

    private_fields: ClassVar[frozenset[str]] = frozenset()
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    named_with: ClassVar[tuple[str, ...]] = ()
    in_words: ClassVar[Mapping[str, Callable[[str, Called], str]]] = {}
    cites: ClassVar[Mapping[str, str]] = {}
    added_later: ClassVar[Mapping[str, Any]] = {}

    stream = models.CharField(_("stream"), max_length=LONGEST_STREAM, default="", editable=False)
    version = models.PositiveBigIntegerField(_("version"), default=0, editable=False)

    class Meta:
        abstract = True


def tracked_models() -> list[type[Tracked]]:
    """Every tracked model, by table."""
    found = [model for model in apps.get_models() if issubclass(model, Tracked)]
    return sorted(found, key=lambda model: model._meta.db_table)


class Event(models.Model):
    """One entry of the log. `body` is the entry; the other columns repeat it for searching.

    `number` counts from 1 without a gap; `leaf` is the hash of the body in the Merkle tree. Never
    changed, never deleted: the database refuses it.
    """

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    stream = models.CharField(_("stream"), max_length=LONGEST_STREAM)
    sequence = models.PositiveBigIntegerField(_("sequence"))
    recorded_at = models.DateTimeField(_("recorded"))
    occurred_on = models.DateField(_("day"))
    actor = models.CharField(_("person"), max_length=40)
    role = models.CharField(_("role"), max_length=40, blank=True)
    verb = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=160)
    request = models.CharField(_("request"), max_length=40, blank=True)
    body = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["number"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["stream", "sequence"], name="history_event_in_stream")
        ]
        indexes = [
            models.Index(fields=[field, "number"], name=f"history_event_{field}")
            for field in ("subject", "actor", "verb", "occurred_on", "request")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.verb} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("history:event", args=[self.number])


class Text(models.Model):
    """A name or free text that events cite by its salted digest.

    `content` is null for a secret, of which the salt alone is kept; both are null once the text
    was disposed of. Nothing else about a row ever changes.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    salt = models.BinaryField(max_length=16, null=True)
    content = models.TextField(null=True)  # noqa: DJ001 - null says "not kept", "" is a text

    def __str__(self) -> str:
        return self.digest


class Log(models.Model):
    """The log's present end, one row: what growing it needs. Verified against the events.

    Locking this row is the lock that every writer takes last.
    """

    name = models.CharField(max_length=100)
    epoch = models.PositiveIntegerField(default=1)
    size = models.PositiveBigIntegerField(default=0)
    frontier = models.BinaryField(default=bytes)
    synthetic = models.BooleanField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="history_log_is_one", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.size})"


class Block(models.Model):
    """The root of a whole block of leaves, so that proofs read few events. Can be made anew."""

    index = models.PositiveBigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.index)


class Checkpoint(Tracked):
    """A signed statement of the log's first `size` events. Made by `history.domain.checkpoints`."""

    size = models.PositiveBigIntegerField(_("entries"), unique=True)
    epoch = models.PositiveIntegerField(_("epoch"))
    root = models.BinaryField(_("root"), max_length=32)
    note = models.TextField(_("note"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        ordering = ["-size"]
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return self.note
