"""`load_reference`: what a first load adds, and what the rows then hold."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from policies.domain.reference import (
    PACKAGED,
    files,
    load_reference,
)
from policies.domain.reference.files import FILES
from policies.domain.reference.tables import TABLES
from policies.models import (
    ContextEntry,
    ControlListItem,
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
    ReferenceLoad,
    SubRegion,
)
from tests.policies import packaged
from tests.policies.loading.folder import (
    FIRST,
    LATER,
    PACKAGED_AS,
    Folder,
    changes,
    everything,
)

pytestmark = pytest.mark.django_db


def test_the_packaged_files_are_valid() -> None:
    assert files.read_files(PACKAGED).documents == PACKAGED_AS


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
