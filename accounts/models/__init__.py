"""Accounts, roles, delegations, and what waits for a second administrator."""

from accounts.models.delegations import Delegation
from accounts.models.grants import RoleGrant
from accounts.models.requests import AccountRequest
from accounts.models.two_people import Dated, TwoPeople
from accounts.models.users import User, UserManager

__all__ = [
    "AccountRequest",
    "Dated",
    "Delegation",
    "RoleGrant",
    "TwoPeople",
    "User",
    "UserManager",
]
