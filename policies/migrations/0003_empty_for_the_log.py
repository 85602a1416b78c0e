"""Rows from before the history have no entry in it: `load_reference` loads them anew."""

from typing import Any

from django.db import migrations

from history.refusal import at_the_door

# Those that point to others first.
TABLES = (
    "ReferenceLoad",
    "ContextEntry",
    "PermitAct",
    "PolicyException",
    "PolicyQuestion",
    "PolicyVersion",
    "Policy",
    "CountryListEntry",
    "CountryList",
    "GoodsRule",
    "ControlListItem",
    "Provision",
    "Edition",
    "Instrument",
    "DestinationName",
    "SubRegion",
    "Destination",
)


def empty(apps: Any, schema_editor: Any) -> None:
    with at_the_door():
        apps.get_model("policies", "Policy").objects.update(replaces=None)
        for table in TABLES:
            apps.get_model("policies", table).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("policies", "0002_overlap_guards"), ("history", "0001_initial")]
    operations = [migrations.RunPython(empty, migrations.RunPython.noop)]
