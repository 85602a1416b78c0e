"""The register for programs: what it answers, what it refuses, and that it is as declared."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from policies.domain.answering import answer
from policies.domain.queries import FIELDS, parse_query
from policies.domain.register import current_register
from policies.domain.versions import every_version
from policies.filters import PolicyFilter
from policies.views import api, api_schema
from tests.policies import packaged
from tests.policies.oracle import random_queries

pytestmark = pytest.mark.django_db

FREEZE, N992 = "TR-2019-10-11-freeze", "TR-2020-04-16-presumptive"
QUERY: dict[str, Any] = {
    "id": "one",
    "on": "2020-10-05",
    "activity": "brokering",
    "destination": "TR",
    "items": ["2-15.d"],
}


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The document, without its addresses."""
    return api_schema.document(dict.fromkeys(api_schema._OPERATIONS, ""))


def fits(value: object, name: str, declared: dict[str, Any]) -> None:
    """Asserts that an answer is as the component of that name says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": declared["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def listed(client: Client, **query: str) -> list[dict[str, Any]]:
    """All policies found, page after page."""
    found: list[dict[str, Any]] = []
    response = client.get("/api/policies/", query)
    while True:
        assert response.status_code == 200, response.content
        page = response.json()
        found += page["policies"]
        if page["next"] is None:
            return found
        response = client.get(page["next"])


def ask(client: Client, body: object, **options: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/resolve", text, content_type="application/json", **options)


# The register


@pytest.mark.parametrize(
    "query", [{}, {"on": "2020-10-05"}, {"status": "all"}, {"stance": "suspended"}]
)
def test_the_register_answers_with_the_policies_of_the_page(
    client: Client, query: dict[str, str]
) -> None:
    page = client.get("/policies/", query).context["groups"]
    wanted = sorted(row.policy.key for group in page for row in group.rows)
    assert [one["policy"] for one in listed(client, **query)] == wanted
    assert wanted


def test_a_version_is_written_as_the_command_writes_it(client: Client) -> None:
    written = [json.dumps(one) for one in every_version()]
    found = listed(client, status="all")
    assert found
    assert all(json.dumps(one) in written for one in found)


def test_the_version_known_then_is_answered(client: Client) -> None:
    asked = {"on": "2020-04-15", "q": FREEZE}
    then = {one["policy"]: one for one in listed(client, **asked, known_on="2020-04-15")}
    now = {one["policy"]: one for one in listed(client, **asked)}
    assert (then[FREEZE]["to"], now[FREEZE]["to"]) == (None, "2020-04-16")


def test_a_destination_finds_what_reaches_it(client: Client) -> None:
    turkish = {one["policy"] for one in listed(client, on="2020-10-05", destination="TR")}
    assert N992 in turkish
    assert N992 not in {one["policy"] for one in listed(client, on="2020-10-05", destination="DE")}


def test_pages_follow_each_other_without_a_gap_or_a_repeat(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = listed(client, status="all")
    monkeypatch.setattr(api, "PAGE", 7)
    assert listed(client, status="all") == whole
    assert len(client.get("/api/policies/?status=all").json()["policies"]) == 7


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("on=2020-02-30", "on"),
        ("known_on=2199-01-01", "known_on"),
        ("stance=lenient", "stance"),
        ("destination=ZZ", "destination"),
        ("destinaton=TR", "destinaton"),
        ("on=2020-01-01&on=2021-01-01", "on"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(
    client: Client, query: str, field: str, declared: dict[str, Any]
) -> None:
    response = client.get(f"/api/policies/?{query}")
    assert response.status_code == 400
    fits(response.json(), "Errors", declared)
    assert [one["field"] for one in response.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", f"/api/policies/{FREEZE}/"),
        ("get", "/api/policies.json"),
        ("get", "/api/openapi.json"),
        ("post", "/api/resolve"),
    ],
)
def test_an_address_without_parameters_refuses_each_that_is_sent(
    client: Client, method: str, path: str, declared: dict[str, Any]
) -> None:
    response = getattr(client, method)(f"{path}?on=2020-01-01&x=")
    assert response.status_code == 400
    fits(response.json(), "Errors", declared)
    assert [one["field"] for one in response.json()["errors"]] == ["on", "x"]
    (operation,) = (
        client.get("/api/openapi.json").json()["paths"][path.replace(FREEZE, "{key}")].values()
    )
    assert "400" in operation["responses"]


def test_a_policy_is_answered_with_all_its_versions(
    client: Client, declared: dict[str, Any]
) -> None:
    response = client.get(f"/api/policies/{FREEZE}/")
    fits(response.json(), "Policy", declared)
    assert response.json()["versions"] == [
        one for one in every_version() if one["policy"] == FREEZE
    ]
    assert len(response.json()["versions"]) > 1


@pytest.mark.parametrize("key", ["no-such-key", FREEZE.lower()])
def test_a_key_that_there_is_not_is_not_found(
    client: Client, key: str, declared: dict[str, Any]
) -> None:
    response = client.get(f"/api/policies/{key}/")
    assert response.status_code == 404
    fits(response.json(), "Errors", declared)


def test_queries_do_not_grow_with_the_policies(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    current_register()
    counts = []
    for size in (1, 30):
        monkeypatch.setattr(api, "PAGE", size)
        with CaptureQueriesContext(connection) as asked:
            found = client.get("/api/policies/?status=all").json()["policies"]
        assert len(found) == size
        counts.append(len(asked))
    assert counts[0] == counts[1]


# Questions


def test_a_question_is_answered_as_the_command_answers_it(client: Client) -> None:
    response = ask(client, QUERY)
    assert response.status_code == 200
    assert response.json() == answer(json.dumps(QUERY), current_register())


def test_several_are_answered_in_order_each_for_itself(
    client: Client, declared: dict[str, Any]
) -> None:
    bad = {**QUERY, "id": 2, "destination": "ZZ"}
    unheard = {**QUERY, "id": 5, "answers": {"NOPE-KEY:code": "yes"}}
    response = ask(client, {"requests": [QUERY, bad, 7, {**QUERY, "id": 4}, unheard]})
    assert response.status_code == 200
    fits(response.json(), "Rulings", declared)
    first, second, third, fourth, fifth = response.json()["answers"]
    assert second == {
        "id": 2,
        "error": "destination: the two-letter code of a destination in the register is needed",
    }
    assert third == {"id": None, "error": "query: a JSON object is needed"}
    assert {**first, "id": 4} == fourth
    assert fifth == {
        "id": 5,
        "error": "answers.NOPE-KEY:code: the key of a question in the register is needed",
    }
    assert first["stance"] == "suspended"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**QUERY, "destination": "ZZ"}, "destination"),
        ({**QUERY, "on": None}, "on"),
        ({**QUERY, "unheard_of": 1}, "unheard_of"),
        ({**QUERY, "answers": {f"{FREEZE}:no_such": "yes"}}, f"answers.{FREEZE}:no_such"),
        ({**QUERY, "exceptions": [{"policy": "NOPE", "code": "minister"}]}, "exceptions[0]"),
        ([QUERY], "query"),
        ("not json", "query"),
        (b'{"id": "\xff"}', "query"),
        ('{"on": 1, "on": 2}', "on"),
        ("[" * 100_000, "query"),
        ({"requests": []}, "requests"),
        ({"requests": {}}, "requests"),
        ({"requests": [QUERY] * (api_schema.MOST_REQUESTS + 1)}, "requests"),
        ({"requests": [QUERY], "on": "2020-10-05"}, "on"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_field_and_reason(
    client: Client, body: object, field: str, declared: dict[str, Any]
) -> None:
    response = ask(client, body)
    assert response.status_code == 400
    fits(response.json(), "Errors", declared)
    assert [one["field"] for one in response.json()["errors"]] == [field]
    assert response.json()["errors"][0]["reason"]


def test_too_much_is_refused_unread(client: Client, declared: dict[str, Any]) -> None:
    response = ask(client, " " * (api_schema.LARGEST_BODY + 1))
    assert response.status_code == 413
    fits(response.json(), "Errors", declared)
    assert ask(client, json.dumps(QUERY).ljust(api_schema.LARGEST_BODY)).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/html"])
def test_only_json_is_read(client: Client, kind: str) -> None:
    """So no form of another site can send a question in somebody's name."""
    response = client.post("/api/resolve", json.dumps(QUERY), content_type=kind)
    assert response.status_code == 415


