"""Carries out a sweep and is killed in the midst of it, again and again.

    python -m tests.permits.sweeper KEY NUMBER STATEMENT…

Each process kills itself (SIGKILL) before so many statements to the database; the last goes on to
the end. Prints what each came to: the signal, or 0. Forks, so that Django starts once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.campaigns import ground


def main(key: str, number: str, *statements: str) -> None:
    ground.use(os.environ["TEST_DATABASE_URL"], Path(key))
    from django.db import connections  # noqa: PLC0415 - after `use`

    for left in (*map(int, statements), 0):
        connections.close_all()
        worker = os.fork()
        if worker == 0:
            carry_out(number, left)
        _, status = os.waitpid(worker, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def carry_out(number: str, statements: int) -> None:
    """Ends the process: killed before that statement, where one is named."""
    from django.core.management import call_command  # noqa: PLC0415 - after `use`
    from django.db import connection  # noqa: PLC0415

    left = statements

    def count(execute: Callable[..., Any], *what: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*what)

    code = 1
    try:
        with connection.execute_wrapper(count):
            call_command("sweep", number, verbosity=0)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
