"""`manage.py backup FOLDER`: the database and the documents, to be brought back by `restore`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.backups import BackupFault, back_up


class Command(BaseCommand):
    help = (
        "Writes a backup into a new folder, while others work on. Without the signing key: keep"
        " that elsewhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = back_up(options["folder"])
        except (BackupFault, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{len(manifest['files'])} files in {options['folder']}")
