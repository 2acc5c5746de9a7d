"""One contender against the flood server, in a process of its own: prints what it measured as JSON.

Usage: client.py {blocking,asyncio,trio,azure-ai-voicelive} {flood,connect} PORT COUNT [CA_FILE]
"""

from __future__ import annotations

import asyncio
import json
import ssl
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import harness

KEY = "0123456789abcdef"
START = {"type": "input_audio_buffer.clear"}
AUDIO = "response.audio.delta"


class Clock:
    """CPU and wall time since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def keywords(port: int, ca: str | None) -> dict[str, Any]:
    scheme, more = ("http", {}) if ca is None else ("https", {"ssl_context": ssl.create_default_context(cafile=ca)})
    return {"endpoint": f"{scheme}://127.0.0.1:{port}", "model": "gpt-realtime", **more}


class Blocking:
    """voicelive.connect."""

    def __init__(self, port: int, ca: str | None) -> None:
        import voicelive

        self.open = lambda: voicelive.connect(credential=KEY, **keywords(port, ca))

    @contextmanager
    def connection(self) -> Iterator[Any]:
        with self.open() as connection:
            connection.recv()
            yield connection

    def flood(self, events: int) -> dict[str, float]:
        with self.connection() as connection:
            clock, taken = Clock(), 0
            connection.send(START)
            while taken < events:
                event = connection.recv()
                if event.type == AUDIO:
                    event.audio  # noqa: B018 - decoding it is part of the work
                taken += 1
            return clock.read()

    def connect(self, count: int) -> list[dict[str, float]]:
        times = []
        for _ in range(count):
            clock = Clock()
            with self.connection():
                times.append(clock.read())
        return times


class Async:
    """voicelive.aio.connect; how it is run decides between asyncio and trio."""

    def __init__(self, port: int, ca: str | None) -> None:
        import voicelive.aio

        self.audio = "audio"
        self.open = lambda: voicelive.aio.connect(credential=KEY, **keywords(port, ca))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self.open() as connection:
            await connection.recv()
            yield connection

    async def flood(self, events: int) -> dict[str, float]:
        async with self.connection() as connection:
            clock, taken = Clock(), 0
            await connection.send(START)
            while taken < events:
                event = await connection.recv()
                if event.type == AUDIO:
                    getattr(event, self.audio)
                taken += 1
            return clock.read()

    async def connect(self, count: int) -> list[dict[str, float]]:
        times = []
        for _ in range(count):
            clock = Clock()
            async with self.connection():
                times.append(clock.read())
        return times


class Vendor(Async):
    """azure.ai.voicelive.aio.connect."""

    def __init__(self, port: int, ca: str | None) -> None:
        from azure.ai.voicelive.aio import connect
        from azure.core.credentials import AzureKeyCredential

        given = keywords(port, ca)
        if context := given.pop("ssl_context", None):
            given["connection_options"] = {"vendor_options": {"ssl": context}}
        self.audio = "delta"
        self.open = lambda: connect(credential=AzureKeyCredential(KEY), **given)


def main(contender: str, measure: str, port: int, count: int, ca: str | None) -> None:
    harness.pin(harness.CLIENT_CORE)
    kind = {"blocking": Blocking, harness.BASELINE: Vendor}.get(contender, Async)
    work = getattr(kind(port, ca), measure)
    if contender == "blocking":
        result = work(count)
    elif contender == "trio":
        import trio

        result = trio.run(work, count)
    else:
        result = asyncio.run(work(count))
    if measure == "connect":
        first, *later = result
        result = {"first": first["wall"], **{key: statistics.median(t[key] for t in later) for key in ("wall", "cpu")}}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] if len(sys.argv) > 5 else None)
