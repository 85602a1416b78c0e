"""The people of a case."""

from __future__ import annotations

import pytest

from tests.people import Cast, give_delegation, make_cast


@pytest.fixture
def office(db: None) -> Cast:
    """The seven; the decision-maker with a delegation for both powers in force."""
    people = make_cast()
    give_delegation(people.decision, proposed_by=people.admin, confirmed_by=people.admin_b)
    return people
