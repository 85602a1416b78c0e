"""The test database as it was after the reference data was loaded, to return to.

Copying the whole database back is faster than emptying every table and loading anew, and asks no
table for permission: tables that refuse deletion come back as they were too.
"""

from __future__ import annotations

import sqlite3
from typing import Protocol

from django.db import connection


class Snapshot(Protocol):
    def restore(self) -> None:
        """Puts the test database back. Other connections to it must be closed or idle."""

    def discard(self) -> None:
        """Frees what the snapshot holds."""


def take_snapshot() -> Snapshot:
    return SqliteSnapshot() if connection.vendor == "sqlite" else PostgresSnapshot()


class SqliteSnapshot:
    """A copy in memory, made by SQLite's own backup."""

    def __init__(self) -> None:
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        connection.ensure_connection()
        connection.connection.backup(self._copy)

    def restore(self) -> None:
        connection.ensure_connection()
        self._copy.backup(connection.connection)

    def discard(self) -> None:
        self._copy.close()


class PostgresSnapshot:
    """A second database on the server, of which the test database is made anew."""

    def __init__(self) -> None:
        self._name = str(connection.settings_dict["NAME"])
        self._copy_name = f"{self._name}_snapshot"
        self._copy(self._name, self._copy_name)

    def restore(self) -> None:
        self._copy(self._copy_name, self._name)

    def discard(self) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {self._quoted(self._copy_name)} WITH (FORCE)")

    def _copy(self, source: str, target: str) -> None:
        self._execute(
            f"DROP DATABASE IF EXISTS {self._quoted(target)} WITH (FORCE)",
            f"CREATE DATABASE {self._quoted(target)} TEMPLATE {self._quoted(source)}",
        )

    @staticmethod
    def _quoted(name: str) -> str:
        return connection.ops.quote_name(name)

    @staticmethod
    def _execute(*statements: str) -> None:
        """From a connection to neither database: a template must have none."""
        connection.close()
        with connection._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
