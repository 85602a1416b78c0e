"""Only what makes a case stricter counts with one signature, whatever the row says of itself."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("permits", "0018_conflicts_and_reinstatements")]

    operations = [
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                name="permits_statement_stricter_counts_alone",
                condition=Q(counts_alone=False)
                | Q(kind="eligibility", value="not_resident")
                | Q(kind="end_user", value="private")
                | Q(kind="end_user", value="unknown")
                | Q(kind="flag", value="yes")
                | Q(kind="screening", value="listed")
                | Q(kind="state_safety", value="prejudicial")
                | Q(kind="state_safety", value="raised"),
            ),
        ),
    ]
