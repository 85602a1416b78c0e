"""Strict reading of the environment.

A reader never raises by itself: it notes what is missing or wrong and gives a harmless value, so
that `Environment.refuse_if_faulty` can name every fault in one message and not one per start.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
DATABASE_SCHEMES = frozenset({"sqlite", "postgres", "postgresql"})

# Django's own recommendations for a random key; others can be guessed.
SECRET_KEY_LENGTH = 50
SECRET_KEY_VARIETY = 5


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

    def hosts(self, name: str) -> list[str]:
        """Host names to answer for, at least one. With "*" a visitor could choose it."""
        hosts = self.required_words(name)
        if "*" in hosts:
            self._wrong.append(f"{name} must name the hosts and not be *")
        return hosts

    def secret_key(self, name: str) -> str:
        """A required key that resists guessing."""
        key = self.required(name)
        if key:
            self._refuse_weak(name, key)
        return key

    def secret_keys(self, name: str) -> list[str]:
        """A comma-separated list of keys, each of which resists guessing."""
        keys = self.words(name)
        for key in keys:
            self._refuse_weak(name, key)
        return keys

    def _refuse_weak(self, name: str, key: str) -> None:
        if len(key) < SECRET_KEY_LENGTH:
            self._wrong.append(f"{name} must have at least {SECRET_KEY_LENGTH} characters")
        elif len(set(key)) < SECRET_KEY_VARIETY:
            self._wrong.append(
                f"{name} must have at least {SECRET_KEY_VARIETY} different characters"
            )

    def private_path(self, name: str, *, served: Sequence[Path]) -> str:
        """A required path that no folder with files for everyone holds."""
        given = self.required(name)
        if given and not Path(given).is_absolute():
            self._wrong.append(f"{name} must be an absolute path, not {given!r}")
        elif given and any(_is_inside(Path(given), folder) for folder in served):
            self._wrong.append(f"{name} must not be in a folder whose files everyone can fetch")
        return given

    def origins(self, name: str) -> list[str]:
        """Origins such as https://permits.example.org."""
        origins = self.words(name)
        for origin in origins:
            if urlsplit(origin).scheme not in {"http", "https"}:
                self._wrong.append(f"{name}: {origin!r} must start with https:// or http://")
        return origins

    def database(
        self, name: str, *, default: str | None = None, lasting: bool = False
    ) -> dict[str, Any]:
        """Django's settings for the database at the given URL; without a default it is required.

        `lasting` refuses one in memory, which ends with the process.
        """
        url = self.text(name, default) if default else self.required(name)
        if not url:
            return {}
        if urlsplit(url).scheme not in DATABASE_SCHEMES:
            # The value is not repeated: it may hold a password.
            self._wrong.append(f"{name} must start with sqlite:// or postgres://")
            return {}
        options = database_options(environ.Env.db_url_config(url))
        if lasting and _is_in_memory(options):
            self._wrong.append(f"{name} must name a database that lasts, not one in memory")
        return options

    def refuse_if_faulty(self) -> None:
        """Raises ImproperlyConfigured that names everything missing and everything wrong."""
        faults = list(self._wrong)
        if self._missing:
            faults.insert(0, f"{', '.join(self._missing)} must be set")
        if faults:
            raise ImproperlyConfigured(f"The environment is not right: {'; '.join(faults)}.")


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _is_in_memory(options: Mapping[str, Any]) -> bool:
    name = str(options["NAME"])
    sqlite = options["ENGINE"] == "history.sqlite"
    return sqlite and (not name or ":memory:" in name)


def _split(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def database_options(config: dict[str, Any]) -> dict[str, Any]:
    """Adds to a database's settings what this product relies on.

    SQLite: writers take turns from the start of their transaction (a deferred one fails at once
    when it turns into a writer; a write outside of one tries for 20 seconds), readers go on beside
    a writer, a commit survives a loss of power, and foreign keys are enforced. Each thread keeps
    32 MB of pages for a minute: read anew by each request, they are most of what a long list takes.
    PostgreSQL: connections are kept for a minute and looked at before use; reading here and there
    is taken to be as fast as it is on a disk without moving parts, or long lists are read whole for
    the few rows that a page needs. `?options=` in the URL says otherwise.
    """
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return config | {
            "ENGINE": "history.sqlite",
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-32000;"
                ),
            },
        }
    return config | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c random_page_cost=1.1", **config.get("OPTIONS", {})},
    }


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
