"""The table in the docs is written by a script, and is what it would write now."""

from __future__ import annotations

import runpy
from pathlib import Path

from .cases import CASES

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_is_current() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "fault_table.py"))
    assert script["render"](CASES) == (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for cases in CASES.values() for case in cases]
    assert len(set(names)) == len(names)
