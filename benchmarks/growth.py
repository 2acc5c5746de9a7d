"""How cost grows: with event types, fields, tools, connections, the size of messages, the length of conversations.

    python benchmarks/growth.py [--quick] [--json growth.json] [--charts docs/charts]

``nox -s bench -- --growth`` runs this. Only voicelive is measured: CPU time, the best of some rounds, since a curve has
no ratio that would cancel a slow minute. The exponent of a curve says how cost grows where the number is large: 1 is
linear, 0 is not at all.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import json
import math
import operator
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, get_args

import frames
import harness
from contenders import KEY

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
UNCOLLECTED = ", no collector"
KEPT = ", memory kept"
NOTHING: Mapping[str, str] = {}
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "1000000000"}
"""Has glibc keep what is freed, for the next message."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Args:
        chart: The chart.
        series: What is measured.
        of: What it is measured over.
        unit: Of ``ys``.
        xs: How many of that.
        ys: What it cost.
    """

    chart: str
    series: str
    of: str
    unit: str
    xs: list[float]
    ys: list[float]

    @property
    def exponent(self) -> float:
        """Of the power of x that y grows with, over the upper half of the points (least squares of the logarithms)."""
        points = [(math.log(x), math.log(y)) for x, y in zip(self.xs, self.ys, strict=True)][len(self.xs) // 2 - 1 :]
        middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
        spread = sum((x - middle[0]) ** 2 for x, _ in points)
        return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread


def doublings(first: int, last: int) -> list[int]:
    numbers = [first]
    while numbers[-1] * 2 <= last:
        numbers.append(numbers[-1] * 2)
    return numbers if numbers[-1] == last else [*numbers, last]


def cpu(work: Callable[[], object], rounds: int) -> float:
    """CPU microseconds of a call: the best of some rounds."""
    return min(harness.cpu_per_call(work, 1)() for _ in range(rounds))


def curve(
    chart: str, series: str, of: str, xs: Sequence[int], make: Callable[[int], Callable[[], object]], rounds: int
) -> Curve:
    return Curve(chart, series, of, "CPU µs", [*map(float, xs)], [cpu(make(x), rounds) for x in xs])


# What needs no connection


def event_types(rounds: int) -> Iterator[Curve]:
    """Decode one event where the union has ever more members; and build the union's validator."""
    from pydantic import Field

    from voicelive.models import ServerEventResponseAudioTranscriptDelta as Probe
    from voicelive.models._base import build_validator
    from voicelive.models.server_events import KnownServerEvent

    events = [event for event in get_args(get_args(KnownServerEvent)[0]) if event is not Probe]
    sizes = [*doublings(2, len(events)), len(events) + 1]
    frame = next(frame for frame in frames.mix() if b'"response.audio_transcript.delta"' in frame)

    def union(size: int) -> Any:
        return Annotated[reduce(operator.or_, [*events[: size - 1], Probe]), Field(discriminator="type")]

    def decode(size: int) -> Callable[[], object]:
        validate = build_validator(union(size)).validate_json
        return lambda: validate(frame)

    yield curve("event-types", "decode a transcript delta", "event types", sizes, decode, rounds)
    built = []
    for size in sizes:
        start = time.process_time()
        build_validator(union(size))
        built.append(1e6 * (time.process_time() - start))
    yield Curve("event-types", "build the validator, once", "event types", "CPU µs", [*map(float, sizes)], built)


def fields(rounds: int) -> Iterator[Curve]:
    """Decode an event with ever more fields that no model knows."""
    from voicelive.protocol import decode_event

    def decode(count: int) -> Callable[[], object]:
        event = {"type": "response.done", "event_id": "event_1", "response": {"id": "resp_1", "status": "completed"}}
        event["response"] |= {f"field_{number}": number for number in range(count)}
        frame = json.dumps(event).encode()
        return lambda: decode_event(frame)

    yield curve("fields", "decode response.done", "unknown fields", doublings(4, 1024), decode, rounds)


