"""manage.py sweep: carries out what was agreed on in a permit sweep."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from history.actors import SYSTEM
from permits.domain.sweeps import State, carry_out, had_left, progress
from permits.models import PermitSweep, SweepItem


class Command(BaseCommand):
    """Acts on permit after permit; goes on where it was interrupted, and does nothing twice."""

    help = "Carries out what was agreed on in a permit sweep, permit by permit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="the sweep, such as SW-2026-000001")

    def handle(self, *_args: Any, **options: Any) -> None:
        sweep = PermitSweep.objects.filter(number=options["number"]).first()
        if sweep is None:
            raise CommandError(f"There is no sweep {options['number']}.")
        (before,) = progress([sweep])
        if before.state is State.STOPPED:
            raise CommandError(f"{sweep} is stopped: let it go on from its page.")
        if not any(one.group.agreed_at and one.left for one in before.parts):
            raise CommandError(f"Nothing is agreed on in {sweep} that is still to be done.")
        done = before.settled

        def tell(item: SweepItem) -> None:
            nonlocal done
            done += 1
            if options["verbosity"]:
                self.stdout.write(
                    f"{done} of {before.total}: {item.permit.number}"
                    f" {item.outcome.replace('_', ' ')} (was {item.status.replace('_', ' ')})"
                )
                self.stdout.flush()

        run = carry_out(sweep, by=SYSTEM, tell=tell)
        for item in filter(had_left, run.settled):
            self.stderr.write(
                f"{item.permit.number} had left its group, or who said yes declared a conflict of"
                " interest: a person decides on it."
            )
        for number in run.busy:
            self.stderr.write(f"{number}: its case is held by somebody else; run this again.")
        if run.is_stopped:
            self.stderr.write(f"{sweep} was stopped: let it go on from its page.")
        if run.is_over:
            self.stderr.write("The policy is not in force: nothing more is done under it.")
        for name in run.not_standing:
            self.stderr.write(f"The yes of {name} does not stand any more: it is given anew.")
        if options["verbosity"]:
            self.stdout.write(f"{sweep}: {done} of {before.total} settled.")
