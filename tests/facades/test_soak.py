"""The soak of ``benchmarks``, for a moment: connections break all the time, in three styles, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_nothing_is_lost_over_some_drops(tmp_path: Path) -> None:
    found = tmp_path / "soak.json"
    command = [sys.executable, str(SOAK), "--drops", "60", "--seed", "1", "--json", str(found)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    styles = json.loads(found.read_text())["drops"]["styles"]
    assert {style: row["drops"] >= 20 for style, row in styles.items()} == dict.fromkeys(styles, True)
    assert set(styles) == {"blocking", "asyncio", "trio"}
