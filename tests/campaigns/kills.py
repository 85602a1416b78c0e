"""kill -9 in the midst of writing, again and again: nothing half-written, nothing lost.

    ./dev campaign kills [ROUNDS]

Three writers change rows through the door and print each number once it is acknowledged; one of
them is killed at a random moment. Afterwards the log verifies deep, and every acknowledged number
is in it with the row that it told of.
"""

from __future__ import annotations

import random
import re
import sys
import time
from subprocess import Popen

from tests.campaigns import ground

WRITERS = 3


def main(rounds: int = 200) -> int:
    with ground.database() as (url, key):
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`

        from history.domain import checkpoints  # noqa: PLC0415
        from history.domain.verify import verify  # noqa: PLC0415

        ground.prepare()
        report = ground.Report(f"Kills, {connection.vendor}")
        chance = random.Random(ground.SEED)
        acknowledged = lost = bad = killed = 0
        pin: str | None = None
        for number in range(0, rounds, WRITERS):
            told = one_round(str(key), number, chance)
            killed += WRITERS
            acknowledged += len(told)
            lost += missing(told)
            found = verify(deep=True, pin=pin)
            if not found.good:
                bad += 1
                report.say(f"round {number}: {found.faults[:3]}")
            pin = checkpoints.make().note
        report.line(
            f"{killed} kills -9 while writing",
            "log good each time",
            f"{bad} bad of {(rounds + 2) // 3} deep checks",
            bad == 0,
        )
        report.line(
            "acknowledged, then lost", "0", f"{lost} of {acknowledged} acknowledged", lost == 0
        )
        return report.end()


def one_round(key: str, number: int, chance: random.Random) -> list[tuple[int, str, str]]:
    """Kills every writer at a moment of its own; what they had been told is done."""
    writers: list[tuple[str, Popen[str]]] = [
        (
            code(number, place),
            ground.child("tests.campaigns.writer", key, code(number, place), "60"),
        )
        for place in range(WRITERS)
    ]
    told: list[tuple[int, str, str]] = []
    for name, writer in writers:
        assert writer.stdout is not None
        # The first acknowledgement, so that the kill falls into writing and not into starting.
        first = writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        writer.kill()
        lines = [first, *writer.stdout.read().splitlines()]
        writer.wait()
        # A line cut by the kill was not told.
        whole = [match for line in lines if (match := re.fullmatch(r"(\d+) (\d+)\n?", line))]
        told += [(int(match[1]), name, match[2]) for match in whole]
    return told


def code(number: int, place: int) -> str:
    """Two letters or digits that no other writer has: no destination is named so."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    at = number + place
    return digits[at // 36 % 36] + digits[at % 36]


def missing(told: list[tuple[int, str, str]]) -> int:
    """How many acknowledged acts are not in the log, or whose row went back behind them."""
    from history.models import Event  # noqa: PLC0415 - after `use`
    from policies.models import Destination  # noqa: PLC0415

    there = set(
        Event.objects.filter(number__in=[number for number, _, _ in told]).values_list(
            "number", "subject"
        )
    )
    lost = sum((number, f"destination:{name}") not in there for number, name, _ in told)
    newest = {name: int(count) for _, name, count in told}
    for name, count in newest.items():
        row = Destination.objects.get(code=name)
        lost += int(row.name_en) < count or row.name_fr != str(-int(row.name_en))
    return lost


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
