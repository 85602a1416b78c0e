from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PermitsConfig(AppConfig):
    name = "permits"
    verbose_name = _("Permits")

    def ready(self) -> None:
        from history import guards  # noqa: PLC0415 - it needs the models
        from history.domain import verify  # noqa: PLC0415 - as above
        from permits import verbs  # noqa: F401, PLC0415 - they are declared
        from permits.domain.overview import differences  # noqa: PLC0415 - as above
        from permits.guards import of_permits  # noqa: PLC0415 - as above

        guards.also(of_permits)
        verify.beside(differences)
