"""The tables that a load fills, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from django.db.models import CharField

from history.models import Tracked
from policies import models
from policies.domain.reference import (
    calendar,
    control_lists,
    country_lists,
    destinations,
    files,
    law,
    policies,
)
from policies.domain.reference.files import Files
from policies.domain.reference.row import Row


class Change(Enum):
    """What may happen to a stored row when the files say something else."""

    IN_PLACE = auto()
    """Its words are corrected where they stand."""
    EDITION = auto()
    """As IN_PLACE, and a later edition is added beside the older ones."""
    REPLACED = auto()
    """Its known range is closed and another row is added."""
    VERSION = auto()
    """Nothing, but that the files close its known range and bring another version."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: which rows the files ask for, and what makes two rows the same.

    `key` names columns. A row of a table with a `stream` begins a stream of the history, of that
    kind and the row's name; any other row is told in the stream of its `owner`, a relation, or,
    where that is empty, in the stream of what the kind has in common. `relations` says to which
    table a value points. `frozen` columns belong to the key and never change. `part_of` is the
    relation to the row whose parts these are: no part is added to it or taken from it later.
    `labels` are the names of fields in the files.
    """

    model: type[Tracked]
    rows: Callable[[Files], Iterator[Row]]
    file: str
    key: tuple[str, ...]
    change: Change = Change.IN_PLACE
    relations: Mapping[str, type[Tracked]] = field(default_factory=dict)
    stream: str = ""
    owner: str = ""
    frozen: frozenset[str] = frozenset()
    part_of: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model.__name__

    @property
    def columns(self) -> list[str]:
        return [column.attname for column in self.model._meta.concrete_fields]

    @property
    def lengths(self) -> dict[str, int]:
        """The longest text of each column that has a limit; SQLite would not enforce it."""
        return {
            column.name: column.max_length
            for column in self.model._meta.concrete_fields
            if isinstance(column, CharField) and column.max_length
        }

    def label(self, column: str) -> str:
        """What the files call a column."""
        name = column.removesuffix("_id")
        return self.labels.get(name, name)


_LAW_FILES = f"{files.STATUTE} or {files.REGULATIONS}"
_LANGUAGES = ("en", "fr")
_NAMES = {f"name_{lang}": f"names.{lang}" for lang in _LANGUAGES}
_RANGE = {"effective_from": "from", "effective_to": "to"}
_WORDS = {f"text_{lang}": lang for lang in _LANGUAGES}
_NOTES = {"notes_en": "notes"}
_INSTRUMENT = {
    f"{column}_{lang}": f"instrument.{label}_{lang}"
    for column, label in (("instrument", "title"), ("citation", "citation"))
    for lang in _LANGUAGES
}

_TITLES = {"title_en": "en", "title_fr": "fr"}

TABLES = (
    Table(
        models.Destination,
        destinations.destinations,
        files.DESTINATIONS,
        stream="reference:destination",
        key=("code",),
        labels={**_NAMES, "in_use_from": "in_use.from", "in_use_to": "in_use.to"},
    ),
    Table(
        models.SubRegion,
        destinations.sub_regions,
        files.DESTINATIONS,
        owner="destination",
        key=("code",),
        relations={"destination": models.Destination},
        labels=_NAMES,
    ),
    Table(
        models.DestinationName,
        destinations.destination_names,
        files.DESTINATIONS,
        owner="destination",
        key=("destination_id",),
        change=Change.REPLACED,
        relations={"destination": models.Destination},
        labels={**_RANGE, "name_en": "en", "name_fr": "fr"},
    ),
    Table(
        models.Instrument,
        law.instruments,
        _LAW_FILES,
        stream="reference:instrument",
        key=("code",),
        labels={"code": "id"},
    ),
    Table(
        models.Edition,
        law.editions,
        _LAW_FILES,
        owner="instrument",
        key=("instrument_id", "consolidated_to"),
        change=Change.EDITION,
        relations={"instrument": models.Instrument},
        labels={"amendments": "recent_amendments"},
    ),
    Table(
        models.Provision,
        law.provisions,
        _LAW_FILES,
        owner="edition",
        key=("edition_id", "key"),
        relations={"edition": models.Edition},
        labels={"key": "id", "kind": "type", "parent_key": "parent"},
    ),
    Table(
        models.ControlListItem,
        control_lists.control_list_items,
        files.ECL,
        owner="edition",
        key=("edition_id", "code"),
        relations={"edition": models.Edition},
    ),
    Table(
        models.GoodsRule,
        control_lists.goods_rules,
        files.ECL,
        owner="edition",
        key=("key",),
        relations={"edition": models.Edition},
        frozen=frozenset({"groups", "also_items", "except_items"}),
        labels={"key": "provision"},
    ),
    Table(
        models.CountryList,
        country_lists.country_lists,
        files.PERMITS,
        stream="reference:list",
        key=("code",),
        relations={"instrument": models.Instrument},
    ),
    Table(
        models.CountryListEntry,
        country_lists.country_list_entries,
        files.PERMITS,
        owner="list",
        key=("list_id", "destination_id"),
        change=Change.REPLACED,
        relations={"list": models.CountryList, "destination": models.Destination},
        labels=_RANGE,
    ),
    Table(
        models.Policy,
        policies.policies,
        files.POLICIES,
        stream="policy",
        key=("key",),
        relations={"replaces": models.Policy},
        frozen=frozenset(
            {"layer", "replaces_id", "scope", "stance", "requirement", "control", "covers"}
        ),
        labels={
            **{name: f"effect.{name}" for name in ("stance", "requirement", "control", "covers")},
            **_INSTRUMENT,
            **{name: f"instrument.{name}" for name in ("section", "url")},
            **_NOTES,
            "existing_permits": "existing_permits.action",
            **{f"existing_permits_{lang}": f"existing_permits.{lang}" for lang in _LANGUAGES},
        },
    ),
    Table(
        models.PolicyVersion,
        policies.policy_versions,
        files.POLICIES,
        owner="policy",
        key=("policy_id", "effective_from", "known_from"),
        change=Change.VERSION,
        relations={"policy": models.Policy},
        labels=_RANGE,
    ),
    Table(
        models.PolicyQuestion,
        policies.policy_questions,
        files.POLICIES,
        stream="policy",
        owner="policy",
        key=("policy_id", "code"),
        relations={"policy": models.Policy, "same_as": models.Policy},
        frozen=frozenset({"order", "applies_if", "only_if_end_user_unknown", "same_as_id"}),
        part_of="policy",
        labels={**_WORDS, "same_as": "of", "only_if_end_user_unknown": "ask"},
    ),
    Table(
        models.PolicyException,
        policies.policy_exceptions,
        files.POLICIES,
        stream="policy",
        owner="policy",
        key=("policy_id", "code"),
        relations={"policy": models.Policy},
        frozen=frozenset({"until"}),
        part_of="policy",
        labels=_WORDS,
    ),
    Table(
        models.PermitAct,
        policies.permit_acts,
        files.POLICIES,
        owner="destination",
        key=("key",),
        relations={"destination": models.Destination, "under_policy": models.Policy},
        labels=_NOTES,
    ),
    Table(
        models.ContextEntry,
        policies.context_entries,
        files.POLICIES,
        owner="destination",
        key=("key",),
        relations={"destination": models.Destination},
        labels=_NOTES,
    ),
    Table(
        models.Calendar,
        calendar.calendars,
        files.CALENDAR,
        stream="reference:calendar",
        key=("code",),
        labels=_TITLES,
    ),
    Table(
        models.Holiday,
        calendar.holidays,
        files.CALENDAR,
        owner="calendar",
        key=("calendar_id", "day"),
        relations={"calendar": models.Calendar},
        labels={"day": "date", "name_en": "en", "name_fr": "fr"},
    ),
    Table(
        models.ServiceStandard,
        calendar.service_standards,
        files.CALENDAR,
        stream="reference:standard",
        key=("code", "effective_from"),
        frozen=frozenset({"days", "target_percent"}),
        labels={**_RANGE, **_TITLES},
    ),
)

Stored = Mapping[str, Any]
"""A row of the database: its columns by name."""
