"""scripts/run.py, the set-up commands of the README: what they say when they cannot run, and what they start."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "run.py"


@pytest.fixture
def run() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_script", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("arguments", [[], ["dmeo"]])
def test_without_a_command_it_tells_the_commands(arguments: list[str]) -> None:
    """And exits with 2, as programs do for a wrong command line."""
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)

    assert done.returncode == 2
    assert "run.py demo" in done.stderr and "run.py tests" in done.stderr


def test_an_old_python_is_told_in_one_line(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the version that is needed and the one that is there."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    assert run.main(["demo"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Python 3.11 or later" in line and sys.executable in line


def test_a_missing_venv_is_told_in_one_line(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the package to install; Debian has venv without ensurepip, which would fail half-way."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())

    assert run.main(["tests"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "apt install python3-venv" in line


def test_it_sets_up_once_and_passes_arguments_and_exit_code_on(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second run starts at once: nothing is made or installed while Python and pyproject.toml stay the same."""
    environment = tmp_path / ".venv"
    program = "import sys; sys.exit(len(sys.argv))"
    command = (str(environment), ["--no-index", "pip"], ["python", "-c", program])
    monkeypatch.setattr(run, "COMMANDS", {"demo": command})

    assert run.main(["demo", "one", "two"]) == 3
    made = [(environment / name).stat().st_mtime_ns for name in ("ready.txt", "pyvenv.cfg")]

    assert run.main(["demo"]) == 1
    assert [(environment / name).stat().st_mtime_ns for name in ("ready.txt", "pyvenv.cfg")] == made
