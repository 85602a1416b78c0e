"""Two at once on one case, hundreds of times; loads of policies while it is decided.

./dev campaign races [RACES [LOADS]]        500 races and 50 loads unless told otherwise

On PostgreSQL the two meet at the case's lock, on SQLite they wait for each other from the start.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Semaphore
from typing import Any

from tests.campaigns import ground
from tests.campaigns.ground import Report


def main(races: int = 500, loads: int = 50) -> int:
    with ground.database() as (url, key):
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`

        ground.prepare()
        from accounts.choices import Role  # noqa: PLC0415
        from history.domain.verify import verify  # noqa: PLC0415
        from permits.models import Application, Decision, Permit  # noqa: PLC0415
        from tests.people import give_delegation, make_cast, make_person_with  # noqa: PLC0415

        people = make_cast()
        other = make_person_with("decision-b", Role.DECISION_MAKER, name="Decision-maker H.")
        for one in (people.decision, other):
            give_delegation(one, proposed_by=people.admin, confirmed_by=people.admin_b)
        report = Report(f"Races, {connection.vendor}")
        rivals(report, people, other, races)
        approvals(report, people, 50)
        with tempfile.TemporaryDirectory() as folder:
            register(report, people, loads, Path(folder))
        decided = Application.objects.filter(status="decided").count()
        issued = Decision.objects.filter(outcome="issued").count()
        report.line(
            "decisions on decided cases, permits on decisions to issue",
            "one each",
            f"{Decision.objects.count()} on {decided}, {Permit.objects.count()} on {issued}",
            Decision.objects.count() == decided and Permit.objects.count() == issued,
        )
        found = verify(deep=True)
        report.line(
            "the log, verified deep", "good", f"{len(found.faults)} faults", not found.faults
        )
        return report.end()


def rivals(report: Report, people: Any, other: Any, races: int) -> None:
    """Each pair in turn."""
    from history.models import Event  # noqa: PLC0415 - after `use`
    from permits.domain.casework import head_of, last_act  # noqa: PLC0415
    from permits.models import Application  # noqa: PLC0415
    from tests.permits.races import PAIRS, race  # noqa: PLC0415
    from tests.permits.races import rivals as made  # noqa: PLC0415

    won: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []
    for number in range(races):
        pair = PAIRS[number % len(PAIRS)]
        contest = made(pair, people, other)
        before = head_of(contest.application)
        found = race(*contest.acts)
        now = Application.objects.get(pk=contest.application.pk)
        lost = [place for place, one in enumerate(found) if isinstance(one, Exception)]
        if len(lost) != 1:
            wrong.append(f"{pair}: {found}")
            continue
        words = str(getattr(found[lost[0]], "words", found[lost[0]]))
        told = last_act(now) in words or "not what was recommended" in words
        events = Event.objects.filter(stream=now.stream, sequence__gt=before).count()
        if not told or events != 1 or now.version != before + 1:
            wrong.append(f"{pair}: {events} events, version {now.version}, {words}")
        won[pair, 1 - lost[0]] += 1
    for pair in PAIRS:
        first, second = won[pair, 0], won[pair, 1]
        report.line(
            f"{pair}: {first + second} races",
            "one outcome, one version, the other told what, who and when",
            f"{first} and {second} came first",
            not any(one.startswith(pair) for one in wrong),
        )
    for one in wrong[:5]:
        report.say(f"\nwrong: {one}")


def approvals(report: Report, people: Any, decisions: int) -> None:
    """A policy that suspends the destination is approved while permits to it are issued."""
    from permits.domain.policy_changes import propose_change  # noqa: PLC0415 - after `use`
    from permits.models import Permit  # noqa: PLC0415
    from policies.models import PolicyChange, ReferenceLoad  # noqa: PLC0415
    from tests.permits.factories import make_recommended  # noqa: PLC0415
    from tests.permits.races import approval, issuing, race, rests_wrongly  # noqa: PLC0415
    from tests.policies.changes import draft  # noqa: PLC0415

    cases = [make_recommended(people.analyst, people.senior) for _ in range(decisions)]
    change = propose_change(draft(people.admin), by=people.admin)
    last = ReferenceLoad.objects.latest("pk").pk
    # An approval is refused where permits were issued since the change was proposed. So some are
    # issued first, then two or one against each attempt, and all others once it is through.
    issued = [tried(issuing(case, people.decision)) for case in cases[::5]]
    turns, sizes = Semaphore(0), cycle((2, 1))

    def sign(some: list[Any]) -> list[Any]:
        found = []
        for case in some:
            turns.acquire(timeout=60)
            found.append(tried(issuing(case, people.decision)))
        return found

    def meet() -> None:
        turns.release(next(sizes))

    def approve() -> Any:
        try:
            return approval(change, people.admin_b, before_each=meet)()
        finally:
            turns.release(decisions)

    *signed, done = race(*(partial(sign, cases[place::5]) for place in range(1, 5)), approve)
    issued += [one for some in signed for one in some]
    faults = [fault for one in issued if (fault := rests_wrongly(one, last))]
    before = sum(isinstance(one, Permit) for one in issued)
    report.line(
        f"a policy approved while {decisions} permits are issued",
        "each decision on one version, the others refused with G5",
        f"{before} before it, {decisions - before} refused; {len(faults)} wrong",
        not faults and isinstance(done, PolicyChange),
    )
    for one in (*faults[:5], *([] if isinstance(done, PolicyChange) else [repr(done)])):
        report.say(f"\nwrong: {one}")


def tried(act: Any) -> Any:
    """What it gives, or the exception that it raises."""
    try:
        return act()
    except Exception as fault:  # noqa: BLE001 - looked at
        return fault


def register(report: Report, people: Any, loads: int, folder: Path) -> None:
    """A load that denies the destination begins while it is decided, each time another one."""
    from permits.domain.decision import issue  # noqa: PLC0415 - after `use`
    from permits.domain.gate import GateClosed  # noqa: PLC0415
    from permits.domain.intake import CANADA  # noqa: PLC0415
    from permits.models import Permit  # noqa: PLC0415
    from policies.domain.reference.files import read_files  # noqa: PLC0415
    from policies.models import Destination, ReferenceLoad  # noqa: PLC0415
    from tests.permits.factories import WHY, make_recommended  # noqa: PLC0415
    from tests.permits.races import race, rests_wrongly, stricter_load  # noqa: PLC0415
    from tests.policies.loading.folder import Folder  # noqa: PLC0415

    chance = random.Random(ground.SEED)
    files = Folder(folder)
    begun = time.monotonic()
    read_files(folder)
    reading = time.monotonic() - begun
    came: Counter[str] = Counter()
    wrong: list[str] = []
    abroad = Destination.objects.exclude(code=CANADA).order_by("code")
    codes = iter(abroad.values_list("code", flat=True))
    while sum(came.values()) + len(wrong) < loads:
        code = next(codes)
        try:
            case = make_recommended(people.analyst, people.senior, destination=code)
        except GateClosed:
            continue  # Its policies let nothing through today.
        last = ReferenceLoad.objects.latest("pk").pk
        # A load reads its files before it asks for the register: to meet it there.
        delay = chance.uniform(0, 2 * reading)

        def decide(case: Any = case, delay: float = delay) -> Permit:
            time.sleep(delay)
            return issue(case, reasons=WHY, adopts_determination=True, by=people.decision)

        issued, loaded = race(decide, stricter_load(files, code))
        if isinstance(loaded, Exception):
            wrong.append(f"{code}: {loaded!r}")
            continue
        fault = rests_wrongly(issued, last)
        if fault:
            wrong.append(f"{code}: {fault}")
        came["issued before the load" if isinstance(issued, Permit) else "refused after it"] += 1
    report.line(
        f"a load that denies the destination against a decision: {loads} races",
        "issued on the register before, or refused by the one after",
        ", ".join(f"{number} {name}" for name, number in sorted(came.items())),
        not wrong,
    )
    for one in wrong[:5]:
        report.say(f"\nwrong: {one}")


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
