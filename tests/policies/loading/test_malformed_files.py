"""`load_reference` names file, row, field and reason of whatever it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policies.domain.reference import (
    MalformedReference,
    load_reference,
)
from policies.domain.reference.files import FILES, LARGEST_FILE
from tests.policies.loading.folder import (
    LATER,
    TR,
    TRB,
    A,
    D,
    E,
    Edit,
    F,
    Folder,
    G,
    P,
    both,
    drop_in,
    edits,
    policy,
    set_in,
)

pytestmark = pytest.mark.django_db


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
    "a French note beside its policy": (
        set_in(P, *TR, "notes_fr", "Note."),
        (P, "TR-2020-04-16-presumptive", "notes_fr"),
        "stands in notes_fr.json",
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
    "a character that nobody sees": (
        set_in(P, *TR, "title_en", "T\u202erkiye"),
        (P, "TR-2020-04-16-presumptive", "title_en"),
        "U+202E",
    ),
    "a character that no database should hold": (
        set_in(P, *TR, "title_en", "T\x00rkiye"),
        (P, "TR-2020-04-16-presumptive", "title_en"),
        "U+0000",
    ),
}  # fmt: skip


@pytest.mark.one_engine
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
    "a fraction": (b'{"a": 1.5}', "the number 1.5 is not written as a whole number"),
    "a whole number written as a fraction": (b'{"a": 1.0}', "not written as a whole"),
    "too large an integer": (b'{"a": 100000000000000000000}', "too large"),
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


def test_the_first_of_many_keys_given_twice_is_named(folder: Folder) -> None:
    """Of a hundred thousand keys: comparing each with each would take minutes."""
    keys = [f"k{number}" for number in range(100_000)]
    members = ", ".join(f'"{key}": 0' for key in (*keys, keys[99_998], keys[99_997]))
    (folder.path / P).write_text(f"{{{members}}}", encoding="utf-8")
    fault = folder.refusal()
    assert (fault.file, fault.field, fault.reason) == (P, "k99997", "is given twice")


def test_a_pipe_is_not_waited_for(folder: Folder) -> None:
    path = folder.path / P
    path.unlink()
    os.mkfifo(path)
    fault = folder.refusal()
    assert (fault.file, fault.reason) == (P, "is not a regular file")


def test_a_device_without_end_is_not_read(folder: Folder) -> None:
    path = folder.path / P
    path.unlink()
    path.symlink_to("/dev/zero")
    fault = folder.refusal()
    assert (fault.file, fault.reason) == (P, "is not a regular file")


def test_a_file_that_is_too_large_is_refused_without_reading_it_all(folder: Folder) -> None:
    with (folder.path / P).open("wb") as file:
        file.truncate(10 * LARGEST_FILE)
    fault = folder.refusal()
    assert (fault.file, fault.reason) == (P, "is larger than 64 MB")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedReference, match="the file is missing"):
        load_reference(tmp_path / "nowhere", at=LATER)
