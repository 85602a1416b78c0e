"""Time and people of the sample office.

A case is a generator: it does some work and yields when it goes on, as a number of business days, a
day or an instant. `Desk.run` lets all cases go on in the order of time, so that the log tells them
as they would have happened, and leaves each where it stands when the present is reached.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from accounts.models import User
from history import clock
from history.clock import OTTAWA
from permits.domain.clock import BusinessDays, read_calendar

Case = Generator[int | date | datetime, None, None]

FIRST_HOUR, LAST_HOUR = 9, 17


@dataclass(frozen=True, slots=True)
class People:
    """Who works in the sample office."""

    analysts: tuple[User, User]
    senior: User
    decision: User


@dataclass(slots=True)
class Desk:
    """The office: its people, its calendar, and chance, which is the same for the same seed.

    `opened` counts the applications that were begun.
    """

    people: People
    seed: int
    until: datetime
    opened: int = 0
    chance: random.Random = field(init=False)
    calendar: BusinessDays = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - nothing secret
        self.calendar = read_calendar()

    def run(
        self, cases: Iterable[tuple[date | datetime, Case]], *, tell: Callable[[date], object]
    ) -> None:
        """Does all the work that falls before the present, each case from its day on.

        `tell` is told the day after each piece of work.
        """
        order = count()
        waiting = [(self._instant(begin), next(order), case) for begin, case in cases]
        heapq.heapify(waiting)
        now = datetime.min.replace(tzinfo=OTTAWA)
        while waiting:
            at, turn, case = heapq.heappop(waiting)
            # Two acts never share an instant.
            now = max(at, now + timedelta(seconds=1))
            if now >= self.until:
                break
            with clock.simulated(now):
                then = next(case, None)
            if then is not None:
                heapq.heappush(waiting, (self._later(now, then), turn, case))
            tell(now.astimezone(OTTAWA).date())
        for _at, _turn, case in waiting:
            case.close()

    def _later(self, now: datetime, then: int | date | datetime) -> datetime:
        if isinstance(then, int):
            if then == 0:
                return now + timedelta(minutes=self.chance.randint(3, 40))
            then = self.calendar.add(now.astimezone(OTTAWA).date(), then)
        return max(self._instant(then), now + timedelta(minutes=1))

    def _instant(self, day: date | datetime) -> datetime:
        """The instant itself; some moment of that day, or of the next working day."""
        if isinstance(day, datetime):
            return day
        if not self.calendar.is_business_day(day):
            day = self.calendar.add(day, 1)
        minutes = self.chance.randint(0, (LAST_HOUR - FIRST_HOUR) * 60 - 1)
        start = datetime.combine(day, time(FIRST_HOUR), OTTAWA)
        return start + timedelta(minutes=minutes, seconds=self.chance.randint(0, 59))

    def reviewers(self) -> Iterator[User]:
        """An analyst, and a second person."""
        first, second = self.people.analysts
        yield from (first, second) if self.chance.random() < 0.5 else (second, first)
