"""What a load did, in rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """What a load did to a table, in rows."""

    added: int = 0
    superseded: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. `files` holds the SHA-256 of each file read."""

    tables: dict[str, Counts]
    files: dict[str, str]

    @property
    def changed(self) -> bool:
        return any(counts.added or counts.superseded for counts in self.tables.values())

    def counts(self) -> dict[str, dict[str, int]]:
        """The counts as plain values, by table."""
        return {name: asdict(counts) for name, counts in self.tables.items()}
