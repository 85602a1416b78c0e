"""`load_reference` again: what is added, superseded and left, and which changes are refused."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta

import pytest

from policies.domain.reference import MalformedReference
from policies.domain.reference.load import NEVER_DROPPED, NEVER_EDITED, OF_THE_KEY
from policies.facts import covers
from policies.models import (
    ControlListItem,
    CountryList,
    CountryListEntry,
    Destination,
    DestinationName,
    Edition,
    PermitAct,
    Policy,
    PolicyVersion,
    Provision,
    ReferenceLoad,
)
from policies.querysets import known_at
from tests.policies.loading.folder import (
    LATER,
    TR,
    TRB,
    Edit,
    Folder,
    Json,
    P,
    both,
    changes,
    drop_in,
    edits,
    everything,
    policy,
    row,
    set_in,
)

pytestmark = pytest.mark.django_db


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
    for day, name in ((date(2031, 12, 31), "Türkiye"), (date(2032, 1, 1), "New Türkiye")):
        called = [
            one.name_en for one in names_now if covers(one.effective_from, one.effective_to, day)
        ]
        assert called == [name]


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


# What is refused

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
