"""A folder of reference files that a test may change, and ways of changing it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model

from policies.domain.reference import (
    PACKAGED,
    LoadReport,
    MalformedReference,
    load_reference,
)
from policies.domain.reference.files import FILES
from policies.domain.reference.tables import TABLES
from policies.models import ReferenceLoad

FIRST = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2031, 1, 1, 12, tzinfo=UTC)

D = "destinations.json"
E = "export_control_list.json"
A = "area_control_list.json"
F = "automatic_firearms_country_control_list.json"
G = "general_permits.json"
TR = ("policies", {"key": "TR-2020-04-16-presumptive"})
TRB = ("policies", {"key": "TR-2020-04-16-presumptive-brokering"})
P = "policies.json"

Json = dict[str, Any]

PACKAGED_AS = {name: json.loads((PACKAGED / name).read_text(encoding="utf-8")) for name in FILES}


class Folder:
    """A copy of the packaged files that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in FILES:
            shutil.copy(PACKAGED / name, path / name)

    @contextmanager
    def edit(self, name: str) -> Iterator[Any]:
        document = self.read(name)
        yield document
        self.write(name, document)

    def read(self, name: str) -> Any:
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def write(self, name: str, document: Any) -> None:
        (self.path / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def load(self, at: datetime = LATER) -> LoadReport:
        return load_reference(self.path, at=at)

    def refusal(self, at: datetime = LATER) -> MalformedReference:
        with pytest.raises(MalformedReference) as caught:
            self.load(at)
        return caught.value


def row(rows: list[Json], key: str, name: str = "key") -> Json:
    return next(one for one in rows if one[name] == key)


def policy(document: Json, key: str = "TR-2020-04-16-presumptive") -> Json:
    return row(document["policies"], key)


def everything() -> dict[str, list[Json]]:
    """Every row of the register, to compare."""
    models: list[type[Model]] = [*(table.model for table in TABLES), ReferenceLoad]
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


def changes(report: LoadReport) -> dict[str, tuple[int, int]]:
    """(added, superseded) of the tables that a load changed."""
    return {
        name: (counts.added, counts.superseded)
        for name, counts in report.tables.items()
        if counts.added or counts.superseded
    }


# Changes

Edit = Callable[[Folder], None]


def edits(name: str) -> Callable[[Callable[[Any], None]], Edit]:
    """Makes a change of one file's document into a change of a folder."""

    def wrap(change: Callable[[Any], None]) -> Edit:
        def apply(folder: Folder) -> None:
            with folder.edit(name) as document:
                change(document)

        return apply

    return wrap


def set_in(name: str, *path: Any) -> Edit:
    """Puts the last of `path` where the others lead; a dictionary selects a row."""
    *steps, last, value = path

    @edits(name)
    def apply(document: Any) -> None:
        inside = document
        for step in steps:
            inside = select(inside, step)
        inside[last] = value

    return apply


def drop_in(name: str, *path: Any) -> Edit:
    """Drops what `path` leads to."""
    *steps, last = path

    @edits(name)
    def apply(document: Any) -> None:
        inside = document
        for step in steps:
            inside = select(inside, step)
        if isinstance(last, dict):
            inside.remove(select(inside, last))
        else:
            del inside[last]

    return apply


def select(inside: Any, step: Any) -> Any:
    if isinstance(step, dict):
        return next(one for one in inside if step.items() <= one.items())
    return inside[step]


def both(*all_edits: Edit) -> Edit:
    def apply(folder: Folder) -> None:
        for edit in all_edits:
            edit(folder)

    return apply
