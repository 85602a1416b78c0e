"""The guards on the day of a permit and on its goods; they come by themselves after `migrate`."""

from typing import Any

from django.db import migrations

from history import guards


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("permits", "0015_use_reversals")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
