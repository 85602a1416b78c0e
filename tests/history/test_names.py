"""Every field that the history tells has a name in both languages."""

from __future__ import annotations

import pytest
from django.utils.functional import Promise

from history.models import Tracked, tracked_models
from history.values import told_fields


@pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model._meta.db_table)
def test_what_the_history_tells_of_a_row_has_a_translated_name(model: type[Tracked]) -> None:
    unnamed = [one.name for one in told_fields(model) if not isinstance(one.verbose_name, Promise)]
    assert unnamed == []
