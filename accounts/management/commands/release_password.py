"""Gives an account a temporary password where two administrators can't."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.domain.installation import release_password
from accounts.exceptions import Refused
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Gives an account a temporary password, for when too few administrators are left who can"
        " sign in. The history tells of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="why, and on whose authority")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            released = release_password(options["username"], reason=options["reason"])
        except User.DoesNotExist:
            raise CommandError(f"There is no account {options['username']!r}.") from None
        except ValidationError as fault:
            raise CommandError("\n".join(fault.messages)) from None
        except Refused as refusal:
            raise CommandError(str(refusal.words)) from None
        self.stdout.write(
            f"The temporary password of {released.person.name}: {released.temporary_password}"
        )
