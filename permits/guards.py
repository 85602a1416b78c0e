"""What the database itself refuses of a permit, whoever asks: G8, G9 and G12 of the gate.

A permit is inserted only for a decision to issue it; never beside a consideration that finds a
substantial risk or not enough information (s. 7.4), and for arms only with all six answered and
signed by two people; never by who recommended, reviewed, took an exception or has a conflict. What
is written once for all (a decision, a permit, what was used of it) is never changed afterwards, or
else a permit could be moved under another case when it is there. The decision, the permit and the
event that tells of it are of one day, or else any of them could say which law applies.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from history.guards import EVENTS, Guard, postgres_function, postgres_trigger, sqlite_trigger
from permits.considerations import LAW_FROM

PERMITS = "permits_permit"
LINES = "permits_permitline"
_NEEDED = frozenset(
    {
        PERMITS,
        LINES,
        "permits_decision",
        "permits_recommendation",
        "permits_card",
        "permits_statement",
        "permits_conflictdeclaration",
        "permits_line",
    }
)

NEVER_CHANGED = (
    PERMITS,
    LINES,
    "permits_decision",
    "permits_use",
    "permits_conflictdeclaration",
    "permits_letter",
    "permits_sweepitem",
)
"""Tables to whose rows nothing is done once they are written."""

_DECISION = "permits_decision d WHERE d.id = NEW.decision_id"
_CARDS = "permits_card c WHERE c.application_id = NEW.application_id"
_ITEMS_OF_A_LINE = {
    "sqlite": "(SELECT value FROM json_each(l.items)) AS item",
    "postgresql": "jsonb_array_elements_text(l.items) AS item(value)",
}
"""The codes as they are read, however they are written."""
_BEFORE_A_GROUP = " -.()GROUPgroup"
"""What may stand before the digit of a code's group: see `policies.domain.codes`."""

GATE = {
    "decided": (
        f"NOT EXISTS (SELECT 1 FROM {_DECISION} AND d.outcome = 'issued'"
        " AND d.application_id = NEW.application_id AND d.decided_on = NEW.issued_on"
        " AND NEW.valid_from >= NEW.issued_on AND NEW.issued_on = (SELECT e.occurred_on"
        f" FROM {EVENTS} e WHERE e.stream = NEW.stream AND e.sequence = NEW.version)"
        " AND EXISTS (SELECT 1"
        " FROM permits_recommendation r WHERE r.id = d.recommendation_id AND r.outcome = d.outcome"
        " AND r.application_id = NEW.application_id AND r.set_aside_at IS NULL))"
    ),
    # Not all that the program takes for arms: it looks at more groups, and at what has gone stale.
    "arms": (
        f"NEW.issued_on >= '{LAW_FROM}'"
        f" AND EXISTS (SELECT 1 FROM {_DECISION} AND NOT d.is_for_war_material)"
        " AND EXISTS (SELECT 1 FROM permits_line l WHERE l.application_id = NEW.application_id"
        " AND NOT l.is_removed AND EXISTS (SELECT 1 FROM {items}"
        f" WHERE ltrim(item.value, '{_BEFORE_A_GROUP}') LIKE '2%'"
        f" OR ltrim(item.value, '{_BEFORE_A_GROUP}') LIKE '9%')"
        " AND NOT EXISTS (SELECT 1 FROM permits_statement s"
        " WHERE s.application_id = NEW.application_id AND s.kind = 'flag' AND s.value = 'no'"
        " AND s.key = 'line:' || l.number || ':war_material'"
        " AND s.countersigned_at IS NOT NULL AND s.set_aside_at IS NULL))"
    ),
    "g8": (
        f"EXISTS (SELECT 1 FROM {_CARDS}"
        " AND c.residual IN ('substantial_risk', 'not_enough_information'))"
        f" OR (EXISTS (SELECT 1 FROM {_DECISION} AND d.is_for_war_material)"
        f" AND (SELECT COUNT(*) FROM {_CARDS} AND c.residual = 'no_substantial_risk') <> 6)"
    ),
    "g9": (
        f"EXISTS (SELECT 1 FROM {_DECISION} AND d.is_for_war_material)"
        f" AND (SELECT COUNT(*) FROM {_CARDS} AND c.first_by_id IS NOT NULL"
        " AND c.second_by_id IS NOT NULL AND c.first_by_id <> c.second_by_id"
        " AND c.second_by_id <> c.edited_by_id) <> 6"
    ),
    "g12": (
        f"EXISTS (SELECT 1 FROM {_DECISION} AND ("
        "EXISTS (SELECT 1 FROM permits_recommendation r"
        " WHERE r.application_id = NEW.application_id AND r.made_by_id = d.decided_by_id)"
        f" OR EXISTS (SELECT 1 FROM {_CARDS}"
        " AND d.decided_by_id IN (c.edited_by_id, c.first_by_id, c.second_by_id))"
        " OR EXISTS (SELECT 1 FROM permits_statement s WHERE s.application_id = NEW.application_id"
        " AND s.kind = 'exception' AND d.decided_by_id IN (s.made_by_id, s.countersigned_by_id))"
        " OR EXISTS (SELECT 1 FROM permits_conflictdeclaration x"
        " WHERE x.application_id = NEW.application_id AND x.person_id = d.decided_by_id)))"
    ),
}
"""By rule, the condition under which a permit is refused; `{items}` is for each engine its own."""

OF_ITS_CASE = (
    f"NOT EXISTS (SELECT 1 FROM {PERMITS} p JOIN permits_line l"
    " ON l.application_id = p.application_id WHERE p.id = NEW.permit_id AND p.stream = NEW.stream"
    " AND p.version = NEW.version AND l.id = NEW.line_id AND l.number = NEW.number"
    " AND NOT l.is_removed)"
)
"""When a permit's line is refused: one of another case, or that comes later than the permit."""


def of_permits(connection: BaseDatabaseWrapper, tables: set[str]) -> Iterator[Guard]:
    """The guards of this package; none before its tables are there."""
    for table in NEVER_CHANGED:
        if table in tables and connection.vendor == "sqlite":
            yield sqlite_trigger(table, "never_changed", "UPDATE")
        elif table in tables:
            yield postgres_trigger(table, "never_changed", "UPDATE", "history_guard_refuse")
    if not tables >= _NEEDED:
        return
    conditions = [
        (PERMITS, rule, template.format(items=_ITEMS_OF_A_LINE[connection.vendor]))
        for rule, template in GATE.items()
    ]
    for table, rule, condition in [*conditions, (LINES, "line", OF_ITS_CASE)]:
        if connection.vendor == "sqlite":
            yield sqlite_trigger(table, f"gate_{rule}", "INSERT", condition)
            continue
        name = f"permits_gate_{rule}"
        source = (
            f" BEGIN IF {condition} THEN RAISE EXCEPTION 'the gate is closed: {rule}'"
            " USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END "
        )
        yield postgres_function(connection, name, source)
        yield postgres_trigger(table, f"gate_{rule}", "INSERT", name)
