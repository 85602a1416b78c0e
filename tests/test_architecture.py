"""Rules of the whole repository that no single module can keep."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["config", "reports", "permits", "policies", "accounts", "history"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# Where rules of the law live: they are told what they need and know nothing of the web.
DOMAIN = [
    path
    for path in MODULES
    if {"domain", "models"} & set(path.parent.parts) or path.stem in {"facts", "querysets"}
]
WEB = ("django.http", "django.forms", "django.shortcuts", "django.views", "django.template")

# What a module is called when nobody decided what belongs in it.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}

# {% comment %}…{% endcomment %} and {# … #}: words about a page, not part of it.
TEMPLATE_COMMENT = re.compile(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}", re.DOTALL)
TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
# Each would need 'unsafe-inline' in the content security policy, which has it nowhere.
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a <style> element": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "a script in the page": re.compile(r"<script\b(?![^>]*\ssrc\s*=)", re.IGNORECASE),
    "a file from elsewhere": re.compile(
        r"<(?:script|link|img|iframe|source|use|object|embed)\b[^>]*\s(?:src|href|data|srcset)"
        r"\s*=\s*[\"']?\s*(?:https?:)?//",
        re.IGNORECASE,
    ),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def inline_faults(template: str) -> list[str]:
    markup = TEMPLATE_TAG.sub("", TEMPLATE_COMMENT.sub("", template))
    return [what for what, pattern in INLINE.items() if pattern.search(markup)]


def inner_imports(source: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line that imports inside a function."""
    lines = source.splitlines()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, lines[node.lineno - 1].strip()


def test_the_layers_are_kept() -> None:
    """The contracts of pyproject.toml: between packages, and inside each."""
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def imported_modules(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_domain_code_knows_no_request(path: Path) -> None:
    imported = set(imported_modules(path.read_text(encoding="utf-8")))
    assert [
        name for name in sorted(imported) if f"{name}.".startswith(tuple(f"{web}." for web in WEB))
    ] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_stand_at_the_top(path: Path) -> None:
    """An import inside a function hides a dependency; one that must be there says why."""
    unexplained = [
        f"line {number}: {line}"
        for number, line in inner_imports(path.read_text(encoding="utf-8"))
        if not re.search(r"#.*\w{3,}", line.replace("# noqa: PLC0415", "#"))
    ]
    assert unexplained == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_holds_nothing_inline(path: Path) -> None:
    assert inline_faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<p style="color: red">', "a style attribute"),
        ("<p\n  class=x\n  style=color>", "a style attribute"),
        ("<style>p {}</style>", "a <style> element"),
        ('<button onclick="go()">', "an event attribute"),
        ('<button{% if go %} onclick="{{ go }}"{% endif %}>', "an event attribute"),
        ('<a href="javascript:go()">', "a javascript: address"),
        ("<script>go()</script>", "a script in the page"),
        ('<script type="module">go()</script>', "a script in the page"),
        ('<link rel="stylesheet" href="https://example.org/a.css">', "a file from elsewhere"),
        ('<img alt="" src="//example.org/a.png">', "a file from elsewhere"),
    ],
)
def test_what_is_inline_is_found(markup: str, fault: str) -> None:
    assert inline_faults(markup) == [fault]


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="/static/a.js" defer></script>',
        '<a href="https://laws-lois.justice.gc.ca/">the Act</a>',
        '{# style="" #}{% comment %}<style>{% endcomment %}',
        '<p class="lifestyle" data-on="x">one = two</p>',
        "<a href=\"{% url 'x' %}\"{% if one == two %} aria-current=page{% endif %}>",
    ],
)
def test_what_is_not_inline_is_left_alone(markup: str) -> None:
    assert inline_faults(markup) == []


@pytest.mark.parametrize("path", LOCKS, ids=name_of)
def test_a_lock_names_hashes_and_no_address(path: Path) -> None:
    """Whoever installs gets what was tested, from wherever they get their packages."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"://|--index|--find|--extra|@ ", line)] == []
    pins = [line for line in lines if re.match(r"[\w.-]+(\[.*\])?==", line)]
    hashed = [line for line in lines if line.strip().startswith("--hash=sha256:")]
    assert pins
    assert len(hashed) >= len(pins)
    assert all(line.endswith("\\") for line in pins)


def test_what_runs_is_what_was_tested() -> None:
    """The developer's lock holds each pin of the product's, unchanged."""

    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([\w.-]+==[\w.]+)", text, re.MULTILINE))

    assert pins("app.txt") <= pins("dev.txt")
