"""Where voicelive's own CPU goes, by cProfile: receiving, decoding, sending, and being idle.

    python benchmarks/profiles.py

Prints, for each, what a unit of work costs without the profiler, and the shares of the functions it is spent in. The
profiler makes calls of Python functions dearer than they are, so shares are a guide and not a measure.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import contenders
import frames
import harness
from over_sockets import servers, serving
from talking import CHUNK

EVENTS = 10_000
MIX = frames.mix()
SHOWN = 9
Work = Callable[[Any], Awaitable[int]]


def show(title: str, unit: str, seconds: float, profile: cProfile.Profile, count: int) -> None:
    stats: Any = pstats.Stats(profile)
    total = stats.total_tt
    print(f"\n### {title}\n\n{1e6 * seconds / count:.2f} CPU µs per {unit}, unprofiled.\n")
    print("| share | calls per unit | function |\n|---:|---:|---|")
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:SHOWN]
    for (file, _, name), (_, calls, own, _, _) in rows:
        where = name.strip("{}").replace("<", "").replace(">", "") if file == "~" else f"{Path(file).name}, {name}"
        print(f"| {100 * own / total:.0f} % | {calls / count:.2f} | `{where}` |")


async def measure(title: str, unit: str, connection: Any, work: Work) -> None:
    await work(connection)
    start = time.process_time()
    count = await work(connection)
    seconds = time.process_time() - start
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    await work(connection)
    profile.disable()
    show(title, unit, seconds, profile, count)


async def receive(connection: Any) -> int:
    """Take the whole mix, over a connection of its own."""
    async with connection.open() as live:
        await live.recv()
        await live.send({"type": "input_audio_buffer.clear"})
        for _ in range(EVENTS):
            event = await live.recv()
            if event.type == connection.audio_type:
                connection.audio(event)
    return EVENTS


async def decode(_: Any) -> int:
    from voicelive.protocol import decode_event

    for _ in range(EVENTS // len(MIX)):
        for frame in MIX:
            event = decode_event(frame)
            if event.type == "response.audio.delta":
                event.audio  # noqa: B018 - reading decodes
    return EVENTS


async def exchange(connection: Any) -> int:
    """Send 20 ms and take 20 ms."""
    for _ in range(EVENTS // 4):
        await connection.input_audio_buffer.append(audio=CHUNK)
        event = await connection.recv()
        event.audio  # noqa: B018 - reading decodes
    return EVENTS // 4


async def main() -> None:
    harness.pin(harness.CLIENT_CORE)
    for wire, port, more in servers("server.py", str(EVENTS // 100)):
        adapter = contenders.adapter(contenders.ASYNCIO, int(port), *more or [None])
        await measure(f"Receive{wire}", "event", adapter, receive)
    await measure("Decode", "event", None, decode)
    for wire, port, more in servers("echo.py"):
        adapter = contenders.adapter(contenders.ASYNCIO, int(port), *more or [None])
        async with adapter.open() as connection:
            await connection.recv()
            await measure(f"Send 20 ms and receive 20 ms{wire}", "exchange", connection, exchange)
    with serving("echo.py") as port:
        adapter = contenders.adapter(contenders.ASYNCIO, int(port), None)
        async with AsyncExitStack() as stack:
            for _ in range(500):
                await (await stack.enter_async_context(adapter.open())).recv()
            start = time.process_time()
            await asyncio.sleep(65)
            spent = time.process_time() - start
            print(
                f"\n### Idle\n\n500 connections, 65 s: {1e6 * spent / 500 / 65:.2f} CPU µs per connection and second."
            )
            print("Two pings each, and their answers, are all of it.")


if __name__ == "__main__":
    asyncio.run(main())
