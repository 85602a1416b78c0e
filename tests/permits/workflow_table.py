"""The tables of docs/workflow.md, made from `permits.workflow`.

./dev manage shell -c "from tests.permits.workflow_table import write; write()"
"""

from __future__ import annotations

from pathlib import Path

from django.utils import translation

from accounts.choices import Role
from permits.choices import Status
from permits.workflow import TRANSITIONS

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "workflow.md"
BEGIN, END = "<!-- made from permits/workflow.py -->\n", "<!-- end -->\n"


def made() -> str:
    """Who may do what from which status, and a diagram of what moves the status."""
    with translation.override("en-ca"):
        return f"{_diagram()}\n{_table()}"


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for action, one in TRANSITIONS.items():
        if one.target is None:
            continue
        sources = [status.value for status in Status if status in one.sources] or ["[*]"]
        lines += [f"    {source} --> {one.target.value}: {action.label}" for source in sources]
    lines += ["    decided --> [*]", "    withdrawn --> [*]", "```", ""]
    return "\n".join(lines)


def _table() -> str:
    rows = ["| act | who | from | then |", "| --- | --- | --- | --- |"]
    for action, one in TRANSITIONS.items():
        who = ", ".join(str(role.label).lower() for role in Role if role in one.roles)
        sources = [str(status.label).lower() for status in Status if status in one.sources]
        if one.after_issue:
            sources.append("decided, with a permit issued")
        then = str(one.target.label).lower() if one.target else "as it was"
        rows.append(f"| {action.label} | {who} | {'; '.join(sources) or 'nothing'} | {then} |")
    return "\n".join(rows) + "\n"


def write() -> None:
    """Puts the tables into the document."""
    before, _begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _old, _end, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}{made()}{END}{after}", encoding="utf-8")
