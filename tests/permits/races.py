"""Two people at the same moment: each in a thread with a connection of its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

from django.db import connection

from accounts.models import User
from history import clock
from permits.choices import StatementKind
from permits.domain import intake
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse
from permits.domain.gate import GateClosed
from permits.domain.policy_changes import (
    Drifted,
    approve_change,
    propose_change,
    return_change,
)
from permits.domain.recommendation import recommend, send_back
from permits.domain.statements import APPLICANT_KEY, NOT_RESIDENT
from permits.models import Application, Permit
from policies.models import PolicyChange
from tests.people import Cast
from tests.permits.factories import WHY, make_in_review, make_recommended, say
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


@dataclass(frozen=True)
class Rivals:
    """A case, and two acts on it of which one can happen."""

    application: Application
    acts: list[Act]


def issuing(case: Application, by: User) -> Act:
    now = Application.objects.get(pk=case.pk)
    return lambda: issue(now, reasons=WHY, adopts_determination=True, by=by)


def _refuse(case: Application, by: User, ground: str) -> Act:
    now = Application.objects.get(pk=case.pk)
    return lambda: refuse(now, grounds=[ground], reasons=WHY, by=by)


def _send_back(case: Application, by: User) -> Act:
    made = read_file(case).recommendation
    assert made is not None
    return lambda: send_back(made, reason=WHY, by=by)


def _withdraw(case: Application, by: User) -> Act:
    return lambda: intake.withdraw(case, reason=WHY, by=by)


def _barred(by: User) -> Application:
    """A refusal is recommended, of an applicant who is no resident: it waits for no reply."""
    case = make_in_review(by)
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, NOT_RESIDENT, by=by)
    recommend(case, outcome="refused", grounds=["7(1)"], reasons=WHY, by=by)
    return case


PAIRS = (
    "two who issue",
    "issue against refusing",
    "issue against sending back",
    "issue against withdrawing",
    "refusing against sending back",
    "refusing against withdrawing",
)


def rivals(pair: str, people: Cast, other: User) -> Rivals:
    """A new case for that pair. `other` is a second decision-maker with a delegation."""
    decider, second = people.decision, people.senior
    if pair.startswith("refusing"):
        case = _barred(people.analyst)
        first = _refuse(case, decider, "7(1)")
    else:
        case = make_recommended(people.analyst, second)
        first = issuing(case, decider)
    match pair.rpartition(" ")[2]:
        case "issue":
            return Rivals(case, [first, issuing(case, other)])
        case "refusing":
            return Rivals(case, [first, _refuse(case, other, "discretion")])
        case "back":
            return Rivals(case, [first, _send_back(case, second)])
        case _:
            return Rivals(case, [first, _withdraw(case, second)])


def approval(
    change: PolicyChange, by: User, *, before_each: Callable[[], None] = lambda: None
) -> Act:
    """A proposed change approved; whenever cases have moved, returned and proposed anew.

    `before_each` is called before each attempt.
    """

    def approve() -> PolicyChange:
        now = change
        while True:
            before_each()
            try:
                return approve_change(now, by=by)
            except Drifted:
                now = propose_change(return_change(now, reason=WHY, by=by), by=now.drafted_by)

    return approve


def rests_wrongly(found: Any, load: int) -> str:
    """What is wrong with an act of issuing that met a stricter register; nothing if it is right.

    It rests on the register before, the load of that number, or was refused by the one after.
    """
    if isinstance(found, Permit):
        frozen = json.loads(found.decision.frozen)
        rests_on = frozen["register"]["load"], frozen["ruling"]["stance"]
        return "" if rests_on == (load, "case_by_case") else f"rests on {rests_on}"
    return "" if isinstance(found, GateClosed) and "G5" in str(found) else repr(found)


def stricter_load(folder: Folder, code: str) -> Act:
    """A reference load under which Group 2 to that destination is presumptively denied today."""
    with folder.edit(P) as document:
        row = copy.deepcopy(policy(document))
        row["notes"] = ""
        row["key"] = f"{code}-2026-01-01-race"
        row["scope"]["destinations"] = [code]
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
