"""Anyone tries anything on a case, a hundred thousand times: tests/permits/machine.py at length.

./dev campaign gate [STEPS]        100,000 steps unless told otherwise, and one in 20 by the pages
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections import Counter
from typing import Any

from tests.campaigns import ground
from tests.campaigns.ground import Report

STEPS_OF_AN_EXAMPLE = 50
BY_PAGES = 20
"""One step of so many is done once more by the pages."""


def main(steps: int = 100_000) -> int:
    with ground.database() as (url, key):
        ground.use(url, key)
        from django.conf import settings  # noqa: PLC0415 - after `use`
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import setup_test_environment  # noqa: PLC0415

        ground.prepare()
        # Answers then tell the form that they show. Refusals are counted here and not logged.
        setup_test_environment()
        logging.disable()
        from tests.permits.machine import Office  # noqa: PLC0415
        from tests.permits.pages import OfficeOfPages  # noqa: PLC0415

        report = Report(f"Gate, {connection.vendor}")
        try_anything(report, Office, steps)
        report.say("")
        report = Report(f"Gate by the pages, {connection.vendor}")
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        try_anything(report, OfficeOfPages, math.ceil(steps / BY_PAGES))
        return report.end()


def try_anything(report: Report, office: Any, steps: int) -> None:
    from hypothesis import HealthCheck, Phase, seed, settings  # noqa: PLC0415
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415

    from tests.permits.machine import counts  # noqa: PLC0415

    counts.clear()
    begun = time.monotonic()
    fault = ""
    try:
        run_state_machine_as_test(
            seed(ground.SEED)(office),
            settings=settings(
                max_examples=math.ceil(steps / STEPS_OF_AN_EXAMPLE),
                stateful_step_count=STEPS_OF_AN_EXAMPLE,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
    except Exception as found:  # noqa: BLE001 - an error of ours is what is looked for
        fault = f"{type(found).__name__}: {found}"[:400]
    tell(report, counts, fault)
    report.say(f"\n{time.monotonic() - begun:.0f} s")


def tell(report: Report, counts: Counter[str], fault: str) -> None:
    """What happened, as lines of the report."""
    acts = sum(number for name, number in counts.items() if ": " in name)
    report.line(
        f"{acts:,} acts tried by anyone, {counts['examples']:,} cases",
        "nothing that must never be",
        fault or "nothing",
        not fault,
    )
    if counts["pages read"]:
        report.line("pages read meanwhile", "some", f"{counts['pages read']:,}", True)
    report.line(
        "permits issued, and loosened through the gate",
        "some",
        f"{counts['issue: done']:,}, {counts['permits loosened through the gate']:,}",
        counts["issue: done"] > 0,
    )
    report.line(
        "refused, returned without action",
        "some",
        f"{counts['refuse: done']:,}, {counts['return: done']:,}",
        counts["refuse: done"] > 0,
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
        "deep verifications of the log", "all good", f"{counts['deep verifications']:,}", not fault
    )


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
