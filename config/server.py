"""How gunicorn serves the product: `gunicorn --config python:config.server config.wsgi`.

One process with several threads is the right shape for embedded SQLite, which has one writer.
With PostgreSQL more processes help: WEB_CONCURRENCY=4.
"""

import gc
import os
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connections
from django.urls import reverse

from accounts.demo import offered_demo_accounts
from config import office
from config.context import is_demo
from config.logs import OneLineFormatter, RequestIdFilter

worker_class = "gthread"
threads = 8
# Faults in settings or code show at start, before the port is opened.
preload_app = True
# Gunicorn would put a control socket into the home folder; nothing here uses it.
control_socket_disable = True
graceful_timeout = 10

logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": RequestIdFilter}},
    "formatters": {"line": {"()": OneLineFormatter}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"handlers": [], "level": level, "propagate": True}
        for name, level in (
            ("gunicorn.error", "WARNING"),
            ("gunicorn.access", "WARNING"),
            # Warns at each HEAD request that Django leaves the removal of the body to the server.
            ("gunicorn.http.wsgi", "ERROR"),
        )
    },
}


def when_ready(server: object) -> None:
    """Begins the sample office of `./dev run`, and tells who started it where to look."""
    url = os.environ.get("PERMIT_DESK_URL")
    if url:
        begin_office()
        print(greeting(url), flush=True)  # noqa: T201 - said to a person


def begin_office() -> None:
    """Has the sample office made, if it is still to be made. Before there are workers."""
    from permits.sample.office import is_awaited  # noqa: PLC0415 - it needs the models

    if is_demo() and is_awaited():
        office.making = office.Making()
    # The server forks after this, and a connection must not be shared.
    connections.close_all()


def greeting(url: str) -> str:
    demo = offered_demo_accounts()
    sign_in = ""
    if demo:
        first, *others = demo
        names = ", ".join(one.username for one in others)
        sign_in = f"Sign in as {first.username} with {first.password}\n"
        sign_in += f"The others, each with their own role: {names}\n" if names else ""
    if office.making is not None:
        sign_in += "The sample office is being made: some minutes, once. The page says how far.\n"
    return f"\nPermit Desk is at {url}\n{sign_in}Ctrl-C stops it.\n"


def post_worker_init(worker: object) -> None:
    """Starts what goes on beside answering, in the process that answers: threads do not fork."""
    from config.rounds import Rounds  # noqa: PLC0415 - it needs the models, set up by now

    settle()
    Rounds(waits=office.is_closed).start()


def settle() -> None:
    """Reads what every page needs, and sets it apart from what is looked through for garbage.

    Going through a hundred thousand objects that stay takes 70 ms, and some page waits for it.
    """
    from policies.domain.register import current_register  # noqa: PLC0415 - as above

    reverse("reports:start")
    with suppress(DatabaseError):
        # Where there is none just now, pages say so.
        current_register()
    connections.close_all()
    gc.collect()
    gc.freeze()
