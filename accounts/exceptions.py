"""The two ways in which an act is refused, each in words that a person can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class NotPermitted(PermissionDenied):
    """You may not: another person may, or nobody. `words` say why. A page answers 403."""

    def __init__(self, words: str | _StrPromise) -> None:
        super().__init__(words)
        self.words = words


class Refused(Exception):
    """Not as things stand: nobody may, until something changes. `words` say what. A page answers
    409.
    """

    def __init__(self, words: str | _StrPromise) -> None:
        super().__init__(words)
        self.words = words
