"""One writer of a campaign: small acts through the door until told to stop.

    python -m tests.campaigns.writer KEY NAME SECONDS [PAUSE_MS]

Prints the number of each event that was acknowledged, and at the end its longest wait in ms.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from tests.campaigns import ground


def main(key: str, name: str, seconds: str, pause: str = "0") -> None:
    ground.use(os.environ["TEST_DATABASE_URL"], Path(key))
    from history.actors import SYSTEM  # noqa: PLC0415 - after `use`
    from history.domain.door import door  # noqa: PLC0415
    from policies.models import Destination  # noqa: PLC0415

    chance = random.Random(f"{ground.SEED}{name}")
    row = Destination(code=name, name_en="0", name_fr="0")
    stream, subject = f"reference:campaign:{name}", f"destination:{name}"
    with door(by=SYSTEM) as entries:
        entries.record("test.added", stream=stream, subject=subject).add(row)
    longest, errors, count = 0.0, 0, 0
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        count += 1
        begun = time.monotonic()
        try:
            with door(by=SYSTEM) as entries:
                entry = entries.record("test.changed", stream=stream, subject=subject)
                entry.set(row, name_en=str(count), name_fr=str(-count))
                time.sleep(chance.uniform(0, float(pause)) / 1000)
        except Exception as fault:  # noqa: BLE001 - whatever it is counts
            errors += 1
            sys.stderr.write(f"{name}: {fault!r}\n")
            row = Destination.objects.get(code=name)
            continue
        longest = max(longest, time.monotonic() - begun)
        sys.stdout.write(f"{entry.recorded.number} {count}\n")
        sys.stdout.flush()
    sys.stdout.write(f"end {longest * 1000:.0f} {errors}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
