"""When the words of a question or an exception were changed under their key.

A correction, or a load, may write them anew; what people answered or claimed before was said of
other words. Read from the history: the rows keep what they say now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from history import canonical
from history.models import Event
from policies.domain.register import kept_until_loaded
from policies.models import PolicyException, PolicyQuestion
from policies.verbs import Verb

_WORDS = {
    PolicyQuestion._meta.db_table: {"text_en", "text_fr"},
    PolicyException._meta.db_table: {"text_en", "text_fr", "evidence_en", "evidence_fr"},
}


class Reworded(NamedTuple):
    """When they were changed: by key (`POLICY:code`), or for the standard ones by code."""

    questions: Mapping[str, Sequence[datetime]]
    exceptions: Mapping[str, Sequence[datetime]]

    def question(self, key: str) -> Sequence[datetime]:
        return self.questions.get(key) or self.questions.get(key.rpartition(":")[2], ())

    def exception(self, key: str) -> Sequence[datetime]:
        return self.exceptions.get(key) or self.exceptions.get(key.rpartition(":")[2], ())


@kept_until_loaded
def reworded() -> Reworded:
    """All that were changed, as of the newest load. Three queries, where it was not read before."""
    # What the first event of its stream entered and none wrote since, was not.
    rows = {
        (row._meta.db_table, row.pk): row
        for model in (PolicyQuestion, PolicyException)
        for row in model._default_manager.select_related("policy").filter(version__gt=1)
    }
    events = Event.objects.filter(
        stream__in={row.stream for row in rows.values()},
        verb__in=(Verb.POLICY_REVISED, Verb.REFERENCE_REVISED),
    )
    found: dict[str, dict[str, list[datetime]]] = {table: {} for table in _WORDS}
    for event in events.order_by("number"):
        for change in canonical.decode(bytes(event.body))["changes"]:
            row = rows.get((change["table"], change["row"]))
            if row is None or change["before"] is None:
                continue
            if _WORDS[change["table"]] & change["after"].keys():
                key = f"{row.policy.key}:{row.code}" if row.policy else row.code
                found[change["table"]].setdefault(key, []).append(event.recorded_at)
    return Reworded(*found.values())
