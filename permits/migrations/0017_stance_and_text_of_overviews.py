"""Overviews have the text that is searched; their stance is the least strict that answers lead to."""

from collections import defaultdict
from datetime import date

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

from policies.domain.search import folded

_BATCH = 500


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those of open cases that can tell another stance are made anew, as if of another day."""
    rows = apps.get_model("permits", "Overview").objects
    rows.filter(Q(asks=True) | Q(has_moved=True)).update(on=date.min)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(keys), _BATCH):
        some = list(rows.filter(pk__in=keys[first : first + _BATCH]).only("pk"))
        texts = _texts(apps, [row.pk for row in some])
        for row in some:
            row.text = folded("\n".join(texts[row.pk]))
        rows.bulk_update(some, ["text"])


def _texts(apps: Apps, keys: list[int]) -> dict[int, list[str]]:
    there = {"application__in": keys, "is_removed": False}
    found = defaultdict(list)
    for name, column, key, where, order in (
        ("Application", "reference", "pk", {"pk__in": keys}, "pk"),
        ("Permit", "number", "application", {"application__in": keys}, "pk"),
        ("Party", "name", "application", there, "pk"),
        ("Line", "description", "application", there, "number"),
    ):
        objects = apps.get_model("permits", name).objects.filter(**where).order_by(order)
        for case, text in objects.values_list(key, column):
            found[case].append(text)
    return found


class Migration(migrations.Migration):
    dependencies = [("permits", "0016_days_and_goods")]
    operations = [
        migrations.AddField(
            model_name="overview",
            name="text",
            field=models.TextField(blank=True, default="", verbose_name="text that is searched"),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
