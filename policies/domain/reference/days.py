"""Days as the files give them."""

from __future__ import annotations

from datetime import date, datetime, time

from policies.domain.queries import OTTAWA


def day(text: str | None) -> date | None:
    """The day of an ISO date; None stays None. A bare year is its 1 January."""
    if text is None:
        return None
    return date.fromisoformat(f"{text}-01-01" if len(text) == len("2019") else text)


def start_of(text: str | None) -> datetime | None:
    """The start of a day, Ottawa time, as an instant; None stays None."""
    found = day(text)
    return None if found is None else datetime.combine(found, time(), OTTAWA)
