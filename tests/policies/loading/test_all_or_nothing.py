"""`load_reference` is all or nothing, whatever happens; its command says what it did."""

from __future__ import annotations

import copy
import json
import random
import shutil
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.domain import bulk
from policies.domain.reference import (
    PACKAGED,
    MalformedReference,
)
from policies.domain.reference.files import FILES
from policies.domain.reference.tables import TABLES
from policies.models import (
    ContextEntry,
    CountryListEntry,
    ReferenceLoad,
)
from policies.querysets import known_at
from tests.policies.loading.folder import (
    LATER,
    TR,
    D,
    Folder,
    G,
    P,
    drop_in,
    everything,
    row,
    set_in,
)

pytestmark = pytest.mark.django_db


# All or nothing


def test_a_fault_in_the_last_table_leaves_nothing_of_a_first_load(
    folder: Folder, empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = bulk.write

    def fail(rows: bulk.Rows) -> None:
        if rows.model is ContextEntry:
            raise RuntimeError("the disk is full")
        write(rows)

    monkeypatch.setattr(bulk, "write", fail)
    with pytest.raises(RuntimeError):
        folder.load()
    assert all(rows == [] for rows in everything().values())


def test_a_refusal_in_the_last_file_leaves_nothing_of_the_others(folder: Folder) -> None:
    before = everything()
    with folder.edit(D) as document:
        row(document["destinations"], "TR", "code")["note"] = "Changed."
    with folder.edit("statute.json") as document:
        document["provisions"][0]["text_en"] = "Changed."
    drop_in(P, "context", {"key": "AZ-casebycase"})(folder)
    drop_in("notes_fr.json", "AZ-casebycase")(folder)
    assert folder.refusal().row == "AZ-casebycase"
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_of_two_loads_at_once_the_second_sees_what_the_first_did(folder: Folder) -> None:
    file = "automatic_firearms_country_control_list.json"
    set_in(file, "countries", {"iso_alpha2": "AL"}, "added_on", "2011-03-11")(folder)
    before = ReferenceLoad.objects.count()
    start = threading.Barrier(3)
    found: list[bool | Exception] = []

    def run() -> None:
        start.wait()
        try:
            found.append(folder.load(LATER).changed)
        except Exception as error:  # noqa: BLE001 - the test shows it
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [False, False, True]
    assert ReferenceLoad.objects.count() == before + 1
    entries = CountryListEntry.objects.filter(list__code="AFCCL", destination__code="AL")
    assert entries.filter(known_at(None)).count() == 1


# The command


def test_the_command_prints_a_table_and_says_when_nothing_changed() -> None:
    out = StringIO()
    call_command("load_reference", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["added", "superseded", "unchanged"]
    assert [line.split()[0] for line in lines[1:-1]] == [table.name for table in TABLES]
    assert len({len(line) for line in lines[1:-1]}) == 1
    assert lines[-1] == "Nothing changed."


def test_the_command_prints_json(folder: Folder) -> None:
    drop_in(G, "permits", {"key": "GEP41"}, "destinations", 0)(folder)
    out = StringIO()
    call_command("load_reference", str(folder.path), "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["changed"] is True
    assert report["tables"]["CountryListEntry"] == {
        "added": 0,
        "superseded": 1,
        "unchanged": CountryListEntry.objects.filter(known_to=None).count(),
    }


def test_the_command_names_file_row_and_field_and_fails(folder: Folder) -> None:
    set_in(P, *TR, "versions", 1, "to", "2020-02-30")(folder)
    with pytest.raises(CommandError) as caught:
        call_command("load_reference", str(folder.path))
    assert caught.value.returncode == 1
    assert str(caught.value) == (
        "policies.json, TR-2020-04-16-presumptive, versions[1].to:"
        ' "2020-02-30" is not a calendar date (YYYY-MM-DD)'
    )


# Whatever is in the files: a load, or a refusal that names a file

JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 10**20, "", " ", "x", "\x00", "2020-02-30", "2019", "0000-01-01",
    "9999-12-31", "0001-01-01", "TR", "QQ", "ACL", "policies", "any", [], {}, [[]], [None], ["TR"],
    {"key": "x"}, "é" * 400, "\n", "GEP41", "EIPA:7.4", "2-1", False, "2-1 ", "no", "yes",
]  # fmt: skip


def mutate(document: Any, chance: random.Random) -> None:
    """Changes one place of a document: drops, doubles, swaps or replaces something."""
    places: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            places.append((value, key))
            if isinstance(value[key], dict | list):
                waiting.append(value[key])
    # A place in a policy is as likely as one among the thousands of the law.
    value, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            del value[key]
        case 1 if isinstance(value, list):
            value.append(copy.deepcopy(value[key]))
        case 2 if isinstance(value, list):
            value.reverse()
        case 3:
            other, place = chance.choice(places)
            value[key] = copy.deepcopy(other[place])
        case 4 if isinstance(value, dict):
            value[chance.choice(["x", "to", "from", "of", "key", "code"])] = chance.choice(JUNK)
        case _:
            value[key] = copy.deepcopy(chance.choice(JUNK))


def load_mutated(folder: Folder, seed: int) -> MalformedReference | None:
    """Loads the packaged files with a few random changes; None if they are loaded all the same."""
    chance = random.Random(seed)
    for name in FILES:
        shutil.copy(PACKAGED / name, folder.path / name)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        with folder.edit(chance.choice(FILES)) as document:
            mutate(document, chance)
    with transaction.atomic():
        try:
            folder.load(LATER)
            assert not folder.load(LATER + timedelta(days=1)).changed
        except MalformedReference as fault:
            return fault
        finally:
            transaction.set_rollback(True)
    return None


@pytest.mark.parametrize("loaded", [True, False], ids=["second load", "first load"])
def test_random_changes_are_loaded_or_refused_and_never_break(
    folder: Folder, loaded: bool, request: pytest.FixtureRequest
) -> None:
    if not loaded:
        request.getfixturevalue("empty")

    @settings(
        max_examples=25, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.integers(min_value=0, max_value=2**32))
    def check(seed: int) -> None:
        fault = load_mutated(folder, seed)
        assert fault is None or any(name in fault.file for name in FILES)

    check()
