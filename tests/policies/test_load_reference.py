"""`load_reference`: what it adds, supersedes, leaves, and refuses."""

from __future__ import annotations

import copy
import json
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.domain.reference import (
    PACKAGED,
    LoadReport,
    MalformedReference,
    files,
    load_reference,
)
from policies.domain.reference.files import FILES
from policies.domain.reference.load import NEVER_DROPPED, NEVER_EDITED, OF_THE_KEY
from policies.domain.reference.tables import TABLES
from policies.models import (
    ContextEntry,
    ControlListItem,
    CountryList,
    CountryListEntry,
    Destination,
    DestinationName,
    Edition,
    GoodsRule,
    PermitAct,
    Policy,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
    Provision,
    ReferenceLoad,
    SubRegion,
)
from policies.querysets import in_force_on, known_at
from tests.policies import packaged

pytestmark = pytest.mark.django_db

FIRST = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2031, 1, 1, 12, tzinfo=UTC)

Json = dict[str, Any]


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


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Spares a file that a test leaves as it is packaged another comparison with its schema.

    That is most of the time of a load, and `test_the_packaged_files_are_valid` does it.
    """
    if request.function is not test_the_packaged_files_are_valid:
        monkeypatch.setattr(
            files,
            "_refuse_bad_shape",
            lambda name, document: (
                None if document == PACKAGED_AS[name] else _shape(name, document)
            ),
        )


_shape = files._refuse_bad_shape
PACKAGED_AS = {name: json.loads((PACKAGED / name).read_text(encoding="utf-8")) for name in FILES}


def test_the_packaged_files_are_valid() -> None:
    assert files.read_files(PACKAGED).documents == PACKAGED_AS


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def empty(db: None) -> None:
    """The register before the first load."""
    ReferenceLoad.objects.all().delete()
    for table in reversed(TABLES):
        table.model._default_manager.all().delete()


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


# The first load


def test_the_first_load_adds_every_row_of_the_packaged_files(empty: None) -> None:
    report = load_reference(PACKAGED, at=FIRST)
    assert {name: counts.added for name, counts in report.tables.items()} == {
        table.name: table.model._default_manager.count() for table in TABLES
    }
    assert {(one.superseded, one.unchanged) for one in report.tables.values()} == {(0, 0)}
    [load] = ReferenceLoad.objects.all()
    assert load.loaded_at == FIRST
    assert load.counts == report.counts()
    assert set(load.files) == set(FILES)
    assert all(len(digest) == 64 for digest in load.files.values())


def test_what_the_first_load_finds_on_lists_is_known_throughout(empty: None) -> None:
    load_reference(PACKAGED, at=FIRST)
    for model in (CountryListEntry, DestinationName):
        assert not model.objects.exclude(known_from=None, known_to=None).exists()


def test_a_load_of_what_is_loaded_changes_nothing_and_leaves_no_trace() -> None:
    before = everything()
    report = load_reference(PACKAGED, at=LATER)
    assert not report.changed
    assert changes(report) == {}
    assert {name: counts.unchanged for name, counts in report.tables.items()} == {
        name: len(rows) for name, rows in before.items() if name != "ReferenceLoad"
    }
    assert everything() == before


def test_the_number_of_queries_does_not_grow_with_the_rows() -> None:
    with CaptureQueriesContext(connection) as queries:
        load_reference(PACKAGED, at=LATER)
    assert len(queries) <= 2 * len(TABLES)


def test_a_load_without_a_time_zone_is_refused(folder: Folder) -> None:
    with pytest.raises(ValueError, match="time zone"):
        folder.load(at=datetime(2030, 1, 1))  # noqa: DTZ001 - the point of the test


# What the rows hold


def test_the_rules_of_the_files_are_the_rules_of_the_database() -> None:
    for key in ("TR-2020-04-16-freeze-brokering", "EIPA-7-2", "GEP41", "UA-2022-09-29-occupied"):
        given_row = next(one for one in packaged.rows() if one.key == key)
        stored = Policy.objects.get(key=key)
        assert (stored.stance, stored.requirement) == (
            given_row.stance or "",
            given_row.requirement or "",
        )
        assert [
            (one.effective_from, one.effective_to, one.known_from, one.known_to)
            for one in stored.versions.all()
        ] == [
            (span.effective_from, span.effective_to, span.known_from, span.known_to)
            for span in given_row.spans
        ]
    members = {
        (one.list.code, one.destination.code, one.effective_from, one.effective_to)
        for one in CountryListEntry.objects.select_related("list", "destination")
    }
    assert members == {
        (one.list, one.destination, one.span.effective_from, one.span.effective_to)
        for one in packaged.members()
    }
    assert {
        one.key: (*one.groups, *one.also_items, *one.except_items)
        for one in GoodsRule.objects.all()
    } == {key: (*one.named, *one.but_not) for key, one in packaged.item_sets().items()}


def test_a_known_day_is_its_start_in_ottawa() -> None:
    winter = PolicyVersion.objects.get(policy__key="TR-2024-01-29-end")
    assert winter.known_from == datetime(2024, 1, 29, 5, tzinfo=UTC)
    summer = PolicyVersion.objects.get(policy__key="HK-2020-07-03")
    assert summer.known_from == datetime(2020, 7, 3, 4, tzinfo=UTC)


def test_a_question_of_another_policy_has_no_words_of_its_own() -> None:
    question = PolicyQuestion.objects.get(policy__key="TR-2020-04-16-freeze-brokering")
    assert question.same_as is not None
    assert question.same_as.key == "TR-2020-04-16-presumptive-brokering"
    assert (question.applies_if, question.text_en) == ("no", "")


def test_standard_questions_and_exceptions_belong_to_no_policy() -> None:
    assert PolicyQuestion.objects.get(policy=None).code == "general_permit"
    assert PolicyException.objects.get(policy=None).code == "minister"


def test_a_bare_year_is_its_1_january_and_an_inferred_listing_is_assumed() -> None:
    entry = CountryListEntry.objects.get(list__code="ACL", destination__code="MM")
    assert (entry.effective_from, entry.effective_to) == (date(1997, 1, 1), date(2012, 4, 24))
    assert (entry.added_by, entry.removed_by) == ("SOR/97-397", "SOR/2012-86")
    assert entry.assumed
    assert not CountryListEntry.objects.get(list__code="ACL", destination__code="BY").assumed


def test_an_undated_country_is_listed_throughout_and_assumed() -> None:
    for code in ("GEP41", "ECL5505", "GBP1"):
        entries = CountryListEntry.objects.filter(list__code=code)
        assert entries.exists()
        assert not entries.exclude(effective_from=None, effective_to=None, assumed=True).exists()
    dated = CountryListEntry.objects.get(list__code="AFCCL", destination__code="AL")
    assert (dated.effective_from, dated.assumed) == (date(2011, 3, 10), False)


def test_a_destination_has_the_name_of_today_beside_the_dated_ones() -> None:
    czechia = Destination.objects.get(code="CZ")
    assert (czechia.name_en, czechia.name_fr) == ("Czechia", "Tchéquie")
    assert [(one.name_en, one.effective_to) for one in czechia.names.order_by("pk")] == [
        ("Czech Republic", date(2020, 10, 14)),
        ("Czechia", None),
    ]
    assert SubRegion.objects.get(code="UA-CRIMEA").destination.code == "UA"


def test_sections_and_schedule_of_a_list_share_one_edition() -> None:
    for code in ("ECL", "BCL"):
        edition = Edition.objects.get(instrument__code=code)
        assert edition.provisions.exists()
        assert edition.items.exists()
        assert edition.goods_rules.exists()
        assert "Department of Justice Canada" in edition.attribution_en
        assert "ministère de la Justice du Canada" in edition.attribution_fr


def test_the_picker_offers_what_the_file_offers_and_the_numbers_named_in_law() -> None:
    document = json.loads((PACKAGED / "export_control_list.json").read_text(encoding="utf-8"))
    offered = {one["code"].removeprefix("Group ") for one in document["flat"]} | {
        one["code"]
        for group in document["groups"]
        for one in group.get("guide_numbers_named_in_law", ())
    }
    items = ControlListItem.objects.filter(edition__instrument__code="ECL")
    assert set(items.filter(selectable=True).values_list("code", flat=True)) == offered


def test_a_heading_of_the_guide_is_not_law_text_and_tells_its_source() -> None:
    item = ControlListItem.objects.get(code="2-10")
    assert not item.is_law_text
    assert item.title_en == "Aircraft, unmanned aerial vehicles, aero-engines and equipment"
    assert "A Guide to Canada’s Export Controls (June 2006)" in item.source_note
    assert "equivalent heading" in item.source_note
    named = ControlListItem.objects.get(code="6-19.A.1")
    assert (named.parent_code, named.title_en) == ("6-19.A", "")
    assert named.source_note == "Named in: Defence Production Act, schedule."


def test_every_parent_of_an_item_or_a_provision_is_held() -> None:
    for edition in Edition.objects.prefetch_related("items", "provisions"):
        codes = {one.code for one in edition.items.all()}
        assert {one.parent_code for one in edition.items.all()} <= codes | {""}
        keys = {one.key for one in edition.provisions.all()}
        assert {one.parent_key for one in edition.provisions.all()} <= keys | {""}


def test_every_note_is_there_in_both_languages() -> None:
    for model in (Policy, PermitAct, ContextEntry):
        for one in model.objects.all():
            assert bool(one.notes_en) == bool(one.notes_fr), one.key


# A second load: what may change


def test_words_of_a_policy_are_corrected_in_place(folder: Folder) -> None:
    with folder.edit("policies.json") as document:
        found = policy(document)
        found["title_en"] = "Türkiye: corrected"
        found["notes"] = "Corrected."
        found["exceptions"][0]["en"] = "Corrected exception"
        document["standard_questions"]["general_permit"]["fr"] = "Question corrigée"
        row(document["permit_acts"], "TR-2021-04-12-cancellation")["on"] = "2021-04-13"
        document["context"][0]["title_fr"] = "Corrigé"
    pk = Policy.objects.get(key="TR-2020-04-16-presumptive").pk
    report = folder.load()
    assert changes(report) == {
        "Policy": (0, 1),
        "PolicyQuestion": (0, 1),
        "PolicyException": (0, 1),
        "PermitAct": (0, 1),
        "ContextEntry": (0, 1),
    }
    corrected = Policy.objects.get(key="TR-2020-04-16-presumptive")
    assert (corrected.pk, corrected.title_en) == (pk, "Türkiye: corrected")
    assert PermitAct.objects.get(key="TR-2021-04-12-cancellation").on == date(2021, 4, 13)
    load = ReferenceLoad.objects.first()
    assert load is not None
    assert (load.loaded_at, load.counts["Policy"]["superseded"]) == (LATER, 1)


def test_a_version_is_closed_by_another_one(folder: Folder) -> None:
    with folder.edit("policies.json") as document:
        versions = policy(document, "TR-2024-01-29-end")["versions"]
        versions.append({**versions[0], "to": "2032-02-01", "known_from": "2032-01-15"})
        versions[0]["known_to"] = "2032-01-15"
    assert changes(folder.load()) == {"PolicyVersion": (1, 1)}
    old, new = PolicyVersion.objects.filter(policy__key="TR-2024-01-29-end")
    assert old.known_to == new.known_from == datetime(2032, 1, 15, 5, tzinfo=UTC)
    assert (old.effective_to, new.effective_to) == (None, date(2032, 2, 1))
    assert not folder.load(LATER + timedelta(days=1)).changed


def a_new_policy(document: Json) -> Json:
    old = policy(document, "TR-2024-01-29-end")
    new = copy.deepcopy(old)
    new["key"], new["replaces"] = "TR-2032-02-01-new", "TR-2024-01-29-end"
    new["versions"] = [{**old["versions"][0], "from": "2032-02-01", "known_from": "2032-01-15"}]
    document["policies"].insert(0, new)
    return new


def test_a_policy_that_replaces_another_is_added_wherever_it_stands(folder: Folder) -> None:
    with folder.edit("policies.json") as document, folder.edit("notes_fr.json") as notes:
        a_new_policy(document)
        notes["TR-2032-02-01-new"] = "Nouvelle note."
    assert changes(folder.load()) == {"Policy": (1, 0), "PolicyVersion": (1, 0)}
    added = Policy.objects.get(key="TR-2032-02-01-new")
    assert added.replaces is not None
    assert added.replaces.key == "TR-2024-01-29-end"


def test_policies_that_replace_each_other_in_a_row_load_into_an_empty_register(
    folder: Folder, empty: None
) -> None:
    with folder.edit("policies.json") as document, folder.edit("notes_fr.json") as notes:
        a_new_policy(document)
        policy(document, "TR-2024-01-29-end")["replaces"] = "TR-2020-04-16-casebycase"
        notes["TR-2032-02-01-new"] = "Nouvelle note."
    folder.load()
    added = Policy.objects.get(key="TR-2032-02-01-new")
    assert added.replaces is not None
    assert added.replaces.replaces == Policy.objects.get(key="TR-2020-04-16-casebycase")


def test_a_corrected_list_row_is_closed_and_another_one_known_from_the_load(
    folder: Folder,
) -> None:
    with folder.edit("automatic_firearms_country_control_list.json") as document:
        row(document["countries"], "AL", "iso_alpha2")["added_on"] = "2011-03-11"
    assert changes(folder.load()) == {"CountryListEntry": (1, 1)}
    entries = CountryListEntry.objects.filter(list__code="AFCCL", destination__code="AL")
    old, new = entries.order_by("pk")
    assert (old.effective_from, old.known_from, old.known_to) == (date(2011, 3, 10), None, LATER)
    assert (new.effective_from, new.known_from, new.known_to) == (date(2011, 3, 11), LATER, None)
    before = entries.filter(known_at(LATER - timedelta(microseconds=1)))
    assert [one.pk for one in before] == [old.pk]
    assert [one.pk for one in entries.filter(known_at(LATER))] == [new.pk]


def test_a_list_row_that_vanishes_is_closed_and_may_come_back(folder: Folder) -> None:
    original = folder.read("general_permits.json")
    with folder.edit("general_permits.json") as document:
        row(document["permits"], "GEP41")["destinations"].pop()
    assert changes(folder.load()) == {"CountryListEntry": (0, 1)}
    folder.write("general_permits.json", original)
    back = LATER + timedelta(days=1)
    assert changes(folder.load(back)) == {"CountryListEntry": (1, 0)}
    assert not folder.load(back + timedelta(days=1)).changed
    entries = CountryListEntry.objects.filter(list__code="GEP41", destination__code="US")
    assert [(one.known_from, one.known_to) for one in entries.order_by("pk")] == [
        (None, LATER),
        (back, None),
    ]


def test_a_renamed_destination_keeps_what_it_was_called(folder: Folder) -> None:
    with folder.edit("destinations.json") as document:
        names = row(document["destinations"], "TR", "code")["names"]
        names[-1]["to"] = "2032-01-01"
        new = {"en": "New Türkiye", "fr": "Nouvelle Türkiye", "from": "2032-01-01", "to": None}
        names.append({**new, "source": "test"})
    assert changes(folder.load()) == {"Destination": (0, 1), "DestinationName": (2, 1)}
    assert Destination.objects.get(code="TR").name_en == "New Türkiye"
    names_now = DestinationName.objects.filter(known_at(None), destination__code="TR")
    assert names_now.filter(in_force_on(date(2031, 12, 31))).get().name_en == "Türkiye"
    assert names_now.filter(in_force_on(date(2032, 1, 1))).get().name_en == "New Türkiye"


def test_a_later_consolidation_is_another_edition_beside_the_old_one(folder: Folder) -> None:
    old = Edition.objects.get(instrument__code="ECL")
    counts = (old.provisions.count(), old.items.count(), old.goods_rules.count())
    with folder.edit("export_control_list.json") as document:
        document["meta"]["instrument"]["consolidated_to"] = "2031-06-30"
        document["groups"][0]["title_en"] = "Dual Use, renamed"
        document["groups"][6]["guide_numbers_named_in_law"].pop()
    with folder.edit("regulations.json") as document:
        row(document["instruments"], "ECL", "id")["consolidated_to"] = "2031-06-30"
    assert changes(folder.load()) == {
        "Edition": (1, 0),
        "Provision": (counts[0], 0),
        "ControlListItem": (counts[1] - 1, 0),
        "GoodsRule": (0, counts[2]),
    }
    new = Edition.objects.get(instrument__code="ECL", consolidated_to=date(2031, 6, 30))
    assert old.items.get(code="1").title_en == "Dual Use"
    assert new.items.get(code="1").title_en == "Dual Use, renamed"
    assert not folder.load(LATER + timedelta(days=1)).changed


@pytest.mark.parametrize("edition", [None, "2031-06-30"])
def test_a_set_of_items_that_policies_name_never_changes(
    folder: Folder, edition: str | None
) -> None:
    """Else a load would change what applied on past days."""
    with folder.edit("export_control_list.json") as document:
        row(document["destination_rules"], "ECL:2(b)", "provision")["groups"].remove("3")
        if edition:
            document["meta"]["instrument"]["consolidated_to"] = edition
    if edition:
        with folder.edit("regulations.json") as document:
            row(document["instruments"], "ECL", "id")["consolidated_to"] = edition
    with pytest.raises(MalformedReference) as refused:
        folder.load()
    assert (refused.value.row, refused.value.field) == ("ECL:2(b)", "groups")


def test_law_text_is_corrected_within_its_edition(folder: Folder) -> None:
    with folder.edit("statute.json") as document:
        row(document["provisions"], "EIPA:7.4", "id")["text_fr"] = "Texte corrigé"
    with folder.edit("export_control_list.json") as document:
        document["groups"][1]["guide_items"][0]["short_title_fr"] = "Titre corrigé"
    assert changes(folder.load()) == {"Provision": (0, 1), "ControlListItem": (0, 1)}
    assert Provision.objects.get(key="EIPA:7.4").text_fr == "Texte corrigé"
    assert ControlListItem.objects.get(code="2-1").title_fr == "Titre corrigé"


def test_a_general_permit_may_be_added(folder: Folder) -> None:
    with folder.edit("regulations.json") as document:
        found = row(document["instruments"], "GEP47", "id")
        document["instruments"].append({**found, "id": "GEP48"})
    with folder.edit("general_permits.json") as document:
        found = row(document["permits"], "GEP47")
        document["permits"].append({**found, "key": "GEP48", "roles": {}})
    report = changes(folder.load())
    assert report == {
        "Instrument": (1, 0),
        "Edition": (1, 0),
        "CountryList": (1, 0),
        "CountryListEntry": (1, 0),
    }
    assert CountryListEntry.objects.get(list__code="GEP48").known_from == LATER
    assert CountryList.objects.get(code="GEP48").is_general_permit


# A second load: what is refused

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


TR = ("policies", {"key": "TR-2020-04-16-presumptive"})
TRB = ("policies", {"key": "TR-2020-04-16-presumptive-brokering"})
P = "policies.json"
CHANGED_LATER: dict[str, tuple[Edit, tuple[str, str, str], str]] = {
    "the end of a version": (
        set_in(P, *TR, "versions", 1, "to", "2024-01-30"),
        (P, "TR-2020-04-16-presumptive", "versions[1].to"),
        NEVER_EDITED,
    ),
    "the start of a version": (
        set_in(P, *TR, "versions", 0, "from", "2020-04-17"),
        (P, "TR-2020-04-16-presumptive", "versions"),
        NEVER_DROPPED,
    ),
    "the end of what was known": (
        set_in(P, *TR, "versions", 0, "known_to", "2024-01-28"),
        (P, "TR-2020-04-16-presumptive", "versions[0].known_to"),
        NEVER_EDITED,
    ),
    "how precisely a day is known": (
        set_in(P, *TR, "versions", 1, "precision", "month"),
        (P, "TR-2020-04-16-presumptive", "versions[1].precision"),
        NEVER_EDITED,
    ),
    "a version closed and nothing in its place": (
        set_in(P, *TR, "versions", 1, "known_to", "2030-01-01"),
        (P, "TR-2020-04-16-presumptive", "versions[1].known_to"),
        "no version known from that day is added",
    ),
    "a version dropped": (
        drop_in(P, *TR, "versions", 0),
        (P, "TR-2020-04-16-presumptive", "versions"),
        NEVER_DROPPED,
    ),
    "a policy's layer": (
        set_in(P, *TR, "layer", "regulation"),
        (P, "TR-2020-04-16-presumptive", "layer"),
        OF_THE_KEY,
    ),
    "a policy's scope": (
        set_in(P, *TR, "scope", "activities", ["export", "brokering"]),
        (P, "TR-2020-04-16-presumptive", "scope"),
        OF_THE_KEY,
    ),
    "a policy's stance": (
        set_in(P, *TR, "effect", "stance", "suspended"),
        (P, "TR-2020-04-16-presumptive", "effect.stance"),
        OF_THE_KEY,
    ),
    "a policy's requirement": (
        set_in(P, "policies", {"key": "ECL-2-D"}, "effect", "requirement", "no_permit_required"),
        (P, "ECL-2-D", "effect.requirement"),
        OF_THE_KEY,
    ),
    "a policy's control": (
        set_in(P, "policies", {"key": "ECL-2-D"}, "effect", "control", "BCL"),
        (P, "ECL-2-D", "effect.control"),
        OF_THE_KEY,
    ),
    "what a general permit covers": (
        set_in(P, "policies", {"key": "GEP41"}, "effect", "covers", ["ECL-2-A"]),
        (P, "GEP41", "effect.covers"),
        OF_THE_KEY,
    ),
    "what a policy replaces": (
        set_in(P, *TR, "replaces", "TR-2019-10-11-freeze"),
        (P, "TR-2020-04-16-presumptive", "replaces"),
        OF_THE_KEY,
    ),
    "a question added": (
        set_in(P, *TR, "questions", [{"code": "new", "en": "New?", "fr": "Nouveau?"}]),
        (P, "TR-2020-04-16-presumptive", "questions[0]"),
        OF_THE_KEY,
    ),
    "a question dropped": (
        set_in(P, "policies", {"key": "IR-2016-02-05-other"}, "questions", []),
        (P, "IR-2016-02-05-other", "questions"),
        OF_THE_KEY,
    ),
    "the order of questions": (
        edits(P)(lambda document: policy(document, "GEP41")["questions"].reverse()),
        (P, "GEP41", "questions[0].order"),
        OF_THE_KEY,
    ),
    "the answer that a row needs": (
        set_in(P, *TRB, "questions", 0, "applies_if", "no"),
        (P, "TR-2020-04-16-presumptive-brokering", "questions[0].applies_if"),
        OF_THE_KEY,
    ),
    "whose question it is": (
        set_in(
            P,
            "policies",
            {"key": "TR-2020-04-16-freeze-brokering"},
            "questions",
            0,
            "of",
            "HK-2020-07-03-brokering",
        ),
        (P, "TR-2020-04-16-freeze-brokering", "questions[0].of"),
        OF_THE_KEY,
    ),
    "when a question is asked": (
        drop_in(P, "policies", {"key": "EIPA-7-2"}, "questions", 0, "ask"),
        (P, "EIPA-7-2", "questions[0].ask"),
        OF_THE_KEY,
    ),
    "an exception dropped": (
        drop_in(P, *TR, "exceptions", {"code": "nato"}),
        (P, "TR-2020-04-16-presumptive", "exceptions"),
        OF_THE_KEY,
    ),
    "an exception's code": (
        set_in(P, *TR, "exceptions", {"code": "nato"}, "code", "otan"),
        (P, "TR-2020-04-16-presumptive", "exceptions"),
        OF_THE_KEY,
    ),
    "an exception's last day": (
        set_in(P, *TR, "exceptions", {"code": "nato"}, "until", "2030-01-01"),
        (P, "TR-2020-04-16-presumptive", "exceptions[1].until"),
        OF_THE_KEY,
    ),
    "a policy dropped": (
        both(drop_in(P, "policies", {"key": "LB-2007-09-18"})),
        (P, "LB-2007-09-18", ""),
        NEVER_DROPPED,
    ),
    "a permit act dropped": (
        both(
            drop_in(P, "permit_acts", {"key": "TR-2020-10-05-suspension"}),
            drop_in("notes_fr.json", "TR-2020-10-05-suspension"),
        ),
        (P, "TR-2020-10-05-suspension", ""),
        NEVER_DROPPED,
    ),
    "a context entry dropped": (
        both(
            drop_in(P, "context", {"key": "AZ-casebycase"}),
            drop_in("notes_fr.json", "AZ-casebycase"),
        ),
        (P, "AZ-casebycase", ""),
        NEVER_DROPPED,
    ),
    "a destination dropped": (
        drop_in("destinations.json", "destinations", {"code": "AD"}),
        ("destinations.json", "AD", ""),
        NEVER_DROPPED,
    ),
    "a provision dropped": (
        drop_in("regulations.json", "provisions", {"id": "EPR:1#minister"}),
        ("regulations.json", "EPR:1#minister", ""),
        NEVER_DROPPED,
    ),
    "an item dropped": (
        drop_in("export_control_list.json", "groups", 6, "guide_numbers_named_in_law", 0),
        ("export_control_list.json", "7-2", ""),
        NEVER_DROPPED,
    ),
    "a rule dropped": (
        drop_in("export_control_list.json", "destination_rules", {"provision": "ECL:2(d)"}),
        ("export_control_list.json", "ECL:2(d)", ""),
        NEVER_DROPPED,
    ),
    "an entry dropped": (
        drop_in("brokering_control_list.json", "entries", {"provision": "BCL:1(c)"}),
        ("brokering_control_list.json", "BCL:1(c)", ""),
        NEVER_DROPPED,
    ),
    "a general permit dropped": (
        drop_in("general_permits.json", "permits", {"key": "GEP37"}),
        ("general_permits.json", "GEP37", ""),
        NEVER_DROPPED,
    ),
    "an instrument dropped": (
        both(
            drop_in("regulations.json", "instruments", {"id": "BPR"}),
            edits("regulations.json")(
                lambda document: document.update(
                    provisions=[one for one in document["provisions"] if one["instrument"] != "BPR"]
                )
            ),
        ),
        ("statute.json or regulations.json", "BPR", ""),
        NEVER_DROPPED,
    ),
    "an older consolidation": (
        set_in("regulations.json", "instruments", {"id": "EPR"}, "consolidated_to", "2024-01-01"),
        ("regulations.json", "EPR", "consolidated_to"),
        "an edition current to 2025-07-24 is held already",
    ),
}


@pytest.mark.parametrize("what", CHANGED_LATER)
def test_a_change_of_what_is_loaded_is_refused(folder: Folder, what: str) -> None:
    edit, place, reason = CHANGED_LATER[what]
    before = everything()
    edit(folder)
    fault = folder.refusal()
    assert (fault.file, fault.row, fault.field) == place
    assert reason in fault.reason
    assert str(fault) == f"{', '.join(part for part in place if part)}: {fault.reason}"
    assert everything() == before


def test_a_clock_set_back_does_not_rewrite_what_was_known(folder: Folder) -> None:
    file = "automatic_firearms_country_control_list.json"
    set_in(file, "countries", {"iso_alpha2": "AL"}, "added_on", "2011-03-11")(folder)
    folder.load(LATER)
    set_in(file, "countries", {"iso_alpha2": "AL"}, "added_on", "2011-03-12")(folder)
    before = everything()
    fault = folder.refusal(LATER - timedelta(days=1))
    assert (fault.file, fault.row) == (file, "AL")
    assert "check the clock" in fault.reason
    assert everything() == before


# Malformed files

D = "destinations.json"
E = "export_control_list.json"
A = "area_control_list.json"
F = "automatic_firearms_country_control_list.json"
G = "general_permits.json"
MALFORMED: dict[str, tuple[Edit, tuple[str, str, str], str]] = {
    "a missing field": (
        drop_in(P, *TR, "layer"),
        (P, "TR-2020-04-16-presumptive", "layer"),
        "is missing",
    ),
    "a field of another type": (
        set_in(P, *TR, "versions", 1, "from", 2020),
        (P, "TR-2020-04-16-presumptive", "versions[1].from"),
        "must be string or null, not 2020",
    ),
    "a field that nobody knows": (
        set_in(P, *TR, "stance", "suspended"),
        (P, "TR-2020-04-16-presumptive", "stance"),
        "is not a known field",
    ),
    "a word that is none of the words": (
        set_in(P, *TR, "effect", "stance", "maybe"),
        (P, "TR-2020-04-16-presumptive", "effect.stance"),
        '"maybe" is none of case_by_case',
    ),
    "a day that is not in the calendar": (
        set_in(P, *TR, "versions", 1, "known_from", "2024-02-30"),
        (P, "TR-2020-04-16-presumptive", "versions[1].known_from"),
        "not a calendar date",
    ),
    "a day written otherwise": (
        set_in(F, "countries", {"iso_alpha2": "AL"}, "added_on", "20110310"),
        (F, "AL", "added_on"),
        '"20110310" is not a calendar date',
    ),
    "a year that is no year": (
        set_in(A, "history", {"instrument": "SOR/97-397"}, "effective", "97"),
        (A, "SOR/97-397", "effective"),
        '"97" has not the form',
    ),
    "words that a question lacks": (
        drop_in(P, *TRB, "questions", 0, "fr"),
        (P, "TR-2020-04-16-presumptive-brokering", "questions[0].fr"),
        "is missing",
    ),
    "goods of no form": (
        set_in(P, *TR, "scope", "goods", {"kind": "tanks"}),
        (P, "TR-2020-04-16-presumptive", "scope.goods"),
        "is of no form allowed here",
    ),
    "goods without their items": (
        set_in(P, *TR, "scope", "goods", {"kind": "items"}),
        (P, "TR-2020-04-16-presumptive", "scope.goods.items"),
        "is missing",
    ),
    "an end before the start": (
        set_in(P, *TR, "versions", 1, "to", "2020-04-16"),
        (P, "TR-2020-04-16-presumptive", "versions[1].to"),
        "2020-04-16 is not after 2020-04-16",
    ),
    "known until before known from": (
        set_in(P, *TR, "versions", 0, "known_to", "2020-04-15"),
        (P, "TR-2020-04-16-presumptive", "versions[0].known_to"),
        "is not after",
    ),
    "two versions that overlap in both ranges": (
        set_in(P, *TR, "versions", 0, "known_to", "2024-01-30"),
        (P, "TR-2020-04-16-presumptive", "versions[1]"),
        "overlaps versions[0] in both ranges",
    ),
    "two versions of one start": (
        edits(P)(
            lambda document: policy(document, "TR-2024-01-29-end").update(
                versions=[
                    {**policy(document, "TR-2024-01-29-end")["versions"][0], **more}
                    for more in (
                        {"known_to": "2030-01-01"},
                        {"known_to": None, "to": None, "precision": "month"},
                    )
                ]
            )
        ),
        (P, "TR-2024-01-29-end", "versions[1]"),
        "overlaps",
    ),
    "a destination that is not there": (
        set_in(P, *TR, "scope", "destinations", ["QQ"]),
        (P, "TR-2020-04-16-presumptive", "scope.destinations[0]"),
        "there is no destination QQ",
    ),
    "an excepted destination that is not there": (
        set_in(P, "policies", {"key": "ECL-2-A"}, "scope", "except_destinations", ["QQ"]),
        (P, "ECL-2-A", "scope.except_destinations[0]"),
        "there is no destination QQ",
    ),
    "a destination of a list that is not there": (
        set_in(F, "countries", {"iso_alpha2": "AL"}, "iso_alpha2", "QQ"),
        (F, "QQ", "iso_alpha2"),
        "there is no destination QQ",
    ),
    "a destination of a permit that is not there": (
        set_in(G, "permits", {"key": "GEP47"}, "destinations", 0, "iso_alpha2", "QQ"),
        (G, "GEP47", "destinations[0]"),
        "there is no destination QQ",
    ),
    "a destination of an act that is not there": (
        set_in(P, "permit_acts", 0, "destination", "QQ"),
        (P, "TR-2020-05-06-exception", "destination"),
        "there is no destination QQ",
    ),
    "a destination of a change that is not there": (
        set_in(A, "history", {"instrument": "SOR/2017-138"}, "changes", 0, "iso", "QQ"),
        (A, "SOR/2017-138", "changes[0]"),
        "there is no destination QQ",
    ),
    "a country removed that was not listed": (
        set_in(A, "history", {"instrument": "SOR/2017-138"}, "changes", 0, "iso", "TR"),
        (A, "SOR/2017-138", "changes"),
        "TR is not on the list that day",
    ),
    "a country added twice": (
        set_in(A, "history", {"instrument": "SOR/2017-138"}, "changes", 0, "action", "added"),
        (A, "SOR/2017-138", "changes"),
        "BY is already on the list that day",
    ),
    "a change without a day": (
        set_in(A, "history", {"instrument": "SOR/2017-138"}, "effective", None),
        (A, "SOR/2017-138", "effective"),
        "has no day",
    ),
    "a country removed on the day it was added": (
        set_in(A, "history", {"instrument": "SOR/2017-138"}, "effective", "2006-12-14"),
        (A, "SOR/2017-138", "effective"),
        "is not after 2006-12-14",
    ),
    "a list of today that is not the history's": (
        set_in(A, "countries", []),
        (A, "KP", "countries"),
        "differ on this country",
    ),
    "a list that is not there": (
        both(
            drop_in(P, "lists", "GEP41"),
        ),
        (P, "GEP41", "scope.lists[0].list"),
        "there is no list GEP41",
    ),
    "a list of an escape that is not there": (
        set_in(P, "policies", {"key": "EIPA-7-2"}, "scope", "unless", "list", "NONE"),
        (P, "EIPA-7-2", "scope.unless.list"),
        "there is no list NONE",
    ),
    "a list without countries": (
        drop_in(P, "lists", "ECL5505", "countries"),
        (P, "ECL5505", ""),
        "there is no list ECL5505",
    ),
    "a question of a policy that is not there": (
        set_in(
            P,
            "policies",
            {"key": "HK-2020-07-03-brokering"},
            "questions",
            {"code": "sensitive"},
            "of",
            "NONE",
        ),
        (P, "HK-2020-07-03-brokering", "questions[1].of"),
        "there is no policy NONE",
    ),
    "a question that the other policy does not ask": (
        set_in(
            P,
            "policies",
            {"key": "HK-2020-07-03-brokering"},
            "questions",
            {"code": "sensitive"},
            "of",
            "GEP41",
        ),
        (P, "HK-2020-07-03-brokering", "questions[1].of"),
        "GEP41 asks no question sensitive",
    ),
    "a covered policy that is not there": (
        set_in(P, "policies", {"key": "GEP41"}, "effect", "covers", ["NONE"]),
        (P, "GEP41", "effect.covers[0]"),
        "there is no policy NONE",
    ),
    "a replaced policy that is not there": (
        set_in(P, *TR, "replaces", "NONE"),
        (P, "TR-2020-04-16-presumptive", "replaces"),
        "there is no policy NONE",
    ),
    "policies that replace each other": (
        both(
            set_in(P, *TR, "replaces", "GEP41"),
            set_in(P, "policies", {"key": "GEP41"}, "replaces", "GEP47"),
            set_in(P, "policies", {"key": "GEP47"}, "replaces", "GEP41"),
        ),
        (P, "GEP41", "replaces"),
        "goes round in a circle",
    ),
    "an act under a policy that is not there": (
        set_in(P, "permit_acts", 0, "under_policy", "NONE"),
        (P, "TR-2020-05-06-exception", "under_policy"),
        "there is no policy NONE",
    ),
    "a sub-region that is not there": (
        drop_in(D, "sub_regions", {"code": "UA-OCC"}),
        (P, "UA-OCC", ""),
        "there is no sub-region UA-OCC",
    ),
    "a sub-region of another country": (
        set_in(P, "sub_regions", "UA-OCC", "country", "RU"),
        (P, "UA-OCC", "country"),
        "UA-OCC is a sub-region of UA",
    ),
    "a scope with a sub-region of another country": (
        set_in(P, "policies", {"key": "UA-2015-06-29-Crimea"}, "scope", "destinations", ["RU"]),
        (P, "UA-2015-06-29-Crimea", "scope.sub_regions[0]"),
        "UA-CRIMEA is a sub-region of UA",
    ),
    "goods that are controlled because they are controlled": (
        set_in(P, "policies", {"key": "ECL-2-D"}, "scope", "goods", {"kind": "listed"}),
        (P, "ECL-2-D", "scope.goods.kind"),
        "cannot rest on `listed`",
    ),
    "goods of a rule that is not there": (
        drop_in(E, "destination_rules", {"provision": "ECL:2(b)"}),
        (P, "ECL-2-B", "scope.goods.from"),
        "there is no provision ECL:2(b)",
    ),
    "an item that is no item": (
        set_in(P, *TR, "scope", "goods", "items", ["two"]),
        (P, "TR-2020-04-16-presumptive", "scope.goods.items[0]"),
        "'two' has not the form of an item",
    ),
    "stances in another order": (
        edits(P)(lambda document: document["stances"].reverse()),
        (P, "", "stances"),
        "case_by_case, presumptive_denial",
    ),
    "requirements that are not all there": (
        drop_in(P, "requirements", 0),
        (P, "", "requirements"),
        "not_controlled",
    ),
    "a standard question too many": (
        set_in(P, "standard_questions", "other", {"en": "Other?", "fr": "Autre?"}),
        (P, "", "standard_questions"),
        "general_permit and nothing else",
    ),
    "no standard exception": (
        set_in(P, "standard_exceptions", {}),
        (P, "", "standard_exceptions"),
        "minister and nothing else",
    ),
    "a policy twice": (
        edits(P)(lambda document: document["policies"].append(policy(document))),
        (P, "TR-2020-04-16-presumptive", "key"),
        "is there twice",
    ),
    "one key for a policy and an act": (
        set_in(P, "permit_acts", 0, "key", "GEP41"),
        (P, "GEP41", "key"),
        "is there twice",
    ),
    "a key with a blank": (
        set_in(D, "sub_regions", 0, "code", "UA-CRIMEA\n"),
        (D, "UA-CRIMEA", "code"),
        "has blanks around it",
    ),
    "an exception twice": (
        set_in(P, *TR, "exceptions", 1, "code", "exceptional"),
        (P, "TR-2020-04-16-presumptive", "code"),
        "exceptional is there twice",
    ),
    "an address that is none": (
        set_in(P, *TR, "instrument", "url", "javascript:alert(1)"),
        (P, "TR-2020-04-16-presumptive", "instrument.url"),
        "must begin with https://",
    ),
    "a French note that is missing": (
        drop_in("notes_fr.json", "GEP41"),
        ("notes_fr.json", "GEP41", ""),
        "is missing",
    ),
    "a French note of nothing": (
        set_in("notes_fr.json", "NONE", "Note."),
        ("notes_fr.json", "NONE", ""),
        "no such note",
    ),
    "an empty French note": (
        set_in("notes_fr.json", "GEP41", ""),
        ("notes_fr.json", "GEP41", ""),
        "should be non-empty",
    ),
    "two names on one day": (
        set_in(D, "destinations", {"code": "CZ"}, "names", 1, "from", "2020-10-13"),
        (D, "CZ", "names[0]"),
        "two names hold on the same day",
    ),
    "no name of today": (
        set_in(D, "destinations", {"code": "CZ"}, "names", 1, "to", "2030-01-01"),
        (D, "CZ", "names"),
        "exactly one name of today",
    ),
    "a name that ends before it starts": (
        set_in(D, "destinations", {"code": "CZ"}, "names", 1, "to", "2020-10-14"),
        (D, "CZ", "names[1].to"),
        "is not after",
    ),
    "a provision of an instrument that is not there": (
        set_in("statute.json", "provisions", {"id": "EIPA:7.4"}, "instrument", "NONE"),
        ("statute.json", "EIPA:7.4", "instrument"),
        "there is no instrument NONE",
    ),
    "a provision under one that is not there": (
        set_in("statute.json", "provisions", {"id": "EIPA:7.4"}, "parent", "EIPA:99"),
        ("statute.json", "EIPA:7.4", "parent"),
        "there is no provision EIPA:99 in EIPA",
    ),
    "a provision twice": (
        edits("statute.json")(
            lambda document: document["provisions"].append(document["provisions"][0])
        ),
        ("statute.json", "EIPA:2", "id"),
        "is there twice",
    ),
    "a list of another consolidation than its sections": (
        set_in(E, "meta", "instrument", "consolidated_to", "2031-01-01"),
        (E, "ECL", "meta.instrument.consolidated_to"),
        "is not as regulations.json has it",
    ),
    "an item twice": (
        edits(E)(lambda document: document["groups"][1]["guide_items"].append(
            document["groups"][1]["guide_items"][0]
        )),
        (E, "2-1", "code"),
        "2-1 is there twice",
    ),
    "a choice that is no item": (
        set_in(E, "flat", {"code": "2-1"}, "code", "2-99"),
        (E, "2-99", ""),
        "is in `flat` and not in `groups`",
    ),
    "an item deep in the tree": (
        set_in(E, "groups", 2, "children", {"code": "3-02"}, "in_force_from", "soon"),
        (E, "3-02", "in_force_from"),
        '"soon" is not a calendar date',
    ),
    "a permit without an instrument": (
        set_in(G, "permits", {"key": "GEP47"}, "key", "GEP99"),
        (G, "GEP99", "key"),
        "there is no instrument GEP99",
    ),
    "a role of a provision that is not there": (
        set_in(G, "permits", {"key": "GEP47"}, "roles", "records", ["GEP47:99"]),
        (G, "GEP47", "roles.records[0]"),
        "there is no provision GEP47:99",
    ),
    "a text too long for its column": (
        set_in(P, *TR, "title_fr", "é" * 301),
        (P, "TR-2020-04-16-presumptive", "title_fr"),
        "is 301 characters long; 300 is the limit",
    ),
    "a character that no database should hold": (
        set_in(P, *TR, "title_en", "T\x00rkiye"),
        (P, "TR-2020-04-16-presumptive", "title_en"),
        "U+0000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_file_is_refused_with_file_row_field_and_reason(
    folder: Folder, what: str
) -> None:
    edit, place, reason = MALFORMED[what]
    edit(folder)
    fault = folder.refusal()
    assert (fault.file, fault.row, fault.field) == place
    assert reason in fault.reason
    assert fault.reason


RAW: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "the file is missing"),
    "empty": (b"", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark"),
    "not UTF-8": (b'{"title": "T\xfcrkiye"}', "not UTF-8 at byte 12"),
    "UTF-16": ("{}".encode("utf-16"), "not UTF-8"),
    "cut off": (b'{"policies": [', "not JSON"),
    "a key twice": (b'{"a": 1, "a": 2}', "is given twice"),
    "not a number": (b'{"a": NaN}', "NaN is not a JSON number"),
    "too large a number": (b'{"a": 1e999}', "too large"),
    "thousands of digits": (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    "too deep for the parser": (b"[" * 100_000, "nested too deeply"),
    "too deep for us": (b"[" * 100 + b"]" * 100, "nested too deeply"),
    "half a surrogate pair": (b'{"a": "\\ud83d"}', "U+D83D"),
    "a list": (b"[]", "must be object"),
    "a word": (b'"policies"', "must be object"),
    "null": (b"null", "must be object"),
}


@pytest.mark.parametrize("name", [FILES[0], "policies.json", FILES[-1]])
@pytest.mark.parametrize("what", RAW)
def test_a_file_that_is_no_json_object_is_refused_by_name(
    folder: Folder, name: str, what: str
) -> None:
    raw, reason = RAW[what]
    if raw is None:
        (folder.path / name).unlink()
    else:
        (folder.path / name).write_bytes(raw)
    fault = folder.refusal()
    assert fault.file == name
    assert reason in fault.reason


def test_a_key_given_twice_is_named_with_its_row(folder: Folder) -> None:
    path = folder.path / P
    text = path.read_text(encoding="utf-8")
    start = text.index('"key": "TR-2020-04-16-presumptive"')
    path.write_text(text[:start] + '"layer": "notice", ' + text[start:], encoding="utf-8")
    fault = folder.refusal()
    assert (fault.file, fault.row, fault.field) == (P, "TR-2020-04-16-presumptive", "layer")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedReference, match="the file is missing"):
        load_reference(tmp_path / "nowhere", at=LATER)


# All or nothing


def test_a_fault_in_the_last_table_leaves_nothing_of_a_first_load(
    folder: Folder, empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(ContextEntry._default_manager, "bulk_create", fail)
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
