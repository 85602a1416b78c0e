"""`manage.py checkpoint`: sign the present end of the log, and keep its key and epoch."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from history.domain import checkpoints, epochs
from history.domain.door import WrongLog
from history.keyfile import KeyUnavailable
from history.notes import BadNote


class Command(BaseCommand):
    help = (
        "Makes a signed checkpoint of the log and prints it. Keep copies where the log's keepers"
        " can't reach them: only such a copy shows that the log was not rewritten."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-needed",
            action="store_true",
            help="do nothing, and print nothing, if no entry came since the last; for a timer",
        )
        parser.add_argument(
            "--rotate-key",
            action="store_true",
            help="replace the signing key first; the old one is kept beside it",
        )
        parser.add_argument(
            "--open-epoch",
            metavar="AUTHORITY",
            help="after a backup was restored: say so in the log, and by whose authority",
        )
        parser.add_argument(
            "--anchor",
            type=Path,
            metavar="FILE",
            help="with --open-epoch: the newest checkpoint known of what was lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["open_epoch"] is not None:
                anchor = options["anchor"]
                epoch = epochs.open_epoch(
                    anchor=None if anchor is None else anchor.read_text(encoding="utf-8"),
                    authority=options["open_epoch"],
                )
                self.stderr.write(f"The log goes on in epoch {epoch}.")
            elif options["anchor"] is not None:
                raise CommandError("--anchor belongs to --open-epoch.")
            if options["rotate_key"]:
                self.stderr.write(f"The new key: {checkpoints.rotate_key()}")
            made = checkpoints.make_if_needed() if options["if_needed"] else checkpoints.make()
        except (KeyUnavailable, WrongLog, BadNote, ValueError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        if made is not None:
            self.stdout.write(made.note, ending="")
