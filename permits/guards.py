"""What the database itself refuses of a permit, whoever asks: G8, G9 and G12 of the gate.

A permit is inserted only for a decision to issue it; never beside a consideration that finds a
substantial risk or not enough information (s. 7.4), and for arms only with all six answered and
signed by two people; never by who recommended, reviewed, took an exception or has a conflict. What
the goods are, and what was found of them, is looked at again with each line of the permit: the
event that tells of it may have changed them meanwhile. Once it is decided, the lines, parties and
conditions of an application stay as they are, and what it says of the transaction; so does an act
that was done or declined. What is written once for all (a decision, a
permit, what was used of it) is never changed afterwards, or else a permit could be moved under
another case when it is there. The decision, the permit and the event that tells of it are of one
day, the newest of the case and, unless the log is synthetic, the database's own, or else any of
them could say which law applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

from history.guards import EVENTS, Guard, postgres_function, postgres_trigger, sqlite_trigger
from permits.considerations import LAW_FROM

PERMITS = "permits_permit"
LINES = "permits_permitline"
GOODS = "permits_line"
PARTIES = "permits_party"
CONDITIONS = "permits_condition"
APPLICATIONS = "permits_application"
ACTS = "permits_permitact"
_NEEDED = frozenset(
    {
        PERMITS,
        LINES,
        "permits_decision",
        "permits_recommendation",
        "permits_card",
        "permits_statement",
        "permits_conflictdeclaration",
        GOODS,
        PARTIES,
        CONDITIONS,
        APPLICATIONS,
        ACTS,
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
_BLANKS = [one for one in range(0x3001) if chr(one).isspace()]
"""What the program takes for a blank, as numbers: the databases trim the common one only."""
_SIGNS = "-.()GROUPgroup"
_TO_SQL: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "same": "IS",
        "other": "IS NOT",
        "items": "(SELECT value FROM json_each(l.items)) AS item",
        "before": f"'{_SIGNS}' || char({', '.join(map(str, _BLANKS))})",
        "today": "date('now')",
        "yesterday": "date('now', '-1 day')",
        "synthetic": "json_extract(CAST(e.body AS TEXT), '$.data.synthetic')",
    },
    "postgresql": {
        "same": "IS NOT DISTINCT FROM",
        "other": "IS DISTINCT FROM",
        "items": "jsonb_array_elements_text(l.items) AS item(value)",
        "before": " || ".join([f"'{_SIGNS}'", *(f"chr({one})" for one in _BLANKS)]),
        "today": "(clock_timestamp() AT TIME ZONE 'UTC')::date",
        "yesterday": "(clock_timestamp() AT TIME ZONE 'UTC')::date - 1",
        "synthetic": "(convert_from(e.body, 'UTF8')::jsonb->'data'->>'synthetic')::boolean",
    },
}
"""What each engine writes in its own way: whether two values that may be nothing are the same; a
line's codes as they are read, however they are written; what may stand before the digit of a code's
group (see `policies.domain.codes`); the days of the database's own clock; whether the log is
synthetic, where a simulated clock may rule.
"""

GATE = {
    "decided": (
        f"NOT EXISTS (SELECT 1 FROM {_DECISION} AND d.outcome = 'issued'"
        " AND d.application_id = NEW.application_id AND d.decided_on = NEW.issued_on"
        " AND NEW.valid_from >= NEW.issued_on AND EXISTS (SELECT 1"
        " FROM permits_recommendation r WHERE r.id = d.recommendation_id AND r.outcome = d.outcome"
        " AND r.application_id = NEW.application_id AND r.valid_to = NEW.valid_to"
        " AND r.set_aside_at IS NULL))"
    ),
    # Ottawa's day is that of the database's clock, or the day before while it is evening there.
    "day": (
        f"NOT EXISTS (SELECT 1 FROM {EVENTS} e WHERE e.stream = NEW.stream"
        " AND e.sequence = NEW.version AND e.occurred_on = NEW.issued_on)"
        f" OR EXISTS (SELECT 1 FROM {EVENTS} e WHERE e.stream = NEW.stream"
        " AND e.occurred_on > NEW.issued_on)"
        " OR (NEW.issued_on NOT BETWEEN {yesterday} AND {today} AND NOT EXISTS"
        f" (SELECT 1 FROM {EVENTS} e WHERE e.number = 1 AND {{synthetic}}))"
    ),
    # Not all that the program takes for arms: it looks at more groups, and at what has gone stale.
    "arms": (
        f"NEW.issued_on >= '{LAW_FROM}'"
        f" AND EXISTS (SELECT 1 FROM {_DECISION} AND NOT d.is_for_war_material)"
        " AND EXISTS (SELECT 1 FROM permits_line l WHERE l.application_id = NEW.application_id"
        " AND NOT l.is_removed AND EXISTS (SELECT 1 FROM {items}"
        " WHERE ltrim(item.value, {before}) LIKE '2%' OR ltrim(item.value, {before}) LIKE '9%')"
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
        " AND (s.kind IN ('exception', 'authorization')"
        " OR (s.kind = 'flag' AND s.value = 'no' AND s.key LIKE '%:war_material'))"
        " AND d.decided_by_id IN (s.made_by_id, s.countersigned_by_id))"
        " OR EXISTS (SELECT 1 FROM permits_conflictdeclaration x"
        " WHERE x.application_id = NEW.application_id AND x.person_id = d.decided_by_id)))"
    ),
}
"""By rule, the condition under which a permit is refused; what stands in braces is of `_TO_SQL`."""

_OF_THE_GOODS = ("arms", "g8", "g9")
"""What is asked again of a permit when a line is added to it."""

OF_ITS_CASE = (
    f"NOT EXISTS (SELECT 1 FROM {PERMITS} p JOIN permits_line l"
    " ON l.application_id = p.application_id WHERE p.id = NEW.permit_id AND p.stream = NEW.stream"
    " AND p.version = NEW.version AND l.id = NEW.line_id AND l.number = NEW.number"
    " AND NEW.quantity {same} l.quantity AND NEW.unit = l.unit AND NEW.value {same} l.total_value"
    " AND NOT l.is_removed)"
)
"""When a permit's line is refused: one of another case, of other figures than the application's, or
that comes later than the permit."""

_IS_DECIDED = "EXISTS (SELECT 1 FROM permits_decision d WHERE d.{column} IN ({keys}))"
_TRANSACTION = (
    *("reference", "activity", "destination_id", "sub_region", "transit", "country_of_export_id"),
    *("end_user_kind", "end_use", "end_use_location", "resale_or_government"),
    *("brokering_paragraph", "filed_on"),
)
"""Of an application: what a review is about, and what its papers say."""


def _once_decided() -> Iterator[tuple[str, str, str, str]]:
    """Table, event, rule and the condition under which it is refused: what was decided, and what
    its papers say, stays as it was, also by an event of later."""
    for table, rule, column in (
        (GOODS, "goods", "application_id"),
        (PARTIES, "parties", "application_id"),
        (CONDITIONS, "conditions", "recommendation_id"),
    ):
        added, before = f"NEW.{column}", f"OLD.{column}"
        yield table, "INSERT", f"more_{rule}", _IS_DECIDED.format(column=column, keys=added)
        both = f"{before}, {added}"
        yield table, "UPDATE", rule, _IS_DECIDED.format(column=column, keys=both)
    moved = " OR ".join(f"OLD.{name} {{other}} NEW.{name}" for name in _TRANSACTION)
    is_decided = _IS_DECIDED.format(column="application_id", keys="OLD.id")
    yield APPLICATIONS, "UPDATE", "transaction", f"({moved}) AND {is_decided}"
    over = "OLD.done_at IS NOT NULL OR OLD.declined_at IS NOT NULL"
    yield ACTS, "UPDATE", "act", over


def of_permits(connection: BaseDatabaseWrapper, tables: set[str]) -> Iterator[Guard]:
    """The guards of this package; none before its tables are there."""
    for table in NEVER_CHANGED:
        if table in tables and connection.vendor == "sqlite":
            yield sqlite_trigger(table, "never_changed", "UPDATE")
        elif table in tables:
            yield postgres_trigger(table, "never_changed", "UPDATE", "history_guard_refuse")
    if not tables >= _NEEDED:
        return
    own = _TO_SQL[connection.vendor]
    gate = {rule: asked.format(**own) for rule, asked in GATE.items()}
    conditions = [
        *((PERMITS, "INSERT", rule, rule, asked) for rule, asked in gate.items()),
        (LINES, "INSERT", "line", "line", OF_ITS_CASE.format(**own)),
        *(
            (table, event, rule, rule, asked.format(**own))
            for table, event, rule, asked in _once_decided()
        ),
        *(
            (
                LINES,
                "INSERT",
                rule,
                f"line_{rule}",
                f"EXISTS (SELECT 1 FROM {PERMITS} p WHERE p.id = NEW.permit_id"
                f" AND ({gate[rule].replace('NEW.', 'p.')}))",
            )
            for rule in _OF_THE_GOODS
        ),
    ]
    for table, event, rule, function, condition in conditions:
        if connection.vendor == "sqlite":
            yield sqlite_trigger(table, f"gate_{rule}", event, condition)
            continue
        name = f"permits_gate_{function}"
        source = (
            f" BEGIN IF {condition} THEN RAISE EXCEPTION 'the gate is closed: {rule}'"
            " USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END "
        )
        yield postgres_function(connection, name, source)
        yield postgres_trigger(table, f"gate_{rule}", event, name)
