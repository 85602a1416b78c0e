"""What is looked at before the product serves or prepares anything."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from config.access import check_access
from config.env import Mode
from history.models import Log

SYNTHETIC_IN_PRODUCTION = (
    "This database is a demonstration's: its log began as a synthetic one, its accounts have public"
    " passwords, and nothing in it is evidence of anything. Production does not open it. Set"
    " DATABASE_URL to the office's database, or to an empty one, in which a real log begins; to"
    " look at the demonstration, set PERMIT_DESK_MODE=demo."
)
REAL_IN_DEMO = (
    "This database is an office's: its log is a real one. A demonstration would make accounts with"
    " public passwords in it, so it does not open it. Set PERMIT_DESK_MODE=production to serve it,"
    " or DATABASE_URL to another database, which may be an empty one, for the demonstration."
)


def refuse_faulty_start() -> None:
    """Raises ImproperlyConfigured where serving would be wrong from the first request on."""
    refuse_open_addresses()
    refuse_wrong_database()


def refuse_open_addresses() -> None:
    """Every address says who may open it."""
    found = check_access()
    if found:
        raise ImproperlyConfigured(" ".join(f"{fault.msg} {fault.hint}" for fault in found))


def refuse_wrong_database() -> None:
    """A demonstration opens a synthetic log only, production a real one only.

    A database without a log, such as an empty one, is right for either.
    """
    if settings.PERMIT_DESK_MODE == Mode.TEST:
        return
    log = Log.objects.first() if _has_log() else None
    # The server forks after this, and a connection must not be shared.
    connections.close_all()
    if log is None:
        return
    if log.synthetic and settings.PERMIT_DESK_MODE == Mode.PRODUCTION:
        raise ImproperlyConfigured(SYNTHETIC_IN_PRODUCTION)
    if not log.synthetic and settings.PERMIT_DESK_MODE == Mode.DEMO:
        raise ImproperlyConfigured(REAL_IN_DEMO)


def _has_log() -> bool:
    return Log._meta.db_table in connection.introspection.table_names()
