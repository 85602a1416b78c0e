from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0003_overview")]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="content",
            # No letter could be made before this column.
            field=models.TextField(default="", editable=False, verbose_name="what it says"),
            preserve_default=False,
        ),
    ]
