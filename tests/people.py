"""People for tests."""

from __future__ import annotations

from accounts.models import User

PASSWORD = "a long password for tests"


def make_person(
    username: str = "analyst", *, name: str = "Analyst A.", password: str = PASSWORD
) -> User:
    """An account that can sign in with `PASSWORD`."""
    return User.objects.create_user(username, name=name, password=password)
