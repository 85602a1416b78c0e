"""The people of a journey."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.people import Cast, give_delegation, make_cast


@pytest.fixture
def staff(transactional_db: None) -> Callable[[], Cast]:
    """The seven, in office since the day on which they are asked for."""

    def make() -> Cast:
        people = make_cast()
        give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
        return people

    return make
