"""Makes checkpoints as fast as it can, until it is killed.

python -m tests.campaigns.checkpointer KEY PAUSE_MS
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.campaigns import ground


def main(key: str, pause: str) -> None:
    ground.use(os.environ["TEST_DATABASE_URL"], Path(key))
    from history.domain import checkpoints  # noqa: PLC0415 - after `use`

    while True:
        made = checkpoints.make_if_needed()
        if made is not None:
            sys.stdout.write(f"{made.size}\n")
            sys.stdout.flush()
        time.sleep(float(pause) / 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
