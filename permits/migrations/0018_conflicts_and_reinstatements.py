"""Who reinstates is another than who proposed it, whatever the row says of itself. Who declared a
conflict of interest is no second person: overviews name them, however many they are; and what says
that a party is listed takes a second person too.
"""

from datetime import date

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

NAME = "permits_permitact_loosened_by_another"


def make_anew(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Overviews of open cases with a conflict or a listed party, as if of another day."""
    rows = apps.get_model("permits", "Overview").objects
    conflicts = apps.get_model("permits", "ConflictDeclaration").objects.values("application")
    rows.filter(pk__in=conflicts).update(on=date.min)
    listed = apps.get_model("permits", "Statement").objects.filter(value="listed")
    rows.filter(pk__in=listed.values("application")).update(on=date.min)


class Migration(migrations.Migration):
    dependencies = [("permits", "0017_stance_and_text_of_overviews")]

    operations = [
        migrations.RunPython(make_anew, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="permitact", name=NAME),
        migrations.AddConstraint(
            model_name="permitact",
            constraint=models.CheckConstraint(
                name=NAME,
                condition=Q(done_by__isnull=True)
                | Q(loosens=False) & ~Q(kind="reinstate")
                | ~Q(done_by=F("proposed_by")),
            ),
        ),
        migrations.AlterField(
            model_name="overview",
            name="unsigned",
            field=models.TextField(blank=True, verbose_name="waits for a second person"),
        ),
    ]
