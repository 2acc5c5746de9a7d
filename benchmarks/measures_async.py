"""The measures of ``client.py`` for clients whose calls are awaited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import harness
from client import START, Clock
from talking import CHUNK, EVENTS_PER_TALK, LONG_CHUNK, Talk, summary

WARM_UP = 20


class Asyncio:
    """What the measures need of the loop: asyncio's, or uvloop's."""

    sleep = staticmethod(asyncio.sleep)

    async def together(self, works: list[Callable[[], Awaitable[None]]]) -> None:
        await asyncio.gather(*(work() for work in works))


class Trio:
    """The same of trio."""

    def __init__(self) -> None:
        import trio

        self.sleep = trio.sleep
        self.open_nursery = trio.open_nursery

    async def together(self, works: list[Callable[[], Awaitable[None]]]) -> None:
        async with self.open_nursery() as nursery:
            for work in works:
                nursery.start_soon(work)


async def flood(adapter: Any, loop: Any, events: int) -> dict[str, float]:
    """Take events as fast as they come, the audio of each as bytes."""
    async with adapter.open() as connection:
        await connection.recv()
        clock, taken = Clock(), 0
        await connection.send(START)
        while taken < events:
            event = await connection.recv()
            if event.type == adapter.audio_type:
                adapter.audio(event)
            taken += 1
        return clock.read()


async def connect(adapter: Any, loop: Any, count: int) -> list[dict[str, float]]:
    """Connect one after the other, up to the first event."""
    times = []
    for _ in range(count):
        clock = Clock()
        async with adapter.open() as connection:
            await connection.recv()
            times.append({**clock.read(), "total": time.process_time(), "ready": time.perf_counter()})
    return times


async def round_trip(adapter: Any, loop: Any, count: int) -> dict[str, float]:
    """Send 100 ms of audio, and wait for 100 ms of audio that answers."""
    times: list[float] = []
    async with adapter.open() as connection:
        await connection.recv()
        for number in range(-WARM_UP, count):
            if number == 0:
                clock = Clock()
            begun = time.perf_counter()
            await adapter.append(connection, LONG_CHUNK)
            adapter.audio(await connection.recv())
            times.append(time.perf_counter() - begun)
        return {**summary(times[WARM_UP:]), "cpu": clock.read()["cpu"] / count}


async def idle(adapter: Any, loop: Any, count: int) -> dict[str, float]:
    """Hold connections on which nothing happens, and see how much memory that takes."""
    async with AsyncExitStack() as stack:

        async def more(number: int) -> None:
            for _ in range(number):
                connection = await stack.enter_async_context(adapter.open())
                await connection.recv()

        await more(WARM_UP)
        before, clock = harness.resident(), Clock()
        await more(count)
        await loop.sleep(0.2)
        after = harness.resident()
        print(harness.as_json({"bytes": (after - before) / count, "cpu": clock.read()["cpu"] / count}), flush=True)
        # Taking leave of thousands of servers is not part of it.
        harness.leave()
    return {}


async def talk(adapter: Any, loop: Any, sessions: int) -> dict[str, float]:
    """Hold conversations at the pace of speech: 50 chunks of 20 ms per second each way, in each session."""
    async with AsyncExitStack() as stack:
        connections = await _connections(adapter, stack, sessions)
        return (await _talk(adapter, loop, connections)).result()


async def sustain(adapter: Any, loop: Any, first: int) -> dict[str, float]:
    """Add sessions until they do not keep the pace any more. Begins with ``first``, and goes up by an eighth of it."""
    async with AsyncExitStack() as stack:
        connections = await _connections(adapter, stack, first)
        sustained = 0
        while True:
            for _ in range(3):
                found = await _talk(adapter, loop, connections)
                if found.kept_pace():
                    break
                # What is late comes nevertheless, and must not be taken for the next answer.
                await loop.sleep(0.5)
            else:
                print(harness.as_json({"sessions": sustained}), flush=True)
                harness.leave()
            sustained = len(connections)
            connections += await _connections(adapter, stack, max(5, first // 8))


async def _connections(adapter: Any, stack: AsyncExitStack, count: int) -> list[Any]:
    connections = []
    for _ in range(count):
        connection = await stack.enter_async_context(adapter.open())
        await connection.recv()
        connections.append(connection)
    return connections


async def _talk(adapter: Any, loop: Any, connections: list[Any]) -> Talk:
    result = Talk(len(connections))

    async def speak(connection: Any, number: int) -> None:
        sent = result.sent[number]
        for tick in range(EVENTS_PER_TALK):
            due = result.due(number, tick)
            delay = due - time.perf_counter()
            if delay > 0:
                await loop.sleep(delay)
            now = time.perf_counter()
            sent.append(now)
            result.late.append(now - due)
            await adapter.append(connection, CHUNK)

    async def listen(connection: Any, number: int) -> None:
        sent = result.sent[number]
        for tick in range(EVENTS_PER_TALK):
            adapter.audio(await connection.recv())
            result.times.append(time.perf_counter() - sent[tick])

    works: list[Callable[[], Awaitable[None]]] = []
    for number, connection in enumerate(connections):
        works.append(lambda connection=connection, number=number: speak(connection, number))
        works.append(lambda connection=connection, number=number: listen(connection, number))
    result.begin()
    await loop.together(works)
    result.end()
    return result
