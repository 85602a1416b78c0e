"""What loosens an account, and so takes a second administrator."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import RequestedAct
from accounts.models.two_people import TwoPeople
from accounts.querysets import TwoPeopleQuerySet


class AccountRequest(TwoPeople):
    """That an account be opened again or its password reset. Kept by `accounts.domain.requests`.

    Done when it is confirmed; who confirms gets the temporary password to hand over.
    """

    act = models.CharField(_("act"), max_length=40, choices=RequestedAct.choices)

    objects = TwoPeopleQuerySet.as_manager()

    class Meta(TwoPeople.Meta):
        verbose_name = pgettext_lazy("about an account", "request")
        verbose_name_plural = pgettext_lazy("about an account", "requests")
        constraints = [
            *TwoPeople.Meta.constraints,
            models.CheckConstraint(
                name="accounts_accountrequest_known_act",
                condition=models.Q(act__in=RequestedAct.values),
            ),
            models.UniqueConstraint(
                fields=["person", "act"],
                condition=models.Q(confirmed_at__isnull=True, declined_at__isnull=True),
                name="accounts_accountrequest_one_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()}, {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.person_id])
