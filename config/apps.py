"""What the product as a whole listens to and checks, once every application is there."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class ProductConfig(AppConfig):
    name = "config"
    verbose_name = "Permit Desk"

    def ready(self) -> None:
        # Models are ready only now, and these need them.
        from config import security, sessions  # noqa: F401, PLC0415 - they listen to signals
        from config.access import check_access  # noqa: PLC0415 - it needs the models

        checks.register(check_access, checks.Tags.urls)
