"""Takes out one guard after the other and looks whether a test turns red.

./dev campaign guards [--new] [WORDS]    only the guards in whose kind or name the words are

With --new only those of which no earlier run says which test noticed.

Each is taken out of a copy of the tree: the product has no switch for it. The table is
tests/campaigns/guard_table.py. What the program keeps by itself is run on SQLite, constraints and
triggers on both engines, locks on PostgreSQL.
"""

from __future__ import annotations

import compileall
import json
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
NOTICED_BY = Path(__file__).with_name("guards_noticed.json")
"""By guard, the test that turned red in an earlier run: it is asked first, which saves hours.

Written anew by each run that finds another.
"""
NOT_COPIED = shutil.ignore_patterns(".*", "var", "__pycache__")
PREPARES = "tests/permits/domain/test_casework.py"
"""Any tests that need a database: it is kept."""
ALL_PASSED, SOME_FAILED = 0, 1
NOTICED, NOT_CAUGHT, DID_NOT_RUN = "noticed", "NOT CAUGHT", "DID NOT RUN"


class Copy:
    """A copy of the tree with a test database of its own."""

    def __init__(self, folder: Path, number: int) -> None:
        self.path = folder / f"tree{number}"
        shutil.copytree(ROOT, self.path, ignore=NOT_COPIED)
        compileall.compile_dir(self.path, quiet=1)
        self._file, self._template = folder / f"{number}.sqlite3", folder / "template.sqlite3"
        server = os.environ.get("CAMPAIGN_DATABASE_URL", "")
        self._url = f"{server.rpartition('/')[0]}/guards{number}" if server else ""

    def run(self, *arguments: str, prepared: bool) -> subprocess.CompletedProcess[str]:
        """Runs tests, on a database that is prepared but for what the tests add, or on a new one.

        Preparing it takes longer than most tests.
        """
        more = {"TEST_DATABASE_URL": self._url}
        if prepared:
            if not self._template.exists():
                more["TEST_DATABASE_FILE"] = str(self._template)
                self._pytest(["--reuse-db", "--create-db", PREPARES], more)
            for tail in ("", ".pem"):
                shutil.copyfile(f"{self._template}{tail}", f"{self._file}{tail}")
            more["TEST_DATABASE_FILE"] = str(self._file)
        return self._pytest([*(["--reuse-db"] if prepared else []), *arguments], more)

    def _pytest(
        self, arguments: list[str], more: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=self.path,
            # Bytecode is made once, of the tree as it is: that of a changed file is never kept.
            env={**os.environ, **more, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        file = self.path / guard.path
        kept = file.with_name(f"{file.name}.kept")
        changed = guard.taken_out(self.path)
        if file.exists():
            file.rename(kept)
        file.write_text(changed, encoding="utf-8")
        try:
            yield
        finally:
            file.unlink()
            if kept.exists():
                # With its time, by which Python knows the bytecode made of it.
                kept.rename(file)

    def verdict(self, guard: Guard, first: str | None) -> tuple[str, str]:
        """Whether a test noticed, and which; `first` is asked before all others."""
        try:
            with self.without(guard):
                found = self._verdict(guard, first) if first else (NOT_CAUGHT, "")
                return found if found[0] == NOTICED else self._verdict(guard, *guard.tests)
        except LookupError as gone:
            return DID_NOT_RUN, str(gone)

    def _verdict(self, guard: Guard, *tests: str) -> tuple[str, str]:
        """A test that could not begin has noticed nothing."""
        done = self.run("-x", *tests, prepared=guard.is_of_the_program)
        red = re.search(r"^FAILED (.+?)(?: - |$)", done.stdout, re.MULTILINE)
        if done.returncode == SOME_FAILED and red:
            return NOTICED, red[1]
        if done.returncode == ALL_PASSED:
            return NOT_CAUGHT, ", ".join(guard.tests)
        return DID_NOT_RUN, done.stdout.strip().splitlines()[-1]


def main(*arguments: str) -> int:
    is_new, words = "--new" in arguments, " ".join(one for one in arguments if one != "--new")
    known: dict[str, str] = json.loads(NOTICED_BY.read_text(encoding="utf-8"))
    with ground.database() as (url, key), tempfile.TemporaryDirectory() as folder:
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`

        ground.prepare()
        engine = connection.vendor
        wanted = [
            one
            for one in guards()
            if engine in one.engines
            and words in f"{one.kind}: {one.name}"
            and not (is_new and one.name in known)
        ]
        report = Report(f"Guards, {engine}")
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(WORKERS):
            copies.put(Copy(Path(folder), number))
        green(report, copies.get(), wanted, copies)

        def look(guard: Guard) -> tuple[str, str]:
            copy = copies.get()
            try:
                found = copy.verdict(guard, known.get(guard.name))
            finally:
                copies.put(copy)
            sys.stderr.write(f"{found[0]}: {guard.kind}: {guard.name}: {found[1]}\n")
            return found

        with ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(look, wanted))
        tell(report, wanted, found)
        keep(known, wanted, found)
        return report.end()


def green(report: Report, copy: Copy, wanted: list[Guard], copies: SimpleQueue[Copy]) -> None:
    """Runs the tests with every guard in place: only then does a red one say anything."""
    for prepared in (True, False):
        tests = {test for one in wanted if one.is_of_the_program == prepared for test in one.tests}
        if tests:
            done = copy.run(*sorted(tests), prepared=prepared)
            last = done.stdout.strip().splitlines()[-1]
            which = "of the program" if prepared else "of the database"
            report.line(
                f"tests {which}, with every guard in place",
                "green",
                last,
                done.returncode == ALL_PASSED,
            )
    copies.put(copy)


def keep(known: dict[str, str], wanted: list[Guard], found: list[tuple[str, str]]) -> None:
    """Which test noticed, for the next run; a line that is no guard any more is left out.

    Triggers are not: each engine has its own.
    """
    noticed = {
        one.name: test
        for one, (verdict, test) in zip(wanted, found, strict=True)
        if verdict == NOTICED
    }
    there = {one.name for one in guards()}
    now = {
        name: test
        for name, test in (known | noticed).items()
        if name in there or not (".py, " in name or ", line " in name)
    }
    if now != known:
        text = json.dumps(now, indent=1, sort_keys=True, ensure_ascii=False)
        NOTICED_BY.write_text(f"{text}\n", encoding="utf-8")


def tell(report: Report, wanted: list[Guard], found: list[tuple[str, str]]) -> None:
    """How many were noticed, by kind, and each that was not by name."""
    missed = [
        (one, *verdict) for one, verdict in zip(wanted, found, strict=True) if verdict[0] != NOTICED
    ]
    missed_of = Counter(one.kind for one, *_verdict in missed)
    for kind, number in Counter(one.kind for one in wanted).items():
        report.line(
            f"{kind}, each taken out",
            f"{number} of {number} turn a test red",
            str(number - missed_of[kind]),
            not missed_of[kind],
        )
    for guard, verdict, why in missed:
        report.say(f"\n**{verdict}**: {guard.name} ({guard.path}): {why}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
