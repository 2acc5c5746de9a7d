"""Every Python block of README and docs is a program that runs by itself, against the emulator.

A block under ``<!-- no-run: reason -->`` is compiled only. ``nox -s typing`` runs this file as a script, which writes
all blocks to a folder for the type checkers.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import pytest

from voicelive.emulator import Emulator
from voicelive.emulator.audio import write_wav
from voicelive.emulator.recording import recording

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?: *<!-- no-run: (?P<reason>[^>]+) -->\n+)?(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Snippet:
    """One block: where it stands, its code, and why it cannot run, if so."""

    page: str
    line: int
    code: str
    reason: str | None

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


def snippets() -> Iterator[Snippet]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start("code")) + 1
            yield Snippet(page.relative_to(ROOT).as_posix(), line, textwrap.dedent(found["code"]), found["reason"])


def write(folder: Path) -> None:
    """Write each block to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    for snippet in snippets():
        name = re.sub(r"\W+", "_", snippet.page.removesuffix(".md")).lower()
        (folder / f"{name}_{snippet.line}.py").write_text(snippet.code, encoding="utf-8")


SNIPPETS = list(snippets())


@pytest.mark.parametrize("snippet", [each for each in SNIPPETS if each.reason is None], ids=attrgetter("id"))
def test_snippet_runs(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs to its end, given an emulator, its key, and a recording."""
    write_wav(tmp_path / "question.wav", recording(24_000), 24_000)
    monkeypatch.chdir(tmp_path)
    with Emulator() as emulator:
        monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", emulator.endpoint)
        monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", emulator.api_key)
        exec(compile(snippet.code, snippet.id, "exec", dont_inherit=True), {"__name__": "__main__"})


@pytest.mark.parametrize("snippet", [each for each in SNIPPETS if each.reason is not None], ids=attrgetter("id"))
def test_snippet_that_cannot_run_compiles(snippet: Snippet) -> None:
    """It is at least Python, and the page says why it is not run."""
    compile(snippet.code, snippet.id, "exec", dont_inherit=True)

    assert snippet.reason


def test_few_snippets_cannot_run() -> None:
    """Four need Azure, a proxy or a certificate; a fifth wants a good reason to be let in here."""
    assert sum(each.reason is not None for each in SNIPPETS) == 4


def test_readme_shows_the_examples() -> None:
    """The same conversation three times, as it stands in examples/."""
    shown = [each.code for each in SNIPPETS if each.page == "README.md"]
    files = [ROOT / "examples" / f"conversation_{style}.py" for style in ("blocking", "asyncio", "trio")]

    assert [path.read_text(encoding="utf-8") for path in files] == shown[:3]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    """Relative links outside docs/, which mkdocs checks by itself."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))

    assert [link for link in links if not (ROOT / link).exists()] == []


if __name__ == "__main__":
    write(Path(sys.argv[1]))
