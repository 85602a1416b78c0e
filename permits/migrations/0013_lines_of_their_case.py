"""The guard on a permit's lines; as the gate's others it comes by itself after `migrate`."""

from typing import Any

from django.db import migrations

from history import guards


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("permits", "0012_one_day")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
