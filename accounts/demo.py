"""The people that everyone who tries the product signs in as. They exist in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from accounts.choices import Role

SINCE = date(2019, 8, 30)
"""The day on which they took office, by the simulated clock: s. 7.3 is law two days later."""

PASSWORD = "permit-desk-demo"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class DemoAccount:
    """A sign-in that is public on purpose."""

    username: str
    password: str
    name: str
    role: Role


# The names are what they would be in any language: a role and a letter, nobody's name.
DEMO_ACCOUNTS = (
    DemoAccount("analyst", PASSWORD, "Analyst A.", Role.ANALYST),
    DemoAccount("analyst-b", PASSWORD, "Analyst B.", Role.ANALYST),
    DemoAccount("senior", PASSWORD, "Senior analyst C.", Role.SENIOR_ANALYST),
    DemoAccount("decision", PASSWORD, "Decision-maker D.", Role.DECISION_MAKER),
    DemoAccount("admin", PASSWORD, "Administrator E.", Role.ADMINISTRATOR),
    DemoAccount("admin-b", PASSWORD, "Administrator F.", Role.ADMINISTRATOR),
    DemoAccount("auditor", PASSWORD, "Auditor G.", Role.AUDITOR),
)


def offered_demo_accounts() -> tuple[DemoAccount, ...]:
    """The accounts to show on the sign-in page; none outside demo mode."""
    return DEMO_ACCOUNTS if settings.PERMIT_DESK_MODE == "demo" else ()
