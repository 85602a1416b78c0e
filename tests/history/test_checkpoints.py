"""Checkpoints, keys, epochs, exports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from history.canonical import decode
from history.domain import checkpoints, epochs
from history.domain.export import VERIFIER, NotEmpty, export_history
from history.domain.verify import verify
from history.keyfile import KeyUnavailable, key_file, make_signer
from history.models import Checkpoint, Event, Log
from history.notes import BadNote, read_note, verify_note
from tests.history.rows import add_destination, rename
from tests.history.tampering import rehash
from tests.people import make_person
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key_of_its_own(settings: Settings, tmp_path: Path) -> None:
    """A copy of the tests' key: what a test does to it harms no other."""
    mine = tmp_path / "key" / "history.pem"
    mine.parent.mkdir()
    shutil.copy(key_file(), mine)
    settings.HISTORY_KEY_FILE = str(mine)


def checked(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify_history.py"), str(folder), *arguments],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


# Checkpoints


def test_a_checkpoint_says_how_far_the_log_had_come_and_is_told_by_the_next_event() -> None:
    size = Log.objects.get().size
    made = checkpoints.make()
    said = verify_note(made.note, checkpoints.key_in_force())
    assert (said.size, said.epoch, said.root) == (size, 1, bytes(made.root))
    event = Event.objects.get(number=size + 1)
    assert decode(bytes(event.body))["data"]["note"] == made.note


def test_no_checkpoint_is_made_of_nothing_new() -> None:
    made = checkpoints.make()
    assert checkpoints.make() == made
    assert checkpoints.make_if_needed() is None
    add_destination()
    assert checkpoints.make_if_needed() is not None
    assert checkpoints.make_if_needed() is None


def test_an_idle_log_costs_two_queries(django_assert_num_queries: object) -> None:
    checkpoints.make()
    with django_assert_num_queries(2):  # type: ignore[operator]
        checkpoints.make_if_needed()


def test_without_its_key_no_checkpoint_is_made() -> None:
    key_file().unlink()
    size = Log.objects.get().size
    with pytest.raises(KeyUnavailable, match="Put it back"):
        checkpoints.make()
    with pytest.raises(CommandError, match="Put it back"):
        call_command("checkpoint")
    assert Log.objects.get().size == size


def test_another_key_in_the_file_makes_no_checkpoint() -> None:
    key_file().unlink()
    make_signer("any")
    with pytest.raises(KeyUnavailable, match="not the one that the log names"):
        checkpoints.make()


def test_a_key_file_that_is_none_is_named() -> None:
    key_file().write_text("nonsense")
    with pytest.raises(KeyUnavailable, match="can't be read"):
        checkpoints.make()


# Keys


def test_a_key_is_replaced_by_an_event_that_both_sign() -> None:
    old = checkpoints.key_in_force()
    first = checkpoints.make()
    add_destination("YY")
    size = Log.objects.get().size
    new = checkpoints.rotate_key()
    assert new == checkpoints.key_in_force() != old
    # The old key signs all that it covered.
    last = Checkpoint.objects.get(size=size)
    verify_note(last.note, old)
    add_destination()
    second = checkpoints.make()
    verify_note(second.note, new)
    with pytest.raises(BadNote):
        verify_note(second.note, old)
    verify_note(first.note, old)
    assert verify(deep=True, pin=first.note).good
    assert key_file().with_name("history.pem.old").exists()


def test_a_rotation_that_was_interrupted_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("history.keyfile.promote_successor", stop)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.rotate_key()
    size = Log.objects.get().size
    new = checkpoints.rotate_key()
    assert (Log.objects.get().size, checkpoints.key_in_force()) == (size, new)
    add_destination()
    verify_note(checkpoints.make().note, new)


def test_a_key_is_in_its_place_also_when_its_successor_is_put_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(path: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", stop)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.rotate_key()
    assert key_file().exists()
    new = checkpoints.rotate_key()
    assert checkpoints.key_in_force() == new


# Epochs


def test_a_restore_is_owned_up_to(tmp_path: Path) -> None:
    row = add_destination()
    kept = checkpoints.make()
    head = Log.objects.get().size
    rename(row, "Lost")
    lost = checkpoints.make()
    with unlogged():
        Checkpoint.objects.filter(pk=lost.pk).delete()
        type(row).objects.filter(pk=row.pk).update(name_en="Test", version=1)
        Event.objects.filter(number__gt=head).delete()
        rehash()
    assert verify(pin=lost.note).faults[0].reason == "missing"
    assert epochs.open_epoch(anchor=lost.note, authority="Director's order 5") == 2
    assert verify(deep=True, pin=lost.note).good
    assert verify(pin=kept.note).good
    after = checkpoints.make()
    assert read_note(after.note)[0].epoch == 2
    assert export_history(tmp_path / "export", with_texts=False)
    pin = tmp_path / "pin.txt"
    pin.write_text(lost.note, encoding="utf-8")
    assert checked(tmp_path / "export", "--pin", str(pin))[0] == 0


def test_a_restore_needs_its_authority_and_a_true_anchor() -> None:
    note = checkpoints.make().note
    with pytest.raises(ValueError, match="authority"):
        epochs.open_epoch(anchor=None, authority="  ")
    with pytest.raises(BadNote):
        epochs.open_epoch(anchor=note.replace("permit-desk/", "permit-desk/x"), authority="A")
    with pytest.raises(BadNote):
        epochs.open_epoch(anchor="nothing", authority="A")


@pytest.mark.parametrize("others", [0, 1, 6])
def test_a_checkpoint_of_a_branch_that_was_lost_is_no_anchor_once_people_worked_on(
    others: int,
) -> None:
    """It is signed, and of as many events as there are or fewer: but of others."""
    row, lost = add_destination("ZZ"), None
    with suppress(_Undo), transaction.atomic():
        rename(row, "Lost")
        lost = checkpoints.make()
        raise _Undo
    assert lost
    while Log.objects.get().size < lost.size + others:
        row.refresh_from_db()
        rename(row, f"After {Log.objects.get().size} entries")
    size = Log.objects.get().size
    with pytest.raises(BadNote):
        epochs.open_epoch(anchor=lost.note, authority="Director's order 5")
    assert (Log.objects.get().size, Log.objects.get().epoch) == (size, 1)
    epochs.open_epoch(anchor=None, authority="Director's order 5")
    assert verify(deep=True).good


@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_checkpoint_that_the_log_tells_of_is_an_anchor(rotated: bool, goes_on: bool) -> None:
    """Also one signed by the key before: it was in force then."""
    row = add_destination("ZZ")
    note = checkpoints.make().note
    if rotated:
        checkpoints.rotate_key()
    if goes_on:
        rename(row, "Again")
    epochs.open_epoch(anchor=note, authority="Director's order 5")
    assert verify(deep=True).good


class _Undo(Exception):
    """Rolls back."""


def test_the_command_opens_an_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = checkpoints.make().note
    anchor = tmp_path / "anchor.txt"
    anchor.write_text(note, encoding="utf-8")
    call_command("checkpoint", open_epoch="Order 5", anchor=anchor)
    assert "epoch 2" in capsys.readouterr().err
    assert verify(deep=True).good
    with pytest.raises(CommandError, match="belongs to"):
        call_command("checkpoint", anchor=anchor)


# Exports


def test_an_export_is_checked_without_the_product(tmp_path: Path) -> None:
    make_person("somebody", name="Zoé Unusual")
    folder = tmp_path / "export"
    size = export_history(folder, with_texts=False)
    code, words = checked(folder)
    assert code == 0
    assert words.startswith(f"OK: {size} events of log ")
    assert not any("Zoé" in path.read_text("utf-8") for path in folder.iterdir())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert (folder / "verify_history.py").read_bytes() == VERIFIER.read_bytes()


def test_texts_go_along_where_right_allows(tmp_path: Path) -> None:
    make_person("somebody", name="Zoé Unusual")
    folder = tmp_path / "export"
    export_history(folder, with_texts=True)
    assert checked(folder)[0] == 0
    texts = [json.loads(line) for line in (folder / "texts.jsonl").read_text().splitlines()]
    assert "Zoé Unusual" in {text["text"] for text in texts}
    assert [text["text"] for text in texts].count(None) == 1, "the password, without its text"


def test_making_an_export_is_itself_recorded_and_in_it(tmp_path: Path) -> None:
    export_history(tmp_path / "export", with_texts=True)
    event = Event.objects.get(verb="log.exported")
    assert decode(bytes(event.body))["data"] == {"texts": True}
    assert '"verb":"log.exported"' in (tmp_path / "export" / "events.jsonl").read_text()


def test_an_export_continues_a_pinned_checkpoint(tmp_path: Path) -> None:
    pin = tmp_path / "pin.txt"
    pin.write_text(checkpoints.make().note, encoding="utf-8")
    add_destination()
    export_history(tmp_path / "export", with_texts=False)
    assert checked(tmp_path / "export", "--pin", str(pin))[0] == 0


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NotEmpty):
        export_history(tmp_path, with_texts=False)
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_history", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.txt"]
