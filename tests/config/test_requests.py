"""What no request may carry."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from config.access import ACCESS
from config.requests import LONGEST_TEXT
from tests.people import make_person_with


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/policies/", "/lists/%00/"])
def test_a_nul_is_a_bad_request_on_either_engine(client: Client, path: str) -> None:
    if "%00" not in path:
        client.cookies["sessionid"] = "abcdefgh\0x"
    assert client.get(path).status_code == 400


LISTS = sorted(
    name
    for name, row in ACCESS.items()
    if name.endswith("_changelist")
    or name
    in {
        "accounts:people",
        "history:events",
        "permits:rebuttals",
        "permits:worklist",
        "policies:changes",
        "policies:destinations",
        "policies:lists",
        "policies:map",
        "policies:register",
        "policies:ask",
    }
)
TEXTS = ("q", "item", "subject", "request", "destination")


@pytest.fixture
def readers(db: None) -> list[Client]:
    """Between them they may read every list."""
    found = []
    for role in (Role.AUDITOR, Role.SENIOR_ANALYST, Role.ADMINISTRATOR):
        client = Client()
        client.force_login(make_person_with(f"reader-{role.value}", role))
        found.append(client)
    return found


def asked(readers: list[Client], address: str, **texts: str) -> int:
    """The best answer that one of them gets."""
    return min(reader.get(address, texts).status_code for reader in readers)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_answers_a_search_of_any_length(readers: list[Client], name: str) -> None:
    address = reverse(name)
    assert asked(readers, address) == 200
    readers = [one for one in readers if one.get(address).status_code == 200]
    # The administration refuses what it has no filter of.
    fields = ("q",) if name.startswith("admin:") else TEXTS
    for longest in ("x" * LONGEST_TEXT, "ab cd " * (LONGEST_TEXT // 6), "% _ " * 250):
        assert asked(readers, address, **dict.fromkeys(fields, longest)) == 200, longest[:9]
    assert asked(readers, address, q="x" * 100_000) == 400


def test_the_refusal_of_a_long_search_says_so_in_the_readers_language(client: Client) -> None:
    client.cookies["django_language"] = "fr-ca"
    response = client.get("/policies/", {"q": "x" * 100_000})
    assert "trop long" in response.content.decode()
    assert client.get("/sign-in/", {"next": "/" + "x" * 3000}).status_code == 200
