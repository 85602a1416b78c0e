"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse

from accounts.demo import offered_demo_accounts
from accounts.forms import SignInForm
from accounts.models import User


class SignInView(LoginView):
    """Starts a new session and goes to `next` if that is a page of ours, else home.

    With a temporary password it goes to the page where that is replaced, wherever else it should.

    Context for `registration/sign_in.html`: `form`; `next`; `demo_accounts` (each with username,
    password, name, role), empty outside demo mode.
    """

    form_class = SignInForm
    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(demo_accounts=offered_demo_accounts(), **kwargs)

    def get_success_url(self) -> str:
        user = self.request.user
        if isinstance(user, User) and user.must_change_password:
            return reverse("accounts:change_password")
        return super().get_success_url()


class SignOutView(LogoutView):
    """Ends the session, by POST only, and goes to the sign-in page."""
