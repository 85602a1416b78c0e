"""Makes the first two administrators of an installation."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.domain.installation import (
    NewAdministrator,
    install_administrators,
    there_are_administrators,
)
from accounts.exceptions import Refused

THERE_ALREADY = "There are administrators already. Nothing was changed."


class Command(BaseCommand):
    help = (
        "Makes the first two administrators, who then open all other accounts. Asks for their"
        " passwords. Does nothing once there are administrators."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for which in ("first", "second"):
            parser.add_argument(f"{which}_username")
            parser.add_argument(f"{which}_name", help="as others see it, in quotation marks")
        parser.add_argument(
            "--passwords-from-stdin",
            action="store_true",
            help="read the two passwords from two lines instead of asking",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if there_are_administrators():
            self.stdout.write(THERE_ALREADY)
            return
        names = [
            (options[f"{one}_username"], options[f"{one}_name"]) for one in ("first", "second")
        ]
        read = _from_stdin if options["passwords_from_stdin"] else _from_terminal
        passwords = read([username for username, _name in names])
        first, second = (
            NewAdministrator(username, name, password)
            for (username, name), password in zip(names, passwords, strict=True)
        )
        try:
            install_administrators(first, second)
        except ValidationError as fault:
            raise CommandError("\n".join(fault.messages)) from None
        except Refused as refusal:
            self.stdout.write(str(refusal.words))
            return
        self.stdout.write(f"{first.name} and {second.name} are administrators.")


def _from_stdin(usernames: list[str]) -> list[str]:
    lines = [sys.stdin.readline().rstrip("\r\n") for _each in usernames]
    if not all(lines):
        raise CommandError("Give two passwords, each on a line of its own.")
    return lines


def _from_terminal(usernames: list[str]) -> list[str]:
    passwords = []
    for username in usernames:
        password = getpass.getpass(f"Password for {username}: ")
        if getpass.getpass("The same again: ") != password:
            raise CommandError("The two are not the same. Nothing was changed.")
        passwords.append(password)
    return passwords
