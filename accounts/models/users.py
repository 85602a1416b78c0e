"""The account of a person who uses Permit Desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth import hashers
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.usernames import LONGEST_NAME, canonical_username, validate_username
from history.models import Tracked


class UserManager(BaseUserManager["User"]):
    """Finds and makes accounts by the canonical form of their names."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The account of that name however it is written; User.DoesNotExist if there is none."""
        return self.get(username=canonical_username(username or ""))


class User(Tracked, AbstractBaseUser):
    """A person with an account. What they may do comes from elsewhere; this says who they are.

    `username` is what they sign in with, always in canonical form. `name` is how others see them.
    An account is never deleted, since records refer to it: `is_active` closes it. A password that
    another person gave is replaced first (`must_change_password`): until then no role gives a
    right. Opened and changed by `accounts.domain.people`.
    """

    private_fields = frozenset({"username", "name"})
    secret_fields = frozenset({"password"})
    added_later: ClassVar[Mapping[str, Any]] = {"must_change_password": False}

    # Signing in is no change of the account: the security log tells of it.
    last_login = None

    username = models.CharField(
        _("user name"),
        max_length=LONGEST_NAME,
        unique=True,
        validators=[validate_username],
        error_messages={"unique": _("An account with this user name exists.")},
    )
    name = models.CharField(_("name"), max_length=150)
    is_active = models.BooleanField(_("may sign in"), default=True)
    must_change_password = models.BooleanField(_("temporary password"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # With `unique` this keeps names apart whatever their case, also against raw SQL.
            models.CheckConstraint(
                name="accounts_user_username_lower_case",
                condition=Q(username=Lower("username")) & ~Q(username=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.pk])

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Called by Django's `clean`, so that a form or command stores the canonical form."""
        return canonical_username(username)

    def clean_fields(self, exclude: Any = None) -> None:
        """Brings the name into canonical form before its characters are judged."""
        self.username = canonical_username(self.username)
        super().clean_fields(exclude=exclude)

    def check_password(self, raw_password: str | None) -> bool:
        """Whether that is the password. Never writes, as Django's would to renew an old hash."""
        return hashers.check_password(raw_password, self.password)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
