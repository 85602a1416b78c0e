"""The sign-in form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """User name and password.

    Whatever was wrong, unknown name, wrong password or closed account, the message is the same:
    it must not tell which accounts exist.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_match = _("The user name and password do not match.")
        self.error_messages = {"invalid_login": no_match, "inactive": no_match}
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")
