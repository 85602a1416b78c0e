"""The sample office is made while the demonstration is served already.

It takes minutes, in one transaction, under the simulated clock. The log's times never run
backwards, so nobody else may write until it is complete: every address but a few answers with a
page that says how far it is.

    python -m config.office FILE PARENT

makes it. `./dev run` starts that from the server, before the workers: all of them share a few bytes
of memory, so that looking whether the office is complete costs no query. It ends with the server,
and what it had made by then is rolled back; the next start begins anew.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from pathlib import Path

import django
from django.core.exceptions import MiddlewareNotUsed
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.context import is_demo
from config.errors import asks_for_json, in_words

ROOT = Path(__file__).resolve().parent.parent
STILL_OPEN = frozenset({"/health/", "/language/"})
"""The pulse, and what changes the language of the page that waits."""
AGAIN = 5
"""Seconds after which the page looks again."""


class State(IntEnum):
    MAKING = 0
    COMPLETE = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the office is: applications opened, of how many, and the day that it has."""

    state: State
    opened: int = 0
    of: int = 0
    day: date | None = None


class Shared:
    """The progress in memory that processes share: who makes the office writes, the others read."""

    shape = struct.Struct("=iiii")

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, self.shape.size)

    def read(self) -> Progress:
        state, opened, of, day = self.shape.unpack(self._memory[:])
        return Progress(State(state), opened, of, date.fromordinal(day) if day else None)

    def write(self, progress: Progress) -> None:
        day = progress.day.toordinal() if progress.day else 0
        self._memory[:] = self.shape.pack(progress.state, progress.opened, progress.of, day)


class Making:
    """The office being made by a process of its own; `command` is given the file and our number."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "config.office")) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(Shared.shape.size)
            self.shared = Shared(file.fileno())
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, str(file.fileno()), str(os.getpid())],
                cwd=ROOT,
                pass_fds=[file.fileno()],
                # Ctrl-C is for the server: it ends, and this one with it.
                start_new_session=True,
            )

    def progress(self) -> Progress:
        """How far it is. A process that ended before it was complete has failed."""
        found = self.shared.read()
        if found.state != State.MAKING or self._is_alive():
            return found
        # It may have completed between the two looks.
        found = self.shared.read()
        return found if found.state == State.COMPLETE else Progress(State.FAILED)

    def _is_alive(self) -> bool:
        """Also asked in workers, whose child it is not. The server takes the ended one away."""
        try:
            os.kill(self.process.pid, 0)
        except OSError:
            return False
        return True


making: Making | None = None
"""Set in the server before it has workers, if there is an office to be made."""


def is_closed() -> bool:
    """Whether the office is still to be complete: then nothing else may write."""
    return making is not None and making.progress().state != State.COMPLETE


class OfficeMiddleware:
    """Answers with how far the office is until it is complete. In a demonstration only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not is_demo():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if making is None or request.path_info in STILL_OPEN:
            return self.get_response(request)
        progress = making.progress()
        if progress.state == State.COMPLETE:
            return self.get_response(request)
        return _not_yet(request, progress)


def _not_yet(request: HttpRequest, progress: Progress) -> HttpResponse:
    is_failed = progress.state == State.FAILED
    if is_failed:
        title = _("The sample office could not be made")
    else:
        title = _("The sample office is being made")
    if asks_for_json(request):
        response: HttpResponse = in_words(title, status=503)
    else:
        context = {"title": title, "progress": progress, "is_failed": is_failed}
        response = render(request, "office.html", context, status=503)
    response["Cache-Control"] = "no-store"
    # Django logs a 503 as an error, and this one comes every few seconds.
    response._has_been_logged = True  # type: ignore[attr-defined]
    if not is_failed:
        response["Retry-After"] = str(AGAIN)
        # Looking again needs no script: a form that was sent comes back as the page it was sent to.
        response["Refresh"] = str(AGAIN)
    return response


def make(descriptor: int, parent: int) -> None:
    """Makes the office and tells how far it is, as long as the server `parent` lives."""
    from permits.domain.overview import refresh  # noqa: PLC0415 - applications are ready only now
    from permits.models import Application  # noqa: PLC0415 - likewise
    from permits.sample.office import NotHere, load_sample_office  # noqa: PLC0415 - likewise

    shared = Shared(descriptor)

    def tell(opened: int, of: int, day: date) -> None:
        if os.getppid() != parent:
            sys.exit("The server ended before the sample office was complete.")
        shared.write(Progress(State.MAKING, opened, of, day))

    try:
        load_sample_office(tell=tell)
    except NotHere as refusal:
        print(refusal, flush=True)  # noqa: T201 - said to a person
    call_command("load_reference", verbosity=0)
    # What the first worklist would wait for.
    while refresh():
        pass
    shared.write(Progress(State.COMPLETE))
    made = Application.objects.count()
    print(f"The sample office is complete: {made} applications.", flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    make(*map(int, sys.argv[1:]))
