"""Days and times as a language writes them where a page leaves that to Django."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.formats import date_format
from django.utils.translation import override


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ("DATETIME_FORMAT", "27 novembre 2026, 18\xa0h\xa041"),
        ("SHORT_DATETIME_FORMAT", "2026-11-27 18\xa0h\xa041"),
        ("TIME_FORMAT", "18\xa0h\xa041"),
    ],
)
def test_french_writes_the_hour_and_an_h(named: str, wanted: str) -> None:
    with override("fr-ca"):
        assert date_format(datetime(2026, 11, 27, 18, 41, tzinfo=UTC), named) == wanted
