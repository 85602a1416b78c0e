"""The office that the tests of cases have."""

from tests.permits.conftest import office

__all__ = ["office"]
