"""The tests' own ground: what one test commits, the next does not see."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from policies.models import Destination, ReferenceLoad
from tests.people import make_person
from tests.snapshots import Snapshot
from tests.unlogged import unlogged


def make_person_elsewhere() -> None:
    """In a thread, and so with a connection of its own, as a server does."""

    def make() -> None:
        make_person("elsewhere")
        connection.close()

    thread = Thread(target=make)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_the_snapshot_brings_back_the_reference_data(snapshot: Snapshot) -> None:
    loads = ReferenceLoad.objects.count()
    destinations = Destination.objects.count()
    with unlogged():
        ReferenceLoad.objects.all().delete()
    make_person("here")
    make_person_elsewhere()
    assert {user.username for user in User.objects.all()} == {"here", "elsewhere"}

    snapshot.restore()

    assert not User.objects.exists()
    assert ReferenceLoad.objects.count() == loads > 0
    assert Destination.objects.count() == destinations > 0


@pytest.mark.django_db(transaction=True)
def test_the_database_that_is_brought_back_is_whole(snapshot: Snapshot) -> None:
    """Constraints, and what counts up, work on."""
    # On PostgreSQL what counts up went on in tests that were rolled back.
    snapshot.restore()
    first = make_person("first").pk
    snapshot.restore()
    assert make_person("first").pk == first
    with pytest.raises(IntegrityError), unlogged():
        User.objects.create(username="NOT CANONICAL", name="")