def tools(rounds: int) -> Iterator[Curve]:
    """Send and receive settings with ever more tools."""
    from voicelive.models import RequestSession
    from voicelive.protocol import decode_event
    from voicelive.protocol.wire import encode_event

    def some(count: int) -> list[dict[str, Any]]:
        city = {"city": {"type": "string", "description": "Where."}, "days": {"type": "integer"}}
        schema = {"type": "object", "properties": city, "required": ["city"]}
        return [
            {"type": "function", "name": f"tool_{number}", "description": "Look it up.", "parameters": schema}
            for number in range(count)
        ]

    def send(count: int) -> Callable[[], object]:
        session = {"tools": some(count)}
        return lambda: encode_event({"type": "session.update", "session": session})

    def build(count: int) -> Callable[[], object]:
        made = some(count)
        return lambda: RequestSession(tools=made)

    def receive(count: int) -> Callable[[], object]:
        session = {"id": "sess_1", "model": "gpt-realtime", "tools": some(count)}
        frame = json.dumps({"type": "session.updated", "event_id": "event_1", "session": session}).encode()
        return lambda: decode_event(frame)

    xs = doublings(4, 2048)
    works = {
        "check and encode session.update": send,
        "build a RequestSession": build,
        "decode session.updated": receive,
    }
    for series, make in works.items():
        yield curve("tools", series, "tools in a session", xs, make, rounds)
        # Objects that are made at once set Python's collector going, which shows as a step.
        gc.disable()
        yield curve("tools-uncollected", f"{series}{UNCOLLECTED}", "tools in a session", xs, make, rounds)
        gc.enable()


# What does


def connections(most: int) -> Iterator[Curve]:
    """Open ever more connections in one process; what they take, and what an exchange on one of them does."""
    xs = doublings(125, most)
    found = _asyncio_client("connections", json.dumps(xs))
    of = "connections in a process"
    yield Curve("connections", "memory of all", of, "MB", [*map(float, xs)], found["memory"])
    yield Curve("connections", "CPU of connecting all", of, "CPU ms", [*map(float, xs)], found["connect"])
    yield Curve("connections", "CPU of 2,000 exchanges", of, "CPU ms", [*map(float, xs)], found["exchange"])


def message_size() -> Iterator[Curve]:
    """Receive and send ever larger messages, over a socket."""
    xs = doublings(4096, 4 * MIB)
    # Where glibc gives memory back to the system at once, fetching it anew shows as a step.
    for chart, more, environment in (("message-size", "", {}), ("message-size-kept", KEPT, KEEP_MEMORY)):
        found = _asyncio_client("sizes", json.dumps(xs), environment)
        for key, series in {"receive": "receive audio, as bytes", "send": "send audio"}.items():
            yield Curve(chart, f"{series}{more}", "bytes of a message", "CPU µs", [*map(float, xs)], found[key])


