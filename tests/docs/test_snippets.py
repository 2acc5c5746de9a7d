"""Every Python block of README and docs is a program that runs by itself, against the emulator.

A block under ``<!-- no-run: reason -->`` is compiled only. ``nox -s typing`` runs this file as a script, which writes all
blocks to a folder for the type checkers.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


if __name__ == "__main__":
    write(Path(sys.argv[1]))
