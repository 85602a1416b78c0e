"""An independent, slow and plain resolver: the rules of `reading`, one after the other.

It exists only to be compared with the engine. It was written from `policies.json` (`reading` is
the specification) and the list files beside it, and shares no code and no design with the engine:
every row is looked at for every place and for every way of answering the open questions.

`Oracle(data_dir).resolve(query)` takes one input object of `resolve_policy` and gives
`requirement`, `stance`, `stance_if_open`, `governing`, `matched`, `not_applied` (keys only),
`needs_answer` (without texts) and `exceptions_open`, all sorted. It trusts its input: what a
command must refuse (unknown destination, malformed date) is not checked here.

`random_queries(seed, n, data_dir)` gives valid queries that crowd around what the data names.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
Code = tuple[str, ...]
Ways = dict[frozenset[str], tuple[str, str]]

OTTAWA = ZoneInfo("America/Toronto")
CUT: dict[str, Code] = {}
CONTROLS_THAT_LIST = ("ECL", "BCL")
DEFAULTS: Json = {
    "known_on": None,
    "sub_region": None,
    "items": [],
    "related_material": None,
    "eipa_4_1": False,
    "wmd_end_use": False,
    "end_user": "private",
    "designated_under": [],
    "other_destinations": [],
    "answers": {},
    "exceptions": [],
}


# Rule 4: codes ------------------------------------------------------------------------------


def code_parts(code: str) -> Code:
    """Cut a code at - . ( ) without case and without the word Group: 5504(2)(h) is 5504, 2, h."""
    if code not in CUT:
        text = re.sub(r"^group\s*", "", code.strip().lower())
        CUT[code] = tuple(part.strip() for part in re.split(r"[-.()]", text) if part.strip())
    return CUT[code]


def is_under(code: str, named: str) -> bool:
    """Tell whether `code` is `named` or a part of it; a single digit is a whole group."""
    parts, above = code_parts(code), code_parts(named)
    if parts[: len(above)] == above:
        return True
    if len(above) == 1 and re.fullmatch(r"\d", above[0]) and parts:
        return re.fullmatch(r"\d{4}", parts[0]) is not None and parts[0].startswith(above[0])
    return False


def is_under_any(code: str, named: list[str]) -> bool:
    return any(is_under(code, one) for one in named)


# Rule 1: days -------------------------------------------------------------------------------


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def known_day(known_on: str | None) -> date:
    """Rule 1: an instant is turned into its day in Ottawa; null is the last day there is."""
    if known_on is None:
        return date.max
    if len(known_on) == len("2019-10-15"):
        return date.fromisoformat(known_on)
    return datetime.fromisoformat(known_on).astimezone(OTTAWA).date()


def version_counts(version: Json, on: date, known: date) -> bool:
    known_from, known_to = day_of(version["known_from"]), day_of(version["known_to"])
    start, end = day_of(version["from"]), day_of(version["to"])
    assert known_from is not None
    is_known = known_from <= known and (known_to is None or known < known_to)
    is_in_force = (start is None or start <= on) and (end is None or on < end)
    return is_known and is_in_force


# What one place comes to for one way of answering -------------------------------------------


@dataclass
class Place:
    """A destination that the line reaches: the final one or one of the others."""

    destination: str
    sub_region: str | None


@dataclass
class Answers:
    """The answers given, the way in which open questions are taken, and what was asked."""

    given: dict[str, str]
    yes: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)

    def to(self, key: str) -> str:
        """Give the answer to a question; an open one is noted as asked and taken as this way."""
        if key in self.given:
            return self.given[key]
        self.asked.add(key)
        return "yes" if key in self.yes else "no"


@dataclass
class PlaceRuling:
    """Rules 7, 8 and 12 for one place and one way of answering."""

    requirement: str
    stance: str
    governing: list[str]
    matched: list[str]
    not_applied: list[str]
    exceptions_open: list[tuple[str, str]]


class Oracle:
    """The rules of `reading` over one folder of reference data."""

    def __init__(self, data_dir: str | Path) -> None:
        self.folder = Path(data_dir)
        data = self.read("policies.json")
        self.rows: list[Json] = data["policies"]
        self.stances: list[str] = data["stances"]
        self.requirements: list[str] = data["requirements"]
        self.standard_exceptions: Json = data["standard_exceptions"]
        self.named_sets = self._read_named_sets()
        self.throughout = self._read_undated_lists(data["lists"])
        self.area_changes = self._read_area_control_changes()
        self.firearms = {
            country["iso_alpha2"]: day_of(country["added_on"])
            for country in self.read("automatic_firearms_country_control_list.json")["countries"]
        }

    # Reading the files

    def read(self, name: str) -> Json:
        content: Json = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return content

    def _read_named_sets(self) -> dict[str, tuple[list[str], list[str]]]:
        """Rule 4: the sets that `from` may name, each as (codes, codes taken out)."""
        sets = {}
        for rule in self.read("export_control_list.json")["destination_rules"]:
            named = [*rule["groups"], *rule["also_items"]]
            sets[rule["provision"]] = (named, list(rule["except_items"]))
        for entry in self.read("brokering_control_list.json")["entries"]:
            sets[entry["provision"]] = ([*entry["ecl_groups"], *entry["ecl_items"]], [])
        return sets

    def _read_undated_lists(self, lists: Json) -> dict[str, set[str]]:
        countries = {
            permit["key"]: {country["iso_alpha2"] for country in permit["destinations"]}
            for permit in self.read("general_permits.json")["permits"]
            if permit["key"] in lists
        }
        for code, entry in lists.items():
            if "countries" in entry:
                countries[code] = set(entry["countries"])
        return countries

    def _read_area_control_changes(self) -> list[tuple[date, str, str]]:
        """The changes of the Area Control List by day; a bare year is its 1 January."""
        changes = []
        for entry in self.read("area_control_list.json")["history"]:
            when = entry["effective"]
            if when is None or not entry["changes"]:
                continue
            day = date(int(when), 1, 1) if len(when) == 4 else date.fromisoformat(when)
            changes += [(day, change["iso"], change["action"]) for change in entry["changes"]]
        return sorted(changes)

    def on_list(self, code: str, destination: str, on: date) -> bool:
        """Tell whether a destination is on a country list on a day."""
        if code == "ACL":
            listed = False
            for day, country, action in self.area_changes:
                if country == destination and day <= on:
                    listed = action == "added"
            return listed
        if code == "AFCCL":
            if destination not in self.firearms:
                return False
            added_on = self.firearms[destination]
            return added_on is None or added_on <= on
        return destination in self.throughout[code]

    # Rules 2 and 3: scope

    def scope_matches(self, row: Json, facts: Json, place: Place, listed: bool) -> bool:
        return self._scope_but_goods(row["scope"], row["key"], facts, place) and self._goods_match(
            row["scope"]["goods"], facts, listed
        )

    def _scope_but_goods(self, scope: Json, key: str, facts: Json, place: Place) -> bool:
        destinations = scope["destinations"]
        if facts["activity"] not in scope["activities"]:
            return False
        if destinations != "any" and place.destination not in destinations:
            return False
        if place.destination in scope.get("except_destinations", []):
            return False
        if "sub_regions" in scope and place.sub_region not in scope["sub_regions"]:
            return False
        if not self._list_tests_hold(scope.get("lists", []), facts, place):
            return False
        if "end_user_kinds" in scope and facts["end_user"] not in scope["end_user_kinds"]:
            return False
        for flag in ("eipa_4_1", "wmd_end_use"):
            if flag in scope and bool(facts[flag]) is not scope[flag]:
                return False
        if scope.get("designated") and key not in facts["designated_under"]:
            return False
        return not self._let_go(scope.get("unless"), facts, place)

    def _list_tests_hold(self, tests: list[Json], facts: Json, place: Place) -> bool:
        for test in tests:
            if test.get("when") == "eipa_4_1" and not facts["eipa_4_1"]:
                continue
            if self.on_list(test["list"], place.destination, facts["on"]) is not test["is"]:
                return False
        return True

    def _on_list_as_said(self, unless: Json, facts: Json, place: Place) -> bool:
        on_list = self.on_list(unless["list"], place.destination, facts["on"])
        return on_list is bool(unless["is"])

    def _let_go(self, unless: Json | None, facts: Json, place: Place) -> bool:
        """Rule 2, `unless`: both conditions let the line go; unknown is left to the question."""
        if unless is None or facts["end_user"] not in unless["end_user_kinds"]:
            return False
        return self._on_list_as_said(unless, facts, place)

    def _goods_match(self, goods: Json, facts: Json, listed: bool) -> bool:
        kind = goods["kind"]
        if kind == "everything":
            return True
        if kind == "listed":
            return listed
        if kind == "eipa_4_1":
            return bool(facts["eipa_4_1"])
        if kind == "related_material":
            if facts["related_material"] is not None:
                return bool(facts["related_material"])
            return any(is_under(code, "2") for code in facts["items"])
        return any(self.takes_code(goods, code) for code in facts["items"])

    def takes_code(self, goods: Json, code: str) -> bool:
        """Tell whether goods named by items take one code of the line (rules 3 and 4)."""
        if "from" in goods:
            named, taken_out = self.named_sets[goods["from"]]
        else:
            named, taken_out = goods["items"], []
        if is_under_any(code, taken_out) or is_under_any(code, goods.get("not_items", [])):
            return False
        if is_under_any(code, named):
            return True
        return bool(goods.get("broader")) and any(is_under(one, code) for one in named)

    # Rules 5 and 6: questions and exceptions

    def question_keys(self, row: Json, facts: Json, place: Place) -> list[tuple[str, str]]:
        """List (key, answer with which the row applies) of the questions that count here."""
        keys = []
        for question in row["questions"]:
            if question.get("ask") == "end_user_unknown":
                unless = row["scope"]["unless"]
                if facts["end_user"] != "unknown":
                    continue
                if not self._on_list_as_said(unless, facts, place):
                    continue
            owner = question.get("of", row["key"])
            keys.append((f"{owner}:{question['code']}", question.get("applies_if", "yes")))
        return keys

    def excepted(self, row: Json, facts: Json) -> bool:
        """Rule 6: an accepted exception takes the row out, if it has that code and still runs."""
        codes = set(self.exception_codes(row, facts["on"]))
        for code, standard in self.standard_exceptions.items():
            if row["layer"] == standard["layer"]:
                codes.add(code)
        accepted = {one["code"] for one in facts["exceptions"] if one["policy"] == row["key"]}
        return bool(codes & accepted)

    def exception_codes(self, row: Json, on: date) -> list[str]:
        """List a row's own exceptions that are not past their `until`."""
        usable = []
        for exception in row["exceptions"]:
            until = day_of(exception.get("until"))
            if until is None or on < until:
                usable.append(exception["code"])
        return usable

    def fate(self, row: Json, facts: Json, place: Place, answers: Answers) -> str:
        """Say what becomes of a row whose scope matches: applies, out, or open (taken as out)."""
        if self.excepted(row, facts):
            return "out"
        questions = self.question_keys(row, facts, place)
        for key, wanted in questions:
            if key in answers.given and answers.given[key] != wanted:
                return "out"
        held = [answers.to(key) == wanted for key, wanted in questions]
        return "applies" if all(held) else "open"

    # Rules 7, 8, 9 and 12: one place

    def rule_on(self, facts: Json, place: Place, answers: Answers) -> PlaceRuling:
        listed = self.is_listed(facts, place, answers)
        applying, not_applied = [], []
        for row in facts["in_force"]:
            if self.scope_matches(row, facts, place, listed):
                fate = self.fate(row, facts, place, answers)
                if fate == "applies":
                    applying.append(row)
                if fate == "out":
                    not_applied.append(row["key"])
        stance = self.strictest_stance([row["effect"].get("stance") for row in applying])
        return PlaceRuling(
            requirement=self.requirement_of(applying, facts, answers),
            stance=stance,
            governing=[row["key"] for row in applying if row["effect"].get("stance") == stance],
            matched=[row["key"] for row in applying],
            not_applied=not_applied,
            exceptions_open=[
                (row["key"], code)
                for row in applying
                for code in self.exception_codes(row, facts["on"])
            ],
        )

    def in_force(self, on: date, known: date) -> list[Json]:
        """Rule 1: a policy is in force if one of its versions is."""
        return [
            row
            for row in self.rows
            if any(version_counts(version, on, known) for version in row["versions"])
        ]

    def is_listed(self, facts: Json, place: Place, answers: Answers) -> bool:
        """Rule 3: a row in force of the Export or Brokering Control List applies to the line."""
        fates = set()
        for row in facts["in_force"]:
            if row["effect"].get("control") not in CONTROLS_THAT_LIST:
                continue
            if row["scope"]["goods"]["kind"] == "listed":
                raise ValueError(f"{row['key']}: a list cannot be defined by being listed")
            if self.scope_matches(row, facts, place, listed=False):
                fates.add(self.fate(row, facts, place, answers))
        return "applies" in fates

    def requirement_of(self, applying: list[Json], facts: Json, answers: Answers) -> str:
        asking = [row["effect"]["requirement"] for row in applying if "control" in row["effect"]]
        requirement = self.strictest_requirement(asking)
        if requirement != "individual_permit":
            return requirement
        permits = [
            row
            for row in applying
            if is_general_permit(row) and self.would_cover(row, applying, facts)
        ]
        if not permits:
            return requirement
        reached = [answers.to(f"{key}:general_permit") for key in self.strict_notices(applying)]
        return requirement if "yes" in reached else "general_permit"

    def strict_notices(self, applying: list[Json]) -> list[str]:
        """Rule 9: the notices stricter than case by case that apply."""
        return [
            row["key"]
            for row in applying
            if row["layer"] == "notice"
            and row["effect"].get("stance", "case_by_case") != "case_by_case"
        ]

    def would_cover(self, permit: Json, applying: list[Json], facts: Json) -> bool:
        """Rule 8 for a general permit that applies, notices apart."""
        goods = permit["scope"]["goods"]
        asking = [
            row
            for row in applying
            if "control" in row["effect"] and row["effect"]["requirement"] == "individual_permit"
        ]
        for row in asking:
            if row["key"] not in permit["effect"].get("covers", []):
                return False
            for code in facts["items"]:
                if self.asks_for(row, code) and not self.takes_code(goods, code):
                    return False
        return not any(is_under_any(code, goods.get("excluded", [])) for code in facts["items"])

    def asks_for(self, row: Json, code: str) -> bool:
        goods = row["scope"]["goods"]
        return goods["kind"] != "items" or self.takes_code(goods, code)

    def strictest_stance(self, stances: list[str | None]) -> str:
        given = [stance for stance in stances if stance is not None]
        return max([*given, self.stances[0]], key=self.stances.index)

    def strictest_requirement(self, requirements: list[str]) -> str:
        return max([*requirements, self.requirements[0]], key=self.requirements.index)

    # Rules 10 and 11: all places, every way of answering

    def resolve(self, query: Json) -> Json:
        """Resolve one input object of `resolve_policy`."""
        facts = self.facts_of(query)
        places = [Place(query["destination"], facts["sub_region"])]
        places += [Place(one["destination"], None) for one in facts["other_destinations"]]
        ways = self.every_way(facts, places)
        open_keys = sorted(frozenset().union(*ways))
        as_no, _ = self.rulings(facts, places, frozenset())
        requirement, stance = ways[frozenset()]
        return {
            "requirement": requirement,
            "stance": stance,
            "stance_if_open": ways[frozenset(open_keys)][1],
            "governing": joined(ruling.governing for ruling in as_no),
            "matched": joined(ruling.matched for ruling in as_no),
            "not_applied": joined(ruling.not_applied for ruling in as_no),
            "needs_answer": needs_answer(open_keys, ways),
            "exceptions_open": [
                {"policy": key, "code": code}
                for key, code in sorted({one for ruling in as_no for one in ruling.exceptions_open})
            ],
        }

    def facts_of(self, query: Json) -> Json:
        facts = {**DEFAULTS, **query}
        for name, default in DEFAULTS.items():
            if facts[name] is None:
                facts[name] = default
        facts["on"] = date.fromisoformat(query["on"])
        facts["in_force"] = self.in_force(facts["on"], known_day(query.get("known_on")))
        return facts

    def rulings(
        self, facts: Json, places: list[Place], yes: frozenset[str]
    ) -> tuple[list[PlaceRuling], set[str]]:
        """Rule every place for one way of answering; give also the open questions asked."""
        answers = Answers(facts["answers"], yes)
        return [self.rule_on(facts, place, answers) for place in places], answers.asked

    def every_way(self, facts: Json, places: list[Place]) -> Ways:
        """Give requirement and stance for every way of saying yes or no to the open questions.

        An answer may bring up a further question, so the ways are tried until none is new.
        """
        open_keys: set[str] = set()
        while True:
            ways: Ways = {}
            asked: set[str] = set()
            for yes in subsets(sorted(open_keys)):
                rulings, now_asked = self.rulings(facts, places, yes)
                asked |= now_asked
                ways[yes] = (
                    self.strictest_requirement([ruling.requirement for ruling in rulings]),
                    self.strictest_stance([ruling.stance for ruling in rulings]),
                )
            if asked <= open_keys:
                return ways
            open_keys |= asked


