"""Everything between a checkout and a server, in one process, so that a second start is quick.

    python -m config.prepare             everything
    python -m config.prepare --serving   leaves the sample office to the server: config/office.py

Each step leaves alone what is as it should be.
"""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config.env import Mode
from config.messages import compile_all


def prepare(*, serving: bool = False) -> None:
    """Compiles messages, migrates, loads the reference data; in a demo makes people and cases.

    Refuses first a database that is another mode's, so that nothing of it is changed. `serving`
    leaves cases that are still to be made, and the reference data after them, to the server.
    """
    compile_all()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    # Applications are ready only now.
    from config.start import refuse_faulty_start  # noqa: PLC0415 - it needs the models
    from permits.sample import office  # noqa: PLC0415 - likewise

    refuse_faulty_start()
    call_command("migrate", interactive=False, verbosity=0)
    if settings.PERMIT_DESK_MODE is Mode.DEMO:
        office.load_first_register()
        call_command("create_demo_people")
        if serving and office.is_awaited():
            return
        try:
            call_command("load_sample_office", verbosity=0)
        except CommandError as refusal:
            # A demonstration that somebody has begun already: it goes on without.
            print(refusal, flush=True)  # noqa: T201 - said to a person
    call_command("load_reference", verbosity=0)


if __name__ == "__main__":
    try:
        prepare(serving="--serving" in sys.argv[1:])
    except ImproperlyConfigured as refusal:
        sys.exit(f"\n{refusal}")
