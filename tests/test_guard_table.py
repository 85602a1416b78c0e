"""The table of `./dev campaign guards` is about the product as it is: the campaign takes long."""

from __future__ import annotations

from django.db import connection

from permits.domain.gate import RULES
from permits.guards import GATE
from tests.campaigns.guard_table import REFUSING, ROOT, guards


def test_every_guard_is_where_the_table_says_and_has_tests(db: None) -> None:
    found = guards()
    for guard in found:
        compile(guard.taken_out(), guard.path, "exec")
        assert guard.tests, guard.name
        for test in guard.tests:
            assert (ROOT / test).exists(), f"{guard.name}: {test}"
    names = {guard.name for guard in found}
    for rule in RULES:
        assert f"{rule.code} {rule.against.__name__}" in names
    for name in GATE:
        assert f"permits_permit_gate_{name}" in names
    assert {guard.kind for guard in found} >= {"refusals", "constraints", "triggers", "locks"}
    assert connection.vendor in {engine for guard in found for engine in guard.engines}


def test_every_module_that_refuses_something_on_a_case_is_in_the_table() -> None:
    for path in sorted((ROOT / "permits" / "domain").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "raise Refused(" in text or "raise NotPermitted(" in text:
            assert f"permits/domain/{path.name}" in REFUSING, path.name