def subsets(keys: list[str]) -> Iterator[frozenset[str]]:
    """Give every set of yes answers, the fewest first, then by key."""
    for size in range(len(keys) + 1):
        for chosen in itertools.combinations(keys, size):
            yield frozenset(chosen)


def needs_answer(open_keys: list[str], ways: Ways) -> list[Json]:
    """Rule 11: the open questions that can matter, with the first way in which each does."""
    found = []
    for key in open_keys:
        others = [other for other in open_keys if other != key]
        for way in subsets(others):
            if_yes, if_no = ways[way | {key}], ways[way]
            if if_yes != if_no:
                policy, code = key.split(":")
                found.append((policy, code, if_yes, if_no))
                break
    return [
        {"policy": policy, "code": code, "if_yes": outcome(if_yes), "if_no": outcome(if_no)}
        for policy, code, if_yes, if_no in sorted(found)
    ]


def outcome(way: tuple[str, str]) -> dict[str, str]:
    return {"requirement": way[0], "stance": way[1]}


def joined(lists: Iterator[list[str]]) -> list[str]:
    return sorted(set(itertools.chain.from_iterable(lists)))


# Random queries -----------------------------------------------------------------------------

ELSEWHERE = ("AE", "AF", "AZ", "BD", "CN", "EG", "IN", "JM", "MX", "NI", "PK", "TH", "VE", "YE")
FURTHER_CODES = """
    1 1-1.A.1 1-1.A.1.a 1-1.A.4 1-1.C 1-5.P1 1-7 1-7.A 1-7.D.3 1-9.F
    2 2-1.a 2-2 2-2.a.1 2-2.c 2-3.b 2-4 2-4.a.2 2-4.b 2-10 2-10.c 2-10.d 2-10.e 2-15.d 2-20
    2-21.b 2-21.b.1 2-21.b.2 2-21.b.4 2-22.a 3 3-01 3-02 4 4-1.a
    5 5101 5104 5207 5210 5400 5401 5504 5504(1) 5504(2) 5504(2)(a) 5504(2)(d) 5504(2)(e)(i)
    5504(2)(g) 5504(2)(h) 5504(2)(h)(i) 5504(2)(i) 5506(2)(c)
    6 6-1 6-2 6-3.a 7 7-1 7-2 7-2.a 7-3 7-12 7-13.b 9 9-1 9-8.a
"""
OFFSETS = ["Z", "+00:00", "-04:00", "-05:00", "+05:30", "-11:00", "+14:00"]
CLOCKS = ["00:00:00", "03:59:59", "04:00:00", "04:59:59", "05:00:00", "12:30:00", "23:59:59"]
ROLES = ["consignee", "transit", "end_use"]
END_USERS = ["government", "authorised", "private", "unknown"]


