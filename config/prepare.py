"""Everything between a checkout and a server, in one process, so that a second start is quick.

    python -m config.prepare

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


def prepare() -> None:
    """Compiles messages, migrates, loads the reference data; in a demo makes people and cases.

    Refuses first a database that is another mode's, so that nothing of it is changed.
    """
    compile_all()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    # Applications are ready only now.
    from config.start import refuse_faulty_start  # noqa: PLC0415 - it needs the models
    from permits.sample.office import load_first_register  # noqa: PLC0415 - likewise

    refuse_faulty_start()
    call_command("migrate", interactive=False, verbosity=0)
    if settings.PERMIT_DESK_MODE is Mode.DEMO:
        load_first_register()
        call_command("create_demo_people")
        try:
            call_command("load_sample_office", verbosity=0)
        except CommandError as refusal:
            # A demonstration that somebody has begun already: it goes on without.
            print(refusal, flush=True)  # noqa: T201 - said to a person
    call_command("load_reference", verbosity=0)


if __name__ == "__main__":
    try:
        prepare()
    except ImproperlyConfigured as refusal:
        sys.exit(f"\n{refusal}")
