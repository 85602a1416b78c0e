"""Makes the account that the sign-in page of a demo shows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.demo import offered_demo_account
from accounts.models import User


class Command(BaseCommand):
    help = "Makes the demo account, in demo mode only; does nothing when it is there and open."

    def handle(self, *args: Any, **options: Any) -> None:
        demo = offered_demo_account()
        if demo is None:
            raise CommandError(
                "The demo account's password is public: it is made in demo mode only."
            )
        with transaction.atomic():
            user = User.objects.filter(username=demo.username).first()
            if user is None:
                User.objects.create_user(demo.username, name=demo.name, password=demo.password)
            elif not (user.is_active and user.check_password(demo.password)):
                # What the sign-in page promises must work.
                user.is_active = True
                user.set_password(demo.password)
                user.save(update_fields=["is_active", "password"])
