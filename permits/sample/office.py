"""Loading the sample office: once, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

from django.db import transaction

from accounts.choices import Role
from accounts.demo import DEMO_ACCOUNTS, SINCE
from accounts.models import User
from accounts.rules import roles_of
from history import clock
from history.models import Log
from permits.domain.clock import read_calendar
from permits.domain.intake import lock_numbers
from permits.models import Application
from permits.sample.cases import work
from permits.sample.desk import Case, Desk, People
from permits.sample.story import drawn, open_today, told
from permits.sample.sweep import PREPARED, cancel_permits
from policies.domain.reference.files import PACKAGED, POLICIES, Files
from policies.domain.reference.known import as_known_on, days_of_news
from policies.domain.reference.load import checked_files, load_files
from policies.models import ReferenceLoad

SEED = 20201005
DRAWN = 342

Tell = Callable[[int, int, date], object]
"""Is told how many applications were opened, of how many, and the day that the office has."""


class NotHere(Exception):
    """The sample office can't be made here; the words say why."""


def load_first_register() -> None:
    """In a new demonstration, the register as it was known when its people took office.

    What became known later is loaded on its day, as the office's years pass. Does nothing where a
    register is loaded already; a log that isn't synthetic refuses it.
    """
    if ReferenceLoad.objects.exists():
        return
    with clock.simulated(datetime.combine(SINCE, time(8), clock.OTTAWA)):
        load_files(as_known_on(checked_files(PACKAGED), SINCE), at=clock.now())


def is_awaited() -> bool:
    """Whether `load_sample_office` would make the office. Reads only."""
    log = Log.objects.first()
    if log is None or not log.synthetic or Application.objects.exists():
        return False
    try:
        sample_people()
    except NotHere:
        return False
    return True


def load_sample_office(
    *,
    seed: int = SEED,
    number: int = DRAWN,
    tell: Tell = lambda opened, of, day: None,
) -> int:
    """Makes the office's cases, `number` of them drawn by chance; 0 where there are cases already.

    In one transaction: of an office that was interrupted nothing is left, and it begins anew.
    Raises NotHere on a log that isn't synthetic, and without the demonstration's people, who must
    have been in office since `SINCE`.
    """
    if Application.objects.exists():
        return 0
    refuse_elsewhere()
    now, found = clock.now(), checked_files(PACKAGED)
    with transaction.atomic():
        # Of two that load at once, the second waits here and finds the first one's cases.
        lock_numbers()
        if Application.objects.exists():
            return 0
        desk = Desk(sample_people(), seed, now)
        acts = {act["key"]: act for act in found[POLICIES]["permit_acts"]}
        instruments = {key: act["instrument_en"] for key, act in acts.items()}
        calendar = read_calendar()
        specs = [
            *told(instruments),
            *open_today(clock.today(), calendar),
            *drawn(number, seed, clock.today()),
        ]
        noon = datetime.combine(SINCE, time(12), clock.OTTAWA)
        desk.run(
            [
                (noon, _news(found)),
                *((spec.filed, work(desk, spec)) for spec in specs),
                (PREPARED, cancel_permits(desk, acts)),
            ],
            tell=lambda day: tell(desk.opened, len(specs), day),
        )
        return Application.objects.count()


def refuse_elsewhere() -> None:
    """Raises NotHere on a log that isn't synthetic."""
    log = Log.objects.first()
    if log is None or not log.synthetic:
        raise NotHere("Made-up cases are for a demonstration only: this log is not synthetic.")


def _news(found: Files) -> Case:
    """Loads what became known of the policies, at the start of its day."""
    newest = ReferenceLoad.objects.first()
    if newest is None or newest.loaded_at.astimezone(clock.OTTAWA).date() > SINCE:
        return  # All of it is loaded.
    for on in days_of_news(found):
        if on > SINCE:
            yield datetime.combine(on, time(), clock.OTTAWA)
            load_files(as_known_on(found, on), at=clock.now())


def sample_people() -> People:
    """The demonstration's people. Raises NotHere unless each is in office since `SINCE`."""
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
