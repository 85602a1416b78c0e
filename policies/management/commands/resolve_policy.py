"""Rule on lines given as JSON, one a row; or print every policy version."""

from __future__ import annotations

import io
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from policies.domain.answering import answer, as_json
from policies.domain.register import Register, current_register
from policies.domain.versions import every_version

LONGEST_LINE = 1_000_000

ENDED_BY_READER = 128 + signal.SIGPIPE
"""The exit code of a program whose reader went away, as a shell gives it."""


class Command(BaseCommand):
    help = (
        "Reads lines of JSON (one query each) and writes lines of JSON (one ruling each, or an"
        " error that names the field). With --list, prints every policy version as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--list", action="store_true", help="print every policy version")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._print_versions()
            else:
                self._print_answers()
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever read has had enough (`| head -1`). What is buffered still must go somewhere:
            # Python writes it at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(ENDED_BY_READER)

    def _print_answers(self) -> None:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        for found in answers(sys.stdin, current_register()):
            self.stdout.write(as_json(found))
            self.stdout.flush()

    def _print_versions(self) -> None:
        self.stdout.write("[", ending="")
        for number, version in enumerate(every_version()):
            self.stdout.write(",\n" if number else "\n", ending="")
            self.stdout.write(as_json(version), ending="")
        self.stdout.write("\n]")


def answers(lines: TextIO, register: Register) -> Iterator[dict[str, Any]]:
    """The answer to each line, in order, one line in memory at a time."""
    for line in _lines(lines):
        if line is None:
            yield {"id": None, "error": f"query: a line of more than {LONGEST_LINE} characters"}
        elif line.strip():
            yield answer(line, register)


def _lines(stream: TextIO) -> Iterator[str | None]:
    """Each line of the stream; None for one that is too long, whose rest is skipped."""
    while line := stream.readline(LONGEST_LINE):
        if line.endswith("\n") or len(line) < LONGEST_LINE:
            yield line
            continue
        while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass
        yield None
