"""What the server does every minute beside answering."""

from __future__ import annotations

import gc
import threading

import pytest
from django.db import OperationalError, connections

from config import rounds, server
from config.rounds import Rounds


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; nothing is really done."""
    told: list[str] = []

    def make_if_needed() -> None:
        told.append("checkpoint")

    def forget_old_records() -> None:
        told.append("forgetting")

    def forget_old_drafts() -> None:
        told.append("drafts")

    def refresh() -> int:
        told.append("overviews")
        return int(told.count("overviews") == 1)

    def go_on_with_those_left() -> None:
        told.append("previews")

    def close_all() -> None:
        told.append("closed")

    monkeypatch.setattr(rounds, "make_if_needed", make_if_needed)
    monkeypatch.setattr(rounds, "forget_old_records", forget_old_records)
    monkeypatch.setattr(rounds, "forget_old_drafts", forget_old_drafts)
    monkeypatch.setattr(rounds, "refresh", refresh)
    monkeypatch.setattr(rounds, "go_on_with_those_left", go_on_with_those_left)
    monkeypatch.setattr(connections, "close_all", close_all)
    return told


def test_a_round_makes_a_checkpoint_forgets_once_a_day_and_brings_all_up_to_date(
    done: list[str],
) -> None:
    going = Rounds()
    going.go_once()
    going.go_once()
    assert done == [
        "checkpoint",
        "closed",
        "forgetting",
        "drafts",
        "closed",
        "overviews",
        "overviews",
        "closed",
        "previews",
        "closed",
        "checkpoint",
        "closed",
        "closed",
        "overviews",
        "closed",
        "previews",
        "closed",
    ]


def test_a_fault_is_logged_and_ends_nothing(
    done: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def make_if_needed() -> None:
        raise OperationalError("the database is gone")

    monkeypatch.setattr(rounds, "make_if_needed", make_if_needed)
    Rounds().go_once()
    assert done == ["closed", "forgetting", "drafts", "closed", "overviews", "overviews", "closed",
                    "previews", "closed"]  # fmt: skip
    (record,) = caplog.records
    assert record.getMessage() == "make_if_needed failed; again in 60.0 seconds"
    assert record.exc_info is not None


def test_they_go_on_until_told_to_stop(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    third = threading.Event()

    def make_if_needed() -> None:
        done.append("checkpoint")
        if done.count("checkpoint") == 3:
            third.set()
        raise RuntimeError("every time")

    monkeypatch.setattr(rounds, "make_if_needed", make_if_needed)
    going = Rounds(pause=0.001)
    going.start()
    assert third.wait(10)
    going.stop()
    going.join(10)
    assert not going.is_alive()


def test_a_round_is_left_out_while_it_is_to_wait(done: list[str]) -> None:
    answers = iter([True, True, False])
    seen: list[list[str]] = []

    def waits() -> bool:
        seen.append(list(done))
        answer = next(answers, None)
        if answer is None:
            going.stop()
        return answer is not False

    going = Rounds(pause=0.001, waits=waits)
    going.start()
    going.join(10)
    assert not going.is_alive()
    assert seen[:3] == [[], [], []]
    assert done.count("checkpoint") == 1


def test_each_worker_starts_them(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Rounds] = []
    monkeypatch.setattr(Rounds, "start", lambda going: started.append(going))
    monkeypatch.setattr(server, "settle", lambda: None)
    server.post_worker_init(object())
    (going,) = started
    assert going.daemon


def test_what_stays_is_not_looked_through_for_garbage(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.server.connections.close_all", lambda: None)
    try:
        server.settle()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
