"""What is wrong with what was given, looked for in full before any of it is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError


class Faults:
    """By field, so that one round tells all.

    `unread` are fields of which a form could make nothing, such as a figure that is none: what
    rests on one of those, or on one at fault, is not looked at.
    """

    def __init__(self, unread: Collection[str] = ()) -> None:
        self._unread = frozenset(unread)
        self.faults: dict[str, list[str]] = {}

    def is_read(self, *names: str) -> bool:
        """Whether none of these fields is at fault."""
        return not any(name in self._unread or name in self.faults for name in names)

    @property
    def is_at_fault(self) -> bool:
        """Whether anything is, of what was looked at or of what could not be read."""
        return bool(self._unread or self.faults)

    def fault(self, name: str, *words: str) -> None:
        self.faults.setdefault(name, []).extend(words)

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """What is raised inside is said at that field, but for what names its own."""
        try:
            yield
        except ValidationError as fault:
            by_field = (
                fault.message_dict if hasattr(fault, "error_dict") else {name: fault.messages}
            )
            for field, words in by_field.items():
                self.fault(field, *words)

    def refuse(self) -> None:
        """Raises ValidationError with all that is wrong."""
        if self.faults:
            raise ValidationError(self.faults)
