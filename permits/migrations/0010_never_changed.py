"""Guards on rows that are never changed; as the gate's they come by themselves after `migrate`."""

from typing import Any

from django.db import migrations

from history import guards


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("permits", "0009_what_waits")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