def random_queries(seed: int, n: int, data_dir: str | Path) -> Iterator[Json]:
    """Give `n` valid queries, the same ones for the same seed and data."""
    maker = QueryMaker(random.Random(seed), Path(data_dir))
    for number in range(n):
        yield {"id": f"random-{seed}-{number}", **maker.query()}


class QueryMaker:
    """Makes queries that aim at one row of the data each, and often miss it narrowly."""

    def __init__(self, chance: random.Random, data_dir: Path) -> None:
        self.chance = chance
        self.straight = False
        self.oracle = Oracle(data_dir)
        self.rows = self.oracle.rows
        flat = self.oracle.read("export_control_list.json")["flat"]
        self.codes = sorted({entry["code"] for entry in flat} | set(FURTHER_CODES.split()))
        self.sub_regions: Json = self.oracle.read("policies.json")["sub_regions"]
        self.boundaries = self._all_boundaries()
        self.destinations = self._all_destinations()
        self.question_keys = self._all_question_keys()
        self.designations = [row["key"] for row in self.rows if row["scope"].get("designated")]

    def _all_boundaries(self) -> list[date]:
        days = {day for row in self.rows for day in row_days(row, "from", "to")}
        days |= {day for day, _, _ in self.oracle.area_changes}
        days |= {day for day in self.oracle.firearms.values() if day is not None}
        days |= {
            date.fromisoformat(exception["until"])
            for row in self.rows
            for exception in row["exceptions"]
            if "until" in exception
        }
        return sorted(days)

    def _all_destinations(self) -> list[str]:
        named: set[str] = set(ELSEWHERE) | set(self.oracle.firearms)
        for row in self.rows:
            if row["scope"]["destinations"] != "any":
                named |= set(row["scope"]["destinations"])
        for countries in self.oracle.throughout.values():
            named |= countries
        return sorted(named)

    def _all_question_keys(self) -> list[str]:
        own = {
            f"{question.get('of', row['key'])}:{question['code']}"
            for row in self.rows
            for question in row["questions"]
        }
        notices = {f"{row['key']}:general_permit" for row in self.rows if row["layer"] == "notice"}
        return sorted(own | notices)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def hits(self, share: float) -> bool:
        """Say whether one part of the query fits the row: always, when it is aimed straight."""
        return self.straight or self.maybe(share)

    def query(self) -> Json:
        """Make one query; values at their default are left out now and then.

        One row says where and when; most often the same, else a second one, says what.
        """
        self.straight = self.maybe(0.3)
        row = self.some_row()
        goods_row = row if self.hits(0.45) else self.some_row()
        if row["layer"] == "notice" and self.maybe(0.2):
            goods_row = self.chance.choice([one for one in self.rows if is_general_permit(one)])
        query: Json = {
            "on": self.day(row).isoformat(),
            "known_on": self.known_on(row),
            "activity": self.activity(row),
            "destination": self.destination(row),
            "items": self.items(goods_row),
            "goods": self.chance.choice(["", "sensor", "thermal imaging camera, used"]),
            "related_material": self.chance.choice([None, None, None, True, False]),
            "war_material": self.chance.choice([None, True, False]),
            "eipa_4_1": self.flag(goods_row, "eipa_4_1"),
            "wmd_end_use": self.flag(goods_row, "wmd_end_use"),
            "end_user": self.chance.choice(END_USERS),
            "designated_under": self.designated_under(row),
            "other_destinations": self.other_destinations(),
        }
        query["sub_region"] = self.sub_region(row, query["destination"])
        query["answers"] = self.answers(row, query)
        query["exceptions"] = self.exceptions(row, query)
        return self.without_some_defaults(query)

    def some_row(self) -> Json:
        return self.chance.choices(self.rows, [weight(row) for row in self.rows])[0]

    def without_some_defaults(self, query: Json) -> Json:
        return {
            name: value
            for name, value in query.items()
            if name not in DEFAULTS or value != DEFAULTS[name] or self.maybe(0.5)
        }

    def around(self, days: list[date]) -> date:
        return self.chance.choice(days) + timedelta(days=self.chance.choice([-1, 0, 0, 1]))

    def random_day(self) -> date:
        return date(1996, 1, 1) + timedelta(days=self.chance.randrange(31 * 365))

    def day(self, row: Json) -> date:
        draw = self.chance.random()
        if draw < 0.4:
            return self.around(row_days(row, "from", "to") or self.boundaries)
        if draw < 0.65:
            return self.day_within(row)
        if draw < 0.8:
            return self.around(self.boundaries)
        return self.random_day()

    def day_within(self, row: Json) -> date:
        """Give a day on which the row is in force as known today."""
        last = row["versions"][-1]
        start = day_of(last["from"]) or date(1998, 1, 1)
        end = day_of(last["to"]) or date(2026, 7, 23)
        return start + timedelta(days=self.chance.randrange((end - start).days))

    def known_on(self, row: Json) -> str | None:
        """Give nothing, a day, or an instant at or near a day's start in Ottawa."""
        draw = self.chance.random()
        if self.straight or draw < 0.4:
            return None
        known = row_days(row, "known_from", "known_to")
        if known == [date(1900, 1, 1)] and self.maybe(0.95):
            known = self.boundaries
        day = self.random_day() if draw < 0.5 else self.around(known)
        if draw < 0.7:
            return day.isoformat()
        return f"{day.isoformat()}T{self.chance.choice(CLOCKS)}{self.chance.choice(OFFSETS)}"

    def activity(self, row: Json) -> str:
        activities: list[str] = row["scope"]["activities"]
        both = ["export", "brokering"]
        return self.chance.choice(activities if self.hits(0.8) else both)

    def destination(self, row: Json) -> str:
        named = row["scope"]["destinations"]
        if named != "any" and self.hits(0.85):
            return str(self.chance.choice(named))
        lists = [test["list"] for test in row["scope"].get("lists", []) if test["is"]]
        if lists and self.hits(0.7):
            return self.chance.choice(self.countries_of(self.chance.choice(lists)))
        return self.chance.choice(self.destinations)

    def countries_of(self, code: str) -> list[str]:
        if code == "ACL":
            return sorted({country for _, country, _ in self.oracle.area_changes})
        if code == "AFCCL":
            return sorted(self.oracle.firearms)
        return sorted(self.oracle.throughout[code])

    def sub_region(self, row: Json, destination: str) -> str | None:
        choices = [code for code, one in self.sub_regions.items() if one["country"] == destination]
        named: list[str] = [one for one in row["scope"].get("sub_regions", []) if one in choices]
        if not choices or self.maybe(0.2):
            return None
        return self.chance.choice([*choices, *named, *named])

    def items(self, row: Json) -> list[str]:
        goods = row["scope"]["goods"]
        none = 0 if goods["kind"] == "everything" or self.maybe(0.1) else 1
        count = self.chance.choice([none, 1, 1, 1, 1, 2, 2, 3])
        named = list(goods.get("items", []))
        if not self.straight:
            named += goods.get("excluded", [])
        if "from" in goods:
            named += itertools.chain.from_iterable(self.oracle.named_sets[goods["from"]])
        codes = []
        for _ in range(count):
            if named and self.hits(0.6):
                codes.append(self.near(self.chance.choice(named)))
            elif self.maybe(0.4):
                codes.append(self.chance.choice([f"2-{n}" for n in range(1, 23)]))
            else:
                codes.append(self.chance.choice(self.codes))
        return [self.respelled(code) for code in codes]

    def near(self, code: str) -> str:
        """Give a code itself, one of the list under it, or it with one part more."""
        draw = self.chance.random()
        under = [one for one in self.codes if is_under(one, code)]
        if draw < 0.4 and under:
            return self.chance.choice(under)
        if draw < 0.6 and len(code_parts(code)) > 1:
            return f"{code}.{self.chance.choice(['a', '1', 'c'])}"
        return code

    def respelled(self, code: str) -> str:
        draw = self.chance.random()
        if draw < 0.15:
            return code.lower()
        if draw < 0.3:
            return code.upper()
        if draw < 0.45 and "(" in code:
            return ".".join(re.split(r"[-.()]+", code.rstrip(")")))
        if draw < 0.6 and re.fullmatch(r"\d", code):
            return self.chance.choice([f"Group {code}", f"group {code}", f"GROUP {code}"])
        return code

    def flag(self, row: Json, name: str) -> bool:
        wanted = row["scope"].get(name, row["scope"]["goods"]["kind"] == name)
        return bool(wanted) if self.hits(0.7) else self.maybe(0.3)

    def designated_under(self, row: Json) -> list[str]:
        keys = []
        if row["scope"].get("designated") and self.hits(0.85):
            keys.append(str(row["key"]))
        if self.maybe(0.05):
            keys.append(self.chance.choice(self.designations))
        return keys

    def other_destinations(self) -> list[Json]:
        count = self.chance.choice([0, 0, 0, 0, 1, 1, 2])
        return [
            {"role": self.chance.choice(ROLES), "destination": self.destination(other)}
            for other in (self.chance.choice(self.rows) for _ in range(count))
        ]

    def answers(self, row: Json, query: Json) -> dict[str, str]:
        """Answer some questions that come up, and some that nobody asked."""
        asked = self.asked(query) if self.maybe(0.3) else []
        answers = {key: self.chance.choice(["yes", "no"]) for key in asked if self.maybe(0.6)}
        if self.hits(0.3):
            answers |= self.answers_to(row)
        if self.maybe(0.15):
            answers[self.chance.choice(self.question_keys)] = self.chance.choice(["yes", "no"])
        return answers

    def answers_to(self, row: Json) -> dict[str, str]:
        """Answer a row's own questions: mostly as it asks, at times the other way or not."""
        answers = {}
        for question in row["questions"]:
            wanted = question.get("applies_if", "yes")
            other_way = "no" if wanted == "yes" else "yes"
            answer = wanted if self.hits(0.6) else self.chance.choice([other_way, None])
            if answer is not None:
                answers[f"{question.get('of', row['key'])}:{question['code']}"] = answer
        return answers

    def asked(self, query: Json) -> list[str]:
        found = self.oracle.resolve(query)["needs_answer"]
        return [f"{one['policy']}:{one['code']}" for one in found]

    def exceptions(self, row: Json, query: Json) -> list[Json]:
        """Accept some exceptions that are open, the Minister's, and some that do not fit."""
        accepted: list[Json] = []
        if self.straight:
            return []
        if self.maybe(0.3):
            ruling = self.oracle.resolve(query)
            accepted += [one for one in ruling["exceptions_open"] if self.maybe(0.5)]
            keys = [key for key in ruling["matched"] if self.maybe(0.3)]
            accepted += [{"policy": key, "code": "minister"} for key in keys]
        own = [exception["code"] for exception in row["exceptions"]]
        if own and self.maybe(0.3):
            accepted.append({"policy": row["key"], "code": self.chance.choice(own)})
        if self.maybe(0.1):
            other = self.chance.choice(self.rows)
            codes = [exception["code"] for exception in other["exceptions"]]
            accepted.append(
                {"policy": row["key"], "code": self.chance.choice([*codes, "minister"])}
            )
        return accepted


def is_general_permit(row: Json) -> bool:
    return bool(row["effect"].get("requirement") == "general_permit")


def weight(row: Json) -> int:
    """Say how often a row is aimed at: the many rows on listed persons differ only in dates."""
    if row["scope"].get("designated"):
        return 1
    if row["layer"] in ("notice", "general_permit"):
        return 6 + 2 * len(row["questions"])
    return (
        2 + 2 * len(row["questions"]) + bool(row["exceptions"]) + 2 * ("control" in row["effect"])
    )


def row_days(row: Json, *names: str) -> list[date]:
    """List the days that the versions of a row name in these fields."""
    texts = [version[name] for version in row["versions"] for name in names]
    return [date.fromisoformat(text) for text in texts if text is not None]
