"""Loading the sample office: once, whole or not at all."""

from __future__ import annotations

from django.db import transaction

from accounts.choices import Role
from accounts.demo import DEMO_ACCOUNTS, SINCE
from accounts.models import User
from accounts.rules import roles_of
from history import clock
from history.models import Log
from permits.domain.clock import read_calendar
from permits.models import Application
from permits.sample.cases import work
from permits.sample.desk import Desk, People
from permits.sample.story import drawn, open_today, told
from policies.models import PermitAct as CitedAct

SEED = 20201005
DRAWN = 30


class NotHere(Exception):
    """The sample office can't be made here; the words say why."""


def load_sample_office(*, seed: int = SEED, number: int = DRAWN) -> int:
    """Makes the office's cases, `number` of them drawn by chance; 0 where there are cases already.

    Raises NotHere on a log that isn't synthetic, and without the demonstration's people, who must
    have been in office since `SINCE`.
    """
    if Application.objects.exists():
        return 0
    log = Log.objects.first()
    if log is None or not log.synthetic:
        raise NotHere("The sample office is for a demonstration only: this log is not synthetic.")
    now = clock.now()
    with transaction.atomic():
        desk = Desk(_people(), seed, now)
        instruments = dict(CitedAct.objects.values_list("key", "instrument_en"))
        calendar = read_calendar()
        specs = [
            *told(instruments),
            *open_today(clock.today(), calendar),
            *drawn(number, seed, clock.today()),
        ]
        return desk.run((spec.filed, work(desk, spec)) for spec in specs)


def _people() -> People:
    by_role: dict[Role, list[User]] = {}
    for account in DEMO_ACCOUNTS:
        person = User.objects.filter(username=account.username).first()
        if person is not None and account.role in roles_of(person, SINCE):
            by_role.setdefault(account.role, []).append(person)
    try:
        analyst, other = by_role[Role.ANALYST]
        return People(
            (analyst, other), by_role[Role.SENIOR_ANALYST][0], by_role[Role.DECISION_MAKER][0]
        )
    except (KeyError, ValueError):
        raise NotHere(
            "The sample office needs the demonstration's people, each in office since"
            f" {SINCE}: start with a new database."
        ) from None
