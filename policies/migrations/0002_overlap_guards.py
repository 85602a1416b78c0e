"""Two rows of one key may not overlap in both ranges (`policies.overlap`)."""

from django.db import migrations

from policies import overlap


def install(apps, schema_editor):
    overlap.install(schema_editor.connection)


def remove(apps, schema_editor):
    overlap.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
