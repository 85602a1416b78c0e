"""Rule on lines given as JSON, one a row; or print every policy version."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from math import isinf
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from policies.domain.explain import texts
from policies.domain.queries import BadQuery, Query, parse_query
from policies.domain.register import Register, current_register
from policies.domain.resolve import Ruling, resolve
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


def as_json(value: dict[str, Any]) -> str:
    """`value` on one line: readable accents, escaped only where UTF-8 can't carry what was sent."""
    text = json.dumps(value, ensure_ascii=False)
    return text if _is_utf8(text) else json.dumps(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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


def answer(line: str, register: Register) -> dict[str, Any]:
    """The answer to one query written as JSON."""
    if not _is_utf8(line):
        return {"id": None, "error": "query: not UTF-8"}
    try:
        query = json.loads(
            line,
            object_pairs_hook=_without_repeats,
            parse_constant=_no_such_number,
            parse_float=_finite,
        )
    except BadQuery as bad:
        return {"id": None, "error": str(bad)}
    except (ValueError, RecursionError):
        return {"id": None, "error": "query: not JSON"}
    identity = query.get("id") if isinstance(query, dict) else None
    try:
        read = parse_query(query, register.vocabulary)
    except BadQuery as bad:
        return {"id": identity, "error": str(bad)}
    ruling = resolve(read.facts, register.rulebook, on=read.on, known_at=read.known_at)
    return {"id": identity, **_written(ruling, read, register)}


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadQuery(name, "given twice")
        found[name] = value
    return found


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise BadQuery("query", f"{text} is too large a number")
    return number


def _no_such_number(name: str) -> None:
    raise BadQuery("query", f"{name} is not a JSON number")


def _written(ruling: Ruling, query: Query, register: Register) -> dict[str, Any]:
    english, french = texts(ruling, query.facts, register, on=query.on, known_at=query.known_at)
    return {
        "requirement": ruling.requirement,
        "stance": ruling.stance,
        "stance_if_open": ruling.stance_if_open,
        "governing": list(ruling.governing),
        "matched": list(ruling.matched),
        "not_applied": [
            {"policy": one.policy, "why": f"{one.because}: {one.detail}"}
            for one in ruling.not_applied
        ],
        "needs_answer": [
            {
                "policy": one.policy,
                "code": one.code,
                "question_en": register.question(one.key).en,
                "question_fr": register.question(one.key).fr,
                "if_yes": one.if_yes._asdict(),
                "if_no": one.if_no._asdict(),
            }
            for one in ruling.needs_answer
        ],
        "exceptions_open": [
            {"policy": policy, "code": code} for policy, code in ruling.exceptions_open
        ],
        "text_en": english,
        "text_fr": french,
    }