def conversation(most: int) -> Iterator[Curve]:
    """Make a conversation ever longer, with ``reconnect=``, then break the connection."""
    xs = doublings(most // 16, most)
    found = _asyncio_client("conversation", json.dumps(xs))
    series = {
        "plain": "create the items, without reconnect=",
        "create": "create the items, with reconnect=",
        "restore": "put them into a new connection",
    }
    for key, name in series.items():
        yield Curve("conversation", name, "items", "CPU ms", [*map(float, xs)], found[key])


def _asyncio_client(measure: str, argument: str, environment: Mapping[str, str] = NOTHING) -> dict[str, list[float]]:
    server = [sys.executable, "growth_server.py"]
    with subprocess.Popen(server, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            command = [sys.executable, "growth.py", "--measure", measure, port, argument]
            everything = {**os.environ, **environment}
            done = subprocess.run(command, cwd=HERE, env=everything, capture_output=True, text=True, check=False)
        finally:
            process.kill()
    if done.returncode:
        raise RuntimeError(f"{measure} failed:\n{done.stderr}")
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


# In a process of its own


@asynccontextmanager
async def _connected(port: str, **more: Any) -> AsyncIterator[Any]:
    from voicelive.aio import connect

    where = f"http://127.0.0.1:{port}"
    async with connect(endpoint=where, credential=KEY, model="gpt-realtime", **more) as connection:
        await connection.recv()
        yield connection


async def _measure_connections(port: str, xs: list[int]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"memory": [], "connect": [], "exchange": []}
    async with AsyncExitStack() as stack:
        warm = await stack.enter_async_context(_connected(port))
        await warm.send({"type": "echo"})
        await warm.recv()
        before, spent, opened = harness.resident(), 0.0, [warm]
        for count in xs:
            start = time.process_time()
            while len(opened) < count:
                opened.append(await stack.enter_async_context(_connected(port)))
            spent += time.process_time() - start
            gc.collect()
            found["memory"].append((harness.resident() - before) / 1e6)
            found["connect"].append(1e3 * spent)
            best = math.inf
            for _ in range(3):
                start = time.process_time()
                for number in range(2000):
                    connection = opened[number * 7919 % count]
                    await connection.send({"type": "echo"})
                    await connection.recv()
                best = min(best, time.process_time() - start)
            found["exchange"].append(1e3 * best)
        print(json.dumps(found), flush=True)
        harness.leave()
    return found


async def _measure_sizes(port: str, xs: list[int]) -> dict[str, list[float]]:
    from voicelive.aio import WebsocketConnectionOptions

    found: dict[str, list[float]] = {"receive": [], "send": []}
    pcm = frames.pcm(1.0)
    options: WebsocketConnectionOptions = {"max_msg_size": 8 * MIB}
    async with _connected(port, connection_options=options) as connection:
        for size in xs:
            times = max(8, 16 * MIB // size)
            audio = (pcm * (size // len(pcm) + 1))[: size // 4 * 3]
            best = {"receive": math.inf, "send": math.inf}
            for _ in range(3):
                start = time.process_time()
                await connection.send({"type": "audio", "size": len(audio), "times": times})
                for _ in range(times):
                    event = await connection.recv()
                    assert len(event.audio) == len(audio)
                best["receive"] = min(best["receive"], time.process_time() - start)
                start = time.process_time()
                for _ in range(times):
                    await connection.input_audio_buffer.append(audio=audio)
                await connection.send({"type": "echo"})
                await connection.recv()
                best["send"] = min(best["send"], time.process_time() - start)
            for key, seconds in best.items():
                found[key].append(1e6 * seconds / times)
    return found


async def _measure_conversation(port: str, xs: list[int]) -> dict[str, list[float]]:
    from voicelive import ReconnectPolicy
    from voicelive.models import Reconnected

    found: dict[str, list[float]] = {"plain": [], "create": [], "restore": []}
    policies: dict[str, ReconnectPolicy | None] = {"plain": None, "create": ReconnectPolicy(delay=0.1)}
    for count in xs:
        for key, policy in policies.items():
            async with _connected(port, reconnect=policy) as connection:
                start = time.process_time()
                for number in range(count):
                    content = [{"type": "input_text", "text": f"Sentence {number} of a long talk."}]
                    item = {"type": "message", "role": "user", "content": content}
                    await connection.send({"type": "conversation.item.create", "item": item})
                    await connection.recv()
                found[key].append(1e3 * (time.process_time() - start))
                if policy is None:
                    continue
                start = time.process_time()
                await connection.send({"type": "drop"})
                while not isinstance(event := await connection.recv(timeout=60), Reconnected):
                    pass
                found["restore"].append(1e3 * (time.process_time() - start))
                assert len(event.restored) == count
    return found


MEASURES = {"connections": _measure_connections, "sizes": _measure_sizes, "conversation": _measure_conversation}


def curves(quick: bool) -> Iterator[Curve]:
    rounds = 2 if quick else 5
    yield from event_types(rounds)
    yield from fields(rounds)
    yield from tools(rounds)
    yield from connections(500 if quick else 2000)
    yield from message_size()
    yield from conversation(2000 if quick else 10_000)


def table(found: Sequence[Curve]) -> str:
    lines = ["| cost | grows with | at | is | at | is | exponent |", "|---|---|---:|---:|---:|---:|---:|"]
    for one in found:
        ends = [f"{one.xs[end]:,.0f} | {one.ys[end]:,.4g} {one.unit}" for end in (0, -1)]
        lines.append(f"| {one.series} | {one.of} | {' | '.join(ends)} | {one.exponent:.2f} |")
    return "\n".join(lines)


def run(quick: bool, path: Path, charts: Path | None) -> None:
    harness.pin(harness.CLIENT_CORE)
    found: list[Curve] = []
    for one in curves(quick):
        found.append(one)
        print(f"{one.chart}: {one.series}, exponent {one.exponent:.2f}", file=sys.stderr, flush=True)
        path.write_text(json.dumps([{**asdict(line), "exponent": line.exponent} for line in found], indent=1))
    print(table(found))
    if charts and importlib.util.find_spec("matplotlib"):
        from charts import draw_growth

        draw_growth(found, charts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, up to smaller numbers")
    parser.add_argument("--json", type=Path, default=Path("growth.json"), help="where to write the figures")
    parser.add_argument("--charts", type=Path, help="folder to draw charts in, as SVG (needs matplotlib)")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        name, port, xs = arguments.measure
        harness.pin(harness.CLIENT_CORE)
        harness.allow_many_files()
        print(json.dumps(asyncio.run(MEASURES[name](port, json.loads(xs)))), flush=True)
        os._exit(0)
    run(arguments.quick, arguments.json, arguments.charts)


if __name__ == "__main__":
    main()
