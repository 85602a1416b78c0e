"""Strict reading of the environment.

A reader never raises by itself: it notes what is missing or wrong and gives a harmless value, so
that `Environment.refuse_if_faulty` can name every fault in one message and not one per start.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
DATABASE_SCHEMES = frozenset({"sqlite", "postgres", "postgresql"})

# Django's own recommendation for a random key; shorter ones can be guessed.
SECRET_KEY_LENGTH = 50


class Mode(StrEnum):
    """What this process is for."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class Environment:
    """Settings as given from outside, and what is wrong with them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._missing: list[str] = []
        self._wrong: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding blanks; an empty one counts as not given."""
        return self._values.get(name, "").strip() or default

    def required(self, name: str) -> str:
        """A value that must be given; the empty string, and a fault, if it is not."""
        value = self.text(name)
        if not value:
            self._missing.append(name)
        return value

    def words(self, name: str) -> list[str]:
        """A comma-separated list."""
        return _split(self.text(name))

    def required_words(self, name: str) -> list[str]:
        """A comma-separated list with at least one entry."""
        return _split(self.required(name))

    def flag(self, name: str, *, default: bool) -> bool:
        """Yes or no. Anything else is a fault: a mistyped "ture" must not turn a safeguard off."""
        word = self.text(name).lower()
        if not word:
            return default
        if word not in TRUE_WORDS | FALSE_WORDS:
            self._wrong.append(f"{name} must be true or false, not {word!r}")
        return word in TRUE_WORDS

    def mode(self, name: str) -> Mode:
        """Production unless something else is asked for, so that forgetting it is safe."""
        word = self.text(name, Mode.PRODUCTION)
        if word not in set(Mode):
            self._wrong.append(f"{name} must be one of {', '.join(Mode)}, not {word!r}")
            return Mode.PRODUCTION
        return Mode(word)

    def secret_key(self, name: str) -> str:
        """A required key that is long enough to resist guessing."""
        key = self.required(name)
        if key and len(key) < SECRET_KEY_LENGTH:
            self._wrong.append(f"{name} must have at least {SECRET_KEY_LENGTH} characters")
        return key

    def origins(self, name: str) -> list[str]:
        """Origins such as https://permits.example.org."""
        origins = self.words(name)
        for origin in origins:
            if urlsplit(origin).scheme not in {"http", "https"}:
                self._wrong.append(f"{name}: {origin!r} must start with https:// or http://")
        return origins

    def database(self, name: str, *, default: str | None = None) -> dict[str, Any]:
        """Django's settings for the database at the given URL; without a default it is required."""
        url = self.text(name, default) if default else self.required(name)
        if not url:
            return {}
        if urlsplit(url).scheme not in DATABASE_SCHEMES:
            # The value is not repeated: it may hold a password.
            self._wrong.append(f"{name} must start with sqlite:// or postgres://")
            return {}
        return database_options(environ.Env.db_url_config(url))

    def refuse_if_faulty(self) -> None:
        """Raises ImproperlyConfigured that names everything missing and everything wrong."""
        faults = list(self._wrong)
        if self._missing:
            faults.insert(0, f"{', '.join(self._missing)} must be set")
        if faults:
            raise ImproperlyConfigured(f"The environment is not right: {'; '.join(faults)}.")


def _split(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def database_options(config: dict[str, Any]) -> dict[str, Any]:
    """Adds to a database's settings what this product relies on.

    SQLite: writers queue up to 20 seconds from the start of their transaction (a deferred one
    fails at once when it turns into a writer), readers go on beside a writer, a commit survives a
    loss of power, and foreign keys are enforced. PostgreSQL: connections are kept for a minute
    and looked at before use.
    """
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return config | {
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                ),
            }
        }
    return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def demo_secret_key(path: Path) -> str:
    """The key of this checkout's demo, made at random on first use and readable by its owner only.

    Written under another name and linked into place, so that of two processes that start together
    neither reads half a key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file with mode 0600.
        handle, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(SECRET_KEY_LENGTH))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # The other process was first: its key counts.
        finally:
            os.unlink(draft)
    return path.read_text(encoding="ascii").strip()
