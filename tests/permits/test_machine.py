"""Parts of the gate's campaign: anyone tries anything, and the gate holds."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.permits.machine import Office, counts
from tests.permits.pages import OfficeOfPages


def run(office: type[Office], examples: int, steps: int) -> None:
    counts.clear()
    run_state_machine_as_test(
        office,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
    # It proves something only if permits were issued and doors were shut.
    assert counts["issue: done"] > 0
    assert counts["issue: GateClosed"] + counts["recommend issued: GateClosed"] > 0


def test_whatever_anyone_tries_the_gate_holds(db: None) -> None:
    run(Office, 16, 30)


def test_whatever_anyone_sends_to_the_pages_the_gate_holds(db: None) -> None:
    run(OfficeOfPages, 8, 16)
    assert counts["pages read"] > 0
