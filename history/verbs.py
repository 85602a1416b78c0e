"""What can be done, in words. Each package declares its own verbs as a subclass of `Verbs`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Verbs(TextChoices):
    """A package's verbs: `subject.past_tense` and the words for people."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and in which kinds of stream: the door holds it, the deep check asks it again.

    `roles` are those in which a person may; None among them is a person in no role, for themselves.
    """

    streams: Collection[str]
    roles: Collection[str | None] = ()
    system: bool = False


_declared: dict[str, By] = {}


def declare(by: Mapping[Any, By]) -> None:
    """Says of verbs who does them. One that nobody declared can't be recorded."""
    _declared.update({str(verb): who for verb, who in by.items()})


def fault_of(verb: str, stream: str, actor: str, role: str | None) -> str:
    """Why that can't be an entry; nothing if it can."""
    by = _declared.get(verb)
    if by is None:
        return f"nothing does {verb}"
    if stream.partition(":")[0] not in by.streams:
        return f"{verb} does not belong to the stream {stream}"
    if actor == "system":
        return "" if by.system and role is None else f"the system does no {verb}"
    if role in by.roles:
        return ""
    return f"nobody does {verb} {f'as {role}' if role else 'without a role'}"


class Verb(Verbs):
    """The log's own verbs."""

    STARTED = "log.started", _("Log begun")
    CHECKPOINTED = "log.checkpointed", _("Checkpoint made")
    RESTORED = "log.restored", _("Log restored from a backup")
    EXPORTED = "log.exported", _("Log exported")
    VERIFIED = "log.verified", _("Log verified")
    KEY_ROTATED = "key.rotated", _("Signing key replaced")


declare(
    {
        **{verb: By(["system"], system=True) for verb in Verb},
        Verb.EXPORTED: By(["audit"], system=True),
        Verb.VERIFIED: By(["audit"], [None], system=True),
    }
)


@cache
def known_verbs() -> dict[str, str | Promise]:
    """The words for each verb of every package, by verb."""
    return {
        value: label
        for package in Verbs.__subclasses__()
        for value, label in zip(package.values, package.labels, strict=True)
    }
