"""What every campaign stands on: a database of its own, processes that use it, a report."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20201005


def use(url: str, key: Path) -> None:
    """Makes this process one that uses that database. Before anything of Django is imported."""
    os.environ["PERMIT_DESK_MODE"] = "test"
    os.environ["TEST_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415 - the settings are read on import
    from django.conf import settings  # noqa: PLC0415 - as above

    settings.HISTORY_KEY_FILE = str(key)
    django.setup()
    from tests import verbs  # noqa: F401, PLC0415 - they are declared


@contextmanager
def database() -> Iterator[tuple[str, Path]]:
    """The URL of an empty database, and where its key will be: SQLite in a folder of its own, or
    the PostgreSQL that `./dev campaign` started, named in CAMPAIGN_DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="permit-desk-campaign-") as folder:
        url = os.environ.get("CAMPAIGN_DATABASE_URL") or f"sqlite:///{folder}/campaign.sqlite3"
        yield url, Path(folder) / "key.pem"


def prepare() -> None:
    """Tables and reference data, and so a log that has begun."""
    from django.core.management import call_command  # noqa: PLC0415 - after `use`

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)


def child(module: str, *arguments: str, heard: bool = True, **more: str) -> subprocess.Popen[str]:
    """Another process, which reads its database from this one's environment.

    Nobody reads what one that is not `heard` says: it would stop once the pipe is full.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE if heard else subprocess.DEVNULL,
        text=True,
    )


class Report:
    """What was measured, line by line, and whether all of it reached its bar."""

    def __init__(self, title: str) -> None:
        self.failed = 0
        self._begun = time.monotonic()
        day = datetime.now(UTC).date().isoformat()
        self.say(f"## {title}\n")
        self.say(
            f"{day}, {os.cpu_count()} cores, {platform.machine()}, Python"
            f" {platform.python_version()}, seed {SEED}.\n"
        )
        self.say("| check | bar | found | |\n| --- | --- | --- | --- |")

    @staticmethod
    def say(words: str) -> None:
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()

    def line(self, check: str, bar: str, found: str, good: bool) -> None:
        self.failed += not good
        self.say(f"| {check} | {bar} | {found} | {'reached' if good else '**NOT REACHED**'} |")

    def end(self) -> int:
        self.say(f"\nTook {time.monotonic() - self._begun:.0f} s.")
        return 1 if self.failed else 0


def measured(command: list[str], **more: str) -> tuple[int, float, float, str]:
    """Exit code, seconds, peak memory in MB and output of a command."""
    begun = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, time.monotonic() - begun, usage.ru_maxrss / 1024, output
