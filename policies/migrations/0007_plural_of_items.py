from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0006_policy_changes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="controllistitem",
            options={
                "ordering": ["edition", "order"],
                "verbose_name": "control list item",
                "verbose_name_plural": "control list items",
            },
        ),
    ]
