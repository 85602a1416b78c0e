"""Queries named for their reader."""

from __future__ import annotations

from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from permits.choices import OPEN

Row = TypeVar("Row", bound=Model)


class ApplicationQuerySet(QuerySet[Row]):
    """Applications, as a person of the office may see them."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> ApplicationQuerySet[Row]:
        """All of them to whoever works here; `config.access` keeps everyone else out."""
        return self.all() if user.is_authenticated else self.none()

    def open(self) -> ApplicationQuerySet[Row]:
        """Those that still wait for somebody."""
        return self.filter(status__in=OPEN)

    def for_pages(self) -> ApplicationQuerySet[Row]:
        """With what every page shows of an application."""
        return self.select_related("destination", "assigned_to", "country_of_export")


class UseQuerySet(QuerySet[Row]):
    """Shipments, as they are reported."""

    def counted(self) -> UseQuerySet[Row]:
        """Those that count against the balance: none that two people took back."""
        return self.exclude(reversals__agreed_at__isnull=False)
