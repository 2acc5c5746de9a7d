"""Every example is a program that runs by itself, offline."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from voicelive.emulator import Emulator
from voicelive.emulator.audio import level_dbfs, read_wav
from voicelive.emulator.recording import PATH
from voicelive.emulator.tiers import Tier

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STYLES = ["blocking", "asyncio", "trio"]


def run(name: str, cwd: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
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


def test_many_sessions(tmp_path: Path) -> None:
    lines = run("many_sessions.py", tmp_path, "--sessions", "11", "--processes", "2")
    figures = [json.loads(line) for line in lines]
    assert [one["sessions"] for one in figures] == [6, 5]
    assert all(one["cpu_ms_per_answer"] > 0 for one in figures)


@pytest.fixture
def batch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("batch_ray", EXAMPLES / "batch_ray.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    for number in range(5):
        (folder / f"call{number}.wav").write_bytes(PATH.read_bytes())
    return folder


def read(results: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def test_a_batch_of_calls_needs_no_ray(batch: ModuleType, calls: Path) -> None:
    (calls / "broken.wav").write_bytes(b"RIFF")
    with Emulator(speech="builtin") as service:
        found = batch.answer_batch(sorted(calls.glob("*.wav")), service.endpoint, service.api_key)
    assert [result["call"] for result in found] == ["broken.wav", *(f"call{number}.wav" for number in range(5))]
    assert "error" in found[0]
    assert all(result["answer"] for result in found[1:])


def test_a_batch_goes_on_where_it_stopped(batch: ModuleType, calls: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    assert [path.name for path in batch.to_do(calls, results)] == [f"call{number}.wav" for number in range(5)]
    batch.append(results, [{"call": "call0.wav", "answer": "Yes."}, {"call": "call1.wav", "error": "TimeoutError: "}])
    with results.open("a", encoding="utf-8") as file:
        file.write('{"call": "call2.wav", "ans')  # the machine went down
    batch.append(results, [{"call": "call3.wav", "answer": "No."}])
    assert [path.name for path in batch.to_do(calls, results)] == ["call1.wav", "call2.wav", "call4.wav"]


def test_batch_ray(calls: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="`nox -s ray` has it")
    results = tmp_path / "results.jsonl"
    results.write_text(json.dumps({"call": "call0.wav", "answer": "Yes."}) + "\n", encoding="utf-8")
    command = [sys.executable, str(EXAMPLES / "batch_ray.py"), str(calls), str(results), "--at-once", "3"]
    for said in ("4 calls, results in", "nothing to do"):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=100)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        found = read(results)
        assert sorted(result["call"] for result in found) == [f"call{number}.wav" for number in range(5)]
        assert all("error" not in result for result in found)


def test_every_example_is_tested() -> None:
    named = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.name in named or path.name.startswith("conversation_")
