"""Questions put to the engine as JSON: read, checked, answered.

The shape is the contract of `manage.py resolve_policy`. Whatever is wrong is refused with the
field's name; a fact that could make a ruling less strict is never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from policies.choices import Activity, Answer, EndUserKind, PlaceRole
from policies.domain.codes import is_written_code
from policies.facts import LineFacts, OtherPlace, YesNo

OTTAWA = ZoneInfo("America/Toronto")
"""Days of the register begin at 00:00 in Ottawa."""

MOST_ITEMS = 100
LONGEST_ITEM = 60
MOST_OTHER_PLACES = 50
MOST_EXCEPTIONS = 1000
LONGEST_TEXT = 10_000

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
FIELDS = frozenset(
    {
        "id",
        "on",
        "known_on",
        "activity",
        "destination",
        "sub_region",
        "items",
        "goods",
        "related_material",
        "war_material",
        "eipa_4_1",
        "wmd_end_use",
        "end_user",
        "designated_under",
        "other_destinations",
        "answers",
        "exceptions",
    }
)


class BadQuery(ValueError):
    """A query that can't be answered: `field` is at fault, `reason` says how to put it right."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Query:
    """A line's facts, the day to rule on, and the instant of knowledge (None: all is known)."""

    facts: LineFacts
    on: date
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a query may name: destinations, regions (with their country), policies."""

    destinations: Collection[str]
    sub_regions: Mapping[str, str]
    policies: Collection[str]


def end_of_day(day: date) -> datetime:
    """The last instant of a day in Ottawa: what was known by then was known on that day."""
    return datetime.combine(day, time.max, OTTAWA)


def parse_day(text: object, field: str) -> date:
    """A day written YYYY-MM-DD. Raises BadQuery."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise BadQuery(field, "a day written YYYY-MM-DD is needed")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadQuery(field, f"{text} is not a day of the calendar") from None


def parse_known(text: object, field: str = "known_on") -> datetime | None:
    """The instant of knowledge: None, a day (its end, in Ottawa) or an instant. Raises BadQuery."""
    if text is None:
        return None
    if isinstance(text, str) and not _DAY.fullmatch(text):
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise BadQuery(field, "null, a day or an instant with its offset is needed") from None
        if instant.tzinfo is None:
            raise BadQuery(field, "an instant needs its offset, such as 2020-04-16T09:00:00-04:00")
    else:
        instant = end_of_day(parse_day(text, field))
    try:
        # Both ways: it is compared in one and told to people in the other.
        return instant.astimezone(OTTAWA).astimezone(UTC)
    except OverflowError:
        raise BadQuery(field, f"{text} is out of range") from None


def parse_query(query: object, words: Vocabulary) -> Query:
    """Read and check one query. Raises BadQuery naming the first field at fault."""
    if not isinstance(query, dict):
        raise BadQuery("query", "a JSON object is needed")
    for name in query:
        if name not in FIELDS:
            raise BadQuery(name, "there is no such field")
    return Query(
        facts=_Reader(query, words).facts(),
        on=parse_day(query.get("on"), "on"),
        known_at=parse_known(query.get("known_on")),
    )


