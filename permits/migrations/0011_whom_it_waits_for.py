"""From when and by whom a case can be decided, and permits at risk, kept where the worklist looks."""

from datetime import date

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those of open cases are made anew, as if of another day.

    Those of decided ones are made anew by their next event. Until then nobody's signature is waited
    for but where an act that loosens the permit is proposed, and a permit at risk to which nothing
    was done is told until its last day.
    """
    rows = apps.get_model("permits", "Overview").objects
    acts = apps.get_model("permits", "PermitAct").objects
    permits = apps.get_model("permits", "Permit").objects
    cards = apps.get_model("permits", "Card").objects
    rows.update(on=date.min)
    waiting = acts.filter(loosens=True, done_at__isnull=True, declined_at__isnull=True)
    rows.filter(application__status__in=["decided", "withdrawn"]).exclude(
        application__in=waiting.values("permit__application")
    ).update(unsigned="")
    risks = cards.filter(residual__in=["substantial_risk", "not_enough_information"])
    untouched = permits.filter(application__in=risks.values("application")).exclude(
        pk__in=acts.filter(done_at__isnull=False).values("permit")
    )
    rows.filter(application__in=untouched.values("application")).update(
        risk_until=Subquery(
            permits.filter(application=OuterRef("application")).values("valid_to")[:1]
        )
    )


class Migration(migrations.Migration):
    dependencies = [
        ("permits", "0010_never_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="overview",
            name="decided_from",
            field=models.DateField(null=True, verbose_name="can be decided from"),
        ),
        migrations.AddField(
            model_name="overview",
            name="kept_from_deciding",
            field=models.TextField(blank=True, default="", verbose_name="must not decide"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="overview",
            name="risk_until",
            field=models.DateField(null=True, verbose_name="in force with a risk until"),
        ),
        migrations.AddIndex(
            model_name="overview",
            index=models.Index(fields=["unsigned"], name="permits_overview_unsigned"),
        ),
        migrations.AddIndex(
            model_name="overview",
            index=models.Index(fields=["risk_until"], name="permits_overview_risk"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
