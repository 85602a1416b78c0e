"""Makes the people that the sign-in page of a demo shows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demo import offered_demo_accounts
from accounts.domain.demo import make_demo_people
from history.models import Log


class Command(BaseCommand):
    help = "Makes the seven people of the demo, in demo mode only; does nothing when all is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if not offered_demo_accounts():
            raise CommandError(
                "The passwords of the demo's people are public: they are made in demo mode only."
            )
        log = Log.objects.first()
        if log is not None and not log.synthetic:
            raise CommandError(
                "The history in this database is a real one. The demo's people, whose passwords"
                " are public, are made only where the history says that it is synthetic."
            )
        for fault in make_demo_people():
            self.stderr.write(f"Not put right: {fault}")
