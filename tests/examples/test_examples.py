"""Every example is a program that runs by itself, offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from voicelive.emulator.audio import level_dbfs, read_wav
from voicelive.emulator.tiers import Tier

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STYLES = ["blocking", "asyncio", "trio"]


def run(name: str, cwd: Path) -> list[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("style", STYLES)
def test_conversation(style: str, tmp_path: Path) -> None:
    lines = run(f"conversation_{style}.py", tmp_path)
    assert lines[0] == "session.created"
    assert lines[-1] == "response.done"
    understood = "That is a line from Sense and Sensibility, by Jane Austen."
    unheard = "I heard 3.2 seconds of speech. Thank you for talking to me."
    assert [line for line in lines if " " in line] == [understood if Tier().recognizes else unheard]
    pcm, rate = read_wav(tmp_path / "reply.wav")
    assert rate == 24_000
    assert len(pcm) / 2 / rate > 2
    assert -30 < level_dbfs(pcm) < -15


def test_the_styles_differ_in_with_and_await_alone() -> None:
    """Indentation, the frame of a coroutine, ``async`` and ``await`` aside, the three are one program."""

    def core(style: str) -> list[str]:
        text = (EXAMPLES / f"conversation_{style}.py").read_text(encoding="utf-8")
        text = re.sub(r"\b(?:async|await) ", "", text).replace("voicelive.aio", "voicelive")
        frame = re.compile(r"import (asyncio|trio)|def main\(\) -> None:|(asyncio|trio)\.run\(.*\)|")
        return [line.strip() for line in text.splitlines() if not frame.fullmatch(line.strip())]

    assert core("blocking") == core("asyncio") == core("trio")


def test_function_call(tmp_path: Path) -> None:
    call, said = run("function_call.py", tmp_path)
    assert call == "get_weather({\"city\":\"Paris\"}) -> {'city': 'Paris', 'sky': 'sunny', 'degrees': 21}"
    assert "Paris" in said and "21" in said


def test_interruption(tmp_path: Path) -> None:
    lines = run("interruption.py", tmp_path)
    assert re.fullmatch(r"interrupted after \d+ ms", lines[0])
    assert lines[-3:] == ["response cancelled", "All right.", "response completed"]


def test_every_example_is_tested() -> None:
    named = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.name in named or path.name.startswith("conversation_")
