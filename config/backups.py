"""A backup of the office in one folder, and the way back from it.

The database is copied by its own engine, while others write on: SQLite's online backup, or pg_dump.
Documents are copied after it: they never change, so every one that the copy names is there. The
signing key is not in it; who held both could rewrite the log.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from history import clock
from history.domain import checkpoints, epochs
from history.domain.verify import Verification, verify
from history.models import Checkpoint

FORMAT = "permit-desk-backup/1"
MANIFEST = "manifest.json"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
DOCUMENTS = "documents"
CHECKPOINT = "checkpoint.txt"


class BackupFault(Exception):
    """It can't be made or brought back; the message says why and what to do."""


def back_up(folder: Path) -> Mapping[str, Any]:
    """Writes a backup into a new folder and returns its manifest. Raises BackupFault."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupFault(f"{folder} is not empty. A backup goes into a folder of its own.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What the copy ends with is signed for; a copy made later than this holds more, never less.
    checkpoints.make_if_needed()
    newest = Checkpoint.objects.first()
    if newest is not None:
        (folder / CHECKPOINT).write_text(newest.note, encoding="utf-8")
    _copy_database(folder / DATABASE[connection.vendor])
    documents = Path(settings.DOCUMENTS_DIR)
    for file in _documents(documents):
        copy = folder / DOCUMENTS / file.relative_to(documents)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    manifest = {
        "format": FORMAT,
        "engine": connection.vendor,
        "made_at": clock.written(clock.now()),
        "files": {
            str(file.relative_to(folder)): _sha256(file)
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        },
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def restore(folder: Path, *, authority: str, anchor: str | None) -> Verification:
    """Brings a backup back into an empty database; the log goes on in a new epoch.

    `authority` says who allowed it, `anchor` is the newest checkpoint known of what is lost, from
    wherever it was kept. Raises BackupFault before anything is written where the backup is not as
    it was made, and after it where the log that came back is not good.
    """
    _check(folder)
    if connection.introspection.table_names():
        raise BackupFault("The database is not empty. A backup is brought back into an empty one.")
    _bring_back(folder / DATABASE[connection.vendor])
    for file in _documents(folder / DOCUMENTS):
        home = Path(settings.DOCUMENTS_DIR) / file.relative_to(folder / DOCUMENTS)
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(file, home)
    note = folder / CHECKPOINT
    found = verify(deep=True, pin=note.read_text(encoding="utf-8") if note.exists() else None)
    if not found.good:
        faults = "; ".join(str(fault) for fault in found.faults[:3])
        raise BackupFault(f"What came back does not verify: {faults}. Use another backup.")
    epochs.open_epoch(anchor=anchor, authority=authority)
    checkpoints.make()
    return found


def _check(folder: Path) -> None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        told: dict[str, str] = manifest["files"]
        if manifest["format"] != FORMAT:
            raise BackupFault(f"{folder} is of another format: {manifest['format']}.")
        engine = manifest["engine"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BackupFault(f"{folder} is no backup: {fault}") from fault
    if engine != connection.vendor:
        raise BackupFault(
            f"The backup is of {engine} and DATABASE_URL names {connection.vendor}. It is brought"
            " back on the engine that it was made on."
        )
    for name, digest in told.items():
        file = folder / name
        if not file.is_file() or _sha256(file) != digest:
            raise BackupFault(f"{name} is not as it was when the backup was made.")


def _documents(folder: Path) -> Iterator[Path]:
    """The files that came with applications; not those that are just coming in."""
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file() and not file.name.startswith("."):
            yield file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


# The engines


def _copy_database(to: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(to)) as copy:
            connection.connection.backup(copy)
        return
    _run("pg_dump", "--format=custom", "--no-owner", "--file", str(to))


def _bring_back(copy: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as source:
            source.backup(connection.connection)
        connection.close()
        return
    name = str(connection.settings_dict["NAME"])
    _run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", name, str(copy))


def _run(program: str, *arguments: str) -> None:
    given = connection.settings_dict
    # In the environment, where no list of processes shows the password.
    named = {
        "PGDATABASE": given["NAME"],
        "PGUSER": given["USER"],
        "PGPASSWORD": given["PASSWORD"],
        "PGHOST": given["HOST"],
        "PGPORT": given["PORT"],
    }
    variables = os.environ | {name: str(value) for name, value in named.items() if value}
    done = subprocess.run(  # noqa: S603 - our own words, and a folder that an operator names
        [_program(program), *arguments], env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFault(f"{program} failed: {done.stderr.strip()[-500:]}")


def _program(name: str) -> str:
    """Debian keeps the programs of each version in a folder of its own; the newest one is taken."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3])
    )
    found = str(folders[-1]) if folders else shutil.which(name)
    if found is None:
        raise BackupFault(f"{name} is not installed. It comes with PostgreSQL's client programs.")
    return found
