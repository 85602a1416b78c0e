"""Which cases wait for a second person, kept where the worklist looks."""

from datetime import date

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def outdate(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As if of another day: those of open cases are made anew."""
    apps.get_model("permits", "Overview").objects.update(on=date.min)


class Migration(migrations.Migration):
    dependencies = [
        ("permits", "0008_previews_under_way"),
    ]

    operations = [
        migrations.AddField(
            model_name="overview",
            name="unsigned",
            field=models.CharField(
                blank=True, default="", max_length=60, verbose_name="waits for a second person"
            ),
            preserve_default=False,
        ),
        migrations.RunPython(outdate, migrations.RunPython.noop),
    ]
