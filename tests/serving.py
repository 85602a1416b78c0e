"""The role that serves on PostgreSQL, with exactly the grants of docs/operations.md."""

from __future__ import annotations

import re
from pathlib import Path

from django.db import connection

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"


def grants(role: str) -> list[str]:
    """What the page says that the owner grants, word for word but for the role's name."""
    found = re.findall(r"^    (GRANT .+) TO desk;$", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    return [f"{grant} TO {role}" for grant in found]


def serve_as(role: str) -> None:
    """Makes the role; until the transaction ends, all that follows is done by it."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        for grant in grants(role):
            cursor.execute(grant)
        cursor.execute(f"SET LOCAL ROLE {role}")
