from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from history.actors import name_people_by


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # Models are ready only now.
        from accounts.domain.entitled import Entitled  # noqa: PLC0415 - it needs the models
        from accounts.models import User  # noqa: PLC0415 - it is a model
        from history.domain import verify  # noqa: PLC0415 - it needs the models

        def names(numbers: Iterable[int]) -> Mapping[int, str]:
            return dict(User.objects.filter(pk__in=list(numbers)).values_list("pk", "name"))

        name_people_by(names)
        verify.also(Entitled)
