"""How the tests start Chromium."""

from __future__ import annotations

import shutil

# Without these Chromium looks for updates and suggestions on the network at every start; and it
# has no sandbox as root, which CI is.
LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)
