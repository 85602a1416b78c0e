"""What no request may carry."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/policies/", "/lists/%00/"])
def test_a_nul_is_a_bad_request_on_either_engine(client: Client, path: str) -> None:
    if "%00" not in path:
        client.cookies["sessionid"] = "abcdefgh\0x"
    assert client.get(path).status_code == 400
