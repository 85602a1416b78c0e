"""A backup, and the office brought back from it, by the commands that an operator uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

PAPER = b"%PDF-1.4 a document of a case"


@dataclass(frozen=True)
class Place:
    """An installation in production: a database, a key and a folder of documents."""

    folder: Path
    database: str

    def manage(self, *arguments: str, key: Path | None = None) -> subprocess.CompletedProcess[str]:
        variables = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PERMIT_DESK_MODE": "production",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.database,
            "SECRET_KEY": "kept by a test, of fifty characters and more: 0123456789 abcdefgh",
            "ALLOWED_HOSTS": "permits.example.org",
            "HISTORY_KEY_FILE": str(key or self.key),
            "DOCUMENTS_DIR": str(self.documents),
        }
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self, *arguments: str, key: Path | None = None) -> str:
        done = self.manage(*arguments, key=key)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.told("verify_history", "--deep", "--json"))
        return found

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def documents(self) -> Path:
        return self.folder / "documents"


def make_place(folder: Path, name: str) -> Place:
    folder.mkdir()
    if connection.vendor == "sqlite":
        return Place(folder, f"sqlite:///{folder / 'office.sqlite3'}")
    given = connection.settings_dict
    name = f"backup_{name}_{os.getpid()}"
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
    at = f"{given['HOST'] or 'localhost'}:{given['PORT'] or 5432}"
    who = f"{given['USER']}:{given['PASSWORD']}@" if given["USER"] else ""
    return Place(folder, f"postgresql://{who}{at}/{name}")


def _server() -> psycopg.Connection:
    given = connection.settings_dict
    return psycopg.connect(
        dbname="postgres",
        user=given["USER"] or None,
        password=given["PASSWORD"] or None,
        host=given["HOST"] or None,
        port=given["PORT"] or None,
        autocommit=True,
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An office with a register, a checkpoint and a document."""
    made = make_place(tmp_path_factory.mktemp("backup") / "office", "office")
    made.told("migrate", "--verbosity", "0")
    made.told("load_reference")
    digest = sha256(PAPER).hexdigest()
    paper = made.documents / digest[:2] / digest
    paper.parent.mkdir(parents=True)
    paper.write_bytes(PAPER)
    return made


@pytest.fixture
def backup(office: Place, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    office.told("backup", str(folder))
    return folder


def test_what_was_backed_up_comes_back_and_the_log_tells_of_it(
    office: Place, backup: Path, tmp_path: Path
) -> None:
    before = office.log()
    there = make_place(tmp_path / "there", "there")
    said = there.told("restore", str(backup), "--authority", "A director", key=office.key)
    assert f"{before['events']} entries came back" in said
    (there.key).write_bytes(office.key.read_bytes())
    after = there.log()
    assert after["good"]
    assert (after["log"], after["epoch"]) == (before["log"], before["epoch"] + 1)
    assert after["events"] == before["events"] + 2  # the restore, and the checkpoint after it
    [copy] = [path for path in there.documents.rglob("*") if path.is_file()]
    assert copy.read_bytes() == PAPER
    # Its rows too: a load finds nothing to change.
    assert "Nothing changed." in there.told("load_reference")


def test_a_backup_that_was_altered_is_not_brought_back(backup: Path, tmp_path: Path) -> None:
    [paper] = [path for path in (backup / "documents").rglob("*") if path.is_file()]
    paper.write_bytes(PAPER + b" ")
    there = make_place(tmp_path / "there", "there")
    done = there.manage("restore", str(backup), "--authority", "A director")
    assert done.returncode != 0
    assert "is not as it was when the backup was made" in done.stderr
    assert not there.documents.exists()


def test_a_backup_is_not_brought_back_over_an_office(office: Place, backup: Path) -> None:
    done = office.manage("restore", str(backup), "--authority", "A director")
    assert done.returncode != 0
    assert "not empty" in done.stderr
    assert office.log()["good"]


def test_a_backup_goes_into_a_folder_of_its_own(office: Place, backup: Path) -> None:
    done = office.manage("backup", str(backup))
    assert done.returncode != 0
    assert "is not empty" in done.stderr


def test_the_key_is_not_in_a_backup(office: Place, backup: Path) -> None:
    secret = office.key.read_bytes()
    for path in backup.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes()


def test_what_is_no_backup_is_named(tmp_path: Path) -> None:
    there = make_place(tmp_path / "there", "there")
    done = there.manage("restore", str(tmp_path), "--authority", "A director")
    assert done.returncode != 0
    assert "is no backup" in done.stderr
