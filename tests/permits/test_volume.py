"""Made-up applications in great numbers: lawful, told by the log, and gone on with."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.forms.models import model_to_dict

from accounts.domain.demo import make_demo_people
from history import clock
from history.domain.verify import verify
from history.models import Event, Log
from permits.choices import OPEN, Outcome, Status
from permits.domain.assessment import card_states
from permits.domain.casefile import read_files
from permits.domain.frozen import replay
from permits.domain.gate import FAIL, check_gate
from permits.domain.overview import refresh
from permits.domain.ruling import requires_assessment, rule_on
from permits.models import Application, Overview, Permit
from permits.sample import volume
from permits.sample.office import NotHere
from permits.sample.volume import seed, seeded
from policies.domain.queries import end_of_day
from tests.history.rows import add_destination
from tests.people import Cast


@pytest.fixture
def demonstration(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_demo_people()
    # Often enough for a few dozen to have some.
    monkeypatch.setattr(volume, "ARMS", 0.5)
    monkeypatch.setattr(volume, "STRICT", 0.3)


def test_what_is_made_is_lawful_and_told_by_the_log(demonstration: None) -> None:
    assert seed(80, seed=4) == 80
    assert verify(deep=True).good

    permits = list(Permit.objects.select_related("application"))
    assert permits
    for file in read_files([one.application for one in permits]):
        on = file.application.decided_on
        assert on is not None
        ruling = rule_on(file, on=on, known_at=end_of_day(on))
        found = check_gate(file, ruling).findings
        assert [one.rule.code for one in found if one.state == FAIL] == []
        assert replay(file.decision).is_intact  # type: ignore[arg-type]
        if requires_assessment(file):
            assert all(one.is_good for one in card_states(file, ruling))

    assert {Outcome.ISSUED, Outcome.REFUSED} <= set(
        Application.objects.values_list("outcome", flat=True)
    )
    assert Application.objects.filter(status=Status.WITHDRAWN).exists()
    assert not Application.objects.filter(decided_on__gt=clock.today()).exists()


def test_a_case_has_about_ten_events(db: None) -> None:
    make_demo_people()
    seed(120, seed=4)
    told = Event.objects.filter(stream__startswith="case:").values("stream")
    numbers = sorted(told.annotate(events=Count("number")).values_list("events", flat=True))
    assert 9 <= numbers[len(numbers) // 2] <= 12


def test_its_overviews_are_those_that_a_worklist_would_make(demonstration: None) -> None:
    seed(60, seed=7)
    assert refresh() == 0
    kept = {one.pk: _told(one) for one in Overview.objects.all()}
    Overview.objects.all().delete()
    assert refresh() == 60
    assert {one.pk: _told(one) for one in Overview.objects.all()} == kept


def _told(overview: Overview) -> dict[str, Any]:
    return model_to_dict(overview, exclude=["number"])


def test_an_interrupted_seed_goes_on_and_makes_the_same(
    demonstration: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "BATCH", 10)

    class Killed(Exception):
        """What stops it."""

    def die(there: int) -> None:
        if there == 20:
            raise Killed

    with pytest.raises(Killed):
        seed(30, seed=9, tell=die)
    assert seeded(9) == Application.objects.count() == 20
    assert seed(30, seed=9) == 10
    assert seed(30, seed=9) == 0
    in_pieces = _applied_for(Application.objects.all())

    # The same seed applies for the same things, whatever was made before it.
    monkeypatch.setattr(volume, "seeded", lambda seed: 0)
    monkeypatch.setattr(volume, "BATCH", 30)
    newest = Application.objects.latest("pk").pk
    seed(30, seed=9)
    assert _applied_for(Application.objects.filter(pk__gt=newest)) == in_pieces


def test_what_was_planned_before_somebody_else_wrote_is_made_anew(
    demonstration: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "BATCH", 10)
    seed(50, seed=9)
    alone = _applied_for(Application.objects.all())

    planned: list[int] = []

    class AllAtOnce:
        """Makes every batch before the first is written."""

        def __init__(self, *which: Any) -> None:
            self.which, self.made = which, list[volume.Batch]()

        def next(self, first: int) -> volume.Batch:
            if not self.made:
                seed, since, number, size = self.which
                self.made = list(volume.batches(seed, since, first, number, size))
                planned.append(first)
            return self.made.pop(0)

        def end(self) -> None:
            self.made.clear()

    def write(there: int) -> None:
        if there == 20:
            add_destination()

    monkeypatch.setattr(volume, "Ahead", AllAtOnce)
    monkeypatch.setattr(volume, "seeded", lambda seed: 0)
    newest = Application.objects.latest("pk").pk
    assert seed(50, seed=9, tell=write, ahead=True) == 50
    assert planned == [0, 30]
    assert _applied_for(Application.objects.filter(pk__gt=newest)) == alone
    assert refresh() == 0
    assert verify(deep=True).good


@pytest.mark.django_db(transaction=True)
def test_where_the_second_process_is_killed_nothing_is_half_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_demo_people()
    monkeypatch.setattr(volume, "BATCH", 10)
    write = volume._write

    def kill(*given: Any) -> bool:
        (process,) = multiprocessing.active_children()
        process.kill()
        return write(*given)

    monkeypatch.setattr(volume, "_write", kill)
    with pytest.raises(CommandError, match="run the command again"):
        call_command("seed", applications=30, processes=2, verbosity=0)
    assert not multiprocessing.active_children()
    assert seeded(1) == Application.objects.count() == 10

    monkeypatch.undo()
    assert seed(12, seed=1) == 2
    assert verify(deep=True).good


def _applied_for(applications: Any) -> list[tuple[Any, ...]]:
    told = ("destination", "filed_on", "status", "outcome", "decided_on")
    return list(applications.order_by("pk").values_list(*told))


def test_only_a_demonstration_is_filled(office: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotHere, match="people"):
        seed(1, seed=1)
    with pytest.raises(CommandError, match="from 1 on"):
        call_command("seed", applications=0)
    log = Log.objects.get()
    log.synthetic = False
    monkeypatch.setattr(Log.objects, "first", lambda: log)
    with pytest.raises(CommandError, match="not synthetic"):
        call_command("seed", applications=1)


def test_the_later_they_begin_the_more_are_open(demonstration: None) -> None:
    since = clock.today() - timedelta(days=20)
    seed(30, seed=5, since=since)
    opened = Application.objects.values_list("opened_at", flat=True)
    assert all(one.astimezone(clock.OTTAWA).date() >= since for one in opened)
    assert Application.objects.filter(status__in=OPEN).count() > 10
    with pytest.raises(CommandError, match="before today"):
        call_command("seed", applications=1, since=clock.today())
