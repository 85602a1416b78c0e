"""Two people at the same moment, on PostgreSQL: each in a thread with a connection of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

from django.db import connection

from accounts.models import User
from history import clock
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.decision import issue
from permits.domain.recommendation import send_back
from permits.models import Application
from tests.permits.factories import WHY, make_recommended
from tests.policies.loading.folder import Folder, P, policy

Act = Callable[[], Any]


def race(*acts: Act) -> list[Any]:
    """What each act gave, or the exception it raised, all begun at once."""
    found: list[Any] = [None] * len(acts)
    together = Barrier(len(acts))

    def run(place: int, act: Act) -> None:
        try:
            together.wait(30)
            found[place] = act()
        except Exception as fault:  # noqa: BLE001 - told to the test
            found[place] = fault
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def rivals(analyst: User, second: User, decider: User, other: User) -> dict[str, list[Act]]:
    """For a case that is recommended: pairs of acts of which one can happen."""
    application = make_recommended(analyst, second)
    recommendation = read_file(application).recommendation
    assert recommendation is not None

    def approve(by: User) -> Act:
        now = Application.objects.get(pk=application.pk)
        return lambda: issue(now, reasons=WHY, adopts_determination=True, by=by)

    return {
        "two who issue": [approve(decider), approve(other)],
        "issue against sending back": [
            approve(decider),
            lambda: send_back(recommendation, reason=WHY, by=second),
        ],
        "issue against withdrawing": [
            approve(decider),
            lambda: intake.withdraw(application, reason=WHY, by=second),
        ],
    }


def stricter_load(folder: Folder, number: int) -> Act:
    """A reference load under which the destination is denied from today."""
    with folder.edit(P) as document:
        row = copy.deepcopy(policy(document))
        row["notes"] = ""
        row["key"] = f"TR-2026-01-01-race-{number}"
        day = clock.today().isoformat()
        row["versions"] = [
            {
                **row["versions"][0],
                "from": day,
                "to": None,
                "known_from": day,
                "known_to": None,
            }
        ]
        document["policies"].append(row)
    return lambda: folder.load(at=clock.now())
