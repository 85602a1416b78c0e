"""What is done to the log behind its back is found, and named."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from history import canonical, guards
from history.actors import SYSTEM
from history.domain import checkpoints, door, fold, proofs
from history.domain.verify import Verification, verify
from history.merkle import continues, includes
from history.models import Block, Checkpoint, Event, Log, Text
from history.notes import BadNote, VerificationKey
from history.values import told_fields
from policies.models import Destination
from tests.history.rows import add_destination, rename
from tests.history.tampering import KINDS
from tests.people import make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(db: None) -> int:
    """A log with some acts, a checkpoint, and more acts; returns the number of one in the middle
    of those that the checkpoint covers."""
    row = add_destination()
    first = Event.objects.latest("number").number
    for number in range(20):
        rename(row, f"Name {number}")
    add_destination("YY")
    checkpoints.make()
    rename(row, "Last")
    return first + 10


def first_place(found: Verification) -> int | str:
    return found.faults[0].place


def test_a_good_log_is_good_to_the_bottom(log: int) -> None:
    found = verify(deep=True)
    assert found.faults == []
    assert found.size == Log.objects.get().size == Event.objects.count()
    assert found.covered == Checkpoint.objects.get().size
    assert found.rows is not None
    assert found.rows > 2000


@pytest.mark.parametrize("kind", KINDS)
def test_tampering_is_found_with_a_checkpoint_kept_elsewhere(log: int, kind: str) -> None:
    pin = Checkpoint.objects.get().note
    with unlogged():
        place = KINDS[kind](log)
    found = verify(pin=pin)
    assert not found.good
    if place != 1:
        assert first_place(found) == place
        return
    # Rebuilt whole. Either the rebuilder left something that does not follow, or what was signed
    # tells, and then no checkpoint lies between the beginning and it.
    [fault, *_] = found.faults
    assert isinstance(fault.place, int)
    assert fault.until is None or (fault.place, fault.until >= log) == (1, True)


def test_a_checkpoint_between_tells_a_rewritten_log_closer(log: int) -> None:
    row = Destination.objects.get(code="YY")
    between = checkpoints.make().size
    rename(row, "After")
    later = Event.objects.latest("number").number
    checkpoints.make()
    with unlogged():
        KINDS["edit and rebuild"](later)
    [fault, *_] = verify().faults
    assert (fault.place, fault.until) == (between + 1, later)


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_a_restored_old_backup_is_found_by_a_pin(log: int, lost: int) -> None:
    pin = checkpoints.make()
    last = Event.objects.latest("number").number
    with unlogged():
        Checkpoint.objects.filter(size__gt=last - 4 - lost).delete()
        KINDS["lost tail and rebuild"](pin.size + 1 - lost)
    assert verify().good or {fault.reason for fault in verify().faults} == {"text"}
    [fault, *_] = verify(pin=pin.note).faults
    assert (fault.place, fault.reason) == (pin.size + 1 - lost, "missing")


def test_a_pin_of_another_log_is_found(log: int) -> None:
    note = Checkpoint.objects.get().note.replace("permit-desk/", "permit-desk/x")
    [fault, *_] = verify(pin=note).faults
    assert (fault.place, fault.reason) == (1, "key")


def test_a_pin_that_is_none_is_refused(log: int) -> None:
    with pytest.raises(BadNote):
        verify(pin="nothing")


def test_another_first_key_is_found(log: int) -> None:
    key = str(checkpoints.key_in_force())
    assert verify(first_key=key).good
    [fault, *_] = verify(first_key=key[:-2] + "A=").faults
    assert (fault.place, fault.reason) == (1, "key")


def test_a_day_that_the_body_does_not_say_is_found(log: int) -> None:
    with unlogged():
        Event.objects.filter(number=log).update(occurred_on=date(2019, 1, 1))
    [fault, *_] = verify().faults
    assert (fault.place, fault.reason) == (log, "column")
    assert "occurred_on" in fault.why


def test_what_is_kept_beside_the_events_agrees_with_them(log: int) -> None:
    with unlogged():
        Log.objects.update(synthetic=False)
    assert [fault.place for fault in verify().faults] == ["history_log"]
    with unlogged():
        Log.objects.update(synthetic=True)
        Block.objects.filter(index=0).update(root=bytes(32))
    assert [fault.place for fault in verify().faults] == ["history_block"]


# Texts


def test_a_changed_text_is_found(log: int) -> None:
    make_person("somebody", name="Somebody")
    with unlogged():
        Text.objects.filter(content="Somebody").update(content="Somebody else")
    assert {fault.reason for fault in verify().faults} == {"text"}


def test_a_text_that_nothing_cites_is_found(log: int) -> None:
    with unlogged():
        Text.objects.create(digest="0" * 64, salt=b"1" * 16, content="forged")
    [fault] = verify().faults
    assert (fault.place, fault.why) == ("text 0000000000000000", "no event cites it")


def test_a_text_disposed_of_breaks_nothing(log: int) -> None:
    person = make_person("somebody", name="Somebody")
    with unlogged():
        Text.objects.filter(content="Somebody").update(content=None, salt=None)
        type(person).objects.filter(pk=person.pk).update(name="")
    assert verify(deep=True).good


def test_a_row_keeps_no_text_that_was_disposed_of(log: int) -> None:
    person = make_person("somebody", name="Somebody")
    with unlogged():
        Text.objects.filter(content="Somebody").update(content=None, salt=None)
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"accounts_user row {person.pk}", "name")


def test_a_text_without_its_salt_is_found(log: int) -> None:
    make_person("somebody", name="Somebody")
    with unlogged():
        Text.objects.filter(content="Somebody").update(salt=None)
    assert [fault.why for fault in verify().faults] == ["its salt is gone"]


def test_a_text_that_is_gone_is_missed(log: int) -> None:
    make_person("somebody", name="Somebody")
    with unlogged():
        Text.objects.filter(content="Somebody").delete()
    assert [fault.why for fault in verify().faults] == ["it is gone"]


# Rows


def test_a_row_that_no_event_tells_of_is_found(log: int) -> None:
    with unlogged():
        forged = Destination.objects.create(code="XX", name_en="Forged", name_fr="Faux")
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.why) == (
        f"policies_destination row {forged.pk}",
        "no event tells of it",
    )


def test_a_row_that_is_gone_is_found(log: int) -> None:
    row = Destination.objects.get(code="YY")
    with unlogged():
        Destination.objects.filter(pk=row.pk).delete()
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.why) == (f"policies_destination row {row.pk}", "it is gone")


def test_a_row_put_back_to_an_earlier_state_is_found(log: int) -> None:
    row = Destination.objects.get(code="ZZ")
    with unlogged():
        Destination.objects.filter(pk=row.pk).update(name_en="Name 3")
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"policies_destination row {row.pk}", "name_en")
    assert verify().good


@pytest.mark.parametrize(
    ("column", "value"), [("version", 1), ("version", 99), ("stream", "reference:elsewhere")]
)
def test_a_row_of_another_event_than_the_last_is_found(
    log: int, column: str, value: object
) -> None:
    row = Destination.objects.get(code="ZZ")
    with unlogged():
        Destination.objects.filter(pk=row.pk).update(**{column: value})
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"policies_destination row {row.pk}", column)


def test_the_rows_are_compared_although_the_log_is_not_good(log: int) -> None:
    """Each is named, and no row only because an event before it is bad."""
    row = Destination.objects.get(code="YY")
    with unlogged():
        KINDS["edit"](log)
        Destination.objects.filter(pk=row.pk).update(name_en="Forged")
    assert [fault.place for fault in verify(deep=True).faults] == [
        log,
        f"policies_destination row {row.pk}",
    ]


def test_an_event_that_does_not_follow_from_those_before_is_named(log: int) -> None:
    """As in a log that was rebuilt whole, where every hash agrees."""
    row = Destination.objects.get(code="ZZ")
    place = f"policies_destination row {row.pk}"

    def differences(table: str, before: dict[str, str] | None) -> list[fold.Difference]:
        folded = fold.Fold()
        for body in Event.objects.order_by("number").values_list("body", flat=True):
            folded.take(canonical.decode(bytes(body)))
        change = {"table": table, "row": row.pk, "before": before, "after": {"name_en": "Last"}}
        told = {"number": 999, "stream": row.stream, "sequence": row.version, "changes": [change]}
        folded.take(told)
        return list(folded.differences())

    assert differences("policies_destination", {"name_en": "Last"}) == []
    assert differences("policies_destination", {"name_en": "Never"}) == [
        (place, "fold", "event 999 changes another name_en than there was")
    ]
    assert differences("policies_destination", None) == [
        (place, "fold", "event 999 does not follow")
    ]
    assert differences("nowhere", None) == [
        ("nowhere", "row", "the log tells of a table that is not tracked")
    ]


@pytest.fixture
def older(log: int, monkeypatch: pytest.MonkeyPatch) -> User:
    """An account opened when the table had no column for temporary passwords."""
    without = [one for one in told_fields(User) if one.attname != "must_change_password"]
    with monkeypatch.context() as patch:
        patch.setattr(door, "told_fields", lambda model: without)
        person = make_person("older")
    assert b"must_change_password" not in bytes(last_event().body)
    return person


def last_event() -> Event:
    return Event.objects.latest("number")


def test_a_log_of_before_a_column_was_added_is_good(older: User) -> None:
    """Also where it was changed since, from what rows of before got."""
    assert verify(deep=True).good
    with door.door(by=SYSTEM) as entries:
        entry = entries.record("test.done", stream=older.stream, subject="person:1")
        entry.set(older, must_change_password=True)
    assert b'"before":{"must_change_password":false}' in bytes(last_event().body)
    assert verify(deep=True).good


def test_a_column_added_later_that_was_written_past_the_log_is_found(older: User) -> None:
    with unlogged():
        User.objects.filter(pk=older.pk).update(must_change_password=True)
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"accounts_user row {older.pk}", "must_change_password")


def test_a_column_that_no_event_tells_of_and_nobody_declared_is_found(
    older: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User, "added_later", {})
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"accounts_user row {older.pk}", "must_change_password")


def test_a_password_put_in_place_is_found(log: int) -> None:
    person = make_person("somebody")
    other = make_person("other")
    with unlogged():
        type(person).objects.filter(pk=person.pk).update(password=other.password)
    [fault] = verify(deep=True).faults
    assert (fault.place, fault.reason) == (f"accounts_user row {person.pk}", "password")


# Proofs


def test_every_event_has_a_proof_under_a_later_checkpoint(log: int) -> None:
    size, root = Checkpoint.objects.values_list("size", "root")[0]
    for number in (1, 2, log, size - 1, size):
        leaf = bytes(Event.objects.get(number=number).leaf)
        path = proofs.inclusion(number, size)
        assert includes(leaf, number - 1, size, path, bytes(root))


def test_the_log_only_grew(log: int) -> None:
    size = Event.objects.count()
    for first in (1, 7, 256, 300, size):
        path = proofs.consistency(first, size)
        assert continues(first, proofs.root(first), size, proofs.root(size), path)


# The commands


def said(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_ok(log: int) -> None:
    code, words = said("verify_history", "--deep")
    assert code == 0
    assert words.startswith(f"OK: {Event.objects.count()} events of log permit-desk/")


def test_the_command_names_what_is_not_good(log: int) -> None:
    with unlogged():
        KINDS["edit"](log)
    code, words = said("verify_history")
    assert (code, words.splitlines()[0]) == (
        1,
        f"NOT GOOD: event {log}: altered: its hash is not the one that was kept for it",
    )
    code, words = said("verify_history", "--json")
    report = json.loads(words)
    assert (code, report["good"], report["faults"][0]["place"]) == (1, False, log)


def test_a_pin_that_cannot_be_read_is_an_error(log: int, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pinned"):
        call_command("verify_history", f"--pin={tmp_path / 'nothing'}")


def test_a_lost_guard_is_named(log: int) -> None:
    guards.remove(connection)
    code, words = said("verify_history")
    assert code == 1
    assert "history_event" in words


def test_the_key_in_force_is_the_one_of_the_first_event(log: int) -> None:
    assert isinstance(checkpoints.key_in_force(), VerificationKey)