class _Reader:
    """Reads the facts of one query, field by field."""

    def __init__(self, query: dict[str, Any], words: Vocabulary) -> None:
        self._query = query
        self._words = words

    def facts(self) -> LineFacts:
        destination = self._destination(self._query.get("destination"), "destination")
        return LineFacts(
            activity=self._one_of("activity", Activity.values, None),
            destination=destination,
            sub_region=self._sub_region(destination),
            items=self._items(),
            goods=self._goods(),
            related_material=self._flag("related_material", None),
            war_material=self._flag("war_material", None),
            eipa_4_1=bool(self._flag("eipa_4_1", default=False)),
            wmd_end_use=bool(self._flag("wmd_end_use", default=False)),
            end_user=self._one_of("end_user", EndUserKind.values, EndUserKind.PRIVATE.value),
            designated_under=self._designated_under(),
            other_destinations=self._other_destinations(),
            answers=self._answers(),
            exceptions=self._exceptions(),
        )

    def _one_of(self, field: str, values: list[str], default: str | None) -> str:
        value = self._query.get(field)
        value = default if value is None else value
        if value not in values:
            raise BadQuery(field, f"one of {', '.join(values)} is needed")
        return cast(str, value)

    def _flag(self, field: str, default: bool | None) -> bool | None:
        value = self._query.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise BadQuery(field, "true or false is needed")
        return value

    def _list(self, field: str, most: int) -> list[Any]:
        value = self._query.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadQuery(field, "a list is needed")
        if len(value) > most:
            raise BadQuery(field, f"at most {most} entries are read")
        return value

    def _destination(self, code: object, field: str) -> str:
        if not isinstance(code, str) or code not in self._words.destinations:
            raise BadQuery(field, "the two-letter code of a destination in the register is needed")
        return code

    def _sub_region(self, destination: str) -> str | None:
        code = self._query.get("sub_region")
        if code is None:
            return None
        if not isinstance(code, str) or code not in self._words.sub_regions:
            raise BadQuery("sub_region", "the code of a region in the register is needed")
        if self._words.sub_regions[code] != destination:
            raise BadQuery("sub_region", f"{code} is not a region of {destination}")
        return code

    def _items(self) -> tuple[str, ...]:
        items = self._list("items", MOST_ITEMS)
        for place, item in enumerate(items):
            if not isinstance(item, str) or len(item) > LONGEST_ITEM or not is_written_code(item):
                raise BadQuery(f"items[{place}]", "a control list number such as 2-15.d is needed")
        return tuple(items)

    def _goods(self) -> str:
        goods = self._query.get("goods")
        if goods is None:
            return ""
        if not isinstance(goods, str) or len(goods) > LONGEST_TEXT:
            raise BadQuery("goods", f"text of at most {LONGEST_TEXT} characters is needed")
        return goods

    def _designated_under(self) -> frozenset[str]:
        keys = self._list("designated_under", len(self._words.policies) + 100)
        for place, key in enumerate(keys):
            if not isinstance(key, str) or key not in self._words.policies:
                raise BadQuery(
                    f"designated_under[{place}]", "the key of a policy in the register is needed"
                )
        return frozenset(keys)

    def _other_destinations(self) -> tuple[OtherPlace, ...]:
        places = []
        for number, place in enumerate(self._list("other_destinations", MOST_OTHER_PLACES)):
            field = f"other_destinations[{number}]"
            if not isinstance(place, dict) or set(place) != {"role", "destination"}:
                raise BadQuery(field, "an object with role and destination is needed")
            if place["role"] not in PlaceRole.values:
                raise BadQuery(f"{field}.role", f"one of {', '.join(PlaceRole.values)} is needed")
            destination = self._destination(place["destination"], f"{field}.destination")
            places.append(OtherPlace(place["role"], destination))
        return tuple(places)

    def _answers(self) -> dict[str, YesNo]:
        answers = self._query.get("answers")
        if answers is None:
            return {}
        if not isinstance(answers, dict):
            raise BadQuery("answers", "an object of POLICY-KEY:code and yes or no is needed")
        for key, answer in answers.items():
            if answer not in Answer.values:
                raise BadQuery(f"answers.{key}", "yes or no is needed")
        return cast("dict[str, YesNo]", answers)

    def _exceptions(self) -> frozenset[tuple[str, str]]:
        pairs = set()
        for place, entry in enumerate(self._list("exceptions", MOST_EXCEPTIONS)):
            if (
                not isinstance(entry, dict)
                or set(entry) != {"policy", "code"}
                or not all(isinstance(value, str) for value in entry.values())
            ):
                raise BadQuery(f"exceptions[{place}]", "an object with policy and code is needed")
            pairs.add((entry["policy"], entry["code"]))
        return frozenset(pairs)
