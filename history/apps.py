"""The log as a Django application."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class HistoryConfig(AppConfig):
    name = "history"
    verbose_name = _("History")

    def ready(self) -> None:
        # Models are ready only now.
        from history import guards, refusal  # noqa: PLC0415 - they need the models
        from history.checks import check_guards  # noqa: PLC0415 - it needs the models

        def restore_guards(*, using: str, **kwargs: Any) -> None:
            guards.install(connections[using])

        post_migrate.connect(
            restore_guards, sender=self, weak=False, dispatch_uid="history.restore_guards"
        )
        connection_created.connect(refusal.watch, dispatch_uid="history.watch")
        checks.register(check_guards, checks.Tags.database)
