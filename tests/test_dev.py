"""`dev`, the command with which everything starts."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PASSED = "=== 3 passed in 0.01s ==="
FAILED = "=== 1 failed in 0.01s ==="
NONE_RAN = "=== no tests ran in 0.01s ==="


@pytest.fixture(scope="module")
def dev() -> Iterator[ModuleType]:
    """The script as a module: it has no suffix to be imported by."""
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setitem(sys.modules, "dev_script", module)
        loader.exec_module(module)
        yield module


@pytest.fixture
def not_root(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000)


@pytest.fixture
def nothing_installed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    monkeypatch.setattr(dev, "find_postgres", lambda: None)
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


# The command line.


def test_it_is_a_program_of_the_standard_library() -> None:
    """It runs before anything is installed."""
    assert (ROOT / "dev").stat().st_mode & 0o111
    imported = re.findall(r"^(?:import|from) (\w+)", (ROOT / "dev").read_text(), re.MULTILINE)
    assert set(imported) <= sys.stdlib_module_names


def test_help_names_every_command(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main([]) == 0
    text = capsys.readouterr().out
    for command in dev.COMMANDS:
        if not command.startswith("-"):
            assert f"./dev {command}" in text


def test_an_unknown_command_is_refused(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["serve"]) == 2
    assert "'serve'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [["setup", "now"], ["check", "all"], ["run", "8001", "8002"], ["run", "here"], ["bench", "x"]],
)
def test_arguments_that_mean_nothing_are_refused(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert dev.main(command) == 1
    assert capsys.readouterr().err.strip()


def test_an_older_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as refusal:
        runpy.run_path(str(ROOT / "dev"))
    assert "needs Python 3.11 or newer, and this is 3.9" in str(refusal.value)


# Addresses.


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("8001", ("127.0.0.1", 8001)),
        (":8001", ("127.0.0.1", 8001)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8001", ("::1", 8001)),
        ("desk.local:8001", ("desk.local", 8001)),
    ],
)
def test_an_address_is_read(dev: ModuleType, given: str, address: tuple[str, int]) -> None:
    assert dev.read_address(given) == address


@pytest.mark.parametrize("given", ["", "localhost", "localhost:", "a:0", "a:65536", "a:-1", "::x"])
def test_what_is_no_address_is_refused(dev: ModuleType, given: str) -> None:
    with pytest.raises(dev.Refusal, match="is not an address"):
        dev.read_address(given)


def test_a_taken_port_is_named_with_the_next(dev: ModuleType, taken_port: int) -> None:
    with pytest.raises(dev.Refusal) as refusal:
        dev.refuse_taken_port("127.0.0.1", taken_port)
    assert f"127.0.0.1:{taken_port}: Address already in use" in str(refusal.value)
    assert f"./dev run 127.0.0.1:{taken_port + 1}" in str(refusal.value)


# Installing.


def test_an_environment_made_elsewhere_is_made_anew(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "STAMP", tmp_path / "stamp")
    assert dev.installed_locks() == []
    dev.STAMP.write_text(dev.json.dumps(dev.stamp_for(["one"])))
    assert dev.installed_locks() == ["one"]
    monkeypatch.setattr(dev, "VENV", tmp_path / "moved")
    assert dev.installed_locks() == []
    dev.STAMP.write_text("{")
    assert dev.installed_locks() == []


@pytest.mark.parametrize(("uv_works", "installers"), [(True, 2), (False, 3)])
def test_pip_is_used_where_uv_is_not_to_be_had(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, uv_works: bool, installers: int
) -> None:
    started: list[list[str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        started.append(command)
        is_uv = command[0].endswith("/uv")
        return subprocess.CompletedProcess(command, int(is_uv and not uv_works))

    monkeypatch.setattr(dev.subprocess, "run", run)
    dev.install_lock(ROOT / "requirements" / "app.txt")
    assert len(started) == installers
    assert all("--require-hashes" in command for command in started)


def test_a_lock_with_an_address_is_refused(dev: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "app.txt"
    lock.write_text("django==5.2\n--index-url https://packages.example.org/simple\n")
    with pytest.raises(dev.Refusal, match=r"app\.txt:2 names an address"):
        dev.refuse_addresses(lock)


# Tests.


def outcome(dev: ModuleType, name: str, code: int, closing_line: str) -> Any:
    return dev.Outcome(dev.Part(name, (), {}), code, closing_line)


@pytest.mark.parametrize(
    ("outcomes", "code", "last"),
    [
        ([(0, PASSED), (0, PASSED)], 0, PASSED),
        ([(1, FAILED), (0, PASSED)], 1, FAILED),
        ([(0, PASSED), (5, NONE_RAN)], 0, PASSED),
        ([(5, NONE_RAN), (5, NONE_RAN)], 5, NONE_RAN),
        ([(5, NONE_RAN), (2, FAILED), (0, PASSED)], 2, FAILED),
    ],
)
def test_the_parts_give_one_result_with_pytest_s_own_line_last(
    dev: ModuleType,
    capsys: pytest.CaptureFixture[str],
    outcomes: list[tuple[int, str]],
    code: int,
    last: str,
) -> None:
    results = [outcome(dev, f"part {number}", *each) for number, each in enumerate(outcomes)]
    assert dev.report(results, {}) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 3)])
def test_parts_left_out_fail_in_ci(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    assert dev.report([outcome(dev, "SQLite", 0, PASSED)], {"browser": "chromium"}) == code


@pytest.mark.usefixtures("not_root", "nothing_installed")
def test_without_root_the_line_to_run_is_shown(
    dev: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(dev.missing_tools()) == {"browser", "PostgreSQL"}
    line = "sudo apt-get install --no-install-recommends chromium postgresql"
    assert line in capsys.readouterr().out


@pytest.mark.usefixtures("not_root", "nothing_installed")
def test_a_given_database_needs_no_server(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://desk@localhost/desk")
    assert set(dev.missing_tools()) == {"browser"}


def test_a_given_database_is_used(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgres://desk@localhost/desk"
    monkeypatch.setenv("TEST_DATABASE_URL", url)
    with dev.contextlib.ExitStack() as stack:
        parts = {part.name: part.variables for part in dev.parts(stack, {})}
    assert parts["PostgreSQL"] == {"TEST_DATABASE_URL": url}
    assert parts["SQLite"] == parts["Browser"] == {"TEST_DATABASE_URL": ""}
