"""The product's settings in test mode, whatever the environment says, also for mypy."""

import os

os.environ["PERMIT_DESK_MODE"] = "test"

from config.settings import *  # noqa: F403 - read after the mode is set
