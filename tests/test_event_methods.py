"""What type checkers know about events is written by a script, and is what it would write now."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_written_module_is_current() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "event_methods.py"))
    written = (ROOT / "src" / "voicelive" / "_event_methods.py").read_text(encoding="utf-8")

    assert script["render"]() == written
