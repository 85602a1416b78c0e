"""`manage.py load_reference [DIR] [--json]`: load or update the reference data."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from policies.domain.reference import (
    PACKAGED,
    LoadReport,
    MalformedReference,
    load_reference,
)


class Command(BaseCommand):
    help = (
        "Loads the reference data (law text, lists, destinations, policies). Safe to run again:"
        " all or nothing, and what is loaded already stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "directory",
            nargs="?",
            type=Path,
            default=PACKAGED,
            help="where the files are; the packaged ones unless given",
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load_reference(options["directory"], at=timezone.now())
        except MalformedReference as fault:
            raise CommandError(str(fault)) from fault
        if options["json"]:
            self.stdout.write(json.dumps({"changed": report.changed, "tables": report.counts()}))
        elif options["verbosity"] > 0:
            self.stdout.write(as_table(report))


def as_table(report: LoadReport) -> str:
    """The report as an aligned table, one line for each table."""
    width = max(len(name) for name in report.tables)
    lines = [f"{'':{width}}  {'added':>7}  {'superseded':>10}  {'unchanged':>9}"]
    lines += [
        f"{name:{width}}  {counts.added:7}  {counts.superseded:10}  {counts.unchanged:9}"
        for name, counts in report.tables.items()
    ]
    return "\n".join([*lines, "" if report.changed else "Nothing changed."]).rstrip()
