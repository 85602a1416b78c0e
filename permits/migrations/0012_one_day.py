"""The guards that ask a permit's day; as the gate's others they come by themselves after `migrate`."""

from typing import Any

from django.db import migrations

from history import guards


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("permits", "0011_whom_it_waits_for")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
