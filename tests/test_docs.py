"""What the documents say, held against what is there."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.utils.translation import override

from history import guards as history_guards
from permits.considerations import LAW_FROM
from permits.domain.gate import NOT_LAW, RULES, Outlook, Rule
from permits.domain.ruling import CaseRuling
from permits.guards import GATE
from permits.models import Application, Line
from tests.permits.factories import file_of

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "policies", "accounts", "config", "templates", "static", "tests")
    for path in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
)
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
EVERYTHING = "\n".join(TEXTS.values())

PACKAGES = ("config", "reports", "permits", "policies", "accounts", "history")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|json|md|txt|toml|po|in))")


@cache
def dev_commands() -> frozenset[str]:
    """What `./dev` can do."""
    loader = importlib.machinery.SourceFileLoader("dev_of_docs", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_of_docs", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setitem(sys.modules, "dev_of_docs", module)
        loader.exec_module(module)
    return frozenset(module.COMMANDS)


def in_code(text: str) -> Iterator[str]:
    """What a document writes as code: in backticks, fenced, or indented."""
    yield from FENCED.findall(text)
    rest = FENCED.sub("", text)
    yield from CODE.findall(rest)
    yield from (line for line in rest.splitlines() if line.startswith("    "))


def own_commands() -> set[str]:
    own = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}
    return {name for name, app in get_commands().items() if app in own}


def heading_ids(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}


def test_the_documents_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md"} <= set(TEXTS)


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_of_dev_that_a_document_names_exists(name: str) -> None:
    named = {
        word for code in in_code(TEXTS[name]) for word in re.findall(r"\./dev +([\w-]+)", code)
    }
    assert named <= dev_commands()


def test_every_command_of_dev_is_in_a_document() -> None:
    wanted = {name for name in dev_commands() if not name.startswith("-")} - {"help"}
    assert wanted <= set(re.findall(r"\./dev +([\w-]+)", EVERYTHING))


@pytest.mark.parametrize("name", TEXTS)
def test_every_management_command_that_a_document_names_exists_with_its_options(name: str) -> None:
    for code in in_code(TEXTS[name]):
        for command, rest in re.findall(r"(?:\./dev manage|manage\.py) +([a-z]\w*)(.*)", code):
            app = get_commands().get(command)
            assert app is not None, f"there is no manage.py {command}"
            known = load_command_class(str(app), command).create_parser("manage.py", command)
            for option in re.findall(r"--[\w-]+", rest):
                assert option in known._option_string_actions, f"{command} has no {option}"


@pytest.mark.parametrize("command", sorted(own_commands()))
def test_every_management_command_of_ours_is_in_a_document(command: str) -> None:
    """By its name, or as `./dev` runs it: `bench_rulings` is `./dev bench rulings`."""
    assert {command, f"./dev {command.replace('_', ' ')}"} & set(in_words(EVERYTHING))


def in_words(text: str) -> Iterator[str]:
    for code in in_code(text):
        yield from re.findall(r"[\w-]+", code)
        yield from re.findall(r"\./dev [\w-]+ [\w-]+", code)


@pytest.mark.parametrize("name", TEXTS)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    for target in LINK.findall(TEXTS[name]):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        assert found.exists(), target
        assert not anchor or anchor in heading_ids(found), target


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_a_document_names_is_there(name: str) -> None:
    """From the root, or in a package: the architecture draws the map of each."""
    named = {code for code in CODE.findall(FENCED.sub("", TEXTS[name])) if PATH.fullmatch(code)}
    made_later = {"var/"}
    missing = {
        one
        for one in named - made_later
        if not any((ROOT / folder / one).exists() for folder in ("", "policies/domain", *PACKAGES))
    }
    assert missing == set()


def test_the_pictures_of_the_readme_are_those_that_are_taken_and_each_is_told_in_words() -> None:
    shown = PICTURE.findall(TEXTS["README.md"])
    taken = re.search(r"^NAMES = (\(.*\))$", (ROOT / "tests/screenshots.py").read_text(), re.M)
    assert taken is not None
    folder = "docs/screenshots"
    assert [path for _words, path in shown] == [
        f"{folder}/{name}.png" for name in ast.literal_eval(taken[1])
    ]
    assert {str(path.relative_to(ROOT)) for path in (ROOT / folder).iterdir()} == {
        path for _words, path in shown
    }
    assert all(len(words) > 40 for words, _path in shown)
    assert sum(path.stat().st_size for path in (ROOT / folder).iterdir()) < 1_200_000


def test_the_numbers_of_the_documents_are_those_of_the_data() -> None:
    policies = json.loads((ROOT / "policies/data/policies.json").read_text(encoding="utf-8"))
    (said,) = re.findall(r"(\d+) policies with their history", TEXTS["README.md"])
    assert int(said) == len(policies["policies"])
    situations = json.loads((ROOT / "tests/policies/situations.json").read_text(encoding="utf-8"))
    (said,) = re.findall(r"holds (\d+) situations", TEXTS["docs/architecture.md"])
    assert int(said) == len(situations)


CALLED_SO_BY_DJANGO = {
    *("admin.py", "apps.py", "urls.py", "forms.py", "filters.py"),
    *("models/", "forms/", "views/", "templatetags/", "management/", "migrations/"),
}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_of_the_architecture_has_every_module_and_none_that_is_not_there(
    package: str,
) -> None:
    text = TEXTS["docs/architecture.md"]
    assert all(f"`{one}`" in text for one in CALLED_SO_BY_DJANGO)
    table = re.search(rf"^\| in `{package}/` .*?\n\n", text, re.MULTILINE | re.DOTALL)
    assert table is not None
    named = {one.rsplit("/", 1)[-1] for one in re.findall(r"`([\w/]+\.py)`", table[0])}
    folders = {one for one in re.findall(r"`([\w/]+/)`", table[0]) if one != f"{package}/"}
    modules = {
        str(path.relative_to(ROOT / package)) for path in (ROOT / package).glob("**/[a-z]*.py")
    }
    unnamed = {
        one
        for one in modules
        if one.rsplit("/", 1)[-1] not in named | CALLED_SO_BY_DJANGO
        and not any(one.startswith(folder) for folder in folders | CALLED_SO_BY_DJANGO)
    }
    assert unnamed == set()
    assert named <= {one.rsplit("/", 1)[-1] for one in modules}
    assert all((ROOT / package / folder).is_dir() for folder in folders)


def rows_of_the_gate() -> list[list[str]]:
    """Each row's cells: code, what holds, provision, days, function, in the database."""
    rows = re.findall(r"^\| (G\d+ \|.*)\|$", TEXTS["docs/gate.md"], re.MULTILINE)
    return [[cell.strip().removeprefix("-") for cell in row.split("|")] for row in rows]


