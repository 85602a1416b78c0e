"""`manage.py resolve_policy`: JSON lines in, JSON lines out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from policies.domain.answering import answer
from policies.domain.register import current_register, read_register
from policies.management.commands.resolve_policy import ENDED_BY_READER
from policies.models import PolicyVersion
from tests.policies import packaged
from tests.policies.domain.answers import engine_answer
from tests.policies.oracle import random_queries

QUERY = {
    "id": "one",
    "on": "2020-10-05",
    "activity": "brokering",
    "destination": "TR",
    "items": ["2-15.d"],
}

pytestmark = pytest.mark.django_db


def run(text: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogateescape")))
    )
    out = io.StringIO()
    call_command("resolve_policy", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_answered_with_all_that_the_contract_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (found,) = run(json.dumps(QUERY), monkeypatch)
    assert list(found) == [
        "id",
        "requirement",
        "stance",
        "stance_if_open",
        "governing",
        "matched",
        "not_applied",
        "needs_answer",
        "exceptions_open",
        "text_en",
        "text_fr",
    ]
    assert (found["id"], found["stance"]) == ("one", "suspended")
    assert found["needs_answer"] == [
        {
            "policy": "TR-2020-04-16-presumptive-brokering",
            "code": "reaches_brokering",
            "question_en": "Does Notice No. 992 reach applications for brokering permits?",
            "question_fr": "L’Avis no 992 vise-t-il les demandes de licence de courtage?",
            "if_yes": {"requirement": "individual_permit", "stance": "presumptive_denial"},
            "if_no": {"requirement": "individual_permit", "stance": "suspended"},
        }
    ]


def test_the_stream_goes_on_after_bad_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        json.dumps({**QUERY, "destination": "ZZ"}),
        "not json",
        "",
        json.dumps(["a list"]),
        '{"id": 1, "id": 2}',
        '{"id": NaN}',
        '{"id": 1e999}',
        "[" * 100_000,
        json.dumps({**QUERY, "goods": "x" * 1_100_000}),
        '{"id": "\udcff"}',
        json.dumps({**QUERY, "id": "\ud800"}),
        json.dumps({**QUERY, "id": {"any": ["value"]}}),
    ]
    found = run("\n".join(lines), monkeypatch)
    errors = [one.get("error") for one in found]
    assert errors == [
        "destination: the two-letter code of a destination in the register is needed",
        "query: not JSON",
        "query: a JSON object is needed",
        "id: given twice",
        "query: NaN is not a JSON number",
        "query: 1e999 is too large a number",
        "query: not JSON",
        "query: a line of more than 1000000 characters",
        "query: not UTF-8",
        None,
        None,
    ]
    assert [one["id"] for one in found][-2:] == ["\ud800", {"any": ["value"]}]


def test_the_database_route_answers_as_the_pure_function_does() -> None:
    register = read_register()
    for query in random_queries(99, 300, packaged.DATA):
        found = answer(json.dumps(query), register)
        pure = engine_answer(query)
        for name in ("requirement", "stance", "stance_if_open", "governing", "matched"):
            assert found[name] == pure[name], query
        assert [(one["policy"], one["code"]) for one in found["needs_answer"]] == [
            (one["policy"], one["code"]) for one in pure["needs_answer"]
        ]
        assert sorted(map(str, found["exceptions_open"])) == sorted(
            map(str, pure["exceptions_open"])
        )


def test_rows_put_out_say_why() -> None:
    told = {
        **QUERY,
        "answers": {"TR-2020-04-16-presumptive-brokering:reaches_brokering": "yes"},
        "exceptions": [{"policy": "TR-2020-04-16-presumptive-brokering", "code": "nato"}],
    }
    found = answer(json.dumps(told), current_register())
    assert found["stance"] == "case_by_case"
    assert found["not_applied"] == [
        {
            "policy": "TR-2020-04-16-freeze-brokering",
            "why": "answer: TR-2020-04-16-presumptive-brokering:reaches_brokering",
        },
        {"policy": "TR-2020-04-16-presumptive-brokering", "why": "exception: nato"},
    ]


def test_list_prints_every_policy_version_as_json(django_assert_num_queries: Any) -> None:
    out = io.StringIO()
    with django_assert_num_queries(4):
        call_command("resolve_policy", list=True, stdout=out)
    versions = json.loads(out.getvalue())
    assert len(versions) == PolicyVersion.objects.count() == 100
    (freeze, closed) = [one for one in versions if one["policy"] == "TR-2019-10-11-freeze"]
    assert (freeze["from"], freeze["to"]) == ("2019-10-11", None)
    assert freeze["known_from"] == "2019-10-15T00:00:00-04:00"
    assert freeze["known_to"] == closed["known_from"] == "2020-04-16T00:00:00-04:00"
    assert closed["to"] == "2020-04-16"


def peak_of_memory(lines: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The most bytes that Python held at once while the command ruled on the lines of a file."""
    with lines.open(encoding="utf-8") as stdin, open(os.devnull, "w", encoding="utf-8") as out:
        monkeypatch.setattr("sys.stdin", stdin)
        tracemalloc.start()
        try:
            call_command("resolve_policy", stdout=out)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_ten_times_the_lines_take_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line is long, so that keeping a part of each would show: ten times, and not twice."""
    few, many = tmp_path / "few", tmp_path / "many"
    for path, number in ((few, 100), (many, 1_000)):
        queries = ({**QUERY, "id": str(index), "goods": "x" * 5_000} for index in range(number))
        path.write_text("".join(f"{json.dumps(query)}\n" for query in queries), encoding="utf-8")
    peak_of_memory(few, monkeypatch)  # What is read and remembered once is no part of it.
    assert peak_of_memory(many, monkeypatch) < 2 * peak_of_memory(few, monkeypatch)


def start_resolve_policy(*arguments: str, stdin: Path) -> subprocess.Popen[bytes]:
    """The command as a process of its own, on the database of the tests."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        person = quote(f"{database['USER']}") + (
            f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
        )
        port = f":{database['PORT']}" if database["PORT"] else ""
        host = quote(f"{database['HOST']}", safe="")
        url = f"postgres://{person}@{host}{port}/{database['NAME']}"
    with stdin.open("rb") as lines:
        return subprocess.Popen(
            [sys.executable, "manage.py", "resolve_policy", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, "PERMIT_DESK_MODE": "test", "TEST_DATABASE_URL": url},
            stdin=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.mark.parametrize(
    ("arguments", "first"), [(("--list",), b"[\n"), ((), b'{"id": "one", "requirement"')]
)
def test_a_reader_that_has_had_enough_ends_the_command_quietly(
    tmp_path: Path, arguments: tuple[str, ...], first: bytes
) -> None:
    """More than a pipe holds is left to write when the reader goes away after a line."""
    lines = tmp_path / "lines"
    lines.write_text(f"{json.dumps(QUERY)}\n" * 1_000)
    with start_resolve_policy(*arguments, stdin=lines) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(first)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == ENDED_BY_READER


def test_reading_the_register_takes_one_query_while_nothing_changes(
    django_assert_num_queries: Any,
) -> None:
    current_register()
    with django_assert_num_queries(1):
        current_register()
