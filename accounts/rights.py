"""The rights of who asks, looked up once for each request.

Only for what a page shows and whether it opens: the domain functions look again under their lock.
"""

from __future__ import annotations

from django.http import HttpRequest

from accounts.choices import Role
from accounts.rules import roles_of

# Under this name the table of access keeps them too.
_KEPT = "_roles"


def rights_of(request: HttpRequest) -> frozenset[Role]:
    """The roles in force today of who is signed in. One query at most for each request."""
    kept: frozenset[Role] | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = roles_of(request.user)
        setattr(request, _KEPT, kept)
    return kept
