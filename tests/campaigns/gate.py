"""Anyone tries anything on a case, a hundred thousand times: tests/permits/machine.py at length.

./dev campaign gate [STEPS]        100,000 steps unless told otherwise
"""

from __future__ import annotations

import math
import sys
import time

from tests.campaigns import ground
from tests.campaigns.ground import Report

STEPS_OF_AN_EXAMPLE = 50


def main(steps: int = 100_000) -> int:
    with ground.database() as (url, key):
        ground.use(url, key)
        from django.db import connection  # noqa: PLC0415 - after `use`
        from hypothesis import HealthCheck, Phase, seed, settings  # noqa: PLC0415
        from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415

        ground.prepare()
        from tests.permits.machine import Office, counts  # noqa: PLC0415

        report = Report(f"Gate, {connection.vendor}")
        begun = time.monotonic()
        fault = ""
        try:
            run_state_machine_as_test(
                seed(ground.SEED)(Office),
                settings=settings(
                    max_examples=math.ceil(steps / STEPS_OF_AN_EXAMPLE),
                    stateful_step_count=STEPS_OF_AN_EXAMPLE,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.generate],
                ),
            )
        except AssertionError as found:
            fault = str(found)[:200]
        acts = sum(number for name, number in counts.items() if ": " in name)
        report.line(
            f"{acts:,} acts tried by anyone, {counts['examples']:,} cases",
            "nothing that must never be",
            fault or "nothing",
            not fault,
        )
        report.line(
            "permits issued, and loosened through the gate",
            "some",
            f"{counts['issue: done']:,}, {counts['permits loosened through the gate']:,}",
            counts["issue: done"] > 0,
        )
        shut = {
            name.removeprefix("gate shut by "): number
            for name, number in counts.items()
            if name.startswith("gate shut by ")
        }
        told = ", ".join(
            f"{name} {shut[name]:,}" for name in sorted(shut, key=lambda one: int(one[1:]))
        )
        report.line("doors shut, by rule", "some", told, len(shut) > 5)
        report.line(
            "deep verifications of the log",
            "all good",
            f"{counts['deep verifications']:,}",
            not fault,
        )
        report.say(f"\n{time.monotonic() - begun:.0f} s")
        return report.end()


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
