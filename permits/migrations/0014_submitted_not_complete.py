"""The day of submission is called so: facts can be missing then. Nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0013_lines_of_their_case")]

    operations = [
        migrations.AlterField(
            model_name="application",
            name="submitted_on",
            field=models.DateField(editable=False, null=True, verbose_name="submitted"),
        ),
    ]
