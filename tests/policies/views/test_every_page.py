"""Every address of the register: who may read it, what bad input does, what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from tests.people import make_person

PAGES = [
    "/policies/",
    "/policies/map/",
    "/policies/changes/",
    "/policies/TR-2020-04-16-presumptive/",
    "/destinations/",
    "/destinations/TR/",
    "/destinations/UA/",
    "/destinations/IR/",
    "/destinations/TR/timeline.csv",
    "/ask/",
    "/ask/?on=2020-10-05&activity=brokering&destination=TR&items=2-15.d",
    "/law/",
    "/law/EIPA/",
    "/lists/",
    "/lists/ECL/",
    "/lists/BCL/",
    "/lists/ACL/",
    "/lists/items.json?q=imaging",
    "/destinations/find.json?q=turk",
    "/lists/AFCCL/",
    "/lists/GEP41/",
]
MISSING = [
    "/policies/tr-2020-04-16-presumptive/",
    "/policies/no-such-key/",
    "/destinations/ZZ/",
    "/destinations/ZZ/timeline.csv",
    "/destinations/%F0%9F%87%B9/",
    "/law/XYZ/",
    "/lists/XYZ/",
]
BAD_DAYS = [
    "abc",
    "2020-02-30",
    "20201005",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "\x00",
    "9" * 5000,
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
def test_anyone_may_read_the_register(client: Client, path: str, language: str) -> None:
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200
    if not path.split("?")[0].endswith((".csv", ".json")):
        assert f'<html lang="{language}">' in response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_reading_changes_nothing_and_writing_is_refused(client: Client, path: str) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(path).status_code == 405


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/destinations/tr/", "/destinations/TR/"),
        ("/destinations/Tr/timeline.csv", "/destinations/TR/timeline.csv"),
        ("/lists/ecl/", "/lists/ECL/"),
        ("/lists/Afccl/", "/lists/AFCCL/"),
        ("/law/eipa/", "/law/EIPA/"),
    ],
)
@pytest.mark.parametrize("query", ["", "?on=2020-10-05&q=%C3%A9%26b"])
def test_a_code_in_other_letters_leads_to_its_page(
    client: Client, path: str, canonical: str, query: str
) -> None:
    response = client.get(path + query)
    assert response.status_code == 301
    assert response.headers["Location"] == canonical + query
    assert client.get(canonical).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/policies/", "/policies/ACL/", "/policies/map/", "/destinations/", "/destinations/TR/"),
        "/lists/AFCCL/",
    ],
)
@pytest.mark.parametrize("field", ["on", "known_on"])
@pytest.mark.parametrize("value", BAD_DAYS)
def test_a_bad_day_is_answered_with_a_page(
    client: Client, path: str, field: str, value: str
) -> None:
    response = client.get(path, {field: value})
    assert response.status_code == 200
    page = response.content.decode()
    if value in ("abc", "2020-02-30", "20201005"):
        assert "There is a problem" in page
        assert f'value="{value}"' in page


DATED = [
    ("/policies/", ("on", "known_on")),
    ("/policies/TR-2020-04-16-presumptive/", ("on", "known_on")),
    ("/policies/map/", ("on", "known_on")),
    ("/policies/changes/?from=2019-01-01&to=2021-01-01", ("from", "to", "known_on")),
    ("/destinations/", ("on", "known_on")),
    ("/destinations/TR/", ("on", "known_on")),
    ("/ask/?activity=export&destination=TR&items=2-15.d", ("on", "known_on")),
    ("/lists/AFCCL/", ("on", "known_on")),
]


@pytest.mark.parametrize("language", ["en-ca", "fr-ca"])
@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, fields in DATED for field in fields]
)
def test_for_a_day_that_cannot_be_read_no_page_answers_with_another_day(
    client: Client, path: str, field: str, language: str
) -> None:
    """What stands beneath an error would be taken for the answer."""
    client.cookies["django_language"] = language
    join = "&" if "?" in path else "?"
    good = told(client, f"{path}{join}{field}=2020-10-05")
    bad = told(client, f"{path}{join}{field}=2020-13-99")
    for answer in ('data-stance="', "<tbody", 'class="reads"', 'class="country-names"'):
        assert answer not in bad
    assert any(answer in good for answer in ('data-stance="', "<tbody", 'class="country-names"'))
    assert 'value="2020-13-99"' in bad
    assert f'id="id_{field}_error"' in bad
    assert f'href="#id_{field}"' in bad


def told(client: Client, path: str) -> str:
    """What a page says beneath its title."""
    page = client.get(path).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r'<div class="page-head.*?</h1>.*?</p>', "", main, flags=re.DOTALL)


@pytest.mark.parametrize("path", [path for path in PAGES if "?" not in path])
def test_the_number_of_queries_is_the_same_each_time(
    client: Client,
    path: str,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    client.get(path)
    with django_assert_max_num_queries(12) as first:
        client.get(path)
    with django_assert_max_num_queries(12) as second:
        client.get(path)
    assert len(first) == len(second)


def test_every_address_of_the_register_is_in_these_tables() -> None:
    resolver = get_resolver("policies.urls")
    names = {name for name in resolver.reverse_dict if isinstance(name, str)}
    # What is for programs has tests of its own: test_api.py.
    names = {name for name in names if not name.startswith("api_")}
    found = {get_resolver().resolve(path.split("?")[0]).url_name for path in PAGES}
    assert found == names


def test_home_leads_on(client: Client) -> None:
    assert client.get("/").headers["Location"].startswith("/sign-in/")
    client.force_login(make_person())
    assert client.get("/").headers["Location"] == "/start/"


def test_a_signed_in_person_is_named(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    assert analyst.name in client.get("/policies/").content.decode()


FIELDS = {
    "q": "notice",
    "layer": "notice",
    "activity": "export",
    "stance": "suspended",
    "status": "all",
    "destination": "UA",
    "on": "2020-10-05",
    "known_on": "2024-02-01",
    "items": "2-15.d",
    "sub_region": "UA-CRIMEA",
    "end_user": "private",
    "goods": "Radios",
    "page": "2",
    "group": "9",
    "from": "2019-01-01",
    "to": "2024-02-29",
    "answers": "yes",
    "exceptions": "minister",
    "related_material": "no",
    "war_material": "yes",
    "eipa_4_1": "on",
    "wmd_end_use": "on",
    "designated_under": "RU-listing",
}
SENSIBLE = st.fixed_dictionaries({}, optional={name: st.just(FIELDS[name]) for name in FIELDS})
WRONG = st.dictionaries(
    st.sampled_from(sorted(FIELDS)),
    st.text(max_size=20) | st.sampled_from(sorted(FIELDS.values())),
    max_size=3,
)


class TestAnyQueryString(TestCase):
    """Drawing a page takes the time, so the examples are few and each says much: any number of
    fields as a person would fill them in, so that the page gets as far as its answer, and up to
    three with anything in them."""

    @settings(max_examples=30)
    @given(
        st.sampled_from(
            [
                *("/policies/", "/policies/map/", "/policies/changes/", "/destinations/"),
                *("/destinations/TR/", "/ask/", "/lists/ECL/"),
            ]
        ),
        st.builds(lambda sensible, wrong: {**sensible, **wrong}, SENSIBLE, WRONG),
    )
    def test_no_query_string_breaks_a_page(self, path: str, query: dict[str, str]) -> None:
        encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
        assert self.client.get(path, encoded).status_code < 500


@pytest.mark.parametrize(
    "path",
    [
        "/policies/?format=csv&on=x",
        "/policies/?format=csv&stance=bogus",
        "/policies/map/?format=csv&group=8",
        "/policies/map/?format=csv&on=x",
        "/policies/changes/?format=csv&to=x",
        "/destinations/TR/timeline.csv?known_on=2020-02-30",
    ],
)
def test_no_file_is_given_for_what_cannot_be_read(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400
