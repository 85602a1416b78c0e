"""What a tracked model says of its columns: names, and what was added to the table later."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.utils.functional import Promise

from history.models import Tracked, tracked_models
from history.values import plain, told_fields


@pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model._meta.db_table)
def test_what_the_history_tells_of_a_row_has_a_translated_name(model: type[Tracked]) -> None:
    unnamed = [one.name for one in told_fields(model) if not isinstance(one.verbose_name, Promise)]
    assert unnamed == []


OURS = ("accounts", "history", "permits", "policies")
MIGRATIONS = {
    f"{app}.{name}": (app, migration.operations)
    for (app, name), migration in MigrationLoader(None).disk_migrations.items()
    if app in OURS
}


def test_a_column_that_a_migration_adds_is_declared_with_what_rows_of_before_got() -> None:
    """Or else the deep check of every log of before would be red for ever."""
    added: dict[str, dict[str, Any]] = {}
    for app, operations in MIGRATIONS.values():
        made = {one.name_lower for one in operations if isinstance(one, CreateModel)}
        for one in operations:
            if not isinstance(one, AddField) or one.model_name_lower in made:
                continue
            model = apps.get_model(app, one.model_name)
            column = getattr(model._meta.get_field(one.name), "attname", "")
            if issubclass(model, Tracked) and column in {one.attname for one in told_fields(model)}:
                value = plain(one.field.get_default())
                added.setdefault(model._meta.db_table, {})[column] = value
    declared = {
        model._meta.db_table: dict(model.added_later)
        for model in tracked_models()
        if model.added_later
    }
    assert declared == added


def test_no_migration_renames_or_drops_what_the_log_tells_of() -> None:
    """A model that is gone may have been tracked."""
    tracked = {model._meta.label_lower for model in tracked_models()}
    models = {model._meta.label_lower for model in apps.get_models()}
    lost = {
        f"{name}: {one.describe()}"
        for name, (app, operations) in MIGRATIONS.items()
        for one in operations
        if isinstance(one, RemoveField | RenameField | RenameModel | DeleteModel | AlterModelTable)
        for label in [f"{app}.{getattr(one, 'model_name_lower', None) or one.name.lower()}"]
        if label in tracked or label not in models
    }
    # The migration that has the log tell of accounts.
    assert lost == {"accounts.0003_tracked: Remove field last_login from user"}
