"""Tables in the docs that say what the code says too."""

from __future__ import annotations

import re
from pathlib import Path

from voicelive import calls
from voicelive.exceptions import BENIGN_ERRORS

ROOT = Path(__file__).resolve().parents[2]


def rows(page: str, heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the first table under a heading, without its head."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    found = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert found is not None
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found[0].splitlines()[2:]]


def test_the_benign_errors() -> None:
    assert rows("guides/answers.md", "## Benign errors") == [
        (f"`{code}`", meaning) for code, meaning in BENIGN_ERRORS.items()
    ]


def test_the_calls() -> None:
    """The classes' names are not in the table."""
    named = {row[0].strip("`").partition("(")[0] for row in rows("guides/answers.md", "## Calls")}
    assert named == set(calls.__all__) - {"Call"}
