"""``voicelive doctor`` as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import voicelive

SECRET = "s3cret-value"


def doctor(*, without: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it, in a Python that does not find the packages of ``without``."""
    program = f"""
import importlib.metadata, sys
from importlib.machinery import PathFinder

class Hidden(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {without!r} else super().find_spec(name, path, target)

sys.meta_path[:] = [Hidden if finder is PathFinder else finder for finder in sys.meta_path]
from voicelive.cli import main
sys.exit(main(["doctor"]))
"""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_it_tells_what_is_there() -> None:
    done = doctor()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"voicelive     {voicelive.__version__}, api-version 2026-07-15"
    assert done.stdout.splitlines()[-1] == "Nothing is wrong."
    for what in ("Python", "platform", "pydantic 2.", "websockets 1", "AZURE_VOICELIVE_ENDPOINT not set", "OpenSSL"):
        assert what in done.stdout


def test_speech_that_is_not_installed_is_not_wrong() -> None:
    done = doctor(without=("numpy",))
    assert done.returncode == 0
    assert "built-in speech" in done.stdout
    assert "pip install 'voicelive[emulator]'" in done.stdout


def test_it_never_tells_what_variables_hold() -> None:
    done = doctor(
        AZURE_VOICELIVE_API_KEY=SECRET,
        AZURE_VOICELIVE_ENDPOINT=f"https://{SECRET}.services.ai.azure.com",
        AZURE_CLIENT_SECRET=SECRET,
        https_proxy=f"http://user:{SECRET}@proxy.example:3128",
    )
    assert done.returncode == 0
    assert SECRET not in done.stdout + done.stderr
    assert "AZURE_VOICELIVE_API_KEY set" in done.stdout
    assert "HTTPS_PROXY set" in done.stdout
    assert "connections go through one (http)" in done.stdout


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"AZURE_VOICELIVE_ENDPOINT": f"ftp://{SECRET}"}, "wrong: AZURE_VOICELIVE_ENDPOINT is no endpoint"),
        ({"https_proxy": f"ftp://user:{SECRET}@proxy"}, "wrong: https_proxy in the environment"),
    ],
)
def test_what_is_wrong_fails(environment: dict[str, str], problem: str) -> None:
    done = doctor(**environment)
    assert done.returncode == 1
    assert problem in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_dependencies_of_another_version_fail(tmp_path: Path) -> None:
    for name, version in (("anyio", "1.0"), ("websockets", "18.0rc1")):
        (tmp_path / f"{name}-{version}.dist-info").mkdir()
        (tmp_path / f"{name}-{version}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    done = doctor(PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert done.returncode == 1
    assert "wrong: anyio 1.0 is not the version that is needed: pip install 'anyio>=4.6'" in done.stdout
    assert "wrong: websockets 18.0rc1 is not the version that is needed" in done.stdout
    assert done.stdout.count("wrong:") == 2


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="authorities come from the system, not from files")
def test_authorities_that_are_not_there_fail(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    done = doctor(SSL_CERT_FILE=str(tmp_path / "empty.pem"), SSL_CERT_DIR=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "wrong: no authorities to trust" in done.stdout
