"""What needs a server. Every client runs in a fresh process, and the servers in others of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import harness
import trustme
from contenders import ASYNCIO, BASELINE, BLOCKING, EXTRAS, OURS, THEIRS, TRIO, UVLOOP
from harness import Row

HERE = Path(__file__).resolve().parent
WIRES = ("", ", TLS")


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        rounds: Rounds of every measure.
        mixes: Mixes of 100 frames in a flood.
        ticks: Chunks of 20 ms in a conversation.
        trips: Round trips.
        idle: Connections that are held.
    """

    rounds: int
    mixes: int
    ticks: int
    trips: int
    idle: int
    sessions: int = 60
    connects: int = 101

    def with_rounds(self, rounds: int) -> Scale:
        return replace(self, rounds=rounds)


FULL = Scale(rounds=7, mixes=100, ticks=250, trips=2000, idle=1000)
QUICK = Scale(rounds=3, mixes=30, ticks=100, trips=500, idle=300)


def flood(scale: Scale) -> Iterator[Row]:
    """CPU per 1,000 events that a server sends as fast as they are taken."""
    events = 100 * scale.mixes
    who = _here(ASYNCIO, TRIO, BLOCKING, BASELINE, "openai:asyncio", "openai:blocking", *EXTRAS)
    for wire, server, more in servers("server.py", str(scale.mixes)):
        found = _each(scale, who, "flood", server, events, more)
        yield from _rows(f"flood{wire}", "CPU ms per 1,000 events", found, "cpu", 1e6 / events)


def talk(scale: Scale) -> Iterator[Row]:
    """CPU per exchange of 20 ms each way, of 60 conversations at once."""
    for _, server, more in servers("echo.py", wires=WIRES[:1]):
        found = _each(scale, _here(*OURS, *THEIRS, *EXTRAS), "talk", server, scale.sessions, more)
        yield from _rows("conversation, CPU", "CPU µs per exchange", found, "cpu", 1e6)
        yield from _rows("conversation, p50 of an answer", "µs", found, "p50", 1e6)


def round_trip(scale: Scale) -> Iterator[Row]:
    """100 ms of audio there and 100 ms back, one after the other."""
    for _, server, more in servers("echo.py", wires=WIRES[:1]):
        found = _each(scale, _here(*OURS, *THEIRS), "round_trip", server, scale.trips, more)
        yield from _rows("round trip, p50", "µs", found, "p50", 1e6)
        yield from _rows("round trip, p99", "µs", found, "p99", 1e6)
        yield from _rows("round trip, CPU", "CPU µs", found, "cpu", 1e6)


def connect(scale: Scale) -> Iterator[Row]:
    """Up to the first event: connections after the first one, the first one, and a program that makes but one."""
    for wire, server, more in servers("echo.py"):
        found = _each(scale, _here(*OURS, BASELINE, "openai:asyncio"), "connect", server, scale.connects, more)
        yield from _rows(f"connect, CPU{wire}", "CPU ms", found, "cpu", 1e3)
        yield from _rows(f"connect{wire}", "ms", found, "wall", 1e3)
        yield from _rows(f"program up to its first event{wire}", "CPU ms", found, "program", 1e3)


def idle(scale: Scale) -> Iterator[Row]:
    """Memory of connections on which nothing happens."""
    if not Path("/proc/self/statm").exists():
        return
    for wire, server, more in servers("echo.py"):
        # Memory hardly varies.
        few = scale.with_rounds(min(scale.rounds, 3))
        found = _each(few, _here(*OURS, BASELINE, "openai:asyncio", *EXTRAS), "idle", server, scale.idle, more)
        yield from _rows(f"idle memory{wire}", "kB per connection", found, "bytes", 1e-3)


def sustain(scale: Scale) -> Iterator[Row]:
    """Conversations that one core keeps up with. Half of what is expected first, so that noise does not end it soon."""
    expected = {ASYNCIO: 700, UVLOOP: 800, BASELINE: 250, "azure-ai-voicelive:uvloop": 250, "openai:asyncio": 80}
    # Each step is a conversation, and there are many.
    few = replace(scale, rounds=min(scale.rounds, 3), ticks=100)
    for _, server, more in servers("echo.py", wires=WIRES[:1]):
        works = {
            name: _client(name, "sustain", server, sessions // 2, more, few)
            for name, sessions in expected.items()
            if name in _here(*expected)
        }
        answers = _collect(few.rounds, works)
        yield from _rows("sessions that one core sustains", "sessions", answers, "sessions", 1)


def _here(*contenders: str) -> list[str]:
    """Return those that are installed: uvloop, for one, is not to be had on Windows."""
    modules = {"azure-ai-voicelive": "aiohttp", "openai": "openai", "uvloop": "uvloop", "trio": "trio"}
    return [
        name
        for name in contenders
        if all(importlib.util.find_spec(modules[part]) for part in name.split(":") if part in modules)
    ]


@contextmanager
def serving(*command: str) -> Iterator[str]:
    with subprocess.Popen([sys.executable, *command], cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def servers(*command: str, wires: Sequence[str] = WIRES) -> Iterator[tuple[str, str, list[str]]]:
    """Start a server for each wire, and give its port and what clients need to trust it."""
    with tempfile.TemporaryDirectory() as folder:
        ca, certificate = Path(folder, "ca.pem"), Path(folder, "server.pem")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(ca)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        for wire in wires:
            with serving(*command, *([str(certificate)] if wire else [])) as port:
                yield wire, port, [str(ca)] if wire else []


Answer = dict[str, float]


def _client(name: str, measure: str, port: str, count: int, more: list[str], scale: Scale) -> Callable[[], Answer]:
    command = [sys.executable, "client.py", name, measure, port, str(count), *more]
    environment = {**os.environ, "BENCH_TICKS": str(scale.ticks)}

    def run() -> Answer:
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:])} failed:\n{done.stderr}")
        answer: Answer = json.loads(done.stdout)
        return answer

    return run


def _collect(rounds: int, works: dict[str, Callable[[], Answer]]) -> dict[str, list[Answer]]:
    answers: dict[str, list[Answer]] = {name: [] for name in works}

    def measure(name: str) -> Callable[[], float]:
        def run() -> float:
            answers[name].append(works[name]())
            return 0.0

        return run

    harness.rounds(rounds, {name: measure(name) for name in works})
    return answers


def _each(
    scale: Scale, who: Sequence[str], measure: str, port: str, count: int, more: list[str]
) -> dict[str, list[Answer]]:
    return _collect(scale.rounds, {name: _client(name, measure, port, count, more, scale) for name in who})


def _rows(measure: str, unit: str, answers: dict[str, list[Answer]], key: str, scale: float) -> Iterator[Row]:
    for name, found in answers.items():
        yield Row(measure, name, unit, [scale * answer[key] for answer in found])
