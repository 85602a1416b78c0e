"""What the tests of the loader share."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.domain.reference import files
from policies.domain.reference.tables import TABLES
from policies.models import ReferenceLoad
from tests.policies.loading.folder import (
    PACKAGED_AS,
    Folder,
)
from tests.unlogged import unlogged

_shape = files._refuse_bad_shape


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Spares a file that a test leaves as it is packaged another comparison with its schema.

    That is most of the time of a load, and `test_the_packaged_files_are_valid` does it.
    """
    if request.function.__name__ != "test_the_packaged_files_are_valid":
        monkeypatch.setattr(
            files,
            "_refuse_bad_shape",
            lambda name, document: (
                None if document == PACKAGED_AS[name] else _shape(name, document)
            ),
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def empty(db: None) -> None:
    """The register before the first load."""
    with unlogged():
        ReferenceLoad.objects.all().delete()
        for table in reversed(TABLES):
            table.model._default_manager.all().delete()
