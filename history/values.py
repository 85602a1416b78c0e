"""A row's values as the log writes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Field

from history import clock
from history.models import Tracked

TEXT = "$text"
SECRET = "$secret"  # noqa: S105 - the name of a mark
SALT_LENGTH = 16

# What the log says about a row in other ways.
_NOT_TOLD = frozenset({"id", "stream", "version"})


_PLAIN = frozenset({bool, int, str, type(None)})


@cache
def told_fields(model: type[Tracked]) -> Sequence[Field[Any, Any]]:
    """The columns of a row that its events tell."""
    return tuple(one for one in model._meta.concrete_fields if one.attname not in _NOT_TOLD)


def plain(value: Any) -> Any:
    """A column's value in canonical JSON's types. Raises TypeError for a kind it has none for."""
    if type(value) in _PLAIN:
        return value
    match value:
        case dict():
            return {
                key: inner if type(inner) in _PLAIN else plain(inner)
                for key, inner in value.items()
            }
        case list() | tuple():
            return [inner if type(inner) in _PLAIN else plain(inner) for inner in value]
        # Also of a choice, which is a kind of its own.
        case int():
            return int(value)
        case str():
            return str(value)
        case datetime():
            return clock.written(value)
        case date():
            return value.isoformat()
        case Decimal():
            # As the column would have it: 10 and 10.000 are one figure.
            return f"{value.normalize() + 0:f}"
        case UUID():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            raise TypeError(f"the log has no way to write a {type(value).__name__}")


def salted(salt: bytes, text: str) -> str:
    """The digest that stands for a text in an event."""
    return sha256(salt + text.encode()).hexdigest()


@dataclass(slots=True)
class Sealer:
    """Puts digests in the place of texts and keeps the texts for the side store."""

    texts: list[tuple[str, bytes, str | None]]
    """Rows of `Text`: digest, salt, content."""

    def text(self, content: str) -> dict[str, str]:
        return {TEXT: self._keep(content, kept=content)}

    def value(self, model: type[Tracked], column: str, value: Any) -> Any:
        """The value as an event of that model tells it; what is empty needs no seal."""
        if value in (None, ""):
            return value
        if column in model.secret_fields:
            return {SECRET: self._keep(str(value), kept=None)}
        if column in model.private_fields:
            return self.text(str(value))
        return plain(value)

    def _keep(self, content: str, kept: str | None) -> str:
        salt = os.urandom(SALT_LENGTH)
        digest = salted(salt, content)
        self.texts.append((digest, salt, kept))
        return digest


@cache
def sealed_columns(model: type[Tracked]) -> frozenset[str]:
    return model.private_fields | model.secret_fields
