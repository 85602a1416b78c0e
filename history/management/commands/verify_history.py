"""`manage.py verify_history [--deep] [--json]`: is the log, and are the rows, as recorded?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from history.domain.verify import Verification, verify
from history.notes import BadNote


class Command(BaseCommand):
    help = (
        "Reads the whole log and says whether every entry is as it was written. Exits with 1 if"
        " not, naming the first bad entry."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--deep",
            action="store_true",
            help="also rebuild every tracked row from the entries and compare it with the tables",
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument(
            "--pin",
            type=Path,
            metavar="FILE",
            help="a checkpoint kept elsewhere: the log must continue it",
        )
        parser.add_argument("--key", help="the verification key that the first entry must name")

    def handle(self, *args: Any, **options: Any) -> None:
        pin = options["pin"]
        try:
            found = verify(
                deep=options["deep"],
                pin=None if pin is None else pin.read_text(encoding="utf-8"),
                first_key=options["key"],
            )
        except (BadNote, OSError, UnicodeDecodeError) as fault:
            raise CommandError(f"The pinned checkpoint can't be used: {fault}") from fault
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found)))
        else:
            self.stdout.write("\n".join(in_words(found)))
        if not found.good:
            sys.exit(1)


def as_json(found: Verification) -> dict[str, Any]:
    return {
        "good": found.good,
        "log": found.log,
        "epoch": found.epoch,
        "events": found.size,
        "root": found.root,
        "covered": found.covered,
        "checkpoints": found.checkpoints,
        "rows": found.rows,
        "faults": [
            {
                "place": fault.place,
                "until": fault.until,
                "reason": fault.reason,
                "why": fault.why,
            }
            for fault in found.faults
        ],
    }


def in_words(found: Verification) -> list[str]:
    if not found.good:
        return [f"NOT GOOD: {fault}" for fault in found.faults]
    lines = [
        f"OK: {found.size} events of log {found.log}, epoch {found.epoch}, root {found.root}",
        f"{found.checkpoints} checkpoints agree; they cover the first {found.covered} events.",
    ]
    if found.rows is not None:
        lines.append(f"{found.rows} rows are what the events tell.")
    return lines