def test_the_page_of_the_gate_names_each_rule_as_the_gate_does() -> None:
    told = [
        (code, provision, days, function.strip("`"))
        for code, _what, provision, days, function, _database in rows_of_the_gate()
    ]
    with override("en-ca"):
        rules = [
            (one.code, str(one.provision), days_of(one), one.against.__name__) for one in RULES
        ]
    assert told == rules


def days_of(rule: Rule) -> str:
    """Since when it is law for arms, as it itself says of the day before and of that day."""
    arms = file_of(Application(), lines=(Line(number=1, items=["2-15.d"]),))
    before, then = (
        rule.applies(Outlook(arms, CaseRuling(on, None, ())))
        for on in (LAW_FROM - timedelta(days=1), LAW_FROM)
    )
    if before == NOT_LAW != then:
        return f"from {LAW_FROM}"
    assert NOT_LAW not in (before, then)
    always = Rule.__dataclass_fields__["applies"].default
    return "always here" if rule.applies is always else "as each row says"


def test_the_page_of_the_gate_names_what_the_database_keeps_of_each_rule(db: None) -> None:
    told = {
        code: set(re.findall(r"`(\w+)`", database))
        for code, *_others, database in rows_of_the_gate()
    }
    triggers = {one.name for one in history_guards._wanted(connection)}
    assert history_guards.missing(connection) == []
    with connection.cursor() as cursor:
        constraints = {
            name
            for model in apps.get_app_config("permits").get_models()
            for name in connection.introspection.get_constraints(cursor, model._meta.db_table)
        }
    assert set().union(*told.values()) <= triggers | constraints
    # Of the gate's own triggers each stands in its rule's row; three are of no rule alone.
    named = {f"permits_permit_gate_{one}" for one in GATE}
    of_rule = {code: named & {f"permits_permit_gate_{code.lower()}"} for code in told}
    assert {code: names & named for code, names in told.items()} == of_rule
    assert named <= set(re.findall(r"`(\w+)`", TEXTS["docs/gate.md"]))
