"""The stance of an overview is the least strict to which an answer can lead.

Those of open cases that can tell another one are made anew, as if of another day.
"""

from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q


def make_anew(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("permits", "Overview").objects
    rows.filter(Q(asks=True) | Q(has_moved=True)).update(on=date.min)


class Migration(migrations.Migration):
    dependencies = [("permits", "0014_submitted_not_complete")]
    operations = [migrations.RunPython(make_anew, migrations.RunPython.noop)]