def test_a_question_needs_no_token_and_writes_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    current_register()
    with CaptureQueriesContext(connection) as asked:
        assert ask(client, QUERY).status_code == 200
    assert [one["sql"][:6] for one in asked] == ["SELECT"]


def test_a_full_batch_asks_the_database_as_often_as_one_question(
    client: Client, django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]
) -> None:
    current_register()
    for several in (1, 30):
        with django_assert_num_queries(1):
            assert ask(client, {"requests": [QUERY] * several}).status_code == 200


# The declaration


def test_the_declaration_is_a_document_of_openapi(client: Client) -> None:
    found = client.get("/api/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert {path: set(operations) for path, operations in found["paths"].items()} == {
        "/api/policies/": {"get"},
        "/api/policies/{key}/": {"get"},
        "/api/resolve": {"post"},
        "/api/openapi.json": {"get"},
        "/api/policies.json": {"get"},
    }
    for schema in found["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    named = set(_references(found))
    assert named <= {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [one for entry in value for one in _references(entry)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + _references(list(value.values()))


def test_every_filter_of_the_register_is_declared(declared: dict[str, Any]) -> None:
    parameters = api_schema._OPERATIONS["api_policies"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == [
        "on",
        "known_on",
        *PolicyFilter.base_filters,
        "after",
    ]


def test_every_field_of_a_question_is_declared() -> None:
    register = current_register()
    properties = api_schema.SCHEMAS["Question"]["properties"]
    null = dict.fromkeys(properties)
    parse_query({**null, **QUERY}, register.vocabulary)
    assert set(properties) == FIELDS


def test_every_page_of_the_register_is_as_declared(
    client: Client, declared: dict[str, Any]
) -> None:
    for query in ("", "?on=2020-10-05&known_on=2020-12-31", "?status=all"):
        fits(client.get(f"/api/policies/{query}").json(), "Page", declared)
    for version in every_version():
        fits(version, "Version", declared)


def test_rulings_are_as_declared(client: Client, declared: dict[str, Any]) -> None:
    queries = list(random_queries(7, api_schema.MOST_REQUESTS, packaged.DATA))
    for query in queries:
        fits(query, "Question", declared)
    answers = ask(client, {"requests": queries}).json()
    fits(answers, "Rulings", declared)
    assert not [one for one in answers["answers"] if "error" in one]
    assert [one for one in answers["answers"] if one["needs_answer"]]


def test_the_limits_are_those_that_the_document_gives() -> None:
    text = (settings.BASE_DIR / "docs/api.md").read_text(encoding="utf-8")
    assert f"at most {api_schema.MOST_REQUESTS} questions" in text
    assert f"at most {api_schema.LARGEST_BODY} bytes" in text
    assert [name for name in api_schema.PARAMETERS if f"`{name}`" not in text] == []
