"""`manage.py restore FOLDER --authority ...`: an office as it was backed up."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.backups import BackupFault, restore
from history.domain.door import WrongLog
from history.keyfile import KeyUnavailable
from history.notes import BadNote


class Command(BaseCommand):
    help = (
        "Brings a backup back into an empty database, verifies it deep and opens a new epoch of the"
        " log, which tells of the restore. The signing key must be in its place."
    )
    # There are no tables yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--authority", required=True, help="who allowed the restore")
        parser.add_argument(
            "--anchor",
            type=Path,
            metavar="FILE",
            help="the newest checkpoint known of what was lost, from wherever it was kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchor: Path | None = options["anchor"]
        try:
            found = restore(
                options["folder"],
                authority=options["authority"],
                anchor=None if anchor is None else anchor.read_text(encoding="utf-8"),
            )
        except (BackupFault, BadNote, KeyUnavailable, WrongLog, ValueError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{found.size} entries came back, and their rows are as they tell.")
