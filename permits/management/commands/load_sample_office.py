"""manage.py load_sample_office: synthetic cases for a demonstration."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from permits.models import Application
from permits.sample.office import DRAWN, SEED, NotHere, load_sample_office


class Command(BaseCommand):
    """Makes the sample office, unless there are cases already."""

    help = "Makes the synthetic cases of the demonstration: the same for the same seed and day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--number", type=int, default=DRAWN, help="cases drawn by chance")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not Application.objects.exists():
            self.stdout.write("Making the sample office: some minutes, once.")
        try:
            made = load_sample_office(seed=options["seed"], number=options["number"])
        except NotHere as refusal:
            raise CommandError(str(refusal)) from None
        if options["verbosity"]:
            self.stdout.write(
                f"Sample office: {made} cases." if made else "There are cases already."
            )
