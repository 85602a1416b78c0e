"""Settings fail loudly, and are safe in production."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from config.env import Environment, Mode, demo_secret_key

ROOT = Path(__file__).resolve().parent.parent
STRONG_KEY = "a-strong-key-for-tests-" * 3
PRODUCTION = {
    "PERMIT_DESK_MODE": "production",
    "SECRET_KEY": STRONG_KEY,
    "ALLOWED_HOSTS": "permits.example.org, www.permits.example.org",
    "DATABASE_URL": "postgres://desk:hunter2@database.example.org/desk",
    "HISTORY_KEY_FILE": "/etc/permit-desk/history-key.pem",
    "DOCUMENTS_DIR": "/var/lib/permit-desk/documents",
}
PRINT_SETTINGS = """
import json
from config import settings
values = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
print(json.dumps(values, default=str))
"""


def start_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the code in a process with nothing but these variables."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def settings_with(**environment: str) -> dict[str, Any]:
    done = start_python(PRINT_SETTINGS, **environment)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def refusal_with(**environment: str) -> str:
    """The last line that a process with a faulty environment prints."""
    done = start_python("import config.settings", **environment)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


# What is missing or wrong.


def test_production_is_the_default_and_names_everything_missing() -> None:
    assert refusal_with().endswith(
        "SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL, HISTORY_KEY_FILE, DOCUMENTS_DIR must be set."
    )


def test_one_message_names_what_is_missing_and_what_is_wrong() -> None:
    message = refusal_with(
        **PRODUCTION
        | {"SECRET_KEY": "short", "ALLOWED_HOSTS": " ", "DATABASE_URL": "mysql://u:hunter2@h/d"}
    )
    assert "ALLOWED_HOSTS must be set" in message
    assert "SECRET_KEY must have at least 50 characters" in message
    assert "DATABASE_URL must start with sqlite:// or postgres://" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PERMIT_DESK_MODE", "Demo", "PERMIT_DESK_MODE must be one of demo, test, production"),
        ("SECURE_SSL_REDIRECT", "ture", "SECURE_SSL_REDIRECT must be true or false, not 'ture'"),
        ("CSRF_TRUSTED_ORIGINS", "permits.example.org", "must start with https:// or http://"),
    ],
)
def test_a_mistyped_value_is_refused(name: str, value: str, fault: str) -> None:
    assert fault in refusal_with(**PRODUCTION | {name: value})


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("ALLOWED_HOSTS", "permits.example.org,*", "ALLOWED_HOSTS must name the hosts"),
        ("SECRET_KEY", STRONG_KEY[:49], "SECRET_KEY must have at least 50 characters"),
        ("SECRET_KEY", "abcd" * 20, "SECRET_KEY must have at least 5 different characters"),
        ("SECRET_KEY_FALLBACKS", f"{STRONG_KEY},old", "SECRET_KEY_FALLBACKS must have at least 50"),
        ("SECRET_KEY_FALLBACKS", "k" * 50, "SECRET_KEY_FALLBACKS must have at least 5 different"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL must name a database that lasts"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL must name a database that lasts"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL must name a database that lasts"),
        ("HISTORY_KEY_FILE", " ", "HISTORY_KEY_FILE must be set"),
        ("HISTORY_KEY_FILE", "var/key.pem", "HISTORY_KEY_FILE must be an absolute path"),
        ("DOCUMENTS_DIR", f"{ROOT}/static/documents", "a folder whose files everyone can fetch"),
        ("HISTORY_KEY_FILE", f"{ROOT}/static/key.pem", "a folder whose files everyone can fetch"),
        ("HISTORY_KEY_FILE", f"{ROOT}/docs/../static/css/k", "whose files everyone can fetch"),
        ("HISTORY_KEY_FILE", f"{ROOT}/var/static/key.pem", "whose files everyone can fetch"),
    ],
)
def test_a_weak_value_is_refused(name: str, value: str, fault: str) -> None:
    message = refusal_with(**PRODUCTION | {name: value})
    assert fault in message
    # A secret is not repeated where others may read it.
    assert STRONG_KEY[:20] not in message


def test_one_message_names_every_weak_value() -> None:
    weak = {
        "SECRET_KEY": "k" * 50,
        "SECRET_KEY_FALLBACKS": "old",
        "ALLOWED_HOSTS": "*",
        "DATABASE_URL": "sqlite://",
        "HISTORY_KEY_FILE": "key.pem",
    }
    message = refusal_with(**PRODUCTION | weak)
    assert [name for name in weak if f"{name} must" not in message] == []


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("true", True), ("1", True), ("YES", True), ("off", False), ("0", False), ("", True)],
)
def test_a_flag_is_read(word: str, meaning: bool) -> None:
    assert Environment({"FLAG": word}).flag("FLAG", default=True) is meaning


def test_an_environment_without_faults_is_accepted() -> None:
    env = Environment({"A": " a ", "B": "b, ,c"})
    assert (env.required("A"), env.required_words("B"), env.text("C", "c")) == (
        "a",
        ["b", "c"],
        "c",
    )
    assert env.mode("MODE") is Mode.PRODUCTION
    env.refuse_if_faulty()


def test_faults_are_raised_together() -> None:
    env = Environment({"FLAG": "perhaps"})
    env.required("ONE")
    env.required("TWO")
    env.flag("FLAG", default=True)
    with pytest.raises(ImproperlyConfigured, match="ONE, TWO must be set; FLAG must be true"):
        env.refuse_if_faulty()


# Production.


def test_production_is_strict() -> None:
    values = settings_with(**PRODUCTION)
    assert values["DEBUG"] is False
    assert values["ALLOWED_HOSTS"] == ["permits.example.org", "www.permits.example.org"]
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert values[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert values[f"{cookie}_COOKIE_SECURE"] is True
        assert values[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
    assert values["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")
    assert not any("MD5" in hasher for hasher in values["PASSWORD_HASHERS"])
    assert "SECURE_PROXY_SSL_HEADER" not in values
    assert "AXES_IPWARE_META_PRECEDENCE_ORDER" not in values
    assert values["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"


def test_a_proxy_is_trusted_only_when_told() -> None:
    values = settings_with(**PRODUCTION, BEHIND_TLS_PROXY="true")
    assert values["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    # As tests/accounts/test_lock_out.py tries them.
    assert values["AXES_IPWARE_META_PRECEDENCE_ORDER"] == ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"]
    assert values["AXES_IPWARE_PROXY_COUNT"] == 0
    assert values["IPWARE_STRICT"] is False


def test_nothing_is_left_to_warn_of_in_production() -> None:
    check = "from django.core.management import execute_from_command_line as run\n"
    check += "run(['manage.py', 'check', '--deploy', '--fail-level', 'WARNING'])"
    done = start_python(check, **PRODUCTION, DJANGO_SETTINGS_MODULE="config.settings")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "System check identified no issues (0 silenced).\n"


def test_keys_of_before_are_kept_when_they_are_strong() -> None:
    old = STRONG_KEY[::-1]
    assert settings_with(**PRODUCTION, SECRET_KEY_FALLBACKS=old)["SECRET_KEY_FALLBACKS"] == [old]


def test_static_files_can_be_collected_for_production(tmp_path: Path) -> None:
    """The manifest storage refuses a style sheet that names a file which is not there."""
    collect = "from django.core.management import execute_from_command_line as run\n"
    collect += "run(['manage.py', 'collectstatic', '--noinput', '--verbosity', '0'])"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "STATIC_ROOT": str(tmp_path)}
    done = start_python(collect, **PRODUCTION, **environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "staticfiles.json").exists()


# Demo.


def test_the_demo_needs_nothing_and_is_local() -> None:
    values = settings_with(PERMIT_DESK_MODE="demo")
    assert values["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert values["DATABASES"]["default"]["NAME"] == str(ROOT / "var" / "permit-desk.sqlite3")
    assert values["SECRET_KEY"] == settings_with(PERMIT_DESK_MODE="demo")["SECRET_KEY"]


def test_the_demo_key_is_random_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "key"
    key = demo_secret_key(path)
    assert len(key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert demo_secret_key(path) == key
    assert demo_secret_key(tmp_path / "other") != key
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "other", path.parent, path]


# The database.


@pytest.mark.parametrize("url", ["sqlite:///desk.sqlite3", "sqlite:////srv/desk.sqlite3"])
def test_sqlite_writers_queue_from_the_start(url: str) -> None:
    options = Environment({"DATABASE_URL": url}).database("DATABASE_URL")["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)


def test_postgres_connections_are_kept_and_looked_at() -> None:
    database = Environment({"DATABASE_URL": PRODUCTION["DATABASE_URL"]}).database("DATABASE_URL")
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ("", {"options": "-c random_page_cost=1.1"}),
        ("?sslmode=require", {"options": "-c random_page_cost=1.1", "sslmode": "require"}),
        ("?options=-c%20random_page_cost%3D4", {"options": "-c random_page_cost=4"}),
    ],
)
def test_postgres_is_told_how_fast_its_disk_is(asked: str, options: dict[str, str]) -> None:
    url = PRODUCTION["DATABASE_URL"] + asked
    assert Environment({"DATABASE_URL": url}).database("DATABASE_URL")["OPTIONS"] == options


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_sqlite_is_durable_and_checks_references(db: None, pragma: str, value: object) -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)
