"""manage.py seed: made-up applications in great numbers, for measuring."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from history import clock
from permits.sample.ahead import Ended
from permits.sample.office import NotHere
from permits.sample.story import BEGAN
from permits.sample.volume import BATCH, seed, seeded


class Command(BaseCommand):
    """Makes applications until there are so many of the seed; goes on where it was interrupted."""

    help = "Makes applications until there are --applications of the seed, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--applications", type=int, required=True, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="S")
        parser.add_argument("--processes", type=int, choices=(1, 2), metavar="P")
        parser.add_argument("--since", type=date.fromisoformat, default=BEGAN, metavar="DAY")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted, begun = options["applications"], time.monotonic()
        if wanted < 1:
            raise CommandError("--applications takes a number from 1 on.")
        if options["since"] >= clock.today():
            raise CommandError("--since takes a day before today.")
        first = seeded(options["seed"])

        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                # Texts are kept by digests, which are spread over all their pages.
                cursor.execute("PRAGMA cache_size = -262144")
                cursor.execute("PRAGMA wal_autocheckpoint = 30000")

        def tell(there: int) -> None:
            rate = (there - first) / (time.monotonic() - begun)
            left = (wanted - there) / rate
            self.stdout.write(
                f"{there:,} of {wanted:,}, {rate:,.0f} a second, {left:,.0f} s left", ending="\r"
            )
            self.stdout.flush()

        try:
            made = seed(
                wanted,
                seed=options["seed"],
                since=options["since"],
                tell=tell if options["verbosity"] else _quiet,
                ahead=(options["processes"] or _processes(wanted - first)) == 2,
            )
        except (NotHere, Ended) as refusal:
            raise CommandError(str(refusal)) from None
        if options["verbosity"]:
            seconds = time.monotonic() - begun
            self.stdout.write(f"\nMade {made:,} applications in {seconds:,.0f} s.")


def _processes(number: int) -> int:
    """Two where each has a core, and the second something to make while the first one writes."""
    return 2 if number > BATCH and (os.cpu_count() or 1) > 1 else 1


def _quiet(_there: int) -> None:
    """Tells nothing."""
