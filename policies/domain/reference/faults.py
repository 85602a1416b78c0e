"""What is said of a file that cannot be loaded."""

from __future__ import annotations


class MalformedReference(Exception):
    """A reference file that is refused: `file`, `row` (its natural key), `field`, `reason`.

    `row` and `field` are empty where the fault is the file's as a whole.
    """

    def __init__(self, file: str, row: str, field: str, reason: str) -> None:
        super().__init__(file, row, field, reason)
        self.file = file
        self.row = row
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.row, self.field) if part)
        return f"{place}: {self.reason}"
