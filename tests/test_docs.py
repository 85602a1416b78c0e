"""What the documents say, held against what is there."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.utils.translation import override

from permits.domain.gate import RULES

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "policies", "accounts", "config", "templates", "static", "tests")
    for path in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
)
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
EVERYTHING = "\n".join(TEXTS.values())

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
    """From the root, or in a package whose map the architecture draws."""
    named = {code for code in CODE.findall(FENCED.sub("", TEXTS[name])) if PATH.fullmatch(code)}
    made_later = {"var/"}
    missing = {
        one
        for one in named - made_later
        if not any(
            (ROOT / folder / one).exists()
            for folder in ("", "policies", "policies/domain", "history", "accounts", "permits")
        )
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


def test_the_map_of_the_architecture_has_every_module_that_decides() -> None:
    named = set(re.findall(r"[\w/]+\.py", TEXTS["docs/architecture.md"]))
    modules = {path.name for path in (ROOT / "policies/domain").glob("[a-z]*.py")}
    assert modules <= {one.rsplit("/", 1)[-1] for one in named}


def test_the_page_of_the_gate_names_each_rule_as_the_gate_does() -> None:
    rows = re.findall(r"^\| (G\d+) \|(.*)\|$", (ROOT / "docs/gate.md").read_text(), re.MULTILINE)
    told = [
        (code, cells[1].strip().removeprefix("-"), cells[3].strip().strip("`"))
        for code, row in rows
        for cells in [row.split("|")]
    ]
    with override("en-ca"):
        rules = [(one.code, str(one.provision), one.against.__name__) for one in RULES]
    assert told == rules
