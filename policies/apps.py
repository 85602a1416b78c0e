"""The policy register as a Django application."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from policies import overlap
from policies.checks import check_overlap_guards


def restore_guards(*, using: str, **kwargs: Any) -> None:
    """Puts back the guards that a migration took away.

    SQLite drops a table's triggers whenever Django rebuilds the table, and says nothing.
    """
    overlap.install(connections[using])


class PoliciesConfig(AppConfig):
    name = "policies"
    verbose_name = _("Policies")

    def ready(self) -> None:
        from history import guards  # noqa: PLC0415 - it needs the models
        from policies import verbs  # noqa: F401, PLC0415 - they are declared

        guards.beside(overlap.triggers)
        post_migrate.connect(restore_guards, sender=self, dispatch_uid="policies.restore_guards")
        checks.register(check_overlap_guards, checks.Tags.database)
