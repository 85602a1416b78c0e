"""Only what makes a case stricter counts with one signature, whatever the row says of itself; and the
guards of what was decided. Guards come by themselves after `migrate`; before, SQLite makes no table
anew of which a trigger of another one speaks.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from history import guards


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("permits", "0018_conflicts_and_reinstatements")]

    operations = [
        migrations.RunPython(remove, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                name="permits_statement_stricter_counts_alone",
                condition=Q(counts_alone=False)
                | Q(kind="eligibility", value="not_resident")
                | Q(kind="end_user", value="private")
                | Q(kind="end_user", value="unknown")
                | Q(kind="flag", value="yes")
                | Q(kind="screening", value="listed")
                | Q(kind="state_safety", value="prejudicial")
                | Q(kind="state_safety", value="raised"),
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove),
    ]
