"""`verify_history` in a process of its own, to be measured."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.campaigns import ground

if __name__ == "__main__":
    ground.use(sys.argv[1], Path("no key is needed to read"))
    from django.core.management import call_command

    call_command("verify_history")
