"""`manage.py export_history DIR [--texts]`: the log as a folder that anyone can check."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from history.domain.door import WrongLog
from history.domain.export import NotEmpty, export_history
from history.keyfile import KeyUnavailable


class Command(BaseCommand):
    help = (
        "Writes every entry with its proofs, a stand-alone verifier and a README to a new folder."
        " Making an export is itself an entry."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="a folder that is new or empty")
        parser.add_argument(
            "--texts",
            action="store_true",
            help="also the names and free text, for whoever has the right to them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["directory"]
        try:
            size = export_history(folder, with_texts=options["texts"])
        except (NotEmpty, KeyUnavailable, WrongLog, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{size} events are in {folder}. To check them, anywhere:")
        self.stdout.write(f"    python3 {folder / 'verify_history.py'} {folder}")
