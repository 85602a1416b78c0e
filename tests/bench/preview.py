"""How long the preview of a policy change takes, over an office of a given size.

    ./dev bench preview [APPLICATIONS]

Fills the database up to that many made-up applications of the last two years, and some of the last
weeks, then finds what three changes would do: to one country, to several, and to every destination.
Prints the cases looked at, seconds, those of them in which this process was busy, and the memory
that was needed at most; ends with 1 where a bar of the product is missed.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

APPLICATIONS = 56_000
DAYS = 730
"""For which a permit is live: of that many applications, some 50,000 have one."""
RECENT, RECENT_DAYS = 5_000, 30
"""Further ones of the last weeks, most of which are open still."""
MOST_SECONDS = 5.0
"""For 5,000 open applications and 50,000 live permits."""

PLACES: tuple[tuple[str, Any], ...] = (
    ("one country", ["TR"]),
    ("five countries", ["TR", "IL", "SA", "AE", "IN"]),
    ("every destination", "any"),
)


def main(applications: int) -> int:
    import django  # noqa: PLC0415 - the settings are named by then

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from history import clock  # noqa: PLC0415
    from permits.domain.impact import impact_of  # noqa: PLC0415
    from policies.choices import ChangeKind  # noqa: PLC0415
    from policies.domain.composing import compose  # noqa: PLC0415
    from policies.models import PolicyChange  # noqa: PLC0415
    from tests.policies.changes import POLICY, today  # noqa: PLC0415

    for seed, number, days in ((1, applications, DAYS), (2, RECENT, RECENT_DAYS)):
        since = clock.today() - timedelta(days=days)
        call_command("seed", applications=number, seed=seed, since=since, verbosity=0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {connection.vendor}, {os.cpu_count()} cores,"
        f" {platform.machine()}, Python {platform.python_version()}"
    )
    print("| change to | open | live permits | move | in scope | seconds | of CPU | memory, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    slow = []
    for name, destinations in PLACES:
        policy = deepcopy(POLICY)
        policy["scope"]["destinations"] = destinations
        change = PolicyChange(
            number="PC-0000-000",
            kind=ChangeKind.IMPOSE,
            content={"policy": policy, "from": today()},
        )
        begun, busy = time.perf_counter(), time.process_time()
        found = impact_of(compose(change, at=clock.now())).counts()
        took, cpu = time.perf_counter() - begun, time.process_time() - busy
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {name} | {found['open']:,} | {found['live']:,} | {found['moved']:,} |"
            f" {found['permits']:,} | {took:.2f} | {cpu:.2f} | {memory:.0f} |",
            flush=True,
        )
        if took > MOST_SECONDS:
            slow.append(f"MISSED {name}: {took:.1f} s, not {MOST_SECONDS:.0f}")
    print("\n".join(slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else APPLICATIONS))
