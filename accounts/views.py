"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView

from accounts.demo import offered_demo_account
from accounts.forms import SignInForm


class SignInView(LoginView):
    """Starts a new session and goes to `next` if that is a page of ours, else home.

    Context for `registration/sign_in.html`: `form`; `next`; `demo_account` (username, password,
    name) in demo mode, else None.
    """

    form_class = SignInForm
    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(demo_account=offered_demo_account(), **kwargs)


class SignOutView(LogoutView):
    """Ends the session, by POST only, and goes to the sign-in page."""
