"""A look into a file in a process of its own: what ends it, and what it answers."""

from __future__ import annotations

import sys
from io import BytesIO
from subprocess import TimeoutExpired

import pytest

from permits import looking
from permits.looking import SHORT, NoAnswer, looked_into
from permits.media import DOCX, PDF, TEXT, Media
from tests.permits import files


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (files.DOCX, DOCX),
        (files.PDF + b"%" * SHORT, PDF),
        (files.PDF + b"/Launch " * SHORT, None),
        (files.PDF + b"stream", PDF),
        ("à signer ".encode() * SHORT, TEXT),
    ],
)
def test_a_file_apart_is_what_it_is_in_process(content: bytes, kind: Media | None) -> None:
    assert looked_into(BytesIO(content)) == kind


@pytest.mark.parametrize(
    ("limit", "most", "signs", "ended"),
    [
        ("_MOST_MEMORY", 40_000_000, 1_000_000, "exit status 1"),
        ("_MOST_SECONDS", 1, 6_000_000, "SIGKILL"),
    ],
)
def test_a_look_beyond_its_limits_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, signs: int, ended: str
) -> None:
    monkeypatch.setattr(looking, limit, most)
    # Each sign is written anew for the look.
    with pytest.raises(NoAnswer) as fault:
        looked_into(BytesIO(files.PDF + b"#41" * signs))
    assert ended in str(fault.value.__cause__)


def test_a_look_that_takes_too_long_leaves_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hurry:
        hurry.setattr(looking, "_PATIENCE", 0.0)
        hurry.setattr(looking, "_LONGEST_WAIT", 0.0)
        for _one in range(3):
            with pytest.raises(NoAnswer) as fault:
                looked_into(BytesIO(files.DOCX))
            assert isinstance(fault.value.__cause__, TimeoutExpired)
    assert looked_into(BytesIO(files.DOCX)) == DOCX


def test_what_is_short_and_not_packed_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert looked_into(BytesIO(files.PDF)) == PDF
    for content in (files.DOCX, files.PDF + b"stream", files.PDF + b"%" * SHORT):
        with pytest.raises(NoAnswer):
            looked_into(BytesIO(content))
