"""What only one of the two engines has, and why a test of it is skipped on the other."""

from __future__ import annotations

import pytest
from django.db import connection

IS_SQLITE = "sqlite" in connection.settings_dict["ENGINE"]

sqlite_only = pytest.mark.skipif(not IS_SQLITE, reason="SQLite's own statements")
postgres_only = pytest.mark.skipif(IS_SQLITE, reason="PostgreSQL's own statements")
two_writers = pytest.mark.skipif(IS_SQLITE, reason="on SQLite one writer waits for the other")
