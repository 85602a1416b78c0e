"""Takes out one guard after the other and looks whether a test turns red.

./dev campaign guards [WORDS]        only the guards in whose kind or name they are

Each is taken out of a copy of the tree: the product has no switch for it. The table is
tests/campaigns/guard_table.py. What the program keeps by itself is run on SQLite, constraints and
triggers on both engines, locks on PostgreSQL.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.campaigns import ground
from tests.campaigns.ground import ROOT, Report
from tests.campaigns.guard_table import Guard, guards

WORKERS = 2
NOT_COPIED = shutil.ignore_patterns(".*", "var", "__pycache__")
ALL_PASSED, SOME_FAILED = 0, 1
NOTICED, NOT_CAUGHT, DID_NOT_RUN = "noticed", "NOT CAUGHT", "DID NOT RUN"


class Copy:
    """A copy of the tree with a test database of its own."""

    def __init__(self, folder: Path, number: int) -> None:
        self.path = folder / f"tree{number}"
        shutil.copytree(ROOT, self.path, ignore=NOT_COPIED)
        server = os.environ.get("CAMPAIGN_DATABASE_URL", "")
        self._url = f"{server.rpartition('/')[0]}/guards{number}" if server else ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=self.path,
            # Of a file that is changed twice in a second, Python would take the old bytecode.
            env={**os.environ, "TEST_DATABASE_URL": self._url, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        file = self.path / guard.path
        file.write_text(guard.taken_out(), encoding="utf-8")
        try:
            yield
        finally:
            if (ROOT / guard.path).exists():
                shutil.copy2(ROOT / guard.path, file)
            else:
                file.unlink()

    def verdict(self, guard: Guard) -> tuple[str, str]:
        """Whether a test noticed, and which; a test that could not begin has noticed nothing."""
        try:
            with self.without(guard):
                done = self.run("-x", *guard.tests)
        except LookupError as gone:
            return DID_NOT_RUN, str(gone)
        red = re.search(r"^FAILED (.+?)(?: - |$)", done.stdout, re.MULTILINE)
        if done.returncode == SOME_FAILED and red:
            return NOTICED, red[1]
        if done.returncode == ALL_PASSED:
            return NOT_CAUGHT, ", ".join(guard.tests)
        return DID_NOT_RUN, done.stdout.strip().splitlines()[-1]


def main(words: str = "") -> int:
    with ground.database() as (url, key), tempfile.TemporaryDirectory() as folder:
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`

        ground.prepare()
        engine = connection.vendor
        wanted = [
            one for one in guards() if engine in one.engines and words in f"{one.kind}: {one.name}"
        ]
        report = Report(f"Guards, {engine}")
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(WORKERS):
            copies.put(Copy(Path(folder), number))

        def look(guard: Guard) -> tuple[str, str]:
            copy = copies.get()
            try:
                found = copy.verdict(guard)
            finally:
                copies.put(copy)
            sys.stderr.write(f"{found[0]}: {guard.kind}: {guard.name}: {found[1]}\n")
            return found

        untouched = copies.get()
        done = untouched.run(*sorted({test for one in wanted for test in one.tests}))
        copies.put(untouched)
        last = done.stdout.strip().splitlines()[-1]
        report.line(
            "the tests, with every guard in place", "green", last, done.returncode == ALL_PASSED
        )
        with ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(look, wanted))
        missed = [
            (one, *verdict)
            for one, verdict in zip(wanted, found, strict=True)
            if verdict[0] != NOTICED
        ]
        of_kind, missed_of = (
            Counter(one.kind for one in wanted),
            Counter(one.kind for one, *_verdict in missed),
        )
        for kind, number in of_kind.items():
            report.line(
                f"{kind}, each taken out",
                f"{number} turn a test red",
                f"{number - missed_of[kind]}",
                not missed_of[kind],
            )
        for guard, verdict, why in missed:
            report.say(f"\n**{verdict}**: {guard.name} ({guard.path}): {why}")
        return report.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
