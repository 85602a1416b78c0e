"""Accounts from before the history have no entry in it: they are opened anew."""

from typing import Any

from django.db import migrations

from history.refusal import at_the_door


def empty(apps: Any, schema_editor: Any) -> None:
    with at_the_door():
        apps.get_model("accounts", "User").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts"), ("history", "0001_initial")]
    operations = [migrations.RunPython(empty, migrations.RunPython.noop)]
